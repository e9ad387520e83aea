"""Which tenant has a domain, as the provider's public discovery document says.

Only a provider whose issuer names the tenant can tell. See `relationships.directory`.
"""

from uuid import UUID

from relationships.directory import NoAnswer

from .faults import SignInFailed
from .provider import TENANT, current, is_configured


def is_there() -> bool:
    return is_configured() and TENANT in current().issuer


def tenant_of(domain: str) -> UUID | None:
    """None when no tenant has the domain; raises NoAnswer."""
    provider = current()
    try:
        issuer = provider.issuer_of_domain(domain)
    except SignInFailed as failed:
        raise NoAnswer(str(failed.fault)) from failed
    if issuer is None:
        return None
    before, _, after = provider.issuer.partition(TENANT)
    try:
        tenant_id = UUID(issuer.removeprefix(before).removesuffix(after))
    except ValueError as error:
        raise NoAnswer("names no tenant") from error
    if issuer != provider.issuer_for(str(tenant_id)):
        raise NoAnswer("names another issuer")
    return tenant_id
