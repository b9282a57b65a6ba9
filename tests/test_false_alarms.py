"""How often the search for leaks is wrong: 825 pairs of real texts, labelled by reading.

`data/leaks.csv` holds no text. A row names a training text and a text of validation or test by their records, the part
of the record and the hash of the normal form; `kind` is what the search called the pair when it was drawn, or what it
came closest to where it was `below` the thresholds. They were drawn by hash: over kinds, languages, pairs of sources
(at most 15 of each, about as the root of their number) and bands of similarity, so rare pairs of sources weigh more
than in a build. Inputs made with the help of other records are not among them. The first draw (606 pairs) and the
second (128 that were found) were used to mend the rules of that search; the third (95 that were found) came after; four
pairs went with records that are no longer read.
One reader labelled all of them, who did not see the kind or the similarity, by one question: does the training text
give away what the other one says?

yes, copy     the same text but for spelling, format or order; or one holds the other, or a whole sentence of it
yes, variant  the same wording about the same thing in another size, colour, number or pack
no, stock     what anybody says of anything: a question, a greeting, an opinion of one clause, a bare kind, a region or
              street, one attribute, opening hours; also where it is word for word the same
no, other     another thing in the same pattern: model, brand, measure, house number, the opposite opinion
unsure        counted nowhere

Of queries of one source, equal and cut or misspelt ones are copies.
"""

from __future__ import annotations

import csv
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from conftest import DATASETS
from ecominstruct.config.recipe import Clean, Prompts
from ecominstruct.dataset.contamination_index import texts_of
from ecominstruct.evaluation.intervals import wilson
from ecominstruct.identity import hash64
from ecominstruct.languages import normalize_for_matching
from ecominstruct.runs import executor as engines
from ecominstruct.runs.progress import Silent
from ecominstruct.similarity.contamination import Said as Row
from ecominstruct.similarity.contamination import find_leaks
from ecominstruct.similarity.protected_rows import Held, read_protected, write_protected
from ecominstruct.sources.cards import SourceCard
from ecominstruct.sources.chosen import choose, ingest_chosen
from ecominstruct.tasks.catalogue import Catalogue, load_catalogue, roots
from ecominstruct.tasks.example_builder import ExampleBuilder
from ecominstruct.tasks.inputs import ingredients
from ecominstruct.tasks.rules import Pool
from ecominstruct.tasks.templates import without

LABELLED = Path(__file__).with_name("data") / "leaks.csv"
# False alarms of found pairs, and copies among the labelled pairs that are not found: what we saw, and some room.
MOST = {
    **{("en", "exact"): 0.45, ("en", "reordered"): 0.50, ("en", "near"): 0.37, ("en", "overlap"): 0.32},
    **{("zh", "exact"): 0.45, ("zh", "reordered"): 0.05, ("zh", "near"): 0.24, ("zh", "overlap"): 0.28},
    **{("en", "found"): 0.35, ("zh", "found"): 0.25},
}
MISSED = {"en": 0.15, "zh": 0.14}
log = logging.getLogger(__name__)
SOURCES = [
    *("en/acos", "en/ae110k", "en/aste", "en/bestbuy/*", "en/ditto", "en/ecguide/choices", "en/ecguide/entities"),
    *("en/ecguide/questions", "en/ecguide/same_products", "en/flipkart", "en/google_taxonomy", "en/intentionqa"),
    *("en/multidogo", "en/oa_mine", "en/oposum/segments", "en/pqa/*", "en/product_tables/products", "en/reviewrc"),
    *("en/semeval14", "en/shopdial", "en/simmc2", "en/subjqa", "zh/absa/*", "zh/addresses", "zh/advertisegen"),
    *("zh/asap", "zh/ecomqa/attributes", "zh/ecomqa/categories", "zh/ecomqa/corrections", "zh/ecomqa/knowledge"),
    *("zh/multi_cpr/queries", "zh/online_shopping", "zh/taobao_ecd/*", "zh/taobao_ner", "zh/taobao_titles/*"),
    "zh/title_category",
]


class Side(NamedTuple):
    """Where a text stands."""

    record: str
    part: str
    hash: str


class Said(NamedTuple):
    """A text of a record, and whether it is looked at."""

    part: str
    text: str
    looked_at: bool = True


class Labelled(NamedTuple):
    """A pair of texts, and what its reader said."""

    draw: str
    lang: str
    kind: str
    text: Side
    other: Side
    label: str
    why: str


def labelled() -> list[Labelled]:
    with LABELLED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [Labelled(*row[:3], Side(*row[3:6]), Side(*row[6:9]), *row[9:]) for row in rows]


def test_the_labelled_pairs_are_many_distinct_and_without_text() -> None:
    pairs = labelled()
    assert len(pairs) >= 500
    assert len({frozenset((pair.text.hash, pair.other.hash)) for pair in pairs}) == len(pairs)
    assert min(Counter(pair.lang for pair in pairs).values()) >= 250
    assert {pair.label for pair in pairs} == {"yes", "no", "unsure"}
    assert all(len(field) <= 32 for line in LABELLED.read_text("utf-8").splitlines() for field in line.split(","))


