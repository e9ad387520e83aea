"""The buttons of a CSP subscription, and what its page tells."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import Transition
from relationships.actors import Actor
from relationships.admin.approvals import told_of_approval
from relationships.enums import ApprovalVerb
from relationships.roles import Action
from relationships.services.approvals import do_or_ask

from ..forms import NameForm, ScheduleForm, SeatsForm
from ..models import ScheduledChange, Subscription
from ..services import lifecycle
from ..services.possibilities import Possibility, Verb, judge, possibilities
from ..services.seats import current_term, reducible_seats


@dataclass(frozen=True)
class Way:
    """A verb and the button that leads to it."""

    verb: Verb
    transition: Transition


def _way(
    verb: Verb,
    name: str,
    label: Any,
    run: Any,
    *,
    action: Action = Action.CHANGE_SUBSCRIPTION,
    **options: Any,
) -> Way:
    transition = Transition(
        name,
        label,
        action,
        run,
        is_possible=lambda row: judge(verb, row).is_allowed,
        why_not=lambda row: judge(verb, row).reason,
        **options,
    )
    return Way(verb, transition)


WAYS = (
    _way(
        Verb.ADD_SEATS,
        "seats",
        _("Change seats"),
        partial(do_or_ask, ApprovalVerb.TAKE_SEATS),
        question=_("%(object)s: how many seats in all?"),
        done=_("Seats changed: %(object)s."),
        told=told_of_approval,
        form_class=SeatsForm,
    ),
    _way(
        Verb.SCHEDULE_CHANGE,
        "schedule",
        _("Schedule a change"),
        lifecycle.schedule_change,
        question=_(
            "%(object)s: what should it be from its next renewal on? Nothing changes "
            "before, and it will have the list price of that day."
        ),
        done=_("The change is scheduled: %(object)s."),
        form_class=ScheduleForm,
    ),
    _way(
        Verb.DROP_CHANGE,
        "unschedule",
        _("Drop the scheduled change"),
        lifecycle.drop_scheduled_change,
        question=_(
            "%(object)s renews as it is: what was scheduled is dropped. If “Renew with "
            "a change” was answered, its renewal is to be decided anew."
        ),
        done=_("No change is scheduled any more: %(object)s."),
    ),
    _way(
        Verb.START_RENEWING,
        "renew-on",
        _("Switch auto-renew on"),
        partial(lifecycle.set_auto_renew, auto_renews=True),
        question=_(
            "%(object)s renews at the end of its term, at the list price of that day."
        ),
        done=_("It renews automatically: %(object)s."),
    ),
    _way(
        Verb.STOP_RENEWING,
        "renew-off",
        _("Switch auto-renew off"),
        partial(lifecycle.set_auto_renew, auto_renews=False),
        question=_(
            "%(object)s expires at the end of its term. A scheduled change is dropped."
        ),
        done=_("It does not renew automatically: %(object)s."),
    ),
    _way(
        Verb.SUSPEND,
        "suspend",
        _("Suspend"),
        lifecycle.suspend,
        question=_(
            "%(object)s: its users are blocked at once. It is billed on until its "
            "term ends, it no longer renews automatically, and a scheduled change is "
            "dropped."
        ),
        done=_("Suspended: %(object)s."),
        css="danger",
    ),
    _way(
        Verb.REACTIVATE,
        "reactivate",
        _("Reactivate"),
        lifecycle.reactivate,
        question=_(
            "%(object)s: its users can work again at once. It does not renew "
            "automatically."
        ),
        done=_("Active again: %(object)s."),
    ),
    _way(
        Verb.CANCEL,
        "cancel",
        _("Cancel the subscription"),
        partial(do_or_ask, ApprovalVerb.CANCEL),
        question=_(
            "%(object)s is deleted at once and for good: its users cannot work any "
            "more. Its history stays."
        ),
        done=_("Cancelled: %(object)s."),
        told=told_of_approval,
        css="danger",
    ),
    _way(
        Verb.RENAME,
        "rename",
        _("Friendly name"),
        lifecycle.rename,
        action=Action.RENAME_SUBSCRIPTION,
        question=_("%(object)s: what do you call it?"),
        done=_("The friendly name is saved."),
        form_class=NameForm,
    ),
)


@dataclass(frozen=True)
class Button:
    """A way of this role, and whether it is open now."""

    transition: Transition
    possibility: Possibility


def subscription_page(subscription: Subscription, actor: Actor) -> dict[str, Any]:
    """What the page of a CSP subscription shows beside its fields."""
    found = possibilities(subscription, actor)
    term = current_term(subscription)
    return {
        "buttons": [
            Button(way.transition, found[way.verb])
            for way in WAYS
            if actor.may(way.transition.action)
        ],
        "taking": found[Verb.TAKE_SEATS],
        "reducible": reducible_seats(subscription, term),
        "scheduled": ScheduledChange.objects.select_related("offer__product")
        .filter(subscription=subscription)
        .first(),
        "terms": subscription.terms.select_related("offer__product").order_by(
            "-number"
        )[:SHOWN],
        "statuses": subscription.status_entries.order_by("-at", "-pk")[:SHOWN],
    }


SHOWN = 24  # terms: two years of a monthly one
