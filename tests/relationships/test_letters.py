"""Every letter that the portal writes, as a mail server receives it."""

from datetime import timedelta

import pytest
import time_machine

from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import Job
from relationships.actors import Actor
from relationships.enums import ApprovalVerb, CaseKind, EmailStatus, NoticeKind
from relationships.models import Notice, OutgoingEmail
from relationships.services import events, invitations, mail, reminders
from relationships.services.approvals import approve, do_or_ask
from relationships.services.cases import ask_to_end, open_case
from relationships.services.endpoints import add_endpoint
from relationships.services.relationships import end_relationship
from relationships.services.sign_in import change_password
from subscriptions.services import lifecycle, renewals
from subscriptions.services.events import import_finished

from .. import stories
from ..factories import PartnerFactory, StaffMembershipFactory
from .support import DAY, NOON

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]


def work():
    running.run_waiting("test")


def live_through_it_all(partner):
    """Whatever somebody is told of, in one story."""
    sales, agent = stories.staff(partner), stories.staff(partner, "admin_agent")
    admin = stories.tenant()
    with clock.at(NOON):
        draft = stories.invitation(sales, recipient_email="ann@contoso.example")
        invitation = invitations.send_invitation(draft, actor=sales)
        work()
    with clock.at(NOON + 4 * DAY):
        ask_and_answer(invitation, sales, admin)
        csp = sell(sales, admin.customer)
        lose(invitation, agent)
        StaffMembershipFactory(partner=partner, expires_at=NOON + 6 * DAY)
        reminders.tell_of_expiring_memberships()
        import_finished(stories.operator(), event="1", path="/", recorded=1, refused=0)
        change_password(sales.user, actor=sales, password="a-much-better-horse")
    with clock.at(csp.commitment_ends_at - DAY):
        renewals.ask(digest=1)
        end_by_two(sales, agent)
    last = stories.relationship(sales, stories.tenant())
    end_relationship(last, actor=agent, reason="Over")


def ask_and_answer(invitation, sales, admin):
    """A reminder, a new link, one who accepts and wants to end, one who declines."""
    reminders.send_due()
    work()
    open_case(CaseKind.NEW_LINK, invitation, actor=Actor.visitor())
    invitations.sign_in_to_invitation(invitation, actor=admin)
    relationship = invitations.accept_invitation(invitation, actor=admin, agreed=True)
    ask_to_end(relationship, actor=admin)
    other = stories.tenant()
    declined = stories.signed_in_invitation(sales, other)
    invitations.decline_invitation(declined, actor=other)


def sell(sales, customer):
    csp = stories.csp_subscription(sales, customer)
    lifecycle.change_seats(csp, actor=sales, quantity=6, shown=5)
    return lifecycle.reactivate(lifecycle.suspend(csp, actor=sales), actor=sales)


def lose(invitation, agent):
    """An e-mail, and a webhook's server."""
    events.email_lost(invitation.emails.filter(subject=invitation.subject).get())
    url = "https://fabrikam.example/"
    endpoint = add_endpoint(actor=agent, url=url, events=["subscription-updated"])
    events.webhook_failed(endpoint)


def end_by_two(sales, agent):
    partner = sales.partner
    partner.needs_second_person = True
    partner.save()
    approval = do_or_ask(
        ApprovalVerb.END_RELATIONSHIP,
        stories.relationship(sales, stories.tenant()),
        actor=stories.staff(partner, "admin_agent"),
        reason="Over",
    )
    approve(approval, actor=agent)
    partner.needs_second_person = False
    partner.save()


def test_each_kind_arrives_in_text_and_html_from_the_portals_address(server):
    server.start()
    partner = PartnerFactory(name="Fabrikam", contact_email="hello@fabrikam.example")
    live_through_it_all(partner)
    work()
    kinds = set(Notice.objects.values_list("kind", flat=True))
    assert kinds == set(NoticeKind.values)
    emails = OutgoingEmail.objects.all()
    assert set(emails.values_list("status", flat=True)) == {EmailStatus.SENT}
    assert len(server.received) == emails.count()
    for message in server.received:
        assert message.get_content_type() == "multipart/alternative"
        plain, html = message.iter_parts()
        assert plain.get_content_type() == "text/plain"
        assert html.get_content_type() == "text/html"
        assert mail.LINK not in plain.get_content()
        assert plain.get_content().strip()
        assert "<p>" in html.get_content()
        assert "portal@example.com" in str(message["From"])
    ids = {str(message["Message-ID"]) for message in server.received}
    assert len(ids) == len(server.received)


def test_what_is_written_for_the_partner_bears_its_name_and_is_answered_to_it(server):
    server.start()
    partner = PartnerFactory(name="Fabrikam", contact_email="hello@fabrikam.example")
    live_through_it_all(partner)
    work()
    sales = partner.staff_memberships.get(role="sales_agent", expires_at=None).user
    for message in server.received:
        is_to_customer = "Fabrikam" in str(message["From"])
        assert (message["Reply-To"] == partner.contact_email) is is_to_customer
        if str(message["To"]) == sales.email:
            assert not is_to_customer
    assert any("Fabrikam" in str(message["From"]) for message in server.received)


def test_nothing_is_lost_or_sent_twice_when_the_server_is_down_for_an_hour(server):
    addresses = [f"person{number}@contoso.example" for number in range(5)]
    with time_machine.travel(NOON, tick=False):
        for address in addresses:
            mail.enqueue(address, "Hello", "Text")
        work()
    for minute in range(1, 60):
        with time_machine.travel(NOON + timedelta(minutes=minute), tick=False):
            work()
    emails = OutgoingEmail.objects.all()
    assert set(emails.values_list("status", flat=True)) == {EmailStatus.RETRYING}
    # At once, and after 1, 5 and 25 minutes more.
    assert set(Job.objects.values_list("attempt", flat=True)) == {4}
    server.start()
    for minute in range(60, 180, 5):
        with time_machine.travel(NOON + timedelta(minutes=minute), tick=False):
            work()
    assert server.recipients == addresses
    assert set(emails.values_list("status", flat=True)) == {EmailStatus.SENT}
    assert set(Job.objects.values_list("attempt", flat=True)) == {5}


def test_server_that_refuses_one_and_puts_another_off_gets_all_others(
    server,
):
    server.start()
    refused, later = "nobody@contoso.example", "busy@contoso.example"
    server.answers["RCPT", refused] = "550 5.1.1 No such user"
    server.answers["DATA", later] = "451 4.3.0 Later"
    addresses = [refused, later, *(f"p{n}@contoso.example" for n in range(4))]
    for address in addresses:
        mail.enqueue(address, "Hello", "Text")
    work()
    fates = dict(OutgoingEmail.objects.values_list("recipient", "status"))
    assert fates[refused] == EmailStatus.REFUSED
    assert fates[later] == EmailStatus.RETRYING
    assert server.recipients == sorted(addresses[2:])
    assert {fates[a] for a in addresses[2:]} == {EmailStatus.SENT}
