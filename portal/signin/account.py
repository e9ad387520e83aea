"""A person's own account: password, second factor, sessions, sign-in history."""

from base64 import b32encode
from binascii import unhexlify
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

import segno
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import second_factor
from portal.accounts.enums import Factor
from portal.accounts.models import User
from relationships.actors import Actor
from relationships.enums import SignInHow
from relationships.services import notices as inbox
from relationships.services import sign_in as services

from . import factors, sessions
from .forms import ChangePasswordForm, NoticesForm, OwnPasswordForm, SetUpForm

KEY = "second_factor_key"
SHOWN_SIGN_INS = 20

Page = Callable[[HttpRequest, User, Actor], HttpResponse]
View = Callable[[HttpRequest], HttpResponse]


def account_page(page: Page) -> View:
    """For whoever is signed in and is somebody here; others are sent on."""

    @wraps(page)
    @never_cache
    @sensitive_post_parameters()
    @require_http_methods(["GET", "HEAD", "POST"])
    @login_required
    def view(request: HttpRequest) -> HttpResponse:
        actors = [sessions.actor_of(request), *sessions.actors_of_session(request)]
        actor = next((actor for actor in actors if actor is not None), None)
        if actor is None:
            return redirect("home")
        assert isinstance(request.user, User)  # it is signed in
        return page(request, request.user, actor)

    return view


def local_page(page: Page) -> View:
    """The same, for whoever signed in with a password: the others have none here."""

    @wraps(page)
    def local(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
        if sessions.signed_in_by(request) != SignInHow.LOCAL_ACCOUNT:
            return redirect("account")
        return page(request, user, actor)

    return account_page(local)


@account_page
def overview(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    is_local = sessions.signed_in_by(request) == SignInHow.LOCAL_ACCOUNT
    sign_ins = user.sign_ins.all()[:SHOWN_SIGN_INS]
    context = {
        "is_local": is_local,
        "has_factor": is_local and second_factor.is_set_up(user),
        "recovery_codes": second_factor.count_recovery_codes(user),
        "is_required": factors.is_required_of(user),
        "sign_ins": [(row, _how(row.how)) for row in sign_ins],
        "shown": SHOWN_SIGN_INS,
    }
    return render(request, "account/overview.html", context)


def _how(how: str) -> str:
    return str(SignInHow(how).label) if how in SignInHow.values else how


@account_page
def notices(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    """Which notices come by e-mail too."""
    kinds = inbox.kinds_for(sessions.actors_of_session(request))
    chosen = {"by_email": inbox.emailed_kinds(user)}
    form = NoticesForm(_posted(request), kinds=kinds, initial=chosen)
    if form.is_valid():
        inbox.choose_emails(user, wanted=form.cleaned_data["by_email"], among=kinds)
        messages.success(request, _("Saved."))
        return redirect("account-notices")
    return render(request, "account/notices.html", {"form": form})


@local_page
def password(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    form = ChangePasswordForm(request, _posted(request))
    if form.is_valid():
        form.set_by(actor)
        update_session_auth_hash(request, form.user)
        messages.success(
            request, _("Your password is changed. You are signed out elsewhere.")
        )
        return redirect("account")
    return render(request, "account/password.html", {"form": form})


@local_page
def set_up(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    """Shows a key; the code that fits it switches the second factor on."""
    if second_factor.is_set_up(user):
        return redirect("account")
    key = request.session.setdefault(KEY, second_factor.new_key())
    form = SetUpForm(_posted(request))
    if form.is_valid():
        code = form.cleaned_data["code"]
        try:
            codes = services.set_up_second_factor(user, actor=actor, key=key, code=code)
        except ValidationError as error:
            form.add_error("code", error)
        else:
            _keep_session(request, user)
            return _show_codes(request, codes, is_new=True)
    context = {
        "form": form,
        "qr_code": _qr_code(user, key),
        "key": _in_fours(b32encode(unhexlify(key)).decode()),
        "is_required": factors.is_missing(request),
    }
    return render(request, "account/set_up.html", context)


def _keep_session(request: HttpRequest, user: User) -> None:
    """This one has shown the factor; all others have ended."""
    del request.session[KEY]
    user.refresh_from_db()
    update_session_auth_hash(request, user)
    request.session[sessions.SECOND_FACTOR] = str(Factor.CODE)


def _qr_code(user: User, key: str) -> str:
    """A picture in its own address: the policy allows `data:` for pictures alone."""
    address = second_factor.unsaved_device(user, key).config_url
    return segno.make(address, error="m").svg_data_uri(scale=4, light="#fff")


def _in_fours(key: str) -> str:
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


@local_page
def recovery_codes(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    if not second_factor.is_set_up(user):
        return redirect("account")
    form = OwnPasswordForm(request, _posted(request), submit=_("Make new codes"))
    if form.is_valid():
        codes = services.renew_recovery_codes(user, actor=actor)
        return _show_codes(request, codes, is_new=False)
    context = {
        "title": _("New recovery codes?"),
        "question": _("You get ten new codes. The old ones stop working at once."),
        "form": form,
    }
    return render(request, "account/confirm.html", context)


def _show_codes(request: HttpRequest, codes: list[str], *, is_new: bool) -> Any:
    """In the answer itself: nothing keeps them, so they are shown this once."""
    file = "data:text/plain;charset=utf-8," + quote("\n".join(codes) + "\n")
    context = {"codes": codes, "file": file, "is_new": is_new}
    return render(request, "account/recovery_codes.html", context)


@local_page
def remove(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    if not second_factor.is_set_up(user):
        return redirect("account")
    form = OwnPasswordForm(request, _posted(request), submit=_("Remove it"))
    if form.is_valid():
        services.remove_second_factor(user, actor=actor)
        logout(request)
        messages.success(
            request, _("The second factor is removed. You are signed out everywhere.")
        )
        return redirect("sign-in")
    question = _("From then on your password alone signs you in.")
    if factors.is_required_of(user):
        question = _("At your next sign-in you set up a new one.")
    title = _("Remove the second factor?")
    context = {"title": title, "question": question, "form": form}
    return render(request, "account/confirm.html", context)


@require_POST
@account_page
def sign_out_everywhere(request: HttpRequest, user: User, actor: Actor) -> Any:
    services.sign_out_everywhere(user, actor=actor)
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("sign-in")


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None
