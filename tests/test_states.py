"""Whatever is done to a run and to what it is built from, in any order: the forgotten stays away, and nothing else.

A small shop is built, forgets, is changed, renamed, shuffled, killed and built again. Beside it a model of a few lines
says what must be there: the raw rows, less those that were forgotten. Written from what forgetting promises, by
somebody who had not seen how it is done.
"""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import forget_shop as shops
from ecominstruct.languages import normalize_for_matching
from ecominstruct.rows import Gold
from ecominstruct.tasks.annotations import Decision, append_decision, key_of
from forget_shop import (
    BUILT,
    ECHO,
    JOURNAL,
    REVIEWS,
    REVIEWS_ZH,
    TOMBSTONES,
    Needles,
    Row,
    Shop,
    Source,
    adds_up,
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
    records,
    refused,
    review,
    table,
)

KILLED_WITHIN = 0.4  # seconds after the journal of a forgetting appears
BUILDING = 3.0  # seconds that a build takes as a process of its own, about
Text = tuple[str, str]  # a source, and the text of one of its rows
PICK, BOOL, SHARE = st.integers(0, 10_000), st.booleans(), st.floats(0, 1)
PLACE = st.sampled_from([REVIEWS, ECHO, REVIEWS_ZH])


def tiny() -> dict[str, Source]:
    """Three sources of 18 rows in all, some of them twice, in two sources, or in other letters."""
    english = [review(number) for number in range(7)]
    echo = [review(2), {**review(3), "text": shops.loose(review(3)["text"])}, review(50)]
    chinese = [review(number, "zh") for number in (60, 61, 62, 63, 64, 61)]
    sources = [
        Source(REVIEWS, {"reviews.jsonl": [*english, review(1), review(1)]}, {}, {}),
        Source(ECHO, {"echo.csv": echo}, {}, {}),
        Source(REVIEWS_ZH, {"评论.jsonl": chinese}, {}, {}),
    ]
    for source in sources:
        call(source, "text")
    return {source.id: source for source in sources}


