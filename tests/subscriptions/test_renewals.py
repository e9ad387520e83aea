"""Renewals that a person can still decide."""

from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from portal.foundation import clock
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Notice, OutgoingEmail
from relationships.services.relationships import end_relationship
from subscriptions.models import RenewalDecision, Subscription
from subscriptions.services import lifecycle, renewals
from subscriptions.services.clock import run

from .. import stories
from ..factories import OfferFactory
from ..relationships.support import DAY, NOON, denied, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

END = NOON.replace(year=2027)


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.RENEWAL_NOTICE_DAYS = 30


@pytest.fixture
def agent(sales):
    return stories.staff(sales.partner, "admin_agent")


@pytest.fixture
def decision(subscription):
    with clock.at(END - 20 * DAY):
        renewals.ask(digest=0)
    return RenewalDecision.objects.get()


def ask(at, digest=1):
    with clock.at(at):
        renewals.ask(digest=digest)


def digests(actor):
    told = Notice.objects.visible_to(actor).filter(kind="renewals_due")
    return [notice.sentence for notice in told]


def letters(actor):
    rows = OutgoingEmail.objects.filter(recipient=actor.user.email)
    return [email.text for email in rows if "to decide" in email.subject]


def schedule(subscription, actor, quantity=3):
    lifecycle.schedule_change(
        subscription, actor=actor, quantity=quantity, offer=subscription.offer
    )


def add_seats(subscription, actor):
    lifecycle.change_seats(subscription, actor=actor, quantity=9, shown=5)


def switch(subscription, actor, *, auto_renews):
    lifecycle.set_auto_renew(subscription, actor=actor, auto_renews=auto_renews)


def suspend_for_a_while(subscription, actor):
    lifecycle.reactivate(lifecycle.suspend(subscription, actor=actor), actor=actor)


def stored(decision):
    return Subscription.objects.get(pk=decision.subscription_id)


class TestAsking:
    def test_it_begins_with_the_days_before_the_end(self, subscription, sales):
        ask(END - 30 * DAY - timedelta(seconds=1))
        assert not RenewalDecision.objects.exists()
        ask(END - 30 * DAY)
        decision = RenewalDecision.objects.get()
        assert (decision.subscription, decision.owner) == (subscription, sales.user)
        assert (decision.due_at, decision.answer) == (END, "")
        assert decision.asked_at == END - 30 * DAY
        assert str(decision) == f"{subscription}, {subscription.customer}"

    def test_it_is_asked_once_for_each_term(self, subscription, sales):
        for digest, days in enumerate((20, 10)):
            ask(END - days * DAY, digest)
        assert RenewalDecision.objects.count() == 1
        ask(END + DAY)
        assert RenewalDecision.objects.count() == 1
        with clock.at(END + DAY):
            run(actor=stories.Actor.clock())
        ask(END.replace(year=2028) - DAY)
        assert RenewalDecision.objects.count() == 2

    @pytest.mark.parametrize("auto_renews", [True, False])
    def test_months_are_asked_about_only_where_they_end(
        self, sales, admin, auto_renews
    ):
        offer = OfferFactory(term="P1M")
        monthly = stories.csp_subscription(sales, admin.customer, offer)
        lifecycle.set_auto_renew(monthly, actor=sales, auto_renews=auto_renews)
        ask(NOON + 5 * DAY)
        assert RenewalDecision.objects.exists() is not auto_renews

    def test_what_nobody_can_decide_is_not_asked(self, subscription, sales, agent):
        lifecycle.suspend(subscription, actor=sales)
        ask(END - DAY)
        relationship = subscription.relationship
        end_relationship(relationship, actor=agent, reason="Over")
        ask(END - DAY)
        assert not RenewalDecision.objects.exists()

    def test_what_ends_in_the_middle_of_asking_is_not_asked(self, subscription, sales):
        def suspend(done, total):
            lifecycle.suspend(subscription, actor=sales)

        with clock.at(END - DAY):
            renewals.ask(digest=1, progress=suspend)
        assert not RenewalDecision.objects.exists()

    def test_it_is_nobodys_own_when_who_ordered_has_left(
        self, subscription, sales, agent
    ):
        sales.user.staff_memberships.all().delete()
        ask(END - DAY)
        assert RenewalDecision.objects.get().owner is None
        assert digests(agent) == ["1 renewal to decide"]


