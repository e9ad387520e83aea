"""One cell of the matrix: a request in a role, and whether the table grants it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal.foundation import clock
from portal.foundation.exports import RESPONSES
from portal.reports.all import REPORTS
from relationships import roles
from relationships.actors import Actor
from relationships.models import Invitation, ResellerRelationship
from relationships.roles import Action
from relationships.services.templates import current_text
from subscriptions.models import Import

from .. import stories
from ..admin.office import Office
from ..admin.pages import ANSWERS, EVERYBODYS
from ..public.visitor import PASSWORD, path_of
from ..subscriptions.importing.support import previewed, table
from .table import (
    BACK_OFFICE,
    CHANGE,
    EVERYBODY,
    LINKS,
    LIST_ACTIONS,
    RELATIONSHIP,
    SIGNED_IN,
    SITE,
    TENANTS,
    TENANTS_ASKING,
    TENANTS_WITH_LOG,
    TRANSITIONS,
    VIEW,
    pages_of_models,
)

# What a POST to a page has to say to have an effect, where `ANSWERS` does not tell.
ACCEPT = {"agreed": "on"}
STATEMENT = {"channel": "direct", "product_name": "Mail", "quantity": "3"}
# What the office's rows do not allow now, or what would take more than these answers:
# the page is there, and nothing follows from it.
WITHOUT_EFFECT = {
    *("remind", "reactivate", "unschedule", "renew-on", "schedule", "order"),
    *("lift-lock", "remove-second-factor", "end", "start", "columns", "refused"),
    *("take-back", "links", "go-on"),
}
# What a POST to a page about no row says, so that it has an effect.
NEW_PASSWORD = "a-much-better-horse"
SITE_POSTS: dict[str, dict[str, Any]] = {
    "account-notices": {"by_email": []},
    "account-password": {
        "password": PASSWORD,
        "new_password1": NEW_PASSWORD,
        "new_password2": NEW_PASSWORD,
    },
    "account-sign-out-everywhere": {"sign_out": ""},
    "admin:report-by-mail": {"every": "week"},
}
# What an address of the site has in it.
ARGUMENTS = {
    "admin:app_list": [["relationships"], ["subscriptions"]],
    "admin:report": [[slug] for slug in REPORTS],
    "admin:report-by-mail": [[slug] for slug in REPORTS],
    "admin:report-export": list(product(REPORTS, RESPONSES)),
    "password-reset-confirm": [["NA", "none-of-ours"]],
}


@dataclass(frozen=True)
class Cell:
    """`has_effect`: whether a granted POST changes a stored row for certain.

    `is_public`: a page for everybody, which may lead on to another one.
    """

    name: str
    url: str
    is_granted: bool
    method: str = "get"
    data: dict[str, Any] = field(default_factory=dict)
    has_effect: bool = False
    is_public: bool = False

    def __str__(self) -> str:
        granted = "granted" if self.is_granted else "refused"
        return f"{self.method} {self.name} {self.url} is {granted}"


def is_granted(actor: Actor | None, audience: str) -> bool:
    if audience == EVERYBODY:
        return True
    if actor is None:
        return False
    words = {
        SIGNED_IN: True,
        BACK_OFFICE: actor.is_staff or actor.is_operator,
        TENANTS: actor.is_tenant,
        TENANTS_WITH_LOG: actor.is_tenant and actor.may(Action.VIEW_ACTIVITY),
        TENANTS_ASKING: actor.is_tenant and actor.may(Action.ASK_TO_END),
    }
    return words[audience] if audience in words else _is_in_office(actor, audience)


def _is_in_office(actor: Actor, action: str) -> bool:
    """The back office opens for nobody else, whatever the right."""
    return (actor.is_staff or actor.is_operator) and roles.is_granted(
        actor.role, action
    )


def of_site(actor: Actor | None) -> Iterator[Cell]:
    """Pages that are about no row."""
    for name, audience in SITE.items():
        granted = is_granted(actor, audience)
        is_public = audience in {EVERYBODY, SIGNED_IN}
        for given in ARGUMENTS.get(name, [[]]):
            url = reverse(name, args=given)
            yield Cell(name, url, granted, is_public=is_public)
            yield from _posts_to_site(actor, name, url, granted)
    granted = is_granted(actor, Action.INVITE)
    url = reverse("admin:request-reseller-relationship")
    in_a_week = (clock.now() + timedelta(days=7)).date()
    data = {"recipients": "new@matrix.example", "expires_on": str(in_a_week)}
    yield Cell("request", url, granted, "post", data, has_effect=True)
    for verb in ("stop", "renew"):
        url = reverse(f"admin:partner-link-{verb}")
        data = {"stamp": "1 False"}
        yield Cell(f"partner link {verb}", url, granted, "post", data, has_effect=True)


def _posts_to_site(
    actor: Actor | None, name: str, url: str, granted: bool
) -> Iterator[Cell]:
    """To each page that is not everybody's; with effect where it is granted."""
    if name == "admin:invitation-template":
        data = _template_of(actor)
    else:
        data = SITE_POSTS.get(name, {})
    if SITE[name] != EVERYBODY and not granted:
        yield Cell(name, url, False, "post", data or {"name": "x"})
    elif data:
        yield Cell(name, url, granted, "post", data, has_effect=granted)


