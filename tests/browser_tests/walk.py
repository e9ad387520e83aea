"""A walk through every page, in every role, and what the pages were.

The pages are fetched without a browser and kept; a browser looks at them later. Those
that differ in names, ids and numbers alone are looked at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from portal.foundation import clock
from portal.foundation.exports import RESPONSES
from portal.reports import report
from portal.reports.all import REPORTS
from portal.signin.sessions import ACTS_AS
from relationships.actors import Actor
from relationships.enums import StaffRole, TenantRole
from relationships.services.invitations import decline_invitation, withdraw_invitation
from relationships.services.relationships import end_relationship
from subscriptions.models import CspSubscription, ExistingSubscription
from subscriptions.services.lifecycle import suspend
from subscriptions.services.observations import retract_observation

from .. import stories
from ..admin.office import Office, desk, open_office, tenant_of, url
from ..factories import CustomerFactory, StaffMembershipFactory, TenantMembershipFactory
from ..languages.test_pages import STORIES
from ..public.visitor import path_of
from .accounts import account_pages
from .addresses import addresses

ERRORS = ("400.html", "403.html", "403_csrf.html", "500.html")
# What a look depends on: elements, and these of their attributes. The head of a page
# is the same on all that somebody gets.
HEAD = re.compile(r"<(head|header|script)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")
ATTRIBUTE = re.compile(
    r"\b(class|role|type|open|hidden|disabled|readonly)(?:=\"([^\"]*)\")?"
)
EMPTY = {"br", "hr", "img", "input", "link", "meta"}


@dataclass(frozen=True)
class Page:
    """What somebody got to see at an address."""

    who: str
    address: str
    html: str = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    templates: frozenset[str] = field(default_factory=frozenset, repr=False)

    @property
    def shape(self) -> frozenset[str]:
        """Each element with those around it; words, names and numbers are left out."""
        around: list[str] = []
        shape = set()
        for closes, tag, rest in TAG.findall(HEAD.sub("", self.html)):
            if closes:
                while around and around.pop().partition(" ")[0] != tag:
                    pass
                continue
            element = re.sub(r"\d+", "0", f"{tag} {ATTRIBUTE.findall(rest)}")
            shape.add(" ".join([*around, element]))
            if tag not in EMPTY and not rest.endswith("/"):
                around.append(element)
        return frozenset(shape)


def different(pages: list[Page]) -> list[Page]:
    """Those with something on them that no page with all the rest has too."""
    shapes = {page.shape: page for page in reversed(pages)}
    kept: list[frozenset[str]] = []
    for shape in sorted(shapes, key=len, reverse=True):
        if not any(shape <= other for other in kept):
            kept.append(shape)
    return [shapes[shape] for shape in kept]


def page_of(who: str, address: str, answer: Any) -> Page | None:
    """None for a redirect, and for what is no page: a script, figures, a picture."""
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return None
    if answer.status_code in (301, 302, 303) or not answer.content:
        return None
    used = getattr(answer, "templates", [])
    names = frozenset(template.name or "" for template in used)
    headers = {name: str(value) for name, value in answer.headers.items()}
    return Page(who, address, answer.content.decode(), headers, names)


@dataclass
class World:
    """An office where everything has happened that a page shows."""

    office: Office
    rows: dict[str, list[Any]]
    given: dict[str, list[Any]]

    def addresses(self, *, of_each: bool) -> list[str]:
        """Of every page: with one row of each model, or with each."""
        customer = url(self.office.customer)
        invitation = url(self.office.invitation)
        made = reverse("admin:request-reseller-relationship-made")
        lists = [reverse(f"admin:{name}_changelist") for name in LISTS]
        rows = (
            self.rows
            if of_each
            else {name: [row] for name, [row, *_] in self.rows.items()}
        )
        return [
            *addresses(rows, self.given),
            f"{customer}?edit=1",
            f"{made}?invitation={self.office.invitation.pk}",
            f"{invitation}?_changelist_filters=q%3Dx",
            f"{url(self.office.customer, 'order')}?q=Zebrano",
            f"{reverse('admin:search')}?q=Zebrano",
            f"{reverse('admin:search')}?q=nothing-has-this-name",
            *(f"{address}?q=nothing-has-this-name" for address in lists),
            *(f"{address}?q=Zebrano" for address in lists),
            *(
                f"{reverse('admin:report', args=[slug])}?{asked}"
                for slug, asked in ASKED
            ),
        ]


LISTS = (
    "relationships_invitation",
    "relationships_customer",
    "subscriptions_cspsubscription",
    "relationships_case",
)


# Reports asked otherwise than as they open, and for a page that they do not have.
ASKED = (
    ("coexistence", "show=seats"),
    ("coexistence", "show=twice"),
    ("value", "by=customer"),
    ("value", "by=term"),
    ("value", "show=seats"),
    ("activity", "page=7"),
)


def make_world() -> World:
    office = open_office("Zebrano")
    staff, rows = office.staff, {name: [row] for name, row in office.rows.items()}
    rows["invitation"] += _invitations(staff)
    ended, advised = tenant_of("Ended"), tenant_of("Advised")
    end_relationship(stories.relationship(staff, ended), actor=staff, reason="Because")
    stories.signed_in_invitation(staff, advised)
    rows["customer"] += [ended.customer, advised.customer]
    rows["resellerrelationship"].append(ended.customer.relationships.get())
    rows["cspsubscription"].append(_suspended(office))
    rows["existingsubscription"] += _observations(office.customer)
    accepted = office.resellerrelationship.invitation
    given = {
        "admin:app_list.app_label": ["accounts", "relationships", "subscriptions"],
        "admin:report.slug": list(REPORTS),
        "admin:report-export.kind": list(RESPONSES),
        "invitation.token": [path_of(row).split("/")[2] for row in rows["invitation"]],
        "invitation-import.run_id": [office.rows["import"].pk],
        "partner-link.token": [path_of(office.partner).split("/")[2]],
        "my-receipt.pk": [accepted.relationship.pk],
        "my-ask-to-end.pk": [accepted.relationship.pk],
        "password-reset-confirm.uidb64": ["x"],
        "password-reset-confirm.token": ["no-token"],
    }
    return World(office, rows, given)


def _invitations(staff: Actor) -> list[Any]:
    """One in each state that the office's own is not in."""
    with clock.at(clock.now() - timedelta(days=60)):
        expired = stories.sent_invitation(staff)
    declining, reading = tenant_of("Declining"), tenant_of("Reading")
    declined = stories.signed_in_invitation(staff, declining)
    accepted = stories.relationship(staff, tenant_of("Accepting"))
    return [
        stories.invitation(staff, recipient_email="draft@zebrano-mail.example"),
        stories.signed_in_invitation(staff, reading),
        decline_invitation(declined, actor=declining, reason="No need"),
        withdraw_invitation(stories.sent_invitation(staff), actor=staff),
        expired,
        accepted.invitation,
    ]


