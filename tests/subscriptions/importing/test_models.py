import pytest

from subscriptions.enums import RowOutcome
from subscriptions.models import PorCase

from ... import stories
from .support import imported, outcomes, previewed, table, uploaded

pytestmark = pytest.mark.django_db

HEADER = "Subscription ID,Product,Seats,Reseller"


def test_import_tells_how_far_it_is(operator, customer):
    run = uploaded(operator, table("A-1,Office,1", header=HEADER), customer=customer)
    assert (str(run), run.is_at_work, run.is_over) == ("list.csv", False, False)
    run.state = "running"
    assert run.is_at_work


def test_import_counts_what_comes_of_its_rows(operator, customer):
    file = table("A-1,Office,1", "A-2,Office,x", header=HEADER)
    run = previewed(operator, file, customer=customer)
    assert (run.refused, run.to_record) == (1, 1)
    assert (RowOutcome.NEW, 1) in run.outcomes
    assert (RowOutcome.UNCHANGED, 0) in run.outcomes
    row = run.rows.get(outcome="refused")
    assert str(row) == f"{run.pk}, 3"
    assert str(run.chunks.get()) == f"{run.pk}, 0"


def test_recorded_row_and_case_say_what_they_are_about(operator, customer):
    stories.observation(customer, external_id="A-1", por_name="Northwind")
    file = table("A-1,Office,1,Litware", "A-2,Office,1", header=HEADER)
    run = imported(operator, file, customer=customer)
    assert outcomes(run) == ["por_case", "new"]
    link = run.observations.get()
    assert str(link) == str(link.subscription_id)
    case = PorCase.objects.get()
    assert (case.stated_text, case.is_open) == ("Litware", True)
