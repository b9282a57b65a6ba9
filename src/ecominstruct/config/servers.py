"""The section `servers` of a recipe: OpenAI-compatible servers, how they are called, and what they may cost.

    servers:
      gpt:
        url: https://api.openai.com/v1
        model: gpt-4o-mini
        key_env: OPENAI_API_KEY                the environment variable that holds the key
        price: {input: 0.15, output: 0.60}
        budget: 5

Keys never appear in a recipe: a section that contains something like a key is rejected, and the message does not repeat
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from ecominstruct.config.strict_yaml import Strict

SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# API keys as providers issue them: a short prefix, then many letters and digits; or a header with one.
_KEY = re.compile(
    r"(?<![\w-])(?:(?:sk|Bearer)[-_ ][\w-]{12,}"
    r"|(?:(?:pk|rk|gsk|hf|xai|nvapi|csk|fw|pplx|r8)[-_]|AIza)(?=[\w-]*\d)[\w-]{16,})"
)
_OURS = ("model", "messages", "prompt", "temperature", "top_p", "seed", "max_tokens", "stop", "stream", "n")


class Price(Strict):
    """The price of a million tokens."""

    input: float = Field(ge=0, le=1_000_000, description="a million tokens of prompts")
    output: float = Field(ge=0, le=1_000_000, description="a million tokens of answers")
    currency: str = Field(default="USD", min_length=1, max_length=12, description="as costs are shown")


class ServerSpec(Strict):
    """An OpenAI-compatible server, the model to use, and a budget."""

    url: str = Field(description="its base address, such as `http://127.0.0.1:8000/v1`")
    model: str = Field(min_length=1, description="the name under which the server knows the model")
    revision: str = Field(
        default="", description="which version of the model that is, where you know it: other versions are asked anew"
    )
    endpoint: Literal["chat", "completions"] = Field(
        default="chat", description="chat: `/chat/completions`; completions: `/completions`, for models without a chat"
    )
    system: str = Field(default="", description="what is said before each prompt")
    temperature: float | None = Field(default=0.0, ge=0, le=2, description="null: whatever the server takes")
    top_p: float | None = Field(default=None, gt=0, le=1, description="share of probability that is drawn from")
    seed: int | None = Field(default=None, ge=0, description="for servers that draw by a seed")
    max_tokens: int = Field(default=512, ge=1, le=1_000_000, description="tokens of an answer at most")
    stop: list[str] = Field(default_factory=list, max_length=4, description="texts that end an answer")
    body: dict[str, Any] = Field(default_factory=dict, description="further fields of each request, sent as they are")
    concurrency: int = Field(default=8, ge=1, le=1_000, description="calls under way at most; fewer while it is busy")
    timeout: float = Field(default=120.0, gt=0, le=86_400, description="seconds that one call may take in all")
    retries: int = Field(default=8, ge=0, le=100, description="further calls for a question that came to nothing")
    key_env: str | None = Field(default=None, description="name of the environment variable that holds the key")
    price: Price | None = None
    budget: float | None = Field(
        default=None, gt=0, description="what the answers to one run may cost in all; needs `price`"
    )

    @model_validator(mode="before")
    @classmethod
    def _holds_no_key(cls, section: Any) -> Any:
        if any(_KEY.search(text) for text in _texts(section)):
            raise ValueError(
                "holds what looks like a key: write only the name of an environment variable, as in "
                "key_env: OPENAI_API_KEY, and change the key if others may have seen this file"
            )
        return section

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            whole = False
        if not whole or not url.isprintable() or " " in url:
            raise ValueError("must be an address such as http://127.0.0.1:8000/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must hold no user, password, query or fragment: keys come from the environment")
        return url.rstrip("/")

    @field_validator("key_env")
    @classmethod
    def _is_a_variable(cls, name: str | None) -> str | None:
        if name is not None and not _VARIABLE.fullmatch(name):
            raise ValueError("must be the name of an environment variable, such as OPENAI_API_KEY, not the key itself")
        return name

    @model_validator(mode="after")
    def _is_meant(self) -> ServerSpec:
        if self.budget is not None and self.price is None:
            raise ValueError("budget has an effect only with `price`")
        twice = sorted(set(self.body) & set(_OURS))
        if twice:
            raise ValueError(f"body: {twice[0]!r} cannot be set here: use the keys of the section")
        return self


def _texts(value: Any) -> Iterator[str]:
    """Yield every string in plain data, including the keys of mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
