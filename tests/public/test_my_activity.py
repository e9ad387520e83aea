"""A tenant's people read what was done for their tenant."""

import pytest

from relationships.enums import Operation
from relationships.services.activity import record
from tests import stories

from .visitor import Visitor, text_of

pytestmark = pytest.mark.django_db

ACTIVITY = "/my/activity/"


@pytest.fixture
def admin():
    return stories.tenant()


@pytest.fixture
def visitor(admin):
    return Visitor().acting_as(admin)


def test_activity_tells_the_person_of_the_tenant_and_of_staff_the_partner(
    visitor, admin
):
    sales = stories.staff()
    stories.relationship(sales, admin)
    stories.csp_subscription(sales, admin.customer)
    page = text_of(visitor.get(ACTIVITY))
    assert "Order placed" in page
    assert "Invitation accepted" in page
    assert f"{admin.user}, Global administrator" in page
    assert sales.partner.name in page
    assert str(sales.user) not in page


def test_activity_tells_nothing_of_another_tenant(visitor):
    stories.relationship(stories.staff(), stories.tenant())
    assert "Nothing has happened yet." in text_of(visitor.get(ACTIVITY))


def test_activity_comes_in_pages(visitor, admin):
    for _number in range(60):
        record(
            Operation.CORRECT_CUSTOMER,
            admin.customer,
            actor=stories.operator(),
            customer=admin.customer,
        )
    pages = [text_of(visitor.get(f"{ACTIVITY}?page={page}")) for page in (1, 2)]
    assert [page.count('<th scope="row">') for page in pages] == [50, 10]
    assert ["Older" in page for page in pages] == [True, False]
    assert ["Newer" in page for page in pages] == [False, True]


def test_activity_is_refused_to_a_user_without_the_right(admin):
    person = stories.tenant(admin.customer, "user")
    answer = Visitor().acting_as(person).get(ACTIVITY)
    assert answer.status_code == 403


def test_activity_asks_to_sign_in_when_nobody_is():
    assert Visitor().get(ACTIVITY).url == f"/sign-in/?next={ACTIVITY}"
