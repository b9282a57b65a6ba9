"""One serving session: invite people, print their links, and serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ecominstruct.people import annotators, host
from ecominstruct.people.annotation_store import AnnotationStore

if TYPE_CHECKING:
    from ecominstruct.people.web import Kind

Say = Callable[[str], None]


def invitations(desk: AnnotationStore, people: str | None) -> dict[str, str]:
    """New secrets for the named people; if nobody is named and nobody else is known, for a single reviewer."""
    if people is not None:
        return annotators.invite(desk, annotators.parse_members(people))
    known = annotators.names(desk)
    return annotators.invite(desk, [annotators.Member(annotators.ALONE)]) if known in ([], [annotators.ALONE]) else {}


def hold(desk: AnnotationStore, kind: Kind, people: str | None, listen: str, say: Say, log: Say) -> None:
    """Invite people, print their links, and serve until stopped. Raises InputError if the address is unavailable."""
    bound, address = host.bind(host.parse_address(listen))
    with bound:
        for name, link in host.links(address, invitations(desk, people)).items():
            say(f"{name}: {link}")
        known = annotators.names(desk)
        say(f"Who has a link: {', '.join(known)}. Naming somebody with --people makes a new one, and ends the old one.")
        if not address.is_private:
            say(f"WARNING: everybody who reaches {address.name} can try links, and what is sent is not encrypted.")
        say("Each link is a key: give it to that person alone. Everything is saved at once; stop with Ctrl-C.")
        host.serve(desk, kind, bound, address, log)
