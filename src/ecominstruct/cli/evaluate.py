"""The verbs about models and results: `ecom predict`, `score`, `compare`, `report`, `audit` and `bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ecominstruct.cli.options import Options, Run, say, takes, work

Scores = Annotated[Path, typer.Argument(metavar="SCORES", help="scores of a model: RUN/7-scores/MODEL")]
ModelName = Annotated[
    str,
    typer.Option(
        "--model", help="local:FOLDER, server:NAME, replay:FILE, noisy:RATE, oracle, or a floor such as constant"
    ),
]
Profile = Literal["honest", "ecomgpt"]


@takes("recipe", "processes", "as_json")
def predict(
    run: Run,
    model: ModelName,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what asking a server would cost")] = False,
    options: Options,
) -> None:
    """Let a model answer the test examples of a run."""
    from ecominstruct.evaluation.predict import estimate
    from ecominstruct.report.score_tables import show_predicted
    from ecominstruct.workflow import evaluate

    if dry_run:
        return options.print(estimate(run, model, options.recipe))
    with work(options.processes) as (executor, progress):
        result = evaluate.predict(run, model, executor, progress, options.recipe)
    return options.print(result, show_predicted, f"Next: ecom score {run} --model {result['model']}")


@takes("processes", "as_json")
def score(
    run: Run,
    model: ModelName,
    *,
    profile: Annotated[Profile, typer.Option("--profile", help="ecomgpt: as the released evaluator counts")] = "honest",
    explain: Annotated[bool, typer.Option("--explain", help="the steps from the released numbers to ours")] = False,
    options: Options,
) -> None:
    """Score the answers of a model; no model is loaded."""
    from ecominstruct.report.score_tables import show_ladders, show_released, show_scores
    from ecominstruct.workflow import evaluate

    with work(options.processes) as (executor, progress):
        result = evaluate.score(run, model, executor, progress)
    if explain or profile == "ecomgpt":
        return options.print(evaluate.released(result), show_ladders if explain else show_released)
    return options.print(result, show_scores, f"Next: ecom report {run}")


@takes("as_json")
def compare(left: Scores, right: Scores, options: Options) -> None:
    """Say whether one model is better than another, by paired tests on the same examples."""
    from ecominstruct.evaluation.pairwise import compare_models
    from ecominstruct.report.score_tables import show_comparison

    options.print(compare_models(left, right), show_comparison)


@takes("as_json")
def report(run: Run, options: Options) -> None:
    """Write one page that shows what was built and how the models did."""
    from ecominstruct.report.score_tables import show_report
    from ecominstruct.workflow import evaluate

    with work(1) as (executor, progress):
        result = evaluate.report(run, executor, progress)
    options.print(result, lambda found: show_report(found, run))


@takes("processes", "as_json")
def audit(
    run: Run,
    *,
    checks: Annotated[
        str, typer.Option("--checks", help="what to look at, with commas: testset, pii, injection, bias, model")
    ] = "testset",
    model: Annotated[
        str, typer.Option("--model", help="whose answers are looked at, as in `ecom predict`; for: bias, model")
    ] = "",
    write_clean: Annotated[bool, typer.Option("--write-clean", help="also write a corrected test set, a run")] = False,
    options: Options,
) -> None:
    """Say what is wrong with the rows of a run, or with a model; exit 1 above a limit of the recipe."""
    from ecominstruct.audit.audits import run_audits
    from ecominstruct.audit.risks import require_within
    from ecominstruct.report.audit_tables import show_audits

    with work(options.processes) as (executor, progress):
        found = run_audits(run, checks.split(","), write_clean, executor, progress, model)
    options.print(found, show_audits)
    require_within(run)
    if not options.as_json:
        to_do = f"predict {found['clean']['run']} --model constant" if write_clean else f"report {run}"
        say(f"Next: ecom {to_do}")


@takes("processes", "as_json")
def bundle(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="a run folder; with --check, a bundle")],
    *,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="where to; default: RUN.bundle.zip")] = None,
    check: Annotated[bool, typer.Option("--check", help="derive every number of a bundle again and compare")] = False,
    options: Options,
) -> None:
    """Write one file from which every number of the report can be derived again, or check such a file."""
    from ecominstruct.report.bundle import check_bundle, write_bundle
    from ecominstruct.report.score_tables import show_bundle, show_check
    from ecominstruct.workflow.forget import note_export

    if not check:
        target = out or run.with_name(f"{run.name}.bundle.zip")
        written = write_bundle(run, target)
        note_export(run, target, f"ecom bundle {run} --out {target}")
        return options.print(written._asdict(), show_bundle)
    with work(options.processes) as (executor, progress):
        found = check_bundle(run, executor, progress)
    options.print(found, show_check)
    if found["different"]:
        raise typer.Exit(1)
    return None
