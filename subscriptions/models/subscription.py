from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, UUIDModel, choice_constraint
from relationships.actors import Actor
from relationships.models import Customer, Partner, ResellerRelationship

from .. import protection
from ..enums import (
    SUBSCRIPTION_TRANSITIONS,
    BillingPlan,
    Channel,
    SubscriptionStatus,
    SubscriptionVerb,
    Term,
)
from ..querysets import (
    CspSubscriptionManager,
    ExistingSubscriptionManager,
    RetractionQuerySet,
    SubscriptionQuerySet,
)
from .catalogue import Offer


def partner_text(name: str, mpn_id: str) -> str:
    """A Partner of Record in words; empty for nobody."""
    if name and mpn_id:
        return f"{name} (MPN {mpn_id})"
    return name or (f"MPN {mpn_id}" if mpn_id else "")


class Subscription(UUIDModel, RuledModel):
    """One subscription of any channel.

    CSP: managed by the services while its partner has an active relationship; moved
    only by time otherwise. Any other channel: one observation, written once; what that
    channel says later is a new row that supersedes it. `protection` says the rest.
    """

    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        related_name="subscriptions",
        verbose_name=_("customer"),
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    relationship = models.ForeignKey(
        ResellerRelationship,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="subscriptions",
        verbose_name=_("reseller relationship"),
    )
    offer = models.ForeignKey(
        Offer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="subscriptions",
        verbose_name=_("offer"),
    )
    product_name = models.CharField(_("product"), max_length=200)
    quantity = models.PositiveIntegerField(_("seats"), default=0)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=SubscriptionStatus,
        default=SubscriptionStatus.ACTIVE,
    )
    term = models.CharField(_("term"), max_length=3, choices=Term, blank=True)
    billing_plan = models.CharField(
        _("billing plan"), max_length=10, choices=BillingPlan, blank=True
    )
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    commitment_ends_at = models.DateTimeField(
        _("commitment ends at"), null=True, blank=True
    )
    auto_renews = models.BooleanField(_("renews automatically"), null=True, blank=True)
    friendly_name = models.CharField(_("friendly name"), max_length=100, blank=True)
    external_id = models.CharField(  # noqa: DJ001 -- null: no id, so not unique
        _("id elsewhere"), max_length=100, null=True, blank=True
    )
    partner_of_record = models.ForeignKey(
        Partner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="advised_subscriptions",
        verbose_name=_("Partner of Record"),
    )
    por_name = models.CharField(
        _("Partner of Record, as recorded"), max_length=200, blank=True
    )
    por_mpn_id = models.CharField(
        _("MPN ID of the Partner of Record, as recorded"), max_length=20, blank=True
    )
    recorded_at = models.DateTimeField(_("recorded at"), default=clock.now)
    supersedes = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="superseded_by",
        verbose_name=_("supersedes"),
    )
    por_correction_reason = models.TextField(
        _("reason for another Partner of Record"),
        blank=True,
        help_text=_("The customer's written word; only the operator records it."),
    )
    stated_by_customer = models.BooleanField(_("stated by the customer"), default=False)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["product_name", "id"]
        constraints = [
            choice_constraint(
                "subscription_channel_is_known", "channel", Channel.values
            ),
            choice_constraint(
                "subscription_status_is_known", "status", SubscriptionStatus.values
            ),
            choice_constraint("subscription_term_is_known", "term", ["", *Term.values]),
            choice_constraint(
                "subscription_billing_plan_is_known",
                "billing_plan",
                ["", *BillingPlan.values],
            ),
            models.CheckConstraint(
                condition=Q(
                    channel=Channel.CSP,
                    relationship__isnull=False,
                    offer__isnull=False,
                    started_at__isnull=False,
                    commitment_ends_at__isnull=False,
                    auto_renews__isnull=False,
                )
                & ~Q(term="")
                & ~Q(billing_plan="")
                | ~Q(channel=Channel.CSP)
                & Q(relationship__isnull=True, offer__isnull=True),
                name="subscription_csp_has_relationship_and_offer",
                violation_error_message=_(
                    "A CSP subscription has a reseller relationship, an offer and a "
                    "term; one of another channel has neither relationship nor offer."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(channel=Channel.CSP)
                | Q(
                    partner_of_record__isnull=True,
                    por_name="",
                    por_mpn_id="",
                    supersedes__isnull=True,
                ),
                name="subscription_csp_has_no_partner_of_record",
                violation_error_code="por_untouched",
                violation_error_message=_(
                    "A CSP subscription has no Advisor Partner of Record."
                ),
            ),
            models.UniqueConstraint(
                fields=["customer", "channel", "external_id"],
                condition=~Q(channel=Channel.CSP)
                & Q(supersedes__isnull=True, external_id__isnull=False),
                name="subscription_observed_once_per_external_id",
                violation_error_message=_(
                    "This subscription is recorded already. What its channel says now "
                    "is recorded as a new observation that supersedes it."
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "channel"], name="subscription_customer"),
            models.Index(
                fields=["status", "commitment_ends_at"],
                name="subscription_due",
                condition=Q(channel=Channel.CSP),
            ),
        ]

    def __str__(self) -> str:
        return self.friendly_name or self.product_name

    def clean(self) -> None:
        self.external_id = self.external_id or None
        protection.refuse_forbidden_change(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """What may not change is refused before anything else is looked at."""
        protection.refuse_forbidden_change(self)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        protection.refuse_deletion(self)
        return super().delete(*args, **kwargs)

    def get_absolute_url(self) -> str:
        name = "cspsubscription" if self.is_csp else "existingsubscription"
        return reverse(f"admin:subscriptions_{name}_change", args=[self.pk])

    @property
    def is_csp(self) -> bool:
        return self.channel == Channel.CSP

    @property
    def seller(self) -> Partner | None:
        """The CSP partner that sold it; None for another channel."""
        return self.relationship.partner if self.relationship else None

    @property
    def partner_of_record_text(self) -> str:
        """The Partner of Record as it was recorded, whatever it is called today."""
        return partner_text(self.por_name, self.por_mpn_id)

    @property
    def how_to_stop(self) -> str:
        """What has to happen to an active one before its relationship can end."""
        assert self.commitment_ends_at is not None  # a CSP subscription has one
        end = date_format(self.commitment_ends_at, "DATE_FORMAT")
        until = self.terms.order_by("-number")[0].reducible_until
        if until is None or until <= clock.now():
            return _("Suspend it: it is billed until %(end)s.") % {"end": end}
        return _(
            "Suspend it (billed until %(end)s), or cancel it until %(day)s UTC."
        ) % {"end": end, "day": date_format(until, "DATETIME_FORMAT")}

    def can(self, verb: SubscriptionVerb) -> bool:
        return verb in SUBSCRIPTION_TRANSITIONS[self.status]

    def belongs_to(self, actor: Actor) -> bool:
        """CSP rows are their own partner's to manage; the others are nobody's."""
        if self.relationship is None:
            return False
        return actor.is_for(
            partner_id=self.relationship.partner_id, customer_id=self.customer_id
        )


class CspSubscription(Subscription):
    """The CSP rows: what a partner manages."""

    objects = CspSubscriptionManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("CSP subscription")
        verbose_name_plural = _("CSP subscriptions")


class ExistingSubscription(Subscription):
    """The rows of every other channel: view only, for everybody, for good."""

    objects = ExistingSubscriptionManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("existing subscription")
        verbose_name_plural = _("existing subscriptions")


class ObservationRetraction(RuledModel):
    """Takes a wrong observation out of the current view; deletes nothing.

    Written by the operator, append-only.
    """

    subscription = models.OneToOneField(
        Subscription, models.PROTECT, related_name="retraction"
    )
    actor = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="retractions"
    )
    reason = models.TextField(_("reason"))
    at = models.DateTimeField(_("at"), default=clock.now)

    objects = RetractionQuerySet.as_manager()

    class Meta:
        verbose_name = _("retraction of an observation")
        verbose_name_plural = _("retractions of observations")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.subscription}: {self.reason}"
