"""The admin's customer list and customer page, where both apps are needed."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import (
    Case,
    Exists,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import Transition
from portal.foundation.countries import country_name
from portal.foundation.filters import ChoiceFilter
from relationships.actors import Actor
from relationships.admin.base import PortalModelAdmin, badge
from relationships.models import Customer, TenantSignIn
from relationships.roles import Action, Column
from relationships.services.tenants import (
    CONTACT_FIELDS,
    STATEMENT_FIELDS,
    correct_customer,
)
from subscriptions.enums import Channel
from subscriptions.models import Subscription
from subscriptions.services import upkeep

from .adding import add_customer
from .attesting import attest_view
from .ordering import order_view
from .page import customer_page

# What a customer's tenant says of itself, for whoever may not correct it.
STATED = ("company_name", "country_by_name", "primary_domain")
STATES = {
    "active": ("ok", _("Active")),
    "ended": ("off", _("Ended")),
    "invited": ("wait", _("Signed in")),
    "advised": ("tag", _("Advisor")),
    "none": ("off", _("None")),
}

CHANNELS = {
    Channel.CSP: ("mine", _("CSP")),
    Channel.ADVISOR: ("tag", _("Advisor")),
    Channel.DIRECT: ("tag", _("Direct")),
    Channel.VOLUME: ("tag", _("Volume")),
}

# The verified one, else what the partner stated.
DOMAIN = Coalesce("primary_domain", NullIf("stated_domain", Value("")))


def _ties_to_partner(actor: Actor) -> dict[str, Any]:
    """Annotations: `has_signed_in`, `is_advised` and, where it shows, the domain."""
    if actor.partner is None:
        nobody = Value(False)
        return {"has_signed_in": nobody, "is_advised": nobody, "shown_domain": DOMAIN}
    here = {"customer": OuterRef("pk")}
    signed_in = TenantSignIn.objects.visible_to(actor).filter(**here)
    advised = Subscription.objects.filter(partner_of_record=actor.partner, **here)
    return {
        "has_signed_in": Exists(signed_in),
        "is_advised": Exists(advised),
        "shown_domain": Case(When(is_related=True, then=DOMAIN)),
    }


def _state(customer: Any) -> dict[str, Any]:
    """The badge of the strongest tie that the actor's partner has (see STATES)."""
    ties = {
        "active": customer.is_related,
        "ended": customer.was_related,
        "invited": customer.has_signed_in,
        "advised": customer.is_advised,
    }
    kind, label = STATES[next((tie for tie in ties if ties[tie]), "none")]
    return {"kind": kind, "label": label}


class RelationshipFilter(ChoiceFilter):
    title = _("relationship")
    parameter_name = "relationship"
    options = (("active", _("Active")), ("ended", _("Ended")), ("none", _("Neither")))

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        filters = {
            "active": {"is_related": True},
            "ended": {"is_related": False, "was_related": True},
            "none": {"is_related": False, "was_related": False},
        }
        return queryset.filter(**filters[value])


class ChannelFilter(ChoiceFilter):
    title = _("channel in use")
    parameter_name = "channel"
    options = Channel.choices

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        actor = request.actor  # type: ignore[attr-defined]
        rows = Subscription.objects.visible_to(actor).current()
        users = rows.filter(channel=value).values("customer")
        return queryset.filter(pk__in=users)


