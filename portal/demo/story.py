"""How things happen between a partner and a customer, step by step, by the services."""

from collections.abc import Generator
from datetime import datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import CaseKind, InvitationStatus, SentHow, StaffRole
from relationships.models import Invitation, Partner
from relationships.services import invitations
from relationships.services.agreements import attest_agreement
from relationships.services.cases import ask_to_end, open_case
from relationships.services.partners import renew_partner_link, sign_in_by_partner_link
from relationships.services.relationships import end_relationship
from relationships.services.tenants import correct_customer, provision_customer
from subscriptions.enums import BillingPlan, Term
from subscriptions.models import Subscription
from subscriptions.services import lifecycle
from subscriptions.services.observations import record_observation
from subscriptions.services.ordering import LineRequest, place_order

from . import companies
from .existing import own_statement
from .timeline import Story
from .world import World, offer, welcome

PRODUCTS = [  # sold by the year and by the month
    "Microsoft 365 Business Basic",
    "Microsoft 365 Business Premium",
    "Microsoft 365 Copilot Business",
    "Microsoft Teams Phone Standard",
    "Microsoft Teams Premium",
    "Microsoft Teams Essentials",
    "Microsoft Defender for Business",
    "Microsoft Entra ID P2",
    "Microsoft Intune Plan 1",
    "Exchange Online Plan 1",
    "Planner and Project Plan 3",
    "Power BI Pro",
    "Visio Plan 1",
]
TRIED = "Power BI Premium Per User"
TERMS = [  # as often as they are listed
    *[(Term.P1Y, BillingPlan.MONTHLY)] * 7,
    *[(Term.P1Y, BillingPlan.ANNUAL)] * 3,
    *[(Term.P1M, BillingPlan.MONTHLY)] * 1,
]
FRIENDLY_NAMES = ["Head office", "Sales team", "Warehouse", "Field staff", "Trainees"]


class Request(NamedTuple):
    """A partner asks a customer (or an address that the portal does not know yet)."""

    partner: str
    customer: str  # a key of CUSTOMERS, or an address
    days_ago: int
    reaches: InvitationStatus  # while the customer has the word
    by_hand: bool = False
    is_bound: bool = False  # to the customer's domain
    adds: bool = False  # the customer states a subscription that was not known
    reference: str = ""


Asking = Generator[datetime, None, Invitation]


def ask(world: World, request: Request) -> Asking:
    """Steps 1 to 4, as far as this one gets."""
    dice = world.dice("ask", *request[:3])
    days = iter(_days_after(request.days_ago, dice))
    sales = world.sales(request.partner)
    yield world.calendar.office_hours(request.days_ago, dice)
    invitation = invitations.create_invitation(
        actor=sales,
        recipient_email=_address(request.customer),
        customer_domain=_domain(request) if request.is_bound else "",
        reference=request.reference,
    )
    if request.reaches == InvitationStatus.DRAFT:
        return invitation
    yield world.calendar.office_hours(request.days_ago, dice)
    how = SentHow.BY_HAND if request.by_hand else SentHow.PORTAL
    invitation = invitations.send_invitation(invitation, actor=sales, how=how)
    if request.reaches == InvitationStatus.SENT:
        return invitation
    yield world.calendar.office_hours(next(days), dice)
    invitation = invitations.open_invitation(invitation, actor=Actor.visitor())
    if request.reaches == InvitationStatus.OPENED:
        return invitation
    yield world.calendar.office_hours(next(days), dice)
    return invitations.sign_in_to_invitation(
        invitation, actor=world.administrators[request.customer]
    )


def only_asked(world: World, request: Request) -> Story:
    yield from ask(world, request)


def accepted(world: World, request: Request, lines: tuple[int, ...]) -> Story:
    """All seven steps, with as many orders as `lines` has numbers of lines."""
    invitation = yield from ask(world, request)
    yield from _accept_and_buy(world, request, invitation, lines)


def accepted_by_partner_link(
    world: World, request: Request, lines: tuple[int, ...]
) -> Story:
    """The partner put its standing link on its website; the customer came by it."""
    dice = world.dice("link", request.customer)
    yield world.calendar.office_hours(request.days_ago, dice)
    # As its link is now: it may have been renewed.
    partner = Partner.objects.get(pk=world.partner(request.partner).pk)
    invitation = sign_in_by_partner_link(
        partner, actor=world.administrators[request.customer]
    )
    if lines:
        yield from _accept_and_buy(world, request, invitation, lines)


