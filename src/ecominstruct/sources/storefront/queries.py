"""Search queries with five candidates whose grades follow from how they were made.

A query states two conditions. Grade 4 fulfils both, 3 exactly one, 2 neither (all three in the asked category), 1 is
another category of the same department, 0 another department.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecominstruct.identity import shuffled
from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import (
    Product,
    make_product,
    pool_blocks,
    product_in_block,
    title,
)
from ecominstruct.sources.storefront.templates import SpanText, Template
from ecominstruct.sources.storefront.words import Category, Shop

_ROWS_PER_PRODUCT = 2
_GRADES = ("4", "3", "2", "1", "0")


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the query table."""
    lang = shop.lang
    best = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("query", lang, str(number))
    intent = _intent(shop, draw)
    pattern = draw.choose(shop.queries[intent])
    asked = draw.sample(best.category.core, 2)
    query = _write_query(best, pattern, asked, draw)
    blocks = pool_blocks(shop, number)
    ranked = [best, *_rivals(shop, best, pattern, asked, blocks, draw), *_strangers(shop, best, blocks, draw)]
    ranking = [title(product).text for product in ranked]
    return {
        "query": query.text,
        "query_spans": query.spans,
        "category": best.category.name,
        "department": shop.departments[best.category.department].name,
        "intent": intent,
        "relevant": ranking[0],
        "candidates": shuffled(ranking, "storefront", "candidates", lang, str(number)),
        "ranking": ranking,
        "grades": list(_GRADES),
        "skus": [product.sku for product in ranked],
    }


def _intent(shop: Shop, draw: Draw) -> str:
    """Intents in the order of the file: exact product, category browse, attribute filter, gift or occasion."""
    exact, browse, wanted, gift = shop.queries
    return draw.choose((exact, exact, browse, browse, wanted, wanted, wanted, gift, gift))


def _write_query(best: Product, pattern: Template, asked: list[int], draw: Draw) -> SpanText:
    category = best.category
    first, second = (category.attributes[index] for index in asked)
    values = {
        "brand": best.brand,
        "model": best.model,
        "type": draw.choose(category.types),
        "a": first.values[best.values[asked[0]]],
        "b": second.values[best.values[asked[1]]],
        "occasion": draw.choose(category.occasions),
    }
    if best.shop.lang == "en" and draw.chance(80):  # most shoppers do not bother with capitals
        values = {key: value.lower() for key, value in values.items()}
    text = SpanText()
    pattern.write(text, values, category.labels | {"a": first.name, "b": second.name})
    return text


def _fulfilled(product: Product, best: Product, pattern: Template, asked: list[int]) -> int:
    """How many of the query's conditions a product of the same category fulfils."""
    count = 0
    if "brand" in pattern.fields:
        count += product.brand == best.brand
    if "model" in pattern.fields:
        count += product.model == best.model
    for field, index in zip("ab", asked, strict=True):
        if field in pattern.fields:
            count += product.values[index] == best.values[index]
    return count


def _rivals(shop: Shop, best: Product, pattern: Template, asked: list[int], blocks: int, draw: Draw) -> list[Product]:
    """Two products of the same category: one that fulfils exactly one condition, one that fulfils none."""
    category = place(shop, best.category)
    start = draw.below(blocks)
    return [
        find(shop, category, start, blocks, lambda other: _fulfilled(other, best, pattern, asked) == 1),
        find(shop, category, start, blocks, lambda other: _fulfilled(other, best, pattern, asked) == 0),
    ]


def place(shop: Shop, category: Category) -> int:
    """The index of a category among the shop's categories."""
    return next(
        index for index in shop.departments[category.department].categories if shop.categories[index] is category
    )


def find(shop: Shop, category: int, start: int, blocks: int, fits: Callable[[Product], bool]) -> Product:
    """The first fitting product of a category from block `start` on, once around the pool, then beyond it."""
    step = 0
    while True:
        block = (start + step) % blocks if step < blocks else step
        product = make_product(shop, product_in_block(shop, category, block))
        if fits(product):
            return product
        step += 1


def _strangers(shop: Shop, best: Product, blocks: int, draw: Draw) -> list[Product]:
    """A product of another category of the department (of another brand) and one of another department."""
    home = best.category.department
    near = [index for index in shop.departments[home].categories if shop.categories[index] is not best.category]
    far = [index for index, category in enumerate(shop.categories) if category.department != home]
    start = draw.below(blocks)
    return [
        find(shop, draw.choose(near), start, blocks, lambda other: other.brand != best.brand),
        make_product(shop, product_in_block(shop, draw.choose(far), draw.below(blocks))),
    ]
