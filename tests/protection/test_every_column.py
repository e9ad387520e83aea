"""Generated: each guarded column to NULL, and from NULL to a value, by plain SQL.

The columns come from the models, so that a column which nobody guards is noticed.
"""

from collections.abc import Iterable

import pytest
from django.db import models

from portal.foundation import clock
from relationships.models import ResellerRelationship
from relationships.protection import ENDING, WRITTEN_ONCE
from relationships.services.relationships import end_relationship
from relationships.services.tenants import provision_customer
from subscriptions.models import Subscription
from subscriptions.protection import IDENTITY, MANAGED, PARTNER_OF_RECORD

from .. import stories
from . import rows
from .values import another_value

pytestmark = pytest.mark.django_db


def columns_of(model: type[models.Model]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields]


def assert_fixed(
    subtests, columns: Iterable[str], *targets: models.Model, never_null: str = ""
) -> None:
    """No target takes NULL or another value in any of these columns."""
    fields = [f for f in targets[0]._meta.concrete_fields if f.column in columns]
    were = [(row, rows.stored(row)) for row in targets]
    for field in fields:
        if field.null and field.column != never_null:
            assert any(was[field.column] is None for _row, was in were), field
        for row, was in were:
            value = was[field.column]
            for new in {None, another_value(field, value)} - {value}:
                with (
                    subtests.test(column=field.column, was=value, new=new),
                    rows.unchanged(row),
                    rows.refused_by_database(),
                ):
                    rows.set_column(row, field.column, new)


def test_lists_name_every_column_of_a_subscription():
    listed = [*IDENTITY, *PARTNER_OF_RECORD, *MANAGED, "status"]
    assert sorted(listed) == sorted(columns_of(Subscription))


def test_lists_name_every_column_of_a_relationship():
    listed = [*WRITTEN_ONCE, *ENDING]
    assert sorted(listed) == sorted(columns_of(ResellerRelationship))


@pytest.fixture
def later(advised, statement, customer):
    return stories.observation(customer, **statement | {"quantity": 30})


def test_no_column_of_existing_subscriptions_changes(subtests, later, bare):
    assert_fixed(subtests, columns_of(Subscription), later, bare)


def test_no_identity_of_a_csp_subscription_changes(subtests, csp):
    identity = {*IDENTITY, *PARTNER_OF_RECORD} - {"relationship_id"}
    assert_fixed(subtests, identity, csp)
    assert_fixed(subtests, ["relationship_id"], csp, never_null="relationship_id")


def test_no_column_of_a_csp_subscription_changes_after_the_end(subtests, ended):
    may_be_null = {"supersedes_id", "external_id", "partner_of_record_id"}
    for column in columns_of(Subscription):
        never_null = "" if column in may_be_null else column
        assert_fixed(subtests, [column], ended, never_null=never_null)


def test_nothing_written_once_changes_on_a_relationship(subtests, relationship):
    provision_customer(
        actor=stories.staff(),
        company_name="New here",
        stated_domain="new-here.example",
        country="DE",
    )
    provisioned = ResellerRelationship.objects.get(origin="provisioned")
    assert_fixed(subtests, WRITTEN_ONCE, relationship, provisioned)


def test_nothing_of_the_end_of_a_relationship_changes(subtests, relationship, sales):
    end_relationship(relationship, actor=sales, reason="They asked for it.")
    ended_by_nobody = stories.relationship(stories.staff(), stories.tenant())
    rows.update(ended_by_nobody, ended_at=clock.now())
    assert_fixed(subtests, ENDING, relationship, ended_by_nobody, never_null="ended_at")


def test_tenant_of_a_partner_never_changes(subtests, advisor):
    assert_fixed(subtests, ["id", "tenant_id"], advisor)
