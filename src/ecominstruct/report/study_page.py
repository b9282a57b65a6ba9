"""The page of a study: for each question a chart, a table and what can be said; then the cells, and what was asked.

One self-contained page like the report: inline style and SVG, no script. The same study gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecominstruct.report.charts import shapes
from ecominstruct.report.evidence import between, grid
from ecominstruct.report.frame import whole_page
from ecominstruct.report.markup import DASH, Html, join, label, number, say, tag
from ecominstruct.report.study_charts import curves, dots, legend, marks_of
from ecominstruct.report.study_words import to_base, to_floors

Study = Mapping[str, Any]
LEAD = (
    "Every cell is one choice of training rows, one model and one seed; all cells answered the same held-out rows. A "
    "score is the mean over tasks and seeds, from 0 to 1. Tuned and unseen tasks are those of the base. Lines: 95 % "
    "intervals, not corrected. Intervals and tests are over examples: other tasks, or other seeds, might differ by "
    "more. p is corrected for the number of such tests in a table (Holm). Floors: the best answer without "
    "understanding, task by task."
)


def study_page(study: Study) -> str:
    """The whole page."""
    models = list(dict.fromkeys(cell["model"] for cell in study["cells"]))
    sections = [_question(table, number, models) for number, table in enumerate(study["tables"])]
    main = tag("main", *sections, _cells(study), _asked(study))
    return whole_page(f"{study['title']} · study", shapes(), _header(study, models), main)


def _header(study: Study, models: Sequence[str]) -> Html:
    done = sum(cell["state"] == "done" for cell in study["cells"])
    tuned = len({cell["key"] for cell in study["cells"]})
    seeds = len({cell["seed"] for cell in study["cells"]})
    names = ("questions", "cells", "done", "tuned", "models", "seeds", "tasks asked")
    numbers = (len(study["tables"]) - 1, len(study["cells"]), done, tuned, len(models), seeds, len(study["asked"]))
    counts = zip(names, numbers, strict=True)
    items = [tag("li", tag("b", f"{n:,}"), name) for name, n in counts]
    links = [tag("a", say(table["title"]), href=f"#q{i}") for i, table in enumerate(study["tables"])]
    links += [tag("a", "Cells", href="#cells"), tag("a", "What was asked", href="#asked")]
    parts = [
        tag("p", "E-commerce instructions: a study", class_="kicker"),
        tag("h1", say(study["title"])),
        tag("p", say(study["about"])) if study["about"] else Html(""),
        tag("ul", *items, class_="totals"),
        tag("nav", *links, aria_label="Contents"),
        tag("p", LEAD, class_="soft"),
        legend(models),
    ]
    return tag("header", *parts)


def _question(table: Mapping[str, Any], place: int, models: Sequence[str]) -> Html:
    marks = marks_of(models)
    chart = curves(table, marks) if table["numeric"] else dots(table, marks)
    says = [tag("li", say(sentence)) for sentence in table["says"]]
    told = tag("ul", *says) if says else Html("")
    heading = tag("h2", say(table["title"]), id=f"q{place}")
    return tag("section", heading, chart, tag("h3", "What was seen"), told, _table(table), aria_labelledby=f"q{place}")


def _table(table: Mapping[str, Any]) -> Html:
    """The lines of each group of tasks, one group under the other."""
    level = ("Tasks", "Line", "Model", "n", "Score", "95 % interval", "Seeds")
    head = (*level, "To the base", "95 % interval", "p", "To the floors", "p")
    rows: list[list[Html | str]] = []
    for place, column in enumerate(table["columns"]):
        rows.append([tag("b", say(column["name"])), "best floors", "", "", number(column["floor"]), *[""] * 7])
        rows += [["", *_row(line, line["cells"][place])] for line in table["lines"]]
    return tag("details", tag("summary", tag("span", "The numbers")), grid(head, rows, table["title"], 3), open="")


def _row(line: Mapping[str, Any], cell: Mapping[str, Any] | None) -> list[Html | str]:
    name: list[Html | str] = [say(line["name"]), say(line["model"])]
    if cell is None:
        return [*name, *[DASH] * 9]
    seeds = ", ".join(f"{number(value)}" for value in cell["seeds"].values())
    level = [f"{cell['n']:,}", number(cell["score"]), between(cell["low"], cell["high"]), seeds]
    return [*name, *level, *to_base(cell["to_base"]), *to_floors(cell["to_floors"])]


def _cells(study: Study) -> Html:
    """Every cell: what it was tuned on, and what became of it."""
    titles = {-1: "base"} | {i - 1: table["title"] for i, table in enumerate(study["tables"]) if i}
    rows: list[list[Html | str]] = [
        [
            say(titles[cell["question"]]),
            say(cell["line"] + (f": {cell['own']}" if cell["own"] else "")),
            say(cell["model"]),
            say(cell["key"]),
            tag("span", cell["state"], class_=None if cell["state"] == "done" else "no"),
            f"{cell['seed']}",
            f"{cell['trained']:,}",
            f"{cell['rows']:,}",
        ]
        for cell in study["cells"]
    ]
    head = ("Question", "Line", "Model", "Kept as", "State", "Seed", "Tasks", "Rows")
    failed = [
        tag("li", tag("b", say(cell["key"])), ": ", say(cell["reason"]))
        for cell in {cell["key"]: cell for cell in study["cells"] if cell["state"] == "failed"}.values()
    ]
    why = join([tag("h3", "Cells that failed"), tag("ul", *failed)]) if failed else Html("")
    lead = "Cells that came to the same rows, model and seed share a name: they were tuned once. "
    lead += "Beside its rows, each has a proof that nothing unseen or left out is among them: study/cells/…/proof.json."
    return tag(
        "section", tag("h2", "Cells", id="cells"), tag("p", lead, class_="soft"), grid(head, rows, "Cells", 5), why
    )


def _asked(study: Study) -> Html:
    unseen = set(study["unseen"])
    rows: list[list[Html | str]] = [
        [
            say(task["title"]),
            say(name),
            "unseen" if name in unseen else "tuned",
            label(task["metric"]) if task["metric"] else "has no such metric: in no table",
        ]
        for name, task in study["asked"].items()
    ]
    table = grid(("Task", "Id", "The base", "Metric"), rows, "Asked", 4)
    none = study["without_rows"]
    words = ["The run has no training rows of these, so they have no upper bound: ", say(", ".join(none)), "."]
    lead = tag("p", *words, class_="soft") if none else Html("")
    return tag("section", tag("h2", "What was asked", id="asked"), lead, table)
