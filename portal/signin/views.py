"""The front door: where people belong, signing in and out."""

from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from portal.demo.accounts import demo_accounts

from . import sessions
from .forms import SignInForm
from .going_on import safe_next


def go_on(request: HttpRequest) -> HttpResponse:
    """To where the request asks, else home. Never a view's name: `next` is foreign."""
    return HttpResponseRedirect(safe_next(request) or reverse("home"))


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Sends people where they belong; tells others what this is."""
    if not request.user.is_authenticated:
        return render(request, "public/home.html")
    actor = sessions.actor_of(request)
    if actor is not None:
        return redirect("my" if actor.is_tenant else "admin:index")
    actors = sessions.actors_of_session(request)
    if not actors:
        return render(request, "public/no_actor.html")
    only_tenants = all(actor.is_tenant for actor in actors)
    return redirect("my-act-as" if only_tenants else "admin:act-as")


@never_cache
@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    """The field's own terms, for whoever meets them first on these pages."""
    return render(request, "public/glossary.html")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    next_url = safe_next(request)
    query = f"?{urlencode({'next': next_url})}" if next_url else ""
    form = SignInForm(request, data, action=reverse("sign-in") + query)
    if form.is_valid():
        assert form.user is not None  # the form is valid
        sessions.begin(request, form.user)
        return go_on(request)
    context = {"form": form, "demo": _demo_accounts()}
    return render(request, "public/sign_in.html", context)


def _demo_accounts() -> list[Any]:
    """Whom a newcomer may sign in as; only ever while DEBUG is on."""
    return list(demo_accounts()) if settings.DEBUG else []


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """GET asks, POST signs out; also how to switch to another account."""
    if request.method == "POST":
        logout(request)
    if not request.user.is_authenticated:
        return go_on(request)
    return render(request, "public/sign_out.html", {"next": safe_next(request)})
