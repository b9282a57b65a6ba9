"""The row types of all stages, and their Arrow schemas.

Record      one item of a source                                         1-records
Assignment  the family and the split of a record                         2-splits
Example     one instruction: six parts, gold answer, provenance          3-examples, 4-dataset
Match       a text that also occurs elsewhere: a duplicate or a leak     4-quality_signals
Measure     counts and scores of one (task, record) pair, for filters    4-quality_signals
Prediction  the answer of one model to one example                       6-predictions
Score       how that answer was parsed, and its metrics                  7-scores
Finding     a problem in a row, or in a task as a whole                  9-audit
Reject      a row that a stage left out, and the reason; next to every stage

Stages exchange Arrow record batches. The NamedTuples below are used only where single rows are made or read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    import pyarrow as pa

Lang = Literal["en", "zh"]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Category = Literal["ner", "qa", "generation", "classification"]
LabelledBy = Literal["source", "rule", "llm", "human"]
RecordType = Literal[
    "product", "review", "query", "pair", "passage", "dialogue", "sentence", "category", "term", "store", "user"
]

Kind = Literal["text", "texts", "pairs", "spans", "turns"]
"""The type of a record field.

text, a list of texts, name–value pairs, labelled spans of a text (with character offsets), or the turns of a dialogue.
"""
KINDS: tuple[Kind, ...] = get_args(Kind)

Check = Literal["leak", "copy", "conflict"]
"""What a match means.

leak: a training text repeats a validation or test text; copy: the same text twice; conflict: equal inputs with
different answers.
"""

Outcome = Literal["parsed", "error", "refused", "truncated", "empty", "off_menu", "ambiguous", "unparseable"]
"""How an answer was parsed. Each answer has exactly one outcome; if several apply, the one listed first wins."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Span(NamedTuple):
    """A labelled span: characters `start` (from 0) to `end` (exclusive) of a text are `text`."""

    label: str
    start: int
    end: int
    text: str


class Gold(NamedTuple):
    """The gold answer as data. Every form uses the same struct, so no separator can break an answer.

    text     the answer of select, generate and qa, and of extract if one answer is expected
    labels   the answer of classify
    ranking  the answer of rank, best first
    spans    the answer of ner and extract; offsets count characters of the example's `input`
    """

    text: str = ""
    labels: tuple[str, ...] = ()
    ranking: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


class Example(NamedTuple):
    """One instruction. `description` to `output` are the six parts of the published schema, kept apart."""

    id: str  # hash of task, record and wording number
    task: str
    task_version: int
    record: str  # id of the record it was made from
    row: int  # index of that record in its raw file, from 0
    family: str
    split: Split
    lang: Lang  # of the input; the instruction may be in the other language
    description: str
    instruction: str
    input: str
    choices: tuple[str, ...]
    constraint: str
    output: str
    gold: Gold
    wording: str  # pool, version, language, and the index of each part
    labelled_by: LabelledBy
    labeller: str  # source or rule, with its version
    derived_from: tuple[str, ...]  # ids of further records used in the example
    licence: str
    synthetic: bool


class Match(NamedTuple):
    """A text of a record that also occurs in another record, and the similarity of the two."""

    record: str
    split: str
    check: Check
    kind: str  # exact, reordered, near, overlap; for a conflict: answers
    part: str  # the part of the example: input, output, choices, or a field of its record
    similarity: float
    other: str  # id of the other record: the original that is kept, or the protected row
    other_source: str
    other_split: str
    other_part: str


class Measure(NamedTuple):
    """Counts and scores of one (task, record) pair, used by filters. Texts are those of the example."""

    record: str
    row: int
    split: str
    input_chars: int
    output_chars: int
    illegal: int  # control characters, lone surrogates, replacement characters and the like
    chinese: float  # share of the letters of the input that are Chinese
    repeated: float  # share of the input's 10-grams that occurred earlier in it
    output_in_input: bool
    rating: float | None  # from the classifier of the recipe, if it names one
    content: int  # hash of question and answer; equal across tasks


