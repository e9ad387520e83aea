import uuid

import pytest
from django.core.exceptions import ValidationError

from relationships.protection import POR_UNTOUCHED
from relationships.services.partners import correct_partner
from subscriptions.models import Subscription
from subscriptions.services.observations import Statement, record_observation

from .. import stories
from . import attacks, rows

pytestmark = pytest.mark.django_db

OTHER_TENANT = {"tenant_id": uuid.UUID(int=7)}


def test_partner_of_record_reads_as_recorded_when_the_partner_is_corrected(
    advised, advisor
):
    with rows.unchanged(advised):
        correct_partner(
            advisor,
            actor=stories.operator(),
            reason="It merged.",
            name="Quite another name",
            mpn_id="7654321",
        )
    advisor.refresh_from_db()
    assert (advisor.name, advisor.mpn_id) == ("Quite another name", "7654321")
    subscription = Subscription.objects.get(pk=advised.pk)
    assert subscription.partner_of_record == advisor
    assert subscription.por_name == "The Advisor as it was called"
    assert subscription.por_mpn_id == advised.por_mpn_id != "7654321"
    assert subscription.partner_of_record_text == (
        f"The Advisor as it was called (MPN {advised.por_mpn_id})"
    )


@pytest.mark.parametrize("mpn_id", ["as_recorded", "as_corrected", "unsaid"])
def test_later_observation_keeps_what_was_recorded_when_the_partner_was_corrected(
    advised, advisor, statement, mpn_id
):
    correct_partner(
        advisor, actor=stories.operator(), reason="It merged.", mpn_id="7654321"
    )
    said = {"as_recorded": advised.por_mpn_id, "as_corrected": "7654321", "unsaid": ""}
    later = stories.observation(
        advised.customer, **statement | {"quantity": 30, "por_mpn_id": said[mpn_id]}
    )
    assert later.supersedes == advised
    assert later.partner_of_record_text == advised.partner_of_record_text


def test_statement_is_held_back_when_it_names_another_partner_of_record(
    advised, statement
):
    other = Statement(**statement | {"quantity": 30, "por_mpn_id": "1234567"})
    with rows.unchanged(advised), pytest.raises(ValidationError) as caught:
        record_observation(advised.customer, actor=stories.operator(), statement=other)
    assert caught.value.code == "por_untouched"


@pytest.mark.parametrize(
    "attack",
    [attacks.save, attacks.queryset_update, attacks.bulk_update],
)
def test_tenant_of_a_partner_stays_when_changed_by_model(advisor, attack):
    with rows.unchanged(advisor), rows.refused_in_words(POR_UNTOUCHED):
        attack(advisor, OTHER_TENANT)


def test_tenant_of_a_partner_stays_when_the_operator_corrects_it(advisor):
    with rows.unchanged(advisor), rows.refused_in_words(POR_UNTOUCHED):
        correct_partner(
            advisor, actor=stories.operator(), reason="A mistake.", **OTHER_TENANT
        )


@pytest.mark.parametrize(
    "attack", attacks.RAW_CHANGES, ids=attacks.names(attacks.RAW_CHANGES)
)
def test_tenant_of_a_partner_stays_when_changed_past_model(advisor, attack):
    with rows.unchanged(advisor), rows.refused_by_database():
        attack(advisor, OTHER_TENANT)
