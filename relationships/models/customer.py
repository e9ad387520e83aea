from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.foundation.ruled import RuledModel, UUIDModel, choice_constraint

from ..actors import Actor
from ..enums import AgreementHow, CustomerOrigin, TenantRole
from ..querysets import (
    CustomerAgreementQuerySet,
    CustomerQuerySet,
    TenantMembershipQuerySet,
)
from ..validators import validate_country, validate_domain

if TYPE_CHECKING:
    from ..existing import CustomerSubscriptions
    from .relationship import ResellerRelationship


class Customer(UUIDModel, RuledModel):
    """A customer's tenant, whoever brought it here; never deleted.

    Names and countries that the customer typed are marked as its own statement. Staff
    of the partner with the active relationship corrects contact and address.
    """

    tenant_id = models.UUIDField(_("tenant ID"), unique=True)
    company_name = models.CharField(_("company name"), max_length=200)
    primary_domain = models.CharField(
        _("primary domain"),
        max_length=253,
        null=True,
        blank=True,
        unique=True,
        validators=[validate_domain],
        help_text=_("Empty until it is verified."),
    )
    stated_domain = models.CharField(
        _("domain, as the partner stated it"),
        max_length=253,
        blank=True,
        validators=[validate_domain],
        help_text=_("Of a tenant that the partner added; not verified."),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        validators=[validate_country],
        help_text=_("Two capital letters (ISO 3166), such as DE."),
    )
    origin = models.CharField(
        _("origin"),
        max_length=20,
        choices=CustomerOrigin,
        default=CustomerOrigin.EXISTING_TENANT,
    )
    stated_by_customer = models.BooleanField(
        _("stated by the customer"),
        default=False,
        help_text=_("Name and country are the customer's own words, not verified."),
    )
    contact_name = models.CharField(_("contact name"), max_length=150, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    contact_phone = models.CharField(_("contact phone"), max_length=40, blank=True)
    address_line1 = models.CharField(_("address line 1"), max_length=200, blank=True)
    address_line2 = models.CharField(_("address line 2"), max_length=200, blank=True)
    address_city = models.CharField(_("city"), max_length=100, blank=True)
    address_region = models.CharField(_("region"), max_length=100, blank=True)
    address_postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_from",
    )

    objects = CustomerQuerySet.as_manager()

    if TYPE_CHECKING:
        subscriptions: CustomerSubscriptions

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["company_name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(primary_domain__isnull=True)
                | Q(primary_domain=Lower("primary_domain"))
                & Q(primary_domain__contains="."),
                name="customer_domain_is_lower_case",
                violation_error_message=_("A domain is written in lower case."),
            ),
            models.CheckConstraint(
                condition=Q(country__regex=r"^[A-Z][A-Z]$"),
                name="customer_country_is_two_letters",
            ),
            choice_constraint(
                "customer_origin_is_known", "origin", CustomerOrigin.values
            ),
        ]

    def __str__(self) -> str:
        return self.company_name

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        self.primary_domain = (self.primary_domain or "").strip().lower() or None
        self.stated_domain = self.stated_domain.strip().lower()
        super().clean_fields(exclude)

    def get_absolute_url(self) -> str:
        return reverse("admin:relationships_customer_change", args=[self.pk])

    @property
    def domain(self) -> str:
        """The verified one, else what the partner stated, else empty."""
        return self.primary_domain or self.stated_domain

    @property
    def has_billing_address(self) -> bool:
        return all((self.address_line1, self.address_city, self.address_postal_code))

    @property
    def active_relationship(self) -> ResellerRelationship | None:
        """The one active reseller relationship, or None; one query."""
        return self.relationships.active().select_related("partner").first()

    def belongs_to(self, actor: Actor) -> bool:
        """Partner staff acts on a customer only while their relationship is active."""
        if actor.partner is not None:
            return self.relationships.active().filter(partner=actor.partner).exists()
        return actor.is_for(customer_id=self.pk)


class TenantMembership(RuledModel):
    """A person's role in a tenant, as the last sign-in (or the operator) said."""

    user = models.ForeignKey(
        "accounts.User",
        models.CASCADE,
        related_name="tenant_memberships",
        verbose_name=_("person"),
    )
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        related_name="tenant_memberships",
        verbose_name=_("customer"),
    )
    role = models.CharField(_("role"), max_length=30, choices=TenantRole)

    objects = TenantMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("tenant membership")
        verbose_name_plural = _("tenant memberships")
        ordering = ["customer__company_name", "user__full_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "customer"],
                name="tenant_membership_one_per_person_and_customer",
                violation_error_message=_("This person has a role there already."),
            ),
            choice_constraint(
                "tenant_membership_role_is_known", "role", TenantRole.values
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}, {self.customer}"


class CustomerAgreement(RuledModel):
    """One acceptance of a version of the customer agreement.

    By the customer here, or elsewhere: then the partner's staff attests who signed.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="agreements")
    template = models.CharField(_("agreement"), max_length=100)
    version = models.CharField(_("version"), max_length=40)
    accepted_at = models.DateTimeField(_("accepted at"))
    accepted_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="agreements",
    )
    how = models.CharField(_("how"), max_length=20, choices=AgreementHow)
    signer_first_name = models.CharField(_("first name"), max_length=100, blank=True)
    signer_last_name = models.CharField(_("last name"), max_length=100, blank=True)
    signer_email = models.EmailField(_("e-mail"), blank=True)
    attested_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="attested_agreements",
        verbose_name=_("attested by"),
    )
    attested_for = models.ForeignKey(
        "relationships.Partner",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="attested_agreements",
        verbose_name=_("attested for"),
    )

    objects = CustomerAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer agreement")
        verbose_name_plural = _("customer agreements")
        ordering = ["-accepted_at"]
        constraints = [
            choice_constraint("agreement_how_is_known", "how", AgreementHow.values),
            models.CheckConstraint(
                condition=~Q(how=AgreementHow.ATTESTED)
                | Q(attested_by__isnull=False, attested_for__isnull=False)
                & ~Q(signer_first_name="")
                & ~Q(signer_last_name="")
                & ~Q(signer_email=""),
                name="agreement_attested_names_its_signer",
                violation_error_message=_(
                    "An attestation names who signed: first and last name, e-mail."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.version}"

    @staticmethod
    def current_name() -> str:
        """The agreement that a customer confirms today, as it is called."""
        return f"{settings.AGREEMENT_TEMPLATE}, {settings.AGREEMENT_VERSION}"

    @classmethod
    def current_version(cls) -> dict[str, Any]:
        return {
            "template": settings.AGREEMENT_TEMPLATE,
            "version": settings.AGREEMENT_VERSION,
        }
