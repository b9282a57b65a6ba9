"""A scope: a part of the tasks, by origin, task, category or language. Used by splits and by studies."""

from __future__ import annotations

from pydantic import Field

from ecominstruct.config.strict_yaml import Strict
from ecominstruct.rows import Category, Lang


class Scope(Strict):
    """A part of the tasks: the union of what its lists name."""

    origins: list[str] = Field(default_factory=list, description="origins of source cards")
    tasks: list[str] = Field(default_factory=list, description="patterns over task ids")
    categories: list[Category] = Field(default_factory=list, description="published categories")
    langs: list[Lang] = Field(default_factory=list, description="languages of sources")


class HeldOut(Scope):
    """The part that no training or validation row may come from."""

    steps: bool = Field(default=True, description="hold out also the atomic tasks that serve a held-out task")
