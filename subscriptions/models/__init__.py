from .catalogue import Offer, Product, ProductAlias
from .history import SeatEntry, StatusEntry, SubscriptionTerm
from .order import Order, OrderLine
from .subscription import (
    CspSubscription,
    ExistingSubscription,
    ObservationRetraction,
    Subscription,
)

__all__ = [
    "CspSubscription",
    "ExistingSubscription",
    "ObservationRetraction",
    "Offer",
    "Order",
    "OrderLine",
    "Product",
    "ProductAlias",
    "SeatEntry",
    "StatusEntry",
    "Subscription",
    "SubscriptionTerm",
]
