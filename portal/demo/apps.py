from django.apps import AppConfig


class DemoConfig(AppConfig):
    """A story of 18 months to look around in; never in production."""

    name = "portal.demo"

    def ready(self) -> None:
        from . import checks  # noqa: F401 -- registers the check
