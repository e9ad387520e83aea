from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.management import call_command
from django.db.models import Count, F, Q

from portal.accounts.models import User
from portal.demo.accounts import LOGINS, PASSWORD, demo_accounts
from portal.demo.companies import NEBELHAFEN, PARTNERS
from portal.foundation import clock, guards
from relationships.actors import Actor
from relationships.enums import (
    CaseKind,
    CustomerOrigin,
    EmailStatus,
    InvitationStatus,
    Operation,
    SentHow,
    StaffRole,
    TenantRole,
)
from relationships.models import (
    ActivityRecord,
    Case,
    Customer,
    Invitation,
    OutgoingEmail,
    Partner,
    ResellerRelationship,
)
from relationships.services import invitations
from subscriptions.calendar import add_months
from subscriptions.enums import Channel, SubscriptionStatus
from subscriptions.models import (
    ObservationRetraction,
    Order,
    SeatEntry,
    Subscription,
    SubscriptionTerm,
)
from subscriptions.snapshots import take_snapshot

from .conftest import rows, seed_demo

# With `--dist loadgroup`, one process writes the demo and the others need not.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("first_run"),
    pytest.mark.xdist_group("demo"),
]


@pytest.fixture(autouse=True)
def _debug(settings) -> None:
    settings.DEBUG = True


def main_partner() -> Partner:
    return Partner.objects.get(mpn_id=PARTNERS[NEBELHAFEN].mpn_id)


def counted(rows, field: str) -> Counter:
    return Counter(rows.values_list(field, flat=True))


def test_partners_are_three_that_transact_and_two_that_only_advise():
    assert Partner.objects.transacting().count() == 3
    assert Partner.objects.filter(is_csp_transacting=False).count() == 2
    assert main_partner().is_csp_transacting
    assert main_partner().is_advisor


def test_main_partner_has_staff_of_each_role():
    roles = main_partner().staff_memberships.values_list("role", flat=True)
    assert sorted(roles) == sorted(StaffRole.values)


def test_customers_are_forty_in_six_countries():
    assert Customer.objects.count() == 40
    assert set(counted(Customer.objects.all(), "country")) == {
        "AT",
        "DE",
        "FR",
        "GB",
        "NL",
        "US",
    }


def test_addresses_are_at_reserved_domains():
    domains = [customer.domain for customer in Customer.objects.all()]
    recipients = OutgoingEmail.objects.values_list("recipient", flat=True)
    invited = Invitation.objects.exclude(recipient_email="")
    addresses = [*domains, *recipients, *invited.values_list("recipient_email")]
    assert [a for a in addresses if not "".join(a).endswith(".example")] == []


def test_subscriptions_are_about_three_hundred_of_all_channels():
    current = counted(Subscription.objects.current(), "channel")
    assert set(current) == set(Channel.values)
    assert 280 <= current.total() <= 340
    assert min(current.values()) >= 15


def test_observations_are_superseded_and_one_is_retracted():
    superseded = Subscription.objects.existing().exclude(superseded_by=None)
    renewed = superseded.exclude(
        superseded_by__commitment_ends_at=F("commitment_ends_at")
    )
    other_seats = superseded.exclude(superseded_by__quantity=F("quantity"))
    assert renewed.count() >= 30
    assert other_seats.count() >= 10
    assert ObservationRetraction.objects.count() == 1


def test_existing_subscriptions_are_in_term_unless_their_channel_says_expired():
    over = (
        Subscription.objects.existing()
        .current()
        .filter(commitment_ends_at__lt=clock.now() - timedelta(days=2))
    )
    assert set(counted(over, "status")) == {SubscriptionStatus.EXPIRED}


def test_advisor_rows_name_a_partner_of_record_as_recorded():
    advised = Subscription.objects.filter(channel=Channel.ADVISOR)
    assert not advised.filter(Q(por_name="") | Q(por_mpn_id="")).exists()
    assert advised.filter(partner_of_record=None).exists()
    assert set(counted(advised.exclude(partner_of_record=None), "por_name")) == {
        partner.name for partner in Partner.objects.advisors()
    }


