"""The pages of the reports, and their files."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.foundation.exports import RESPONSES
from portal.foundation.refusals import words
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.roles import Action
from relationships.services.activity import record

from . import by_mail as mailing
from .all import REPORTS
from .models import Every, ReportSubscription
from .queries import FilterForm
from .report import Report


def index(request: HttpRequest, admin_site: Any) -> HttpResponse:
    actor = _actor_of(request)
    context = {
        **admin_site.each_context(request),
        "title": _("Reports"),
        "reports": list(REPORTS.values()),
        "orders": mailing.orders_of(actor),
    }
    return TemplateResponse(request, "admin/reports/index.html", context)


def page(request: HttpRequest, admin_site: Any, slug: str) -> HttpResponse:
    """A picture first, the table under it; the address has the filters."""
    actor, report = _actor_of(request), _report(slug)
    form = FilterForm(request.GET, report=report, actor=actor)
    result = report.run(form.query())
    rows = report.page(result, request.GET.get("page"))
    context = {
        **admin_site.each_context(request),
        "title": report.title,
        "report": report,
        "form": form,
        "result": result,
        "page": rows,
        "rows": _shown(result, rows.rows),
        "totals": _shown(result, result.totals),
        **_by_mail(report, actor),
    }
    return TemplateResponse(request, "admin/reports/report.html", context)


def _by_mail(report: Report, actor: Actor) -> dict[str, Any]:
    stored = ReportSubscription.objects.of(actor).filter(report=report.slug).first()
    query = mailing.asked(stored, actor) if stored else None
    return {
        "by_mail": stored,
        "by_mail_filters": query.words if query else (),
        "every": Every.choices,
    }


def export(
    request: HttpRequest, admin_site: Any, slug: str, kind: str
) -> HttpResponseBase:
    """All rows that the page's filters let through, with the columns it shows."""
    actor, report = _actor_of(request), _report(slug)
    if kind not in RESPONSES:
        raise Http404
    form = FilterForm(request.GET, report=report, actor=actor)
    table = report.table(form.query())
    record(
        Operation.EXPORT,
        actor.partner or actor.user,  # type: ignore[arg-type]
        actor=actor,
        partner=actor.partner,
        new={"report": report.slug},
    )
    return RESPONSES[kind](table)


def by_mail(request: HttpRequest, admin_site: Any, slug: str) -> HttpResponse:
    """POST orders this report by e-mail with the address's filters, or stops it."""
    actor, report = _actor_of(request), _report(slug)
    form = FilterForm(request.GET, report=report, actor=actor)
    every = request.POST.get("every", "")
    if request.method == "POST" and every in Every.values:
        _order(request, report, every=every, filters=form.address)
    elif request.method == "POST":
        mailing.stop(report, actor=actor)
        messages.success(request, _("This report comes by e-mail no more."))
    url = reverse("admin:report", args=[slug])
    return redirect(f"{url}?{form.address}" if form.address else url)


def _order(request: HttpRequest, report: Report, *, every: str, filters: str) -> None:
    actor = _actor_of(request)
    try:
        mailing.order(report, actor=actor, every=every, filters=filters)
    except ValidationError as error:
        messages.error(request, words(error))
        return
    done = _("This report comes to %(address)s, with these filters.")
    messages.success(request, done % {"address": actor.user.email})  # type: ignore[union-attr]


def _actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require(Action.VIEW_REPORTS)
    return actor


def _report(slug: str) -> Report:
    report = REPORTS.get(slug)
    if report is None:
        raise Http404
    return report


def _shown(result: Any, rows: Any) -> list[Any]:
    return [[column.on_page(row) for column in result.columns] for row in rows]
