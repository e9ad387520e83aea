"""*Needs you today*: what waits for the partner's staff, the most pressing first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Window
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from portal.foundation.admin import Words
from portal.jobs.models import Job
from relationships.actors import Actor
from relationships.enums import CaseKind
from relationships.models import Approval, Case, Invitation
from relationships.roles import Action
from subscriptions.models import LastVerification, PorCase, RenewalDecision

SHOWN = 8  # of a kind; the rest is a number and a link
NAMED = 3  # in a row about several

TOTAL = Window(Count("*"))  # of all rows, told by each of those that are read

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

    `since` or `until` is the moment that makes it pressing, and `due` what happens at
    it, if it does not just expire. A row about several counts as so many.
    """

    kind: str
    label: str
    what: str
    detail: str
    url: str
    verb: str
    since: datetime | None = None
    until: datetime | None = None
    due: Words = ""
    count: int = 1


def needs_of(actor: Actor) -> list[Need] | None:
    """None for a role that does not see invitations."""
    if not actor.may(Action.VIEW_INVITATIONS):
        return None
    invitations = Invitation.objects.visible_to(actor)
    return [
        *_different(actor),
        *_failed_jobs(actor),
        *_approvals(actor),
        *_cases(actor),
        *_por_cases(actor),
        *_decisions(actor),
        *_expiring(invitations),
        *_waiting(invitations),
    ]


def _first(
    rows: Any, need_of: Callable[[Any], Need], others: Words, url: str
) -> list[Need]:
    """A need for each of the first rows; how many `others` there are, and where."""
    shown = list(rows.annotate(of_kind=TOTAL)[:SHOWN])
    needs = [need_of(row) for row in shown]
    rest = shown[0].of_kind - SHOWN if shown else 0
    if rest > 0:
        more = Need(
            "tag",
            _("More"),
            what=others % {"count": rest},
            detail=_("The most pressing ones are shown here."),
            url=url,
            verb=_("Show all"),
            count=rest,
        )
        needs.append(more)
    return needs


def _list(model: str, **filters: str) -> str:
    return reverse(f"admin:{model}_changelist", query=filters)


def _different(actor: Actor) -> list[Need]:
    """Relationships whose existing subscriptions are not as they were found."""
    rows = LastVerification.objects.visible_to(actor).different()
    return _first(
        rows.select_related("relationship__customer").order_by("verified_at", "pk"),
        _difference,
        ngettext_lazy("%(count)s more differs", "%(count)s more differ", "count"),
        reverse("admin:report", args=["integrity"], query={"result": "different"}),
    )


def _difference(row: LastVerification) -> Need:
    return Need(
        "bad",
        _("Fingerprint differs"),
        what=str(row.relationship.customer),
        detail=_("An existing subscription is not as it was found"),
        url=row.relationship.customer.get_absolute_url(),
        verb=_("Open"),
        since=row.verified_at,
    )


def _failed_jobs(actor: Actor) -> list[Need]:
    """What the portal could not do by itself, and does not try again."""
    if not actor.may(Action.MANAGE_JOBS):
        return []
    return _first(
        Job.objects.failed().order_by("finished_at", "pk"),
        _failed_job,
        ngettext_lazy(
            "%(count)s more failed job", "%(count)s more failed jobs", "count"
        ),
        _list("jobs_job", state="FAILED"),
    )


def _failed_job(job: Job) -> Need:
    return Need(
        "bad",
        _("Job failed"),
        what=str(job),
        detail=job.reason or _("It gave no reason"),
        url=reverse("admin:jobs_job_change", args=[job.pk]),
        verb=_("Open"),
        since=job.finished_at,
    )


def _approvals(actor: Actor) -> list[Need]:
    """What somebody else asked for and this person may decide."""
    if not actor.may(Action.DECIDE_APPROVAL):
        return []
    rows = Approval.objects.visible_to(actor).waiting().exclude(asked_by=actor.user)
    return _first(
        rows.select_related("customer").order_by("expires_at", "pk"),
        _approval,
        ngettext_lazy("%(count)s more approval", "%(count)s more approvals", "count"),
        _list("relationships_approval", outcome__exact="waiting"),
    )


