"""Reader of OpenSearch query data: query sets, and logs in the format of its bulk API."""

from __future__ import annotations

from collections.abc import Iterator

from ecominstruct.sources.readers.base import Place, RawRow
from ecominstruct.sources.readers.documents import read_json
from ecominstruct.sources.readers.jsonl import read_jsonl
from ecominstruct.sources.shape import Read


def search_log(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield rows with `query`, from a query set (`.json`) or a log with an action line before each document.

    Rows of a log also have `search` (its id), `application`, `kind` (ubi_queries, ubi_events) and `action` (click …).
    Events before a query is submitted have no `query`.
    """
    if not place.name.endswith(".ndjson"):
        for row in read_json(place, Read(format="json", encoding=read.encoding, records="querySetQueries.*")):
            yield row if row.reason else row._replace(data={"query": row.data.get("queryText")})
        return
    bulk = Read(format="jsonl", encoding=read.encoding, lines=2, columns=["action", "document"])
    for row in read_jsonl(place, bulk):
        yield row if row.reason else row._replace(data=_logged(row))


def _logged(row: RawRow) -> dict[str, object]:
    document = row.data["document"]
    index = row.data["action"].get("index")
    data = {
        "kind": index.get("_index", "") if isinstance(index, dict) else "",
        "action": document.get("action_name", ""),
        "search": document.get("query_id", ""),
        "application": document.get("application", ""),
    }
    return {**data, "query": document["user_query"]} if document.get("user_query") else data
