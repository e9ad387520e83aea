import pytest
from django.test import Client, override_settings

from portal.accounts.models import User
from portal.demo.accounts import LOGINS
from portal.signin import sessions
from tests import stories
from tests.factories import (
    PartnerFactory,
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)

from .visitor import PASSWORD, Visitor, templates_of, text_of

pytestmark = pytest.mark.django_db


def test_home_tells_what_this_is_when_nobody_is_signed_in():
    answer = Visitor().get("/")
    assert "asks a customer for a reseller relationship" in text_of(answer)
    assert 'href="/sign-in/"' in text_of(answer)


@pytest.mark.parametrize(
    ("person", "goes_to"),
    [
        (stories.staff, "/admin/"),
        (stories.operator, "/admin/"),
        (stories.tenant, "/my/"),
    ],
)
def test_home_sends_people_where_they_belong_when_signed_in(person, goes_to):
    answer = Visitor().acting_as(person()).get("/")
    assert answer.url == goes_to


def test_home_offers_the_choice_when_a_person_has_two_tenants():
    user = UserFactory()
    TenantMembershipFactory.create_batch(2, user=user)
    visitor = Visitor()
    visitor.force_login(user)
    assert visitor.get("/").url == "/my/act-as/"


def test_home_offers_the_back_offices_choice_when_one_actor_is_staff():
    user = UserFactory()
    TenantMembershipFactory(user=user)
    StaffMembershipFactory(user=user)
    visitor = Visitor()
    visitor.force_login(user)
    assert visitor.get("/").url == "/admin/act-as/"


def test_home_says_so_when_the_account_belongs_nowhere():
    visitor = Visitor()
    visitor.force_login(UserFactory(full_name="Nora Nowhere"))
    answer = visitor.get("/")
    assert "Nora Nowhere" in text_of(answer)
    assert "belongs to no partner and no tenant" in text_of(answer)
    assert visitor.submit("/", "/sign-out/").url == "/"
    assert "Nora Nowhere" not in text_of(visitor.get("/"))


def test_sign_in_leads_home_when_the_password_is_right():
    actor = stories.tenant()
    visitor = Visitor()
    answer = visitor.submit(
        "/sign-in/", login=actor.user.login.upper(), password=PASSWORD
    )
    assert answer.url == "/"
    assert visitor.get("/").url == "/my/"


@pytest.mark.parametrize("who", ["known", "unknown", "inactive"])
def test_sign_in_says_the_same_when_it_is_refused(who):
    known = UserFactory(login="known@people.example")
    UserFactory(login="inactive@people.example", is_active=False)
    visitor = Visitor()
    password = PASSWORD if who == "inactive" else "wrong"
    answer = visitor.submit(
        "/sign-in/", login=f"{who}@people.example", password=password
    )
    sentence = "This e-mail address and password do not belong together."
    assert text_of(answer).count(sentence) == 1
    assert known.full_name not in text_of(answer)
    assert not visitor.session.get("_auth_user_id")


def test_sign_in_names_the_field_when_it_is_empty():
    answer = Visitor().submit("/sign-in/", login="", password="x")
    assert "This field is required." in text_of(answer)


def test_sign_in_is_refused_when_the_form_has_no_key():
    actor = stories.tenant()
    visitor = Visitor()
    answer = visitor.post(
        "/sign-in/", {"login": actor.user.login, "password": PASSWORD}
    )
    assert answer.status_code == 403
    assert "Please send the form again" in text_of(answer)
    assert not visitor.session.get("_auth_user_id")


def test_sign_in_goes_on_to_next_when_it_is_on_this_portal():
    actor = stories.tenant()
    page = "/sign-in/?next=/my/%3Fa%3D1"
    answer = Visitor().submit(page, login=actor.user.login, password=PASSWORD)
    assert answer.url == "/my/?a=1"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_sign_in_and_out_stay_here_when_next_is_elsewhere(target):
    actor = stories.tenant()
    visitor = Visitor()
    answer = visitor.submit(
        "/sign-in/", login=actor.user.login, password=PASSWORD, next=target
    )
    assert answer.url == "/"
    assert visitor.submit("/sign-out/", next=target).url == "/"


