"""What is forgotten is nowhere, stays away, and takes nobody along: by the command line, and by what lies in the files.

Written from what `ecom forget` promises, by somebody who had not seen how it is done.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import forget_shop as shops
from ecominstruct.languages import normalize_for_matching
from ecominstruct.rows import SPLITS
from ecominstruct.runs.lock import locked
from forget_shop import (
    ALIKE,
    BUILT,
    ECHO,
    EVERYWHERE,
    JOURNAL,
    NEARLY,
    NOTE,
    OFFERS,
    PAIRS,
    REVIEWS,
    REVIEWS_ZH,
    TOMBSTONES,
    TWICE,
    Needles,
    Row,
    Said,
    Shop,
    Source,
    adds_up,
    apart,
    contents,
    done,
    finished,
    forgotten_rows,
    here,
    holds_no_text,
    ids,
    looks,
    made_of,
    nowhere,
    proven,
    readable,
    record_of,
    records,
    refused,
    review,
    table,
    tombstones,
)

OWN = 5  # a row of `en/lanes/reviews` that stands once, and is like no other


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop that is built, and nothing more."""
    shop = shops.make(tmp_path_factory.mktemp("base") / "shop")
    done(shop.build())
    return shop


@pytest.fixture(scope="module")
def full(base: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with everything that comes after a build: predictions, scores, report, audits, a clean test set."""
    shop = base.copied(tmp_path_factory.mktemp("full") / "shop")
    for model in ("oracle", "noisy:0.3"):
        done(here("predict", shop.run, "--model", model, "--processes", "1"))
        done(here("score", shop.run, "--model", model, "--processes", "1"))
    done(here("audit", shop.run, "--checks", "testset,injection", "--write-clean", "--processes", "1"))
    done(here("report", shop.run))
    return shop


@pytest.fixture(scope="module")
def visited(full: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A full shop in which people were let in, to review and to judge: their desks hold what is to be shown."""
    shop = full.copied(tmp_path_factory.mktemp("visited") / "shop")
    sit("review", shop.run)
    sit("judge", shop.run, "--models", "oracle,noisy-0.3")
    return shop


@pytest.fixture
def shop(base: Shop, tmp_path: Path) -> Shop:
    return base.copied(tmp_path / "shop")


class Gone(NamedTuple):
    """What is to be forgotten: the words that say so, its records, and its raw rows."""

    words: tuple[str, ...]
    records: frozenset[str]
    rows: tuple[Row, ...]
    living: tuple[Row, ...]  # all other raw rows of the shop
    needles: Needles


def gone_records(shop: Shop, wanted: Iterable[tuple[str, str]], words: tuple[str, ...] = ()) -> Gone:
    """Some records, by source and id."""
    wanted = list(wanted)
    named = {record: (one["source"], one["file"], one["row"]) for one in records(shop.run) for record in [one["id"]]}
    places = {named[record] for _, record in wanted}
    rows: list[Row] = []
    living: list[Row] = []
    for source in shop.sources.values():
        for file, some in source.rows.items():
            for number, row in enumerate(some):
                (rows if (source.id, file, number) in places else living).append(row)
    known = frozenset(record for _, record in wanted)
    needles = Needles(rows, living, known | made_of(shop.run, known))
    return Gone(words or ("--record", wanted[0][1]), known, tuple(rows), tuple(living), needles)


def gone_record(shop: Shop, source: str, text: str, column: str = "text") -> Gone:
    """One record."""
    return gone_records(shop, [(source, record_of(shop.run, source, text, column))])


def gone_review(shop: Shop, number: int) -> Gone:
    """A record of the reviews, by the number of its row."""
    return gone_record(shop, REVIEWS, shop.sources[REVIEWS].rows["reviews.jsonl"][number]["text"])


def gone_source(shop: Shop, source: str) -> Gone:
    """All records of a source."""
    return gone_records(shop, [(source, record) for record in sorted(ids(shop.run, source))], ("--source", source))


def forget(shop: Shop, gone: Gone, *more: str | Path, run: Path | None = None) -> Said:
    return done(here("forget", run or shop.run, *gone.words, *more))


def stages_of(run: Path) -> dict[str, dict[str, Any]]:
    """How the stages of a run stand."""
    return {row["stage"]: row for row in done(here("status", run, "--json")).json}


def sound(run: Path, gone: Gone) -> None:
    """What must hold of a run whenever a forgetting, or a build after it, has come to its end."""
    finished(run)
    nowhere(run, gone.needles)
    adds_up(run)
    readable(run)
    proven(run)
    holds_no_text(run / TOMBSTONES, [*gone.rows, *gone.living])
    assert (run / TOMBSTONES).stat().st_mode & 0o777 == 0o600


def texts_in(run: Path, source: str, column: str = "text") -> Counter[str]:
    """How often each text stands in the records of a source."""
    return Counter(row[column] for row in records(run, source))


# ------------------------------------------------------------------------------ 1  gone from every file, at once


def few(values: Iterable[Any], quick: Collection[Any]) -> list[Any]:
    """Values of a parameter, of which all but the quick ones belong to `make test-long`."""
    return [pytest.param(value, marks=() if value in quick else pytest.mark.long) for value in values]


def cases(shop: Shop) -> dict[str, Callable[[], Gone]]:
    """What tests forget: records of every kind of source, and whole sources."""
    offers, pairs = (list(shop.sources[name].all_rows()) for name in (OFFERS, PAIRS))

    def released(split: str) -> Gone:
        row = table(shop.run, f"4-dataset/{split}/zh.lanes.reviews*.parquet")[0]
        return gone_records(shop, [(REVIEWS_ZH, row["record"])])

    return {
        "a train row": partial(released, "train"),
        "a test row": partial(released, "test"),
        **{f"review {at}": partial(gone_review, shop, at) for at in (TWICE, EVERYWHERE, ALIKE, NEARLY, OWN)},
        "an offer": partial(gone_record, shop, OFFERS, offers[4]["text"]),
        "a pair": partial(gone_record, shop, PAIRS, pairs[2]["left"], "left"),
        "the only record of a source": partial(gone_record, shop, NOTE, next(shop.sources[NOTE].texts())),
        **{f"source {name}": partial(gone_source, shop, name) for name in shop.sources},
    }


RECORDS = ("a train row", "a test row", f"review {TWICE}", f"review {EVERYWHERE}", f"review {NEARLY}", f"review {OWN}",
           "an offer", "a pair", "the only record of a source")  # fmt: skip
SOURCES = tuple(f"source {name}" for name in (REVIEWS, ECHO, REVIEWS_ZH, OFFERS, PAIRS, NOTE))


QUICK = {"a test row", f"review {TWICE}", "an offer", f"source {REVIEWS}"}


@pytest.mark.parametrize("case", few((*RECORDS, *SOURCES), QUICK))
def test_what_is_forgotten_is_in_no_file(shop: Shop, case: str) -> None:
    gone, before = cases(shop)[case](), ids(shop.run)
    assert gone.needles.found(shop.run), "what is searched for is found as long as it is there"
    looked, derived = looks(shop.data), Needles([], [], made_of(shop.run, gone.records, derived=True))
    forget(shop, gone)
    nowhere(shop.run, derived)
    assert ids(shop.run) == before - gone.records
    sound(shop.run, gone)
    assert looks(shop.data) == looked
    stale = [name for name, row in stages_of(shop.run).items() if row["stale"]]
    assert stale, "the stages of the build are to be made again"


def test_what_a_killed_build_left_half_written_goes_too(shop: Shop) -> None:
    """Such files are nobody's; a build passes over them, and they may hold anything."""
    gone = gone_review(shop, OWN)
    for folder in (*BUILT, "6-predictions/oracle", "9-audit/clean"):
        place = shop.run / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / ".part-000-00000.parquet.0123456789abcdef.tmp").write_text(gone.rows[0]["text"], encoding="utf-8")
    forget(shop, gone)
    nowhere(shop.run, gone.needles)
    sound(shop.run, gone)


