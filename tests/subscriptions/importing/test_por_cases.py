import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock
from relationships.exceptions import TransitionNotAllowed
from subscriptions.models import PorCase, Subscription
from subscriptions.services.por_cases import dismiss_por_case, record_por_case

from ... import stories
from ...factories import AdvisorFactory
from ...relationships.support import DAY, NOON, denied, operations, refused
from .support import imported, table

pytestmark = pytest.mark.django_db

HEADER = "Subscription ID,Product,Seats,MPN ID,Reseller,Start date"


@pytest.fixture
def known(customer):
    return stories.observation(customer, external_id="A-1", por_name="Northwind")


def statement(operator, customer, seats=30, mpn_id="6000009", name=""):
    file = table(f"A-1,Office,{seats},{mpn_id},{name},2026-01-31", header=HEADER)
    return imported(operator, file, customer=customer)


@pytest.fixture
def case(operator, customer, known):
    statement(operator, customer)
    return PorCase.objects.get()


def test_statement_of_another_partner_becomes_a_case(operator, customer, known):
    with operations() as told:
        run = statement(operator, customer)
    case = PorCase.objects.get()
    assert run.counts == {"por_case": 1}
    assert (case.customer, case.observation, case.run) == (customer, known, run)
    assert (case.stated_text, case.is_open) == ("MPN 6000009", True)
    assert str(case) == "Office 365 E3: MPN 6000009"
    assert list(customer.subscriptions.current()) == [known]
    assert told.count("open_case") == 1


def test_same_statement_opens_one_case(operator, customer, case):
    statement(operator, customer)
    assert PorCase.objects.get() == case


def test_case_holds_the_newest_word_while_it_waits(operator, customer, case):
    run = statement(operator, customer, seats=31)
    case.refresh_from_db()
    assert (case.run, case.statement["quantity"]) == (run, 31)


def test_other_partners_are_other_cases(operator, customer, case):
    statement(operator, customer, mpn_id="6000008")
    statement(operator, customer, mpn_id="", name="Litware")
    assert PorCase.objects.count() == 3


def test_recorded_case_is_a_new_observation_with_the_reason(operator, case, known):
    advisor = AdvisorFactory(name="Litware", mpn_id="6000009")
    before = Subscription.objects.values().get(pk=known.pk)
    with clock.at(NOON), operations() as told:
        made = record_por_case(case, actor=operator, reason=" Letter of 1 March ")
    made.refresh_from_db()
    assert (made.supersedes, made.quantity, made.recorded_at) == (known, 30, NOON)
    assert (made.partner_of_record, made.por_name) == (advisor, "Litware")
    assert made.por_mpn_id == "6000009"
    assert made.por_correction_reason == "Letter of 1 March"
    assert made.started_at.isoformat() == "2026-01-31T00:00:00+00:00"
    assert made.commitment_ends_at is None
    assert Subscription.objects.values().get(pk=known.pk) == before
    case.refresh_from_db()
    assert (case.outcome, case.closed_by, case.closed_at) == (
        *("recorded", operator.user, NOON),
    )
    assert told == ["close_case", "record_observation"]


def test_case_of_an_unknown_partner_is_recorded_as_stated(operator, customer, known):
    statement(operator, customer, mpn_id="", name="Litware")
    made = record_por_case(PorCase.objects.get(), actor=operator, reason="x")
    assert (made.partner_of_record, made.por_name) == (None, "Litware")


def test_recorded_case_supersedes_the_newest_word_of_its_day(operator, case, known):
    newer = stories.observation(case.customer, external_id="A-1", quantity=99)
    made = record_por_case(case, actor=operator, reason="x")
    assert (made.supersedes, newer.supersedes) == (newer, known)


def test_dismissed_case_changes_nothing_and_stays_dismissed(operator, case, known):
    with clock.at(NOON + DAY):
        dismiss_por_case(case, actor=operator, reason="The customer says no.")
    statement(operator, case.customer, seats=32)
    case.refresh_from_db()
    assert (case.outcome, case.statement["quantity"]) == ("dismissed", 30)
    assert list(case.customer.subscriptions.current()) == [known]
    assert PorCase.objects.count() == 1


@pytest.mark.parametrize("verb", [record_por_case, dismiss_por_case])
def test_case_is_decided_once_with_a_reason_by_the_operator(operator, case, verb):
    with refused("reason"):
        verb(case, actor=operator, reason=" ")
    admin = stories.tenant(case.customer)
    with denied(PermissionDenied):
        verb(case, actor=admin, reason="x")
    dismiss_por_case(case, actor=operator, reason="x")
    with denied(TransitionNotAllowed):
        verb(case, actor=operator, reason="x")


def test_case_is_seen_by_the_operator_and_its_customer(operator, case):
    admin, agent = stories.tenant(case.customer), stories.staff()
    stories.relationship(agent, admin)
    seen = PorCase.objects.waiting()
    assert seen.visible_to(operator).exists()
    assert seen.visible_to(admin).exists()
    assert not seen.visible_to(agent).exists()
    assert not seen.visible_to(stories.tenant()).exists()
