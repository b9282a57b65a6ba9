"""Reader of attribute sets: JSON Lines in which a product lists only some attributes of its category."""

from __future__ import annotations

from collections.abc import Iterator

from ecominstruct.sources.readers.base import Place, RawRow
from ecominstruct.sources.readers.jsonl import read_jsonl
from ecominstruct.sources.shape import Read


def category_attributes(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield objects with `category` and `target_scores`, and all attributes of the category in the file as `schema`.

    The file is read twice, so that a row also gets the attributes that only later products list.
    """
    plain = Read(format="jsonl", encoding=read.encoding)
    attributes: dict[str, dict[str, None]] = {}  # used as an ordered set
    for row in read_jsonl(place, plain):
        scores = row.data.get("target_scores")
        if isinstance(scores, dict):
            attributes.setdefault(str(row.data.get("category")), {}).update(dict.fromkeys(map(str, scores)))
    for row in read_jsonl(place, plain):
        schema = sorted(attributes.get(str(row.data.get("category")), {}))
        yield row if row.reason else row._replace(data={**row.data, "schema": schema})
