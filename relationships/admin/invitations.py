from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import Transition, in_bulk
from portal.foundation.filters import ChoiceFilter

from .. import progress
from ..actors import Actor
from ..enums import EmailStatus, InvitationStatus, InvitationVerb
from ..exceptions import TransitionNotAllowed
from ..models import ActivityRecord, Invitation
from ..roles import Action, Column
from ..services import composing, invitations, reminders
from ..views import message_form, save_message, send_once, sent_stamp
from .base import BADGES, PortalModelAdmin, badge
from .emails import delivery_badge


class StatusFilter(ChoiceFilter):
    """By the status as every reader sees it: past its expiry, expired."""

    title = _("status")
    parameter_name = "status"
    options = InvitationStatus.choices

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(status_now=value)


class WaitingFilter(ChoiceFilter):
    """As *Needs you today* tells them."""

    title = _("what waits")
    parameter_name = "waits"
    options = (
        ("expiring", _("Expires soon")),
        ("unanswered", _("Not answered for more than 3 days")),
        ("unopened", _("Not opened for more than 7 days")),
        ("unsent", _("Not sent for more than 2 days")),
    )

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        scopes = {
            "expiring": queryset.expiring_soon,
            "unanswered": queryset.unanswered,
            "unopened": queryset.unopened,
            "unsent": queryset.unsent,
        }
        return scopes[value]()


class EmailFilter(ChoiceFilter):
    """By how the newest e-mail to the recipient fared."""

    title = _("e-mail")
    parameter_name = "email"
    options = EmailStatus.choices

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.delivered(value)


@admin.register(Invitation)
class InvitationAdmin(PortalModelAdmin):
    """Invitations: a page of their own, statuses by buttons, never in a form."""

    view_action = Action.VIEW_INVITATIONS
    list_title = _("Invitations")
    empty_value_display = ""
    when_empty = _(
        "No invitation yet. “Request reseller relationship” on the front page makes "
        "the first one."
    )
    list_display = (
        "__str__",
        "state",
        "email",
        "customer",
        "reference",
        "created_by",
        "created_at",
        "expires_at",
    )
    list_filter = (StatusFilter, WaitingFilter, EmailFilter, "created_at")
    list_select_related = ("customer", "created_by", "partner")
    search_fields = (
        "recipient_email",
        "customer_domain",
        "reference",
        "customer__company_name",
        "customer__tenant_id",
    )
    search_help_text = _("Recipient, domain, reference, customer or tenant ID")
    restricted = {
        "created_by": Column.PERSONAL_DATA,
        "recipient_email": Column.PERSONAL_DATA,
    }
    actions = ("send", "withdraw", "renew")
    change_form_template = "admin/relationships/invitation/page.html"
    transitions = (
        Transition(
            "remind",
            _("Send reminder"),
            Action.INVITE,
            reminders.remind,
            question=_(
                "%(object)s: the invitation is sent to its recipient once more, as a "
                "reminder. The link stays the same."
            ),
            done=_("Reminder sent: %(object)s."),
            is_possible=reminders.can_remind,
            why_not=reminders.why_not,
            stamp=lambda invitation: (
                f"{sent_stamp(invitation)} {invitation.reminders_sent}"
            ),
        ),
        Transition(
            "withdraw",
            _("Withdraw"),
            Action.INVITE,
            invitations.withdraw_invitation,
            question=_(
                "%(object)s: the invitation is taken back. Its link then says so, and "
                "nobody can accept it."
            ),
            done=_("Withdrawn: %(object)s."),
            is_possible=lambda invitation: invitation.can(InvitationVerb.WITHDRAW),
        ),
        Transition(
            "renew",
            _("Renew the link"),
            Action.INVITE,
            invitations.renew_invitation,
            question=_(
                "%(object)s: the invitation becomes a draft with a new link and a new "
                "expiry. The old link stops working."
            ),
            done=_("Renewed: %(object)s. Send the new link now."),
            is_possible=lambda invitation: invitation.can(InvitationVerb.RENEW),
            stamp=lambda invitation: invitation.link_generation,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset: Any = super().get_queryset(request)
        return queryset.with_current_status().with_delivery()

    @admin.display(description=_("status"), ordering="status_now")
    def state(self, invitation: Invitation) -> str:
        status = invitation.current_status
        return badge(BADGES[status], str(status.label))

    @admin.display(description=_("e-mail"))
    def email(self, invitation: Any) -> str:
        return delivery_badge(invitation.delivery)

    # Actions

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Action.INVITE)

    @admin.action(description=_("Send from here"), permissions=["invite"])
    def send(self, request: HttpRequest, queryset: Any) -> None:
        self._in_bulk(request, queryset, send_once, str(_("sent")))

    @admin.action(description=_("Withdraw"), permissions=["invite"])
    def withdraw(self, request: HttpRequest, queryset: Any) -> None:
        verb = invitations.withdraw_invitation
        self._in_bulk(request, queryset, verb, str(_("withdrawn")))

    @admin.action(description=_("Renew the link"), permissions=["invite"])
    def renew(self, request: HttpRequest, queryset: Any) -> None:
        self._in_bulk(request, queryset, _renew_once, str(_("renewed")))

    def _in_bulk(
        self, request: HttpRequest, queryset: Any, verb: Any, done: str
    ) -> None:
        actor = request.actor  # type: ignore[attr-defined]
        in_bulk(self, request, queryset, lambda obj: verb(obj, actor=actor), done)

    # Pages

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Action.INVITE)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Step 1 has a page of its own."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:request-reseller-relationship"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            invitation = self.scoped_object(request, object_id)
            if not self._may(request, Action.INVITE, invitation):
                raise PermissionDenied
            return save_message(request, self, invitation)
        return super().change_view(request, object_id, form_url, extra_context)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        actor, invitation = request.actor, obj  # type: ignore[attr-defined]
        may_invite = self._may(request, Action.INVITE, invitation)
        is_sendable = may_invite and invitation.is_open
        records = ActivityRecord.objects.visible_to(actor).about(invitation)
        mailto, mailto_is_whole = composing.mailto(invitation)
        status = invitation.current_status
        return {
            **super().page_context(request, invitation),
            "status": {"kind": BADGES[status], "label": status.label},
            "steps": progress.steps(invitation),
            "waiting": progress.waiting_for(invitation),
            "records": records.select_related("actor", "customer"),
            "sign_ins": invitation.sign_ins.select_related("customer", "user"),
            "emails": invitation.emails.filter(recipient=invitation.recipient_email),
            "cases": invitation.cases.open(),
            "form": message_form(request, invitation) if is_sendable else None,
            "stamp": sent_stamp(invitation),
            "mailto": mailto,
            "mailto_is_whole": mailto_is_whole,
            "shows_people": actor.may_see(Column.PERSONAL_DATA),
        }


def _renew_once(invitation: Invitation, *, actor: Actor) -> Invitation:
    """From the list, where a second click would kill the link of the first."""
    if invitation.current_status == InvitationStatus.DRAFT:
        raise TransitionNotAllowed(_("Its link is new: send it, or renew it there."))
    return invitations.renew_invitation(invitation, actor=actor)