def _suspended(office: Office) -> CspSubscription:
    row = stories.csp_subscription(office.staff, office.customer)
    suspend(row, actor=office.staff)
    return CspSubscription.objects.get(pk=row.pk)


def _observations(customer: Any) -> list[ExistingSubscription]:
    """One that a newer one supersedes, and one that was taken back."""
    named = {"por_name": "Old Mill", "por_mpn_id": "4711000", "channel": "advisor"}
    older = stories.observation(customer, external_id="a", **named)
    newer = stories.observation(customer, external_id="a", quantity=30, **named)
    wrong = stories.observation(customer)
    retract_observation(wrong, actor=stories.operator(), reason="Wrong customer")
    keys = [older.pk, newer.pk, wrong.pk]
    return list(ExistingSubscription.objects.filter(pk__in=keys))


def everybody(office: Office) -> dict[str, Actor | None]:
    """Each role; None is a visitor."""
    return {
        **{role: office.actor(role) for role in StaffRole.values},
        "operator": stories.operator(),
        # Whose lists are empty, and whose partner may not sell.
        "newcomer": stories.staff(role="admin_agent"),
        **{role: stories.tenant(office.customer, role) for role in TenantRole.values},
        "visitor": None,
    }


def walk() -> Iterator[Page]:
    """Every page, as everybody gets it."""
    world = make_world()
    for who, actor in everybody(world.office).items():
        client = desk(actor) if actor else Client()
        of_each = who in ("admin_agent", "operator", "global_administrator")
        for address in world.addresses(of_each=of_each):
            yield from _one(who, address, client.get(address))
    yield from _refused_forms(world)
    yield from _long_report(world)
    yield from _choices()
    for story in STORIES:
        yield from _one("customer", f"/{story.__name__.strip('/')}", story())
    for address, answer in account_pages():
        yield from _one("account", address, answer)
    for name in ERRORS:
        yield Page("anybody", f"/{name}", render_to_string(name), {}, frozenset([name]))


