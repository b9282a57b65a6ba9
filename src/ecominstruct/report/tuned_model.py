"""The section of the report page on the tuned model: its loss, its rows, its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from ecominstruct.report.evidence import grid
from ecominstruct.report.markup import Html, join, say, tag
from ecominstruct.runs.files import read_json
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, read_manifest, require_whole

FACTS, LOSSES = "tuned.json", "losses.jsonl"
MOST_POINTS = 400  # maximum points of a curve; with more steps, a point is the mean of several
_WIDTH, _HEIGHT = 720, 220  # size of the drawing, in its own units
_LEFT, _BOTTOM, _TOP = 44, 24, 10
Points = Sequence[tuple[float, float]]


def model_manifest(run: Path) -> Manifest | None:
    """Return the manifest of the tuned model, or None. Raises Damaged if a file that the page shows is damaged."""
    folder = run / stage("model").folder
    found = read_manifest(folder)
    if found:
        require_whole(folder, found, FACTS)
        require_whole(folder, found, LOSSES)
    return found


def tuning_of(run: Path) -> dict[str, Any] | None:
    """Return the facts about the tuned model and its losses by step, or None if no model was tuned."""
    if model_manifest(run) is None:
        return None
    folder = run / stage("model").folder
    facts = read_json(folder / FACTS)
    lines = [orjson.loads(line) for line in (folder / LOSSES).read_bytes().splitlines()]
    return {
        **{name: facts[name] for name in ("base", "rows", "tokens", "parameters", "settings", "steps", "losses")},
        "tasks": facts["tasks"],
        "trained": thinned([(entry["step"], entry["loss"]) for entry in lines if "loss" in entry]),
        "validated": [(entry["step"], entry["validation_loss"]) for entry in lines if "validation_loss" in entry],
    }


def thinned(points: Points, most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """Return at most `most` points: means of equally many neighbours."""
    size = -(-len(points) // most) or 1
    groups = (points[start : start + size] for start in range(0, len(points), size))
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def tuned(tuning: Mapping[str, Any] | None) -> Html:
    """Render the section: a paragraph, the loss curve, and the settings."""
    if tuning is None:
        return tag("p", "No model was tuned in this run: ecom train RECIPE.", class_="soft")
    rows, losses, settings = tuning["rows"], tuning["losses"], tuning["settings"]
    lead = (
        f"{rows['train']:,} rows of {len(tuning['tasks']):,} tasks, {tuning['steps']:,} steps; "
        f"{tuning['parameters']['tuned']:,} of {tuning['parameters']['all']:,} weights. "
        "The loss is the mean negative log-likelihood (in nats) of the tokens of the answers; it says how well answers "
        "are foretold, not how many are right."
    )
    names = ("method", "learning_rate", "schedule", "epochs", "batch", "max_length", "max_rows_per_task", "seed")
    table = grid(("Setting", "Value"), [[say(name), say(str(settings[name]))] for name in names], "Settings", 2)
    found = {"first step": losses["first"], "last step": losses["last"], "validation rows": losses["validation"]}
    words = "; ".join(f"{name} {value:.3f}" for name, value in found.items() if value is not None)
    parts = [tag("h3", say(tuning["base"]["name"])), tag("p", lead, class_="soft")]
    parts += [curve(tuning["trained"], tuning["validated"]), tag("p", f"Loss: {words}.")]
    return join([*parts, tag("details", tag("summary", "Settings"), table)])


def curve(trained: Points, validated: Points) -> Html:
    """Draw the loss by step: a line for the training rows, marks for the validation rows."""
    shown = [*trained, *validated]
    if not shown:
        return tag("p", "No step was logged.", class_="soft")
    last, most = max(step for step, _ in shown), max(value for _, value in shown)
    ticks = _ticks(most)
    across, up = _WIDTH - _LEFT - 12, _HEIGHT - _BOTTOM - _TOP

    def place(step: float, value: float) -> tuple[str, str]:
        return f"{_LEFT + across * step / last:.1f}", f"{_TOP + up * (1 - value / ticks[-1]):.1f}"

    parts = []
    for value in ticks:
        x, y = place(0, value)
        parts.append(tag("line", x1=x, x2=_WIDTH - 12, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", f"{value:g}", x=_LEFT - 6, y=y, dy="0.32em", text_anchor="end"))
    for step in (0, last):
        anchor = "end" if step else "start"
        parts.append(tag("text", f"step {step:,}", x=place(step, 0)[0], y=_HEIGHT - 6, text_anchor=anchor))
    line = " ".join(",".join(place(*point)) for point in trained)
    parts.append(tag("polyline", points=line, class_="loss"))
    for step, value in validated:
        x, y = place(step, value)
        title = tag("title", f"validation, step {step:,}: {value:.3f}")
        parts.append(tag("circle", title, cx=x, cy=y, r=4, class_="held"))
    name = f"Loss by step, from {trained[0][1]:.3f} to {trained[-1][1]:.3f}" if trained else "Loss by step"
    drawing = tag("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="curve", role="img", aria_label=name)
    keys = [
        tag("li", tag("span", class_="swatch loss", aria_hidden="true"), "training rows"),
        tag("li", tag("span", class_="swatch held", aria_hidden="true"), "validation rows"),
    ]
    return join([drawing, tag("ul", *keys, class_="keys")])


def _ticks(most: float) -> list[float]:
    """Axis labels: about four round numbers, from 0 to at least the highest value."""
    unit = 10.0 ** (len(str(int(most))) - 1) if most >= 1 else 0.1
    step = next((unit * factor for factor in (0.25, 0.5, 1, 2, 2.5, 5) if most / (unit * factor) <= 4), unit * 5)
    count = int(-(-most // step)) or 1
    return [round(step * number, 6) for number in range(count + 1)]
