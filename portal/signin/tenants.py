"""Signing in to a tenant on a public page: the seam for every way to do so."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from relationships.actors import Actor
from relationships.enums import SignInHow

from . import sessions
from .forms import TenantSignInForm
from .openid import provider

IsInvited = Callable[[Actor], bool]


@dataclass(frozen=True)
class Way:
    """One way to sign in to a tenant, and the template part that offers it."""

    how: SignInHow
    template: str


@dataclass(frozen=True)
class Outcome:
    """What a POST to sign in came to.

    `actor` when a tenant was signed in to; `form` when it was refused; neither when
    the person has several tenants and has to choose.
    """

    actor: Actor | None = None
    form: TenantSignInForm | None = None


def ways_to_sign_in() -> list[Way]:
    ways = []
    if provider.is_configured():
        ways.append(Way(SignInHow.OPENID_CONNECT, "public/parts/openid.html"))
    if settings.LOCAL_TENANT_SIGN_IN:
        ways.append(Way(SignInHow.LOCAL_ACCOUNT, "public/parts/local_account.html"))
    return ways


def tenants_of(request: HttpRequest) -> list[Actor]:
    """The tenants that whoever is signed in may act for; the current one first."""
    current = sessions.actor_of(request)
    tenants = [
        actor for actor in sessions.actors_of_session(request) if actor.is_tenant
    ]
    return sorted(tenants, key=lambda actor: actor != current)


def sign_in(request: HttpRequest, *, action: str, is_invited: IsInvited) -> Outcome:
    """Sign in with what was posted: a login and password, or a tenant to go on as."""
    if "login" not in request.POST:
        return Outcome(go_on_as(request))
    form = TenantSignInForm(request, request.POST, action=action)
    if not form.is_valid():
        return Outcome(form=form)
    assert form.user is not None  # the form is valid
    actor = pick(form.tenants, is_invited)
    sessions.begin(request, form.user, actor=actor)
    return Outcome(actor)


def go_on_as(request: HttpRequest) -> Actor | None:
    """Act for the tenant `customer` that was posted, if it is one of one's own."""
    for actor in tenants_of(request):
        assert actor.customer is not None  # a tenant's actor
        if str(actor.customer.pk) == request.POST.get("customer"):
            sessions.act_as(request, actor)
            return actor
    return None


def pick(tenants: list[Actor], is_invited: IsInvited) -> Actor | None:
    """The one that was invited, else the only one, else None: the person chooses."""
    invited = [actor for actor in tenants if is_invited(actor)]
    for candidates in (invited, tenants):
        if len(candidates) == 1:
            return candidates[0]
    return None
