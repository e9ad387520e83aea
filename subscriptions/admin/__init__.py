from . import catalogue, importing, orders, renewals, subscriptions

__all__ = ["catalogue", "importing", "orders", "renewals", "subscriptions"]
