"""My partners: asking one to end the relationship."""

import pytest

from relationships.models import Case
from relationships.services.relationships import end_relationship
from tests import stories

from .visitor import Visitor, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def relationship(admin):
    return stories.relationship(stories.staff(role="admin_agent"), admin)


def page_of(relationship):
    return f"/my/partners/{relationship.pk}/end/"


def test_link_leads_to_a_page_that_says_what_happens(admin, relationship):
    visitor = Visitor().acting_as(admin)
    assert page_of(relationship) in text_of(visitor.get("/my/"))
    page = text_of(visitor.get(page_of(relationship)))
    assert relationship.partner.name in page
    assert "Your subscriptions of other channels stay as they are." in page
    assert not Case.objects.exists()


def test_asking_is_told_and_the_list_shows_it(admin, relationship):
    visitor = Visitor().acting_as(admin)
    answer = visitor.submit(page_of(relationship), message="We move.")
    assert answer.url == "/my/"
    page = text_of(visitor.get("/my/"))
    assert "was told that you ask to end the relationship" in page
    assert "You asked to end it on" in page
    assert page_of(relationship) not in page
    assert Case.objects.get().message == "We move."
    visitor.submit(page_of(relationship), message="Again.")
    assert Case.objects.count() == 1


def test_long_message_is_refused(admin, relationship):
    visitor = Visitor().acting_as(admin)
    answer = visitor.submit(page_of(relationship), message="x" * 1001)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["message"]
    assert not Case.objects.exists()


def test_plain_user_reads_who_can_ask(admin, relationship):
    visitor = Visitor().acting_as(stories.tenant(admin.customer, "user"))
    assert page_of(relationship) not in text_of(visitor.get("/my/"))
    page = text_of(visitor.get(page_of(relationship)))
    assert "A Global administrator or Billing administrator" in page
    answer = visitor.submit("/my/act-as/", page_of(relationship), message="x")
    assert answer.status_code == 403
    assert not Case.objects.exists()


def test_ended_one_says_so(admin, relationship):
    agent = stories.staff(relationship.partner, "admin_agent")
    end_relationship(relationship, actor=agent, reason="x")
    visitor = Visitor().acting_as(admin)
    page = text_of(visitor.get(page_of(relationship)))
    assert "This relationship has ended already." in page
    answer = visitor.submit("/my/act-as/", page_of(relationship), message="x")
    assert answer.url == "/my/"
    assert "has ended already" in text_of(visitor.get("/my/"))
    assert not Case.objects.exists()


def test_anothers_relationship_is_unknown(relationship):
    visitor = Visitor().acting_as(stories.tenant())
    assert visitor.get(page_of(relationship)).status_code == 404


def test_whoever_is_not_signed_in_is_sent_to_sign_in(relationship):
    assert "/sign-in/" in Visitor().get(page_of(relationship)).url
