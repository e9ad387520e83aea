"""What happens between the preview and the recording is seen, and only that."""

import pytest

from portal.foundation import clock
from relationships.models import Customer, Partner
from subscriptions.models import PorCase, Subscription
from subscriptions.services.importing import basis, judging, uploading
from subscriptions.services.importing.basis import has_changed
from subscriptions.services.importing.checking import check
from subscriptions.services.importing.recording import record_rows, start
from subscriptions.services.importing.uploading import choose_columns
from subscriptions.services.observations import retract_observation
from subscriptions.services.por_cases import dismiss_por_case

from ... import stories
from ...factories import AdvisorFactory, CustomerFactory
from ...relationships.support import NOON
from .support import imported, outcomes, previewed, table, uploaded

pytestmark = pytest.mark.django_db

NO_PARTNER = "Microsoft ID,Product,Seats"
HEADER = "Microsoft ID,Primary domain,Subscription ID,Product,Seats,MPN ID"


@pytest.fixture
def customer():
    return CustomerFactory(primary_domain="contoso.example")


@pytest.fixture
def advisor():
    return AdvisorFactory(name="Northwind", mpn_id="6000001")


def line(customer, external_id="A-1", seats=25, mpn_id=""):
    return f"{customer.tenant_id},,{external_id},Office 365 E3,{seats},{mpn_id}"


def file(*lines):
    return table(*lines, header=HEADER)


def started(operator, *lines):
    run = previewed(operator, file(*lines))
    return start(run, actor=operator, leave_out_refused=True)


# Seen


def test_nothing_has_changed_right_after_the_preview(operator, customer, advisor):
    stories.observation(customer, external_id="A-1")
    lines = [line(customer, mpn_id="6000001"), line(CustomerFactory(), "A-2")]
    assert not has_changed(previewed(operator, file(*lines)))


def states_something(customer, advisor, known):
    stories.observation(customer, external_id="B-1")


def takes_back(customer, advisor, known):
    retract_observation(known, actor=stories.operator(), reason="x")


def moves_the_domain(customer, advisor, known):
    Customer.objects.filter(pk=customer.pk).update(primary_domain=None)


def renames_the_partner(customer, advisor, known):
    Partner.objects.filter(pk=advisor.pk).update(name="Northwind Ltd")


def adds_a_partner(customer, advisor, known):
    AdvisorFactory()


CHANGES = [
    states_something,
    takes_back,
    moves_the_domain,
    renames_the_partner,
    adds_a_partner,
]


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_seen_when_a_verdict_could_rest_on_it(
    operator, customer, advisor, change
):
    known = stories.observation(customer, external_id="A-1")
    run = previewed(operator, file(line(customer, mpn_id="6000001")))
    change(customer, advisor, known)
    assert has_changed(run)


def test_change_is_not_seen_when_no_verdict_rests_on_it(operator, customer, advisor):
    run = previewed(operator, table(f"{customer.tenant_id},A,1", header=NO_PARTNER))
    stories.observation(CustomerFactory())
    stories.observation(customer, channel="advisor")
    renames_the_partner(customer, advisor, None)
    assert not has_changed(run)


@pytest.mark.parametrize("change", [states_something, moves_the_domain])
def test_change_is_seen_when_it_comes_between_two_parts_of_the_file(
    operator, customer, monkeypatch, change
):
    monkeypatch.setattr(uploading, "CHUNK", 1)
    by_domain = ",contoso.example,A-2,Office 365 E3,25,"
    run = uploaded(operator, file(line(customer), by_domain))
    run = choose_columns(run, actor=operator, columns=run.columns, day_first=False)

    def progress(done, total):
        if done == 1:
            change(customer, None, None)

    run = check(run, actor=operator, progress=progress)
    assert has_changed(run)


def test_tenant_that_got_another_domain_between_two_parts_is_seen(
    operator, customer, monkeypatch
):
    monkeypatch.setattr(uploading, "CHUNK", 1)
    by_domain = ",fabrikam.example,A-2,Office 365 E3,25,"
    run = uploaded(operator, file(line(customer), by_domain))
    run = choose_columns(run, actor=operator, columns=run.columns, day_first=False)

    def progress(done, total):
        rows = Customer.objects.filter(pk=customer.pk)
        rows.update(primary_domain="fabrikam.example")

    run = check(run, actor=operator, progress=progress)
    assert outcomes(run) == ["new", "new"]
    assert (run.basis, has_changed(run)) == ("", True)


