"""What each page of an invitation shows: one function a situation."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.signin import tenants
from portal.signin.forms import TenantSignInForm
from relationships.enums import CaseKind, InvitationStatus
from relationships.services.composing import what_accepting_does_not_do
from relationships.services.identities import ProvedIdentity
from subscriptions.models import Subscription

from . import wording
from .forms import AgreementForm, AskForm, DeclineForm, FileForm, StatementForm
from .situations import OBSTACLES, Situation
from .visits import Visit

PLACES = {
    "existing": "#adding",
    "upload": "#file",
    "accept": "#decide",
    "decline": "#decline",
}


def url(found: Visit, verb: str) -> str:
    """Where a form goes; a refused one is shown again at its own place."""
    return reverse(f"invitation-{verb}", args=[found.token]) + PLACES.get(verb, "")


def show(found: Visit, situation: Situation, **given: Any) -> HttpResponse:
    context = {
        "visit": found,
        "invitation": found.invitation,
        "partner": found.invitation.partner,
        "tenant": found.tenant,
        "is_preview": found.is_preview,
        "switch_to": found.url,
        **CONTEXTS[situation](found, **given),
    }
    return render(found.request, situation.template, context)


def _landing(found: Visit, form: TenantSignInForm | None = None) -> dict[str, Any]:
    action = url(found, "sign-in")
    return {
        "form": form or TenantSignInForm(found.request, action=action),
        "sign_in_url": action,
        "ways": tenants.ways_to_sign_in(),
        "tenants": tenants.tenants_of(found.request),
        "who_may_accept": wording.who_may_accept(),
    }


def _decision(
    found: Visit,
    *,
    form: AgreementForm | None = None,
    statement_form: StatementForm | None = None,
    decline_form: DeclineForm | None = None,
    file_form: FileForm | None = None,
) -> dict[str, Any]:
    partner, tenant = found.invitation.partner, found.tenant
    assert tenant is not None  # only a tenant decides
    existing = Subscription.objects.visible_to(tenant).existing().current()
    return {
        "may": wording.what_the_partner_may_do(),
        "may_not": what_accepting_does_not_do(partner.name),
        "subscriptions": existing,
        "form": form or agreement_form(found),
        "statement_form": statement_form
        or StatementForm(action=url(found, "existing")),
        "file_form": file_form or FileForm(action=url(found, "upload")),
        "decline_form": decline_form or DeclineForm(action=url(found, "decline")),
    }


def agreement_form(found: Visit, data: Any = None) -> AgreementForm:
    tenant = found.tenant
    assert tenant is not None  # only a tenant decides
    return AgreementForm(
        data,
        action=url(found, "accept"),
        partner=found.invitation.partner,
        customer=tenant.organisation,
    )


def is_invited(found: Visit) -> tenants.IsInvited:
    """Tells which of a person's tenants the invitation is bound to."""
    invitation = found.invitation
    return lambda actor: invitation.is_bound and invitation.belongs_to(actor)


def _wrong_tenant(
    found: Visit, newcomer: ProvedIdentity | None = None
) -> dict[str, Any]:
    """Own tenants that were invited: the person may only have come as another one."""
    own = filter(is_invited(found), tenants.tenants_of(found.request))
    return {
        "newcomer": newcomer,
        "tenants": list(own),
        "sign_in_url": url(found, "sign-in"),
    }


def _obstacle(found: Visit) -> dict[str, Any]:
    """What stands against it, and since when staff knows."""
    tenant = found.tenant
    assert tenant is not None  # only a tenant has met the obstacle
    assert tenant.customer is not None
    kinds = list(OBSTACLES)
    return {
        "relationship": tenant.customer.active_relationship,
        "case": found.invitation.cases.open().filter(kind__in=kinds).first(),
        "sign_in_url": url(found, "sign-in"),
    }


def _not_administrator(found: Visit) -> dict[str, Any]:
    return {
        "who_may_accept": wording.who_may_accept(),
        "text": wording.text_to_forward(found.invitation),
    }


def _closed(found: Visit, form: AskForm | None = None) -> dict[str, Any]:
    asked = found.invitation.cases.open().filter(kind=CaseKind.NEW_LINK)
    return {
        "status": found.invitation.current_status,
        "statuses": InvitationStatus,
        "asked": asked.first(),
        "form": form or AskForm(action=url(found, "ask")),
    }


def _answered(found: Visit) -> dict[str, Any]:
    return {"tenants": tenants.tenants_of(found.request)}


CONTEXTS: dict[Situation, Callable[..., dict[str, Any]]] = {
    Situation.LANDING: _landing,
    Situation.WRONG_TENANT: _wrong_tenant,
    Situation.ALREADY_LINKED: _obstacle,
    Situation.OTHER_PARTNER: _obstacle,
    Situation.OTHER_MARKET: _obstacle,
    Situation.NOT_ADMINISTRATOR: _not_administrator,
    Situation.DECISION: _decision,
    Situation.ANSWERED: _answered,
    Situation.CLOSED: _closed,
    Situation.REPLACED: _closed,
}
