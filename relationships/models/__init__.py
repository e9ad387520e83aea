from .activity import ActivityRecord
from .approval import Approval
from .batch import BatchRow, InvitationBatch
from .case import Case
from .customer import Customer, CustomerAgreement, TenantMembership
from .email import OutgoingEmail
from .invitation import Invitation, TenantSignIn
from .invitation_template import InvitationTemplate
from .market import CountryMarket
from .notice import Notice, NoticeChoice
from .partner import Partner, StaffMembership
from .relationship import ResellerRelationship
from .webhook import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ActivityRecord",
    "Approval",
    "BatchRow",
    "Case",
    "CountryMarket",
    "Customer",
    "CustomerAgreement",
    "Invitation",
    "InvitationBatch",
    "InvitationTemplate",
    "Notice",
    "NoticeChoice",
    "OutgoingEmail",
    "Partner",
    "ResellerRelationship",
    "StaffMembership",
    "TenantMembership",
    "TenantSignIn",
    "WebhookDelivery",
    "WebhookEndpoint",
]
