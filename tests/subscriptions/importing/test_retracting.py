import pytest
from django.core.exceptions import PermissionDenied

from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord
from subscriptions.models import ObservationRetraction, Subscription
from subscriptions.services.importing.retracting import retract_import
from subscriptions.services.observations import retract_observation

from ... import stories
from ...factories import CustomerFactory
from ...relationships.support import denied, refused
from .support import imported, table

pytestmark = pytest.mark.django_db


def line(customer, external_id, seats=25):
    return f"{customer.tenant_id},{external_id},Office 365 E3,{seats},Active,"


@pytest.fixture
def run(operator, customer):
    other = CustomerFactory()
    lines = [line(customer, "A-1"), line(customer, "A-2"), line(other, "A-1")]
    return imported(operator, table(*lines))


def test_whole_import_is_retracted_and_its_rows_stay(operator, customer, run):
    before = list(Subscription.objects.order_by("pk").values())
    assert retract_import(run, actor=operator, reason=" A wrong file. ") == 3
    assert list(Subscription.objects.order_by("pk").values()) == before
    assert not Subscription.objects.current().exists()
    retractions = ObservationRetraction.objects.values_list("actor", "reason")
    assert set(retractions) == {(operator.user.pk, "A wrong file.")}
    told = ActivityRecord.objects.filter(operation="retract_observation")
    counts = told.order_by("pk").values_list("customer", "new_value__retracted")
    assert (None, 3) in counts
    assert (customer.pk, 2) in counts


def test_what_was_superseded_or_retracted_since_is_let_be(operator, customer, run):
    first = customer.subscriptions.get(external_id="A-1")
    retract_observation(first, actor=operator, reason="Only this one.")
    imported(operator, table(line(customer, "A-2", 26)))
    assert retract_import(run, actor=operator, reason="The others.") == 1
    assert customer.subscriptions.current().get().quantity == 26
    assert first.retraction.reason == "Only this one."


def test_import_is_retracted_once_with_a_reason_by_the_operator(operator, run):
    with refused("reason"):
        retract_import(run, actor=operator, reason=" ")
    admin = stories.tenant()
    with denied(PermissionDenied):
        retract_import(run, actor=admin, reason="x")
    retract_import(run, actor=operator, reason="x")
    with denied(TransitionNotAllowed):
        retract_import(run, actor=operator, reason="x")


def test_same_file_after_a_retraction_is_recorded_anew(operator, customer, run):
    retract_import(run, actor=operator, reason="x")
    again = imported(operator, table(line(customer, "A-1")))
    assert again.counts == {"supersedes": 1}
    assert customer.subscriptions.current().count() == 1
