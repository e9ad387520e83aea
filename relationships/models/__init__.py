from .activity import ActivityRecord
from .approval import Approval
from .case import Case
from .customer import Customer, CustomerAgreement, TenantMembership
from .email import OutgoingEmail
from .invitation import Invitation, TenantSignIn
from .market import CountryMarket
from .partner import Partner, StaffMembership
from .relationship import ResellerRelationship

__all__ = [
    "ActivityRecord",
    "Approval",
    "Case",
    "CountryMarket",
    "Customer",
    "CustomerAgreement",
    "Invitation",
    "OutgoingEmail",
    "Partner",
    "ResellerRelationship",
    "StaffMembership",
    "TenantMembership",
    "TenantSignIn",
]
