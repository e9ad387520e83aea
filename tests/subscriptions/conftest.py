import pytest

from subscriptions.models import Subscription

from .. import stories


@pytest.fixture
def admin(sales):
    admin = stories.tenant()
    stories.relationship(sales, admin)
    return admin


@pytest.fixture
def subscription(sales, admin) -> Subscription:
    """Five seats of an offer that takes up to 300, for a year."""
    return stories.csp_subscription(sales, admin.customer, quantity=5)