@pytest.mark.slow
@pytest.mark.parametrize("case", few(["a test row", f"source {REVIEWS}", f"source {OFFERS}"], ["a test row"]))
def test_what_was_made_later_goes_and_other_predictions_stay(full: Shop, tmp_path: Path, case: str) -> None:
    shop = full.copied(tmp_path / "shop")
    run, gone = shop.run, cases(shop)[case]()
    asked = table(run, "6-predictions/*/**/*.parquet")
    assert all((run / name).exists() for name in ("7-scores", "8-report", "9-audit/clean", "9-audit/testset"))
    assert any(name.startswith("6-predictions/") for name, _ in gone.needles.found(run)), "something of it was asked"
    forget(shop, gone)
    sound(run, gone)
    for name in ("7-scores", "8-report", "9-audit"):  # a build alone writes risks.json: that nothing was measured
        left_over = {path.name for path in run.glob(f"{name}/**/*") if path.is_file()}
        assert left_over <= {"risks.json"}, (name, left_over)
    left = {json.dumps(row, sort_keys=True) for row in table(run, "6-predictions/*/**/*.parquet")}
    wanted = [row for row in asked if row["example"] not in gone.needles.ids]
    assert left == {json.dumps(row, sort_keys=True) for row in wanted}
    done(shop.build())
    done(here("predict", run, "--model", "oracle"))
    done(here("score", run, "--model", "oracle"))
    done(here("report", run))
    done(here("audit", run, "--checks", "testset", "--write-clean", "--processes", "1"))
    sound(run, gone)


@pytest.mark.slow
@pytest.mark.parametrize("case", few(["an offer", f"review {OWN}", f"source {OFFERS}"], ["an offer"]))
def test_a_build_makes_the_stages_anew_without_it(shop: Shop, case: str) -> None:
    gone, before = cases(shop)[case](), ids(shop.run)
    forget(shop, gone)
    stones = (shop.run / TOMBSTONES).read_bytes()
    for _ in range(2):
        said = done(shop.build(None, "--json")).json
        assert said["records"] == len(before) - len(gone.records)
        assert ids(shop.run) == before - gone.records, "the ids of other rows do not change"
        counted = forgotten_rows(shop.run)
        assert counted == len(gone.rows) or (gone.words[0] == "--source" and counted == 0), "a whole source is not read"
        sound(shop.run, gone)
    assert said["ran"] == [] and (shop.run / TOMBSTONES).read_bytes() == stones
    assert not [name for name, row in stages_of(shop.run).items() if row["stale"]]


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--source", REVIEWS), ("--record",)])
def test_all_that_a_run_holds_can_be_forgotten(tmp_path: Path, words: tuple[str, ...]) -> None:
    kept = {REVIEWS: shops.sources()[REVIEWS]}
    if words == ("--record",):
        kept[REVIEWS].rows["reviews.jsonl"] = [review(7)]
    shop = shops.make(tmp_path / "shop", kept, splits={"validation": 0, "test": 0.3})
    done(shop.build())
    gone = gone_source(shop, REVIEWS)
    if words == ("--record",):
        gone = gone._replace(words=("--record", next(iter(gone.records))))
    forget(shop, gone)
    assert records(shop.run) == []
    sound(shop.run, gone)
    stood = here("status", shop.run)
    assert stood.code in (0, 2) and "Traceback" not in stood.err
    for _ in range(2):
        refused(shop.build())
    assert records(shop.run) == []
    finished(shop.run)
    nowhere(shop.run, gone.needles)
    refused(here("trace", shop.run, gone.needles.ids[0]))


@pytest.mark.slow
def test_sources_that_are_left_go_on(shop: Shop) -> None:
    gone = gone_source(shop, ECHO)
    forget(shop, gone)
    done(shop.build())
    sound(shop.run, gone)
    card = (shop.run / "4-dataset/README.md").read_text(encoding="utf-8")
    lines = [line for line in card.splitlines() if ECHO in line]
    assert any("forgotten" in line for line in lines), lines
    assert {row["source"] for row in records(shop.run)} == shop.sources.keys() - {ECHO}


@pytest.mark.slow
def test_rows_that_never_became_records_go_with_their_source(tmp_path: Path) -> None:
    kept = {name: shops.sources()[name] for name in (REVIEWS, ECHO)}
    broken = {"text": f"A row {shops.mark(77)} that says nothing of its mood, whoever wrote it meant no harm"}
    kept[REVIEWS].rows["reviews.jsonl"].append(broken)
    shop = shops.make(tmp_path / "shop", kept)
    done(shop.build())
    gone = gone_source(shop, REVIEWS)
    living = tuple(row for row in gone.living if row != broken)
    with_rejects = Needles([*gone.rows, broken], living, gone.needles.ids)
    assert "1-records/rejects" in str(with_rejects.found(shop.run)), "a rejected row is shown with what stood there"
    gone = gone._replace(needles=with_rejects, rows=(*gone.rows, broken), living=living)
    forget(shop, gone)
    sound(shop.run, gone)
    done(shop.build())
    sound(shop.run, gone)


@pytest.mark.slow
def test_a_row_of_a_published_test_set_is_forgotten_too(tmp_path: Path) -> None:
    kept = shops.sources()
    kept[ECHO].more = {
        "published_test_set": True,
        "origin": "echo",
        "home": "none",
        "citation": "none",
        "licence": {"spdx": "CC0-1.0", "evidence": "written here", "redistribute": "yes"},
    }
    kept[ECHO].about = "A published test set."
    shop = shops.make(tmp_path / "shop", kept)
    done(shop.build())
    gone = gone_record(shop, ECHO, kept[ECHO].rows["echo.csv"][4]["text"])
    forget(shop, gone)
    sound(shop.run, gone)
    done(shop.build())
    assert len(records(shop.run, ECHO)) == 6
    sound(shop.run, gone)


# ----------------------------------------------------------------------- records that are no single raw row


