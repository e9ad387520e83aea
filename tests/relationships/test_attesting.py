"""The customer agreement, accepted elsewhere and attested by the partner's staff."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from relationships.enums import AgreementHow, Operation
from relationships.models import ActivityRecord, CustomerAgreement
from relationships.services.agreements import attest_agreement
from relationships.services.relationships import end_relationship
from relationships.services.tenants import provision_customer

from .. import stories
from .support import DAY, NOON, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def customer(agent):
    """A tenant that the partner itself provisioned: nobody has accepted anything."""
    return provision_customer(
        actor=agent, company_name="New", stated_domain="new.example", country="DE"
    )


def attest(customer, actor, **values):
    signer = {
        "first_name": " Ada ",
        "last_name": "Lindgren",
        "email": "ada@new.example",
        "accepted_on": NOON.date(),
        **values,
    }
    return attest_agreement(customer, actor=actor, **signer)


def test_attestation_names_signer_day_and_staff(agent, customer):
    with operations() as told:
        made = attest(customer, agent, accepted_on=date(2026, 1, 31))
    stored = CustomerAgreement.objects.get(pk=made.pk)
    assert stored.how == AgreementHow.ATTESTED
    assert stored.accepted_at == datetime(2026, 1, 31, tzinfo=UTC)
    assert (stored.signer_first_name, stored.signer_last_name) == ("Ada", "Lindgren")
    assert stored.signer_email == "ada@new.example"
    assert (stored.attested_by, stored.attested_for) == (agent.user, agent.partner)
    assert stored.accepted_by is None
    assert told == [Operation.ATTEST_AGREEMENT]
    record = ActivityRecord.objects.latest("pk")
    assert record.new_value["accepted_on"] == "2026-01-31"
    assert "Lindgren" not in str(record.new_value)


def test_second_click_attests_nothing_more(agent, customer):
    made = attest(customer, agent)
    with unchanged():
        assert attest(customer, agent) == made


def test_day_in_the_future_is_refused(agent, customer):
    with refused("agreement_in_the_future"):
        attest(customer, agent, accepted_on=NOON.date() + timedelta(days=1))
    assert attest(customer, agent, accepted_on=NOON.date())


@pytest.mark.parametrize("name", ["first_name", "last_name", "email"])
def test_attestation_without_a_whole_signer_is_refused(agent, customer, name):
    with unchanged(), pytest.raises(ValidationError) as caught:
        attest(customer, agent, **{name: " "})
    assert "An attestation names who signed" in str(caught.value.messages)


def test_signer_cannot_be_taken_out_of_an_attestation(agent, customer):
    rows = CustomerAgreement.objects.filter(pk=attest(customer, agent).pk)
    with unchanged(), pytest.raises(IntegrityError), transaction.atomic():
        rows.update(signer_email="")


def test_attesting_is_denied_without_an_active_relationship(agent, customer):
    end_relationship(customer.active_relationship, actor=agent, reason="x")
    with denied(PermissionDenied):
        attest(customer, agent)


def test_attestation_shows_to_its_own_partner_only(agent, customer):
    made = attest(customer, agent, accepted_on=(NOON - 30 * DAY).date())
    assert CustomerAgreement.objects.visible_to(agent).get() == made
    end_relationship(customer.active_relationship, actor=agent, reason="x")
    rival = stories.staff()
    stories.relationship(rival, stories.tenant(customer))
    assert made not in CustomerAgreement.objects.visible_to(rival)