def _approval(approval: Approval) -> Need:
    return Need(
        "bad",
        _("Approval asked"),
        what=str(approval.customer),
        detail=approval.sentence.rstrip("."),
        url=approval.get_absolute_url(),
        verb=_("Decide"),
        until=approval.expires_at,
    )


def _cases(actor: Actor) -> list[Need]:
    rows = Case.objects.visible_to(actor).open().order_by("opened_at", "pk")
    return _first(
        rows.select_related(
            "invitation__customer", "relationship__customer", "customer"
        ),
        _case,
        ngettext_lazy("%(count)s more case", "%(count)s more cases", "count"),
        _list("relationships_case", state="open"),
    )


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
    return _first(
        rows.order_by("opened_at", "pk"),
        _por_case,
        ngettext_lazy(
            "%(count)s more Partner of Record case",
            "%(count)s more Partner of Record cases",
            "count",
        ),
        _list("subscriptions_porcase", outcome__exact="waiting"),
    )


def _por_case(case: PorCase) -> Need:
    return Need(
        "warn",
        _("Partner of Record"),
        what=str(case.customer),
        detail=str(case),
        url=case.get_absolute_url(),
        verb=_("Decide"),
        since=case.opened_at,
    )


def _decisions(actor: Actor) -> list[Need]:
    """Renewals that somebody here can still decide, and nobody has."""
    if not actor.may(Action.CHANGE_SUBSCRIPTION):
        return []
    rows = RenewalDecision.objects.visible_to(actor).timely().unanswered()
    return _first(
        rows.select_related("subscription__customer", "term").order_by(
            "term__ends_at", "pk"
        ),
        _decision,
        ngettext_lazy(
            "%(count)s more renewal to decide",
            "%(count)s more renewals to decide",
            "count",
        ),
        _list("subscriptions_renewaldecision", state="open"),
    )


def _decision(decision: RenewalDecision) -> Need:
    return Need(
        "warn",
        _("Renewal to decide"),
        what=str(decision.subscription.customer),
        detail=str(decision.subscription),
        url=decision.get_absolute_url(),
        verb=_("Decide"),
        until=decision.due_at,
        due=gettext_lazy("its term ends"),
    )


def _expiring(invitations: Any) -> list[Need]:
    rows = invitations.expiring_soon().select_related("customer")
    return _first(
        rows.order_by("expires_at", "pk"),
        _expiring_one,
        ngettext_lazy(
            "%(count)s more expires soon", "%(count)s more expire soon", "count"
        ),
        _list("relationships_invitation", waits="expiring"),
    )


def _expiring_one(invitation: Invitation) -> Need:
    return Need(
        "warn",
        _("Expires soon"),
        what=str(invitation),
        detail=str(invitation.current_status.label),
        url=invitation.get_absolute_url(),
        verb=_("Open"),
        until=invitation.expires_at,
    )


def _waiting(invitations: Any) -> list[Need]:
    """One row for each way to wait, with the first few names."""
    groups = {
        "unanswered": (
            "wait",
            _("Not answered"),
            _("Signed in and not answered for more than 3 days"),
            invitations.unanswered(),
        ),
        "unopened": (
            "wait",
            _("Not opened"),
            _("Not opened for more than 7 days"),
            invitations.unopened(),
        ),
        "unsent": (
            "off",
            _("Not sent"),
            _("Drafts of more than 2 days"),
            invitations.unsent(),
        ),
    }
    needs = []
    for waits, (kind, label, what, rows) in groups.items():
        names, count = _names(rows)
        url = _list("relationships_invitation", waits=waits)
        if count:
            needs.append(Need(kind, label, what, names, url, _("Show"), count=count))
    return needs


def _names(rows: Any) -> tuple[str, int]:
    """The first few and how many there are besides; how many there are in all."""
    rows = rows.select_related("customer").order_by("expires_at", "pk")
    shown = list(rows.annotate(of_kind=TOTAL)[:NAMED])
    names = ", ".join(str(row.customer or row) for row in shown)
    total = shown[0].of_kind if shown else 0
    if total <= NAMED:
        return names, total
    others = {"names": names, "count": total - NAMED}
    return _("%(names)s and %(count)s more") % others, total
