"""Conversations between a customer and the shop's agent, ending with the customer's request."""

from __future__ import annotations

from typing import Any

from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import Product, make_product, prose_fields, title
from ecominstruct.sources.storefront.templates import SpanText
from ecominstruct.sources.storefront.words import Exchange, Shop

_ROWS_PER_PRODUCT = 2
_CATEGORY_PERCENT = 30  # share of requests that only make sense for the category (size, use, fit with other things)


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the dialogue table."""
    product = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("dialogue", shop.lang, str(number))
    own = product.category.exchanges
    exchange: Exchange = draw.choose(own if draw.chance(_CATEGORY_PERCENT) else shop.dialogues["exchanges"])
    values = prose_fields(product) | _slot_values(shop, product, draw)
    utterance = SpanText()
    exchange.ask.write(utterance, values, shop.dialogues["slot_labels"])
    turns = _earlier_turns(shop, product, values, draw)
    turns.append({"speaker": "customer", "text": utterance.text})
    return {
        "sku": product.sku,
        "product": title(product).text,
        "turns": turns,
        "utterance": utterance.text,
        "intent": exchange.intent,
        "slots": utterance.spans,
        "response": exchange.reply.fill(values),
    }


def _slot_values(shop: Shop, product: Product, draw: Draw) -> dict[str, str]:
    """Values for every slot a wording may name. Order numbers say that they are made up."""
    values = {name: draw.choose(options) for name, options in shop.dialogues["slots"].items()}
    values["order"] = f"DEMO{1000000 + draw.below(9000000)}"
    values["product"] = f"{product.brand}{shop.dialogues['name_gap']}{product.model}"
    for index, attribute in enumerate(product.category.attributes):
        if attribute.role:  # colours and sizes a customer names are those of the category
            values[attribute.role] = attribute.values[product.values[index]]
            values[f"other_{attribute.role}"] = attribute.values[
                draw.other(len(attribute.values), product.values[index])
            ]
    return values


def _earlier_turns(shop: Shop, product: Product, values: dict[str, str], draw: Draw) -> list[dict[str, str]]:
    """Two to six turns before the request: maybe a welcome, an opening with its answer, maybe a product question."""
    words = shop.dialogues
    turns: list[dict[str, str]] = []
    welcomed = draw.chance(35)
    if welcomed:
        turns.append({"speaker": "agent", "text": draw.choose(words["welcomes"]).fill(values)})
    opening = draw.choose(words["openings_plain" if welcomed else "openings"]).fill(values)
    turns.append({"speaker": "customer", "text": opening})
    turns.append({"speaker": "agent", "text": draw.choose(words["answers"]).fill(values)})
    if draw.chance(65):
        attributes = product.category.attributes
        index = draw.below(len(attributes))
        statement = draw.choose(attributes[index].states).fill(
            {"value": attributes[index].values[product.values[index]]}
        )
        question = draw.choose(attributes[index].asks)
        turns.append({"speaker": "customer", "text": question})
        turns.append({"speaker": "agent", "text": draw.choose(words["follow_ups"]).fill({"statement": statement})})
    return turns
