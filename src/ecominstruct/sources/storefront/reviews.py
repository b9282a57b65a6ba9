"""The review table: an opening, clauses that praise or blame an aspect, and a closing that fits the rating."""

from __future__ import annotations

from typing import Any, NamedTuple

from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import Product, make_product, prose_fields, title_text
from ecominstruct.sources.storefront.templates import SpanText
from ecominstruct.sources.storefront.words import Aspect, Shop

_REVIEWS_PER_PRODUCT = 3
# The opinion on each aspect of a review ("+" or "-"); repeated in proportion to its share of the rows.
_MOODS = ("+", "+", "++", "++", "++", "+++", "-", "-", "--", "--", "---", "+-", "+-", "-+", "++-", "-+-", "+--", "+-+")


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the review table."""
    product = make_product(shop, number // _REVIEWS_PER_PRODUCT)
    draw = Draw("review", shop.lang, str(number))
    mood = draw.choose(_MOODS)
    own = product.category.aspects
    general: tuple[Aspect, ...] = shop.reviews["aspects"]
    # The category's own aspects dominate; one remark in four is about the shop (delivery, price, …).
    aspects = draw.sample(own, len(mood))
    if draw.chance(50):
        aspects[draw.below(len(aspects))] = draw.choose(general)
    written = write_review(shop, product, aspects, mood, draw)
    names = shop.reviews["polarities"]
    return {
        "sku": product.sku,
        "product": title_text(product),
        "text": written.text.text,
        "rating": written.rating,
        "sentiment": names["mixed"] if "+" in mood and "-" in mood else names[mood[0]],
        "aspects": [{"name": a.name, "value": names[sign]} for a, sign in zip(aspects, mood, strict=True)],
        "topics": [aspect.name for aspect in aspects],
        "opinion_spans": written.text.spans,
    }


class Review(NamedTuple):
    """A review: its text with opinions as spans, and its stars."""

    text: SpanText
    rating: str


def write_review(shop: Shop, product: Product, aspects: list[Aspect], mood: str, draw: Draw) -> Review:
    """A review with an opinion on each aspect: `mood` has a "+" or "-" for each of `aspects`."""
    rating = _rating(mood, draw)
    fields = prose_fields(product) | {
        "time": draw.choose(shop.reviews["times"]),
        "who": draw.choose(product.category.people or shop.reviews["people"]),
    }
    text = SpanText()
    if len(mood) == 1 or draw.chance(70):
        text.add(draw.choose(shop.reviews["openers"]).fill(fields) + shop.gap)
    _write_clauses(shop, text, aspects, mood, draw)
    if rating not in "15" or len(mood) == 1 or draw.chance(60):
        text.add(shop.gap + draw.choose(shop.reviews["closers"][rating]).fill(fields))
    return Review(text, rating)


def _rating(mood: str, draw: Draw) -> str:
    """Stars that agree with the opinions: only praise 4-5, only blame 1-2, a tie 3, else by the majority."""
    praise, blame = mood.count("+"), mood.count("-")
    if not blame:
        return "4" if draw.chance(25) else "5"
    if not praise:
        return "2" if draw.chance(40) else "1"
    if praise == blame:
        return "3"
    return "4" if praise > blame else "2"


def _write_clauses(shop: Shop, text: SpanText, aspects: list[Aspect], mood: str, draw: Draw) -> None:
    """Join the clauses with fitting conjunctions: a change of polarity gets a contrast."""
    stop: str = shop.reviews["stop"]
    joins: dict[str, list[str]] = shop.reviews["joins"]
    begins_sentence = True
    join = ""
    for place, (aspect, sign) in enumerate(zip(aspects, mood, strict=True)):
        if place:
            fitting = joins["same" if sign == mood[place - 1] else "contrast"]
            join = draw.choose([option for option in fitting if option != join])  # never "but …, but …"
            text.add(join)
            begins_sentence = join == stop + shop.gap
        before, phrase, after = draw.choose(aspect.positive if sign == "+" else aspect.negative)
        if begins_sentence and before:
            before = before[0].upper() + before[1:]
        elif begins_sentence:
            phrase = phrase[0].upper() + phrase[1:]
        if before:
            text.add(before)
        text.add(phrase, aspect.name)
        if after:
            text.add(after)
    text.add(stop)
