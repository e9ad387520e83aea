"""An invitation's own page, its buttons, and the list's actions."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import CaseKind, InvitationStatus
from relationships.models import ActivityRecord, Invitation
from relationships.services import invitations
from relationships.services.cases import open_case
from relationships.services.relationships import end_relationship

from .. import stories
from .office import desk, everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db

DONE_ALREADY = "This was done already, or changed meanwhile: see the state now."


@pytest.fixture
def client(staff: Actor) -> Any:
    return desk(staff)


@pytest.fixture
def draft(staff: Actor) -> Invitation:
    return stories.invitation(staff, recipient_email="boss@contoso.example")


def form_of(client: Any, invitation: Invitation, **values: Any) -> dict[str, Any]:
    """What the page's form would post."""
    page = client.get(url(invitation))
    form = page.context["form"]
    first = {"subject": form["subject"].value(), "body": form["body"].value()}
    return {**first, "stamp": page.context["stamp"], **values}


class TestText:
    def test_page_shows_the_finished_text_with_copy_buttons(self, client, draft):
        page = text(client.get(url(draft)))
        for source in ("id_body", "invitation-url"):
            assert f'data-copy="{source}"' in page
            assert f'id="{source}"' in page
        assert page.count(draft.url) == 2  # in the text, and by itself
        assert "[[" not in page
        assert 'href="mailto:boss@contoso.example?subject=' in page

    def test_saving_keeps_the_new_words_and_never_the_link(self, client, draft):
        body = f"Dear Boss,\r\nplease open {draft.url} soon."
        data = form_of(client, draft, subject="A new  subject", body=body)
        answer = client.post(url(draft), data, follow=True)
        assert messages(answer) == ["The text is saved."]
        draft.refresh_from_db()
        assert draft.subject == "A new subject"
        assert draft.body == "Dear Boss,\nplease open [[link]] soon."
        assert draft.status == "draft"

    @pytest.mark.parametrize("act", ["", "mark_sent", "send"])
    def test_text_without_the_link_is_refused_and_stays_in_the_form(
        self, client, draft, act
    ):
        data = form_of(client, draft, body="No link at all.", act=act)
        before = everything()
        page = client.post(url(draft), data)
        assert page.context["form"].errors == {
            "body": [f"The invitation's link has to stay in the text: {draft.url}"]
        }
        assert "No link at all." in text(page)
        assert everything() == before

    @pytest.mark.parametrize("field", ["subject", "body"])
    def test_empty_text_is_refused_beside_the_field(self, client, draft, field):
        data = form_of(client, draft, **{field: ""})
        before = everything()
        assert list(client.post(url(draft), data).context["form"].errors) == [field]
        assert everything() == before

    def test_page_says_so_when_the_text_is_too_long_for_a_mail_link(
        self, client, draft
    ):
        sentence = "The text is too long for a mail link"
        body = f"{draft.url}\n" + "Many words. " * 400
        client.post(url(draft), form_of(client, draft, body=body))
        page = client.get(url(draft))
        assert sentence in text(page)
        assert len(page.context["mailto"]) < 1900
        client.post(url(draft), form_of(client, draft, body=f"Hello {draft.url}"))
        assert sentence not in text(client.get(url(draft)))


