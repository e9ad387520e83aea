"""Whose story is told, and who takes part."""

import uuid
from dataclasses import dataclass
from random import Random

from portal.accounts.models import User
from relationships.enums import StaffRole, TenantRole

from .bulk import Rows
from .log import By, Log
from .setting import Seller, Setting


@dataclass(frozen=True)
class Place:
    """One customer, the partner that deals with it, and a person of each."""

    setting: Setting
    rows: Rows
    dice: Random
    number: int
    id: uuid.UUID
    kind: str
    seller: Seller
    agent: User
    administrator: User

    @property
    def log(self) -> Log:
        return Log(self.rows, self.id, self.seller.partner.pk)

    @property
    def by_agent(self) -> By:
        return By(self.agent, StaffRole.SALES_AGENT)

    @property
    def by_customer(self) -> By:
        return By(self.administrator, TenantRole.GLOBAL_ADMINISTRATOR)

    @property
    def domain(self) -> str:
        return f"customer{self.number:06}.example"

    def new_id(self) -> uuid.UUID:
        return uuid.UUID(int=self.dice.getrandbits(128), version=4)
