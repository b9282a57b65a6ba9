"""A small shop for tests of forgetting: sources that are made here, their runs, and a search for what may be left.

Nothing in here knows how forgetting is done. It knows the files of a run as anybody can open them, the command line,
and what was promised of both.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import html
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from conftest import run_here
from ecominstruct.languages import normalize_for_matching

JOURNAL, TOMBSTONES = "forgetting.json", "forgotten.jsonl"
BUILT = ("1-records", "2-splits", "3-examples", "4-contamination_index", "4-quality_signals", "4-dataset")
ECOM = str(Path(sys.executable).parent / "ecom")
Row = dict[str, Any]


# ---------------------------------------------------------------------------------------------------- the command line


class Said(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


def here(*words: str | Path) -> Said:
    """Run `ecom` in this process; what is no message for people goes up as it is."""
    ended = run_here(*words)
    return Said(ended.returncode, ended.stdout, ended.stderr)


def apart(*words: str | Path, timeout: float = 120) -> Said:
    """Run `ecom` in a process of its own."""
    with started(*words) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"ecom {' '.join(map(str, words))} has not ended after {timeout} s") from None
    assert "Traceback" not in err, err
    return Said(process.returncode, out, err)


@contextlib.contextmanager
def started(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """An `ecom` that runs by itself; what is left of it is killed at the end."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ECOM_")}
    process = subprocess.Popen(
        [ECOM, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def done(said: Said) -> Said:
    """A command that must have come to its end well."""
    assert said.code == 0, f"exit {said.code}\n{said.out[-2000:]}\n{said.err[-2000:]}"
    assert "Traceback" not in said.err, said.err
    return said


def refused(said: Said, *words: str) -> Said:
    """A command that must have been refused in one sentence, which holds these words."""
    assert said.code == 2, f"exit {said.code}, not 2\n{said.out[-2000:]}\n{said.err[-2000:]}"
    faults = [line for line in said.err.splitlines() if line.startswith("ecom: ")]
    assert len(faults) == 1, said.err
    assert "Traceback" not in said.err
    assert all(word in faults[0] for word in words), (words, faults[0])
    return said


# ------------------------------------------------------------------------------------------------------------ the shop


@dataclass
class Source:
    """A source: its raw rows by file, and its card and tasks as they are written."""

    id: str
    rows: dict[str, list[Row]]
    fields: dict[str, Any]
    tasks: dict[str, Row]
    record_type: str = "review"
    group: list[str] = field(default_factory=lambda: ["text"])
    group_ids: dict[str, str] = field(default_factory=dict)
    title: str = ""
    about: str = ""
    folder: str = ""  # below the data root; empty: the id without its language, with dashes
    more: Row = field(default_factory=dict)  # further keys of the card

    @property
    def place(self) -> str:
        return self.folder or self.id.replace("/", "-")

    def card(self) -> Row:
        """The card as it is written."""
        made: Row = {
            "id": self.id,
            "title": self.title or self.id,
            "about": self.about,
            "record_type": self.record_type,
            "folder": self.place,
            "files": [{"path": path} for path in self.rows],
            "fields": self.fields,
            "group": self.group,
            "group_ids": self.group_ids,
        }
        return {key: value for key, value in made.items() if value or key == "fields"} | self.more

    def texts(self) -> Iterator[str]:
        """All texts of its raw rows."""
        for row in self.all_rows():
            yield from texts_of(row)

    def all_rows(self) -> Iterator[Row]:
        """Its raw rows, of all files."""
        for some in self.rows.values():
            yield from some


@dataclass
class Shop:
    """A folder with a catalogue, raw data, annotations and runs."""

    root: Path
    sources: dict[str, Source]
    recipe: Row

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def catalogue(self) -> Path:
        return self.root / "catalogue"

    @property
    def notes(self) -> Path:
        return self.root / "annotations"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def recipe_file(self) -> Path:
        return self.root / "recipe.yaml"

    def write(self) -> None:
        """Write catalogue, data and recipe as they are now; what is no longer part of them goes."""
        for folder in (self.catalogue, self.data):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for source in self.sources.values():
            place = self.catalogue / source.id
            _yaml(place / "_source.yaml", source.card())
            for name, task in source.tasks.items():
                _yaml(place / f"{name}.yaml", {"id": f"{source.id}/{name}", "source": source.id, **task})
            for path, rows in source.rows.items():
                write_rows(self.data / source.place / path, rows)
        _yaml(self.recipe_file, self.recipe)

    def words(self, verb: str, run: Path | None = None, *more: str | Path) -> list[str | Path]:
        """The words of a verb that takes a recipe."""
        places: list[str | Path] = ["--data", self.data, "--catalogue", self.catalogue, "--annotations", self.notes]
        if verb != "annotate":
            places += ["--processes", "1"]
        return [verb, self.recipe_file, "--out", run or self.run, *places, *more]

    def build(self, run: Path | None = None, *more: str | Path) -> Said:
        """Build a run, in this process."""
        return here(*self.words("build", run, *more))

    def copied(self, root: Path) -> Shop:
        """The same shop, with its runs, in another folder."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        for path in root.glob("*/log/*.json"):
            path.write_text(path.read_text().replace(str(self.root), str(root)))
        return Shop(root, deepcopy(self.sources), deepcopy(self.recipe))

    def raw_of(self, source: str, record: str, run: Path | None = None) -> Row:
        """The raw row that a record was made of, as the shop has it now."""
        found = next(one for one in records(run or self.run) if one["id"] == record)
        return self.sources[source].rows[found["file"]][found["row"]]


def _yaml(path: Path, value: Row) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write raw rows, as the name of the file says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else ["text"])
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def texts_of(value: Any) -> Iterator[str]:
    """All texts in a row, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from texts_of(inner)


SENTIMENT: Row = {
    "version": 1,
    "title": "Sentiment",
    "category": "classification",
    "level": "final",
    "form": "classify",
    "input": "{{ text }}",
    "gold": "sentiment",
    "labels": "shared/polarity3_en",
    "entropy_reason": "a toy",
    "wordings": "classify/review_sentiment",
}
SENTIMENT_ZH: Row = {**SENTIMENT, "labels": "shared/polarity3_zh"}
NAMING: Row = {
    "version": 1,
    "title": "Title of an offer",
    "category": "generation",
    "level": "final",
    "form": "generate",
    "input": "{{ text }}",
    "gold": "name",
    "wordings": "generate/title_from_text",
}
MATCHING: Row = {
    "version": 1,
    "title": "The same product?",
    "category": "classification",
    "level": "final",
    "form": "classify",
    "input": "Item 1: {{ left }}\nItem 2: {{ right }}",
    "gold": "same",
    "labels": "shared/same_en",
    "entropy_reason": "a toy",
    "wordings": "classify/product_match",
}
FITTING: Row = {
    "version": 1,
    "title": "Do title and text fit?",
    "category": "classification",
    "level": "atomic",
    "form": "classify",
    "input": "Title: {{ left }}\nText: {{ right }}",
    "gold": "label",
    "labels": "shared/match_en",
    "entropy_reason": "a toy",
    "derive": {
        "rule": "recombine",
        "fields": {"left": "name", "right": "text", "within": "kind"},
        "labels": ["match", "not match"],
    },
    "wordings": "classify/title_attributes_match",
}
CUTTING: Row = {
    "version": 1,
    "title": "The rest of a text",
    "category": "generation",
    "level": "atomic",
    "form": "generate",
    "input": "{{ head }}",
    "gold": "text",
    "derive": {"rule": "cut", "fields": {"text": "text"}},
    "wordings": "generate/query_completion",
}
SHORTENING: Row = {
    "version": 1,
    "title": "Short title",
    "category": "generation",
    "level": "final",
    "form": "generate",
    "input": "{{ text }}",
    "annotate": {"prompt": "short_title", "fields": {"title": "text"}},
    "wordings": "generate/short_title",
}
RECIPE: Row = {
    "title": "A shop that forgets",
    "tasks": {"include": ["*/lanes/*"]},
    "splits": {"validation": 0.1, "test": 0.3},
    "evaluation": {"sensitivity": 2},
    "servers": {"gpt": {"url": "http://127.0.0.1:9/v1", "model": "none"}},
    "train": {"model": "tiny"},
}
MOODS = (("positive", "正面"), ("neutral", "中性"), ("negative", "负面"))
GOODS = (
    ("kettle", "水壶", "boils a litre before the toast is brown and pours without a drip"),
    ("lamp", "台灯", "throws a warm cone over the desk and leaves the bed in the dark"),
    ("rucksack", "背包", "carried two laptops over the pass and its seams never complained"),
    ("teapot", "茶壶", "keeps a second cup hot for the length of a long telephone call"),
    ("blanket", "毛毯", "is heavier than it looks and smells of nothing at all when new"),
    ("scooter", "滑板车", "folds with one hand but squeaks on every kerb along our street"),
)
REMARKS = (
    ("My sister wants one too", "早上赶时间用它刚刚好，一点也不耽误出门，家里老人也学得会"),
    ("Nobody at the counter knew the price", "灯光柔和不刺眼，孩子写作业到很晚也没有说眼睛不舒服"),
    ("It came in a box that could hold four", "背着爬了三天的山，肩带没有勒痕，里面的衣服都是干的"),
    ("After a month the paint is still whole", "泡一壶茶能喝到客人告辞，倒的时候不会顺着壶嘴往下流"),
    ("The manual is a joke in six languages", "摸上去很厚实，洗过两次没有掉毛，冬天盖它一条就够了"),
    ("Two screws were missing at first", "折起来能塞进后备箱，就是过减速带的时候响得有点厉害"),
)


def mark(number: int) -> str:
    """A word that stands nowhere else: by it alone a text is found again."""
    return f"qx{hashlib.sha256(str(number).encode()).hexdigest()[:10]}"


def english(number: int) -> str:
    """An English text that holds its mark, of some 130 characters."""
    name, _, says = GOODS[number % 6]
    return f"{REMARKS[number // 6 % 6][0]}: the {name} numbered {mark(number)} {says}."


def chinese(number: int) -> str:
    """A Chinese text that holds its mark."""
    return f"编号{mark(number)}的{GOODS[number // 6 % 6][1]}：{REMARKS[number % 6][1]}。"


def review(number: int, lang: str = "en") -> Row:
    """A raw row of a review."""
    text = english(number) if lang == "en" else chinese(number)
    return {"text": text, "sentiment": MOODS[number % 3][lang == "zh"]}


def offer(number: int) -> Row:
    """A raw row of an offer: two of one kind have their number of stock in common."""
    name, _, says = GOODS[number % 3]
    sku = f"S{number // 2:03d}"
    title = f"{name.capitalize()} {mark(number)} of the series {mark(number + 5000)}"
    return {"sku": sku, "name": title, "text": f"Offer {mark(number + 9000)}: it {says}.", "kind": name}


def pair(number: int) -> Row:
    """A raw row of a pair."""
    left = f"Pair {mark(number)}, {GOODS[number % 6][0]} in red"
    return {
        "left": left,
        "right": f"{mark(number + 700)} {GOODS[number % 6][0]}",
        "same": ("same", "not same")[number % 2],
    }


def near(text: str) -> str:
    """A text that is nearly the same: one letter of its last word differs. The letter is one that makes a test row of
    `NEARLY`, whose original is in training: the build looks for such pairs."""
    return text[:-3] + ("y" if text[-3] != "y" else "z") + text[-2:]


def loose(text: str) -> str:
    """The same text with other signs and blanks, and in capitals: normalised it is equal."""
    return f"  {text.upper().removesuffix('.').removesuffix('。')}  !! "


TWICE, EVERYWHERE, ALIKE, NEARLY = 1, 2, 3, 4
"""Rows of `en/lanes/reviews`: that stand there twice; also in `en/lanes/echo`; there in other letters; nearly so."""
REVIEWS, REVIEWS_ZH, ECHO = "en/lanes/reviews", "zh/lanes/reviews", "en/lanes/echo"
OFFERS, PAIRS, NOTE = "en/lanes/offers", "en/lanes/pairs", "zh/lanes/note"
PLAIN_FIELDS = {"text": "text", "sentiment": "sentiment"}


def sources() -> dict[str, Source]:
    """Six sources: reviews in two languages, an echo of some of them, offers, pairs, and one that holds one row."""
    reviews = [review(number) for number in range(12)]
    echo = [
        deepcopy(reviews[EVERYWHERE]),
        {"text": loose(reviews[ALIKE]["text"]), "sentiment": "positive"},
        {"text": near(reviews[NEARLY]["text"]), "sentiment": reviews[NEARLY]["sentiment"]},
        *(review(number) for number in range(100, 104)),
    ]
    made = [
        Source(
            REVIEWS, {"reviews.jsonl": [*reviews, deepcopy(reviews[TWICE])]}, PLAIN_FIELDS, {"sentiment": SENTIMENT}
        ),
        Source(ECHO, {"echo.csv": echo}, PLAIN_FIELDS, {"sentiment": SENTIMENT}),
        Source(
            REVIEWS_ZH,
            {"评论.csv": [review(number, "zh") for number in range(200, 210)]},
            PLAIN_FIELDS,
            {"sentiment": SENTIMENT_ZH},
        ),
        Source(
            OFFERS,
            {"offers.jsonl": [offer(number) for number in range(300, 312)]},
            {"sku": "sku", "name": "name", "text": "text", "kind": "kind"},
            {"title": NAMING, "fit": FITTING, "short_title": SHORTENING},
            "product",
            ["name", "text"],
            {"sku": "product"},
        ),
        Source(
            PAIRS,
            {"pairs.jsonl": [pair(number) for number in range(400, 410)]},
            {"left": "left", "right": "right", "same": "same"},
            {"same": MATCHING},
            "pair",
            [],
        ),
        Source(NOTE, {"note.csv": [review(500, "zh")]}, PLAIN_FIELDS, {"sentiment": SENTIMENT_ZH}),
    ]
    return {source.id: source for source in made}


def make(root: Path, kept: Mapping[str, Source] | None = None, **recipe: Any) -> Shop:
    """A shop that is written but not built."""
    shop = Shop(root, dict(sources() if kept is None else kept), RECIPE | recipe)
    root.mkdir(parents=True, exist_ok=True)
    shop.write()
    return shop


# ----------------------------------------------------------------------------------------------------- what is in a run


def table(run: Path, pattern: str) -> list[Row]:
    """The rows of all Parquet files of a pattern below a run."""
    return [row for path in sorted(run.glob(pattern)) for row in rows_of(path).to_pylist()]


def rows_of(path: Path, dictionaries: Sequence[str] = ()) -> pa.Table:
    """A Parquet file as a whole, with nothing read into its path, as `pq.read_table` does."""
    with pq.ParquetFile(path, read_dictionary=list(dictionaries)) as file:
        return file.read(use_threads=False)


def records(run: Path, source: str = "") -> list[Row]:
    """The records of a run, or of one of its sources."""
    return table(run, f"1-records/{source or '**'}/part-*.parquet")


def record_of(run: Path, source: str, text: str, column: str = "text") -> str:
    """The id of the first record of a source with this text."""
    return str(next(row["id"] for row in records(run, source) if row[column] == text))


def ids(run: Path, source: str = "") -> set[str]:
    """The ids of the records of a run, or of one of its sources."""
    return {row["id"] for row in records(run, source)}


def made_of(run: Path, gone: Iterable[str], *, derived: bool = False) -> set[str]:
    """The ids of all examples of some records, wherever they stand; also of those into which they went as a second one.

    An example of another record, into which one went that is forgotten, is gone as well; but the next build may make
    another one of that record, which has the same id.
    """
    wanted = set(gone)
    rows = (*table(run, "3-examples/*/**/part-*.parquet"), *table(run, "4-dataset/[tv]*/*.parquet"))
    return {row["id"] for row in rows if wanted & {row["record"], *(row["derived_from"] if derived else ())}}


def contents(folder: Path, *stages: str) -> dict[str, str]:
    """The hash of every file of a folder, or of those in some folders of it; not of the times of a run."""
    roots = [folder / name for name in stages] if stages else [folder]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] != "log"
    }


