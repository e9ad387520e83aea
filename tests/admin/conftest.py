import pytest
from django.test import Client

from relationships.actors import Actor
from relationships.models import Customer
from relationships.services.relationships import end_relationship

from .. import stories
from ..factories import CustomerFactory
from .office import Office, desk, open_office


@pytest.fixture
def office() -> Office:
    return open_office("Zebrano")


@pytest.fixture
def other() -> Office:
    return open_office("Quillon")


@pytest.fixture
def sales(office: Office) -> Client:
    """The desk of somebody who may do everything at the partner."""
    return desk(office.staff)


@pytest.fixture
def operator() -> Client:
    return desk(stories.operator())


@pytest.fixture
def staff() -> Actor:
    return stories.staff(role="admin_agent")


@pytest.fixture
def customer(staff: Actor) -> Customer:
    """One with an active relationship."""
    admin = stories.tenant(
        CustomerFactory(company_name="Contoso", primary_domain="contoso.example")
    )
    stories.observation(admin.customer, quantity=25)
    stories.relationship(staff, admin)
    stories.csp_subscription(staff, admin.customer, quantity=7)
    return admin.customer


@pytest.fixture
def visitor(staff: Actor) -> Customer:
    """One that has only signed in."""
    admin = stories.tenant(
        CustomerFactory(company_name="Visitor", primary_domain="hidden.example")
    )
    stories.observation(admin.customer)
    stories.signed_in_invitation(staff, admin)
    return admin.customer


@pytest.fixture
def former(staff: Actor) -> Customer:
    admin = stories.tenant(CustomerFactory(company_name="Former"))
    relationship = stories.relationship(staff, admin)
    end_relationship(relationship, actor=staff, reason="They moved")
    return admin.customer


@pytest.fixture
def advised(staff: Actor) -> Customer:
    """One that this partner only advises."""
    advised = CustomerFactory(company_name="Advised")
    stories.observation(advised, channel="advisor", por_mpn_id=staff.partner.mpn_id)
    return advised
