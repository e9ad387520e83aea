"""The German catalogue is whole, and its compiled form says the same."""

import gettext

import pytest
from django.conf import settings

from .catalogue import (
    GERMAN,
    MODULES,
    TEMPLATES,
    entries,
    files,
    messages_of,
    placeholders,
    sources,
)

TRANSLATED = {entry.message: entry for entry in entries()}


@pytest.mark.parametrize(
    "path", sources(), ids=lambda path: str(path.relative_to(settings.BASE_DIR))
)
def test_every_string_that_a_customer_may_read_is_in_the_catalogue(path):
    missing = [message for message in messages_of(path) if message not in TRANSLATED]
    assert missing == [], "run `make messages` and translate what it adds"


@pytest.mark.parametrize("pattern", TEMPLATES + MODULES)
def test_every_pattern_of_sources_finds_some(pattern):
    assert files((pattern,))


def test_scan_finds_strings_of_every_kind():
    texts = {message.text for path in sources() for message in messages_of(path)}
    assert "Sign in" in texts  # {% translate %}
    assert "You are signed in as %(user)s." in texts  # {% blocktranslate %}
    assert "%(count)s earlier statement" in texts  # with a plural
    assert "Not recorded" in texts  # _() in a filter
    assert "Reason (optional)" in texts  # gettext_lazy
    assert "Global administrator" in texts  # _ in an enumeration
    assert len(texts) > 300


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.text[:40])
def test_every_message_of_the_catalogue_is_translated(entry):
    assert not entry.is_fuzzy
    assert set(entry.forms) == ({0, 1} if entry.plural else {0})
    for form in entry.forms.values():
        assert form.strip()
        assert placeholders(form) == placeholders(entry.text)
        assert form.count("\n") == entry.text.count("\n")
        assert form[:1].isspace() == entry.text[:1].isspace()


def test_catalogue_names_every_message_once():
    texts = [entry.text for entry in entries()]
    assert sorted(texts) == sorted(set(texts))


def test_compiled_catalogue_says_what_the_catalogue_says():
    with (GERMAN / "django.mo").open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)
    assert "nplurals=2" in compiled.pop("")
    expected = {}
    for entry in entries():
        for number, form in entry.forms.items():
            expected[(entry.text, number) if entry.plural else entry.text] = form
    assert compiled == expected, "run `make messages`"
