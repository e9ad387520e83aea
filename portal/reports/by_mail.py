"""Reports by e-mail: ordered, stopped, sent once a period, made as they leave.

What a person may see is decided twice, when its e-mail is queued and when it leaves.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.foundation.exports import XLSX, write_xlsx
from portal.jobs.defining import GiveUp
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import OutgoingEmail
from relationships.roles import Action
from relationships.services import mail
from relationships.services.activity import record

from .all import REPORTS
from .models import ReportEmail, ReportSubscription, this_period
from .queries import FilterForm, Query
from .report import Report

LARGEST = 10_000_000  # bytes of a spreadsheet; what is larger is left to the link
FIXED = {"first", "last"}  # filters by which every e-mail would be the same


@transaction.atomic
def order(report: Report, *, actor: Actor, every: str, filters: str) -> None:
    """Send it from the next period on; ordered again, with these filters instead.

    ValidationError `address` when nobody knows where to write to, `days` when its
    period would never move on.
    """
    actor.require(Action.VIEW_REPORTS)
    assert actor.user is not None  # only people view reports
    if not actor.user.email:
        raise ValidationError(
            _("You have no e-mail address here. Ask the operator to enter it."),
            code="address",
        )
    if FIXED & dict(parse_qsl(filters)).keys():
        raise ValidationError(
            _(
                "These days never move on, and each e-mail would say the same. Choose "
                "a period by its name, such as the last 12 months."
            ),
            code="days",
        )
    values = {"every": every, "filters": filters, "sent_for": this_period(every)}
    row, _is_new = ReportSubscription.objects.update_or_create(
        user=actor.user, partner=actor.partner, report=report.slug, defaults=values
    )
    new = {"report": report.slug, "every": every}
    record(Operation.ORDER_REPORT, row, actor=actor, partner=actor.partner, new=new)


@transaction.atomic
def stop(report: Report, *, actor: Actor) -> None:
    own = ReportSubscription.objects.of(actor).filter(report=report.slug)
    row = own.select_for_update().first()
    if row is None:
        return
    old = {"report": report.slug, "every": row.every}
    record(Operation.STOP_REPORT, row, actor=actor, partner=actor.partner, old=old)
    row.delete()


def asked(subscription: ReportSubscription, actor: Actor) -> Query | None:
    """What the order asks, by its reader's rights now; None: the report is gone."""
    report = REPORTS.get(subscription.report)
    if report is None:
        return None
    filters = dict(parse_qsl(subscription.filters))
    return FilterForm(filters, report=report, actor=actor).query()


@dataclass(frozen=True)
class Order:
    """Of a person, for its eyes: what comes when, and by which filters."""

    report: Report
    every: str
    url: str
    filters: Sequence[tuple[str, str]]


def orders_of(actor: Actor) -> list[Order]:
    rows = ReportSubscription.objects.of(actor).order_by("report")
    return [
        Order(REPORTS[row.report], row.get_every_display(), _page(row), query.words)
        for row in rows
        if (query := asked(row, actor)) is not None
    ]


def send_due() -> int:
    """Queue what is due; how many e-mails those were."""
    ids = ReportSubscription.objects.due().order_by("pk").values_list("pk", flat=True)
    return sum(_send(pk) for pk in list(ids))


@transaction.atomic
def _send(pk: int) -> bool:
    """Whoever moves the row on to this period sends; others find it moved."""
    due = ReportSubscription.objects.due().filter(pk=pk)
    subscription = due.select_for_update(skip_locked=True, of=("self",)).first()
    if subscription is None or subscription.report not in REPORTS:
        return False
    subscription.sent_for = this_period(subscription.every)
    subscription.save(update_fields=["sent_for"])
    actor = subscription.actor
    if actor is None:
        return False
    subject, text = mail.render("standing_report", _words(subscription, actor))
    email = mail.enqueue(subscription.user.email, subject, text)
    if email is None:
        return False
    ReportEmail.objects.create(email=email, subscription=subscription)
    return True


def _words(subscription: ReportSubscription, actor: Actor) -> dict[str, Any]:
    query = asked(subscription, actor)
    return {
        "report": REPORTS[subscription.report],
        "partner": subscription.partner,
        "every": subscription.get_every_display(),
        "filters": query.words if query else (),
        "largest": LARGEST // 1_000_000,
        "url": f"{settings.PUBLIC_URL}{_page(subscription)}",
    }


def _page(subscription: ReportSubscription) -> str:
    address = reverse("admin:report", args=[subscription.report])
    return f"{address}?{subscription.filters}" if subscription.filters else address


def attach(email: OutgoingEmail) -> list[tuple[str, bytes, str]]:
    """The report as its reader may see it now, when an e-mail can carry it.

    GiveUp when that right has ended.
    """
    sent = ReportEmail.objects.select_related("subscription__user")
    found = sent.filter(email=email).first()
    if found is None:
        return []
    subscription = found.subscription
    actor, report = subscription.actor, REPORTS.get(subscription.report)
    if actor is None or report is None:
        raise GiveUp(_("Its reader may not see this report any more."))
    query = asked(subscription, actor)
    assert query is not None  # the report is there
    table = report.table(query)
    with tempfile.TemporaryFile() as file:
        write_xlsx(table, file)
        if file.tell() > LARGEST:
            return []
        file.seek(0)
        return [(table.file_name("xlsx"), file.read(), XLSX)]
