"""Every way that does not end in a receipt says so, and how to go on."""

from datetime import timedelta

import pytest

from portal.foundation import clock
from relationships.models import Case
from relationships.services.invitations import (
    decline_invitation,
    renew_invitation,
    withdraw_invitation,
)
from tests import stories
from tests.factories import CustomerFactory, PartnerFactory, TenantMembershipFactory

from .visitor import Visitor, everything_stored, path_of, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ["user", "billing_administrator"])
def test_not_an_administrator_is_told_who_may_and_gets_a_text_to_forward(sales, role):
    person = stories.tenant(role=role)
    invitation = stories.sent_invitation(sales)
    visitor = Visitor()
    page = text_of(visitor.sign_in(path_of(invitation), person))
    assert "Who may accept or decline: Global administrator." in page
    assert f"Your role here is {person.role_label}." in page
    assert invitation.url in page
    assert "Accept" not in page.split("<main", 1)[1].replace("Who may accept", "")


@pytest.mark.parametrize("verb", ["accept", "decline", "existing"])
def test_not_an_administrator_changes_nothing_when_posting_all_the_same(sales, verb):
    person = stories.tenant(role="user")
    invitation = stories.signed_in_invitation(sales, person)
    visitor = Visitor().acting_as(person)
    path = path_of(invitation)
    before = everything_stored()
    for reason in ("", "x" * 1001):
        form = {"agreed": "on", "reason": reason}
        assert visitor.submit(path, f"{path}{verb}/", **form).url == path
    assert everything_stored() == before
    page = text_of(visitor.get(path))
    assert "Somebody else in your tenant has to answer" in page


def test_billing_administrator_decides_when_the_setting_allows_it(settings, sales):
    settings.ACCEPTING_ROLES = ["global_administrator", "billing_administrator"]
    person = stories.tenant(role="billing_administrator")
    invitation = stories.sent_invitation(sales)
    page = text_of(Visitor().sign_in(path_of(invitation), person))
    assert "Your decision" in page


def test_other_partners_customer_is_told_and_staff_has_a_case(sales, admin):
    other = stories.relationship(stories.staff(), admin)
    invitation = stories.sent_invitation(sales)
    visitor = Visitor()
    path = path_of(invitation)
    page = text_of(visitor.sign_in(path, admin))
    assert "Your tenant already has a CSP transacting partner" in page
    assert other.partner.name in page
    assert f"The staff of {sales.partner.name} was told" in page
    case = Case.objects.get()
    assert (case.kind, case.partner) == ("one_transacting_partner", sales.partner)
    before = everything_stored()
    visitor.get(path)
    assert visitor.submit(path, f"{path}accept/", agreed="on").url == path
    assert everything_stored() == before


def test_other_partners_customer_can_tell_staff_when_it_came_about_later(sales, admin):
    invitation = stories.signed_in_invitation(sales, admin)
    stories.relationship(stories.staff(), admin)
    visitor = Visitor().acting_as(admin)
    path = path_of(invitation)
    assert f"Tell {sales.partner.name}" in text_of(visitor.get(path))
    assert not Case.objects.exists()
    visitor.submit(path, f"{path}sign-in/", customer=admin.customer.pk)
    assert Case.objects.get().kind == "one_transacting_partner"
    assert "was told on" in text_of(visitor.get(path))


@pytest.mark.parametrize("agreed", ["on", ""])
def test_accepting_changes_nothing_when_another_partner_was_quicker(
    sales, admin, agreed
):
    invitation = stories.signed_in_invitation(sales, admin)
    path = path_of(invitation)
    visitor = Visitor().acting_as(admin)
    key = str(visitor.get(path).context["csrf_token"])
    stories.relationship(stories.staff(), admin)
    answer = visitor.post(
        f"{path}accept/", {"agreed": agreed, "csrfmiddlewaretoken": key}
    )
    assert answer.url == path
    page = text_of(visitor.get(path))
    assert "Your tenant already has a CSP transacting partner" in page
    invitation.refresh_from_db()
    assert invitation.status == "signed_in"
    assert admin.customer.relationships.count() == 1


def test_other_market_is_told_and_staff_has_a_case(sales):
    abroad = stories.tenant(CustomerFactory(country="JP"))
    invitation = stories.sent_invitation(sales)
    visitor = Visitor()
    path = path_of(invitation)
    page = text_of(visitor.sign_in(path, abroad))
    assert f"{sales.partner.name} cannot sell in your market" in page
    assert "was told on" in page
    assert Case.objects.get().kind == "region"
    before = everything_stored()
    assert visitor.submit(path, f"{path}accept/", agreed="on").url == path
    assert everything_stored() == before


def test_already_linked_customer_is_led_to_its_receipt(sales, admin):
    second = stories.sent_invitation(sales)
    relationship = stories.relationship(sales, admin)
    page = text_of(Visitor().sign_in(path_of(second), admin))
    assert f"{sales.partner.name} is your reseller already" in page
    assert f"/my/receipts/{relationship.pk}/" in page
    assert not Case.objects.exists()


def test_accepted_invitation_leads_its_own_people_to_the_receipt(sales, admin):
    relationship = stories.relationship(sales, admin)
    colleague = stories.tenant(admin.customer, role="user")
    path = path_of(relationship.invitation)
    for person in (admin, colleague):
        answer = Visitor().acting_as(person).get(path)
        assert answer.url == f"/my/receipts/{relationship.pk}/"


