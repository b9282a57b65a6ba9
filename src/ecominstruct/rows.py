"""The row types of all stages, and nothing else.

Record      one raw thing of a source                                    1-records
Assignment  the family and the split of a record                         2-splits
Example     one instruction: six parts, the gold as data, provenance     3-examples, 4-dataset
Match       a text that stands elsewhere too: a copy, or in validation or test  4-quality_signals
Measure     what can be counted of one pair of task and record           4-quality_signals
Prediction  what one model answered to one example                       6-predictions
Score       how that answer was read and what it is worth                7-scores
Finding     what a check found in a row, or in a task as a whole          9-audit
Reject      a row that did not pass, and why; beside every stage

Each has one Arrow schema. Stages pass Arrow column batches; the classes below appear only at the edges.
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
"""What a field of a record holds: a text; a list of texts; name–value pairs; labelled stretches of a text, with
offsets in characters; the turns of a dialogue."""
KINDS: tuple[Kind, ...] = get_args(Kind)

Check = Literal["leak", "copy", "conflict"]
"""What a match means: a text of validation or test in training; the same twice; one input with different answers."""

Outcome = Literal["parsed", "error", "refused", "truncated", "empty", "off_menu", "ambiguous", "unparseable"]
"""How an answer was read. Each answer has exactly one outcome; where several would fit, the earlier name wins."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Span(NamedTuple):
    """A labelled stretch of a text: characters `start` to `end` (exclusive, from 0) are `text`."""

    label: str
    start: int
    end: int
    text: str


class Gold(NamedTuple):
    """The right answer as data. One struct with the same members in every form, so that no separator breaks it.

    text     the answer of select, generate and qa, and of extract where one answer is asked for
    labels   the answer of classify
    ranking  the answer of rank, best first
    spans    the answer of ner and extract; offsets count in the example's `input`
    """

    text: str = ""
    labels: tuple[str, ...] = ()
    ranking: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


class Example(NamedTuple):
    """One instruction. `description` to `output` are the six parts of the published schema, kept apart."""

    id: str  # hash of task, record and number of the wording
    task: str
    task_version: int
    record: str  # id of the record it was made from
    row: int  # of that record in its raw file, from 0
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
    wording: str  # pool, version, language and the number of each part
    labelled_by: LabelledBy
    labeller: str  # source or rule, with its version
    derived_from: tuple[str, ...]  # further records that went into it
    licence: str
    synthetic: bool


class Match(NamedTuple):
    """What was found out about a record in a task: what of it stands elsewhere too, and how similar the two are."""

    record: str
    split: str
    check: Check
    kind: str  # exact, reordered, near, overlap; of a conflict: answers
    part: str  # of the example: input, output, choices, or a field of its record
    similarity: float
    other: str  # id of the other record: the one that stays, or the one in validation or test
    other_source: str
    other_split: str
    other_part: str


class Measure(NamedTuple):
    """What can be counted of one pair of task and record, for filters; texts are those of the example."""

    record: str
    row: int
    split: str
    input_chars: int
    output_chars: int
    illegal: int  # characters that no text should hold: controls, half characters, replacement marks
    chinese: float  # share of the letters of the input that are Chinese
    repeated: float  # share of the input's 10-grams that stand there before
    output_in_input: bool
    rating: float | None  # by the classifier of the recipe, where it names one
    content: int  # equal where the same is asked and answered, in whatever task


class Prediction(NamedTuple):
    """What one model answered. `error` is empty unless the model failed to answer; then `text` is empty."""

    example: str
    model: str
    text: str
    finish: str = "stop"  # stop, length where the model ran into its limit, or what else a server calls it
    prompt_sha: str = ""
    error: str = ""


