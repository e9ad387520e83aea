"""Who may reach what: the right that every address of the portal takes.

`test_matrix` fails when the URL resolver knows an address that is not in this table.
An audience is a right of `relationships.roles.Action`, or one of the words below.
"""

from django.contrib import admin

from relationships.roles import Action

from ..admin.pages import TRANSITIONS, VIEW

EVERYBODY = "everybody"
SIGNED_IN = "whoever has signed in"
BACK_OFFICE = "staff and operator"
TENANTS = "whoever acts for a tenant"
TENANTS_WITH_LOG = "whoever acts for a tenant and may see its activity"
TENANTS_ASKING = "whoever acts for a tenant and may ask to end a relationship"

ADD = {
    "customer": Action.ADD_CUSTOMER,
    "invitation": Action.INVITE,
    "partner": Action.MANAGE_PARTNERS,
    "countrymarket": Action.MANAGE_PARTNERS,
    "user": Action.MANAGE_PEOPLE,
    "staffmembership": Action.MANAGE_PEOPLE,
    "tenantmembership": Action.MANAGE_PEOPLE,
    "product": Action.MANAGE_CATALOGUE,
    "productalias": Action.NAME_PRODUCT,
    "offer": Action.MANAGE_CATALOGUE,
    "webhookendpoint": Action.MANAGE_WEBHOOKS,
    "import": Action.RECORD_OBSERVATION,
    "existingsubscription": Action.RECORD_OBSERVATION,
}
CHANGE = {
    **ADD,
    "customer": Action.CORRECT_CUSTOMER,
    "productalias": Action.MANAGE_CATALOGUE,
}
del CHANGE["import"]  # its verbs have pages of their own
del CHANGE["existingsubscription"]  # nobody's to change
DELETE = {
    "countrymarket": Action.MANAGE_PARTNERS,
    "staffmembership": Action.MANAGE_PEOPLE,
    "tenantmembership": Action.MANAGE_PEOPLE,
    "productalias": Action.MANAGE_CATALOGUE,
}

# Actions of a list, by model: done to what is ticked, by the same services.
LIST_ACTIONS = {
    ("invitation", "send"): Action.INVITE,
    ("invitation", "withdraw"): Action.INVITE,
    ("invitation", "renew"): Action.INVITE,
    ("job", "again"): Action.MANAGE_JOBS,
    **{(model, "delete_selected"): right for model, right in DELETE.items()},
}
# Pages that are about no row: the audience of GET and POST.
SITE = {
    "admin:index": BACK_OFFICE,
    "admin:app_list": BACK_OFFICE,
    "admin:search": BACK_OFFICE,
    "admin:notices": BACK_OFFICE,
    **dict.fromkeys(
        [f"admin:report{page}" for page in ("s", "", "-export", "-by-mail")],
        Action.VIEW_REPORTS,
    ),
    "admin:invitation-template": Action.EDIT_TEMPLATE,
    "admin:jsi18n": BACK_OFFICE,
    "admin:password_change": BACK_OFFICE,
    "admin:password_change_done": BACK_OFFICE,
    "admin:request-reseller-relationship": Action.INVITE,
    "admin:request-reseller-relationship-made": Action.INVITE,
    "admin:request-reseller-relationship-many": Action.INVITE,
    "admin:partner-link-renew": Action.RENEW_PARTNER_LINK,
    "admin:partner-link-stop": Action.RENEW_PARTNER_LINK,
    "admin:act-as": SIGNED_IN,
    "my": TENANTS,
    "my-act-as": SIGNED_IN,
    "my-notices": TENANTS,
    "my-activity": TENANTS_WITH_LOG,
    "account": SIGNED_IN,
    "account-notices": SIGNED_IN,
    "account-password": SIGNED_IN,
    "account-second-factor": SIGNED_IN,
    "account-recovery-codes": SIGNED_IN,
    "account-remove-second-factor": SIGNED_IN,
    "account-sign-out-everywhere": SIGNED_IN,
    "sign-in-code": EVERYBODY,
    "openid-start": EVERYBODY,
    "openid-tenant": EVERYBODY,
    "openid-callback": EVERYBODY,
    "openid-company": EVERYBODY,
    "openid-linked": SIGNED_IN,
    "openid-link": SIGNED_IN,
    "openid-confirm-link": SIGNED_IN,
    "password-reset": EVERYBODY,
    "password-reset-sent": EVERYBODY,
    "password-reset-done": EVERYBODY,
    "password-reset-confirm": EVERYBODY,
    **dict.fromkeys(
        ("home", "glossary", "sign-in", "sign-out", "set_language", "alive", "ready"),
        EVERYBODY,
    ),
    **dict.fromkeys(("admin:login", "admin:logout"), EVERYBODY),
}

# Pages of a tenant about one relationship of its own: what GET takes, and POST.
RELATIONSHIP = {
    "my-receipt": (TENANTS, ""),
    "my-ask-to-end": (TENANTS, TENANTS_ASKING),
}

# A link's pages: all may open one, and what a POST takes.
LINKS = {
    "invitation": EVERYBODY,
    "invitation-sign-in": EVERYBODY,
    "invitation-ask": EVERYBODY,
    "invitation-existing": Action.ANSWER_INVITATION,  # on the screen that decides
    "invitation-upload": Action.ANSWER_INVITATION,
    "invitation-import": Action.ANSWER_INVITATION,
    "invitation-accept": Action.ANSWER_INVITATION,
    "invitation-decline": Action.ANSWER_INVITATION,
    "partner-link": EVERYBODY,
    "partner-link-sign-in": EVERYBODY,
}


def pages_of_models() -> dict[str, tuple[str, str, str]]:
    """Name of an admin page: the model, the page and the right that it takes."""
    pages = {}
    for model in admin.site._registry:
        name = model._meta.model_name or ""
        rights = {
            "changelist": VIEW[name],
            "export": VIEW[name],
            "export_xlsx": VIEW[name],
            "change": VIEW[name],
            "history": VIEW[name],
            "add": ADD.get(name),
            "delete": DELETE.get(name),
            **{page: right for (of, page), right in TRANSITIONS.items() if of == name},
        }
        for page, right in rights.items():
            label = f"admin:{model._meta.app_label}_{name}_{page}"
            pages[label] = (name, page, right or "")
    return pages


def known_names() -> set[str]:
    return {*SITE, *RELATIONSHIP, *LINKS, *pages_of_models(), "admin:autocomplete"}
