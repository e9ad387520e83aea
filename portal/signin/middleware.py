from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.csrf import csrf_failure

from .sessions import ACTS_AS, act_as, choose_actor

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class ActorMiddleware:
    """Sets `request.actor`: the Actor of this session, or None.

    When a right ends, the only one left takes its place; what is posted at that moment
    was opened as the former one, and is refused.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor = None
        if request.user.is_authenticated:
            former = request.session.get(ACTS_AS)
            actor = choose_actor(request)
            if actor is not None and actor.key != former:
                act_as(request, actor)
                if former is not None and request.method not in SAFE_METHODS:
                    return csrf_failure(request)
        request.actor = actor  # type: ignore[attr-defined]
        return self.get_response(request)
