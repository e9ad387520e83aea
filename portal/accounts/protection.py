"""What may never happen to people's rows, and why: the one declaration."""

from django.utils.translation import gettext_lazy as _

from portal.foundation.guards import Guard, Rule, register

PEOPLE_STAY = Rule(
    "people_never_deleted",
    _("People are never deleted, only anonymised: what happened hangs on them."),
)

register(
    Guard("user_not_deleted", "accounts_user", "DELETE", rule=PEOPLE_STAY),
)
