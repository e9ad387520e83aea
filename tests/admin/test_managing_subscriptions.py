"""The page of a CSP subscription: what can be done now, and if not, from when."""

from datetime import timedelta
from typing import Any

import pytest

from portal.foundation import clock
from relationships.services.relationships import end_relationship
from subscriptions.models import CspSubscription, Offer, ScheduledChange
from subscriptions.services import lifecycle

from .. import stories
from ..factories import OfferFactory, ProductFactory
from .office import desk, everything, messages, text, url

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def staff():
    return stories.staff(role="sales_agent")


@pytest.fixture
def client(staff):
    return desk(staff)


@pytest.fixture
def row(staff) -> CspSubscription:
    admin = stories.tenant()
    stories.relationship(staff, admin)
    product = ProductFactory(title="Mail")
    bought = stories.csp_subscription(
        staff, admin.customer, OfferFactory(product=product)
    )
    return CspSubscription.objects.get(pk=bought.pk)


def buttons(client: Any, row: CspSubscription) -> dict[str, Any]:
    page = client.get(url(row))
    return {b.transition.name: b.possibility for b in page.context["buttons"]}


def test_page_offers_what_is_possible_and_says_why_not(client, row):
    found = buttons(client, row)
    closed = {name for name, possibility in found.items() if not possibility.is_allowed}
    assert closed == {"reactivate", "renew-on", "unschedule"}
    page = text(client.get(url(row)))
    assert "No change is scheduled." in page
    assert 'aria-describedby="why-reactivate"' in page
    assert '<a class="btn danger" href="../cancel/">' in page


def test_page_names_the_date_from_which_it_is_possible_again(client, row):
    with clock.at(row.started_at + 8 * DAY):
        page = client.get(url(row))
        found = buttons(client, row)
    assert found["cancel"].since == row.commitment_ends_at
    assert "seats can go within 7 days" in text(page)
    assert "Possible again from" in text(page)
    assert page.context["reducible"] == []


def test_page_shows_which_seats_can_go_until_when(client, row, staff):
    with clock.at(row.started_at + DAY):
        lifecycle.change_seats(row, actor=staff, quantity=8, shown=5)
        page = client.get(url(row))
    found = [(each.seats, each.until) for each in page.context["reducible"]]
    start = row.started_at
    assert found == [(3, start + 8 * DAY), (5, start + 7 * DAY)]
    assert "3 can be taken away until" in text(page)


def test_page_tells_terms_and_statuses(client, row, staff):
    lifecycle.suspend(row, actor=staff)
    page = client.get(url(row))
    assert [term.number for term in page.context["terms"]] == [1]
    statuses = [entry.status for entry in page.context["statuses"]]
    assert statuses == ["suspended", "active"]
    assert "USD 10.00" in text(page)
    assert "Disabled on" in text(page)
    viewer = desk(stories.staff(staff.partner, "report_viewer"))
    page = viewer.get(url(row))
    assert page.context["buttons"] == []
    assert "USD 10.00" not in text(page)


def test_helpdesk_gets_the_name_only(staff, row):
    helpdesk = desk(stories.staff(staff.partner, "helpdesk_agent"))
    assert list(buttons(helpdesk, row)) == ["rename"]


def test_former_partner_reads_why_nothing_is_possible(client, row, staff):
    lifecycle.suspend(row, actor=staff)
    agent = stories.staff(staff.partner, "admin_agent")
    end_relationship(row.customer.active_relationship, actor=agent, reason="x")
    found = buttons(client, row)
    assert not any(possibility.is_allowed for possibility in found.values())
    assert "only while its partner has an active" in found["suspend"].reason