def looks(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What would show that somebody wrote into a folder: sizes, times and modes of all that is in it."""
    found = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        said = path.stat()
        found[path.relative_to(folder).as_posix()] = (said.st_size, said.st_mtime_ns, said.st_mode)
    return found


def tombstones(path: Path) -> list[Row]:
    """The lines of a file of tombstones."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# ------------------------------------------------------------------------------------------------------- the invariants


def adds_up(run: Path) -> None:
    """In = out + folded + rejected, unit by unit; parts and rejects hold the rows that are said."""
    found = sorted(run.rglob("manifest.json"))
    for path in found:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        totals: Counter[str] = Counter()
        for unit in manifest["units"]:
            name = f"{path.relative_to(run)}: {unit['unit']}"
            assert unit["rows_in"] == unit["rows_out"] + unit["folded"] + sum(unit["rejected"].values()), (name, unit)
            assert min([0, *unit["rejected"].values()]) == 0, name
            for part in unit["parts"]:
                file = path.parent / part["path"]
                assert file.stat().st_size == part["size"], file
                if part["path"].endswith(".parquet"):
                    assert pq.read_metadata(file).num_rows == part["rows"], file
            file = path.parent / "rejects" / f"{unit['unit'].replace('/', '.')}.parquet"
            reasons = Counter(pq.read_table(file, use_threads=False)["reason"].to_pylist() if file.is_file() else [])
            reasons.pop("forgotten", None)
            said = {reason: number for reason, number in unit["rejected"].items() if reason != "forgotten" and number}
            assert dict(reasons) == said, (name, dict(reasons), said)
            totals.update(rows_in=unit["rows_in"], rows_out=unit["rows_out"], folded=unit["folded"])
        assert all(manifest[key] == totals[key] for key in totals), (path, totals)


def forgotten_rows(run: Path) -> int:
    """How many raw rows 1-records rejected as forgotten."""
    said = json.loads((run / "1-records/manifest.json").read_text(encoding="utf-8"))
    return int(said["rejected"].get("forgotten", 0))


def readable(run: Path) -> None:
    """Every Parquet file can be read, and a release has the columns of a release."""
    from ecominstruct.rows import Example

    for path in run.rglob("*.parquet"):
        names = rows_of(path).column_names
        if path.relative_to(run).parts[:2] in (("4-dataset", "train"), ("4-dataset", "test")):
            assert names == list(Example._fields), path


def proven(run: Path) -> None:
    """`status --prove` finds nothing."""
    said = done(here("status", run, "--prove", "--json"))
    assert said.json["violations"] == {}, said.out[:2000]


class Needles:
    """What must not stand anywhere: texts, unless something that is still there holds them too, and ids."""

    def __init__(self, gone: Iterable[Row], living: Iterable[Row], names: Iterable[str] = ()) -> None:
        alive = [text for row in living for text in texts_of(row)]
        hay = "\n".join([*alive, *map(normalize_for_matching, alive)])
        wanted: set[str] = set()
        for text in (text for row in gone for text in texts_of(row)):
            words = [word.strip(",.:;!") for word in text.replace("的", " ").split()]
            wanted |= {text, normalize_for_matching(text), *(word for word in words if word.startswith("qx"))}
            if "编号qx" in text:
                wanted.add(text[text.index("qx") :][:12])
        self.texts = sorted(text for text in wanted if len(text) >= 12 and text not in hay)
        self.ids = sorted(set(names))

    def found(self, run: Path) -> list[tuple[str, str]]:
        """Where something of it stands below a run: file and needle. The tombstones may hold ids."""
        return sorted({(str(path.relative_to(run)), needle) for path, needle in self._found(run)})

    def _found(self, run: Path) -> Iterator[tuple[Path, str]]:
        texts = {form: text for text in self.texts for form in _forms(text)}
        wide = {form: text for text in self.texts for form in (text.encode("utf-16-le"), text.encode("utf-32-le"))}
        names = {name.encode(): name for name in self.ids}
        numbers = {int(name[at : at + 16], 16).to_bytes(8, "little"): name for name in self.ids for at in (0, 16)}
        for path in sorted(run.rglob("*")):
            yield from ((path, needle) for needle in self.ids if needle in path.name)
            if not path.is_file():
                continue
            wanted = texts if path == run / TOMBSTONES else texts | names
            if path.suffix in (".npy", ".bin"):
                wanted = wanted | wide | numbers
            for blob in _blobs(path):
                yield from ((path, needle) for form, needle in wanted.items() if form in blob)


def _forms(text: str) -> set[bytes]:
    """A text as UTF-8, and as JSON and HTML escape it."""
    escaped = (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], html.escape(text))
    return {form.encode() for form in (text, *escaped)}


