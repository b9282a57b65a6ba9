"""Readers of single sources whose raw form fits no format: small functions, named by `read: {reader: …}`.

A reader takes the place of a raw file and the card's `read`, and yields `RawRow`s, numbered from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ecominstruct.sources.readers.base import Place, RawRow
from ecominstruct.sources.readers.odd.chinese import labelled_dialogues, prompt_parts, side_by_side
from ecominstruct.sources.shape import Read

ODD: Mapping[str, Callable[[Place, Read], Iterator[RawRow]]] = {
    "labelled_dialogues": labelled_dialogues,
    "prompt_parts": prompt_parts,
    "side_by_side": side_by_side,
}
