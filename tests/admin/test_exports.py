"""A list as a file: its rows, its columns, and nothing that a spreadsheet would run."""

import csv
import io

import pytest

from portal.foundation.exports import harmless
from relationships.enums import Operation
from relationships.models import ActivityRecord
from tests import stories

from .office import desk, list_url
from .pages import VIEW

pytestmark = pytest.mark.django_db


def exported(client, model, query=""):
    answer = client.get(list_url(model, "export") + query)
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content).decode()
    assert content.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(content[1:])))


def test_export_has_the_rows_of_the_list_in_its_order(office, other, sales):
    for name in "cab":
        stories.invitation(office.staff, recipient_email=f"{name}@export.example")
    stories.invitation(other.staff, recipient_email="foreign@export.example")
    rows = exported(sales, office.invitation, "?q=export.example&o=1&status=draft")
    assert [row["Status"] for row in rows] == ["Draft"] * 3
    names = {row["Invitation"] for row in rows}
    assert names == {f"{name}@export.example" for name in "abc"}


def test_export_has_all_pages_of_a_list(office, sales):
    for number in range(60):
        stories.invitation(office.staff, recipient_email=f"{number}@many.example")
    assert len(exported(sales, office.invitation, "?q=many.example")) == 60


def test_export_has_the_columns_that_the_role_sees(office):
    def columns(role):
        return set(exported(desk(office.actor(role)), office.offer)[0])

    assert columns("admin_agent") - columns("report_viewer") == {"List price"}


def test_export_gives_times_in_utc_and_words_for_choices(office, sales):
    row = exported(sales, office.cspsubscription)[0]
    assert row["Status"] == "Active"
    log = ActivityRecord.objects.visible_to(office.staff)
    record = log.order_by("at", "id").first()
    exported_at = exported(sales, office.activityrecord)[-1]["At"]
    assert exported_at == f"{record.at:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize("name", sorted(VIEW))
def test_every_list_is_exported_as_the_operator_sees_it(office, operator, name):
    listed = operator.get(list_url(office.rows[name])).context["cl"].result_count
    told = name == "activityrecord"  # of the export itself
    assert len(exported(operator, office.rows[name])) == listed + told


def test_export_is_told_to_the_log(office, sales):
    exported(sales, office.invitation)
    record = ActivityRecord.objects.get(operation=Operation.EXPORT)
    assert record.new_value == {"list": "invitation"}
    assert (record.partner, record.actor) == (office.partner, office.staff.user)


def test_export_is_refused_when_the_role_does_not_see_the_list(office):
    viewer = desk(office.actor("report_viewer"))
    assert viewer.get(list_url(office.invitation, "export")).status_code == 403
    assert not ActivityRecord.objects.filter(operation=Operation.EXPORT).exists()


def test_export_of_a_list_that_is_asked_wrongly_leads_to_the_list(office, sales):
    query = {"created_at__gte": "junk"}
    answer = sales.get(list_url(office.invitation, "export"), query)
    assert answer.status_code == 302
    assert not ActivityRecord.objects.filter(operation=Operation.EXPORT).exists()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_cell_that_would_be_a_formula_is_text(text):
    assert harmless(text) == f"'{text}"
    assert harmless(f"a{text}") == f"a{text}"
