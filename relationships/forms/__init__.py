"""One small form per step; `clean_*` checks the shape of input only."""

from .asking import MessageForm, RequestForm, RequestKeyField
from .lists import BatchForm
from .reasons import EndForm, ReasonForm
from .records import PartnerCorrectionForm, PartnerForm, PersonForm, WebhookForm

__all__ = [
    "BatchForm",
    "EndForm",
    "MessageForm",
    "PartnerCorrectionForm",
    "PartnerForm",
    "PersonForm",
    "ReasonForm",
    "RequestForm",
    "RequestKeyField",
    "WebhookForm",
]
