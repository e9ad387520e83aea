"""Whatever happens to a CSP subscription, its history adds up."""

import itertools
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import ApprovalVerb, Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Approval, Partner
from relationships.services import approvals
from relationships.services.approvals import do_or_ask
from relationships.services.partners import correct_partner
from subscriptions.calendar import add_months
from subscriptions.enums import SUBSCRIPTION_TRANSITIONS, TERM_MONTHS
from subscriptions.models import ScheduledChange, Subscription
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle, renewals
from subscriptions.services.answers import what_happens

from .. import stories
from ..factories import OfferFactory
from ..relationships.support import NOON, unchanged

pytestmark = pytest.mark.django_db

VERBS = ["suspend", "reactivate", "cancel", "renew", "expire", "drop", "run"]
DECISIONS = ["approve", "refuse", "withdraw"]
ANSWERS = ["renew", "change", "end"]
SEATS_ALONE = 3  # that one person takes away in one step
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("seats"), st.integers(-20, 30)),
        st.tuples(st.just("schedule"), st.integers(1, 60)),
        st.tuples(st.sampled_from(VERBS), st.just(0)),
        st.tuples(st.just("decide"), st.integers(0, len(ANSWERS) - 1)),
        st.tuples(st.just("wants_two"), st.integers(0, 1)),
        st.tuples(st.sampled_from(DECISIONS), st.integers(0, SEATS_ALONE + 3)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 6, 8, 27, 40, 200])),
    ),
    max_size=12,
)
LEAP_DAY = NOON.replace(year=2028, month=2, day=29)
STARTS = st.sampled_from([NOON, NOON.replace(month=1, day=31), LEAP_DAY])
slowly = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(autouse=True)
def _few_alone(settings):
    settings.SEATS_WITHOUT_APPROVAL = SEATS_ALONE


class World:
    """A subscription for a month, which may become one for a year."""

    def __init__(self, moment):
        self.moment = moment
        with clock.at(moment):
            self.sales, admin = stories.staff(), stories.tenant()
            stories.relationship(self.sales, admin)
            self.monthly = OfferFactory(term="P1M", maximum_seats=None)
            self.yearly = OfferFactory(term="P1Y", maximum_seats=None)
            made = stories.csp_subscription(
                self.sales, admin.customer, self.monthly, quantity=20
            )
            self.colleague = stories.staff(self.sales.partner)
            self.operator = stories.operator()
            self.wants_two(None, 1)
        self.pk = made.pk

    @property
    def row(self):
        return Subscription.objects.get(pk=self.pk)

    def live(self, steps):
        for step, number in steps:
            self.moment += timedelta(days=number if step == "wait" else 0, seconds=1)
            with clock.at(self.moment):
                self.do(step, number)

    def do(self, step, number):
        """What is not allowed now is refused and changes nothing."""
        before = self.row
        try:
            with transaction.atomic():
                getattr(self, step)(self.row, number)
        except (TransitionNotAllowed, ValidationError):
            assert self.row.quantity == before.quantity
        if step in {"seats", "cancel"} and self.partner.needs_second_person:
            assert self.row.status == before.status or step == "seats"
            assert before.quantity - self.row.quantity <= SEATS_ALONE

    @property
    def partner(self):
        return Partner.objects.get(pk=self.sales.partner.pk)

    def wants_two(self, row, number):
        wanted = {"needs_second_person": bool(number)}
        correct_partner(self.partner, actor=self.operator, reason="Asked for", **wanted)

    def seats(self, row, number):
        seats = {"quantity": row.quantity + number, "shown": row.quantity}
        do_or_ask(ApprovalVerb.TAKE_SEATS, row, actor=self.sales, **seats)

    def schedule(self, row, number):
        offer = self.yearly if number % 2 else self.monthly
        lifecycle.schedule_change(row, actor=self.sales, quantity=number, offer=offer)

    def suspend(self, row, number):
        lifecycle.suspend(row, actor=self.sales)

    def reactivate(self, row, number):
        lifecycle.reactivate(row, actor=self.sales)

    def cancel(self, row, number):
        do_or_ask(ApprovalVerb.CANCEL, row, actor=self.sales)

    def approve(self, row, number):
        for approval in self.waiting(row, number):
            approvals.approve(approval, actor=self.colleague)

    def refuse(self, row, number):
        for approval in self.waiting(row, number):
            approvals.refuse(approval, actor=self.colleague, reason="No")

    def withdraw(self, row, number):
        for approval in self.waiting(row, number):
            approvals.withdraw(approval, actor=self.sales)

    def waiting(self, row, number):
        """Whatever was asked for by now; at least to take so many seats away."""
        if not Approval.objects.waiting().exists():
            self.seats(row, -number)
        return list(Approval.objects.waiting())

    def renew(self, row, number):
        lifecycle.set_auto_renew(row, actor=self.sales, auto_renews=True)

    def expire(self, row, number):
        lifecycle.set_auto_renew(row, actor=self.sales, auto_renews=False)

    def drop(self, row, number):
        lifecycle.drop_scheduled_change(row, actor=self.sales)

    def decide(self, row, number):
        """Whatever time has asked by now."""
        renewals.ask(digest=0)
        for decision in row.renewal_decisions.unanswered():
            renewals.decide(decision, actor=self.sales, answer=ANSWERS[number])

    def run(self, row, number):
        moving.run(actor=Actor.clock())

    def wait(self, row, number):
        """The moment has moved on."""

    def told(self):
        """Everything that is stored of it, without the ids of rows."""
        row = self.row
        names = ("operation", "at", "actor_role", "old_value", "new_value")
        return {
            "row": Subscription.objects.values().get(pk=self.pk),
            "terms": list(row.terms.values_list("number", "starts_at", "ends_at")),
            "seats": list(row.seat_entries.values_list("change", "at")),
            "statuses": list(row.status_entries.values_list("status", "at")),
            "log": list(ActivityRecord.objects.about(row).values_list(*names)),
            "scheduled": list(ScheduledChange.objects.values_list("quantity")),
            "approvals": list(Approval.objects.values_list("verb", "outcome")),
            "renewals": list(row.renewal_decisions.values_list("answer", "asked_at")),
        }