@cache
def first() -> Shop:
    """The shop as every order of steps finds it: built once. What is made of it are copies."""
    root = Path(tempfile.mkdtemp(prefix="forgetting-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    shop = shops.make(root / "shop", tiny(), splits={"validation": 0.1, "test": 0.3}, evaluation={})
    done(shop.build())
    return shop


def call(source: Source, name: str) -> None:
    """Write card and task so that the text of a record has this name."""
    task = shops.SENTIMENT_ZH if source.id == REVIEWS_ZH else shops.SENTIMENT
    source.fields = {name: "text", "mood": "sentiment"}
    source.group = [name] if source.group else []
    source.tasks = {"sentiment": {**task, "input": f"{{{{ {name} }}}}", "gold": "mood"}}


def name_of(source: Source) -> str:
    """What the text of a record is called now."""
    return next(iter(source.fields))


class Forgetting(RuleBasedStateMachine):
    """A run and its surroundings, and what must be true of them."""

    def __init__(self) -> None:
        super().__init__()
        self.scratch = Path(tempfile.mkdtemp(prefix="forgetting-"))
        self.shop = first().copied(self.scratch / "shop")
        self.run = self.shop.run
        self.gone: Counter[Text] = Counter()  # raw rows that were forgotten
        self.gone_sources: set[str] = set()  # that were forgotten as a whole
        self.gone_ids: set[str] = set()  # of records, and of examples made of them
        self.seen: dict[tuple[str, str, str], set[str]] = {}  # the ids that rows of a file had
        self.grouped = set(self.shop.sources)  # those whose texts made kin when the run was built
        self.whole = True  # the last build came to its end
        self.number = 100  # of the last new row
        self.sound: object = None  # the state that was found in order last
        self.compare()

    def teardown(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)

    # ------------------------------------------------------------------------------------------------------- the model

    def raw(self) -> Counter[Text]:
        """The raw rows as they are now."""
        return Counter((source.id, row["text"]) for source in self.shop.sources.values() for row in source.all_rows())

    def living(self) -> Counter[Text]:
        """Those of them that were not forgotten."""
        left = self.raw()
        left.subtract(self.gone)
        assert min(left.values()) >= 0, "more was forgotten than there ever was"
        return +left

    def needles(self) -> Needles:
        def rows(which: Counter[Text]) -> list[Row]:
            return [{"text": text} for _, text in which]

        return Needles(rows(self.gone), rows(self.living()), self.gone_ids)

    def forgotten(self, one: Row) -> None:
        """Note that a record is to be gone, before it is: its row, its id, and the ids of what was made of it."""
        self.gone[one["source"], text_of(one)] += 1
        self.gone_ids |= {one["id"], *made_of(self.run, [one["id"]])}

    def twins(self, chosen: list[Row]) -> set[str]:
        """The records that must be named as twins of some others: those of equal raw rows or normalised texts."""
        known = {one["id"] for one in chosen}
        raw = {(text_of(one), one["mood"]) for one in chosen}
        kin = {normalize_for_matching(text_of(one)) for one in chosen if one["source"] in self.grouped}
        return {
            one["id"]
            for one in records(self.run)
            if one["id"] not in known
            and (
                (text_of(one), one["mood"]) in raw
                or (one["source"] in self.grouped and normalize_for_matching(text_of(one)) in kin)
            )
        }

    def kin(self, known: set[str]) -> set[str]:
        """The records that may go along with some others: those of their families, and those that were found near."""
        families = {row["record"]: row["family"] for row in table(self.run, "2-splits/*.parquet")}
        wanted = {families.get(record) for record in known}
        found = {record for record, family in families.items() if family in wanted}
        for row in table(self.run, "4-quality_signals/**/matches.parquet"):
            found |= {row["record"], row["other"]} if {row["record"], row["other"]} & known else set()
        return found

    # --------------------------------------------------------------------------------------------------------- building

    @rule()
    def build(self) -> None:
        """Bring the run up to date: the raw rows are there, less what was forgotten, under the ids that they had."""
        looked = looks(self.shop.data)
        said = self.shop.build()
        assert looks(self.shop.data) == looked
        if not self.living():
            refused(said)
            self.whole = False
            return
        done(said)
        self.whole = True
        self.grouped = {source.id for source in self.shop.sources.values() if source.group}
        self.compare()

    def compare(self) -> None:
        found, raw = records(self.run), self.raw()
        assert Counter((one["source"], text_of(one)) for one in found) == self.living()
        single = sum(number for (source, _), number in self.gone.items() if source not in self.gone_sources)
        assert single <= forgotten_rows(self.run) <= self.gone.total(), "a source that is gone as a whole may go unread"
        assert not self.gone_ids & {one["id"] for one in found}
        for one in found:
            source, text = one["source"], text_of(one)
            place = (source, one["file"], text)
            self.seen.setdefault(place, set()).add(one["id"])
            assert len(self.seen[place]) <= raw[source, text], "a row has another id than it had"

    @rule(share=SHARE)
    def killed_build(self, share: float) -> None:
        """Kill a build, at some moment."""
        begun = time.monotonic()
        words = self.shop.words("build")
        killed = shops.kill_after(self.run, share * BUILDING, *words, once=lambda: time.monotonic() > begun)
        note(f"killed: {killed.killed}")
        self.whole = False

    @precondition(lambda self: self.whole)
    @rule()
    def equal_inputs_give_equal_bytes(self) -> None:
        """A run in a new folder that is told what was forgotten equals the one that forgot it."""
        self.build()
        if not self.whole:
            return
        fresh, told = self.scratch / "fresh", self.scratch / "told.jsonl"
        shutil.rmtree(fresh, ignore_errors=True)
        more: list[str | Path] = []
        if (self.run / TOMBSTONES).exists():
            shutil.copy(self.run / TOMBSTONES, told)
            more = ["--forgotten", told]
        done(self.shop.build(fresh, *more))
        assert contents(fresh, *BUILT) == contents(self.run, *BUILT)
        nowhere(fresh, self.needles())

    # ------------------------------------------------------------------------------------------------------- forgetting

    @precondition(lambda self: bool(ids(self.run)))
    @rule(pick=PICK, family=BOOL, then=BOOL)
    def forget_a_record(self, pick: int, family: bool, then: bool) -> None:
        """Forget a record; perhaps the run is built again at once."""
        found = records(self.run)
        one = found[pick % len(found)]
        self.forget([one], family, "--record", one["id"])
        if then:
            self.nothing_of_it_is_left()
            self.build()

    @precondition(lambda self: bool(ids(self.run)))
    @rule(pick=PICK, family=BOOL)
    def forget_a_source(self, pick: int, family: bool) -> None:
        """Now and then only: little would be left otherwise."""
        known = sorted({one["source"] for one in records(self.run)})
        source = known[pick % len(known)]
        if pick % 3 == 0:
            self.gone_sources |= {source}
            self.forget(records(self.run, source), family, "--source", source)

    def forget(self, chosen: list[Row], family: bool, *words: str) -> None:
        before, state = {one["id"]: one for one in records(self.run)}, contents(self.run)
        named, kin = self.twins(chosen), self.kin({one["id"] for one in chosen})
        made = self.made()
        said = here("forget", self.run, *words, *(["--family"] if family else []), "--json")
        if not self.whole and said.code == 2:
            refused(said)
            assert contents(self.run) == state, "who refuses changes nothing"
            return
        done(said)
        known, left = {one["id"] for one in chosen}, ids(self.run)
        gone = before.keys() - left
        assert left <= before.keys() and known <= gone and (family or gone == known)
        if self.whole:
            assert not family or named <= gone <= known | named | kin, "twins go along, and nobody else"
            twins = {twin["record"] for twin in said.json["twins"]}
            assert family or named <= twins <= before.keys() - known, "equal rows are named"
        for record in gone:
            one = before[record]
            self.gone[one["source"], text_of(one)] += 1
            self.gone_ids |= {record, *made.get(record, ())}

    def made(self) -> dict[str, set[str]]:
        """The ids of the examples of each record, wherever they stand."""
        found: dict[str, set[str]] = {}
        for pattern in ("3-examples/*/**/part-*.parquet", "4-dataset/[tv]*/*.parquet"):
            for row in table(self.run, pattern):
                found.setdefault(row["record"], set()).add(row["id"])
        return found

    @precondition(lambda self: self.whole and bool(ids(self.run)))
    @rule(pick=PICK, share=SHARE, again=BOOL, bare=BOOL, then=BOOL)
    def killed_forgetting(self, pick: int, share: float, again: bool, bare: bool, then: bool) -> None:
        """Kill a forgetting, perhaps twice; until it is finished everything waits."""
        found = records(self.run)
        one = found[pick % len(found)]
        words = ("forget", self.run, "--record", one["id"])
        self.forgotten(one)
        killed = shops.kill_after(self.run, share * KILLED_WITHIN, *words)
        note(f"killed: {killed.killed}, journal: {killed.journal}")
        if killed.journal and again:
            refused(self.shop.build(), f"ecom forget {self.run}")
            killed = shops.kill_after(self.run, share * KILLED_WITHIN / 2, "forget", self.run)
        if (self.run / JOURNAL).exists():
            refused(here("status", self.run, "--prove"), f"ecom forget {self.run}")
            refused(self.shop.build(), f"ecom forget {self.run}")
            done(here("forget", self.run) if bare else here(*words))
        elif one["id"] in ids(self.run):
            assert ids(self.run) == {other["id"] for other in found}
            done(here(*words))
        assert ids(self.run) == {other["id"] for other in found} - {one["id"]}
        if then:
            self.nothing_of_it_is_left()
            self.build()

    # ----------------------------------------------------------------------------------- what a run is made of changes

    @rule(place=PLACE, pick=PICK)
    def decide(self, place: str, pick: int) -> None:
        """A person corrects an answer: that of any raw row, forgotten or not."""
        source = self.shop.sources[place]
        rows = list(source.all_rows())
        task, labels = f"{place}/sentiment", [mood[place == REVIEWS_ZH] for mood in shops.MOODS]
        key = key_of(task, {name_of(source): rows[pick % len(rows)]["text"]})
        append_decision(self.shop.notes, task, Decision(key, "correct", "anna", Gold(labels=(labels[pick % 3],))))

    @rule(place=PLACE, what=st.sampled_from(["title", "group", "fields"]))
    def change_a_card(self, place: str, what: str) -> None:
        source = self.shop.sources[place]
        if what == "title":
            source.title, source.about = f"{source.title or place} once more", "As before."
        elif what == "group":
            source.group = [] if source.group else [name_of(source)]
        else:
            call(source, "words" if name_of(source) == "text" else "text")
        self.shop.write()

    @rule(place=PLACE, deep=BOOL)
    def rename_a_file(self, place: str, deep: bool) -> None:
        source = self.shop.sources[place]
        self.number += 1
        (path, rows), *_ = source.rows.items()
        source.rows = {f"{'below/' if deep else ''}file{self.number}{Path(path).suffix}": rows}
        self.shop.write()

    @rule(place=PLACE, new=st.integers(0, 3), pick=PICK)
    def change_rows(self, place: str, new: int, pick: int) -> None:
        """Append rows and shuffle them all. A source that was forgotten as a whole gets none: whether it is to have
        rows again is not said."""
        rows = next(iter(self.shop.sources[place].rows.values()))
        for _ in range(new if any(of == place for of, _ in self.living()) else 0):
            self.number += 1
            rows.append(review(self.number, place[:2]))
        random.Random(pick).shuffle(rows)
        self.shop.write()

    # ------------------------------------------------------------------------------------------------ what always holds

    @invariant()
    def all_is_well(self) -> None:
        """Looked at anew whenever something changed in the run, or in what must not stand there."""
        if not self.run.exists():
            return
        state = (looks(self.run), self.whole, self.living(), Counter(self.gone), len(self.gone_ids))
        if state == self.sound:
            return
        self.nothing_of_it_is_left()
        if self.whole:
            self.the_run_is_sound()
        self.sound = state

    def nothing_of_it_is_left(self) -> None:
        if not self.run.exists():
            return
        nowhere(self.run, self.needles())
        assert not (self.run / JOURNAL).exists()
        if self.gone:
            holds_no_text(self.run / TOMBSTONES, [{"text": text} for _, text in self.raw()])
            assert (self.run / TOMBSTONES).stat().st_mode & 0o777 == 0o600

    def the_run_is_sound(self) -> None:
        finished(self.run)
        adds_up(self.run)
        readable(self.run)
        proven(self.run)


def text_of(record: Row) -> str:
    """The text of a record, whatever its card called it."""
    return str(record["text"] if "text" in record else record["words"])


@pytest.mark.slow
class TestSomeOrders(Forgetting.TestCase):  # type: ignore[misc, valid-type]
    """A few orders of six steps, the same ones in every run of the tests."""

    settings = settings(
        max_examples=3,
        stateful_step_count=6,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
    )


@pytest.mark.long
class TestManyOrders(Forgetting.TestCase):  # type: ignore[misc, valid-type]
    """Many orders of many steps, others in every run; one that fails is made shorter."""

    settings = settings(
        max_examples=200, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )
