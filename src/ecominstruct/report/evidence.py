"""Sections on how far scores can be trusted: transfer, ways of asking, labels, paired tests, published results.

Also holds the HTML grid and the number formats that other pages use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.report.markup import DASH, Html, join, label, number, say, tag
from ecominstruct.report.report_data import Evidence, ReportData, Task

VERDICTS = {
    "better": "better than the best floor",
    "worse": "worse than the best floor",
    "no difference shown": "not shown to be better than the best floor",
    "not tested": "too few rows to test against the best floor",
}
RARE = 12  # maximum labels shown for a model and a task: those with the lowest F1 that have golds


def signed(value: float | None) -> str:
    """Format a difference with its sign."""
    return DASH if value is None else f"{'−' if value < 0 else '+'}{abs(value):.3f}"


def between(low: float | None, high: float | None) -> str:
    """Format an interval; a dash if it is not known."""
    return DASH if low is None or high is None else f"{low:.3f} – {high:.3f}"


def chance(p: float | None) -> str:
    """Format a p value; anything below 0.001 as "<0.001"."""
    return "<0.001" if p is not None and p < 0.001 else number(p)


def behind(evidence: Evidence) -> Html:
    """Render what stands below a headline score: interval, verdict, bounds, and the score by strict reading."""
    lines = []
    interval = between(evidence["low"], evidence["high"]) if evidence["low"] is not None else evidence["reason"]
    lines.append(tag("span", interval, class_="sub"))
    if evidence["floor"]:
        verdict = evidence["floor"]["verdict"]
        lines.append(tag("span", VERDICTS.get(verdict, verdict), class_="yes" if verdict == "better" else "no"))
    if evidence["bounds"]:
        low, high = evidence["bounds"]
        words = f"{evidence['unread']:,} unread: between {number(low)} and {number(high)}"
        lines.append(tag("span", words, class_="no"))
    if evidence["strict"] is not None:
        lines.append(tag("span", f"read strictly {number(evidence['strict'])}", class_="sub"))
    return join(lines)


def grid(head: Sequence[str], rows: Sequence[Sequence[Html | str]], name: str, texts: int = 1) -> Html:
    """Render a table whose first `texts` columns hold words and the others numbers. `name` is its accessible name."""
    kinds = [None if column < texts else "num" for column in range(len(head))]
    top = [tag("th", word, scope="col", class_=kind) for word, kind in zip(head, kinds, strict=True)]
    body = [tag("tr", *(tag("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True))) for row in rows]
    table = tag("table", tag("thead", tag("tr", *top)), tag("tbody", join(body), class_="rows"))
    return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=name)


def _details(name: Html, *children: Html) -> Html:
    return tag("details", tag("summary", name), *children)


def transfer(data: ReportData) -> Html:
    """Render the mean scores of groups of tasks side by side, and the gaps between them."""
    parts = []
    for model, tables in data["transfer"].items():
        rows: list[list[Html | str]] = []
        for table in tables:
            for group in table["groups"]:
                counts = (f"{group['tasks']:,}", f"{group['n']:,}")
                interval = between(group["low"], group["high"])
                rows.append([table["name"], group["name"], *counts, number(group["score"]), interval])
            gap = table["gap"]
            if gap:
                rows.append([table["name"], tag("b", "gap"), "", "", signed(gap["difference"]), _gap(gap)])
        head = ("By", "Group", "Tasks", "Rows", "Mean score", "95 % interval")
        parts += [tag("h3", say(model)), grid(head, rows, f"Transfer: {model}", 2)]
    lead = (
        "The mean of the headline scores of groups of tasks. Seen: the release holds training rows of that origin, "
        "task, category or language; whether the model was trained on them, this report cannot know. "
        "The gap is the first group less the second."
    )
    return join([tag("p", lead, class_="soft"), *parts]) if parts else tag("p", "No model was scored.", class_="soft")


def _gap(gap: Mapping[str, Any]) -> str:
    return f"{signed(gap['low'])} to {signed(gap['high'])}"


VARIED = ("wording", "order", "language")


def ways_of_asking(data: ReportData) -> Html:
    """Render how much scores depend on the wording, the order of candidates and the language of the instruction."""
    models = [model["name"] for model in data["models"] if model["kind"] == "model"]
    rows: list[list[Html | str]] = []
    for task in data["tasks"]:
        for name in models:
            found = task["evidence"][name]["sensitivity"] if name in task["evidence"] else {}
            if found:
                by = found["by"]
                cells = [_range(by[what]) if what in by else DASH for what in VARIED]
                rows.append([_named(task), say(name), label(found["metric"]), f"{found['n']:,}", *cells])
    if not rows:
        return tag("p", "The recipe does not ask for variants (evaluation: sensitivity).", class_="soft")
    lead = (
        "The same examples in other ways, one thing varied at a time: all wordings of the task, other orders of the "
        "candidates, the instruction in the other language. Mean, then the least and the most."
    )
    head = ("Task", "Model", "Metric", "n", "All wordings", "Orders of candidates", "Both languages")
    return join([tag("p", lead, class_="soft"), grid(head, rows, "Ways of asking", 3)])


def _range(found: Mapping[str, Any]) -> str:
    return f"{number(found['mean'])} ({between(found['least'], found['most'])})"


def _named(task: Task) -> Html:
    """Render the title of a task with the language of its input: titles occur in both languages."""
    return join([say(task["title"]), tag("span", " · ", say(task["lang"]), class_="soft")], "")


def labels(data: ReportData) -> Html:
    """Render the labels on which each model does worst, among those with golds."""
    models = [model["name"] for model in data["models"] if model["kind"] == "model"]
    blocks = []
    for task in data["tasks"]:
        for model in models:
            evidence = task["evidence"].get(model)
            if not evidence or not evidence["labels"]:
                continue
            gold = {name: found for name, found in evidence["labels"].items() if found["golds"]}
            worst = sorted(gold, key=lambda name: (gold[name]["f1"], name))[:RARE]
            rows = [[say(name), f"{gold[name]['golds']:,}", number(gold[name]["f1"])] for name in worst]
            more = f"the worst {len(worst)} of {len(gold)} labels with golds" if len(gold) > RARE else "all labels"
            title = join([_named(task), tag("span", " · ", say(model), f", {more}", class_="soft")], "")
            note = tag("p", *_macro_words(evidence), class_="soft")
            blocks.append(_details(title, note, grid(("Label", "Golds", "F1"), rows, task["title"])))
    return join(blocks) if blocks else tag("p", "No task with labels was answered by a model.", class_="soft")


def _macro_words(evidence: Evidence) -> Iterator[str]:
    macro = evidence["macro"]
    if macro is None:
        return
    if macro["low"] is None:
        yield f"Macro F1 has no interval: {macro['reason']}."
        return
    yield f"Macro F1 over {macro['labels']} labels: {number(macro['value'])} ({between(macro['low'], macro['high'])})"
    yield f"; {macro['reason']}." if macro["reason"] else "."


def compared(data: ReportData) -> Html:
    """Render the paired comparison of each two models, task by task."""
    titles = {task["id"]: _named(task) for task in data["tasks"]}
    parts = []
    for pair in data["compared"]:
        left, right = pair["left"], pair["right"]
        rows: list[list[Html | str]] = [
            [
                titles.get(name, say(name)),
                say({"better": left, "worse": right}.get(task["verdict"], task["verdict"])),
                number(task["left"]),
                number(task["right"]),
                signed(task["difference"]),
                _gap(task) if task["low"] is not None else DASH,
                chance(task["p_corrected"]),
                number(task["detectable"]),
            ]
            for name, task in pair["tasks"].items()
        ]
        head = ("Task", "Better", left, right, "Difference", "95 % interval", "p", "Detectable")
        mean = pair["mean"]
        words = f"Mean difference: {signed(mean['difference'])}"
        words += f" ({_gap(mean)})." if mean["low"] is not None else "."
        parts += [tag("h3", say(left), " and ", say(right)), tag("p", words), grid(head, rows, "Compared", 2)]
    lead = (
        "Paired tests on the same examples; p is corrected for the number of tasks (Holm). Detectable: the difference "
        "that such a test set would show in 80 of 100 cases."
    )
    if not parts:
        return tag("p", "Fewer than two models were scored, or more than five: ecom compare A B.", class_="soft")
    return join([tag("p", lead, class_="soft"), *parts])


METRICS = ("micro_f1", "macro_f1", "rouge_l")


def paper(data: ReportData) -> Html:
    """Render the scores of the same answers by the arithmetic of the released evaluator, with published results."""
    published = data["published"]
    blocks = []
    for task in data["tasks"]:
        folder = task["paper"]
        ours = [(name, found["released"]) for name, found in task["evidence"].items() if found["released"]]
        if not folder or not ours:
            continue
        rows: list[list[Html | str]] = [
            [say(name), "", *(number(numbers[metric]) for metric in METRICS)] for name, numbers in ours
        ]
        rows += [
            [
                say(model["model"]),
                published["note"],
                *(_percent(model["tasks"][folder].get(metric)) for metric in METRICS),
            ]
            for model in published["models"]
            if folder in model["tasks"]
        ]
        votes = published["human"].get(folder)
        words = []
        if votes:
            text = (
                f"People, of 100 samples: EcomGPT 7b1 {votes['win']}, neither {votes['tie']}, ChatGPT {votes['loss']}"
            )
            words.append(tag("p", f"{text} ({published['note']}).", class_="soft"))
        head = ("Who", "", *(label(metric) for metric in METRICS))
        blocks.append(_details(say(folder), *words, grid(head, rows, folder, 2)))
    if not blocks:
        return tag("p", "No task of the released test folders was answered.", class_="soft")
    lead = (
        "The same answers by the arithmetic of the evaluator that was released with EcomInstruct, on all rows. These "
        "are not our scores: its macro F1 is by example, its Chinese ROUGE-L of words between spaces. Published "
        "numbers stand beside them as printed; test files, prompts and rows need not have been the same."
    )
    source = tag("p", "Source: ", say(published["source"]), class_="soft")
    return join([tag("p", lead, class_="soft"), source, *blocks, *_ablations(published)])


def _ablations(published: Mapping[str, Any]) -> Iterator[Html]:
    for table in published["ablations"]:
        rows: list[list[Html | str]] = [
            [say(name), *(_percent(value) for value in values)] for name, values in table["rows"].items()
        ]
        title = join([Html(f"Table {table['table']}: "), say(table["title"])], "")
        note = tag("p", published["note"], class_="soft")
        head = ("", *(label(column) for column in table["columns"]))
        yield _details(title, note, grid(head, rows, f"Table {table['table']}"))


def _percent(value: float | None) -> str:
    return number(None if value is None else value / 100)
