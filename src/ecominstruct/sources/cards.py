"""Source cards: one `_source.yaml` says what a source is, what may be done with it, and how its rows become records.

For the ordinary formats the whole mapping is in the card; no Python is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from ecominstruct import config
from ecominstruct.config import Strict
from ecominstruct.errors import EcomError, Fault, InputError
from ecominstruct.rows import RECORD_COLUMNS, Kind, Lang, RecordType, Split
from ecominstruct.sources.licences import check_licence

CARD = "_source.yaml"
Table = Literal["products", "reviews", "queries", "pairs", "dialogues", "questions"]


class Licence(Strict):
    """What the source's own repository says about its licence."""

    spdx: Annotated[str, AfterValidator(check_licence)] = Field(
        description="SPDX identifier, `unknown`, or `LicenseRef-NAME` for terms of their own"
    )
    evidence: str = Field(description="where and in which words the licence is stated")
    redistribute: Literal["yes", "no", "unknown"] = Field(description="may rows be passed on?")


class RawFile(Strict):
    """A raw file below the source's folder."""

    path: str = Field(description="path below the folder, with forward slashes")
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$", description="of the file that was described")
    rows: int | None = Field(default=None, ge=0, description="rows that the file is known to hold")
    split: Split | None = Field(default=None, description="the split its publisher put it in")

    @model_validator(mode="after")
    def _stays_inside(self) -> RawFile:
        parts = Path(self.path).parts
        if Path(self.path).is_absolute() or ".." in parts or "\\" in self.path:
            raise ValueError(f"the path {self.path!r} leaves the source's folder")
        return self


class Read(Strict):
    """How the raw rows are read."""

    format: Literal["jsonl", "storefront"] = Field(description="jsonl: one JSON object a line; storefront: built in")
    table: Table | None = Field(default=None, description="for storefront: which of its tables")


class SpanKeys(Strict):
    """The names that a raw span uses for its members."""

    label: str | None = Field(default="label", description="the type; null where spans have none")
    start: str = Field(default="start", description="first character, from 0")
    end: str = Field(default="end", description="character behind the last")
    text: str = Field(default="text", description="the words")


