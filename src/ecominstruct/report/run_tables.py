"""What the verbs print, in words, tables and outlines of `layout`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ecominstruct.dataset.shift import read_document, say_all
from ecominstruct.dataset.test_sets import read_tests, say_stated, warnings
from ecominstruct.errors import printable
from ecominstruct.evaluation.metrics import DEFINITIONS
from ecominstruct.report.evidence import chance, signed
from ecominstruct.report.markup import DASH, cut_at, number
from ecominstruct.report.terminal import outline, table
from ecominstruct.splits.assign import KIN_OF_TEST, KIN_OF_VALIDATION

if TYPE_CHECKING:
    pass

TOLERATED = 5  # short inputs of training and test that are named
KIN_WORDS = {
    KIN_OF_TEST: "rows in the family of a stated test row, left out",
    KIN_OF_VALIDATION: "rows in the family of a stated validation row, left out",
}
VERDICTS = {
    "better": "better",
    "no difference shown": "not shown to be better",
    "worse": "worse",
    "not tested": "not tested",
}


def show_task(shown: Mapping[str, Any]) -> str:
    """One task on one record, as a person reads it."""
    task, example = shown["task"], shown["example"]
    facts = (task["category"], task["level"], f"form {task['form']}", f"source {task['source']}")
    blocks = [
        (f"{task['id']} — {task['title']}", " · ".join(facts)),
        ("RECORD (invented: the data are absent)" if shown["invented"] else "RECORD", outline(shown["record"])),
        *([("PROBLEMS", outline(shown["problems"]))] if shown["problems"] else []),
        ("SIX PARTS", outline({name: example[name] for name in shown["parts"]})),
        *([("ASKED OF A MODEL THAT ANNOTATES", shown["annotation"])] if shown["annotation"] else []),
        ("PROMPT", shown["prompt"]),
        ("GOLD", outline({key: item for key, item in example["gold"].items() if item} or {"none": DASH})),
    ]
    return "\n\n".join(f"{head}\n{'─' * 60}\n{body}" for head, body in blocks)


def show_build(summary: Mapping[str, Any]) -> str:
    """What a build gave: rows by task, what was left out, and one line of totals."""
    rows = [(task, f"{n:,}") for task, n in summary["by_task"].items()]
    lines = [table(("task", "examples"), rows), ""]
    for what, key in (("rejected", "rejected"), ("odd but kept", "noted")):
        if summary[key]:
            lines.append(f"{what}: {reasons(summary[key])}")
    if summary["straddles_split"]:
        lines.append(f"pairs that straddle the splits: {by_source(summary['straddles_split'])}")
    for reason, words in KIN_WORDS.items():
        if summary[reason]:
            lines.append(f"{words}: {by_source(summary[reason])}")
    if summary["absent"]:
        lines.append(f"absent: {', '.join(summary['absent'])}")
    if summary["left_out"]:
        named = ", ".join(f"{source} ({licence})" for source, licence in summary["left_out"].items())
        lines.append(f"left out by licence: {named}")
    if summary["forgotten"]:
        lines.append(f"left out, since they were forgotten: {', '.join(summary['forgotten'])}")
    if summary["not_annotated"]:
        lines.append(f"not annotated yet, see ecom annotate: {', '.join(summary['not_annotated'])}")
    if summary["share_alike"]:
        lines.append(f"share-alike, may bind what is made of it: {', '.join(summary['share_alike'])}")
    if summary["guards"]:
        lines.append(f"published test sets whose kin stay out of training: {', '.join(summary['guards'])}")
    lines += say_all(read_document(summary["shifts"]))
    tests = read_tests(summary["test_sets"])
    lines += [*say_stated(tests), *warnings(tests)]
    synthetic = f" ({summary['synthetic']:,} synthetic)" if summary["synthetic"] else ""
    state = "" if summary["ran"] else " Nothing to do: every stage was fresh."
    lines.append(
        f"build: {summary['records']:,} records → {summary['examples']:,} examples{synthetic} of {summary['tasks']} "
        f"tasks: {summary['train']:,} train, {summary['validation']:,} validation, {summary['test']:,} test; "
        f"{summary['seconds']:.1f} s.{state}"
    )
    return "\n".join(lines)


def show_ingest(result: Mapping[str, Any]) -> str:
    """What became of the raw rows of each file of each source."""
    rows = [
        (source, path, f"{file['raw']:,}", f"{file['records']:,}", f"{file['folded']:,}", reasons(file["rejected"]))
        for source, found in result["sources"].items()
        for path, file in found["files"].items()
    ]
    records = sum(found["records"] for found in result["sources"].values())
    lines = [table(("source", "file", "raw", "records", "folded", "rejected"), rows)]
    return "\n".join(
        [*lines, "", f"ingest: {len(result['sources'])} sources, {records:,} records; {result['seconds']:.1f} s."]
    )


def show_survey(found: Mapping[str, Any]) -> str:
    """How a source or a bare file is read."""
    if "file" in found:
        card = "\n".join(found["file"]["card"])
        shown = {name: value for name, value in found["file"].items() if name != "card"}
        name = card.partition("\n")[0].removeprefix("id: ")
        told = f"A card to begin with. Save it as {name}/_source.yaml, with the file beside it:"
        return f"{found['path']}\n{outline(_fewer(shown), 1)}\n\n{told}\n\n{card}"
    blocks = []
    for name, source in found["sources"].items():
        files = {path: _fewer(file) for path, file in source.get("files", {}).items()}
        blocks.append(f"{name}\n{outline({**source, 'files': files}, 1)}")
    return "\n\n".join([*blocks, f"check: {len(blocks)} source{'' if len(blocks) == 1 else 's'} of {found['path']}."])


def by_source(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{source} {n:,}" for source, n in counts.items())


def _fewer(file: Mapping[str, Any]) -> dict[str, Any]:
    """The survey of a file with the first refusals of each reason; `--json` has a thousand."""
    counts = {key: reasons(file[key]) for key in ("rejected", "noted") if key in file}
    met: Counter[str] = Counter()
    refused = []
    for line in file["refused"]:
        reason = line.partition(": ")[2].split(" ")[0].rstrip(":")
        met[reason] += 1
        refused += [line] if met[reason] <= 5 else []
    return {**file, **counts, "refused": refused}


def reasons(counts: Mapping[str, int]) -> str:
    """Reasons with their numbers, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} {reason}" for reason, n in ordered) or "none"


