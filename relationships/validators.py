from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.utils.translation import gettext_lazy as _

from portal.foundation.posting import NotAllowed, place_of

from .enums import WebhookEvent

validate_country = RegexValidator(
    r"^[A-Z]{2}\Z", _("Give the country as two capital letters, such as DE.")
)
validate_currency = RegexValidator(
    r"^[A-Z]{3}\Z", _("Give the currency as three capital letters, such as EUR.")
)
validate_mpn_id = RegexValidator(r"^[0-9]{4,20}\Z", _("An MPN ID has digits only."))
validate_domain = RegexValidator(
    r"^(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z",
    _("Give a domain such as contoso.example, without https:// and without a path."),
)
validate_web_address = URLValidator(
    schemes=["https", "http"], message=_("Give a web address.")
)


def validate_place(url: str) -> None:
    """Where nothing may be sent. What its name leads to is seen at each delivery."""
    try:
        place_of(url)
    except NotAllowed as error:
        raise ValidationError(str(error), code="webhook_address") from None


def validate_events(events: Any) -> None:
    chosen = [name for name in WebhookEvent.values if name != WebhookEvent.TEST]
    if not isinstance(events, list) or not events or not set(events) <= set(chosen):
        raise ValidationError(_("Choose at least one event."), code="webhook_events")
