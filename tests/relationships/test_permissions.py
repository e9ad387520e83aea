"""Who may call which service, from the role table itself."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import Job
from relationships import roles
from relationships.enums import ApprovalVerb, SentHow
from relationships.roles import Action
from relationships.services import (
    cases,
    endpoints,
    invitations,
    jobs,
    partners,
    templates,
    tenants,
)
from relationships.services.agreements import attest_agreement
from relationships.services.approvals import approve, do_or_ask, refuse
from relationships.services.relationships import end_relationship
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle, ordering, upkeep
from subscriptions.services.observations import (
    Statement,
    record_observation,
    retract_observation,
)

from .. import stories
from ..factories import OfferFactory, UserFactory
from ..jobs import examples
from .support import DAY, EVERY_ROLE, NOON, actor_as, denied, stored
from .world import Service, World, service

pytestmark = pytest.mark.django_db


@service(Action.INVITE)
def create_invitation(world):
    return lambda actor: invitations.create_invitation(actor=actor)


@service(Action.INVITE)
def edit_invitation(world):
    draft = world.draft()
    return lambda actor: invitations.edit_invitation(
        draft, actor=actor, subject="Hello", body=draft.url
    )


@service(Action.INVITE)
def send_invitation(world):
    draft = world.draft()
    return lambda actor: invitations.send_invitation(
        draft, actor=actor, how=SentHow.BY_HAND
    )


@service(Action.INVITE)
def withdraw_invitation(world):
    draft = world.draft()
    return lambda actor: invitations.withdraw_invitation(draft, actor=actor)


@service(Action.INVITE)
def renew_invitation(world):
    draft = world.draft()
    return lambda actor: invitations.renew_invitation(draft, actor=actor)


@service(Action.OPEN_INVITATION)
def open_invitation(world):
    draft = world.draft()
    return lambda actor: invitations.open_invitation(draft, actor=actor)


@service(Action.SIGN_IN_TO_INVITATION)
def sign_in_to_invitation(world):
    draft = world.draft()
    return lambda actor: invitations.sign_in_to_invitation(draft, actor=actor)


@service(Action.SIGN_IN_TO_INVITATION)
def sign_in_by_partner_link(world):
    return lambda actor: partners.sign_in_by_partner_link(world.partner, actor=actor)


@service(Action.ANSWER_INVITATION)
def accept_invitation(world):
    signed_in = world.signed_in()
    return lambda actor: invitations.accept_invitation(
        signed_in, actor=actor, agreed=True
    )


@service(Action.ANSWER_INVITATION)
def decline_invitation(world):
    signed_in = world.signed_in()
    return lambda actor: invitations.decline_invitation(signed_in, actor=actor)


@service(Action.MOVE_BY_TIME)
def expire_invitations(world):
    with clock.at(NOON - 40 * DAY):
        draft = world.draft()
    return lambda actor: invitations.expire_invitations([draft.pk], actor=actor)


@service(Action.MOVE_BY_TIME)
def run_clock(world):
    with clock.at(NOON - 40 * DAY):
        world.draft()
    return lambda actor: moving.run(actor=actor)


@service(Action.HANDLE_CASES)
def close_case(world):
    case = world.case()
    return lambda actor: cases.close_case(case, actor=actor)


@service(Action.RENEW_PARTNER_LINK)
def renew_partner_link(world):
    return lambda actor: partners.renew_partner_link(world.partner, actor=actor)


@service(Action.RENEW_PARTNER_LINK)
def stop_partner_link(world):
    return lambda actor: partners.stop_partner_link(world.partner, actor=actor)


@service(Action.MANAGE_PARTNERS)
def correct_partner(world):
    return lambda actor: partners.correct_partner(
        world.partner, actor=actor, reason="x", name="X"
    )


@service(Action.ADD_CUSTOMER)
def provision_customer(world):
    return lambda actor: tenants.provision_customer(
        actor=actor, company_name="X", stated_domain="x.example", country="DE"
    )


@service(Action.ATTEST_AGREEMENT)
def attest_agreement_(world):
    customer = world.related()
    return lambda actor: attest_agreement(
        customer,
        actor=actor,
        first_name="Ada",
        last_name="Lindgren",
        email="ada@x.example",
        accepted_on=NOON.date(),
    )


@service(Action.CORRECT_CUSTOMER)
def correct_customer(world):
    customer = world.related()
    return lambda actor: tenants.correct_customer(
        customer, actor=actor, contact_name="X"
    )


@service(Action.CORRECT_STATEMENTS)
def correct_statements(world):
    customer = world.related()
    return lambda actor: tenants.correct_customer(
        customer, actor=actor, company_name="X"
    )


@service(Action.MANAGE_PEOPLE)
def anonymise_person(world):
    user = UserFactory()
    return lambda actor: tenants.anonymise_person(user, actor=actor, reason="x")


@service(Action.END_RELATIONSHIP)
def end_relationship_(world):
    relationship = world.related().active_relationship
    return lambda actor: end_relationship(relationship, actor=actor, reason="x")


def asked(world):
    world.partner.needs_second_person = True
    world.partner.save()
    subscription = world.subscription()
    return do_or_ask(ApprovalVerb.CANCEL, subscription, actor=world.sales)


@service(Action.DECIDE_APPROVAL)
def approve_(world):
    approval = asked(world)
    return lambda actor: approve(approval, actor=actor)


@service(Action.DECIDE_APPROVAL)
def refuse_(world):
    approval = asked(world)
    return lambda actor: refuse(approval, actor=actor, reason="x")


@service(Action.ASK_TO_END)
def ask_to_end(world):
    relationship = world.related().active_relationship
    return lambda actor: cases.ask_to_end(relationship, actor=actor)


@service(Action.ORDER)
def place_order(world):
    customer = world.related()
    lines = [ordering.LineRequest(OfferFactory(), 1)]
    return lambda actor: ordering.place_order(
        customer, actor=actor, lines=lines, request_key=uuid.uuid4()
    )


@service(Action.CHANGE_SUBSCRIPTION)
def change_seats(world):
    subscription = world.subscription()
    return lambda actor: lifecycle.change_seats(
        subscription, actor=actor, quantity=9, shown=5
    )


@service(Action.CHANGE_SUBSCRIPTION)
def suspend(world):
    subscription = world.subscription()
    return lambda actor: lifecycle.suspend(subscription, actor=actor)


@service(Action.CHANGE_SUBSCRIPTION)
def reactivate(world):
    subscription = world.suspended()
    return lambda actor: lifecycle.reactivate(subscription, actor=actor)


@service(Action.CHANGE_SUBSCRIPTION)
def cancel(world):
    subscription = world.subscription()
    return lambda actor: lifecycle.cancel(subscription, actor=actor)


@service(Action.CHANGE_SUBSCRIPTION)
def set_auto_renew(world):
    subscription = world.subscription()
    return lambda actor: lifecycle.set_auto_renew(
        subscription, actor=actor, auto_renews=False
    )


def scheduled(world):
    subscription = world.subscription()
    return lambda actor: lifecycle.schedule_change(
        subscription, actor=actor, quantity=2, offer=subscription.offer
    )


@service(Action.CHANGE_SUBSCRIPTION)
def schedule_change(world):
    return scheduled(world)


@service(Action.CHANGE_SUBSCRIPTION)
def drop_scheduled_change(world):
    schedule = scheduled(world)
    subscription = schedule(world.sales)
    return lambda actor: lifecycle.drop_scheduled_change(subscription, actor=actor)


@service(Action.RENAME_SUBSCRIPTION)
def rename(world):
    subscription = world.subscription()
    return lambda actor: lifecycle.rename(subscription, actor=actor, friendly_name="X")


@service(Action.RECORD_OBSERVATION)
def record(world):
    statement = Statement(channel="direct", product_name="X", quantity=1)
    return lambda actor: record_observation(
        world.customer, actor=actor, statement=statement
    )


@service(Action.RETRACT_OBSERVATION)
def retract(world):
    observation = stories.observation(world.customer)
    return lambda actor: retract_observation(observation, actor=actor, reason="x")


@service(Action.VERIFY_EXISTING)
def verify(world):
    stories.observation(world.customer)
    customer = world.related()
    return lambda actor: upkeep.verify_customer(customer, actor=actor)


@service(Action.EDIT_TEMPLATE)
def save_template(world):
    return lambda actor: templates.save_template(
        world.partner, actor=actor, language="en", subject="X", body="[[link]]"
    )


@service(Action.MANAGE_WEBHOOKS)
def send_test(world):
    url = "https://fabrikam.example/"
    agent = stories.staff(world.partner, "admin_agent")
    endpoint = endpoints.add_endpoint(
        actor=agent, url=url, events=["invitation-accepted"]
    )
    return lambda actor: endpoints.send_test(endpoint, actor=actor)


@service(Action.MANAGE_JOBS)
def run_job_again(world):
    result = examples.give_up.enqueue()
    running.run_waiting("one")
    failed = Job.objects.get(pk=result.id)
    return lambda actor: jobs.run_again(failed, actor=actor)


SERVICES = {name: each for name, each in vars().items() if isinstance(each, Service)}
GRANTED = [
    (name, role)
    for name, each in SERVICES.items()
    for role in EVERY_ROLE
    if role in roles.ROLES_OF_ACTION[each.action]
]
# What takes an object of a partner or of a customer, which has to be the actor's own.
OF_A_PARTNER = [
    name
    for name, each in SERVICES.items()
    if {"admin_agent"} & roles.ROLES_OF_ACTION[each.action]
    and name
    not in ("create_invitation", "provision_customer", "open_invitation", "place_order")
]


@pytest.fixture
def world():
    with clock.at(NOON):
        yield World()


def test_every_action_that_changes_something_is_asked_for_by_a_service():
    changing = {action for action in Action if not action.startswith("view_")}
    changing -= {Action.MANAGE_CATALOGUE, Action.NAME_PRODUCT}  # plain forms
    assert {each.action for each in SERVICES.values()} == changing


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_denied_to_every_role_that_the_table_does_not_grant(world, name):
    call = SERVICES[name].prepare(world)
    granted = roles.ROLES_OF_ACTION[SERVICES[name].action]
    for role in set(EVERY_ROLE) - granted:
        actor = actor_as(role, partner=world.partner, customer=world.customer)
        with denied(PermissionDenied):
            call(actor)


@pytest.mark.parametrize(("name", "role"), GRANTED)
def test_service_serves_every_role_that_the_table_grants(world, settings, name, role):
    settings.ACCEPTING_ROLES = ["global_administrator", "billing_administrator"]
    call = SERVICES[name].prepare(world)
    actor = actor_as(role, partner=world.partner, customer=world.customer)
    before = stored()
    call(actor)
    assert stored() != before


@pytest.mark.parametrize("name", ["accept_invitation", "decline_invitation"])
def test_answer_is_denied_to_a_billing_administrator_by_default(world, name):
    call = SERVICES[name].prepare(world)
    actor = stories.tenant(world.customer, "billing_administrator")
    with denied(PermissionDenied):
        call(actor)


@pytest.mark.parametrize("name", OF_A_PARTNER)
def test_service_is_denied_to_another_partners_staff(world, name):
    call = SERVICES[name].prepare(world)
    foreign = stories.staff(role="admin_agent")
    with denied(PermissionDenied):
        call(foreign)


def test_another_tenants_administrator_records_nothing(world):
    call = SERVICES["record"].prepare(world)
    foreign = stories.tenant()
    with denied(PermissionDenied):
        call(foreign)
