"""How long a session of a local account lasts."""

from datetime import timedelta

import pytest
import time_machine

from portal.foundation import clock
from tests import stories
from tests.public.visitor import Visitor

from .people import give_password

pytestmark = pytest.mark.django_db

PAGES = {stories.staff: "/admin/", stories.operator: "/admin/", stories.tenant: "/my/"}


@pytest.mark.parametrize("person", PAGES)
def test_session_ends_after_hours_when_it_is_used_until_then(person, settings):
    settings.SESSION_HOURS = 3
    visitor, page = Visitor(), PAGES[person]
    give_password(visitor, person())
    end = clock.now() + timedelta(hours=3)
    with time_machine.travel(end - timedelta(minutes=1)):
        visitor.get("/account/second-factor/")  # which the session keeps a key for
        assert visitor.session["second_factor_key"]
        assert visitor.get(page).status_code == 200
    with time_machine.travel(end + timedelta(seconds=1)):
        assert visitor.get(page).status_code == 302


def test_cookie_ends_with_the_session(settings):
    settings.SESSION_HOURS = 3
    visitor = Visitor()
    with time_machine.travel(clock.now(), tick=False):
        give_password(visitor, stories.staff())
    assert visitor.cookies["sessionid"]["max-age"] == 3 * 3600
