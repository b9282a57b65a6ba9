"""The page of a study: a chart, a table and sentences for each question; then the cells, and the tasks asked.

The page is self-contained like the report: inline style and SVG, no script. The same study gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ecominstruct.report.charts import COLOURS, SHAPES, shapes, symbol
from ecominstruct.report.evidence import between, grid
from ecominstruct.report.frame import whole_page
from ecominstruct.report.markup import DASH, Html, join, label, number, say, tag
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
    """Render the page."""
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
    """The lines of each group of tasks, group by group."""
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
    """Every cell: the rows it was tuned on, and its state."""
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


Table = Mapping[str, Any]
Marks = Mapping[str, tuple[str, str]]
SEED = "h3"  # the hollow circle
MARGIN = 4  # percent of the width left free on each side of a curve
_QUARTERS = (0, 25, 50, 75, 100)


def marks_of(models: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the shape and the colour of each model; "" stands for models that the study did not tune."""
    found = {model: (f"s{i % len(SHAPES)}", f"c{i % COLOURS}") for i, model in enumerate(models)}
    return {**found, "": ("s9", "c7")}


def legend(models: Sequence[str]) -> Html:
    """Render the legend of the marks."""
    marks = marks_of(models)
    items = [tag("li", symbol(marks[model]), tag("div", tag("b", say(model)))) for model in models]
    items.append(tag("li", symbol((SEED, "hollow")), tag("div", tag("b", "one seed"))))
    words = [tag("b", "shaded"), tag("span", "up to the mean of the best floors: no skill needed", class_="sub")]
    items.append(tag("li", tag("span", class_="swatch", aria_hidden="true"), tag("div", *words)))
    return tag("div", tag("ul", *items), class_="legend")


def _axis(ticks: Sequence[tuple[str, float]]) -> Html:
    marks = [tag("span", text, style=f"left:{x:.1f}%;white-space:nowrap") for text, x in ticks]
    return tag("div", *marks, class_="axis", aria_hidden="true")


def _stroke(x: tuple[float, float], y: tuple[float, float], kind: str) -> Html:
    """A line between two points, with coordinates in percent."""
    (x1, x2), (y1, y2) = ((f"{start:.2f}%", f"{end:.2f}%") for start, end in (x, y))
    return tag("line", x1=x1, x2=x2, y1=y1, y2=y2, class_=kind)


def _mark(mark: tuple[str, str], x: float, y: float, words: str) -> Html:
    return tag("use", tag("title", words), href=f"#{mark[0]}", x=f"{x:.2f}%", y=f"{y:.2f}%", class_=mark[1])


# ------------------------------------------------------------------------------------------------ lines of a table


def dots(table: Table, marks: Marks) -> Html:
    """Draw the lines of a table as rows of dots, for each group of tasks."""
    rows = []
    for place, column in enumerate(table["columns"]):
        tasks = f" · {len(column['tasks']):,} task{'' if len(column['tasks']) == 1 else 's'}"
        heading = tag("div", say(column["name"]), tag("span", tasks, class_="soft"))
        rows.append(tag("div", heading, _axis((("0", 0), (".5", 50), ("1", 100))), class_="head"))
        for line in table["lines"]:
            model = tag("span", say(line["model"]), class_="sub") if line["model"] else Html("")
            name = tag("div", say(line["name"]), model, class_="task")
            rows.append(tag("div", name, _drawn_row(line, line["cells"][place], column["floor"], marks)))
    return tag("div", join(rows), class_="dots")


def _drawn_row(line: Mapping[str, Any], cell: Mapping[str, Any] | None, floor: float | None, marks: Marks) -> Html:
    parts = [_stroke((x, x), (0, 100), "grid") for x in _QUARTERS]
    if floor is not None:
        edge = 100 * floor
        title = tag("title", f"floors: {number(floor)}")
        parts.append(tag("rect", title, x="0", y="0", width=f"{edge:.2f}%", height="100%", class_="band"))
        parts.append(_stroke((edge, edge), (0, 100), "edge"))
    words = "no scores"
    if cell is not None:
        words = f"{line['name']} {number(cell['score'])}"
        parts += _score(cell, marks[line["model"]], words)
    drawing = tag("svg", *parts, role="img", aria_label=words)
    return tag("div", drawing, class_="plot", style="min-height:30px")


