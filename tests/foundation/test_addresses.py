import pytest
from django.test import RequestFactory

from portal.foundation.addresses import UNKNOWN, client_address, network_of, shortened

PEER = "198.51.100.7"


def request(forwarded: str | None = None, peer: str = PEER):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)


@pytest.mark.parametrize("forwarded", [None, "", "203.0.113.9", "203.0.113.9, ::1"])
def test_client_address_is_the_peers_when_no_proxy_is_trusted(forwarded):
    assert client_address(request(forwarded)) == PEER


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "192.0.2.66, 203.0.113.9", "203.0.113.9"),
        (2, "192.0.2.66, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (1, "192.0.2.66,2001:db8::1", "2001:db8::1"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_client_address_counts_trusted_proxies_from_the_end(
    proxies, forwarded, address, settings
):
    settings.TRUSTED_PROXIES = proxies
    assert client_address(request(forwarded)) == address


@pytest.mark.parametrize("forwarded", [None, "", "nonsense", "1.2.3.4:80", "a\0b"])
def test_client_address_is_the_peers_when_a_trusted_proxy_says_nothing(
    forwarded, settings
):
    settings.TRUSTED_PROXIES = 1
    assert client_address(request(forwarded)) == PEER


def test_client_address_is_unknown_when_there_is_a_socket_without_a_proxy():
    assert client_address(request(peer="")) == UNKNOWN


@pytest.mark.parametrize(
    ("address", "source", "short"),
    [
        ("203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_addresses_are_clipped_to_a_source_and_to_a_place(address, source, short):
    assert network_of(address) == source
    assert shortened(address) == short
