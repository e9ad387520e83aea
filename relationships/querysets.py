"""Scopes. `visible_to` is the one place that decides whose rows an actor sees.

Partner staff sees a customer from the moment it signs in to one of their invitations;
its profile only while their relationship is active. The clock sees everything, a
visitor nothing.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Case as SqlCase
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value, When

from portal.foundation import clock
from portal.foundation.ruled import RuledQuerySet

from .enums import (
    INTERNAL_OPERATIONS,
    OPEN_STATUSES,
    TAKEN_EMAILS,
    ApprovalOutcome,
    InvitationStatus,
    SentHow,
)

if TYPE_CHECKING:
    from .actors import Actor
    from .models import Customer, Partner


class ScopedQuerySet(RuledQuerySet):
    """Rows of a partner (`partner`) and of a customer (`customer`), by field name."""

    partner_field = "partner"
    customer_field = "customer"

    def visible_to(self, actor: Actor) -> Any:
        if actor.partner is not None:
            return self.filter(self.of_partner(actor.partner))
        if actor.customer is not None:
            return self.filter(self.of_customer(actor.customer))
        return self if actor.is_for() else self.none()

    def of_partner(self, partner: Partner) -> Q:
        return Q(**{self.partner_field: partner})

    def of_customer(self, customer: Customer) -> Q:
        return Q(**{self.customer_field: customer})


class PartnerQuerySet(ScopedQuerySet):
    partner_field = "pk"

    def of_partner(self, partner: Partner) -> Q:
        return Q(pk=partner.pk)

    def of_customer(self, customer: Customer) -> Q:
        """A tenant sees the partners that it has or had."""
        return Q(pk__in=customer.relationships.values("partner"))

    def transacting(self) -> Any:
        return self.filter(is_csp_transacting=True)

    def advisors(self) -> Any:
        return self.filter(is_advisor=True)


class StaffMembershipQuerySet(ScopedQuerySet):
    def of_customer(self, customer: Customer) -> Q:
        return Q(pk__in=[])

    def current(self) -> Any:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))

    def expiring(self) -> Any:
        """Current ones that end soon."""
        soon = clock.now() + timedelta(days=settings.MEMBERSHIP_NOTICE_DAYS)
        return self.current().filter(expires_at__lte=soon)


class TenantMembershipQuerySet(ScopedQuerySet):
    def of_partner(self, partner: Partner) -> Q:
        return Q(pk__in=[])


class CustomerQuerySet(ScopedQuerySet):
    def of_partner(self, partner: Partner) -> Q:
        """Signed in to its invitation, related to it now or once, or advised by it."""
        signed_in = self.model.objects.filter(sign_ins__invitation__partner=partner)
        related = self.model.objects.filter(relationships__partner=partner)
        advised = self.model.objects.filter(
            subscriptions__partner_of_record=partner,
            subscriptions__retraction__isnull=True,
        )
        return (
            Q(pk__in=signed_in.values("pk"))
            | Q(pk__in=related.values("pk"))
            | Q(pk__in=advised.values("pk"))
        )

    def of_customer(self, customer: Customer) -> Q:
        return Q(pk=customer.pk)

    def with_domain(self, domain: str) -> Any:
        """Those whose domain it is, verified or as their partner stated it."""
        if not domain:
            return self.none()
        return self.filter(Q(primary_domain=domain) | Q(stated_domain=domain))

    def of_active_relationships(self, partner: Partner) -> Any:
        return self.filter(relationships__partner=partner, relationships__ended_at=None)

    def profile_visible_to(self, actor: Actor) -> Any:
        """Those whose domain, country and contact this actor may read."""
        if actor.partner is None:
            return self.visible_to(actor)
        return self.of_active_relationships(actor.partner)

    def with_relationship(self, actor: Actor) -> Any:
        """Annotate `is_related` and `was_related`: to the actor's partner, or any."""
        relationships = self.model.relationships.rel.related_model.objects.filter(
            customer=OuterRef("pk")
        )
        if actor.partner is not None:
            relationships = relationships.filter(partner=actor.partner)
        return self.annotate(
            is_related=Exists(relationships.filter(ended_at=None)),
            was_related=Exists(relationships.exclude(ended_at=None)),
        )

    def search(self, term: str, actor: Actor) -> Any:
        """By name and tenant id; by domain only where the actor may read it."""
        term = term.strip()
        by_domain = self.model.objects.profile_visible_to(actor).filter(
            Q(primary_domain__icontains=term) | Q(stated_domain__icontains=term)
        )
        found = Q(company_name__icontains=term) | Q(pk__in=by_domain.values("pk"))
        digits = term.replace("-", "").lower()
        if len(digits) >= 4 and set(digits) <= set("0123456789abcdef"):
            found |= _uuid_starts_with("tenant_id", digits)
        return self.filter(found)


