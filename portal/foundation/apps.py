from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate


class FoundationConfig(AppConfig):
    """Ground floor: guards on tables, the clock, the admin's scoped base. No models."""

    name = "portal.foundation"

    def ready(self) -> None:
        from . import checks, guards  # noqa: F401 -- registers the checks

        # The signals come once per app with models, all of them before (and after) the
        # whole plan: one app stands for all, so that the work is done once.
        once = apps.get_app_config("accounts")
        pre_migrate.connect(guards.before_migrate, sender=once)
        post_migrate.connect(guards.after_migrate, sender=once)
