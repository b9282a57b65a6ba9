"""The digest table: several reviews of one product, and whether they praise, blame or disagree on each aspect."""

from __future__ import annotations

from typing import Any

from ecominstruct.identity import shuffled
from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import make_product, title_text
from ecominstruct.sources.storefront.reviews import write_review
from ecominstruct.sources.storefront.words import Shop

_ROWS_PER_PRODUCT = 2
_FEWEST, _MORE = 3, 3  # number of reviews: three to five
_SPOKEN_OF = 3  # aspects that reviews may mention
_OTHERS = 2  # aspects on the menu that no review mentions
_AGREE_PERCENT = 85  # of the remarks on an aspect follow the majority opinion
_SIGNS = ("+", "-", "±")


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the digest table."""
    product = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("digest", shop.lang, str(number))
    # The price is excluded: reviewers call a product a waste of money whatever the actual complaint is.
    general = [aspect for aspect in shop.reviews["aspects"] if aspect.name != shop.price_label]
    known = draw.sample((*product.category.aspects, draw.choose(general)), _SPOKEN_OF + _OTHERS)
    aspects = known[:_SPOKEN_OF]
    views = {aspect.name: draw.choose("+-") for aspect in aspects}
    said: dict[str, set[str]] = {}
    reviews = []
    for _ in range(_FEWEST + draw.below(_MORE)):
        chosen = draw.sample(aspects, 1 + draw.below(2))
        mood = "".join(_sign(views[aspect.name], draw) for aspect in chosen)
        reviews.append(write_review(shop, product, chosen, mood, draw).text.text)
        for aspect, sign in zip(chosen, mood, strict=True):
            said.setdefault(aspect.name, set()).add(sign)
    verdicts = {aspect.name: _verdict(said[aspect.name]) for aspect in aspects if aspect.name in said}
    points = shop.digests["points"]
    menu = [points[sign].format(name=aspect.name) for aspect in known for sign in _SIGNS]
    return {
        "sku": product.sku,
        "product": title_text(product),
        "reviews": reviews,
        "points": [points[sign].format(name=name) for name, sign in verdicts.items()],
        "menu": shuffled(menu, "storefront", "points", shop.lang, str(number)),
        "summary": _summary(shop, verdicts, draw),
    }


def _sign(view: str, draw: Draw) -> str:
    """One buyer's opinion of an aspect: usually the majority one."""
    return view if draw.chance(_AGREE_PERCENT) else "+-"[view == "+"]


def _verdict(signs: set[str]) -> str:
    return "±" if len(signs) > 1 else next(iter(signs))


def _summary(shop: Shop, verdicts: dict[str, str], draw: Draw) -> str:
    """One sentence each on what is praised, blamed and disputed, as far as there is any."""
    words = shop.digests
    sentences = []
    for sign in _SIGNS:
        names = [name.lower() if words["lower"] else name for name, verdict in verdicts.items() if verdict == sign]
        if names:
            *first, last = (words["named"].format(name=name) for name in names)
            them = words["comma"].join(first) + words["and"] + last if first else last
            sentences.append(draw.choose(words[sign]).format(them=them))
    return shop.gap.join(sentences)
