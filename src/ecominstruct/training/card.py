"""The README of a tuned model: its data, its settings, its losses and its licences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecominstruct.config.training import TINY
from ecominstruct.dataset.card import inline, markdown_table
from ecominstruct.runs.store import Manifest
from ecominstruct.sources.licences import LICENCES, UNKNOWN, is_share_alike

_GRADES = (
    "permissive: use for profit is allowed, at most a notice must be kept",
    "share-alike: what is made of such data may have to be under the same licence",
    "no use for profit, or no changed form",
    "nothing is stated that allows use",
)


def about_release(release: Manifest) -> dict[str, Any]:
    """The part of the card on the data besides the rows: title, fingerprint, and the facts of each task."""
    return {
        "title": release.config["title"],
        "release": release.fingerprint,
        "tasks": {name: dict(task) for name, task in release.config["tasks"].items()},
    }


def grade(spdx: str) -> int:
    """The strictness of a licence, from 0 (permissive) to 3 (unknown, or custom terms)."""
    if spdx == UNKNOWN or spdx not in LICENCES:
        return 3
    return 1 if is_share_alike(spdx) else 0 if LICENCES[spdx].commercial else 2


def model_card(facts: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """Render the card in Markdown. `facts` are those of `tuned.json`, `about` those of `about_release`."""
    rows, settings = facts["rows"], facts["settings"]
    lines = [
        "---",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        f"language: [{', '.join(sorted({about['tasks'][name]['lang'] for name in facts['tasks']}))}]",
        "---",
        "",
        f"# {inline(facts['base']['name'])}, tuned on {inline(about['title'])}",
        "",
        f"Tuned with ecominstruct on {rows['train']:,} instructions of {len(facts['tasks']):,} tasks; the loss counts "
        f"the {facts['tokens']['answers']:,} tokens of the answers alone (of {facts['tokens']['all']:,}). "
        f"{rows['synthetic']:,} rows ({rows['synthetic'] / rows['train']:.0%}) are synthetic: made, not observed. "
        f"Inputs cut in their middle: {rows['cut']:,}; rows that did not fit: {rows['too_long']:,}.",
        "",
        "Ask it with `ecom predict RUN --model local:FOLDER`; `chat.json` says with which template it was tuned.",
        "",
        "## Licences",
        "",
        *_licences(facts, about["tasks"]),
        "## Tasks",
        "",
        *markdown_table(("task", "title", "category", "level", "licence", "rows"), list(_tasks(facts, about["tasks"]))),
        "",
        "## Loss",
        "",
        *markdown_table(("", "loss"), [(name, _number(value)) for name, value in facts["losses"].items()]),
        "",
        f"{facts['steps']:,} steps; each is in `losses.jsonl`.",
        "",
        "## Settings",
        "",
        *markdown_table(("setting", "value"), [(name, str(value)) for name, value in _settings(settings, facts)]),
        "",
        "## Fingerprints",
        "",
        *markdown_table(("of", "fingerprint"), _fingerprints(facts, about)),
        "",
    ]
    return "\n".join(lines)


def _licences(facts: Mapping[str, Any], tasks: Mapping[str, Any]) -> Iterator[str]:
    """The strictest licence of a source whose rows were used, then all licences."""
    used: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name, rows in facts["tasks"].items():
        used[tasks[name]["licence"]][tasks[name]["source"]] += rows
    strictest = max(used, key=lambda spdx: (grade(spdx), spdx))
    words = f"**{inline(strictest)}** ({_GRADES[grade(strictest)]})"
    yield f"The strictest licence of a source whose rows were used: {words}."
    yield ""
    share_alike = sorted(spdx for spdx in used if is_share_alike(spdx))
    if share_alike:
        yield f"Share-alike licences among them: {', '.join(map(inline, share_alike))}."
        yield ""
    yield "The licence of the model that was tuned holds besides. This is a count, not legal advice."
    yield ""
    ordered = sorted(used, key=lambda spdx: (-grade(spdx), spdx))
    head = ("licence", "what it allows", "sources", "rows")
    yield from markdown_table(head, [_licence(spdx, used[spdx]) for spdx in ordered])
    yield ""


def _licence(spdx: str, rows: Mapping[str, int]) -> tuple[str, ...]:
    return spdx, _GRADES[grade(spdx)], ", ".join(sorted(rows)), f"{sum(rows.values()):,}"


def _tasks(facts: Mapping[str, Any], tasks: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, rows in facts["tasks"].items():
        task = tasks[name]
        yield (name, *(str(task[key]) for key in ("title", "category", "level", "licence")), f"{rows:,}")


def _settings(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The settings that had an effect: those of LoRA and of the tiny model only if used."""
    parameters = facts["parameters"]
    yield "weights tuned", f"{parameters['tuned']:,} of {parameters['all']:,}"
    meant = {"lora": settings["method"] == "lora", "tiny": facts["base"]["name"] == TINY}
    for name, value in settings.items():
        if name not in meant:
            yield name, value
        elif meant[name]:
            yield name, ", ".join(f"{key} {item}" for key, item in value.items())


def _fingerprints(facts: Mapping[str, Any], about: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    return [
        ("ids of the rows, in their order", facts["data"]),
        ("release", about["release"]),
        ("model that was tuned", facts["base"]["fingerprint"]),
        ("chat template and tokenizer", facts["chat"]),
        ("all of it", facts["fingerprint"]),
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
