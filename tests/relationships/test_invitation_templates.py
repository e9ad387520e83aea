"""A partner's own text of its invitations."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from relationships.enums import Operation
from relationships.models import ActivityRecord, InvitationTemplate
from relationships.services import composing, invitations, mail, templates

from .. import stories
from ..factories import PartnerFactory
from .support import refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

SUBJECT = "[[partner]] writes to [[domain]]"
BODY = "Dear customer[[name]],\n[[link]] until [[expires]].\n[[does_not]]\n[[contact]]"


@pytest.fixture
def agent():
    partner = PartnerFactory(
        name="Fabrikam",
        mpn_id="5123456",
        contact_email="hello@fabrikam.example",
        contact_phone="+49 30 1",
    )
    return stories.staff(partner, "admin_agent")


def save(agent, subject=SUBJECT, body=BODY, language="en"):
    return templates.save_template(
        agent.partner, actor=agent, language=language, subject=subject, body=body
    )


def test_new_invitations_begin_with_the_partners_own_text(agent):
    save(agent)
    invitation = stories.invitation(agent, customer_domain="contoso.example")
    assert invitation.subject == "Fabrikam writes to contoso.example"
    assert invitation.body.startswith("Dear customer,\n[[link]] until [[expires]].\n- ")
    assert "- impact or change any of your existing subscriptions\n" in invitation.body
    assert invitation.body.endswith(
        "Fabrikam (MPN ID 5123456)\nhello@fabrikam.example\n+49 30 1"
    )
    text = composing.text_for(invitation)
    assert f"{invitation.url} until {mail.expiry_text(invitation)}." in text


def test_own_text_is_of_one_partner_and_one_language(agent):
    save(agent, subject="Our own", language="de")
    assert stories.invitation(agent, language="de").subject == "Our own"
    assert stories.invitation(agent).subject != "Our own"
    assert stories.invitation(stories.staff(), language="de").subject != "Our own"


def test_standard_text_is_in_the_invitations_language(agent):
    german = stories.invitation(agent, language="de", customer_domain="contoso.example")
    assert german.subject == "Fabrikam möchte Ihr Microsoft-Cloud-Reseller werden"
    assert "Das Annehmen wird NICHT:" in german.body
    assert mail.LINK in german.body
    assert mail.expiry_text(german) in composing.text_for(german)
    assert mail.expiry_text(german) == "1. April 2026, 12:00 UTC"


def test_invitations_that_were_made_keep_their_text(agent):
    invitation = stories.invitation(agent, recipient_email="ann@contoso.example")
    before = invitation.subject, invitation.body
    save(agent)
    invitation.refresh_from_db()
    assert (invitation.subject, invitation.body) == before
    renewed = invitations.renew_invitation(invitation, actor=agent)
    assert (renewed.subject, renewed.body) == before


def test_partner_without_a_phone_has_no_empty_line(agent):
    agent.partner.contact_phone = ""
    agent.partner.save()
    save(agent)
    assert stories.invitation(agent).body.endswith("hello@fabrikam.example")


def test_saving_again_changes_the_one_row_and_is_told(agent):
    first = save(agent, body=BODY.replace("\n", "\r\n"))
    assert (first.body, str(first)) == (BODY, "Fabrikam, en")
    colleague = stories.staff(agent.partner, "admin_agent")
    save(colleague, subject="  New\n subject ")
    template = InvitationTemplate.objects.get()
    assert (template.subject, template.changed_by) == ("New subject", colleague.user)
    told = ActivityRecord.objects.filter(operation=Operation.EDIT_TEMPLATE)
    assert [record.new_value for record in told] == [{"language": "en"}] * 2


@pytest.mark.parametrize(
    ("subject", "body", "field", "code", "words"),
    [
        ("Hello", "Please accept.", "body", "link_missing", "[[link]]"),
        ("Hello", "[[ link ]]", "body", "placeholder_unknown", "[[ link ]]"),
        ("Hello", "[[link]] [[price]]", "body", "placeholder_unknown", "[[price]]"),
        ("[[link]]", "[[link]]", "subject", "placeholder_unknown", "[[link]]"),
        ("[[name]]", BODY, "subject", "placeholder_unknown", "[[name]]"),
        ("[[contact]]", BODY, "subject", "placeholder_unknown", "[[contact]]"),
    ],
)
def test_it_is_refused_without_the_link_and_with_what_is_not_known(
    agent, subject, body, field, code, words
):
    with refused(code) as refusal:
        save(agent, subject=subject, body=body)
    assert list(refusal.value.error_dict) == [field]
    assert words in str(refusal.value)


def test_database_keeps_the_link_in_it(agent):
    save(agent)
    with unchanged(), pytest.raises(IntegrityError), transaction.atomic():
        InvitationTemplate.objects.update(body="Please accept.")


def test_preview_is_what_a_customer_would_get(agent):
    subject, body = templates.preview(
        agent.partner, "en", subject=SUBJECT, body=f"{BODY} [[who_accepts]] [[domain]]"
    )
    assert subject == "Fabrikam writes to customer.example"
    assert "[[" not in body
    assert "http://127.0.0.1:8000/invitations/" in body
    assert body.endswith("Global administrator customer.example")
    assert not agent.partner.invitations.exists()


def test_text_to_begin_with_is_the_standard_one_with_its_placeholders(agent):
    subject, body = templates.current_text(agent.partner, "en")
    templates.check(subject, body)
    assert subject == "Fabrikam asks to become your Microsoft cloud reseller"
    save(agent)
    assert templates.current_text(agent.partner, "en") == (SUBJECT, BODY)
    assert templates.current_text(agent.partner, "de")[0] != SUBJECT


def test_dropping_it_brings_the_standard_text_back(agent):
    standard = templates.current_text(agent.partner, "en")
    save(agent)
    templates.drop_template(agent.partner, actor=agent, language="de")
    assert InvitationTemplate.objects.exists()
    for _click in range(2):
        templates.drop_template(agent.partner, actor=agent, language="en")
    assert templates.current_text(agent.partner, "en") == standard
    told = ActivityRecord.objects.filter(operation=Operation.EDIT_TEMPLATE)
    assert told.count() == 2


def test_only_administrators_of_the_partner_edit_it(agent):
    template = save(agent)
    others = [
        stories.staff(agent.partner),
        stories.staff(role="admin_agent"),
        stories.tenant(),
        stories.operator(),
    ]
    for actor in others:
        with unchanged(), pytest.raises(PermissionDenied):
            templates.save_template(
                agent.partner, actor=actor, language="en", subject="x", body=BODY
            )
        with unchanged(), pytest.raises(PermissionDenied):
            templates.drop_template(agent.partner, actor=actor, language="en")
    assert template.belongs_to(agent)
    seen = [
        list(InvitationTemplate.objects.visible_to(actor)) for actor in (agent, *others)
    ]
    assert seen == [[template], [template], [], [], [template]]
