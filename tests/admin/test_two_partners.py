"""A person of two partners: what was opened for the one is never done for the other."""

import pytest
from django.test import Client

from relationships.actors import Actor
from relationships.models import Invitation
from tests.factories import StaffMembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

REQUEST = "/admin/request-reseller-relationship/"


@pytest.fixture
def memberships():
    user = UserFactory()
    return StaffMembershipFactory.create_batch(2, user=user, role="sales_agent")


@pytest.fixture
def person(memberships):
    """Their browser; it has to give the keys of forms, as every real one."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(memberships[0].user)
    act_as(client, memberships[0])
    return client


def act_as(client, membership):
    actor = Actor.staff(membership)
    key = client.get("/admin/act-as/").context["csrf_token"]
    answer = client.post(
        "/admin/act-as/", {"actor": actor.key, "csrfmiddlewaretoken": str(key)}
    )
    assert answer.url == "/admin/"


def filled_in(client):
    form = client.get(REQUEST).context
    return {
        "request_key": form["form"]["request_key"].value(),
        "recipients": "ada@contoso.example",
        "expires_on": form["form"]["expires_on"].value(),
        "csrfmiddlewaretoken": str(form["csrf_token"]),
    }


def test_request_is_made_for_the_partner_that_it_was_opened_for(person, memberships):
    person.post(REQUEST, filled_in(person))
    assert Invitation.objects.get().partner == memberships[0].partner


def test_request_is_refused_when_the_person_switched_meanwhile(person, memberships):
    opened = filled_in(person)
    act_as(person, memberships[1])
    answer = person.post(REQUEST, opened)
    assert answer.status_code == 403
    assert "act for another partner" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_request_is_refused_when_the_first_membership_ended_meanwhile(
    person, memberships
):
    opened = filled_in(person)
    memberships[0].delete()
    assert person.post(REQUEST, opened).status_code == 403
    assert not Invitation.objects.exists()


def test_request_is_refused_when_the_only_membership_became_another_one():
    first = StaffMembershipFactory(role="sales_agent")
    client = Client(enforce_csrf_checks=True)
    client.force_login(first.user)
    opened = filled_in(client)
    first.delete()
    second = StaffMembershipFactory(user=first.user, role="sales_agent")
    assert client.post(REQUEST, opened).status_code == 403
    assert not Invitation.objects.exists()
    client.post(REQUEST, filled_in(client))
    assert Invitation.objects.get().partner == second.partner


def test_form_stays_good_when_the_same_partner_is_chosen_again(person, memberships):
    opened = filled_in(person)
    act_as(person, memberships[0])
    assert person.post(REQUEST, opened).status_code == 302
