import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.foundation import clock
from relationships.exceptions import TransitionNotAllowed
from subscriptions.models import PorCase, Subscription
from subscriptions.services.importing.recording import record_rows, start
from subscriptions.services.por_cases import dismiss_por_case, record_por_case

from ... import stories
from ...factories import AdvisorFactory
from ...relationships.support import DAY, NOON, denied, operations, refused
from .support import imported, previewed, reasons, table

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


@pytest.fixture
def dismissed(operator, case):
    with clock.at(NOON + DAY):
        return dismiss_por_case(case, actor=operator, reason="The customer says no.")


def test_dismissed_case_changes_nothing_and_the_same_statement_opens_none(
    operator, dismissed, known
):
    with operations() as told:
        run = statement(operator, dismissed.customer)
    assert "open_case" not in told
    assert reasons(run) == [
        "Recorded: Northwind. It was dismissed before: no new case."
    ]
    case = PorCase.objects.get()
    assert (case.outcome, case.run, case.statement["quantity"]) == (
        *("dismissed", dismissed.run, 30),
    )
    assert list(case.customer.subscriptions.current()) == [known]


@pytest.mark.parametrize("other", [{"seats": 32}, {"name": "Litware"}])
def test_other_statement_than_the_dismissed_one_opens_a_new_case(
    operator, dismissed, known, other
):
    run = statement(operator, dismissed.customer, **other)
    case = PorCase.objects.waiting().get()
    assert (case.observation, case.run) == (known, run)
    assert reasons(run) == ["Recorded: Northwind."]
    dismissed.refresh_from_db()
    assert (dismissed.outcome, dismissed.statement["quantity"]) == ("dismissed", 30)


def test_second_dismissed_statement_opens_none_either(operator, dismissed):
    statement(operator, dismissed.customer, seats=32)
    dismiss_por_case(PorCase.objects.waiting().get(), actor=operator, reason="No.")
    for seats in (30, 32):
        statement(operator, dismissed.customer, seats=seats)
    assert not PorCase.objects.waiting().exists()
    assert PorCase.objects.count() == 2


def test_one_case_waits_for_a_partner_at_a_time(case):
    twin = PorCase(
        customer=case.customer,
        observation=case.observation,
        por_mpn_id=case.por_mpn_id,
        statement={},
    )
    with transaction.atomic(), pytest.raises(IntegrityError):
        PorCase.objects.bulk_create([twin])
    assert PorCase.objects.get() == case


def test_recorded_case_carries_what_it_does_not_say(operator, customer):
    stories.observation(
        customer,
        external_id="A-1",
        por_name="Northwind",
        status="suspended",
        term="P1Y",
    )
    statement(operator, customer)
    case = PorCase.objects.get()
    made = record_por_case(case, actor=operator, reason="In a letter.")
    assert (made.status, made.term, made.por_mpn_id) == ("suspended", "P1Y", "6000009")
    assert made.por_name == ""


def test_cases_of_a_file_take_as_many_queries_as_one(operator, customer):
    for number in range(6):
        stories.observation(customer, external_id=f"A-{number}", por_name="Northwind")
    header = "Subscription ID,Product,Seats,Reseller"
    counts = []
    for lines in (1, 5):
        rows = [f"A-{n},Office,{lines},Litware" for n in range(lines)]
        run = previewed(operator, table(*rows, header=header), customer=customer)
        start(run, actor=operator)
        with CaptureQueriesContext(connection) as queries:
            record_rows(run, actor=operator)
        counts.append(len(queries))
        PorCase.objects.all().delete()
    assert counts[0] == counts[1]


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
