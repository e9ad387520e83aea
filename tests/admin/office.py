"""A partner's office with a row of everything, and desks to work at."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.test import Client
from django.urls import reverse

from portal.accounts import throttling
from portal.accounts.enums import SignInOutcome, ThrottleScope
from portal.accounts.models import SignIn, Throttle
from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import Job
from portal.signin.sessions import ACTS_AS
from relationships.actors import Actor
from relationships.enums import ApprovalVerb, CaseKind, SentHow
from relationships.models import (
    ActivityRecord,
    Approval,
    CountryMarket,
    Partner,
    StaffMembership,
    TenantMembership,
)
from relationships.services.approvals import do_or_ask
from relationships.services.batches import create_batch
from relationships.services.cases import open_case
from relationships.services.endpoints import add_endpoint
from relationships.services.invitations import send_invitation
from relationships.services.mail import deliver
from relationships.services.recipients import Line
from subscriptions.models import (
    CspSubscription,
    ExistingSubscription,
    Import,
    PorCase,
    ProductAlias,
    RenewalDecision,
    Subscription,
)
from subscriptions.services import lifecycle, renewals

from .. import stories
from ..factories import (
    CustomerFactory,
    OfferFactory,
    PartnerFactory,
    ProductFactory,
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)
from ..stored import everything_but, rows
from ..subscriptions.importing.support import imported, table

PRICE = "417.35"


def desk(actor: Actor) -> Client:
    """A browser in which this person is signed in and acts as that."""
    client = Client()
    client.force_login(actor.user)
    session = client.session
    session[ACTS_AS] = actor.key
    session.save()
    return client


def url(row: Model, page: str = "change") -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}"
    return reverse(name, args=[row.pk])


def list_url(model: type[Model] | Model, page: str = "changelist") -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


def text(response: Any) -> str:
    """Of a page, or of a file that is streamed; what no text has is replaced."""
    return str(response.getvalue().decode(errors="replace"))


def messages(response: Any) -> list[str]:
    """The messages on a page that was reached with `follow=True`."""
    return [str(message) for message in response.context["messages"]]


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every stored row of the portal's own tables, but what reading leaves behind."""
    return rows(*everything_but("accounts.Throttle"))


def somebody(name: str) -> Any:
    login = name.lower().replace(" ", ".") + "@people.example"
    return UserFactory(full_name=name, login=login)


def colleague(partner: Partner, role: str) -> Actor:
    return Actor.staff(
        StaffMembershipFactory(
            partner=partner, role=role, user=somebody(f"{partner.mpn_id} {role}")
        )
    )


def tenant_of(name: str) -> Actor:
    """A customer's administrator; each of their names begins with `name`."""
    customer = CustomerFactory(
        company_name=f"{name} Customer",
        primary_domain=f"{name}-customer.example".lower(),
        contact_name=f"{name} Contact",
        contact_email=f"contact@{name}-contact.example".lower(),
        contact_phone=f"{name} 555",
    )
    user = somebody(f"{name} Administrator")
    return Actor.tenant(TenantMembershipFactory(customer=customer, user=user))


@dataclass
class Office:
    """A partner with one row of each model that the back office shows.

    Whatever is its own alone is called by a word that nothing else is called by.
    """

    word: str
    staff: Actor
    tenant: Actor
    rows: dict[str, Any]

    @property
    def partner(self) -> Partner:
        assert self.staff.partner is not None
        return self.staff.partner

    def __getattr__(self, name: str) -> Any:
        return self.rows[name]

    def actor(self, role: str) -> Actor:
        return colleague(self.partner, role)


def open_office(word: str) -> Office:
    staff, tenant = _people(word)
    existing = stories.observation(tenant.customer, product_name=f"{word} Existing")
    run = _import(word, existing)
    rows = {
        **_asked_for(word, staff, tenant),
        **_sold(word, staff, tenant),
        **_kept_for(word, staff, tenant),
        "existingsubscription": ExistingSubscription.objects.get(pk=existing.pk),
        "import": run,
        "porcase": PorCase.objects.get(run=run),
    }
    log = ActivityRecord.objects.filter(partner=staff.partner)
    return Office(word, staff, tenant, {**rows, "activityrecord": log.first()})


def _people(word: str) -> tuple[Actor, Actor]:
    partner = PartnerFactory(
        name=f"{word} Cloud", contact_email=f"hello@{word}.example".lower()
    )
    membership = StaffMembershipFactory(
        partner=partner, role="admin_agent", user=somebody(f"{word} Agent")
    )
    return Actor.staff(membership), tenant_of(word)


