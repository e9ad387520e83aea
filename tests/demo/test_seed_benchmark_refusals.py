import pytest
from django.core.management import CommandError, call_command

from portal.demo.benchmark.filling import CHUNK, Size, fill
from portal.foundation import clock
from relationships.models import Customer, Partner
from subscriptions.models import Subscription

from ..factories import CustomerFactory, OfferFactory, PartnerFactory
from ..relationships.support import NOON
from .conftest import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _debug(settings) -> None:
    settings.DEBUG = True


def seed(customers, subscriptions, **options):
    size = [f"--customers={customers}", f"--subscriptions={subscriptions}"]
    call_command("seed_benchmark", *size, **options)


@pytest.mark.parametrize("factory", [CustomerFactory, OfferFactory, PartnerFactory])
@pytest.mark.parametrize("debug", [True, False])
def test_command_refuses_when_the_portal_is_somebodys(settings, factory, debug):
    settings.DEBUG = debug
    factory()
    before = rows()
    with pytest.raises(CommandError, match="of its own"):
        seed(5, 5, force=True)
    assert rows() == before


def test_command_refuses_when_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        seed(5, 5)
    assert not Partner.objects.exists()


@pytest.mark.parametrize("size", [(0, 5), (5, -1)])
def test_command_refuses_when_the_size_makes_no_sense(size):
    with pytest.raises(CommandError, match="At least one customer"):
        seed(*size)
    assert not Partner.objects.exists()


@pytest.mark.parametrize("size", [(10, 31), (9, 30)])
def test_command_refuses_when_it_was_filled_to_another_size(size, capsys):
    seed(10, 30)
    before = rows()
    with pytest.raises(CommandError, match="another size"):
        seed(*size)
    assert rows() == before


class BrokenOffError(Exception):
    """Somebody pressed Ctrl-C."""


def test_broken_run_is_taken_up_again_with_the_same_rows():
    size = Size(CHUNK + 20, 300)

    def break_off(done, total):
        raise BrokenOffError

    with clock.at(NOON):
        with pytest.raises(BrokenOffError):
            fill(size, NOON, break_off)
        assert Customer.objects.count() == CHUNK
        half = set(Subscription.objects.values_list("pk", flat=True))
        told = []
        fill(size, NOON, lambda done, total: told.append((done, total)))
    assert told == [(size.customers, size.customers)]
    assert Customer.objects.count() == size.customers
    assert Subscription.objects.count() == size.subscriptions
    assert half < set(Subscription.objects.values_list("pk", flat=True))
