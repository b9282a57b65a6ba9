"""The command line: each verb parses its options and calls one function.

Nothing heavy is imported here; each verb imports what it needs, so that `ecom --help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ecominstruct.cli.annotate import annotate
from ecominstruct.cli.built import built
from ecominstruct.cli.console import (
    CORES,
    NOTES,
    Annotations,
    AsJson,
    Cluster,
    Data,
    Extra,
    Forgotten,
    Out,
    Places,
    Processes,
    RecipeFile,
)
from ecominstruct.cli.console import say as _say
from ecominstruct.cli.console import say_json as _json
from ecominstruct.cli.console import work as _work
from ecominstruct.cli.judge import judge
from ecominstruct.cli.provenance import forget, trace
from ecominstruct.cli.review import review
from ecominstruct.cli.sources import sources_app
from ecominstruct.cli.tasks import tasks_app
from ecominstruct.cli.training import study, train, tuned_model
from ecominstruct.errors import EcomError, StoppedAtOnce, printable
from ecominstruct.runs.stages import stage

app = typer.Typer(
    name="ecom",
    help="E-commerce instruction data in English and Chinese: build it, prove it, evaluate models on it.\n\n"
    "Begin with: ecom run recipes/demo.yaml --out out/demo",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(sources_app, name="sources")
app.add_typer(tasks_app, name="tasks")

Run = Annotated[Path, typer.Argument(metavar="RUN", help="a run folder, as made by `ecom build`")]
Scores = Annotated[Path, typer.Argument(metavar="SCORES", help="scores of a model: RUN/7-scores/MODEL")]
ModelName = Annotated[
    str,
    typer.Option(
        "--model", help="local:FOLDER, server:NAME, replay:FILE, noisy:RATE, oracle, or a floor such as constant"
    ),
]
Profile = Literal["honest", "ecomgpt"]
STOPPED = 130  # what typer makes of Ctrl-C


def main() -> None:
    """Run the command line; an error that a person can mend is one line a fault, never a traceback."""
    try:
        app()
    except EcomError as error:
        for fault in error.faults:
            sys.stderr.write(f"ecom: {fault}\n")
        sys.exit(error.exit_code)
    except StoppedAtOnce as stop:
        sys.stderr.write(f"ecom: {stop}\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        sys.stderr.write(f"ecom: {printable(what)}\n")
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit) and stop.code != STOPPED:
            raise
        sys.stderr.write("ecom: stopped; the same command goes on from here\n")
        sys.exit(STOPPED)


# --------------------------------------------------------------------------------------------------------------- a run


@app.command()
def build(
    recipe: RecipeFile,
    out: Out,
    data: Data = None,
    catalogue: Extra = None,
    annotations: Annotations = NOTES,
    forgotten: Forgotten = None,
    processes: Processes = CORES,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Build a data set: records, splits, examples, dataset."""
    from ecominstruct.report.run_tables import show_build

    with built(recipe, out, Places(data, catalogue or [], annotations, forgotten), processes, cluster) as done:
        summary = done.summary
    if as_json:
        return _json(summary)
    _say(show_build(summary))
    return _say(f"Next: ecom predict {out} --model constant")


app.command()(train)
app.command()(study)


