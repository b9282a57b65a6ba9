"""The query table: search queries with five candidates whose grades follow from how they were made.

A query states two conditions, and often a price, which the grades ignore because products here have none. Grade 4
fulfils both conditions, 3 exactly one, 2 neither (all three are in the requested category). Grade 1 is another category
of the same department, 0 another department.
"""

from __future__ import annotations

from typing import Any

from ecominstruct.identity import shuffled
from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.parts import Part
from ecominstruct.sources.storefront.products import (
    Glimpse,
    Product,
    browse,
    make_product,
    place,
    pool_blocks,
    product_in_block,
    schema,
    title_text,
)
from ecominstruct.sources.storefront.templates import SpanText, Template
from ecominstruct.sources.storefront.words import Shop

_ROWS_PER_PRODUCT = 2
_PRICED_PERCENT = 80  # of queries without a model also state a price
_GRADES = ("4", "3", "2", "1", "0")


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the query table."""
    lang = shop.lang
    best = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("query", lang, str(number))
    intent = _intent(shop, draw)
    pattern = draw.choose(shop.queries[intent])
    asked = draw.sample(best.category.core, 2)
    query, parts = _write_query(best, pattern, asked, draw)
    blocks = pool_blocks(shop, number)
    ranked = [best, *_rivals(shop, best, pattern, asked, blocks, draw), *_strangers(shop, best, blocks, draw)]
    ranking = [title_text(product) for product in ranked]
    return {
        "sku": best.sku,
        "query": query.text,
        "query_spans": query.spans,
        "query_parts": parts,
        "schema": [*schema(best.category), shop.price_label],
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
    """Draw an intent; in file order they are exact product, category browse, attribute filter, gift or occasion."""
    exact, browse, wanted, gift = shop.queries
    return draw.choose((exact, exact, browse, browse, wanted, wanted, wanted, gift, gift))


def _write_query(best: Product, pattern: Template, asked: list[int], draw: Draw) -> tuple[SpanText, list[Part]]:
    """The query with its spans, and the parts that it consists of."""
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
    if best.shop.lang == "en" and draw.chance(80):  # most shoppers write without capitals
        values = {key: value.lower() for key, value in values.items()}
    text = SpanText()
    pattern.write(text, values, category.labels | {"a": first.name, "b": second.name})
    parts = best.shop.query_cuts[pattern.source].parts(values)
    if "model" not in pattern.fields and draw.chance(_PRICED_PERCENT):
        text.add(" ")
        text.add(draw.choose(best.shop.prices[category.name]), best.shop.price_label)
        price = text.spans[-1]
        parts.append({name: price[name] for name in ("start", "end", "text")})
    return text, parts


def _fulfilled(other: Glimpse, best: Product, pattern: Template, asked: list[int]) -> int:
    """The number of the query's conditions on brand and attributes that a product of the same category fulfils."""
    count = 0
    if "brand" in pattern.fields and other.brand == best.brand:
        count += 1
    for field, index in zip("ab", asked, strict=True):
        if field in pattern.fields and other.values[index] == best.values[index]:
            count += 1
    return count


def _rivals(shop: Shop, best: Product, pattern: Template, asked: list[int], blocks: int, draw: Draw) -> list[Product]:
    """Two products of the same category: one that fulfils exactly one condition, one that fulfils none.

    Neither has the model of the best product, so a query for a model has one exact answer.
    """
    found: dict[int, Product] = {}
    for glimpse in browse(shop, place(shop, best.category), draw.below(blocks), blocks):
        fulfilled = _fulfilled(glimpse, best, pattern, asked)
        if fulfilled > 1 or fulfilled in found:
            continue
        other = make_product(shop, glimpse.number)
        if other.model != best.model:
            found[fulfilled] = other
        if len(found) == 2:
            break
    return [found[1], found[0]]


def _strangers(shop: Shop, best: Product, blocks: int, draw: Draw) -> list[Product]:
    """A product of another category in the department (and of another brand), and one of another department."""
    home = best.category.department
    near = [index for index in shop.departments[home].categories if shop.categories[index] is not best.category]
    far = [index for index, category in enumerate(shop.categories) if category.department != home]
    neighbours = browse(shop, draw.choose(near), draw.below(blocks), blocks)
    neighbour = next(glimpse.number for glimpse in neighbours if glimpse.brand != best.brand)
    stranger = product_in_block(shop, draw.choose(far), draw.below(blocks))
    return [make_product(shop, neighbour), make_product(shop, stranger)]
