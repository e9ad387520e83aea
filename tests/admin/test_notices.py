"""The inbox in the back office."""

import pytest

from relationships.models import Notice

from .. import stories
from .office import desk, text

pytestmark = pytest.mark.django_db
INBOX = "/admin/notices/"


@pytest.fixture
def agent():
    return stories.staff()


@pytest.fixture
def client(agent):
    return desk(agent)


def be_told(agent, count=1):
    for _number in range(count):
        stories.relationship(agent, stories.tenant())
    return list(Notice.objects.visible_to(agent))


def test_head_counts_what_is_unread(client, agent):
    assert "unread" not in text(client.get("/admin/"))
    be_told(agent, 2)
    page = client.get("/admin/")
    assert page.context["unread"] == 2
    assert "unread" in text(page)


def test_inbox_shows_own_notices_newest_first(client, agent):
    told = be_told(agent, 2)
    stories.relationship(stories.staff(agent.partner), stories.tenant())
    page = client.get(INBOX)
    assert list(page.context["page"]) == told
    for notice in told:
        assert f'<a href="{notice.path}">{notice.sentence}</a>' in text(page)


def test_empty_inbox_says_so(client):
    assert "No notice yet." in text(client.get(INBOX))


def test_opening_the_inbox_marks_nothing(client, agent):
    be_told(agent)
    client.get(INBOX)
    assert Notice.objects.visible_to(agent).unread().count() == 1


def test_one_is_marked_as_read(client, agent):
    first, second = be_told(agent, 2)
    answer = client.post(INBOX, {"notice": str(first.pk)}, follow=True)
    assert answer.context["unread"] == 1
    assert list(Notice.objects.visible_to(agent).unread()) == [second]


def test_all_are_marked_as_read_and_those_of_others_stay(client, agent):
    colleague = stories.staff(agent.partner)
    be_told(colleague)
    be_told(agent, 2)
    assert "Mark all as read" in text(client.get(INBOX))
    answer = client.post(INBOX, follow=True)
    assert "Mark all as read" not in text(answer)
    assert not Notice.objects.visible_to(agent).unread().exists()
    assert Notice.objects.visible_to(colleague).unread().count() == 1


@pytest.mark.parametrize("named", ["junk", "\0", "", "foreign"])
def test_nothing_is_marked_when_it_is_not_ones_own(client, agent, named):
    be_told(agent)
    colleague = stories.staff(agent.partner)
    [foreign] = be_told(colleague)
    client.post(INBOX, {"notice": str(foreign.pk) if named == "foreign" else named})
    assert not Notice.objects.exclude(read_at=None).exists()


def test_many_are_on_several_pages(client, agent):
    be_told(agent, 26)
    first = client.get(INBOX)
    assert len(first.context["page"]) == 25
    assert "?page=2" in text(first)
    second = client.get(INBOX + "?page=2")
    assert len(second.context["page"]) == 1
    assert "?page=1" in text(second)
