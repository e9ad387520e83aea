"""The outbox: what was written to whom, and what the mail server said."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ..enums import EmailStatus
from ..models import OutgoingEmail
from ..roles import Action, Column
from .base import PortalModelAdmin, badge

STATES = {
    EmailStatus.QUEUED: "wait",
    EmailStatus.SENDING: "wait",
    EmailStatus.SENT: "ok",
    EmailStatus.RETRYING: "warn",
    EmailStatus.REFUSED: "bad",
    EmailStatus.GIVEN_UP: "bad",
    EmailStatus.UNCERTAIN: "warn",
    EmailStatus.NOT_SENT: "off",
}


def delivery_badge(value: str | None) -> str:
    """How an e-mail fared; nothing where none was written."""
    if not value:
        return ""
    status = EmailStatus(value)
    return badge(STATES[status], str(status.label))


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(PortalModelAdmin):
    """Rows come with their causes, and a worker moves them on."""

    view_action = Action.VIEW_INVITATIONS
    list_title = _("Outgoing e-mails")
    when_empty = _("The portal has written no e-mail yet.")
    list_display = (
        "subject",
        "state",
        "recipient",
        "error",
        "attempts",
        "queued_at",
        "sent_at",
    )
    list_filter = ("status", "queued_at")
    search_fields = ("recipient", "subject")
    search_help_text = _("Recipient or subject")
    restricted = {
        "recipient": Column.PERSONAL_DATA,
        "error": Column.PERSONAL_DATA,  # it may repeat the address
        "about": Column.PERSONAL_DATA,
    }
    fields = (
        "subject",
        "state",
        "recipient",
        "error",
        "attempts",
        "about",
        "from_name",
        "reply_to",
        "queued_at",
        "sent_at",
    )

    @admin.display(description=_("state"), ordering="status")
    def state(self, email: OutgoingEmail) -> str:
        return delivery_badge(email.status)

    @admin.display(description=_("invitation"))
    def about(self, email: OutgoingEmail) -> Any:
        if email.invitation is None:
            return ""
        address = email.invitation.get_absolute_url()
        return format_html('<a href="{}">{}</a>', address, email.invitation)
