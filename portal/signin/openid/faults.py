"""What can go wrong between here and the provider, in words, each with a way on."""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.translation import gettext as _


class Fault(StrEnum):
    PROVIDER_DOWN = "provider_down"
    PROVIDER_SLOW = "provider_slow"
    PROVIDER_GARBAGE = "provider_garbage"
    PROVIDER_REFUSED = "provider_refused"
    ATTEMPT_UNKNOWN = "attempt_unknown"
    NOT_ALLOWED = "not_allowed"
    CONSENT_MISSING = "consent_missing"
    CODE_REFUSED = "code_refused"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 -- a name, no secret
    TOKEN_UNTIMELY = "token_untimely"  # noqa: S105 -- a name, no secret
    IDENTITY_MISSING = "identity_missing"
    PERSONAL_ACCOUNT = "personal_account"
    ROLES_MISSING = "roles_missing"
    TENANT_UNKNOWN = "tenant_unknown"
    STAFF_NOT_LINKED = "staff_not_linked"
    SWITCHED_OFF = "switched_off"
    LINK_REFUSED = "link_refused"

    @property
    def status(self) -> int:
        """The provider's faults are a bad gateway, all others the request's."""
        return STATUSES.get(self, 403)


STATUSES = {
    Fault.PROVIDER_DOWN: 502,
    Fault.PROVIDER_SLOW: 504,
    Fault.PROVIDER_GARBAGE: 502,
    Fault.PROVIDER_REFUSED: 502,
    Fault.ATTEMPT_UNKNOWN: 400,
    Fault.CODE_REFUSED: 400,
    Fault.TOKEN_REFUSED: 400,
    Fault.TOKEN_UNTIMELY: 400,
}


class SignInFailed(Exception):
    """Nobody was signed in. `detail` is for the log: no token, code or secret."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True)
class Words:
    """A fault as its page tells it: what happened, and what to do about it."""

    heading: str
    what: str
    way_on: str


def words_for(fault: Fault) -> Words:
    texts = {**_of_the_provider(), **_of_the_attempt(), **_of_the_account()}
    name = {"provider": settings.OIDC_NAME}
    return Words(*(text % name for text in texts[fault]))


def _of_the_provider() -> dict[Fault, tuple[str, str, str]]:
    later = _("Try again in a few minutes. If it goes on, tell whoever invited you.")
    operator = _("Trying again may not help: please tell whoever invited you.")
    return {
        Fault.PROVIDER_DOWN: (
            _("%(provider)s does not answer"),
            _("The sign-in service of %(provider)s could not be reached."),
            later,
        ),
        Fault.PROVIDER_SLOW: (
            _("%(provider)s takes too long"),
            _("The sign-in service of %(provider)s did not answer in time."),
            later,
        ),
        Fault.PROVIDER_GARBAGE: (
            _("%(provider)s gave an answer that makes no sense"),
            _("The answer of its sign-in service could not be read."),
            later,
        ),
        Fault.PROVIDER_REFUSED: (
            _("%(provider)s refused this portal"),
            _("The sign-in service did not accept the portal's request."),
            operator,
        ),
        Fault.ROLES_MISSING: (
            _("%(provider)s did not say which roles you have"),
            _(
                "You are signed in there, but without your directory roles the portal "
                "cannot tell whether you may accept or decline."
            ),
            "",
        ),
        Fault.IDENTITY_MISSING: (
            _("%(provider)s did not say who you are"),
            _("The answer names no tenant or no account."),
            operator,
        ),
    }


def _of_the_attempt() -> dict[Fault, tuple[str, str, str]]:
    again = _("Please sign in again.")
    return {
        Fault.ATTEMPT_UNKNOWN: (
            _("This sign-in is no longer open"),
            _(
                "It was finished already, took longer than ten minutes, or was begun "
                "in another browser."
            ),
            again,
        ),
        Fault.CODE_REFUSED: (
            _("This sign-in was used already"),
            _("%(provider)s no longer accepts it."),
            again,
        ),
        Fault.TOKEN_REFUSED: (
            _("This sign-in could not be verified"),
            _(
                "What came back is not a genuine answer of %(provider)s to your "
                "sign-in, so nobody was signed in."
            ),
            again,
        ),
        Fault.TOKEN_UNTIMELY: (
            _("This sign-in is too old or from the future"),
            _("The time of the answer does not fit the portal's clock."),
            _("Please sign in again. If it goes on, tell whoever invited you."),
        ),
        Fault.NOT_ALLOWED: (
            _("You did not sign in"),
            _("The sign-in was cancelled, or %(provider)s did not allow it."),
            again,
        ),
        Fault.CONSENT_MISSING: (
            _("Your organisation has to allow this portal first"),
            _("%(provider)s asks an administrator of your tenant to agree."),
            _("Ask an administrator of your tenant to open the same link and sign in."),
        ),
    }


def _of_the_account() -> dict[Fault, tuple[str, str, str]]:
    operator = _("Please ask whoever gave you access to this portal.")
    return {
        Fault.PERSONAL_ACCOUNT: (
            _("This is a personal account"),
            _("A personal Microsoft account belongs to no organisation's tenant."),
            _("Please sign in with the account of your organisation."),
        ),
        Fault.TENANT_UNKNOWN: (
            _("Your tenant is not known here yet"),
            _("You are signed in there, but nobody of your tenant has been here."),
            _("Open the invitation that you got and sign in from there."),
        ),
        Fault.STAFF_NOT_LINKED: (
            _("This account is not linked yet"),
            _(
                "Your tenant is a partner's, but the portal does not know this account "
                "as one of its staff."
            ),
            _(
                "Sign in with e-mail address and password once, and link it under "
                "“Sign in with %(provider)s”."
            ),
        ),
        Fault.SWITCHED_OFF: (
            _("Your access is switched off"),
            _("The operator of the portal has switched this account off."),
            operator,
        ),
        Fault.LINK_REFUSED: (
            _("This account cannot be linked"),
            _(
                "It has to be of your own partner's tenant, and belong to nobody else "
                "here."
            ),
            _("Choose the account that you have at your own partner."),
        ),
    }
