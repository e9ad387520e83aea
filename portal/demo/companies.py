"""Who there is in the demo: fictional companies and people at reserved domains."""

import unicodedata
import uuid
from typing import NamedTuple

from relationships.enums import StaffRole, TenantRole


class PartnerRow(NamedTuple):
    name: str
    domain: str
    country: str
    mpn_id: str
    transacts: bool
    advises: bool
    phone: str = ""


class StaffRow(NamedTuple):
    name: str
    roles: dict[str, StaffRole]  # partner -> role; the login is at the first one


class CustomerRow(NamedTuple):
    name: str
    domain: str
    country: str
    city: str
    administrator: str


class PersonRow(NamedTuple):
    """Somebody of a tenant beside its administrator."""

    name: str
    customer: str
    role: TenantRole


def _customer(line: str) -> CustomerRow:
    key, name, country, city, administrator = map(str.strip, line.split("|"))
    return CustomerRow(name, f"{key}.example", country, city, administrator)


NEBELHAFEN = "nebelhafen"
QUILLBROOK = "quillbrook"
THISTLEMERE = "thistlemere"
PAPIERKRAN = "papierkran"
OAKWREN = "oakwren"

PARTNERS = {
    # The main one sells CSP and is the Advisor of some of its later customers.
    NEBELHAFEN: PartnerRow(
        "Nebelhafen Cloud GmbH",
        "nebelhafen.example",
        "DE",
        "9990011",
        True,
        True,
        "+49 30 23125 014",
    ),
    QUILLBROOK: PartnerRow(
        "Quillbrook Cloud Inc.",
        "quillbrook.example",
        "US",
        "9990022",
        True,
        False,
        "+1 202 555 0142",
    ),
    THISTLEMERE: PartnerRow(
        "Thistlemere IT Ltd",
        "thistlemere.example",
        "GB",
        "9990033",
        True,
        False,
        "+44 20 7946 0187",
    ),
    PAPIERKRAN: PartnerRow(
        "Papierkran Beratung GmbH", "papierkran.example", "AT", "9990044", False, True
    ),
    OAKWREN: PartnerRow(
        "Oakwren Advisory LLP", "oakwren.example", "GB", "9990055", False, True
    ),
}
MAIN_PARTNER = PARTNERS[NEBELHAFEN]

OPERATOR = ("Olivia Marsh", "operator@portal.example")

STAFF = [
    StaffRow("Greta Wennigmann", {NEBELHAFEN: StaffRole.ADMIN_AGENT}),
    StaffRow("Jonas Rehbach", {NEBELHAFEN: StaffRole.SALES_AGENT}),
    StaffRow("Amélie Tautz", {NEBELHAFEN: StaffRole.HELPDESK_AGENT}),
    StaffRow("Ulrich Sommerlatt", {NEBELHAFEN: StaffRole.EXECUTIVE_REPORT_VIEWER}),
    StaffRow("Pia Holmgart", {NEBELHAFEN: StaffRole.REPORT_VIEWER}),
    StaffRow("Dana Whitlow", {QUILLBROOK: StaffRole.SALES_AGENT}),
    StaffRow("Owen Prycewood", {THISTLEMERE: StaffRole.SALES_AGENT}),
    StaffRow(
        "Imogen Farrowby",
        {THISTLEMERE: StaffRole.ADMIN_AGENT, OAKWREN: StaffRole.HELPDESK_AGENT},
    ),
    StaffRow("Bruno Kestler", {PAPIERKRAN: StaffRole.ADMIN_AGENT}),
    StaffRow("Celia Wrenfield", {OAKWREN: StaffRole.SALES_AGENT}),
]

