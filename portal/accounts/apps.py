from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People who sign in. What they may do is decided by `relationships.actors`."""

    name = "portal.accounts"
    label = "accounts"

    def ready(self) -> None:
        from . import protection  # noqa: F401 -- registers the guards