def _joined() -> dict[str, Source]:
    """Sources whose records are gathered of several rows, cut from one, or looked up in a second file."""
    sentiment = {**shops.SENTIMENT, "gold": "mood"}
    turns = [
        {"chat": f"chat{number}", "turn": str(turn), "said": shops.english(600 + 10 * number + turn), "mood": "neutral"}
        for number in range(4)
        for turn in (2, 1)
    ]
    chats = Source(
        "en/lanes/chats",
        {"chats.csv": turns},
        {"text": {"from": "rows.*.said", "join": " "}, "mood": "rows.0.mood"},
        {"mood": sentiment},
        more={"gather": {"by": ["chat"], "order": ["turn"]}},
    )
    hits = [{"said": shops.english(700 + number), "mood": "positive"} for number in range(9)]
    lists = [{"page": f"p{number}", "hits": hits[number : number + 3]} for number in (0, 3, 6)]
    pages = Source(
        "en/lanes/pages",
        {"pages.jsonl": lists},
        {"text": "item.said", "mood": "item.mood"},
        {"mood": sentiment},
        more={"explode": "hits"},
    )
    judged = Source(
        "en/lanes/judged",
        {"judged.jsonl": [{"sku": f"k{number}", "mood": "negative"} for number in range(4)]},
        {"text": "said.text", "mood": "mood"},
        {"mood": sentiment},
        folder="judged",
        more={"lookup": {"said": {"file": "said.csv", "read": {"format": "csv"}, "by": "sku", "key": "sku"}}},
    )
    return {source.id: source for source in (chats, pages, judged)}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["chats", "pages", "judged"])
@pytest.mark.parametrize("whole", few([False, True], [False]))
def test_rows_that_are_gathered_cut_up_or_looked_up(tmp_path: Path, name: str, whole: bool) -> None:
    shop = shops.make(tmp_path / "shop", _joined())
    said = [{"sku": f"k{number}", "text": shops.english(800 + number)} for number in range(4)]
    shops.write_rows(shop.data / "judged/said.csv", said)
    done(shop.build())
    adds_up(shop.run)
    source = f"en/lanes/{name}"
    found, before = records(shop.run, source), ids(shop.run)
    assert len(found) == {"chats": 4, "pages": 9, "judged": 4}[name]
    chosen = found if whole else found[1:2]
    rows = [{"text": one["text"]} for one in chosen]
    rows += [{"text": turn} for one in chosen for turn in one["text"].split(". ") if name == "chats"]
    living = [{"text": one["text"]} for one in records(shop.run) if one not in chosen]
    known = frozenset(one["id"] for one in chosen)
    words = ("--source", source) if whole else ("--record", chosen[0]["id"])
    gone = Gone(words, known, tuple(rows), tuple(living), Needles(rows, living, known | made_of(shop.run, known)))
    assert gone.needles.found(shop.run)
    forget(shop, gone)
    assert ids(shop.run) == before - known
    sound(shop.run, gone)
    done(shop.build())
    assert ids(shop.run) == before - known, "what stood beside it stays, under its old id"
    assert whole or forgotten_rows(shop.run) >= 1
    sound(shop.run, gone)


# ---------------------------------------------------------------------------------------------- the built-in shop

STOREFRONT = {
    "title": "kept",
    "tasks": {"include": ["*/storefront/reviews/*", "zh/storefront/products/title_attribute_matching"]},
    "data": {"storefront": {"rows": 120}},
    "splits": {"validation": 0.1, "test": 0.2},
}


@pytest.fixture(scope="module")
def storefront(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("storefront") / "shop", {}, STOREFRONT)
    shop.root.mkdir()
    shop.write()
    done(shop.build())
    return shop


@pytest.mark.slow
@pytest.mark.parametrize("what", few(["a descendant", "a source", "a family"], ["a source"]))
def test_the_built_in_shop_forgets_though_it_could_make_the_rows_again(
    storefront: Shop, tmp_path: Path, what: str
) -> None:
    shop = storefront.copied(tmp_path / "shop")
    run, before = shop.run, ids(shop.run)
    kin_of: dict[str, set[str]] = {}
    for row in table(run, "2-splits/*.parquet"):
        kin_of.setdefault(row["family"], set()).add(row["record"])
    family_of = {one: kin for kin in kin_of.values() for one in kin}
    examples = [row for row in table(run, "4-dataset/train/zh*matching.parquet") if row["derived_from"]]
    record = max((row["derived_from"][0] for row in examples), key=lambda one: (len(family_of[one]), one))
    kin, source = family_of[record], "zh/storefront/reviews"
    words = ("--source", source) if what == "a source" else ("--record", record)
    more = ("--family",) if what == "a family" else ()
    known = ids(run, source) if what == "a source" else {record}
    made = {one: made_of(run, [one]) for one in (kin if more else known)}
    done(here("forget", run, *words, *more))
    if more:
        known = before - ids(run)
        assert {record} < kin <= known, "records of one product go together"
    needles = Needles([], [], {*known, *(one for some in made.values() for one in some)})
    for _ in range(2):
        assert ids(run) == before - known
        finished(run)
        nowhere(run, needles)
        adds_up(run)
        proven(run)
        done(shop.build())
    shop.recipe = deepcopy(shop.recipe) | {"data": {"storefront": {"rows": 140}}}
    shop.write()
    done(shop.build())
    assert not ids(run) & known
    nowhere(run, needles)
    assert what != "a source" or not [
        row for row in table(run, "4-dataset/*/*.parquet") if row.get("task", "").startswith(source)
    ]


# ----------------------------------------------------------------------------------- what is wrong is said so


def test_wrong_words_change_nothing(shop: Shop, tmp_path: Path) -> None:
    run, before = shop.run, contents(shop.run)
    known = next(iter(ids(run)))
    for words in (
        (),
        ("--record", known, "--source", REVIEWS),
        ("--record", "0" * 32),
        ("--record", "x"),
        ("--record", ""),
        ("--source", "en/lanes/nothing"),
        ("--source", ""),
        ("--family",),
        ("--forgotten", tmp_path / "absent.jsonl"),
    ):
        said = here("forget", run, *words)
        assert said.code == 2 and said.err.strip() and "Traceback" not in said.err, words
        assert contents(run) == before, words
    refused(here("forget", tmp_path / "nothing", "--source", REVIEWS))
    looked = looks(shop.data)
    refused(here("forget", shop.data, "--source", REVIEWS))
    assert looks(shop.data) == looked
    assert not (tmp_path / "nothing").exists() or not list((tmp_path / "nothing").glob("forg*"))
    with locked(run):
        refused(here("forget", run, "--record", known), "is being changed by")
    assert contents(run) == before


@pytest.mark.slow
def test_tombstones_that_cannot_be_read_are_never_passed_over(shop: Shop, tmp_path: Path) -> None:
    """A line that is lost would bring a row back."""
    gone, spoilt = gone_review(shop, OWN), tmp_path / "spoilt.jsonl"
    forget(shop, gone)
    good = (shop.run / TOMBSTONES).read_text()
    for line in ("{", "[]", '"x"', "{}", '{"record": 5}', "\x00", "{\n"):
        spoilt.write_text(good + line + "\n")
        assert spoilt.name in refused(shop.build(tmp_path / "other", "--forgotten", spoilt)).err, line
        refused(here("forget", shop.run, "--forgotten", spoilt))
        (shop.run / TOMBSTONES).write_text(good + line + "\n")
        assert TOMBSTONES in refused(shop.build()).err, line
    nowhere(shop.run, gone.needles)


def test_a_file_of_tombstones_that_is_not_there_is_no_empty_one(shop: Shop, tmp_path: Path) -> None:
    refused(shop.build(tmp_path / "other", "--forgotten", tmp_path / "absent.jsonl"), "absent.jsonl")
    assert not list((tmp_path / "other").glob("4-dataset/*"))


# ------------------------------------------------------------------------- 2  a journal first, killed at any moment


SERVING = ("review", "judge")  # what would not end if it began


