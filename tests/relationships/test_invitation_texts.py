from datetime import timedelta, timezone
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from relationships import links
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import Invitation
from relationships.services import composing, invitations, mail

from .. import stories
from ..factories import PartnerFactory
from .support import DAY, NOON, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def sales():
    return stories.staff(
        PartnerFactory(name="Fabrikam", mpn_id="5123456", contact_phone="+49 30 1")
    )


@pytest.fixture
def draft(sales):
    return stories.invitation(sales, recipient_email="ann@contoso.example")


def token_of(invitation):
    return links.make_token("invitation", invitation.pk, invitation.link_generation)


def stored(invitation):
    return Invitation.objects.get(pk=invitation.pk)


def edit(invitation, actor, *, subject="Hello", body):
    return invitations.edit_invitation(
        invitation, actor=actor, subject=subject, body=body
    )


def test_text_says_who_asks_what_it_means_who_may_and_until_when(sales, settings):
    settings.ACCEPTING_ROLES = ["global_administrator", "billing_administrator"]
    invitation = stories.invitation(sales, customer_domain="contoso.example")
    text = composing.text_for(invitation)
    for line in composing.what_accepting_does_not_do("Fabrikam"):
        assert f"- {line}\n" in text
    for words in (
        "Fabrikam would like to be your Cloud Solution Provider",
        "with the tenant contoso.example",
        "Global administrator or Billing administrator of your tenant",
        invitation.url,
        "works until 1 Apr 2026, 12:00 UTC",
        "MPN ID 5123456",
        sales.partner.contact_email,
        "+49 30 1",
    ):
        assert words in text


def test_five_does_not_lines_are_those_of_the_source_page():
    assert composing.what_accepting_does_not_do("Fabrikam") == [
        "impact or change any of your existing subscriptions",
        "transition your existing subscriptions to Fabrikam",
        "change the terms of, or your obligations for, any existing subscription",
        "allow Fabrikam to change any Advisor Partner of Record information",
        "enable multiple CSP transacting partners to sell to you",
    ]


def test_text_names_no_tenant_when_none_is_invited(draft):
    assert "with the tenant" not in composing.text_for(draft)


def test_markup_in_a_name_stays_text_and_is_not_escaped():
    sales = stories.staff(PartnerFactory(name="Fish & <b>Chips</b>"))
    draft = stories.invitation(sales)
    assert draft.subject.startswith("Fish & <b>Chips</b> asks")
    assert "Fish & <b>Chips</b> would like" in draft.body


def test_link_and_expiry_are_never_stored_in_the_text(draft):
    assert token_of(draft) not in draft.body
    assert "1 Apr 2026" not in draft.body
    assert mail.LINK in draft.body
    assert mail.EXPIRES in draft.body


def test_edited_text_is_stored_without_link_and_expiry(sales, draft):
    body = composing.text_for(draft).replace("Hello,", "Dear Ann,")
    with operations() as told:
        edit(draft, sales, subject=" Your  cloud ", body=body.replace("\n", "\r\n"))
    saved = stored(draft)
    assert told == [Operation.EDIT_INVITATION]
    assert saved.subject == "Your cloud"
    assert saved.body.startswith("Dear Ann,\n")
    assert token_of(draft) not in saved.body
    assert "1 Apr 2026" not in saved.body
    assert composing.text_for(saved) == body


def test_unedited_text_is_not_told_as_edited(sales, draft):
    with unchanged():
        edit(
            draft,
            sales,
            subject=draft.subject,
            body=composing.text_for(draft),
        )


@pytest.mark.parametrize("body", ["", "Please accept.", "https://elsewhere.example/"])
def test_text_is_refused_when_the_link_is_not_in_it(sales, draft, body):
    with refused("link_missing") as caught:
        edit(draft, sales, body=body)
    assert draft.url in str(caught.value)
    assert set(caught.value.error_dict) == {"body"}