class TestDigest:
    def test_owner_gets_its_own_and_administrators_all(
        self, subscription, sales, admin, agent
    ):
        colleague = stories.staff(sales.partner)
        helpdesk = stories.staff(sales.partner, "helpdesk_agent")
        another = stories.staff(sales.partner)
        stories.csp_subscription(colleague, admin.customer)
        stories.csp_subscription(colleague, admin.customer)
        ask(END - 20 * DAY)
        assert digests(sales) == ["1 renewal to decide"]
        assert digests(colleague) == ["2 renewals to decide"]
        assert digests(agent) == ["3 renewals to decide"]
        assert (
            digests(another)
            == digests(helpdesk)
            == digests(stories.staff(role="admin_agent"))
            == []
        )
        [text] = letters(agent)
        assert f"- 2 March 2027: {subscription} of {admin.customer}, 5 seats" in text
        assert text.count("It renews as it is.") == 3

    def test_everybody_who_may_decide_gets_all_without_an_administrator(
        self, subscription, sales
    ):
        colleague = stories.staff(sales.partner)
        ask(END - 20 * DAY)
        assert digests(colleague) == digests(sales) == ["1 renewal to decide"]

    def test_it_comes_once_in_a_period_whatever_runs_twice(self, subscription, sales):
        for digest in (7, 7, 8):
            ask(END - 20 * DAY, digest)
        assert len(digests(sales)) == len(letters(sales)) == 2

    def test_it_says_what_happens_without_an_answer(self, subscription, sales, admin):
        offer = OfferFactory()
        scheduled = stories.csp_subscription(sales, admin.customer, offer)
        lifecycle.schedule_change(scheduled, actor=sales, quantity=9, offer=offer)
        lifecycle.set_auto_renew(subscription, actor=sales, auto_renews=False)
        ask(END - 20 * DAY)
        [text] = letters(sales)
        assert "It ends: auto-renew is off." in text
        assert "It renews as 9 ×" in text

    def test_what_was_answered_or_is_over_is_left_out(
        self, subscription, sales, admin, decision
    ):
        suspended = stories.csp_subscription(sales, admin.customer)
        ask(END - 15 * DAY, 1)
        with clock.at(END - 10 * DAY):
            renewals.decide(decision, actor=sales, answer="renew")
            lifecycle.suspend(suspended, actor=sales)
        before = len(digests(sales))
        ask(END - 5 * DAY, 2)
        assert len(digests(sales)) == before


