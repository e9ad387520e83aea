"""Every way back leads to a list as the person left it."""

import pytest
from django.urls import reverse

from tests import stories

from .office import desk, list_url, text, url

pytestmark = pytest.mark.django_db

QUERY = "q=contoso&status=sent"


@pytest.fixture
def sales():
    return stories.staff()


@pytest.fixture
def invitation(sales):
    return stories.sent_invitation(sales, recipient_email="ada@contoso.example")


def link_to(address):
    return f'href="{address.replace("&", "&amp;")}"'


@pytest.mark.parametrize("page", ["change", "withdraw", "history"])
def test_list_keeps_its_filters_when_left_for_a_page(sales, invitation, page):
    client = desk(sales)
    back = f"{list_url(invitation)}?{QUERY}"
    assert link_to(back) not in text(client.get(url(invitation, page)))
    client.get(back)
    assert link_to(back) in text(client.get(url(invitation, page)))


def test_list_keeps_its_filters_when_an_action_was_done(sales, invitation):
    client = desk(sales)
    back = f"{list_url(invitation)}?{QUERY}"
    client.get(back)
    answer = client.post(url(invitation, "withdraw"), follow=True)
    assert link_to(back) in text(answer)


def test_list_forgets_its_filters_when_they_are_cleared(sales, invitation):
    client = desk(sales)
    client.get(f"{list_url(invitation)}?{QUERY}")
    client.get(list_url(invitation))
    page = text(client.get(url(invitation)))
    assert QUERY.replace("&", "&amp;") not in page
    assert link_to(list_url(invitation)) in page


def test_list_keeps_its_filters_apart_from_another_ones(sales, invitation):
    client = desk(sales)
    client.get(f"{list_url(invitation)}?{QUERY}")
    customers = reverse("admin:relationships_customer_changelist")
    client.get(f"{customers}?q=fabrikam")
    assert link_to(f"{list_url(invitation)}?{QUERY}") in text(
        client.get(url(invitation))
    )


def test_saving_leads_back_to_the_list_as_it_was_left(invitation):
    operator = stories.operator()
    client = desk(operator)
    partner = invitation.partner
    back = f"{list_url(partner)}?q={partner.mpn_id}"
    client.get(back)
    form = client.get(url(partner)).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    values = {name: value for name, value in values.items() if value is not None}
    answer = client.post(
        url(partner), {**values, "name": "New name", "change_reason": "Renamed"}
    )
    assert answer.url == back
