"""A list without rows says what to do first."""

import pytest
from django.contrib import admin
from django.utils.html import escape

from relationships.models import Case, Customer, Invitation, ResellerRelationship
from subscriptions.models import CspSubscription, ExistingSubscription, Order
from tests import stories

from .office import desk, list_url, text
from .pages import VIEW

pytestmark = pytest.mark.django_db


MODELS = {model._meta.model_name: model for model in admin.site._registry}
FILLED = {"user", "countrymarket"}  # who looks is a person; a migration fills markets


@pytest.mark.parametrize("name", sorted(set(VIEW) - FILLED))
def test_list_has_words_of_its_own_when_it_is_empty(name):
    model = MODELS[name]
    words = str(admin.site._registry[model].when_empty)
    assert words
    page = text(desk(stories.operator()).get(list_url(model)))
    assert f'<p class="empty">{escape(words)}</p>' in page


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Invitation, "“Request reseller relationship” on the front page"),
        (Customer, "Request a reseller relationship"),
        (Case, "no customer has been stopped"),
        (ResellerRelationship, "when a customer accepts your invitation"),
        (CspSubscription, "Order the first one from a customer&#x27;s page"),
        (ExistingSubscription, "once it has accepted your invitation"),
        (Order, "Order from a customer&#x27;s page"),
    ],
)
def test_list_says_what_to_do_first_when_it_is_empty(model, words):
    client = desk(stories.staff())
    assert words in text(client.get(list_url(model)))


def test_list_offers_to_show_all_when_nothing_matches(office, sales):
    page = text(sales.get(list_url(Invitation), {"q": "nobody-is-called-so"}))
    assert "Nothing matches." in page
    assert "on the front page makes the first one" not in page
    assert "Nothing matches." not in text(sales.get(list_url(Invitation)))


def test_list_offers_to_show_all_when_a_filter_leaves_nothing(office, sales):
    page = text(sales.get(list_url(Invitation), {"status": "declined"}))
    assert "Nothing matches." in page
