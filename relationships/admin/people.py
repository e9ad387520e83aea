from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from portal.accounts import second_factor, throttling
from portal.accounts.models import User
from portal.foundation.admin import Transition

from ..forms import PersonForm, ReasonForm
from ..models import TenantMembership
from ..roles import Action
from ..services.sign_in import lift_lock, remove_second_factor, sign_out_everywhere
from ..services.tenants import ANONYMISED, anonymise_person
from .base import PortalModelAdmin


@admin.register(User)
class UserAdmin(PortalModelAdmin):
    """People with a local account; the operator adds them and never deletes them."""

    scoped = False
    view_action = Action.MANAGE_PEOPLE
    add_action = Action.MANAGE_PEOPLE
    change_action = Action.MANAGE_PEOPLE
    form = PersonForm
    logged_fields = ("is_active", "is_superuser")
    list_title = _("People")
    list_display = ("full_name", "login", "email", "is_staff", "is_active")
    list_filter = ("is_staff", "is_active", "is_superuser")
    search_fields = ("full_name", "login", "email")
    readonly_fields = ("latest_sign_in",)
    transitions = (
        Transition(
            "lift-lock",
            _("Lift the lock"),
            Action.MANAGE_PEOPLE,
            lift_lock,
            question=_(
                "%(object)s guessed wrong too often, or somebody did. From now on a "
                "password or a code may be tried again at once."
            ),
            done=_("The lock is lifted."),
            is_possible=throttling.is_locked,
        ),
        Transition(
            "sign-out-everywhere",
            _("Sign out everywhere"),
            Action.MANAGE_PEOPLE,
            sign_out_everywhere,
            question=_("Every session of %(object)s ends at once."),
            done=_("Signed out everywhere."),
        ),
        Transition(
            "remove-second-factor",
            _("Remove the second factor"),
            Action.MANAGE_PEOPLE,
            remove_second_factor,
            question=_(
                "%(object)s signs in with the password alone until a new second "
                "factor is set up. Be sure that it is this person who asks."
            ),
            done=_("The second factor is removed."),
            is_possible=second_factor.is_set_up,
            form_class=ReasonForm,
            css="danger",
        ),
        Transition(
            "anonymise",
            _("Anonymise"),
            Action.MANAGE_PEOPLE,
            anonymise_person,
            question=_(
                "%(object)s: name, address, memberships and every way to sign in are "
                "taken away for good. What this person did stays in the history."
            ),
            done=_("Anonymised."),
            is_possible=lambda person: not person.login.startswith(ANONYMISED),
            form_class=ReasonForm,
            css="danger",
        ),
    )

    @admin.display(description=_("latest sign-in"))
    def latest_sign_in(self, person: User) -> str:
        latest = person.sign_ins.first() if person.pk else None
        if latest is None:
            return str(_("none"))
        history = reverse("admin:accounts_signin_changelist")
        query = urlencode({"q": person.login})
        label = _("sign-in history")
        return format_html('{} <a href="{}?{}">{}</a>', latest, history, query, label)


@admin.register(TenantMembership)
class TenantMembershipAdmin(PortalModelAdmin):
    """Who administers which tenant, for local accounts."""

    view_action = Action.VIEW_TENANT_PEOPLE
    when_empty = _(
        "No administrator of a tenant has a local account. Add one who cannot sign in "
        "by the tenant's own directory."
    )
    add_action = Action.MANAGE_PEOPLE
    change_action = Action.MANAGE_PEOPLE
    delete_action = Action.MANAGE_PEOPLE
    logged_fields = ("role",)
    list_display = ("user", "customer", "role")
    list_filter = ("role",)
    list_select_related = ("user", "customer")
    search_fields = ("user__full_name", "user__login", "customer__company_name")
    autocomplete_fields = ("user", "customer")
