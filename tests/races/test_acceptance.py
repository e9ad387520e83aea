from functools import partial

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import InvitationStatus, Operation
from relationships.models import (
    ActivityRecord,
    Case,
    CustomerAgreement,
    Invitation,
    OutgoingEmail,
    ResellerRelationship,
    TenantSignIn,
)
from relationships.services import invitations, partners
from subscriptions.services.observations import Statement, record_observation
from subscriptions.snapshots import verify

from .. import stories
from ..factories import PartnerFactory
from .running import codes, race, refused, succeeded

pytestmark = pytest.mark.django_db(transaction=True)

PARTNERS = 16


def accept(invitation, actor):
    return partial(invitations.accept_invitation, invitation, actor=actor, agreed=True)


def times(operation):
    return ActivityRecord.objects.filter(operation=operation).count()


@pytest.fixture
def colleague(admin):
    """Another administrator of the same tenant."""
    return stories.tenant(admin.customer)


def test_one_of_sixteen_partners_wins_when_all_are_accepted_at_once(admin, colleague):
    signed_in = [
        stories.signed_in_invitation(stories.staff(), admin) for _n in range(PARTNERS)
    ]
    outcomes = race(
        *(accept(invitation, admin) for invitation in signed_in),
        *(accept(invitation, colleague) for invitation in signed_in),
    )
    (relationship,) = ResellerRelationship.objects.all()
    # The winner's two clicks are one answer.
    assert succeeded(outcomes) == [relationship] * 2
    assert codes(outcomes) == ["one_transacting_partner"] * (2 * PARTNERS - 2)
    assert_nothing_is_half_written(relationship)


def assert_nothing_is_half_written(relationship):
    accepted = Invitation.objects.get(status=InvitationStatus.ACCEPTED)
    assert relationship.invitation == accepted
    losers = Invitation.objects.exclude(pk=accepted.pk)
    assert set(losers.values_list("status", "accepted_at")) == {("signed_in", None)}
    assert CustomerAgreement.objects.count() == 1
    assert OutgoingEmail.objects.count() == 2
    assert times(Operation.ACCEPT_INVITATION) == 1
    assert times(Operation.ESTABLISH_RELATIONSHIP) == 1
    assert times(Operation.OPEN_CASE) == PARTNERS - 1
    told = Case.objects.filter(kind="one_transacting_partner").values("invitation")
    assert {case["invitation"] for case in told} == {loser.pk for loser in losers}


def test_snapshot_is_true_when_observations_come_in_at_that_instant(admin):
    statements = [
        Statement(
            channel="direct", product_name="Mail", quantity=n, external_id="elsewhere-1"
        )
        for n in (1, 2, 3)
    ]
    operator, customer = stories.operator(), admin.customer
    first = record_observation(customer, actor=operator, statement=statements[0])
    invitation = stories.signed_in_invitation(stories.staff(), admin)
    outcomes = race(
        accept(invitation, admin),
        *(
            partial(record_observation, customer, actor=operator, statement=statement)
            for statement in statements[1:]
        ),
    )
    assert refused(outcomes) == []
    relationship = ResellerRelationship.objects.get()
    assert verify(relationship).is_intact
    established = ActivityRecord.objects.get(operation=Operation.ESTABLISH_RELATIONSHIP)
    recorded = ActivityRecord.objects.filter(operation=Operation.RECORD_OBSERVATION)
    before = recorded.filter(pk__lt=established.pk).latest("pk")
    (found,) = relationship.existing_snapshot["rows"]
    assert found["id"] == before.resource_id
    chain = customer.subscriptions.order_by("recorded_at")
    assert [row.supersedes for row in chain] == [None, first, chain[1]]


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (invitations.withdraw_invitation, "withdrawn"),
        (invitations.renew_invitation, "draft"),
        (invitations.decline_invitation, "declined"),
    ],
    ids=["withdraw", "renew", "decline"],
)
def test_invitation_is_answered_or_taken_back_when_both_are_tried(
    admin, colleague, verb, status
):
    sales = stories.staff()
    invitation = stories.signed_in_invitation(sales, admin)
    other = colleague if verb is invitations.decline_invitation else sales
    outcomes = race(accept(invitation, admin), partial(verb, invitation, actor=other))
    assert len(succeeded(outcomes)) == len(refused(outcomes)) == 1
    invitation.refresh_from_db()
    was_accepted = outcomes[0] in succeeded(outcomes)
    assert invitation.status == ("accepted" if was_accepted else status)
    assert ResellerRelationship.objects.count() == was_accepted
    assert CustomerAgreement.objects.count() == was_accepted


def test_invitation_is_accepted_when_everybody_else_only_looks_at_it(admin, colleague):
    sales = stories.staff()
    invitation = stories.signed_in_invitation(sales, admin)
    outcomes = race(
        accept(invitation, admin),
        partial(invitations.sign_in_to_invitation, invitation, actor=colleague),
        partial(invitations.open_invitation, invitation, actor=Actor.visitor()),
        partial(invitations.expire_invitations, [invitation.pk], actor=Actor.clock()),
    )
    assert outcomes[0] == ResellerRelationship.objects.get()
    invitation.refresh_from_db()
    assert invitation.status == "accepted"
    assert invitation.accepted_at <= clock.now()


def test_tenant_gets_one_invitation_when_two_of_it_come_by_the_partner_link(
    admin, colleague
):
    partner = PartnerFactory()
    outcomes = race(
        *(
            partial(partners.sign_in_by_partner_link, partner, actor=actor)
            for actor in (admin, colleague)
        )
    )
    invitation = Invitation.objects.get()
    assert outcomes == [invitation, invitation]
    assert (invitation.status, invitation.customer) == ("signed_in", admin.customer)
    assert TenantSignIn.objects.filter(invitation=invitation).count() == 2
    assert times(Operation.CREATE_INVITATION) == 1