Severity = Literal["high", "medium", "low"]
"""How much a finding spoils: high, a score or the data cannot be trusted; medium, single rows; low, good to know."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


class Finding(NamedTuple):
    """What a check found: where it stands, and enough of it to be recognised.

    `row` is the id of the example; it is empty, and `number` is -1, where the finding is about the task as a whole.
    """

    task: str
    row: str
    number: int  # of the record in its raw file, from 0
    check: str  # the family of kinds, such as duplicates or spans
    kind: str
    field: str  # the part of the example: input, output, choices, choices[2], gold, or a field of the record
    start: int  # characters of that field; 0 to 0 where the whole of it is meant
    end: int
    severity: Severity
    excerpt: str  # masked: no long numbers, no addresses
    rule: str = ""  # which of its rules found it, where a kind has several
    split: str = "test"


class LabelCounts(NamedTuple):
    """The counters of one label in one answer: true positives, false positives, false negatives."""

    label: str
    tp: int
    fp: int
    fn: int


class Score(NamedTuple):
    """How one answer was read, and its counters. `answer` is the answer as read, written the way the gold is.

    `tp` to `fn` count all labels together, `…_untyped` stretches whatever their type. The members behind `counts` are
    named as the metrics that are their means, each in [0, 1]; None where the form has no such metric.
    """

    example: str
    task: str
    row: int
    family: str
    outcome: Outcome
    strict: Outcome  # what a reader who allows nothing but the form asked for would say
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
    bleu: tuple[int, ...] | None = None  # counters of n-grams: BLEU is no mean
    chrf: float | None = None
    ndcg: float | None = None
    mrr: float | None = None
    recall_at_1: float | None = None
    recall_at_3: float | None = None


class Reject(NamedTuple):
    """A row that did not pass a stage (or passed, but is odd), and why. `row` names it as precisely as known.

    `raw` is the beginning of what stood there, safe to show, where the row could not be read.
    """

    stage: str
    unit: str
    row: str
    reason: str
    detail: str = ""
    raw: str = ""


def kind_type(kind: Kind) -> pa.DataType:
    """The Arrow type of a field of this kind."""
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
    """The schema of a source's records: what every record has, then the source's own fields."""
    import pyarrow as pa

    fixed: list[tuple[str, pa.DataType]] = [
        ("id", pa.string()),
        ("source", pa.string()),
        ("record_type", pa.string()),
        ("lang", pa.string()),
        ("file", pa.string()),  # the raw file, relative to the source's folder
        ("row", pa.int64()),  # the row in that file, from 0
        ("group", pa.list_(pa.string())),  # keys that make records kin: product, query, thread, text
        ("published_split", pa.string()),
        ("raw_hash", pa.string()),  # fingerprint of the raw row as its reader gave it
        ("raw_ordinal", pa.int32()),  # its number among equal rows of its file, from 0
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
    """The schema of 2-splits: one row a record, in the order of the record parts; `split` is null where rejected."""
    import pyarrow as pa

    return pa.schema([("record", pa.string()), ("family", pa.string()), ("split", pa.string())])


def example_schema() -> pa.Schema:
    """The schema of examples, in 3-examples and in 4-dataset."""
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
    """The schema of matches."""
    import pyarrow as pa

    return pa.schema([(name, pa.float64() if name == "similarity" else pa.string()) for name in Match._fields])


def measure_schema() -> pa.Schema:
    """The schema of measures."""
    import pyarrow as pa

    texts, flags = dict.fromkeys(("record", "split"), pa.string()), {"output_in_input": pa.bool_()}
    shares = dict.fromkeys(("chinese", "repeated", "rating"), pa.float64())
    types: dict[str, pa.DataType] = {**texts, **flags, **shares, "content": pa.uint64()}
    return pa.schema([(name, types.get(name, pa.int64())) for name in Measure._fields])


def prediction_schema() -> pa.Schema:
    """The schema of predictions."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in Prediction._fields])


def finding_schema() -> pa.Schema:
    """The schema of findings."""
    import pyarrow as pa

    numbers = {name: pa.int64() for name in ("number", "start", "end")}
    return pa.schema([(name, numbers.get(name, pa.string())) for name in Finding._fields])


def score_schema() -> pa.Schema:
    """The schema of scores."""
    import pyarrow as pa

    counters = [(name, pa.int64()) for name in ("tp", "fp", "fn")]
    types: dict[str, pa.DataType] = {}
    types |= dict.fromkeys(("example", "task", "family", "outcome", "strict", "answer"), pa.string())
    types |= dict.fromkeys(Score._fields[Score._fields.index("f1_by_example") :], pa.float64())
    types["counts"] = pa.list_(pa.struct([("label", pa.string()), *counters]))
    types["bleu"] = pa.list_(pa.int64())
    return pa.schema([(name, types.get(name, pa.int64())) for name in Score._fields])


def score_of(row: Mapping[str, object]) -> Score:
    """A Score from a row of its table, as `Table.to_pylist` gives it."""
    values = dict(row)
    values["counts"] = tuple(LabelCounts(**count) for count in values["counts"])  # type: ignore[attr-defined]
    values["bleu"] = None if values["bleu"] is None else tuple(values["bleu"])  # type: ignore[arg-type]
    return Score(**values)  # type: ignore[arg-type]


def reject_schema() -> pa.Schema:
    """The schema of rejects and of notes."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in Reject._fields])


def _span_type() -> pa.DataType:
    import pyarrow as pa

    return pa.struct([("label", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("text", pa.string())])


def example_of(row: Mapping[str, object]) -> Example:
    """An Example from a row of its table, as `Table.to_pylist` gives it."""
    values = dict(row)
    gold = values["gold"]
    assert isinstance(gold, dict)
    values["gold"] = Gold(
        gold["text"], tuple(gold["labels"]), tuple(gold["ranking"]), tuple(Span(**span) for span in gold["spans"])
    )
    values["choices"] = tuple(values["choices"])  # type: ignore[arg-type]
    values["derived_from"] = tuple(values["derived_from"])  # type: ignore[arg-type]
    return Example(**values)  # type: ignore[arg-type]
