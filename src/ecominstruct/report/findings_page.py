"""The findings of all audits as one table that can be sorted and filtered, by mouse and by keyboard.

The page is one file. Its only script is `findings.js`; the content security policy allows nothing but the hash of that
script, so text in a finding cannot run. Findings are stored as a JSON block and inserted as text, never as markup.
Without a script, the page still shows the first `PAGE` findings. Of each kind, the first `EACH` findings of the file
are shown; `findings.parquet` has all of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from ecominstruct.report.frame import page_head, page_style
from ecominstruct.report.markup import Html, join, label, plain, say, tag
from ecominstruct.rows import SEVERITIES
from ecominstruct.runs.parquet import read_lists

EACH = 1_000  # maximum findings of a kind that the page holds
PAGE = 50  # rows shown at once; findings.js has the same number
COLUMNS = ("severity", "check", "kind", "rule", "task", "source", "split", "place", "excerpt")
FILTERS = COLUMNS[:7]
_TURNS = (("Previous", "before"), ("Next", "after"))
_READ = ("task", "number", "kind", "field", "start", "end", "severity", "excerpt", "rule", "split")


class FindingPart(NamedTuple):
    """Where the findings of one audit are, and how many there are."""

    check: str
    path: Path
    rows: int


def shown_findings(parts: Sequence[FindingPart], sources: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the findings that the page shows, by severity first. `sources`: the source of each task."""
    met: Counter[tuple[str, str]] = Counter()
    shown = []
    for part in parts:
        for columns in read_lists(part.path, *_READ):
            for values in zip(*columns, strict=True):
                found = dict(zip(_READ, values, strict=True))
                met[part.check, found["kind"]] += 1
                if met[part.check, found["kind"]] <= EACH:
                    shown.append(_row(part.check, found, sources.get(found["task"], "")))
    return sorted(shown, key=lambda row: (SEVERITIES.index(row["severity"]), row["check"], row["kind"], row["task"]))


def _row(check: str, found: Mapping[str, Any], source: str) -> dict[str, Any]:
    place = f"row {found['number']}, {found['field']} {found['start']}–{found['end']}" if found["number"] >= 0 else ""
    own = {name: found[name] for name in ("severity", "kind", "rule", "task", "split", "excerpt")}
    return {
        name: plain(str(value)) for name, value in {**own, "check": check, "source": source, "place": place}.items()
    }


def findings_page(title: str, total: int, rows: Sequence[Mapping[str, Any]]) -> str:
    """Render the page. `total`: all findings, also those that are not shown. The same findings give the same text."""
    script = _asset("findings.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    head = page_head(f"{title} · findings", page_style() + _asset("findings.css"), policy)
    # JSON in which no character can end the block or start a tag.
    data = json.dumps([[row[name] for name in COLUMNS] for row in rows], ensure_ascii=True)
    block = Html(data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
    back = tag("a", "Back to the report", href="index.html")
    body = tag(
        "body",
        tag("header", tag("p", back, class_="kicker"), tag("h1", "Findings: ", say(title))),
        tag("main", _lead(total, len(rows)), _filters(rows), _table(rows), _pager()),
        tag("script", block, type="application/json", id="rows"),
        tag("script", Html(script)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _asset(name: str) -> str:
    return files("ecominstruct.report").joinpath(name).read_text(encoding="utf-8")


def _lead(total: int, shown: int) -> Html:
    words = f"{total:,} findings of all audits. "
    if shown < total:
        words += f"Shown are {shown:,}: at most {EACH:,} of a kind. All are in 9-audit/*/findings.parquet. "
    words += "Excerpts are masked, and characters that cannot be seen are named. "
    words += "Click a heading to sort, or press Enter on it."
    return tag("p", words, class_="soft")


def _filters(rows: Sequence[Mapping[str, Any]]) -> Html:
    """A select for each column with few values, and a search field."""
    parts = []
    for name in FILTERS:
        values = sorted({row[name] for row in rows if row[name]})
        options = [tag("option", "all", value=""), *(tag("option", value, value=value) for value in values)]
        parts.append(tag("label", label(name), tag("select", *options, data_column=str(COLUMNS.index(name)))))
    search = tag("label", "words", tag("input", type="search", id="words"))
    return tag("form", *parts, search, class_="filters", id="filters")


def _table(rows: Sequence[Mapping[str, Any]]) -> Html:
    heads = [
        tag("th", tag("button", label(name), type="button", data_column=str(at)), scope="col", aria_sort="none")
        for at, name in enumerate(COLUMNS)
    ]
    body = [tag("tr", *(tag("td", tag("bdi", row[name])) for name in COLUMNS)) for row in rows[:PAGE]]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", join(body), class_="rows", id="body"))
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Findings")


def _pager() -> Html:
    before, after = (
        tag("button", name, type="button", id=key) for name, key in (("Previous", "before"), ("Next", "after"))
    )
    return tag("p", before, tag("span", "", id="where", role="status"), after, class_="pager")
