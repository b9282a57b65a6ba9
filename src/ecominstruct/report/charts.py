"""The charts of the report page: dot rows of scores, bars of outcomes, and the flow of rows through the stages.

Charts are inline SVG placed by percentages, so that they follow the width of the page while shapes keep their size.
They need no script and no external asset.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ecominstruct.report.markup import Html, cut_at, join, label, number, say, tag
from ecominstruct.report.report_data import Model, Stage, Task

OUTCOMES: Mapping[str, str] = {
    "parsed": "read as an answer",
    "error": "the model gave no answer",
    "refused": "the model declined to answer",
    "truncated": "cut by the length limit",
    "empty": "nothing was written",
    "off_menu": "an answer outside the candidates",
    "ambiguous": "several or all of the candidates",
    "unparseable": "cannot be read",
}
LANE = 12  # pixels between marks that would overlap
NEAR = 0.03  # scores closer than this are drawn in separate lanes
SLIVER = 0.8  # minimum width, in percent, of an outcome that occurred

# Every mark fits a box of 14 x 14 around (0, 0). Filled: models. Hollow: trivial baselines. The ring: checks.
SHAPES = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
    "M-4.5-4.5h9v9h-9z",
    "M0-6.2L6.2 0 0 6.2-6.2 0z",
    "M0-5.8L5.8 4.6H-5.8z",
    "M0 5.8L5.8-4.6H-5.8z",
    "M-1.8-5.6h3.6v3.8h3.8v3.6h-3.8v3.8h-3.6v-3.8h-3.8v-3.6h3.8z",
    "M0-6L5.7-1.9 3.5 4.9H-3.5L-5.7-1.9z",
    "M-5.4-2.9L-2.9-5.4 0-2.5 2.9-5.4 5.4-2.9 2.5 0 5.4 2.9 2.9 5.4 0 2.5-2.9 5.4-5.4 2.9-2.5 0z",
    "M0-7L1.7-2.3 6.7-2.2 2.7.9 4.1 5.7 0 2.8-4.1 5.7-2.7.9-6.7-2.2-1.7-2.3z",
    "M-3-5.2H3L6 0 3 5.2H-3L-6 0z",
)
HOLLOW = (
    "M-3-3h6v6h-6z",
    "M0-4L4 0 0 4-4 0z",
    "M0-3.8L4 3.2H-4z",
    "M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0-6.8 0z",
    "M0 3.8L4-3.2H-4z",
    "M-3.5-3.5L3.5 3.5M-3.5 3.5L3.5-3.5",
    "M0-4V4M-4 0H4",
    "M-4 0H4M-2-3.4L2 3.4M2-3.4L-2 3.4",
)
RING = "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0z"
COLOURS = 8  # colours defined in page.css, for models and for outcomes


def score_of(task: Task, name: str, metric: str) -> float | None:
    """Return a score, or None if it is absent or not finite."""
    value = task["scores"].get(name, {}).get(metric)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def best_floor(task: Task, models: Sequence[Model], metric: str) -> float | None:
    """Return the highest score of a trivial baseline, or None if there is none."""
    found = [score_of(task, model["name"], metric) for model in models if model["kind"] == "floor"]
    return max((value for value in found if value is not None), default=None)


class Outcomes(NamedTuple):
    """How many answers of a model had each outcome.

    `cut` counts those among them that ended at the token limit, where that is known. `limit` is that limit.
    """

    name: str
    counts: Mapping[str, int]
    cut: Mapping[str, int]
    limit: int | None


def outcomes_of(task: Task, model: Model) -> Outcomes:
    """Return the outcomes that occurred, in the order of `OUTCOMES`; unknown names come last."""
    scores = task["scores"].get(model["name"], {})
    counts, cut = _in_order([scores.get("outcomes")]), _in_order([scores.get("cut")])
    return Outcomes(model["name"], counts, cut, model["max_tokens"])


def together(model: Model, several: Sequence[Outcomes]) -> Outcomes:
    """Add up the outcomes of several tasks."""
    counts, cut = _in_order([one.counts for one in several]), _in_order([one.cut for one in several])
    return Outcomes(model["name"], counts, cut, model["max_tokens"])


def _in_order(several: Sequence[Any]) -> dict[str, int]:
    counts = Counter[str]()
    for found in several:
        counts.update(found if isinstance(found, Mapping) else {})
    return {key: counts[key] for key in [*OUTCOMES, *sorted(set(counts) - set(OUTCOMES))] if counts[key]}


def mark_ids(models: Sequence[Model]) -> list[tuple[str, str]]:
    """Return the id of the shape and the class of the colour of every model."""
    floors = models_seen = 0
    marks = []
    for model in models:
        if model["kind"] == "model":
            marks.append((f"s{models_seen % len(SHAPES)}", f"c{models_seen % COLOURS}"))
            models_seen += 1
        elif model["kind"] == "floor":
            marks.append((f"h{floors % len(HOLLOW)}", "hollow"))
            floors += 1
        else:
            marks.append(("ring", "hollow ring"))
    return marks


def shapes() -> Html:
    """Return the SVG definitions of the marks, which the charts refer to."""
    named = [("s", SHAPES), ("h", HOLLOW)]
    paths = [tag("path", id=f"{key}{i}", d=path) for key, group in named for i, path in enumerate(group)]
    paths.append(tag("path", id="ring", d=RING))
    return tag("svg", tag("defs", *paths), width=0, height=0, class_="defs", aria_hidden="true")


def symbol(mark: tuple[str, str]) -> Html:
    """Return a mark for a legend or a table heading."""
    use = tag("use", href=f"#{mark[0]}", class_=mark[1])
    return tag("svg", use, class_="key", width=18, height=18, viewBox="-9 -9 18 18", aria_hidden="true")


def _spread(values: Sequence[float]) -> list[float]:
    """A vertical offset for each score, in lanes around 0, so that marks do not overlap."""
    order = sorted(range(len(values)), key=lambda i: (values[i], i))
    offsets = [0.0] * len(values)
    cluster: list[tuple[int, int]] = []
    ends: list[float] = []
    for i in order:
        if ends and values[i] - max(ends) >= NEAR:
            for member, lane in cluster:
                offsets[member] = lane - (len(ends) - 1) / 2
            cluster, ends = [], []
        lane = next((k for k, end in enumerate(ends) if values[i] - end >= NEAR), len(ends))
        ends[lane : lane + 1] = [values[i]]
        cluster.append((i, lane))
    for member, lane in cluster:
        offsets[member] = lane - (len(ends) - 1) / 2
    return offsets


def dot_row(task: Task, models: Sequence[Model]) -> Html:
    """Draw the headline scores of one task on an axis from 0 to 1, over a band up to the best trivial baseline."""
    metric = task["headline"]
    marks = mark_ids(models)
    seen = [(i, score_of(task, model["name"], metric)) for i, model in enumerate(models)]
    places = [(i, value, min(max(value, 0.0), 1.0)) for i, value in seen if value is not None]
    own = [place for place in places if models[place[0]]["kind"] == "model"]
    offsets = dict(zip([i for i, _, _ in own], _spread([x for _, _, x in own]), strict=True))
    floors = [i for i, model in enumerate(models) if model["kind"] == "floor"]
    step = 22 / max(len(floors), 1)
    offsets |= {i: (k - (len(floors) - 1) / 2) * step / LANE for k, i in enumerate(floors)}

    def draw(place: tuple[int, float, float]) -> Html:
        i, value, x = place
        shift = f"translate(0 {offsets[i] * LANE:.1f})" if offsets.get(i) else None
        title = tag("title", f"{models[i]['name']}: {number(value)} {label(metric)}, {task['title']}")
        return tag("use", title, href=f"#{marks[i][0]}", x=f"{x:.2%}", y="50%", transform=shift, class_=marks[i][1])

    parts = [tag("line", x1=f"{x}%", x2=f"{x}%", y1="0", y2="100%", class_="grid") for x in (0, 25, 50, 75, 100)]
    floor = best_floor(task, models, metric)
    if floor is not None:
        edge = f"{min(max(floor, 0.0), 1.0):.2%}"
        band = tag("title", f"best floor: {number(floor)}")
        parts.append(tag("rect", band, x="0", y="0", width=edge, height="100%", class_="band"))
        parts.append(tag("line", x1=edge, x2=edge, y1="0", y2="100%", class_="edge"))
    parts += [draw(place) for place in places if models[place[0]]["kind"] != "model"]
    parts += [whisker for place in own for whisker in _whisker(task, models[place[0]]["name"], offsets[place[0]])]
    parts += [draw(place) for place in own]
    lanes = max((abs(offsets[i]) for i, _, _ in own), default=0.0)
    words = "; ".join(f"{models[i]['name']} {number(value)}" for i, value, _ in places) or "no scores"
    drawing = tag("svg", *parts, role="img", aria_label=f"{label(metric)}: {words}")
    return tag("div", drawing, class_="plot", style=f"min-height:{36 + 2 * max(lanes - 0.5, 0) * LANE:.0f}px")


def _whisker(task: Task, name: str, offset: float) -> Iterator[Html]:
    """The interval of a score, as a line through its mark."""
    evidence = task["evidence"].get(name)
    if evidence and evidence["low"] is not None and evidence["high"] is not None:
        ends = {"x1": f"{evidence['low']:.2%}", "x2": f"{evidence['high']:.2%}"}
        shift = f"translate(0 {offset * LANE:.1f})"
        yield tag("line", **ends, y1="50%", y2="50%", transform=shift, class_="whisker")


def outcome_bar(counts: Mapping[str, int]) -> Html:
    """Draw a stacked bar of outcomes. Each outcome that occurred is at least `SLIVER` percent wide."""
    total = sum(counts.values()) or 1
    widths = {key: max(100 * count / total, SLIVER) for key, count in counts.items()}
    scale = 100 / (sum(widths.values()) or 1)
    parts, x = [], 0.0
    names = list(OUTCOMES)
    for key, width in widths.items():
        title = tag("title", f"{label(key)}: {counts[key]:,}")
        colour = f"o{names.index(key) if key in names else 7}"
        parts.append(tag("rect", title, x=f"{x:.2f}%", width=f"{width * scale:.2f}%", height="100%", class_=colour))
        x += width * scale
    return tag("svg", *parts, class_="bar", role="img", aria_label=outcome_words(counts))


def outcome_words(counts: Mapping[str, int]) -> str:
    """Return the outcomes that occurred, in words. Count and name do not break across lines."""
    return ", ".join(f"{label(key)}\u00a0{count:,}" for key, count in counts.items()) or "no answers"


def outcome_bars(rows: Sequence[Outcomes]) -> Html:
    """Draw a bar with its counts in words, for each model."""
    cells = []
    for name, counts, cut, limit in rows:
        bar = outcome_bar(counts) if counts else Html("")
        words = outcome_words(counts) + (f"; {cut_at(limit)}: {outcome_words(cut)}" if cut else "")
        cells += [tag("div", say(name)), tag("div", bar, tag("span", words, class_="sub"))]
    return tag("div", join(cells), class_="bars")


def stage_bar(stage: Stage, most: int) -> Html:
    """Draw the rows that leave a stage over those that enter it. `most`: the rows that fill the whole width."""
    rows_in, rows_out = stage["rows_in"], stage["rows_out"]
    parts = [
        tag("rect", width=f"{100 * rows / (most or 1):.2f}%", height="100%", class_=kind)
        for rows, kind in ((rows_in, "rows-in"), (rows_out, "rows-out"))
    ]
    return tag("svg", *parts, class_="bar", role="img", aria_label=f"{rows_in:,} rows in, {rows_out:,} rows out")


def _reasons(word: str, reasons: Mapping[str, int]) -> Html:
    ordered = sorted(((name, n) for name, n in reasons.items() if n), key=lambda item: (-item[1], item[0]))
    parts = [join([say(label(name)), Html(f" {n:,}")], "") for name, n in ordered]
    return tag("p", tag("b", word), " ", join(parts, ", "))


def flow(stages: Sequence[Stage]) -> Html:
    """Draw the stages one below the other: rows in, rows out, rejects and notes by reason."""
    most = max((max(stage["rows_in"], stage["rows_out"]) for stage in stages), default=1)
    items = []
    for stage in stages:
        what = tag("div", tag("b", say(stage["name"])), tag("span", say(stage["about"]), class_="sub"))
        lines = [tag("div", f"{stage['rows_in']:,} → {stage['rows_out']:,} rows"), stage_bar(stage, most)]
        if any(stage["rejected"].values()):
            lines.append(_reasons("Rejected:", stage["rejected"]))
        if any(stage["noted"].values()):
            lines.append(_reasons("Kept, but noted:", stage["noted"]))
        if len(lines) == 2:
            lines.append(tag("p", "Nothing rejected, nothing noted.", class_="soft"))
        step = tag("div", str(stage["number"]), class_="step")
        items.append(tag("li", step, what, tag("div", *lines, class_="what")))
    return tag("ol", *items, class_="flow")
