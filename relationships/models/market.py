from django.db import models
from django.utils.translation import gettext_lazy as _

from ..validators import validate_country


class CountryMarket(models.Model):
    """The market that a country belongs to; the operator edits the table.

    A partner may sell only within its market (rule `region`).
    """

    country = models.CharField(
        _("country"),
        max_length=2,
        primary_key=True,
        validators=[validate_country],
        help_text=_("Two capital letters (ISO 3166), such as DE."),
    )
    market = models.CharField(_("market"), max_length=60)

    class Meta:
        verbose_name = _("country and its market")
        verbose_name_plural = _("countries and their markets")
        ordering = ["country"]

    def __str__(self) -> str:
        return f"{self.country}: {self.market}"

    @classmethod
    def market_of(cls, country: str) -> str:
        """The market's name; a country that is not listed is a market of its own."""
        listed = cls.objects.filter(country=country).values_list("market", flat=True)
        return listed.first() or country
