import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import CaseKind, Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Case
from relationships.services.cases import close_case, open_case

from .. import stories
from .support import NOON, denied, operations, unchanged

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(sales):
    return stories.sent_invitation(sales)


def ask(invitation, **values):
    return open_case(CaseKind.NEW_LINK, invitation, actor=Actor.visitor(), **values)


def test_case_tells_staff_who_is_stopped_by_what(sales, sent):
    customer = stories.tenant().customer
    with clock.at(NOON), operations() as told:
        case = ask(sent, customer=customer, message=" Please! ")
    stored = Case.objects.get(pk=case.pk)
    assert stored.kind == CaseKind.NEW_LINK
    assert stored.partner == sales.partner
    assert stored.invitation == sent
    assert stored.customer == customer
    assert stored.message == "Please!"
    assert stored.opened_at == NOON
    assert told == [Operation.OPEN_CASE]
    record = ActivityRecord.objects.latest("pk")
    assert record.new_value == {"kind": "new_link", "invitation": str(sent.pk)}
    assert str(stored) == f"Asks for a new link: {sent}"


def test_second_case_of_a_kind_is_the_first_while_it_is_open(sent):
    first = ask(sent)
    with unchanged():
        assert ask(sent, message="Again!") == first
    other = open_case(CaseKind.REGION, sent, actor=Actor.visitor())
    assert other != first


def test_long_message_is_clipped(sent):
    assert len(ask(sent, message="x" * 2000).message) == 1000


def test_staff_closes_a_case_once(sales, sent):
    case = ask(sent)
    with clock.at(NOON), operations() as told:
        close_case(case, actor=sales)
    stored = Case.objects.get(pk=case.pk)
    assert (stored.closed_at, stored.closed_by) == (NOON, sales.user)
    assert told == [Operation.CLOSE_CASE]
    with denied(TransitionNotAllowed):
        close_case(case, actor=sales)


def test_case_is_opened_anew_when_the_first_is_closed(sales, sent):
    first = ask(sent)
    close_case(first, actor=sales)
    assert ask(sent) != first
