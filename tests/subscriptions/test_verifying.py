"""Verifying one customer's existing subscriptions because somebody asks."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock, guards
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Customer
from relationships.services.relationships import end_relationship
from subscriptions.models import LastVerification, Subscription
from subscriptions.services.upkeep import verify_customer

from .. import stories
from ..relationships.support import EVERY_ROLE, NOON, actor_as, unchanged

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Actor:
    return stories.staff(role="admin_agent")


@pytest.fixture
def customer(agent: Actor) -> Customer:
    admin = stories.tenant()
    stories.observation(admin.customer)
    stories.relationship(agent, admin)
    return admin.customer


def told() -> list[tuple[Any, ...]]:
    rows = ActivityRecord.objects.filter(operation=Operation.VERIFY_EXISTING)
    return [(row.actor, row.customer, row.changes) for row in rows]


def test_result_is_kept_and_told_to_the_log(agent, customer):
    with clock.at(NOON):
        verify_customer(customer, actor=agent)
    kept = LastVerification.objects.get(relationship__customer=customer)
    assert (kept.result, kept.verified_at) == ("unchanged", NOON)
    words = "result Unchanged, existing subscriptions 1"
    assert told() == [(agent.user, customer, words)]


def test_newer_result_takes_the_place_of_the_older_when_a_row_was_changed(
    agent, customer
):
    verify_customer(customer, actor=agent)
    with guards.lifted():  # as somebody could who owns the database
        Subscription._base_manager.filter(customer=customer).update(quantity=1)
    with clock.at(NOON):
        verify_customer(customer, actor=agent)
    kept = LastVerification.objects.get()
    assert (kept.result, kept.verified_at) == ("different", NOON)
    assert told()[-1][2] == "result Different, existing subscriptions 1"


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_roles_verify_as_the_table_grants(agent, customer, role):
    actor = actor_as(role, partner=agent.partner, customer=customer)
    if role in {"admin_agent", "sales_agent", "helpdesk_agent", "operator"}:
        verify_customer(customer, actor=actor)
        assert LastVerification.objects.count() == len(told()) == 1
    else:
        with unchanged(), pytest.raises(PermissionDenied):
            verify_customer(customer, actor=actor)


def test_verifying_is_refused_to_another_partner(customer):
    stranger = stories.staff(role="admin_agent")
    with unchanged(), pytest.raises(PermissionDenied):
        verify_customer(customer, actor=stranger)


def test_verifying_is_refused_when_there_is_nothing_to_verify(agent):
    admin = stories.tenant()
    relationship = stories.relationship(agent, admin)
    operator = stories.operator()
    with unchanged(), pytest.raises(TransitionNotAllowed, match="nothing to verify"):
        verify_customer(admin.customer, actor=operator)
    end_relationship(relationship, actor=agent, reason="Because")
    with unchanged(), pytest.raises(TransitionNotAllowed, match="nothing to verify"):
        verify_customer(admin.customer, actor=operator)