@app.command()
def predict(
    run: Run,
    model: ModelName,
    recipe: Annotated[
        Path | None, typer.Option("--recipe", metavar="RECIPE", help="where models are described, if not in the run's")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what asking a server would cost")] = False,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Let a model answer the test examples of a run."""
    from ecominstruct.report.terminal import outline
    from ecominstruct.workflow import evaluate

    if dry_run:
        found = evaluate.estimate(run, model, recipe)
        return _json(found) if as_json else _say(outline(found))
    with _work(processes) as (executor, progress):
        result = evaluate.predict(run, model, executor, progress, recipe)
    if as_json:
        return _json(result)
    if result["asked"]:
        _say(outline({"asked": result["asked"]}))
    cut = f", {result['cut']} prompts cut in the middle of the input" if result["cut"] else ""
    _say(f"predictions: {result['examples']} answers of {result['model']}, {result['errors']} errors{cut}.")
    return _say(f"Next: ecom score {run} --model {result['model']}")


@app.command()
def score(
    run: Run,
    model: ModelName,
    profile: Annotated[Profile, typer.Option("--profile", help="ecomgpt: as the released evaluator counts")] = "honest",
    explain: Annotated[bool, typer.Option("--explain", help="the steps from the released numbers to ours")] = False,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Read and mark the answers of a model; no model is loaded."""
    from ecominstruct.report.run_tables import show_ladders, show_released, show_scores
    from ecominstruct.workflow import evaluate

    with _work(processes) as (executor, progress):
        result = evaluate.score(run, model, executor, progress)
    if explain or profile == "ecomgpt":
        released = evaluate.released(result)
        show = show_ladders if explain else show_released
        return _json(released) if as_json else _say(show(released))
    if as_json:
        return _json(result)
    _say(show_scores(result))
    return _say(f"Next: ecom report {run}")


@app.command()
def compare(left: Scores, right: Scores, as_json: AsJson = False) -> None:
    """Say whether one model is better than another, by paired tests on the same examples."""
    from ecominstruct.evaluation.pairwise import compare_models
    from ecominstruct.report.run_tables import show_comparison

    result = compare_models(left, right)
    return _json(result) if as_json else _say(show_comparison(result))


@app.command()
def report(run: Run, as_json: AsJson = False) -> None:
    """Write one page that shows what was built and how the models did."""
    from ecominstruct.workflow import evaluate

    with _work(1) as (executor, progress):
        result = evaluate.report(run, executor, progress)
    if as_json:
        return _json(result)
    for name in result["left_out"]:
        _say(f"left out: {name} answered another release. Next: ecom predict {run} --model {name}")
    return _say(f"report: {result['models']} models.\nOpen it: {result['page']}")


@app.command()
def audit(
    run: Run,
    checks: Annotated[
        str, typer.Option("--checks", help="what to look at, with commas: testset, pii, injection, bias, model")
    ] = "testset",
    model: Annotated[
        str, typer.Option("--model", help="whose answers are looked at, as in `ecom predict`; for: bias, model")
    ] = "",
    write_clean: Annotated[bool, typer.Option("--write-clean", help="also write a corrected test set, a run")] = False,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with the rows of a run, or with a model; exit 1 above a limit of the recipe."""
    from ecominstruct.audit.audits import run_audits
    from ecominstruct.audit.risks import require_within
    from ecominstruct.report.audit_tables import SHOW, show_clean

    with _work(processes) as (executor, progress):
        found = run_audits(run, checks.split(","), write_clean, executor, progress, model)
    if as_json:
        _json(found)
        return require_within(run)
    for name, show in SHOW.items():
        if name in found:
            _say(show(found[name]))
    if write_clean:
        _say(show_clean(found["clean"]))
    require_within(run)
    if write_clean:
        return _say(f"Next: ecom predict {found['clean']['run']} --model constant")
    return _say(f"Next: ecom report {run}")


@app.command()
def bundle(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="a run folder; with --check, a bundle")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="where to; default: RUN.bundle.zip")] = None,
    check: Annotated[bool, typer.Option("--check", help="derive every number of a bundle again and compare")] = False,
    processes: Processes = CORES,
    as_json: AsJson = False,
) -> None:
    """Write one file from which every number of the report can be derived again, or check such a file."""
    from ecominstruct.report.bundle import check_bundle, write_bundle
    from ecominstruct.report.run_tables import show_bundle, show_check

    if not check:
        from ecominstruct.workflow.forget import note_export

        target = out or run.with_name(f"{run.name}.bundle.zip")
        written = write_bundle(run, target)
        note_export(run, target, f"ecom bundle {run} --out {target}")
        return _json(written._asdict()) if as_json else _say(show_bundle(written._asdict()))
    with _work(processes) as (executor, progress):
        found = check_bundle(run, executor, progress)
    _json(found) if as_json else _say(show_check(found))
    if found["different"]:
        raise typer.Exit(1)
    return None


