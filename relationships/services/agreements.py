"""The customer agreement: what the partner attests when it was accepted elsewhere."""

from datetime import UTC, date, datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..actors import Actor
from ..enums import AgreementHow, Operation
from ..models import Customer, CustomerAgreement
from ..roles import Action
from .activity import record
from .locking import lock_customer


@transaction.atomic
def attest_agreement(
    customer: Customer,
    *,
    actor: Actor,
    first_name: str,
    last_name: str,
    email: str,
    accepted_on: date,
) -> CustomerAgreement:
    """Say who accepted it, and when (a UTC day); a second click is the first one.

    ValidationError: `agreement_in_the_future`, or beside the field that is missing.
    """
    customer = lock_customer(customer.pk)
    actor.require(Action.ATTEST_AGREEMENT, customer)
    assert actor.user is not None  # only staff attests
    _refuse_future(accepted_on)
    agreement = CustomerAgreement(
        customer=customer,
        **CustomerAgreement.current_version(),
        accepted_at=datetime.combine(accepted_on, time.min, tzinfo=UTC),
        how=AgreementHow.ATTESTED,
        signer_first_name=first_name.strip(),
        signer_last_name=last_name.strip(),
        signer_email=email.strip(),
        attested_by=actor.user,
        attested_for=actor.partner,
    )
    known = _same(agreement)
    if known is not None:
        return known
    agreement.save()
    record(
        Operation.ATTEST_AGREEMENT,
        agreement,
        actor=actor,
        partner=actor.partner,
        customer=customer,
        new={"version": agreement.version, "accepted_on": str(accepted_on)},
    )
    return agreement


def _refuse_future(day: date) -> None:
    if day > clock.now().astimezone(UTC).date():
        refusal = ValidationError(
            _("The agreement cannot have been accepted in the future."),
            code="agreement_in_the_future",
        )
        raise ValidationError({"accepted_on": refusal})


def _same(agreement: CustomerAgreement) -> CustomerAgreement | None:
    return CustomerAgreement.objects.filter(
        customer=agreement.customer,
        version=agreement.version,
        accepted_at=agreement.accepted_at,
        signer_email=agreement.signer_email,
        attested_for=agreement.attested_for,
    ).first()
