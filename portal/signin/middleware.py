from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from relationships.actors import Actor

from .sessions import ACTS_AS, choose_actor, signed_in_by


class ActorMiddleware:
    """Sets `request.actor`: the Actor of this session, or None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = _actor_of(request)  # type: ignore[attr-defined]
        return self.get_response(request)


def _actor_of(request: HttpRequest) -> Actor | None:
    if not request.user.is_authenticated:
        return None
    chosen = request.session.get(ACTS_AS)
    return choose_actor(request.user, chosen, how=signed_in_by(request))
