import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.foundation import clock
from portal.jobs.models import Job
from relationships.actors import Actor
from relationships.enums import InvitationStatus, Operation
from relationships.models import ActivityRecord
from relationships.services.relationships import end_relationship
from subscriptions.jobs import run_clock
from subscriptions.models import Offer, Subscription
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle
from subscriptions.services.catalogue import import_catalogue

from .. import stories
from ..factories import OfferFactory
from ..relationships.support import DAY, NOON, unchanged

pytestmark = pytest.mark.django_db


def subscribe(sales, moment=NOON, **offer):
    with clock.at(moment):
        admin = stories.tenant()
        stories.relationship(sales, admin, expires_at=moment + DAY)
        return stories.csp_subscription(sales, admin.customer, OfferFactory(**offer))


def suspend(subscription, sales, moment=NOON):
    with clock.at(moment):
        lifecycle.suspend(subscription, actor=sales)


def stop_renewing(subscription, sales, moment=NOON):
    with clock.at(moment):
        lifecycle.suspend(subscription, actor=sales)
        lifecycle.reactivate(subscription, actor=sales)


def run(moment):
    with clock.at(moment):
        return moving.run(actor=Actor.clock())


def stored(subscription):
    return Subscription.objects.get(pk=subscription.pk)


def statuses(subscription):
    return list(subscription.status_entries.order_by("pk").values_list("status", "at"))


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_renewal_takes_the_price_of_its_day(sales):
    subscription = subscribe(sales, term="P1Y", unit_price="10.00")
    old = subscription.offer
    Offer.objects.update(is_available=False)
    new = OfferFactory(product=old.product, unit_price="12.50")
    end = subscription.commitment_ends_at
    assert run(end) == {"invitations": 0, "subscriptions": 1}
    renewed = stored(subscription)
    assert renewed.offer == new
    assert renewed.status == "active"
    assert renewed.quantity == 5
    assert renewed.commitment_ends_at == NOON.replace(year=2028)
    first, second = subscription.terms.all()
    assert (first.offer, first.unit_price) == (old, Decimal("10.00"))
    assert (second.offer, second.unit_price) == (new, Decimal("12.50"))
    assert (second.number, second.starts_at) == (2, first.ends_at)


def new_prices(moment, price):
    head = "ProductId,SkuId,SkuTitle,Currency,P1Y_AnnualPrice,P1Y_MonthlyPrice,"
    head += "P1M_MonthlyPrice,MaxSeats"
    with clock.at(moment):
        import_catalogue([head, f"CFQ7,0001,Office,USD,,,{price},300"])


def test_late_renewals_take_the_price_of_the_day_at_which_each_was_due(sales):
    new_prices(NOON - DAY, "7.20")
    old = Offer.objects.get()
    with clock.at(NOON):
        admin = stories.tenant()
        stories.relationship(sales, admin)
        subscription = stories.csp_subscription(sales, admin.customer, old)
    new_prices(NOON.replace(month=5, day=20), "8.00")
    new_prices(NOON.replace(month=7), "9.10")
    run(NOON.replace(month=7, day=30))
    prices = [str(term.unit_price) for term in subscription.terms.all()]
    assert prices == ["7.20", "7.20", "7.20", "8.00", "9.10"]
    newest = Offer.objects.available().get()
    assert stored(subscription).offer == newest


def test_days_of_sale_follow_each_other_when_prices_change():
    new_prices(NOON, "7.20")
    new_prices(NOON + DAY, "8.00")
    first, second = Offer.objects.order_by("pk")
    assert (first.sold_from, first.sold_until) == (NOON, NOON + DAY)
    assert (second.sold_from, second.sold_until) == (NOON + DAY, None)
    assert not first.was_sold_at(NOON - DAY)
    assert first.was_sold_at(NOON)
    assert not first.was_sold_at(NOON + DAY)
    assert second.was_sold_at(NOON + DAY)


def test_offer_has_no_last_day_when_it_is_sold_again():
    with clock.at(NOON):
        offer = OfferFactory(is_available=False)
    assert offer.sold_until == NOON
    offer.is_available = True
    offer.save()
    offer.refresh_from_db()
    assert offer.sold_until is None


def test_renewal_keeps_the_old_price_when_the_offer_is_sold_no_more(sales):
    subscription = subscribe(sales)
    Offer.objects.update(is_available=False)
    OfferFactory(product=subscription.offer.product, term="P1M")
    OfferFactory(product=subscription.offer.product, currency="EUR")
    run(subscription.commitment_ends_at)
    assert stored(subscription).offer == subscription.offer
    assert subscription.terms.count() == 2


def test_renewal_is_told_as_the_clocks_at_its_moment(sales):
    subscription = subscribe(sales)
    run(subscription.commitment_ends_at + 3 * DAY)
    record = ActivityRecord.objects.about(subscription).first()
    assert record.operation == Operation.RENEW_SUBSCRIPTION
    assert record.at == subscription.commitment_ends_at
    assert (record.actor, record.actor_role) == (None, "clock")
    assert record.partner == sales.partner
    offer = subscription.offer.pk
    assert record.old_value == {"offer": offer, "quantity": 5}
    assert record.new_value == {"term": 2, "offer": offer, "quantity": 5}


