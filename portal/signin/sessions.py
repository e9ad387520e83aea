"""As whom a session acts: kept in the session, checked anew on every request."""

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from portal.accounts.models import User
from relationships.actors import Actor, actors_of
from relationships.enums import SignInHow

ACTS_AS = "acts_as"
SIGNED_IN_BY = "signed_in_by"


def begin(
    request: HttpRequest,
    user: User,
    *,
    actor: Actor | None = None,
    how: SignInHow = SignInHow.LOCAL_ACCOUNT,
) -> None:
    """Sign in; with `actor`, act as it from the start.

    The one way into a session, whatever has shown who the person is.
    """
    login(request, user)
    request.session[SIGNED_IN_BY] = str(how)
    if actor is not None:
        act_as(request, actor)
    else:
        request.session.pop(ACTS_AS, None)


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


def possible_actors(user: User, how: SignInHow) -> list[Actor]:
    """All that a person who signed in this way may act as.

    A local account leads to a tenant only where `LOCAL_TENANT_SIGN_IN` is on.
    """
    actors = actors_of(user)
    if how == SignInHow.LOCAL_ACCOUNT and not settings.LOCAL_TENANT_SIGN_IN:
        return [actor for actor in actors if not actor.is_tenant]
    return actors


def actors_of_session(request: HttpRequest) -> list[Actor]:
    if not request.user.is_authenticated:
        return []
    return possible_actors(request.user, signed_in_by(request))


def choose_actor(
    user: User,
    chosen: str | None,
    *,
    how: SignInHow = SignInHow.LOCAL_ACCOUNT,
) -> Actor | None:
    """The chosen actor while it is still allowed, else the only one, else None."""
    actors = possible_actors(user, how)
    for actor in actors:
        if actor.key == chosen:
            return actor
    return actors[0] if len(actors) == 1 else None
