"""The OpenID provider: what it publishes about itself, and what it answers us.

Nothing but its own addresses is asked, no redirect is followed, and no answer is waited
for longer than `OIDC_TIMEOUT`, its last byte included. Everything that goes wrong is a
SignInFailed.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from requests.auth import HTTPBasicAuth

from portal.foundation import clock
from portal.foundation.deadlines import Deadline

from .asking import within
from .faults import Fault, SignInFailed

METADATA_AGE = timedelta(hours=1)
KEYS_AGE = timedelta(days=1)
# An unknown key makes us ask again at once, but not more often than this.
REFETCH_PAUSE = timedelta(seconds=60)

TENANT = "{tenantid}"
ANY_ORGANISATION = "organizations"
WELL_KNOWN = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SCOPE = "openid profile email"


def is_configured() -> bool:
    return bool(settings.OIDC_ISSUER)


def current() -> "Provider":
    """The provider that the settings name; what it published is kept with it."""
    return _provider(
        settings.OIDC_ISSUER,
        settings.OIDC_CLIENT_ID,
        settings.OIDC_CLIENT_SECRET,
        settings.OIDC_TIMEOUT,
    )


@lru_cache(maxsize=4)
def _provider(*described: Any) -> "Provider":
    return Provider(*described)


class Provider:
    def __init__(
        self, issuer: str, client_id: str, client_secret: str, timeout: float
    ) -> None:
        self.address = issuer
        self.client_id = client_id
        self.client_secret = client_secret
        self.timeout = timeout
        self._metadata: dict[str, Any] = {}
        self._metadata_at: datetime | None = None
        self._keys: dict[str, RSAKey] = {}
        self._keys_at: datetime | None = None

    @property
    def issuer(self) -> str:
        """As tokens name it; `{tenantid}` stands for the tenant of the token."""
        return self.address.replace(f"/{ANY_ORGANISATION}/", f"/{TENANT}/")

    def issuer_for(self, tenant_id: str) -> str:
        return self.issuer.replace(TENANT, tenant_id)

    def authorization_url(
        self, *, redirect_uri: str, state: str, nonce: str, verifier: str
    ) -> str:
        """Where the person goes to sign in."""
        url, _state = self._client().create_authorization_url(
            self._endpoint("authorization_endpoint"),
            redirect_uri=redirect_uri,
            state=state,
            nonce=nonce,
            code_verifier=verifier,
            prompt="select_account",
        )
        return str(url)

    def exchange(
        self, code: str, *, redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        """What the provider gives for a code: an ID token, among others."""
        url, client = self._endpoint("token_endpoint"), self._client()
        try:
            with Deadline(self.timeout) as deadline:
                within(client, deadline)
                answer = client.fetch_token(
                    url,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=redirect_uri,
                    code_verifier=verifier,
                    auth=self._authentication(),
                    allow_redirects=False,
                )
        except OAuthError as error:
            raise _refusal(str(error.error)) from error
        except (requests.RequestException, ValueError) as error:
            raise _failure(error) from error
        if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
            raise SignInFailed(Fault.PROVIDER_GARBAGE, "no id_token")
        return answer

    def key(self, kid: object) -> RSAKey:
        """The published key of that name, which may be newer than what is kept."""
        if not self._is_fresh(self._keys_at, KEYS_AGE):
            self._fetch_keys()
        if self._find(kid) is None and not self._is_fresh(self._keys_at, REFETCH_PAUSE):
            self._fetch_keys()
        found = self._find(kid)
        if found is None:
            raise SignInFailed(Fault.TOKEN_REFUSED, "unknown key")
        return found

    def issuer_of_domain(self, domain: str) -> str | None:
        """The issuer of the tenant that has this domain; None when no tenant has.

        Asked of the public discovery document of that domain.
        """
        template = self.issuer.replace(TENANT, quote(domain, safe=""))
        answer = self._get(template + WELL_KNOWN)
        if 400 <= answer.status_code < 500 and answer.status_code != 429:
            return None
        issuer = _json_of(answer).get("issuer")
        if not isinstance(issuer, str):
            raise SignInFailed(Fault.PROVIDER_GARBAGE, "no issuer")
        return issuer

    def metadata(self) -> dict[str, Any]:
        if not self._is_fresh(self._metadata_at, METADATA_AGE):
            self._metadata = self._fetch_metadata()
            self._metadata_at = clock.now()
        return self._metadata

    def _fetch_metadata(self) -> dict[str, Any]:
        address = self.address.replace(TENANT, ANY_ORGANISATION).rstrip("/")
        metadata = _json_of(self._get(address + WELL_KNOWN))
        if metadata.get("issuer") not in {self.address, self.issuer}:
            raise SignInFailed(Fault.PROVIDER_GARBAGE, "names another issuer")
        # Never less than https where the provider itself has it.
        scheme = urlsplit(self.address).scheme
        for name in ENDPOINTS:
            url = metadata.get(name)
            if not isinstance(url, str) or not url.startswith(f"{scheme}://"):
                raise SignInFailed(Fault.PROVIDER_GARBAGE, f"no usable {name}")
        return metadata

    def _fetch_keys(self) -> None:
        listed = _json_of(self._get(self._endpoint("jwks_uri"))).get("keys")
        if not isinstance(listed, list):
            raise SignInFailed(Fault.PROVIDER_GARBAGE, "no keys")
        self._keys = {
            str(data.get("kid", "")): key
            for data in listed
            if (key := _signing_key(data)) is not None
        }
        self._keys_at = clock.now()

    def _find(self, kid: object) -> RSAKey | None:
        """By name; a token without one means the only key that there is."""
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if isinstance(kid, str) else None

    def _endpoint(self, name: str) -> str:
        return str(self.metadata()[name])

    def _client(self) -> OAuth2Session:
        return OAuth2Session(
            client_id=self.client_id,
            client_secret=self.client_secret,
            token_endpoint_auth_method=(
                "client_secret_post" if self.client_secret else "none"
            ),
            scope=SCOPE,
            code_challenge_method="S256",
        )

    def _authentication(self) -> HTTPBasicAuth | None:
        """HTTP Basic where the provider wants that; None: the secret in the form.

        The library does not encode the secret for it as RFC 6749, 2.3.1, has it.
        """
        default = ["client_secret_basic"]
        methods = self.metadata().get("token_endpoint_auth_methods_supported", default)
        if not self.client_secret or "client_secret_post" in methods:
            return None
        return HTTPBasicAuth(quote_plus(self.client_id), quote_plus(self.client_secret))

    def _get(self, url: str) -> requests.Response:
        try:
            with Deadline(self.timeout) as deadline, requests.Session() as session:
                within(session, deadline)
                return session.get(url, allow_redirects=False)
        except (requests.RequestException, ValueError) as error:
            raise _failure(error) from error

    @staticmethod
    def _is_fresh(fetched_at: datetime | None, age: timedelta) -> bool:
        return fetched_at is not None and abs(clock.now() - fetched_at) < age


def _json_of(answer: requests.Response) -> dict[str, Any]:
    if answer.status_code >= 500:
        raise SignInFailed(Fault.PROVIDER_DOWN, f"status {answer.status_code}")
    if answer.status_code != requests.codes.ok:
        raise SignInFailed(Fault.PROVIDER_GARBAGE, f"status {answer.status_code}")
    try:
        data = answer.json()
    except ValueError as error:
        raise SignInFailed(Fault.PROVIDER_GARBAGE, "no JSON") from error
    if not isinstance(data, dict):
        raise SignInFailed(Fault.PROVIDER_GARBAGE, "no JSON object")
    return data


def _signing_key(data: object) -> RSAKey | None:
    """None for what is not a public RSA key to check signatures with."""
    if not isinstance(data, dict) or data.get("kty") != "RSA":
        return None
    if data.get("use", "sig") != "sig":
        return None
    public: dict[str, str | list[str]] = {
        name: str(data.get(name)) for name in ("kty", "n", "e")
    }
    try:
        return RSAKey.import_key(public)
    except (JoseError, ValueError, TypeError):
        return None


def _refusal(error: str) -> SignInFailed:
    """An error of the token endpoint (RFC 6749, 5.2)."""
    if error == "invalid_grant":
        return SignInFailed(Fault.CODE_REFUSED, error)
    return SignInFailed(Fault.PROVIDER_REFUSED, error[:100])


def _failure(error: Exception) -> SignInFailed:
    """What `requests` raises, by its class: its text may hold what is secret."""
    name = type(error).__name__
    if isinstance(error, requests.Timeout):
        return SignInFailed(Fault.PROVIDER_SLOW, name)
    if isinstance(error, ValueError):  # no JSON, or an address that is none
        return SignInFailed(Fault.PROVIDER_GARBAGE, name)
    return SignInFailed(Fault.PROVIDER_DOWN, name)
