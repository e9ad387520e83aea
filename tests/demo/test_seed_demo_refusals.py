import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError

from portal.demo.accounts import PASSWORD
from portal.demo.world import People
from relationships.models import Partner

from ..factories import OfferFactory, PartnerFactory
from .conftest import rows, seed_demo

pytestmark = pytest.mark.django_db


def test_command_refuses_when_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        seed_demo()
    assert not Partner.objects.exists()


@pytest.mark.parametrize("debug", [True, False])
def test_command_refuses_when_there_are_other_partners(settings, debug):
    settings.DEBUG = debug
    PartnerFactory()
    before = rows()
    with pytest.raises(CommandError, match="partners of its own"):
        seed_demo(force=True)
    assert rows() == before


def test_broken_run_leaves_nothing_when_the_catalogue_is_another(settings):
    settings.DEBUG = True
    OfferFactory()
    before, backend = rows(), settings.EMAIL_BACKEND
    with pytest.raises(CommandError, match=r"catalogue\.csv"):
        seed_demo()
    assert rows() == before
    assert backend == settings.EMAIL_BACKEND


def test_nobody_gets_the_published_password_when_debug_is_off(settings):
    settings.DEBUG = False
    user = People().user("somebody@people.example", "Somebody Else")
    assert not user.has_usable_password()
    assert authenticate(username=user.login, password=PASSWORD) is None
