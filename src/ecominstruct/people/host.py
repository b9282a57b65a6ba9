"""Start the server of an annotation store; it listens on the loopback address by default."""

from __future__ import annotations

import ipaddress
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.errors import input_error
from ecominstruct.people.annotation_store import AnnotationStore

if TYPE_CHECKING:
    from ecominstruct.people.web import Kind

PORT = 8765
BACKLOG = 128  # the listen backlog
EXTRA = "pip install 'ecominstruct[people]'"


class Address(NamedTuple):
    """The address a server listens on, as people type it."""

    host: str
    port: int

    @property
    def name(self) -> str:
        """The address as written in a link."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "localhost" or _is_loopback(self.host)


def parse_address(words: str) -> Address:
    """Parse `HOST:PORT`, `HOST` or `:PORT`. Raises InputError for anything that a browser could not open."""
    head, colon, tail = words.rpartition(":")
    host, port = (head, tail) if colon and not words.endswith("]") else (words, str(PORT))
    host = host.strip("[]").lower() or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or not 0 <= int(port) < 65536:
        raise input_error(f"{words!r} is no address", "Write HOST:PORT, such as 127.0.0.1:8765")
    if host in ("0.0.0.0", "::", "*"):
        raise input_error(
            f"{host} is no address that people can type", "Name the one under which they reach this machine"
        )
    return Address(host, int(port))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def links(address: Address, invited: Mapping[str, str]) -> dict[str, str]:
    """The link of each person. The secret is the URL fragment, which browsers do not send."""
    return {name: f"http://{address.name}/#{secret}" for name, secret in invited.items()}


def set_up(desk: AnnotationStore, **settings: str) -> None:
    """Set the settings of a store, and give it an id if it has none."""
    known = desk.settings()
    desk.configure(**settings, **({} if "id" in known else {"id": secrets.token_hex(8)}))


def bind(address: Address) -> tuple[socket.socket, Address]:
    """Bind a socket; returns it and the actual address (port 0 picks a free port). Raises InputError on failure."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((address.host, address.port))
        found.listen(BACKLOG)  # clients that connect before the server is ready wait
    except OSError as error:
        found.close()
        hint = "Name another one with --listen, such as 127.0.0.1:8766"
        raise input_error(f"cannot listen on {address.name}: {error.strerror or error}", hint) from None
    return found, Address(address.host, found.getsockname()[1])


def serve(
    desk: AnnotationStore, kind: Kind, bound: socket.socket, address: Address, log: Callable[[str], None]
) -> None:
    """Serve a store until Ctrl-C or SIGTERM, then return so that the caller can clean up."""
    uvicorn, make_app, connection = _parts()
    own = {f"localhost:{address.port}", f"127.0.0.1:{address.port}"} if address.is_private else set()
    config = uvicorn.Config(
        make_app(desk, kind, frozenset({address.name} | own), log),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        http=connection,  # also limits the number of connections
        ws="none",
        backlog=BACKLOG,
        timeout_graceful_shutdown=5,
    )
    with _signals_end_nothing_else():
        uvicorn.Server(config).run(sockets=[bound])


@contextmanager
def _signals_end_nothing_else() -> Iterator[None]:
    """Ignore the signals that uvicorn raises again after it has shut down on them."""
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, lambda *_: None) for kind in kinds]
    try:
        yield
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)


def require_parts() -> None:
    """Raises InputError if the server's dependencies are not installed."""
    _parts()


def _parts() -> tuple[Any, Any, Any]:
    try:
        import uvicorn

        from ecominstruct.people.connections import Connection
        from ecominstruct.people.web import make_app
    except ImportError:
        raise input_error("Pages are served by FastAPI and uvicorn", EXTRA) from None
    return uvicorn, make_app, Connection
