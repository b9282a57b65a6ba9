"""The decision table: conversations that end with a customer's decision to buy, wait, think or leave."""

from __future__ import annotations

from typing import Any

from ecominstruct.sources.storefront.dialogues import open_talk, product_talk, slot_values
from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import make_product, prose_fields, title_text
from ecominstruct.sources.storefront.words import Shop

_ROWS_PER_PRODUCT = 2
_REMARK_PERCENT = 75  # of customers make another remark first


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the decision table."""
    product = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("decision", shop.lang, str(number))
    values = prose_fields(product) | slot_values(shop, product, draw)
    said = open_talk(shop, values, "before", draw)
    for index in draw.sample(range(len(product.category.attributes)), 1 + draw.below(2)):
        customer, agent = product_talk(shop, product, index, draw)
        said += [("customer", customer), ("agent", agent)]
    decision, last = _decide(shop, values, draw)
    said.append(("customer", last))
    return {
        "sku": product.sku,
        "product": title_text(product),
        "turns": [{"speaker": speaker, "text": text} for speaker, text in said],
        "decision": decision,
    }


def _decide(shop: Shop, values: dict[str, str], draw: Draw) -> tuple[str, str]:
    """A decision, and the sentence that states it."""
    words = shop.decisions
    decision = draw.choose(list(words["decisions"]))
    values |= {"who": draw.choose(words["people"]), "time": draw.choose(words["times"])}
    texts = [draw.choose(words["decisions"][decision])]
    if draw.chance(_REMARK_PERCENT):
        texts.insert(0, draw.choose(words["remarks"]))
    return decision, shop.gap.join(texts).format_map(values)