def _template_of(actor: Actor | None) -> dict[str, str]:
    if actor is None or actor.partner is None:
        return {"subject": "x", "body": "x", "save": ""}
    subject, body = current_text(actor.partner, "en")
    return {"subject": f"{subject}!", "body": body, "save": ""}


def of_rows(actor: Actor | None, office: Office, *, is_own: bool) -> Iterator[Cell]:
    """Every page of the back office about one of these rows, or a list of them."""
    for name, (model, page, right) in pages_of_models().items():
        granted = bool(right) and is_granted(actor, right)
        if page in {"changelist", "export", "export_xlsx", "add"}:
            if is_own:
                yield Cell(name, reverse(name), granted)
                if not granted:
                    yield Cell(name, reverse(name), False, "post", {"name": "x"})
            continue
        row = office.rows[model]
        granted = granted and _reaches(actor, model, is_own=is_own)
        if page == "history":
            granted = granted and is_granted(actor, Action.VIEW_ACTIVITY)
        url = reverse(name, args=[row.pk])
        yield Cell(name, url, granted)
        yield from _posts(actor, name, url, granted, model, page)


def _posts(
    actor: Actor | None, name: str, url: str, granted: bool, model: str, page: str
) -> Iterator[Cell]:
    if (model, page) in TRANSITIONS:
        data = ANSWERS.get(page, {})
        has_effect = granted and page not in WITHOUT_EFFECT
        yield Cell(name, url, granted, "post", data, has_effect)
    elif page == "delete":
        yield Cell(name, url, granted, "post", {"post": "yes"}, has_effect=granted)
    elif page == "change":
        right = CHANGE.get(model)
        may = granted and right is not None and is_granted(actor, right)
        yield Cell(name, url, may, "post", {"_save": "Save"})


def _reaches(actor: Actor | None, model: str, *, is_own: bool) -> bool:
    """Whose rows they are decides; the operator's are all."""
    return is_own or model in EVERYBODYS or bool(actor and actor.is_operator)


def of_actions(actor: Actor | None, office: Office, *, is_own: bool) -> Iterator[Cell]:
    """Each action of each list, with a row ticked."""
    for (model, action), right in LIST_ACTIONS.items():
        row = office.rows[model]
        granted = is_granted(actor, right) and _reaches(actor, model, is_own=is_own)
        url = reverse(f"admin:{row._meta.app_label}_{model}_changelist")
        data = {"action": action, "_selected_action": [row.pk], "post": "yes"}
        has_effect = granted and action not in {"send"}  # it was sent already
        name = f"{model}: {action}"
        yield Cell(name, url, granted, "post", data, has_effect)


def of_autocomplete(actor: Actor | None) -> Iterator[Cell]:
    """Each foreign key of each model: whoever may see the other model's list."""
    for model in admin.site._registry:
        for column in model._meta.fields:
            other = column.related_model
            if not isinstance(other, type):
                continue
            right = VIEW.get(other._meta.model_name or "")
            label = model._meta.model_name
            query = f"?app_label={model._meta.app_label}&model_name={label}"
            url = f"{reverse('admin:autocomplete')}{query}&field_name={column.name}"
            granted = right is not None and is_granted(actor, right)
            yield Cell(f"autocomplete {label}.{column.name}", url, granted)


def of_relationship(
    actor: Actor | None, relationship: ResellerRelationship, *, is_own: bool
) -> Iterator[Cell]:
    """A tenant's pages about one relationship."""
    for name, (to_get, to_post) in RELATIONSHIP.items():
        url = reverse(name, args=[relationship.pk])
        yield Cell(name, url, is_own and is_granted(actor, to_get))
        if to_post:
            granted = is_own and is_granted(actor, to_post)
            yield Cell(name, url, granted, "post", {"message": "x"}, granted)


def of_links(
    actor: Actor | None, invitation: Invitation, *, is_own: bool
) -> Iterator[Cell]:
    """An open invitation that a tenant has signed in to, and the pages of its link."""
    token = path_of(invitation).split("/")[2]
    partner = path_of(invitation.partner).split("/")[2]
    for name, audience in LINKS.items():
        given = [partner if name.startswith("partner") else token]
        if name == "invitation-import":
            given.append(str(_own_file(invitation).pk))
        url = reverse(name, args=given)
        yield Cell(name, url, True, is_public=True)
        if audience != EVERYBODY:
            right = bool(actor and is_own and roles.is_granted(actor.role, audience))
            granted = right and bool(actor and actor.is_tenant)
            data = _posted(name)
            yield Cell(name, url, granted, "post", data, has_effect=granted)


def _own_file(invitation: Invitation) -> Import:
    """Of the tenant that has signed in, ready to be recorded."""
    file = table("Mail,3", header="Product,Seats")
    return previewed(stories.tenant(invitation.customer), file)


def _posted(name: str) -> dict[str, Any]:
    """What has an effect, for whom it is granted."""
    file = SimpleUploadedFile("list.csv", b"Product,Seats\nMail,3\n")
    data = {
        "invitation-existing": STATEMENT,
        "invitation-upload": {"channel": "direct", "file": file},
        "invitation-import": {"record": ""},
    }
    return data.get(name, ACCEPT)
