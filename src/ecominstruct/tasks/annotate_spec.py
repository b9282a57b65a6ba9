"""Specifications for labelling by a model: the section `annotate` of a task, and the file of a prompt.

annotate:                                   # in a task, instead of `gold`
  prompt: query_rewriting                   # catalogue/_prompts/query_rewriting.yaml
  votes: 3                                  # ask three times,
  agree: 2                                  # and accept what two answers agree on
  checks: [{rule: keeps_numbers}, {rule: differs_from_text}]
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict
from ecominstruct.tasks.answer_schema import Shape

FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
LABELS = "labels"  # the placeholder for the labels of the task, which is not data


class AnswerCheck(Strict):
    """One rule that an answer must satisfy, besides its schema."""

    rule: str = Field(description="name of the rule: see the checks below")
    field: FieldName | None = Field(default=None, description="placeholder to compare with (default: the first one)")
    member: str | None = Field(default=None, description="member of the answer to check (default: the gold)")
    limit: int | None = Field(default=None, ge=1, le=100_000, description="the number, for rules that need one")


class Annotate(Strict):
    """How a model labels the records of a task."""

    prompt: str = Field(description="name of its prompt in _prompts/")
    fields: dict[FieldName, FieldName] = Field(
        default_factory=dict, description="record field of each placeholder that has another name"
    )
    shape: Shape | None = Field(
        default=None, alias="schema", description="keywords that extend or replace those of the prompt's schema"
    )
    votes: int = Field(default=3, ge=1, le=15, description="number of answers requested per record")
    agree: int = Field(default=2, ge=1, le=15, description="number of votes that must agree: more than half")
    similarity: float = Field(
        default=1.0,
        ge=0.1,
        le=1,
        description="share of common words (Chinese: characters) from which answers agree; 1: only equal ones",
    )
    temperature: float | None = Field(
        default=0.7, ge=0, le=2, description="sampling temperature of the votes; null: as configured for the server"
    )
    repairs: int = Field(
        default=1, ge=0, le=5, description="further calls for an unusable vote; the model is shown what is wrong"
    )
    checks: list[AnswerCheck] = Field(default_factory=list, description="rules that an answer must satisfy")

    @model_validator(mode="after")
    def _is_a_majority(self) -> Annotate:
        if self.agree > self.votes:
            raise ValueError(f"agree: {self.agree} is more than the {self.votes} votes")
        if self.agree * 2 <= self.votes:
            raise ValueError(f"agree: {self.agree} of {self.votes} votes are not a majority")
        return self


class TakenFrom(Strict):
    """How the gold answer follows from a model's answer."""

    take: str = Field(description="member that holds the answer")
    within: FieldName | None = Field(default=None, description="for spans: the placeholder whose text they are in")


class BothTexts(Strict):
    """The text of a prompt in both languages. The one in the task's language is used."""

    en: str = Field(min_length=1, description="English, with fields as {{ field }}, each on its own line")
    zh: str = Field(min_length=1, description="Chinese, with the same fields")


class AnnotationPrompt(Strict):
    """What a model is asked about a record: `_prompts/<name>.yaml`."""

    version: int = Field(ge=1, description="raise it with each change: records are then asked again")
    about: str = Field(min_length=1, description="what the prompt asks, for a domain expert")
    text: BothTexts
    shape: Shape = Field(alias="schema", description="JSON schema of the answer, which is an object")
    gold: TakenFrom

    @model_validator(mode="after")
    def _takes_what_there_is(self) -> AnnotationPrompt:
        if self.shape.type != "object" or not self.shape.properties:
            raise ValueError("schema: the answer must be of the type object, with properties")
        if self.gold.take not in self.shape.properties:
            raise ValueError(f"gold.take: the schema has no member {self.gold.take!r}")
        return self
