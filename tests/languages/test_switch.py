"""The visitor's choice of a language: kept, back to the same page, never elsewhere."""

import re

import pytest

from tests import stories
from tests.public.visitor import PASSWORD, Visitor, path_of

from .reading import Reader

pytestmark = pytest.mark.django_db

GERMAN = {"accept-language": "de"}


def language_of(answer):
    return Reader(answer.content.decode()).lang


def switch(visitor, page, language, to=None):
    """Press the switch at the foot of `page`."""
    return visitor.submit(page, "/language/", language=language, next=to or page)


def test_page_is_in_english_when_the_browser_asks_for_an_unknown_language():
    answer = Visitor(headers={"accept-language": "fr"}).get("/")
    assert language_of(answer) == "en"


@pytest.mark.parametrize(("browser", "other"), [("de", "en"), ("en", "de")])
def test_choice_is_kept_and_comes_back_to_the_same_page(browser, other):
    visitor = Visitor(headers={"accept-language": browser})
    path = path_of(stories.sent_invitation(stories.staff()))
    assert language_of(visitor.get(path)) == browser
    answer = switch(visitor, path, other)
    assert (answer.status_code, answer.url) == (302, path)
    for page in (path, "/glossary/", "/"):
        assert language_of(visitor.get(page)) == other


def test_choice_is_kept_over_signing_in():
    visitor = Visitor()
    switch(visitor, "/", "de")
    login = stories.tenant().user.login
    visitor.submit("/sign-in/", login=login, password=PASSWORD)
    assert language_of(visitor.get("/my/")) == "de"


@pytest.mark.parametrize("path", ["/", "/sign-in/?next=/my/", "/glossary/"])
def test_switch_asks_to_come_back_to_its_own_page(path):
    html = Visitor().get(path).content.decode()
    assert f'name="next" value="{path}"' in html
    assert 'name="language" value="de"' in html
    assert 'name="language" value="en"' not in html


@pytest.mark.parametrize("browser", ["en", "de"])
def test_switch_names_each_language_in_its_own_words(browser):
    html = Visitor(headers={"accept-language": browser}).get("/").content.decode()
    for code, name in (("en", "English"), ("de", "Deutsch")):
        assert re.search(rf'lang="{code}"[^>]*>{name}<', html)


def test_switch_comes_back_to_a_page_when_a_form_was_refused():
    visitor = Visitor()
    html = visitor.submit("/sign-in/", login="", password="").content.decode()
    assert 'name="next" value="/sign-in/"' in html


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "/\\evil.example",
    ],
)
def test_switch_leads_to_no_other_site(elsewhere):
    answer = switch(Visitor(), "/", "de", to=elsewhere)
    assert answer.status_code == 302
    assert answer.url == "/"


def test_switch_takes_no_unknown_language():
    visitor = Visitor(headers=GERMAN)
    switch(visitor, "/", "xx")
    assert language_of(visitor.get("/")) == "de"


def test_switch_changes_nothing_when_it_is_only_opened():
    visitor = Visitor()
    visitor.get("/language/?language=de&next=/")
    assert language_of(visitor.get("/")) == "en"


def test_admin_stays_english_when_the_browser_and_the_choice_are_german():
    visitor = Visitor(headers=GERMAN)
    visitor.acting_as(sales := stories.staff())
    switch(visitor, "/glossary/", "de")
    invitation = stories.sent_invitation(sales)
    for page in ("/admin/", invitation.get_absolute_url()):
        answer = visitor.get(page)
        assert answer.status_code == 200
        html = answer.content.decode()
        assert language_of(answer) == "en"
        assert "Log out" in html or "Sign out" in html
        assert "Einladung" not in html
    assert language_of(visitor.get("/glossary/")) == "de"
