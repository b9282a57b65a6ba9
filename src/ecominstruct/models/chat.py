"""Converts prompts to token ids and token ids to answers, the same way for training and for inference.

The chat template of a model folder is rendered once around a placeholder. The text before and after it comes from the
template; the text inserted between is data. Data is never parsed as markup: where an example spells a control token
(`</s>`, `<|im_start|>`), it is tokenised as plain characters. Templates get a fixed date.

A folder tuned by this project holds `chat.json` with a fingerprint of its template and tokenizer. If they no longer
match, the folder is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ecominstruct.errors import input_error
from ecominstruct.identity import fingerprint
from ecominstruct.languages import LITERALS
from ecominstruct.models.base import valid
from ecominstruct.rows import Example
from ecominstruct.runs.files import read_json, write_json
from ecominstruct.tasks.prompts import render_prompt

ChatChoice = Literal["saved", "plain"]
"""The template to use: `saved` is stored with the model, `plain` is this project's own, for models without a chat
template.
"""

RECORD = "chat.json"
SCHEMA = 1  # increase when the same folder would give other ids
EXTRA = "pip install 'ecominstruct[local]'"
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_ASKED, _ANSWERED = "ecominstruct-question", "ecominstruct-answer"
# Prompts must not depend on the day: a template that asks for the date gets this one.
_NO_CLOCK = "{% macro strftime_now(form) %}26 Jul 2024{% endmacro %}"
_PLAIN = (
    "{% for message in messages %}{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}"
    "{% elif message['role'] == 'system' %}{{ '\n\n' }}"
    "{% else %}{{ BEFORE_AN_ANSWER }}{% endif %}"
    "{% endfor %}"
)


class Asked(NamedTuple):
    """The tokenised prompt of an example."""

    ids: list[int]  # the prompt ids, up to where the answer begins; empty if it does not fit even without the input
    cut: int  # number of tokens cut from the middle of the input


class Chat:
    """The tokenizer and the chat template of a model."""

    def __init__(self, tokenizer: Any, choice: ChatChoice = "saved") -> None:
        """`tokenizer` must have a chat template. Raises ValueError or a jinja2 error if the template is unusable."""
        self.tokenizer, self.choice = tokenizer, choice
        self._control = _control_tokens(tokenizer)
        words = sorted(self._control, key=lambda word: (-len(word), word))
        self._spelt = re.compile("|".join(map(re.escape, words)) or "(?!)")
        self._control_ids = set(self._control.values())
        self._head, self._tail = self._around([_user()], _ASKED)
        _, closing = self._around([_user(), {"role": "assistant", "content": _ANSWERED}], _ANSWERED)
        self._own = self._count(self._encode([self._head])) + self._count(self._encode([self._tail]))
        self.end = self._end_of(closing)
        self.fingerprint = fingerprint([SCHEMA, tokenizer.chat_template, self.end, _rules_of(tokenizer)])

    @classmethod
    def load(cls, folder: Path, choice: ChatChoice = "saved") -> Chat:
        """Load the chat of a model folder. Downloads nothing and runs no code of the folder.

        Raises InputError if there is no tokenizer, if `choice` is `saved` and there is no chat template, or if the
        folder was tuned with another template or tokenizer than it holds now.
        """
        tokenizer = load_tokenizer(folder)
        if choice == "plain":
            tokenizer.chat_template = _plain_template(tokenizer, _is_seq2seq(folder))
        elif not isinstance(tokenizer.chat_template, str) or not tokenizer.chat_template.strip():
            hint = "Add chat_template.jinja, or ask for this project's own with `chat: plain`"
            raise input_error("holds no chat template", hint, file=str(folder))
        try:
            chat = cls(tokenizer, choice)
        except _template_errors() as error:
            problem = f"its chat template cannot be used: {_line(error)}"
            raise input_error(problem, "Mend it, or ask for `chat: plain`", file=str(folder)) from None
        chat._require_recorded(folder)
        return chat

    def save(self, folder: Path) -> None:
        """Write tokenizer and template into a model folder, with a record of their fingerprint."""
        self.tokenizer.save_pretrained(folder)
        write_json(folder / RECORD, {"schema": SCHEMA, "chat": self.choice, "fingerprint": self.fingerprint})

    def ids(self, example: Example, room: int) -> Asked:
        """The prompt of an example in at most `room` tokens.

        If it is too long, whole tokens are cut from the middle of the input and replaced by a visible ellipsis;
        description, instruction, choices and constraint are never cut.
        """
        whole = self.prompt_ids(render_prompt(example))
        if len(whole) <= room:
            return Asked(whole, 0)
        ends = self._token_ends(example.input)
        keep = max(len(ends) - (len(whole) - room) - 1, 0) if ends else -1
        while keep >= 0:
            ids = self.prompt_ids(render_prompt(example._replace(input=_without_middle(example, ends, keep))))
            if len(ids) <= room:
                return Asked(ids, len(ends) - keep)
            keep = max(keep - (len(ids) - room), 0) if keep else -1
        return Asked([], len(ends))

    def prompt_ids(self, prompt: str) -> list[int]:
        """The ids of a prompt inside the template, up to where the answer begins. `prompt` is data."""
        return self._guarded(self._head, prompt, self._tail, self._own)

    def answer_ids(self, text: str) -> list[int]:
        """The ids of an answer and its end token. `text` is data."""
        return [*self._guarded("", text, "", 0), self.end]

    def read(self, ids: Iterable[int]) -> str:
        """Decode an answer, up to its end token."""
        kept: list[int] = []
        for token in ids:
            if token == self.end or token == self.tokenizer.eos_token_id:
                break
            kept.append(int(token))
        text: str = self.tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def _guarded(self, head: str, data: str, tail: str, own: int) -> list[int]:
        """The ids of `head`, `data` and `tail`, where `data` yields no control token; `own` is the number in the rest.

        Words that spell a control token are split after their first character. If a normaliser still produces one (from
        full-width characters, say), each character of the data is tokenised alone.
        """
        data = valid(data)
        pieces, begun = [], 0
        for found in self._spelt.finditer(data):
            pieces.append(data[begun : found.start() + 1])
            begun = found.start() + 1
        pieces.append(data[begun:])
        ids = self._encode(_joined(head, pieces, tail))
        if self._count(ids) != own:
            ids = self._encode([head, *data, tail])
        return ids

    def _encode(self, pieces: Iterable[str]) -> list[int]:
        return [
            token
            for piece in pieces
            if piece
            for token in self.tokenizer(piece, add_special_tokens=False, verbose=False)["input_ids"]
        ]

    def _count(self, ids: Iterable[int]) -> int:
        return sum(token in self._control_ids for token in ids)

    def _token_ends(self, text: str) -> list[int]:
        """The end offset of each token of a text, in characters."""
        found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return [end for _, end in found["offset_mapping"]]

    def _around(self, messages: list[dict[str, str]], mark: str) -> tuple[str, str]:
        """The text that the template writes before and after a message."""
        shown: str = self.tokenizer.apply_chat_template(
            messages,
            chat_template=_NO_CLOCK + self.tokenizer.chat_template,
            add_generation_prompt=messages[-1]["role"] == "user",
            tokenize=False,
            enable_thinking=False,
        )
        before, found, after = shown.partition(mark)
        if not found or mark in after:
            raise ValueError("it does not show each message once")
        return before, after

    def _end_of(self, closing: str) -> int:
        """The end token of an answer: the first control token after it, or else the tokenizer's own."""
        for token in self._encode([closing]):
            if token in self._control_ids:
                return token
        if self.tokenizer.eos_token_id is None:
            raise ValueError("nothing ends an answer: there is no end token")
        return int(self.tokenizer.eos_token_id)

    def _require_recorded(self, folder: Path) -> None:
        path = folder / RECORD
        if path.is_file() and read_json(path).get("fingerprint") != self.fingerprint:
            problem = "was tuned with another chat template or tokenizer than is asked for or lies in it now"
            raise input_error(problem, f"Put back what {RECORD} was written for, or tune again", file=str(folder))