def test_relationships_show_both_scenarios():
    advised_before = [
        relationship
        for relationship in ResellerRelationship.objects.filter(partner=main_partner())
        if str(main_partner().pk)
        in {
            row["partner_of_record_id"]
            for row in relationship.existing_snapshot["rows"]
        }
    ]
    direct_before = [
        relationship
        for relationship in ResellerRelationship.objects.all()
        if {row["channel"] for row in relationship.existing_snapshot["rows"]}
        == {Channel.DIRECT}
    ]
    assert len(advised_before) >= 3
    assert len(direct_before) >= 3


def test_some_relationships_found_nothing_to_verify():
    assert ResellerRelationship.objects.filter(existing_count=0).count() >= 3


def test_fingerprints_are_all_intact(capsys):
    call_command("verify_existing")
    assert ", 0 different." in capsys.readouterr().out


def test_guards_are_all_in_place():
    assert guards.missing() == []


def test_invitations_are_in_every_status_as_stored_and_as_seen():
    stored = counted(Invitation.objects.all(), "status")
    assert set(stored) == set(InvitationStatus.values)
    assert stored == counted(Invitation.objects.with_current_status(), "status_now")


def test_invitations_were_sent_in_every_way():
    sent = Invitation.objects.exclude(sent_at=None)
    assert set(counted(sent, "sent_how")) == set(SentHow.values)


def test_invitations_are_bound_free_and_by_the_partner_link():
    assert Invitation.objects.exclude(customer_domain="").count() >= 3
    by_link = Invitation.objects.filter(created_by=None)
    assert set(counted(by_link, "status")) == {
        InvitationStatus.ACCEPTED,
        InvitationStatus.SIGNED_IN,
    }


def test_cases_are_open_one_of_each_kind():
    assert counted(Case.objects.open(), "kind") == dict.fromkeys(CaseKind.values, 1)


def test_customers_that_nobody_has_invited_have_an_administrator():
    invited = Invitation.objects.values_list("recipient_email", flat=True)
    free = Customer.objects.filter(invitations=None, relationships=None).exclude(
        contact_email__in=invited
    )
    assert free.count() >= 3
    assert not free.filter(tenant_memberships=None).exists()


def test_ended_relationship_leaves_suspended_rows_beside_the_next_partners():
    former = ResellerRelationship.objects.exclude(ended_at=None).get(
        customer__relationships__ended_at=None
    )
    left = Subscription.objects.csp().filter(relationship=former)
    assert left.filter(status=SubscriptionStatus.SUSPENDED).exists()
    assert not left.active().exists()
    now = former.customer.active_relationship
    assert now is not None
    assert now.partner != former.partner
    assert now.subscriptions.active().exists()


def test_customers_were_provisioned_and_have_orders():
    provisioned = Customer.objects.filter(origin=CustomerOrigin.PROVISIONED)
    assert provisioned.count() == 3
    assert not provisioned.filter(orders=None).exists()


def test_orders_have_several_lines():
    orders = Order.objects.annotate(count=Count("lines"))
    assert orders.filter(count__gt=1).count() >= 20


def test_csp_subscriptions_are_in_every_status():
    assert set(counted(Subscription.objects.csp(), "status")) == set(
        SubscriptionStatus.values
    )


def test_csp_subscriptions_have_added_seats_and_friendly_names():
    grown = SeatEntry.objects.exclude(at=F("subscription__started_at"))
    assert grown.count() >= 30
    assert Subscription.objects.csp().exclude(friendly_name="").count() >= 15


def test_renewals_happened_at_their_moments():
    starts = set(
        SubscriptionTerm.objects.filter(number__gt=1).values_list(
            "subscription_id", "starts_at"
        )
    )
    told = ActivityRecord.objects.filter(operation=Operation.RENEW_SUBSCRIPTION)
    assert len(starts) >= 50
    assert {(record.resource_id, record.at) for record in told} == {
        (str(pk), at) for pk, at in starts
    }


def test_history_covers_every_month_of_the_last_eighteen_and_ends_now():
    moments = list(ActivityRecord.objects.order_by("at").values_list("at", flat=True))
    now = clock.now()
    begin = add_months(now, -18)
    assert begin - timedelta(days=1) <= moments[0] <= begin + timedelta(days=7)
    assert now - timedelta(days=4) <= moments[-1] <= now
    months = {(at.year, at.month) for at in moments}
    assert {
        (month.year, month.month)
        for month in (add_months(now, -back) for back in range(18))
    } <= months


