"""Choices and the state machine of an invitation, as data."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffRole(models.TextChoices):
    ADMIN_AGENT = "admin_agent", _("Admin agent")
    SALES_AGENT = "sales_agent", _("Sales agent")
    HELPDESK_AGENT = "helpdesk_agent", _("Helpdesk agent")
    EXECUTIVE_REPORT_VIEWER = "executive_report_viewer", _("Executive report viewer")
    REPORT_VIEWER = "report_viewer", _("Report viewer")


class TenantRole(models.TextChoices):
    GLOBAL_ADMINISTRATOR = "global_administrator", _("Global administrator")
    BILLING_ADMINISTRATOR = "billing_administrator", _("Billing administrator")
    USER = "user", _("User")


class CustomerOrigin(models.TextChoices):
    EXISTING_TENANT = "existing_tenant", _("Had a tenant already")
    PROVISIONED = "provisioned", _("Provisioned by the partner")


class RelationshipOrigin(models.TextChoices):
    INVITATION = "invitation", _("Accepted invitation")
    PROVISIONED = "provisioned", _("Provisioned by the partner")


class AgreementHow(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted by the customer")
    ATTESTED = "attested", _("Attested by the partner")


class SignInHow(models.TextChoices):
    LOCAL_ACCOUNT = "local_account", _("local account")
    OPENID_CONNECT = "openid_connect", _("Microsoft Entra ID")


class SentHow(models.TextChoices):
    BY_HAND = "by_hand", _("sent by hand")
    PORTAL = "portal", _("sent by the portal")
    INFERRED = "inferred", _("inferred: the link was opened")


class CaseKind(models.TextChoices):
    NEW_LINK = "new_link", _("Asks for a new link")
    ONE_TRANSACTING_PARTNER = (
        "one_transacting_partner",
        _("Already has a CSP transacting partner"),
    )
    REGION = "region", _("In another market")
    END_RELATIONSHIP = "end_relationship", _("Asks to end the relationship")


class ApprovalVerb(models.TextChoices):
    """What cannot be undone, and takes a second person where a partner wants one."""

    CANCEL = "cancel", _("Cancel a subscription")
    TAKE_SEATS = "take_seats", _("Take seats away")
    END_RELATIONSHIP = "end_relationship", _("End a relationship")


class ApprovalOutcome(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")


class EmailStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    RETRYING = "retrying", _("Not taken yet, will be tried again")
    REFUSED = "refused", _("Refused")
    GIVEN_UP = "given_up", _("Given up")
    UNCERTAIN = "uncertain", _("May have been sent")
    NOT_SENT = "not_sent", _("Not sent: it was not wanted any more")


# What a person has to look after; what is on its way looks after itself.
LOST_EMAILS = (EmailStatus.REFUSED, EmailStatus.GIVEN_UP, EmailStatus.UNCERTAIN)
# What is on its way by itself. From the others only a person sets it off again.
WAITING_EMAILS = (EmailStatus.QUEUED, EmailStatus.RETRYING)


class NoticeKind(models.TextChoices):
    """What people are told of. The value names the e-mail's templates too."""

    ACCEPTED = "accepted", _("Invitation accepted")
    DECLINED = "declined", _("Invitation declined")
    NEW_LINK = "new_link", _("A customer asks for a new link")
    ASKED_TO_END = "asked_to_end", _("A customer asks to end the relationship")
    APPROVAL_ASKED = "approval_asked", _("Your approval is asked for")
    APPROVAL_DECIDED = "approval_decided", _("What you asked for was decided")
    MEMBERSHIP_EXPIRES = "membership_expires", _("A membership is about to expire")
    IMPORT_FINISHED = "import_finished", _("Import finished")
    EMAIL_LOST = "email_lost", _("An e-mail did not arrive")
    WEBHOOK_FAILED = "webhook_failed", _("A webhook was switched off or gave up")
    RENEWALS_DUE = "renewals_due", _("Renewals to decide")
    ORDER_CONFIRMED = "order_confirmed", _("Order confirmed")
    SEATS_CHANGED = "seats_changed", _("Seats changed")
    STATUS_CHANGED = (
        "status_changed",
        _("Subscription suspended, cancelled or active again"),
    )
    RECEIPT = "receipt", _("Receipt of an acceptance")
    ENDED = "ended", _("Relationship ended")


_OF_BOTH = (
    NoticeKind.ORDER_CONFIRMED,
    NoticeKind.SEATS_CHANGED,
    NoticeKind.STATUS_CHANGED,
)
TENANT_NOTICES = (NoticeKind.RECEIPT, NoticeKind.ENDED, *_OF_BOTH)
STAFF_NOTICES = tuple(
    kind for kind in NoticeKind if kind not in TENANT_NOTICES or kind in _OF_BOTH
)
# What the mail server has, or may have.
TAKEN_EMAILS = (EmailStatus.SENT, EmailStatus.UNCERTAIN)