def test_monthly_terms_end_on_the_months_last_day(sales):
    subscription = subscribe(sales, day("2026-01-31"), term="P1M")
    run(day("2026-04-30"))
    ends = [term.ends_at for term in subscription.terms.all()]
    assert ends == [
        day("2026-02-28"),
        day("2026-03-31"),
        day("2026-04-30"),
        day("2026-05-31"),
    ]


def test_yearly_terms_come_back_to_the_leap_day(sales):
    subscription = subscribe(sales, day("2024-02-29"), term="P1Y")
    run(day("2028-02-28"))
    ends = [term.ends_at for term in subscription.terms.all()]
    assert ends == [day(f"{y}-02-28") for y in (2025, 2026, 2027)] + [day("2028-02-29")]


def test_one_that_does_not_renew_expires_is_disabled_and_deleted(sales):
    subscription = subscribe(sales)
    stop_renewing(subscription, sales)
    end = subscription.commitment_ends_at
    assert run(end)["subscriptions"] == 1
    assert run(end + 29 * DAY)["subscriptions"] == 0
    assert run(end + 30 * DAY)["subscriptions"] == 1
    assert run(end + 119 * DAY)["subscriptions"] == 0
    assert run(end + 120 * DAY)["subscriptions"] == 1
    assert statuses(subscription)[3:] == [
        ("expired", end),
        ("disabled", end + 30 * DAY),
        ("deleted", end + 120 * DAY),
    ]
    assert stored(subscription).quantity == 5


def test_suspended_one_is_disabled_at_its_terms_end_and_deleted_later(sales):
    subscription = subscribe(sales)
    suspend(subscription, sales)
    end = subscription.commitment_ends_at
    assert run(end - timedelta(microseconds=1))["subscriptions"] == 0
    assert run(end)["subscriptions"] == 1
    assert run(end + 119 * DAY)["subscriptions"] == 0
    assert run(end + 120 * DAY)["subscriptions"] == 1
    assert statuses(subscription)[2:] == [
        ("disabled", end),
        ("deleted", end + 120 * DAY),
    ]


def test_day_counts_are_settings(sales, settings):
    settings.EXPIRED_DAYS, settings.DISABLED_DAYS = 1, 2
    settings.DISABLED_DAYS_AFTER_SUSPENSION = 3
    stopped, suspended = subscribe(sales), subscribe(sales)
    stop_renewing(stopped, sales)
    suspend(suspended, sales)
    end = stopped.commitment_ends_at
    run(end + 5 * DAY)
    assert statuses(stopped)[-2:] == [
        ("disabled", end + DAY),
        ("deleted", end + 3 * DAY),
    ]
    assert statuses(suspended)[-1] == ("deleted", end + 3 * DAY)


def test_late_clock_makes_every_move_at_its_own_moment_and_in_order(sales):
    monthly = subscribe(sales, term="P1M")
    stopped = subscribe(sales, term="P1M")
    stop_renewing(stopped, sales)
    moved = run(NOON + 210 * DAY)
    assert moved["subscriptions"] == 6 + 3
    terms = list(monthly.terms.all())
    assert [term.number for term in terms] == list(range(1, 8))
    assert terms[-1].ends_at == NOON.replace(month=10)
    assert all(a.ends_at == b.starts_at for a, b in itertools.pairwise(terms))
    moments = [at for _, at in statuses(stopped)]
    end = NOON.replace(month=4)
    assert moments == [NOON] * 3 + [end, end + 30 * DAY, end + 120 * DAY]
    records = ActivityRecord.objects.about(stopped).order_by("pk")
    assert [record.at for record in records][-3:] == moments[-3:]


def test_second_run_changes_nothing(sales):
    subscribe(sales)
    run(NOON + 800 * DAY)
    with unchanged():
        assert run(NOON + 800 * DAY) == {"invitations": 0, "subscriptions": 0}


def test_deleted_one_is_left_for_good(sales):
    subscription = subscribe(sales)
    suspend(subscription, sales)
    run(NOON + 800 * DAY)
    assert stored(subscription).status == "deleted"
    with unchanged():
        run(NOON + 8000 * DAY)


def test_time_moves_a_suspended_one_of_an_ended_relationship(sales):
    subscription = subscribe(sales)
    suspend(subscription, sales)
    agent = stories.staff(sales.partner, "admin_agent")
    with clock.at(NOON):
        end_relationship(subscription.relationship, actor=agent, reason="x")
    end = subscription.commitment_ends_at
    run(end + 200 * DAY)
    assert statuses(subscription)[2:] == [
        ("disabled", end),
        ("deleted", end + 120 * DAY),
    ]


def test_existing_subscriptions_are_nothing_that_time_moves():
    with clock.at(NOON):
        existing = stories.observation(
            stories.tenant().customer,
            commitment_ends_at=NOON + DAY,
            auto_renews=True,
        )
    with unchanged():
        run(NOON + 800 * DAY)
    assert stored(existing).status == "active"


