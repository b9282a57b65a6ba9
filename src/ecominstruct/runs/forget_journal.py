"""The journal of an `ecom forget`: what is to go from a run, written before anything goes, there until all is gone.

While it lies in a run folder, an `ecom forget` was interrupted there: some files may still hold what others have lost.
So nothing but `ecom forget` uses the run until it has come to its end.
"""

from __future__ import annotations

from pathlib import Path

from ecominstruct.errors import input_error

JOURNAL = "forgetting.json"


def refuse_while_forgetting(run: Path) -> None:
    """InputError where an `ecom forget` was interrupted."""
    if (run / JOURNAL).exists():
        problem = "rows are being forgotten here, and that has not come to its end"
        raise input_error(problem, f"First run: ecom forget {run}", file=str(run))
