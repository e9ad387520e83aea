"""Who sees what: each sentence of the product's chapter, on every queryset."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import SentHow
from relationships.models import (
    ActivityRecord,
    Case,
    Customer,
    CustomerAgreement,
    Invitation,
    OutgoingEmail,
    Partner,
    ResellerRelationship,
    StaffMembership,
    TenantMembership,
    TenantSignIn,
)
from relationships.services import invitations
from relationships.services.relationships import end_relationship
from relationships.services.tenants import provision_customer
from subscriptions.models import (
    CspSubscription,
    ObservationRetraction,
    Subscription,
)
from subscriptions.services.lifecycle import suspend
from subscriptions.services.observations import retract_observation

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory, PartnerFactory
from .support import DAY, NOON

pytestmark = pytest.mark.django_db

MODELS = [
    ActivityRecord,
    Case,
    Customer,
    CustomerAgreement,
    Invitation,
    ObservationRetraction,
    OutgoingEmail,
    Partner,
    ResellerRelationship,
    StaffMembership,
    Subscription,
    TenantMembership,
    TenantSignIn,
]


class World:
    """Two partners that ask the same customer, and another customer beside."""

    def __init__(self) -> None:
        self.sales = stories.staff(PartnerFactory(name="Fabrikam"), "admin_agent")
        self.rival = stories.staff(PartnerFactory(name="Litware"), "admin_agent")
        self.advisor = stories.staff(AdvisorFactory(name="Northwind"), "admin_agent")
        self.operator = stories.operator()
        self.customer = CustomerFactory(
            company_name="Contoso", primary_domain="contoso.example"
        )
        self.admin = stories.tenant(self.customer)
        self.other = stories.tenant(CustomerFactory(company_name="Wingtip"))

    def accept(self, actor=None):
        return stories.relationship(actor or self.sales, self.admin)

    def end(self, relationship, actor=None):
        end_relationship(relationship, actor=actor or self.sales, reason="x")


@pytest.fixture
def world():
    with clock.at(NOON):
        yield World()


def sees(actor, model, **only):
    return set(model.objects.visible_to(actor).filter(**only))


def reads_profile(actor, customer):
    readable = Customer.objects.profile_visible_to(actor)
    return readable.filter(pk=customer.pk).exists()


# Nobody, and everybody


@pytest.mark.parametrize("model", MODELS)
def test_visitor_sees_nothing(world, model):
    _fill(world)
    assert model.objects.exists()
    assert not model.objects.visible_to(Actor.visitor()).exists()


@pytest.mark.parametrize("model", MODELS)
def test_operator_and_clock_see_everything(world, model):
    _fill(world)
    everything = set(model.objects.all())
    assert sees(world.operator, model) == sees(Actor.clock(), model) == everything


@pytest.mark.parametrize("model", MODELS)
def test_no_row_shows_twice(world, model):
    _fill(world)
    world.end(world.customer.active_relationship)
    world.accept()
    for actor in (world.sales, world.rival, world.advisor, world.admin, world.other):
        rows = [row.pk for row in model.objects.visible_to(actor)]
        assert len(rows) == len(set(rows))


def _fill(world):
    """At least one row of everything."""
    world.accept()
    stories.signed_in_invitation(world.rival, world.admin)
    observation = stories.observation(
        world.customer, por_mpn_id=world.advisor.partner.mpn_id
    )
    stories.observation(world.customer, por_mpn_id=world.advisor.partner.mpn_id)
    retract_observation(observation, actor=world.operator, reason="x")
    stories.csp_subscription(world.sales, world.customer)
    _suspend_all(world)


def _suspend_all(world):
    for subscription in Subscription.objects.csp():
        suspend(subscription, actor=world.sales)


# A partner sees a customer from the moment it signs in


def test_customer_shows_from_its_sign_in_on_and_not_before(world):
    sent = stories.sent_invitation(world.sales, customer_domain="contoso.example")
    assert sees(world.sales, Customer) == set()
    invitations.sign_in_to_invitation(sent, actor=world.admin)
    assert sees(world.sales, Customer) == {world.customer}
    assert sees(world.rival, Customer) == set()


def test_profile_shows_only_while_the_relationship_is_active(world):
    stories.observation(world.customer)
    signed_in = stories.signed_in_invitation(world.sales, world.admin)
    assert not reads_profile(world.sales, world.customer)
    assert sees(world.sales, Subscription) == set()
    invitations.accept_invitation(signed_in, actor=world.admin, agreed=True)
    assert reads_profile(world.sales, world.customer)
    assert len(sees(world.sales, Subscription)) == 1
    world.end(world.customer.active_relationship)
    assert not reads_profile(world.sales, world.customer)
    assert sees(world.sales, Subscription) == set()
    assert sees(world.sales, Customer) == {world.customer}


def test_customer_stays_in_sight_when_the_invitation_passed_to_another_tenant(world):
    sent = stories.sent_invitation(world.sales)
    invitations.sign_in_to_invitation(sent, actor=world.admin)
    invitations.sign_in_to_invitation(sent, actor=world.other)
    assert sees(world.sales, Customer) == {world.customer, world.other.customer}


def test_provisioned_customer_shows_to_its_partner(world):
    made = provision_customer(
        actor=world.sales,
        company_name="Tailspin",
        stated_domain="tailspin.example",
        country="DE",
    )
    assert sees(world.sales, Customer) == {made}
    assert reads_profile(world.sales, made)


# After the end


def test_former_partner_keeps_its_own_invitations_and_activity_alone(world):
    first = world.accept()
    own = sees(world.sales, ActivityRecord)
    world.end(first)
    with clock.at(NOON + DAY):
        world.accept(world.rival)
    ended = ActivityRecord.objects.get(operation__contains="remove_partner")
    assert sees(world.sales, ActivityRecord) == own | {ended}
    assert sees(world.sales, Invitation) == {first.invitation}
    assert sees(world.sales, ResellerRelationship) == {first}
    assert sees(world.sales, OutgoingEmail) == set()  # it was sent by hand
    assert {s.invitation for s in sees(world.sales, TenantSignIn)} == {first.invitation}


def test_agreement_shows_to_the_partner_it_was_made_with(world):
    relationship = world.accept()
    (first,) = CustomerAgreement.objects.all()
    with clock.at(NOON + DAY):
        world.end(relationship)
        world.accept(world.rival)
    second = CustomerAgreement.objects.exclude(pk=first.pk).get()
    assert sees(world.rival, CustomerAgreement) == {second}
    assert sees(world.sales, CustomerAgreement) == {first}
    assert sees(world.admin, CustomerAgreement) == {first, second}


# Never another partner's


@pytest.mark.parametrize(
    "model",
    [
        ActivityRecord,
        Case,
        CustomerAgreement,
        Invitation,
        OutgoingEmail,
        ResellerRelationship,
        StaffMembership,
        TenantSignIn,
    ],
)
def test_partner_sees_nothing_of_another_though_both_know_the_customer(world, model):
    world.accept()
    own = sees(world.sales, model)
    stories.signed_in_invitation(world.rival, world.admin)
    assert sees(world.sales, model) == own
    assert not sees(world.rival, model) & own


def test_partner_sees_what_was_written_to_whom_it_invited_and_to_nobody_else(world):
    draft = stories.invitation(world.sales, recipient_email="ann@contoso.example")
    invitation = invitations.send_invitation(
        draft, actor=world.sales, how=SentHow.PORTAL
    )
    invitations.sign_in_to_invitation(invitation, actor=world.admin)
    invitations.accept_invitation(invitation, actor=world.admin, agreed=True)
    assert invitation.emails.count() == 3  # it, word to who asked, and the receipt
    seen = sees(world.sales, OutgoingEmail)
    assert {email.recipient for email in seen} == {"ann@contoso.example"}
    assert sees(world.rival, OutgoingEmail) == set()


def test_partner_sees_its_own_record_alone(world):
    world.accept()
    assert sees(world.sales, Partner) == {world.sales.partner}
    assert sees(world.advisor, Partner) == {world.advisor.partner}


def test_partner_sees_no_people_of_a_tenant(world):
    world.accept()
    assert sees(world.sales, TenantMembership) == set()


def test_partner_sees_its_own_people(world):
    colleague = stories.staff(world.sales.partner)
    assert {m.user for m in sees(world.sales, StaffMembership)} == {
        world.sales.user,
        colleague.user,
    }


# An Advisor


def test_advisor_sees_the_customer_without_its_profile(world):
    mpn_id = world.advisor.partner.mpn_id
    stories.observation(world.customer, por_mpn_id=mpn_id)
    assert sees(world.advisor, Customer) == {world.customer}
    assert not reads_profile(world.advisor, world.customer)


def test_advisor_loses_a_customer_that_was_recorded_by_mistake(world):
    mpn_id = world.advisor.partner.mpn_id
    mistake = stories.observation(world.customer, por_mpn_id=mpn_id)
    retract_observation(mistake, actor=world.operator, reason="A wrong MPN ID.")
    assert sees(world.advisor, Customer) == set()


def test_advisor_sees_nothing_of_what_a_transacting_partner_does(world):
    stories.observation(world.customer, por_mpn_id=world.advisor.partner.mpn_id)
    world.accept()
    for model in (ActivityRecord, Invitation, ResellerRelationship, TenantSignIn):
        assert sees(world.advisor, model) == set()


# A customer's people


def test_tenant_sees_its_own(world):
    relationship = world.accept()
    assert sees(world.admin, Customer) == {world.customer}
    assert reads_profile(world.admin, world.customer)
    assert sees(world.admin, ResellerRelationship) == {relationship}
    assert sees(world.admin, Invitation) == {relationship.invitation}
    assert sees(world.admin, Partner) == {world.sales.partner}
    assert {m.user for m in sees(world.admin, TenantMembership)} == {world.admin.user}
    for record in sees(world.admin, ActivityRecord):
        assert record.customer == world.customer


@pytest.mark.parametrize("model", [m for m in MODELS if m is not Customer])
def test_tenant_sees_nothing_of_another_tenants(world, model):
    _fill(world)
    own = {world.other.customer} if model is Customer else set()
    if model is TenantMembership:
        own = set(TenantMembership.objects.filter(customer=world.other.customer))
    assert sees(world.other, model) == own


def test_tenant_sees_a_former_partner(world):
    world.end(world.accept())
    assert sees(world.admin, Partner) == {world.sales.partner}


def test_tenant_sees_no_email_and_no_staff_of_a_partner(world):
    world.accept()
    assert sees(world.admin, OutgoingEmail) == set()
    assert sees(world.admin, StaffMembership) == set()


# Lists


@pytest.mark.parametrize(
    ("who", "related", "was_related"),
    [("sales", False, True), ("rival", True, False), ("operator", True, True)],
)
def test_list_tells_whether_the_actors_partner_is_related(
    world, who, related, was_related
):
    world.end(world.accept())
    world.accept(world.rival)
    actor = getattr(world, who)
    rows = Customer.objects.visible_to(actor).with_relationship(actor)
    row = rows.get(pk=world.customer.pk)
    assert (row.is_related, row.was_related) == (related, was_related)


def found(actor, term):
    return set(Customer.objects.visible_to(actor).search(term, actor))


def test_search_finds_by_name_and_by_the_start_of_the_tenant_id(world):
    stories.signed_in_invitation(world.sales, world.admin)
    tenant_id = str(world.customer.tenant_id)
    for term in ("contoso", " TOSO ", tenant_id, tenant_id[:6], tenant_id.upper()):
        assert found(world.sales, term) == {world.customer}
    for term in ("wingtip", tenant_id[-6:] + "0000", tenant_id + "00"):
        assert found(world.sales, term) == set()


def test_search_by_domain_is_no_oracle(world):
    stories.signed_in_invitation(world.sales, world.admin)
    assert found(world.sales, "contoso.example") == set()
    world.accept()
    assert found(world.sales, "contoso.example") == {world.customer}
    assert found(world.rival, "contoso.example") == set()
    assert found(world.admin, "contoso.example") == {world.customer}
    assert found(world.operator, "contoso.example") == {world.customer}


def test_history_of_an_object_is_found_whichever_proxy_stands_for_it(world):
    world.accept()
    stories.csp_subscription(world.sales, world.customer)
    _suspend_all(world)
    proxy = CspSubscription.objects.get()
    told = ActivityRecord.objects.about(proxy)
    assert [record.operation for record in told] == ["suspend_subscription"]


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_scoped_in_one_query(world, model):
    _fill(world)
    for actor in (world.sales, world.admin, world.operator):
        with CaptureQueriesContext(connection) as queries:
            list(model.objects.visible_to(actor))
        assert len(queries) <= 1  # none where the scope is empty anyway


def test_partners_are_listed_by_what_they_are(world):
    assert set(Partner.objects.advisors()) == {world.advisor.partner}
    assert set(Partner.objects.transacting()) == {
        world.sales.partner,
        world.rival.partner,
    }
