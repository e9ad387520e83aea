import pytest
from django.utils import translation

from portal.foundation.countries import CountrySelect, country_name


@pytest.mark.parametrize(
    ("language", "name"), [("en", "Germany"), ("de", "Deutschland")]
)
def test_country_name_is_in_the_readers_language(language, name):
    with translation.override(language):
        assert country_name("DE") == name
        assert f'<option value="DE" selected>{name}</option>' in CountrySelect().render(
            "country", "DE"
        )


def test_country_that_is_not_listed_is_shown_and_kept():
    assert country_name("ZZ") == "ZZ"
    html = CountrySelect().render("country", "ZZ")
    assert '<option value="ZZ" selected>ZZ</option>' in html


def test_country_is_asked_for_when_there_is_none():
    html = CountrySelect().render("country", None)
    assert '<option value="" selected>' in html
    assert html.count("selected") == 1
