from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.foundation.admin import Transition

from ..forms import PersonForm, ReasonForm
from ..models import TenantMembership
from ..roles import Action
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
    list_title = _("People")
    list_display = ("full_name", "login", "email", "is_staff", "is_active")
    list_filter = ("is_staff", "is_active", "is_superuser")
    search_fields = ("full_name", "login", "email")
    transitions = (
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


@admin.register(TenantMembership)
class TenantMembershipAdmin(PortalModelAdmin):
    """Who administers which tenant, for local accounts."""

    view_action = Action.VIEW_TENANT_PEOPLE
    add_action = Action.MANAGE_PEOPLE
    change_action = Action.MANAGE_PEOPLE
    delete_action = Action.MANAGE_PEOPLE
    list_display = ("user", "customer", "role")
    list_filter = ("role",)
    list_select_related = ("user", "customer")
    search_fields = ("user__full_name", "user__login", "customer__company_name")
    autocomplete_fields = ("user", "customer")
