"""Where a request comes from, as far as that can be known.

`X-Forwarded-For` is whatever a client writes into it, and each proxy adds to its end
the address that it saw. So it counts from the end, by as many as there are proxies that
the operator trusts.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"  # such as behind a socket without a proxy that is trusted


def client_address(request: HttpRequest) -> str:
    """The client's address, without a port; `UNKNOWN` when nobody says it."""
    peer = request.META.get("REMOTE_ADDR", "")
    hops = [*request.META.get("HTTP_X_FORWARDED_FOR", "").split(","), peer]
    # The last hop is the connection's own end, each trusted proxy takes one off.
    known = hops[-1 - settings.TRUSTED_PROXIES :]
    address = _parsed(known[0]) or _parsed(peer)
    return str(address) if address else UNKNOWN


def network_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 that one IPv6 line has."""
    return _clipped(address, of_four=32, of_six=64)


def shortened(address: str) -> str:
    """Enough to tell the usual place from a strange one, and no single line."""
    return _clipped(address, of_four=24, of_six=48)


def _clipped(address: str, *, of_four: int, of_six: int) -> str:
    parsed = _parsed(address)
    if parsed is None:
        return UNKNOWN
    bits = of_four if parsed.version == 4 else of_six
    network = ip_network((parsed, bits), strict=False)
    return str(parsed) if bits == parsed.max_prefixlen else str(network)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
