"""A provider of our own that does wrong on demand. It listens on loopback.

It is built as Entra is: one address for all organisations, an issuer that carries the
tenant, discovery by domain. `fault` names what it does wrong; without one it is right.
"""

import base64
import functools
import hashlib
import hmac
import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from joserfc import jws, jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "portal"
CLIENT_SECRET = "a secret of the portal and the provider alone"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
BILLING_ADMINISTRATOR = "b0f54661-2d74-4c50-afa3-1ec803f12efe"
ORDINARY_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
DISCOVERY = "/v2.0/.well-known/openid-configuration"


def person(**claims: Any) -> dict[str, Any]:
    """The claims of somebody new: a Global Administrator of a tenant of one's own."""
    return {
        "tid": str(uuid.uuid4()),
        "oid": str(uuid.uuid4()),
        "sub": secrets.token_urlsafe(16),
        "name": "Ada Admin",
        "email": "ada@fabula.example",
        "preferred_username": "ada@fabula.example",
        "wids": [GLOBAL_ADMINISTRATOR, ORDINARY_USER],
        "ver": "2.0",
        **claims,
    }


def new_key(kid: str = "") -> RSAKey:
    return RSAKey.generate_key(
        2048, {"kid": kid or secrets.token_hex(4), "use": "sig", "alg": "RS256"}
    )


@functools.cache
def first_key() -> RSAKey:
    """One for all tests that do not rotate it: making one takes its time."""
    return new_key()


@dataclass
class Faulty:
    """`asked` counts requests by path; `domains` are tenants' verified ones."""

    base: str = ""
    fault: str = ""
    authentication: str = "client_secret_post"
    key: RSAKey = field(default_factory=first_key)
    domains: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def issuer(self) -> str:
        return f"{self.base}/organizations/v2.0"

    def issuer_of(self, tenant_id: str) -> str:
        return f"{self.base}/{tenant_id}/v2.0"

    def rotate_keys(self) -> None:
        self.key = new_key()

    def sign_in(self, url: str, claims: dict[str, Any]) -> dict[str, str]:
        """What comes back to the portal when somebody signs in at `url`."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{self.base}/organizations/oauth2/v2.0/authorize?")
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert set(asked["scope"].split()) >= {"openid", "profile"}
        code = secrets.token_urlsafe(16)
        self.codes[code] = {"asked": asked, "claims": claims}
        return {"code": code, "state": asked["state"]}

    def knows(self, header: str | None, form: dict[str, str]) -> bool:
        """Whether the client has shown its secret, in the one way that is open."""
        if self.authentication == "client_secret_basic":
            return header == _basic() and "client_secret" not in form
        sent = (form.get("client_id"), form.get("client_secret"))
        if self.authentication == "none":
            return header is None and sent == (CLIENT_ID, None)
        return header is None and sent == (CLIENT_ID, CLIENT_SECRET)

    # What it answers, by path

    def answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, Any]:
        self.asked[path] = self.asked.get(path, 0) + 1
        if path.endswith(DISCOVERY):
            return self._discovery(path.removesuffix(DISCOVERY).lstrip("/"))
        if path.endswith("/keys"):
            return self._keys()
        if path.endswith("/token") and method == "POST":
            return self._token(form)
        return 404, {"error": "nothing here"}

    def _discovery(self, tenant: str) -> tuple[int, Any]:
        if tenant != "organizations":
            return self._discovery_of_domain(tenant)
        shared = f"{self.base}/organizations"
        metadata = {
            "issuer": f"{self.base}/{{tenantid}}/v2.0",
            "authorization_endpoint": f"{shared}/oauth2/v2.0/authorize",
            "token_endpoint": f"{shared}/oauth2/v2.0/token",
            "jwks_uri": f"{shared}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": [
                "private_key_jwt",
                self.authentication,
            ],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
        }
        return self._spoilt("discovery", metadata)

    def _discovery_of_domain(self, domain: str) -> tuple[int, Any]:
        if self.fault.startswith("domain:"):
            return self._spoilt("domain", {})
        if domain not in self.domains:
            return 400, {"error": "invalid_tenant", "error_description": "AADSTS90002"}
        return 200, {"issuer": self.issuer_of(self.domains[domain])}

    def _keys(self) -> tuple[int, Any]:
        listed = [
            {"kty": "EC", "kid": "another", "use": "sig", "crv": "P-256"},
            {**self.key.as_dict(private=False), "kid": "for encryption", "use": "enc"},
            {"kty": "RSA", "kid": "broken", "use": "sig", "n": "?", "e": None},
            self.key.as_dict(private=False),
        ]
        return self._spoilt("keys", {"keys": listed})

    def _token(self, form: dict[str, str]) -> tuple[int, Any]:
        issued = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        if issued is None or not _proves(verifier, issued["asked"]):
            return 400, {"error": "invalid_grant", "error_description": "AADSTS54005"}
        if form["redirect_uri"] != issued["asked"]["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        claims = self._claims(issued["claims"], issued["asked"]["nonce"])
        answer = {
            "token_type": "Bearer",
            "access_token": secrets.token_urlsafe(16),
            "expires_in": 3600,
            "id_token": self._signed(claims),
        }
        return self._spoilt("token", answer)

    def _claims(self, told: dict[str, Any], nonce: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer_of(str(told.get("tid"))),
            "aud": CLIENT_ID,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "nonce": nonce,
            **told,
        }
        spoil = CLAIM_FAULTS.get(self.fault)
        if spoil is not None:
            spoil(self, claims)
        return claims

    def _signed(self, claims: dict[str, Any]) -> Any:
        sign = SIGNING_FAULTS.get(self.fault, _rightly)
        return sign(self, claims)

    def _spoilt(self, place: str, right: Any) -> tuple[int, Any]:
        """The right answer, unless the fault is one of this place."""
        if self.fault == f"{place}:slow":
            self.released.wait(20)
        raw = RAW_FAULTS.get(self.fault.removeprefix(f"{place}:"))
        if raw is not None and self.fault.startswith(f"{place}:"):
            return 200, raw(self.released, json.dumps(right).encode())
        spoilt = ANSWER_FAULTS.get(self.fault.removeprefix(f"{place}:"))
        if spoilt is None or not self.fault.startswith(f"{place}:"):
            return 200, right
        return spoilt(right)


def _proves(verifier: str, asked: dict[str, str]) -> bool:
    """PKCE: the challenge that the sign-in began with is this verifier's."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return _encoded(digest) == asked["code_challenge"]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


