"""Invented records in the shape of each source: they fit its card, and what does not is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecominstruct.errors import InputError
from ecominstruct.sources.cards import SourceCard, load_sources
from ecominstruct.sources.illustrations import FILE, illustrations
from ecominstruct.tasks.catalogue import BUILT_IN, roots

CARD = """\
id: zh/shop
record_type: product
files: goods.jsonl
fields:
  title: title
  tags: {from: tags, kind: texts}
  facts: {from: facts, parse: object_pairs}
  parts: {from: parts, spans: {}, inside: title}
group: [title]
"""
GOOD = """\
records:
  - title: 红色红茶杯
    tags: [热卖, 包邮]
    facts: [[材质, 玻璃]]
    parts: [[颜色, 红], [品类, 红茶杯], [颜色, 红]]
  - title: 白瓷碗
"""


def card(folder: Path, examples: str) -> SourceCard:
    (folder / "zh" / "shop").mkdir(parents=True)
    (folder / "zh" / "shop" / "_source.yaml").write_text(CARD, "utf-8")
    (folder / "zh" / "shop" / "_examples.yaml").write_text(examples, "utf-8")
    return load_sources([folder]).cards["zh/shop"]


def test_records_are_made_as_ingest_makes_them(tmp_path: Path) -> None:
    first, second = illustrations(card(tmp_path, GOOD))
    assert first["facts"] == [{"name": "材质", "value": "玻璃"}]
    # The k-th mention of the same words is their k-th occurrence.
    assert [(span["label"], span["start"], span["end"]) for span in first["parts"]] == [
        ("颜色", 0, 1),
        ("颜色", 2, 3),
        ("品类", 2, 5),
    ]
    assert (second["title"], second["tags"], second["parts"]) == ("白瓷碗", [], [])
    assert first["id"] != second["id"] and first["group"] and first["group"] != second["group"]


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("title: 白瓷碗", "titel: 白瓷碗", 6, "unknown field 'titel'. Did you mean 'title'?"),
        ("[热卖, 包邮]", "热卖", 3, "tags: expected a list of texts"),
        ("[[材质, 玻璃]]", "[材质, 玻璃]", 4, "facts: expected a list of [name, value]"),
        ("[品类, 红茶杯]", "[品类, 绿茶杯]", 5, "parts: '绿茶杯' is not in its text, or not as often"),
        ("[颜色, 红], [品类", "[颜色, 红], [颜色, 红], [品类", 5, "parts: '红' is not in its text, or not as often"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, before: str, after: str, line: int, said: str) -> None:
    with pytest.raises(InputError) as caught:
        illustrations(card(tmp_path, GOOD.replace(before, after)))
    (fault,) = caught.value.faults
    assert (fault.line, f"{fault.problem}. {fault.hint}".removesuffix(". ")) == (line, said)


CATALOGUE = load_sources(roots()).cards
INVENTED = [path.parent.relative_to(BUILT_IN).as_posix() for path in sorted(BUILT_IN.rglob(FILE))]


@pytest.mark.parametrize("name", INVENTED)
def test_invented_records_fit_the_cards_of_the_catalogue(name: str) -> None:
    source = CATALOGUE[name]
    records = illustrations(source)
    assert records
    for record in records:
        assert {*source.kinds} <= record.keys()
