"""Who may answer: a name and a secret of their own, made when they are added; only its hash is kept.

The secret stands behind the `#` of a person's link, which a browser sends to nobody; the page hands it over once and
gets it back as a cookie. There is no default secret and no password. Naming somebody again makes a new link, and the
old one ends. Secrets have 256 bits, so that a plain hash of them is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from ecominstruct.errors import input_error
from ecominstruct.people.annotation_store import AnnotationStore

NAME = re.compile(r"[\w.-]{1,40}")
ALONE = "reviewer"  # who works where nobody is named


class Member(NamedTuple):
    """Somebody who answers; `settles`: what others disagree on comes to them."""

    name: str
    settles: bool = False


def parse_members(words: str) -> list[Member]:
    """`anna,bo,chen+`: names with commas, a plus behind who settles; InputError for what is no name."""
    found = [Member(word.strip().removesuffix("+"), word.strip().endswith("+")) for word in words.split(",")]
    for member in found:
        if not NAME.fullmatch(member.name):
            hint = "Use letters, digits, dots, dashes and underscores, up to 40, with commas between people"
            raise input_error(f"{member.name!r} is no name of a person", hint)
    if len({member.name for member in found}) < len(found):
        raise input_error("a person is named twice", "Name each person once")
    return found


def invite(desk: AnnotationStore, members: Iterable[Member]) -> dict[str, str]:
    """Give each person a new secret; returns them by name, for the only time."""
    made = {}
    with desk.writing() as db:
        for member in members:
            secret = secrets.token_urlsafe(32)
            row = (member.name, digest(secret), member.settles)
            db.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", row)
            made[member.name] = secret
    return made


def names(desk: AnnotationStore) -> list[str]:
    """Everybody who may answer."""
    with desk.reading() as db:
        return [name for (name,) in db.execute("SELECT name FROM members ORDER BY name")]


def who(desk: AnnotationStore, secret: str) -> str | None:
    """The person whose secret this is, if it is anybody's."""
    with desk.reading() as db:
        found = db.execute("SELECT name FROM members WHERE hash = ?", (digest(secret),)).fetchone()
    return str(found[0]) if found else None


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def form_token(secret: str) -> str:
    """What every submission must carry besides the cookie, so that no other page can send one."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two tokens are equal, in a time that tells nothing."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
