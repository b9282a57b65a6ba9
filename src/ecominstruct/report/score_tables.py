"""The terminal output of the verbs about models: answers, scores, comparisons, report and bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecominstruct.evaluation.metrics import DEFINITIONS
from ecominstruct.report.build_tables import show_build
from ecominstruct.report.evidence import between, chance, signed
from ecominstruct.report.markup import DASH, cut_at, number
from ecominstruct.report.table import Block, Table, numbers, texts
from ecominstruct.report.terminal import outline

F1S = ("micro_f1", "macro_f1", "rouge_l")
VERDICTS = {
    "better": "better",
    "no difference shown": "not shown to be better",
    "worse": "worse",
    "not tested": "not tested",
}


def show_run(found: Mapping[str, Any]) -> list[Block]:
    """Show a whole run: its build, and the headline score of each task for all models side by side."""
    return [*show_build(found["build"]), _overview(found["scores"], found["floors"])]


def _overview(scored: Sequence[Mapping[str, Any]], floors: Sequence[Mapping[str, Any]]) -> Table:
    """The headline score of each task for all models, with chance and the best trivial baseline."""
    rows = []
    for task, first in floors[0]["tasks"].items():
        metric = first["headline"]
        reached = [(one["tasks"][task][metric] or 0.0, one["model"]) for one in floors if task in one["tasks"]]
        best, name = max(reached, key=lambda pair: pair[0])
        cells = [number(result["tasks"].get(task, {}).get(metric)) for result in scored]
        rows.append((task, metric, f"{first['n']:,}", number(first["chance"]), f"{name} {number(best)}", *cells))
    columns = [*texts("task", "headline"), *numbers("n", "by chance"), *texts("best floor")]
    return Table([*columns, *numbers(*(result["model"] for result in scored))], rows)


def show_predicted(result: Mapping[str, Any]) -> list[Block]:
    """Show how many answers a model gave, and what the requests took if it was asked."""
    cut = f", {result['cut']} prompts cut in the middle of the input" if result["cut"] else ""
    return [
        *([outline({"asked": result["asked"]})] if result["asked"] else []),
        f"predictions: {result['examples']} answers of {result['model']}, {result['errors']} errors{cut}.",
    ]


def show_scores(result: Mapping[str, Any]) -> list[Block]:
    """Show the scores of one model: each headline next to the best trivial baseline, then all metrics."""
    tasks = result["tasks"]
    columns = [
        *texts("task", "headline"),
        *numbers("n", "score", "95 % interval", "by chance"),
        *texts("best floor", "verdict"),
    ]
    rows = [_headline_row(task, scored) for task, scored in tasks.items()]
    measured = {name for scored in tasks.values() for name in scored["intervals"]}
    names = [name for name in DEFINITIONS if name in measured]
    metrics = [
        (task, *(number(scored.get(name)) for name in names), number(scored["strict"]["score"]), str(_unread(scored)))
        for task, scored in tasks.items()
    ]
    return [
        Table(columns, rows, title=f"model: {result['model']}"),
        Table([*texts("task"), *numbers(*names, "strict", "unread")], metrics),
        *_remarks(tasks, result["max_tokens"]),
    ]


def _headline_row(task: str, scored: Mapping[str, Any]) -> tuple[str, ...]:
    metric, floor = scored["headline"], scored["floor"]
    beside = (f"{floor['name']} {number(floor['score'])}", VERDICTS[floor["verdict"]]) if floor else (DASH, DASH)
    score = number(scored[metric])
    interval = between(scored["intervals"][metric]["low"], scored["intervals"][metric]["high"])
    return (task, metric, f"{scored['n']:,}", score, interval, number(scored["chance"]), *beside)


def _unread(scored: Mapping[str, Any]) -> int:
    return int(scored["n"] - scored["outcomes"]["parsed"])


def _remarks(tasks: Mapping[str, Mapping[str, Any]], limit: int | None) -> list[str]:
    """Lines on what the tables do not show: totals of verdicts, cut and unread answers, golds that score below 1."""
    lines = []
    verdicts = Counter(scored["floor"]["verdict"] for scored in tasks.values() if scored["floor"])
    if verdicts:
        counts = ", ".join(f"{n} {VERDICTS[name]}" for name, n in verdicts.items())
        lines += [f"Against the best floor, of {verdicts.total()} tasks: {counts} (p < .05, corrected)."]
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


def show_released(result: Mapping[str, Any]) -> list[Block]:
    """Show the scores of the released evaluator for the same answers, and the published ones."""
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
    return [
        Table(
            [*texts("released folder"), *numbers(*F1S, "crashes")],
            rows,
            title=f"model: {result['model']}, by the arithmetic of the released evaluator, all rows",
            note="Crashes: answers on which it stops; each is scored as it scores the answer error. "
            "Its macro F1 is by example, its Chinese ROUGE-L of words between spaces.",
        ),
        Table(
            [*texts("released folder", "model"), *numbers(*F1S)],
            beside,
            title=f"{published['note']}: {published['source']}",
        ),
        "Next: ecom score RUN --model MODEL --explain",
    ]


def _percent(value: float | None) -> str:
    return DASH if value is None else number(value / 100)


def show_ladders(result: Mapping[str, Any]) -> list[Block]:
    """Show the steps from the released evaluator's score to ours, with the effect of each, by folder and metric."""
    blocks: list[Block] = [f"model: {result['model']}; from the released evaluator's numbers to ours, step by step"]
    for folder, task in result["tasks"].items():
        for metric in F1S:
            rungs = task["ladders"][metric]
            before = [None, *(rung["value"] for rung in rungs)]
            rows = [
                (rung["what"], number(rung["value"]), signed(_step(rung["value"], last)))
                for rung, last in zip(rungs, before, strict=False)
            ]
            blocks.append(Table([*texts(metric), *numbers("score", "effect")], rows, title=folder))
    return blocks


