"""Steps 1 to 3: request a reseller relationship, copy the text, send it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.foundation.admin import REFUSALS, words

from .enums import SentHow
from .forms import MessageForm, RequestForm
from .models import Invitation
from .roles import Action
from .services import composing, invitations


def request_relationship(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """Who it is for; a POST makes one draft per address, or one without an address."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.may(Action.INVITE) or not actor.partner.is_csp_transacting:
        raise PermissionDenied
    form = RequestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = _create(form, actor)
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
        "may_renew_link": actor.may(Action.RENEW_PARTNER_LINK, actor.partner),
    }
    return TemplateResponse(request, "admin/request_relationship.html", context)


def _create(form: RequestForm, actor: Any) -> list[Invitation]:
    """All of them or none: what is wrong with which address stands beside the field."""
    values = {name: form.cleaned_data[name] for name in form.SHARED}
    made = []
    try:
        with transaction.atomic():
            for address in form.cleaned_data["recipients"] or [""]:
                made.append(
                    invitations.create_invitation(
                        actor=actor, recipient_email=address, **values
                    )
                )
    except ValidationError as error:
        form.add_refusal(error)
        return []
    return made


def made_invitations(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """What a request for many addresses made; POST sends all or marks them sent."""
    actor = request.actor  # type: ignore[attr-defined]
    actor.require(Action.INVITE)
    made = _listed(request, actor)
    if request.method == "POST":
        how = SentHow.PORTAL if "send" in request.POST else SentHow.BY_HAND
        count = sum(_send(request, invitation, how) for invitation in made)
        if count:
            text = ngettext("%(count)s sent.", "%(count)s sent.", count)
            messages.success(request, text % {"count": count})
        return HttpResponseRedirect(
            reverse("admin:relationships_invitation_changelist")
        )
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


def _send(request: HttpRequest, invitation: Invitation, how: SentHow) -> bool:
    actor = request.actor  # type: ignore[attr-defined]
    try:
        invitations.send_invitation(invitation, actor=actor, how=how)
    except REFUSALS as error:
        messages.error(request, f"{invitation}: {words(error)}")
        return False
    return True


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
    request: HttpRequest, model_admin: Any, invitation: Invitation, form: Any
) -> HttpResponse:
    """POST on an invitation's page: save the text, then send or mark as sent."""
    if form is None:
        raise PermissionDenied
    actor = request.actor  # type: ignore[attr-defined]
    if form.is_valid():
        try:
            with transaction.atomic():
                invitations.edit_invitation(
                    invitation, actor=actor, **form.cleaned_data
                )
                done = _act(request.POST.get("act", ""), invitation, actor)
        except REFUSALS as error:
            form.add_refusal(error)
        else:
            messages.success(request, done)
            return HttpResponseRedirect(invitation.get_absolute_url())
    invitation.refresh_from_db()
    context = {
        **model_admin.admin_site.each_context(request),
        **model_admin._page(request, invitation, form),
        "opts": model_admin.opts,
        "original": invitation,
    }
    return TemplateResponse(request, model_admin.change_form_template, context)


def _act(act: str, invitation: Invitation, actor: Any) -> str:
    if act == "mark_sent":
        how = SentHow.BY_HAND
        invitations.send_invitation(invitation, actor=actor, how=how)
        return _("Marked as sent.")
    if act == "send":
        invitations.send_invitation(invitation, actor=actor, how=SentHow.PORTAL)
        return _("Sent to %(address)s.") % {"address": invitation.recipient_email}
    return _("The text is saved.")
