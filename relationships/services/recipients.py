"""A list of recipients, as people upload or paste it: read, and judged line by line."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from portal.foundation.refusals import words

from ..enums import LineMark
from ..models import Customer, Invitation, Partner
from ..validators import validate_domain

SEPARATORS = (";", "\t", ",")
LONGEST = {"name": 200, "address": 254, "domain": 253, "reference": 100}
# What the head of a column may say; without a head, the columns stand in this order.
HEADS = {
    "name": {"name", "contact", "customer", "company", "firma", "kunde"},
    "address": {"address", "e-mail", "email", "mail", "recipient", "adresse"},
    "domain": {"domain", "customer domain", "domäne"},
    "reference": {"reference", "your reference", "referenz"},
}
COLUMNS = tuple(HEADS)


@dataclass(frozen=True)
class Line:
    """`number` as in the list; `why` is said where the mark alone does not tell."""

    number: int
    name: str = ""
    address: str = ""
    domain: str = ""
    reference: str = ""
    mark: LineMark = LineMark.GOOD
    why: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What an open invitation is the only one for."""
        return self.address.lower(), self.domain


def decoded(content: bytes) -> str:
    """UTF-8 where the whole file is that, else Windows-1252."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read(text: str) -> list[Line]:
    """ValidationError `rows` where there is none, or more than `INVITATION_ROWS`."""
    text = text.replace("\0", "").lstrip("\ufeff")
    found = [
        (number, [cell.strip() for cell in cells])
        for number, cells in enumerate(_cells(text), 1)
        if any(cell.strip() for cell in cells)
    ]
    order = _order_of_head(found[0][1]) if found else None
    if order is not None:
        found.pop(0)
    if not found:
        raise ValidationError(_("Give at least one address."), code="rows")
    if len(found) > settings.INVITATION_ROWS:
        raise ValidationError(
            _("%(count)s lines are too many: give at most %(most)s at once."),
            code="rows",
            params={"count": len(found), "most": settings.INVITATION_ROWS},
        )
    return [_line(number, cells, order or COLUMNS) for number, cells in found]


def _cells(text: str) -> Iterable[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error as error:
        raise ValidationError(_("The list is no CSV."), code="rows") from error


def _order_of_head(cells: list[str]) -> tuple[str, ...] | None:
    """What stands in which column; None when it is no head."""
    words = [cell.lower() for cell in cells]
    order = tuple(
        next((column for column, known in HEADS.items() if word in known), "")
        for word in words
    )
    return order if "address" in order else None


def _line(number: int, cells: list[str], order: tuple[str, ...]) -> Line:
    if len(cells) == 1 and order == COLUMNS:
        order = ("address",)
    values = {name: cell for name, cell in zip(order, cells, strict=False) if name}
    values["domain"] = values.get("domain", "").lower()
    return replace(Line(number), **values)  # type: ignore[arg-type]


def as_text(lines: Iterable[Line]) -> str:
    """What `read` makes the same lines of; they are numbered anew."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(line, name) for name in COLUMNS] for line in lines)
    return file.getvalue()


def judged(lines: list[Line], partner: Partner) -> list[Line]:
    """Each with its mark. Looks among this partner's own invitations and customers.

    When they are created, the rules judge each of them again.
    """
    invited, linked = _invited(lines, partner), _linked(lines, partner)
    seen: set[tuple[str, str]] = set()
    result = []
    for line in lines:
        mark, why = LineMark.GOOD, _fault(line)
        if why:
            mark = LineMark.BAD
        elif line.key in seen:
            mark = LineMark.DOUBLE
        elif _domain(line) in linked:
            mark = LineMark.LINKED
        elif line.key in invited:
            mark = LineMark.INVITED
        if mark != LineMark.BAD:
            seen.add(line.key)
        result.append(replace(line, mark=mark, why=why))
    return result


def _fault(line: Line) -> str:
    try:
        if not line.address:
            raise ValidationError(_("The address is missing."))
        validate_email(line.address)
        if line.domain:
            validate_domain(line.domain)
    except ValidationError as error:
        return words(error)
    for field in fields(Line):
        most = LONGEST.get(field.name)
        if most is not None and len(getattr(line, field.name)) > most:
            return _("%(column)s: %(most)s characters at most.") % {
                "column": field.name.capitalize(),
                "most": most,
            }
    return ""


def _domain(line: Line) -> str:
    return line.domain or line.address.rpartition("@")[2].lower()


def _invited(lines: list[Line], partner: Partner) -> set[tuple[str, str]]:
    own = Invitation.objects.open().filter(partner=partner)
    named = own.annotate(address=Lower("recipient_email")).filter(
        address__in={line.address.lower() for line in lines}
    )
    return set(named.values_list("address", "customer_domain"))


def _linked(lines: list[Line], partner: Partner) -> set[str | None]:
    domains = {_domain(line) for line in lines} - {""}
    own = Customer.objects.of_active_relationships(partner).filter(
        Q(primary_domain__in=domains) | Q(stated_domain__in=domains)
    )
    pairs = own.values_list("primary_domain", "stated_domain")
    return {domain for pair in pairs for domain in pair if domain in domains}
