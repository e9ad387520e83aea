"""Managing CSP subscriptions, and looking at those of other channels."""

from datetime import timedelta
from typing import Any

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.services.partners import correct_partner
from subscriptions.models import CspSubscription, ExistingSubscription
from subscriptions.services import lifecycle
from subscriptions.services.observations import Statement, record_observation

from .. import stories
from ..factories import OfferFactory
from .office import desk, everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Actor:
    return stories.staff(role="sales_agent")


@pytest.fixture
def client(staff: Actor) -> Any:
    return desk(staff)


@pytest.fixture
def row(staff: Actor) -> CspSubscription:
    """Five seats of an offer that takes from 2 to 10."""
    admin = stories.tenant()
    stories.relationship(staff, admin)
    offer = OfferFactory(minimum_seats=2, maximum_seats=10)
    bought = stories.csp_subscription(staff, admin.customer, offer, quantity=5)
    return CspSubscription.objects.get(pk=bought.pk)


IMPOSSIBLE = {
    "reactivate": "Reactivate: not possible while the subscription is active.",
    "renew-on": "It renews automatically already.",
    "unschedule": "No change is scheduled.",
}
PAGES = ["seats", "schedule", "renew-off", "cancel", "suspend", "rename", *IMPOSSIBLE]


@pytest.mark.parametrize("name", PAGES)
def test_confirm_pages_change_nothing_and_say_what_is_not_possible(client, row, name):
    before = everything()
    answer = client.get(url(row, name))
    assert answer.status_code == 200
    assert str(row) in answer.context["question"]
    assert answer.context["is_possible"] == (name not in IMPOSSIBLE)
    if name in IMPOSSIBLE:
        assert IMPOSSIBLE[name] in text(answer)
    assert everything() == before


class TestSeats:
    def test_are_added_once_however_often_it_is_clicked(self, client, row):
        data = {"quantity": "8", "shown": "5"}
        answer = client.post(url(row, "seats"), data, follow=True)
        assert answer.redirect_chain == [(url(row.customer), 302)]
        assert messages(answer) == [f"Seats changed: {row}."]
        row.refresh_from_db()
        assert row.quantity == 8
        before = everything()
        assert client.post(url(row, "seats"), data).status_code == 302
        assert everything() == before

    @pytest.mark.parametrize("shown", ["4", "", "junk", "9" * 5000, "-5", " 5x"])
    def test_are_refused_when_the_page_showed_others_and_then_shows_them(
        self, client, row, shown
    ):
        before = everything()
        data = {"quantity": "8", "shown": shown}
        page = client.post(url(row, "seats"), data)
        assert page.context["form"].errors == {
            "quantity": ["Somebody changed the seats meanwhile: there are 5 now."]
        }
        assert page.context["form"]["shown"].value() == 5
        assert page.context["form"]["quantity"].value() == "8"
        assert everything() == before

    @pytest.mark.parametrize(
        ("quantity", "sentence"),
        [
            ("11", "takes from 2 to 10 seats."),
            ("1", "takes from 2 to 10 seats."),
            ("0", "Ensure this value is greater than or equal to 1."),
            ("9" * 30, "Ensure this value is less than or equal to 2147483647."),
            ("many", "Enter a whole number."),
            ("", "This field is required."),
        ],
    )
    def test_outside_what_is_possible_are_refused_beside_the_field(
        self, client, row, quantity, sentence
    ):
        before = everything()
        page = client.post(url(row, "seats"), {"quantity": quantity, "shown": "5"})
        assert list(page.context["form"].errors) == ["quantity"]
        assert page.context["form"].errors["quantity"][0].endswith(sentence)
        assert sentence in text(page)
        assert everything() == before

    def test_of_a_suspended_one_are_refused(self, client, row, staff):
        lifecycle.suspend(row, actor=staff)
        before = everything()
        page = client.post(url(row, "seats"), {"quantity": "8", "shown": "5"})
        assert "Seats change only while the subscription is active." in text(page)
        assert everything() == before


class TestSuspendAndReactivate:
    def test_happen_once(self, client, row):
        for page, done, status in [
            ("suspend", "Suspended", "suspended"),
            ("reactivate", "Active again", "active"),
        ]:
            answer = client.post(url(row, page), follow=True)
            assert messages(answer) == [f"{done}: {row}."]
            row.refresh_from_db()
            assert row.status == status
            before = everything()
            again = client.post(url(row, page))
            assert f"not possible while the subscription is {status}." in text(again)
            assert everything() == before

    def test_reactivation_is_refused_when_the_term_is_over(self, client, row, staff):
        lifecycle.suspend(row, actor=staff)
        before = everything()
        with clock.at(row.commitment_ends_at + timedelta(seconds=1)):
            page = client.post(url(row, "reactivate"))
        assert "Reactivate: not possible while the subscription is" in text(page)
        assert everything() == before