def _step(value: float | None, before: float | None) -> float | None:
    return None if value is None or before is None else value - before


def show_comparison(result: Mapping[str, Any]) -> list[Block]:
    """Show two models task by task, with tests, and the mean difference."""
    left, right = result["left"], result["right"]
    columns = [
        *texts("task", "headline"),
        *numbers("n", left, right, "difference", "95 % interval", "p"),
        *texts("verdict"),
        *numbers("detectable"),
    ]
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
    note = (
        "p: paired test, corrected for the number of tasks. Detectable: the difference that such a test set shows "
        "in 80 of 100 cases."
    )
    lines: list[Block] = [
        Table(columns, rows, note=note),
        f"Mean difference over {len(rows)} tasks: {signed(mean['difference'])} ({signed_between(mean)}).",
    ]
    for key, name in (("only_left", left), ("only_right", right)):
        if result[key]:
            lines.append(f"Only {name} answered: {', '.join(result[key])}")
    return lines


def _who(verdict: str, left: str, right: str) -> str:
    return {"better": f"{left} is better", "worse": f"{right} is better"}.get(verdict, verdict)


def signed_between(found: Mapping[str, Any]) -> str:
    """Format the interval of a difference; a dash if it is not known."""
    return DASH if found["low"] is None else f"{signed(found['low'])} to {signed(found['high'])}"


def show_report(result: Mapping[str, Any], run: Path) -> list[Block]:
    """Show where the report of a run is, and whose answers it leaves out."""
    mend = f"answered another release. Next: ecom predict {run} --model"
    return [
        *(f"left out: {name} {mend} {name}" for name in result["left_out"]),
        f"report: {result['models']} models.",
        f"Open it: {result['page']}",
    ]


def show_bundle(written: Mapping[str, Any]) -> list[Block]:
    """Show what a bundle holds, and which sources may not be redistributed."""
    kept = written["not_to_be_passed_on"]
    return [
        f"bundle: {written['files']} files, {written['size']:,} bytes, {len(written['models'])} models.",
        *([f"Not known to be free to pass on: test rows of {', '.join(kept)}"] if kept else []),
        f"Next: ecom bundle {written['path']} --check",
    ]


def show_check(found: Mapping[str, Any]) -> list[Block]:
    """Show whether a bundle is unchanged, and whether its numbers come out the same again."""
    if not found["different"]:
        return [
            f"bundle: {found['files']} files hashed, byte for byte what was packed; {found['compared']} of them, of "
            f"{len(found['models'])} models, derived again, byte for byte the same."
        ]
    listed = [f"differs: {name}" for name in found["different"][:20]]
    return [*listed, f"bundle: {len(found['different'])} of {found['files']} files differ."]
