"""Rules for places: postal addresses with street and number, coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ecominstruct.detectors.personal.rule import HAN, Locate, Place, Rule, before, is_code, whole
from ecominstruct.detectors.personal.words import Words, one_of

_REACH = 30  # characters to the left of a street that are searched for the city
_DETAIL = (
    rf"(?:[ ,，]?(?:[0-9A-Za-z]{{1,5}}(?:-[0-9]{{1,4}}){{0,2}}|[一二三四五六七八九十东西南北]{{1,3}})"
    rf"(?:号楼|号院|栋|幢|座|单元|号|室|楼|层|户|房|弄)"
    rf"|[ ,，]?[{HAN}]{{2,10}}?(?:小区|花园|公寓|大厦|家园|广场|新村|苑|庄园|中心)){{0,6}}"
)
_STREET = re.compile(
    rf"(?P<street>[{HAN}](?:路|街|大道|巷|弄|胡同|道|村|段|里)|[{HAN}](?:小区|花园|公寓|家园|新村|苑|广场|大厦))"
    rf"[ ]?[0-9A-Z]{{1,5}}(?:-[0-9]{{1,4}})?(?:弄|号楼|号院|号|栋|幢|座|单元){_DETAIL}(?:[ ,-]?[0-9]{{3,4}}(?![0-9A-Za-z.*×/-]))?"
)
_RUN = re.compile(rf"[{HAN}0-9A-Za-z()·, -]*$")
_PARTS = re.compile(rf"[{HAN}]{{2,4}}?(?:省|自治区|市|自治州|区|县|旗|镇|乡|街道)")
_FINE = re.compile(r"(?:室|单元|栋|幢|号楼|弄|户|房)")
_POINT = re.compile(
    r"(?<![0-9A-Za-z.])(?P<value>(?P<lat>[+-]?[0-9]{1,3}\.[0-9]{4,15})°?(?: ?[NS])?(?: ?[,;/] ?|[ ]{1,2})"
    r"(?P<lon>[+-]?[0-9]{1,3}\.[0-9]{4,15})(?:°? ?[EW](?![A-Za-z])|°)?)(?![0-9A-Za-z]|\.[0-9]| ?(?:cm|mm|m|in|kg|g|lb|oz|x|×|\")\b)"
)
_LAT_LON = re.compile(
    r"(?P<value>(?:北纬|南纬|纬度|lat(?:itude)?)[:= ]{0,3}[+-]?[0-9]{1,2}\.[0-9]{2,15}°?.{0,12}?"
    r"(?:东经|西经|经度|lon(?:g(?:itude)?)?|lng)[:= ]{0,3}[+-]?[0-9]{1,3}\.[0-9]{2,15}"
    r"|(?:东经|西经|经度|lon(?:g(?:itude)?)?|lng)[:= ]{0,3}[+-]?[0-9]{1,3}\.[0-9]{2,15}°?.{0,12}?"
    r"(?:北纬|南纬|纬度|lat(?:itude)?)[:= ]{0,3}[+-]?[0-9]{1,2}\.[0-9]{2,15})",
    re.IGNORECASE,
)
_DEGREES = re.compile(
    r"(?P<value>[0-9]{1,2}°[0-9]{1,2}['′][0-9.]{1,8}[\"″] ?[NS].{0,3}[0-9]{1,3}°[0-9]{1,2}['′][0-9.]{1,8}[\"″] ?[EW])"
)
_POST_BOX = re.compile(r"\b(?P<value>P\.? ?O\.? ?Box [0-9]{1,6})(?![0-9A-Za-z])", re.IGNORECASE)


_GOES_ON, _WENT_BEFORE = re.compile(r"[,;] ?[+-]?[0-9]"), re.compile(r"[0-9][,;\]] ?$")


def _point(match: re.Match[str]) -> Place | None:
    """Two numbers by themselves: scores and measures come in longer rows."""
    start, end = whole(match)
    if _GOES_ON.match(match.string, end) or _WENT_BEFORE.search(match.string[max(0, start - 3) : start]):
        return None
    low, high = sorted((abs(float(match["lat"])), abs(float(match["lon"]))))  # Chinese maps put the longitude first
    return (start, end) if low <= 90 and 10 <= high <= 180 and not is_code(match) else None


def _chinese(words: Words) -> Locate:
    """Extend a street to the left, to the beginning of the address: a province, a city, or a label such as "address".

    Addresses labelled as those of a factory or a shop are skipped.
    """
    labels = re.compile(one_of(words.address_labels_zh) + r"[在于是为了: ]{0,3}")
    business = re.compile(one_of(words.business_labels_zh) + rf"[^{HAN}]{{0,6}}$")
    provinces = re.compile(one_of(words.provinces))

    @lru_cache(maxsize=1 << 12)
    def beginning(text: str) -> int | None:
        """The position in the text before a street where the address begins; None if nothing indicates it."""
        told = next(reversed(list(labels.finditer(text))), None)
        after = told.end() if told else 0
        found = provinces.search(text, after) or _PARTS.search(text, after)
        return found.start() if found else after if told else None

    def locate(match: re.Match[str]) -> Place | None:
        run = _RUN.search(match.string[max(0, match.start() - _REACH) : match.start() + 1])
        text = run.group() if run else ""
        begin, first = match.start() + 1 - len(text), beginning(text)
        if first is None and not _FINE.search(match.group()):
            return None
        start = max(begin, match.start() - 3) if first is None else begin + first
        place = min(start, match.start()), match.end()
        return None if business.search(before(match, place[0])) else place

    return locate


def _english(words: Words) -> tuple[re.Pattern[str], Locate]:
    """Number, name and kind of street, with a flat, a state or postcode, or a label before it."""
    streets, states = one_of(words.streets), one_of(words.states.split())
    direction = r"(?:(?:[NSEW]{1,2}\.?|North|South|East|West) )?"
    pattern = re.compile(
        rf"(?<![0-9A-Za-z.$#/-])(?P<value>[0-9]{{1,6}}[A-Za-z]? {direction}(?:(?:[A-Z][A-Za-z'.]{{1,20}}|[0-9]{{1,3}}(?:st|nd|rd|th)) ){{1,4}}?"
        rf"{streets}(?![A-Za-z])\.?"
        rf"(?P<flat>,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.? ?[0-9A-Z]{{1,5}}(?![a-z]))?"
        rf"(?P<place>(?:,? [A-Z][A-Za-z.]{{1,20}}){{0,4}}?,? (?:{states}(?:,? [0-9]{{5}}(?:-[0-9]{{4}})?)?|[A-Z]{{1,2}}[0-9][0-9A-Z]? [0-9][A-Z]{{2}})(?![0-9A-Za-z]))?)"
    )
    label = re.compile(one_of(words.address_labels_en) + r"[^0-9\n]{0,8}$", re.IGNORECASE)

    def locate(match: re.Match[str]) -> Place | None:
        told = match["flat"] or match["place"] or label.search(before(match))
        return whole(match) if told else None

    return pattern, locate


def rules(words: Words) -> Iterator[Rule]:
    """Yield the rules for addresses, Chinese and English, and for coordinates."""
    street = r"(路|街|大道|巷|弄|胡同|道|村|段|里|小区|花园|公寓|家园|苑|广场|大厦)[ 　]?[0-9A-Z]{1,5}(-[0-9]{1,4})?(弄|号|栋|幢|座|单元)"
    yield Rule("address", "cn_address", "medium", _STREET, street, _chinese(words))
    pattern, locate = _english(words)
    quick = rf"[0-9][A-Za-z]? ([A-Za-z0-9'.]{{1,21}} ){{1,6}}{one_of(words.streets)}"
    yield Rule("address", "en_address", "medium", pattern, quick, locate)
    yield Rule("address", "post_box", "medium", _POST_BOX, r"(?i)p\.? ?o\.? ?box [0-9]")
    decimals = r"[0-9][.．][0-9]{4,}[^0-9]{1,8}[0-9]{1,3}[.．][0-9]{4}"
    yield Rule("coordinates", "decimal", "medium", _POINT, decimals, _point)
    yield Rule(
        "coordinates", "labelled", "medium", _LAT_LON, r"(?i)(纬|lat).{0,40}(经|lon|lng)|(经|lon|lng).{0,40}(纬|lat)"
    )
    yield Rule("coordinates", "degrees", "medium", _DEGREES, r"[0-9]°[0-9]{1,2}['′]")