def _blobs(path: Path) -> Iterator[bytes]:
    """What a file holds: its bytes, and what they say where they are packed."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet":
        yield "\n".join(_strings(path)).encode("utf-8", "surrogatepass")
    elif zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            yield from (packed.read(name) for name in packed.namelist())


def _strings(path: Path) -> Iterator[str]:
    """All texts in a Parquet file, those of its dictionaries included, whether a row uses them or not."""
    read = rows_of(path, [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)])
    for column in read.columns:
        for chunk in column.chunks:
            yield from texts_of((chunk.dictionary if isinstance(chunk, pa.DictionaryArray) else chunk).to_pylist())
    yield from (part.decode("utf-8", "replace") for pair in (read.schema.metadata or {}).items() for part in pair)


def nowhere(run: Path, needles: Needles) -> None:
    """Nothing of what was forgotten stands anywhere below a run."""
    found = needles.found(run)
    assert not found, f"{len(found)} traces: {found[:10]}"


def holds_no_text(path: Path, rows: Iterable[Row]) -> None:
    """A file of tombstones says nothing of what it is about; every line of it is a JSON object."""
    assert all(isinstance(line, dict) for line in tombstones(path))
    content = path.read_bytes()
    for text in (text for row in rows for text in texts_of(row)):
        forms = {form for whole in (text, normalize_for_matching(text)) if len(whole) >= 12 for form in _forms(whole)}
        assert not [form for form in forms if form in content], text
    assert b"qx" not in content


def finished(run: Path) -> None:
    """No forgetting is under way, and none left a torn file behind."""
    assert not (run / JOURNAL).exists(), "a forgetting is under way"
    torn = [str(path.relative_to(run)) for path in run.rglob("*.tmp")]
    assert not torn, torn


# ---------------------------------------------------------------------------------------------------------------- kills


class Killed(NamedTuple):
    """What became of a command that should have been killed."""

    killed: bool  # else it had ended before
    journal: bool  # was there when it ended


def kill_after(run: Path, delay: float, *words: str | Path, once: Callable[[], bool] | None = None) -> Killed:
    """Start a command, wait until something holds (that the journal is there), wait a little more, and kill it."""
    journal = run / JOURNAL
    begun = once or journal.exists
    with started(*words) as process:
        limit = time.monotonic() + 120
        while process.poll() is None and not begun():
            assert time.monotonic() < limit, "it neither begins nor ends"
            time.sleep(0.0005)
        end = time.monotonic() + delay
        while process.poll() is None and time.monotonic() < end:
            time.sleep(min(0.002, max(0.0, end - time.monotonic())))
        ran = process.poll() is None
        if ran:
            os.killpg(process.pid, signal.SIGKILL)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err, err
    return Killed(ran and process.returncode == -signal.SIGKILL, journal.exists())


def caught(run: Path, *words: str | Path) -> None:
    """Kill a forgetting in its midst, for certain: it is stopped first, and killed only while its journal is there."""
    for _ in range(20):
        with started(*words) as process:
            while process.poll() is None and not (run / JOURNAL).exists():
                time.sleep(0.0002)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGSTOP)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(60)
        if (run / JOURNAL).exists():
            return
    raise AssertionError("no journal was ever seen, or it was gone too soon")


CRASHING = """\
import json, os, signal, sys
run, number, log = sys.argv[1], int(sys.argv[2]), os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
del sys.argv[1:4]
journal, seen, armed = os.path.join(run, "forgetting.json"), 0, False
CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

