"""Which part of the tasks is meant: by origin, by task, by category, by language. Used by splits and by studies."""

from __future__ import annotations

from pydantic import Field

from ecominstruct.config.strict_yaml import Strict
from ecominstruct.rows import Category, Lang


class Scope(Strict):
    """A part of the tasks: everything that any of the lists names."""

    origins: list[str] = Field(default_factory=list, description="origins of source cards")
    tasks: list[str] = Field(default_factory=list, description="patterns over task ids")
    categories: list[Category] = Field(default_factory=list, description="published categories")
    langs: list[Lang] = Field(default_factory=list, description="languages of sources")


class HeldOut(Scope):
    """What no training or validation row may come from."""

    steps: bool = Field(default=True, description="hold out also the atomic tasks that serve a held-out task")
