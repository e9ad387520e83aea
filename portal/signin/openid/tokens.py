"""An ID token: checked, and read as who somebody is."""

import uuid
from typing import Any

from authlib.oidc.core import CodeIDToken
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from portal.foundation import clock
from relationships.enums import TenantRole
from relationships.services.identities import ProvedIdentity

from .faults import Fault, SignInFailed
from .provider import Provider

ALGORITHMS = ["RS256", "RS384", "RS512"]
LEEWAY = 120  # seconds that two clocks may differ
LONGEST_OBJECT_ID = 255
LONGEST_ADDRESS = 254

# Where Microsoft keeps personal accounts, which belong to no organisation.
PERSONAL_ACCOUNTS = uuid.UUID("9188040d-6c67-4c5b-b112-36a304b66dad")
# Role template ids, the same in every tenant; the first that is listed counts.
ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": TenantRole.GLOBAL_ADMINISTRATOR,
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": TenantRole.BILLING_ADMINISTRATOR,
}


def read(provider: Provider, answer: dict[str, Any], *, nonce: str) -> ProvedIdentity:
    """Who the answer of the token endpoint proves; raises SignInFailed."""
    return identity_of(verified_claims(provider, answer, nonce=nonce))


def verified_claims(
    provider: Provider, answer: dict[str, Any], *, nonce: str
) -> dict[str, Any]:
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        token = jwt.decode(
            answer["id_token"], key=_key_finder(provider), registry=registry
        )
        claims = CodeIDToken(
            token.claims,
            token.header,
            _options(provider, nonce),
            {
                "client_id": provider.client_id,
                "nonce": nonce,
                "access_token": answer.get("access_token"),
            },
        )
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _refusal(error) from error
    return dict(claims)


def _key_finder(provider: Provider) -> Any:
    def find(signed: Any) -> RSAKey:
        return provider.key(signed.headers().get("kid"))

    return find


def _options(provider: Provider, nonce: str) -> dict[str, Any]:
    """What has to be there. The library checks the times whenever they are there.

    An issuer that is only essential would be any issuer.
    """

    def is_issuer(claims: dict[str, Any], value: object) -> bool:
        return value == provider.issuer_for(str(_tenant_id(claims) or ""))

    return {
        "iss": {"essential": True, "validate": is_issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "nonce": {"essential": True, "value": nonce},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "sub": {"essential": True},
    }


def _refusal(error: Exception) -> SignInFailed:
    claim = getattr(error, "claim", "")
    detail = f"{type(error).__name__} {claim}".strip()
    is_early = isinstance(error, InvalidClaimError) and claim in {"nbf", "iat"}
    if isinstance(error, ExpiredTokenError) or is_early:
        return SignInFailed(Fault.TOKEN_UNTIMELY, detail)
    return SignInFailed(Fault.TOKEN_REFUSED, detail)


def identity_of(claims: dict[str, Any]) -> ProvedIdentity:
    """Claims by the names that the settings give; people are never known by e-mail."""
    tenant_id = _tenant_id(claims)
    object_id = claims.get(settings.OIDC_OBJECT_CLAIM)
    if tenant_id == PERSONAL_ACCOUNTS:
        raise SignInFailed(Fault.PERSONAL_ACCOUNT)
    if tenant_id is None or not isinstance(object_id, str):
        raise SignInFailed(Fault.IDENTITY_MISSING, "no tenant or no object id")
    if not 0 < len(object_id) <= LONGEST_OBJECT_ID or not object_id.isprintable():
        raise SignInFailed(Fault.IDENTITY_MISSING, "unusable object id")
    return ProvedIdentity(
        issuer=str(claims["iss"]),
        tenant_id=tenant_id,
        object_id=object_id,
        full_name=_name(claims) or object_id[:150],
        email=_email(claims),
        role=_role(claims),
    )


def _tenant_id(claims: dict[str, Any]) -> uuid.UUID | None:
    try:
        return uuid.UUID(claims[settings.OIDC_TENANT_CLAIM])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _name(claims: dict[str, Any]) -> str:
    for claim in ("name", "preferred_username"):
        words = claims.get(claim)
        if isinstance(words, str):
            shown = "".join(sign for sign in words if sign.isprintable()).strip()
            if shown:
                return shown[:150]
    return ""


def _email(claims: dict[str, Any]) -> str:
    """Where to write to; blank unless it is an address."""
    address = claims.get("email")
    if not isinstance(address, str) or len(address) > LONGEST_ADDRESS:
        return ""
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address


def _role(claims: dict[str, Any]) -> TenantRole | None:
    """None when the provider did not tell; without one of ours: a user."""
    told = claims.get(settings.OIDC_ROLES_CLAIM)
    if not isinstance(told, list):
        return None
    held = {value.lower() for value in told if isinstance(value, str)}
    return next((ROLES[key] for key in ROLES if key in held), TenantRole.USER)
