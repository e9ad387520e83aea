import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from portal.foundation import clock
from relationships.models import Partner

from ...accounts import PASSWORD, DemoAccount, demo_accounts
from ...companies import MAIN_PARTNER, tenant_id_of
from ...scenario import unfold
from ...timeline import Calendar
from ...world import DemoImpossibleError


class Command(BaseCommand):
    help = (
        "Fills an empty portal with fictional companies and 18 months of history, and "
        "prints whom to sign in as; a second run only prints."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force",
            action="store_true",
            help="also outside DEBUG; then nobody gets the published password",
        )

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        if not (settings.DEBUG or force):
            raise CommandError("Demo data is for DEBUG=on only (or --force).")
        if not _is_seeded():
            self._seed()
        self._print_accounts(demo_accounts())

    def _seed(self) -> None:
        if Partner.objects.exists():
            raise CommandError(
                "This database has partners of its own: demo data goes into an empty "
                "portal."
            )
        self.stdout.write("Writing demo data: 18 months of history ...")
        began = time.monotonic()
        try:
            with _no_mail_leaves(), transaction.atomic():
                unfold(Calendar(clock.now()))
        except DemoImpossibleError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Done in {time.monotonic() - began:.0f} s.")

    def _print_accounts(self, accounts: list[DemoAccount]) -> None:
        if not accounts:
            self.stdout.write(
                "Outside DEBUG no account has a known password: set one with "
                "manage.py changepassword."
            )
            return
        sign_in = settings.PUBLIC_URL + reverse("sign-in")
        self.stdout.write(f"\nSign in at {sign_in} with the password {PASSWORD} as:")
        width = max(len(account.login) for account in accounts)
        for goes_to, group in groupby(accounts, key=lambda account: account.goes_to):
            self.stdout.write(f"\n{goes_to}")
            for account in group:
                self.stdout.write(f"  {account.login:{width}}  {account.who}")


def _is_seeded() -> bool:
    tenant_id = tenant_id_of(MAIN_PARTNER.domain)
    return Partner.objects.filter(tenant_id=tenant_id).exists()


@contextmanager
def _no_mail_leaves() -> Iterator[None]:
    """The story's e-mails count as sent; none is handed to a mail server."""
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = backend
