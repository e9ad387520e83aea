import uuid

import pytest

from portal.foundation.among import Among
from relationships.models import Customer

from ..factories import CustomerFactory

pytestmark = pytest.mark.django_db
MANY = 40_000  # more than either database takes as parameters of one statement


def test_rows_are_found_among_more_values_than_a_statement_has_parameters():
    found, _other = CustomerFactory(), CustomerFactory()
    ids = [uuid.uuid4() for _number in range(MANY)]
    rows = Customer.objects.filter(Among("tenant_id", [*ids, found.tenant_id]))
    assert list(rows) == [found]


def test_rows_are_found_by_text_whatever_stands_in_it():
    found = CustomerFactory(primary_domain="contoso.example")
    CustomerFactory(primary_domain=None)
    odd = ["'", '"', "\\", "{}", "ä", "NULL", "contoso.example"]
    assert list(Customer.objects.filter(Among("primary_domain", odd))) == [found]
    assert not Customer.objects.filter(Among("primary_domain", odd[:-1])).exists()
    assert not Customer.objects.filter(Among("primary_domain", [])).exists()
