"""Many invitations at once: the list, what would come of it, and the links."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from portal.foundation.exports import Cell, Table

from .actors import Actor
from .enums import EmailStatus, LineMark
from .forms import BatchForm
from .models import InvitationBatch
from .roles import Action
from .services import batches, recipients

BADGES = {
    LineMark.GOOD: "ok",
    LineMark.BAD: "bad",
    LineMark.DOUBLE: "warn",
    LineMark.INVITED: "wait",
    LineMark.LINKED: "off",
}


def request_many(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """A list, then a preview of it; only *Create* there creates something."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.may(Action.INVITE) or not actor.partner.is_csp_transacting:
        raise PermissionDenied
    form = BatchForm()
    if request.method == "POST":
        form = BatchForm(request.POST, request.FILES)
        if form.is_valid() and "change" not in request.POST:
            if "create" not in request.POST:
                return _preview(request, admin_site, form, actor)
            if batch := _create(form, actor):
                messages.success(request, _("The invitations are being created."))
                return HttpResponseRedirect(batch.get_absolute_url())
    context = {
        **admin_site.each_context(request),
        "title": _("Invite many customers"),
        "form": form,
    }
    return TemplateResponse(request, "admin/request_many.html", context)


def _create(form: BatchForm, actor: Actor) -> InvitationBatch | None:
    try:
        return batches.create_batch(
            form.lines,
            actor=actor,
            request_key=form.key,
            expires_at=form.cleaned_data["expires_at"],
            sends=form.cleaned_data["sends"],
            language=form.cleaned_data["language"],
        )
    except ValidationError as error:
        form.add_refusal(error)
        return None


def _preview(
    request: HttpRequest, admin_site: Any, form: BatchForm, actor: Actor
) -> HttpResponse:
    assert actor.partner is not None  # the caller has checked it
    lines = recipients.judged(form.lines, actor.partner)
    counts = Counter(line.mark for line in lines)
    context = {
        **admin_site.each_context(request),
        "title": _("Invite many customers: preview"),
        "lines": [(BADGES[line.mark], line) for line in lines],
        "counts": [
            (BADGES[mark], mark.label, counts[mark])
            for mark in LineMark
            if counts[mark]
        ],
        "good": counts[LineMark.GOOD],
        "hidden": form.hidden,
        "sends": form.cleaned_data["sends"],
        "expires_at": form.cleaned_data["expires_at"],
    }
    return TemplateResponse(request, "admin/request_many_preview.html", context)


def links_of(batch: InvitationBatch) -> Table:
    """Each line with its link, for a mail merge."""
    heads = [_("Name"), _("Recipient"), _("Customer domain"), _("Your reference")]
    return Table(
        "invitation-links",
        [
            *heads,
            _("Status"),
            _("Link"),
            _("Link expires at (UTC)"),
            _("Problem"),
            _("E-mail"),
            _("Answer of the mail server"),
        ],
        _cells(batch),
    )


def _cells(batch: InvitationBatch) -> Iterator[list[Cell]]:
    rows = batch.rows.with_delivery().select_related("invitation")
    for row in rows.iterator(chunk_size=500):
        made = row.invitation
        yield [
            *(row.name, row.recipient_email, row.customer_domain, row.reference),
            str(made.current_status.label) if made else "",
            made.url if made else "",
            made.expires_at if made else None,
            row.problem,
            str(EmailStatus(row.delivery).label) if row.delivery else "",
            row.answer,
        ]