class Prediction(NamedTuple):
    """The answer of one model. If the model failed, `error` says why and `text` is empty."""

    example: str
    model: str
    text: str
    finish: str = "stop"  # stop; length if the model hit its limit; or the server's own word
    prompt_sha: str = ""
    error: str = ""


Severity = Literal["high", "medium", "low"]
"""How serious a finding is.

high: a score or the data cannot be trusted; medium: single rows are affected; low: good to know.
"""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


class Finding(NamedTuple):
    """A problem that a check found, with its location and an excerpt.

    `row` is the id of the example. A finding about a task as a whole has an empty `row` and `number` -1.
    """

    task: str
    row: str
    number: int  # index of the record in its raw file, from 0
    check: str  # the group of kinds, such as duplicates or spans
    kind: str
    field: str  # the part of the example: input, output, choices, choices[2], gold, or a field of the record
    start: int  # character offset in that field; start = end = 0 means the whole field
    end: int
    severity: Severity
    excerpt: str  # masked: without long numbers and mail addresses
    rule: str = ""  # the rule that matched, for kinds with several rules
    split: str = "test"


class LabelCounts(NamedTuple):
    """True positives, false positives and false negatives of one label in one answer."""

    label: str
    tp: int
    fp: int
    fn: int


class Score(NamedTuple):
    """How one answer was parsed, and its metric counts. `answer` is the parsed answer, written like the gold.

    `tp`, `fp` and `fn` are summed over all labels; the `…_untyped` counts ignore the type of a span. Each field after
    `counts` is named after the metric whose corpus value is its mean, and lies in [0, 1]; it is None if the form has no
    such metric.
    """

    example: str
    task: str
    row: int
    family: str
    outcome: Outcome
    strict: Outcome  # the outcome for a parser that accepts only the requested format
    answer: str
    tp: int
    fp: int
    fn: int
    tp_untyped: int
    fp_untyped: int
    fn_untyped: int
    counts: tuple[LabelCounts, ...]
    f1_by_example: float | None = None
    exact_match: float | None = None
    rouge_1: float | None = None
    rouge_2: float | None = None
    rouge_l: float | None = None
    rouge_l_words: float | None = None
    bleu: tuple[int, ...] | None = None  # n-gram counts: corpus BLEU is not a mean over examples
    chrf: float | None = None
    ndcg: float | None = None
    mrr: float | None = None
    recall_at_1: float | None = None
    recall_at_3: float | None = None


class Reject(NamedTuple):
    """A row that a stage left out, or kept but noted as unusual, and why. `row` identifies it as precisely as possible.

    `raw` is the beginning of the raw row, safe to print, for rows that could not be read.
    """

    stage: str
    unit: str
    row: str
    reason: str
    detail: str = ""
    raw: str = ""


def kind_type(kind: Kind) -> pa.DataType:
    """Return the Arrow type of a record field of this kind."""
    import pyarrow as pa

    string = pa.string()
    types: dict[Kind, pa.DataType] = {
        "text": string,
        "texts": pa.list_(string),
        "pairs": pa.list_(pa.struct([("name", string), ("value", string)])),
        "spans": pa.list_(_span_type()),
        "turns": pa.list_(pa.struct([("speaker", string), ("text", string)])),
    }
    return types[kind]


def record_schema(fields: Mapping[str, Kind]) -> pa.Schema:
    """Return the schema of a source's records: the columns every record has, then the source's own fields."""
    import pyarrow as pa

    fixed: list[tuple[str, pa.DataType]] = [
        ("id", pa.string()),
        ("source", pa.string()),
        ("record_type", pa.string()),
        ("lang", pa.string()),
        ("file", pa.string()),  # raw file, relative to the folder of the source
        ("row", pa.int64()),  # row index in that file, from 0
        ("group", pa.list_(pa.string())),  # group keys: product, query, thread, text; related records share one
        ("published_split", pa.string()),
        ("raw_hash", pa.string()),  # fingerprint of the raw row as the reader returned it
        ("raw_ordinal", pa.int32()),  # index among equal rows of its file, from 0
    ]
    return pa.schema([*fixed, *((name, kind_type(kind)) for name, kind in fields.items())])


