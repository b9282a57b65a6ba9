"""Annotators: each has a name and a random secret, of which only the hash is stored.

The secret is the fragment (`#...`) of a person's link, which browsers do not send. The page submits it once and
receives it back as a cookie. There are no default secrets and no passwords. Inviting a person again makes a new link
and revokes the old one. Secrets have 256 random bits, so a plain hash is enough.
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
ALONE = "reviewer"  # the annotator who works alone, if nobody is named


class Member(NamedTuple):
    """An annotator; `settles`: items on which others disagree are assigned to them."""

    name: str
    settles: bool = False


def parse_members(words: str) -> list[Member]:
    """Parse `anna,bo,chen+`: comma-separated names, a plus marks who settles. Raises InputError for an invalid name."""
    found = [Member(word.strip().removesuffix("+"), word.strip().endswith("+")) for word in words.split(",")]
    for member in found:
        if not NAME.fullmatch(member.name):
            hint = "Use letters, digits, dots, dashes and underscores, up to 40, with commas between people"
            raise input_error(f"{member.name!r} is no name of a person", hint)
    if len({member.name for member in found}) < len(found):
        raise input_error("a person is named twice", "Name each person once")
    return found


def invite(desk: AnnotationStore, members: Iterable[Member]) -> dict[str, str]:
    """Give each person a new secret; returns the secrets by name. They cannot be read again."""
    made = {}
    with desk.writing() as db:
        for member in members:
            secret = secrets.token_urlsafe(32)
            row = (member.name, digest(secret), member.settles)
            db.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", row)
            made[member.name] = secret
    return made


def names(desk: AnnotationStore) -> list[str]:
    """The names of all annotators."""
    with desk.reading() as db:
        return [name for (name,) in db.execute("SELECT name FROM members ORDER BY name")]


def who(desk: AnnotationStore, secret: str) -> str | None:
    """The person with this secret, or None."""
    with desk.reading() as db:
        found = db.execute("SELECT name FROM members WHERE hash = ?", (digest(secret),)).fetchone()
    return str(found[0]) if found else None


def digest(secret: str) -> str:
    """The hash stored for a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def form_token(secret: str) -> str:
    """The token that every submission must carry besides the cookie (CSRF protection)."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two tokens are equal, compared in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
