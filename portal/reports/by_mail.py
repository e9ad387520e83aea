"""Reports by e-mail: ordered, stopped, sent once a period, made as they leave.

What a person may see is decided twice, when its e-mail is queued and when it leaves.
"""

import io
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
from relationships.models import OutgoingEmail
from relationships.roles import Action
from relationships.services import mail

from .all import REPORTS
from .models import ReportEmail, ReportSubscription, this_period
from .queries import FilterForm
from .report import Report


def order(report: Report, *, actor: Actor, every: str, filters: str) -> None:
    """Send it from the next period on; ordered again, with these filters instead.

    ValidationError `address` when nobody knows where to write to.
    """
    actor.require(Action.VIEW_REPORTS)
    assert actor.user is not None  # only people view reports
    if not actor.user.email:
        raise ValidationError(
            _("You have no e-mail address here. Ask the operator to enter it."),
            code="address",
        )
    values = {"every": every, "filters": filters, "sent_for": this_period(every)}
    ReportSubscription.objects.update_or_create(
        user=actor.user, partner=actor.partner, report=report.slug, defaults=values
    )


def stop(report: Report, *, actor: Actor) -> None:
    ReportSubscription.objects.of(actor).filter(report=report.slug).delete()


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
    if subscription.actor is None:
        return False
    subject, text = mail.render("standing_report", _words(subscription))
    email = mail.enqueue(subscription.user.email, subject, text)
    if email is None:
        return False
    ReportEmail.objects.create(email=email, subscription=subscription)
    return True


def _words(subscription: ReportSubscription) -> dict[str, Any]:
    report = REPORTS[subscription.report]
    address = reverse("admin:report", args=[report.slug])
    query = f"?{subscription.filters}" if subscription.filters else ""
    return {
        "report": report,
        "partner": subscription.partner,
        "every": subscription.get_every_display(),
        "url": f"{settings.PUBLIC_URL}{address}{query}",
    }


def attach(email: OutgoingEmail) -> list[tuple[str, bytes, str]]:
    """The report as its reader may see it now. GiveUp when that right has ended."""
    sent = ReportEmail.objects.select_related("subscription__user")
    found = sent.filter(email=email).first()
    if found is None:
        return []
    subscription = found.subscription
    actor, report = subscription.actor, REPORTS.get(subscription.report)
    if actor is None or report is None:
        raise GiveUp(_("Its reader may not see this report any more."))
    filters = dict(parse_qsl(subscription.filters))
    form = FilterForm(filters, report=report, actor=actor)
    table, file = report.table(form.query()), io.BytesIO()
    write_xlsx(table, file)
    return [(table.file_name("xlsx"), file.getvalue(), XLSX)]
