"""Each status times each verb, from INVITATION_TRANSITIONS itself."""

import itertools

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import (
    INVITATION_TRANSITIONS,
    OPEN_STATUSES,
    InvitationStatus,
    InvitationVerb,
    Operation,
    SentHow,
)
from relationships.exceptions import TransitionNotAllowed
from relationships.models import Invitation
from relationships.services import invitations

from .. import stories
from .support import DAY, NOON, denied, operations, unchanged

pytestmark = pytest.mark.django_db

STATUS, VERB = InvitationStatus, InvitationVerb
EVERY_CELL = list(itertools.product(STATUS, VERB))
# Whoever may click twice gets the same answer; these neither move nor raise.
REPEATS = {
    (STATUS.ACCEPTED, VERB.ACCEPT),
    (STATUS.DECLINED, VERB.DECLINE),
    *((status, VERB.OPEN) for status in STATUS),
    *((status, VERB.EXPIRE) for status in STATUS),
} - {(STATUS.DRAFT, VERB.OPEN), (STATUS.SENT, VERB.OPEN)}
# Signing in to an unopened one opens it first.
OPENS_FIRST = {(STATUS.DRAFT, VERB.SIGN_IN), (STATUS.SENT, VERB.SIGN_IN)}
OPERATIONS = {
    VERB.SEND: Operation.SEND_INVITATION,
    VERB.OPEN: Operation.OPEN_INVITATION,
    VERB.SIGN_IN: Operation.SIGN_IN_TO_INVITATION,
    VERB.WITHDRAW: Operation.WITHDRAW_INVITATION,
    VERB.RENEW: Operation.RENEW_INVITATION,
    VERB.EXPIRE: Operation.EXPIRE_INVITATION,
    VERB.DECLINE: Operation.DECLINE_INVITATION,
    VERB.ACCEPT: Operation.ACCEPT_INVITATION,
}


class World:
    """One invitation, brought by the services into a status at NOON."""

    def __init__(self) -> None:
        self.sales = stories.staff()
        self.admin = stories.tenant()
        self.colleague = stories.tenant(self.admin.customer)

    def bring_to(self, status: str) -> Invitation:
        sales, admin = self.sales, self.admin
        draft = stories.invitation(sales, expires_at=clock.now() + DAY)
        if status == STATUS.DRAFT:
            return draft
        sent = invitations.send_invitation(draft, actor=sales, how=SentHow.BY_HAND)
        if status == STATUS.WITHDRAWN:
            return invitations.withdraw_invitation(sent, actor=sales)
        if status == STATUS.EXPIRED:
            with clock.at(draft.expires_at):
                invitations.expire_invitations([sent.pk], actor=Actor.clock())
            return Invitation.objects.get(pk=sent.pk)
        if status == STATUS.SENT:
            return sent
        opened = invitations.open_invitation(sent, actor=Actor.visitor())
        if status == STATUS.OPENED:
            return opened
        signed_in = invitations.sign_in_to_invitation(opened, actor=admin)
        if status == STATUS.ACCEPTED:
            invitations.accept_invitation(signed_in, actor=admin, agreed=True)
        if status == STATUS.DECLINED:
            invitations.decline_invitation(signed_in, actor=admin)
        return Invitation.objects.get(pk=draft.pk)

    def do(self, verb: str, invitation: Invitation) -> object:
        sales, colleague = self.sales, self.colleague
        calls = {
            VERB.SEND: lambda: invitations.send_invitation(
                invitation, actor=sales, how=SentHow.BY_HAND
            ),
            VERB.OPEN: lambda: invitations.open_invitation(
                invitation, actor=Actor.visitor()
            ),
            VERB.SIGN_IN: lambda: invitations.sign_in_to_invitation(
                invitation, actor=colleague
            ),
            VERB.ACCEPT: lambda: invitations.accept_invitation(
                invitation, actor=colleague, agreed=True
            ),
            VERB.DECLINE: lambda: invitations.decline_invitation(
                invitation, actor=colleague
            ),
            VERB.WITHDRAW: lambda: invitations.withdraw_invitation(
                invitation, actor=sales
            ),
            VERB.RENEW: lambda: invitations.renew_invitation(invitation, actor=sales),
            VERB.EXPIRE: lambda: invitations.expire_invitations(
                [invitation.pk], actor=Actor.clock()
            ),
        }
        return calls[InvitationVerb(verb)]()