class TestSeats:
    def test_are_taken_away_within_the_window(self, client, row):
        page = client.get(url(row, "seats"))
        assert "5 of them can go until" in text(page)
        data = {"quantity": "3", "shown": "5"}
        answer = client.post(url(row, "seats"), data, follow=True)
        assert messages(answer) == ["Seats changed: Mail."]
        row.refresh_from_db()
        assert row.quantity == 3

    def test_are_refused_after_the_window_and_scheduling_is_offered(self, client, row):
        before = everything()
        with clock.at(row.started_at + 7 * DAY):
            for page in (
                client.get(url(row, "seats")),
                client.post(url(row, "seats"), {"quantity": "3", "shown": "5"}),
            ):
                assert "No seat can be taken away now" in text(page)
                assert f'href="{url(row, "schedule")}"' in text(page)
        assert everything() == before

    def test_are_not_offered_for_scheduling_when_nothing_renews(
        self, client, row, staff
    ):
        lifecycle.set_auto_renew(row, actor=staff, auto_renews=False)
        with clock.at(row.started_at + 7 * DAY):
            page = text(client.get(url(row, "seats")))
        assert "No seat can be taken away now" in page
        assert url(row, "schedule") not in page

    def test_say_that_a_scheduled_change_is_dropped(self, client, row, staff):
        sentence = "What is scheduled for the renewal is dropped"
        assert sentence not in text(client.get(url(row, "seats")))
        lifecycle.schedule_change(row, actor=staff, quantity=2, offer=row.offer)
        assert f"{sentence}: 2 ×" in text(client.get(url(row, "seats")))
        with clock.at(row.started_at + 7 * DAY):
            data = {"quantity": "3", "shown": "5"}
            assert sentence in text(client.post(url(row, "seats"), data))


class TestSchedule:
    def test_shows_what_is_now_then_what_is_scheduled(self, client, row, staff):
        form = client.get(url(row, "schedule")).context["form"]
        assert form["quantity"].initial == 5
        assert form["offer"].initial == row.offer_id
        lifecycle.schedule_change(row, actor=staff, quantity=2, offer=row.offer)
        form = client.get(url(row, "schedule")).context["form"]
        assert form["quantity"].initial == 2

    def test_offers_what_is_sold_in_the_currency_and_what_it_is(self, client, row):
        sold = OfferFactory()
        OfferFactory(currency="EUR")
        OfferFactory(is_available=False)
        Offer.objects.filter(pk=row.offer_id).update(is_available=False)
        form = client.get(url(row, "schedule")).context["form"]
        assert set(form.fields["offer"].queryset) == {sold, row.offer}

    def test_is_kept_shown_and_dropped(self, client, row):
        data = {"quantity": "2", "offer": row.offer_id}
        answer = client.post(url(row, "schedule"), data, follow=True)
        assert messages(answer) == ["The change is scheduled: Mail."]
        assert "with a scheduled change" in text(answer)
        assert "then with 2 seats of Mail" in text(client.get(url(row)))
        answer = client.post(url(row, "unschedule"), follow=True)
        assert messages(answer) == ["No change is scheduled any more: Mail."]
        assert not ScheduledChange.objects.exists()

    @pytest.mark.parametrize(
        ("quantity", "field"), [("301", "quantity"), ("5", "__all__"), ("", "quantity")]
    )
    def test_refusals_stand_beside_their_field(self, client, row, quantity, field):
        before = everything()
        data = {"quantity": quantity, "offer": row.offer_id}
        page = client.post(url(row, "schedule"), data)
        assert list(page.context["form"].errors) == [field]
        assert everything() == before

    def test_forged_offer_is_refused(self, client, row):
        before = everything()
        euros = OfferFactory(currency="EUR")
        before = everything()
        page = client.post(url(row, "schedule"), {"quantity": "2", "offer": euros.pk})
        assert list(page.context["form"].errors) == ["offer"]
        assert everything() == before


def test_renewal_is_switched_off_and_on(client, row):
    answer = client.post(url(row, "renew-off"), follow=True)
    assert messages(answer) == ["It does not renew automatically: Mail."]
    assert "Expires on" in text(client.get(url(row)))
    answer = client.post(url(row, "renew-on"), follow=True)
    assert messages(answer) == ["It renews automatically: Mail."]


def test_cancelling_deletes_it_at_once_and_once(client, row):
    answer = client.post(url(row, "cancel"), follow=True)
    assert messages(answer) == ["Cancelled: Mail."]
    row.refresh_from_db()
    assert row.status == "deleted"
    assert "Deleted" in text(client.get(url(row)))
    before = everything()
    again = client.post(url(row, "cancel"))
    assert "Cancel: not possible while the subscription is deleted." in text(again)
    assert everything() == before
