"""The guards alone, without the locks that the services take."""

from functools import partial

import pytest
from django.db import connection, transaction

from portal.foundation import clock
from portal.foundation.guards import broken_rule
from relationships.models import ResellerRelationship
from relationships.protection import ENDED_ONCE
from relationships.services.relationships import end_relationship
from subscriptions.models import Subscription
from subscriptions.protection import CSP_NEEDS_RELATIONSHIP
from subscriptions.services import lifecycle

from .. import stories
from ..protection import rows
from .running import meanwhile, race, refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sales():
    return stories.staff(role="admin_agent")


@pytest.fixture
def sleeping(sales):
    """A suspended CSP subscription: its relationship may end."""
    admin = stories.tenant()
    stories.relationship(sales, admin)
    csp = stories.csp_subscription(sales, admin.customer)
    return lifecycle.suspend(csp, actor=sales)


@pytest.fixture
def insertion(sleeping):
    """One more CSP subscription, by plain SQL."""
    columns = rows.copied(sleeping, quantity=0, status="active")
    return partial(rows.insert, Subscription, columns)


@pytest.fixture
def reactivation(sleeping):
    return partial(rows.update, sleeping, status="active")


@pytest.fixture
def ending(sleeping):
    values = {"ended_at": clock.now(), "end_reason": "They asked for it."}
    return partial(rows.update, sleeping.relationship, **values)


@pytest.mark.parametrize("name", ["insertion", "reactivation"])
def test_end_waits_and_is_refused_when_a_subscription_becomes_active(
    sleeping, ending, name, request
):
    with transaction.atomic():
        request.getfixturevalue(name)()
        other = meanwhile(ending)
    assert broken_rule(other.result()) == ENDED_ONCE
    assert ResellerRelationship.objects.get().is_active
    assert Subscription.objects.active().count() == 1


@pytest.mark.parametrize("name", ["insertion", "reactivation"])
def test_subscription_waits_and_is_refused_when_the_relationship_ends(
    sleeping, ending, name, request
):
    with transaction.atomic():
        ending()
        other = meanwhile(request.getfixturevalue(name))
    assert broken_rule(other.result()) == CSP_NEEDS_RELATIONSHIP
    assert not ResellerRelationship.objects.get().is_active
    assert not Subscription.objects.active().exists()


def test_subscription_goes_on_when_the_end_was_taken_back(ending, insertion):
    with transaction.atomic():
        ending()
        other = meanwhile(insertion)
        transaction.set_rollback(True)
    assert other.result() is None
    assert ResellerRelationship.objects.get().is_active
    assert Subscription.objects.active().count() == 1


def test_one_active_relationship_is_left_when_two_are_inserted(sales, sleeping):
    relationship = sleeping.relationship
    end_relationship(relationship, actor=sales, reason="They asked for it.")
    new = []
    for _number in range(2):
        invitation = stories.invitation(stories.staff())
        values = {"partner": invitation.partner, "invitation": invitation}
        open_end = {"ended_at": None, "ended_by": None, "end_reason": ""}
        new.append(rows.copied(relationship, **values, **open_end))
    outcomes = race(
        *(partial(rows.insert, ResellerRelationship, columns) for columns in new)
    )
    (refusal,) = refused(outcomes)
    assert "relationship_one_active_per_customer" in str(refusal)
    assert ResellerRelationship.objects.active().count() == 1
    assert connection.in_atomic_block is False