def place(path, folder=-1):
    if isinstance(path, int):
        return os.readlink(f"/proc/self/fd/{path}") if path >= 0 else ""
    path = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0 and not os.path.isabs(path):
        path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), path)
    return os.path.abspath(path)

def changed(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & CHANGES and not isinstance(args[0], int):
        return [place(args[0])]
    if event in ("os.rename", "os.link", "os.symlink"):
        return [place(args[0], args[2] if event != "os.symlink" else -1), place(args[1], args[-1])]
    if event in ("os.remove", "os.rmdir"):
        return [place(args[0], args[1])]
    if event == "os.mkdir":
        return [place(args[0], args[2])]
    if event in ("os.truncate", "os.chmod"):
        return [place(args[0])]
    if event in ("sqlite3.connect",):
        return [place(args[0])]
    return []

def hook(event, args):
    global seen, armed
    if event != "open" and not event.startswith(("os.", "sqlite3.")):
        return
    try:
        places = changed(event, args)
    except OSError:
        return
    if not any(where == run or where.startswith(run + os.sep) for where in places):
        return
    armed = armed or os.path.exists(journal)
    seen += armed
    os.write(log, (json.dumps([event, *places]) + "\\n").encode())
    if armed and seen == number:
        os.kill(os.getpid(), signal.SIGKILL)

for name in ("fsync", "fdatasync"):
    def synced(file, real=getattr(os, name)):
        os.write(log, (json.dumps(["fsync", place(file if isinstance(file, int) else file.fileno())]) + "\\n").encode())
        return real(file)
    setattr(os, name, synced)
sys.addaudithook(hook)
sys.argv[0] = "ecom"
from ecominstruct.cli.main import main
main()
"""
"""`ecom` with a log of all that it changes below a run; killed just before one change, counted from the journal on."""


def crash(run: Path, number: int, log: Path, *words: str | Path) -> list[list[str]]:
    """Run `ecom` and kill it before its change of this number (0: never) since there is a journal; what it did."""
    command = [sys.executable, "-c", CRASHING, str(run.resolve()), str(number), str(log), *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in ended.stderr, ended.stderr
    assert ended.returncode in ((-signal.SIGKILL, 0) if number else (0,)), (ended.returncode, ended.stderr)
    return [json.loads(line) for line in log.read_text().splitlines()]


@cache
def moments(seed: str, count: int) -> tuple[float, ...]:
    """Numbers between 0 and 1, as many as kills are wanted: the same in every run of the tests."""
    draw = random.Random(seed)
    return tuple(draw.random() for _ in range(count))
