"""The command line: each verb parses its options and calls one function.

Nothing heavy is imported here; each verb imports what it needs, so that `ecom --help` answers at once.
"""

from __future__ import annotations

import sys

import typer

from ecominstruct.cli.build import build, run, status, study, train
from ecominstruct.cli.evaluate import audit, bundle, compare, predict, report, score
from ecominstruct.cli.people import annotate, judge, review
from ecominstruct.cli.provenance import forget, trace
from ecominstruct.cli.sources import sources_app
from ecominstruct.cli.tasks import tasks_app
from ecominstruct.errors import EcomError, StoppedAtOnce, printable

STOPPED = 130  # the exit code that typer uses for Ctrl-C
VERBS = (  # as the help lists them
    *(build, train, study, predict, score, compare, report, audit, bundle, run, status),
    *(review, judge, annotate),
    *(trace, forget),
)

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
for _verb in VERBS:
    app.command()(_verb)
app.add_typer(sources_app, name="sources")
app.add_typer(tasks_app, name="tasks")


def main() -> None:
    """Run the command line. An error that the user can mend is printed as a line for each fault, without traceback."""
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
