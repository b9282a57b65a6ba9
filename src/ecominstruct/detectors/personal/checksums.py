"""Check digits, which distinguish numbers from look-alikes. Pure functions over strings of digits."""

from __future__ import annotations

from datetime import date

_PROVINCES = frozenset(["11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83"])  # fmt: skip
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_OLDEST, _NEWEST = 1900, 2035
_ISSUERS: tuple[tuple[range, frozenset[int]], ...] = (  # first six digits, lengths: the registers of ISO/IEC 7812
    (range(222100, 272100), frozenset((16,))),  # Mastercard
    (range(300000, 306000), frozenset((14,))),  # Diners Club
    (range(340000, 350000), frozenset((15,))),  # American Express
    (range(352800, 359000), frozenset((16,))),  # JCB
    (range(360000, 370000), frozenset((14,))),  # Diners Club
    (range(370000, 380000), frozenset((15,))),  # American Express
    (range(380000, 400000), frozenset((14,))),  # Diners Club
    (range(400000, 500000), frozenset((13, 16, 19))),  # Visa
    (range(510000, 560000), frozenset((16,))),  # Mastercard
    (range(601100, 601200), frozenset((16, 19))),  # Discover
    (range(620000, 630000), frozenset((16, 17, 18, 19))),  # UnionPay
    (range(644000, 660000), frozenset((16, 19))),  # Discover
    (range(810000, 817200), frozenset((16, 17, 18, 19))),  # UnionPay
)


def luhn(digits: str) -> bool:
    """Return whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Return whether a number has a length that its issuer uses, and a correct check digit."""
    if not 13 <= len(digits) <= 19:
        return False
    issuer = int(digits[:6])
    return any(issuer in known and len(digits) in lengths for known, lengths in _ISSUERS) and luhn(digits)


def id_check(digits: str) -> str:
    """Return the check character for the first 17 digits of a Chinese resident id (GB 11643, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(digits, _ID_WEIGHTS, strict=True)) % 11]


def is_dated(number: str) -> bool:
    """Return whether a resident id of 18 or 15 characters has a known province and a plausible birth date."""
    day = number[6:14] if len(number) == 18 else f"19{number[6:12]}"
    try:
        born = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return False
    return number[:2] in _PROVINCES and _OLDEST <= born.year <= _NEWEST


def is_resident_id(number: str) -> bool:
    """Return whether 18 characters are a Chinese resident id: province, birth date, check character (GB 11643)."""
    return len(number) == 18 and is_dated(number) and id_check(number[:17]) == number[17].upper()


def is_s10(number: str) -> bool:
    """Return whether two letters, nine digits and two letters are a postal item (UPU S10: weighted sum modulo 11)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[2:10], _S10_WEIGHTS, strict=True))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11) == int(number[10])


def is_ups(number: str) -> bool:
    """Return whether 1Z and 16 characters are a UPS parcel.

    Letters count as (code − 3) modulo 10, and every second value twice.
    """
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in number[2:17].upper()]
    total = sum(values[0::2]) + 2 * sum(values[1::2])
    return number[17].isdigit() and (-total) % 10 == int(number[17])
