"""Whatever a token holds, it is refused in words or says who somebody is."""

import time
import uuid
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.signin.openid import provider as providers
from portal.signin.openid import tokens
from portal.signin.openid.faults import SignInFailed, words_for
from relationships.services.identities import ProvedIdentity

from .faulty import CLIENT_ID, Faulty, by_rsa, parts, person

NONCE = "nonce"
CLAIMS = (
    *("iss", "aud", "exp", "iat", "nbf", "nonce", "sub", "azp", "amr", "auth_time"),
    *("at_hash", "tid", "oid", "wids", "name", "email", "preferred_username"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MANY = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def outcome(answer: dict[str, Any]) -> ProvedIdentity | None:
    """Who it is, or None when it was refused in words; anything else is raised."""
    try:
        return tokens.read(providers.current(), answer, nonce=NONCE)
    except SignInFailed as failed:
        words_for(failed.fault)  # raises where there are none
        return None


def right_claims(provider: Faulty) -> dict[str, Any]:
    told = person(tid=str(uuid.UUID(int=7)))
    now = int(time.time())
    issued = {"iss": provider.issuer_of(told["tid"]), "aud": CLIENT_ID, "nonce": NONCE}
    return {**told, **issued, "iat": now, "nbf": now, "exp": now + 3600}


def signed(provider: Faulty, claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "kid": provider.key.kid}
    return by_rsa(provider.key, header, claims)


def test_right_claims_say_who_it_is(provider):
    found = outcome({"id_token": signed(provider, right_claims(provider))})
    assert found is not None
    assert found.tenant_id == uuid.UUID(int=7)


@MANY
@given(token=st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*", fullmatch=True))
@example(token="..")
@example(token="e30.e30.")
def test_text_is_refused_when_it_is_no_token(provider, token):
    assert outcome({"id_token": token}) is None


@MANY
@given(changes=st.dictionaries(st.sampled_from(CLAIMS), JSON, min_size=1))
@example(changes={"email": ["@"]})
@example(changes={"email": "a@" + "b" * 300 + ".example"})
@example(changes={"name": {"first": "Ada"}})
@example(changes={"iss": ["a", "list"], "tid": 7})
@example(changes={"exp": float("inf")})
@example(changes={"at_hash": 7})
@example(changes={"oid": "\x00"})
@example(changes={"oid": "\ud800"})
def test_claims_are_refused_or_read_when_the_signature_is_right(provider, changes):
    claims = {**right_claims(provider), **changes}
    found = outcome({"id_token": signed(provider, claims), "access_token": "a"})
    if found is not None:
        assert found.issuer == claims["iss"] == provider.issuer_of(str(found.tenant_id))
        assert 0 < len(found.full_name) <= 255
        assert found.email in ("", claims["email"])


@MANY
@given(header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit"]), JSON))
def test_token_is_refused_when_its_header_is_anything(provider, header):
    token = f"{parts(header, right_claims(provider))}.c2lnbmF0dXJl"
    assert outcome({"id_token": token}) is None
