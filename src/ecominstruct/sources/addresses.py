"""Safe connections: resolves an address, checks every IP it has, and connects only to those.

The host name is resolved once. Every address found is checked, and the connection goes to one of exactly these
addresses, with the host name only in the `Host` header and in TLS. A second DNS answer therefore cannot redirect the
connection (DNS rebinding). This module and `download` are the only ones in the project that open a connection.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from ecominstruct.errors import input_error
from ecominstruct.sources.cards import address_problem

PORTS = {"http": 80, "https": 443}
CLOUD = ("168.63.129.16", "192.0.0.192")  # metadata services of cloud providers, at addresses that look public
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Target(NamedTuple):
    """A parsed URL and the IP addresses that its host resolved to."""

    parts: SplitResult
    addresses: tuple[str, ...]

    @property
    def port(self) -> int:
        """The port in the URL, or the default port of its scheme."""
        return self.parts.port or PORTS[self.parts.scheme]

    @property
    def path(self) -> str:
        """The request target: path and query."""
        return (self.parts.path or "/") + (f"?{self.parts.query}" if self.parts.query else "")


def is_public(address: str) -> bool:
    """Whether an IP address is publicly routable.

    IPv6 addresses that embed an IPv4 one (mapped, 6to4, Teredo, NAT64) are judged by it.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and address not in CLOUD


def resolve(url: str, allows: Callable[[str], bool]) -> Target:
    """Check a URL and resolve its host once.

    `allows` decides for each IP address whether a connection is permitted.

    Raises InputError for a malformed URL, an unknown host or an address that is not allowed, and OSError
    (`socket.gaierror`) when the name server does not answer.
    """
    if problem := address_problem(url):
        raise input_error(problem, file=url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except UnicodeError:
        raise input_error("names no host that can exist", file=url) from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise
        raise input_error(f"the host {host} is not known", "Is this machine online?", file=url) from None
    addresses = tuple(dict.fromkeys(str(info[4][0]) for info in found))
    for address in addresses:
        if not allows(address):
            hint = "Give --allow-private where that is meant"
            raise input_error(f"the host {host} is at {address}, which is not a public address", hint, file=url)
    return Target(parts, addresses)


class Connection(http.client.HTTPConnection):
    """An HTTP or HTTPS connection to the checked addresses of a target, through a proxy if the environment sets one."""

    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.parts.hostname or "", target.port, timeout=timeout)
        self.default_port = PORTS[target.parts.scheme]  # keeps the default port out of the Host header
        self._target = target
        self._seconds = timeout

    def connect(self) -> None:
        """Open the connection, and start TLS for https."""
        proxy = _proxy(self._target)
        if proxy is None:
            self.sock = _first([(address, self.port) for address in self._target.addresses], self._seconds)
        else:
            self.sock = _first([(proxy.hostname or "", proxy.port or PORTS["http"])], self._seconds)
            _tunnel(self.sock, proxy, self._target)
        if self._target.parts.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()  # a separate step, so that `self.sock` can be shut down while it runs


def _first(places: list[tuple[str, int]], timeout: float) -> socket.socket:
    """Connect to the first address that accepts; raise the error of the last one if none does."""
    for place in places[:-1]:
        try:
            return socket.create_connection(place, timeout)
        except OSError:
            continue
    return socket.create_connection(places[-1], timeout)


def _proxy(target: Target) -> SplitResult | None:
    """The proxy that the environment names for a target. It may be at a private address: the user chose it."""
    proxies = getproxies_environment()
    named = proxies.get(target.parts.scheme) or proxies.get("all")
    if not named or proxy_bypass(target.parts.hostname or ""):
        return None
    parts = urlsplit(named if "://" in named else f"http://{named}")
    if parts.scheme != "http" or not parts.hostname:
        raise input_error(f"the proxy of the environment is not http ({parts.scheme})", "Name one, or unset it")
    return parts


def _tunnel(sock: socket.socket, proxy: SplitResult, target: Target) -> None:
    """Ask a proxy for a tunnel to the checked IP address rather than to the host name, which it would resolve again."""
    address = target.addresses[0]
    place = f"[{address}]:{target.port}" if ":" in address else f"{address}:{target.port}"
    words = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.username is not None:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        words.append("Proxy-Authorization: Basic " + base64.b64encode(pair.encode()).decode())
    sock.sendall("\r\n".join([*words, "", ""]).encode("ascii"))
    reply = http.client.HTTPResponse(sock, method="CONNECT")
    try:
        reply.begin()
        if reply.status != http.client.OK:
            raise input_error(f"the proxy set in the environment refuses a tunnel to {place} (status {reply.status})")
    finally:
        reply.close()