def verbs(shop: Shop, example: str, target: Path) -> dict[str, list[str | Path]]:
    """Every verb that must wait until a forgetting has come to its end."""
    run = shop.run
    return {
        "build": shop.words("build"),
        "run": shop.words("run"),
        "predict": ["predict", run, "--model", "constant"],
        "score": ["score", run, "--model", "oracle"],
        "report": ["report", run],
        "bundle": ["bundle", run, "--out", target],
        "audit": ["audit", run],
        "audit pii": ["audit", run, "--checks", "injection"],
        "train": shop.words("train"),
        "annotate": shop.words("annotate", None, "--server", "gpt"),
        "annotate, dry": shop.words("annotate", None, "--server", "gpt", "--dry-run"),
        "review": ["review", run, "--people", "anna", "--listen", "127.0.0.1:0"],
        "review, export": ["review", run, "--export"],
        "judge": ["judge", run, "--models", "oracle,noisy-0.3", "--people", "bo", "--listen", "127.0.0.1:0"],
        "judge, report": ["judge", run, "--report"],
        "judge, export": ["judge", run, "--export"],
        "status, prove": ["status", run, "--prove"],
        "trace": ["trace", run, example],
    }


@pytest.mark.slow
def test_every_verb_waits_for_a_forgetting_that_was_interrupted(visited: Shop, tmp_path: Path) -> None:
    shop = visited.copied(tmp_path / "shop")
    run, gone = shop.run, gone_source(shop, REVIEWS)
    other = table(run, "4-dataset/train/zh.lanes.reviews*.parquet")[0]["id"]
    shops.caught(run, "forget", run, *gone.words)
    before = contents(run)
    for name, words in verbs(shop, other, tmp_path / "bundle.zip").items():
        said = apart(*words, timeout=60) if name in SERVING else here(*words)
        assert said.code == 2 and f"ecom forget {run}" in said.err, (name, said)
        assert len([line for line in said.err.splitlines() if line.startswith("ecom: ")]) == 1, (name, said.err)
        assert contents(run) == before, name
    assert not (tmp_path / "bundle.zip").exists()
    stood = here("status", run)
    assert stood.code in (0, 2) and "Traceback" not in stood.err
    done(here("forget", run))
    sound(run, gone)
    assert not ids(run) & gone.records
    done(shop.build())
    done(here("trace", run, other))


def complete(shop: Shop, gone: Gone, words: tuple[str | Path, ...], before: set[str], bare: bool) -> None:
    """After a kill: everything waits, the same command (or the bare one) comes to the end, and all is as it must be."""
    run = shop.run
    if (run / JOURNAL).exists():
        for verb in (shop.words("build"), ["predict", run, "--model", "constant"], ["status", run, "--prove"]):
            refused(here(*verb), f"ecom forget {run}")
        assert (run / JOURNAL).exists()
        done(here("forget", run) if bare else here(*words))
    elif ids(run) & gone.records:
        assert ids(run) == before, "without a journal nothing has changed"
        assert not (run / TOMBSTONES).exists() or not tombstones(run / TOMBSTONES)
        done(here(*words))
    assert ids(run) == before - gone.records
    sound(run, gone)


