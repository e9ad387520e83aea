"""The page on which a partner's administrator edits the text of its invitations."""

import pytest

from relationships.models import Invitation, InvitationTemplate
from relationships.services.invitations import default_expiry

from .. import stories
from .office import desk, everything, messages, text

pytestmark = pytest.mark.django_db
PAGE = "/admin/invitation-template/"
OWN = {"subject": "We at [[partner]]", "body": "Open [[link]]\n<b>now</b>"}


@pytest.fixture
def client(agent):
    return desk(agent)


def test_page_begins_with_the_standard_text_and_shows_a_preview(client, agent):
    page = client.get(PAGE)
    assert "Standard text" in text(page)
    assert "[[link]]" in page.context["form"]["body"].value()
    subject, body = page.context["preview"]
    assert agent.partner.name in subject
    assert "[[" not in body


def test_preview_saves_nothing(client):
    before = everything()
    page = client.post(PAGE, {**OWN, "preview": "1"})
    assert page.context["preview"][0].startswith("We at ")
    assert "&lt;b&gt;now&lt;/b&gt;" in text(page)
    assert page.context["form"]["body"].value() == OWN["body"]
    assert everything() == before


def test_own_text_is_saved_used_and_given_up(client, agent):
    answer = client.post(PAGE, {**OWN, "save": "1"}, follow=True)
    assert messages(answer) == ["Saved. New invitations have this text."]
    assert "Your own" in text(answer)
    assert stories.invitation(agent).subject == f"We at {agent.partner.name}"
    answer = client.post(PAGE, {"standard": "1"}, follow=True)
    assert messages(answer) == ["Invitations have the standard text again."]
    assert not InvitationTemplate.objects.exists()


def test_text_without_the_link_is_not_saved(client):
    before = everything()
    page = client.post(PAGE, {**OWN, "body": "Open it", "save": "1"})
    assert "The link has to be in the text: [[link]]" in text(page)
    page = client.post(PAGE, {**OWN, "body": "[[link]] [[you]]", "save": "1"})
    assert "Not known here: [[you]]" in text(page)
    assert everything() == before


def test_each_language_has_its_own(client, agent):
    client.post(PAGE + "?language=de", {**OWN, "save": "1"})
    assert InvitationTemplate.objects.get().language == "de"
    assert "Standard text" in text(client.get(PAGE))
    assert "Standard text" in text(client.get(PAGE + "?language=xx"))
    assert "Your own" in text(client.get(PAGE + "?language=de"))


def test_request_offers_the_language_of_the_text(client, agent):
    data = {
        "recipients": "ann@contoso.example",
        "expires_on": str(default_expiry().date()),
        "language": "de",
    }
    client.post("/admin/request-reseller-relationship/", data)
    made = Invitation.objects.get()
    assert made.language == "de"
    assert "möchte Ihr Microsoft-Cloud-Reseller werden" in made.subject


def test_link_to_the_page_is_for_administrators_only(client, agent):
    step_1 = "/admin/request-reseller-relationship/"
    assert PAGE in text(client.get(step_1))
    sales = desk(stories.staff(agent.partner))
    assert PAGE not in text(sales.get(step_1))
    assert sales.get(PAGE).status_code == 403
