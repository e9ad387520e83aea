"""Rows that nobody's service makes: partners, people, tenants, the catalogue.

Everything else comes about by the services; `tests.stories` tells how.
"""

import uuid

import factory
from factory.django import DjangoModelFactory

from portal.accounts.models import User
from relationships.models import Customer, Partner, StaffMembership, TenantMembership
from subscriptions.models import Offer, Product


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    login = factory.Sequence(lambda n: f"person{n}@people.example")
    email = factory.SelfAttribute("login")
    full_name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password("correct horse")


class PartnerFactory(DjangoModelFactory):
    class Meta:
        model = Partner

    name = factory.Sequence(lambda n: f"Partner {n}")
    mpn_id = factory.Sequence(lambda n: f"{5_000_000 + n}")
    tenant_id = factory.LazyFunction(uuid.uuid4)
    country = "DE"
    currency = "USD"
    is_csp_transacting = True
    contact_email = factory.Sequence(lambda n: f"hello@partner{n}.example")


class AdvisorFactory(PartnerFactory):
    is_csp_transacting = False
    is_advisor = True


class StaffMembershipFactory(DjangoModelFactory):
    class Meta:
        model = StaffMembership

    user = factory.SubFactory(UserFactory)
    partner = factory.SubFactory(PartnerFactory)
    role = "sales_agent"


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    tenant_id = factory.LazyFunction(uuid.uuid4)
    company_name = factory.Sequence(lambda n: f"Customer {n}")
    primary_domain = factory.Sequence(lambda n: f"customer{n}.example")
    country = "DE"


class TenantMembershipFactory(DjangoModelFactory):
    class Meta:
        model = TenantMembership

    user = factory.SubFactory(UserFactory)
    customer = factory.SubFactory(CustomerFactory)
    role = "global_administrator"


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    product_id = factory.Sequence(lambda n: f"CFQ7TTC0T{n:03d}")
    sku_id = "0001"
    title = factory.Sequence(lambda n: f"Product {n}")


class OfferFactory(DjangoModelFactory):
    class Meta:
        model = Offer

    product = factory.SubFactory(ProductFactory)
    term = "P1Y"
    billing_plan = "monthly"
    currency = "USD"
    unit_price = "10.00"
    maximum_seats = 300
