import uuid

import pytest

from portal.foundation import clock
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, OutgoingEmail, ResellerRelationship
from relationships.services.relationships import blockers_of, end_relationship
from relationships.services.tenants import correct_customer, provision_customer
from subscriptions.models import Subscription
from subscriptions.services.lifecycle import reactivate, set_auto_renew, suspend
from subscriptions.services.ordering import LineRequest, place_order

from .. import stories
from ..factories import OfferFactory, PartnerFactory
from .support import DAY, NOON, denied, operations, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def agent():
    return stories.staff(PartnerFactory(name="Fabrikam"), "admin_agent")


@pytest.fixture
def relationship(agent, admin):
    return stories.relationship(agent, admin)


def end(relationship, actor, reason="The contract ended."):
    return end_relationship(relationship, actor=actor, reason=reason)


def test_end_is_written_with_person_and_reason(relationship, agent):
    with clock.at(NOON + DAY), operations() as told:
        end(relationship, agent, " The contract ended. ")
    ended = ResellerRelationship.objects.get(pk=relationship.pk)
    assert ended.ended_at == NOON + DAY
    assert ended.ended_by == agent.user
    assert ended.end_reason == "The contract ended."
    assert not ended.is_active
    assert told == [Operation.END_RELATIONSHIP]
    assert ActivityRecord.objects.latest("pk").reason == "The contract ended."


def test_end_takes_a_reason(relationship, agent):
    with refused("reason"):
        end(relationship, agent, "  ")


def test_relationship_ends_once(relationship, agent):
    end(relationship, agent)
    with clock.at(NOON + DAY), denied(TransitionNotAllowed):
        end(relationship, agent)


def test_active_subscriptions_block_the_end_by_name(relationship, agent, admin):
    active = stories.csp_subscription(agent, admin.customer)
    idle = stories.csp_subscription(agent, admin.customer)
    suspend(idle, actor=agent)
    with refused("ended_once") as caught:
        end(relationship, agent)
    assert caught.value.params == {"blockers": str(active)}
    suspend(active, actor=agent)
    assert not end(relationship, agent).is_active


def test_what_time_has_ended_does_not_block_though_no_clock_came_by(
    relationship, agent, admin
):
    over = stories.csp_subscription(agent, admin.customer)
    set_auto_renew(over, actor=agent, auto_renews=False)
    with clock.at(over.commitment_ends_at - DAY / 24), refused("ended_once"):
        end(relationship, agent)
    with clock.at(over.commitment_ends_at + DAY), operations() as told:
        assert blockers_of(relationship) == []
        assert not end(relationship, agent).is_active
    over.refresh_from_db()
    assert over.status == "expired"
    entry = over.status_entries.latest("pk")
    assert entry.at == over.commitment_ends_at
    assert told == [Operation.MOVE_SUBSCRIPTION, Operation.END_RELATIONSHIP]


def test_what_time_has_renewed_blocks_and_stays_as_it_was_stored(
    relationship, agent, admin
):
    renewing = stories.csp_subscription(agent, admin.customer)
    with clock.at(renewing.commitment_ends_at + DAY), refused("ended_once") as caught:
        end(relationship, agent)
    assert caught.value.params == {"blockers": str(renewing)}


def test_existing_subscriptions_do_not_block_and_stay(relationship, agent, admin):
    existing = stories.observation(admin.customer)
    before = Subscription.objects.values().get(pk=existing.pk)
    end(relationship, agent)
    assert Subscription.objects.values().get(pk=existing.pk) == before


def test_active_subscription_of_an_earlier_relationship_blocks_too(
    relationship, agent, admin
):
    subscription = stories.csp_subscription(agent, admin.customer)
    suspend(subscription, actor=agent)
    end(relationship, agent)
    second = stories.relationship(agent, admin)
    reactivate(subscription, actor=agent)
    with refused("ended_once"):
        end(second, agent)


def test_power_ends_at_once(relationship, agent, admin):
    subscription = stories.csp_subscription(agent, admin.customer)
    suspend(subscription, actor=agent)
    end(relationship, agent)
    line = LineRequest(OfferFactory(), 1)
    with refused("csp_needs_relationship"):
        place_order(admin.customer, actor=agent, lines=[line], request_key=uuid.uuid4())
    with refused("csp_needs_relationship"):
        reactivate(subscription, actor=agent)


def test_it_can_be_asked_for_again(relationship, agent, admin):
    end(relationship, agent)
    second = stories.relationship(agent, admin)
    assert second != relationship
    assert admin.customer.active_relationship == second


def test_another_partner_may_follow(relationship, agent, admin):
    end(relationship, agent)
    assert stories.relationship(stories.staff(), admin).is_active


def recipients_of_the_end(relationship, agent):
    OutgoingEmail.objects.all().delete()
    end(relationship, agent)
    return [email.recipient for email in OutgoingEmail.objects.all()]


def test_customer_is_told_at_the_address_of_who_accepted(relationship, agent, admin):
    assert recipients_of_the_end(relationship, agent) == [admin.user.email]
    email = OutgoingEmail.objects.get()
    assert email.reply_to == agent.partner.contact_email
    subject = "Your reseller relationship with Fabrikam has ended"
    assert email.subject.startswith(subject)
    assert "The contract ended." in email.text
    assert "2 Mar 2026, 12:00 UTC" in email.text


def test_administrators_and_contact_are_told_when_who_accepted_has_left(
    relationship, agent, admin
):
    stories.tenant(admin.customer, "user")
    colleague = stories.tenant(admin.customer, "billing_administrator")
    correct_customer(admin.customer, actor=agent, contact_email="it@contoso.example")
    admin.user.tenant_memberships.all().delete()
    told = recipients_of_the_end(relationship, agent)
    assert sorted(told) == ["it@contoso.example", colleague.user.email]


def test_contact_that_is_an_administrator_is_told_once(relationship, agent, admin):
    correct_customer(admin.customer, actor=agent, contact_email=admin.user.email)
    assert recipients_of_the_end(relationship, agent) == [admin.user.email]


def test_an_administrator_is_told_when_there_is_no_contact(relationship, agent, admin):
    stories.tenant(admin.customer, "user")
    colleague = stories.tenant(admin.customer)
    admin.user.is_active = False
    admin.user.save()
    assert recipients_of_the_end(relationship, agent) == [colleague.user.email]


def test_nobody_is_told_when_nobody_is_known(agent):
    customer = provision_customer(
        actor=agent,
        company_name="Contoso",
        stated_domain="contoso.example",
        country="DE",
    )
    assert recipients_of_the_end(customer.active_relationship, agent) == []


def test_contact_is_told_when_the_tenant_was_provisioned(agent):
    customer = provision_customer(
        actor=agent,
        company_name="Contoso",
        stated_domain="contoso.example",
        country="DE",
        contact_email="it@contoso.example",
    )
    told = recipients_of_the_end(customer.active_relationship, agent)
    assert told == ["it@contoso.example"]
