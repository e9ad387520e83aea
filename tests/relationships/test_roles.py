import pytest

from relationships import roles
from relationships.roles import Action, Column

from .support import EVERY_ROLE


def test_table_has_a_row_for_every_action_and_column():
    assert set(roles.GRANTS) == set(Action)
    assert set(roles.COLUMNS) == set(Column)


@pytest.mark.parametrize("letters", [*roles.GRANTS.values(), *roles.COLUMNS.values()])
def test_row_has_known_letters_each_once(letters):
    used = letters.replace(" ", "")
    assert set(used) <= set(roles.LETTERS)
    assert len(used) == len(set(used))


def test_every_role_has_one_letter():
    assert sorted(map(str, roles.LETTERS.values())) == sorted(EVERY_ROLE)


@pytest.mark.parametrize("action", Action)
def test_action_is_granted_to_somebody(action):
    assert roles.ROLES_OF_ACTION[action]


def test_admin_agent_may_what_any_staff_role_may():
    staff = {"sales_agent", "helpdesk_agent", "executive_report_viewer"}
    for granted in roles.ROLES_OF_ACTION.values():
        assert "admin_agent" in granted or not granted & staff


@pytest.mark.parametrize(
    ("setting", "may"),
    [
        (["global_administrator"], {"global_administrator"}),
        (
            ["global_administrator", "billing_administrator"],
            {"global_administrator", "billing_administrator"},
        ),
        (["billing_administrator"], {"billing_administrator"}),
        (["user", "admin_agent"], set()),
    ],
)
def test_accepting_roles_narrow_who_answers_and_never_widen(settings, setting, may):
    settings.ACCEPTING_ROLES = setting
    granted = {
        role for role in EVERY_ROLE if roles.is_granted(role, Action.ANSWER_INVITATION)
    }
    assert granted == may


def test_accepting_roles_are_named_in_table_order(settings):
    settings.ACCEPTING_ROLES = ["billing_administrator", "global_administrator"]
    assert roles.accepting_roles() == ["Global administrator", "Billing administrator"]


@pytest.mark.parametrize("column", Column)
def test_report_viewer_sees_neither_revenue_nor_personal_data(column):
    assert not roles.is_visible("report_viewer", column)
    assert roles.is_visible("admin_agent", column)


def test_clock_and_visitor_see_no_column():
    for column in Column:
        assert not roles.is_visible(roles.CLOCK, column)
        assert not roles.is_visible(roles.VISITOR, column)
