"""What an offer costs on a day: an offer stays, its price is another row's."""

from collections import defaultdict
from typing import Any

from portal.foundation import clock

from ..models import Offer


class PriceList:
    """The offers of these and of whatever has the same product, read once."""

    def __init__(self, offer_ids: set[Any]) -> None:
        products = Offer.objects.filter(pk__in=offer_ids).values("product")
        offers = Offer.objects.filter(product__in=products).select_related("product")
        self._offers = {offer.pk: offer for offer in offers.order_by()}
        self._by_terms = defaultdict(list)
        for offer in self._offers.values():
            self._by_terms[_terms(offer)].append(offer)

    def offer(self, pk: int) -> Offer:
        return self._offers[pk]

    def of_the_day(self, pk: int) -> Offer:
        """The same terms at the price of now, or the old offer where none is sold.

        A late clock asks at the moment at which the renewal was due.
        """
        old, now = self._offers[pk], clock.now()
        sold = [
            offer for offer in self._by_terms[_terms(old)] if offer.was_sold_at(now)
        ]
        return min(sold, key=_end_of_sale, default=old)


def _terms(offer: Offer) -> tuple[int, str, str, str]:
    return offer.product_id, offer.term, offer.billing_plan, offer.currency


def _end_of_sale(offer: Offer) -> tuple[bool, int]:
    """The one that ended before the other was sold, where its start is not known."""
    return offer.sold_until is None, -offer.pk
