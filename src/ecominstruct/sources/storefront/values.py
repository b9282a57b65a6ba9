"""The value table: attribute lists as sellers write them, and one of the values in the shop's normal form.

Numbers are drawn as integers of a small unit and then written in various ways, so the normal form is exact without
rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import make_product
from ecominstruct.sources.storefront.words import Shop

_ROWS_PER_PRODUCT = 2
_LISTED = 3  # attributes in a list
_UNKNOWN_PERCENT = 8  # of the requested values are placeholders for "unknown"
_IN_WORDS_PERCENT = 50  # of the numbers that have a wording in words use it
_GROUPED_PERCENT = 25  # of the numbers with four digits or more use a comma
_WIDE_PERCENT = 6  # of Chinese values use full-width digits
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_YEARS = (2024, 2025, 2026)


class Written(NamedTuple):
    """A value as the seller writes it, in the shop's normal form, and the instruction that asks for that form."""

    raw: str
    normal: str
    wanted: str


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the value table."""
    product = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("value", shop.lang, str(number))
    words = shop.values
    kinds = draw.sample((*words["kinds"], *_WRITERS), _LISTED)
    asked = draw.below(_LISTED)
    pairs = []
    answer = Written("", "", "")
    for place, kind in enumerate(kinds):
        written = _write(words, kind, draw)
        if place == asked:
            answer = written if not draw.chance(_UNKNOWN_PERCENT) else Written("", "", written.wanted)
            written = written._replace(raw=answer.raw or draw.choose(words["unknown"]))
        wide = shop.lang == "zh" and draw.chance(_WIDE_PERCENT)
        spec = words["kinds"].get(kind) or words[kind]
        pairs.append(
            {"name": draw.choose(spec["names"]), "value": written.raw.translate(_WIDE) if wide else written.raw}
        )
    return {
        "sku": product.sku,
        "attributes": pairs,
        "asked": pairs[asked]["name"],
        "wanted": answer.wanted,
        "normal": answer.normal,
    }


def _write(words: Mapping[str, Any], kind: str, draw: Draw) -> Written:
    """A random value of one kind."""
    if kind in _WRITERS:
        return _WRITERS[kind](words, draw)
    spec = words["kinds"][kind]
    number = _number(spec, spec["high"], draw)
    target = draw.choose(spec["targets"])
    return Written(_amount(spec, number, draw), _form(target, number), target["wanted"])


def _number(spec: Mapping[str, Any], high: int, draw: Draw) -> int:
    """A random number of one kind, as a multiple of its step."""
    return int(spec["low"] + spec["step"] * draw.below((high - spec["low"]) // spec["step"] + 1))


def _form(target: Mapping[str, Any], number: int) -> str:
    """A number in the normal form."""
    return str(target["form"]).format(x=_decimal(number, target["unit"]))


def _amount(spec: Mapping[str, Any], number: int, draw: Draw) -> str:
    """A number as a seller writes it: in words, or in a unit that needs at most two decimals."""
    phrases = spec["phrases"].get(number)
    if phrases and draw.chance(_IN_WORDS_PERCENT):
        return str(draw.choose(phrases))
    unit = draw.choose([unit for unit in spec["writes"] if number * 100 % unit == 0 and number * 10 >= unit])
    text = _decimal(number, unit)
    if text.isdigit() and len(text) > 3 and draw.chance(_GROUPED_PERCENT):
        text = f"{int(text):,}"
    return str(draw.choose(spec["writes"][unit])).format(x=text)


def _decimal(number: int, unit: int) -> str:
    """A number of small units in a larger unit, exact and as short as possible: 1250 with unit 1000 gives 1.25."""
    whole, rest = divmod(number, unit)
    if not rest:
        return str(whole)
    digits = ""
    while rest:
        digit, rest = divmod(rest * 10, unit)
        digits += str(digit)
    return f"{whole}.{digits}"


def _size(words: Mapping[str, Any], draw: Draw) -> Written:
    """Length, width and height."""
    spec = words["size"]
    sides = dict(zip("abc", (_number(spec, spec["high"], draw) for _ in range(3)), strict=True))
    unit = draw.choose(list(spec["writes"]))
    target = draw.choose(spec["targets"])
    raw, normal = (
        str(form).format_map({side: _decimal(length, by) for side, length in sides.items()})
        for form, by in ((draw.choose(spec["writes"][unit]), unit), (target["form"], target["unit"]))
    )
    return Written(raw, normal, target["wanted"])


def _pack(words: Mapping[str, Any], draw: Draw) -> Written:
    """A pack of several equal amounts; the normal form is the total."""
    spec = words["pack"]
    of, largest = draw.choose(list(spec["of"].items()))
    count = spec["low"] + draw.below(spec["high"] - spec["low"] + 1)
    each = _number(words["kinds"][of], largest, draw)
    target = draw.choose(words["kinds"][of]["targets"])
    piece = _amount({**words["kinds"][of], "phrases": {}}, each, draw)
    raw = str(draw.choose(spec["writes"])).format(n=count, each=piece)
    return Written(raw, _form(target, count * each), spec["wanted"].format(wanted=target["wanted"]))


def _date(words: Mapping[str, Any], draw: Draw) -> Written:
    """A date; the order of its parts is never ambiguous."""
    spec = words["date"]
    year, month, day = draw.choose(_YEARS), draw.below(12), 1 + draw.below(28)
    name = spec["months"][month]
    parts = {"y": f"{year}", "yy": f"{year % 100}", "m": f"{month + 1}", "mm": f"{month + 1:02}", "d": f"{day}"}
    parts |= {"dd": f"{day:02}", "month": name, "mon": name[:3]}
    return Written(str(draw.choose(spec["writes"])).format_map(parts), spec["form"].format_map(parts), spec["wanted"])


def _price(words: Mapping[str, Any], draw: Draw) -> Written:
    """An amount of money: without decimals if they are zero, in Chinese also as 129块9."""
    spec = words["price"]
    whole, cents = 2 + draw.below(spec["high"]), draw.choose(spec["cents"])
    normal = spec["form"].format(x=f"{whole}.{cents:02}")
    if cents and cents % 10 == 0 and spec["tenths"] and draw.chance(40):
        return Written(draw.choose(spec["tenths"]).format(whole=whole, tenth=cents // 10), normal, spec["wanted"])
    number = f"{whole:,}" if draw.chance(_GROUPED_PERCENT) else f"{whole}"
    text = f"{number}.{cents:02}" if cents or draw.chance(30) else number
    return Written(draw.choose(spec["writes"]).format(x=text), normal, spec["wanted"])


_WRITERS = {"size": _size, "pack": _pack, "date": _date, "price": _price}
