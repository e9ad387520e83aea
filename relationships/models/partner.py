from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, UUIDModel, choice_constraint

from .. import links
from ..actors import Actor
from ..enums import StaffRole
from ..querysets import PartnerQuerySet, StaffMembershipQuerySet
from ..validators import validate_country, validate_currency, validate_mpn_id


class Partner(UUIDModel, RuledModel):
    """A partner company. Only the operator adds or corrects one.

    Its tenant never changes. Correcting its name or MPN ID changes no Partner of Record
    anywhere: subscriptions keep what was recorded.
    """

    name = models.CharField(_("name"), max_length=200)
    mpn_id = models.CharField(
        _("MPN ID"),
        max_length=20,
        unique=True,
        validators=[validate_mpn_id],
        help_text=_("The partner's id in the Microsoft partner programme."),
    )
    tenant_id = models.UUIDField(
        _("tenant ID"),
        unique=True,
        help_text=_("The id of the partner's own tenant. It never changes."),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        validators=[validate_country],
        help_text=_("Two capital letters (ISO 3166), such as DE."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="USD",
        validators=[validate_currency],
        help_text=_("The currency of the offers that this partner sells."),
    )
    is_csp_transacting = models.BooleanField(
        _("CSP transacting partner"),
        default=False,
        help_text=_("May ask for reseller relationships and order subscriptions."),
    )
    is_advisor = models.BooleanField(
        _("Advisor partner"),
        default=False,
        help_text=_("May be the Partner of Record of existing subscriptions."),
    )
    contact_email = models.EmailField(_("contact e-mail"))
    contact_phone = models.CharField(_("contact phone"), max_length=40, blank=True)
    website = models.URLField(_("website"), blank=True)
    needs_second_person = models.BooleanField(
        _("second person"),
        default=False,
        help_text=_(
            "Cancelling, ending a relationship and taking many seats away wait until a "
            "second person of this partner approves."
        ),
    )
    link_generation = models.PositiveSmallIntegerField(default=1, editable=False)
    link_stopped_at = models.DateTimeField(null=True, editable=False)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(mpn_id__regex=r"^[0-9]+$"),
                name="partner_mpn_id_has_digits_only",
                violation_error_message=_("An MPN ID has digits only."),
            ),
            models.CheckConstraint(
                condition=Q(country__regex=r"^[A-Z][A-Z]$"),
                name="partner_country_is_two_letters",
            ),
            models.CheckConstraint(
                condition=Q(is_csp_transacting=True) | Q(is_advisor=True),
                name="partner_transacts_or_advises",
                violation_error_message=_(
                    "A partner is a CSP transacting partner, an Advisor, or both."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def link_url(self) -> str:
        """The standing partner link; of use while `has_live_link`."""
        return links.partner_url(self.pk, self.link_generation)

    @property
    def has_live_link(self) -> bool:
        return self.link_stopped_at is None and self.is_csp_transacting

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.pk)


class StaffMembership(RuledModel):
    """A person's role at a partner; the operator grants it, and it may expire."""

    user = models.ForeignKey(
        "accounts.User",
        models.CASCADE,
        related_name="staff_memberships",
        verbose_name=_("person"),
    )
    partner = models.ForeignKey(
        Partner,
        models.PROTECT,
        related_name="staff_memberships",
        verbose_name=_("partner"),
    )
    role = models.CharField(_("role"), max_length=30, choices=StaffRole)
    expires_at = models.DateTimeField(
        _("expires at"), null=True, blank=True, help_text=_("Empty: never.")
    )

    objects = StaffMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("staff membership")
        verbose_name_plural = _("staff memberships")
        ordering = ["partner__name", "user__full_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "partner"],
                name="staff_membership_one_per_person_and_partner",
                violation_error_message=_("This person has a role there already."),
            ),
            choice_constraint(
                "staff_membership_role_is_known", "role", StaffRole.values
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}, {self.partner}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Also mark the person as partner staff, who may open the back office."""
        super().save(*args, **kwargs)
        if not self.user.is_staff:
            self.user.is_staff = True
            self.user.save(update_fields=["is_staff"])

    @property
    def is_current(self) -> bool:
        return self.expires_at is None or self.expires_at > clock.now()

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.partner_id)
