from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from portal.foundation import clock
from relationships.actors import Actor
from subscriptions.models import Offer, Product, ProductAlias
from subscriptions.services.catalogue import import_catalogue

from .. import stories
from ..factories import OfferFactory, ProductFactory
from ..relationships.support import refused, unchanged

pytestmark = pytest.mark.django_db

PRICE_LIST = Path(django_settings.BASE_DIR) / "subscriptions/data/catalogue.csv"
HEAD = (
    "ProductId,SkuId,SkuTitle,Currency,P1Y_AnnualPrice,P1Y_MonthlyPrice,"
    "P1M_MonthlyPrice,MaxSeats\n"
)


def take(*lines):
    return import_catalogue(StringIO(HEAD + "".join(f"{line}\n" for line in lines)))


def counts(result):
    return (result.products, result.new_offers, result.new_prices)


def test_real_price_list_is_taken_over_once():
    lines = PRICE_LIST.read_text(encoding="utf-8").splitlines(keepends=True)
    result = import_catalogue(lines)
    assert result.products == Product.objects.count() == len(lines) - 1
    assert result.new_offers == Offer.objects.available().count() > result.products
    assert result.new_prices == 0
    with unchanged():
        assert counts(import_catalogue(lines)) == (0, 0, 0)


def test_row_is_an_offer_per_price():
    assert counts(take("CFQ1,0001,Office,EUR,72.00,6.30,7.20,300")) == (1, 3, 0)
    offers = Offer.objects.order_by("unit_price")
    assert [(o.term, o.billing_plan, o.unit_price) for o in offers] == [
        ("P1Y", "monthly", Decimal("6.30")),
        ("P1M", "monthly", Decimal("7.20")),
        ("P1Y", "annual", Decimal("72.00")),
    ]
    assert {(o.currency, o.maximum_seats, o.minimum_seats) for o in offers} == {
        ("EUR", 300, 1)
    }


def test_empty_price_is_no_offer_and_empty_maximum_no_limit():
    assert counts(take("CFQ1,0001,Office,USD,,6.30,,")) == (1, 1, 0)
    offer = Offer.objects.get()
    assert offer.maximum_seats is None


def test_list_may_have_three_years_and_least_seats():
    further = ["P3Y_TriennialPrice", "P3Y_AnnualPrice", "P3Y_MonthlyPrice", "MinSeats"]
    head = HEAD.strip() + "," + ",".join(further)
    row = "CFQ1,0001,Office,EUR,,,7.20,300,200.00,70.00,6.00,5"
    assert counts(import_catalogue(StringIO(f"{head}\n{row}\n"))) == (1, 4, 0)
    offers = Offer.objects.filter(term="P3Y").order_by("unit_price")
    assert [(o.billing_plan, o.unit_price) for o in offers] == [
        ("monthly", Decimal("6.00")),
        ("annual", Decimal("70.00")),
        ("triennial", Decimal("200.00")),
    ]
    assert {offer.minimum_seats for offer in Offer.objects.all()} == {5}


def test_what_a_list_does_not_name_is_told_and_sold_as_before():
    take("CFQ1,0001,Office,USD,,6.30,,300", "CFQ2,0001,Teams,USD,,4.00,,")
    take("CFQ1,0001,Office,EUR,,6.10,,300")
    result = take("CFQ2,0001,Teams,USD,,4.00,4.80,")
    assert [(o.product.title, o.currency) for o in result.unnamed] == [
        ("Office", "USD")
    ]
    assert Offer.objects.available().count() == 4


def test_new_price_is_a_new_offer_and_the_old_one_is_sold_no_more():
    take("CFQ1,0001,Office,USD,,6.30,,300")
    old = Offer.objects.get()
    assert counts(take("CFQ1,0001,Office,USD,,6.60,,300")) == (0, 0, 1)
    new = Offer.objects.available().get()
    old.refresh_from_db()
    assert (old.unit_price, old.is_available) == (Decimal("6.30"), False)
    assert (new.unit_price, new.product) == (Decimal("6.60"), old.product)


def test_new_maximum_is_a_new_offer_too():
    take("CFQ1,0001,Office,USD,,6.30,,300")
    assert counts(take("CFQ1,0001,Office,USD,,6.30,,500")) == (0, 0, 1)


def test_other_currency_is_another_offer():
    take("CFQ1,0001,Office,USD,,6.30,,300")
    assert counts(take("CFQ1,0001,Office,EUR,,6.30,,300")) == (0, 1, 0)
    assert Offer.objects.available().count() == 2


def test_new_title_renames_the_product():
    take("CFQ1,0001,Office,USD,,6.30,,300")
    take("CFQ1,0001,Microsoft 365,USD,,6.30,,300")
    assert str(Product.objects.get()) == "Microsoft 365"


@pytest.mark.parametrize(
    "row",
    [
        "CFQ2,0001,Teams,USD,,abc,,300",
        "CFQ2,0001,Teams,USD,,-1,,300",
        "CFQ2,0001,Teams,USD,,NaN,,300",
        "CFQ2,0001,Teams,USD,,1.005,,300",
        "CFQ2,0001,Teams,USD,,6.30,,many",
        "CFQ2,0001,Teams,USD,,6.30,,0",
        "CFQ2,0001,Teams,usd,,6.30,,300",
        "CFQ2,0001,,USD,,6.30,,300",
        ",0001,Teams,USD,,6.30,,300",
        "CFQ2",
        f"CFQ2,0001,{'x' * 201},USD,,6.30,,300",
    ],
)
def test_bad_line_is_named_and_nothing_is_taken_over(row):
    with refused("catalogue") as caught:
        take("CFQ1,0001,Office,USD,,6.30,,300", row)
    assert "Line 3" in caught.value.messages[0]


@pytest.mark.parametrize("text", ["", "ProductId,SkuId\n", "\n"])
def test_missing_columns_are_named(text):
    with refused("catalogue") as caught:
        import_catalogue(StringIO(text))
    assert "MaxSeats" in caught.value.messages[0]


def test_file_that_is_not_csv_is_refused():
    lines = [HEAD, "CFQ1,0001,Office\rUSD,,6.30,,300\n"]
    with refused("catalogue") as caught:
        import_catalogue(lines)
    assert caught.value.messages == ["Line 2 of the price list is not CSV."]


def test_offer_is_available_once_per_terms():
    offer = OfferFactory()
    with refused(None):
        OfferFactory.build(product=offer.product).save()


@pytest.mark.parametrize(
    "values",
    [
        {"unit_price": "-1"},
        {"minimum_seats": 0},
        {"minimum_seats": 10, "maximum_seats": 9},
    ],
)
def test_offer_that_makes_no_sense_is_refused(values):
    product = ProductFactory()
    with refused(None):
        OfferFactory.build(product=product, **values).save()


def test_catalogue_is_the_same_for_everybody():
    offer = OfferFactory()
    for actor in (stories.staff(), stories.operator(), Actor.clock()):
        assert list(Offer.objects.visible_to(actor)) == [offer]
        assert list(Product.objects.visible_to(actor)) == [offer.product]


def test_alias_is_called_by_its_name():
    alias = ProductAlias.objects.create(product=ProductFactory(), name="E3")
    assert str(alias) == "E3"


def test_offer_keeps_the_moment_when_it_was_first_not_sold_any_more():
    offer = OfferFactory(is_available=False)
    with clock.at(clock.now() + timedelta(days=1)):
        offer.save()
    assert Offer.objects.get().sold_until == offer.sold_until < clock.now()
