"""HTTP downloads of one file: streamed, resumed, retried with back-off, and accepted only if the sha256 matches.

Data are stored in a `.part` file. After a dropped connection, a time-out or a busy server, another attempt requests
only the rest. Attempts end when the sha256 matches, when the server refuses, or after too many attempts in a row
without progress.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urljoin

import ecominstruct
from ecominstruct.errors import CheckFailed, Fault, input_error
from ecominstruct.identity import fraction
from ecominstruct.runs.progress import Transfer
from ecominstruct.sources.addresses import Connection, is_public, resolve
from ecominstruct.sources.cards import Download
from ecominstruct.sources.partial import CHUNK, Partial, open_partial

STEP = 1 << 20  # bytes; an attempt that brings this much resets the count of failures
BUSY = {408, 425, 429, 500, 502, 503, 504}
ELSEWHERE = {301, 302, 303, 307, 308}
LOCKED = {401, 402, 403, 407, 451}


class Net(NamedTuple):
    """Limits of network use; times in seconds."""

    timeout: float = 30.0  # for one read, and for the window over which `slowest` is measured
    slowest: int = 100  # bytes a second; a slower connection is dropped
    tries: int = 6  # failed attempts in a row before giving up
    wait: float = 1.0  # before the second attempt; doubles with each further one
    longest_wait: float = 120.0  # the longest Retry-After that is obeyed
    redirects: int = 5
    max_bytes: int = 1 << 36  # for a download whose card states no size
    allows: Callable[[str], bool] = is_public  # whether an IP address may be connected to
    sleep: Callable[[float], None] = time.sleep


class _AgainError(Exception):
    """An attempt failed, but another one may succeed; `wait` is the Retry-After of the server, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def download(what: Download, part: Path, net: Net, progress: Transfer) -> None:
    """Download a file into `part`, resuming where an earlier call stopped.

    Raises InputError if the file cannot be downloaded now; what has arrived stays for the next call. Raises CheckFailed
    if the file differs from what the card states; a complete file with the wrong sha256 is kept as `.quarantine`.
    """
    with open_partial(part) as partial:
        best, failed = partial.size, 0
        while partial.sha256 != what.sha256:
            try:
                _try(what, part, partial, net, progress)
            except _AgainError as again:
                failed = 1 if partial.size >= best + STEP else failed + 1
                best = max(best, partial.size)
                if failed >= net.tries or again.wait > net.longest_wait:
                    raise input_error(*_gave_up(again, failed, partial.size), file=what.url) from None
                pause = net.wait * 2 ** (failed - 1) * (0.5 + fraction("fetch", what.url, str(failed)))
                net.sleep(max(pause, again.wait))
        partial.forget_version()


def quarantine(part: Path) -> Path:
    """Rename a file that failed its check so that nothing reads it; return the new path."""
    aside = part.with_name(part.name.removesuffix(".part") + ".quarantine")
    return part.replace(aside)


def _gave_up(again: _AgainError, failed: int, size: int) -> tuple[str, str]:
    if again.wait:
        return f"could not be fetched: {again}, and asks to wait {again.wait:,.0f} seconds", "Try again after that"
    hint = f"{size:,} bytes are kept: the same command goes on from there" if size else "Try again later"
    return f"could not be fetched: {again} ({failed} failed {'attempt' if failed == 1 else 'attempts'})", hint


# -------------------------------------------------------------------------------------------------------------- a try


def _try(what: Download, part: Path, partial: Partial, net: Net, progress: Transfer) -> None:
    """Make one request for the missing bytes; return once the announced size has arrived and the sha256 matches."""
    begun = partial.size
    with _response(what.url, _asking(partial), net) as response:
        total = _begin(what, response, partial, net)
        _receive(what, response, partial, total, net, progress)
        if total is not None and partial.size < total:
            raise _AgainError(f"the connection ended after {partial.size:,} of {total:,} bytes")
        if partial.sha256 == what.sha256:
            return
        if total is None and partial.size == begun:
            raise _AgainError("the connection ended before anything came")
        if begun and response.status == http.client.PARTIAL_CONTENT:
            partial.restart()
            raise _AgainError("the file has changed since its download began")
        found = _kind(response)
    partial.forget_version()
    said = f"has the sha256 {partial.sha256}, the card says {what.sha256}{found}"
    raise CheckFailed([Fault(what.url, 0, said, f"It is not used, and kept as {quarantine(part)}")])


