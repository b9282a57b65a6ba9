"""The sections of a recipe that describe models, and the file that keeps the answers of those models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from ecominstruct.config.local_models import LocalSpec
from ecominstruct.config.recipe import Recipe
from ecominstruct.config.servers import ServerSpec
from ecominstruct.config.strict_yaml import load
from ecominstruct.errors import input_error
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import RECIPE, read_recipe


class Sections(NamedTuple):
    """What models are opened with, besides the argument of their name."""

    servers: Mapping[str, ServerSpec] = {}
    local: Mapping[str, LocalSpec] = {}
    answers: Path = Path()  # the file that keeps answers; it need not exist


NO_SECTIONS = Sections()


def sections_of(run: Path, recipe: Path | None = None) -> Sections:
    """Return the sections of a recipe, or else of the recipe from which the run was built.

    Raises InputError if the recipe cannot be read.
    """
    if recipe is not None:
        given = load(recipe, Recipe)
        base = given.train.model if given.train else None
        return Sections(given.servers, given.local | _tuned(run, base, given.local), answers_file(run))
    path = run / RECIPE
    kept = read_recipe(run) if path.is_file() else {}
    try:
        servers = {name: ServerSpec.model_validate(section) for name, section in kept.get("servers", {}).items()}
        local = {name: LocalSpec.model_validate(section) for name, section in kept.get("local", {}).items()}
    except ValidationError:
        problem = "describes its models as another version of this program does"
        raise input_error(problem, "Build the run again, or name a recipe with --recipe", file=str(path)) from None
    return Sections(servers, local | _tuned(run, (kept.get("train") or {}).get("model"), local), answers_file(run))


def _tuned(run: Path, base: str | None, local: Mapping[str, LocalSpec]) -> dict[str, LocalSpec]:
    """Return the section of the tuned model of a run, by its folder: that of its base, so that both are asked alike.

    Nothing if no section describes the base.
    """
    folder = str(run / stage("model").folder)
    sections = [section for section in local.values() if section.folder == base]
    asked = [section.model_copy(update={"folder": folder, "adapter": None, "chat": "saved"}) for section in sections]
    return {folder: asked[0]} if asked else {}


def answers_file(run: Path) -> Path:
    """Return the file that keeps paid answers. It lies beside the run, so that rebuilding or deleting the run does not
    touch it, and all runs of a folder share it. A run inside a run, as the corrected test set of an audit is, shares
    the file of the outer one.
    """
    here = run.absolute()
    runs = [folder for folder in (here, *here.parents) if (folder / RECIPE).is_file()]
    return (runs[-1] if runs else here).parent / "answers.sqlite"
