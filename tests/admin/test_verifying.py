"""*Verify now* on a customer's page, and what the proof tells."""

from typing import Any

import pytest

from portal.foundation import clock, guards
from relationships.actors import Actor
from relationships.models import Customer
from relationships.services.relationships import end_relationship
from subscriptions.models import LastVerification, Subscription

from .. import stories
from ..relationships.support import NOON
from .office import desk, everything, messages, text, url

pytestmark = pytest.mark.django_db

BUTTON = 'verify/">'


@pytest.fixture
def staff() -> Actor:
    return stories.staff(role="admin_agent")


@pytest.fixture
def client(staff: Actor) -> Any:
    return desk(staff)


@pytest.fixture
def customer(staff: Actor) -> Customer:
    """Three existing subscriptions, two of them of an Advisor."""
    admin = stories.tenant()
    advised = {"channel": "advisor", "por_name": "Old Mill", "por_mpn_id": "4711"}
    for values in ({}, advised, advised):
        stories.observation(admin.customer, **values)
    stories.relationship(staff, admin)
    return admin.customer


def test_button_keeps_the_result_and_comes_back_to_the_page(client, customer):
    assert BUTTON in text(client.get(url(customer)))
    with clock.at(NOON):
        answer = client.post(url(customer, "verify"), follow=True)
    assert answer.redirect_chain == [(url(customer), 302)]
    assert messages(answer) == [f"Verified now: {customer}."]
    assert "2 Mar 2026, 12:00 UTC" in text(answer)
    assert LastVerification.objects.get().result == "unchanged"


def test_page_asks_first_and_changes_nothing_when_it_is_opened(client, customer):
    before = everything()
    assert "are read again" in text(client.get(url(customer, "verify")))
    assert everything() == before


def test_proof_names_the_partners_of_record_while_they_are_in_place(client, customer):
    assert "Old Mill (2), in place" in text(client.get(url(customer)))
    with guards.lifted():  # as somebody could who owns the database
        Subscription._base_manager.filter(customer=customer).update(por_name="New")
    page = text(client.get(url(customer)))
    assert "Old Mill (2)" in page
    assert "in place" not in page


@pytest.mark.parametrize(
    ("role", "is_shown"),
    [
        ("sales_agent", True),
        ("helpdesk_agent", True),
        ("executive_report_viewer", False),
        ("report_viewer", False),
    ],
)
def test_button_is_shown_to_whoever_may(staff, customer, role, is_shown):
    page = text(desk(stories.staff(staff.partner, role)).get(url(customer)))
    assert (BUTTON in page) == is_shown


def test_button_is_gone_when_the_relationship_has_ended(client, staff, customer):
    relationship = customer.relationships.get()
    end_relationship(relationship, actor=staff, reason="Because")
    assert BUTTON not in text(client.get(url(customer)))
    before = everything()
    assert client.post(url(customer, "verify")).status_code == 403
    assert everything() == before


def test_confirm_page_says_when_there_is_nothing_to_verify(client, staff):
    admin = stories.tenant()
    stories.relationship(staff, admin)
    assert BUTTON not in text(client.get(url(admin.customer)))
    before = everything()
    for answer in (
        client.get(url(admin.customer, "verify")),
        client.post(url(admin.customer, "verify")),
    ):
        assert "There is nothing to verify." in text(answer)
    assert everything() == before
