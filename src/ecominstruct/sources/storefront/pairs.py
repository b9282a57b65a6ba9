"""The pair table: two listings of the same product, or of two products that are easily confused.

A product is identified by its brand, its model and the attributes in its title. Listings of the same product are
reworded more often than listings of different ones, so shared characters alone are a poor signal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import (
    Product,
    attribute_pairs,
    browse,
    make_product,
    place,
    pool_blocks,
    title_text,
)
from ecominstruct.sources.storefront.words import Shop

_ROWS_PER_PRODUCT = 2
_SAME_PERCENT = 45
_LABELS = {"en": ("same", "not same"), "zh": ("相同", "不同")}


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the pair table."""
    product = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("pair", shop.lang, str(number))
    same = draw.chance(_SAME_PERCENT)
    other = replace(product, sku=f"{product.sku}-B") if same else _lookalike(shop, product, number, draw)
    other = _reworded(other, draw, percent=80 if same else 45)
    own_title, other_title = title_text(product), title_text(other)
    if own_title == other_title:  # two identical titles would be trivial
        other = _reworded(other, draw, percent=100)
        other_title = title_text(other)
    listings = [
        (product.sku, own_title, attribute_pairs(product)),
        (other.sku, other_title, _rearranged(other, draw)),
    ]
    if draw.chance(50):
        listings.reverse()
    (left_sku, left, left_attributes), (right_sku, right, right_attributes) = listings
    return {
        "sku": product.sku,
        "left_sku": left_sku,
        "right_sku": right_sku,
        "left": left,
        "right": right,
        "left_attributes": left_attributes,
        "right_attributes": right_attributes,
        "same": _LABELS[shop.lang][0 if same else 1],
    }


def _lookalike(shop: Shop, product: Product, number: int, draw: Draw) -> Product:
    """A similar but different product: another model number, another variant, or another product of the brand."""
    kind = draw.below(100)
    if kind < 35:
        return replace(product, sku=f"{product.sku}-M", model=_next_model(product.model, draw))
    if kind < 75:
        index = draw.choose(product.category.core)
        values = list(product.values)
        values[index] = draw.other(len(product.category.attributes[index].values), values[index])
        return replace(product, sku=f"{product.sku}-V", values=values)
    blocks = pool_blocks(shop, number)
    siblings = browse(shop, place(shop, product.category), draw.below(blocks), blocks)
    candidates = (make_product(shop, other.number) for other in siblings if other.brand == product.brand)
    return next(other for other in candidates if other.model != product.model)


def _next_model(model: str, draw: Draw) -> str:
    """The model name with one digit changed, like a neighbour in the same product range."""
    places = [index for index, sign in enumerate(model) if sign.isdigit()]
    index = draw.choose(places)
    # Counting within 1-9 keeps a leading digit from becoming zero.
    digit = 1 + (int(model[index]) + draw.below(8)) % 9
    if str(digit) == model[index]:
        digit = 1 + digit % 9
    return model[:index] + str(digit) + model[index + 1 :]


def _reworded(product: Product, draw: Draw, percent: int) -> Product:
    """The listing in another seller's wording, with another title pattern in `percent` of 100 cases."""
    category = product.category
    afresh = draw.chance(percent)
    return replace(
        product,
        model=product.model.replace("-", draw.choose(("-", "", " "))),
        boost=draw.choose(category.boosts) if afresh else product.boost,
        promo=draw.choose(product.shop.promos) if afresh else product.promo,
        type_index=draw.below(len(category.types)) if afresh else product.type_index,
        title_index=draw.other(len(category.titles), product.title_index) if afresh else product.title_index,
        restated=_other_unit(product, draw),
    )


def _other_unit(product: Product, draw: Draw) -> dict[int, str]:
    """At most one attribute in another unit: 1.7 L as 1700 ml."""
    known = [
        (index, attribute.same_as[value])
        for index, attribute in enumerate(product.category.attributes)
        if (value := attribute.titled[product.values[index]]) in attribute.same_as
    ]
    return dict([draw.choose(known)]) if known and draw.chance(60) else {}


def _rearranged(product: Product, draw: Draw) -> list[dict[str, str]]:
    """The attribute list in another order, usually with one attribute (never the brand) missing."""
    brand, *rest = attribute_pairs(product)
    kept = draw.sample(rest, len(rest) - (1 if draw.chance(75) else 0))
    kept.insert(draw.below(len(kept) + 1), brand)
    return kept
