import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock
from relationships import links
from relationships.actors import Actor
from relationships.enums import CaseKind, InvitationStatus
from relationships.models import Invitation
from relationships.services import invitations
from relationships.services.cases import open_case
from relationships.services.partners import correct_partner

from .. import stories
from ..factories import CustomerFactory
from .support import DAY, NOON, denied, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

ADDRESS = "ann@contoso.example"


def renew(invitation, actor, **values):
    return invitations.renew_invitation(invitation, actor=actor, **values)


def test_renewal_makes_a_draft_again_with_a_new_link_and_expiry(sales):
    signed_in = stories.signed_in_invitation(sales, stories.tenant())
    invitations.withdraw_invitation(signed_in, actor=sales)
    with clock.at(NOON + DAY):
        renew(signed_in, sales)
    renewed = Invitation.objects.get(pk=signed_in.pk)
    assert renewed.status == InvitationStatus.DRAFT
    assert renewed.link_generation == 2
    assert renewed.expires_at == NOON + 31 * DAY
    assert renewed.customer is None
    assert renewed.sent_at is renewed.opened_at is renewed.signed_in_at is None
    assert renewed.withdrawn_at is renewed.withdrawn_by is None
    assert renewed.sent_how == ""
    assert renewed.sign_ins.count() == 1


def test_old_link_says_an_older_generation_than_the_row(sales):
    sent = stories.sent_invitation(sales)
    token = sent.url.rstrip("/").rpartition("/")[2]
    renewed = renew(sent, sales)
    link = links.read_token(links.INVITATION, token)
    assert link.id == renewed.pk
    assert link.generation == renewed.link_generation - 1


@pytest.mark.parametrize("expires_at", [NOON, NOON + 366 * DAY])
def test_renewal_is_refused_when_the_new_expiry_is_past_or_too_far(sales, expires_at):
    sent = stories.sent_invitation(sales)
    with refused("expiry"):
        renew(sent, sales, expires_at=expires_at)


def test_renewal_is_refused_when_another_is_open_for_the_address(sales):
    first = stories.sent_invitation(sales, recipient_email=ADDRESS)
    invitations.withdraw_invitation(first, actor=sales)
    second = stories.invitation(sales, recipient_email=ADDRESS.upper())
    with refused("already_invited") as caught:
        renew(first, sales)
    assert caught.value.params["invitation"] == second


def test_renewal_is_not_blocked_when_the_other_one_is_overdue(sales):
    first = stories.sent_invitation(sales, recipient_email=ADDRESS)
    invitations.withdraw_invitation(first, actor=sales)
    second = stories.invitation(sales, recipient_email=ADDRESS, expires_at=NOON + DAY)
    with clock.at(NOON + DAY):
        renewed = renew(first, sales)
    second.refresh_from_db()
    assert second.status == InvitationStatus.EXPIRED
    assert renewed.status == InvitationStatus.DRAFT


def test_renewal_is_refused_when_the_tenant_is_linked_by_now(sales):
    customer = CustomerFactory(primary_domain="contoso.example")
    first = stories.sent_invitation(sales, customer_domain="contoso.example")
    invitations.withdraw_invitation(first, actor=sales)
    other = stories.signed_in_invitation(sales, stories.tenant(customer))
    invitations.accept_invitation(other, actor=stories.tenant(customer), agreed=True)
    with refused("already_linked"):
        renew(first, sales)


def test_renewal_is_denied_when_the_partner_is_an_advisor_by_now(sales):
    sent = stories.sent_invitation(sales)
    correct_partner(
        sales.partner,
        actor=stories.operator(),
        reason="It left the programme.",
        is_csp_transacting=False,
        is_advisor=True,
    )
    with denied(PermissionDenied):
        renew(sent, sales)


def test_renewal_answers_who_asked_for_a_new_link(sales):
    sent = stories.sent_invitation(sales)
    asked = open_case(CaseKind.NEW_LINK, sent, actor=Actor.visitor())
    region = open_case(CaseKind.REGION, sent, actor=Actor.visitor())
    with clock.at(NOON + DAY):
        renew(sent, sales)
    asked.refresh_from_db()
    region.refresh_from_db()
    assert (asked.closed_at, asked.closed_by) == (NOON + DAY, sales.user)
    assert region.is_open


def test_renewed_invitation_is_answered_only_after_a_new_sign_in(sales):
    admin = stories.tenant()
    renewed = renew(stories.signed_in_invitation(sales, admin), sales)
    invitations.sign_in_to_invitation(renewed, actor=admin)
    accepted = invitations.accept_invitation(renewed, actor=admin, agreed=True)
    assert accepted.invitation == renewed