class TestAnswer:
    @pytest.mark.parametrize(
        ("answer", "renews"), [("renew", True), ("change", True), ("end", False)]
    )
    def test_it_is_kept_and_done(self, decision, sales, answer, renews):
        if answer == "change":
            schedule(decision.subscription, sales)
        with clock.at(END - DAY):
            renewals.decide(decision, actor=sales, answer=answer, note=" Agreed. ")
        decision.refresh_from_db()
        assert (decision.answer, decision.note) == (answer, "Agreed.")
        assert (decision.answered_by, decision.answered_at) == (sales.user, END - DAY)
        assert decision.subscription.auto_renews is renews
        told = ActivityRecord.objects.get(operation=Operation.ANSWER_RENEWAL)
        assert told.new_value == {"answer": answer}
        assert "Agreed" not in str(told.new_value)

    def test_change_is_refused_until_one_is_scheduled(self, decision, sales):
        with clock.at(END - DAY):
            with refused("nothing_scheduled"):
                renewals.decide(decision, actor=sales, answer="change")
            schedule(decision.subscription, sales)
            lifecycle.drop_scheduled_change(decision.subscription, actor=sales)
            with refused("nothing_scheduled"):
                renewals.decide(decision, actor=sales, answer="change")
        decision.refresh_from_db()
        assert decision.answer == ""

    @pytest.mark.parametrize(
        ("answer", "verb"),
        [
            ("change", lifecycle.drop_scheduled_change),
            ("change", add_seats),
            ("renew", schedule),
            ("renew", partial(switch, auto_renews=False)),
            ("end", partial(switch, auto_renews=True)),
            ("renew", suspend_for_a_while),
        ],
    )
    def test_it_is_asked_for_anew_when_something_else_happens_now(
        self, decision, sales, answer, verb
    ):
        if answer == "change":
            schedule(decision.subscription, sales)
        with clock.at(END - DAY):
            renewals.decide(decision, actor=sales, answer=answer, note="Agreed.")
            verb(stored(decision), actor=sales)
            assert decision in RenewalDecision.objects.timely().unanswered()
        decision.refresh_from_db()
        assert (decision.answer, decision.note) == ("", "Agreed.")
        assert (decision.answered_by, decision.answered_at) == (None, None)
        told = ActivityRecord.objects.get(operation=Operation.REOPEN_RENEWAL)
        assert (told.actor, told.old_value) == (sales.user, {"answer": answer})
        ask(END - DAY, digest=2)
        assert digests(sales)[0] == "1 renewal to decide"

    @pytest.mark.parametrize(
        ("answer", "verb"),
        [
            ("renew", add_seats),
            ("end", lifecycle.suspend),
            ("renew", lifecycle.suspend),
            ("change", partial(schedule, quantity=2)),
            ("end", suspend_for_a_while),
        ],
    )
    def test_it_stays_when_what_it_says_still_happens(
        self, decision, sales, answer, verb
    ):
        if answer == "change":
            schedule(decision.subscription, sales)
        with clock.at(END - DAY):
            renewals.decide(decision, actor=sales, answer=answer)
            verb(stored(decision), actor=sales)
        decision.refresh_from_db()
        assert decision.answer == answer

    def test_renewing_as_it_is_drops_what_was_scheduled(self, decision, sales):
        schedule(decision.subscription, sales)
        with clock.at(END - DAY):
            renewals.decide(decision, actor=sales, answer="change")
            renewals.decide(decision, actor=sales, answer="renew")
        decision.refresh_from_db()
        assert (decision.answer, renewals.has_change(decision)) == ("renew", False)
        with clock.at(END):
            run(actor=stories.Actor.clock())
        renewed = stored(decision)
        assert (renewed.quantity, renewed.terms.count()) == (5, 2)

    def test_another_may_follow_until_the_term_ends(self, decision, sales):
        with clock.at(END - DAY):
            renewals.decide(decision, actor=sales, answer="end")
            renewals.decide(decision, actor=sales, answer="renew")
        decision.refresh_from_db()
        assert decision.answer == "renew"
        assert decision.subscription.auto_renews is True
        told = ActivityRecord.objects.filter(operation=Operation.ANSWER_RENEWAL)
        assert told.latest("pk").old_value == {"answer": "end"}

    def test_it_is_refused_when_the_term_is_over(self, decision, sales):
        with clock.at(END), denied(TransitionNotAllowed) as caught:
            renewals.decide(decision, actor=sales, answer="end")
        assert caught.value.code == "renewal_over"

    def test_it_is_refused_when_the_subscription_is_suspended(self, decision, sales):
        lifecycle.suspend(decision.subscription, actor=sales)
        with denied(TransitionNotAllowed):
            renewals.decide(decision, actor=sales, answer="end")

    def test_it_is_denied_to_others(self, decision, sales, admin):
        helpdesk = stories.staff(sales.partner, "helpdesk_agent")
        for actor in (helpdesk, stories.staff(), admin, stories.operator()):
            with unchanged(), pytest.raises(PermissionDenied):
                renewals.decide(decision, actor=actor, answer="end")

    def test_it_has_a_person_and_a_moment(self, decision):
        decision.answer = "renew"
        with unchanged(), pytest.raises(ValidationError):
            decision.save()


class TestOwner:
    def test_it_is_given_to_a_colleague_or_to_nobody(self, decision, sales):
        colleague = stories.staff(sales.partner)
        assert renewals.possible_owners(decision) == [sales.user, colleague.user]
        renewals.assign(decision, actor=sales, owner=colleague.user)
        renewals.assign(decision, actor=sales, owner=colleague.user)
        decision.refresh_from_db()
        assert decision.owner == colleague.user
        renewals.assign(decision, actor=sales, owner=None)
        decision.refresh_from_db()
        assert decision.owner is None
        told = ActivityRecord.objects.filter(operation=Operation.ASSIGN_RENEWAL)
        assert told.count() == 2

    def test_it_is_refused_to_who_may_not_decide(self, decision, sales):
        helpdesk = stories.staff(sales.partner, "helpdesk_agent")
        for actor in (helpdesk, stories.staff()):
            with refused("owner"):
                renewals.assign(decision, actor=sales, owner=actor.user)


def test_decisions_are_the_partners_own(decision, sales, admin):
    def seen(actor):
        return list(RenewalDecision.objects.visible_to(actor))

    assert seen(sales) == seen(stories.operator()) == [decision]
    assert seen(admin) == seen(stories.staff()) == []
    assert decision.get_absolute_url().endswith(f"{decision.pk}/change/")
