import pytest

from . import stories

pytestmark = pytest.mark.django_db


def test_customer_accepts_and_partner_orders_beside_what_exists():
    sales, admin = stories.staff(), stories.tenant()
    stories.observation(admin.customer)
    relationship = stories.relationship(sales, admin)
    subscription = stories.csp_subscription(sales, admin.customer, quantity=7)
    assert relationship.existing_count == 1
    assert subscription.quantity == 7
    assert admin.customer.subscriptions.current().count() == 2
