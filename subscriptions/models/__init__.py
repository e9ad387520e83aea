from .catalogue import Offer, Product, ProductAlias
from .history import SeatEntry, StatusEntry, SubscriptionTerm
from .order import Order, OrderLine
from .scheduled import ScheduledChange
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
    "ScheduledChange",
    "SeatEntry",
    "StatusEntry",
    "Subscription",
    "SubscriptionTerm",
]
