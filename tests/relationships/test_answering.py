import pytest
from django.core import mail as outbox
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.foundation import clock
from relationships.enums import AgreementHow, CaseKind, InvitationStatus, Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import (
    Case,
    CountryMarket,
    CustomerAgreement,
    Invitation,
    OutgoingEmail,
    ResellerRelationship,
)
from relationships.services import invitations
from relationships.services.partners import correct_partner

from .. import stories
from ..factories import CustomerFactory, PartnerFactory
from .support import DAY, NOON, codes, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def sales():
    return stories.staff(PartnerFactory(name="Fabrikam"))


@pytest.fixture
def admin():
    return stories.tenant(CustomerFactory(company_name="Contoso"))


def accept(invitation, actor, *, agreed=True):
    return invitations.accept_invitation(invitation, actor=actor, agreed=agreed)


def decline(invitation, actor, reason=""):
    return invitations.decline_invitation(invitation, actor=actor, reason=reason)


def stored(invitation):
    return Invitation.objects.get(pk=invitation.pk)


def refusal_with_case(rule, kind, invitation, actor):
    """Refused by the rule; all that is added is a case for the partner's staff."""
    before = stored(invitation)
    with pytest.raises(ValidationError) as caught:
        accept(invitation, actor)
    assert codes(caught.value) == {rule}
    after = stored(invitation)
    assert (after.status, after.accepted_at) == (before.status, None)
    assert not ResellerRelationship.objects.filter(invitation=invitation).exists()
    assert [case.kind for case in invitation.cases.open()] == [kind]
    return caught.value.messages[0]


def test_acceptance_establishes_the_relationship_with_all_that_belongs_to_it(
    sales, admin, settings
):
    settings.AGREEMENT_TEMPLATE, settings.AGREEMENT_VERSION = "Agreement", "7"
    stories.observation(admin.customer)
    signed_in = stories.signed_in_invitation(sales, admin)
    with clock.at(NOON + DAY), operations() as told:
        relationship = accept(signed_in, admin)
    relationship = ResellerRelationship.objects.get(pk=relationship.pk)
    invitation = stored(signed_in)
    agreement = CustomerAgreement.objects.get()
    assert told == [Operation.ACCEPT_INVITATION, Operation.ESTABLISH_RELATIONSHIP]
    assert invitation.status == InvitationStatus.ACCEPTED
    assert invitation.accepted_by == admin.user
    assert invitation.accepted_role == "global_administrator"
    assert relationship.partner == sales.partner
    assert relationship.customer == invitation.customer == admin.customer
    assert relationship.invitation == invitation
    assert relationship.origin == "invitation"
    assert relationship.is_active
    assert relationship.existing_count == 1
    assert admin.customer.active_relationship == relationship
    assert str(agreement) == "Agreement 7"
    assert agreement.how == AgreementHow.ACCEPTED
    assert agreement.accepted_by == admin.user


def test_who_asked_is_told_and_who_accepted_gets_the_receipt(
    sales, admin, django_capture_on_commit_callbacks
):
    stories.observation(admin.customer)
    signed_in = stories.signed_in_invitation(sales, admin)
    with django_capture_on_commit_callbacks(execute=True):
        relationship = accept(signed_in, admin)
    told, receipt = outbox.outbox
    assert told.to == [sales.user.email]
    assert told.subject == "Contoso accepted your invitation"
    assert "1 existing subscription was found and stays unchanged." in told.body
    assert receipt.to == [admin.user.email]
    assert receipt.reply_to == [sales.partner.contact_email]
    for words in (
        f"Accepted by: {admin.user.full_name}, Global administrator",
        "When: 2 Mar 2026, 12:00 UTC",
        f"Agreed to: {CustomerAgreement.current_name()}",
        "Existing subscriptions at that moment: 1",
        relationship.existing_fingerprint,
        f"/receipts/{relationship.pk}/",
    ):
        assert words in receipt.body


def test_agreement_has_to_be_confirmed(sales, admin):
    signed_in = stories.signed_in_invitation(sales, admin)
    with refused("agreement"):
        accept(signed_in, admin, agreed=False)


