"""Every address, action and look-up, in every role: exactly as the table grants."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client

from relationships.enums import StaffRole, TenantRole
from relationships.models import Invitation
from relationships.services.invitations import sign_in_to_invitation

from .. import stories
from ..admin.office import Office, desk, everything, open_office
from ..browser_tests.addresses import named_pages
from . import cells
from .cells import Cell
from .table import LIST_ACTIONS, known_names

pytestmark = pytest.mark.django_db

VISITOR = "visitor"
ROLES = [*StaffRole.values, "operator", *TenantRole.values, VISITOR]
# Where somebody is sent who may not see a page.
DOORS = ("/sign-in/", "/admin/login/", "/admin/act-as/", "/my/act-as/")


@pytest.fixture
def office() -> Office:
    return open_office("Zebrano")


@pytest.fixture
def other() -> Office:
    return open_office("Quillon")


@pytest.fixture
def invited() -> Any:
    return stories.tenant()


@pytest.fixture
def invitation(office: Office, invited: Any) -> Invitation:
    """Open, for one tenant alone, which has signed in to it."""
    domain = invited.customer.primary_domain
    return stories.signed_in_invitation(office.staff, invited, customer_domain=domain)


def actor_of(role: str, office: Office, invited: Any) -> Any:
    if role == "operator":
        return stories.operator()
    if role in TenantRole.values:
        return stories.tenant(invited.customer, role)
    return None if role == VISITOR else office.actor(role)


@pytest.mark.parametrize("role", ROLES)
def test_matrix_grants_exactly_what_the_table_says(
    role, office, other, invited, invitation
):
    actor = actor_of(role, office, invited)
    if actor and actor.is_tenant:
        sign_in_to_invitation(invitation, actor=actor)
    stranger = stories.signed_in_invitation(other.staff, other.tenant)
    table = [
        *cells.of_site(actor),
        *cells.of_rows(actor, office, is_own=True),
        *cells.of_rows(actor, other, is_own=False),
        *cells.of_actions(actor, office, is_own=True),
        *cells.of_actions(actor, other, is_own=False),
        *cells.of_autocomplete(actor),
        *cells.of_links(actor, invitation, is_own=True),
        *cells.of_links(actor, stranger, is_own=False),
    ]
    check(actor, table)


@pytest.mark.parametrize("role", ROLES)
def test_matrix_grants_tenants_what_is_about_their_own_relationships(
    role, office, other
):
    actor = actor_of(role, office, office.tenant)
    own, foreign = office.resellerrelationship, other.resellerrelationship
    table = [
        *cells.of_relationship(actor, own, is_own=True),
        *cells.of_relationship(actor, foreign, is_own=False),
    ]
    check(actor, table)


def check(actor: Any, table: Iterable[Cell]) -> None:
    client = desk(actor) if actor else Client()
    assert refused_but_done(client, table) == []
    assert granted_but_refused(client, table) == []
    assert granted_without_effect(client, table) == []


def refused_but_done(client: Client, table: Iterable[Cell]) -> list[str]:
    """Cells that are refused: no page comes, and no stored row changes."""
    wrong = []
    refused = [cell for cell in table if not cell.is_granted]
    before = everything()
    for cell in refused:
        answer = ask(client, cell)
        is_action = "action" in cell.data  # answers with the list, and does nothing
        if not (is_action or is_refusal(answer) or leads_away(answer, cell)):
            wrong.append(f"{cell}: {answer.status_code}")
    return wrong + changed_since(before)


def changed_since(before: dict[str, Any]) -> list[str]:
    after = everything()
    return [f"{model} has changed" for model in after if after[model] != before[model]]


def granted_but_refused(client: Client, table: Iterable[Cell]) -> list[str]:
    wrong = []
    for cell in table:
        if cell.is_granted and not cell.has_effect:
            answer = undone(client, cell)
            is_page = answer.status_code in {200, 302}
            if not cell.is_public and (not is_page or is_refusal(answer)):
                wrong.append(f"{cell}: {answer.status_code}")
    return wrong


def granted_without_effect(client: Client, table: Iterable[Cell]) -> list[str]:
    wrong = []
    before = everything()  # and again after each, since what it did is taken back
    for cell in table:
        if cell.is_granted and cell.has_effect:
            with transaction.atomic():
                answer = ask(client, cell)
                if everything() == before:
                    wrong.append(f"{cell}: {answer.status_code}")
                transaction.set_rollback(True)
    return wrong


def undone(client: Client, cell: Cell) -> Any:
    """What a cell answers; what it did is taken back."""
    with transaction.atomic():
        answer = ask(client, cell)
        transaction.set_rollback(True)
    return answer


def ask(client: Client, cell: Cell) -> Any:
    """As the same browser each time, though one may just have signed out."""
    cookies = deepcopy(client.cookies)
    try:
        return _asked(client, cell)
    finally:
        client.cookies = cookies


def _asked(client: Client, cell: Cell) -> Any:
    if cell.method == "post":
        return client.post(cell.url, cell.data)
    answer = client.get(cell.url)
    if answer.streaming:
        answer.getvalue()  # a file is gone when it is read
    return answer


def is_refusal(answer: Any) -> bool:
    if answer.status_code == 302:
        return bool(answer.url.startswith(DOORS))
    return answer.status_code in {403, 404, 405}


def leads_away(answer: Any, cell: Cell) -> bool:
    """A refusal that is not told as one: home, or a link's own page once more."""
    if answer.status_code != 302:
        return False
    return answer.url == "/" or (
        cell.method == "post" and cell.url.startswith(answer.url)
    )


def test_table_knows_every_address_of_the_portal():
    existing = {name for name, _pattern in named_pages()}
    assert existing - known_names() == set()
    assert known_names() - existing == set()


def test_table_knows_every_action_of_every_list():
    declared = {
        (model._meta.model_name, getattr(action, "__name__", action))
        for model, model_admin in admin.site._registry.items()
        for action in model_admin.actions
    }
    offered = {key for key in LIST_ACTIONS if key[1] != "delete_selected"}
    assert declared == offered
