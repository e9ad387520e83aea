"""The table from country to market, as a start; the operator edits it in the admin."""

from django.db import migrations

MARKETS = {
    "Africa": "DZ AO BJ BW CM CV CI EG ET GH KE LY MG MU MA MZ NA NG RW SN TZ TN UG ZM ZW",
    "Asia Pacific": "BD BN HK ID LK MO MY NP PH PK SG TH VN",
    "Australia": "AU",
    "Brazil": "BR",
    "Canada": "CA",
    "China": "CN",
    "Europe": (
        "AD AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC "
        "MT NL NO PL PT RO SE SI SK SM VA"
    ),
    "India": "IN",
    "Japan": "JP",
    "Korea": "KR",
    "Latin America and Caribbean": (
        "AR BB BO BS BZ CL CO CR DO EC GT HN JM MX NI PA PE PR PY SV TT UY"
    ),
    "Middle East and Central & Eastern Europe": (
        "AE AL AM AZ BA BH GE IL IQ JO KG KW KZ LB MD ME MK OM QA RS SA TR UA UZ ZA"
    ),
    "New Zealand": "NZ",
    "Taiwan": "TW",
    "United States": "US",
}


def fill(apps, schema_editor):
    market_of = apps.get_model("relationships", "CountryMarket")
    market_of.objects.bulk_create(
        market_of(country=country, market=market)
        for market, countries in MARKETS.items()
        for country in countries.split()
    )


class Migration(migrations.Migration):
    dependencies = [("relationships", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
