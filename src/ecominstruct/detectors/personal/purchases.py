"""Rules for numbers of orders and parcels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecominstruct.detectors.personal.checksums import is_s10, is_ups
from ecominstruct.detectors.personal.rule import BEGIN, DIGITS, END, Place, Rule, digits_of, unless_code, whole
from ecominstruct.detectors.personal.words import Words, one_of

_FEWEST = 5  # minimum digits of an order number
_GAP = r"(?:[\s:#=>.(-]|编号|号码|号|是|为|number|num|no|id|is|was){0,6}"
_VALUE = rf"(?<![0-9A-Za-z])(?P<value>[0-9A-Z][0-9A-Z-]{{5,31}}(?<!-)){END}"
_ORDER = re.compile(
    rf"(?:订单编号|订单号码|订单号|订单|交易号|交易单号|发票号码?|退款单号"
    rf"|\b(?:order|invoice|transaction|purchase order|confirmation|po(?= (?:number|no)))\b(?: ?(?:number|num|no|id|ref))?){_GAP}{_VALUE}",
    re.IGNORECASE,
)
_AMAZON = re.compile(rf"{BEGIN}(?P<value>[0-9]{{3}}-[0-9]{{7}}-[0-9]{{7}}){END}")
_TRACKING = re.compile(
    rf"(?:快递单号|运单号|物流单号|快递号|物流号|运单编号|面单号|取件单号|单号|运单"
    rf"|\b(?:tracking|waybill|awb|consignment|shipment)\b(?: ?(?:number|num|no|id|code))?){_GAP}{_VALUE}",
    re.IGNORECASE,
)
_S10 = re.compile(r"(?<![0-9A-Za-z])(?P<value>[A-Z]{2}[0-9]{9}[A-Z]{2})(?![0-9A-Za-z])")
_UPS = re.compile(r"(?<![0-9A-Za-z])(?P<value>1Z[0-9A-Z]{16})(?![0-9A-Za-z])")
_PREFIXED = re.compile(
    r"(?<![0-9A-Za-z])(?P<value>(?:SF[0-9]{12,13}|YT[0-9]{13}|JT[0-9]{13}|JDV?[A-Z]{0,2}[0-9]{11,13}))(?![0-9A-Za-z])"
)


def _numbered(match: re.Match[str]) -> Place | None:
    """A word after "order" does not count: a number has 5 digits or more, and at least as many digits as letters."""
    value = match["value"]
    digits = len(digits_of(value))
    return whole(match) if digits >= _FEWEST and 2 * digits >= len(value.replace("-", "")) else None


def rules(words: Words) -> Iterator[Rule]:
    """Yield the rules for orders, and for parcels by label, by carrier and by check digit."""
    order = r"(?i)(订单|交易|发票|退款单|order|invoice|transaction|confirmation|po (number|no)).{0,40}[0-9]"
    yield Rule("order_number", "order", "low", _ORDER, order, _numbered)
    yield Rule("order_number", "amazon_order", "low", _AMAZON, DIGITS)
    tracking = r"(?i)(单号|快递号|物流号|运单|tracking|waybill|awb|consignment|shipment).{0,40}[0-9]"
    yield Rule("tracking_number", "tracking", "low", _TRACKING, tracking, _numbered)
    carriers = one_of(words.carriers)
    carried = re.compile(
        rf"{carriers}(?:快递|速运|速递|快运)?{_GAP}(?<![0-9A-Za-z])(?P<value>(?:[A-Z]{{2}})?[0-9]{{10,22}}){END}",
        re.IGNORECASE,
    )
    yield Rule("tracking_number", "carrier", "low", carried, DIGITS)
    yield Rule("tracking_number", "s10", "low", _S10, r"[A-Z]{2}[0-9]{9}[A-Z]{2}", unless_code(is_s10))
    yield Rule("tracking_number", "ups", "low", _UPS, r"1Z[0-9A-Z]{16}", unless_code(is_ups))
    yield Rule("tracking_number", "prefixed", "low", _PREFIXED, r"(SF|YT|JT|JD)[A-Z]{0,3}[0-9]{11}", unless_code(bool))
