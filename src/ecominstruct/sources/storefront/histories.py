"""What a shopper has bought so far, and what comes next: the one candidate that belongs to the same situation.

A situation is a set of categories that people buy one after the other (`situations.yaml`). The next product is of a
category that is still missing. No other candidate is of a category that shares a situation with the history, but one
may be a second copy of what has been bought and of which one is enough.
"""

from __future__ import annotations

from typing import Any

from ecominstruct.identity import shuffled
from ecominstruct.sources.storefront.draw import Draw
from ecominstruct.sources.storefront.products import (
    Product,
    make_product,
    place,
    pool_blocks,
    product_in_block,
    title_text,
)
from ecominstruct.sources.storefront.words import Shop

_ROWS_PER_PRODUCT = 2
_LONGEST = 3  # products of a history
_CANDIDATES = 5
_SECOND_PERCENT = 70  # of the histories with a thing that is bought once get another one among the candidates


def row(shop: Shop, number: int) -> dict[str, Any]:
    """One row of the history table."""
    following = make_product(shop, number // _ROWS_PER_PRODUCT)
    draw = Draw("history", shop.lang, str(number))
    blocks = pool_blocks(shop, number)
    here = place(shop, following.category)
    situation = draw.choose(shop.situations[here])
    bought = draw.sample([category for category in situation if category != here], _LONGEST)
    others = _strangers(shop, bought, draw)
    once = [category for category in bought if category in shop.bought_once]
    if once and draw.chance(_SECOND_PERCENT):
        others[0] = draw.choose(once)
    # Each history has a block of its own: no other one, of test or of training, shows the same products.
    history = [_other(shop, category, number) for category in bought]
    candidates = [following, *(_other(shop, category, draw.below(blocks)) for category in others)]
    titles = [title_text(product) for product in candidates]
    return {
        "sku": following.sku,
        "history": [title_text(product) for product in history],
        "candidates": shuffled(titles, "storefront", "next", shop.lang, str(number)),
        "next": titles[0],
        "skus": [product.sku for product in (*candidates, *history)],
    }


def _strangers(shop: Shop, bought: list[int], draw: Draw) -> list[int]:
    """Categories that are in no situation with anything that was bought."""
    near = {category for one in bought for situation in shop.situations[one] for category in situation}
    far = [category for category in range(len(shop.categories)) if category not in near]
    return draw.sample(far, _CANDIDATES - 1)


def _other(shop: Shop, category: int, block: int) -> Product:
    """The product of a category in a block of those that no row is about."""
    return make_product(shop, product_in_block(shop, category, block))
