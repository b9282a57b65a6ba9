"""How a card says what its raw rows are and what becomes of them: reading, joining, gathering, and the fields."""

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
OPTIONS: dict[str, frozenset[str]] = {  # what each format understands
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
    """The format that the name of a file speaks of; None where it speaks of none."""
    inner = path.rpartition("!")[2].removesuffix(".gz").removesuffix(".zip")
    return SUFFIXES.get(PurePosixPath(inner).suffix.lower())


class Read(Strict):
    """How the raw rows are read. Each format understands some of these keys and refuses the others."""

    format: Format | None = Field(
        default=None,
        description="jsonl: an object a line; json: a document; squad: questions on contexts; markdown: its JSON "
        "blocks; csv: cells, whatever stands between them; xlsx; parquet; conll: a token and its tag a line; xml; "
        "lines: plain lines; text: one file a row; storefront: built in",
    )
    reader: str | None = Field(default=None, description="instead of a format: the name of a reader function")
    encoding: str = Field(
        default="auto", description="auto: by mark, else UTF-8, else GB18030 where the lines speak for it; or its name"
    )
    separator: str | None = Field(
        default=None,
        min_length=1,
        description="csv: between cells, of any length (default: guessed); conll: before the tag",
    )
    quote: str = Field(
        default='"', pattern=r"^(.|none)$", description="csv: around cells that hold anything; or `none`"
    )
    columns: list[str] = Field(default_factory=list, description="names of the columns, or of the lines of a row")
    header: bool | None = Field(
        default=None, description="csv, xlsx: whether the first row names the columns (default: unless `columns` does)"
    )
    rest: str | None = Field(default=None, description="csv, lines: further cells of a row become this list of texts")
    skip: int = Field(default=0, ge=0, description="lines before the first that counts")
    comment: str | None = Field(default=None, min_length=1, description="lines that begin with this are no rows")
    records: str | None = Field(
        default=None, description="json: where the rows are, such as data.*.items.*; xml: the element that is a row"
    )
    lists: list[str] = Field(default_factory=list, description="xml: elements of which there may be several")
    sheet: str | None = Field(default=None, description="xlsx: the name of the sheet (default: the first)")
    lines: int = Field(default=1, ge=1, le=1000, description="lines, jsonl: lines that make one row")
    blocks: bool = Field(default=False, description="lines: rows are apart by blank lines")
    join: str = Field(default="", description="conll: what stands between the tokens in the text; English: a blank")
    table: Table | None = Field(default=None, description="storefront: which of its tables")

    @field_validator("encoding")
    @classmethod
    def _exists(cls, value: str) -> str:
        if value == "auto":
            return value
        try:
            "".encode(value)  # a codec of text, unlike base64
        except LookupError:
            raise ValueError(f"no encoding is called {value!r}") from None
        return codecs.lookup(value).name

    @model_validator(mode="after")
    def _hangs_together(self) -> Read:
        if (self.format is None) == (self.reader is None):
            raise ValueError("give a format, or a reader")
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
            raise ValueError("names a column twice")
        return self


class SpanKeys(Strict):
    """The names that a raw span uses for its members."""

    label: str | None = Field(default="label", description="the type; null where spans have none")
    start: str | None = Field(default="start", description="first character, from 0; null: where the words stand first")
    end: str | None = Field(default="end", description="character behind the last; null: behind the words")
    text: str | None = Field(default="text", description="the words; null: what stands there")


class PairKeys(Strict):
    """The names that a raw pair uses for its members."""

    name: str = Field(default="name", description="the name")
    value: str = Field(default="value", description="the value")


class TurnKeys(Strict):
    """The names that a raw turn uses for its members."""

    speaker: str | None = Field(default="speaker", description="who speaks; null where it is always the same")
    text: str = Field(default="text", description="what is said")
    by: str = Field(default="", description="who speaks, where the turn does not say it: customer or agent")


class RecordField(Strict):
    """Where one field of the record comes from. One of `split`, `pairs`, `spans`, `turns`, `kind` at most."""

    origin: str | list[str] | None = Field(
        default=None,
        alias="from",
        description="column, or a path such as labels.en, spans.0.term, turns.*.text; or several",
    )
    constant: str | None = Field(default=None, description="instead: the same text in every record")
    optional: bool = Field(default=False, description="where it is missing or null the field is empty")
    lenient: bool = Field(
        default=False, description="where it does not fit the field is empty and the row is noted, not lost"
    )
    between: Annotated[list[str], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="keep what stands between the first [start] and the last [end]; '' means the edge"
    )
    match: str | None = Field(default=None, description="keep the group of this regular expression, or all it matches")
    parse: str | None = Field(default=None, description="a parser for odd cells, by name")
    join: str | None = Field(default=None, description="make a list one text, with this between its items")
    strip: bool = Field(default=False, description="take white space off both ends of each text")
    nothing: list[str] = Field(default_factory=list, description="texts that mean there is none; lists leave them out")
    map: dict[str, str] = Field(
        default_factory=dict, description="raw word to word (value, label or speaker); `*`: all others"
    )
    split: str | None = Field(default=None, min_length=1, description="cut the text here into a list of texts")
    pairs: Annotated[list[str], Field(min_length=2, max_length=2)] | PairKeys | Literal["columns"] | None = Field(
        default=None,
        description="name-value pairs: a text cut at [between pairs, between name and value]; a list of objects and "
        "what they call their members; or `columns`: the columns of `from` with their values",
    )
    spans: SpanKeys | None = Field(default=None, description="a list of spans, and what they call their members")
    turns: list[TurnKeys] | None = Field(
        default=None,
        description="a list of turns, and what they call their members; several: turns that one item holds",
    )
    inside: str | None = Field(default=None, description="for spans: the field whose text they count in")
    kind: Kind | None = Field(default=None, description="the raw value has this kind already")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """`title: name` is short for `title: {from: name}`; one way to say a turn is a list of one."""
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
            raise ValueError(f"is no regular expression: {error}") from None
        if groups > 1:
            raise ValueError("has several groups: which one is meant? Write (?:…) for the others")
        return value

    @field_validator("parse")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in PARSERS:
            raise ValueError(f"no parser is called {value!r}. {nearest(value, list(PARSERS))}")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> RecordField:
        if (self.constant is None) == (self.origin is None):
            raise ValueError("says where it comes from (`from`), or what it always is (`constant`)")
        ways = [name for name in ("split", "pairs", "spans", "turns", "kind") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"gives {' and '.join(ways)}, but a field is made in one way")
        if self.between is not None and self.match is not None:
            raise ValueError("gives between and match, but a text is cut in one way")
        if self.pairs == "columns" and not isinstance(self.origin, list):
            raise ValueError("`pairs: columns` needs a list of columns in `from`")
        if (self.result == "spans") != (self.inside is not None):
            raise ValueError("spans need `inside`, the field whose text they count in, and only spans do")
        return self

    @property
    def result(self) -> Kind:
        """The kind of the field that comes out."""
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
    """Several raw rows become one: its first row, and under `into` the list of all of them."""

    by: list[str] = Field(min_length=1, description="columns whose values the rows have in common")
    order: list[str] = Field(default_factory=list, description="columns to sort the rows by, numbers as numbers")
    into: str = Field(default="rows", description="the name of the list")
    scattered: bool = Field(
        default=False, description="the rows of one record stand anywhere in the file, which is then held in memory"
    )


class RowSplit(Strict):
    """The published split of each row."""

    origin: str = Field(alias="from", description="the column that names it")
    map: dict[str, Literal["train", "validation", "test"]] = Field(description="its words; others mean no split")
