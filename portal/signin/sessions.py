"""As whom a session acts: kept in the session, checked anew on every request."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from portal.accounts import history, second_factor
from portal.accounts.enums import Factor, SignInOutcome
from portal.accounts.models import User
from portal.foundation import clock
from relationships.actors import Actor, actors_of
from relationships.enums import SignInHow

from . import waiting
from .interruptions import SecondFactorWanted

ACTS_AS = "acts_as"
SIGNED_IN_BY = "signed_in_by"
SIGNED_IN_TENANT = "signed_in_tenant"
SECOND_FACTOR = "second_factor"
NEWCOMER = "newcomer"
ARRIVED_FOR = "arrived_for"
TO_LINK = "openid_to_link"
BACKEND = "portal.signin.backends.LocalAccountBackend"  # loads whoever is signed in


def begin(
    request: HttpRequest,
    user: User,
    *,
    actor: Actor | None = None,
    how: SignInHow = SignInHow.LOCAL_ACCOUNT,
    tenant_id: UUID | None = None,
    factor: Factor | str = "",
) -> None:
    """Sign in; with `actor`, act as it from the start.

    The one way into a session, whatever has shown who the person is. `tenant_id` is
    the tenant that OpenID Connect has proved; the session acts within it alone.
    A local account that has a second factor gets no further without `factor`: this
    raises SecondFactorWanted, which the middleware answers.
    """
    if how == SignInHow.LOCAL_ACCOUNT and not factor and second_factor.is_set_up(user):
        raise SecondFactorWanted(user, actor)
    login(request, user, backend=BACKEND)
    request.session.set_expiry(_end_of_session(how))
    waiting.end(request)
    request.session[SECOND_FACTOR] = str(factor)
    history.note(request, user, SignInOutcome.SIGNED_IN, how=str(how), factor=factor)
    request.session[SIGNED_IN_BY] = str(how)
    request.session[SIGNED_IN_TENANT] = str(tenant_id) if tenant_id else ""
    request.session.pop(NEWCOMER, None)
    if actor is not None:
        act_as(request, actor)
    else:
        request.session.pop(ACTS_AS, None)


def _end_of_session(how: SignInHow) -> datetime:
    """A moment: seconds would be counted anew each time that the session is stored.

    What has changed at a provider since, a role taken away, is told at the next one.
    """
    is_local = how == SignInHow.LOCAL_ACCOUNT
    hours = settings.SESSION_HOURS if is_local else settings.OIDC_SESSION_HOURS
    return clock.now() + timedelta(hours=hours)


def act_as(request: HttpRequest, actor: Actor) -> None:
    """From now on; a form that was opened as somebody else is refused when sent."""
    if request.session.get(ACTS_AS) not in {None, actor.key}:
        rotate_token(request)
    request.session[ACTS_AS] = actor.key
    request.actor = actor  # type: ignore[attr-defined]


def actor_of(request: HttpRequest) -> Actor | None:
    """As whom this request acts, as the middleware has found."""
    return request.actor  # type: ignore[attr-defined]


def signed_in_by(request: HttpRequest) -> SignInHow:
    return SignInHow(request.session.get(SIGNED_IN_BY, SignInHow.LOCAL_ACCOUNT))


def possible_actors(
    user: User, how: SignInHow, tenant_id: UUID | None = None
) -> list[Actor]:
    """All that a person who signed in this way may act as.

    A local account leads to a tenant only where `LOCAL_TENANT_SIGN_IN` is on; OpenID
    Connect only to the tenant `tenant_id` that it has proved, and never to the office.
    """
    actors = actors_of(user)
    if how == SignInHow.OPENID_CONNECT:
        return [actor for actor in actors if _is_within(actor, tenant_id)]
    if not settings.LOCAL_TENANT_SIGN_IN:
        return [actor for actor in actors if not actor.is_tenant]
    return actors


def _is_within(actor: Actor, tenant_id: UUID | None) -> bool:
    organisation = actor.customer or actor.partner
    return organisation is not None and organisation.tenant_id == tenant_id


def actors_of_session(request: HttpRequest) -> list[Actor]:
    if not request.user.is_authenticated:
        return []
    tenant_id = request.session.get(SIGNED_IN_TENANT)
    proved = UUID(tenant_id) if tenant_id else None
    return possible_actors(request.user, signed_in_by(request), proved)


def choose_actor(request: HttpRequest) -> Actor | None:
    """The chosen actor while it is still allowed, else the only one, else None."""
    actors = actors_of_session(request)
    for actor in actors:
        if actor.key == request.session.get(ACTS_AS):
            return actor
    return actors[0] if len(actors) == 1 else None
