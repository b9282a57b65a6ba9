"""The history table: a shopper's purchases, and the one candidate that continues the same situation.

A situation is a set of categories that people buy one after another (`situations.yaml`). The next product belongs to a
category of the situation that is not in the history. No other candidate shares a situation with the history, except
that one may be a second copy of something needed only once.
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
_LONGEST = 3  # products in a history
_CANDIDATES = 5
_SECOND_PERCENT = 70  # of the histories with a bought-once product get another one of it among the candidates


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
    # Each history uses its own block, so that no two rows, of test or training, show the same products.
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
    """Categories that share no situation with anything bought."""
    near = {category for one in bought for situation in shop.situations[one] for category in situation}
    far = [category for category in range(len(shop.categories)) if category not in near]
    return draw.sample(far, _CANDIDATES - 1)


def _other(shop: Shop, category: int, block: int) -> Product:
    """The product of a category in a block of the background."""
    return make_product(shop, product_in_block(shop, category, block))
