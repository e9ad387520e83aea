"""The standing partner link: *Renew* and *Stop*, each confirmed first."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.foundation.admin import is_as_shown
from portal.foundation.exceptions import TransitionNotAllowed
from portal.foundation.refusals import words
from relationships.models import Partner
from relationships.roles import Action
from relationships.services import partners


def renew(request: HttpRequest, admin_site: Any) -> HttpResponse:
    return _confirm(
        request,
        admin_site,
        run=partners.renew_partner_link,
        title=_("Renew the partner link"),
        question=_(
            "You get a new standing link. The old one stops working at once, also in "
            "e-mails that were sent already."
        ),
        done=_("The partner link is new. Copy it from here."),
    )


def stop(request: HttpRequest, admin_site: Any) -> HttpResponse:
    return _confirm(
        request,
        admin_site,
        run=partners.stop_partner_link,
        title=_("Stop the partner link"),
        question=_(
            "The standing link stops working at once. Customers who open it are told "
            "to write to you. Renewing it gives you a new one."
        ),
        done=_("The partner link is stopped."),
    )


def _confirm(
    request: HttpRequest,
    admin_site: Any,
    *,
    run: Callable[..., Any],
    title: str,
    question: str,
    done: str,
) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.may(Action.RENEW_PARTNER_LINK) or not actor.partner.is_csp_transacting:
        raise PermissionDenied
    back = reverse("admin:request-reseller-relationship")
    if request.method == "POST":
        try:
            if _run_once(request, run):
                messages.success(request, done)
        except TransitionNotAllowed as error:
            messages.warning(request, words(error))
        return HttpResponseRedirect(back)
    context = {
        **admin_site.each_context(request),
        "title": title,
        "question": question,
        "object_url": back,
        "is_possible": True,
        "stamp": _stamp(actor.partner),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def _stamp(partner: Partner) -> str:
    return f"{partner.link_generation} {bool(partner.link_stopped_at)}"


@transaction.atomic
def _run_once(request: HttpRequest, run: Callable[..., Any]) -> bool:
    """False for a second click, which would kill the link that the first one made."""
    actor = request.actor  # type: ignore[attr-defined]
    partner = Partner.objects.select_for_update().get(pk=actor.partner.pk)
    if not is_as_shown(request, _stamp(partner)):
        return False
    run(partner, actor=actor)
    return True
