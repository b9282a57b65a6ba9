"""The question table: questions about a passage from a product page; one in four is not answered by it."""

from __future__ import annotations

from typing import Any

from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import Product, make_product, title_text, unstated, write_passage
from ecominstruct.sources.storefront.templates import Span, SpanText
from ecominstruct.sources.storefront.words import Attribute, Shop

_ROWS_PER_PRODUCT = 2
_UNANSWERABLE_PERCENT = 25
_YES_NO = {"en": ("yes", "no"), "zh": ("是", "否")}


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the question table."""
    product = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("question", shop.lang, str(number))
    yes, no = _YES_NO[shop.lang]
    hidden = _hidden(product, draw)
    context, stated = _context(product, hidden, draw)
    attributes = {attribute.name: attribute for attribute in product.category.attributes}
    withheld = product.category.attributes[hidden]
    answerable = not draw.chance(_UNANSWERABLE_PERCENT) or _mentions(context, withheld)
    asked = draw.choose(stated)
    attribute = attributes[asked["label"]] if answerable else withheld
    answers = [{**asked, "label": "answer"}] if answerable else []
    judged = draw.choose(stated)
    true = draw.chance(50)
    value = judged["text"] if true else _other_value(attributes[judged["label"]], judged["text"], draw)
    return {
        "sku": product.sku,
        "product": title_text(product),
        "context": context,
        "question": draw.choose(attribute.asks),
        "answerable": yes if answerable else no,
        "answer": asked["text"] if answerable else "",
        "answer_spans": answers,
        "answer_type": attribute.name,
        "yes_no_question": attributes[judged["label"]].yes_no.fill({"value": value}),
        "yes_no_answer": yes if true or value == judged["text"] else no,
    }


def _hidden(product: Product, draw: Draw) -> int:
    """An attribute that neither the title nor the opening sentence states. The passage does not state it either."""
    shown = product.category.titles[product.title_index].fields
    names = product.category.attributes
    return draw.choose([index for index in unstated(product) if names[index].name not in shown])


def _context(product: Product, hidden: int, draw: Draw) -> tuple[str, list[Span]]:
    """The passage (2-5 sentences) and the spans of the attribute values in it."""
    known = [index for index in unstated(product) if index != hidden]
    text: SpanText = write_passage(product, draw.sample(known, 1 + draw.below(3)), draw)
    spans = text.spans
    if draw.chance(50):
        text.add(product.shop.gap + draw.choose(product.shop.questions))
    return text.text, spans


def _mentions(context: str, attribute: Attribute) -> bool:
    """Whether a passage happens to contain a value of an attribute that it was not meant to state."""
    return any(value in context for value in attribute.values)


def _other_value(attribute: Attribute, value: str, draw: Draw) -> str:
    """A clearly different value: it neither contains the true one nor is contained in it."""
    others = [other for other in attribute.values if other not in value and value not in other]
    return draw.choose(others) if others else value