ANSWER_FAULTS: dict[str, Callable[[Any], tuple[int, Any]]] = {
    "down": lambda right: (503, {"error": "temporarily_unavailable"}),
    "redirect": lambda right: (302, b""),
    "no json": lambda right: (200, b"<!DOCTYPE html><p>Maintenance"),
    "a list": lambda right: (200, ["nothing", "of", "use"]),
    "empty": lambda right: (200, {}),
    "other issuer": lambda right: (200, {**right, "issuer": "https://evil.example"}),
    "no endpoints": lambda right: (200, {"issuer": right["issuer"]}),
    "script endpoint": lambda right: (
        200,
        {**right, "authorization_endpoint": "javascript:alert(1)"},
    ),
    "no keys": lambda right: (200, {"keys": "none"}),
    "no id_token": lambda right: (200, {**right, "id_token": None}),
    "garbage id_token": lambda right: (200, {**right, "id_token": "a.b.c"}),
    "long garbage": lambda right: (200, {**right, "id_token": "\u00e4." * 999}),
    "wrong secret": lambda right: (401, {"error": "invalid_client"}),
}

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n"


def _in_drops(released: threading.Event, text: bytes) -> Iterator[bytes]:
    """The right answer, after spaces that say nothing: each one in good time."""
    yield HEAD + b"\r\n"
    yield from _drops(released, b" ")
    yield text


def _head_in_drops(released: threading.Event, text: bytes) -> Iterator[bytes]:
    yield HEAD + b"X-Patience: "
    yield from _drops(released, b"z")
    yield b"\r\n\r\n" + text


def _drops(released: threading.Event, drop: bytes) -> Iterator[bytes]:
    for _number in range(40):
        if not released.wait(0.05):
            yield drop


def _without_end(released: threading.Event, text: bytes) -> Iterator[bytes]:
    """At least, longer than any answer: twenty megabytes of it."""
    yield HEAD + b"\r\n"
    for _number in range(320):
        yield b" " * 65_536
    yield text


# What is written as it stands, head and all.
RAW_FAULTS: dict[str, Callable[[threading.Event, bytes], Iterator[bytes]]] = {
    "drip": _in_drops,
    "head in drops": _head_in_drops,
    "endless": _without_end,
}

