"""Source cards: one `_source.yaml` says what a source is, what may be done with it, and how its rows become records.

For the ordinary formats the whole mapping is in the card; no Python is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from ecominstruct.config import strict_yaml
from ecominstruct.config.strict_yaml import Strict
from ecominstruct.errors import EcomError, Fault, InputError
from ecominstruct.rows import RECORD_COLUMNS, Kind, Lang, RecordType, Split
from ecominstruct.sources.licences import check_licence
from ecominstruct.sources.readers.base import INSIDE, Place
from ecominstruct.sources.shape import Gather, Read, RecordField, RowSplit, format_of

CARD = "_source.yaml"
READERS = "readers.py"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Licence(Strict):
    """What the source's own repository says about its licence."""

    spdx: Annotated[str, AfterValidator(check_licence)] = Field(
        description="SPDX identifier, `unknown`, or `LicenseRef-NAME` for terms of their own"
    )
    evidence: str = Field(description="where and in which words the licence is stated")
    redistribute: Literal["yes", "no", "unknown"] = Field(description="may rows be passed on?")


class RawFile(Strict):
    """A raw file below the source's folder."""

    path: str = Field(
        description="path below the folder, with forward slashes; `a.zip!b.csv` is a file in an archive; `*` and `**` "
        "stand for several files"
    )
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$", description="of the file that was described")
    rows: int | None = Field(default=None, ge=0, description="rows that the file is known to hold")
    split: Split | None = Field(
        default=None,
        description="the split its publisher put it in. test: its rows are the test set of the source, and no other "
        "row becomes test; validation: likewise; train: no row of it becomes test where another file is test, nor "
        "validation where another one is validation; without: as train",
    )
    set: dict[str, str] = Field(default_factory=dict, description="columns that every row of this file gets")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """A path alone is short for `{path: …}`."""
        return {"path": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _stays_inside(self) -> RawFile:
        if _leaves(self.path):
            raise ValueError(f"the path {self.path!r} leaves the source's folder")
        return self


class Download(Strict):
    """An address that gives one raw file, or an archive of several."""

    url: str = Field(description="http or https, in ASCII, without user name and password")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of what the address gives; nothing else is accepted")
    bytes: int | None = Field(default=None, ge=1, description="the size of what the address gives, where it is known")
    unpack: Literal["none", "zip", "tar"] = Field(
        default="none", description="none: it is the file itself; tar: plain, or with gzip, bzip2 or xz"
    )
    save_as: str = Field(
        default="",
        description="none: which of the files it is; an archive: the folder that its names lie in, '' for none",
    )
    only: list[str] = Field(
        default_factory=list,
        description="names in the archive to unpack, `*` for any characters; default: those that `files` has",
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> Download:
        if problem := address_problem(self.url):
            raise ValueError(f"the address {self.url!r} {problem}")
        if _leaves(self.save_as):
            raise ValueError(f"the path {self.save_as!r} leaves the source's folder")
        if self.unpack == "none" and self.only:
            raise ValueError("`only` names what to unpack, but `unpack` is none")
        return self

    def inside(self, path: str) -> str:
        """The name that a file below the source's folder has in the archive; '' where it cannot be in there."""
        folder = f"{self.save_as}/" if self.save_as else ""
        return path.removeprefix(folder) if path.startswith(folder) else ""

    def gives(self, file: RawFile) -> bool:
        """Whether a raw file of the source comes from this address, as far as the card can tell."""
        if self.unpack == "none":
            return file.path == self.save_as
        name = self.inside(file.path)
        return bool(name) and (not self.only or any(fnmatchcase(name, pattern) for pattern in self.only))


class Lookup(Strict):
    """A second file whose rows are found by key and stand beside the raw row under the name of the lookup."""

    file: RawFile
    read: Read | None = Field(default=None, description="how it is read (default: as the card's files)")
    by: str = Field(description="the column of the raw row that holds the key")
    key: str = Field(description="the column of the second file that holds the key")
    many: bool = Field(default=False, description="all rows with the key, as a list; else the first one")
    optional: bool = Field(default=False, description="where nothing is found the row stays")


class Acceptance(Strict):
    """What a person found who checked a drawn sample of its records (`ecom sources sample`)."""

    rows: int = Field(ge=1, description="records that were checked")
    wrong: int = Field(ge=0, description="of them, records that were not right")

    @model_validator(mode="after")
    def _fits(self) -> Acceptance:
        if self.wrong > self.rows:
            raise ValueError(f"{self.wrong} wrong of {self.rows} rows")
        return self

    @property
    def shown(self) -> str:
        """`3 of 200`."""
        return f"{self.wrong} of {self.rows}"


class SourceCard(Strict):
    """One source: what it is, what may be done with it, and how its rows become records."""

    id: str = Field(pattern=r"^(en|zh)(/[a-z0-9_]+)+$", description="the path of the card's folder in the catalogue")
    title: str = Field(default="", description="as it is shown in tables (default: the id)")
    about: str = Field(default="", description="one or two sentences for somebody who has never seen it")
    origin: str = Field(
        default="", description="the data set behind it: one origin is held out together (default: the id)"
    )
    home: str = Field(default="", description="where it was published")
    citation: str = Field(default="", description="who made it, when, under which title")
    licence: Licence = Licence(spdx="unknown", evidence="none stated", redistribute="unknown")
    lang: Lang = Field(default="en", description="of its texts, as the id begins")
    record_type: RecordType = Field(description="what one record is; a pair links nothing when families are made")
    synthetic: bool = Field(default=False, description="made by a program, and marked so in every example")
    acceptance: Acceptance | None = None
    published_test_set: bool = Field(default=False, description="read as published: no row dropped, always test")
    folder: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$",
        description="its folder under the data root (default: beside the card)",
    )
    files: list[RawFile] = Field(default_factory=list)
    download: list[Download] = Field(default_factory=list)
    read: Read = Field(
        default=Read(format="jsonl"),
        description="how the raw rows are read (default: as the name of the first file says)",
    )
    lookup: dict[Name, Lookup] = Field(default_factory=dict, description="files that give further columns by key")
    explode: str | None = Field(
        default=None, description="a path to a list: each item is a row, under `item`, beside what stands around it"
    )
    where: dict[str, list[str]] = Field(
        default_factory=dict, description="keep the raw rows in which each of these columns has one of the values"
    )
    where_not: dict[str, list[str]] = Field(
        default_factory=dict, description="leave out the raw rows in which one of these columns has one of the values"
    )
    gather: Gather | None = None
    published_split: RowSplit | None = None
    fields: dict[Name, RecordField]
    group: list[str] = Field(default_factory=list, description="text fields: equal texts are kin over all sources")
    group_ids: dict[str, str] = Field(
        default_factory=dict, description="id fields and what they name: equal ids are kin within the origin"
    )

    _root: Path | None = PrivateAttr(None)  # the folder of the card
    _readers: Path | None = PrivateAttr(None)  # reader functions beside the catalogue that it stands in

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, value: Any) -> Any:
        """What a short card leaves out follows from its id and from the names of its files."""
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            return value
        source = value["id"]
        files = value.get("files", [])
        files = [files] if isinstance(files, str | dict) else files
        given = {"title": source, "origin": source.partition("/")[2] or source, "lang": source.partition("/")[0]}
        return {**given, **value, "files": files, **_read_default(value.get("read", {}), files)}

    @model_validator(mode="after")
    def _hangs_together(self) -> SourceCard:
        built_in = self.read.format == "storefront"
        if built_in != (self.read.table is not None) or built_in == bool(self.files) or (built_in and self.folder):
            raise ValueError("a source has files, or is a table of the storefront")
        paths = [file.path for file in self.files]
        if len(set(paths)) < len(paths):
            raise ValueError(f"the file {max(paths, key=paths.count)!r} is named twice")
        for download in self.download:
            given = [file for file in self.files if download.gives(file)]
            if not given:
                raise ValueError(
                    f"the address {download.url} gives none of the source's files: see its save_as and only"
                )
            if download.unpack == "none" and given[0].sha256 not in (None, download.sha256):
                raise ValueError(f"the file {given[0].path!r} and its download have another sha256 each")
        kinds = self.kinds
        for name in [*self.group, *self.group_ids, *(spec.inside for spec in self.mapping.values() if spec.inside)]:
            if kinds.get(name) not in ("text", "texts"):
                raise ValueError(f"names the text field {name!r}, which is not among its fields")
        reserved = (RECORD_COLUMNS | {"split"}) & kinds.keys()
        if self.lang != self.id.partition("/")[0]:
            raise ValueError(f"the id begins with {self.id.partition('/')[0]!r}, but the language is {self.lang!r}")
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
    def rows(self) -> int | None:
        """The raw rows that its files are known to hold; None where one of them is not counted."""
        counts = [file.rows for file in self.files]
        return None if None in counts or not counts else sum(count or 0 for count in counts)

    @property
    def hosts(self) -> dict[str, str]:
        """For each field of spans, the field whose text the spans count in."""
        return {name: spec.inside for name, spec in self.mapping.items() if spec.inside}


