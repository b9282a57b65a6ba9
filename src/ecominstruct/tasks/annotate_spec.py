"""What people write so that a model can label records: the section `annotate` of a task, and the file of a prompt.

annotate:                                   # in a task, instead of `gold`
  prompt: query_rewriting                   # catalogue/_prompts/query_rewriting.yaml
  votes: 3                                  # ask three times,
  agree: 2                                  # and take what two say
  checks: [{rule: keeps_numbers}, {rule: differs_from_text}]
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict
from ecominstruct.tasks.answer_schema import Shape

FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
LABELS = "labels"  # the placeholder for the labels of the task; no data


class AnswerCheck(Strict):
    """One rule that an answer must keep, besides its schema."""

    rule: str = Field(description="its name: see the checks below")
    field: FieldName | None = Field(
        default=None, description="which placeholder of the prompt it compares with; the first one otherwise"
    )
    member: str | None = Field(default=None, description="which member of the answer; the one that is taken otherwise")
    limit: int | None = Field(default=None, ge=1, le=100_000, description="the number, for rules that want one")


class Annotate(Strict):
    """How a model labels the records of a task."""

    prompt: str = Field(description="its prompt, below _prompts/")
    fields: dict[FieldName, FieldName] = Field(
        default_factory=dict, description="for placeholders of the prompt: the field of the record, where it differs"
    )
    shape: Shape | None = Field(
        default=None, alias="schema", description="keywords that are put into, or replace those of, the prompt's schema"
    )
    votes: int = Field(default=3, ge=1, le=15, description="how often each record is asked")
    agree: int = Field(default=2, ge=1, le=15, description="how many of the votes must agree: more than half")
    similarity: float = Field(
        default=1.0,
        ge=0.1,
        le=1,
        description="from which share of common words (Chinese: characters) answers agree; 1: only equal ones",
    )
    temperature: float | None = Field(
        default=0.7, ge=0, le=2, description="for the draws of votes; null: what the server's section says"
    )
    repairs: int = Field(
        default=1, ge=0, le=5, description="further calls for a vote that cannot be used, each shown what is wrong"
    )
    checks: list[AnswerCheck] = Field(default_factory=list, description="rules that an answer must keep")

    @model_validator(mode="after")
    def _is_a_majority(self) -> Annotate:
        if self.agree > self.votes:
            raise ValueError(f"agree: of {self.votes} votes {self.agree} cannot agree")
        if self.agree * 2 <= self.votes:
            raise ValueError(f"agree: {self.agree} of {self.votes} votes are no majority")
        return self


class TakenFrom(Strict):
    """How the gold answer is made of a model's answer."""

    take: str = Field(description="the member that is the answer")
    within: FieldName | None = Field(
        default=None, description="for stretches of a text: the placeholder in whose text they stand"
    )


class BothTexts(Strict):
    """The text of a prompt in both languages; that of the task's language is used."""

    en: str = Field(min_length=1, description="English, naming fields as {{ field }}, each on a line of its own")
    zh: str = Field(min_length=1, description="Chinese, naming the same fields")


class AnnotationPrompt(Strict):
    """What a model is asked about a record: `_prompts/<name>.yaml`."""

    version: int = Field(ge=1, description="raised when it changes: its records are then asked again")
    about: str = Field(min_length=1, description="what it asks, for a domain expert")
    text: BothTexts
    shape: Shape = Field(alias="schema", description="JSON schema of the answer, an object")
    gold: TakenFrom

    @model_validator(mode="after")
    def _takes_what_there_is(self) -> AnnotationPrompt:
        if self.shape.type != "object" or not self.shape.properties:
            raise ValueError("schema: the answer must be of the type object, with properties")
        if self.gold.take not in self.shape.properties:
            raise ValueError(f"gold.take: the schema has no member {self.gold.take!r}")
        return self
