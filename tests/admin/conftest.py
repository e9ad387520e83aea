import pytest
from django.test import Client

from .. import stories
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