RECORD_COLUMNS = frozenset(
    {
        "id",
        "source",
        "record_type",
        "lang",
        "file",
        "row",
        "group",
        "published_split",
        "raw_hash",
        "raw_ordinal",
    }
)


def assignment_schema() -> pa.Schema:
    """Return the schema of 2-splits: one row per record, in record-part order; `split` is null if rejected."""
    import pyarrow as pa

    return pa.schema([("record", pa.string()), ("family", pa.string()), ("split", pa.string())])


def example_schema() -> pa.Schema:
    """Return the schema of examples, in 3-examples and in 4-dataset."""
    import pyarrow as pa

    string, strings = pa.string(), pa.list_(pa.string())
    gold = pa.struct([("text", string), ("labels", strings), ("ranking", strings), ("spans", pa.list_(_span_type()))])
    types = {
        "task_version": pa.int32(),
        "row": pa.int64(),
        "choices": strings,
        "gold": gold,
        "derived_from": strings,
        "synthetic": pa.bool_(),
    }
    return pa.schema([(name, types.get(name, string)) for name in Example._fields])


def match_schema() -> pa.Schema:
    """Return the schema of matches."""
    import pyarrow as pa

    return pa.schema([(name, pa.float64() if name == "similarity" else pa.string()) for name in Match._fields])


def measure_schema() -> pa.Schema:
    """Return the schema of measures."""
    import pyarrow as pa

    texts, flags = dict.fromkeys(("record", "split"), pa.string()), {"output_in_input": pa.bool_()}
    shares = dict.fromkeys(("chinese", "repeated", "rating"), pa.float64())
    types: dict[str, pa.DataType] = {**texts, **flags, **shares, "content": pa.uint64()}
    return pa.schema([(name, types.get(name, pa.int64())) for name in Measure._fields])


def prediction_schema() -> pa.Schema:
    """Return the schema of predictions."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in Prediction._fields])


def finding_schema() -> pa.Schema:
    """Return the schema of findings."""
    import pyarrow as pa

    numbers = {name: pa.int64() for name in ("number", "start", "end")}
    return pa.schema([(name, numbers.get(name, pa.string())) for name in Finding._fields])


def score_schema() -> pa.Schema:
    """Return the schema of scores."""
    import pyarrow as pa

    counters = [(name, pa.int64()) for name in ("tp", "fp", "fn")]
    types: dict[str, pa.DataType] = {}
    types |= dict.fromkeys(("example", "task", "family", "outcome", "strict", "answer"), pa.string())
    types |= dict.fromkeys(Score._fields[Score._fields.index("f1_by_example") :], pa.float64())
    types["counts"] = pa.list_(pa.struct([("label", pa.string()), *counters]))
    types["bleu"] = pa.list_(pa.int64())
    return pa.schema([(name, types.get(name, pa.int64())) for name in Score._fields])


def score_of(row: Mapping[str, object]) -> Score:
    """Build a Score from a row of its table, as `Table.to_pylist` returns it."""
    values = dict(row)
    values["counts"] = tuple(LabelCounts(**count) for count in values["counts"])  # type: ignore[attr-defined]
    values["bleu"] = None if values["bleu"] is None else tuple(values["bleu"])  # type: ignore[arg-type]
    return Score(**values)  # type: ignore[arg-type]


def reject_schema() -> pa.Schema:
    """Return the schema of rejects and of notes."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in Reject._fields])


def _span_type() -> pa.DataType:
    import pyarrow as pa

    return pa.struct([("label", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("text", pa.string())])


def example_of(row: Mapping[str, object]) -> Example:
    """Build an Example from a row of its table, as `Table.to_pylist` returns it."""
    values = dict(row)
    gold = values["gold"]
    assert isinstance(gold, dict)
    values["gold"] = Gold(
        gold["text"], tuple(gold["labels"]), tuple(gold["ranking"]), tuple(Span(**span) for span in gold["spans"])
    )
    values["choices"] = tuple(values["choices"])  # type: ignore[arg-type]
    values["derived_from"] = tuple(values["derived_from"])  # type: ignore[arg-type]
    return Example(**values)  # type: ignore[arg-type]
