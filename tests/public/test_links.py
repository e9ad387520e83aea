"""Links: genuine, forged, truncated, old, of another kind, under other keys."""

import uuid

import pytest

from relationships import links
from relationships.services import invitations
from tests import stories
from tests.factories import StaffMembershipFactory

from .visitor import Visitor, everything_stored, path_of, text_of

pytestmark = pytest.mark.django_db

VERBS = ["", "sign-in/", "existing/", "accept/", "decline/", "ask/"]


@pytest.fixture
def invitation(sales):
    return stories.sent_invitation(sales, recipient_email="it@customer.example")


def _forged(token: str) -> str:
    return ("B" if token[0] == "A" else "A") + token[1:]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("verb", VERBS)
def test_link_is_a_plain_404_when_it_is_none_of_ours(
    settings, sales, invitation, verb, debug
):
    settings.DEBUG = debug
    token = path_of(invitation).split("/")[2]
    of_partner = path_of(sales.partner).split("/")[2]
    unknown = links.make_token(links.INVITATION, uuid.uuid4(), 1)
    before = everything_stored()
    answers = []
    for wrong in (
        _forged(token),
        token[:-1],
        token[:20],
        token + "A",
        of_partner,
        unknown,
    ):
        visitor = Visitor()
        visitor.handler.enforce_csrf_checks = False
        for answer in (
            visitor.get(f"/invitations/{wrong}/{verb}"),
            visitor.post(f"/invitations/{wrong}/{verb}"),
        ):
            assert answer.status_code in (404, 405)
            if answer.status_code == 404:
                answers.append(text_of(answer))
    assert len(set(answers)) == 1
    assert "There is no page here" in answers[0]
    assert sales.partner.name not in answers[0]
    assert everything_stored() == before


@pytest.mark.parametrize(
    "path", ["/invitations/", "/partners/", "/partners/x/sign-in/"]
)
def test_link_is_a_plain_404_when_nothing_or_little_is_left_of_it(settings, path):
    settings.DEBUG = True
    answer = Visitor().get(path)
    assert answer.status_code == 404
    assert "There is no page here" in text_of(answer)


def test_link_works_when_its_last_slash_got_lost(invitation):
    answer = Visitor().get(path_of(invitation).rstrip("/"))
    assert answer.url == path_of(invitation)


def test_link_lives_when_secret_key_changes_and_link_keys_do_not(settings, sales):
    settings.LINK_KEYS = ["first key"]
    path = path_of(stories.sent_invitation(sales))
    partner_path = path_of(sales.partner)
    settings.SECRET_KEY = "another"
    assert Visitor().get(path).status_code == 200
    assert Visitor().get(partner_path).status_code == 200
    settings.LINK_KEYS = ["second key", "first key"]
    assert Visitor().get(path).status_code == 200
    settings.LINK_KEYS = ["second key"]
    assert Visitor().get(path).status_code == 404
    assert Visitor().get(partner_path).status_code == 404


def test_link_says_that_it_was_replaced_when_the_invitation_was_renewed(
    sales, invitation
):
    old = path_of(invitation)
    renewed = invitations.renew_invitation(invitation, actor=sales)
    answer = Visitor().get(old)
    assert "This link was replaced by a newer one" in text_of(answer)
    assert "Ask for a new link" in text_of(answer)
    assert path_of(renewed) not in text_of(answer)
    renewed.refresh_from_db()
    assert renewed.opened_at is None
    assert "asks to become your reseller" in text_of(Visitor().get(path_of(renewed)))


@pytest.mark.parametrize("verb", ["sign-in", "existing", "accept", "decline"])
def test_old_link_acts_no_longer_when_the_invitation_was_renewed(sales, verb):
    admin = stories.tenant()
    invitation = stories.signed_in_invitation(sales, admin)
    old = path_of(invitation)
    renewed = invitations.renew_invitation(invitation, actor=sales)
    invitations.sign_in_to_invitation(renewed, actor=admin)
    before = everything_stored()
    visitor = Visitor().acting_as(admin)
    answer = visitor.submit(
        old, f"{old}{verb}/", agreed="on", customer=admin.customer.pk
    )
    assert answer.url == old
    assert everything_stored() == before


@pytest.mark.parametrize("verb", ["sign-in", "existing", "accept", "decline", "ask"])
def test_actions_lead_to_the_invitation_when_they_are_only_opened(sales, verb):
    admin = stories.tenant()
    invitation = stories.signed_in_invitation(sales, admin)
    before = everything_stored()
    answer = Visitor().acting_as(admin).get(f"{path_of(invitation)}{verb}/?agreed=on")
    assert answer.url == path_of(invitation)
    assert everything_stored() == before


def test_opening_pages_changes_nothing_but_opened(sales):
    admin = stories.tenant()
    invitation = stories.sent_invitation(sales)
    path = path_of(invitation)
    Visitor().get(path)
    invitation.refresh_from_db()
    assert invitation.opened_at is not None
    assert invitation.status == "opened"
    before = everything_stored()
    for visitor in (Visitor(), Visitor().acting_as(admin), Visitor().acting_as(sales)):
        for page in (
            "/",
            "/my/",
            "/sign-in/",
            "/sign-out/",
            path,
            path_of(sales.partner),
        ):
            visitor.get(page)
            visitor.head(page)
    assert everything_stored() == before


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_marks_an_unsent_invitation_as_sent_when_it_is_the_first(sales, method):
    draft = stories.invitation(sales)
    getattr(Visitor(), method)(path_of(draft))
    draft.refresh_from_db()
    assert (draft.status, draft.sent_how) == ("opened", "inferred")


@pytest.mark.parametrize("acting", ["staff", "operator", "several"])
def test_opening_is_not_counted_when_the_partner_itself_looks(
    sales, invitation, acting
):
    visitor = Visitor()
    if acting == "several":
        StaffMembershipFactory(user=sales.user)
        visitor.force_login(sales.user)
    else:
        visitor.acting_as(stories.operator() if acting == "operator" else sales)
    before = everything_stored()
    answer = visitor.get(path_of(invitation))
    assert "is not counted as an opening" in text_of(answer)
    assert invitation.get_absolute_url() in text_of(answer)
    assert everything_stored() == before


def test_opening_is_counted_when_another_partners_staff_looks(invitation):
    answer = Visitor().acting_as(stories.staff()).get(path_of(invitation))
    assert "is not counted as an opening" not in text_of(answer)
    invitation.refresh_from_db()
    assert invitation.status == "opened"