def _uuid_starts_with(field: str, digits: str) -> Q:
    """A range of UUIDs, so that the index serves on both databases."""
    if len(digits) > 32:
        return Q(pk__in=[])
    first, last = digits.ljust(32, "0"), digits.ljust(32, "f")
    return Q(**{f"{field}__range": (uuid.UUID(first), uuid.UUID(last))})


class CustomerAgreementQuerySet(ScopedQuerySet):
    def of_partner(self, partner: Partner) -> Q:
        """Own attestations, and those made during an own relationship.

        None with another partner shows.
        """
        during = partner.relationships.filter(
            Q(ended_at=None) | Q(ended_at__gt=OuterRef("accepted_at")),
            customer=OuterRef("customer"),
            established_at__lte=OuterRef("accepted_at"),
        )
        return Q(Exists(during)) | Q(attested_for=partner)


# When an invitation that nobody moves on is worth a word.
EXPIRES_SOON = timedelta(days=7)
UNSENT = timedelta(days=2)
UNOPENED = timedelta(days=7)
UNANSWERED = timedelta(days=3)


class InvitationQuerySet(ScopedQuerySet):
    def open(self) -> Any:
        return self.filter(status__in=OPEN_STATUSES, expires_at__gt=clock.now())

    def expiring_soon(self) -> Any:
        """Sent to somebody, and about to expire without an answer."""
        soon = clock.now() + EXPIRES_SOON
        return (
            self.open()
            .exclude(status=InvitationStatus.DRAFT)
            .filter(expires_at__lte=soon)
        )

    def unsent(self) -> Any:
        long_ago = clock.now() - UNSENT
        drafts = self.open().filter(status=InvitationStatus.DRAFT)
        return drafts.filter(created_at__lte=long_ago)

    def unopened(self) -> Any:
        long_ago = clock.now() - UNOPENED
        sent = self.open().filter(status=InvitationStatus.SENT)
        return sent.filter(sent_at__lte=long_ago)

    def unanswered(self) -> Any:
        """Somebody signed in, and neither accepted nor declined."""
        long_ago = clock.now() - UNANSWERED
        read = self.open().filter(status=InvitationStatus.SIGNED_IN)
        return read.filter(signed_in_at__lte=long_ago)

    def overdue(self) -> Any:
        """Stored as open, but past the expiry: the clock has not come by yet."""
        return self.filter(status__in=OPEN_STATUSES, expires_at__lte=clock.now())

    def with_current_status(self) -> Any:
        """Annotate `status_now`, the status as every reader sees it."""
        overdue = Q(status__in=OPEN_STATUSES, expires_at__lte=clock.now())
        return self.annotate(
            status_now=SqlCase(
                When(overdue, then=Value(str(InvitationStatus.EXPIRED))),
                default=F("status"),
                output_field=models.CharField(),
            )
        )

    def with_delivery(self) -> Any:
        """Annotate `delivery`: how the newest e-mail to the recipient fared."""
        return self.annotate(delivery=_newest_email(self.model, "", "status"))

    def delivered(self, status: str) -> Any:
        """Those of which `delivery` is this, found from the e-mails."""
        emails = self.model.emails.rel.related_model.objects
        newer = emails.filter(
            invitation=OuterRef("invitation"),
            recipient=OuterRef("recipient"),
            pk__gt=OuterRef("pk"),
        )
        newest = emails.filter(
            ~Exists(newer),
            status=status,
            invitation=OuterRef("pk"),
            recipient=OuterRef("recipient_email"),
        )
        return self.filter(Exists(newest))

    def written_to(self) -> Any:
        """Open ones that the portal itself has sent, and the mail server took."""
        emails = self.model.emails.rel.related_model.objects.filter(
            invitation=OuterRef("pk"),
            recipient=OuterRef("recipient_email"),
            status__in=TAKEN_EMAILS,
        )
        return self.open().filter(Exists(emails), sent_how=SentHow.PORTAL)

    def due_for_reminder(self) -> Any:
        now, due = clock.now(), Q(pk__in=[])
        for number, days in enumerate(settings.REMINDER_DAYS):
            moment = now - timedelta(days=days)
            due |= Q(reminders_sent=number, sent_at__lte=moment)
        return self.written_to().filter(due)


