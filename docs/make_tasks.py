"""Write docs/tasks.md and docs/tasks/: every task of the catalogue, with its figures and one example.

    python docs/make_tasks.py [RUN]          (make docs)

The examples are invented records of each source, so the pages are also golden files of all prompts: a test compares
them with what the catalogue gives now. The figures are those of a build of recipes/full.yaml; naming such a run takes
them from there and keeps them in docs/tasks.json.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecominstruct.errors import InputError, printable
from ecominstruct.runs.files import read_json
from ecominstruct.runs.store import read_manifest
from ecominstruct.sources.cards import SourceCard
from ecominstruct.tasks.catalogue import Catalogue, load_catalogue, roots
from ecominstruct.tasks.preview import illustrate, preview
from ecominstruct.tasks.spec import Task

HERE = Path(__file__).parent
FIGURES = HERE / "tasks.json"
LANGUAGES = {"en": "English", "zh": "Chinese"}
TRIVIAL_BASELINES = ("majority", "overlap", "longest", "first")
ENOUGH = 200  # pairs from which a task counts
NOT_COVERED = HERE / "not_covered.md"


def figures(run: Path) -> dict[str, Any]:
    """What a build says of each task: pairs, and how far one gets without understanding."""
    release = read_manifest(run / "4-dataset")
    if release is None:
        raise SystemExit(f"{run} holds no finished 4-dataset")
    tasks = read_json(run / "4-dataset" / "tasks.json")
    return {
        unit.unit: {"pairs": unit.counts["pairs"], "examples": unit.rows_out, "quality": tasks[unit.unit]["quality"]}
        for unit in release.units
        if not tasks[unit.unit]["synthetic"]
    }


def pages(known: Mapping[str, Any]) -> dict[str, str]:
    """The pages by their paths below docs/."""
    catalogue = load_catalogue(roots())
    found = {"tasks.md": "\n".join(_index(catalogue, known)) + "\n"}
    for source in sorted({task.source for task in catalogue.tasks.values()}):
        lines = _source(catalogue, catalogue.sources[source], known)
        found[f"tasks/{source.replace('/', '.')}.md"] = "\n".join(lines) + "\n"
    return found


def _index(catalogue: Catalogue, known: Mapping[str, Any]) -> Iterator[str]:
    yield "# All tasks"
    yield ""
    yield "Made by `make docs` from the catalogue. Pairs of task and record, and floors, are those of a build of"
    yield "`recipes/full.yaml`; a dash stands for tasks of the built-in shop, whose size the recipe chooses."
    yield ""
    yield from _totals(catalogue, known)
    for lang, name in LANGUAGES.items():
        yield from ("", f"## {name}", "")
        yield "| task | category | level | form | pairs | labels even | best floor |"
        yield "|---|---|---|---|---:|---:|---|"
        for task in _of(catalogue, lang):
            place = f"tasks/{task.source.replace('/', '.')}.md#{_anchor(task)}"
            yield (
                f"| [{task.id}]({place}) | {task.category} | {task.level} | {task.form} | {_pairs(task, known)} | "
                f"{_entropy(task, known)} | {_floor(task, known)} |"
            )
    if NOT_COVERED.is_file():
        yield from ("", NOT_COVERED.read_text("utf-8").rstrip())


def _totals(catalogue: Catalogue, known: Mapping[str, Any]) -> Iterator[str]:
    real = [task for task in catalogue.tasks.values() if not catalogue.sources[task.source].synthetic]
    made = len(catalogue.tasks) - len(real)
    langs = Counter(LANGUAGES[task.lang] for task in real)
    levels = Counter(task.level for task in real)
    yield (
        f"{len(real)} tasks on real sources ({', '.join(f'{n} {name}' for name, n in sorted(langs.items()))}; "
        f"{levels['final']} final, {levels['atomic']} atomic), and {made} on the built-in shop."
    )
    if known:
        sizes = [of["pairs"] for of in known.values()]
        enough = sum(size >= ENOUGH for size in sizes)
        yield f"{enough} of the real ones have at least {ENOUGH} pairs, the smallest {min(sizes)}."
    yield ""
    yield "| on real sources | en | zh |"
    yield "|---|---:|---:|"
    for key in ("category", "level", "form"):
        counts = Counter((getattr(task, key), task.lang) for task in real)
        for value in sorted({value for value, _ in counts}):
            yield f"| {key}: {value} | {counts[value, 'en']} | {counts[value, 'zh']} |"


def _of(catalogue: Catalogue, lang: str) -> list[Task]:
    return [task for _, task in sorted(catalogue.tasks.items()) if task.lang == lang]


def _source(catalogue: Catalogue, card: SourceCard, known: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {card.title}"
    yield ""
    yield f"`{card.id}` · {LANGUAGES[card.lang]} · {card.record_type} · licence: {card.licence.spdx}"
    yield ""
    yield card.about
    for task in (task for _, task in sorted(catalogue.tasks.items()) if task.source == card.id):
        yield from ("", *_task(catalogue, task, known))


def _task(catalogue: Catalogue, task: Task, known: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {task.id.rpartition('/')[2]}"
    yield ""
    rule = f" · rule `{task.derive.rule}`" if task.derive else ""
    yield f"**{task.title}** · {task.category} · {task.level} · `{task.form}`{rule} · {_pairs(task, known)} pairs"
    if task.id in known:
        yield from ("", f"Floors: {_floors(task, known)}. Labels even: {_entropy(task, known)}.{_reason(task)}")
    if task.serves:
        yield from ("", f"A step of: {', '.join(f'`{name}`' for name in task.serves)}")
    shown = _example(catalogue, task)
    if shown is None:
        yield from ("", "*No example yet.*")
        return
    fence = _fence([shown["prompt"], shown["annotation"], shown["example"]["output"]])
    yield from ("", f"{fence}text", printable(shown["prompt"]), fence, "")
    if shown["annotation"]:
        yield from ("A model finds the answer (`ecom annotate`). It is asked:", "")
        yield from (f"{fence}text", printable(shown["annotation"]), fence)
        return
    yield from ("Answer:", "", f"{fence}text", printable(shown["example"]["output"]), fence)


def _example(catalogue: Catalogue, task: Task) -> dict[str, Any] | None:
    if not catalogue.sources[task.source].synthetic:
        return illustrate(catalogue, task)
    for row in range(50):
        try:
            return preview(catalogue, task, row, None)
        except InputError:
            continue  # a row that is left out, or of which the rule makes nothing
    return None


def _fence(texts: Sequence[str]) -> str:
    """More backticks than any text has in a row."""
    longest = max((len(run) for text in texts for run in text.split("\n") if set(run) == {"`"}), default=2)
    return "`" * max(3, longest + 1)


def _anchor(task: Task) -> str:
    return task.id.rpartition("/")[2]


def _pairs(task: Task, known: Mapping[str, Any]) -> str:
    return f"{known[task.id]['pairs']:,}" if task.id in known else "–"


def _quality(task: Task, known: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = known[task.id]["quality"] if task.id in known else {}
    return found


def _entropy(task: Task, known: Mapping[str, Any]) -> str:
    share = _quality(task, known).get("entropy")
    return "–" if share is None else f"{share:.2f}"


def _floor(task: Task, known: Mapping[str, Any]) -> str:
    found = {name: _quality(task, known).get(name) for name in TRIVIAL_BASELINES}
    shares = {name: share for name, share in found.items() if share is not None}
    if not shares:
        return "–"
    name = max(shares, key=lambda floor: shares[floor])
    return f"{name} {shares[name]:.2f}{' **easy**' if _quality(task, known)['easy'] else ''}"


def _floors(task: Task, known: Mapping[str, Any]) -> str:
    found = {name: _quality(task, known).get(name) for name in TRIVIAL_BASELINES}
    return ", ".join(f"{name} {share:.2f}" for name, share in found.items() if share is not None) or "–"


def _reason(task: Task) -> str:
    return f" {task.entropy_reason}" if task.entropy_reason else ""


def main() -> None:
    """Write the pages, with the figures of a run where one is named."""
    if len(sys.argv) > 1:
        text = json.dumps(figures(Path(sys.argv[1])), indent=1, sort_keys=True)
        FIGURES.write_text(text + "\n", encoding="utf-8")
    made = pages(json.loads(FIGURES.read_text("utf-8")) if FIGURES.is_file() else {})
    for path in (HERE / "tasks").glob("*.md"):
        if f"tasks/{path.name}" not in made:
            path.unlink()
    (HERE / "tasks").mkdir(exist_ok=True)
    for name, text in made.items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
