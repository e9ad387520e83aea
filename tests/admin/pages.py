"""Every page of the back office, in lists that the tests walk through.

`test_pages` fails when the site has a page that is in none of them.
"""

from itertools import product
from typing import Any

from django.contrib import admin
from django.urls import reverse

from portal.foundation.exports import RESPONSES
from portal.reports.all import REPORTS
from relationships.roles import Action

# Model: the right to see it.
VIEW = {
    "user": Action.MANAGE_PEOPLE,
    "signin": Action.MANAGE_PEOPLE,
    "throttle": Action.MANAGE_PEOPLE,
    "partner": Action.MANAGE_PARTNERS,
    "countrymarket": Action.MANAGE_PARTNERS,
    "job": Action.MANAGE_JOBS,
    "staffmembership": Action.VIEW_STAFF,
    "tenantmembership": Action.VIEW_TENANT_PEOPLE,
    "customer": Action.VIEW_CUSTOMERS,
    "resellerrelationship": Action.VIEW_CUSTOMERS,
    "invitation": Action.VIEW_INVITATIONS,
    "outgoingemail": Action.VIEW_INVITATIONS,
    "case": Action.VIEW_INVITATIONS,
    "invitationbatch": Action.VIEW_INVITATIONS,
    "approval": Action.VIEW_ACTIVITY,
    "webhookendpoint": Action.VIEW_WEBHOOKS,
    "webhookdelivery": Action.VIEW_WEBHOOKS,
    "activityrecord": Action.VIEW_ACTIVITY,
    "product": Action.VIEW_CATALOGUE,
    "productalias": Action.VIEW_CATALOGUE,
    "offer": Action.VIEW_CATALOGUE,
    "order": Action.VIEW_ORDERS,
    "renewaldecision": Action.VIEW_SUBSCRIPTIONS,
    "cspsubscription": Action.VIEW_SUBSCRIPTIONS,
    "existingsubscription": Action.VIEW_SUBSCRIPTIONS,
    "import": Action.RECORD_OBSERVATION,
    "porcase": Action.RETRACT_OBSERVATION,
}
# Rows of these belong to nobody: every partner's staff sees the same catalogue.
EVERYBODYS = {"product", "productalias", "offer", "countrymarket"}