def load_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a local folder. Raises InputError if there is none, or transformers is not installed."""
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise input_error("Local models are read by transformers", EXTRA) from None
    if not folder.is_dir():
        raise input_error("is no folder", "Name a folder that holds a model", file=str(folder))
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "spiece.model")):
        raise input_error("holds no tokenizer", "Copy tokenizer.json and tokenizer_config.json there", file=str(folder))
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the many readers behind this call raise anything for a broken file
        raise input_error(f"its tokenizer cannot be read: {_line(error)}", file=str(folder)) from None
    if not tokenizer.is_fast:
        raise input_error("its tokenizer does not say where tokens end", "Save it as tokenizer.json", file=str(folder))
    return tokenizer


def _control_tokens(tokenizer: Any) -> dict[str, int]:
    """Tokens with a meaning beyond their text: special tokens, and added tokens that look like markup.

    Words merely added to the vocabulary, white space and single bytes are text. So is the unknown token.
    """
    template = tokenizer.chat_template or ""
    return {
        token.content: number
        for number, token in tokenizer.added_tokens_decoder.items()
        if number != tokenizer.unk_token_id
        and token.content.strip()
        and not _BYTE.fullmatch(token.content)
        and (token.special or token.content in template or token.content[0] + token.content[-1] in ("<>", "[]"))
    }


def _plain_template(tokenizer: Any, seq2seq: bool) -> str:
    """This project's template for models without one: the prompt, then a marker where the answer begins."""
    begins = tokenizer("", add_special_tokens=True)["input_ids"][:1] == [tokenizer.bos_token_id]
    before_an_answer = "eos_token" if seq2seq else "'\\n\\n### Response:\\n'"
    return ("{{ bos_token }}" if begins else "") + _PLAIN.replace("BEFORE_AN_ANSWER", before_an_answer)


def _rules_of(tokenizer: Any) -> list[Any]:
    """All tokenizer settings that affect ids here. Padding, truncation and post-processing are not used."""
    import orjson

    rules = orjson.loads(tokenizer.backend_tokenizer.to_str())
    return [rules.get(name) for name in ("added_tokens", "normalizer", "pre_tokenizer", "model", "decoder")]


def _joined(head: str, pieces: Sequence[str], tail: str) -> list[str]:
    """Join head and tail to the outer pieces, since tokens may span that boundary."""
    first, *rest = pieces
    joined = [head + first, *rest]
    joined[-1] += tail
    return joined


def _without_middle(example: Example, ends: Sequence[int], keep: int) -> str:
    """The input with `keep` of its tokens, half from each end, and an ellipsis between them."""
    front, back = (keep + 1) // 2, keep // 2
    begin = ends[front - 1] if front else 0
    again = max(ends[len(ends) - back - 1], begin) if back else len(example.input)
    return example.input[:begin] + LITERALS[example.lang].cut + example.input[again:]


def _is_seq2seq(folder: Path) -> bool:
    path = folder / "config.json"
    return path.is_file() and bool(read_json(path).get("is_encoder_decoder"))


def _user() -> dict[str, str]:
    return {"role": "user", "content": _ASKED}


def _template_errors() -> tuple[type[Exception], ...]:
    from jinja2 import TemplateError

    return (TemplateError, ValueError, TypeError, KeyError)


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0][:200].rstrip(".")
