"""Who may do what: the one table. `Actor.may` and `Actor.may_see` read it.

A letter in a row grants the action to that role, within the actor's own partner or
tenant. The roles and what they stand for: the README's section on roles.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from .enums import StaffRole, TenantRole

OPERATOR = "operator"
CLOCK = "clock"
VISITOR = "visitor"  # whoever opens a public page without having signed in


class Action(models.TextChoices):
    VIEW_CUSTOMERS = "view_customers"
    VIEW_SUBSCRIPTIONS = "view_subscriptions"
    VIEW_ORDERS = "view_orders"
    VIEW_CATALOGUE = "view_catalogue"
    VIEW_INVITATIONS = "view_invitations"
    VIEW_ACTIVITY = "view_activity"
    VIEW_REPORTS = "view_reports"
    VIEW_STAFF = "view_staff"
    VIEW_TENANT_PEOPLE = "view_tenant_people"
    INVITE = "invite"
    RENEW_PARTNER_LINK = "renew_partner_link"
    EDIT_TEMPLATE = "edit_template"
    HANDLE_CASES = "handle_cases"
    ADD_CUSTOMER = "add_customer"
    ATTEST_AGREEMENT = "attest_agreement"
    CORRECT_CUSTOMER = "correct_customer"
    ORDER = "order"
    CHANGE_SUBSCRIPTION = "change_subscription"
    RENAME_SUBSCRIPTION = "rename_subscription"
    END_RELATIONSHIP = "end_relationship"
    DECIDE_APPROVAL = "decide_approval"
    ASK_TO_END = "ask_to_end"
    ANSWER_INVITATION = "answer_invitation"
    OPEN_INVITATION = "open_invitation"
    SIGN_IN_TO_INVITATION = "sign_in_to_invitation"
    RECORD_OBSERVATION = "record_observation"
    RETRACT_OBSERVATION = "retract_observation"
    VERIFY_EXISTING = "verify_existing"
    CORRECT_STATEMENTS = "correct_statements"
    MANAGE_PARTNERS = "manage_partners"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_CATALOGUE = "manage_catalogue"
    NAME_PRODUCT = "name_product"
    MANAGE_JOBS = "manage_jobs"
    VIEW_WEBHOOKS = "view_webhooks"
    MANAGE_WEBHOOKS = "manage_webhooks"
    MOVE_BY_TIME = "move_by_time"


class Column(models.TextChoices):
    """Groups of columns that not every role sees."""

    REVENUE = "revenue"
    PERSONAL_DATA = "personal_data"


LETTERS = {
    "A": StaffRole.ADMIN_AGENT,
    "S": StaffRole.SALES_AGENT,
    "H": StaffRole.HELPDESK_AGENT,
    "E": StaffRole.EXECUTIVE_REPORT_VIEWER,
    "R": StaffRole.REPORT_VIEWER,
    "g": TenantRole.GLOBAL_ADMINISTRATOR,
    "b": TenantRole.BILLING_ADMINISTRATOR,
    "u": TenantRole.USER,
    "O": OPERATOR,
    "C": CLOCK,
    "v": VISITOR,
}

GRANTS: dict[str, str] = {
    # action                      staff  tenant  operator, clock, visitor
    Action.VIEW_CUSTOMERS: "      ASHER  gbu     O",
    Action.VIEW_SUBSCRIPTIONS: "  ASHER  gbu     O",
    Action.VIEW_ORDERS: "         ASHE   gb      O",
    Action.VIEW_CATALOGUE: "      ASHER          O",
    Action.VIEW_INVITATIONS: "    ASHE           O",
    Action.VIEW_ACTIVITY: "       ASHE   gb      O",
    Action.VIEW_REPORTS: "        ASHER          O",
    Action.VIEW_STAFF: "          A              O",
    Action.VIEW_TENANT_PEOPLE: "                 O",
    Action.INVITE: "              AS              ",
    Action.RENEW_PARTNER_LINK: "  AS              ",
    Action.EDIT_TEMPLATE: "       A               ",
    Action.HANDLE_CASES: "        AS              ",
    Action.ADD_CUSTOMER: "        AS              ",
    Action.ATTEST_AGREEMENT: "    AS              ",
    Action.CORRECT_CUSTOMER: "    ASH            O",
    Action.ORDER: "               AS              ",
    Action.CHANGE_SUBSCRIPTION: " AS              ",
    Action.RENAME_SUBSCRIPTION: " ASH             ",
    Action.END_RELATIONSHIP: "    A               ",
    Action.DECIDE_APPROVAL: "     AS              ",
    Action.ASK_TO_END: "                 gb       ",
    Action.ANSWER_INVITATION: "          gb       ",  # and ACCEPTING_ROLES
    Action.OPEN_INVITATION: "     ASHER  gbu     O  v",
    Action.SIGN_IN_TO_INVITATION: "      gbu      ",
    Action.RECORD_OBSERVATION: "         gb      O",
    Action.RETRACT_OBSERVATION: "                O",
    Action.VERIFY_EXISTING: "     ASH            O",
    Action.CORRECT_STATEMENTS: "                 O",
    Action.MANAGE_PARTNERS: "                    O",
    Action.MANAGE_PEOPLE: "                      O",
    Action.MANAGE_CATALOGUE: "                   O",
    Action.NAME_PRODUCT: "        AS             O",
    Action.MANAGE_JOBS: "                        O",
    Action.VIEW_WEBHOOKS: "       A              O",
    Action.MANAGE_WEBHOOKS: "     A               ",
    Action.MOVE_BY_TIME: "                       C",
}

COLUMNS: dict[str, str] = {
    # column                      staff  tenant  operator, clock, visitor
    Column.REVENUE: "             AS E   gb      O",
    Column.PERSONAL_DATA: "       ASHE   gbu     O",
}


def _roles(letters: str) -> frozenset[str]:
    return frozenset(str(LETTERS[letter]) for letter in letters if letter != " ")


ROLES_OF_ACTION = {action: _roles(letters) for action, letters in GRANTS.items()}
ROLES_OF_COLUMN = {column: _roles(letters) for column, letters in COLUMNS.items()}


def role_label(role: str) -> str:
    """What people call a role."""
    for choices in (StaffRole, TenantRole):
        if role in choices.values:
            return str(choices(role).label)
    others = {
        OPERATOR: _("Operator"),
        CLOCK: _("By time"),
        VISITOR: _("Not signed in"),
    }
    return others.get(role, role)


def is_granted(role: str, action: str) -> bool:
    """Whether the table gives `action` to `role`; `ACCEPTING_ROLES` may narrow it."""
    if action == Action.ANSWER_INVITATION and role not in settings.ACCEPTING_ROLES:
        return False
    return role in ROLES_OF_ACTION[action]


def is_visible(role: str, column: str) -> bool:
    return role in ROLES_OF_COLUMN[column]


def accepting_roles() -> list[str]:
    """Names of the tenant roles that may answer an invitation here, in table order."""
    return [
        str(role.label)
        for role in TenantRole
        if is_granted(role, Action.ANSWER_INVITATION)
    ]