class TenantSignInQuerySet(ScopedQuerySet):
    partner_field = "invitation__partner"


class ResellerRelationshipQuerySet(ScopedQuerySet):
    def active(self) -> Any:
        return self.filter(ended_at=None)


def kind_of(resource: models.Model) -> str:
    """What the log calls an object's kind, whichever proxy stands for it."""
    model = resource._meta.concrete_model or type(resource)
    return model._meta.model_name or ""


def model_of(kind: str) -> type[models.Model] | None:
    """The other way round; None for what the log tells of and there is no more."""
    return next(
        (each for each in apps.get_models() if each._meta.model_name == kind), None
    )


class InvitationTemplateQuerySet(ScopedQuerySet):
    def of_customer(self, customer: Customer) -> Q:
        return Q(pk__in=[])


class ActivityRecordQuerySet(ScopedQuerySet):
    def of_customer(self, customer: Customer) -> Q:
        """All but what its partner only thinks about."""
        return Q(customer=customer) & ~Q(operation__in=INTERNAL_OPERATIONS)

    def about(self, resource: models.Model) -> Any:
        """The history of one object, newest first."""
        return self.filter(
            resource_type=kind_of(resource), resource_id=str(resource.pk)
        )


class CaseQuerySet(ScopedQuerySet):
    def open(self) -> Any:
        return self.filter(closed_at=None)


class ApprovalQuerySet(ScopedQuerySet):
    def of_customer(self, customer: Customer) -> Q:
        """None: how a partner decides is its own matter."""
        return Q(pk__in=[])

    def waiting(self) -> Any:
        return self.filter(outcome=ApprovalOutcome.WAITING, expires_at__gt=clock.now())


def _newest_email(model: Any, invitation: str, column: str) -> Subquery:
    """Of the newest e-mail to an invitation's own recipient."""
    emails = model.emails.rel.related_model.objects.filter(
        invitation=OuterRef(f"{invitation}pk"),
        recipient=OuterRef(f"{invitation}recipient_email"),
    )
    return Subquery(emails.order_by("-pk").values(column)[:1])


class OutgoingEmailQuerySet(ScopedQuerySet):
    def of_partner(self, partner: Partner) -> Q:
        """To whom it has invited; others' addresses are not its own matter."""
        return Q(
            invitation__partner=partner, recipient=F("invitation__recipient_email")
        )

    def of_customer(self, customer: Customer) -> Q:
        """None: the same invitation may have been written to somebody else."""
        return Q(pk__in=[])


class NoticeQuerySet(ScopedQuerySet):
    """Somebody's own, and only those of the office that it acts for."""

    def visible_to(self, actor: Actor) -> Any:
        if actor.user is None:
            return self.none()
        return self.filter(
            recipient=actor.user, partner=actor.partner, customer=actor.customer
        )

    def unread(self) -> Any:
        return self.filter(read_at=None)


class WebhookEndpointQuerySet(ScopedQuerySet):
    def of_customer(self, customer: Customer) -> Q:
        """None: it is the partner's own matter."""
        return Q(pk__in=[])

    def listening(self, partner_ids: set[Any]) -> Any:
        return self.filter(partner_id__in=partner_ids, is_active=True)


class WebhookDeliveryQuerySet(ScopedQuerySet):
    partner_field = "endpoint__partner"

    def of_customer(self, customer: Customer) -> Q:
        return Q(pk__in=[])


class InvitationBatchQuerySet(ScopedQuerySet):
    def of_customer(self, customer: Customer) -> Q:
        """None: the list names others."""
        return Q(pk__in=[])

    def with_counts(self) -> Any:
        """Annotate `total`, and `waiting` of it."""
        waits = Q(rows__invitation=None, rows__problem="")
        return self.annotate(total=Count("rows"), waiting=Count("rows", filter=waits))


class BatchRowQuerySet(RuledQuerySet):
    def with_delivery(self) -> Any:
        """Annotate `delivery` and `answer`: how the newest e-mail fared, and why."""
        model = self.model.invitation.field.related_model
        return self.annotate(
            delivery=_newest_email(model, "invitation__", "status"),
            answer=_newest_email(model, "invitation__", "error"),
        )

    def waiting(self) -> Any:
        return self.filter(invitation=None, problem="")
