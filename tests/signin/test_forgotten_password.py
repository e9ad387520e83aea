"""A forgotten password: a link by e-mail, once and not for long."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.signals import request_finished
from django.db import close_old_connections, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.jobs import running
from portal.jobs.models import Job
from portal.signin.passwords import ask
from relationships.models import ActivityRecord, OutgoingEmail
from tests import stories
from tests.factories import UserFactory
from tests.jobs.mail_server import MailServer
from tests.public.visitor import PASSWORD, Visitor, text_of

from .people import code_at, give_password, is_signed_in, with_factor

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 12, 0, 5, tzinfo=UTC)
NEW = "a-much-better-horse"


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def actor():
    return stories.staff()


def ask_for_link(login: str, **options):
    answer = Visitor(**options).submit("/password/", login=login)
    running.run_waiting("test")
    return answer


def link() -> str:
    """The path of the link in the latest e-mail."""
    [path] = re.findall(
        r"http://127.0.0.1:8000(/password/new/\S+)", mail.outbox[-1].body
    )
    return path


def set_password(visitor: Visitor, path: str, password: str = NEW):
    form = visitor.get(path)
    if form.status_code == 200:
        return form
    return visitor.submit(form.url, new_password1=password, new_password2=password)


def test_link_sets_a_new_password_and_ends_every_session(actor):
    elsewhere, visitor = Visitor(), Visitor()
    give_password(elsewhere, actor)
    ask_for_link(actor.user.login.upper())
    assert mail.outbox[0].to == [actor.user.email]
    assert "It works once, for 60 minutes" in mail.outbox[0].body
    assert set_password(visitor, link()).url == "/password/done/"
    assert "Your new password is set" in text_of(visitor.get("/password/done/"))
    assert not is_signed_in(visitor)
    assert not is_signed_in(elsewhere)
    assert give_password(Visitor(), actor).status_code == 200
    assert give_password(Visitor(), actor, password=NEW).url == "/"
    record = ActivityRecord.objects.get()
    assert (record.operation, record.actor) == ("reset_password", None)
    assert record.resource_id == str(actor.user.pk)


def test_link_is_not_in_the_address_of_the_form(actor):
    ask_for_link(actor.user.login)
    assert Visitor().get(link()).url.endswith("/set-password/")


def test_link_works_once(actor):
    ask_for_link(actor.user.login)
    path = link()
    set_password(Visitor(), path)
    answer = set_password(Visitor(), path, "yet-another-horse")
    assert "This link no longer works" in text_of(answer)
    assert User.objects.get(pk=actor.user.pk).check_password(NEW)


def test_opening_the_link_changes_nothing(actor):
    """Mail scanners open every link."""
    ask_for_link(actor.user.login)
    for _ in range(2):
        visitor = Visitor()
        visitor.get(visitor.get(link()).url)
    assert User.objects.get(pk=actor.user.pk).check_password(PASSWORD)
    assert set_password(Visitor(), link()).url == "/password/done/"


def test_link_ends_after_its_time(actor):
    ask_for_link(actor.user.login)
    with time_machine.travel(NOW + timedelta(minutes=60, seconds=1), tick=False):
        answer = set_password(Visitor(), link())
    assert "This link no longer works" in text_of(answer)
    assert User.objects.get(pk=actor.user.pk).check_password(PASSWORD)


@pytest.mark.parametrize("change", ["signs in", "new password", "new address"])
def test_link_ends_when_the_account_has_changed(actor, change):
    ask_for_link(actor.user.login)
    if change == "signs in":
        give_password(Visitor(), actor)
    else:
        if change == "new password":
            actor.user.set_password("third horse")
        actor.user.email = "elsewhere@people.example"
        actor.user.save()
    before = User.objects.get(pk=actor.user.pk).password
    assert "no longer works" in text_of(set_password(Visitor(), link()))
    assert User.objects.get(pk=actor.user.pk).password == before


@pytest.mark.parametrize(
    "path",
    [
        "MQ/x",
        "MQ/set-password",
        "%00/x",
        "%C3%28/x-y",
        "OTk5OTk5OTk5OTk5OTk5OTk5OTk/x-1",
    ],
)
def test_forged_link_is_told_apart_from_nothing(path):
    answer = Visitor().get(f"/password/new/{path}/")
    assert "This link no longer works" in text_of(answer)


def test_link_of_another_person_changes_nothing(actor):
    other = stories.staff()
    ask_for_link(actor.user.login)
    token = link().split("/")[-2]
    ask_for_link(other.user.login)
    uid = link().split("/")[-3]
    assert "no longer works" in text_of(Visitor().get(f"/password/new/{uid}/{token}/"))


def test_weak_password_is_refused(actor):
    ask_for_link(actor.user.login)
    answer = set_password(Visitor(), link(), "12345678")
    assert "This password is too common." in text_of(answer)
    assert User.objects.get(pk=actor.user.pk).check_password(PASSWORD)


def test_second_factor_is_asked_for_after_a_new_password_too(actor):
    with_factor(actor)
    ask_for_link(actor.user.login)
    set_password(Visitor(), link())
    visitor = Visitor()
    assert give_password(visitor, actor, password=NEW).url == "/sign-in/code/"
    assert not is_signed_in(visitor)
    assert visitor.submit("/sign-in/code/", code=code_at()).url == "/"


def test_new_password_ends_the_lock_of_the_account(actor, settings):
    settings.GUESSES = 1
    give_password(Visitor(), actor, password="wrong")
    assert give_password(Visitor(), actor).status_code == 429
    ask_for_link(actor.user.login)
    set_password(Visitor(), link())
    assert give_password(Visitor(), actor, password=NEW).url == "/"


@pytest.mark.parametrize("who", ["unknown", "inactive", "federated"])
def test_nothing_is_sent_and_the_answer_is_the_same_when_there_is_no_such_account(
    who, actor
):
    UserFactory(login="inactive@people.example", is_active=False)
    User.objects.create_user("federated@people.example", full_name="F")
    known = ask_for_link(actor.user.login)
    sent = len(mail.outbox)
    answer = ask_for_link(f"{who}@people.example")
    assert (answer.status_code, answer.url) == (known.status_code, known.url)
    assert answer.content == known.content
    assert len(mail.outbox) == sent
    page = text_of(Visitor().get(answer.url))
    assert "If a local account has this address" in page


def test_no_account_is_looked_for_before_the_answer_is_sent(actor):
    request = RequestFactory().post("/password/", {"login": actor.user.login})
    request._dont_enforce_csrf_checks = True
    with CaptureQueriesContext(connection) as queries:
        response = ask(request)
    assert response.url == "/password/sent/"
    assert not queries.captured_queries
    assert not mail.outbox
    request_finished.disconnect(close_old_connections)  # this test still needs it
    response.close()
    request_finished.connect(close_old_connections)
    running.run_waiting("test")
    assert len(mail.outbox) == 1


def test_link_is_kept_nowhere(actor):
    ask_for_link(actor.user.login)
    assert not OutgoingEmail.objects.exists()
    token = link().split("/")[-2]
    kept = [*Job.objects.values(), *ActivityRecord.objects.values()]
    assert len(kept) == 1
    assert token not in str(kept)
    assert actor.user.login not in str(kept)


def test_account_is_sent_only_so_many_links(actor, settings):
    settings.RESETS_PER_ACCOUNT_PER_HOUR = 2
    for number in range(4):
        ask_for_link(actor.user.login, REMOTE_ADDR=f"198.51.100.{number}")
    assert len(mail.outbox) == 2


def test_nothing_is_sent_to_an_account_that_was_switched_off_meanwhile(actor):
    Visitor().submit("/password/", login=actor.user.login)
    actor.user.is_active = False
    actor.user.save()
    running.run_waiting("test")
    assert Job.objects.get().status == "SUCCESSFUL"
    assert not mail.outbox


def test_email_has_text_and_html(actor):
    ask_for_link(actor.user.login)
    [message] = mail.outbox
    assert link() in message.alternatives[0].content


class TestMailServer:
    @pytest.fixture
    def server(self, settings):
        server = MailServer()
        settings.EMAIL_BACKEND = "portal.foundation.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server
        server.stop()

    def job(self):
        """As it is kept, and whether it holds the address or the link."""
        [row] = Job.objects.values()
        assert "@people.example" not in str(row)
        assert "/password/new/" not in str(row)
        return Job.objects.get()

    def try_again(self):
        Job.objects.update(run_after=NOW - timedelta(days=1))
        running.run_waiting("test")

    def test_link_arrives_when_the_server_was_down(self, actor, server):
        assert ask_for_link(actor.user.login).url == "/password/sent/"
        assert (self.job().status, self.job().attempt) == ("READY", 1)
        assert "refused" in self.job().reason
        server.start()
        self.try_again()
        assert self.job().status == "SUCCESSFUL"
        assert server.recipients == [actor.user.email]

    def test_link_is_given_up_when_the_recipient_is_refused(self, actor, server):
        server.start()
        server.answers["RCPT", actor.user.email] = "550 5.1.1 No such user"
        ask_for_link(actor.user.login)
        assert self.job().has_failed
        assert self.job().reason == "550 5.1.1 No such user"

    def test_link_is_not_sent_again_when_it_may_have_arrived(self, actor, server):
        server.start()
        server.breaks_at = "DATA"
        ask_for_link(actor.user.login)
        assert self.job().has_failed
        assert server.recipients == [actor.user.email]


def test_email_is_in_the_language_of_the_page(actor):
    visitor = Visitor(headers={"accept-language": "de"})
    visitor.submit("/password/", login=actor.user.login)
    running.run_waiting("test")
    assert "Sie waren das nicht?" in mail.outbox[0].body
