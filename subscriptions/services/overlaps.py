"""What the customer has of the same product by another channel: it would pay twice."""

from collections.abc import Iterable

from relationships.models import Customer

from ..enums import SubscriptionStatus
from ..models import Product, ProductAlias, Subscription

IN_USE = {SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED}


def titles_by_name() -> dict[str, str]:
    """The catalogue's title for each name, in lower case, that a product goes by."""
    aliases = ProductAlias.objects.values_list("name", "product__title")
    titles = Product.objects.values_list("title", flat=True)
    return {name.lower(): title for name, title in aliases} | {
        title.lower(): title for title in titles
    }


def overlaps(customer: Customer, products: Iterable[Product]) -> list[Subscription]:
    """Current rows of other channels that go by these products' titles or aliases."""
    chosen = list(products)
    names = {product.title.lower() for product in chosen}
    aliases = ProductAlias.objects.filter(product__in=chosen)
    names |= {name.lower() for name in aliases.values_list("name", flat=True)}
    existing = Subscription.objects.filter(customer=customer).existing().current()
    return [
        row
        for row in existing.filter(status__in=IN_USE)
        if row.product_name.lower() in names
    ]