class WebhookEvent(models.TextChoices):
    """Names as the reference system has them, where it has the event."""

    TEST = "test-created", _("Test")
    ACCEPTED_BY_CUSTOMER = (
        "reseller-relationship-accepted-by-customer",
        _("Relationship accepted by the customer"),
    )
    RELATIONSHIP_ENDED = "reseller-relationship-ended", _("Relationship ended")
    INVITATION_ACCEPTED = "invitation-accepted", _("Invitation accepted")
    INVITATION_DECLINED = "invitation-declined", _("Invitation declined")
    SUBSCRIPTION_UPDATED = "subscription-updated", _("Subscription updated")


class LineMark(models.TextChoices):
    """What a line of a list of recipients is, before anything is created."""

    GOOD = "good", _("Will be invited")
    BAD = "bad", _("Cannot be read")
    DOUBLE = "double", _("Twice in the list")
    INVITED = "invited", _("Invited already")
    LINKED = "linked", _("Your customer already")


class DeliveryState(models.TextChoices):
    """Of a webhook."""

    QUEUED = "queued", _("Queued")
    DELIVERED = "delivered", _("Delivered")
    RETRYING = "retrying", _("Not taken yet, will be tried again")
    GIVEN_UP = "given_up", _("Given up")


class InvitationStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Sent")
    OPENED = "opened", _("Opened")
    SIGNED_IN = "signed_in", _("Signed in")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN_STATUSES = (
    InvitationStatus.DRAFT,
    InvitationStatus.SENT,
    InvitationStatus.OPENED,
    InvitationStatus.SIGNED_IN,
)
ANSWERED_STATUSES = (InvitationStatus.ACCEPTED, InvitationStatus.DECLINED)


class InvitationVerb(models.TextChoices):
    """What can happen to an invitation, and the words on its buttons."""

    SEND = "send", _("Send")
    OPEN = "open", _("Open")
    SIGN_IN = "sign_in", _("Sign in")
    ACCEPT = "accept", _("Accept")
    DECLINE = "decline", _("Decline")
    WITHDRAW = "withdraw", _("Withdraw")
    RENEW = "renew", _("Renew the link")
    EXPIRE = "expire", _("Expire")


_STATUS = InvitationStatus
_VERB = InvitationVerb

# Status before -> verb -> status after. What is not here is not allowed.
INVITATION_TRANSITIONS: dict[str, dict[str, str]] = {
    _STATUS.DRAFT: {
        _VERB.SEND: _STATUS.SENT,
        _VERB.OPEN: _STATUS.OPENED,
        _VERB.WITHDRAW: _STATUS.WITHDRAWN,
        _VERB.RENEW: _STATUS.DRAFT,
        _VERB.EXPIRE: _STATUS.EXPIRED,
    },
    _STATUS.SENT: {
        _VERB.SEND: _STATUS.SENT,
        _VERB.OPEN: _STATUS.OPENED,
        _VERB.WITHDRAW: _STATUS.WITHDRAWN,
        _VERB.RENEW: _STATUS.DRAFT,
        _VERB.EXPIRE: _STATUS.EXPIRED,
    },
    _STATUS.OPENED: {
        _VERB.SEND: _STATUS.OPENED,
        _VERB.OPEN: _STATUS.OPENED,
        _VERB.SIGN_IN: _STATUS.SIGNED_IN,
        _VERB.WITHDRAW: _STATUS.WITHDRAWN,
        _VERB.RENEW: _STATUS.DRAFT,
        _VERB.EXPIRE: _STATUS.EXPIRED,
    },
    _STATUS.SIGNED_IN: {
        _VERB.SEND: _STATUS.SIGNED_IN,
        _VERB.OPEN: _STATUS.SIGNED_IN,
        _VERB.SIGN_IN: _STATUS.SIGNED_IN,
        _VERB.ACCEPT: _STATUS.ACCEPTED,
        _VERB.DECLINE: _STATUS.DECLINED,
        _VERB.WITHDRAW: _STATUS.WITHDRAWN,
        _VERB.RENEW: _STATUS.DRAFT,
        _VERB.EXPIRE: _STATUS.EXPIRED,
    },
    _STATUS.EXPIRED: {_VERB.RENEW: _STATUS.DRAFT},
    _STATUS.WITHDRAWN: {_VERB.RENEW: _STATUS.DRAFT},
    _STATUS.ACCEPTED: {},
    _STATUS.DECLINED: {},
}


