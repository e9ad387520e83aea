"""Signing in with a local account."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from relationships.actors import Actor, actors_of
from relationships.enums import NoticeKind, SignInHow
from relationships.services.sign_in import change_password

from . import guesses
from .sessions import possible_actors

LONGEST_PASSWORD = 1000


def tenant_sign_in_is_off() -> ValidationError:
    return ValidationError(
        _("On this portal, local accounts do not sign in to a tenant."),
        code="local_tenant_sign_in",
    )


class SignInForm(forms.Form):
    """Login and password; `user` is who that is, once the form is valid."""

    login = forms.CharField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, data: Any = None, *, action: str) -> None:
        super().__init__(data)
        self.request = request
        self.user: User | None = None
        self.helper = FormHelper()
        self.helper.form_action = action
        self.helper.add_input(Submit("sign_in", _("Sign in"), css_class="w-100"))

    def clean(self) -> dict[str, Any]:
        super().clean()
        login = self.cleaned_data.get("login")
        password = self.cleaned_data.get("password")
        if login and password:
            user = guesses.user_by_password(self.request, login, password)
            if user is None:
                raise ValidationError(
                    _("This e-mail address and password do not belong together."),
                    code="invalid_login",
                )
            self.check_user(user)
            self.user = user
        return self.cleaned_data

    def check_user(self, user: User) -> None:
        """Raises ValidationError when this person may not sign in here."""
        if actors_of(user) and not possible_actors(user, SignInHow.LOCAL_ACCOUNT):
            raise tenant_sign_in_is_off()


class TenantSignInForm(SignInForm):
    """The same, for people of a tenant; `tenants` are those to choose from."""

    tenants: list[Actor]

    def check_user(self, user: User) -> None:
        if not settings.LOCAL_TENANT_SIGN_IN:
            raise tenant_sign_in_is_off()
        actors = possible_actors(user, SignInHow.LOCAL_ACCOUNT)
        self.tenants = [actor for actor in actors if actor.is_tenant]
        if not self.tenants:
            raise ValidationError(
                _("This account belongs to no tenant. Use an account of your tenant."),
                code="no_tenant",
            )


class CodeForm(forms.Form):
    """The second factor's code, or a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy(
            "Six digits from your authenticator app. Without your phone: one of your "
            "recovery codes."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )

    def __init__(self, data: Any = None, *, submit: str = "") -> None:
        super().__init__(data)
        self.helper = FormHelper()
        self.helper.add_input(Submit("send", submit or _("Sign in")))


class SetUpForm(CodeForm):
    """Shows that the phone knows the key."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, submit=_("Switch the second factor on"))
        self.fields["code"].help_text = _("Six digits that the app shows now.")


class NoticesForm(forms.Form):
    """Which of these kinds come by e-mail."""

    def __init__(
        self, data: Any = None, *, kinds: list[NoticeKind], initial: dict[str, Any]
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["by_email"] = forms.MultipleChoiceField(
            label=_("By e-mail"),
            required=False,
            choices=[(kind, kind.label) for kind in kinds],
            widget=forms.CheckboxSelectMultiple,
        )
        self.helper = FormHelper()
        self.helper.add_input(Submit("send", _("Save")))


class AskForLinkForm(forms.Form):
    login = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.helper = FormHelper()
        self.helper.add_input(Submit("send", _("Send me a link"), css_class="w-100"))


class OwnPasswordForm(forms.Form):
    """Asks for one's password again. Raises Locked after too many wrong ones."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, data: Any = None, *, submit: str) -> None:
        super().__init__(data)
        self.request = request
        self.helper = FormHelper()
        self.helper.add_input(Submit("send", submit))

    def clean_password(self) -> str:
        return check_own_password(self.request, self.cleaned_data["password"])


class NewPasswordForm(SetPasswordForm):
    """A new password, twice; saved for whoever came by a link from an e-mail."""

    def __init__(self, user: User, data: Any = None, **options: Any) -> None:
        super().__init__(user, data, **options)
        for name in ("new_password1", "new_password2"):
            self.fields[name].validators.append(MaxLengthValidator(LONGEST_PASSWORD))
        self.helper = FormHelper()
        self.helper.add_input(Submit("send", _("Set the new password")))

    def save(self, commit: bool = True) -> User:
        self.set_by(Actor.visitor())
        return self.user

    def set_by(self, actor: Actor) -> None:
        password = self.cleaned_data["new_password1"]
        change_password(self.user, actor=actor, password=password)


class ChangePasswordForm(NewPasswordForm):
    """The same for whoever is signed in, and knows the old one."""

    password = forms.CharField(
        label=gettext_lazy("Your password until now"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("password", "new_password1", "new_password2")

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        assert isinstance(request.user, User)  # the page is for whoever is signed in
        super().__init__(request.user, data)
        self.request = request

    def clean_password(self) -> str:
        return check_own_password(self.request, self.cleaned_data["password"])


def check_own_password(request: HttpRequest, password: str) -> str:
    """ValidationError unless it is this person's. Raises Locked after too many."""
    user = request.user
    assert isinstance(user, User)  # the page is for whoever is signed in
    if not guesses.is_own_password(request, user, password):
        raise ValidationError(_("This is not your password."), code="password")
    return password
