"""POST to an address that somebody else has chosen, and only ever to a public one.

The name is looked up here, all of its addresses are checked, and the connection goes to
one that was checked: a second look-up, which could answer differently, is never made.
Redirects are not followed, the environment's proxies not used, and a deadline ends all
of it, the look-up too, however slowly the other side talks.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from requests.certs import where

from .deadlines import Deadline

LONGEST_ANSWER = 2000  # bytes of its text that are read
PORTS = {"https": 443, "http": 80}
# Networks in which an IPv6 address is an IPv4 one in other clothes.
TRANSLATED = ip_network("64:ff9b::/96")

Resolver = Callable[[str, int], list[str]]


class NotAllowed(Exception):
    """Nothing is sent to this address; the text says why."""


class NoAnswer(Exception):
    """No whole answer came; the text says what happened instead."""


@dataclass(frozen=True)
class Place:
    """Where a URL leads to, as far as the URL itself says it."""

    scheme: str
    host: str
    port: int
    target: str  # path and query


@dataclass(frozen=True)
class Answer:
    """`text` is the beginning of what it said."""

    status: int
    text: str


def place_of(url: str) -> Place:
    """NotAllowed unless it is an https address without a name or password in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise NotAllowed(_("This is no address of a server.")) from None
    schemes = PORTS if settings.WEBHOOKS_TO_LOOPBACK else ("https",)
    if parts.scheme not in schemes or not host:
        raise NotAllowed(_("The address has to begin with https://."))
    if "@" in parts.netloc:
        raise NotAllowed(_("The address must not have a name or a password in it."))
    with suppress(ValueError):
        _require_public([ip_address(host)])
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, host, port or PORTS[parts.scheme], target)


def resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(end[0]) for *_kind, end in found))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is one of the Internet's, seen through every translation of it."""
    if isinstance(address, IPv6Address):
        if address.sixtofour or address.teredo or address.is_site_local:
            return False
        if address.ipv4_mapped or address in TRANSLATED:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _require_public(addresses: list[IPv4Address | IPv6Address]) -> None:
    for address in addresses:
        is_test = settings.WEBHOOKS_TO_LOOPBACK and address.is_loopback
        if not is_public(address) and not is_test:
            raise NotAllowed(
                _("The address leads into a network that is not the Internet.")
            )


def _addresses(place: Place, resolver: Resolver, deadline: Deadline) -> list[str]:
    """All that the name has; NotAllowed when one of them is not public."""
    try:
        found = deadline.result_of(resolver, place.host, place.port)
        # Without the zone of a link-local address, which is refused anyway.
        parsed = [ip_address(address.partition("%")[0]) for address in found]
    except TimeoutError:
        raise
    except (OSError, ValueError):
        raise NoAnswer(_("The name of the server is not known.")) from None
    _require_public(parsed)
    return found


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    resolver: Resolver = resolve,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """The answer, whatever its status. NotAllowed, or NoAnswer.

    Not to be called inside a transaction: it takes up to `WEBHOOK_SECONDS`.
    """
    place = place_of(url)
    with Deadline(settings.WEBHOOK_SECONDS) as deadline:
        try:
            addresses = _addresses(place, resolver, deadline)
            return _exchange(place, addresses, body, headers, deadline, context)
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswer(_words(error, deadline)) from error


def _words(error: Exception, deadline: Deadline) -> str:
    if isinstance(error, TimeoutError) or deadline.is_over:
        return _("No answer within %(seconds)s seconds.") % {
            "seconds": f"{deadline.seconds:g}"
        }
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("Its certificate is not good: %(why)s.") % {
            "why": error.verify_message
        }
    if isinstance(error, HTTPException):
        return _("It does not speak HTTP, or broke off.")
    return _("The connection failed: %(why)s.") % {
        "why": getattr(error, "strerror", "") or type(error).__name__
    }


def _exchange(
    place: Place,
    addresses: list[str],
    body: bytes,
    headers: dict[str, str],
    deadline: Deadline,
    context: ssl.SSLContext | None,
) -> Answer:
    http = HTTPConnection(place.host, place.port, timeout=deadline.left)
    http.default_port = PORTS[place.scheme]  # of which the Host header says nothing
    http.sock = _connected(place, addresses, deadline, context)
    try:
        http.request("POST", place.target, body, headers)
        with http.getresponse() as response:
            text = b""
            with suppress(OSError, HTTPException, ValueError):  # the status has come
                text = response.read(LONGEST_ANSWER)
            return Answer(response.status, text.decode(errors="replace"))
    finally:
        http.close()


def _connected(
    place: Place,
    addresses: list[str],
    deadline: Deadline,
    context: ssl.SSLContext | None,
) -> socket.socket:
    """To the first of these addresses that answers; TLS is in the host's name."""
    connection = deadline.connect(addresses, place.port)
    if place.scheme != "https":
        return connection
    try:
        connection = (context or _context()).wrap_socket(
            connection, server_hostname=place.host, do_handshake_on_connect=False
        )
        connection.do_handshake()
    except BaseException:
        connection.close()
        raise
    return connection


def _context() -> ssl.SSLContext:
    """The machine's certificate authorities, and the usual ones where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(where())
    return context
