"""Steps 1 to 3: who it is for, the text and the link, sending it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from portal.foundation import clock
from relationships.models import ActivityRecord, Invitation
from relationships.services.invitations import LONGEST_DAYS

from .. import stories
from .office import desk, everything, messages, text

pytestmark = pytest.mark.django_db

REQUEST = "/admin/request-reseller-relationship/"
MADE = "/admin/request-reseller-relationship/made/"
IDS = re.compile("[0-9a-f-]{36}")
KEY = "5a3c1f8e-0000-4000-8000-000000000001"


@pytest.fixture
def staff() -> Any:
    return stories.staff(role="sales_agent")


@pytest.fixture
def client(staff: Any) -> Any:
    return desk(staff)


def answers(**values: Any) -> dict[str, Any]:
    day = (clock.now() + timedelta(days=30)).date().isoformat()
    return {
        "request_key": KEY,
        "recipients": "",
        "customer_domain": "",
        "reference": "",
        "expires_on": day,
        **values,
    }


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["form"].errors)


def refused(client: Any, **values: Any) -> dict[str, list[str]]:
    """What stands beside the fields; nothing was made."""
    before = everything()
    found = errors(client.post(REQUEST, answers(**values)))
    assert everything() == before
    return found


def test_page_offers_thirty_days_and_the_standing_link(client, staff):
    page = client.get(REQUEST)
    first = page.context["form"]["expires_on"].value()
    assert first == (clock.now() + timedelta(days=30)).date()
    assert staff.partner.link_url in text(page)
    assert 'data-copy="partner-link"' in text(page)
    assert 'id="partner-link"' in text(page)


def test_request_for_nobody_yet_makes_one_draft(client, staff):
    day = (clock.now() + timedelta(days=9)).date()
    answer = client.post(
        REQUEST,
        answers(
            customer_domain="Contoso.Example", reference="Fair", expires_on=str(day)
        ),
    )
    made = Invitation.objects.get()
    assert answer.headers["Location"] == made.get_absolute_url() + "#message"
    assert made.status == "draft"
    assert made.created_by == staff.user
    assert made.customer_domain == "contoso.example"
    assert made.reference == "Fair"
    assert made.expires_at.isoformat() == f"{day}T23:59:59+00:00"


def test_request_for_one_address_makes_one_draft(client):
    client.post(REQUEST, answers(recipients="boss@contoso.example"))
    assert Invitation.objects.get().recipient_email == "boss@contoso.example"


def test_request_for_many_makes_a_draft_for_each_different_address(client):
    given = "a@contoso.example; b@contoso.example\nA@contoso.example, c@contoso.example"
    answer = client.post(REQUEST, answers(recipients=given))
    made = list(Invitation.objects.order_by("recipient_email"))
    assert [row.recipient_email for row in made] == [
        "A@contoso.example",
        "b@contoso.example",
        "c@contoso.example",
    ]
    assert answer.headers["Location"].startswith(MADE)
    page = text(client.get(answer.headers["Location"]))
    for number, row in enumerate(made, start=1):
        assert row.url in page
        assert f'data-copy="link-{number}"' in page
        assert f'id="link-{number}"' in page


@pytest.mark.parametrize(
    "recipients", ["", "a@contoso.example", "a@x.example b@x.example"]
)
def test_second_click_makes_nothing_more_and_goes_to_the_same_page(client, recipients):
    data = answers(recipients=recipients)
    first = client.post(REQUEST, data)
    before = everything()
    second = client.post(REQUEST, data)
    assert second.status_code == 302
    assert sorted(IDS.findall(second.headers["Location"])) == sorted(
        IDS.findall(first.headers["Location"])
    )
    assert everything() == before


def test_the_same_form_with_other_words_is_another_request(client):
    client.post(REQUEST, answers(reference="First"))
    client.post(REQUEST, answers(reference="Second"))
    assert Invitation.objects.count() == 2


@pytest.mark.parametrize("key", ["", "junk", "0" * 500])
def test_request_is_made_when_its_key_is_malformed(client, key):
    client.post(REQUEST, answers(request_key=key))
    assert Invitation.objects.count() == 1


def test_bad_addresses_among_many_are_named_and_nothing_is_made(client):
    found = refused(client, recipients="good@x.example, bad@, also bad")
    assert found == {"recipients": ["Not an e-mail address: bad@, also, bad."]}


def test_too_many_addresses_at_once_are_refused(client):
    many = ", ".join(f"p{number}@x.example" for number in range(51))
    found = refused(client, recipients=many)
    assert found == {
        "recipients": ["51 addresses are too many: give at most 50 at once."]
    }


def test_an_address_that_is_too_long_is_refused_beside_the_field(client):
    found = refused(client, recipients="p@" + "x." * 130 + "example")
    assert list(found) == ["recipients"]


@pytest.mark.parametrize("day", ["2020-01-01", "9999-12-31", "0001-01-01"])
def test_expiry_outside_the_allowed_days_is_refused_beside_its_field(client, day):
    found = refused(client, expires_on=day)
    sentence = f"The link has to expire in the future, within {LONGEST_DAYS} days."
    assert found == {"expires_on": [sentence]}


@pytest.mark.parametrize("day", ["junk", "", "2026-02-31"])
def test_expiry_that_is_no_day_is_refused_beside_its_field(client, day):
    assert list(refused(client, expires_on=day)) == ["expires_on"]


@pytest.mark.parametrize("domain", ["no dots", "x", "http://x.example", "a@b.example"])
def test_domain_that_is_none_is_refused_beside_its_field(client, domain):
    assert list(refused(client, customer_domain=domain)) == ["customer_domain"]


def test_linked_customer_is_refused_with_a_link_to_it(client, staff):
    admin = stories.tenant()
    stories.relationship(staff, admin)
    customer = admin.customer
    domain = customer.primary_domain
    link = f'<a href="{customer.get_absolute_url()}">Open the customer</a>'
    sentence = f"{customer} is already linked to you: it is in your customer list."
    for values, field in [
        ({"customer_domain": domain}, "customer_domain"),
        ({"recipients": f"new@{domain}"}, "recipients"),
        ({"recipients": f"new@other.example, new@{domain}"}, "recipients"),
    ]:
        assert refused(client, **values) == {field: [f"{sentence} {link}"]}
        page = client.post(REQUEST, answers(**values))
        assert link in text(page)


def test_second_open_invitation_is_refused_with_a_link_to_the_first(client, staff):
    first = stories.sent_invitation(staff, recipient_email="boss@x.example")
    found = refused(client, recipients="new@x.example, BOSS@x.example")
    assert found == {
        "recipients": [
            "BOSS@x.example has an open invitation already. Renew that one instead. "
            f'<a href="{first.get_absolute_url()}">Open the invitation</a>'
        ]
    }


def test_refused_form_keeps_what_was_typed(client):
    page = text(client.post(REQUEST, answers(recipients="bad@", reference="My words")))
    assert "bad@" in page
    assert 'value="My words"' in page


class TestMadePage:
    @pytest.fixture
    def made(self, client: Any) -> str:
        data = answers(recipients="a@x.example, b@x.example")
        return client.post(REQUEST, data).headers["Location"]

    def test_send_all_writes_to_each_with_its_own_link(
        self, client, made, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(made, {"send": ""}, follow=True)
        assert messages(answer) == ["2 sent."]
        rows = {row.recipient_email: row for row in Invitation.objects.all()}
        assert {row.status for row in rows.values()} == {"sent"}
        assert len(mail.outbox) == 2
        for letter in mail.outbox:
            row = rows[letter.to[0]]
            others = [other for other in rows.values() if other != row]
            assert row.url in letter.body
            assert all(other.url not in letter.body for other in others)
            assert "[[" not in letter.body + letter.subject

    def test_mark_all_writes_to_nobody(
        self, client, made, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(made, {"mark_sent": ""}, follow=True)
        assert messages(answer) == ["2 sent."]
        assert {row.sent_how for row in Invitation.objects.all()} == {"by_hand"}
        assert mail.outbox == []

    @pytest.mark.parametrize("button", ["send", "mark_sent"])
    def test_second_click_sends_nothing_more_and_says_so(
        self, client, made, button, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(made, {button: ""}, follow=True)
        before, letters = everything(), len(mail.outbox)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(made, {"send": ""}, follow=True)
        assert messages(answer) == [
            f"{name}@x.example: It was sent already. To send it again, open its page."
            for name in "ab"
        ]
        assert everything() == before
        assert len(mail.outbox) == letters

    def test_looking_changes_nothing(self, client, made):
        before = everything()
        assert client.get(made).status_code == 200
        assert everything() == before


class TestPartnerLink:
    @pytest.mark.parametrize("verb", ["renew", "stop"])
    def test_confirm_page_changes_nothing(self, client, verb):
        before = everything()
        page = client.get(f"/admin/partner-link/{verb}/")
        assert page.status_code == 200
        assert "stops working at once" in text(page)
        assert everything() == before

    def post(self, client: Any, verb: str) -> tuple[Any, dict[str, str]]:
        address = f"/admin/partner-link/{verb}/"
        data = {"stamp": client.get(address).context["stamp"]}
        return client.post(address, data, follow=True), data

    def test_renewing_makes_one_new_link_however_often_it_is_clicked(
        self, client, staff
    ):
        old = staff.partner.link_url
        answer, data = self.post(client, "renew")
        assert messages(answer) == ["The partner link is new. Copy it from here."]
        staff.partner.refresh_from_db()
        new = staff.partner.link_url
        assert new != old
        assert new in text(answer)
        before = everything()
        again = client.post("/admin/partner-link/renew/", data, follow=True)
        assert messages(again) == [
            "This was done already, or changed meanwhile: see the state now."
        ]
        assert everything() == before

    def test_stopping_stops_it_once_and_renewing_brings_a_new_one(self, client, staff):
        answer, data = self.post(client, "stop")
        assert messages(answer) == ["The partner link is stopped."]
        assert "The partner link is stopped. Renew it to get a new one." in text(answer)
        assert "/partners/" not in text(answer)
        before = everything()
        client.post("/admin/partner-link/stop/", data)
        answer, _data = self.post(client, "stop")
        assert messages(answer)[-1] == "The partner link is stopped already."
        assert everything() == before
        self.post(client, "renew")
        staff.partner.refresh_from_db()
        assert staff.partner.link_stopped_at is None
        assert ActivityRecord.objects.count() == 2

    def test_post_without_having_seen_the_question_changes_nothing(self, client):
        before = everything()
        client.post("/admin/partner-link/renew/")
        client.post("/admin/partner-link/stop/")
        assert everything() == before


def test_made_page_without_invitations_leads_to_the_list(client):
    page = client.get(MADE)
    assert reverse("admin:relationships_invitation_changelist") in text(page)
    assert client.post(MADE, {"send": ""}).status_code == 302
    assert mail.outbox == []