def _asking(partial: Partial) -> dict[str, str]:
    headers = {
        "User-Agent": f"ecominstruct/{ecominstruct.__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if partial.size:
        headers["Range"] = f"bytes={partial.size}-"
        if version := partial.version:
            headers["If-Range"] = version
    return headers


def _begin(what: Download, response: http.client.HTTPResponse, partial: Partial, net: Net) -> int | None:
    """Check the response and prepare for its body: resume or start over.

    Return the size of the whole file if the server states it.
    """
    status, length = response.status, response.length
    if status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        partial.restart()
        raise _AgainError("the file is shorter than the part that has arrived")
    if status in BUSY:
        raise _AgainError(f"the server answers {status}", _asked_wait(response))
    if status in LOCKED:
        raise input_error(
            f"the server wants a log-in or does not permit it (status {status})", "Fetch it by hand", file=what.url
        )
    if status not in (http.client.OK, http.client.PARTIAL_CONTENT):
        raise input_error(f"the server answers {status}", "Look whether the address has moved", file=what.url)
    total = length
    if status == http.client.PARTIAL_CONTENT:
        found = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != partial.size:
            partial.restart()
            raise _AgainError("the server sends a different range than requested")
        total = int(found[2]) if found[2] != "*" else None if length is None else partial.size + length
    limit = what.bytes or net.max_bytes
    if total is not None and (total > limit or (what.bytes and total != what.bytes)):
        said = f"the card says {what.bytes:,}" if what.bytes else f"the limit is {limit:,}"
        raise CheckFailed([Fault(what.url, 0, f"announces {total:,} bytes, {said}{_kind(response)}", "It is not used")])
    if status == http.client.OK:
        partial.restart(_version(response))
    return total


def _version(response: http.client.HTTPResponse) -> str:
    """A value that identifies these exact bytes, for If-Range: a strong ETag, else Last-Modified, else ''."""
    tag = response.headers.get("ETag", "")
    named = response.headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag
    return named if named.isascii() and named.isprintable() else ""


def _receive(
    what: Download,
    response: http.client.HTTPResponse,
    partial: Partial,
    total: int | None,
    net: Net,
    progress: Transfer,
) -> None:
    """Append the body to the partial file, while it arrives fast enough and stays within the size limit."""
    limit = what.bytes or net.max_bytes
    since, had = time.monotonic(), partial.size
    name = what.save_as if what.unpack == "none" else what.url.rpartition("/")[2]
    progress.moved(name, partial.size, total)
    while True:
        with _failing():
            chunk = response.read1(CHUNK)
        if not chunk:
            return
        partial.append(chunk)
        progress.moved(name, partial.size, total)
        if partial.size > limit:
            partial.restart()
            raise CheckFailed([Fault(what.url, 0, f"sends more than {limit:,} bytes", "It is not used")])
        passed = time.monotonic() - since
        if passed > net.timeout:
            if partial.size - had < net.slowest * passed:
                raise _AgainError(f"the server sends fewer than {net.slowest} bytes a second")
            since, had = time.monotonic(), partial.size


# --------------------------------------------------------------------------------------------------------- one answer


@contextmanager
def _response(url: str, headers: dict[str, str], net: Net) -> Iterator[http.client.HTTPResponse]:
    """Yield the response after all redirects. Every redirect is checked like the original URL."""
    first = url
    for _ in range(net.redirects + 1):
        with _failing():
            target = resolve(url, net.allows)
        connection = Connection(target, net.timeout)
        try:
            with _failing(), _hurry(connection, 2 * net.timeout) as late:
                connection.request("GET", target.path, headers=headers)
                response = connection.getresponse()
            with response:
                if late.is_set():  # the cut-off head may have parsed as complete
                    raise _AgainError("the server does not answer in time")
                if response.status not in ELSEWHERE:
                    yield response
                    return
                url = _onward(url, response.headers.get("Location", ""))
        finally:
            connection.close()
    raise input_error(f"is redirected more than {net.redirects} times", "Look where the file is now", file=first)


def _onward(url: str, location: str) -> str:
    """The absolute URL of a redirect, never from https to http. `resolve` checks it like any other."""
    try:
        quoted = quote(location.encode("latin-1", "replace"), safe="%/:=&?~#+!$,;'@()*[]")
        onward = urljoin(url, quoted).partition("#")[0]
    except ValueError:
        raise input_error("is redirected to an invalid URL", "Look where the file is now", file=url) from None
    if url.startswith("https:") and onward.startswith("http:"):
        raise input_error(f"is redirected from https to {onward}", "Look where the file is now", file=url)
    return onward


@contextmanager
def _failing() -> Iterator[None]:
    """Turn network errors into `_AgainError`, or into InputError where a retry cannot help."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise input_error(
            f"the server's certificate is not valid: {error.verify_message}", "Nothing was fetched"
        ) from None
    except TimeoutError:
        raise _AgainError("the server does not answer in time") from None
    except http.client.IncompleteRead:
        raise _AgainError("the connection ended too early") from None
    except (OSError, http.client.HTTPException) as error:
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _AgainError(f"the connection fails: {' '.join(words.split())[:200]}") from None


@contextmanager
def _hurry(connection: Connection, seconds: float) -> Iterator[threading.Event]:
    """Close a connection whose response head is late, and set the event.

    A socket time-out alone does not help against a server that sends one byte a minute: each byte restarts it.
    """
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError, AttributeError):  # not connected yet, or already closed
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _asked_wait(response: http.client.HTTPResponse) -> float:
    """The seconds in `Retry-After`, given as a number or as a date; 0 if absent or malformed."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - time.time())


def _kind(response: http.client.HTTPResponse) -> str:
    """A hint on why a body is not the expected file: it is a web page, or the server compressed it."""
    if response.headers.get_content_type() == "text/html":
        return " (it is a web page: perhaps one that wants a log-in or a consent)"
    coding = response.headers.get("Content-Encoding", "")
    return f" (the server compressed it with {coding})" if coding else ""
