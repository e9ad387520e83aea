import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from openpyxl import load_workbook

from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import Job
from portal.reports import by_mail
from portal.reports.all import REPORTS
from portal.reports.by_mail import order, send_due, stop
from portal.reports.jobs import send_reports
from portal.reports.models import ReportEmail, ReportSubscription
from relationships.enums import EmailStatus, Operation
from relationships.models import ActivityRecord, OutgoingEmail, StaffMembership
from relationships.services import mail as letters
from tests import stories
from tests.admin.office import desk, messages, text

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

WEDNESDAY = datetime(2026, 3, 18, 10, tzinfo=UTC)
MONDAY = datetime(2026, 3, 23, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
FUNNEL = REPORTS["invitations"]


def ordered(actor, report=FUNNEL, every="week", filters=""):
    with clock.at(WEDNESDAY):
        order(report, actor=actor, every=every, filters=filters)


def sent_at(moment):
    """The e-mails that leave when the workers come by at this moment."""
    before = len(mail.outbox)
    with clock.at(moment):
        Job.objects.all().delete()
        send_reports.enqueue()
        running.run_waiting("test")
    return mail.outbox[before:]


def sheet_of(letter):
    [(name, content, kind)] = letter.attachments
    assert kind == ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return name, [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize(
    ("every", "moment", "next_one"),
    [
        ("week", MONDAY, MONDAY + timedelta(days=7)),
        ("month", APRIL, datetime(2026, 5, 1, tzinfo=UTC)),
    ],
)
def test_report_is_sent_once_a_period_from_its_first_moment_on(
    sales, every, moment, next_one
):
    ordered(sales, every=every)
    assert sent_at(WEDNESDAY) == []
    assert sent_at(moment - INSTANT) == []
    [letter] = sent_at(moment)
    assert letter.to == [sales.user.email]
    assert letter.subject == f"Invitation funnel, {sales.partner}"
    assert "/admin/reports/invitations/" in letter.body
    assert sent_at(moment) == []
    assert sent_at(next_one - INSTANT) == []
    assert len(sent_at(next_one + timedelta(days=1))) == 1


def test_attachment_has_what_the_report_says_as_it_leaves(sales):
    ordered(sales, filters="by=staff")
    with clock.at(MONDAY - timedelta(hours=1)):
        stories.sent_invitation(sales)
    [letter] = sent_at(MONDAY)
    name, [heads, row, total] = sheet_of(letter)
    assert name == "invitations-2026-03-23.xlsx"
    assert heads[:3] == ["Requested by", "Created", "Sent"]
    assert row[:3] == [sales.user.full_name, 1, 1]
    assert total[:3] == ["All", 1, 1]
    assert OutgoingEmail.objects.get(report__isnull=False).status == EmailStatus.SENT


def test_columns_are_those_of_the_role_at_the_time_of_sending(sales):
    ordered(sales, REPORTS["renewals"])
    membership = StaffMembership.objects.filter(user=sales.user)
    membership.update(role="report_viewer")
    [letter] = sent_at(MONDAY)
    _name, [heads] = sheet_of(letter)
    assert "Seats" in heads
    assert not {"Currency", "At stake, list price"} & set(heads)


def end_membership(actor):
    StaffMembership.objects.filter(user=actor.user).update(expires_at=WEDNESDAY)


def deactivate(actor):
    actor.user.is_active = False
    actor.user.save()


@pytest.mark.parametrize("end", [end_membership, deactivate])
def test_nothing_is_sent_when_the_right_has_ended(sales, end):
    ordered(sales)
    end(sales)
    assert sent_at(MONDAY) == []
    assert not ReportEmail.objects.exists()


def test_nothing_leaves_when_the_right_ends_after_it_was_queued(sales):
    ordered(sales)
    with clock.at(MONDAY):
        assert send_due() == 1
        end_membership(sales)
        running.run_waiting("test")
    assert mail.outbox == []
    email = OutgoingEmail.objects.get()
    assert email.status == EmailStatus.REFUSED
    assert email.error == "Its reader may not see this report any more."
    assert Job.objects.failed().count() == 1


def test_operator_has_reports_until_it_is_none_any_more():
    operator = stories.operator()
    ordered(operator)
    [letter] = sent_at(MONDAY)
    assert letter.subject == "Invitation funnel"
    operator.user.is_superuser = False
    operator.user.save()
    assert sent_at(MONDAY + timedelta(days=7)) == []


def test_report_that_is_gone_is_not_sent(sales):
    ordered(sales)
    ReportSubscription.objects.update(report="gone")
    assert sent_at(MONDAY) == []


def test_nothing_is_sent_to_whom_has_no_address_any_more(sales):
    ordered(sales)
    sales.user.email = ""
    sales.user.save()
    assert sent_at(MONDAY) == []


def test_order_is_refused_without_an_address(sales):
    sales.user.email = ""
    with pytest.raises(ValidationError, match="You have no e-mail address here"):
        ordered(sales)
    assert not ReportSubscription.objects.exists()


def test_order_is_refused_to_a_customer():
    with pytest.raises(PermissionDenied):
        ordered(stories.tenant())
    assert not ReportSubscription.objects.exists()


def test_report_ordered_again_comes_once_with_the_new_filters(sales):
    ordered(sales)
    ordered(sales, every="month", filters="by=staff")
    subscription = ReportSubscription.objects.get()
    assert (subscription.every, subscription.filters) == ("month", "by=staff")
    assert str(subscription) == f"invitations, {sales.user}, On the first of each month"


def test_order_is_refused_when_its_days_never_move_on(sales):
    ordered(sales, filters="by=staff")
    for filters in ("first=2026-01-01", "by=staff&last=2026-02-01"):
        with pytest.raises(ValidationError, match="These days never move on"):
            ordered(sales, filters=filters)
    assert ReportSubscription.objects.get().filters == "by=staff"


def test_orders_and_stops_are_in_the_activity_log(sales):
    ordered(sales)
    stop(FUNNEL, actor=sales)
    stop(FUNNEL, actor=sales)  # nothing is left to stop
    told = ActivityRecord.objects.order_by("pk").values_list(
        "operation", "actor", "partner", "old_value", "new_value"
    )
    who = (sales.user.pk, sales.partner.pk)
    said = {"report": "invitations", "every": "week"}
    assert list(told) == [
        (Operation.ORDER_REPORT, *who, {}, said),
        (Operation.STOP_REPORT, *who, said, {}),
    ]


def test_letter_names_its_filters(sales):
    ordered(sales, filters="by=staff&period=3-months")
    [letter] = sent_at(MONDAY)
    assert "Period: 1 January 2026 to 23 March 2026\n" in letter.body
    assert "A row for each: Staff member\n" in letter.body


def test_report_that_is_too_large_comes_as_a_link_alone(sales, monkeypatch):
    monkeypatch.setattr(by_mail, "LARGEST", 100)
    ordered(sales)
    [letter] = sent_at(MONDAY)
    assert letter.attachments == []
    assert "is not attached: then follow the link." in letter.body
    assert "/admin/reports/invitations/" in letter.body


def test_letter_stays_queued_when_its_worker_dies_over_the_report(sales, monkeypatch):
    def die(email):
        raise SystemExit

    ordered(sales)
    with clock.at(MONDAY), monkeypatch.context() as patch:
        send_due()
        patch.setattr(letters, "attachments", [die])
        with pytest.raises(SystemExit):
            running.run_waiting("first")
    email = OutgoingEmail.objects.get()
    assert (email.status, email.attempts) == (EmailStatus.QUEUED, 0)
    with clock.at(MONDAY):
        running.take_back_lost()
        running.run_waiting("second")
    [letter] = mail.outbox
    assert sheet_of(letter)[0] == "invitations-2026-03-23.xlsx"
    email.refresh_from_db()
    assert (email.status, email.attempts) == (EmailStatus.SENT, 1)


def test_stopping_ends_ones_own_only(sales):
    colleague = stories.staff(sales.partner)
    ordered(sales)
    ordered(colleague)
    with clock.at(MONDAY):
        send_due()
    stop(FUNNEL, actor=sales)
    assert [row.user for row in ReportSubscription.objects.all()] == [colleague.user]
    assert [str(row) for row in ReportEmail.objects.all()] == [
        f"Invitation funnel, {sales.partner} ({colleague.user.email})"
    ]


def test_page_orders_with_its_filters_and_stops():
    sales = stories.staff()
    client, address = desk(sales), "/admin/reports/invitations/"
    order_here = f"{address}by-mail/?by=staff"
    answer = client.post(order_here, {"every": "month"}, follow=True)
    assert answer.redirect_chain == [(f"{address}?by=staff", 302)]
    done = f"This report comes to {sales.user.email}, with these filters."
    assert messages(answer) == [done]
    assert "It comes to you as a spreadsheet: On the first of each month." in text(
        answer
    )
    assert ReportSubscription.objects.get().filters == "by=staff"
    answer = client.post(f"{address}by-mail/", {"every": ""}, follow=True)
    assert messages(answer) == ["This report comes by e-mail no more."]
    assert not ReportSubscription.objects.exists()


def test_page_shows_what_is_ordered_and_takes_the_present_filters(sales):
    client, address = desk(sales), "/admin/reports/invitations/"
    ordered(sales, filters="by=staff")
    same = text(client.get(f"{address}?by=staff"))
    assert "A row for each: Staff member" in same
    assert "Use the present filters" not in same
    other = text(client.get(f"{address}?period=3-months"))
    assert "A row for each: Staff member" in other
    assert '<button class="btn" name="every" value="week">Use the present' in other
    client.post(f"{address}by-mail/?period=3-months", {"every": "week"})
    assert ReportSubscription.objects.get().filters == "period=3-months"


def test_index_lists_ones_own_orders(sales):
    ordered(sales, filters="by=staff")
    ordered(stories.staff(sales.partner), REPORTS["renewals"])
    ordered(sales, REPORTS["integrity"])
    ReportSubscription.objects.filter(report="integrity").update(report="gone")
    page = desk(sales).get("/admin/reports/")
    [order_shown] = page.context["orders"]
    assert order_shown.report is FUNNEL
    shown = text(page)
    assert 'href="/admin/reports/invitations/?by=staff"' in shown
    assert "Every Monday." in shown
    assert "A row for each: Staff member" in shown
    assert "They come to you" not in text(desk(stories.staff()).get("/admin/reports/"))


def test_page_tells_why_it_cannot_be_ordered(sales):
    sales.user.email = ""
    sales.user.save()
    address = "/admin/reports/invitations/by-mail/"
    answer = desk(sales).post(address, {"every": "week"}, follow=True)
    assert messages(answer) == [
        "You have no e-mail address here. Ask the operator to enter it."
    ]


def test_address_alone_changes_nothing(sales):
    answer = desk(sales).get("/admin/reports/invitations/by-mail/?every=week")
    assert answer.headers["Location"] == "/admin/reports/invitations/"
    assert not ReportSubscription.objects.exists()