def test_sign_in_does_not_take_next_for_a_views_name():
    actor = stories.tenant()
    answer = Visitor().submit(
        "/sign-in/", login=actor.user.login, password=PASSWORD, next="nonsense"
    )
    assert answer.url == "nonsense"


def test_sign_in_says_who_is_signed_in_when_somebody_is():
    actor = stories.tenant()
    answer = Visitor().acting_as(actor).get("/sign-in/")
    assert f"You are signed in as {actor.user.full_name}" in text_of(answer)
    assert 'name="password"' in text_of(answer)


def test_sign_in_lists_demo_accounts_only_when_debug_is_on():
    UserFactory(login="operator@portal.example", is_staff=True, is_superuser=True)
    assert "Demo accounts" not in text_of(Visitor().get("/sign-in/"))
    with override_settings(DEBUG=True):
        User.objects.update(login=LOGINS[0])
        answer = Visitor().get("/sign-in/")
    assert "Demo accounts" in text_of(answer)
    assert LOGINS[0] in text_of(answer)


def test_sign_in_refuses_tenant_people_when_local_tenant_sign_in_is_off(settings):
    settings.LOCAL_TENANT_SIGN_IN = False
    actor = stories.tenant()
    visitor = Visitor()
    answer = visitor.submit("/sign-in/", login=actor.user.login, password=PASSWORD)
    assert "local accounts do not sign in to a tenant" in text_of(answer)
    assert not visitor.session.get("_auth_user_id")


def test_sign_in_lets_staff_in_when_local_tenant_sign_in_is_off(settings):
    settings.LOCAL_TENANT_SIGN_IN = False
    actor = stories.staff()
    TenantMembershipFactory(user=actor.user)
    visitor = Visitor()
    visitor.submit("/sign-in/", login=actor.user.login, password=PASSWORD)
    assert visitor.get("/").url == "/admin/"
    assert visitor.get("/my/").url == "/"


def test_sign_out_asks_first_when_the_page_is_opened():
    visitor = Visitor().acting_as(stories.tenant())
    assert "Sign out?" in text_of(visitor.get("/sign-out/"))
    assert visitor.session.get("_auth_user_id")
    assert visitor.submit("/sign-out/", next="/sign-in/").url == "/sign-in/"
    assert not visitor.session.get("_auth_user_id")
    assert visitor.get("/sign-out/").url == "/"


def test_not_found_shows_a_way_on_and_no_data():
    answer = Visitor().get("/nothing/here/")
    assert answer.status_code == 404
    assert "404.html" in templates_of(answer)
    assert "nothing/here" not in text_of(answer)


def test_server_error_shows_a_plain_page(monkeypatch):
    def fail(request):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(sessions, "actor_of", fail)
    visitor = Client(raise_request_exception=False)
    visitor.force_login(UserFactory())
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "The fault is the portal's" in answer.content.decode().replace("&#x27;", "'")
    assert "secret detail" not in text_of(answer)


def test_bad_request_shows_a_plain_page():
    answer = Visitor().get("/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "This request was not understood" in text_of(answer)
    assert "elsewhere" not in text_of(answer)


def test_missing_right_shows_a_plain_page():
    visitor = Visitor().acting_as(stories.tenant())
    PartnerFactory(name="Unheard Of")
    answer = visitor.get("/admin/login/")
    assert answer.status_code == 403
    assert "You may not do this" in text_of(answer)
    assert "Unheard Of" not in text_of(answer)


def test_local_account_grants_no_permission_by_itself():
    user = UserFactory(is_staff=True)
    assert not user.has_perm("relationships.change_customer")
    assert not user.has_module_perms("relationships")