@admin.register(Customer)
class CustomerAdmin(PortalModelAdmin):
    """Customers: the reference system's list, and a page for each."""

    view_action = Action.VIEW_CUSTOMERS
    add_action = Action.ADD_CUSTOMER
    change_action = Action.CORRECT_CUSTOMER
    list_title = _("Customers")
    when_empty = _(
        "No customer yet. Request a reseller relationship: a customer appears here "
        "when it signs in to your invitation."
    )
    list_display = (
        "company_name",
        "tenant_id",
        "domain",
        "relationship",
        "channels",
        "seats",
    )
    list_filter = (RelationshipFilter, ChannelFilter)
    search_fields = ("company_name",)
    search_help_text = _("Name, domain or tenant ID")
    restricted = dict.fromkeys(
        ("contact_name", "contact_email", "contact_phone"), Column.PERSONAL_DATA
    )
    change_form_template = "admin/relationships/customer/page.html"
    transitions = (
        Transition(
            "verify",
            _("Verify now"),
            Action.VERIFY_EXISTING,
            upkeep.verify_customer,
            question=_(
                "%(object)s: the subscriptions that were found when the relationship "
                "began are read again, and their fingerprint is compared. What comes "
                "of it is kept."
            ),
            done=_("Verified now: %(object)s."),
            is_possible=upkeep.can_verify,
            why_not=lambda customer: str(_("There is nothing to verify.")),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        actor = request.actor  # type: ignore[attr-defined]
        rows = (
            Subscription.objects.visible_to(actor)
            .current()
            .filter(customer=OuterRef("pk"))
        )
        seats = (
            rows.order_by()
            .values("customer")
            .annotate(seats=Sum("quantity"))
            .values("seats")
        )
        # Not EXISTS: PostgreSQL would read all subscriptions for the rows of a page.
        uses = {
            f"uses_{channel}": Subquery(
                rows.order_by().filter(channel=channel).values("channel")[:1]
            )
            for channel in Channel.values
        }
        customers: Any = super().get_queryset(request)
        return customers.with_relationship(actor).annotate(
            seats=Coalesce(Subquery(seats, output_field=IntegerField()), 0),
            **uses,
            **_ties_to_partner(actor),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        actor = request.actor  # type: ignore[attr-defined]
        term = search_term.strip()
        return (queryset.search(term, actor) if term else queryset), False

    # Columns

    @admin.display(
        description=_("primary domain"), ordering="shown_domain", empty_value=""
    )
    def domain(self, customer: Any) -> str:
        return customer.shown_domain or ""

    @admin.display(description=_("relationship"), ordering="-is_related")
    def relationship(self, customer: Any) -> str:
        return badge(**_state(customer))

    @admin.display(description=_("channels in use"), empty_value="")
    def channels(self, customer: Any) -> str:
        """A badge each; a file and a screen reader get a comma between them."""
        used = [each for each in Channel if getattr(customer, f"uses_{each}")]
        return format_html_join(
            " ",
            '<span class="badge {}">{}<span class="visually-hidden">{}</span></span>',
            ((*CHANNELS[each], "," if each != used[-1] else "") for each in used),
        )

    @admin.display(description=_("seats"), ordering="seats")
    def seats(self, customer: Any) -> int:
        return customer.seats

    # Add and correct

    def has_add_permission(self, request: HttpRequest) -> bool:
        partner = getattr(request.actor, "partner", None)  # type: ignore[attr-defined]
        transacts = bool(partner and partner.is_csp_transacting)
        return transacts and super().has_add_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        statements = self.get_readonly_fields(request, obj) or STATEMENT_FIELDS
        return [*statements, *CONTACT_FIELDS]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        may_correct = self._may(request, Action.CORRECT_STATEMENTS)
        return [] if obj is None or may_correct else list(STATED)

    @admin.display(description=_("country"))
    def country_by_name(self, customer: Any) -> str:
        return country_name(customer.country)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """A correction; the service writes it, and its line in the activity log."""
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        correct_customer(obj, actor=request.actor, **values)  # type: ignore[attr-defined]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has told the log already."""

    def response_post_save_change(
        self, request: HttpRequest, obj: Any
    ) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.object_url(obj))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return add_customer(request, self.admin_site, self.opts)

    # Pages

    def get_urls(self) -> list[URLPattern]:
        order = path(
            "<path:object_id>/order/",
            self.admin_site.admin_view(self.order),
            name="relationships_customer_order",
        )
        attest = path(
            "<path:object_id>/attest/",
            self.admin_site.admin_view(self.attest),
            name="relationships_customer_attest",
        )
        return [order, attest, *super().get_urls()]

    def attest(self, request: HttpRequest, object_id: str) -> HttpResponse:
        customer = self.scoped_object(request, object_id)
        return attest_view(request, customer, self.admin_site, self.opts)

    def order(self, request: HttpRequest, object_id: str) -> HttpResponse:
        customer = self.scoped_object(request, object_id)
        return order_view(request, customer, self.admin_site, self.opts)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        customer = self.scoped_object(request, object_id)
        may_correct = self.has_change_permission(request, customer)
        if request.method == "POST" or ("edit" in request.GET and may_correct):
            return super().change_view(request, object_id, form_url, extra_context)
        actor = request.actor  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            **customer_page(customer, actor),
            "state": _state(customer),
            "title": str(customer),
            "opts": self.opts,
            "original": customer,
            "may_order": actor.may(Action.ORDER, customer),
            "may_correct": may_correct,
            "may_change": actor.may(Action.CHANGE_SUBSCRIPTION, customer),
            "may_name": actor.may(Action.NAME_PRODUCT),
            "may_verify": actor.may(Action.VERIFY_EXISTING, customer),
            "may_end": actor.may(Action.END_RELATIONSHIP, customer),
            "may_import": actor.may(Action.RECORD_OBSERVATION),
            "may_see_history": actor.may(Action.VIEW_ACTIVITY),
            "shows_people": actor.may_see(Column.PERSONAL_DATA),
            "shows_revenue": actor.may_see(Column.REVENUE),
        }
        return TemplateResponse(request, self.change_form_template, context)
