"""Who is told of what: in the inbox, and by e-mail where that is wanted."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import (
    STAFF_NOTICES,
    TENANT_NOTICES,
    ApprovalVerb,
    CaseKind,
    NoticeKind,
)
from relationships.jobs import forget_old_notices
from relationships.models import Notice, NoticeChoice, OutgoingEmail
from relationships.services import events, invitations, notices
from relationships.services.approvals import approve, do_or_ask, refuse
from relationships.services.cases import ask_to_end, open_case
from relationships.services.relationships import end_relationship
from relationships.services.tenants import anonymise_person

from .. import stories
from ..factories import PartnerFactory, StaffMembershipFactory, TenantMembershipFactory
from .support import DAY, NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def sales():
    return stories.staff(PartnerFactory(name="Fabrikam"))


def inbox(actor):
    return [notice.sentence for notice in Notice.objects.visible_to(actor)]


def letters(actor):
    rows = OutgoingEmail.objects.filter(recipient=actor.user.email).order_by("pk")
    return [email.subject for email in rows]


def test_acceptance_tells_who_asked_and_gives_who_accepted_a_receipt(sales, admin):
    relationship = stories.relationship(sales, admin)
    accepted = f"{admin.customer} accepted your invitation"
    assert inbox(sales) == letters(sales) == [accepted]
    receipt = "Receipt: you accepted Fabrikam as your reseller"
    assert inbox(admin) == letters(admin) == [receipt]
    told = Notice.objects.get(recipient=sales.user)
    assert (told.partner, told.customer) == (sales.partner, None)
    assert (told.created_at, told.read_at) == (NOON, None)
    assert told.path == admin.customer.get_absolute_url()
    assert str(told) == accepted
    got = Notice.objects.get(recipient=admin.user)
    assert (got.partner, got.customer) == (None, admin.customer)
    assert got.path == f"/my/receipts/{relationship.pk}/"


def test_notice_is_in_the_language_of_who_reads_it(sales, admin):
    stories.relationship(sales, admin)
    with translation.override("de"):
        [sentence] = inbox(admin)
    assert "Fabrikam" in sentence
    assert sentence != inbox(admin)[0]


def test_decline_tells_who_asked(sales, admin):
    invitation = stories.signed_in_invitation(sales, admin)
    invitations.decline_invitation(invitation, actor=admin, reason="Not now")
    told = f"{admin.customer} declined your invitation"
    assert inbox(sales) == letters(sales) == [told]
    assert inbox(admin) == []
    assert "Not now" not in str(Notice.objects.get().data)


@pytest.mark.parametrize(
    ("named", "ending"),
    [({"reference": "North"}, ": North"), ({"recipient_email": "a@b.example"}, "")],
)
def test_who_asked_is_told_when_a_customer_asks_for_a_new_link(sales, named, ending):
    invitation = stories.sent_invitation(sales, **named)
    visitor = Actor.visitor()
    for _click in range(2):
        open_case(CaseKind.NEW_LINK, invitation, actor=visitor, message="Please.")
    told = f"A customer asks for a new link{ending}"
    assert inbox(sales) == letters(sales) == [told]
    assert "Please." in OutgoingEmail.objects.get(subject=told).text
    assert "Please." not in str(Notice.objects.get().data)


def test_other_cases_tell_nobody(sales, admin):
    invitation = stories.sent_invitation(sales)
    open_case(CaseKind.REGION, invitation, actor=admin, customer=admin.customer)
    assert not Notice.objects.exists()


def test_administrators_and_contact_are_told_when_who_asked_has_left(sales, admin):
    agent = stories.staff(sales.partner, "admin_agent")
    helpdesk = stories.staff(sales.partner, "helpdesk_agent")
    invitation = stories.signed_in_invitation(sales, admin)
    sales.user.staff_memberships.all().delete()
    invitations.decline_invitation(invitation, actor=admin)
    told = [f"{admin.customer} declined your invitation"]
    assert inbox(agent) == letters(agent) == told
    contact = OutgoingEmail.objects.get(recipient=sales.partner.contact_email)
    assert contact.subject == told[0]
    assert inbox(sales) == inbox(helpdesk) == letters(helpdesk) == []


def test_contact_that_is_an_administrator_is_told_once(sales, admin):
    agent = stories.staff(sales.partner, "admin_agent")
    sales.partner.contact_email = agent.user.email
    sales.partner.save()
    invitation = stories.signed_in_invitation(sales, admin)
    sales.user.staff_memberships.all().delete()
    invitations.decline_invitation(invitation, actor=admin)
    assert len(letters(agent)) == 1


def test_asking_to_end_tells_who_asked_for_it(sales, admin):
    relationship = stories.relationship(sales, admin)
    ask_to_end(relationship, actor=admin)
    told = f"{admin.customer} asks to end the reseller relationship"
    assert told in inbox(sales)


def test_end_tells_the_administrators_of_the_tenant(sales, admin):
    agent = stories.staff(sales.partner, "admin_agent")
    relationship = stories.relationship(sales, admin)
    billing = stories.tenant(admin.customer, "billing_administrator")
    user = stories.tenant(admin.customer, "user")
    end_relationship(relationship, actor=agent, reason="Over")
    told = "Your reseller relationship with Fabrikam has ended"
    assert told in inbox(admin)
    assert inbox(billing) == [told]
    assert inbox(user) == []
    [letter] = letters(billing)
    assert letter.startswith(told + " / ")


class TestApproval:
    @pytest.fixture
    def agent(self, sales):
        sales.partner.needs_second_person = True
        sales.partner.save()
        return stories.staff(sales.partner, "admin_agent")

    @pytest.fixture
    def second(self, sales):
        return stories.staff(sales.partner, "admin_agent")

    @pytest.fixture
    def approval(self, sales, agent, second, admin):
        relationship = stories.relationship(agent, admin)
        Notice.objects.all().delete()
        verb = ApprovalVerb.END_RELATIONSHIP
        return do_or_ask(verb, relationship, actor=agent, reason="Over")

    def test_is_asked_of_whoever_could_have_done_it_alone(
        self, approval, sales, agent, second, admin
    ):
        assert inbox(second) == [f"Your approval is asked for: {admin.customer}"]
        assert approval.sentence in OutgoingEmail.objects.latest("pk").text
        assert inbox(agent) == inbox(sales) == []

    def test_is_told_to_who_asked_when_it_was_given(
        self, approval, agent, second, admin
    ):
        approve(approval, actor=second)
        told = f"Approved, and done: your request about {admin.customer}"
        assert inbox(agent) == [told]
        assert told in letters(agent)

    def test_is_told_to_who_asked_when_it_was_refused(
        self, approval, agent, second, admin
    ):
        refuse(approval, actor=second, reason="Wait for May")
        assert inbox(agent) == [f"Refused: your request about {admin.customer}"]
        letter = OutgoingEmail.objects.filter(recipient=agent.user.email).latest("pk")
        assert "Wait for May" in letter.text


def test_inbox_belongs_to_one_person_in_one_office(sales, admin):
    invitation = stories.signed_in_invitation(sales, admin)
    invitations.decline_invitation(invitation, actor=admin)
    elsewhere = StaffMembershipFactory(user=sales.user)
    as_customer = TenantMembershipFactory(user=sales.user)
    others = [
        Actor.staff(elsewhere),
        Actor.tenant(as_customer),
        stories.staff(sales.partner, "admin_agent"),
        stories.operator(),
        Actor.clock(),
        Actor.visitor(),
    ]
    assert len(inbox(sales)) == 1
    assert [inbox(other) for other in others] == [[]] * len(others)


def test_nobody_is_told_twice_of_one_event(sales, admin):
    relationship = stories.relationship(sales, admin)
    with translation.override("en"):
        events.accepted(relationship, by=admin)
    assert (len(inbox(sales)), len(letters(sales))) == (1, 1)
    twin = Notice.objects.get(recipient=sales.user)
    twin.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.bulk_create([twin])
    assert len(inbox(sales)) == 1


def test_same_event_is_told_to_a_person_in_each_of_its_offices(sales):
    as_customer = Actor.tenant(TenantMembershipFactory(user=sales.user))
    message = notices.Message(NoticeKind.DECLINED, "1", "/", {"customer": "Contoso"})
    assert notices.tell([sales, as_customer], message) == 2
    assert notices.tell([sales, as_customer], message) == 0
    assert inbox(sales) == inbox(as_customer) == ["Contoso declined your invitation"]


def test_person_gets_no_email_of_a_kind_that_is_not_wanted(sales, admin):
    among = notices.kinds_for([sales])
    wanted = [kind for kind in among if kind != NoticeKind.DECLINED]
    notices.choose_emails(sales.user, wanted=wanted, among=among)
    assert NoticeKind.DECLINED not in notices.emailed_kinds(sales.user)
    assert NoticeKind.RECEIPT in notices.emailed_kinds(sales.user)
    invitation = stories.signed_in_invitation(sales, admin)
    invitations.decline_invitation(invitation, actor=admin)
    assert len(inbox(sales)) == 1
    assert letters(sales) == []
    notices.choose_emails(sales.user, wanted=among, among=among)
    assert notices.emailed_kinds(sales.user) == NoticeKind.values


def test_person_without_an_address_is_told_in_the_inbox_and_the_contact_by_email(
    sales, admin
):
    sales.user.email = ""
    sales.user.save()
    invitation = stories.signed_in_invitation(sales, admin)
    invitations.decline_invitation(invitation, actor=admin)
    assert len(inbox(sales)) == 1
    assert OutgoingEmail.objects.get().recipient == sales.partner.contact_email


def test_kinds_are_those_of_what_a_person_can_act_as(sales, admin):
    assert set(notices.kinds_for([sales])) == set(STAFF_NOTICES)
    assert set(notices.kinds_for([stories.operator()])) == set(STAFF_NOTICES)
    assert set(notices.kinds_for([admin])) == set(TENANT_NOTICES)
    assert notices.kinds_for([sales, admin]) == list(NoticeKind)
    assert notices.kinds_for([]) == []


def test_own_notices_are_marked_read_one_by_one_or_all(sales, admin):
    for _number in range(3):
        stories.relationship(sales, stories.tenant())
    first = Notice.objects.visible_to(sales)[0]
    with clock.at(NOON + DAY):
        assert notices.mark_read(admin, first.pk) == 0
        assert notices.mark_read(sales, first.pk) == 1
        assert notices.mark_read(sales, first.pk) == 0
    first.refresh_from_db()
    assert first.read_at == NOON + DAY
    with clock.at(NOON + 2 * DAY):
        assert notices.mark_read(sales) == 2
    first.refresh_from_db()
    assert first.read_at == NOON + DAY
    assert Notice.objects.filter(read_at=None, recipient=sales.user).count() == 0
    assert Notice.objects.filter(read_at=None).count() == 3


def test_old_notices_are_forgotten(sales, admin, settings):
    settings.NOTICE_DAYS = 30
    stories.relationship(sales, admin)
    with clock.at(NOON + 30 * DAY):
        forget_old_notices.func(None)
        assert Notice.objects.count() == 2
    with clock.at(NOON + 31 * DAY):
        forget_old_notices.func(None)
    assert not Notice.objects.exists()


def test_anonymised_person_leaves_no_notices(sales, admin):
    stories.relationship(sales, admin)
    notices.choose_emails(sales.user, wanted=[], among=[NoticeKind.ACCEPTED])
    [choice] = NoticeChoice.objects.all()
    assert str(choice) == "Invitation accepted: False"
    anonymise_person(sales.user, actor=stories.operator(), reason="Asked for it")
    assert not Notice.objects.filter(recipient=sales.user).exists()
    assert not NoticeChoice.objects.exists()
    assert len(inbox(admin)) == 1


def test_no_notice_holds_a_name_or_an_address(sales, admin):
    agent = stories.staff(sales.partner, "admin_agent")
    relationship = stories.relationship(
        sales, admin, recipient_email="ann@contoso.example"
    )
    ask_to_end(relationship, actor=admin, message="Call Ann Berg")
    end_relationship(relationship, actor=agent, reason="Ann Berg left")
    personal = [sales.user.full_name, admin.user.full_name, "Ann", "@"]
    rows = [str(row) for row in Notice.objects.values_list("data", "path")]
    assert len(rows) == 4
    assert [row for row in rows for word in personal if word in row] == []