def test_repeated_acceptance_is_the_same_and_has_no_second_effect(sales, admin):
    signed_in = stories.signed_in_invitation(sales, admin)
    first = accept(signed_in, admin)
    assert OutgoingEmail.objects.count() == 2
    colleague = stories.tenant(admin.customer)
    with clock.at(NOON + DAY), unchanged():
        assert accept(signed_in, admin) == first
        assert accept(signed_in, colleague, agreed=False) == first


def test_repeated_decline_is_the_same_and_has_no_second_effect(sales, admin):
    signed_in = stories.signed_in_invitation(sales, admin)
    decline(signed_in, admin, " Too dear. ")
    assert stored(signed_in).decline_reason == "Too dear."
    with clock.at(NOON + DAY), unchanged():
        again = decline(signed_in, admin, "Another reason.")
    assert again.decline_reason == "Too dear."


def test_answer_is_not_changed_into_the_other(sales, admin):
    accepted = stories.signed_in_invitation(sales, admin)
    accept(accepted, admin)
    with denied(TransitionNotAllowed):
        decline(accepted, admin)
    declined = stories.signed_in_invitation(stories.staff(), admin)
    decline(declined, admin)
    with denied(TransitionNotAllowed):
        accept(declined, admin)


@pytest.mark.parametrize("answer", [accept, decline])
def test_another_tenant_does_not_repeat_the_answer(sales, admin, answer):
    signed_in = stories.signed_in_invitation(sales, admin)
    other = stories.tenant()
    invitations.sign_in_to_invitation(signed_in, actor=other)
    answer(signed_in, admin)
    with denied(TransitionNotAllowed):
        answer(signed_in, other)


@pytest.mark.parametrize("answer", [accept, decline])
def test_tenant_that_has_not_signed_in_does_not_answer(sales, admin, answer):
    signed_in = stories.signed_in_invitation(sales, admin)
    other = stories.tenant()
    with denied(TransitionNotAllowed) as caught:
        answer(signed_in, other)
    assert str(caught.value) == "Sign in to this invitation before you answer."


def test_decline_tells_who_asked_with_the_reason(
    sales, admin, django_capture_on_commit_callbacks
):
    signed_in = stories.signed_in_invitation(sales, admin)
    with django_capture_on_commit_callbacks(execute=True):
        decline(signed_in, admin, "Too dear.")
    (message,) = outbox.outbox
    assert message.to == [sales.user.email]
    assert message.subject == "Contoso declined your invitation"
    assert "Too dear." in message.body
    assert stored(signed_in).declined_by == admin.user


def test_decline_without_a_reason_says_so(
    sales, admin, django_capture_on_commit_callbacks
):
    signed_in = stories.signed_in_invitation(sales, admin)
    with django_capture_on_commit_callbacks(execute=True):
        decline(signed_in, admin)
    assert "No reason was given." in outbox.outbox[0].body


def test_partner_is_told_when_who_asked_has_left(sales, admin):
    signed_in = stories.signed_in_invitation(sales, admin)
    sales.user.staff_memberships.update(expires_at=NOON)
    decline(signed_in, admin)
    assert OutgoingEmail.objects.get().recipient == sales.partner.contact_email


def test_partner_is_told_when_who_asked_has_no_address(sales, admin):
    sales.user.email = ""
    sales.user.save()
    decline(stories.signed_in_invitation(sales, admin), admin)
    assert OutgoingEmail.objects.get().recipient == sales.partner.contact_email


def test_receipt_is_not_written_when_who_accepted_has_no_address(sales, admin):
    admin.user.email = ""
    admin.user.save()
    stories.relationship(sales, admin)
    assert [e.recipient for e in OutgoingEmail.objects.all()] == [sales.user.email]


def test_long_names_fit_the_subjects(admin):
    sales = stories.staff(PartnerFactory(name="F" * 200))
    admin.customer.company_name = "C" * 200
    admin.customer.save()
    stories.relationship(sales, admin)
    assert {len(email.subject) for email in OutgoingEmail.objects.all()} == {200}


