"""Lists of what a customer has are searched by its tenant ID too."""

import pytest

from ..factories import CustomerFactory
from .office import desk, list_url, open_office

pytestmark = pytest.mark.django_db

LISTS = (
    *("customer", "resellerrelationship", "order", "approval", "renewaldecision"),
    *("cspsubscription", "existingsubscription"),
)


@pytest.fixture
def office():
    return open_office("Zebrano")


@pytest.mark.parametrize("name", LISTS)
def test_list_is_searched_by_tenant_id(office, name):
    client, row = desk(office.staff), office.rows[name]
    for term in (str(office.customer.tenant_id), str(office.customer.tenant_id)[:13]):
        page = client.get(list_url(row), {"q": term})
        assert row in page.context["cl"].result_list, term
    other = CustomerFactory().tenant_id
    page = client.get(list_url(row), {"q": str(other)})
    assert list(page.context["cl"].result_list) == []


def test_invitations_are_searched_by_the_tenant_that_signed_in(office):
    client, answered = desk(office.staff), office.resellerrelationship.invitation
    page = client.get(list_url(answered), {"q": str(office.customer.tenant_id)})
    assert list(page.context["cl"].result_list) == [answered]
