"""Rules for contacts: e-mail addresses and telephone numbers, Chinese and international.

Own patterns find candidates; `phonenumbers` (the numbering plans of all countries) decides whether such a number can
exist. After labels such as 联系电话 or "call me at" any number counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ecominstruct.detectors.personal.rule import (
    BEGIN,
    DIGITS,
    END,
    Locate,
    Place,
    Rule,
    before,
    digits_of,
    is_code,
    unless_code,
    whole,
)
from ecominstruct.errors import input_error

_FILES = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "svg",
        "bmp",
        "css",
        "js",
        "ts",
        "html",
        "htm",
        "php",
        "pdf",
        "mp4",
        "mov",
        "zip",
    ]
)
_MAIL = re.compile(
    r"(?<![0-9A-Za-z._%+-])(?P<value>[0-9A-Za-z][0-9A-Za-z._%+-]{0,63}@(?:[0-9A-Za-z-]{1,63}\.){1,5}(?P<top>[A-Za-z]{2,24}))"
    r"(?![0-9A-Za-z])"
)
_SPELLED = re.compile(
    r"(?<![0-9A-Za-z._+-])(?P<value>[0-9A-Za-z][0-9A-Za-z._+-]{1,63} ?(?:[\[({] ?(?:at|@) ?[\])}] ?[0-9A-Za-z-]{2,40} ?(?:[\[({] ?(?:dot|\.) ?[\])}]|(?<= )dot(?= )|\.)"
    r"|(?<= )at [0-9A-Za-z-]{2,40} (?:[\[({] ?dot ?[\])}]|dot(?= ))) ?"
    r"(?:com|net|org|edu|gov|cn|co|io|uk|de|fr|me|info|hk|tw)(?:\.(?:cn|uk|hk|tw))?)(?![0-9A-Za-z])",
    re.IGNORECASE,
)

_PHONE_ZH = r"(?:联系电话|电话|手机号码|手机号|手机|联系方式|热线|传真|座机|致电|拨打|来电|短信)"
_PHONE_EN = (
    r"\b(?:tel|telephone|phone|mobile|cell|cellphone|call|text|whatsapp|fax|contact|dial|ring|reach|sms|hotline)\b"
)
_GAP = r"(?:[ \t:#,.=>/]|号码|号|是|为|请|number|no|is|at|on|me|us|my|to|via|it|[-(]){0,8}"
_NUMBER = r"(?:\+ ?)?\(?[0-9](?:[ ().-]{0,2}[0-9]){6,14}"
_LABELLED = re.compile(rf"(?:{_PHONE_ZH}|{_PHONE_EN}){_GAP}(?<![0-9A-Za-z])(?P<value>{_NUMBER}){END}", re.IGNORECASE)
_NEAR = re.compile(rf"(?:{_PHONE_ZH}|{_PHONE_EN}|咨询|客服|service|helpline|toll.free)[^0-9]{{0,14}}$", re.IGNORECASE)
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
# Letters may touch the number only if they label it: Tel13812345678, VX13812345678.
_AFTER_WORD = r"(?:(?<![0-9A-Za-z])|(?<=tel)|(?<=phone)|(?<=mobile)|(?<=vx)|(?<=wx)|(?<=qq))(?<![0-9][-./])"

_CN_MOBILE = re.compile(
    rf"{_AFTER_WORD}(?P<value>(?:\(?(?:\+|00) ?86\)?[ -]?|\(?86\)?[ -])?1[3-9][0-9][ .-]?[0-9]{{4}}[ .-]?[0-9]{{4}}){END}",
    re.IGNORECASE,
)
_CN_LANDLINE = re.compile(
    rf"{BEGIN}(?P<value>(?:\(0[1-9][0-9]{{1,2}}\) ?|0[1-9][0-9]{{1,2}} ?[- ] ?)[2-9][0-9]{{2,3}}[- ]?[0-9]{{4}})"
    rf"(?:(?: ?转 ?| ?ext\.? ?|-)[0-9]{{1,6}})?{END}",
    re.IGNORECASE,
)
_SERVICE = re.compile(
    rf"{BEGIN}(?P<value>[48]00(?:-[0-9]{{3}}-[0-9]{{4}}|-[0-9]{{4}}-[0-9]{{3}}|[ -]?[0-9]{{3}}[ -]?[0-9]{{4}}|[ -]?[0-9]{{7}})){END}"
)
_NANP = re.compile(
    rf"{BEGIN}(?<!\$)(?P<value>(?:\+?1[ .-]?)?(?:\((?!8(?:00|88|77|66|55|44|33))[2-9][0-9]{{2}}\) ?"
    rf"|(?!8(?:00|88|77|66|55|44|33))[2-9][0-9]{{2}}[-.])[2-9][0-9]{{2}}[-. ][0-9]{{4}}){END}"
)
_TOLL_FREE = re.compile(
    rf"{BEGIN}(?P<value>(?:\+?1[ .-]?)?(?:\(8(?:00|88|77|66|55|44|33)\) ?|8(?:00|88|77|66|55|44|33)[-.])[2-9][0-9]{{2}}[-. ][0-9]{{4}}){END}"
)
_WORLD = re.compile(rf"(?<![0-9A-Za-z+])(?P<value>\+ ?[1-9][0-9]{{0,2}}(?:[ ().-]{{0,2}}[0-9]){{6,13}}){END}")


@lru_cache(maxsize=1 << 14)
def exists(number: str, region: str) -> bool:
    """Return whether the numbering plan of a region (ISO 3166) has such a number.

    Without a region, the number starts with + and the country code, and only its length must be possible, because new
    ranges are added every year. Raises InputError, which names the extra, if `phonenumbers` is not installed.
    """
    try:
        import phonenumbers
    except ImportError:
        raise input_error(
            "phonenumbers, which checks telephone numbers, is not installed", "pip install 'ecominstruct[audit]'"
        ) from None
    try:
        parsed = phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(parsed) if region else phonenumbers.is_possible_number(parsed)


def _in(region: str) -> Locate:
    return unless_code(lambda value: exists(digits_of(value), region))


def _nanp(match: re.Match[str]) -> Place | None:
    """Brackets around the area code suffice; with dashes or dots the area code must exist."""
    told = "(" in match["value"] or exists(digits_of(match["value"]), "US")
    return whole(match) if told and not is_code(match) else None


def _in_world(match: re.Match[str]) -> Place | None:
    return whole(match) if exists(f"+{digits_of(match['value'])}", "") else None


def _mobile(match: re.Match[str]) -> Place | None:
    """A number by itself: in a row such as "135 150 2135 2200" it is an entry of a list."""
    start, end = whole(match)
    around = match.string[max(0, start - 2) : start], match.string[end : end + 2]
    listed = " " in match["value"] and (around[0][:1].isdigit() or around[1][1:].isdigit())
    known = exists(digits_of(match["value"])[-11:], "CN")
    return None if listed or not known or is_code(match) else (start, end)


def _service(match: re.Match[str]) -> Place | None:
    """Ten digits that begin with 400 need a dash, or a label before them."""
    value = match["value"]
    told = "-" in value or _NEAR.search(before(match))
    return whole(match) if told and len(digits_of(value)) == 10 and not is_code(match) else None


def _labelled(match: re.Match[str]) -> Place | None:
    """After a label, any number of seven digits or more, except prices, dates and rows of years or sizes."""
    value = match["value"]
    digits = digits_of(value)
    groups = re.findall(r"[0-9]+", value)
    sizes = len(groups) > 1 and max(map(len, groups)) < 3
    dated = bool(_YEAR.match(value)) and len(digits) in (8, 12, 16)
    return None if len(digits) > 15 or sizes or dated else whole(match)


def _mail(match: re.Match[str]) -> Place | None:
    return None if match["top"].lower() in _FILES else whole(match)


def rules() -> Iterator[Rule]:
    """Yield the rules for e-mail addresses and telephone numbers."""
    yield Rule("email", "email", "medium", _MAIL, r"[0-9A-Za-z._%+\-]\s?[@＠][0-9A-Za-z]", _mail)
    spelled = r"(?i)[\[({] ?(at|@) ?[\])}]| at [0-9a-z\-]+ [\[({]? ?dot"
    yield Rule("email", "spelled_email", "medium", _SPELLED, spelled)
    yield Rule("phone", "cn_mobile", "high", _CN_MOBILE, DIGITS, _mobile)
    yield Rule("phone", "cn_landline", "medium", _CN_LANDLINE, DIGITS, _in("CN"))
    yield Rule("phone", "service_line", "low", _SERVICE, DIGITS, _service)
    yield Rule("phone", "toll_free", "low", _TOLL_FREE, DIGITS, unless_code(bool))
    yield Rule("phone", "nanp", "high", _NANP, DIGITS, _nanp)
    yield Rule("phone", "international", "high", _WORLD, DIGITS, _in_world)
    yield Rule("phone", "labelled_phone", "high", _LABELLED, DIGITS, _labelled)
