from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """The catalogue and a customer's subscriptions of every channel."""

    name = "subscriptions"

    def ready(self) -> None:
        from . import protection  # noqa: F401 -- registers the guards
        from .services import (
            approving,  # noqa: F401 -- what takes a second person
            ending,  # noqa: F401 -- what time has done before a relationship ends
        )
