"""Scopes of the catalogue and of subscriptions; `visible_to` decides whose rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Sum

from portal.foundation import clock
from relationships.models import ResellerRelationship
from relationships.querysets import ScopedQuerySet

from . import protection
from .enums import (
    BillingPlan,
    Channel,
    PorCaseOutcome,
    SubscriptionStatus,
    Term,
    VerificationResult,
)

if TYPE_CHECKING:
    from relationships.actors import Actor
    from relationships.existing import ExistingSnapshot
    from relationships.models import Customer, Partner

    from .models import Offer


class ProductQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        return self


MOST_WORDS = 10  # of a search that are looked for


def _offer_has(word: str) -> Q:
    def called(choices: Any) -> list[str]:
        return [
            value for value, label in choices.choices if word.lower() in label.lower()
        ]

    return (
        Q(product__title__icontains=word)
        | Q(product__product_id__istartswith=word)
        | Q(term__in=called(Term))
        | Q(billing_plan__in=called(BillingPlan))
    )


class OfferQuerySet(ScopedQuerySet):
    def visible_to(self, actor: Actor) -> Any:
        return self

    def available(self) -> Any:
        return self.filter(is_available=True)

    def search(self, text: str) -> Any:
        """What has each of these words in its product, term or billing plan."""
        rows = self
        for word in text.replace("\0", "").replace(",", " ").split()[:MOST_WORDS]:
            rows = rows.filter(_offer_has(word))
        return rows

    def at_renewal_of(self, offer: Offer) -> Any:
        """What it can become: whatever is sold in its currency, or what it is."""
        sold = Q(is_available=True, currency=offer.currency)
        rows = self.filter(sold | Q(pk=offer.pk))
        return rows.select_related("product").order_by(
            "product__title", "term", "billing_plan"
        )


class SubscriptionQuerySet(ScopedQuerySet):
    def of_partner(self, partner: Partner) -> Q:
        """Own CSP rows, rows advised, and other channels' rows of its customers now.

        Another CSP partner's rows are never among them: `of_other_partners` counts.
        """
        own = Q(relationship__partner=partner)
        advised = Q(partner_of_record=partner, retraction__isnull=True)
        customers = partner.relationships.active().values("customer")
        existing = ~Q(channel=Channel.CSP) & Q(customer__in=customers)
        return own | advised | existing

    def delete(self) -> tuple[int, dict[str, int]]:
        """Nothing is; the first row says why before what hangs on it can."""
        for subscription in self[:1]:
            protection.refuse_deletion(subscription)
        return super().delete()

    delete.queryset_only = True  # type: ignore[attr-defined]

    def csp(self) -> Any:
        return self.filter(channel=Channel.CSP)

    def existing(self) -> Any:
        """Every observation of another channel, superseded and retracted ones too."""
        return self.exclude(channel=Channel.CSP)

    def current(self) -> Any:
        """CSP rows that are not deleted, and the newest word of every other channel."""
        newest = Q(superseded_by__isnull=True, retraction__isnull=True)
        return self.filter(
            Q(channel=Channel.CSP) & ~Q(status=SubscriptionStatus.DELETED)
            | ~Q(channel=Channel.CSP) & newest
        )

    def past(self) -> Any:
        """All that is not current: deleted, superseded or retracted."""
        older = Q(superseded_by__isnull=False) | Q(retraction__isnull=False)
        return self.filter(
            Q(channel=Channel.CSP, status=SubscriptionStatus.DELETED)
            | ~Q(channel=Channel.CSP) & older
        )

    def active(self) -> Any:
        """But for what time has ended, whether the clock has come by or not."""
        over = Q(auto_renews=False, commitment_ends_at__lte=clock.now())
        return self.filter(status=SubscriptionStatus.ACTIVE).exclude(over)

    def of_other_partners(self, partner: Partner) -> dict[str, int]:
        """How many CSP rows and seats of other partners there are: no more is told."""
        rows = self.csp().current().exclude(relationship__partner=partner)
        told = rows.aggregate(count=models.Count("pk"), seats=Sum("quantity"))
        return {"count": told["count"], "seats": told["seats"] or 0}

    def snapshot_existing(self) -> ExistingSnapshot:
        """What is found now of other channels; see `relationships.existing`."""
        from .snapshots import take_snapshot

        return take_snapshot(self.existing().current())


class CspSubscriptionManager(models.Manager.from_queryset(SubscriptionQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(channel=Channel.CSP)


class ExistingSubscriptionManager(models.Manager.from_queryset(SubscriptionQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        return super().get_queryset().exclude(channel=Channel.CSP)


class RetractionQuerySet(ScopedQuerySet):
    customer_field = "subscription__customer"

    def of_partner(self, partner: Partner) -> Q:
        """Of its customers now; whom a wrong row named as its Advisor sees none."""
        customers = partner.relationships.active().values("customer")
        return Q(subscription__customer__in=customers)


class HistoryQuerySet(ScopedQuerySet):
    partner_field = "subscription__relationship__partner"
    customer_field = "subscription__customer"


class RenewalDecisionQuerySet(HistoryQuerySet):
    def of_customer(self, customer: Customer) -> Q:
        """None: how a partner decides is its own matter."""
        return Q(pk__in=[])

    def timely(self) -> Any:
        """Those that a person can still give, or give otherwise."""
        sold = ResellerRelationship.objects.active().filter(
            partner=OuterRef("subscription__relationship__partner"),
            customer=OuterRef("subscription__customer"),
        )
        return self.filter(
            Exists(sold),
            subscription__status=SubscriptionStatus.ACTIVE,
            term__ends_at=F("subscription__commitment_ends_at"),
            term__ends_at__gt=clock.now(),
        )

    def unanswered(self) -> Any:
        return self.filter(answer="")


class OrderQuerySet(ScopedQuerySet):
    partner_field = "relationship__partner"


class OrderLineQuerySet(ScopedQuerySet):
    partner_field = "order__relationship__partner"
    customer_field = "order__customer"


class ImportQuerySet(ScopedQuerySet):
    """The operator's imports, and a tenant's own: no partner's."""

    def of_partner(self, partner: Partner) -> Q:
        return Q(pk__in=[])

    def of_customer(self, customer: Customer) -> Q:
        return Q(customer=customer, stated_by_customer=True)


class PorCaseQuerySet(ScopedQuerySet):
    """The operator's to decide; a tenant sees those of its own statements."""

    def of_partner(self, partner: Partner) -> Q:
        return Q(pk__in=[])

    def waiting(self) -> Any:
        return self.filter(outcome=PorCaseOutcome.WAITING)


class VerificationQuerySet(ScopedQuerySet):
    partner_field = "relationship__partner"
    customer_field = "relationship__customer"

    def different(self) -> Any:
        return self.filter(result=VerificationResult.DIFFERENT)