@contextmanager
def taken_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@given(STARTS, STEPS)
@example(NOON, [("cancel", 0), ("approve", 0)])
@example(NOON, [("approve", 5), ("refuse", 5), ("withdraw", 5), ("wants_two", 0)])
@slowly
def test_seats_terms_and_statuses_add_up_after_any_history(start, steps):
    with taken_back():
        world = World(start)
        world.live(steps)
        with clock.at(world.moment):
            moving.run(actor=Actor.clock())
        assert_seats_add_up(world.row)
        assert_terms_follow_each_other(world.row, world.moment)
        assert_statuses_are_in_the_table(world.row)
        assert_answers_hold(world.row)
        assert_second_persons_decided(world)


@given(STARTS, STEPS, st.integers(1, 400))
@slowly
def test_one_big_step_of_time_is_as_good_as_many_small_ones(start, steps, days):
    with taken_back():
        world = World(start)
        world.live(steps)
        later = world.moment + timedelta(days=days)
        with taken_back():
            for day in range(0, days, 7):
                with clock.at(world.moment + timedelta(days=day)):
                    moving.run(actor=Actor.clock())
            with clock.at(later):
                moving.run(actor=Actor.clock())
            step_by_step = world.told()
        with clock.at(later):
            moving.run(actor=Actor.clock())
            assert world.told() == step_by_step
            with unchanged():
                moving.run(actor=Actor.clock())


def assert_seats_add_up(row):
    entries = list(row.seat_entries.order_by("at", "pk"))
    sums = list(itertools.accumulate(entry.change for entry in entries))
    assert row.quantity == sums[-1]
    assert min(sums) > 0
    renewals = set(row.terms.values_list("starts_at", flat=True))
    for entry in entries:
        left = entry.change + sum(other.change for other in entry.reductions.all())
        assert entry.change < 0 or left >= 0
        if entry.reduces is not None and entry.at not in renewals:
            windows = row.terms.filter(starts_at__lte=entry.at)
            deadlines = [entry.reduces.reducible_until]
            deadlines += windows.values_list("reducible_until", flat=True)
            assert entry.at < max(deadlines)


def assert_terms_follow_each_other(row, moment):
    terms = list(row.terms.select_related("offer").order_by("number"))
    assert terms[0].starts_at == row.started_at
    assert terms[-1].ends_at == row.commitment_ends_at
    months = 0
    for number, term in enumerate(terms, start=1):
        months += TERM_MONTHS[term.offer.term]
        assert term.number == number
        assert term.ends_at == add_months(row.started_at, months)
    for before, after in itertools.pairwise(terms):
        assert before.ends_at == after.starts_at
    assert terms[-1].offer == row.offer
    renewals = ActivityRecord.objects.about(row).filter(
        operation=Operation.RENEW_SUBSCRIPTION
    )
    assert sorted(renewals.values_list("at", flat=True)) == [
        term.starts_at for term in terms[1:]
    ]
    if row.status in {"active", "suspended"}:  # nothing is overdue
        assert moment < row.commitment_ends_at


def assert_statuses_are_in_the_table(row):
    entries = list(row.status_entries.order_by("pk"))
    assert entries[0].status == "active"
    assert entries[-1].status == row.status
    moments = [entry.at for entry in entries]
    assert moments == sorted(moments)
    for before, after in itertools.pairwise(entries):
        assert after.status in SUBSCRIPTION_TRANSITIONS[before.status].values()
    renews = row.status == "active" and row.auto_renews
    assert renews or not row.auto_renews
    assert renews or not ScheduledChange.objects.filter(subscription=row).exists()


def assert_answers_hold(row):
    """What was answered for the term that runs is what happens at its end."""
    decision = row.renewal_decisions.filter(term__ends_at=row.commitment_ends_at)
    answer = decision.exclude(answer="").values_list("answer", flat=True).first()
    if answer and row.status == "active":
        assert answer == what_happens(row)


def assert_second_persons_decided(world):
    """Whatever was approved, and nothing that was not asked for."""
    about = ActivityRecord.objects.about(world.row)
    for approval in Approval.objects.exclude(decided_at=None):
        assert approval.decided_by == world.colleague.user != approval.asked_by
        assert approval.asked_at <= approval.decided_at < approval.expires_at
        done = about.filter(
            operation__in=[Operation.CANCEL, Operation.CHANGE_SEATS],
            actor=world.colleague.user,
            at=approval.decided_at,
        )
        assert done.exists() is (approval.outcome == "approved")
