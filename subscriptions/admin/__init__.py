from . import catalogue, orders, subscriptions

__all__ = ["catalogue", "orders", "subscriptions"]
