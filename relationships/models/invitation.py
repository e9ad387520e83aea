from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, UUIDModel, choice_constraint

from .. import links
from ..actors import Actor
from ..enums import (
    INVITATION_TRANSITIONS,
    OPEN_STATUSES,
    InvitationStatus,
    InvitationVerb,
    SentHow,
    SignInHow,
    TenantRole,
)
from ..querysets import InvitationQuerySet, TenantSignInQuerySet
from ..validators import validate_domain
from .customer import Customer
from .partner import Partner


class Invitation(UUIDModel, RuledModel):
    """A partner's request for a reseller relationship, from draft to answer.

    Its status moves by the services alone, along INVITATION_TRANSITIONS. The link is
    derived from id and generation and never stored: texts hold a placeholder for it.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="invitations")
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=InvitationStatus,
        default=InvitationStatus.DRAFT,
        editable=False,
    )
    recipient_email = models.EmailField(_("recipient"), blank=True)
    customer_domain = models.CharField(
        _("customer domain"), max_length=253, blank=True, validators=[validate_domain]
    )
    customer_tenant_id = models.UUIDField(null=True, blank=True, editable=False)
    reference = models.CharField(_("your reference"), max_length=100, blank=True)
    language = models.CharField(_("language of the text"), max_length=10, default="en")
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("e-mail text"))
    expires_at = models.DateTimeField(_("expires at"))
    link_generation = models.PositiveSmallIntegerField(default=1, editable=False)
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invitations",
        verbose_name=_("customer"),
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    created_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invitations_created",
        verbose_name=_("requested by"),
    )
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    sent_how = models.CharField(max_length=20, choices=SentHow, blank=True)
    # Since it was last sent from here: how often, and when last.
    reminders_sent = models.PositiveSmallIntegerField(default=0, editable=False)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    signed_in_at = models.DateTimeField(_("signed in at"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invitations_accepted",
        verbose_name=_("accepted by"),
    )
    accepted_role = models.CharField(
        _("accepted in the role"), max_length=30, choices=TenantRole, blank=True
    )
    declined_at = models.DateTimeField(_("declined at"), null=True, blank=True)
    declined_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invitations_declined",
        verbose_name=_("declined by"),
    )
    decline_reason = models.TextField(_("reason"), blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invitations_withdrawn",
        verbose_name=_("withdrawn by"),
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at", "id"]
        constraints = [
            choice_constraint(
                "invitation_status_is_known", "status", InvitationStatus.values
            ),
            models.UniqueConstraint(
                "partner",
                Lower("recipient_email"),
                "customer_domain",
                condition=Q(status__in=OPEN_STATUSES) & ~Q(recipient_email=""),
                name="invitation_one_open_per_address_and_domain",
                violation_error_message=_(
                    "An invitation to this address is open already. Renew that one."
                ),
            ),
            models.UniqueConstraint(
                fields=["partner", "customer"],
                condition=Q(status__in=OPEN_STATUSES),
                name="invitation_one_open_per_customer",
                violation_error_message=_(
                    "An invitation to this customer is open already."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(status=InvitationStatus.ACCEPTED)
                | Q(
                    accepted_at__isnull=False,
                    accepted_by__isnull=False,
                    customer__isnull=False,
                ),
                name="invitation_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=InvitationStatus.DECLINED)
                | Q(
                    declined_at__isnull=False,
                    declined_by__isnull=False,
                    customer__isnull=False,
                ),
                name="invitation_declined_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(declined_at__isnull=True),
                name="invitation_answered_once",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-created_at"], name="invitation_newest"),
            models.Index(fields=["status", "expires_at"], name="invitation_expiry"),
        ]

    def __str__(self) -> str:
        return str(
            self.recipient_email
            or self.reference
            or self.customer_domain
            or self.customer
            or _("Invitation without an address")
        )

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        self.customer_domain = self.customer_domain.strip().lower()
        super().clean_fields(exclude)

    def get_absolute_url(self) -> str:
        return reverse("admin:relationships_invitation_change", args=[self.pk])

    @property
    def url(self) -> str:
        """The link that goes to the customer."""
        return links.invitation_url(self.pk, self.link_generation)

    @property
    def is_bound(self) -> bool:
        """Whether only one tenant may answer."""
        return bool(self.customer_domain or self.customer_tenant_id)

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= clock.now()

    @property
    def current_status(self) -> InvitationStatus:
        """The status as every reader sees it: past its expiry it is expired at once."""
        status = InvitationStatus(self.status)
        if status in OPEN_STATUSES and self.has_expired:
            return InvitationStatus.EXPIRED
        return status

    @property
    def is_open(self) -> bool:
        return self.current_status in OPEN_STATUSES

    def can(self, verb: InvitationVerb) -> bool:
        return verb in INVITATION_TRANSITIONS[self.current_status]

    def admits(self, customer: Customer) -> bool:
        """Whether this tenant is the invited one (any is, when unbound).

        A domain whose tenant is not known yet admits only the tenant with whom that
        domain is verified.
        """
        if self.customer_tenant_id is not None:
            return self.customer_tenant_id == customer.tenant_id
        if self.customer_domain:
            return self.customer_domain == customer.primary_domain
        return True

    def belongs_to(self, actor: Actor) -> bool:
        """Staff: of the partner that asks. Tenant: of one that may answer."""
        if actor.customer is not None:
            return self.admits(actor.customer)
        return actor.is_for(partner_id=self.partner_id)


class TenantSignIn(RuledModel):
    """A person of a tenant signed in to an invitation; written once, append-only."""

    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="sign_ins")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="sign_ins")
    user = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="tenant_sign_ins"
    )
    role = models.CharField(max_length=30, choices=TenantRole)
    how = models.CharField(max_length=20, choices=SignInHow)
    at = models.DateTimeField()

    objects = TenantSignInQuerySet.as_manager()

    class Meta:
        verbose_name = _("tenant sign-in")
        verbose_name_plural = _("tenant sign-ins")
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation", "customer", "user"],
                name="tenant_sign_in_told_once_per_person",
            ),
            choice_constraint(
                "tenant_sign_in_role_is_known", "role", TenantRole.values
            ),
            choice_constraint("tenant_sign_in_how_is_known", "how", SignInHow.values),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.customer}"
