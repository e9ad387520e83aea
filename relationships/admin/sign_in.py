"""The operator's view of signing in: the history, and who has to wait."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import ThrottleScope
from portal.accounts.models import SignIn, Throttle
from portal.foundation import clock
from portal.foundation.admin import Transition

from ..enums import SignInHow
from ..roles import Action
from ..services.sign_in import lift_limit
from .base import PortalModelAdmin

# Their key is an address; that of the others stands for an account and names none.
BY_ADDRESS = {
    ThrottleScope.ADDRESS,
    ThrottleScope.SIGN_IN,
    ThrottleScope.LINK,
    ThrottleScope.ASK,
    ThrottleScope.RESET,
}


@admin.register(SignIn)
class SignInAdmin(PortalModelAdmin):
    """Who signed in or tried to; rows come by signing in and go with time."""

    scoped = False
    view_action = Action.MANAGE_PEOPLE
    list_title = _("Sign-in history")
    when_empty = _("Nobody has signed in yet, or it was too long ago to be kept.")
    list_display = ("at", "user", "outcome", "how_in_words", "factor", "address")
    list_filter = ("outcome", "factor")
    list_select_related = ("user",)
    search_fields = ("user__full_name", "user__login", "address")
    fields = list_display

    @admin.display(description=_("how"))
    def how_in_words(self, row: SignIn) -> str:
        known = row.how in SignInHow.values
        return str(SignInHow(row.how).label) if known else row.how


@admin.register(Throttle)
class ThrottleAdmin(PortalModelAdmin):
    """What is counted now; a person's own lock is lifted on the person's page too."""

    scoped = False
    view_action = Action.MANAGE_PEOPLE
    list_title = _("Limits and locks")
    when_empty = _(
        "Nobody is slowed down or locked out: there were no wrong guesses lately."
    )
    list_display = ("scope", "source", "count", "ends_at")
    list_filter = ("scope",)
    search_fields = ("key",)
    fields = list_display
    transitions = (
        Transition(
            "lift",
            _("Lift"),
            Action.MANAGE_PEOPLE,
            lift_limit,
            question=_("Whoever has to wait because of this may go on at once."),
            done=_("Lifted."),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(ends_at__gt=clock.now())

    @admin.display(description=_("from"))
    def source(self, row: Throttle) -> str:
        return row.key if row.scope in BY_ADDRESS else str(_("an account"))

    def object_url(self, obj: Any) -> str:
        """It is gone: back to the list."""
        return reverse("admin:accounts_throttle_changelist")