def _accept_and_buy(
    world: World, request: Request, invitation: Invitation, lines: tuple[int, ...]
) -> Story:
    dice = world.dice("accept", *request[:3])
    actor = world.administrators[request.customer]
    if request.adds:
        yield world.calendar.office_hours(request.days_ago, dice)
        record_observation(
            world.customer(request.customer),
            actor=actor,
            statement=own_statement(world.calendar, dice),
        )
    answer = request.days_ago - dice.randrange(3, 15)
    yield world.calendar.office_hours(answer, dice)
    invitations.accept_invitation(invitation, actor=actor, agreed=True)
    yield from bought(world, request.customer, answer - dice.randrange(1, 5), lines)


def bought(world: World, key: str, days_ago: int, lines: tuple[int, ...]) -> Story:
    """Step 7: orders, the first one now and the others spread until today."""
    dice = world.dice("buy", key, days_ago)
    products = dice.sample(PRODUCTS, sum(lines))
    for number, count in enumerate(lines):
        when = days_ago - number * (days_ago // len(lines))
        yield world.calendar.office_hours(max(when, 2), dice)
        chosen, products = products[:count], products[count:]
        place_order(
            world.customer(key),
            actor=world.sales(world.seller_of(key)),
            lines=[_line(product, dice) for product in chosen],
            request_key=_key(dice),
            acknowledges_overlap=True,
        )


def _line(product: str, dice: Random) -> LineRequest:
    named = dice.randrange(4) == 0
    return LineRequest(
        offer(product, *dice.choice(TERMS)),
        quantity=dice.choice([3, 5, 8, 10, 15, 20, 30, 45, 80]),
        friendly_name=dice.choice(FRIENDLY_NAMES) if named else "",
    )


def provisioned(
    world: World, partner: str, key: str, days_ago: int, lines: tuple[int, ...]
) -> Story:
    """Add customer: a new tenant that the partner itself provisions, and its orders."""
    dice, row = world.dice("provision", key), companies.CUSTOMERS[key]
    yield world.calendar.office_hours(days_ago, dice)
    customer = provision_customer(
        actor=world.sales(partner),
        company_name=row.name,
        stated_domain=row.domain,
        country=row.country,
        contact_name=row.administrator,
        contact_email=companies.administrator_login(key),
        address_city=row.city,
    )
    welcome(world, key, customer)
    first_name, _space, last_name = row.administrator.partition(" ")
    attest_agreement(
        customer,
        actor=world.sales(partner),
        first_name=first_name,
        last_name=last_name,
        email=companies.administrator_login(key),
        accepted_on=clock.now().date(),
    )
    yield from bought(world, key, days_ago - 1, lines)


def declined(world: World, request: Request, reason: str) -> Story:
    invitation = yield from ask(world, request)
    dice = world.dice("decline", *request[:3])
    yield world.calendar.office_hours(request.days_ago - 8, dice)
    invitations.decline_invitation(
        invitation, actor=world.administrators[request.customer], reason=reason
    )


def withdrawn(world: World, request: Request, days_ago: int) -> Story:
    invitation = yield from ask(world, request)
    dice = world.dice("withdraw", *request[:3])
    yield world.calendar.office_hours(days_ago, dice)
    invitations.withdraw_invitation(invitation, actor=world.sales(request.partner))


def new_link_asked(world: World, request: Request, days_ago: int, words: str) -> Story:
    """The link expired before the customer found the time."""
    invitation = yield from ask(world, request)
    dice = world.dice("new link", *request[:3])
    yield world.calendar.office_hours(days_ago, dice)
    actor = world.administrators[request.customer]
    open_case(
        CaseKind.NEW_LINK,
        invitation,
        actor=actor,
        customer=actor.customer,
        message=words,
    )


def ended(world: World, key: str, days_ago: int, reason: str) -> Story:
    """Every active CSP subscription is suspended first, then the relationship ends."""
    dice = world.dice("end", key)
    yield world.calendar.office_hours(days_ago + 2, dice)
    admin = world.admin(world.seller_of(key))
    for subscription in _active(world, key):
        lifecycle.suspend(subscription, actor=admin)
    yield world.calendar.office_hours(days_ago, dice)
    relationship = world.customer(key).active_relationship
    assert relationship is not None  # it has not ended yet
    end_relationship(relationship, actor=admin, reason=reason)


def seats_added(world: World, key: str, days: list[int]) -> Story:
    """The customer grows: more seats of one subscription on each of these days."""
    dice = world.dice("grow", key)
    for days_ago in days:
        yield world.calendar.office_hours(days_ago, dice)
        subscription = dice.choice(_active(world, key))
        lifecycle.change_seats(
            subscription,
            actor=world.sales(world.seller_of(key)),
            quantity=subscription.quantity + dice.randrange(1, 10),
            shown=subscription.quantity,
        )


def suspended(world: World, key: str, days_ago: int) -> Story:
    """One subscription is blocked: nobody uses it at the moment."""
    dice = world.dice("suspend", key)
    yield world.calendar.office_hours(days_ago, dice)
    lifecycle.suspend(
        dice.choice(_active(world, key)), actor=world.sales(world.seller_of(key))
    )


def change_scheduled(world: World, key: str, days_ago: int) -> Story:
    """Fewer seats from the next renewal on: nothing can be taken away before."""
    dice = world.dice("schedule", key)
    yield world.calendar.office_hours(days_ago, dice)
    subscription = next(row for row in _active(world, key) if row.auto_renews)
    assert subscription.offer is not None  # a CSP subscription has one
    lifecycle.schedule_change(
        subscription,
        actor=world.sales(world.seller_of(key)),
        quantity=subscription.quantity - 1,
        offer=subscription.offer,
    )


def asked_to_end(world: World, key: str, days_ago: int, words: str) -> Story:
    """The customer asks its partner to end, from My partners."""
    dice = world.dice("ask to end", key)
    yield world.calendar.office_hours(days_ago, dice)
    relationship = world.customer(key).active_relationship
    assert relationship is not None  # it has not ended
    ask_to_end(relationship, actor=world.administrators[key], message=words)


def tried_for_a_month(world: World, key: str, days_ago: int) -> Story:
    """Suspending switched the renewal off, and so it ends with its month."""
    dice = world.dice("trial", key)
    yield world.calendar.office_hours(days_ago, dice)
    sales = world.sales(world.seller_of(key))
    order = place_order(
        world.customer(key),
        actor=sales,
        lines=[
            LineRequest(offer(TRIED, Term.P1M, BillingPlan.MONTHLY), 5, "Try-out"),
        ],
        request_key=_key(dice),
        acknowledges_overlap=True,
    )
    subscription = Subscription.objects.get(order_line__order=order)
    yield world.calendar.office_hours(days_ago - 6, dice)
    lifecycle.suspend(subscription, actor=sales)
    yield world.calendar.office_hours(days_ago - 9, dice)
    lifecycle.reactivate(subscription, actor=sales)


def looked_after(world: World, key: str, days_ago: int) -> Story:
    """The helpdesk corrects an address and gives a subscription a plainer name."""
    dice = world.dice("helpdesk", key)
    yield world.calendar.office_hours(days_ago, dice)
    helpdesk = world.staff[world.seller_of(key), StaffRole.HELPDESK_AGENT]
    correct_customer(
        world.customer(key),
        actor=helpdesk,
        address_line1=f"Industriestraße {dice.randrange(2, 90)}",
    )
    yield world.calendar.office_hours(days_ago, dice)
    lifecycle.rename(
        dice.choice(_active(world, key)),
        actor=helpdesk,
        friendly_name=dice.choice(FRIENDLY_NAMES),
    )


def partner_link_renewed(world: World, partner: str, days_ago: int) -> Story:
    dice = world.dice("partner link", partner)
    yield world.calendar.office_hours(days_ago, dice)
    renew_partner_link(world.partner(partner), actor=world.admin(partner))


def _active(world: World, key: str) -> list[Subscription]:
    """In an order that is the same on every machine."""
    rows = Subscription.objects.csp().active().filter(customer=world.customer(key))
    return list(rows.order_by("started_at", "product_name"))


def _days_after(days_ago: int, dice: Random) -> list[int]:
    """When the link is opened and when somebody signs in: within a few days."""
    opened = max(1, days_ago - dice.randrange(0, 3))
    return [opened, max(1, opened - dice.randrange(0, 2))]


def _address(customer: str) -> str:
    if customer in companies.CUSTOMERS:
        return companies.administrator_login(customer)
    return customer


def _domain(request: Request) -> str:
    return companies.CUSTOMERS[request.customer].domain


def _key(dice: Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)
