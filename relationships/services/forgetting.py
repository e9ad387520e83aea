"""Taking a person's name and address out of what others have written down.

What the database guards stays: the activity log and what was asked for or decided hold
no names of their own, but reasons are in their authors' words.
"""

import re
from collections.abc import Iterable

from django.db.models import Q

from portal.accounts.models import User

from ..enums import AgreementHow
from ..models import BatchRow, Customer, CustomerAgreement, Invitation, OutgoingEmail

NOBODY = "anonymised@portal.invalid"
NO_NAME = "–"  # where a name has to be
TEXTS = ("subject", "body", "reference")


def forget(user: User) -> None:
    """By the person's addresses; to be called while the person still has them."""
    addresses = {address for address in (user.email, user.login) if "@" in address}
    for address in addresses:
        _forget_emails(address)
        _forget_invitations(address, user.full_name)
        _forget_contacts(address)


def _forget_emails(address: str) -> None:
    """Take an address, and what was written to it, out of the outbox.

    Without a text, what waits there is not sent any more.
    """
    OutgoingEmail.objects.filter(recipient__iexact=address).update(
        recipient=NOBODY, subject=NO_NAME, text=""
    )


def _forget_invitations(address: str, name: str) -> None:
    """Its recipient, and both where the text names them; all else was said once."""
    rows = BatchRow.objects.filter(recipient_email__iexact=address)
    words = [address, name, *rows.values_list("name", flat=True)]
    rows.update(recipient_email=NOBODY, name="")
    named = Q(recipient_email__iexact=address) | Q(body__icontains=address)
    for invitation in Invitation.objects.filter(named).select_for_update():
        values = {field: _without(getattr(invitation, field), words) for field in TEXTS}
        if invitation.recipient_email.lower() == address.lower():
            values["recipient_email"] = ""
        Invitation.objects.filter(pk=invitation.pk).update(**values)


def _without(text: str, words: Iterable[str]) -> str:
    for word in filter(None, words):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", NO_NAME, text, flags=re.I)
    return text


def _forget_contacts(address: str) -> None:
    customers = Customer.objects.filter(contact_email__iexact=address)
    customers.update(contact_name="", contact_email="", contact_phone="")
    signed = CustomerAgreement.objects.filter(
        how=AgreementHow.ATTESTED, signer_email__iexact=address
    )
    signed.update(
        signer_first_name=NO_NAME, signer_last_name=NO_NAME, signer_email=NOBODY
    )
