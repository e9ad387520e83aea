from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """What managers look at, on a page, in a file or by e-mail."""

    name = "portal.reports"

    def ready(self) -> None:
        from relationships.services import mail

        from .by_mail import attach

        mail.attachments.append(attach)
