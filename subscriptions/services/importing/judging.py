"""What each row of a file would do: judged many at a time, by the rules for one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.foundation.among import Among
from relationships.actors import Actor
from relationships.models import Customer, Partner

from ...columns import (
    CHANNEL,
    DOMAIN,
    LABELS,
    REQUIRED,
    TENANT_ID,
    Remembering,
    converters,
)
from ...enums import Channel, RowOutcome
from ...models import Import, Subscription
from ..observing import (
    as_recorded,
    recorded_partner,
    repeats,
    says_the_same,
)
from ..por_cases import dismissed, divided, was_dismissed
from .basis import IDENTITY, Basis

REMEMBERED = 10_000  # tenants that a judge has looked up
NEEDED = frozenset(REQUIRED)
CSP = ("csp", "cloud solution provider", "cloud reseller", "microsoft csp")


@dataclass(slots=True)
class Verdict:
    """One row: what it says, whose it is, and what becomes of it.

    Once compared, `fields` has what is to be recorded: what is not said as before.
    """

    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    outcome: RowOutcome = RowOutcome.NEW
    reason: str = ""
    tenant: UUID | None = None
    domain: str = ""
    customer: UUID | None = None
    known: Subscription | None = None

    @property
    def is_held_back(self) -> bool:
        return self.outcome == RowOutcome.POR_CASE

    @property
    def is_refused(self) -> bool:
        return self.outcome == RowOutcome.REFUSED

    @property
    def key(self) -> str:
        """The same for what names the same subscription; empty without an id."""
        return (self.fields.get("external_id") or "") if self.customer else ""

    def refuse(self, reason: str) -> None:
        self.outcome, self.reason = RowOutcome.REFUSED, reason


class Judge:
    """Judges an import's rows for an actor, who sees some tenants and not others."""

    def __init__(self, run: Import, actor: Actor) -> None:
        self.run, self.actor = run, actor
        how = converters(day_first=run.day_first)
        self.columns = [
            (number, name, Remembering(how[name]))
            for number, name in sorted((n, name) for name, n in run.columns.items())
        ]
        self.width = len(run.header)
        self.names_tenants = TENANT_ID in run.columns or DOMAIN in run.columns
        self.by_tenant: dict[UUID, UUID | None] = {}
        self.by_domain: dict[str, UUID | None] = {}
        self.partners: dict[str, Partner | None] = {}
        self.repeated: set[UUID] = set()  # rows without an id: each is repeated once
        self.basis = Basis(run)
        if own := run.customer:
            self.basis.add([(own.pk, own.tenant_id, own.primary_domain)])

    def judge(self, rows: Iterable[tuple[int, list[str]]]) -> list[Verdict]:
        verdicts = [self._read(line, cells) for line, cells in rows]
        self._find_customers(verdicts)
        self._find_partners(verdicts)
        self._compare([v for v in verdicts if v.customer and v.fields])
        self._find_dismissed([v for v in verdicts if v.is_held_back])
        return verdicts

    # Reading

    def _read(self, line: int, cells: list[str]) -> Verdict:
        if len(cells) > self.width:
            verdict = Verdict(line)
            verdict.refuse(_("It has more cells than the header."))
            return verdict
        cells += [""] * (self.width - len(cells))
        said: dict[str, Any] = {}
        reasons: list[str] = []
        try:
            for number, name, values in self.columns:
                if text := cells[number]:
                    said[name] = values[text]
        except ValueError:
            said = {}
        if not said.keys() >= NEEDED:
            reasons = self._wrong(cells, said)
        tenant, domain = said.pop(TENANT_ID, None), said.pop(DOMAIN, "")
        if (channel := said.pop(CHANNEL, "")) and (why := self._other_channel(channel)):
            reasons.append(why)
        verdict = Verdict(line, said, tenant=tenant, domain=domain)
        if reasons:
            verdict.refuse(" ".join(reasons))
        return verdict

    def _wrong(self, cells: list[str], said: dict[str, Any]) -> list[str]:
        """Why it is refused, cell by cell; what can be read goes into `said`."""
        reasons = []
        for number, name, values in self.columns:
            if not cells[number]:
                if name in REQUIRED:
                    reasons.append(f"{LABELS[name]}: {_('This is missing.')}")
                continue
            try:
                said[name] = values[cells[number]]
            except ValueError as error:
                reasons.append(f"{LABELS[name]}: {error}")
        return reasons

    def _other_channel(self, text: str) -> str:
        """Why it is refused; empty where the row says the import's own channel."""
        channel = Channel(self.run.channel)
        if text in (channel.value, channel.label.casefold()):
            return ""
        if text in CSP:
            return _("It claims to be CSP: the portal itself keeps those.")
        return _("It says another channel than the import.")

    # Whose they are

    def _find_customers(self, verdicts: list[Verdict]) -> None:
        """An unknown tenant, and one that the actor does not see, are the same."""
        own = self.run.customer_id
        self._look_up({v.tenant for v in verdicts}, {v.domain for v in verdicts})
        for verdict in verdicts:
            if verdict.tenant:
                found = self.by_tenant.get(verdict.tenant)
            elif verdict.domain:
                found = self.by_domain.get(verdict.domain)
            else:
                found = own
            if found is None or (own is not None and found != own):
                if not verdict.is_refused:
                    verdict.refuse(self._no_tenant(verdict))
                continue
            verdict.customer = found

    def _no_tenant(self, verdict: Verdict) -> str:
        if verdict.tenant or verdict.domain or self.names_tenants:
            return _("Unknown tenant.")
        return _("It names no tenant.")

    def _look_up(self, tenants: set[UUID | None], domains: set[str]) -> None:
        """Once in a file, as long as it names no more than are remembered."""
        if len(self.by_tenant) + len(self.by_domain) > REMEMBERED:
            self.by_tenant, self.by_domain = {}, {}
        rows = Customer.objects.visible_to(self.actor).order_by()
        if ids := {t for t in tenants if t} - self.by_tenant.keys():
            found = self._found(rows.filter(Among("tenant_id", ids)))
            self.by_tenant |= dict.fromkeys(ids)
            self.by_tenant |= {tenant: pk for pk, tenant, _domain in found}
        if names := domains - {""} - self.by_domain.keys():
            found = self._found(rows.filter(Among("primary_domain", names)))
            self.by_domain |= dict.fromkeys(names)
            self.by_domain |= {domain: pk for pk, _tenant, domain in found}

    def _found(self, rows: Any) -> list[Any]:
        found = list(rows.values_list(*IDENTITY))
        self.basis.add(found)
        return found

    def _find_partners(self, verdicts: list[Verdict]) -> None:
        """Whom the stated MPN IDs name, asked for once in a file."""
        ids = {v.fields.get("por_mpn_id", "") for v in verdicts}
        unknown = ids - {""} - self.partners.keys()
        if unknown:
            self.partners |= dict.fromkeys(unknown)
            rows = Partner.objects.filter(mpn_id__in=unknown)
            self.partners |= {partner.mpn_id: partner for partner in rows}

    # Against what is recorded

    def _compare(self, verdicts: list[Verdict]) -> None:
        rows = self._recorded({v.customer for v in verdicts if v.customer})
        newest = self._newest(rows, verdicts)
        without_id = self._without_id(rows, verdicts)
        for verdict in verdicts:
            assert verdict.customer is not None  # the caller leaves those out
            customer_id = verdict.customer
            if "external_id" in verdict.fields:
                external_id = verdict.fields["external_id"]
                verdict.known = newest.get((customer_id, external_id))
                if not verdict.is_refused:
                    self._decide(verdict)
            elif not verdict.is_refused:
                self._decide_without_id(verdict, without_id.get(customer_id, []))

    def _decide(self, verdict: Verdict) -> None:
        known, said = verdict.known, verdict.fields
        named = self.partners.get(said.get("por_mpn_id", ""))
        partner = recorded_partner(said, known, named)
        if partner is None:
            assert known is not None  # at first, whoever is stated is recorded
            verdict.outcome, verdict.reason = RowOutcome.POR_CASE, _is_recorded(known)
        elif known is not None and repeats(said, known):
            verdict.outcome = RowOutcome.UNCHANGED
        else:
            verdict.outcome = RowOutcome.SUPERSEDES if known else RowOutcome.NEW
            verdict.fields = as_recorded(said, known, partner)

    def _decide_without_id(self, verdict: Verdict, rows: list[Subscription]) -> None:
        """A row of the file repeats one that is recorded, and is another one beside it.

        The same file twice is nothing new, however often a line stands in it.
        """
        product = verdict.fields["product_name"]
        same = [row for row in rows if row.product_name == product]
        for row in same:
            if row.pk not in self.repeated and says_the_same(verdict.fields, row):
                verdict.outcome, verdict.known = RowOutcome.UNCHANGED, row
                self.repeated.add(row.pk)
                return
        self._decide(verdict)
        verdict.reason = _are_recorded(len(same)) if same else ""

    def _find_dismissed(self, verdicts: list[Verdict]) -> None:
        if not verdicts:
            return
        known = [v.known.pk for v in verdicts if v.known]
        cases = dismissed(known)
        for pk, verdict in zip(known, verdicts, strict=True):
            if was_dismissed(*divided(verdict.fields), cases.get(pk, ())):
                verdict.reason += " " + _("It was dismissed before: no new case.")

    def _newest(
        self, rows: Any, verdicts: list[Verdict]
    ) -> dict[tuple[UUID, str], Subscription]:
        """By customer and id elsewhere: the end of each chain, retracted or not."""
        ids = {v.key for v in verdicts} - {""}
        if not ids:
            return {}
        rows = rows.filter(Among("external_id", ids), superseded_by=None)
        return {(row.customer_id, row.external_id): row for row in rows}

    def _without_id(
        self, rows: Any, verdicts: list[Verdict]
    ) -> dict[UUID, list[Subscription]]:
        """By customer: current rows without an id elsewhere."""
        if all("external_id" in v.fields for v in verdicts):
            return {}
        found: dict[UUID, list[Subscription]] = {}
        for row in rows.current().filter(external_id=None).order_by("pk"):
            found.setdefault(row.customer_id, []).append(row)
        return found

    def _recorded(self, customers: set[UUID]) -> Any:
        """What is recorded of those customers of whom anything is."""
        rows: Any = Subscription.objects.order_by()
        if not (known := self.basis.with_rows(customers)):
            return rows.none()
        rows = rows.filter(Among("customer_id", known), channel=self.run.channel)
        return rows.select_related("partner_of_record", "retraction")


def _is_recorded(known: Subscription) -> str:
    recorded = known.partner_of_record_text or _("nobody")
    return _("Recorded: %(recorded)s.") % {"recorded": recorded}


def _are_recorded(count: int) -> str:
    """A row without an id supersedes nothing: it would stand beside them."""
    return ngettext(
        "%(count)s row of this product without an id is recorded already.",
        "%(count)s rows of this product without an id are recorded already.",
        count,
    ) % {"count": count}