# Model and page: the right that its buttons take. GET confirms, POST acts.
TRANSITIONS = {
    ("invitation", "withdraw"): Action.INVITE,
    ("invitation", "remind"): Action.INVITE,
    ("invitation", "renew"): Action.INVITE,
    ("invitationbatch", "links"): Action.VIEW_INVITATIONS,
    ("invitationbatch", "go-on"): Action.INVITE,
    ("case", "close"): Action.HANDLE_CASES,
    ("user", "anonymise"): Action.MANAGE_PEOPLE,
    ("user", "lift-lock"): Action.MANAGE_PEOPLE,
    ("user", "sign-out-everywhere"): Action.MANAGE_PEOPLE,
    ("user", "remove-second-factor"): Action.MANAGE_PEOPLE,
    ("throttle", "lift"): Action.MANAGE_PEOPLE,
    ("job", "run-again"): Action.MANAGE_JOBS,
    ("webhookendpoint", "test"): Action.MANAGE_WEBHOOKS,
    ("webhookendpoint", "renew-secret"): Action.MANAGE_WEBHOOKS,
    ("webhookdelivery", "send-again"): Action.MANAGE_WEBHOOKS,
    ("resellerrelationship", "end"): Action.END_RELATIONSHIP,
    ("approval", "approve"): Action.DECIDE_APPROVAL,
    ("approval", "refuse"): Action.DECIDE_APPROVAL,
    ("approval", "take-back"): Action.DECIDE_APPROVAL,
    ("customer", "order"): Action.ORDER,
    ("customer", "attest"): Action.ATTEST_AGREEMENT,
    ("customer", "verify"): Action.VERIFY_EXISTING,
    ("renewaldecision", "answer"): Action.CHANGE_SUBSCRIPTION,
    ("renewaldecision", "assign"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "seats"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "schedule"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "unschedule"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "renew-on"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "renew-off"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "cancel"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "suspend"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "reactivate"): Action.CHANGE_SUBSCRIPTION,
    ("cspsubscription", "rename"): Action.RENAME_SUBSCRIPTION,
    ("existingsubscription", "retract"): Action.RETRACT_OBSERVATION,
    ("import", "columns"): Action.RECORD_OBSERVATION,
    ("import", "start"): Action.RECORD_OBSERVATION,
    ("import", "refused"): Action.RECORD_OBSERVATION,
    ("import", "retract"): Action.RETRACT_OBSERVATION,
    ("porcase", "record"): Action.RETRACT_OBSERVATION,
    ("porcase", "dismiss"): Action.RETRACT_OBSERVATION,
}
# What a POST to each of them would have to say to have an effect.
ANSWERS: dict[str, dict[str, Any]] = {
    "renew": {"stamp": "1"},
    "renew-secret": {"stamp": "1"},
    "anonymise": {"reason": "Because"},
    "remove-second-factor": {"reason": "Because"},
    "end": {"reason": "Because"},
    "retract": {"reason": "Because"},
    "record": {"reason": "Because"},
    "dismiss": {"reason": "Because"},
    "refuse": {"reason": "Because"},
    "attest": {
        "first_name": "Ada",
        "last_name": "Lindgren",
        "email": "ada@x.example",
        "accepted_on": "2026-01-31",
    },
    "seats": {"quantity": "9", "shown": "5"},
    "schedule": {"quantity": "9", "offer": "1"},
    "answer": {"answer": "end", "note": "Forged"},
    "assign": {"owner": ""},
    "rename": {"friendly_name": "Forged"},
}

OF_ROWS = ("change", "history", "delete")
OF_LISTS = ("changelist", "add")
SITE = {
    "index",
    "request-reseller-relationship",
    "request-reseller-relationship-made",
    "request-reseller-relationship-many",
    "partner-link-renew",
    "partner-link-stop",
    "search",
    "notices",
    "reports",
    "report",
    "report-export",
    "invitation-template",
    "report-by-mail",
    "autocomplete",
    "jsi18n",
}
# Who is not in the back office yet, or leaves it.
DOORS = {"login", "logout", "act-as", "password_change", "password_change_done"}
UNNAMED = {"app_list", None}  # None: a row's address without a page, and the 404


def names_of(row: Any) -> str:
    return f"{row._meta.app_label}_{row._meta.model_name}"


def site_urls() -> list[str]:
    plain = SITE - {"autocomplete", "report", "report-export", "report-by-mail"}
    return [reverse(f"admin:{name}") for name in sorted(plain)] + report_urls()


def report_urls() -> list[str]:
    """Each report, and its files."""
    files = product(REPORTS, RESPONSES)
    return [
        *(reverse("admin:report", args=[slug]) for slug in REPORTS),
        *(reverse("admin:report-export", args=file) for file in files),
    ]


def app_urls() -> list[str]:
    labels = {model._meta.app_label for model in admin.site._registry}
    return [reverse("admin:app_list", args=[label]) for label in sorted(labels)]


def listed_names() -> set[str | None]:
    """The name of every page that is in one of the lists."""
    models = {model._meta.model_name: model for model in admin.site._registry}
    names: set[str | None] = SITE | DOORS | UNNAMED
    for name in VIEW:
        pages = [*OF_ROWS, *OF_LISTS, "export", "export_xlsx"]
        pages += [page for model, page in TRANSITIONS if model == name]
        names |= {f"{names_of(models[name])}_{page}" for page in pages}
    return names


def existing_names() -> set[str | None]:
    """The name of every page that the site has."""
    names: set[str | None] = set()
    for pattern in admin.site.get_urls():
        for page in getattr(pattern, "url_patterns", [pattern]):
            names.add(page.name)
    return names