def _score(cell: Mapping[str, Any], mark: tuple[str, str], words: str) -> Iterator[Html]:
    """The interval, a mark for each seed if there are several, and the mean."""
    if cell["low"] is not None:
        yield _stroke((100 * cell["low"], 100 * cell["high"]), (50, 50), "whisker")
    if len(cell["seeds"]) > 1:
        for seed, value in cell["seeds"].items():
            yield _mark((SEED, "hollow"), 100 * value, 50, f"seed {seed}: {number(value)}")
    yield _mark(mark, 100 * cell["score"], 50, words)


# ------------------------------------------------------------------------------------------------ scores over a number


class _Point(NamedTuple):
    """A line of the table as a point of a curve: its position from the left, in percent, and its scores."""

    x: float
    line: str
    cell: Mapping[str, Any]


def curves(table: Table, marks: Marks) -> Html:
    """Draw scores over the number that the question varies, on a logarithmic scale: a panel for each group of tasks."""
    numbers = {line["name"]: _number(table, line["name"]) for line in table["lines"]}
    places = _places(sorted({found for found in numbers.values() if found}))
    panels = []
    for place, column in enumerate(table["columns"]):
        points: dict[str, list[_Point]] = {}
        for line in table["lines"]:
            cell, found = line["cells"][place], numbers[line["name"]]
            if cell is not None and found:
                points.setdefault(line["model"], []).append(_Point(places[found], line["name"], cell))
        axis = _axis([(f"{found:,}", x) for found, x in places.items()])
        panels.append(
            tag("div", tag("b", say(column["name"])), _panel(points, column["floor"], marks), axis, class_="card")
        )
    what = "tasks" if table["question"] == "task_count" else "training rows of a task, on average"
    note = tag("p", f"From left to right: {what}. From bottom to top: the score, from 0 to 1.", class_="soft")
    return join([note, tag("div", *panels, class_="cards")])


def _number(table: Table, line: str) -> int:
    """The number that a line stands for: its tasks, or its mean rows per task."""
    trained = table["trained"].get(line, {"tasks": 0, "rows": 0})
    if table["question"] == "task_count":
        return int(trained["tasks"])
    return round(trained["rows"] / trained["tasks"]) if trained["tasks"] else 0


def _places(numbers: Sequence[int]) -> dict[int, float]:
    """The position of each number from the left, in percent."""
    if len(numbers) < 2:
        return dict.fromkeys(numbers, 50.0)
    low, high = math.log(numbers[0]), math.log(numbers[-1])
    wide = 100 - 2 * MARGIN
    return {found: MARGIN + wide * (math.log(found) - low) / (high - low) for found in numbers}


def _panel(points: Mapping[str, list[_Point]], floor: float | None, marks: Marks) -> Html:
    parts = [_stroke((0, 100), (y, y), "grid") for y in _QUARTERS]
    if floor is not None:
        top, title = 100 - 100 * floor, tag("title", f"floors: {number(floor)}")
        size = {"y": f"{top:.2f}%", "height": f"{100 * floor:.2f}%"}
        parts += [tag("rect", title, x="0", width="100%", class_="band", **size), _stroke((0, 100), (top, top), "edge")]
    words = []
    for model, found in points.items():
        ordered = sorted(found, key=lambda point: point.x)
        parts += [_stroke((one.x, two.x), (_down(one), _down(two)), "whisker") for one, two in pairwise(ordered)]
        for point in ordered:
            low, high = point.cell["low"], point.cell["high"]
            if low is not None:
                parts.append(_stroke((point.x, point.x), (100 - 100 * low, 100 - 100 * high), "whisker"))
            words.append(f"{point.line} {model}: {number(point.cell['score'])}")
            parts.append(_mark(marks[model], point.x, _down(point), words[-1]))
    drawing = tag("svg", *parts, role="img", aria_label="; ".join(words) or "no scores")
    return tag("div", drawing, class_="plot", style="height:180px;margin:.6rem .8rem .3rem 0")


def _down(point: _Point) -> float:
    return 100 - 100 * float(point.cell["score"])
