"""Card sections on raw rows: how to read them (`Read`), gather them (`Gather`), and make fields (`RecordField`)."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ecominstruct.config.strict_yaml import Strict
from ecominstruct.errors import nearest
from ecominstruct.rows import Kind
from ecominstruct.sources.parsers import PARSERS

Format = Literal[
    "jsonl", "json", "squad", "markdown", "csv", "xlsx", "parquet", "conll", "xml", "lines", "text", "storefront"
]
Table = Literal[
    "products", "reviews", "queries", "pairs", "dialogues", "questions",
    "requests", "values", "digests", "decisions", "histories",
]  # fmt: skip

SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
    ".xml": "xml",
    ".md": "markdown",
    ".txt": "lines",
    ".conll": "conll",
    ".bio": "conll",
    ".bieos": "conll",
    ".bioes": "conll",
}
_TEXT = frozenset({"encoding"})
_LINES = _TEXT | {"skip", "comment"}
OPTIONS: dict[str, frozenset[str]] = {  # the keys that each format accepts
    "jsonl": _LINES | {"lines", "columns"},
    "json": _TEXT | {"records"},
    "squad": _TEXT,
    "markdown": _TEXT,
    "csv": _LINES | {"separator", "quote", "columns", "header", "rest"},
    "xlsx": frozenset({"columns", "header", "skip", "sheet"}),
    "parquet": frozenset(),
    "conll": _LINES | {"separator", "columns", "join"},
    "xml": _TEXT | {"records", "lists"},
    "lines": _LINES | {"lines", "blocks", "columns", "rest"},
    "text": _TEXT,
    "storefront": frozenset({"table"}),
}


def format_of(path: str) -> Format | None:
    """The format that a file name implies; None if its suffix is unknown."""
    inner = path.rpartition("!")[2].removesuffix(".gz").removesuffix(".zip")
    return SUFFIXES.get(PurePosixPath(inner).suffix.lower())


class Read(Strict):
    """How the raw rows are read. Each format accepts some of these keys and refuses the others."""

    format: Format | None = Field(
        default=None,
        description="jsonl: an object per line; json: a document; squad: questions on contexts; markdown: its JSON "
        "blocks; csv: cells with any separator; xlsx; parquet; conll: a token and its tag per line; xml; "
        "lines: plain lines; text: one file per row; storefront: built in",
    )
    reader: str | None = Field(default=None, description="name of a reader function, instead of a format")
    encoding: str = Field(
        default="auto", description="name of an encoding, or auto: by byte-order mark, else UTF-8, else GB18030"
    )
    separator: str | None = Field(
        default=None,
        min_length=1,
        description="csv: the text between cells, of any length (default: guessed); conll: the text before the tag",
    )
    quote: str = Field(default='"', pattern=r"^(.|none)$", description="csv: the quote character, or `none`")
    columns: list[str] = Field(default_factory=list, description="names of the columns, or of the lines of a row")
    header: bool | None = Field(
        default=None, description="csv, xlsx: whether the first row names the columns (default: unless `columns` does)"
    )
    rest: str | None = Field(default=None, description="csv, lines: name of a list for the extra cells of a row")
    skip: int = Field(default=0, ge=0, description="lines to skip at the beginning")
    comment: str | None = Field(default=None, min_length=1, description="lines that begin with this are ignored")
    records: str | None = Field(
        default=None, description="json: path of the rows, such as data.*.items.*; xml: name of the row element"
    )
    lists: list[str] = Field(default_factory=list, description="xml: elements that may repeat, always read as lists")
    sheet: str | None = Field(default=None, description="xlsx: the name of the sheet (default: the first)")
    lines: int = Field(default=1, ge=1, le=1000, description="lines, jsonl: number of lines per row")
    blocks: bool = Field(default=False, description="lines: blank lines separate the rows")
    join: str = Field(default="", description="conll: text between tokens; a blank for English")
    table: Table | None = Field(default=None, description="storefront: name of the table")

    @field_validator("encoding")
    @classmethod
    def _exists(cls, value: str) -> str:
        if value == "auto":
            return value
        try:
            "".encode(value)  # fails for codecs that are not text encodings, such as base64
        except LookupError:
            raise ValueError(f"unknown encoding {value!r}") from None
        return codecs.lookup(value).name

    @model_validator(mode="after")
    def _hangs_together(self) -> Read:
        if (self.format is None) == (self.reader is None):
            raise ValueError("give either a format or a reader")
        if self.format is None:
            return self
        for name in sorted(self.model_fields_set - {"format"}):
            usual = type(self).model_fields[name].get_default(call_default_factory=True)
            if name not in OPTIONS[self.format] and getattr(self, name) != usual:
                raise ValueError(f"{self.format} has no {name!r}")
        if self.format in ("lines", "jsonl") and self.lines > 1 and len(self.columns) != self.lines:
            raise ValueError(f"a row has {self.lines} lines: name each of them in `columns`")
        if self.format == "conll" and self.columns and not {"token", "tag"} <= set(self.columns):
            raise ValueError("conll needs the columns `token` and `tag`")
        if self.format == "xml" and not self.records:
            raise ValueError("xml needs `records`: the name of the element that is a row")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("has a duplicate column name")
        return self


class SpanKeys(Strict):
    """The names that a raw span uses for its members."""

    label: str | None = Field(default="label", description="the type; null if spans have none")
    start: str | None = Field(default="start", description="first character, from 0; null: where the text first occurs")
    end: str | None = Field(default="end", description="end, exclusive; null: start plus the length of the text")
    text: str | None = Field(default="text", description="the words; null: taken from the offsets")


class PairKeys(Strict):
    """The names that a raw pair uses for its members."""

    name: str = Field(default="name", description="the name")
    value: str = Field(default="value", description="the value")


class TurnKeys(Strict):
    """The names that a raw turn uses for its members."""

    speaker: str | None = Field(default="speaker", description="who speaks; null if it is always the same")
    text: str = Field(default="text", description="what is said")
    by: str = Field(default="", description="fixed speaker, if the turn does not name one: customer or agent")


class RecordField(Strict):
    """Where one field of the record comes from. At most one of `split`, `pairs`, `spans`, `turns` and `kind`."""

    origin: str | list[str] | None = Field(
        default=None,
        alias="from",
        description="a column, a path such as labels.en, spans.0.term, turns.*.text, or a list of these",
    )
    constant: str | None = Field(default=None, description="the same text in every record, instead of `from`")
    optional: bool = Field(default=False, description="a missing or null value gives an empty field")
    lenient: bool = Field(
        default=False, description="a value that does not fit gives an empty field and a note, not a reject"
    )
    between: Annotated[list[str], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="keep the text between the first [start] and the last [end]; '' is the edge"
    )
    match: str | None = Field(default=None, description="keep the group, or the match, of this regular expression")
    parse: str | None = Field(default=None, description="name of a parser for unusual cells")
    join: str | None = Field(default=None, description="join a list into one text, with this between its items")
    strip: bool = Field(default=False, description="strip white space from both ends of each text")
    nothing: list[str] = Field(default_factory=list, description="texts that mean no value; removed from lists")
    map: dict[str, str] = Field(
        default_factory=dict, description="raw word to word (value, label or speaker); `*` for all others"
    )
    split: str | None = Field(default=None, min_length=1, description="separator to split the text into a list at")
    pairs: Annotated[list[str], Field(min_length=2, max_length=2)] | PairKeys | Literal["columns"] | None = Field(
        default=None,
        description="name-value pairs: a text split at [between pairs, between name and value]; a list of objects and "
        "their member names; or `columns`: the columns in `from` with their values",
    )
    spans: SpanKeys | None = Field(default=None, description="a list of spans, and their member names")
    turns: list[TurnKeys] | None = Field(
        default=None,
        description="a list of turns, and their member names; several entries: turns in one item",
    )
    inside: str | None = Field(default=None, description="for spans: the text field that their offsets refer to")
    kind: Kind | None = Field(default=None, description="the raw value already has this kind")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """Accept `title: name` for `title: {from: name}`, and a single turn description for a list of one."""
        if isinstance(value, str | list):
            return {"from": value}
        if isinstance(value, dict) and isinstance(value.get("turns"), dict):
            return {**value, "turns": [value["turns"]]}
        return value

    @field_validator("match")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            groups = re.compile(value or "").groups
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from None
        if groups > 1:
            raise ValueError("has several groups: write (?:…) for all but one")
        return value

    @field_validator("parse")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in PARSERS:
            raise ValueError(f"unknown parser {value!r}. {nearest(value, list(PARSERS))}")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> RecordField:
        if (self.constant is None) == (self.origin is None):
            raise ValueError("needs exactly one of `from` and `constant`")
        ways = [name for name in ("split", "pairs", "spans", "turns", "kind") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"gives {' and '.join(ways)}: only one of them is allowed")
        if self.between is not None and self.match is not None:
            raise ValueError("gives between and match: only one of them is allowed")
        if self.pairs == "columns" and not isinstance(self.origin, list):
            raise ValueError("`pairs: columns` needs a list of columns in `from`")
        if (self.result == "spans") != (self.inside is not None):
            raise ValueError("spans, and only spans, need `inside`: the text field that their offsets refer to")
        return self

    @property
    def result(self) -> Kind:
        """The kind of the resulting field."""
        if self.split is not None:
            return "texts"
        for kind in ("pairs", "spans", "turns"):
            if getattr(self, kind) is not None:
                return kind
        if self.kind is not None:
            return self.kind
        if self.join is not None:
            return "text"
        if self.parse is not None:
            return PARSERS[self.parse].result
        return "texts" if isinstance(self.origin, list) else "text"


class Gather(Strict):
    """Several raw rows become one: the first row, with the list of all of them under `into`."""

    by: list[str] = Field(min_length=1, description="columns whose values the rows share")
    order: list[str] = Field(default_factory=list, description="columns to sort the rows by, numbers numerically")
    into: str = Field(default="rows", description="name of the list")
    scattered: bool = Field(
        default=False, description="the rows of a record may be anywhere in the file, which is then kept in memory"
    )


class RowSplit(Strict):
    """The published split of each row, given by a column."""

    origin: str = Field(alias="from", description="the column that holds it")
    map: dict[str, Literal["train", "validation", "test"]] = Field(description="its values; any other means no split")
