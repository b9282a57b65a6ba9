"""The request table: requests in a shopper's own words, and equivalent search queries in a fixed order."""

from __future__ import annotations

from typing import Any

from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import Product, make_product
from ecominstruct.sources.storefront.words import Shop

_ROWS_PER_PRODUCT = 2
_NAMED_PERCENT = 20  # of requests name the product; the others describe it
_SLIP_PERCENT = 30  # of English requests have two letters of the product word swapped
_SHORTEST_SLIP = 5  # letters in a word that stays legible with two letters swapped
_WISHES = (("brand", "a"), ("a", "b"), ("a", "b", "occasion"), ("brand", "a", "occasion"))


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the request table."""
    product = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("request", shop.lang, str(number))
    kind = draw.choose(product.category.types)
    said, query = (_named if draw.chance(_NAMED_PERCENT) else _described)(shop, product, kind, draw)
    return {
        "sku": product.sku,
        "category": product.category.name,
        "request": said if said.endswith("?") else said + draw.choose(shop.requests["ends"]),
        "rewritten": " ".join(query).lower() if shop.lang == "en" else " ".join(query),
    }


def _named(shop: Shop, product: Product, kind: str, draw: Draw) -> tuple[str, list[str]]:
    """A request for one product by name, half of the time with its type."""
    words = shop.requests
    typed = draw.chance(50)
    values = {"brand": product.brand, "model": product.model, "type": kind, **product.category.grammar}
    values["thing"] = draw.choose(words["things_with_type" if typed else "things"]).format_map(values)
    query = [product.brand, product.model, *([kind] if typed else [])]
    return draw.choose(words["exact"]).format_map(values), query


def _described(shop: Shop, product: Product, kind: str, draw: Draw) -> tuple[str, list[str]]:
    """A request for a type of product with two or three wishes in random order."""
    words, category = shop.requests, product.category
    wishes = draw.choose(_WISHES)
    features = {}
    for name, index in zip("ab", draw.sample(category.core, 2), strict=True):
        attribute = category.attributes[index]
        features[name] = {"name": attribute.name, "a": attribute.values[product.values[index]]}
    said: dict[str, tuple[str, str]] = {}  # wish -> its wording in the request, its wording in the query
    for wish in draw.sample((*wishes, "price"), len(wishes) + draw.below(2)):
        said[wish] = _wish(shop, product, wish, features, draw)
    several = category.key in words.get("uncounted", ()) or category.grammar.get("this") == "these"
    opening = draw.choose(words["plural_open" if several else "open"])
    spoken = _slip(kind, draw) if shop.lang == "en" and draw.chance(_SLIP_PERCENT) else kind
    text = opening.format_map({"thing": spoken, **category.grammar}) + "".join(how for how, _ in said.values())
    query = [kind, *(query for wish, (_, query) in said.items() if wish in "ab")]
    query += [said[wish][1] for wish in ("occasion", "price") if wish in said]
    return text, [said["brand"][1], *query] if "brand" in said else query


def _wish(shop: Shop, product: Product, wish: str, features: dict[str, dict[str, str]], draw: Draw) -> tuple[str, str]:
    """The wording of a wish in the request, and in the query."""
    words, category = shop.requests, product.category
    if wish == "brand":
        return draw.choose(words["brands"]).format(brand=product.brand), product.brand
    if wish == "occasion":
        occasion = draw.choose(category.occasions)
        return draw.choose(words["occasions"]).format(occasion=occasion), occasion
    if wish == "price":
        amount = draw.choose(shop.amounts[category.name])
        form = "limit" if draw.chance(60) else "about"
        return draw.choose(words[f"{form}s"]).format(amount=amount), words[form].format(amount=amount)
    feature = features[wish]
    return draw.choose(words["wishes"]).format_map(feature), feature["a"]


def _slip(kind: str, draw: Draw) -> str:
    """The product word with two adjacent letters of a longer word swapped; unchanged if no word is long enough."""
    begins = [at for at in range(len(kind)) if at == 0 or kind[at - 1] == " "]
    lengths = [len(kind[at:].split(" ")[0]) for at in begins]
    places = [
        at + step
        for at, length in zip(begins, lengths, strict=True)
        if length >= _SHORTEST_SLIP
        for step in range(1, length - 2)
        if kind[at + step] != kind[at + step + 1] and kind[at + step : at + step + 2].isalpha()
    ]
    if not places:
        return kind
    place = draw.choose(places)
    return kind[:place] + kind[place + 1] + kind[place] + kind[place + 2 :]
