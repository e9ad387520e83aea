import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relationships import links

ID = uuid.UUID("6f1c0a52-7f0d-4f3e-9a51-1d2f3a4b5c6d")


@given(st.uuids(), st.integers(0, 65_535))
def test_token_reads_back_what_was_written(id, generation):
    token = links.make_token(links.INVITATION, id, generation)
    assert links.read_token(links.INVITATION, token) == links.Link(id, generation)
    assert len(token) == 40
    assert ":" not in token


@given(st.integers(0, 239))
def test_token_is_refused_when_any_bit_is_flipped(bit):
    raw = bytearray(base64.urlsafe_b64decode(links.make_token("invitation", ID, 1)))
    raw[bit // 8] ^= 1 << (bit % 8)
    forged = base64.urlsafe_b64encode(raw).decode()
    assert links.read_token(links.INVITATION, forged) is None


@given(st.text(max_size=60))
def test_token_is_refused_when_it_is_any_text(text):
    assert links.read_token(links.INVITATION, text) is None


@pytest.mark.parametrize("length", range(40))
def test_token_is_refused_when_truncated(length):
    token = links.make_token(links.INVITATION, ID, 1)
    assert links.read_token(links.INVITATION, token[:length]) is None


def test_token_is_refused_when_longer():
    token = links.make_token(links.INVITATION, ID, 1)
    assert links.read_token(links.INVITATION, token + "AAAA") is None


def test_token_is_refused_when_of_the_other_kind():
    token = links.make_token(links.INVITATION, ID, 1)
    assert links.read_token(links.PARTNER, token) is None


def test_token_differs_by_generation():
    first, second = (links.make_token(links.PARTNER, ID, n) for n in (1, 2))
    assert first != second
    assert links.read_token(links.PARTNER, second).generation == 2


def test_link_keys_newest_writes_and_every_listed_one_reads(settings):
    settings.LINK_KEYS = ["old"]
    token = links.make_token(links.INVITATION, ID, 1)
    settings.LINK_KEYS = ["new", "old"]
    assert links.read_token(links.INVITATION, token)
    newer = links.make_token(links.INVITATION, ID, 1)
    settings.LINK_KEYS = ["new"]
    assert links.read_token(links.INVITATION, newer)
    assert links.read_token(links.INVITATION, token) is None


def test_link_survives_a_new_secret_key_when_it_has_keys_of_its_own(settings):
    settings.LINK_KEYS = ["own"]
    token = links.make_token(links.INVITATION, ID, 1)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
    assert links.read_token(links.INVITATION, token)


def test_link_lives_as_long_as_its_secret_key_is_a_fallback(settings):
    settings.LINK_KEYS = []
    settings.SECRET_KEY = "first"
    token = links.make_token(links.INVITATION, ID, 1)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first"]
    assert links.read_token(links.INVITATION, token)
    settings.SECRET_KEY_FALLBACKS = []
    assert links.read_token(links.INVITATION, token) is None


def test_secret_key_itself_is_no_link_key(settings):
    settings.LINK_KEYS = []
    settings.SECRET_KEY = "first"
    token = links.make_token(links.INVITATION, ID, 1)
    settings.LINK_KEYS = ["first"]
    assert links.read_token(links.INVITATION, token) is None


@pytest.mark.parametrize(
    ("address", "kind", "path"),
    [
        (links.invitation_url, links.INVITATION, "invitations"),
        (links.partner_url, links.PARTNER, "partners"),
    ],
)
def test_address_is_absolute_and_carries_the_token(settings, address, kind, path):
    settings.PUBLIC_URL = "https://portal.example"
    token = links.make_token(kind, ID, 3)
    assert address(ID, 3) == f"https://portal.example/{path}/{token}/"
