"""A synthetic bilingual shop: the built-in source for demos, tests and runs of any size.

Code writes every row from the hand-made vocabulary in `vocabulary/`, so every annotation is correct by construction and
every span is exact. Row `i` of a table depends on `(table, lang, i)` alone; slices, processes and `PYTHONHASHSEED` do
not change it, and memory stays constant for any number of rows. A change to the vocabulary changes rows: raise the
version of the stage `records` with it.

Modules: `words` (the vocabulary), `draw` (random choices), `templates` and `parts` (texts with spans), `products` (the
products that all tables refer to), then one module per table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ecominstruct.sources.storefront import (
    decisions,
    dialogues,
    digests,
    histories,
    pairs,
    products,
    queries,
    questions,
    requests,
    reviews,
    values,
)
from ecominstruct.sources.storefront.words import LANGUAGES, Shop, load_shop

__all__ = ["LANGUAGES", "MAIN_INPUT", "TABLES", "rows"]

# The fields of a row that a model reads. Rows that agree in them are duplicates.
MAIN_INPUT: dict[str, tuple[str, ...]] = {
    "products": ("title",),
    "reviews": ("text",),
    "queries": ("query",),
    "pairs": ("left", "right"),
    "dialogues": ("turns",),
    "questions": ("context", "question"),
    "requests": ("request",),
    "values": ("attributes", "asked", "wanted"),
    "digests": ("reviews",),
    "decisions": ("turns",),
    "histories": ("history", "candidates"),
}
TABLES: tuple[str, ...] = tuple(MAIN_INPUT)

_MAKERS: dict[str, Callable[[Shop, int], dict[str, Any]]] = {
    "products": products.row,
    "reviews": reviews.row,
    "queries": queries.row,
    "pairs": pairs.row,
    "dialogues": dialogues.row,
    "questions": questions.row,
    "requests": requests.row,
    "values": values.row,
    "digests": digests.row,
    "decisions": decisions.row,
    "histories": histories.row,
}


def rows(table: str, lang: str, start: int, stop: int) -> Iterator[dict[str, Any]]:
    """Yield rows `start` to `stop - 1` of a table in a language ("en" or "zh").

    An unknown table or language, or a negative start, raises ValueError at the call, not at the first row.
    """
    if table not in _MAKERS:
        raise ValueError(f"unknown storefront table {table!r}; known: {', '.join(TABLES)}")
    if lang not in LANGUAGES:
        raise ValueError(f"unknown storefront language {lang!r}; known: {', '.join(LANGUAGES)}")
    if start < 0:
        raise ValueError(f"storefront rows are numbered from 0, got start={start}")
    make = _MAKERS[table]
    shop = load_shop(lang)
    return (make(shop, number) for number in range(start, stop))
