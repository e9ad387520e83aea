"""What a service needs to be called, and by which right it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relationships.actors import Actor
from relationships.enums import CaseKind
from relationships.models import Customer, Invitation, Partner
from relationships.roles import Action
from relationships.services import cases
from subscriptions.models import Subscription
from subscriptions.services import lifecycle

from .. import stories


class World:
    """A partner and a customer, and what a service needs to be allowed at NOON."""

    def __init__(self) -> None:
        self.sales = stories.staff()
        self.admin = stories.tenant()
        self.partner: Partner = self.sales.partner
        self.customer: Customer = self.admin.customer

    def draft(self) -> Invitation:
        return stories.invitation(self.sales, recipient_email="a@b.example")

    def signed_in(self) -> Invitation:
        return stories.signed_in_invitation(self.sales, self.admin)

    def subscription(self) -> Subscription:
        stories.relationship(self.sales, self.admin)
        return stories.csp_subscription(self.sales, self.customer)

    def suspended(self) -> Subscription:
        return lifecycle.suspend(self.subscription(), actor=self.sales)

    def related(self) -> Customer:
        stories.relationship(self.sales, self.admin)
        return self.customer

    def case(self) -> Any:
        return cases.open_case(CaseKind.NEW_LINK, self.draft(), actor=Actor.visitor())


Call = Callable[[Actor], object]


@dataclass(frozen=True)
class Service:
    """`prepare` makes what is needed and returns the call for an actor."""

    action: Action
    prepare: Callable[[World], Call]


def service(action: Action) -> Callable[[Callable[[World], Call]], Service]:
    return lambda prepare: Service(action, prepare)
