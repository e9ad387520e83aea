"""Signing in with a local account."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from relationships.actors import Actor, actors_of
from relationships.enums import SignInHow

from .sessions import possible_actors


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
        max_length=1000,
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
            user = authenticate(self.request, username=login, password=password)
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