class TestSending:
    def test_mark_as_sent_writes_to_nobody_and_happens_once(
        self, client, draft, django_capture_on_commit_callbacks
    ):
        data = form_of(client, draft, act="mark_sent")
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(url(draft), data, follow=True)
        assert messages(answer) == ["Marked as sent."]
        draft.refresh_from_db()
        assert (draft.status, draft.sent_how) == ("sent", "by_hand")
        assert "Mark as sent" not in text(answer)
        before = everything()
        again = client.post(url(draft), data, follow=True)
        assert messages(again) == [DONE_ALREADY]
        assert everything() == before
        assert mail.outbox == []

    def test_send_from_here_writes_one_letter_however_often_it_is_clicked(
        self, client, draft, django_capture_on_commit_callbacks
    ):
        body = f"Dear Boss, open {draft.url}"
        data = form_of(client, draft, act="send", body=body)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(url(draft), data, follow=True)
            again = client.post(url(draft), data, follow=True)
        assert messages(answer) == ["Sent to boss@contoso.example."]
        assert messages(again) == [DONE_ALREADY]
        assert [letter.to for letter in mail.outbox] == [["boss@contoso.example"]]
        assert mail.outbox[0].body == body
        page = text(client.get(url(draft)))
        assert "boss@contoso.example: Sent" in page
        assert "Send again from here" in page

    def test_sending_again_on_purpose_writes_a_second_letter(
        self, client, draft, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(url(draft), form_of(client, draft, act="send"))
            client.post(url(draft), form_of(client, draft, act="send"))
        assert len(mail.outbox) == 2

    def test_without_an_address_only_a_forged_post_asks_to_send(self, client, staff):
        nameless = stories.invitation(staff)
        page = text(client.get(url(nameless)))
        assert 'value="send"' not in page
        assert "Without an address the portal cannot send it for you." in page
        before = everything()
        answer = client.post(url(nameless), form_of(client, nameless, act="send"))
        assert "has no address to send to" in text(answer)
        assert everything() == before

    def test_a_post_to_an_answered_one_says_why_not(self, client, draft):
        data = form_of(client, draft, act="send")
        invitations.withdraw_invitation(draft, actor=Actor.staff(_membership(draft)))
        before = everything()
        answer = client.post(url(draft), data, follow=True)
        assert messages(answer) == [
            "Send: not possible while the invitation is withdrawn."
        ]
        assert answer.context["form"] is None
        assert everything() == before

    def test_roles_that_only_look_cannot_post(self, staff, draft):
        helpdesk = desk(stories.staff(staff.partner, "helpdesk_agent"))
        before = everything()
        page = helpdesk.get(url(draft))
        assert page.context["form"] is None
        assert draft.url not in text(page)
        data = {"subject": "x", "body": draft.url, "act": "send"}
        assert helpdesk.post(url(draft), data).status_code == 403
        assert everything() == before


def _membership(invitation: Invitation) -> Any:
    return invitation.created_by.staff_memberships.get()


class TestButtons:
    @pytest.mark.parametrize("page", ["withdraw", "renew"])
    def test_question_changes_nothing(self, client, draft, page):
        before = everything()
        answer = client.get(url(draft, page))
        assert "boss@contoso.example:" in answer.context["question"]
        assert everything() == before

    def test_withdraw_takes_it_back_once(self, client, draft):
        answer = client.post(url(draft, "withdraw"), follow=True)
        assert messages(answer) == ["Withdrawn: boss@contoso.example."]
        draft.refresh_from_db()
        assert draft.status == "withdrawn"
        before = everything()
        again = client.post(url(draft, "withdraw"))
        assert "Withdraw: not possible while the invitation is withdrawn." in text(
            again
        )
        assert "the state has changed meanwhile" in text(again)
        assert everything() == before

    def test_renew_makes_one_new_link_however_often_it_is_clicked(self, client, draft):
        old = draft.url
        data = {"stamp": client.get(url(draft, "renew")).context["stamp"]}
        answer = client.post(url(draft, "renew"), data, follow=True)
        assert messages(answer) == [
            "Renewed: boss@contoso.example. Send the new link now."
        ]
        draft.refresh_from_db()
        assert draft.url != old
        before = everything()
        again = client.post(url(draft, "renew"), data, follow=True)
        assert messages(again) == [DONE_ALREADY]
        assert everything() == before

    def test_renew_is_refused_in_words_when_a_newer_one_is_open(self, client, staff):
        old = stories.invitation(staff, recipient_email="boss@contoso.example")
        invitations.withdraw_invitation(old, actor=staff)
        stories.invitation(staff, recipient_email="boss@contoso.example")
        before = everything()
        data = {"stamp": client.get(url(old, "renew")).context["stamp"]}
        answer = client.post(url(old, "renew"), data)
        assert "has an open invitation already" in text(answer)
        assert everything() == before

    def test_case_is_closed_once(self, client, draft, staff):
        case = open_case(
            CaseKind.NEW_LINK, draft, actor=Actor.visitor(), message="Please"
        )
        assert "“Please”" in text(client.get(url(draft)))
        before = everything()
        assert "leaves the list" in text(client.get(url(case, "close")))
        assert everything() == before
        answer = client.post(url(case, "close"), follow=True)
        assert messages(answer) == [f"Closed: {case}."]
        case.refresh_from_db()
        assert case.closed_by == staff.user
        before = everything()
        again = client.post(url(case, "close"))
        assert "This case is closed already." in text(again)
        assert everything() == before
        states = {"open": 0, "closed": 1, "": 1}
        for state, count in states.items():
            page = client.get(list_url(case), {"state": state} if state else {})
            assert page.context["cl"].result_count == count


class TestListActions:
    def act(self, client: Any, action: str, rows: list[Invitation]) -> list[str]:
        data = {"action": action, "_selected_action": [row.pk for row in rows]}
        return messages(client.post(list_url(Invitation), data, follow=True))

    def test_send_skips_what_cannot_be_sent_and_says_why(
        self, client, staff, django_capture_on_commit_callbacks
    ):
        rows = [
            stories.invitation(staff, recipient_email=f"{name}@x.example")
            for name in "ab"
        ]
        rows.append(stories.invitation(staff, reference="Nobody yet"))
        with django_capture_on_commit_callbacks(execute=True):
            told = self.act(client, "send", rows)
            assert told == [
                "2 sent, 1 skipped: Nobody yet: This invitation has no address to send "
                "to. Send the link yourself."
            ]
        before = everything()
        with django_capture_on_commit_callbacks(execute=True):
            (told,) = self.act(client, "send", rows[:2])
        assert told.startswith("0 sent, 2 skipped: ")
        assert told.count("It was sent already. To send it again, open its page.") == 2
        assert everything() == before
        assert sorted(letter.to[0] for letter in mail.outbox) == [
            "a@x.example",
            "b@x.example",
        ]

    def test_withdraw_skips_what_is_answered(self, client, staff):
        admin = stories.tenant()
        accepted = stories.relationship(staff, admin, recipient_email="z@x.example")
        rows = [stories.sent_invitation(staff), accepted.invitation]
        assert self.act(client, "withdraw", rows) == [
            "1 withdrawn, 1 skipped: z@x.example: Withdraw: not possible while the "
            "invitation is accepted."
        ]
        rows[0].refresh_from_db()
        assert rows[0].status == "withdrawn"

    def test_renew_skips_drafts_so_that_a_second_click_kills_no_link(
        self, client, staff
    ):
        sent = stories.sent_invitation(staff, recipient_email="a@x.example")
        draft = stories.invitation(staff, recipient_email="b@x.example")
        why = "b@x.example: Its link is new: send it, or renew it there."
        assert self.act(client, "renew", [sent, draft]) == [
            f"1 renewed, 1 skipped: {why}"
        ]
        before = everything()
        (told,) = self.act(client, "renew", [sent, draft])
        assert told.startswith("0 renewed, 2 skipped")
        assert everything() == before
        sent.refresh_from_db()
        assert (sent.status, sent.link_generation) == ("draft", 2)

    def test_nothing_selected_changes_nothing(self, client, draft):
        before = everything()
        self.act(client, "withdraw", [])
        self.act(client, "delete_selected", [draft])
        self.act(client, "no_such_action", [draft])
        assert everything() == before

    def test_status_filter_reads_past_expiries_as_expired(self, client, draft):
        def found(status: str) -> int:
            page = client.get(list_url(draft), {"status": status})
            return page.context["cl"].result_count

        assert (found("draft"), found("expired"), found("junk")) == (1, 0, 1)
        with clock.at(draft.expires_at + timedelta(seconds=1)):
            assert (found("draft"), found("expired")) == (0, 1)

    def test_adding_leads_to_step_one(self, client):
        answer = client.get(list_url(Invitation, "add"))
        assert answer.headers["Location"] == "/admin/request-reseller-relationship/"


class TestProgress:
    def page(self, client: Any, invitation: Invitation) -> tuple[list[str], str]:
        answer = client.get(url(invitation))
        steps = [step.state for step in answer.context["steps"]]
        assert len(steps) == 7
        waiting = answer.context["waiting"]
        assert waiting in answer.content.decode().replace("&#x27;", "'")
        return steps, waiting

    def test_stepper_and_sentence_follow_every_status(self, client, staff):
        partner, admin = staff.partner, stories.tenant()
        row = stories.invitation(staff, recipient_email="a@x.example")
        steps, waiting = self.page(client, row)
        assert steps == ["done"] * 2 + ["now"] + ["todo"] * 4
        assert waiting == f"Waiting for {partner}: send the link to the customer."
        invitations.send_invitation(row, actor=staff, how="by_hand")
        steps, waiting = self.page(client, row)
        assert steps == ["done"] * 3 + ["now"] + ["todo"] * 3
        assert waiting == "Waiting for the customer to open the link."
        invitations.open_invitation(row, actor=Actor.visitor())
        _steps, waiting = self.page(client, row)
        assert waiting.startswith("The link was opened, possibly by a scanner.")
        invitations.sign_in_to_invitation(row, actor=admin)
        steps, waiting = self.page(client, row)
        assert steps == ["done"] * 4 + ["now"] + ["todo"] * 2
        assert waiting == (
            f"Waiting for {admin.customer}: a Global administrator accepts or declines."
        )
        invitations.accept_invitation(row, actor=admin, agreed=True)
        steps, waiting = self.page(client, row)
        assert steps == ["done"] * 6 + ["now"]
        assert waiting == f"Waiting for {partner}: order the first CSP subscription."
        stories.csp_subscription(staff, admin.customer)
        steps, waiting = self.page(client, row)
        assert steps == ["done"] * 7
        assert waiting == "Nothing is awaited: all seven steps have happened."

    def test_nothing_is_awaited_of_one_that_is_over(self, client, staff):
        admin = stories.tenant()
        row = stories.signed_in_invitation(staff, admin)
        invitations.decline_invitation(row, actor=admin, reason="Not this year")
        steps, waiting = self.page(client, row)
        assert steps == ["done"] * 5 + ["todo"] * 2
        assert waiting.startswith(f"{admin.customer} declined. Nothing is awaited")
        assert "Not this year" in text(client.get(url(row)))
        taken_back = stories.sent_invitation(staff)
        invitations.withdraw_invitation(taken_back, actor=staff)
        steps, waiting = self.page(client, taken_back)
        assert steps == ["done"] * 3 + ["todo"] * 4
        assert waiting.startswith(f"{staff.partner} took this invitation back.")

    def test_expired_one_waits_for_the_partner(self, client, draft, staff):
        with clock.at(draft.expires_at + timedelta(seconds=1)):
            assert draft.current_status == InvitationStatus.EXPIRED
            steps, waiting = self.page(client, draft)
        assert "now" not in steps
        assert waiting.startswith("The link has expired.")
        assert f"Waiting for {staff.partner}: renew it, or let it be." in waiting

    def test_nothing_is_awaited_when_the_relationship_ended_without_an_order(
        self, client, staff
    ):
        relationship = stories.relationship(staff, stories.tenant())
        end_relationship(relationship, actor=staff, reason="A mistake")
        _steps, waiting = self.page(client, relationship.invitation)
        assert waiting.startswith("Nothing is awaited: the relationship has ended")


def test_history_shows_the_log_of_that_invitation_only(client, staff, draft):
    stories.sent_invitation(staff, recipient_email="other@x.example")
    page = text(client.get(url(draft, "history")))
    assert "Invitation created" in page
    assert "Invitation sent" not in page
    assert str(staff.user) in page
    assert ActivityRecord.objects.count() == 3