class Operation(models.TextChoices):
    """What the activity log tells of."""

    ADD_RECORD = "add_record", _("Record added")
    CHANGE_RECORD = "change_record", _("Record changed")
    DELETE_RECORD = "delete_record", _("Record deleted")
    CREATE_INVITATION = "create_invitation", _("Invitation created")
    EDIT_INVITATION = "edit_invitation", _("Invitation text changed")
    SEND_INVITATION = "send_invitation", _("Invitation sent")
    OPEN_INVITATION = "open_invitation", _("Link opened (possibly by a scanner)")
    SIGN_IN_TO_INVITATION = "sign_in_to_invitation", _("Signed in to the tenant")
    ACCEPT_INVITATION = "accept_invitation", _("Invitation accepted")
    DECLINE_INVITATION = "decline_invitation", _("Invitation declined")
    WITHDRAW_INVITATION = "withdraw_invitation", _("Invitation withdrawn")
    RENEW_INVITATION = "renew_invitation", _("Link renewed")
    REMIND = "remind_of_invitation", _("Reminder sent")
    EXPIRE_INVITATION = "expire_invitation", _("Invitation expired")
    EDIT_TEMPLATE = "edit_invitation_template", _("Template of invitations changed")
    RENEW_PARTNER_LINK = "renew_partner_link", _("Partner link renewed")
    STOP_PARTNER_LINK = "stop_partner_link", _("Partner link stopped")
    OPEN_CASE = "open_case", _("Case opened")
    CLOSE_CASE = "close_case", _("Case closed")
    ADD_CUSTOMER = "add_customer", _("Customer added")
    CORRECT_CUSTOMER = "correct_customer", _("Customer corrected")
    CORRECT_PARTNER = "correct_partner", _("Partner corrected")
    ESTABLISH_RELATIONSHIP = "extend_relationship", _("Relationship established")
    END_RELATIONSHIP = (
        "remove_partner_customer_relationship",
        _("Relationship ended"),
    )
    ASK_TO_END = "ask_to_end_relationship", _("Customer asked to end the relationship")
    ATTEST_AGREEMENT = "attest_agreement", _("Customer agreement attested")
    STATE_COMPANY = "state_company", _("Company stated by the customer")
    VERIFY_DOMAIN = "verify_domain", _("Domain verified")
    CHANGE_TENANT_ROLE = "change_tenant_role", _("Directory role changed")
    ADD_SECOND_FACTOR = "add_second_factor", _("Second factor set up")
    REMOVE_SECOND_FACTOR = "remove_second_factor", _("Second factor removed")
    RESET_PASSWORD = "reset_password", _("Password set anew")
    LIFT_LOCK = "lift_lock", _("Lock after wrong guesses lifted")
    SIGN_OUT_EVERYWHERE = "sign_out_everywhere", _("Signed out everywhere")
    ANONYMISE_PERSON = "anonymise_person", _("Person anonymised")
    ASK_FOR_APPROVAL = "ask_for_approval", _("Approval asked for")
    APPROVE = "approve", _("Approved by a second person")
    REFUSE_APPROVAL = "refuse_approval", _("Approval refused")
    WITHDRAW_APPROVAL = "withdraw_approval", _("Request for approval withdrawn")
    CREATE_ORDER = "create_order", _("Order placed")
    CHANGE_SEATS = "change_seats", _("Seats changed")
    SUSPEND = "suspend_subscription", _("Subscription suspended")
    REACTIVATE = "reactivate_subscription", _("Subscription reactivated")
    CANCEL = "cancel_subscription", _("Subscription cancelled")
    SET_AUTO_RENEW = "set_auto_renew", _("Auto-renew switched")
    SCHEDULE_CHANGE = "schedule_change", _("Change scheduled for renewal")
    DROP_SCHEDULED_CHANGE = "drop_scheduled_change", _("Scheduled change dropped")
    RENAME = "rename_subscription", _("Friendly name changed")
    ANSWER_RENEWAL = "answer_renewal", _("Renewal decided")
    ASSIGN_RENEWAL = "assign_renewal", _("Renewal given to somebody")
    REOPEN_RENEWAL = "reopen_renewal", _("Renewal to decide anew")
    RENEW_SUBSCRIPTION = "renew_subscription", _("Subscription renewed")
    MOVE_SUBSCRIPTION = "move_subscription", _("Subscription moved on by time")
    RECORD_OBSERVATION = "record_observation", _("Existing subscription recorded")
    RETRACT_OBSERVATION = "retract_observation", _("Recorded subscription retracted")
    IMPORT_OBSERVATIONS = "import_subscriptions", _("Existing subscriptions imported")
    VERIFY_EXISTING = "verify_existing", _("Existing subscriptions verified")
    EXPORT = "export", _("List exported")
    ORDER_REPORT = "order_report", _("Report by e-mail ordered")
    STOP_REPORT = "stop_report", _("Report by e-mail stopped")
    RUN_JOB_AGAIN = "run_job_again", _("Background job run again")
    ADD_WEBHOOK = "add_webhook", _("Webhook added")
    CHANGE_WEBHOOK = "change_webhook", _("Webhook changed")
    RENEW_WEBHOOK_SECRET = "renew_webhook_secret", _("Webhook's secret renewed")
    STOP_WEBHOOK = "stop_webhook", _("Webhook switched off: its server is gone")
    TEST_WEBHOOK = "test_webhook", _("Test sent to a webhook")
    RESEND_WEBHOOK = "resend_webhook", _("Webhook sent again")
    CREATE_BATCH = "create_invitation_batch", _("Invitations of a list created")


# How a partner comes to a decision: its own matter until something is done.
INTERNAL_OPERATIONS = (
    Operation.ASK_FOR_APPROVAL,
    Operation.APPROVE,
    Operation.REFUSE_APPROVAL,
    Operation.WITHDRAW_APPROVAL,
    Operation.ANSWER_RENEWAL,
    Operation.ASSIGN_RENEWAL,
    Operation.REOPEN_RENEWAL,
)