def _asked_for(word: str, staff: Actor, tenant: Actor) -> dict[str, Any]:
    """One that was accepted, one that waits, a list, and a case."""
    relationship = stories.relationship(
        staff, tenant, recipient_email=f"boss@{word}-mail.example".lower()
    )
    invitation = stories.sent_invitation(
        staff,
        recipient_email=f"it@{word}-other.example".lower(),
        reference=f"{word} reference",
    )
    send_invitation(invitation, actor=staff, how=SentHow.PORTAL)
    batch = create_batch(
        [Line(1, f"{word} Buyer", f"buyer@{word}-list.example".lower())],
        actor=staff,
        request_key=uuid.uuid4(),
        expires_at=invitation.expires_at,
        sends=False,
    )
    case = open_case(
        CaseKind.NEW_LINK, invitation, actor=Actor.visitor(), message=f"{word} asks"
    )
    return {
        "resellerrelationship": relationship,
        "invitation": invitation,
        "invitationbatch": batch,
        "outgoingemail": invitation.emails.get(recipient=invitation.recipient_email),
        "case": case,
    }


def _sold(word: str, staff: Actor, tenant: Actor) -> dict[str, Any]:
    """A subscription, whose webhook is told, and somebody asks to cancel it."""
    product = ProductFactory(title=f"{word} Product")
    offer = OfferFactory(product=product, unit_price=PRICE)
    csp = stories.csp_subscription(staff, tenant.customer, offer)
    endpoint = add_endpoint(
        actor=staff,
        url=f"https://{word}.example/events".lower(),
        events=["subscription-updated"],
    )
    lifecycle.rename(csp, actor=staff, friendly_name=f"{word} Mail")
    return {
        "product": product,
        "productalias": ProductAlias.objects.create(
            product=product, name=f"SKU {product.pk}"
        ),
        "offer": offer,
        "order": csp.order_line.order,
        "cspsubscription": CspSubscription.objects.get(pk=csp.pk),
        "webhookendpoint": endpoint,
        "webhookdelivery": endpoint.deliveries.get(),
        "approval": _asked_to_cancel(csp, staff.partner),
        "renewaldecision": _decision(csp),
    }


def _kept_for(word: str, staff: Actor, tenant: Actor) -> dict[str, Any]:
    """Who they are, and what the portal notes by itself."""
    members = StaffMembership.objects.filter(user=staff.user)
    return {
        "partner": staff.partner,
        "customer": tenant.customer,
        "staffmembership": members.get(),
        "tenantmembership": TenantMembership.objects.get(user=tenant.user),
        "user": staff.user,
        "signin": _sign_in(staff),
        "throttle": _limit(word),
        "job": _failed_job(),
        "countrymarket": CountryMarket.objects.get(pk="DE"),
    }


def _asked_to_cancel(csp: Subscription, partner: Partner) -> Approval:
    partner.needs_second_person = True
    partner.save()
    asking = stories.staff(partner, "admin_agent")
    approval = do_or_ask(ApprovalVerb.CANCEL, csp, actor=asking)
    partner.needs_second_person = False
    partner.save()
    return approval


def _decision(csp: Subscription) -> RenewalDecision:
    """Asked for shortly before the end of the term."""
    with clock.at(csp.commitment_ends_at - timedelta(days=10)):
        renewals.ask(digest=0)
    return RenewalDecision.objects.get(subscription=csp)


def _import(word: str, existing: Subscription) -> Import:
    """A row recorded, one refused, and one that names another Partner of Record."""
    file = table(
        f"{word} Imported,5,{word}-1,",
        f"{word} Refused,x,{word}-2,",
        f"{existing.product_name},9,{existing.external_id},{word} Advisor",
        header="Product,Seats,Subscription ID,Reseller",
    )
    return imported(stories.operator(), file, customer=existing.customer)


def _sign_in(actor: Actor) -> SignIn:
    return SignIn.objects.create(
        user=actor.user, outcome=SignInOutcome.SIGNED_IN, how="local_account"
    )


def _failed_job() -> Job:
    """An e-mail that is not there."""
    result = deliver.enqueue(0)
    running.run_waiting("office")
    return Job.objects.get(pk=result.id)


def _limit(word: str) -> Throttle:
    throttling.take(throttling.guesses(ThrottleScope.ACCOUNT), word)
    return Throttle.objects.get(key=word)
