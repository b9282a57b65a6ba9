"""The dialogue table: conversations between a customer and the shop's agent that end with the customer's request."""

from __future__ import annotations

from typing import Any

from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import Product, make_product, prose_fields, title_text
from ecominstruct.sources.storefront.templates import SpanText
from ecominstruct.sources.storefront.words import Exchange, Shop

_ROWS_PER_PRODUCT = 2
_CATEGORY_PERCENT = 30  # share of requests that are specific to the category (size, use, compatibility)


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the dialogue table."""
    product = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("dialogue", shop.lang, str(number))
    values = prose_fields(product) | slot_values(shop, product, draw)
    exchange = _exchange(shop, product, values, draw)
    utterance = SpanText()
    exchange.ask.write(utterance, values, shop.dialogues["slot_labels"])
    bought = exchange.intent in shop.dialogues["after_sale"]
    turns = _earlier_turns(shop, product, values, bought, draw)
    turns.append({"speaker": "customer", "text": utterance.text})
    return {
        "sku": product.sku,
        "product": title_text(product),
        "turns": turns,
        "utterance": utterance.text,
        "intent": exchange.intent,
        "slots": utterance.spans,
        "response": exchange.reply.fill(values),
    }


def slot_values(shop: Shop, product: Product, draw: Draw) -> dict[str, str]:
    """A value for every slot that a wording may name. Order numbers are marked as fictional (DEMO…)."""
    values = {name: draw.choose(options) for name, options in shop.dialogues["slots"].items()}
    values["order"] = f"DEMO{1000000 + draw.below(9000000)}"
    values["product"] = f"{product.brand}{shop.dialogues['name_gap']}{product.model}"
    for index, attribute in enumerate(product.category.attributes):
        if attribute.role:  # colours and sizes come from the category
            values[attribute.role] = attribute.values[product.values[index]]
            values[f"other_{attribute.role}"] = attribute.values[
                draw.other(len(attribute.values), product.values[index])
            ]
    return values


def _exchange(shop: Shop, product: Product, values: dict[str, str], draw: Draw) -> Exchange:
    """A request that fits the category: one with a colour needs a category with colours."""
    own = product.category.exchanges
    while True:
        exchange: Exchange = draw.choose(own if draw.chance(_CATEGORY_PERCENT) else shop.dialogues["exchanges"])
        if exchange.ask.fields <= values.keys() and exchange.intent not in product.category.skip_intents:
            return exchange


def _earlier_turns(
    shop: Shop, product: Product, values: dict[str, str], bought: bool, draw: Draw
) -> list[dict[str, str]]:
    """Two to five turns before the request: maybe a welcome, an opening with its answer, maybe one more exchange."""
    said = open_talk(shop, values, "after" if bought else "before", draw)
    if draw.chance(65):
        if bought:
            customer, agent = _small_talk(shop, values, draw)
        else:
            customer, agent = product_talk(shop, product, draw.below(len(product.category.attributes)), draw)
        said += [("customer", customer), ("agent", agent)]
    return [{"speaker": speaker, "text": text} for speaker, text in said]


def open_talk(shop: Shop, values: dict[str, str], stage: str, draw: Draw) -> list[tuple[str, str]]:
    """The first turns of a conversation "before" or "after" a purchase, as (speaker, text)."""
    words = shop.dialogues
    said: list[tuple[str, str]] = []
    welcomed = draw.chance(35)
    if welcomed:
        said.append(("agent", draw.choose(words["welcomes"]).fill(values)))
    said.append(("customer", draw.choose(words[stage]["openings_plain" if welcomed else "openings"]).fill(values)))
    said.append(("agent", draw.choose(words[stage]["answers"]).fill(values)))
    return said


def _small_talk(shop: Shop, values: dict[str, str], draw: Draw) -> tuple[str, str]:
    customer, agent = draw.choose(shop.dialogues["small_talk"])
    return customer.fill(values), agent.fill(values)


def product_talk(shop: Shop, product: Product, index: int, draw: Draw) -> tuple[str, str]:
    """A question about an attribute, and its correct answer."""
    attribute = product.category.attributes[index]
    statement = draw.choose(attribute.states).fill({"value": attribute.values[product.values[index]]})
    return draw.choose(attribute.asks), draw.choose(shop.dialogues["follow_ups"]).fill({"statement": statement})
