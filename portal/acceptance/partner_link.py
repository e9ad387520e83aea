"""A partner's standing link: whoever signs in gets an invitation of its own."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from portal.foundation.refusals import words
from portal.signin import arrivals, sessions, tenants
from portal.signin.forms import TenantSignInForm
from relationships.actors import Actor
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ResellerRelationship
from relationships.services.partners import sign_in_by_partner_link

from . import wording
from .visits import PartnerVisit, link_page, partner_visit


@link_page
@require_safe
def partner_link(request: HttpRequest, token: str) -> HttpResponse:
    found = partner_visit(request, token)
    if found.is_live:
        if arrivals.newcomer(request) is not None:
            query = urlencode({"next": found.url})
            return redirect(f"{reverse('openid-company')}?{query}")
        tenant = found.tenant
        has_come = tenant is not None and arrivals.take_arrival(request, found.url)
        if tenant and has_come and not _own_relationship(found, tenant):
            return _to_own_invitation(found, tenant)
    return _show(found)


@link_page
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    found = partner_visit(request, token)
    if request.method != "POST" or not found.is_live:
        return redirect(found.url)
    outcome = tenants.sign_in(request, action=_url(found), is_invited=lambda _: False)
    if outcome.form is not None:
        return _show(found, outcome.form)
    if outcome.actor is None or _own_relationship(found, outcome.actor):
        return redirect(found.url)
    return _to_own_invitation(found, outcome.actor)


def _to_own_invitation(found: PartnerVisit, actor: Actor) -> HttpResponse:
    how = sessions.signed_in_by(found.request)
    try:
        invitation = sign_in_by_partner_link(found.partner, actor=actor, how=how)
    except (ValidationError, TransitionNotAllowed) as error:
        messages.error(found.request, words(error))
        return redirect(found.url)
    return HttpResponseRedirect(urlsplit(invitation.url).path)


def _show(found: PartnerVisit, form: TenantSignInForm | None = None) -> HttpResponse:
    tenant = found.tenant
    context: dict[str, Any] = {
        "partner": found.partner,
        "tenant": tenant,
        "is_preview": found.is_preview,
        "switch_to": found.url,
    }
    if not found.is_live:
        return render(found.request, "public/partner_link/stopped.html", context)
    if tenant is not None and (relationship := _own_relationship(found, tenant)):
        context |= {"relationship": relationship}
        return render(found.request, "public/partner_link/already_linked.html", context)
    context |= {
        "form": form or TenantSignInForm(found.request, action=_url(found)),
        "sign_in_url": _url(found),
        "ways": tenants.ways_to_sign_in(),
        "tenants": tenants.tenants_of(found.request),
        "who_may_accept": wording.who_may_accept(),
    }
    return render(found.request, "public/partner_link/landing.html", context)


def _own_relationship(
    found: PartnerVisit, tenant: Actor
) -> ResellerRelationship | None:
    """The one that this tenant has with this partner already."""
    relationships = ResellerRelationship.objects.visible_to(tenant).active()
    return relationships.filter(partner=found.partner).first()


def _url(found: PartnerVisit) -> str:
    return reverse("partner-link-sign-in", args=[found.token])
