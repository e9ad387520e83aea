from django.apps import AppConfig


class RelationshipsConfig(AppConfig):
    """Partners, customers, invitations and the relationships between them."""

    name = "relationships"

    def ready(self) -> None:
        from . import protection  # noqa: F401 -- registers the guards
        from .services import events, mail

        mail.when_lost.append(events.email_lost)