def test_more_customers_than_are_remembered_are_judged_again(
    operator, customer, monkeypatch
):
    monkeypatch.setattr(basis, "MOST", 1)
    stories.observation(customer, external_id="A-1")
    run = started(operator, line(customer), line(CustomerFactory(), "A-2"))
    assert (run.basis, has_changed(run)) == ("", True)
    assert record_rows(run, actor=operator).counts == {"unchanged": 1, "new": 1}
    assert Subscription.objects.count() == 2


def test_basis_holds_when_a_customer_is_looked_up_twice(
    operator, customer, monkeypatch
):
    monkeypatch.setattr(uploading, "CHUNK", 1)
    monkeypatch.setattr(judging, "REMEMBERED", 0)
    run = started(operator, line(customer), line(customer, "A-2"))
    assert (run.counts, has_changed(run)) == ({"new": 2}, False)


# Recorded as it is now


def test_newest_word_is_superseded_when_one_came_meanwhile(operator, customer):
    first = stories.observation(customer, external_id="A-1")
    run = started(operator, line(customer, seats=26))
    newer = stories.observation(customer, external_id="A-1", quantity=99, term="P1Y")
    run = record_rows(run, actor=operator)
    made = customer.subscriptions.current().get()
    assert (made.supersedes, newer.supersedes) == (newer, first)
    assert (made.quantity, made.term) == (26, "P1Y")
    assert run.rows.get().known == newer


def test_nothing_is_carried_from_what_was_retracted_meanwhile(operator, customer):
    known = stories.observation(customer, external_id="A-1", term="P1Y")
    run = started(operator, line(customer, seats=26), line(customer, "A-2"))
    takes_back(customer, None, known)
    record_rows(run, actor=operator)
    made = customer.subscriptions.current().get(external_id="A-1")
    assert (made.supersedes, made.quantity, made.term) == (known, 26, "")


def test_unchanged_row_is_recorded_when_what_it_repeats_was_retracted(
    operator, customer
):
    known = stories.observation(customer, external_id="A-1")
    run = started(operator, line(customer))
    takes_back(customer, None, known)
    assert record_rows(run, actor=operator).counts == {"supersedes": 1}
    assert customer.subscriptions.current().get().supersedes == known


def test_row_without_an_id_is_unchanged_when_the_same_came_meanwhile(
    operator, customer
):
    run = started(operator, line(customer, ""), line(customer, ""))
    stories.observation(customer, external_id=None)
    assert record_rows(run, actor=operator).counts == {"unchanged": 1, "new": 1}
    assert customer.subscriptions.count() == 2


def test_partner_that_was_added_meanwhile_is_recorded(operator, customer):
    run = started(operator, line(customer, mpn_id="6000001"))
    advisor = AdvisorFactory(mpn_id="6000001")
    record_rows(run, actor=operator)
    made = customer.subscriptions.get()
    assert (made.partner_of_record, made.por_name) == (advisor, advisor.name)


def test_case_is_opened_when_another_partner_was_recorded_meanwhile(
    operator, customer, advisor
):
    run = started(operator, line(customer, mpn_id="6000009"))
    known = stories.observation(customer, external_id="A-1", por_mpn_id="6000001")
    run = record_rows(run, actor=operator)
    assert (run.counts, outcomes(run)) == ({"por_case": 1}, ["por_case"])
    assert PorCase.objects.get().observation == known
    assert customer.subscriptions.get() == known


def test_no_case_is_opened_when_the_same_was_dismissed_meanwhile(
    operator, customer, advisor
):
    stories.observation(customer, external_id="A-1", por_mpn_id="6000001")
    other = line(customer, mpn_id="6000009")
    run = started(operator, other)
    imported(operator, file(other))
    dismiss_por_case(PorCase.objects.get(), actor=operator, reason="No.")
    assert not has_changed(run)
    record_rows(run, actor=operator)
    assert not PorCase.objects.waiting().exists()


def test_preview_is_shown_anew_when_a_row_would_be_another_customers(
    operator, customer
):
    run = started(operator, ",contoso.example,A-1,Office,25,")
    moves_the_domain(customer, None, None)
    other = CustomerFactory(primary_domain="contoso.example")
    run = record_rows(run, actor=operator)
    assert (run.state, run.changed_meanwhile) == ("checked", True)
    assert run.rows.get().customer == other
    assert not Subscription.objects.exists()


def test_preview_of_an_earlier_version_is_judged_again(operator, customer):
    with clock.at(NOON):
        run = started(operator, line(customer), line(customer, "A-2", "x"))
    run.rows.update(observation=None, status="")
    type(run).objects.update(basis="")
    run = record_rows(run, actor=operator)
    assert run.counts == {"new": 1, "refused": 1}
    assert customer.subscriptions.get().status == "active"
    assert run.rows.get(outcome="new").observation == customer.subscriptions.get().pk
