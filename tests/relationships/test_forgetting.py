"""An anonymised person is found nowhere any more."""

import json
import uuid
from datetime import timedelta

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from portal.foundation import clock
from portal.jobs import running
from relationships.actors import Actor
from relationships.models import (
    BatchRow,
    Customer,
    CustomerAgreement,
    Invitation,
)
from relationships.services.agreements import attest_agreement
from relationships.services.batches import create_batch
from relationships.services.invitations import edit_invitation
from relationships.services.recipients import Line
from relationships.services.templates import save_template
from relationships.services.tenants import anonymise_person, correct_customer

from .. import stories
from ..factories import TenantMembershipFactory, UserFactory
from ..stored import everything_but, rows

pytestmark = pytest.mark.django_db

NAME, ADDRESS = "Wilhelmina Quist", "wilhelmina@quist.example"


def everything() -> str:
    return json.dumps(rows(*everything_but()), cls=DjangoJSONEncoder).lower()


@pytest.fixture
def person():
    return UserFactory(full_name=NAME, login=ADDRESS)


@pytest.fixture
def invitation(agent, person):
    """Written to the person by name, and accepted by it."""
    admin = Actor.tenant(TenantMembershipFactory(user=person))
    draft = stories.invitation(agent, recipient_email=ADDRESS.title(), reference=NAME)
    body = f"Hello {NAME} <{ADDRESS}>,\n\n{draft.url}\n\nQuistian regards"
    edit_invitation(draft, actor=agent, subject=f"For {NAME}", body=body)
    stories.invitations.send_invitation(draft, actor=agent, how="portal")
    stories.invitations.open_invitation(draft, actor=admin)
    stories.invitations.sign_in_to_invitation(draft, actor=admin)
    stories.invitations.accept_invitation(draft, actor=admin, agreed=True)
    return draft


@pytest.fixture
def customer(agent, invitation):
    """Whose contact the person is, and for which it has signed elsewhere too."""
    customer = Customer.objects.get()
    correct_customer(
        customer,
        actor=agent,
        contact_name=NAME,
        contact_email=ADDRESS.upper(),
        contact_phone="555 0100",
        address_city="Bonn",
    )
    attest_agreement(
        customer,
        actor=agent,
        first_name="Wilhelmina",
        last_name="Quist",
        email=ADDRESS,
        accepted_on=clock.now().date(),
    )
    return customer


@pytest.fixture
def batch(agent):
    """In whose text it is called as the list has it."""
    actor = stories.staff(role="admin_agent")
    text = {"subject": "For you", "body": "Dear [[name]], [[link]]"}
    save_template(actor.partner, actor=actor, language="en", **text)
    made = create_batch(
        [Line(1, name="Minna", address=ADDRESS), Line(2, address="else@quist.example")],
        actor=actor,
        request_key=uuid.uuid4(),
        expires_at=clock.now() + timedelta(days=9),
        sends=True,
    )
    running.run_waiting("test")
    return made


def test_nothing_stored_has_the_name_or_address_of_whoever_is_anonymised(
    person, customer, batch
):
    assert NAME.lower() in everything()
    assert "dear minna" in everything()
    anonymise_person(person, actor=stories.operator(), reason="It was asked for.")
    left = everything()
    for trace in (NAME, ADDRESS, "Wilhelmina", "Minna", "555 0100"):
        assert trace.lower() not in left


def test_all_else_stays_when_somebody_is_anonymised(
    person, invitation, customer, batch
):
    anonymise_person(person, actor=stories.operator(), reason="It was asked for.")
    kept = Invitation.objects.get(pk=invitation.pk)
    assert (kept.status, kept.accepted_by) == ("accepted", person)
    assert kept.subject == "For –"
    assert kept.body == "Hello – <–>,\n\n[[link]]\n\nQuistian regards"
    customer.refresh_from_db()
    assert (customer.contact_name, customer.address_city) == ("", "Bonn")
    signed = CustomerAgreement.objects.get(how="attested")
    assert (signed.signer_first_name, signed.signer_last_name) == ("–", "–")
    other = BatchRow.objects.get(number=2)
    assert other.recipient_email == "else@quist.example"


def test_name_goes_from_a_text_that_went_to_somebody_else(agent, person):
    draft = stories.invitation(agent, recipient_email="else@quist.example")
    body = f"{NAME} <{ADDRESS}> asked for this.\n\n{draft.url}"
    edit_invitation(draft, actor=agent, subject="For the tenant", body=body)
    anonymise_person(person, actor=stories.operator(), reason="It was asked for.")
    kept = Invitation.objects.get()
    assert kept.recipient_email == "else@quist.example"
    assert kept.body == "– <–> asked for this.\n\n[[link]]"


def test_others_keep_their_name_and_address_when_somebody_is_anonymised(
    person, customer
):
    before = rows("relationships.Customer", "relationships.Invitation")
    other = UserFactory(full_name="Quist", login="quist@quist.example")
    anonymise_person(other, actor=stories.operator(), reason="It was asked for.")
    assert rows("relationships.Customer", "relationships.Invitation") == before
    person.refresh_from_db()
    assert (person.full_name, person.email) == (NAME, ADDRESS)
