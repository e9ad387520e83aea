"""Every list asks as many questions of the database at 30 rows as at 3."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from relationships.actors import Actor
from relationships.enums import CaseKind
from relationships.services.cases import open_case
from relationships.services.invitations import sign_in_to_invitation
from relationships.services.partners import sign_in_by_partner_link
from subscriptions.models import Offer
from subscriptions.services.lifecycle import rename
from subscriptions.services.ordering import LineRequest, place_order

from .. import stories
from ..factories import OfferFactory, StaffMembershipFactory
from .office import Office, desk, list_url, url
from .pages import VIEW

pytestmark = pytest.mark.django_db


def grow(office: Office, count: int) -> None:
    """So many more of everything that a list shows, each with different names."""
    for _number in range(count):
        tenant = stories.tenant()
        stories.observation(tenant.customer)
        stories.relationship(office.staff, tenant)
        stories.csp_subscription(office.staff, tenant.customer, OfferFactory())
        # One that is called by its customer: it came by the partner link.
        visitor = stories.tenant()
        invitation = sign_in_by_partner_link(office.partner, actor=visitor)
        open_case(CaseKind.NEW_LINK, invitation, actor=visitor)
        StaffMembershipFactory(partner=office.partner)


def grow_customer(office: Office, count: int) -> None:
    customer = office.customer
    for _number in range(count):
        lines = [LineRequest(OfferFactory(), 2), LineRequest(OfferFactory(), 3)]
        key = uuid.uuid4()
        place_order(customer, actor=office.staff, lines=lines, request_key=key)
        stories.observation(customer)


def asked(client: Client, address: str) -> int:
    client.get(address)  # what is asked once is remembered from then on
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return len(queries)


def counts(client: Client, addresses: list[str]) -> dict[str, int]:
    return {address: asked(client, address) for address in addresses}


def lists_for(actor: Actor, office: Office) -> list[str]:
    lists = [
        list_url(office.rows[name]) for name, right in VIEW.items() if actor.may(right)
    ]
    return [*lists, reverse("admin:index")]


def test_lists_ask_the_same_number_of_queries_at_any_length(office):
    actors = [office.staff, stories.operator()]
    desks = [(desk(actor), lists_for(actor, office)) for actor in actors]
    grow(office, 3)
    at_three = [counts(*given) for given in desks]
    grow(office, 27)
    assert [counts(*given) for given in desks] == at_three


def test_pages_of_one_row_ask_the_same_however_much_it_has(office, sales):
    customer, invitation = office.customer, office.invitation
    grow_customer(office, 3)
    again(office, 3)
    addresses = [
        url(customer),
        url(customer, "history"),
        url(customer, "order"),
        url(invitation),
        url(invitation, "history"),
    ]
    at_three = counts(sales, addresses)
    grow_customer(office, 27)
    again(office, 27)
    assert counts(sales, addresses) == at_three


def again(office: Office, count: int) -> None:
    """People of many tenants sign in to the same invitation."""
    for _number in range(count):
        visitor = stories.tenant()
        sign_in_to_invitation(office.invitation, actor=visitor)


def test_order_page_asks_the_same_however_many_lines_it_has(office, sales):
    def order(lines: int) -> Any:
        wanted = [LineRequest(OfferFactory(), 1) for _number in range(lines)]
        key = uuid.uuid4()
        return place_order(
            office.customer, actor=office.staff, lines=wanted, request_key=key
        )

    few, many = order(3), order(30)
    assert asked(sales, url(few)) == asked(sales, url(many))
    assert Offer.objects.count() == 34


def test_history_asks_the_same_however_much_has_happened(office, sales):
    address = url(office.cspsubscription, "history")
    rename_often(office, 3)
    at_three = asked(sales, address)
    rename_often(office, 27)
    assert asked(sales, address) == at_three


def rename_often(office: Office, count: int) -> None:
    for number in range(count):
        rename(
            office.cspsubscription,
            actor=office.staff,
            friendly_name=f"Name {count}.{number}",
        )