def test_customer_with_another_partner_is_told_and_staff_gets_a_case(sales, admin):
    first = stories.relationship(stories.staff(), admin)
    signed_in = stories.signed_in_invitation(sales, admin)
    message = refusal_with_case(
        "one_transacting_partner",
        CaseKind.ONE_TRANSACTING_PARTNER,
        signed_in,
        admin,
    )
    assert message == (
        "Contoso already has a CSP transacting partner, and a customer has one at a "
        "time. Nothing was changed."
    )
    with refused("one_transacting_partner"):
        accept(signed_in, admin)
    assert Case.objects.count() == 1
    assert admin.customer.active_relationship == first


def test_own_partners_second_invitation_is_refused_without_a_case(sales, admin):
    stories.relationship(sales, admin)
    # The address is of another domain, so asking again is not refused at once.
    signed_in = stories.signed_in_invitation(sales, admin)
    with refused("one_transacting_partner"):
        accept(signed_in, admin)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("partner", "customer"), [("DE", "DE"), ("DE", "FR"), ("LI", "CH"), ("XX", "XX")]
)
def test_same_market_accepts(partner, customer):
    sales = stories.staff(PartnerFactory(country=partner))
    admin = stories.tenant(CustomerFactory(country=customer))
    assert stories.relationship(sales, admin).is_active


@pytest.mark.parametrize(
    ("partner", "customer"), [("DE", "US"), ("US", "DE"), ("XX", "DE"), ("XX", "YY")]
)
def test_other_market_is_refused_and_an_unlisted_country_is_its_own(partner, customer):
    sales = stories.staff(PartnerFactory(country=partner, name="Fabrikam"))
    admin = stories.tenant(CustomerFactory(country=customer, company_name="Contoso"))
    signed_in = stories.signed_in_invitation(sales, admin)
    message = refusal_with_case("region", CaseKind.REGION, signed_in, admin)
    assert message == (
        "Fabrikam sells in another market than the one of Contoso. Nothing was changed."
    )


def test_other_market_accepts_when_markets_need_not_match(settings):
    settings.MARKETS_MUST_MATCH = False
    sales = stories.staff(PartnerFactory(country="DE"))
    admin = stories.tenant(CustomerFactory(country="US"))
    with CaptureQueriesContext(connection) as queries:
        assert stories.relationship(sales, admin).is_active
    assert not any(CountryMarket._meta.db_table in q["sql"] for q in queries)
    assert not Case.objects.exists()


def test_operator_widens_a_market_in_the_table():
    CountryMarket.objects.create(country="XX", market="Europe")
    sales = stories.staff(PartnerFactory(country="DE"))
    admin = stories.tenant(CustomerFactory(country="XX"))
    assert stories.relationship(sales, admin).is_active
    assert str(CountryMarket.objects.get(country="XX")) == "XX: Europe"


def test_advisor_is_not_accepted_though_it_asked_as_a_transacting_partner(sales, admin):
    signed_in = stories.signed_in_invitation(sales, admin)
    correct_partner(
        sales.partner,
        actor=stories.operator(),
        reason="It left the programme.",
        is_csp_transacting=False,
        is_advisor=True,
    )
    with refused("not_transacting"):
        accept(signed_in, admin)


def test_customer_is_released_from_the_partners_other_invitation_by_its_answer(
    sales, admin
):
    first = stories.signed_in_invitation(sales, admin)
    second = stories.signed_in_invitation(sales, admin)
    decline(first, admin)
    assert stored(second).customer is None
    assert stored(second).status == InvitationStatus.SIGNED_IN


def test_database_refuses_a_second_active_relationship(sales, admin):
    relationship = stories.relationship(sales, admin)
    second = ResellerRelationship(
        partner=stories.staff().partner,
        customer=admin.customer,
        origin="provisioned",
        established_at=NOON,
        existing_snapshot={"version": 1, "rows": []},
        existing_count=0,
        existing_fingerprint="x",
    )
    with refused("one_transacting_partner"):
        second.save()
    assert list(ResellerRelationship.objects.all()) == [relationship]
