"""What a browser gets: a shell of HTML without any data, scripts and style, and the words of the page.

The texts that people judge never become markup: the scripts write them as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    """A file for the browser, and what it is."""

    content: bytes
    kind: str


def shell(kind: str) -> str:
    """The page of a kind of desk; a kind is a name of the program, so nothing is escaped."""
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>ecominstruct</title>"
        '<link rel="stylesheet" href="/assets/style.css"><link rel="icon" href="/assets/icon.svg">'
        f'<script type="module" src="/assets/{kind}.js"></script></head>'
        f'<body class="kind-{kind}"><div id="page">'
        "<noscript><p>This page needs JavaScript. 本页面需要 JavaScript。</p></noscript></div></body></html>"
    )


def assets() -> Mapping[str, Asset]:
    """All files for the browser, by name."""
    found = sorted((HERE / "assets").iterdir())
    return {path.name: Asset(path.read_bytes(), KINDS[path.suffix]) for path in found if path.suffix in KINDS}


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The words of the interface: by name, then by language."""
    import yaml

    found: dict[str, dict[str, str]] = yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
    return found