def status_of(invitation: Invitation) -> str:
    return Invitation.objects.values_list("status", flat=True).get(pk=invitation.pk)


@pytest.fixture
def world():
    with clock.at(NOON):
        yield World()


@pytest.mark.parametrize("status", STATUS)
def test_table_leads_to_known_statuses_by_known_verbs(status):
    row = INVITATION_TRANSITIONS[status]
    assert set(row) <= set(VERB)
    assert set(row.values()) <= set(STATUS)


@pytest.mark.parametrize("status", [STATUS.ACCEPTED, STATUS.DECLINED])
def test_answer_is_final(status):
    assert INVITATION_TRANSITIONS[status] == {}


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        cell
        for cell in EVERY_CELL
        if cell[1] in INVITATION_TRANSITIONS[cell[0]] and cell not in REPEATS
    ],
)
def test_invitation_moves_as_the_table_says_when_the_verb_is_allowed(
    world, status, verb
):
    invitation = world.bring_to(status)
    assert status_of(invitation) == status
    with operations() as told:
        world.do(verb, invitation)
    assert status_of(invitation) == INVITATION_TRANSITIONS[status][verb]
    about = {OPERATIONS[verb]}
    if verb == VERB.ACCEPT:
        about.add(Operation.ESTABLISH_RELATIONSHIP)
    assert sorted(told) == sorted(about)


@pytest.mark.parametrize(("status", "verb"), sorted(OPENS_FIRST))
def test_signing_in_opens_first_when_it_was_not_opened(world, status, verb):
    invitation = world.bring_to(status)
    with operations() as told:
        world.do(verb, invitation)
    assert status_of(invitation) == STATUS.SIGNED_IN
    assert told == [Operation.OPEN_INVITATION, Operation.SIGN_IN_TO_INVITATION]


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        cell
        for cell in EVERY_CELL
        if cell[1] not in INVITATION_TRANSITIONS[cell[0]]
        and cell not in REPEATS | OPENS_FIRST
    ],
)
def test_verb_is_refused_when_the_table_lacks_it(world, status, verb):
    invitation = world.bring_to(status)
    with denied(TransitionNotAllowed):
        world.do(verb, invitation)


@pytest.mark.parametrize(("status", "verb"), sorted(REPEATS))
def test_repeated_verb_changes_nothing(world, status, verb):
    invitation = world.bring_to(status)
    with unchanged():
        world.do(verb, invitation)


@pytest.mark.parametrize(
    ("status", "verb"), list(itertools.product(OPEN_STATUSES, VERB))
)
def test_overdue_invitation_is_expired_for_every_verb_though_stored_open(
    world, status, verb
):
    invitation = world.bring_to(status)
    allowed = INVITATION_TRANSITIONS[STATUS.EXPIRED]
    with clock.at(invitation.expires_at):
        assert invitation.current_status == STATUS.EXPIRED
        assert not invitation.is_open
        if verb == VERB.EXPIRE:
            assert world.do(verb, invitation) == 1
            assert status_of(invitation) == STATUS.EXPIRED
        elif verb in allowed:
            world.do(verb, invitation)
            assert status_of(invitation) == allowed[verb]
        elif verb == VERB.OPEN:
            with unchanged():
                world.do(verb, invitation)
        else:
            with denied(TransitionNotAllowed):
                world.do(verb, invitation)


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_current_status_is_told_alike_by_row_and_by_query(world, status):
    invitation = world.bring_to(status)
    for moment in (NOON, invitation.expires_at):
        with clock.at(moment):
            row = Invitation.objects.with_current_status().get(pk=invitation.pk)
            assert row.status_now == row.current_status
            is_open = Invitation.objects.open().filter(pk=row.pk).exists()
            is_overdue = Invitation.objects.overdue().filter(pk=row.pk).exists()
            assert (is_open, is_overdue) == (row.is_open, not row.is_open)


def test_refusal_names_verb_and_status(world):
    invitation = world.bring_to(STATUS.DECLINED)
    with denied(TransitionNotAllowed) as caught:
        world.do(VERB.WITHDRAW, invitation)
    assert str(caught.value) == (
        "Withdraw: not possible while the invitation is declined."
    )


def test_verb_is_judged_by_the_stored_row_not_by_the_one_in_memory(world):
    old = world.bring_to(STATUS.SENT)
    world.do(VERB.WITHDRAW, old)
    assert old.status == STATUS.SENT
    with denied(TransitionNotAllowed):
        world.do(VERB.SEND, old)
