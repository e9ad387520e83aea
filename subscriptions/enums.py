"""Choices and the state machine of a CSP subscription, as data."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    CSP = "csp", _("CSP")
    ADVISOR = "advisor", _("Advisor")
    DIRECT = "direct", _("Direct from Microsoft")
    VOLUME = "volume", _("Volume licensing")


OTHER_CHANNELS = (Channel.ADVISOR, Channel.DIRECT, Channel.VOLUME)


class SubscriptionStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    EXPIRED = "expired", _("Expired")
    DISABLED = "disabled", _("Disabled")
    DELETED = "deleted", _("Deleted")


class VerificationResult(models.TextChoices):
    UNCHANGED = "unchanged", _("Unchanged")
    NOTHING = "nothing", _("Nothing to verify")
    DIFFERENT = "different", _("Different")


class Term(models.TextChoices):
    P1M = "P1M", _("1 month")
    P1Y = "P1Y", _("1 year")
    P3Y = "P3Y", _("3 years")


TERM_MONTHS = {Term.P1M: 1, Term.P1Y: 12, Term.P3Y: 36}


class BillingPlan(models.TextChoices):
    MONTHLY = "monthly", _("Monthly")
    ANNUAL = "annual", _("Annual")
    TRIENNIAL = "triennial", _("Triennial")


BILLING_MONTHS = {
    BillingPlan.MONTHLY: 1,
    BillingPlan.ANNUAL: 12,
    BillingPlan.TRIENNIAL: 36,
}


class RenewalAnswer(models.TextChoices):
    RENEW = "renew", _("Renew as it is")
    CHANGE = "change", _("Renew with a change")
    END = "end", _("Let it end")


class SubscriptionVerb(models.TextChoices):
    SUSPEND = "suspend", _("Suspend")
    REACTIVATE = "reactivate", _("Reactivate")
    CANCEL = "cancel", _("Cancel")
    RENEW = "renew", _("Renew")
    EXPIRE = "expire", _("Expire")
    DISABLE = "disable", _("Disable")
    DELETE = "delete", _("Delete")


_STATUS = SubscriptionStatus
_VERB = SubscriptionVerb

# Status before -> verb -> status after. What is not here is not allowed.
SUBSCRIPTION_TRANSITIONS: dict[str, dict[str, str]] = {
    _STATUS.ACTIVE: {
        _VERB.SUSPEND: _STATUS.SUSPENDED,
        _VERB.CANCEL: _STATUS.DELETED,
        _VERB.RENEW: _STATUS.ACTIVE,
        _VERB.EXPIRE: _STATUS.EXPIRED,
    },
    _STATUS.SUSPENDED: {
        _VERB.REACTIVATE: _STATUS.ACTIVE,
        _VERB.CANCEL: _STATUS.DELETED,
        _VERB.DISABLE: _STATUS.DISABLED,
    },
    _STATUS.EXPIRED: {_VERB.DISABLE: _STATUS.DISABLED},
    _STATUS.DISABLED: {_VERB.DELETE: _STATUS.DELETED},
    _STATUS.DELETED: {},
}


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Columns to be confirmed")
    CHECKING = "checking", _("Being compared")
    CHECKED = "checked", _("To be started")
    RUNNING = "running", _("Being recorded")
    DONE = "done", _("Recorded")


class RowOutcome(models.TextChoices):
    """What comes, or came, of one row of an import."""

    NEW = "new", _("New")
    SUPERSEDES = "supersedes", _("Supersedes")
    UNCHANGED = "unchanged", _("Unchanged")
    POR_CASE = "por_case", _("Held back: another Partner of Record")
    REFUSED = "refused", _("Refused")


class PorCaseOutcome(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RECORDED = "recorded", _("Recorded")
    DISMISSED = "dismissed", _("Dismissed")
