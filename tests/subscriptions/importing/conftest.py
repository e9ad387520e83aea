import pytest

from ... import stories
from ...factories import CustomerFactory


@pytest.fixture
def operator():
    return stories.operator()


@pytest.fixture
def customer():
    return CustomerFactory()