def _one(who: str, address: str, answer: Any) -> Iterator[Page]:
    page = page_of(who, address, answer)
    if page is not None:
        yield page


def _refused_forms(world: World) -> Iterator[Page]:
    """Forms of the back office that are shown again, with what is wrong in them."""
    office = world.office
    offer = office.offer
    wrong: dict[str, dict[str, Any]] = {
        reverse("admin:request-reseller-relationship"): {
            "recipients": "bad@",
            "customer_domain": "no domain",
            "expires_on": "2020-01-01",
        },
        reverse("admin:relationships_customer_add"): {"country": "Germany"},
        url(office.invitation): {"subject": "", "body": "no link"},
        url(office.customer, "order"): {f"seats-{offer.pk}": "301"},
        url(office.customer): {"contact_email": "none"},
        url(office.cspsubscription, "seats"): {"quantity": "301", "shown": "5"},
        url(office.resellerrelationship, "end"): {"reason": "Because"},
    }
    client = desk(office.staff)
    for address, answers in wrong.items():
        yield from _one("refused", address, client.post(address, answers))
    many = reverse("admin:request-reseller-relationship-many")
    rows = f"Ada;ada@new.example;;C-1\nbad@\n{office.invitation.recipient_email}"
    in_a_week = (clock.now() + timedelta(days=7)).date()
    for answers in (
        {"text": rows, "expires_on": str(in_a_week)},
        {"text": "", "expires_on": "2020-01-01"},
    ):
        yield from _one("list", many, client.post(many, answers))
    order = url(office.customer, "order")
    key = "5a3c1f8e-0000-4000-8000-000000000001"
    answers = {f"seats-{offer.pk}": "3", "request_key": key}
    yield from _one("review", order, client.post(order, answers))
    operator = desk(stories.operator())
    for name in ("accounts_user", "relationships_partner", "subscriptions_offer"):
        address = reverse(f"admin:{name}_add")
        yield from _one("refused", address, operator.post(address, {}))


def _long_report(world: World) -> Iterator[Page]:
    """A page in the middle, of a report that is ordered by e-mail."""
    client = desk(world.office.staff)
    by_mail = reverse("admin:report-by-mail", args=["value"])
    client.post(f"{by_mail}?by=customer", {"every": "week"})
    shown, report.SHOWN = report.SHOWN, 1
    try:
        address = reverse("admin:report", args=["invitations"])
        yield from _one("long", f"{address}?page=2", client.get(f"{address}?page=2"))
    finally:
        report.SHOWN = shown
    for address in (reverse("admin:reports"), reverse("admin:report", args=["value"])):
        yield from _one("ordered", address, client.get(address))


def _choices() -> Iterator[Page]:
    """Where somebody who belongs to several chooses one."""
    membership = StaffMembershipFactory()
    StaffMembershipFactory(user=membership.user)
    TenantMembershipFactory(user=membership.user, customer=CustomerFactory())
    client = Client()
    client.force_login(membership.user)
    for name in ("admin:act-as", "my-act-as"):
        address = reverse(name)
        yield from _one("several", address, client.get(address))
    client = desk(Actor.staff(membership))
    yield from _one("several", "/admin/", client.get("/admin/"))
    session = client.session
    session.pop(ACTS_AS)
    session.save()