def test_accepted_invitation_says_answered_to_others(sales, admin):
    relationship = stories.relationship(sales, admin)
    path = path_of(relationship.invitation)
    stranger = stories.tenant()
    before = everything_stored()
    for visitor in (Visitor(), Visitor().acting_as(stranger)):
        page = text_of(visitor.get(path))
        assert "This invitation was answered" in page
        assert admin.organisation not in page
        for verb in ("sign-in", "accept", "decline", "existing", "ask"):
            visitor.handler.enforce_csrf_checks = False
            assert visitor.post(f"{path}{verb}/", {"agreed": "on"}).url == path
    assert everything_stored() == before


def test_accepted_invitation_offers_to_sign_in_and_to_choose(sales, admin):
    relationship = stories.relationship(sales, admin)
    path = path_of(relationship.invitation)
    assert f"/sign-in/?next={path}" in text_of(Visitor().get(path))
    TenantMembershipFactory(user=admin.user)
    visitor = Visitor()
    visitor.force_login(admin.user)
    assert f"/my/act-as/?next={path}" in text_of(visitor.get(path))


def _withdrawn(sales, admin):
    return withdraw_invitation(stories.sent_invitation(sales), actor=sales)


def _declined(sales, admin):
    invitation = stories.signed_in_invitation(sales, admin)
    return decline_invitation(invitation, actor=admin)


def _expired(sales, admin):
    with clock.at(clock.now() - timedelta(days=60)):
        return stories.sent_invitation(sales)


CLOSED = pytest.mark.parametrize(
    ("close", "sentence"),
    [
        (_withdrawn, "This invitation was withdrawn"),
        (_declined, "This invitation was declined"),
        (_expired, "This invitation has expired"),
    ],
)


@CLOSED
def test_closed_invitation_says_so_to_everybody(sales, admin, close, sentence):
    path = path_of(close(sales, admin))
    before = everything_stored()
    for visitor in (Visitor(), Visitor().acting_as(admin)):
        page = text_of(visitor.get(path))
        assert sentence in page
        assert sales.partner.contact_email in page
        assert "Ask for a new link" in page
    assert everything_stored() == before


@CLOSED
@pytest.mark.parametrize("verb", ["sign-in", "accept", "decline", "existing"])
def test_closed_invitation_takes_no_answer(sales, admin, close, sentence, verb):
    path = path_of(close(sales, admin))
    visitor = Visitor().acting_as(admin)
    before = everything_stored()
    answer = visitor.submit(
        path, f"{path}{verb}/", agreed="on", customer=admin.customer.pk
    )
    assert answer.url == path
    assert everything_stored() == before
    assert sentence in text_of(visitor.get(path))


def test_accepting_says_why_not_when_the_invitation_was_withdrawn(sales, admin):
    invitation = stories.signed_in_invitation(sales, admin)
    path = path_of(invitation)
    visitor = Visitor().acting_as(admin)
    key = str(visitor.get(path).context["csrf_token"])
    withdraw_invitation(invitation, actor=sales)
    before = everything_stored()
    for verb in ("accept", "decline"):
        visitor.post(f"{path}{verb}/", {"agreed": "on", "csrfmiddlewaretoken": key})
        page = text_of(visitor.get(path))
        assert "not possible while the invitation is withdrawn" in page
        assert "This invitation was withdrawn" in page
    assert everything_stored() == before


@CLOSED
@pytest.mark.parametrize("signed_in", [True, False])
def test_asking_for_a_new_link_is_told_to_staff_once(
    sales, admin, close, sentence, signed_in
):
    path = path_of(close(sales, admin))
    visitor = Visitor().acting_as(admin) if signed_in else Visitor()
    for message in ("Please send it again", "And again"):
        answer = visitor.submit(path, f"{path}ask/", message=message)
        assert answer.url == path
    case = Case.objects.get()
    assert (case.kind, case.message) == ("new_link", "Please send it again")
    was_known = signed_in and close is _declined
    assert case.customer == (admin.customer if was_known else None)
    page = text_of(visitor.get(path))
    assert f"Thank you. {sales.partner.name} was asked for a new link." in page
    assert f">{case.opened_at:%-d %b %Y, %H:%M} UTC</time>" in page
    assert 'name="message"' not in page


def test_asking_is_refused_when_the_message_is_too_long(sales, admin):
    path = path_of(_withdrawn(sales, admin))
    answer = Visitor().submit(path, f"{path}ask/", message="x" * 1001)
    assert "at most 1000 characters" in text_of(answer)
    assert not Case.objects.exists()


def test_asking_is_possible_when_the_link_is_an_old_one(sales):
    invitation = stories.sent_invitation(sales)
    path = path_of(invitation)
    renew_invitation(invitation, actor=sales)
    visitor = Visitor()
    visitor.submit(path, f"{path}ask/")
    assert Case.objects.get().kind == "new_link"
    assert "was asked for a new link on" in text_of(visitor.get(path))


def test_asking_is_not_for_the_partners_own_staff(sales, admin):
    path = path_of(_withdrawn(sales, admin))
    visitor = Visitor().acting_as(sales)
    assert 'name="message"' not in text_of(visitor.get(path))
    visitor.submit(path, f"{path}ask/", message="x")
    assert not Case.objects.exists()


def test_asking_does_nothing_when_the_invitation_is_open(sales):
    path = path_of(stories.sent_invitation(sales))
    Visitor().submit(path, f"{path}ask/", message="x")
    assert not Case.objects.exists()


def test_partner_is_not_told_of_others_when_a_customer_is_taken(sales, admin):
    other = PartnerFactory(name="The Other One")
    stories.relationship(stories.staff(other), admin)
    Visitor().sign_in(path_of(stories.sent_invitation(sales)), admin)
    assert "The Other One" not in str(everything_stored()["Case"])
