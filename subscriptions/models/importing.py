"""An import of existing subscriptions: its file, what its rows mean, what it made."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import (
    RuledModel,
    RuledQuerySet,
    UUIDModel,
    choice_constraint,
)
from portal.jobs.models import WorkedOn
from relationships.actors import Actor
from relationships.models import Customer, Partner

from ..enums import (
    OTHER_CHANNELS,
    Channel,
    ImportState,
    PorCaseOutcome,
    RowOutcome,
)
from ..querysets import ImportQuerySet, PorCaseQuerySet
from .subscription import Subscription, partner_text


class Import(UUIDModel, RuledModel, WorkedOn):
    """One file of a channel's statements, from its upload to what it recorded.

    Written by `services.importing`. With a `customer`, every row is that one's. Its
    rows lie in the database, so that any worker can go on with it.
    """

    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="imports",
        verbose_name=_("customer"),
    )
    stated_by_customer = models.BooleanField(_("stated by the customer"), default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ImportState, default=ImportState.UPLOADED
    )
    file_name = models.CharField(_("file"), max_length=200)
    header = models.JSONField(_("header"), default=list)
    columns = models.JSONField(_("columns"), default=dict, blank=True)
    day_first = models.BooleanField(_("day first"), default=False)
    total = models.PositiveIntegerField(_("rows"), default=0)
    counts = models.JSONField(_("what came of them"), default=dict, blank=True)
    basis = models.CharField(max_length=64, blank=True, editable=False)
    leaves_out_refused = models.BooleanField(_("refused rows stay out"), default=False)
    changed_meanwhile = models.BooleanField(_("changed meanwhile"), default=False)
    created_at = models.DateTimeField(_("uploaded at"), default=clock.now)
    created_by = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="imports", verbose_name=_("by")
    )
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("recorded at"), null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]
        constraints = [
            choice_constraint(
                "import_channel_is_not_csp", "channel", list(OTHER_CHANNELS)
            ),
            choice_constraint("import_state_is_known", "state", ImportState.values),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("admin:subscriptions_import_change", args=[self.pk])

    def belongs_to(self, actor: Actor) -> bool:
        """The operator's, or of the tenant whose own statement it is."""
        own = self.customer_id if self.stated_by_customer else None
        return actor.is_for(customer_id=own)

    @property
    def is_over(self) -> bool:
        return self.state == ImportState.DONE

    @property
    def is_at_work(self) -> bool:
        return self.state in (ImportState.CHECKING, ImportState.RUNNING)

    def count(self, outcome: RowOutcome) -> int:
        return self.counts.get(outcome, 0)

    @property
    def refused(self) -> int:
        return self.count(RowOutcome.REFUSED)

    @property
    def to_record(self) -> int:
        return self.count(RowOutcome.NEW) + self.count(RowOutcome.SUPERSEDES)

    @property
    def outcomes(self) -> list[tuple[RowOutcome, int]]:
        return [(outcome, self.count(outcome)) for outcome in RowOutcome]

    @property
    def beside_others(self) -> int:
        """New rows without an id whose product has rows without an id already."""
        return self.rows.filter(outcome=RowOutcome.NEW).exclude(reason="").count()

    def unnamed(self) -> Any:
        """Current rows of the customers that the file names, which it does not name."""
        own = Exists(self.rows.filter(known=OuterRef("pk"))) | Exists(
            self.observations.filter(subscription=OuterRef("pk"))
        )
        customers = self.rows.exclude(customer=None).values("customer")
        rows: Any = Subscription.objects.existing().current()
        return rows.filter(~own, channel=self.channel, customer__in=customers)

    def retractable(self) -> Any:
        """What it recorded and is still the newest word: its observations."""
        rows: Any = Subscription.objects.existing().current()
        return rows.filter(imported__run=self)


class ImportChunk(models.Model):
    """Some of a file's rows as text: `[line, [cells]]` each."""

    run = models.ForeignKey(
        Import, models.CASCADE, related_name="chunks", db_index=False
    )
    number = models.PositiveIntegerField()
    rows = models.JSONField()

    class Meta:
        verbose_name = _("part of an import")
        verbose_name_plural = _("parts of an import")
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "number"], name="import_chunk_number_is_used_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id}, {self.number}"


