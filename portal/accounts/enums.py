from django.db import models
from django.utils.translation import gettext_lazy as _


class SignInOutcome(models.TextChoices):
    SIGNED_IN = "signed_in", _("Signed in")
    WRONG_PASSWORD = "wrong_password", _("Wrong password")
    WRONG_CODE = "wrong_code", _("Wrong code of the second factor")
    LOCKED = "locked", _("Locked after too many wrong guesses")


class Factor(models.TextChoices):
    """What a person had besides the password."""

    CODE = "code", _("code")
    RECOVERY_CODE = "recovery_code", _("recovery code")


class ThrottleScope(models.TextChoices):
    ACCOUNT = "account", _("Passwords of an account")
    CODE = "code", _("Codes of an account")
    ADDRESS = "address", _("Guesses from an address")
    SIGN_IN = "sign_in", _("Sign-ins from an address")
    LINK = "link", _("Links opened from an address")
    ASK = "ask", _("Requests for a new link from an address")
    RESET = "reset", _("Password resets from an address")
    RESET_OF_ACCOUNT = "reset_of_account", _("Password resets of an account")
