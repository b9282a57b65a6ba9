"""Token tags in BIO, BIOES and BIEOS notation, decoded to labelled spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def spans_of(tokens: Sequence[str], tags: Sequence[str], join: str = "") -> list[dict[str, Any]]:
    """Return the labelled spans of a tagged sentence: `label`, `start`, `end` and `text`.

    Offsets are characters in the tokens joined by `join`; `end` is exclusive.

    B, S or a change of label begins a span. E, S and O end it. Any other tag continues it, so malformed sequences such
    as a leading I are accepted. A tag without a label (other than O) is read as the label itself.
    """
    found: list[dict[str, Any]] = []
    label, start, at, end = "", 0, 0, 0
    text = join.join(tokens)

    def close() -> None:
        if label:
            found.append({"label": label, "start": start, "end": end, "text": text[start:end]})

    for token, tag in zip(tokens, tags, strict=True):
        mark, _, name = tag.partition("-")
        if not name:  # O, or a label without a prefix
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
