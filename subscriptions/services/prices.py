"""What an offer costs on a day: an offer stays, its price is another row's."""

from typing import Any

from ..models import Offer


class PriceList:
    """The offers of these and of whatever has the same product, read once."""

    def __init__(self, offer_ids: set[Any]) -> None:
        products = Offer.objects.filter(pk__in=offer_ids).values("product")
        offers = Offer.objects.filter(product__in=products).select_related("product")
        self._offers = {offer.pk: offer for offer in offers.order_by()}
        self._sold = {
            _terms(offer): offer
            for offer in self._offers.values()
            if offer.is_available
        }

    def offer(self, pk: int) -> Offer:
        return self._offers[pk]

    def of_the_day(self, pk: int) -> Offer:
        """The same terms at today's price, or the old offer where none is sold."""
        old = self._offers[pk]
        return self._sold.get(_terms(old), old)


def _terms(offer: Offer) -> tuple[int, str, str, str]:
    return offer.product_id, offer.term, offer.billing_plan, offer.currency
