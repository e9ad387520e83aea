import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import (
    CaseKind,
    InvitationStatus,
    Operation,
    SentHow,
    SignInHow,
)
from relationships.models import Case, Invitation, TenantSignIn
from relationships.services import invitations
from relationships.services.cases import close_case

from .. import stories
from ..factories import CustomerFactory, PartnerFactory, TenantMembershipFactory
from .support import DAY, NOON, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def sign_in(invitation, actor, **how):
    return invitations.sign_in_to_invitation(invitation, actor=actor, **how)


def stored(invitation):
    return Invitation.objects.get(pk=invitation.pk)


def test_opening_an_unsent_one_marks_it_sent_inferred(sales):
    draft = stories.invitation(sales)
    opened = invitations.open_invitation(draft, actor=Actor.visitor())
    assert opened.status == InvitationStatus.OPENED
    assert (opened.sent_at, opened.sent_how) == (NOON, SentHow.INFERRED)


def test_only_the_first_opening_is_noted(sales):
    sent = stories.sent_invitation(sales)
    opened = invitations.open_invitation(sent, actor=Actor.visitor())
    assert (opened.opened_at, opened.sent_how) == (NOON, SentHow.BY_HAND)
    with clock.at(NOON + DAY), unchanged():
        invitations.open_invitation(sent, actor=Actor.visitor())


def test_signing_in_decides_nothing(sales):
    admin = stories.tenant()
    signed_in = stories.signed_in_invitation(sales, admin)
    assert signed_in.status == InvitationStatus.SIGNED_IN
    assert signed_in.signed_in_at == NOON
    assert signed_in.customer == admin.customer
    assert signed_in.accepted_at is None
    assert admin.customer.active_relationship is None


def test_every_person_is_told_once_with_role_and_way(sales):
    admin = stories.tenant()
    user = stories.tenant(admin.customer, "user")
    sent = stories.sent_invitation(sales)
    sign_in(sent, admin, how=SignInHow.OPENID_CONNECT)
    sign_in(sent, user)
    with clock.at(NOON + DAY), unchanged():
        sign_in(sent, admin, how=SignInHow.LOCAL_ACCOUNT)
    rows = TenantSignIn.objects.values_list("user", "customer", "role", "how", "at")
    assert set(rows) == {
        (
            admin.user.pk,
            admin.customer.pk,
            "global_administrator",
            SignInHow.OPENID_CONNECT,
            NOON,
        ),
        (user.user.pk, user.customer.pk, "user", SignInHow.LOCAL_ACCOUNT, NOON),
    }


def test_unbound_one_belongs_to_whoever_answers(sales):
    first, second = stories.tenant(), stories.tenant()
    sent = stories.sent_invitation(sales)
    sign_in(sent, first)
    assert stored(sent).customer == first.customer
    sign_in(sent, second)
    assert stored(sent).customer == second.customer
    invitations.accept_invitation(sent, actor=first, agreed=True)
    assert stored(sent).customer == first.customer
    assert stored(sent).sign_ins.count() == 2
    assert second.customer.active_relationship is None


def test_unbound_one_stays_unbound_by_a_sign_in(sales):
    signed_in = stories.signed_in_invitation(sales, stories.tenant())
    assert signed_in.customer_tenant_id is None


def test_wrong_tenant_is_refused_by_tenant_id(sales):
    invited = CustomerFactory(primary_domain="contoso.example")
    sent = stories.sent_invitation(sales, customer_domain="contoso.example")
    stranger = stories.tenant()
    with refused("wrong_tenant"):
        sign_in(sent, stranger)
    signed_in = sign_in(sent, stories.tenant(invited))
    assert signed_in.customer == invited


def test_invited_tenant_stays_invited_when_its_domain_passes_to_another(sales):
    invited = CustomerFactory(primary_domain="contoso.example")
    sent = stories.sent_invitation(sales, customer_domain="contoso.example")
    invited.primary_domain = None
    invited.save()
    heir = CustomerFactory(primary_domain="contoso.example")
    admin = stories.tenant(heir)
    with refused("wrong_tenant"):
        sign_in(sent, admin)
    assert sign_in(sent, stories.tenant(invited)).customer == invited


@pytest.mark.parametrize("domain", [None, "sub.contoso.example", "wingtip.example"])
def test_wrong_tenant_is_refused_by_domain_when_no_tenant_is_known_yet(sales, domain):
    sent = stories.sent_invitation(sales, customer_domain="contoso.example")
    admin = stories.tenant(CustomerFactory(primary_domain=domain))
    with refused("wrong_tenant"):
        sign_in(sent, admin)


