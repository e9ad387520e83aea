"""Steps 1 to 3: request a reseller relationship, copy the text, send it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.foundation.admin import is_as_shown
from portal.foundation.refusals import REFUSALS, words

from .actors import Actor
from .enums import SentHow
from .exceptions import TransitionNotAllowed
from .forms import MessageForm, RequestForm
from .models import Invitation
from .roles import Action
from .services import composing, invitations
from .services.binding import Binding, bind_to_tenants
from .services.locking import lock_partner

# The same whether or not the portal knows the domain: nobody is told which it knows.
BINDING_NOTES = {
    Binding.UNKNOWN: gettext_lazy(
        "No tenant has the domain %(domain)s, so nobody can accept. Check how it is "
        "written."
    ),
    Binding.UNREACHABLE: gettext_lazy(
        "Which tenant has the domain %(domain)s could not be looked up now. The link "
        "works; it is looked up again when somebody signs in."
    ),
}


def request_relationship(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """Who it is for; a POST makes one draft per address, or one without an address."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.may(Action.INVITE) or not actor.partner.is_csp_transacting:
        raise PermissionDenied
    form = RequestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = _create(form, actor)
        _bind(request, made)
        if len(made) == 1:
            return HttpResponseRedirect(made[0].get_absolute_url() + "#message")
        if made:
            query = "&".join(f"invitation={invitation.pk}" for invitation in made)
            url = reverse("admin:request-reseller-relationship-made")
            return HttpResponseRedirect(f"{url}?{query}")
    context = {
        **admin_site.each_context(request),
        "title": _("Request reseller relationship"),
        "form": form,
        "partner": actor.partner,
        "may_edit_template": actor.may(Action.EDIT_TEMPLATE, actor.partner),
        "may_renew_link": actor.may(Action.RENEW_PARTNER_LINK, actor.partner),
    }
    return TemplateResponse(request, "admin/request_relationship.html", context)


def _create(form: RequestForm, actor: Actor) -> list[Invitation]:
    """All of them or none: what is wrong with which address stands beside the field.

    A second click, which has the same request key, finds what the first one made.
    """
    assert actor.partner is not None  # the caller has checked it
    values = {name: form.cleaned_data[name] for name in form.SHARED}
    try:
        with transaction.atomic():
            # Two clicks at the same instant follow each other.
            lock_partner(actor.partner.pk)
            ids = form.ids
            made = Invitation.objects.visible_to(actor).filter(pk__in=list(ids))
            if len(made) == len(ids):
                return list(made)
            return [
                invitations.create_invitation(
                    actor=actor, id=id, recipient_email=address, **values
                )
                for id, address in ids.items()
            ]
    except ValidationError as error:
        form.add_refusal(error)
        return []


def _bind(request: HttpRequest, made: list[Invitation]) -> None:
    """Once they are stored: the directory may take seconds to answer."""
    said = bind_to_tenants(made)
    if said in BINDING_NOTES:
        domain = {"domain": made[0].customer_domain}
        messages.warning(request, BINDING_NOTES[said] % domain)


def made_invitations(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """What a request for many addresses made; POST sends all or marks them sent."""
    actor = request.actor  # type: ignore[attr-defined]
    actor.require(Action.INVITE)
    made = _listed(request, actor)
    if request.method == "POST":
        return _send_all(request, made, actor)
    context = {
        **admin_site.each_context(request),
        "title": _("Links for your customers"),
        "invitations": made,
        "text": composing.text_for(made[0]) if made else "",
    }
    return TemplateResponse(request, "admin/request_made.html", context)


def _listed(request: HttpRequest, actor: Any) -> list[Invitation]:
    """The invitations that the address names, as far as the actor sees them."""
    try:
        rows = Invitation.objects.visible_to(actor).filter(
            pk__in=request.GET.getlist("invitation")
        )
    except ValidationError:
        return []
    return list(rows.select_related("partner").order_by("recipient_email"))


def _send_all(
    request: HttpRequest, made: list[Invitation], actor: Actor
) -> HttpResponse:
    how = SentHow.PORTAL if "send" in request.POST else SentHow.BY_HAND
    count = 0
    for invitation in made:
        try:
            send_once(invitation, actor=actor, how=how)
            count += 1
        except REFUSALS as error:
            messages.warning(request, f"{invitation}: {words(error)}")
    if count:
        text = ngettext("%(count)s sent.", "%(count)s sent.", count)
        messages.success(request, text % {"count": count})
    return HttpResponseRedirect(reverse("admin:relationships_invitation_changelist"))


@transaction.atomic
def send_once(
    invitation: Invitation, *, actor: Actor, how: SentHow = SentHow.PORTAL
) -> Invitation:
    """From a list, where a second click must not write to the customer again."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.is_open and invitation.sent_how in {SentHow.BY_HAND, SentHow.PORTAL}:
        raise TransitionNotAllowed(
            _("It was sent already. To send it again, open its page.")
        )
    return invitations.send_invitation(invitation, actor=actor, how=how)


def sent_stamp(invitation: Invitation) -> str:
    """Changes with each sending: a second click on a page shows an older one."""
    return invitation.sent_at.isoformat() if invitation.sent_at else ""


def message_form(request: HttpRequest, invitation: Invitation) -> MessageForm:
    """The e-mail text of an open invitation, to edit before it is sent."""
    data = request.POST if request.method == "POST" else None
    return MessageForm(
        data,
        initial={
            "subject": invitation.subject,
            "body": composing.text_for(invitation),
        },
    )


def save_message(
    request: HttpRequest, model_admin: Any, invitation: Invitation
) -> HttpResponse:
    """POST on an invitation's page: save the text, then send or mark as sent."""
    form = message_form(request, invitation)
    page = HttpResponseRedirect(invitation.get_absolute_url())
    if form.is_valid():
        try:
            if done := _save_and_act(request, invitation, form.cleaned_data):
                messages.success(request, done)
            return page
        except TransitionNotAllowed as error:
            messages.error(request, words(error))
            return page
        except ValidationError as error:
            form.add_refusal(error)
    context = {
        **model_admin.admin_site.each_context(request),
        **model_admin.page_context(request, invitation),
        "form": form,
        "opts": model_admin.opts,
        "original": invitation,
    }
    return TemplateResponse(request, model_admin.change_form_template, context)


@transaction.atomic
def _save_and_act(
    request: HttpRequest, invitation: Invitation, text: dict[str, str]
) -> str:
    """What was done, as a sentence; empty when the first of two clicks has done it."""
    actor = request.actor  # type: ignore[attr-defined]
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    act = request.POST.get("act", "")
    if act and not is_as_shown(request, sent_stamp(invitation)):
        return ""
    invitations.edit_invitation(invitation, actor=actor, **text)
    if act == "mark_sent":
        how = SentHow.BY_HAND
        invitations.send_invitation(invitation, actor=actor, how=how)
        return _("Marked as sent.")
    if act == "send":
        invitations.send_invitation(invitation, actor=actor, how=SentHow.PORTAL)
        return _("Sent to %(address)s.") % {"address": invitation.recipient_email}
    return _("The text is saved.")
