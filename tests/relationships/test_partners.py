import uuid

import pytest
from django.core.exceptions import ValidationError

from portal.foundation import clock
from relationships import links
from relationships.enums import InvitationStatus, Operation, SentHow
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Invitation, Partner
from relationships.services import invitations
from relationships.services.partners import (
    correct_partner,
    renew_partner_link,
    sign_in_by_partner_link,
    stop_partner_link,
)

from .. import stories
from ..factories import AdvisorFactory, PartnerFactory
from .support import DAY, NOON, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def sales():
    return stories.staff(PartnerFactory(name="Fabrikam"))


def stored(partner):
    return Partner.objects.get(pk=partner.pk)


def test_partner_link_is_one_for_all_customers_and_renewed_by_generation(sales):
    partner = sales.partner
    token = partner.link_url.rstrip("/").rpartition("/")[2]
    assert links.read_token(links.PARTNER, token) == links.Link(partner.pk, 1)
    renewed = renew_partner_link(partner, actor=sales)
    assert stored(partner).link_generation == 2
    assert renewed.link_url != partner.link_url


def test_partner_link_is_stopped_until_it_is_renewed(sales):
    stopped = stop_partner_link(sales.partner, actor=sales)
    assert stored(sales.partner).link_stopped_at == NOON
    with denied(TransitionNotAllowed):
        stop_partner_link(stopped, actor=sales)
    renewed = renew_partner_link(stopped, actor=sales)
    assert renewed.link_stopped_at is None
    assert list(
        ActivityRecord.objects.about(renewed).values_list("operation", flat=True)
    ) == [Operation.RENEW_PARTNER_LINK, Operation.STOP_PARTNER_LINK]


def test_tenant_gets_its_own_tracked_invitation_by_the_partner_link(sales, settings):
    settings.INVITATION_DAYS = 10
    admin = stories.tenant()
    with operations() as told:
        made = sign_in_by_partner_link(sales.partner, actor=admin)
    assert told == [
        Operation.CREATE_INVITATION,
        Operation.OPEN_INVITATION,
        Operation.SIGN_IN_TO_INVITATION,
    ]
    invitation = Invitation.objects.get(pk=made.pk)
    assert invitation.status == InvitationStatus.SIGNED_IN
    assert invitation.partner == sales.partner
    assert invitation.customer == admin.customer
    assert invitation.customer_tenant_id == admin.customer.tenant_id
    assert invitation.created_by is None
    assert (invitation.sent_at, invitation.sent_how) == (NOON, SentHow.INFERRED)
    assert invitation.expires_at == NOON + 10 * DAY
    assert str(invitation) == str(admin.customer)


def test_tracked_invitation_is_that_tenants_alone(sales):
    made = sign_in_by_partner_link(sales.partner, actor=stories.tenant())
    stranger = stories.tenant()
    with refused("wrong_tenant"):
        invitations.sign_in_to_invitation(made, actor=stranger)


def test_tracked_invitation_serves_again_while_it_is_open(sales):
    admin = stories.tenant()
    first = sign_in_by_partner_link(sales.partner, actor=admin)
    with unchanged():
        assert sign_in_by_partner_link(sales.partner, actor=admin) == first
    with clock.at(first.expires_at):
        second = sign_in_by_partner_link(sales.partner, actor=admin)
    first.refresh_from_db()
    assert second != first
    assert first.status == InvitationStatus.EXPIRED


def test_tracked_invitation_leads_to_a_relationship(sales):
    admin = stories.tenant()
    made = sign_in_by_partner_link(sales.partner, actor=admin)
    relationship = invitations.accept_invitation(made, actor=admin, agreed=True)
    assert relationship.partner == sales.partner


def test_invitation_that_the_tenant_came_by_serves_for_the_partner_link(sales):
    admin = stories.tenant()
    asked = stories.signed_in_invitation(sales, admin)
    assert sign_in_by_partner_link(sales.partner, actor=admin) == asked


@pytest.mark.parametrize("change", [stop_partner_link, renew_partner_link])
def test_old_link_lets_nobody_in_though_the_caller_read_it_before(sales, change):
    admin = stories.tenant()
    known = Partner.objects.get(pk=sales.partner.pk)
    change(sales.partner, actor=sales)
    with denied(TransitionNotAllowed):
        sign_in_by_partner_link(known, actor=admin)


def test_advisor_has_no_link_that_works():
    admin = stories.tenant()
    advisor = AdvisorFactory()
    with denied(TransitionNotAllowed):
        sign_in_by_partner_link(advisor, actor=admin)


def test_operator_corrects_a_partner_with_a_reason(sales):
    operator = stories.operator()
    with operations() as told:
        correct_partner(
            sales.partner,
            actor=operator,
            reason=" It was renamed. ",
            name="Fabrikam Europe",
            country="DE",
        )
    assert stored(sales.partner).name == "Fabrikam Europe"
    assert told == [Operation.CORRECT_PARTNER]
    record = ActivityRecord.objects.latest("pk")
    assert record.new_value == {"fields": ["name"]}
    assert record.reason == "It was renamed."
    assert record.actor == operator.user


def test_correction_without_a_reason_is_refused(sales):
    operator = stories.operator()
    with refused("reason"):
        correct_partner(sales.partner, actor=operator, reason=" ", name="X")


def test_correction_that_changes_nothing_is_not_told(sales):
    operator = stories.operator()
    with unchanged():
        correct_partner(sales.partner, actor=operator, reason="x", name="Fabrikam")


def test_tenant_of_a_partner_never_changes(sales):
    operator = stories.operator()
    with refused("por_untouched"):
        correct_partner(
            sales.partner, actor=operator, reason="x", tenant_id=uuid.uuid4()
        )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"mpn_id": "12a4"}, "mpn_id"),
        ({"country": "de"}, "country"),
        ({"currency": "eur"}, "currency"),
    ],
)
def test_correction_is_refused_when_the_record_would_be_wrong(sales, values, field):
    operator = stories.operator()
    with unchanged(), pytest.raises(ValidationError) as caught:
        correct_partner(sales.partner, actor=operator, reason="x", **values)
    assert field in caught.value.error_dict


def test_partner_transacts_or_advises(sales):
    operator = stories.operator()
    with unchanged(), pytest.raises(ValidationError) as caught:
        correct_partner(
            sales.partner, actor=operator, reason="x", is_csp_transacting=False
        )
    assert caught.value.messages == [
        "A partner is a CSP transacting partner, an Advisor, or both."
    ]