def test_tenant_that_becomes_known_by_the_domain_is_bound_from_then_on(sales):
    sent = stories.sent_invitation(sales, customer_domain="contoso.example")
    customer = CustomerFactory(primary_domain="contoso.example")
    signed_in = sign_in(sent, stories.tenant(customer))
    assert signed_in.customer_tenant_id == customer.tenant_id


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_wrong_tenant_does_not_answer(sales, answer):
    invited = CustomerFactory(primary_domain="contoso.example")
    signed_in = stories.signed_in_invitation(
        sales, stories.tenant(invited), customer_domain="contoso.example"
    )
    stranger = stories.tenant()
    with refused("wrong_tenant"):
        if answer == "accept":
            invitations.accept_invitation(signed_in, actor=stranger, agreed=True)
        else:
            invitations.decline_invitation(signed_in, actor=stranger)


def test_staff_does_not_sign_in_as_a_customer(sales):
    sent = stories.sent_invitation(sales)
    with denied(PermissionDenied):
        sign_in(sent, sales)


def test_customer_is_released_from_the_same_partners_other_open_one(sales):
    admin = stories.tenant()
    first = stories.signed_in_invitation(sales, admin)
    second = stories.signed_in_invitation(sales, admin)
    assert stored(first).customer is None
    assert stored(first).status == InvitationStatus.SIGNED_IN
    assert stored(second).customer == admin.customer
    sign_in(first, admin)
    assert stored(first).customer == admin.customer
    assert stored(second).customer is None


def test_customer_keeps_another_partners_invitation(sales):
    admin = stories.tenant()
    first = stories.signed_in_invitation(sales, admin)
    stories.signed_in_invitation(stories.staff(), admin)
    assert stored(first).customer == admin.customer


def test_overdue_one_does_not_keep_the_customer_though_stored_open(sales):
    admin = stories.tenant()
    first = stories.signed_in_invitation(sales, admin, expires_at=NOON + DAY)
    with clock.at(NOON + DAY):
        second = stories.signed_in_invitation(sales, admin)
    assert stored(first).status == InvitationStatus.EXPIRED
    assert stored(first).customer == admin.customer
    assert second.customer == admin.customer


def test_sign_in_after_a_renewal_is_told_though_the_person_came_before(sales):
    admin = stories.tenant()
    signed_in = stories.signed_in_invitation(sales, admin)
    renewed = invitations.renew_invitation(signed_in, actor=sales)
    with operations() as told:
        sign_in(renewed, admin)
    assert told == [Operation.OPEN_INVITATION, Operation.SIGN_IN_TO_INVITATION]
    assert renewed.sign_ins.count() == 1


def test_case_is_opened_once_when_the_customer_has_another_partner(sales):
    admin = stories.tenant()
    stories.relationship(stories.staff(), admin)
    sent = stories.sent_invitation(sales)
    with operations() as told:
        sign_in(sent, admin)
        sign_in(sent, admin)
    case = Case.objects.get()
    assert case.kind == CaseKind.ONE_TRANSACTING_PARTNER
    assert (case.partner, case.customer, case.invitation) == (
        sales.partner,
        admin.customer,
        sent,
    )
    assert told.count(Operation.OPEN_CASE) == 1
    close_case(case, actor=sales)
    sign_in(sent, admin)
    assert Case.objects.open().count() == 1


def test_case_is_opened_when_the_customer_is_in_another_market():
    sales = stories.staff(PartnerFactory(country="DE"))
    admin = stories.tenant(CustomerFactory(country="US"))
    stories.signed_in_invitation(sales, admin)
    assert Case.objects.get().kind == CaseKind.REGION


def test_no_case_is_opened_when_the_customer_is_the_partners_own(sales):
    admin = stories.tenant()
    stories.relationship(sales, admin)
    stories.signed_in_invitation(sales, admin)
    assert not Case.objects.exists()


def test_person_signs_in_for_the_tenant_it_acts_for_alone(sales):
    """Somebody of two tenants: the invitation knows the one that was chosen."""
    admin = stories.tenant()
    other = CustomerFactory()
    TenantMembershipFactory(user=admin.user, customer=other)
    signed_in = stories.signed_in_invitation(sales, admin)
    assert signed_in.customer == admin.customer
    assert not TenantSignIn.objects.filter(customer=other).exists()