def address_problem(url: str) -> str:
    """What is wrong with an address to download from, as the end of a sentence; '' when nothing is."""
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>'):
        return "holds characters that no address has: write them as %XX"
    try:
        parts = urlsplit(url)
        named = parts.hostname and parts.port != 0
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https"):
        return "is neither http nor https"
    if not named:
        return "names no host"
    return "holds a user name" if "@" in parts.netloc else ""


def _leaves(path: str) -> bool:
    """Whether a path that is meant to stay below a folder does not."""
    return Path(path).is_absolute() or ".." in Path(path).parts or "\\" in path


def _read_default(read: Any, files: Any) -> dict[str, Any]:
    """`read` with the format that the name of the first file speaks of, where the card gives none."""
    given = read or {}
    if not isinstance(given, dict) or given.get("format") or given.get("reader") or not isinstance(files, list):
        return {"read": read} if read else {}
    first = next((file.get("path") if isinstance(file, dict) else file for file in files), None)
    found = format_of(first) if isinstance(first, str) else None
    if isinstance(first, str) and not found:
        raise ValueError(f"the name {first!r} does not say what it holds: write read: {{format: …}}")
    return {"read": {**given, "format": found}} if found else {}


class Sources(NamedTuple):
    """All cards of a catalogue, and the place of each card for error messages."""

    cards: Mapping[str, SourceCard]
    documents: Mapping[str, strict_yaml.Document]


