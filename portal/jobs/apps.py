from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from portal.foundation import health


class JobsConfig(AppConfig):
    """Background work: jobs, the workers that do them, and what is due when."""

    name = "portal.jobs"
    label = "jobs"

    def ready(self) -> None:
        from .health import warnings

        health.register(warnings)
        autodiscover_modules("jobs")  # what is scheduled has to be known