class RecordField(Strict):
    """Where one field of the record comes from. Exactly one of `split`, `pairs`, `spans` and `kind` may be given."""

    origin: str = Field(alias="from", description="column, or a path such as labels.en or spans.0.term")
    between: Annotated[list[str], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="keep what stands between the first [start] and the last [end]; '' means the edge"
    )
    split: str | None = Field(default=None, min_length=1, description="cut the text here into a list of texts")
    pairs: Annotated[list[str], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="cut the text into name-value pairs: [between pairs, between name and value]"
    )
    spans: SpanKeys | None = Field(default=None, description="a list of spans, and what they call their members")
    inside: str | None = Field(default=None, description="for spans: the field whose text they count in")
    kind: Kind | None = Field(default=None, description="the raw value has this kind already")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """`title: name` is short for `title: {from: name}`."""
        return {"from": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_way(self) -> RecordField:
        ways = [name for name in ("split", "pairs", "spans", "kind") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"gives {' and '.join(ways)}, but a field is made in one way")
        if (self.result == "spans") != (self.inside is not None):
            raise ValueError("spans need `inside`, the field whose text they count in, and only spans do")
        return self

    @property
    def result(self) -> Kind:
        """The kind of the field that comes out."""
        if self.split is not None:
            return "texts"
        if self.pairs is not None:
            return "pairs"
        return "spans" if self.spans is not None else self.kind or "text"


class SourceCard(Strict):
    """One source: what it is, what may be done with it, and how its rows become records."""

    id: str = Field(pattern=r"^(en|zh)(/[a-z0-9_]+)+$", description="the path of the card's folder in the catalogue")
    title: str = Field(description="as it is shown in tables")
    about: str = Field(description="one or two sentences for somebody who has never seen it")
    origin: str = Field(description="the data set behind it: sources of one origin are held out together")
    home: str = Field(description="where it was published")
    citation: str = Field(description="who made it, when, under which title")
    licence: Licence
    lang: Lang = Field(description="of its texts; the id begins with it")
    record_type: RecordType = Field(description="what one record is; a pair links nothing when families are made")
    synthetic: bool = Field(default=False, description="made by a program, and marked so in every example")
    published_test_set: bool = Field(default=False, description="read as published: no row dropped, always test")
    folder: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$", description="its folder under the data root"
    )
    files: list[RawFile] = Field(default_factory=list)
    read: Read
    fields: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], RecordField]
    group: list[str] = Field(default_factory=list, description="text fields: equal texts are kin over all sources")
    group_ids: dict[str, str] = Field(
        default_factory=dict, description="id fields and what they name: equal ids are kin within the origin"
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> SourceCard:
        built_in = self.read.format == "storefront"
        if built_in != (self.read.table is not None) or built_in == bool(self.files) or built_in == bool(self.folder):
            raise ValueError("a source has a folder and files, or is a table of the storefront")
        paths = [file.path for file in self.files]
        if len(set(paths)) < len(paths):
            raise ValueError(f"the file {max(paths, key=paths.count)!r} is named twice")
        kinds = self.kinds
        for name in [*self.group, *self.group_ids, *(spec.inside for spec in self.mapping.values() if spec.inside)]:
            if kinds.get(name) not in ("text", "texts"):
                raise ValueError(f"names the text field {name!r}, which is not among its fields")
        reserved = (RECORD_COLUMNS | {"split"}) & kinds.keys()
        if reserved:
            raise ValueError(f"the field name {min(reserved)!r} is taken by the record itself")
        return self

    @cached_property
    def mapping(self) -> dict[str, RecordField]:
        """The fields in the order in which they are made: spans last, since they count in other fields."""
        return dict(sorted(self.fields.items(), key=lambda item: item[1].inside is not None))

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each field."""
        return {name: self.mapping[name].result for name in self.fields}

    @property
    def hosts(self) -> dict[str, str]:
        """For each field of spans, the field whose text the spans count in."""
        return {name: spec.inside for name, spec in self.mapping.items() if spec.inside}


class Sources(NamedTuple):
    """All cards of a catalogue, and the place of each card for error messages."""

    cards: Mapping[str, SourceCard]
    documents: Mapping[str, config.Document]


def load_sources(roots: Sequence[Path]) -> Sources:
    """Read all cards below the catalogue folders; InputError lists the faults of all of them."""
    cards: dict[str, SourceCard] = {}
    documents: dict[str, config.Document] = {}
    faults: list[Fault] = []
    for root, path in card_paths(roots):
        try:
            document = config.read(path)
            card = config.validate(document, SourceCard)
        except EcomError as error:
            faults.extend(error.faults)
            continue
        wanted = path.parent.relative_to(root).as_posix()
        if card.id != wanted:
            line = document.line(("id",))
            faults.append(Fault(document.file, line, f"the id is {card.id!r}", f"Write id: {wanted}"))
        elif card.id in cards:
            faults.append(Fault(document.file, 1, f"the source {card.id!r} exists already", "Give it another folder"))
        else:
            cards[card.id], documents[card.id] = card, document
    if faults:
        raise InputError(faults)
    return Sources(cards, documents)


def card_paths(roots: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Each card's path, with the catalogue folder that it stands in, in a fixed order."""
    for root in roots:
        for path in sorted(root.rglob(CARD)):
            yield root, path


def raw_path(card: SourceCard, file: RawFile, data: Path | None) -> Path | None:
    """Where a raw file of a card should be, or None when no data root is known."""
    return data / card.folder / file.path if data and card.folder else None


def absent_files(card: SourceCard, data: Path | None) -> list[str]:
    """The raw files of a card that are not there; the storefront needs none."""
    paths = {file.path: raw_path(card, file, data) for file in card.files}
    return [name for name, path in paths.items() if path is None or not path.is_file()]
