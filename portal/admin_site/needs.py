"""*Needs you today*: what waits for the partner's staff, the most pressing first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Window
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import CaseKind, InvitationStatus
from relationships.models import Approval, Case, Invitation
from relationships.roles import Action
from subscriptions.models import LastVerification, PorCase

SHOWN = 8  # of a kind; the rest is a number and a link
NAMED = 3  # in a row about several

TOTAL = Window(Count("*"))  # of all rows, told by each of those that are read

EXPIRES_SOON = timedelta(days=7)
UNSENT = timedelta(days=2)
UNOPENED = timedelta(days=7)
UNANSWERED = timedelta(days=3)

# What stands first on a case's row: shape, word and the way on.
CASES = {
    CaseKind.ONE_TRANSACTING_PARTNER: ("bad", gettext_lazy("Conflict")),
    CaseKind.REGION: ("bad", gettext_lazy("Other market")),
    CaseKind.NEW_LINK: ("wait", gettext_lazy("New link asked")),
    CaseKind.END_RELATIONSHIP: ("warn", gettext_lazy("Asks to end")),
}


@dataclass(frozen=True)
class Need:
    """One row: a badge (shape and word), what it is about, and where to go on.

    `since` or `until` is the moment that makes it pressing.
    """

    kind: str
    label: str
    what: str
    detail: str
    url: str
    verb: str
    since: datetime | None = None
    until: datetime | None = None


def needs_of(actor: Actor) -> list[Need] | None:
    """None for a role that does not see invitations."""
    if not actor.may(Action.VIEW_INVITATIONS):
        return None
    sent = Invitation.objects.visible_to(actor).open()
    return [
        *_different(actor),
        *_approvals(actor),
        *_cases(actor),
        *_por_cases(actor),
        *_expiring(sent),
        *_waiting(sent),
    ]


def _different(actor: Actor) -> list[Need]:
    """Relationships whose existing subscriptions are not as they were found."""
    rows = LastVerification.objects.visible_to(actor).different()
    return [
        Need(
            "bad",
            _("Fingerprint differs"),
            what=str(row.relationship.customer),
            detail=_("An existing subscription is not as it was found"),
            url=row.relationship.customer.get_absolute_url(),
            verb=_("Open"),
            since=row.verified_at,
        )
        for row in rows.select_related("relationship__customer")[:SHOWN]
    ]


def _approvals(actor: Actor) -> list[Need]:
    """What somebody else asked for and this person may decide."""
    if not actor.may(Action.DECIDE_APPROVAL):
        return []
    rows = Approval.objects.visible_to(actor).waiting().exclude(asked_by=actor.user)
    return [
        Need(
            "bad",
            _("Approval asked"),
            what=str(approval.customer),
            detail=approval.sentence,
            url=approval.get_absolute_url(),
            verb=_("Decide"),
            until=approval.expires_at,
        )
        for approval in rows.select_related("customer").order_by("expires_at")[:SHOWN]
    ]


def _cases(actor: Actor) -> list[Need]:
    cases = Case.objects.visible_to(actor).open().order_by("opened_at")
    rows = cases.select_related(
        "invitation__customer", "relationship__customer", "customer"
    )
    shown = list(rows.annotate(total=TOTAL)[:SHOWN])
    needs = [_case(case) for case in shown]
    if shown and shown[0].total > SHOWN:
        needs.append(_more_cases(shown[0].total - SHOWN))
    return needs


def _case(case: Case) -> Need:
    kind, label = CASES.get(CaseKind(case.kind), ("warn", _("Case")))
    return Need(
        kind,
        str(label),
        what=str(case.customer or case.subject.customer or case.subject),
        detail=str(case.get_kind_display()),
        url=case.subject_url,
        verb=_("Open"),
        since=case.opened_at,
    )


def _por_cases(actor: Actor) -> list[Need]:
    """What names another Partner of Record; only the operator decides."""
    if not actor.may(Action.RETRACT_OBSERVATION):
        return []
    rows = PorCase.objects.waiting().select_related("customer", "observation")
    return [
        Need(
            "warn",
            _("Partner of Record"),
            what=str(case.customer),
            detail=str(case),
            url=case.get_absolute_url(),
            verb=_("Decide"),
            since=case.opened_at,
        )
        for case in rows.order_by("opened_at")[:SHOWN]
    ]


def _more_cases(count: int) -> Need:
    return Need(
        "tag",
        _("More"),
        what=ngettext("%(count)s more case", "%(count)s more cases", count)
        % {"count": count},
        detail=_("The oldest ones are shown here."),
        url=reverse("admin:relationships_case_changelist") + "?state=open",
        verb=_("Show all"),
    )


def _expiring(sent: Any) -> list[Need]:
    """Sent to somebody, and about to expire without an answer."""
    soon = sent.exclude(status=InvitationStatus.DRAFT).filter(
        expires_at__lte=clock.now() + EXPIRES_SOON
    )
    return [
        Need(
            "warn",
            _("Expires soon"),
            what=str(invitation),
            detail=str(invitation.current_status.label),
            url=invitation.get_absolute_url(),
            verb=_("Open"),
            until=invitation.expires_at,
        )
        for invitation in soon.select_related("customer").order_by("expires_at")[:SHOWN]
    ]


def _waiting(sent: Any) -> list[Need]:
    """One row for each way to wait, with the first few names."""
    now = clock.now()
    status = InvitationStatus
    groups = [
        (
            "wait",
            _("Not answered"),
            _("Signed in and not answered for more than 3 days"),
            status.SIGNED_IN,
            sent.filter(signed_in_at__lte=now - UNANSWERED),
        ),
        (
            "wait",
            _("Not opened"),
            _("Not opened for more than 7 days"),
            status.SENT,
            sent.filter(sent_at__lte=now - UNOPENED),
        ),
        (
            "off",
            _("Not sent"),
            _("Drafts of more than 2 days"),
            status.DRAFT,
            sent.filter(created_at__lte=now - UNSENT),
        ),
    ]
    needs = []
    for kind, label, what, state, rows in groups:
        if detail := _names(rows.filter(status=state)):
            needs.append(Need(kind, label, what, detail, _list(state), _("Show")))
    return needs


def _names(rows: Any) -> str:
    """The first few and how many there are besides; empty when there are none."""
    rows = rows.select_related("customer").order_by("expires_at")
    shown = list(rows.annotate(total=TOTAL)[:NAMED])
    names = ", ".join(str(row.customer or row) for row in shown)
    if not shown or shown[0].total <= NAMED:
        return names
    others = {"names": names, "count": shown[0].total - NAMED}
    return _("%(names)s and %(count)s more") % others


def _list(status: str) -> str:
    url = reverse("admin:relationships_invitation_changelist")
    return f"{url}?{urlencode({'status': status})}"
