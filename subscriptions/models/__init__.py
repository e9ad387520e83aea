from .catalogue import Offer, Product, ProductAlias
from .history import SeatEntry, StatusEntry, SubscriptionTerm
from .importing import (
    Import,
    ImportChunk,
    ImportedObservation,
    ImportRow,
    PorCase,
)
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
    "Import",
    "ImportChunk",
    "ImportRow",
    "ImportedObservation",
    "ObservationRetraction",
    "Offer",
    "Order",
    "OrderLine",
    "PorCase",
    "Product",
    "ProductAlias",
    "ScheduledChange",
    "SeatEntry",
    "StatusEntry",
    "Subscription",
    "SubscriptionTerm",
]
