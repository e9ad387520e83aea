"""Who gets which language: the customer its browser's, staff English."""

import pytest
from django.utils import translation

from relationships.models import Invitation, OutgoingEmail
from relationships.services.invitations import accept_invitation, decline_invitation
from relationships.services.relationships import end_relationship
from tests import stories
from tests.factories import PartnerFactory
from tests.public.visitor import Visitor, path_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales():
    return stories.staff(PartnerFactory(name="Fabrikam"))


@pytest.fixture
def visitor(admin):
    return Visitor(headers={"accept-language": "de"}).acting_as(admin)


def email_to(actor):
    return OutgoingEmail.objects.get(recipient=actor.user.email)


def test_receipt_is_german_and_notice_english_when_a_german_browser_accepts(
    sales, admin, visitor
):
    path = path_of(stories.signed_in_invitation(sales, admin))
    visitor.submit(path, f"{path}accept/", agreed="on")
    receipt, notice = email_to(admin), email_to(sales)
    assert receipt.subject == "Beleg: Sie haben Fabrikam als Reseller angenommen"
    assert f"Angenommen von: {admin.user}, Globaler Administrator" in receipt.text
    assert "accepted" not in receipt.text
    assert notice.subject == f"{admin.organisation} accepted your invitation"
    assert "UTC, as Global administrator." in notice.text
    assert "0 existing subscriptions were found" in notice.text


def test_receipt_is_english_when_the_browser_is(sales, admin):
    invitation = stories.signed_in_invitation(sales, admin)
    accept_invitation(invitation, actor=admin, agreed=True)
    assert "Accepted by:" in email_to(admin).text


def test_notice_is_english_when_a_german_browser_declines(sales, admin, visitor):
    path = path_of(stories.signed_in_invitation(sales, admin))
    visitor.submit(path, f"{path}decline/", reason="Zu teuer")
    notice = email_to(sales)
    assert notice.subject == f"{admin.organisation} declined your invitation"
    assert "The reason given:\nZu teuer" in notice.text


def test_language_of_the_page_is_as_before_when_staff_was_told(sales, admin):
    invitation = stories.signed_in_invitation(sales, admin)
    with translation.override("de"):
        decline_invitation(invitation, actor=admin)
        assert translation.get_language() == "de"


def test_text_of_an_invitation_is_english_when_a_german_comes_by_the_partner_link(
    sales, admin, visitor
):
    path = path_of(sales.partner)
    visitor.submit(path, f"{path}sign-in/", customer=admin.customer.pk)
    invitation = Invitation.objects.get()
    assert "asks to become your Microsoft cloud reseller" in invitation.subject
    assert "Who may accept: Global administrator of your tenant." in invitation.body
    assert "impact or change any of your existing" in invitation.body


def test_text_to_forward_is_german_when_the_browser_is(sales):
    person = stories.tenant(role="user")
    path = path_of(stories.sent_invitation(sales))
    visitor = Visitor(headers={"accept-language": "de"})
    page = visitor.sign_in(path, person).content.decode()
    assert "die Rolle „Globaler Administrator“ nötig" in page


def test_end_is_told_in_both_languages(admin):
    agent = stories.staff(PartnerFactory(name="Fabrikam"), "admin_agent")
    relationship = stories.relationship(agent, admin)
    OutgoingEmail.objects.all().delete()
    end_relationship(relationship, actor=agent, reason="Moved on")
    email = email_to(admin)
    assert email.subject == (
        "Your reseller relationship with Fabrikam has ended / "
        "Ihre Reseller-Beziehung mit Fabrikam ist beendet"
    )
    english, german = email.text.split("Die Reseller-Beziehung von")
    assert "The reason given: Moved on" in english
    assert "Der genannte Grund: Moved on" in german