def test_friendly_name_is_given_and_taken_away_by_helpdesk_too(staff, row):
    helpdesk = desk(stories.staff(staff.partner, "helpdesk_agent"))
    answer = helpdesk.post(url(row, "rename"), {"friendly_name": "Head office"})
    assert answer.headers["Location"] == url(row.customer)
    row.refresh_from_db()
    assert str(row) == "Head office"
    before = everything()
    helpdesk.post(url(row, "rename"), {"friendly_name": " Head office "})
    page = helpdesk.post(url(row, "rename"), {"friendly_name": "x" * 101})
    assert list(page.context["form"].errors) == ["friendly_name"]
    assert everything() == before
    helpdesk.post(url(row, "rename"), {"friendly_name": ""})
    row.refresh_from_db()
    assert str(row) == row.product_name


class TestOtherChannels:
    @pytest.fixture
    def first(self, row: CspSubscription) -> Any:
        seen = stories.observation(row.customer, external_id="one", quantity=3)
        return ExistingSubscription.objects.get(pk=seen.pk)

    @pytest.fixture
    def second(self, first: ExistingSubscription) -> Any:
        """What the channel said later of the same subscription."""
        statement = Statement(
            channel="direct",
            product_name="Office 365 E3",
            quantity=4,
            external_id="one",
        )
        seen = record_observation(
            first.customer, actor=stories.operator(), statement=statement
        )
        return ExistingSubscription.objects.get(pk=seen.pk)

    def quantities(self, client: Any, **query: str) -> list[int]:
        answer = client.get(list_url(ExistingSubscription), query)
        return sorted(found.quantity for found in answer.context["cl"].result_list)

    def test_list_shows_the_newest_word_unless_others_are_asked_for(
        self, client, second
    ):
        assert self.quantities(client) == [4]
        assert self.quantities(client, observations="past") == [3]
        assert self.quantities(client, observations="all") == [3, 4]
        assert "Current" in text(client.get(list_url(second)))

    def test_list_filters_by_channel(self, client, first):
        assert self.quantities(client, channel="direct") == [3]
        assert self.quantities(client, channel="volume") == []
        assert self.quantities(client, channel="junk") == [3]

    def test_page_tells_what_the_channel_said_before(self, client, first, second):
        for shown, other in ((first, second), (second, first)):
            page = client.get(url(shown))
            assert [seen.pk for seen in page.context["chain"]] == [second.pk, first.pk]
            assert f'href="{other.get_absolute_url()}"' in text(page)
            assert "Stays unchanged" in text(page)
        assert "Superseded by a newer observation" in text(client.get(url(first)))

    def test_page_of_one_without_an_id_has_no_chain(self, client, row):
        seen = stories.observation(row.customer, external_id=None)
        page = client.get(seen.get_absolute_url())
        assert page.context["chain"] == []

    def test_advisor_sees_no_observation_of_another_partner_of_record(
        self, first, operator
    ):
        advisor = stories.staff()
        mpn = advisor.partner.mpn_id
        channel = {"channel": "advisor", "external_id": "two"}
        mine = stories.observation(first.customer, por_mpn_id=mpn, **channel)
        page = desk(advisor).get(mine.get_absolute_url())
        assert [seen.pk for seen in page.context["chain"]] == [mine.pk]

    def test_operator_retracts_with_a_reason_once(self, operator, client, first):
        before = everything()
        assert "leaves the current view" in text(operator.get(url(first, "retract")))
        empty = operator.post(url(first, "retract"), {"reason": " "})
        assert list(empty.context["form"].errors) == ["reason"]
        assert everything() == before
        data = {"reason": "Wrong file"}
        answer = operator.post(url(first, "retract"), data, follow=True)
        assert messages(answer) == [f"Retracted: {first}."]
        assert "retracted because: Wrong file" in text(operator.get(url(first)))
        assert url(first, "retract") not in text(operator.get(url(first)))
        assert self.quantities(client) == []
        before = everything()
        again = operator.post(url(first, "retract"), data)
        assert "This observation is retracted already." in text(again)
        assert everything() == before

    def test_a_superseded_one_is_not_retracted(self, operator, first, second):
        before = everything()
        answer = operator.post(url(first, "retract"), {"reason": "Wrong file"})
        assert "A newer observation supersedes this one." in text(answer)
        assert everything() == before

    def test_partner_of_record_is_shown_as_recorded_whatever_it_is_called_now(
        self, client, operator, row
    ):
        advisor = stories.staff().partner
        seen = stories.observation(
            row.customer,
            channel="advisor",
            por_name="Recorded Name",
            por_mpn_id=advisor.mpn_id,
        )
        recorded = f"Recorded Name (MPN {advisor.mpn_id})"
        correct_partner(
            advisor,
            actor=stories.operator(),
            reason="Sold",
            name="Called Anew",
            mpn_id="7778889",
        )
        for address in (list_url(ExistingSubscription), seen.get_absolute_url()):
            page = text(client.get(address))
            assert "Called Anew" not in page
            assert "7778889" not in page
            assert "Recorded Name" in page
        assert recorded in text(client.get(list_url(ExistingSubscription)))
        assert "Called Anew" not in text(client.get(url(row.customer)))
