"""The product table, and the products the other tables talk about.

Products are numbered without end. Product numbers come in blocks that hold each category once, rotated by a hash of
the block: so "the product of category c in block b" is found without a search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ecominstruct.identity import pick_index
from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.templates import SpanText
from ecominstruct.sources.storefront.words import Category, Shop

_LETTERS = "ABCDEFGHKLMNPRSTVWX"  # no letters that look like digits
_MIN_BLOCKS = 24  # the smallest pool other tables look for products in: small, yet it holds a match nearly always


@dataclass(slots=True)
class Product:
    """One listing of a product. A copy with other wording fields is another seller's listing of the same thing."""

    shop: Shop
    sku: str
    category: Category
    brand: str
    model: str
    type_index: int
    values: list[int]  # per attribute of the category, the index of its value
    title_index: int
    intro_index: int
    boost: str
    promo: str
    dropped: tuple[int, ...]  # attributes the listing does not give
    restated: dict[int, str] = field(default_factory=dict)  # attribute -> its value in another unit

    def titled(self, index: int) -> str:
        """The value of an attribute as titles and attribute lists give it."""
        return self.restated.get(index) or self.category.attributes[index].titled[self.values[index]]


def make_product(shop: Shop, number: int) -> Product:
    """Product number `number` of a language's shop."""
    lang = shop.lang
    category = shop.categories[_category_index(shop, number)]
    draw = Draw("product", lang, str(number))
    brand = draw.choose(shop.departments[category.department].brands)
    model = _model(draw.choose(category.models), draw)
    type_index = draw.below(len(category.types))
    values = [draw.below(len(attribute.values)) for attribute in category.attributes]
    title_index = draw.below(len(category.titles))
    intro_index = draw.below(len(category.intros))
    shown = category.titles[title_index].fields | category.intros[intro_index].fields
    spare = [i for i, attribute in enumerate(category.attributes) if attribute.name not in shown]
    return Product(
        shop=shop,
        sku=f"SF-{lang.upper()}-{number:07d}",
        category=category,
        brand=brand,
        model=model,
        type_index=type_index,
        values=values,
        title_index=title_index,
        intro_index=intro_index,
        boost=draw.choose(category.boosts),
        promo=draw.choose(shop.promos),
        dropped=tuple(draw.sample(spare, draw.below(min(3, len(spare))))),
    )


def product_in_block(shop: Shop, category: int, block: int) -> int:
    """The number of the one product of a category in a block of product numbers."""
    size = len(shop.categories)
    return block * size + (category - _rotation(shop, block)) % size


def pool_blocks(shop: Shop, number: int) -> int:
    """How many blocks row `number` of another table may take its further products from.

    The pool grows by one product for two rows, so n rows refer to products of the first n rows of the product table
    (from a few hundred rows on).
    """
    return max(_MIN_BLOCKS, number // 2 // len(shop.categories))


def _category_index(shop: Shop, number: int) -> int:
    block, place = divmod(number, len(shop.categories))
    return (place + _rotation(shop, block)) % len(shop.categories)


def _rotation(shop: Shop, block: int) -> int:
    return pick_index(len(shop.categories), "storefront", "rotation", shop.lang, str(block))


def _model(pattern: str, draw: Draw) -> str:
    """Fill a model pattern: # becomes a digit (never a leading zero), @ a letter."""
    done: list[str] = []
    for sign in pattern:
        if sign == "#":
            leading = not done or not done[-1].isdigit()
            done.append(str(1 + draw.below(9) if leading else draw.below(10)))
        elif sign == "@":
            done.append(draw.choose(_LETTERS))
        else:
            done.append(sign)
    return "".join(done)


def title(product: Product) -> SpanText:
    """The title of a listing with its spans."""
    category = product.category
    values = {
        "brand": product.brand,
        "model": product.model,
        "type": category.types_titled[product.type_index],
        "boost": product.boost,
        "promo": product.promo,
    }
    pattern = category.titles[product.title_index]
    for index, attribute in enumerate(category.attributes):
        if attribute.name in pattern.fields:
            values[attribute.name] = product.titled(index)
    text = SpanText()
    pattern.write(text, values, category.labels)
    return text


def prose_fields(product: Product) -> dict[str, str]:
    """What sentences about a product may name: brand, model, type, attribute values and the words that agree."""
    category = product.category
    values = {
        "brand": product.brand,
        "model": product.model,
        "type": category.types[product.type_index],
        **category.grammar,
    }
    for index, attribute in enumerate(category.attributes):
        values[attribute.name] = attribute.values[product.values[index]]
    return values


def attribute_pairs(product: Product) -> list[dict[str, str]]:
    """The attribute list of a listing: brand and model first, then what the category's schema knows."""
    category = product.category
    pairs = [
        {"name": category.labels["brand"], "value": product.brand},
        {"name": category.labels["model"], "value": product.model},
    ]
    pairs += [
        {"name": attribute.name, "value": product.titled(index)}
        for index, attribute in enumerate(category.attributes)
        if index not in product.dropped
    ]
    return pairs


def write_passage(product: Product, stated: list[int], draw: Draw) -> SpanText:
    """An opening sentence and one sentence per stated attribute; every attribute value is a span."""
    category = product.category
    text = SpanText()
    labels = {attribute.name: attribute.name for attribute in category.attributes}
    category.intros[product.intro_index].write(text, prose_fields(product), labels)
    for index in stated:
        attribute = category.attributes[index]
        text.add(product.shop.gap)
        value = {"value": attribute.values[product.values[index]]}
        draw.choose(attribute.states).write(text, value, {"value": attribute.name})
    return text


def unstated(product: Product) -> list[int]:
    """The attributes that the opening sentence leaves to other sentences."""
    fields = product.category.intros[product.intro_index].fields
    return [index for index, attribute in enumerate(product.category.attributes) if attribute.name not in fields]


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the product table."""
    product = make_product(shop, number)
    category = product.category
    named = title(product)
    draw = Draw("description", shop.lang, str(number))
    given = [index for index in unstated(product) if index not in product.dropped]
    return {
        "sku": product.sku,
        "title": named.text,
        "title_spans": named.spans,
        "brand": product.brand,
        "category": category.name,
        "department": shop.departments[category.department].name,
        "attributes": attribute_pairs(product),
        "description": write_passage(product, draw.sample(given, 1 + draw.below(3)), draw).text,
    }