def show_scores(result: Mapping[str, Any]) -> str:
    """The scores of one model: for each task its headline beside the best floor, then all its metrics."""
    tasks = result["tasks"]
    head = ("task", "headline", "n", "score", "95 % interval", "by chance", "best floor", "verdict")
    rows = [_headline_row(task, scored) for task, scored in tasks.items()]
    measured = {name for scored in tasks.values() for name in scored["intervals"]}
    names = [name for name in DEFINITIONS if name in measured]
    metrics = [
        (task, *(number(scored.get(name)) for name in names), number(scored["strict"]["score"]), str(_unread(scored)))
        for task, scored in tasks.items()
    ]
    lines = [f"model: {result['model']}", table(head, rows), "", table(("task", *names, "strict", "unread"), metrics)]
    return "\n".join([*lines, *_remarks(tasks, result["max_tokens"])])


def _headline_row(task: str, scored: Mapping[str, Any]) -> tuple[str, ...]:
    metric, floor = scored["headline"], scored["floor"]
    beside = (f"{floor['name']} {number(floor['score'])}", VERDICTS[floor["verdict"]]) if floor else (DASH, DASH)
    score = number(scored[metric])
    interval = between(scored["intervals"][metric])
    return (task, metric, f"{scored['n']:,}", score, interval, number(scored["chance"]), *beside)


def between(interval: Mapping[str, Any]) -> str:
    """An interval as `.721 – .796`, or a dash."""
    if interval["low"] is None:
        return DASH
    return f"{number(interval['low'])} – {number(interval['high'])}"


