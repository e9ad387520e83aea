from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.csrf import csrf_failure

from .factors import is_missing
from .interruptions import Interruption
from .sessions import ACTS_AS, act_as, choose_actor

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
# What is open to somebody who still has to set up a second factor.
OPEN_WITHOUT_FACTOR = {
    "account-second-factor",
    "sign-out",
    "set_language",
    "alive",
    "ready",
}


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


class InterruptionMiddleware:
    """Answers what a view could not go on from, and keeps out whoever lacks a factor.

    Where the portal requires a second factor, a session without one leads to its
    set-up and nowhere else.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        if name in OPEN_WITHOUT_FACTOR or not is_missing(request):
            return None
        return redirect("account-second-factor")

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, Interruption):
            return exception.answer(request)
        return None
