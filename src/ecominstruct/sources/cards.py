"""Source cards: `_source.yaml` says what a source is, how it may be used, and how its rows become records.

A card describes the whole mapping for the common formats; no Python is needed.
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
    """The licence that the source's own repository states."""

    spdx: Annotated[str, AfterValidator(check_licence)] = Field(
        description="SPDX identifier, `unknown`, or `LicenseRef-NAME` for custom terms"
    )
    evidence: str = Field(description="where the licence is stated, quoted")
    redistribute: Literal["yes", "no", "unknown"] = Field(description="whether rows may be passed on")


class RawFile(Strict):
    """A raw file in the source's folder."""

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
        """Accept a bare path as short for `{path: …}`."""
        return {"path": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _stays_inside(self) -> RawFile:
        if _leaves(self.path):
            raise ValueError(f"the path {self.path!r} leaves the source's folder")
        return self


class Download(Strict):
    """A URL that provides one raw file, or an archive of several."""

    url: str = Field(description="http or https, in ASCII, without user name and password")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the downloaded file; anything else is refused")
    bytes: int | None = Field(default=None, ge=1, description="size of the downloaded file, if known")
    unpack: Literal["none", "zip", "tar"] = Field(
        default="none", description="none: the file is used as it is; tar: plain, or with gzip, bzip2 or xz"
    )
    save_as: str = Field(
        default="",
        description="none: path of the file; archive: folder to unpack into, '' for the source's own",
    )
    only: list[str] = Field(
        default_factory=list,
        description="names in the archive to unpack, `*` for any characters (default: those listed in `files`)",
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
        """The name that a file of the source has inside the archive; '' if it lies outside `save_as`."""
        folder = f"{self.save_as}/" if self.save_as else ""
        return path.removeprefix(folder) if path.startswith(folder) else ""

    def gives(self, file: RawFile) -> bool:
        """Whether the card says that this download provides the raw file."""
        if self.unpack == "none":
            return file.path == self.save_as
        name = self.inside(file.path)
        return bool(name) and (not self.only or any(fnmatchcase(name, pattern) for pattern in self.only))


class Lookup(Strict):
    """A second file, joined to the raw rows by key. The rows found are added under the name of the lookup."""

    file: RawFile
    read: Read | None = Field(default=None, description="how the file is read (default: as `files` are)")
    by: str = Field(description="the column of the raw row that holds the key")
    key: str = Field(description="the column of the second file that holds the key")
    many: bool = Field(default=False, description="true: all rows with the key, as a list; false: the first one")
    optional: bool = Field(default=False, description="keep the raw row if nothing is found")


class Acceptance(Strict):
    """What a person found in a random sample of the records (`ecom sources sample`)."""

    rows: int = Field(ge=1, description="number of records checked")
    wrong: int = Field(ge=0, description="number of those that were wrong")

    @model_validator(mode="after")
    def _fits(self) -> Acceptance:
        if self.wrong > self.rows:
            raise ValueError(f"{self.wrong} wrong of {self.rows} rows")
        return self

    @property
    def shown(self) -> str:
        """For example `3 of 200`."""
        return f"{self.wrong} of {self.rows}"


class SourceCard(Strict):
    """One source: what it is, how it may be used, and how its rows become records."""

    id: str = Field(pattern=r"^(en|zh)(/[a-z0-9_]+)+$", description="the path of the card's folder in the catalogue")
    title: str = Field(default="", description="name shown in tables (default: the id)")
    about: str = Field(default="", description="one or two sentences for a reader who does not know it")
    origin: str = Field(
        default="", description="the data set behind it; one origin is held out together (default: the id)"
    )
    home: str = Field(default="", description="where it was published")
    citation: str = Field(default="", description="who made it, when, under which title")
    licence: Licence = Licence(spdx="unknown", evidence="none stated", redistribute="unknown")
    lang: Lang = Field(default="en", description="language of the texts, equal to the first part of the id")
    record_type: RecordType = Field(description="what a record is; the sides of a pair need not share a family")
    synthetic: bool = Field(default=False, description="made by a program; every example is marked so")
    acceptance: Acceptance | None = None
    published_test_set: bool = Field(default=False, description="keep as published: drop no row, all are test")
    folder: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$",
        description="folder of the raw files under the data root (default: the card's own folder)",
    )
    files: list[RawFile] = Field(default_factory=list)
    download: list[Download] = Field(default_factory=list)
    read: Read = Field(
        default=Read(format="jsonl"),
        description="how the raw rows are read (default: by the name of the first file)",
    )
    lookup: dict[Name, Lookup] = Field(default_factory=dict, description="second files, joined by key")
    explode: str | None = Field(
        default=None, description="path to a list: each item becomes a row, as `item`, with the other columns repeated"
    )
    where: dict[str, list[str]] = Field(
        default_factory=dict, description="keep only raw rows in which each of these columns has one of its values"
    )
    where_not: dict[str, list[str]] = Field(
        default_factory=dict, description="leave out raw rows in which any of these columns has one of its values"
    )
    gather: Gather | None = None
    published_split: RowSplit | None = None
    fields: dict[Name, RecordField]
    group: list[str] = Field(default_factory=list, description="text fields; equal text joins families, across sources")
    group_ids: dict[str, str] = Field(
        default_factory=dict, description="id fields and what they identify; equal ids join families in an origin"
    )

    _root: Path | None = PrivateAttr(None)  # the card's folder
    _readers: Path | None = PrivateAttr(None)  # custom `readers.py` in the catalogue of the card

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, value: Any) -> Any:
        """Fill in what a short card leaves out, from its id and its file names."""
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
            raise ValueError("a source has either files or a table of the storefront")
        paths = [file.path for file in self.files]
        if len(set(paths)) < len(paths):
            raise ValueError(f"the file {max(paths, key=paths.count)!r} is named twice")
        for download in self.download:
            given = [file for file in self.files if download.gives(file)]
            if not given:
                raise ValueError(
                    f"the address {download.url} provides none of the source's files: check save_as and only"
                )
            if download.unpack == "none" and given[0].sha256 not in (None, download.sha256):
                raise ValueError(f"the file {given[0].path!r} and its download have different sha256")
        kinds = self.kinds
        for name in [*self.group, *self.group_ids, *(spec.inside for spec in self.mapping.values() if spec.inside)]:
            if kinds.get(name) not in ("text", "texts"):
                raise ValueError(f"names the text field {name!r}, which is not among its fields")
        reserved = (RECORD_COLUMNS | {"split"}) & kinds.keys()
        if self.lang != self.id.partition("/")[0]:
            raise ValueError(f"the id begins with {self.id.partition('/')[0]!r}, but the language is {self.lang!r}")
        if reserved:
            raise ValueError(f"the field name {min(reserved)!r} is reserved: every record has it")
        return self

    @cached_property
    def mapping(self) -> dict[str, RecordField]:
        """The fields in the order in which they are computed: spans last, because they refer to other fields."""
        return dict(sorted(self.fields.items(), key=lambda item: item[1].inside is not None))

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each field, by name."""
        return {name: self.mapping[name].result for name in self.fields}

    @property
    def rows(self) -> int | None:
        """The number of raw rows that the card states for its files; None if any file has no count."""
        counts = [file.rows for file in self.files]
        return None if None in counts or not counts else sum(count or 0 for count in counts)

    @property
    def hosts(self) -> dict[str, str]:
        """For each span field, the text field that its offsets refer to."""
        return {name: spec.inside for name, spec in self.mapping.items() if spec.inside}


def address_problem(url: str) -> str:
    """Return what is wrong with a download URL, as the end of a sentence; '' if nothing is."""
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>'):
        return "holds characters that are not allowed in a URL: write them as %XX"
    try:
        parts = urlsplit(url)
        named = parts.hostname and parts.port != 0
    except ValueError:
        return "is not a valid URL"
    if parts.scheme not in ("http", "https"):
        return "is neither http nor https"
    if not named:
        return "names no host"
    return "holds a user name" if "@" in parts.netloc else ""


def _leaves(path: str) -> bool:
    """Whether a relative path leaves the folder that it should stay in."""
    return Path(path).is_absolute() or ".." in Path(path).parts or "\\" in path


def _read_default(read: Any, files: Any) -> dict[str, Any]:
    """`read` completed with the format that the first file's name implies, if the card states none."""
    given = read or {}
    if not isinstance(given, dict) or given.get("format") or given.get("reader") or not isinstance(files, list):
        return {"read": read} if read else {}
    first = next((file.get("path") if isinstance(file, dict) else file for file in files), None)
    found = format_of(first) if isinstance(first, str) else None
    if isinstance(first, str) and not found:
        raise ValueError(f"the name {first!r} does not tell its format: write read: {{format: …}}")
    return {"read": {**given, "format": found}} if found else {}


