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
from .renewal import RenewalDecision
from .scheduled import ScheduledChange
from .subscription import (
    CspSubscription,
    ExistingSubscription,
    ObservationRetraction,
    Subscription,
)
from .verification import LastVerification

__all__ = [
    "CspSubscription",
    "ExistingSubscription",
    "Import",
    "ImportChunk",
    "ImportRow",
    "ImportedObservation",
    "LastVerification",
    "ObservationRetraction",
    "Offer",
    "Order",
    "OrderLine",
    "PorCase",
    "Product",
    "ProductAlias",
    "RenewalDecision",
    "ScheduledChange",
    "SeatEntry",
    "StatusEntry",
    "Subscription",
    "SubscriptionTerm",
]