@pytest.fixture(scope="module")
def undisturbed(full: Shop, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    """What a case leads to that nobody disturbs, and that is built again: the bytes of its stages."""
    known: dict[str, dict[str, str]] = {}

    def of(case: str) -> dict[str, str]:
        if case not in known:
            shop = full.copied(tmp_path_factory.mktemp("undisturbed") / "shop")
            forget(shop, cases(shop)[case]())
            done(shop.build())
            known[case] = contents(shop.run, *BUILT)
        return known[case]

    return of


KILLED = ("an offer", f"review {TWICE}", f"source {REVIEWS}", "a test row", f"source {OFFERS}", f"review {OWN}")


def kill_at_random(
    full: Shop,
    tmp_path: Path,
    undisturbed: Callable[[str], dict[str, str]],
    seed: str,
    kills: int,
    killed_cases: Sequence[str] = KILLED,
) -> None:
    """Real processes, killed some time after their journal appears; every third is killed once more as it goes on."""
    spare = full.copied(tmp_path / "spare")
    with shops.started("forget", spare.run, *cases(spare)[KILLED[2]]().words) as process:
        while process.poll() is None and not (spare.run / JOURNAL).exists():
            time.sleep(0.0005)
        begun = time.monotonic()
        while process.poll() is None and (spare.run / JOURNAL).exists():
            time.sleep(0.0005)
        length = time.monotonic() - begun
    struck = caught = 0
    for number, moment in enumerate(shops.moments(seed, kills)):
        shop = full.copied(tmp_path / f"shop{number}")
        case, file = killed_cases[number % len(killed_cases)], tmp_path / f"file{number}.jsonl"
        gone, before = cases(shop)[case](), ids(shop.run)
        words = ("forget", shop.run, *gone.words, *(("--forgotten", file) if number % 2 else ()))
        killed = shops.kill_after(shop.run, moment * length, *words)
        struck, caught = struck + killed.killed, caught + killed.journal
        if killed.journal and number % 3 == 0:
            shops.kill_after(shop.run, moment * length / 2, "forget", shop.run)
        complete(shop, gone, words, before, bare=number % 4 < 2)
        if number % 2:
            assert file.exists() and tombstones(file) == tombstones(shop.run / TOMBSTONES)
        done(shop.build())
        assert contents(shop.run, *BUILT) == undisturbed(case), (case, moment)
        sound(shop.run, gone)
        shutil.rmtree(shop.root)
    assert caught >= kills / 3, f"of {kills} commands {struck} were killed, and only {caught} in the midst of it"


@pytest.mark.slow
def test_a_forgetting_that_is_killed_is_finished(
    full: Shop, tmp_path: Path, undisturbed: Callable[[str], dict[str, str]]
) -> None:
    kill_at_random(full, tmp_path, undisturbed, "some", 4, ("an offer", f"source {OFFERS}"))


@pytest.mark.long
def test_many_forgettings_that_are_killed_are_finished(
    full: Shop, tmp_path: Path, undisturbed: Callable[[str], dict[str, str]]
) -> None:
    kill_at_random(full, tmp_path, undisturbed, "many", 200)


def kill_before_changes(
    full: Shop, tmp_path: Path, undisturbed: Callable[[str], dict[str, str]], case: str, most: int
) -> None:
    """Killed just before one of the changes that a forgetting makes to the files of a run: some of them, or all."""
    spare = full.copied(tmp_path / "spare")
    events = shops.crash(spare.run, 0, tmp_path / "log", "forget", spare.run, *cases(spare)[case]().words)
    changes = len(_since_journal(spare.run, events))
    assert changes >= 3
    numbers = list(range(1, changes + 1))
    if most < changes:
        numbers = sorted({1, 2, changes, *(1 + int(at * changes) for at in shops.moments(case, most - 3))})
    for number in numbers:
        shop = full.copied(tmp_path / f"shop{number}")
        gone, before = cases(shop)[case](), ids(shop.run)
        words: tuple[str | Path, ...] = ("forget", shop.run, *gone.words)
        shops.crash(shop.run, number, tmp_path / f"log{number}", *words)
        if number % 3 == 0 and (shop.run / JOURNAL).exists():  # and again, a little later
            shops.crash(shop.run, 2, tmp_path / f"again{number}", "forget", shop.run)
        complete(shop, gone, words, before, bare=number % 2 == 0)
        if number % 4 == 0 or most < changes:
            done(shop.build())
            assert contents(shop.run, *BUILT) == undisturbed(case), number
        shutil.rmtree(shop.root)


def _since_journal(run: Path, events: list[list[str]]) -> list[list[str]]:
    """The changes that count from the journal on, as the crashing `ecom` counts them."""
    journal = str(run.resolve() / JOURNAL)
    at = next(number for number, event in enumerate(events) if event[0] != "fsync" and journal in event[1:])
    return [event for event in events[at + 1 :] if event[0] != "fsync"]


@pytest.mark.slow
@pytest.mark.parametrize("case", few([f"review {TWICE}", f"source {OFFERS}"], [f"source {OFFERS}"]))
def test_no_moment_of_a_forgetting_is_a_bad_one(
    full: Shop, tmp_path: Path, undisturbed: Callable[[str], dict[str, str]], case: str
) -> None:
    kill_before_changes(full, tmp_path, undisturbed, case, 5)


@pytest.mark.long
@pytest.mark.parametrize("case", KILLED)
def test_no_single_moment_of_a_forgetting_is_a_bad_one(
    full: Shop, tmp_path: Path, undisturbed: Callable[[str], dict[str, str]], case: str
) -> None:
    kill_before_changes(full, tmp_path, undisturbed, case, 10_000)


@pytest.mark.slow
def test_the_journal_is_on_disk_before_anything_changes_and_goes_last(full: Shop, tmp_path: Path) -> None:
    shop = full.copied(tmp_path / "shop")
    run = shop.run.resolve()
    events = shops.crash(run, 0, tmp_path / "log", "forget", run, *gone_source(shop, REVIEWS).words)
    journal = str(run / JOURNAL)
    appears = next(at for at, event in enumerate(events) if event[0] == "os.rename" and event[-1] == journal)
    written = events[appears][1]
    outside = [event for event in events if event[0] != "fsync" and not _is_of(run, event, ("log",))]
    early = [event for event in outside if events.index(event) < appears]
    assert all(JOURNAL in place for event in early for place in event[1:] if place != str(run)), early
    assert ["fsync", written] in events[:appears], "its content is on disk before it has its name"
    first = next(at for at, event in enumerate(events) if at > appears and event in outside)
    assert ["fsync", str(run)] in events[appears:first], "its name is on disk before anything else changes"
    removed = max(at for at, event in enumerate(events) if event[:2] == ["os.remove", journal])
    assert not [event for at, event in enumerate(events) if at > removed and event in outside], "nothing after it"
    stones = [at for at, event in enumerate(events) if event[0] == "os.rename" and event[-1] == str(run / TOMBSTONES)]
    assert not stones or max(stones) < removed
    assert not (run / JOURNAL).exists()


def _is_of(run: Path, event: list[str], folders: tuple[str, ...]) -> bool:
    """Whether all places of a change are in folders of a run that do not count."""
    heads = tuple(f"{run}/{folder}" for folder in folders)
    return all(place.startswith(heads) for place in event[1:])


@pytest.mark.slow
@pytest.mark.parametrize("bare", [True, False])
def test_what_was_asked_for_is_in_the_journal(full: Shop, tmp_path: Path, bare: bool) -> None:
    """The file outside, and the twins that go along, are not forgotten by a kill."""
    shop = full.copied(tmp_path / "shop")
    run, file, before = shop.run, tmp_path / "everybody.jsonl", ids(shop.run)
    text = shop.sources[REVIEWS].rows["reviews.jsonl"][EVERYWHERE]["text"]
    both = [(name, record_of(run, name, text)) for name in (REVIEWS, ECHO)]
    gone = gone_records(shop, both)
    words: tuple[str | Path, ...] = ("forget", run, *gone.words, "--family", "--forgotten", file)
    shops.caught(run, *words)
    complete(shop, gone, words, before, bare)
    assert tombstones(file) == tombstones(run / TOMBSTONES)
    holds_no_text(file, [*gone.rows, *gone.living])
    again = tmp_path / "again"
    done(shop.build(again, "--forgotten", file))
    sound(again, gone)


@pytest.mark.slow
def test_another_forgetting_does_not_lose_one_that_was_interrupted(full: Shop, tmp_path: Path) -> None:
    shop = full.copied(tmp_path / "shop")
    run, first, second = shop.run, gone_review(shop, OWN), gone_source(shop, PAIRS)
    shops.caught(run, "forget", run, *first.words)
    said = here("forget", run, *second.words)
    assert said.code in (0, 2) and "Traceback" not in said.err
    if (run / JOURNAL).exists():
        done(here("forget", run))
    sound(run, first)
    if ids(run, PAIRS):
        forget(shop, second)
    sound(run, second)
    done(shop.build())
    sound(run, first)
    sound(run, second)


# ------------------------------------------------------------------------- 3  tombstones: nothing ever comes back


def _as_it_was(shop: Shop) -> str:
    return REVIEWS


def _another_recipe(shop: Shop) -> str:
    shop.recipe |= {
        "tasks": {"include": ["en/lanes/*"], "exclude": ["*/pairs/*"]},
        "splits": {"seed": "another", "validation": 0, "test": 0.5},
        "prompts": {"wordings_per_record": 2},
    }
    return REVIEWS


def _another_title(shop: Shop) -> str:
    shop.sources[REVIEWS].title, shop.sources[REVIEWS].about = "What people say", "Opinions, under a new heading."
    return REVIEWS


def _other_fields(shop: Shop) -> str:
    source = shop.sources[REVIEWS]
    source.fields = {"words": {"from": "text", "strip": True}, "mood": "sentiment", "lang_of": {"constant": "en"}}
    source.group = ["words"]
    source.tasks = {"sentiment": {**shops.SENTIMENT, "input": "{{ words }}", "gold": "mood"}}
    return REVIEWS


def _fewer_fields(shop: Shop) -> str:
    source = shop.sources[REVIEWS]
    source.fields, source.group = {"words": "text"}, []
    source.tasks = {"cut": {**shops.CUTTING, "derive": {"rule": "cut", "fields": {"text": "words"}}}}
    return REVIEWS


def _no_group(shop: Shop) -> str:
    shop.sources[REVIEWS].group = []
    return REVIEWS


def _another_file(shop: Shop) -> str:
    shop.sources[REVIEWS].rows = {"opinions.jsonl": shop.sources[REVIEWS].rows["reviews.jsonl"]}
    return REVIEWS


def _another_path(shop: Shop) -> str:
    source = shop.sources[REVIEWS]
    source.rows, source.folder = {"2024/june/reviews.jsonl": source.rows["reviews.jsonl"]}, "moved-elsewhere"
    return REVIEWS


def _another_order(shop: Shop) -> str:
    rows = shop.sources[REVIEWS].rows["reviews.jsonl"]
    rows.reverse()
    rows.insert(3, review(900))
    rows.append(review(901))
    return REVIEWS


def _two_files(shop: Shop) -> str:
    source = shop.sources[REVIEWS]
    rows = source.rows["reviews.jsonl"]
    source.rows = {"first.jsonl": rows[:4], "second.jsonl": rows[4:]}
    return REVIEWS


def _another_id(shop: Shop) -> str:
    source = shop.sources.pop(REVIEWS)
    source.folder, source.id = source.place, "en/lanes/opinions"
    shop.sources[source.id] = source
    return source.id


def _all_at_once(shop: Shop) -> str:
    for change in (_another_recipe, _another_title, _other_fields, _another_order, _another_path):
        change(shop)
    return _another_id(shop)


CHANGES: dict[str, Callable[[Shop], str]] = {
    change.__name__.strip("_").replace("_", " "): change
    for change in (
        _as_it_was, _another_recipe, _another_title, _other_fields, _fewer_fields, _no_group, _another_file,
        _another_path, _another_order, _two_files, _another_id, _all_at_once,
    )
}  # fmt: skip


def _texts_now(run: Path, source: str) -> Counter[str]:
    return Counter((row.get("text") or row["words"]).strip() for row in records(run, source))


@pytest.mark.slow
@pytest.mark.parametrize("number", few([OWN, TWICE, EVERYWHERE], [OWN]))
@pytest.mark.parametrize(
    "change", few(CHANGES, ["another title", "no group", "another file", "two files", "another id", "all at once"])
)
def test_a_forgotten_row_never_comes_back(base: Shop, tmp_path: Path, change: str, number: int) -> None:
    """And nobody else goes in its place: of two equal rows the other one stays, whatever its card says now."""
    shop = base.copied(tmp_path / "shop")
    gone = gone_review(shop, number)
    forget(shop, gone)
    source = CHANGES[change](shop)
    shop.write()
    looked = looks(shop.data)
    for _ in range(2):
        done(shop.build())
        wanted = Counter(row["text"] for row in shop.sources[source].all_rows())
        wanted[gone.rows[0]["text"]] -= 1
        found = _texts_now(shop.run, source)
        if (change, number) == ("two files", TWICE):  # which of two files is the old one cannot be known: both may lose
            found[gone.rows[0]["text"]] = max(found[gone.rows[0]["text"]], 1)
        assert found == +wanted
        assert forgotten_rows(shop.run) >= 1
        sound(shop.run, gone)
    assert looks(shop.data) == looked


@pytest.mark.slow
@pytest.mark.parametrize("change", few(["another file", "other fields", "another id", "all at once"], ["all at once"]))
def test_a_forgotten_source_never_comes_back(base: Shop, tmp_path: Path, change: str) -> None:
    shop = base.copied(tmp_path / "shop")
    gone = gone_source(shop, REVIEWS)
    forget(shop, gone)
    before = {row["text"] for row in gone.rows}
    source = CHANGES[change](shop)
    shop.write()
    done(shop.build())
    assert not before & _texts_now(shop.run, source).keys()
    sound(shop.run, gone)


@pytest.mark.slow
@pytest.mark.parametrize("renamed", [False, True])
def test_equal_rows_in_two_files_of_a_source_are_two(tmp_path: Path, renamed: bool) -> None:
    kept = {name: shops.sources()[name] for name in (REVIEWS, REVIEWS_ZH)}
    rows = [review(number) for number in range(8)]
    kept[REVIEWS].rows = {"a.jsonl": rows[:4], "b.jsonl": [*rows[4:], deepcopy(rows[2])]}
    shop = shops.make(tmp_path / "shop", kept)
    done(shop.build())
    text = rows[2]["text"]
    first, second = ((one["id"], one["file"]) for one in records(shop.run, REVIEWS) if one["text"] == text)
    assert (first[1], second[1]) == ("a.jsonl", "b.jsonl")
    gone = gone_records(shop, [(REVIEWS, first[0])])
    forget(shop, gone)
    if renamed:
        shop.sources[REVIEWS].rows = {"c.jsonl": rows[:4], "b.jsonl": [*rows[4:], deepcopy(rows[2])]}
        shop.write()
    done(shop.build())
    assert texts_in(shop.run, REVIEWS)[text] == 1
    assert second[0] in ids(shop.run), "the one in the other file stays, under its old id"
    sound(shop.run, gone)


@pytest.mark.slow
def test_tombstones_are_for_nobody_else_to_read_and_they_add_up(shop: Shop) -> None:
    before = os.umask(0)
    try:
        first, second = gone_review(shop, OWN), gone_source(shop, PAIRS)
        forget(shop, first)
        stones = tombstones(shop.run / TOMBSTONES)
        forget(shop, second)
    finally:
        os.umask(before)
    assert len(stones) >= 1 and tombstones(shop.run / TOMBSTONES)[: len(stones)] == stones
    sound(shop.run, first)
    sound(shop.run, second)
    done(shop.build())
    sound(shop.run, first)
    sound(shop.run, second)
    assert forgotten_rows(shop.run) in (len(first.rows), len(first.rows) + len(second.rows))


@pytest.mark.slow
def test_the_raw_data_may_be_elsewhere_when_a_row_is_forgotten(shop: Shop, tmp_path: Path) -> None:
    gone = gone_review(shop, OWN)
    shop.data.rename(tmp_path / "away")
    forget(shop, gone)
    sound(shop.run, gone)
    (tmp_path / "away").rename(shop.data)
    shop.sources[REVIEWS].title = "Another title"
    _another_file(shop)
    shop.write()
    done(shop.build())
    assert gone.rows[0]["text"] not in texts_in(shop.run, REVIEWS)
    sound(shop.run, gone)


@pytest.mark.slow
def test_the_raw_data_may_have_changed_when_a_row_is_forgotten(shop: Shop) -> None:
    gone = gone_review(shop, OWN)
    _another_order(shop)
    shop.write()
    forget(shop, gone)
    sound(shop.run, gone)
    done(shop.build())
    assert gone.rows[0]["text"] not in texts_in(shop.run, REVIEWS)
    assert len(records(shop.run, REVIEWS)) == 14
    sound(shop.run, gone)


@pytest.mark.slow
@pytest.mark.parametrize("case", few([f"review {OWN}", f"review {TWICE}", f"source {OFFERS}"], [f"source {OFFERS}"]))
def test_another_run_forgets_what_a_file_lists(shop: Shop, tmp_path: Path, case: str) -> None:
    file, other = tmp_path / "forgotten.jsonl", tmp_path / "other"
    gone = cases(shop)[case]()
    forget(shop, gone, "--forgotten", file)
    assert tombstones(file) == tombstones(shop.run / TOMBSTONES)
    holds_no_text(file, [*gone.rows, *gone.living])
    written = file.read_bytes()
    done(shop.build(other, "--forgotten", file))
    sound(other, gone)
    assert file.read_bytes() == written, "a build only reads it"
    file.unlink()
    shop.recipe |= {"splits": {"seed": "another", "test": 0.4}}
    shop.write()
    done(shop.build(other))
    assert not ids(other) & gone.records
    sound(other, gone)


@pytest.mark.slow
def test_a_run_that_is_there_forgets_what_a_file_lists(full: Shop, tmp_path: Path) -> None:
    here_, there = full.copied(tmp_path / "here"), full.copied(tmp_path / "there")
    file = tmp_path / "forgotten.jsonl"
    first, second = gone_review(here_, OWN), gone_source(here_, PAIRS)
    for gone in (first, second):
        forget(here_, gone, "--forgotten", file)
    assert tombstones(file) == tombstones(here_.run / TOMBSTONES), (
        "a file that is there gets more lines, and loses none"
    )
    before, looked = ids(there.run), looks(there.data)
    done(here("forget", there.run, "--forgotten", file))
    assert ids(there.run) == before - first.records - second.records
    sound(there.run, first)
    sound(there.run, second)
    assert not list(there.run.glob("7-scores/**/*.parquet")) and looks(there.data) == looked
    done(there.build())
    sound(there.run, first)
    sound(there.run, second)
    again = here("forget", there.run, "--forgotten", file)
    assert again.code in (0, 2) and "Traceback" not in again.err, "nothing of it is left to forget"
    sound(there.run, first)


@pytest.mark.slow
def test_a_build_with_a_file_takes_rows_out_of_a_run_that_holds_them(base: Shop, tmp_path: Path) -> None:
    shop, file, other = base.copied(tmp_path / "shop"), tmp_path / "forgotten.jsonl", tmp_path / "other"
    done(shop.build(other))
    gone = gone_review(shop, OWN)
    forget(shop, gone, "--forgotten", file)
    done(shop.build(other, "--forgotten", file))
    assert not ids(other) & gone.records
    sound(other, gone)
    done(shop.build(other))
    sound(other, gone)


@pytest.mark.slow
def test_all_at_once_with_a_file(base: Shop, tmp_path: Path) -> None:
    """`ecom run` takes the file as well, and what is trained, asked and shown never saw the rows."""
    shop, file = base.copied(tmp_path / "shop"), tmp_path / "forgotten.jsonl"
    gone = gone_review(shop, OWN)
    forget(shop, gone, "--forgotten", file)
    del shop.recipe["train"]
    shop.recipe["models"] = ["oracle"]
    shop.write()
    other = tmp_path / "other"
    done(here(*shop.words("run", other, "--forgotten", file)))
    assert (other / "8-report/index.html").is_file()
    sound(other, gone)
    done(here(*shop.words("run", other)))
    sound(other, gone)


# ------------------------------------------------------------------------------- 4  ids stay, and equal bytes come


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1])
def test_of_two_equal_rows_the_other_one_keeps_its_id(shop: Shop, which: int) -> None:
    text, before = shop.sources[REVIEWS].rows["reviews.jsonl"][TWICE]["text"], ids(shop.run)
    both = [one["id"] for one in records(shop.run, REVIEWS) if one["text"] == text]
    assert len(both) == 2
    gone = gone_records(shop, [(REVIEWS, both[which])])
    forget(shop, gone)
    for _ in range(2):
        assert ids(shop.run) == before - {both[which]}
        assert texts_in(shop.run, REVIEWS)[text] == 1
        sound(shop.run, gone)
        done(shop.build())
    other = gone_records(shop, [(REVIEWS, both[1 - which])])
    forget(shop, other)
    done(shop.build())
    assert text not in texts_in(shop.run, REVIEWS)
    sound(shop.run, other)
    nowhere(shop.run, Needles([{"text": text}], [row for row in other.living if row.get("text") != text], both))