def texts_of_field(value: Any) -> Iterator[tuple[str, bool]]:
    """The texts of a field, also of a list that is never looked at; and whether it is looked at."""
    if value and not isinstance(value, str) and isinstance(value[0], dict) and "name" in value[0]:
        yield "\n".join(f"{pair['name']}: {pair['value']}" for pair in value), bool(texts_of(value))
    else:
        yield from ((text, True) for text in texts_of(value))


def texts_of_record(record: Mapping[str, Any], card: SourceCard, makers: list[ExampleBuilder]) -> Iterator[Said]:
    """What a record says: in its fields, and in what tasks without partners make of it."""
    for name, kind in card.kinds.items():
        if kind in ("text", "texts", "pairs"):
            yield from (Said(name, *found) for found in texts_of_field(record[name]))
    alone = {**record, "split": "test", "family": record["id"]}
    for maker in makers:
        derived = maker.unwanted(alone) or maker.derive(alone, Pool())
        if not isinstance(derived, str):
            draft = maker.draft(record["id"], {**alone, **derived.fields})
            yield Said("input", without(maker.template.texts, draft.input))
            yield from (Said("choices", text) for text in draft.choices)


def makers_of(catalogue: Catalogue, source: str) -> list[ExampleBuilder]:
    tasks = [task for task in catalogue.tasks.values() if task.source == source]
    made = [ExampleBuilder(ingredients(catalogue, task, Prompts())) for task in tasks]
    return [maker for maker in made if not (maker.rule and maker.rule.partners)]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[Side, Said]:
    """The texts of all sides, from a fresh reading of the raw files; and whether they are looked at."""
    if not (DATASETS / "zh-title-category-crawl").is_dir():
        pytest.skip("the real data sets (../shared/datasets) are absent")
    folder, catalogue = tmp_path_factory.mktemp("pairs"), load_catalogue(roots())
    chosen = choose(catalogue.sources, SOURCES, DATASETS)
    with engines.local(2) as executor:
        ingest_chosen(chosen, DATASETS, folder, executor, Silent())
    wanted = {side for pair in labelled() for side in (pair.text, pair.other)}
    records = {side.record for side in wanted}
    found: dict[Side, Said] = {}
    for card in chosen.cards:
        makers = makers_of(catalogue, card.id)
        for path in sorted((folder / "1-records" / card.id).glob("*.parquet")):
            for record in pq.read_table(path, filters=[("id", "in", records)]).to_pylist():
                for said in texts_of_record(record, card, makers):
                    side = Side(record["id"], said.part, f"{hash64(normalize_for_matching(said.text)):016x}")
                    if side in wanted:
                        found.setdefault(side, said)
    assert set(found) == wanted
    return found


def judge(pair: Labelled, texts: Mapping[Side, Said], clean: Clean) -> str:
    """What the search says of a pair alone: the kind, or nothing."""
    text, other = texts[pair.text], texts[pair.other]
    if not (text.looked_at and other.looked_at):
        return ""
    with TemporaryDirectory() as folder:
        write_protected(Path(folder), [Held((other.text,))], expected=10_000)
        known = read_protected(Path(folder))
        leaks = find_leaks([Row((text.text,), text.text)], known, clean.edits, clean.overlap)
    return leaks[0].kind if leaks else ""


def false_alarms(said: Counter[str]) -> tuple[float, float, float]:
    """The share of wrong ones among pairs, and its 95 % interval; what nobody is sure of does not count."""
    wrong, all_ = said["stock"] + said["other"], said.total() - said["unsure"]
    return wrong / all_, *wilson(wrong / all_, 0, all_)


@pytest.mark.slow
def test_false_alarms_and_misses_are_as_few_as_we_say(texts: dict[Side, Said]) -> None:
    """The figures: `pytest tests/test_false_alarms.py --log-cli-level=INFO`."""
    said: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for pair in labelled():
        kind = judge(pair, texts, Clean())
        for name in (kind, "found", f"found of draw {pair.draw}") if kind else ("left",):
            said[pair.lang, name][pair.why or pair.label] += 1
    for (lang, kind), why in sorted(said.items()):
        rate, low, high = false_alarms(why)
        log.info("%s %-15s %s false alarms %.3f (%.3f to %.3f)", lang, kind, dict(why), rate, low, high)
    for (lang, kind), most in MOST.items():
        assert false_alarms(said[lang, kind])[0] <= most, (lang, kind, said[lang, kind])
    for lang, most in MISSED.items():
        found, left = said[lang, "found"], said[lang, "left"]
        assert left["copy"] / (left["copy"] + found["copy"]) <= most, (lang, left, found)
