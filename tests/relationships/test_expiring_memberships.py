"""A staff membership that is about to expire."""

from datetime import timedelta

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.jobs import tell_of_expiring_memberships
from relationships.models import Notice, OutgoingEmail

from .. import stories
from ..factories import PartnerFactory, StaffMembershipFactory
from .support import DAY, NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    return stories.staff(PartnerFactory(name="Fabrikam"), "admin_agent")


@pytest.fixture
def member(agent):
    return StaffMembershipFactory(partner=agent.partner, expires_at=NOON + 30 * DAY)


def tell(after):
    with clock.at(NOON + after):
        tell_of_expiring_memberships.func(None)


def sentences():
    return {notice.recipient: notice.sentence for notice in Notice.objects.all()}


def test_member_and_administrators_are_told_once(agent, member, settings):
    settings.MEMBERSHIP_NOTICE_DAYS = 14
    stories.staff(agent.partner, "helpdesk_agent")
    stories.staff(role="admin_agent")
    tell(16 * DAY - timedelta(seconds=1))
    assert sentences() == {}
    tell(16 * DAY)
    tell(17 * DAY)
    assert sentences() == {
        member.user: "Your access for Fabrikam ends on 1 April 2026",
        agent.user: "The access of one of your staff ends on 1 April 2026",
    }
    page = Notice.objects.get(recipient=agent.user).path
    assert page == f"/admin/relationships/staffmembership/{member.pk}/change/"
    letters = {email.recipient: email.text for email in OutgoingEmail.objects.all()}
    assert set(letters) == {member.user.email, agent.user.email}
    assert "1 April 2026, 12:00 UTC" in letters[member.user.email]
    assert member.user.full_name not in letters[agent.user.email]


def test_administrator_whose_own_membership_ends_is_told_once(agent):
    own = StaffMembershipFactory(
        partner=agent.partner, role="admin_agent", expires_at=NOON + DAY
    )
    tell(timedelta())
    assert Notice.objects.filter(recipient=own.user).count() == 1
    assert Notice.objects.filter(recipient=agent.user).count() == 1


def test_another_end_is_told_again(member):
    tell(20 * DAY)
    member.expires_at = NOON + 60 * DAY
    member.save()
    tell(50 * DAY)
    member_of = Actor.staff(member)
    assert Notice.objects.visible_to(member_of).count() == 2


def test_nobody_is_told_of_what_is_over_or_of_who_is_gone(agent, member):
    gone = StaffMembershipFactory(partner=agent.partner, expires_at=NOON + 30 * DAY)
    gone.user.is_active = False
    gone.user.save()
    tell(31 * DAY)
    assert sentences() == {}
    tell(29 * DAY)
    assert set(sentences()) == {member.user, agent.user}
    assert Notice.objects.filter(recipient=agent.user).count() == 1