@pytest.mark.slow
def test_three_equal_rows_one_after_another(tmp_path: Path) -> None:
    kept = {name: shops.sources()[name] for name in (REVIEWS, REVIEWS_ZH)}
    kept[REVIEWS].rows["reviews.jsonl"].insert(0, review(TWICE))
    shop = shops.make(tmp_path / "shop", kept)
    done(shop.build())
    text = review(TWICE)["text"]
    all_three = [one["id"] for one in records(shop.run, REVIEWS) if one["text"] == text]
    left = list(all_three)
    for record in (all_three[1], all_three[0], all_three[2]):
        done(here("forget", shop.run, "--record", record))
        done(shop.build())
        left.remove(record)
        assert [one["id"] for one in records(shop.run, REVIEWS) if one["text"] == text] == left
        adds_up(shop.run)
        proven(shop.run)


FRESH = ("a test row", f"review {TWICE}", f"review {EVERYWHERE}", "an offer", "the only record of a source",
         f"source {REVIEWS}", f"source {ECHO}", f"source {NOTE}")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", few(FRESH, ["a test row", "an offer", f"source {REVIEWS}"]))
def test_a_run_that_forgot_equals_one_that_never_knew(base: Shop, tmp_path: Path, case: str) -> None:
    shop = base.copied(tmp_path / "shop")
    gone, more = cases(shop)[case](), gone_review(shop, ALIKE)
    forget(shop, gone)
    done(shop.build())
    kept = tmp_path / "kept.jsonl"
    shutil.copy(shop.run / TOMBSTONES, kept)
    done(here(*shop.words("build", tmp_path / "fresh")[:-1], "2", "--forgotten", kept))
    assert contents(tmp_path / "fresh", *BUILT) == contents(shop.run, *BUILT)
    sound(tmp_path / "fresh", gone)
    if more.records & ids(shop.run):
        done(here("forget", shop.run, *more.words, "--family"))
        shop.sources[OFFERS].title = "Offers"
        shop.sources[REVIEWS_ZH].rows = {"改名.csv": list(reversed(list(shop.sources[REVIEWS_ZH].all_rows())))}
        shop.write()
        done(shop.build())
        shutil.copy(shop.run / TOMBSTONES, kept)
        done(shop.build(tmp_path / "later", "--forgotten", kept))
        assert contents(tmp_path / "later", *BUILT) == contents(shop.run, *BUILT)