# key (and its domain, .example) | name | country | city | Global administrator
_CUSTOMERS = """
brunnenhof     | Brunnenhof Möbelwerk GmbH     | DE | Bielefeld   | Katrin Uhlenbruck
tannberg       | Tannberg Pumpen AG            | DE | Kassel      | Henrike Sandmeier
krugmann       | Krugmann Brauerei KG          | DE | Bamberg     | Lorenz Krugmann
seidelwerk     | Seidelwerk Optik GmbH         | DE | Jena        | Anja Seidel
lindenau       | Lindenau Verlag GmbH          | DE | Leipzig     | Theo Marquardsen
hafenkante     | Hafenkante Logistik GmbH      | DE | Hamburg     | Wiebke Petersdorf
moorfeld       | Moorfeld Saatgut eG           | DE | Oldenburg   | Enno Tjarks
birkholz       | Birkholz Architekten PartG    | DE | Potsdam     | Juliane Birkholz
zinnober       | Zinnober Druck GmbH           | DE | Mainz       | Roland Achterfeld
wolfsmilch     | Wolfsmilch Naturkosmetik GmbH | DE | Freiburg    | Sabine Ruhland
quarzhaus      | Quarzhaus Labortechnik GmbH   | DE | Göttingen   | Miriam Feuerbaum
feldlerche     | Feldlerche Bio-Höfe eG        | DE | Uelzen      | Hauke Brandis
rotdorn        | Rotdorn Pflegedienste gGmbH   | DE | Erfurt      | Clara Winterhalt
enzianhof      | Enzianhof Hotels GmbH         | AT | Innsbruck   | Vroni Haslacher
gletscherblick | Gletscherblick Seilbahnen AG  | AT | Zell am See | Matthias Oberegger
donaugold      | Donaugold Getreide GmbH       | AT | Krems       | Elfi Traunwieser
steinadler     | Steinadler Sicherheit GmbH    | AT | Graz        | Gernot Pichlmair
murtal         | Murtal Holzbau GmbH           | AT | Leoben      | Resi Kammerhuber
clairval       | Clairval Assurances SA        | FR | Lyon        | Hélène Vaugrenard
montbrun       | Montbrun Transports SAS       | FR | Dijon       | Armand Leclairon
lavandiere     | Lavandière Textiles SARL      | FR | Avignon     | Solène Barthelot
rochefleur     | Rochefleur Jardins SARL       | FR | Angers      | Mathis Corvaisier
verdoyer       | Verdoyer Énergies SAS         | FR | Nantes      | Claire Desmoulières
hautbois       | Hautbois Instruments SARL     | FR | Tours       | Bastien Roquevert
zonnewende     | Zonnewende Installatie BV     | NL | Utrecht     | Maaike Verdonkschot
tulpenburg     | Tulpenburg Export BV          | NL | Lisse       | Sander Hoogeveld
polderlicht    | Polderlicht Bouw BV           | NL | Lelystad    | Femke Dorrestein
oosterwind     | Oosterwind Rederij BV         | NL | Groningen   | Joris Buitenhek
grachtenhuis   | Grachtenhuis Notarissen       | NL | Leiden      | Anouk Terwisscha
copperwick     | Copperwick Castings Ltd       | GB | Sheffield   | Gareth Holloway
larkmead       | Larkmead Veterinary Group     | GB | Exeter      | Philippa Denby
fennimore      | Fennimore & Daughters Ltd     | GB | Norwich     | Beatrix Fennimore
oldbarrow      | Oldbarrow Heritage Trust      | GB | Durham      | Cuthbert Ainslow
tidewell       | Tidewell Ferries Ltd          | GB | Plymouth    | Morwenna Trelisk
silverpine     | Silverpine Timber Co.         | US | Spokane     | Wade Hollister
mapleforge     | Mapleforge Tools Inc.         | US | Burlington  | Renee Ashgrove
bluemesa       | Bluemesa Outfitters LLC       | US | Santa Fe    | Luz Archibeque
prairiegate    | Prairiegate Clinics Inc.      | US | Omaha       | Dwight Sandoz
cedarline      | Cedarline Rail Services Inc.  | US | Duluth      | Noreen Halvorsen
harborglass    | Harborglass Studios LLC       | US | Portland    | Quentin Marlow
"""
CUSTOMERS = {
    row.domain.removesuffix(".example"): row
    for row in map(_customer, _CUSTOMERS.strip().splitlines())
}

OTHER_PEOPLE = [
    # An administrator of two tenants, of two different partners.
    PersonRow("Henrike Sandmeier", "montbrun", TenantRole.GLOBAL_ADMINISTRATOR),
    PersonRow("Dietmar Kohlgraf", "quarzhaus", TenantRole.BILLING_ADMINISTRATOR),
    PersonRow("Yann Keradec", "verdoyer", TenantRole.USER),
]


def login_of(name: str, domain: str) -> str:
    """The person's address at its company: amelie.tautz@nebelhafen.example."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"{'.'.join(plain.lower().split())}@{domain}"


def staff_login(row: StaffRow) -> str:
    return login_of(row.name, PARTNERS[next(iter(row.roles))].domain)


def administrator_login(customer: str) -> str:
    row = CUSTOMERS[customer]
    return login_of(row.administrator, row.domain)


def person_login(row: PersonRow) -> str:
    """At the tenant itself, unless the person administers another one."""
    for key, customer in CUSTOMERS.items():
        if customer.administrator == row.name:
            return administrator_login(key)
    return login_of(row.name, CUSTOMERS[row.customer].domain)


def logins_of(customer: str) -> list[str]:
    """Its administrator first, then the others who work there."""
    others = (person for person in OTHER_PEOPLE if person.customer == customer)
    return [administrator_login(customer), *map(person_login, others)]


def tenant_id_of(domain: str) -> uuid.UUID:
    """The same on every machine, so that a second run knows the demo again."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, domain)
