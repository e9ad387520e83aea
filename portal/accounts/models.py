from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock


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

    def get_full_name(self) -> str:
        return str(self)


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
