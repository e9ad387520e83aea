"""A customer asks to end; its partner ends, or sees what has to be stopped first."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from portal.foundation import clock
from relationships.enums import CaseKind, Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Case, OutgoingEmail
from relationships.services.cases import ask_to_end, close_case
from relationships.services.relationships import blockers_of, end_relationship
from relationships.services.tenants import provision_customer
from subscriptions.services import lifecycle

from .. import stories
from .support import DAY, NOON, denied, operations, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def relationship(agent, admin):
    return stories.relationship(agent, admin)


def test_asking_opens_a_case_tells_staff_and_ends_nothing(agent, admin, relationship):
    with operations() as told:
        case = ask_to_end(relationship, actor=admin, message=" We move. ")
    stored = Case.objects.get(pk=case.pk)
    assert (stored.kind, stored.message) == (CaseKind.END_RELATIONSHIP, "We move.")
    assert (stored.partner, stored.customer) == (agent.partner, admin.customer)
    assert stored.subject == stored.relationship == relationship
    assert stored.subject_url == admin.customer.get_absolute_url()
    assert str(stored) == f"Asks to end the relationship: {relationship}"
    assert told == [Operation.ASK_TO_END]
    assert ActivityRecord.objects.latest("pk").new_value == {"case": case.pk}
    letter = OutgoingEmail.objects.latest("pk")
    assert letter.recipient == agent.user.email
    assert "We move." in letter.text
    assert "It goes on until you end it" in letter.text
    relationship.refresh_from_db()
    assert relationship.is_active


def test_second_click_is_the_first_case(admin, relationship):
    case = ask_to_end(relationship, actor=admin)
    with unchanged():
        assert ask_to_end(relationship, actor=admin, message="Again") == case


def test_asking_again_opens_another_case_when_the_first_was_closed(
    agent, admin, relationship
):
    first = ask_to_end(relationship, actor=admin)
    close_case(first, actor=agent)
    assert ask_to_end(relationship, actor=admin) != first


def test_asking_is_refused_when_it_has_ended(agent, admin, relationship):
    end_relationship(relationship, actor=agent, reason="x")
    with denied(TransitionNotAllowed):
        ask_to_end(relationship, actor=admin)


def test_asking_is_denied_to_another_tenant(relationship):
    foreign = stories.tenant()
    with denied(PermissionDenied):
        ask_to_end(relationship, actor=foreign)


def test_ending_closes_the_case(agent, admin, relationship):
    case = ask_to_end(relationship, actor=admin)
    with operations() as told:
        end_relationship(relationship, actor=agent, reason="They asked for it.")
    case.refresh_from_db()
    assert (case.closed_at, case.closed_by) == (NOON, agent.user)
    assert told == [Operation.END_RELATIONSHIP, Operation.CLOSE_CASE]


def test_partners_contact_is_told_when_the_tenant_was_provisioned(agent):
    customer = provision_customer(
        actor=agent,
        company_name="New",
        stated_domain="new.example",
        country="DE",
    )
    admin = stories.tenant(customer)
    ask_to_end(customer.active_relationship, actor=admin)
    letter = OutgoingEmail.objects.latest("pk")
    assert letter.recipient == agent.partner.contact_email


def test_case_is_about_an_invitation_or_a_relationship(agent, admin, relationship):
    case = ask_to_end(relationship, actor=admin)
    for invitation, about in ((relationship.invitation, relationship), (None, None)):
        case.invitation, case.relationship = invitation, about
        with unchanged(), pytest.raises(ValidationError):
            case.save()
        rows = Case.objects.filter(pk=case.pk)
        with unchanged(), pytest.raises(IntegrityError), transaction.atomic():
            rows.update(invitation=invitation, relationship=about)


def test_blockers_say_what_each_of_them_needs(agent, admin, relationship):
    blocker = stories.csp_subscription(agent, admin.customer)
    idle = stories.csp_subscription(agent, admin.customer)
    lifecycle.suspend(idle, actor=agent)
    assert blockers_of(relationship) == [blocker]
    assert blocker.how_to_stop == (
        "Suspend it (billed until 2 March 2027), or cancel it until "
        "9 Mar 2026, 12:00 UTC."
    )
    with clock.at(NOON + 7 * DAY):
        assert blocker.how_to_stop == "Suspend it: it is billed until 2 March 2027."
    with clock.at(NOON + 7 * DAY - timedelta(microseconds=1)):
        assert "or cancel it until" in blocker.how_to_stop
    lifecycle.cancel(blocker, actor=agent)
    assert blockers_of(relationship) == []
