"""The standing partner link: *Renew* and *Stop*, each confirmed first."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.foundation.admin import words
from portal.foundation.exceptions import TransitionNotAllowed
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
    actor.require(Action.RENEW_PARTNER_LINK, actor.partner)
    back = reverse("admin:request-reseller-relationship")
    if request.method == "POST":
        try:
            run(actor.partner, actor=actor)
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
    }
    return TemplateResponse(request, "admin/confirm.html", context)