def _unread(scored: Mapping[str, Any]) -> int:
    return int(scored["n"] - scored["outcomes"]["parsed"])


def _remarks(tasks: Mapping[str, Mapping[str, Any]], limit: int | None) -> list[str]:
    """What a reader of the tables must be told in words."""
    lines = []
    verdicts = Counter(scored["floor"]["verdict"] for scored in tasks.values() if scored["floor"])
    if verdicts:
        counts = ", ".join(f"{n} {VERDICTS[name]}" for name, n in verdicts.items())
        lines += ["", f"Against the best floor, of {verdicts.total()} tasks: {counts} (p < .05, corrected)."]
    for task, scored in tasks.items():
        if scored["cut"]:
            words = ", ".join(f"{n:,} {outcome}" for outcome, n in scored["cut"].items())
            cut = sum(scored["cut"].values())
            lines.append(f"{task}: {cut:,} of {scored['n']:,} answers {cut_at(limit)} ({words}).")
        if scored["bounds"]:
            low, high = scored["bounds"]
            lines.append(
                f"Flagged: {task}: {_unread(scored):,} of {scored['n']:,} answers could not be read; "
                f"the score lies between {number(low)} and {number(high)}."
            )
    for task, scored in tasks.items():
        lines += [
            f"The gold falls short: {task}, row {short['row']}: {short['outcome']}, read as {short['answer']!r}"
            for short in scored.get("shortfalls", ())
        ]
    return lines


F1S = ("micro_f1", "macro_f1", "rouge_l")


def show_released(result: Mapping[str, Any]) -> str:
    """The numbers of the released evaluator for the same answers, and the published ones."""
    rows = [
        (folder, *(number(task[name]) for name in F1S), str(task["crashes"]))
        for folder, task in result["tasks"].items()
    ]
    published = result["published"]
    beside = [
        (folder, model["model"], *(_percent(model["tasks"][folder].get(name)) for name in F1S))
        for folder in result["tasks"]
        for model in published["models"]
        if folder in model["tasks"]
    ]
    lines = [
        f"model: {result['model']}, by the arithmetic of the released evaluator, all rows",
        table(("released folder", *F1S, "crashes"), rows),
        "Crashes: answers on which it stops; each is scored as it scores the answer error. "
        "Its macro F1 is by example, its Chinese ROUGE-L of words between spaces.",
        "",
        f"{published['note']}: {published['source']}",
        table(("released folder", "model", *F1S), beside),
        "Next: ecom score RUN --model MODEL --explain",
    ]
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return DASH if value is None else number(value / 100)


def show_ladders(result: Mapping[str, Any]) -> str:
    """For each released folder and metric, the steps from the released number to ours, with the effect of each."""
    blocks = [f"model: {result['model']}; from the released evaluator's numbers to ours, step by step"]
    for folder, task in result["tasks"].items():
        for metric in F1S:
            rungs = task["ladders"][metric]
            before = [None, *(rung["value"] for rung in rungs)]
            rows = [
                (rung["what"], number(rung["value"]), signed(_step(rung["value"], last)))
                for rung, last in zip(rungs, before, strict=False)
            ]
            blocks.append(f"{folder}\n{table((metric, 'score', 'effect'), rows)}")
    return "\n\n".join(blocks)


def _step(value: float | None, before: float | None) -> float | None:
    return None if value is None or before is None else value - before


def show_overview(scored: Sequence[Mapping[str, Any]], floors: Sequence[Mapping[str, Any]]) -> str:
    """The headline of each task for all models side by side, with chance and the best floor."""
    rows = []
    for task, first in floors[0]["tasks"].items():
        metric = first["headline"]
        reached = [(one["tasks"][task][metric] or 0.0, one["model"]) for one in floors if task in one["tasks"]]
        best, name = max(reached, key=lambda pair: pair[0])
        cells = [number(result["tasks"].get(task, {}).get(metric)) for result in scored]
        rows.append((task, metric, f"{first['n']:,}", number(first["chance"]), f"{name} {number(best)}", *cells))
    return table(("task", "headline", "n", "by chance", "best floor", *(result["model"] for result in scored)), rows)


