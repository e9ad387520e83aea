"""A tenant's people: their notices, and which of them come by e-mail."""

import pytest

from relationships.models import Notice
from relationships.services.notices import emailed_kinds
from tests import stories

from .visitor import Visitor, text_of

pytestmark = pytest.mark.django_db

INBOX = "/my/notices/"
CHOICE = "/account/notices/"


@pytest.fixture
def visitor(admin):
    return Visitor().acting_as(admin)


def be_told(admin):
    stories.relationship(stories.staff(), admin)
    return Notice.objects.visible_to(admin).get()


def test_inbox_shows_what_the_tenants_person_was_told(visitor, admin):
    assert "Notices: 0 unread" in text_of(visitor.get("/my/"))
    assert "No notice yet." in text_of(visitor.get(INBOX))
    notice = be_told(admin)
    assert "Notices: 1 unread" in text_of(visitor.get("/my/"))
    page = text_of(visitor.get(INBOX))
    assert f'<a href="{notice.path}">{notice.sentence}</a>' in page
    assert Notice.objects.unread().count() == 2


def test_inbox_shows_nothing_of_a_colleague(visitor, admin):
    be_told(admin)
    colleague = Visitor().acting_as(stories.tenant(admin.customer))
    assert "No notice yet." in text_of(colleague.get(INBOX))


def test_inbox_speaks_german(visitor, admin):
    be_told(admin)
    page = text_of(visitor.get(INBOX, headers={"accept-language": "de"}))
    assert 'lang="de"' in page
    assert "Receipt: you accepted" not in page


def test_one_or_all_are_marked_as_read(visitor, admin):
    notice = be_told(admin)
    visitor.submit(INBOX, notice=str(notice.pk))
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "Mark as read" not in text_of(visitor.get(INBOX))
    Notice.objects.filter(pk=notice.pk).update(read_at=None)
    visitor.submit(INBOX)
    assert not Notice.objects.visible_to(admin).unread().exists()
    assert Notice.objects.unread().count() == 1


def test_inbox_of_a_tenant_is_not_for_staff():
    staff = Visitor().acting_as(stories.staff())
    assert staff.get(INBOX).status_code == 302
    assert Visitor().get(INBOX).url.startswith("/sign-in/")


def test_choice_offers_what_a_tenants_person_can_be_told_of(visitor, admin):
    page = visitor.get(CHOICE)
    offered = [kind for kind, _label in page.context["form"]["by_email"].field.choices]
    changes = ["seats_changed", "status_changed"]
    assert offered == ["order_confirmed", *changes, "receipt", "ended"]
    assert text_of(page).count("checked") == 5
    visitor.submit(CHOICE, by_email=["receipt"])
    assert set(emailed_kinds(admin.user)) & set(offered) == {"receipt"}
    assert text_of(visitor.get(CHOICE)).count("checked") == 1
    visitor.submit(CHOICE)
    assert set(emailed_kinds(admin.user)) & set(offered) == set()


def test_choice_is_refused_when_the_kind_is_not_offered(visitor, admin):
    before = emailed_kinds(admin.user)
    answer = visitor.submit(CHOICE, by_email=["declined"])
    assert answer.context["form"].errors
    assert emailed_kinds(admin.user) == before


def test_choice_says_that_nothing_is_sent_without_an_address(visitor, admin):
    assert "no e-mail address" not in text_of(visitor.get(CHOICE))
    admin.user.email = ""
    admin.user.save()
    assert "no e-mail address" in text_of(visitor.get(CHOICE))
