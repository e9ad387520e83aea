from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import strategies as st

from portal.foundation import clock
from relationships.enums import OPEN_STATUSES, SentHow
from relationships.models import Invitation
from relationships.services import invitations
from tests import stories

from .asking import ask, rows, total
from .histories import for_every, moments, pauses, periods

pytestmark = pytest.mark.django_db

STEPS = ("send", "open", "sign_in", "answer")
FIGURES = (
    *("created", "sent", "opened", "signed_in"),
    *("accepted", "declined", "expired", "withdrawn", "open"),
)
DAY = timedelta(days=1)

asked = st.builds(
    dict,
    at=moments,
    by=st.integers(0, 1),
    pauses=st.lists(pauses, max_size=4),
    answer=st.sampled_from(("accept", "accept", "decline", "withdraw")),
)


def play(colleagues, histories):
    for history in histories:
        moment, who = history["at"], colleagues[history["by"]]
        with clock.at(moment):
            invitation, admin = stories.invitation(who), stories.tenant()
        for step, pause in zip(STEPS, history["pauses"], strict=False):
            moment += pause
            verb = history["answer"] if step == "answer" else step
            with clock.at(moment):
                invitation = act(verb, invitation, who, admin)


def act(verb, invitation, who, admin):
    if verb == "send":
        how = SentHow.BY_HAND
        return invitations.send_invitation(invitation, actor=who, how=how)
    if verb == "open":
        return invitations.open_invitation(invitation, actor=admin)
    if verb == "sign_in":
        return invitations.sign_in_to_invitation(invitation, actor=admin)
    if verb == "accept":
        accepted = invitations.accept_invitation(invitation, actor=admin, agreed=True)
        return accepted.invitation
    if verb == "decline":
        return invitations.decline_invitation(invitation, actor=admin, reason="No")
    return invitations.withdraw_invitation(invitation, actor=who)


def figures_of(found):
    """Counted one by one."""
    counts = Counter(dict.fromkeys(FIGURES, 0))
    for row in found:
        status = row.current_status
        counts["created"] += 1
        counts["sent"] += row.sent_at is not None
        counts["opened"] += row.opened_at is not None
        counts["signed_in"] += row.signed_in_at is not None
        counts["open" if status in OPEN_STATUSES else str(status)] += 1
    times = sorted(
        row.accepted_at - row.sent_at for row in found if row.accepted_at is not None
    )
    return {
        **counts,
        "median": percentile(times, 50),
        "slow": percentile(times, 90),
    }


def percentile(times, percent):
    """The first one, of all in order, at which so many percent are reached."""
    for place, time_taken in enumerate(times, start=1):
        if 100 * place >= percent * len(times):
            return time_taken / DAY
    return None


def created_in(first, last):
    return [
        row
        for row in Invitation.objects.all()
        if first <= row.created_at.date() <= last
    ]


def told(row):
    return {name: row.get(name) for name in (*FIGURES, "median", "slow")}


@for_every(st.lists(asked, max_size=8), periods)
def test_funnel_counts_what_a_person_would_count(histories, period):
    first, last = period
    partner = stories.staff().partner
    colleagues = [stories.staff(partner), stories.staff(partner)]
    play(colleagues, histories)
    play([stories.staff()] * 2, histories[:1])  # another partner's
    own = [row for row in created_in(first, last) if row.partner == partner]
    given = {"first": first, "last": last}
    by_month = ask("invitations", colleagues[0], **given)
    assert told(by_month.totals[0]) == figures_of(own)
    months = {(row.created_at.year, row.created_at.month) for row in own}
    parts = [row for row in by_month.rows if row["created"]]
    assert [told(row) for row in parts] == [
        figures_of([row for row in own if of_month(row, month)])
        for month in sorted(months, reverse=True)
    ]
    by_staff = ask("invitations", colleagues[0], by="staff", **given)
    assert {row["who"]: told(row) for row in by_staff.rows} == {
        who: figures_of([row for row in own if row.created_by_id == who])
        for who in {row.created_by_id for row in own}
    }


def of_month(row, month):
    return (row.created_at.year, row.created_at.month) == month


@pytest.mark.parametrize(
    ("moment", "is_in"),
    [
        (datetime.combine(date(2026, 3, 9), time.max), False),
        (datetime.combine(date(2026, 3, 10), time.min), True),
        (datetime.combine(date(2026, 3, 12), time.max), True),
        (datetime.combine(date(2026, 3, 13), time.min), False),
    ],
)
def test_period_has_its_first_and_its_last_day_when_utc_counts(moment, is_in):
    sales = stories.staff()
    with clock.at(moment.replace(tzinfo=clock.now().tzinfo)):
        stories.invitation(sales)
    found = total("invitations", sales, first="2026-03-10", last="2026-03-12")
    assert found["created"] == is_in


def test_invitation_is_expired_at_once_when_its_time_is_over():
    sales = stories.staff()
    invitation = stories.sent_invitation(sales)
    with clock.at(invitation.expires_at - timedelta(seconds=1)):
        before = total("invitations", sales)
    with clock.at(invitation.expires_at):
        after = total("invitations", sales)
    assert (before["open"], before["expired"]) == (1, 0)
    assert (after["open"], after["expired"]) == (0, 1)


def test_renewed_invitation_is_a_draft_again():
    sales = stories.staff()
    invitations.renew_invitation(stories.sent_invitation(sales), actor=sales)
    found = total("invitations", sales)
    assert (found["created"], found["sent"], found["open"]) == (1, 0, 1)


def test_staff_filter_takes_one_colleagues_only():
    sales = stories.staff()
    other = stories.staff(sales.partner)
    stories.invitation(sales)
    stories.invitation(other)
    assert total("invitations", sales, staff=other.user.pk)["created"] == 1
    names = rows("invitations", sales, "staff", "created", by="staff")
    expected = sorted([sales.user.full_name, other.user.full_name])
    assert names == [(name, 1) for name in expected]


def test_row_says_partner_link_when_nobody_asked():
    sales = stories.staff()
    Invitation.objects.filter(pk=stories.invitation(sales).pk).update(created_by=None)
    assert rows("invitations", sales, "staff", by="staff") == [("By the partner link",)]