CLAIM_FAULTS: dict[str, Callable[[Faulty, dict[str, Any]], Any]] = {
    "foreign audience": lambda provider, c: c.update(aud="somebody-else"),
    "two audiences": lambda provider, c: c.update(aud=[CLIENT_ID, "somebody-else"]),
    "foreign issuer": lambda provider, c: c.update(
        iss="https://evil.example/" + c["tid"] + "/v2.0"
    ),
    "issuer of another tenant": lambda provider, c: c.update(
        iss=provider.issuer_of(str(uuid.uuid4()))
    ),
    "issuer with the placeholder": lambda provider, c: c.update(
        iss=provider.issuer_of("{tenantid}")
    ),
    "no issuer": lambda provider, c: c.pop("iss"),
    "wrong nonce": lambda provider, c: c.update(nonce="another"),
    "no nonce": lambda provider, c: c.pop("nonce"),
    "expired": lambda provider, c: c.update(exp=c["iat"] - 600),
    "never expires": lambda provider, c: c.pop("exp"),
    "not yet valid": lambda provider, c: c.update(nbf=c["iat"] + 600),
    "from the future": lambda provider, c: c.update(iat=c["iat"] + 600),
    "no time of issue": lambda provider, c: c.pop("iat"),
    "no sub": lambda provider, c: c.pop("sub"),
    "times as words": lambda provider, c: c.update(exp="tomorrow"),
    "no tid": lambda provider, c: c.pop("tid"),
    "tid that is none": lambda provider, c: c.update(tid="fabula.example"),
    "no oid": lambda provider, c: c.pop("oid"),
    "empty oid": lambda provider, c: c.update(oid=""),
    "endless oid": lambda provider, c: c.update(oid="o" * 256),
    "no wids": lambda provider, c: c.pop("wids"),
    "wids as words": lambda provider, c: c.update(wids=GLOBAL_ADMINISTRATOR),
}


def _rightly(provider: Faulty, claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "kid": provider.key.kid}
    return jwt.encode(header, claims, provider.key)


def _by_another_key(provider: Faulty, claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "kid": provider.key.kid}
    return jwt.encode(header, claims, new_key())


def _by_an_unknown_key(provider: Faulty, claims: dict[str, Any]) -> str:
    key = new_key("unheard of")
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def _by_a_key_named_by_a_list(provider: Faulty, claims: dict[str, Any]) -> str:
    return by_rsa(provider.key, {"alg": "RS256", "kid": ["a", "list"]}, claims)


def _by_none(provider: Faulty, claims: dict[str, Any]) -> str:
    return parts({"alg": "none", "kid": provider.key.kid}, claims) + "."


def _by_the_public_key_as_secret(provider: Faulty, claims: dict[str, Any]) -> str:
    """Whoever takes the algorithm from the token takes this for genuine."""
    return _by_secret(provider, claims, provider.key.as_pem(private=False))


def _by_the_client_secret(provider: Faulty, claims: dict[str, Any]) -> str:
    return _by_secret(provider, claims, CLIENT_SECRET.encode())


def _by_secret(provider: Faulty, claims: dict[str, Any], secret: bytes) -> str:
    signed = parts({"alg": "HS256", "kid": provider.key.kid}, claims)
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _without_a_name(provider: Faulty, claims: dict[str, Any]) -> str:
    """No fault: a provider with one key need not name it."""
    return by_rsa(provider.key, {"alg": "RS256"}, claims)


def by_rsa(key: RSAKey, header: dict[str, Any], claims: Any) -> str:
    signed = parts(header, claims)
    signature = key.private_key.sign(signed.encode(), PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encoded(signature)}"


def parts(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """What is signed: for what the library refuses to make."""
    return ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))


def _altered(provider: Faulty, claims: dict[str, Any]) -> str:
    """Signed rightly, and then another tenant written into it."""
    header, _body, signature = _rightly(provider, claims).split(".")
    forged = json.dumps({**claims, "oid": str(uuid.uuid4())}).encode()
    return f"{header}.{_encoded(forged)}.{signature}"


def _of_a_list(provider: Faulty, claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "kid": provider.key.kid}
    return jws.serialize_compact(header, b"[1, 2]", provider.key)


SIGNING_FAULTS: dict[str, Callable[[Faulty, dict[str, Any]], str]] = {
    "bad signature": _by_another_key,
    "unknown key": _by_an_unknown_key,
    "key named by a list": _by_a_key_named_by_a_list,
    "key without a name": _without_a_name,
    "alg none": _by_none,
    "public key as secret": _by_the_public_key_as_secret,
    "client secret as key": _by_the_client_secret,
    "altered": _altered,
    "claims as a list": _of_a_list,
}


def _basic() -> str:
    """Client and secret as HTTP Basic carries them (RFC 6749, 2.3.1)."""
    expected = urlencode({CLIENT_ID: CLIENT_SECRET}).replace("=", ":", 1)
    return "Basic " + base64.b64encode(expected.encode()).decode()
