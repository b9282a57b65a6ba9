"""The product table, and the products that all other tables refer to.

Product numbers are unbounded. They come in blocks with one product of each category, rotated by a hash of the block.
The product of category c in block b is therefore found without a search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.parts import Part
from ecominstruct.sources.storefront.templates import SpanText
from ecominstruct.sources.storefront.words import Category, ModelPattern, Shop

_LETTERS = "ABCDEFGHKLMNPRSTVWX"  # without letters that look like digits
_GOLDEN, _MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1  # 2**64 divided by the golden ratio; a 64-bit mask
_MAX_PAIRS = 9  # in the longest attribute list, including brand and model
_BACKGROUND = 1 << 20  # the first block of the background
_MIN_BLOCKS = 24  # the smallest pool in which other tables look for products; it nearly always holds a match


@dataclass(slots=True)
class Product:
    """One listing of a product. A copy with other wording fields is another seller's listing of the same product."""

    shop: Shop
    sku: str
    category: Category
    brand: str
    model: str
    type_index: int
    values: list[int]  # for each attribute of the category, the index of its value
    title_index: int
    intro_index: int
    boost: str
    promo: str
    dropped: tuple[int, ...]  # attributes that the listing omits
    restated: dict[int, str] = field(default_factory=dict)  # attribute index -> its value in another unit

    def titled(self, index: int) -> str:
        """The value of an attribute in the form used in titles and attribute lists."""
        return self.restated.get(index) or self.category.attributes[index].titled[self.values[index]]


def make_product(shop: Shop, number: int) -> Product:
    """Product `number` in a language's shop."""
    category = shop.categories[_category_index(shop, number)]
    draw, brand, values = _first_draws(shop, category, number)
    model = _model(draw.choose(category.models), draw)
    type_index, title_index, intro_index = draw.indexes(
        (len(category.types), len(category.titles), len(category.intros))
    )
    spare = category.spare[title_index][intro_index]
    return Product(
        shop=shop,
        sku=f"SF-{shop.lang.upper()}-{number:07d}",
        category=category,
        brand=brand,
        model=model,
        type_index=type_index,
        values=values,
        title_index=title_index,
        intro_index=intro_index,
        boost=draw.choose(category.boosts),
        promo=draw.choose(shop.promos),
        dropped=tuple(
            draw.sample(spare, max(draw.below(min(3, len(spare))), len(category.attributes) + 2 - _MAX_PAIRS))
        ),
    )


def _first_draws(shop: Shop, category: Category, number: int) -> tuple[Draw, str, list[int]]:
    """Draw a product's brand and attribute values first, so that a search can stop there."""
    draw = Draw("product", shop.lang, str(number))
    return draw, draw.choose(shop.departments[category.department].brands), draw.indexes(category.counts)


@dataclass(slots=True)
class Glimpse:
    """The part of a product that a search needs, for a third of the cost of the whole."""

    number: int
    brand: str
    values: list[int]


def browse(shop: Shop, category: int, start: int, blocks: int) -> Iterator[Glimpse]:
    """Yield a category's products from block `start`: once around the pool of `blocks`, then endlessly beyond it."""
    step = 0
    while True:
        number = product_in_block(shop, category, (start + step) % blocks if step < blocks else step)
        _, brand, values = _first_draws(shop, shop.categories[category], number)
        yield Glimpse(number, brand, values)
        step += 1


def place(shop: Shop, category: Category) -> int:
    """The index of a category in the shop."""
    return next(i for i in shop.departments[category.department].categories if shop.categories[i] is category)


def product_in_block(shop: Shop, category: int, block: int) -> int:
    """The number of a category's product in a block of the background.

    The background is a range of product numbers that no other row is about. The further products in a query or pair
    come from there, so that rows about one product never show another that may be in a different split.
    """
    size = len(shop.categories)
    block += _BACKGROUND
    return block * size + (category - _rotation(shop, block)) % size


def pool_blocks(shop: Shop, number: int) -> int:
    """The number of background blocks from which row `number` of another table takes its further products.

    The pool grows by one product for every two rows, so that distractors are neither few nor all different.
    """
    return max(_MIN_BLOCKS, number // 2 // len(shop.categories))


def _category_index(shop: Shop, number: int) -> int:
    block, place = divmod(number, len(shop.categories))
    return (place + _rotation(shop, block)) % len(shop.categories)


def _rotation(shop: Shop, block: int) -> int:
    """How far the categories of a block are rotated. Multiplicative hashing, because searches call it very often."""
    return ((shop.seed + block * _GOLDEN & _MASK) >> 32) * len(shop.categories) >> 32


def _model(pattern: ModelPattern, draw: Draw) -> str:
    """Fill a model pattern. A run of digits never starts with zero."""
    done: list[str] = []
    for part in pattern:
        if isinstance(part, str):
            done.append(part)
        elif part:
            lowest = 10 ** (part - 1)
            done.append(str(lowest + draw.below(9 * lowest)))
        else:
            done.append(draw.choose(_LETTERS))
    return "".join(done)


def title(product: Product) -> tuple[SpanText, list[Part]]:
    """The title of a listing with its spans, and the parts that it consists of."""
    text = SpanText()
    category, values = product.category, _title_values(product)
    category.titles[product.title_index].write(text, values, category.labels)
    return text, category.title_cuts[product.title_index].parts(values)


def title_text(product: Product) -> str:
    """The title without spans."""
    return product.category.titles[product.title_index].fill(_title_values(product))


def _title_values(product: Product) -> dict[str, str]:
    category = product.category
    values = {
        "brand": product.brand,
        "model": product.model,
        "type": category.types_titled[product.type_index],
        "boost": product.boost,
        "promo": product.promo,
    }
    for index, name in category.title_fields[product.title_index]:
        values[name] = product.titled(index)
    return values


def prose_fields(product: Product) -> dict[str, str]:
    """Values for sentences about a product: brand, model, type, attribute values and words that agree grammatically."""
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
    """The attribute list of a listing: brand and model, then the attributes of the category."""
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
    """An opening sentence, then one sentence for each attribute in `stated`. Every attribute value is a span."""
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
    """The attributes that the opening sentence does not mention."""
    fields = product.category.intros[product.intro_index].fields
    return [index for index, attribute in enumerate(product.category.attributes) if attribute.name not in fields]


def schema(category: Category) -> list[str]:
    """The possible parts of a title or query in this category: brand, product type, model, attributes."""
    return list(category.labels.values())


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the product table."""
    product = make_product(shop, number)
    category = product.category
    named, parts = title(product)
    draw = Draw("description", shop.lang, str(number))
    given = [index for index in unstated(product) if index not in product.dropped]
    return {
        "sku": product.sku,
        "title": named.text,
        "title_spans": named.spans,
        "title_parts": parts,
        "brand": product.brand,
        "category": category.name,
        "department": shop.departments[category.department].name,
        "schema": schema(category),
        "attributes": attribute_pairs(product),
        "description": write_passage(product, draw.sample(given, 1 + draw.below(3)), draw).text,
    }
