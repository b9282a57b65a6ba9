"""The audit sections of the report page: test set, risks, searches, planted instructions, effects of cleaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.dataset.shift import name_of, read_document, summary
from ecominstruct.dataset.test_sets import FEWEST, StatedSet, read_tests, warnings
from ecominstruct.report.evidence import grid, signed
from ecominstruct.report.markup import DASH, Html, join, label, number, say, tag

NAMED = 4  # at most so many tasks are named for a kind of finding; the rest is counted


def health(found: Mapping[str, Any] | None) -> Html:
    """Render the audit of the test set: kinds of findings by severity, shortcuts, and what tasks share."""
    if found is None:
        return tag("p", "No audit of this release: ecom audit RUN --checks testset.", class_="soft")
    lead = f"{found['findings']:,} findings in {found['rows']:,} test rows. High: scores or golds cannot be trusted. "
    lead += "Medium: single rows. Low: good to know."
    kinds = [
        [say(one["severity"]), say(label(one["kind"])), tag("div", say(one["about"]), _tasks(one["tasks"]))]
        + [f"{one[key]:,}" for key in ("findings", "rows")]
        for one in found["kinds"]
    ]
    parts = [tag("p", lead, class_="soft")]
    parts.append(grid(("", "Kind", "What it means, and where", "Findings", "Rows"), kinds, "Findings", 3))
    return join([*parts, *_tells(found["tasks"]), *_shared(found["shared"])])


def _tasks(tasks: Mapping[str, Any]) -> Html:
    names = sorted(tasks, key=lambda name: (-tasks[name]["findings"], name))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    shown = [join([say(name), Html(f" {tasks[name]['findings']:,}")], "") for name in names[:NAMED]]
    return tag("span", join(shown, ", "), more, class_="sub")


def _tells(tasks: Mapping[str, Any]) -> list[Html]:
    rows: list[list[Html | str]] = []
    for name, task in tasks.items():
        for tell in task["shortcuts"]:
            of = join([Html(" of "), say(tell["of"])], "") if tell["of"] else Html("")
            mark = tag("span", "a shortcut", class_="no") if tell["is_shortcut"] else ""
            told = join([say(label(tell["name"])), of], "")
            numbers = [number(tell[key]) for key in ("auc", "accuracy", "baseline")]
            rows.append([say(name), told, mark, f"{tell['n']:,}", *numbers])
    head = ("Task", "Told by", "", "n", "AUC", "Accuracy", "Without")
    lead = (
        "How far one gets by what needs no understanding. Accuracy: of the best threshold, or of choosing so. "
        "Without: the most frequent label, or chance."
    )
    shown = grid(head, rows, "Shortcuts", 3)
    return [tag("h3", "Shortcuts"), tag("p", lead, class_="soft"), shown] if rows else []


def _shared(shared: Sequence[Mapping[str, Any]]) -> list[Html]:
    rows: list[list[Html | str]] = [
        [
            join([say(name) for name in one["tasks"]], " · "),
            f"{one['rows']:,}",
            f"{one['answered']:,}",
            join([join([say(name), Html(f" {n:,}")], "") for name, n in one["texts"].items()], ", "),
        ]
        for one in shared
    ]
    head = ("Tasks", "Equal inputs", "with equal golds", "Equal texts")
    return [tag("h3", "What tasks share"), grid(head, rows, "Shared", 1)] if rows else []


def tested(document: Mapping[str, Any]) -> Html:
    """Render the test and validation sets that publishers state, with the rows kept, and warnings about test sets.

    Also lists sources whose training rows hold one side of a stated test pair.
    """
    found = read_tests(document)
    lead = (
        "Test and validation sets that publishers state. A score compares with a published one only where all rows are "
        f"kept and asked about. Of fewer than {FEWEST} test rows, a score says little."
    )
    parts = [tag("p", lead, class_="soft")]
    if found.stated:
        names = ("Source", "Split", "", "Stated rows", "Readable", "Kept", "Asked about")
        parts.append(grid(names, [_row(one) for one in found.stated], "Stated sets", 3))
    if found.shared:
        rows = [[say(one["source"]), *_numbers(one)] for one in found.shared]
        words = "Single sides of stated test pairs that rows of training hold too; none has both sides of one."
        head = ("Source", "Sides", "Its test pairs", "Training rows")
        parts += [tag("p", words, class_="soft"), grid(head, rows, "Shared sides", 1)]
    said = [tag("li", say(line.removeprefix("warning: "))) for line in warnings(found)]
    return join([*parts, *([tag("ul", *said)] if said else [])])


def _numbers(one: Mapping[str, Any]) -> list[str]:
    return [f"{one[name]:,}" for name in ("keys", "test_rows", "train_rows")]


def _row(one: StatedSet) -> list[Html | str]:
    numbers = (one.rows, one.records, one.kept, one.released)
    mark = "" if one.whole else tag("span", "not whole", class_="no")
    return [say(one.source), one.split, mark, *(DASH if number is None else f"{number:,}" for number in numbers)]


HEAD = ("What it says", "Whose answers", "Value", "95 % interval", "n", "Allowed", "Measured on")


def risks(found: Sequence[Mapping[str, Any]]) -> Html:
    """Render each named risk: its figures, and the measures taken; or the command that measures it."""
    if not found:
        return tag("p", "Not measured in this release: ecom audit RUN --checks pii,injection,bias.", class_="soft")
    lead = (
        "The published card names three risks. Values are shares or differences of shares, from 0 to 1; more is worse. "
        "In plain words, with examples: docs/risks.md, docs/risks.zh.md."
    )
    return join([tag("p", lead, class_="soft"), *(part for one in found for part in _risk(one))])


def _risk(one: Mapping[str, Any]) -> Iterator[Html]:
    yield tag("h3", say(one["en"]), tag("span", " · ", say(one["zh"]), class_="soft"))
    if not one["figures"]:
        yield tag("p", "Not measured: ", say(one["measure_with"]), ". ", say("尚未测量。"), class_="soft")
        return
    yield tag("p", say(one["done_en"]), " ", say(one["done_zh"]))
    yield grid(HEAD, [_figure_row(figure) for figure in one["figures"]], one["en"], 2)


def _figure_row(figure: Mapping[str, Any]) -> list[Html | str]:
    words = [say(figure["about_en"]), tag("span", say(figure["about_zh"]), class_="sub")]
    words.append(tag("span", say(f"{figure['test']}: {figure['metric']}"), class_="sub"))
    low, high, allowed = figure["low"], figure["high"], figure["allowed"]
    within = allowed is None or figure["value"] <= allowed
    limit: Html | str = DASH if allowed is None else f"{allowed:g}"
    return [
        tag("div", *words),
        say(figure["model"] or DASH),
        f"{figure['value']:.4f}",
        say(figure["reason"] or DASH) if low is None or high is None else f"{low:.4f}–{high:.4f}",
        tag("div", f"{figure['n']:,}", tag("span", say(figure["units"]), class_="sub")),
        limit if within else join([tag("span", "above", class_="no"), Html(f" {limit}")], ""),
        figure["date"] or DASH,
    ]


MEANT = {
    "pii": (
        "Personal information",
        "High: names or endangers one person by itself. Medium: reaches or names a person. Low: only together with "
        "other things.",
    ),
    "injection": (
        "Instructions to a model",
        "High: no honest text of a shop says that. Medium: it speaks to a model, or may. Low: a character that cannot "
        "be seen.",
    ),
}
"""For each search audit: what it looks for, and what its severities mean."""


def searched(name: str, found: Mapping[str, Any] | None) -> Html:
    """Render what a search found, by kind and language, by severity first, with masked excerpts."""
    what, meant = MEANT[name]
    if found is None:
        return tag("p", f"Not looked for in this release: ecom audit RUN --checks {name}.", class_="soft")
    lead = f"{found['findings']:,} findings in {found['touched']:,} of {found['rows']:,} rows of train, validation and "
    lead += f"test. {meant} Shares are of the rows in that language, with 95 % intervals."
    rows: list[list[Html | str]] = [
        [
            say(one["severity"]),
            say(label(one["kind"])),
            tag("div", say(one["about"]), *(tag("span", say(shown), class_="sub") for shown in one["shown"])),
            one["lang"],
            *(f"{one[key]:,}" for key in ("findings", "rows")),
            f"{one['share']:.3%}",
            f"{one['low']:.3%}–{one['high']:.3%}",
        ]
        for one in found["kinds"]
    ]
    head = ("", "Kind", "What it is, and excerpts", "", "Findings", "Rows", "Share", "Interval")
    return join([tag("p", lead, class_="soft"), grid(head, rows, what, 4)])


def obeyed(models: Sequence[Mapping[str, Any]]) -> Html:
    """Render how often each model obeyed planted instructions, by group, and the change of its score."""
    if not models:
        return tag("p", "No model was asked: ecom audit RUN --checks model --model NAME.", class_="soft")
    lead = (
        "Instructions with a word of their own were planted into the inputs of some test rows. A model obeys where its "
        "answer holds that word and is not merely a copy of the instruction. Change: the score "
        "of the planted rows less that of the same rows as they are. All intervals are 95 %."
    )
    parts = [tag("p", lead, class_="soft")]
    for found in models:
        rows: list[list[Html | str]] = [
            [
                label(one["by"]),
                say(one["value"]),
                f"{one['n']:,}",
                f"{one['obeyed']:,}",
                f"{one['rate']:.1%}",
                f"{one['low']:.1%}–{one['high']:.1%}",
                *_loss(one["loss"]),
            ]
            for one in found["groups"]
        ]
        head = ("By", "", "Rows", "Obeyed", "Rate", "Interval", "Change of score", "Interval")
        parts += [tag("h3", say(found["model"])), grid(head, rows, f"Obeyed: {found['model']}", 2)]
    return join(parts)


def _loss(loss: Mapping[str, Any]) -> list[str]:
    between = DASH if loss["low"] is None else f"{signed(loss['low'])} to {signed(loss['high'])}"
    return [signed(loss["difference"]), between]


def moved(document: Mapping[str, Any] | None) -> Html:
    """Render the significant shifts that cleaning caused in training, largest first. Findings are marked."""
    if document is None:
        return tag("p", "Nothing was looked at: this release is no product of cleaning.", class_="soft")
    found = read_document(document)
    lead = (
        f"{summary(found)} Training pairs before leaks, copies, conflicts, filters and the policy are compared with "
        "those after. From: what taking out as many at random would leave. p: for this statistic alone; listed is "
        f"what stays below {document['level']:g} for all of them together (Holm)."
    )
    rows: list[list[Html | str]] = [
        [
            say(shift.task),
            say(name_of(shift)),
            tag("span", "a finding", class_="no") if shift.is_finding else "",
            say(label(shift.reason)),
            f"{shift.before:.1%}",
            f"{shift.after:.1%}",
            f"{shift.n:,}",
            f"{shift.removed:,}",
            f"{shift.p:.1g}",
        ]
        for shift in found.shifts
    ]
    head = ("Task", "What moved", "", "Mostly by", "From", "To", "Pairs", "Taken out", "p")
    shown = [grid(head, rows, "What cleaning moved", 4)] if rows else []
    return join([tag("p", lead, class_="soft"), *shown])
