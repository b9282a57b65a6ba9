"""Seals: a file that several verbs write carries the hash of its own content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import xxhash

from ecominstruct.errors import Damaged, Fault
from ecominstruct.identity import fingerprint
from ecominstruct.runs.files import json_bytes, write_bytes

SEAL = "seal"  # the key of a JSON file that holds the fingerprint of the other keys


def write_sealed(path: Path, said: Mapping[str, Any]) -> None:
    """Write a JSON object with its seal: the hash of its content."""
    write_bytes(path, sealed_bytes(said))


def sealed_bytes(said: Mapping[str, Any]) -> bytes:
    """Serialise a JSON object like `write_sealed`."""
    return json_bytes({**said, SEAL: fingerprint(said)})


def read_sealed(path: Path, hint: str) -> dict[str, Any]:
    """Read what `write_sealed` wrote, without the seal. Raises Damaged, with this hint, if any byte was changed."""
    content = path.read_bytes()
    try:
        data = orjson.loads(content)
        whole = content == json_bytes(data) and data.pop(SEAL) == fingerprint(data)
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        whole = False
    if not whole:
        raise Damaged([Fault(str(path), 0, "was changed after it was written", hint)])
    found: dict[str, Any] = data
    return found


_MARK = "<!-- xxh3-128 of all above: {} -->\n"  # a comment, which Markdown does not render


def sealed_text(text: str) -> str:
    """Append the hash of a Markdown text as its last line."""
    text = text.rstrip("\n") + "\n\n"
    return text + _MARK.format(xxhash.xxh3_128_hexdigest(text.encode()))


def is_sealed_text(content: bytes) -> bool:
    """Return whether this is an unchanged result of `sealed_text`."""
    size = len(_MARK.format("0" * 32))
    text, mark = content[:-size], content[-size:]
    return mark == _MARK.format(xxhash.xxh3_128_hexdigest(text)).encode()
