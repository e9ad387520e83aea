"""Where the portal requires a second factor: nothing else opens without it."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests import stories
from tests.public.visitor import PASSWORD, Visitor, everything_stored, text_of

from .people import code_at, give_password, is_signed_in

pytestmark = pytest.mark.django_db

SET_UP = "/account/second-factor/"


@pytest.fixture(autouse=True)
def _required(settings):
    settings.SECOND_FACTOR = "staff"


def signed_in(actor) -> Visitor:
    visitor = Visitor()
    give_password(visitor, actor)
    return visitor


@pytest.mark.parametrize("person", [stories.staff, stories.operator])
@pytest.mark.parametrize(
    "page", ["/", "/admin/", "/admin/search/?q=a", "/account/", "/my/", "/glossary/"]
)
def test_every_page_leads_to_the_set_up_for_staff_without_a_factor(person, page):
    assert signed_in(person()).get(page).url == SET_UP


def test_nothing_is_done_for_staff_without_a_factor():
    actor = stories.staff()
    visitor = signed_in(actor)
    page = "/admin/request-reseller-relationship/"
    before = everything_stored()
    answer = visitor.submit(SET_UP, page, recipients="a@b.example", step="request")
    assert answer.url == SET_UP
    assert everything_stored() == before


def test_set_up_opens_the_rest():
    visitor = signed_in(stories.staff())
    assert "This portal requires it" in text_of(visitor.get(SET_UP))
    key = visitor.session["second_factor_key"]
    visitor.submit(SET_UP, code=code_at(key=key))
    assert visitor.get("/admin/").status_code == 200


def test_staff_may_sign_out_instead():
    visitor = signed_in(stories.staff())
    assert visitor.submit(SET_UP, "/sign-out/").url == "/"
    assert not is_signed_in(visitor)


def test_factor_is_not_required_of_tenants_people_when_it_is_of_staff():
    assert signed_in(stories.tenant()).get("/my/").status_code == 200


def test_factor_is_required_of_tenants_people_when_it_is_of_everybody(settings):
    settings.SECOND_FACTOR = "everybody"
    assert signed_in(stories.tenant()).get("/my/").url == SET_UP


def test_factor_is_not_asked_for_again_when_a_provider_signed_staff_in():
    actor = stories.staff()
    visitor = Visitor().acting_as(actor)
    session = visitor.session
    session["signed_in_by"] = "openid_connect"
    session["signed_in_tenant"] = str(actor.partner.tenant_id)
    session.save()
    assert visitor.get("/admin/").status_code == 200


def test_removing_the_factor_leads_to_a_new_set_up():
    actor = stories.staff()
    visitor = signed_in(actor)
    visitor.get(SET_UP)
    visitor.submit(SET_UP, code=code_at(key=visitor.session["second_factor_key"]))
    page = "/account/second-factor/remove/"
    assert "you set up a new one" in text_of(visitor.get(page))
    visitor.submit(page, password=PASSWORD)
    assert signed_in(actor).get("/admin/").url == SET_UP


OPEN = {"account-second-factor", "sign-out", "set_language", "alive", "ready"}


def addresses(patterns=None, prefix="/"):
    """Name and address of each page that takes no argument."""
    for entry in patterns or get_resolver().url_patterns:
        route = str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, prefix + route)
        elif isinstance(entry, URLPattern) and "<" not in route and "(" not in route:
            yield entry.name, prefix + route


def test_every_address_without_argument_is_closed_but_for_the_few_that_are_open():
    visitor = signed_in(stories.staff())
    tried = [(name, page) for name, page in addresses() if name not in OPEN]
    assert len(tried) > 30
    for name, page in tried:
        assert visitor.get(page).url == SET_UP, name