def show_comparison(result: Mapping[str, Any]) -> str:
    """Two models task by task, and in words what can be said."""
    left, right = result["left"], result["right"]
    head = ("task", "headline", "n", left, right, "difference", "95 % interval", "p", "verdict", "detectable")
    rows = [
        (
            name,
            task["metric"],
            f"{task['n']:,}",
            number(task["left"]),
            number(task["right"]),
            signed(task["difference"]),
            signed_between(task),
            chance(task["p_corrected"]),
            _who(task["verdict"], left, right),
            number(task["detectable"]),
        )
        for name, task in result["tasks"].items()
    ]
    mean = result["mean"]
    lines = [
        table(head, rows),
        "",
        f"Mean difference over {len(rows)} tasks: {signed(mean['difference'])} ({signed_between(mean)}).",
        "p: paired test, corrected for the number of tasks. Detectable: the difference that such a test set shows "
        "in 80 of 100 cases.",
    ]
    for key, name in (("only_left", left), ("only_right", right)):
        if result[key]:
            lines.append(f"Only {name} answered: {', '.join(result[key])}")
    return "\n".join(lines)


def _who(verdict: str, left: str, right: str) -> str:
    return {"better": f"{left} is better", "worse": f"{right} is better"}.get(verdict, verdict)


def signed_between(found: Mapping[str, Any]) -> str:
    """The interval of a difference, or a dash."""
    return DASH if found["low"] is None else f"{signed(found['low'])} to {signed(found['high'])}"


def show_bundle(written: Mapping[str, Any]) -> str:
    """What a bundle holds, and what to mind when it is passed on."""
    lines = [f"bundle: {written['files']} files, {written['size']:,} bytes, {len(written['models'])} models."]
    kept = written["not_to_be_passed_on"]
    if kept:
        lines.append(f"Not known to be free to pass on: test rows of {', '.join(kept)}")
    return "\n".join([*lines, f"Next: ecom bundle {written['path']} --check"])


def show_check(found: Mapping[str, Any]) -> str:
    """Whether a bundle holds what was packed, and gives its numbers again."""
    if not found["different"]:
        return (
            f"bundle: {found['files']} files hashed, byte for byte what was packed; {found['compared']} of them, of "
            f"{len(found['models'])} models, derived again, byte for byte the same."
        )
    listed = "\n".join(f"differs: {name}" for name in found["different"][:20])
    return f"{listed}\nbundle: {len(found['different'])} of {found['files']} files differ."


def _tolerated(found: Mapping[str, Any]) -> list[str]:
    """The short inputs that training and test share."""
    if not found["pairs"]:
        return []
    some = ", ".join(repr(printable(text)) for text in found["listed"][:TOLERATED])
    return [
        f"tolerated: {found['inputs']:,} inputs too short to tell anything stand in {found['pairs']:,} training pairs "
        f"and in validation or test: {some}{', …' if found['inputs'] > TOLERATED else ''}"
    ]


def show_proof(proof: Mapping[str, Any]) -> str:
    """What the proof of the splits checked, and which sources have texts or ids in common."""
    checked, rows = proof["checked"], sum(proof["rows"].values())
    pairs = [
        (overlap["left"], overlap["right"], f"{overlap['keys']:,}", f"{overlap['crossing']:,}")
        for overlap in proof["sources"]
        if overlap["left"] != overlap["right"] or overlap["crossing"]
    ]
    total = sum(proof["violations"].values())
    found = f"{total:,} violations: {reasons(proof['violations'])}" if total else "no violation"
    return "\n".join(
        [
            *([table(("source", "source", "keys of both", "crossing"), pairs)] if pairs else []),
            *_tolerated(proof["tolerated"]),
            f"proof: {checked['records']:,} records in {checked['families']:,} families with "
            f"{checked['group_keys']:,} keys, {checked['examples']:,} examples, {rows:,} rows of the release: {found}.",
        ]
    )
