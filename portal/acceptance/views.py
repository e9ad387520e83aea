"""The customer's link: GET shows where things stand, POST acts.

Every action ends with the invitation's own page, which says what came of it.
"""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.foundation.refusals import REFUSALS, show_refusal, words
from portal.signin import arrivals, sessions, tenants
from relationships.actors import Actor
from relationships.enums import CaseKind, InvitationVerb
from relationships.models import Customer
from relationships.services import invitations
from relationships.services.binding import bind_to_tenants
from relationships.services.cases import open_case
from relationships.services.identities import ProvedIdentity
from subscriptions.services.observations import record_observation

from .forms import AskForm, DeclineForm, StatementForm
from .pages import agreement_form, is_invited, show, url
from .situations import OBSTACLES, Situation, has_signed_in, situation_of
from .visits import Visit, acts_on_invitation, link_page, visit


@link_page
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = visit(request, token)
    _note_opening(found)
    if found.is_current and found.invitation.is_open:
        if (newcomer := arrivals.newcomer(request)) is not None:
            return _welcome(found, newcomer)
        if found.tenant and arrivals.take_arrival(request, found.url):
            _bind_late(found)
            _enter(found, found.tenant)
            found = visit(request, token)
    situation = situation_of(found)
    if situation == Situation.RECEIPT:
        return redirect("my-receipt", found.invitation.relationship.pk)
    return show(found, situation)


def _welcome(found: Visit, newcomer: ProvedIdentity) -> HttpResponse:
    """The first person of a tenant: to its company's name, if it was invited."""
    _bind_late(found)
    if not found.invitation.admits(Customer(tenant_id=newcomer.tenant_id)):
        return show(found, Situation.WRONG_TENANT, newcomer=newcomer)
    return redirect(f"{reverse('openid-company')}?{urlencode({'next': found.url})}")


def _bind_late(found: Visit) -> None:
    """The directory may not have answered when the invitation was made."""
    if found.invitation.customer_tenant_id is None:
        bind_to_tenants([found.invitation])


@link_page
def unknown(request: HttpRequest) -> HttpResponse:
    """A link that cannot be one of ours."""
    return render(request, "404.html", status=404)


def _note_opening(found: Visit) -> None:
    """The first opening by the customer's side; the partner's own look is none."""
    is_first = found.invitation.opened_at is None
    if not (is_first and found.is_current and not found.is_preview):
        return
    if found.invitation.can(InvitationVerb.OPEN):
        actor = found.tenant or Actor.visitor()
        invitations.open_invitation(found.invitation, actor=actor)


@acts_on_invitation
def sign_in(found: Visit) -> HttpResponse:
    if not found.invitation.is_open:
        return redirect(found.url)
    outcome = tenants.sign_in(
        found.request, action=url(found, "sign-in"), is_invited=is_invited(found)
    )
    if outcome.form is not None:
        return show(found, Situation.LANDING, form=outcome.form)
    if outcome.actor is not None:
        _enter(found, outcome.actor)
    return redirect(found.url)


def _enter(found: Visit, actor: Actor) -> None:
    """Note the sign-in; what stands against it, the invitation's page tells."""
    how = sessions.signed_in_by(found.request)
    try:
        invitations.sign_in_to_invitation(found.invitation, actor=actor, how=how)
    except REFUSALS as error:
        _tell(found, error)


@acts_on_invitation
def accept(found: Visit) -> HttpResponse:
    actor = _who_answers(found)
    if actor is None:
        return redirect(found.url)
    form = agreement_form(found, found.request.POST)
    form.is_valid()
    try:
        relationship = invitations.accept_invitation(
            found.invitation, actor=actor, agreed=form.cleaned_data["agreed"]
        )
    except REFUSALS as error:
        is_deciding = situation_of(found) == Situation.DECISION
        if _code_of(error) == "agreement" and is_deciding:
            form.add_error("agreed", words(error))
            return show(found, Situation.DECISION, form=form)
        _tell(found, error)
    else:
        return redirect("my-receipt", relationship.pk)
    return redirect(found.url)


@acts_on_invitation
def decline(found: Visit) -> HttpResponse:
    actor = _who_answers(found)
    form = DeclineForm(found.request.POST, action=url(found, "decline"))
    if actor is None:
        return redirect(found.url)
    if not form.is_valid():
        if situation_of(found) != Situation.DECISION:
            return redirect(found.url)
        return show(found, Situation.DECISION, decline_form=form)
    try:
        invitations.decline_invitation(
            found.invitation, actor=actor, reason=form.cleaned_data["reason"]
        )
    except REFUSALS as error:
        _tell(found, error)
    return redirect(found.url)


@acts_on_invitation
def add_existing(found: Visit) -> HttpResponse:
    """Take in what the customer says that it has and the portal does not know."""
    if situation_of(found) != Situation.DECISION:
        return redirect(found.url)
    actor = found.tenant
    assert actor is not None  # only a tenant decides
    assert actor.customer is not None
    form = StatementForm(found.request.POST, action=url(found, "existing"))
    if form.is_valid():
        statement = form.statement()
        try:
            record_observation(actor.customer, actor=actor, statement=statement)
        except ValidationError as error:
            show_refusal(form, error)
        else:
            messages.success(found.request, _("Added to your existing subscriptions."))
            return redirect(f"{found.url}#existing")
    return show(found, Situation.DECISION, statement_form=form)


@link_page
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """Ask the partner for a new link, from a link that no longer leads anywhere."""
    found = visit(request, token)
    situation = situation_of(found)
    if request.method != "POST" or found.is_preview or not situation.may_ask:
        return redirect(found.url)
    form = AskForm(request.POST, action=url(found, "ask"))
    if not form.is_valid():
        return show(found, situation, form=form)
    actor = found.tenant
    # Whom staff may see is whoever has signed in to this very invitation.
    customer = (
        actor.customer if actor and has_signed_in(found.invitation, actor) else None
    )
    open_case(
        CaseKind.NEW_LINK,
        found.invitation,
        actor=actor or Actor.visitor(),
        customer=customer,
        message=form.cleaned_data["message"],
    )
    thanks = _("Thank you. %(partner)s was asked for a new link.")
    messages.success(request, thanks % {"partner": found.invitation.partner})
    return redirect(found.url)


def _who_answers(found: Visit) -> Actor | None:
    """The tenant's actor, once this very person has signed in to the invitation."""
    actor = found.tenant
    if actor is None or not has_signed_in(found.invitation, actor):
        return None
    return actor


def _code_of(error: Exception) -> str:
    return getattr(error, "code", None) or ""


def _tell(found: Visit, error: Exception) -> None:
    """A refusal in words, unless the invitation's page is about it anyway."""
    if _code_of(error) not in ("agreement", "wrong_tenant", *OBSTACLES):
        messages.error(found.request, words(error))