def test_text_is_refused_when_it_has_another_invitations_link(sales, draft):
    other = stories.invitation(sales)
    with refused("link_missing"):
        edit(draft, sales, body=other.url)


def test_text_is_refused_when_it_has_the_link_from_before_the_renewal(sales, draft):
    old = draft.url
    renewed = invitations.renew_invitation(draft, actor=sales)
    with refused("link_missing"):
        edit(renewed, sales, body=old)


def test_renewed_link_and_expiry_show_in_the_edited_text(sales, draft):
    edit(draft, sales, body=f"{draft.url} until {mail.expiry_text(draft)}")
    renewed = invitations.renew_invitation(
        draft, actor=sales, expires_at=NOON + 2 * DAY
    )
    assert composing.text_for(renewed) == (f"{renewed.url} until 4 Mar 2026, 12:00 UTC")
    assert renewed.url != draft.url


def test_subject_cannot_hold_line_breaks(sales, draft):
    edit(draft, sales, subject="Hello\r\nBcc: all@x.example", body=draft.url)
    assert stored(draft).subject == "Hello Bcc: all@x.example"


def test_subject_cannot_hold_the_link(sales, draft):
    with refused("link_in_subject") as caught:
        edit(draft, sales, subject=f"Open {draft.url}", body=draft.url)
    assert set(caught.value.error_dict) == {"subject"}


@pytest.mark.parametrize(
    ("subject", "code"), [("", "blank"), (" \n ", "blank"), ("x" * 201, "max_length")]
)
def test_subject_is_refused_when_empty_or_too_long(sales, draft, subject, code):
    with refused(code):
        edit(draft, sales, subject=subject, body=draft.url)


def test_text_of_a_withdrawn_invitation_is_not_edited(sales, draft):
    invitations.withdraw_invitation(draft, actor=sales)
    with denied(TransitionNotAllowed):
        edit(draft, sales, body=draft.url)


def test_expiry_is_told_in_utc_when_given_in_another_zone(sales):
    berlin = timezone(timedelta(hours=2))
    invitation = stories.invitation(
        sales, expires_at=(NOON + 12 * timedelta(hours=1)).astimezone(berlin)
    )
    assert mail.expiry_text(invitation) == "3 Mar 2026, 00:00 UTC"


def read_mailto(link):
    parts = urlsplit(link)
    fields = parse_qs(parts.query, keep_blank_values=True)
    return unquote(parts.path), fields["subject"][0], fields["body"][0]


def test_mailto_carries_the_whole_text_when_it_is_short(sales, draft):
    short = edit(draft, sales, subject="A & B?", body=f"Hi,\n{draft.url}")
    link, is_whole = composing.mailto(short)
    assert is_whole
    assert read_mailto(link) == (
        "ann@contoso.example",
        "A & B?",
        f"Hi,\r\n{draft.url}",
    )


def test_mailto_carries_the_link_only_when_the_text_is_long(sales, draft):
    longer = edit(draft, sales, body=composing.text_for(draft) + "ä" * 400)
    link, is_whole = composing.mailto(longer)
    assert not is_whole
    assert read_mailto(link)[2] == draft.url
    assert len(link) <= composing.MAILTO_LIMIT


@pytest.mark.parametrize(("extra", "is_whole"), [(0, True), (1, False)])
def test_mailto_is_whole_up_to_exactly_its_limit(sales, draft, extra, is_whole):
    short = edit(draft, sales, subject="Hello", body=draft.url)
    room = composing.MAILTO_LIMIT - len(composing.mailto(short)[0])
    longer = edit(draft, sales, subject="Hello", body="x" * (room + extra) + draft.url)
    link, whole = composing.mailto(longer)
    assert whole is is_whole
    assert len(link) == composing.MAILTO_LIMIT or not whole


def test_mailto_has_no_recipient_when_none_is_known(sales):
    link, _ = composing.mailto(stories.invitation(sales))
    assert link.startswith("mailto:?subject=")