@app.command(name="run")
def run_all(
    recipe: RecipeFile,
    out: Out,
    data: Data = None,
    catalogue: Extra = None,
    annotations: Annotations = NOTES,
    forgotten: Forgotten = None,
    processes: Processes = CORES,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Do all that a recipe asks for: build, tune, predict, score and report."""
    from ecominstruct.report.run_tables import show_build, show_overview
    from ecominstruct.workflow import evaluate

    places = Places(data, catalogue or [], annotations, forgotten)
    with built(recipe, out, places, processes, cluster) as (settings, run, executor, progress, summary):
        models = [*settings.recipe.models, *tuned_model(settings, run, progress)]
        floors = evaluate.score_floors(run, executor, progress)
        predicted = [evaluate.predict(run, name, executor, progress) for name in models]
        scored = [evaluate.score(run, result["model"], executor, progress) for result in predicted]
        shown = evaluate.report(run, executor, progress)
    if as_json:
        return _json({"build": summary, "predictions": predicted, "floors": floors, "scores": scored, "report": shown})
    _say(show_build(summary))
    _say(show_overview(scored, floors))
    return _say(f"Open the report: {shown['page']}")


@app.command()
def status(
    run: Run,
    prove: Annotated[bool, typer.Option("--prove", help="hash every file, and check the splits again")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show each stage of a run: rows, rejects by reason, and whether it is fresh or stale and why, by sizes and times.

    With --prove, check every byte instead, and that nothing of the test rows stands in training; exit 1 otherwise.
    """
    from ecominstruct.dataset.proof import require_proven
    from ecominstruct.report.run_tables import show_proof
    from ecominstruct.report.stage_status import show_status
    from ecominstruct.runs.forget_journal import refuse_while_forgetting
    from ecominstruct.workflow import build as pipeline

    refuse_while_forgetting(run)

    if prove:
        proof = pipeline.prove_all(run)
        _json(proof) if as_json else _say(show_proof(proof))
        return require_proven(run, proof)

    settings, recipe = _recalled(run, data)
    states = pipeline.status(settings, run)
    if as_json:
        plain = [
            (pipeline.manifest_json(state.manifest) if state.manifest else {})
            | {"stage": state.stage, "fresh": not state.stale, "stale": list(state.stale)}
            | {"touched": list(state.touched)}
            | ({"test_sets": state.tests.document()} if state.tests else {})
            for state in states
        ]
        return _json(plain)
    _say(show_status(states))
    stale = next((state.stage for state in states if state.stale), None)
    _say("Everything is fresh." if stale is None else f"Next: {_again(stale, recipe, run)}")
    return _say(f"Sizes and times were compared, not contents: ecom status {run} --prove reads every byte.")


def _again(stale: str, recipe: str, run: Path) -> str:
    """The command that brings a stage up to date."""
    name, _, which = stale.partition(" ")
    verb = stage(name).verb
    option = "--checks" if verb == "audit" else "--model"
    words = f"{recipe} --out {run}" if verb in ("build", "train") else f"{run} {option} {which}" if which else str(run)
    return f"ecom {verb} {words}"


app.command()(review)
app.command()(judge)
app.command()(annotate)
app.command()(trace)
app.command()(forget)


# -------------------------------------------------------------------------------------------------------------- helpers


def _recalled(run: Path, data: Path | None) -> tuple[Any, str]:
    """The settings of a run as they are now: its recipe, its catalogue, its data root unless another one is named."""
    from ecominstruct.workflow import build as pipeline

    log = pipeline.recall(run)
    root = data or (Path(log["data"]) if log["data"] else None)
    extra = [Path(folder) for folder in log["catalogue"]]
    annotations = Path(log.get("annotations", NOTES))
    settings = pipeline.prepare(Path(log["recipe"]), data=root, extra=extra, annotations=annotations)
    return settings, log["recipe"]
