from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.guards import refusals_explained
from portal.foundation.ruled import choice_constraint

from .enums import Factor, SignInOutcome, ThrottleScope


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, login: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Save a user; `login` is the e-mail address of a local account.

        Without a password, the account cannot sign in by one.
        """
        user = self.model(login=login, **fields)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user

    def create_superuser(
        self, login: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Save an operator of the platform."""
        return self.create_user(
            login, password, is_staff=True, is_superuser=True, **fields
        )


class User(AbstractBaseUser, PermissionsMixin):
    """One person with one way to sign in; never deleted, only anonymised."""

    login = models.CharField(
        _("sign-in name"),
        max_length=254,
        unique=True,
        help_text=_("The e-mail address of a local account, in lower case."),
    )
    email = models.EmailField(
        _("e-mail address"),
        blank=True,
        help_text=_("Where the portal writes to this person."),
    )
    full_name = models.CharField(_("full name"), max_length=150)
    is_staff = models.BooleanField(
        _("partner staff"),
        default=False,
        help_text=_("May open the back office, within a membership."),
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Switch this off instead of deleting a person."),
    )
    date_joined = models.DateTimeField(
        _("joined at"), default=clock.now, editable=False
    )
    session_generation = models.PositiveIntegerField(
        _("generation of the sessions"), default=0, editable=False
    )

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["full_name", "login"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(login=Lower("login")),
                name="user_login_is_lower_case",
                violation_error_message=_("A sign-in name is written in lower case."),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.login

    def clean(self) -> None:
        self.login = self.login.strip().lower()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with refusals_explained(kwargs.get("using")):
            return super().delete(*args, **kwargs)

    def get_full_name(self) -> str:
        return str(self)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """A session ends with the password and the generation that it began with."""
        salt = "portal.accounts.models.User.get_session_auth_hash"
        value = f"{self.session_generation}:{self.password}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    def end_sessions(self) -> None:
        """Sign this person out everywhere."""
        self.session_generation = models.F("session_generation") + 1
        self.save(update_fields=["session_generation"])
        self.refresh_from_db(fields=["session_generation"])


class Identity(models.Model):
    """A person's account at an identity provider; written when it first signs in."""

    user = models.ForeignKey(User, models.PROTECT, related_name="identities")
    issuer = models.URLField()
    tenant_id = models.UUIDField()
    object_id = models.CharField(max_length=255)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "tenant_id", "object_id"],
                name="identity_is_one_person",
                violation_error_message=_("This identity belongs to somebody already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_id}@{self.tenant_id}"


class SignIn(models.Model):
    """One try to sign in and what came of it; only time and anonymising take from it.

    The row of an account that nobody has is written too, without a user: what an answer
    takes must not tell whether the account exists.
    """

    user = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sign_ins",
        verbose_name=_("person"),
    )
    at = models.DateTimeField(_("at"), default=clock.now)
    outcome = models.CharField(_("outcome"), max_length=20, choices=SignInOutcome)
    how = models.CharField(_("how"), max_length=30)
    factor = models.CharField(
        _("second factor"), max_length=20, choices=Factor, blank=True
    )
    address = models.CharField(_("address, shortened"), max_length=43, blank=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-in history")
        ordering = ["-at", "-pk"]
        constraints = [
            choice_constraint("sign_in_outcome", "outcome", SignInOutcome.values),
            choice_constraint("sign_in_factor", "factor", ["", *Factor.values]),
        ]
        indexes = [
            models.Index(fields=["user", "-at"], name="sign_in_of_user"),
            models.Index(fields=["at"], name="sign_in_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {self.at:%Y-%m-%d %H:%M} UTC"


class Throttle(models.Model):
    """How often something was tried within one span of time; forgotten after it.

    `key` is an address, or a keyed hash of what was typed as an account.
    """

    scope = models.CharField(_("what"), max_length=20, choices=ThrottleScope)
    key = models.CharField(_("from"), max_length=64)
    count = models.PositiveIntegerField(_("tries"), default=0)
    ends_at = models.DateTimeField(_("until"), db_index=True)

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        ordering = ["-ends_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="throttle_is_one"),
            choice_constraint("throttle_scope", "scope", ThrottleScope.values),
        ]

    def __str__(self) -> str:
        return self.get_scope_display()
