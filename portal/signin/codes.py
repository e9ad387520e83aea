"""The second page of signing in: the code of the second factor."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from relationships.actors import Actor
from relationships.enums import SignInHow

from . import guesses, sessions, waiting
from .forms import CodeForm


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    found = waiting.find(request)
    if found is None:
        waiting.end(request)
        return redirect("sign-in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        code = form.cleaned_data["code"]
        factor = guesses.factor_by_code(request, found.user, code)
        if factor is not None:
            actor = _actor(found)
            sessions.begin(request, found.user, actor=actor, factor=factor)
            return HttpResponseRedirect(found.go_on or reverse("home"))
        form.add_error("code", _("This code is wrong, or was used before."))
    return render(request, "public/sign_in_code.html", {"form": form})


def _actor(found: waiting.Waiting) -> Actor | None:
    """The actor that was chosen with the password, while it is still allowed."""
    actors = sessions.possible_actors(found.user, SignInHow.LOCAL_ACCOUNT)
    return next((actor for actor in actors if actor.key == found.acts_as), None)