class ImportRow(models.Model):
    """What one row of the file would do, or did; `known` is what it was compared with.

    `key` is the id elsewhere, the same for rows that name the same subscription. A row
    that would be recorded holds the whole observation, `observation` being its id: so
    the database makes one out of the other, and judges it then (here, constraints would
    be asked a second time). One that would be held back holds the case's `statement`.
    """

    run = models.ForeignKey(
        Import, models.CASCADE, related_name="rows", db_index=False, db_constraint=False
    )
    line = models.PositiveIntegerField(_("line"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=RowOutcome)
    reason = models.TextField(_("reason"), blank=True)
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    key = models.CharField(max_length=101, blank=True)
    known = models.ForeignKey(
        Subscription,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    observation = models.UUIDField(null=True, blank=True, editable=False)
    product_name = models.CharField(_("product"), max_length=200, blank=True)
    quantity = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, blank=True)
    term = models.CharField(_("term"), max_length=3, blank=True)
    billing_plan = models.CharField(_("billing plan"), max_length=10, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    commitment_ends_at = models.DateTimeField(
        _("commitment ends at"), null=True, blank=True
    )
    auto_renews = models.BooleanField(_("renews automatically"), null=True, blank=True)
    friendly_name = models.CharField(_("friendly name"), max_length=100, blank=True)
    partner_of_record = models.ForeignKey(
        Partner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    por_name = models.CharField(_("Partner of Record"), max_length=200, blank=True)
    por_mpn_id = models.CharField(_("its MPN ID"), max_length=20, blank=True)
    statement = models.JSONField(
        _("statement"), null=True, blank=True, encoder=DjangoJSONEncoder
    )

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of an import")
        ordering = ["run", "line"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "line"], name="import_row_line_is_used_once"
            ),
            choice_constraint(
                "import_row_outcome_is_known", "outcome", RowOutcome.values
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "outcome", "line"],
                condition=~models.Q(outcome=RowOutcome.NEW),
                name="import_row_to_look_at",
            ),
            models.Index(
                fields=["known"],
                condition=models.Q(known__isnull=False),
                name="import_row_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}, {self.line}"


class ImportedObservation(RuledModel):
    """An observation that an import recorded; append-only.

    Beside the observation and not in it: a guarded row never changes.
    """

    subscription = models.OneToOneField(
        Subscription, models.PROTECT, related_name="imported"
    )
    run = models.ForeignKey(Import, models.PROTECT, related_name="observations")

    objects = RuledQuerySet.as_manager()

    class Meta:
        verbose_name = _("imported observation")
        verbose_name_plural = _("imported observations")

    def __str__(self) -> str:
        return str(self.subscription_id)


class PorCase(RuledModel):
    """A statement that names another Partner of Record than the recorded one.

    Held back until the operator records it, with the customer's written word, or
    dismisses it. `observation` is what it was compared with, `statement` what it says.
    """

    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        related_name="por_cases",
        verbose_name=_("customer"),
    )
    observation = models.ForeignKey(
        Subscription,
        models.PROTECT,
        related_name="por_cases",
        verbose_name=_("recorded subscription"),
    )
    run = models.ForeignKey(
        Import, models.PROTECT, null=True, blank=True, related_name="por_cases"
    )
    por_name = models.CharField(
        _("Partner of Record, as stated"), max_length=200, blank=True
    )
    por_mpn_id = models.CharField(_("its MPN ID"), max_length=20, blank=True)
    statement = models.JSONField(_("statement"), encoder=DjangoJSONEncoder)
    stated_by_customer = models.BooleanField(_("stated by the customer"), default=False)
    outcome = models.CharField(
        _("outcome"),
        max_length=10,
        choices=PorCaseOutcome,
        default=PorCaseOutcome.WAITING,
    )
    opened_at = models.DateTimeField(_("opened at"), default=clock.now)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="por_cases_closed",
        verbose_name=_("closed by"),
    )
    reason = models.TextField(_("reason"), blank=True)

    objects = PorCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("Partner of Record case")
        verbose_name_plural = _("Partner of Record cases")
        ordering = ["-opened_at"]
        constraints = [
            choice_constraint(
                "por_case_outcome_is_known", "outcome", PorCaseOutcome.values
            ),
            models.UniqueConstraint(
                fields=["observation", "por_name", "por_mpn_id"],
                condition=models.Q(outcome=PorCaseOutcome.WAITING),
                name="por_case_one_waits_per_observation_and_partner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.observation}: {self.stated_text}"

    def get_absolute_url(self) -> str:
        return reverse("admin:subscriptions_porcase_change", args=[self.pk])

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_operator

    @property
    def stated_text(self) -> str:
        return partner_text(self.por_name, self.por_mpn_id)

    @property
    def is_open(self) -> bool:
        return self.outcome == PorCaseOutcome.WAITING