def test_clock_expires_invitations_once(sales):
    with clock.at(NOON):
        due = stories.sent_invitation(sales, expires_at=NOON + DAY)
        later = stories.sent_invitation(sales, expires_at=NOON + 2 * DAY)
    assert run(NOON + DAY) == {"invitations": 1, "subscriptions": 0}
    assert run(NOON + DAY) == {"invitations": 0, "subscriptions": 0}
    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.status, later.status) == (
        InvitationStatus.EXPIRED,
        InvitationStatus.SENT,
    )
    record = ActivityRecord.objects.about(due).first()
    assert (record.operation, record.actor_role) == ("expire_invitation", "clock")
    assert record.at == NOON + DAY
    assert record.old_value == {"status": "sent"}


def test_late_clock_expires_invitations_as_of_their_moment(sales):
    with clock.at(NOON):
        due = stories.sent_invitation(sales, expires_at=NOON + DAY)
    run(NOON + 200 * DAY)
    assert ActivityRecord.objects.about(due).first().at == NOON + DAY


@pytest.mark.parametrize("size", [1, 2, 100])
def test_batches_of_any_size_move_the_same(sales, settings, size):
    settings.CLOCK_BATCH = size
    rows = [subscribe(sales, term="P1M") for _number in range(3)]
    with clock.at(NOON):
        for _number in range(3):
            stories.sent_invitation(sales, expires_at=NOON + DAY)
    moved = run(NOON.replace(month=6))
    assert moved == {"invitations": 3, "subscriptions": 9}
    assert [row.terms.count() for row in rows] == [4, 4, 4]


def test_moves_of_several_are_told_in_the_order_of_their_moments(sales):
    with clock.at(NOON):
        admin = stories.tenant()
        stories.relationship(sales, admin, expires_at=NOON + DAY)
    for start in (NOON, NOON + 10 * DAY):
        with clock.at(start):
            stories.csp_subscription(sales, admin.customer, OfferFactory(term="P1M"))
    run(NOON + 200 * DAY)
    renewals = ActivityRecord.objects.filter(operation=Operation.RENEW_SUBSCRIPTION)
    moments = list(renewals.order_by("pk").values_list("at", flat=True))
    assert len(moments) == 6 + 6
    assert moments == sorted(moments)


def test_batch_leaves_nothing_half_done_when_it_fails(sales, settings):
    subscription = subscribe(sales)
    settings.REDUCTION_WINDOW_DAYS = None
    with unchanged(), pytest.raises(moving.NotMoved) as caught:
        run(subscription.commitment_ends_at)
    (reason,) = caught.value.reasons
    assert reason.startswith(f"{subscription.pk}: TypeError: ")


@pytest.fixture
def stuck(sales):
    """Its next term would end after the calendar does."""
    with clock.at(LAST_YEARS):
        admin = stories.tenant()
        stories.relationship(sales, admin)
        return stories.csp_subscription(sales, admin.customer, OfferFactory(term="P3Y"))


LAST_YEARS = NOON.replace(year=9996)


@pytest.mark.parametrize("size", [1, 100])
def test_others_move_when_one_row_cannot(sales, stuck, settings, caplog, size):
    settings.CLOCK_BATCH = size
    others = [subscribe(sales, LAST_YEARS + DAY, term="P1Y") for _number in range(2)]
    with clock.at(LAST_YEARS + DAY):
        invitation = stories.sent_invitation(sales, expires_at=LAST_YEARS + 2 * DAY)
    with pytest.raises(moving.NotMoved, match="1 subscription could not be moved"):
        run(stuck.commitment_ends_at)
    assert [row.terms.count() for row in others] == [3, 3]
    assert stored(stuck).commitment_ends_at == stuck.commitment_ends_at
    assert stuck.terms.count() == stuck.status_entries.count() == 1
    invitation.refresh_from_db()
    assert invitation.status == InvitationStatus.EXPIRED
    assert f"Subscription {stuck.pk} could not be moved" in caplog.text


def test_operator_finds_what_could_not_be_moved_among_the_failed_jobs(
    stuck, django_capture_on_commit_callbacks
):
    with (
        clock.at(stuck.commitment_ends_at),
        django_capture_on_commit_callbacks(execute=True),
    ):
        run_clock.enqueue()
    job = Job.objects.get(task_path=run_clock.module_path)
    assert (job.has_failed, job.attempt) == (True, 1)
    assert str(stuck.pk) in job.reason
    assert "year 10002 is out of range" in job.reason


def test_command_fails_with_what_could_not_be_moved(stuck):
    with (
        clock.at(stuck.commitment_ends_at),
        pytest.raises(CommandError, match=str(stuck.pk)),
    ):
        call_command("run_clock")


@pytest.mark.parametrize("count", [2, 12])
def test_queries_are_as_many_for_many_as_for_few(sales, settings, count):
    settings.CLOCK_BATCH = 100
    rows = [subscribe(sales) for _number in range(count)]
    suspend(rows[0], sales)
    with CaptureQueriesContext(connection) as captured:
        assert run(rows[-1].commitment_ends_at)["subscriptions"] == count
    told = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(told) <= 20