def test_emails_were_sent_at_the_moment_of_their_cause(first_run):
    assert first_run.mails == 0
    assert OutgoingEmail.objects.count() >= 60
    assert not OutgoingEmail.objects.exclude(
        status=EmailStatus.SENT, sent_at=F("queued_at")
    ).exists()


def test_other_channels_went_on_while_a_relationship_was_active():
    later = Subscription.objects.existing().filter(
        supersedes=None,
        customer__relationships__ended_at=None,
        recorded_at__gt=F("customer__relationships__established_at"),
    )
    assert later.count() >= 3


def test_snapshots_are_not_what_is_there_today_where_channels_went_on():
    relationship = ResellerRelationship.objects.earliest("established_at")
    today = take_snapshot(relationship.customer.subscriptions.existing().current())
    assert today.fingerprint != relationship.existing_fingerprint


def person(login: str) -> User:
    return User.objects.get(login=login)


def test_second_run_changes_nothing_and_prints_the_accounts_again(first_run):
    before = rows()
    second = seed_demo()
    assert rows() == before
    assert second.mails == 0
    assert "months of history" not in second.output
    assert first_run.output.endswith(second.output)


def test_output_names_every_account_and_where_it_goes(first_run):
    for account in demo_accounts():
        assert account.login in first_run.output
        assert account.who in first_run.output
        assert account.goes_to in first_run.output
    assert PASSWORD in first_run.output


def test_every_account_signs_in_by_password():
    accounts = demo_accounts()
    assert [account.login for account in accounts] == LOGINS
    for account in accounts:
        user = authenticate(username=account.login, password=account.password)
        assert user is not None
        assert user.login == account.login


def test_password_satisfies_the_validators_for_everybody():
    for login in LOGINS:
        validate_password(PASSWORD, person(login))


def test_accounts_are_of_every_kind():
    people = User.objects.filter(login__in=LOGINS)
    memberships = [list(user.staff_memberships.all()) for user in people]
    tenants = [list(user.tenant_memberships.all()) for user in people]
    assert people.filter(is_superuser=True).count() == 1
    assert {m.role for own in memberships for m in own} == set(StaffRole.values)
    assert {m.partner for own in memberships for m in own} == set(Partner.objects.all())
    assert {m.role for own in tenants for m in own} == set(TenantRole.values)
    assert sorted(map(len, memberships))[-2:] == [1, 2]
    assert sorted(map(len, tenants))[-2:] == [1, 2]


def test_accounts_that_can_accept_now_do_accept():
    able = [account for account in demo_accounts() if "can accept" in account.who]
    assert len(able) == 2
    for account in able:
        invitation = next(
            row for row in Invitation.objects.open() if row.url == account.goes_to
        )
        actor = Actor.tenant(person(account.login).tenant_memberships.get())
        invitations.sign_in_to_invitation(invitation, actor=actor)
        relationship = invitations.accept_invitation(
            invitation, actor=actor, agreed=True
        )
        assert relationship.customer == actor.customer


def test_accounts_say_what_stops_the_others():
    invited = [account for account in demo_accounts() if "invited by" in account.who]
    told = "\n".join(account.who for account in invited)
    assert len(invited) == 3
    assert told.count("may not accept in this role") == 2
    assert told.count("Already has a CSP transacting partner") == 1


def test_account_no_longer_says_that_it_can_accept_when_it_has_accepted():
    account = next(a for a in demo_accounts() if "can accept" in a.who)
    actor = Actor.tenant(person(account.login).tenant_memberships.get())
    invitation = next(
        row for row in Invitation.objects.open() if row.url == account.goes_to
    )
    invitations.sign_in_to_invitation(invitation, actor=actor)
    invitations.accept_invitation(invitation, actor=actor, agreed=True)
    after = next(a for a in demo_accounts() if a.login == account.login)
    assert "accept" not in after.who
    assert after.goes_to.endswith("/my/")


def test_accounts_are_only_those_that_are_there():
    User.objects.filter(login=LOGINS[-1]).update(login="somebody@else.example")
    assert [account.login for account in demo_accounts()] == LOGINS[:-1]


def test_no_account_is_named_outside_debug(settings):
    settings.DEBUG = False
    assert demo_accounts() == []
    second = seed_demo(force=True)
    assert "changepassword" in second.output
    assert PASSWORD not in second.output
