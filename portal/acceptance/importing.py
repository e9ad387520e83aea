"""A customer's own file of what it has: uploaded, looked at, recorded as its statement.

Everything happens at once, without a worker: such a file is short.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.foundation.refusals import show_refusal, words
from relationships.actors import Actor
from relationships.exceptions import TransitionNotAllowed
from subscriptions.columns import REQUIRED
from subscriptions.enums import ImportState
from subscriptions.import_forms import ColumnsForm
from subscriptions.models import Import
from subscriptions.services.importing.checking import check
from subscriptions.services.importing.recording import record_rows, start
from subscriptions.services.importing.uploading import choose_columns, sample, upload
from subscriptions.spreadsheets import refuse

from .forms import FileForm, LeaveOutForm
from .pages import show, url
from .situations import Situation, situation_of
from .visits import Visit, acts_on_invitation, link_page, visit

MOST_ROWS = 2000
SHOWN = 200


@acts_on_invitation
def upload_existing(found: Visit) -> HttpResponse:
    """Take the file in; its columns are asked for only where the header is unclear."""
    if situation_of(found) != Situation.DECISION:
        return redirect(found.url)
    actor = found.tenant
    assert actor is not None  # only a tenant decides
    request = found.request
    form = FileForm(request.POST, request.FILES, action=url(found, "upload"))
    if form.is_valid():
        try:
            run = _take_in(actor, form.cleaned_data)
        except ValidationError as error:
            form.add_error("file", words(error))
        else:
            return redirect(_address(found, run))
    return show(found, Situation.DECISION, file_form=form)


@transaction.atomic
def _take_in(actor: Actor, said: dict[str, Any]) -> Import:
    file = said["file"]
    run = upload(file.file, file.name, actor=actor, channel=said["channel"])
    if run.total > MOST_ROWS:
        raise refuse(
            _("The file has more than %(most)s rows. Divide it."), most=MOST_ROWS
        )
    if set(REQUIRED) <= set(run.columns):
        _preview(run, actor, run.columns, day_first=False)
    return run


def _preview(
    run: Import, actor: Actor, columns: dict[str, int], *, day_first: bool
) -> None:
    run = choose_columns(run, actor=actor, columns=columns, day_first=day_first)
    check(run, actor=actor)


def _address(found: Visit, run: Import) -> str:
    return reverse("invitation-import", args=[found.token, run.pk])


@link_page
def import_existing(request: HttpRequest, token: str, run_id: UUID) -> HttpResponse:
    """GET shows columns and preview; POST corrects the columns, or records."""
    found = visit(request, token)
    actor = found.tenant
    if actor is None or situation_of(found) != Situation.DECISION:
        return redirect(found.url)
    run = Import.objects.visible_to(actor).filter(pk=run_id).first()
    if run is None:
        raise Http404
    if run.state not in (ImportState.UPLOADED, ImportState.CHECKED):
        return redirect(f"{found.url}#existing")
    if request.method == "POST":
        return _act(found, actor, run)
    return _page(found, run)


def _act(found: Visit, actor: Actor, run: Import) -> HttpResponse:
    is_start = "record" in found.request.POST
    try:
        return (_record if is_start else _correct)(found, actor, run)
    except TransitionNotAllowed as error:  # a second click
        messages.warning(found.request, str(error))
        return redirect(_address(found, run))


def _correct(found: Visit, actor: Actor, run: Import) -> HttpResponse:
    form = ColumnsForm(found.request.POST, run=run)
    if form.is_valid():
        day_first = form.cleaned_data["day_first"]
        try:
            _preview(run, actor, form.columns(), day_first=day_first)
        except ValidationError as error:
            show_refusal(form, error)
        else:
            return redirect(_address(found, run))
    return _page(found, run, columns_form=form)


def _record(found: Visit, actor: Actor, run: Import) -> HttpResponse:
    form = LeaveOutForm(found.request.POST)
    form.is_valid()
    try:
        start(run, actor=actor, leave_out_refused=form.cleaned_data["leave_out"])
    except ValidationError as error:
        form.add_error("leave_out", error)
        return _page(found, run, start_form=form)
    run = record_rows(run, actor=actor)
    if not run.is_over:  # more is refused than in the preview: a new one
        return redirect(_address(found, run))
    told = ngettext(
        "%(count)s row was added to your existing subscriptions.",
        "%(count)s rows were added to your existing subscriptions.",
        run.to_record,
    )
    messages.success(found.request, told % {"count": run.to_record})
    return redirect(f"{found.url}#existing")


def _page(
    found: Visit,
    run: Import,
    *,
    columns_form: ColumnsForm | None = None,
    start_form: LeaveOutForm | None = None,
) -> HttpResponse:
    is_checked = run.state == ImportState.CHECKED
    rows = run.rows.order_by("line")[:SHOWN] if is_checked else []
    context = {
        "visit": found,
        "invitation": found.invitation,
        "partner": found.invitation.partner,
        "tenant": found.tenant,
        "is_preview": found.is_preview,
        "run": run,
        "is_checked": is_checked,
        "rows": rows,
        "more": max(0, run.total - SHOWN) if is_checked else 0,
        "sample": sample(run),
        "columns_form": columns_form or ColumnsForm(run=run),
        "start_form": start_form or LeaveOutForm(),
    }
    return render(found.request, "public/invitation/import.html", context)
