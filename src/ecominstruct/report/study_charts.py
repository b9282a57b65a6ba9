"""The drawings of a study: lines of a table as marks on a scale from 0 to 1, and scores over a number as curves.

Filled marks are means over seeds, small hollow ones are seeds. Colour and shape are those of the model. Places are
percentages, so that charts follow the width of the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ecominstruct.report.charts import COLOURS, SHAPES, symbol
from ecominstruct.report.markup import Html, join, number, say, tag

Table = Mapping[str, Any]
Marks = Mapping[str, tuple[str, str]]
SEED = "h3"  # the hollow circle
MARGIN = 4  # percent beside the first and the last point of a curve
_QUARTERS = (0, 25, 50, 75, 100)


def marks_of(models: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The shape and the colour of each model; '' is a model that was not tuned here."""
    found = {model: (f"s{i % len(SHAPES)}", f"c{i % COLOURS}") for i, model in enumerate(models)}
    return {**found, "": ("s9", "c7")}


def legend(models: Sequence[str]) -> Html:
    """What the marks mean."""
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
    """A line between two points, in percent."""
    (x1, x2), (y1, y2) = ((f"{start:.2f}%", f"{end:.2f}%") for start, end in (x, y))
    return tag("line", x1=x1, x2=x2, y1=y1, y2=y2, class_=kind)


def _mark(mark: tuple[str, str], x: float, y: float, words: str) -> Html:
    return tag("use", tag("title", words), href=f"#{mark[0]}", x=f"{x:.2f}%", y=f"{y:.2f}%", class_=mark[1])


# ------------------------------------------------------------------------------------------------ lines of a table


def dots(table: Table, marks: Marks) -> Html:
    """For each group of tasks the lines of a table, one under the other."""
    rows = []
    for place, column in enumerate(table["columns"]):
        tasks = f" · {len(column['tasks']):,} task{'' if len(column['tasks']) == 1 else 's'}"
        heading = tag("div", say(column["name"]), tag("span", tasks, class_="soft"))
        rows.append(tag("div", heading, _axis((("0", 0), (".5", 50), ("1", 100))), class_="head"))
        for line in table["lines"]:
            model = tag("span", say(line["model"]), class_="sub") if line["model"] else Html("")
            name = tag("div", say(line["name"]), model, class_="task")
            rows.append(tag("div", name, _row(line, line["cells"][place], column["floor"], marks)))
    return tag("div", join(rows), class_="dots")


def _row(line: Mapping[str, Any], cell: Mapping[str, Any] | None, floor: float | None, marks: Marks) -> Html:
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
    """The interval, the seeds where there are several, and the mean."""
    if cell["low"] is not None:
        yield _stroke((100 * cell["low"], 100 * cell["high"]), (50, 50), "whisker")
    if len(cell["seeds"]) > 1:
        for seed, value in cell["seeds"].items():
            yield _mark((SEED, "hollow"), 100 * value, 50, f"seed {seed}: {number(value)}")
    yield _mark(mark, 100 * cell["score"], 50, words)


# ------------------------------------------------------------------------------------------------ scores over a number


class _Point(NamedTuple):
    """A line of the table on a curve: how far to the right it lies, in percent, and its scores."""

    x: float
    line: str
    cell: Mapping[str, Any]


def curves(table: Table, marks: Marks) -> Html:
    """Scores over the number that is varied, on a logarithmic scale: a panel for each group of tasks."""
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
    """The number that a line stands for: its tasks, or the rows of each of them."""
    trained = table["trained"].get(line, {"tasks": 0, "rows": 0})
    if table["question"] == "task_count":
        return int(trained["tasks"])
    return round(trained["rows"] / trained["tasks"]) if trained["tasks"] else 0


def _places(numbers: Sequence[int]) -> dict[int, float]:
    """How far to the right each number lies, in percent."""
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
