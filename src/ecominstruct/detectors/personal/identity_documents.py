"""Rules for numbers issued to one person by a state or a bank: resident ids, passports, cards, plates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecominstruct.detectors.personal.checksums import is_card, is_dated, is_resident_id
from ecominstruct.detectors.personal.rule import (
    BEGIN,
    DIGITS,
    END,
    HAN,
    Place,
    Rule,
    digits_of,
    is_code,
    unless_code,
    whole,
)
from ecominstruct.detectors.personal.words import Words

_DAY = r"(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_ID = rf"[1-9][0-9]{{5}}[ -]?{_DAY}[ -]?[0-9]{{3}}[0-9Xx]"
_OLD_ID = r"[1-9][0-9]{5}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}"
_GAP = r"(?:[\s:#=>.(-]|号码|证号|号|是|为|number|num|no|id|is|'s){0,7}"
_RESIDENT = re.compile(rf"{BEGIN}(?P<value>{_ID}){END}")
_LABELLED_ID = re.compile(
    rf"(?:身份证|证件|实名|identity card|id card|id number|national id|resident id){_GAP}(?<![0-9A-Za-z])"
    rf"(?P<value>{_ID}|{_OLD_ID}){END}",
    re.IGNORECASE,
)
_SSN = re.compile(
    rf"(?:\bssn\b|social security){_GAP}(?<![0-9A-Za-z])(?P<value>[0-9]{{3}}[- ]?[0-9]{{2}}[- ]?[0-9]{{4}}){END}",
    re.IGNORECASE,
)
_PASSPORT = re.compile(
    rf"(?:passport|护照|通行证|回乡证|台胞证){_GAP}(?<![0-9A-Za-z])"
    rf"(?P<value>[A-Z]{{1,2}}[0-9]{{6,10}}|[0-9]{{8,9}}|[A-Z][0-9]{{2}}[A-Z][0-9]{{5}}){END}",
    re.IGNORECASE,
)
_CARD = re.compile(rf"{BEGIN}(?P<value>[2-689][0-9]{{3}}(?:[ -]?[0-9]){{9,15}}){END}")
_GROUPS = frozenset(
    ((4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (6, 13), (6, 10), (4, 6, 5), (4, 6, 4), (4, 5, 4))
)
_TALKS_OF_CARD = re.compile(
    r"(?:卡号|银行卡|信用卡|储蓄卡|借记卡|账号|账户|card|visa|account)[^0-9]{0,16}$", re.IGNORECASE
)
_FEWEST_DIGITS = 3  # of the five or six characters of a Chinese plate
_PLATE_EN = re.compile(
    rf"(?i:licen[cs]e plate|number plate|plate (?:number|no\.?|#)|registration (?:number|plate)|\bplates?\b(?= ?(?:is|:)))"
    rf"(?i:{_GAP})(?<![0-9A-Za-z])(?P<value>(?=[A-Z-]{{0,4}} ?[0-9])[0-9A-Z]{{1,4}}[ -]?[0-9A-Z]{{2,4}}|[0-9]{{1,4}}[ -]?[A-Z]{{2,4}}){END}"
)


def _resident(value: str) -> bool:
    return is_resident_id(re.sub("[ -]", "", value))


def _labelled(match: re.Match[str]) -> Place | None:
    """After a label, the date must be valid; a wrong check digit is still personal."""
    return whole(match) if is_dated(re.sub("[ -]", "", match["value"])) else None


def _card(match: re.Match[str]) -> Place | None:
    """Without a label, 15 digits or more, with spaces where banks put them: bar codes have 13 and 14 digits."""
    value, digits = match["value"], digits_of(match["value"])
    groups = tuple(map(len, re.split("[ -]", value)))
    if not is_card(digits) or is_code(match) or (len(groups) > 1 and groups not in _GROUPS):
        return None
    told = len(digits) >= 15 or _TALKS_OF_CARD.search(match.string[max(0, match.start() - 24) : match.start()])
    return whole(match) if told else None


def _plate(match: re.Match[str]) -> Place | None:
    enough = len(digits_of(match["value"])) >= _FEWEST_DIGITS
    return whole(match) if enough and not is_code(match) else None


def rules(words: Words) -> Iterator[Rule]:
    """Yield the rules for resident ids, social security numbers, passports, cards and plates."""
    yield Rule("national_id", "cn_resident_id", "high", _RESIDENT, DIGITS, unless_code(_resident))
    yield Rule("national_id", "labelled_id", "high", _LABELLED_ID, DIGITS, _labelled)
    yield Rule("national_id", "us_ssn", "high", _SSN, DIGITS)
    yield Rule("passport", "passport", "high", _PASSPORT, r"(?i)(passport|护照|通行证|回乡证|台胞证).{0,40}[0-9]")
    yield Rule("bank_card", "bank_card", "high", _CARD, DIGITS, _card)
    # 新, 云, 贵 begin plates and are common words, so no other Chinese character may precede, except labels such as 车牌.
    plate = re.compile(
        rf"(?:(?<![{HAN}0-9A-Za-z])|(?<=车牌)|(?<=牌号)|(?<=牌照)|(?<=[是为]))"
        rf"(?P<value>[{words.plates}][A-HJ-NP-Z] ?[·•・.-]? ?[0-9A-HJ-NP-Z]{{4,5}}[0-9A-HJ-NP-Z挂学警]){END}"
    )
    yield Rule("plate", "cn_plate", "medium", plate, rf"[{words.plates}][A-Z] ?[·•・.\-]? ?[0-9A-Z]{{4}}", _plate)
    yield Rule("plate", "labelled_plate", "medium", _PLATE_EN, r"(?i)plate|registration", _plate_en)


def _plate_en(match: re.Match[str]) -> Place | None:
    value = match["value"]
    return whole(match) if re.search("[0-9]", value) and len(value) >= 5 else None