class Sources(NamedTuple):
    """All cards of a catalogue by id, and the YAML document of each for error messages."""

    cards: Mapping[str, SourceCard]
    documents: Mapping[str, strict_yaml.Document]


def load_sources(roots: Sequence[Path]) -> Sources:
    """Read all cards in the catalogue folders.

    Raises InputError with the faults of all cards together.
    """
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
    """Yield each card's catalogue folder and path, in a fixed order."""
    for root in roots:
        for path in sorted(root.rglob(CARD)):
            yield root, path


def _beside(root: Path) -> Path | None:
    """The `readers.py` of a catalogue folder, if there is one."""
    path = root / READERS
    return path if path.is_file() else None


def raw_files(card: SourceCard) -> list[tuple[RawFile, Lookup | None]]:
    """All raw files of a card in the order of their units: its own files, then those of its lookups."""
    looked_up = [(lookup.file, lookup) for _, lookup in sorted(card.lookup.items())]
    return [*((file, None) for file in card.files), *looked_up]


class Found(NamedTuple):
    """A raw file on disk: its path in the source's folder, and its place."""

    name: str
    place: Place


def raw_places(card: SourceCard, file: RawFile, data: Path | None) -> list[Found]:
    """Find a raw file of a card on disk; return [] if it is absent. A pattern returns all matches, in a fixed order."""
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
    """The paths of a card's raw files that are not on disk. A storefront source has none."""
    return [file.path for file, _ in raw_files(card) if not raw_places(card, file, data)]