def load_sources(roots: Sequence[Path]) -> Sources:
    """Read all cards below the catalogue folders; InputError lists the faults of all of them."""
    cards: dict[str, SourceCard] = {}
    documents: dict[str, strict_yaml.Document] = {}
    faults: list[Fault] = []
    for root, path in card_paths(roots):
        try:
            document = strict_yaml.read(path)
            card = strict_yaml.validate(document, SourceCard)
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
            card._root, card._readers = path.parent, _beside(root)
            cards[card.id], documents[card.id] = card, document
    if faults:
        raise InputError(faults)
    return Sources(cards, documents)


def card_paths(roots: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Each card's path, with the catalogue folder that it stands in, in a fixed order."""
    for root in roots:
        for path in sorted(root.rglob(CARD)):
            yield root, path


def _beside(root: Path) -> Path | None:
    """The reader functions that stand in a catalogue folder."""
    path = root / READERS
    return path if path.is_file() else None


def raw_files(card: SourceCard) -> list[tuple[RawFile, Lookup | None]]:
    """All raw files of a card in the order of their units: those that hold its records, then those of its lookups."""
    looked_up = [(lookup.file, lookup) for _, lookup in sorted(card.lookup.items())]
    return [*((file, None) for file in card.files), *looked_up]


class Found(NamedTuple):
    """A raw file that is there: its path below the source's folder, and its place."""

    name: str
    place: Place


def raw_places(card: SourceCard, file: RawFile, data: Path | None) -> list[Found]:
    """Where a raw file of a card is; of a pattern all files that fit, in a fixed order; [] where it is absent."""
    folder = data / card.folder if data and card.folder else None if card.folder else card._root
    if folder is None:
        return []
    outer, _, member = file.path.partition(INSIDE)
    if any(mark in outer for mark in "*?["):
        paths = [path for path in sorted(folder.glob(outer)) if path.is_file()]
        return [Found(path.relative_to(folder).as_posix(), Place(path, member)) for path in paths]
    path = folder / outer
    return [Found(file.path, Place(path, member))] if path.is_file() else []


def absent_files(card: SourceCard, data: Path | None) -> list[str]:
    """The raw files of a card that are not there; the storefront needs none."""
    return [file.path for file, _ in raw_files(card) if not raw_places(card, file, data)]
