from . import catalogue, orders, renewals, subscriptions

__all__ = ["catalogue", "orders", "renewals", "subscriptions"]
