"""Readers of single sources that fit no common format, selected by `read: {reader: …}`.

A reader takes the place of a raw file and the card's `read`, and yields `RawRow`s, numbered from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ecominstruct.sources.readers.base import Place, RawRow
from ecominstruct.sources.readers.odd.attributes import category_attributes
from ecominstruct.sources.readers.odd.chinese import labelled_dialogues, prompt_parts, side_by_side
from ecominstruct.sources.readers.odd.dialogues import turn_by_turn
from ecominstruct.sources.readers.odd.queries import search_log
from ecominstruct.sources.readers.odd.reviews import named_summary, polarity_segments, topic_segments
from ecominstruct.sources.readers.odd.trees import category_tree
from ecominstruct.sources.shape import Read

ODD: Mapping[str, Callable[[Place, Read], Iterator[RawRow]]] = {
    "category_attributes": category_attributes,
    "category_tree": category_tree,
    "labelled_dialogues": labelled_dialogues,
    "named_summary": named_summary,
    "polarity_segments": polarity_segments,
    "prompt_parts": prompt_parts,
    "search_log": search_log,
    "side_by_side": side_by_side,
    "topic_segments": topic_segments,
    "turn_by_turn": turn_by_turn,
}
