"""Readers of Chinese sources: prompts split into parts, dialogues split into turns, line-aligned files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ecominstruct.sources.readers.base import Place, RawRow
from ecominstruct.sources.readers.jsonl import read_jsonl
from ecominstruct.sources.readers.text import lines_of, open_text, text_of, unreadable
from ecominstruct.sources.shape import Read

# Headings in a prompt: ***query***：, and those that some rows write without asterisks.
_HEAD = re.compile(
    r"\*{3}([^*\n]{1,20})\*{3}[：:]?|(?:^|\n)[ \t◆]*(商品A信息|商品B信息|给定规则|纬度列表|候选细粒度品类|答案)[：:]"
)


def prompt_parts(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield JSON lines with the headed sections of `prompt` as `parts`, and the headings in order as `asks`.

    Text before the first heading is the part `intro`. If a heading repeats, its first section counts, so that a
    trailing answer heading with nothing after it is harmless.
    """
    for row in read_jsonl(place, read):
        if row.reason or not isinstance(row.data.get("prompt"), str):
            yield row
            continue
        parts = _parts(row.data["prompt"])
        asks = " ".join(head for head in parts if head not in ("intro", "答案"))
        yield row._replace(data={**row.data, "parts": parts, "asks": asks})


def _parts(prompt: str) -> dict[str, str]:
    found = list(_HEAD.finditer(prompt))
    ends = [*(head.start() for head in found), len(prompt)]
    parts = {"intro": prompt[: ends[0]].strip()}
    for head, end in zip(found, ends[1:], strict=True):
        parts.setdefault(head[1] or head[2], prompt[head.end() : end].strip())
    return parts


def labelled_dialogues(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield lines `label TAB utterance TAB … TAB reply` as `label`, `utterances`, `reply`, `opening` and `said`.

    `said` has an item per text: the texts `before` it, its `text`, and its `speaker`. The customer begins and both
    sides alternate.
    """
    file, _ = open_text(place, read.encoding)
    with file:
        for number, line in enumerate(lines_of(file)):
            if broken := unreadable(line, number):
                yield broken
                continue
            label, *texts = (text_of(line) or "").split("\t")
            if len(texts) < 2:
                detail = "no label, utterances and reply with TABs between"
                yield RawRow(number, {}, "wrong_field_count", detail, line=line.number)
                continue
            said = [_said(texts, index) for index in range(len(texts))]
            data = {"label": label, "utterances": texts[:-1], "reply": texts[-1], "opening": texts[:3], "said": said}
            yield RawRow(number, data, line=line.number)


def _said(texts: list[str], index: int) -> dict[str, Any]:
    return {"before": texts[:index], "text": texts[index], "speaker": "客服" if index % 2 else "顾客"}


def side_by_side(place: Place, read: Read) -> Iterator[RawRow]:
    """Yield the lines of a file that is aligned by line number with the other files of its folder.

    `place` is the folder and line number; `text` is the line, `cells` its TAB-separated and `tokens` its
    blank-separated parts.
    """
    file, _ = open_text(place, read.encoding)
    with file:
        for number, line in enumerate(lines_of(file)):
            if broken := unreadable(line, number):
                yield broken
                continue
            text = text_of(line) or ""
            data = {"place": f"{place.path.parent.name} {line.number}", "text": text}
            yield RawRow(number, {**data, "cells": text.split("\t"), "tokens": text.split(" ")}, line=line.number)
