"""Tags of tokens, as BIO, BIOES and BIEOS write them, to labelled stretches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def spans_of(tokens: Sequence[str], tags: Sequence[str], join: str = "") -> list[dict[str, Any]]:
    """The labelled stretches of a tagged sentence, with offsets in the tokens joined by `join`.

    B, S and a tag of another label begin a stretch; E, S and O end it; whatever else continues it.
    """
    found: list[dict[str, Any]] = []
    label, start, at, end = "", 0, 0, 0
    text = join.join(tokens)

    def close() -> None:
        if label:
            found.append({"label": label, "start": start, "end": end, "text": text[start:end]})

    for token, tag in zip(tokens, tags, strict=True):
        mark, _, name = tag.partition("-")
        if not name:  # O, or a bare label
            mark, name = ("O", "") if tag in ("O", "o", "") else ("I", tag)
        if label and (mark in ("B", "S", "O") or name != label):
            close()
            label = ""
        if mark != "O":
            if not label:
                label, start = name, at
            end = at + len(token)
            if mark in ("E", "S"):
                close()
                label = ""
        at += len(token) + len(join)
    close()
    return found
