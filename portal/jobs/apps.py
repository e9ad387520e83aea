from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """Background work: jobs, the workers that do them, and what is due when."""

    name = "portal.jobs"
    label = "jobs"

    def ready(self) -> None:
        autodiscover_modules("jobs")  # what is scheduled has to be known
