"""What comes first, wherever in a view it turns out: raised there, answered here."""

from datetime import datetime
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal.accounts.models import User
from portal.foundation import clock
from relationships.actors import Actor

from . import waiting
from .going_on import safe_next


class Interruption(Exception):
    """Ends the view that it is raised in; the middleware gives its answer."""

    def answer(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError


class TooMany(Interruption):
    """Something was tried too often; from `until` on it may be tried again."""

    template = "429.html"

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until

    def answer(self, request: HttpRequest) -> HttpResponse:
        context = {"until": self.until}
        response = render(request, self.template, context, status=429)
        seconds = ceil((self.until - clock.now()).total_seconds())
        response["Retry-After"] = str(max(seconds, 1))
        response["Cache-Control"] = "no-store"
        return response


class Locked(TooMany):
    """Wrong passwords or codes; the page tells nothing about an account."""

    template = "public/locked.html"


class SecondFactorWanted(Interruption):
    """The password was right; the session begins when the code is right too."""

    def __init__(self, user: User, actor: Actor | None) -> None:
        super().__init__()
        self.user, self.actor = user, actor

    def answer(self, request: HttpRequest) -> HttpResponse:
        is_front_door = request.path == reverse("sign-in")
        go_on = safe_next(request) or ("" if is_front_door else request.path)
        waiting.begin(request, self.user, self.actor, go_on=go_on)
        return redirect("sign-in-code")