# ----------------------------------------------------------------------------------------------------- 5  twins


def twins_of(said: Said) -> dict[str, tuple[str, str]]:
    """The twins that were named: by record, the source and how."""
    found = said.json["twins"]
    assert all({"source", "record", "how"} <= twin.keys() for twin in found)
    assert len({twin["record"] for twin in found}) == len(found), "each is named once"
    return {twin["record"]: (twin["source"], twin["how"]) for twin in found}


def _twins(shop: Shop) -> dict[int, tuple[str, str, str]]:
    """For rows of the reviews: the source of the twin, its record, and how it is one."""
    run, rows = shop.run, shop.sources[REVIEWS].rows["reviews.jsonl"]
    echo = records(run, ECHO)
    twice = [one["id"] for one in records(run, REVIEWS) if one["text"] == rows[TWICE]["text"]]
    assert (
        normalize_for_matching(echo[1]["text"]) == normalize_for_matching(rows[ALIKE]["text"])
        and echo[1]["text"] != rows[ALIKE]["text"]
    )
    return {
        TWICE: (REVIEWS, twice[1], "equal"),
        EVERYWHERE: (ECHO, echo[0]["id"], "equal"),
        ALIKE: (ECHO, echo[1]["id"], "equal"),
        NEARLY: (ECHO, echo[2]["id"], "near"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("family", [False, True])
@pytest.mark.parametrize("number", few([TWICE, EVERYWHERE, ALIKE, NEARLY], [TWICE, NEARLY]))
def test_twins_are_named_and_go_when_they_are_meant(shop: Shop, number: int, family: bool) -> None:
    run, before = shop.run, ids(shop.run)
    source, twin, how = _twins(shop)[number]
    gone = gone_review(shop, number)
    near = {frozenset((row["record"], row["other"])) for row in table(run, "4-quality_signals/**/matches.parquet")}
    assert number != NEARLY or frozenset((twin, *gone.records)) in near, "the build found that they are near"
    if family:
        gone = gone_records(shop, [*((REVIEWS, record) for record in gone.records), (source, twin)], gone.words)
    said = done(here("forget", run, *gone.words, *(["--family"] if family else []), "--json"))
    assert family or twins_of(said) == {twin: (source, how)}
    assert ids(run) == before - gone.records
    sound(run, gone)
    done(shop.build())
    assert ids(run) == before - gone.records, "what stays, stays, and what is gone is gone, also after a build"
    sound(run, gone)


def test_twins_that_go_along_are_named_as_well(shop: Shop) -> None:
    source, twin, how = _twins(shop)[EVERYWHERE]
    said = done(here("forget", shop.run, *gone_review(shop, EVERYWHERE).words, "--family", "--json"))
    assert twins_of(said) == {twin: (source, how)}
    assert twin not in ids(shop.run)


def test_the_twin_may_be_the_one_that_is_asked_for(shop: Shop) -> None:
    """From the other side: what stands in training beside a row of test, and the other way round."""
    run, row = shop.run, shop.sources[REVIEWS].rows["reviews.jsonl"][NEARLY]
    twin = _twins(shop)[NEARLY][1]
    said = done(here("forget", run, "--record", twin, "--json"))
    assert twins_of(said) == {record_of(run, REVIEWS, row["text"]): (REVIEWS, "near")}


def test_the_twins_of_a_source_are_in_other_sources(shop: Shop) -> None:
    run, known = shop.run, _twins(shop)
    rows = shop.sources[REVIEWS].rows["reviews.jsonl"]
    wanted = {record_of(run, REVIEWS, rows[number]["text"]): (REVIEWS, known[number][2]) for number in (2, 3, 4)}
    gone = gone_source(shop, ECHO)
    said = done(here("forget", run, *gone.words, "--json"))
    assert twins_of(said) == wanted
    assert wanted.keys() <= ids(run)
    sound(run, gone)


@pytest.mark.slow
def test_with_its_family_a_source_takes_its_twins_along(shop: Shop) -> None:
    run, before = shop.run, ids(shop.run)
    known = _twins(shop)
    both = [(ECHO, record) for record in sorted(ids(run, ECHO))]
    rows = shop.sources[REVIEWS].rows["reviews.jsonl"]
    both += [(REVIEWS, record_of(run, REVIEWS, rows[number]["text"])) for number in known if number != TWICE]
    gone = gone_records(shop, both, ("--source", ECHO))
    done(here("forget", run, *gone.words, "--family"))
    assert ids(run) == before - gone.records
    done(shop.build())
    assert ids(run) == before - gone.records
    sound(run, gone)


@pytest.mark.slow
@pytest.mark.parametrize("family", [False, True])
def test_records_of_one_product_are_a_family(shop: Shop, family: bool) -> None:
    run, before = shop.run, ids(shop.run)
    offers = records(run, OFFERS)
    first, second = (one for one in offers if one["sku"] == offers[4]["sku"])
    gone = gone_records(shop, [(OFFERS, first["id"]), *([(OFFERS, second["id"])] if family else [])])
    said = done(here("forget", run, "--record", first["id"], *(["--family"] if family else []), "--json"))
    assert family or twins_of(said)[second["id"]] == (OFFERS, "family")
    assert ids(run) == before - gone.records
    done(shop.build())
    assert ids(run) == before - gone.records
    sound(run, gone)


def test_who_has_no_twin_is_told_of_none(shop: Shop) -> None:
    gone = gone_record(shop, NOTE, next(shop.sources[NOTE].texts()))
    assert twins_of(done(here("forget", shop.run, *gone.words, "--json"))) == {}


def test_twins_are_said_to_people_as_well(shop: Shop) -> None:
    twin = _twins(shop)[EVERYWHERE][1]
    said = forget(shop, gone_review(shop, EVERYWHERE))
    assert twin in said.out + said.err and ECHO in said.out + said.err


# ----------------------------------------------------------------------------- 7  what was made of the rows


@pytest.mark.slow
def test_a_model_that_was_tuned_says_that_it_knew_them(tmp_path: Path) -> None:
    pytest.importorskip("trl")
    kept = {name: shops.sources()[name] for name in (REVIEWS, REVIEWS_ZH)}
    tiny = {"layers": 1, "hidden": 16, "heads": 2, "vocabulary": 300}
    section = {"model": "tiny", "tiny": tiny, "epochs": 1, "batch": 4, "device_batch": 4, "patience": None}
    section |= {"device": "cpu"}
    shop = shops.make(tmp_path / "shop", kept, train=section, splits={"validation": 0.2, "test": 0.2})
    done(here(*shop.words("train")))
    run = shop.run
    weights = {path: path.read_bytes() for path in (run / "5-model").rglob("*.safetensors")}
    assert weights and "forgotten" not in (run / "5-model/README.md").read_text(encoding="utf-8")
    trained = table(run, "4-dataset/train/en.lanes.reviews*.parquet")[0]
    gone = gone_records(shop, [(REVIEWS, trained["record"])])
    forget(shop, gone)
    for _ in range(2):
        sound(run, gone)
        card = (run / "5-model/README.md").read_text(encoding="utf-8")
        assert "forgotten" in card and "trained" in card.lower()
        assert "forgotten" in " ".join(stages_of(run)["model"]["stale"])
        assert "forgotten" in done(here("status", run)).out
        done(shop.build())
    assert {path: path.read_bytes() for path in weights} == weights, "it is for people to decide what becomes of it"
    done(here(*shop.words("train")))
    sound(run, gone)
    assert "forgotten" not in " ".join(stages_of(run)["model"]["stale"]), "this one never saw them"
    assert "forgotten since" not in (run / "5-model/README.md").read_text(encoding="utf-8")


def sit(verb: str, run: Path, *words: str) -> None:
    """Let somebody in for a moment, to review or to judge: what is to be shown is then on a desk below the run."""
    pytest.importorskip("fastapi")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with shops.started(verb, run, *words, "--people", "anna", "--listen", f"127.0.0.1:{port}") as process:
        limit = time.monotonic() + 60
        while time.monotonic() < limit and process.poll() is None:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        assert process.poll() is None, "it serves"
    assert list(run.glob("people/*.sqlite")), "there is a desk, as a server leaves it that is killed"


@pytest.mark.slow
def test_what_people_were_shown_is_gone_from_their_desk(visited: Shop, tmp_path: Path) -> None:
    """The desk of a review is a database below the run that holds the texts which were shown."""
    shop = visited.copied(tmp_path / "shop")
    run = shop.run
    gone = gone_source(shop, REVIEWS)
    assert any(name.startswith("people/") for name, _ in gone.needles.found(run)), "it was shown"
    forget(shop, gone)
    sound(run, gone)
    said = here("review", run, "--export")
    assert said.code in (0, 2) and "Traceback" not in said.err


@pytest.mark.slow
def test_the_release_still_opens_with_the_library_of_the_hub(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    rows = {split: len(table(shop.run, f"4-dataset/{split}/*.parquet")) for split in SPLITS}
    made = made_of(shop.run, (gone := gone_review(shop, OWN)).records)
    forget(shop, gone)
    found = datasets.load_dataset(str(shop.run / "4-dataset"), cache_dir=str(tmp_path / "cache"))
    released = {split: part.num_rows for split, part in found.items()}
    assert sum(rows.values()) - len(made) <= sum(released.values()) < sum(rows.values())
