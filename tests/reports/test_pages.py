"""What holds for every report: who sees what of it, its filters, its files."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from portal.foundation import clock
from portal.reports import report
from portal.reports.all import REPORTS
from relationships.enums import Operation, StaffRole
from relationships.models import ActivityRecord, Invitation
from relationships.services.activity import record
from tests import stories
from tests.admin.office import PRICE, desk, open_office, text

from .asking import address, ask, choices_of, lines

pytestmark = pytest.mark.django_db

MOST_QUERIES = 25
TODAY = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def office():
    return open_office("Zebrano")


def heads(client, slug, **filters):
    return lines(client.get(address(slug, "csv"), filters))[0]


def test_index_lists_every_report_and_the_head_leads_there(office):
    client = desk(office.staff)
    assert 'href="/admin/reports/"' in text(client.get("/admin/"))
    page = text(client.get("/admin/reports/"))
    assert all(f'href="{address(slug)}"' in page for slug in REPORTS)


@pytest.mark.parametrize("slug", REPORTS)
def test_report_defines_every_figure_in_words(office, slug):
    page = desk(office.staff).get(address(slug))
    shown = page.context["result"].columns
    figures = [column for column in shown if column.is_numeric]
    assert figures
    for column in figures:
        assert column.definition, column.label
        assert f"<dd>{escape(column.definition)}</dd>" in text(page)


@pytest.mark.parametrize("slug", REPORTS)
def test_report_has_nothing_of_another_partner(office, slug):
    open_office("Quillon")
    for filters in choices_of(slug, office.staff):
        client = desk(office.staff)
        page = text(client.get(address(slug), filters))
        assert "Quillon" not in page.replace("Quillon Product</option>", "")
        assert "Quillon" not in str(lines(client.get(address(slug, "csv"), filters)))


@pytest.mark.parametrize("slug", REPORTS)
def test_report_hides_money_and_people_when_the_role_may_not_see_them(office, slug):
    viewer = office.actor(StaffRole.REPORT_VIEWER)
    client = desk(viewer)
    people = [office.staff.user.full_name, office.tenant.user.full_name]
    for filters in choices_of(slug, office.staff):
        page = client.get(address(slug), filters)
        assert page.status_code == 200
        restricted = {column.restricted for column in page.context["result"].columns}
        assert restricted <= {""}
        file = str(lines(client.get(address(slug, "csv"), filters)))
        for seen in (text(page), file):
            assert PRICE not in seen
            assert not any(name in seen for name in people)


@pytest.mark.parametrize("slug", REPORTS)
def test_report_asks_few_queries_however_it_is_filtered(office, slug):
    for actor in (office.staff, stories.operator()):
        client = desk(actor)
        for filters in choices_of(slug, actor):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(address(slug), filters).status_code == 200
            assert len(asked) <= MOST_QUERIES


@pytest.mark.parametrize("slug", REPORTS)
def test_filters_stay_in_the_address_of_files_and_the_form(office, slug):
    client, asked = desk(office.staff), REPORTS[slug]
    given = {}
    if "period" in asked.filters:
        given |= {"first": "2026-01-05", "last": "2026-02-03"}
    for name, choice in asked.choices(office.staff).items():
        given[name] = choice.options[-1][0]
    page = client.get(address(slug), given)
    form = page.context["form"]
    assert {name: form[name].value() for name in given} == given
    for name, value in given.items():
        assert f"{name}={value}" in form.address
    assert f'csv/?{form.address.replace("&", "&amp;")}"' in text(page)


def test_operator_filters_by_partner(office):
    other = open_office("Quillon")
    client = desk(stories.operator())
    both = client.get(address("invitations")).context["result"].totals[0]
    chosen = {"partner": str(other.partner.pk)}
    one = client.get(address("invitations"), chosen).context["result"].totals[0]
    every = Invitation.objects.all()
    own = every.filter(partner=other.partner)
    assert (both["created"], one["created"]) == (every.count(), own.count())


def test_partner_filter_of_staff_is_not_there(office):
    other = open_office("Quillon")
    page = desk(office.staff).get(
        address("invitations"), {"partner": str(other.partner.pk)}
    )
    assert "partner" not in page.context["form"].fields
    own = Invitation.objects.filter(partner=office.partner)
    assert page.context["result"].totals[0]["created"] == own.count()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"first": "2026-03-02", "last": "2026-03-01"}, "The last day is before"),
        ({"first": "1990-01-01"}, "Give a day between 2000 and 2099."),
        ({"first": "2001-01-01"}, "A period has at most 60 months."),
        ({"first": "2026-03-11"}, "today is the last one."),
        ({"last": "2026-03-11"}, "today is the last one."),
        ({"first": "2026-03-01", "last": "2026-03-11"}, "today is the last one."),
        ({"first": "yesterday"}, "Enter a valid date."),
        ({"period": "x\0y"}, "Select a valid choice."),
        ({"staff": "99999999999999999999"}, "Select a valid choice."),
    ],
)
def test_wrong_filter_is_told_and_counts_as_not_given(office, given, complaint):
    client = desk(office.staff)
    with clock.at(TODAY):
        page = client.get(address("invitations"), given)
        assert client.get(address("invitations", "csv"), given).status_code == 200
        plain = client.get(address("invitations"))
    assert complaint in text(page)
    assert page.context["result"].summary == plain.context["result"].summary


def test_last_day_is_today_at_the_latest(office):
    client = desk(office.staff)
    with clock.at(TODAY):
        page = client.get(address("relationships"), {"last": "2026-03-10"})
        assert page.context["result"].rows[0]["month"] == "1–10 March 2026"
        assert not page.context["form"].errors


def test_period_ends_today_when_only_its_first_day_is_given(office):
    first = clock.now().date() - timedelta(days=3)
    page = desk(office.staff).get(address("invitations"), {"first": str(first)})
    own = Invitation.objects.filter(partner=office.partner, created_at__date__gte=first)
    assert page.context["result"].totals[0]["created"] == own.count() > 0


def test_period_begins_a_year_before_when_only_its_last_day_is_given(office):
    page = desk(office.staff).get(address("invitations"), {"last": "2026-02-10"})
    months = [row["month"] for row in page.context["result"].rows]
    assert (months[0], months[-1]) == ("1–10 February 2026", "March 2025")


def test_unknown_report_and_unknown_file_are_not_found(office):
    client = desk(office.staff)
    assert client.get(address("nothing")).status_code == 404
    assert client.get(address("invitations", "pdf")).status_code == 404


def test_file_of_a_report_is_in_the_activity_log(office):
    answer = desk(office.staff).get(address("relationships", "xlsx"))
    assert answer.getvalue().startswith(b"PK")
    [record] = ActivityRecord.objects.filter(operation=Operation.EXPORT)
    assert record.new_value == {"report": "relationships"}
    assert (record.partner, record.actor) == (office.partner, office.staff.user)


def test_long_report_goes_on_over_pages(office, monkeypatch):
    monkeypatch.setattr(report, "SHOWN", 4)
    client = desk(office.staff)

    def shown(**given):
        page = client.get(address("invitations"), given)
        return [row["month"] for row in page.context["page"].rows], text(page)

    months = [month for number in (1, 2, 3) for month in shown(page=number)[0]]
    every = client.get(address("invitations")).context["result"]
    assert months == [row["month"] for row in every.rows]
    first, second, last = (shown(page=number)[1] for number in (1, 2, 3))
    assert "1 to 4" in first
    assert "Previous" not in first
    assert 'href="?page=1"' in second
    assert 'href="?page=3"' in second
    assert "9 to 12" in last
    assert "Next" not in last
    for odd in ("0", "-1", "x", "9" * 30):
        assert client.get(address("invitations"), {"page": odd}).status_code == 200


def test_page_past_the_end_leads_back_to_the_first(office):
    client, given = desk(office.staff), {"first": "2026-01-05"}
    page = client.get(address("invitations"), {**given, "page": "7"})
    assert page.context["page"].rows == []
    assert "The report has no such page." in text(page)
    way_back = f"{address('invitations')}?first=2026-01-05"
    assert f'<a href="{way_back}">To its first page</a>' in text(page)
    assert client.get(way_back).context["page"].rows
    assert "Nothing of yours matches." not in text(page)


def test_customer_with_both_is_counted_as_one():
    agent = stories.staff(role="admin_agent")
    for words in ("1 customer has both.", "2 customers have both."):
        admin = stories.tenant()
        stories.relationship(agent, admin)
        stories.observation(admin.customer)
        stories.csp_subscription(agent, admin.customer)
        assert ask("coexistence", agent).summary == words


def test_record_of_the_log_is_counted_as_one():
    agent = stories.staff(role="admin_agent")
    for words in ("1 record, ", "2 records, "):
        record(Operation.EXPORT, agent.partner, actor=agent, partner=agent.partner)
        assert ask("activity", agent).summary.startswith(words)
