"""A forgotten password: a link by e-mail, which works once and not for long.

The page answers before it looks for an account, so that neither its words nor its time
tell whether there is one. The link is kept nowhere: the job that sends it knows the
person alone, and makes it then.
"""

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.models import User

from . import jobs, limits
from .forms import AskForLinkForm, NewPasswordForm


class RedirectThen(HttpResponseRedirect):
    """Does something when the server has sent the answer, and closes it."""

    def __init__(self, to: str, then: Callable[[], None]) -> None:
        super().__init__(to)
        self._then = then

    def close(self) -> None:
        then, self._then = self._then, lambda: None
        then()
        super().close()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = AskForLinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        login = form.cleaned_data["login"].lower()
        language = translation.get_language() or settings.LANGUAGE_CODE
        send = partial(queue_link, login, language=language)
        return RedirectThen(reverse("password-reset-sent"), send)
    return render(request, "public/password/ask.html", {"form": form})


@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same for everybody, whatever was sent."""
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return render(request, "public/password/sent.html", {"minutes": minutes})


@never_cache
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    return render(request, "public/password/done.html")


class SetPassword(PasswordResetConfirmView):
    """Django's own: the link's token moves to the session before a form is shown."""

    form_class = NewPasswordForm
    template_name = "public/password/new.html"
    success_url = reverse_lazy("password-reset-done")


def queue_link(login: str, *, language: str) -> None:
    """For a local account that exists; for each only so often."""
    user = User.objects.filter(login=login, is_active=True).first()
    if user is None or not user.has_usable_password():
        return
    if limits.take_for_account(login):
        return
    jobs.send_link.enqueue(user.pk, language)
