"""What happens in the demo, with whom and how many days ago."""

from portal.foundation import clock
from relationships.enums import InvitationStatus

from . import existing, story
from .companies import NEBELHAFEN, QUILLBROOK, THISTLEMERE
from .story import Request
from .timeline import Calendar, Story, play
from .world import World, create_world, load_catalogue

DRAFT = InvitationStatus.DRAFT
SENT = InvitationStatus.SENT
OPENED = InvitationStatus.OPENED
SIGNED_IN = InvitationStatus.SIGNED_IN

# Who accepted, and the lines of each order that followed.
ACCEPTED: list[tuple[Request, tuple[int, ...]]] = [
    (Request(NEBELHAFEN, "brunnenhof", 525, SIGNED_IN, by_hand=True), (3, 3, 1)),
    (Request(NEBELHAFEN, "tannberg", 498, SIGNED_IN, is_bound=True), (3, 3)),
    (Request(NEBELHAFEN, "krugmann", 455, SIGNED_IN, adds=True), (3, 2)),
    (Request(NEBELHAFEN, "seidelwerk", 411, SIGNED_IN, by_hand=True), (4, 1)),
    (Request(NEBELHAFEN, "lindenau", 349, SIGNED_IN), (3, 3)),
    (Request(NEBELHAFEN, "zinnober", 330, SIGNED_IN), (4,)),
    (Request(NEBELHAFEN, "hafenkante", 298, SIGNED_IN, is_bound=True), (4, 1)),
    (Request(NEBELHAFEN, "enzianhof", 246, SIGNED_IN), (4,)),
    (Request(NEBELHAFEN, "gletscherblick", 189, SIGNED_IN, by_hand=True), (3, 1)),
    (Request(NEBELHAFEN, "clairval", 131, SIGNED_IN, adds=True), (4,)),
    (Request(NEBELHAFEN, "zonnewende", 70, SIGNED_IN), (3,)),
    (Request(THISTLEMERE, "copperwick", 508, SIGNED_IN), (3, 2)),
    (Request(THISTLEMERE, "lavandiere", 439, SIGNED_IN), (4,)),
    (Request(THISTLEMERE, "larkmead", 431, SIGNED_IN, by_hand=True), (3, 2)),
    (Request(THISTLEMERE, "montbrun", 319, SIGNED_IN), (4, 2)),
    (Request(THISTLEMERE, "tulpenburg", 214, SIGNED_IN, is_bound=True), (4, 1)),
    (Request(THISTLEMERE, "fennimore", 89, SIGNED_IN), (3,)),
    # Formerly of Nebelhafen: see ENDED.
    (Request(THISTLEMERE, "zinnober", 52, SIGNED_IN), (2,)),
    (Request(QUILLBROOK, "silverpine", 516, SIGNED_IN), (3, 3)),
    (Request(QUILLBROOK, "mapleforge", 371, SIGNED_IN, by_hand=True), (4, 2)),
    (Request(QUILLBROOK, "bluemesa", 161, SIGNED_IN), (4,)),
]
BY_PARTNER_LINK: list[tuple[Request, tuple[int, ...]]] = [
    (Request(NEBELHAFEN, "moorfeld", 105, SIGNED_IN), (4,)),
    (Request(NEBELHAFEN, "hautbois", 9, SIGNED_IN), ()),
]
# Partner, customer, days ago and the lines of each order.
PROVISIONED: list[tuple[str, str, int, tuple[int, ...]]] = [
    (NEBELHAFEN, "birkholz", 471, (4, 2)),
    (NEBELHAFEN, "donaugold", 279, (3, 1)),
    (QUILLBROOK, "prairiegate", 226, (4, 1)),
]
ENDED = [
    ("lavandiere", 152, "The customer closes its shops and needs no licences."),
    ("zinnober", 60, "The customer moves to a partner near its new site."),
]
DECLINED = [
    (
        Request(NEBELHAFEN, "wolfsmilch", 148, SIGNED_IN),
        "We stay with buying from Microsoft directly this year.",
    ),
    (Request(THISTLEMERE, "oldbarrow", 118, SIGNED_IN, by_hand=True), ""),
]
EXPIRED = [
    Request(NEBELHAFEN, "rochefleur", 88, OPENED),
    Request(NEBELHAFEN, "it@salzgarten.example", 402, SENT, by_hand=True),
    Request(NEBELHAFEN, "einkauf@taubenschlag.example", 236, OPENED),
    Request(THISTLEMERE, "office@brindlecote.example", 377, SENT),
    Request(THISTLEMERE, "it@wexmoor.example", 173, OPENED),
    Request(QUILLBROOK, "admin@juniperflats.example", 294, SENT),
    Request(QUILLBROOK, "it@stonefiddle.example", 97, SENT),
]
WITHDRAWN = [
    (Request(NEBELHAFEN, "polderlicht", 46, OPENED), 38),
    (Request(QUILLBROOK, "it@kettlecreek.example", 203, SENT), 199),
]
NEW_LINK_ASKED = (
    Request(NEBELHAFEN, "steinadler", 62, OPENED),
    6,
    "Our administrator was on leave. Please send us a new link.",
)
STILL_OPEN = [
    Request(NEBELHAFEN, "it@glockenblume.example", 3, DRAFT, reference="Trade fair"),
    Request(THISTLEMERE, "hello@mossbridge.example", 2, DRAFT),
    # The two that somebody of the demo's accounts can accept.
    Request(NEBELHAFEN, "quarzhaus", 4, SENT, is_bound=True, reference="Scenario A"),
    Request(NEBELHAFEN, "verdoyer", 7, SIGNED_IN),
    Request(NEBELHAFEN, "murtal", 11, OPENED, by_hand=True),
    Request(THISTLEMERE, "oosterwind", 8, SENT, by_hand=True),
    Request(THISTLEMERE, "tidewell", 13, OPENED),
    Request(QUILLBROOK, "harborglass", 5, SENT),
    # Two that cannot be accepted, each with a case for the partner's staff: larkmead
    # has another partner, and cedarline is in another market.
    Request(NEBELHAFEN, "larkmead", 14, SIGNED_IN),
    Request(NEBELHAFEN, "cedarline", 16, SIGNED_IN),
]

SEATS_ADDED = {
    "brunnenhof": [470, 388, 301, 214, 122, 33],
    "tannberg": [420, 290, 150, 61],
    "krugmann": [360, 175, 47],
    "seidelwerk": [333, 205, 18],
    "lindenau": [260, 94],
    "hafenkante": [188, 76, 12],
    "enzianhof": [140],
    "clairval": [64],
    "copperwick": [447, 264, 111, 25],
    "larkmead": [346, 83],
    "montbrun": [239, 55],
    "silverpine": [455, 322, 197, 71, 5],
    "mapleforge": [274, 132],
    "birkholz": [405, 166],
    "prairiegate": [101, 3],
}
SUSPENDED = {
    "krugmann": 40,
    "hafenkante": 22,
    "seidelwerk": 260,
    "copperwick": 58,
    "mapleforge": 27,
    "donaugold": 66,
}
TRIED_FOR_A_MONTH = {
    "tannberg": 320,
    "silverpine": 250,
    "lindenau": 128,
    "tulpenburg": 95,
    "brunnenhof": 48,
    "montbrun": 41,
}
LOOKED_AFTER = {"brunnenhof": 344, "lindenau": 159, "birkholz": 88}
BOUGHT_LATER = {"seidelwerk": 226, "larkmead": 119, "bluemesa": 68, "lindenau": 36}
CHANGE_SCHEDULED = {"tannberg": 2}
ASKED_TO_END = ("copperwick", 3, "We buy from our parent company from May on.")
WRONG_IMPORT = ("rotdorn", 48)
PARTNER_LINK_RENEWED = (NEBELHAFEN, 543)


def unfold(calendar: Calendar) -> None:
    """Write the whole history, from the calendar's first day until now."""
    with clock.at(calendar.first_day):
        load_catalogue()
        world = create_world(calendar, {key for _partner, key, *_ in PROVISIONED})
    play(calendar, [*_from_elsewhere(world), *_asked(world), *_sold(world)])


def _from_elsewhere(world: World) -> list[Story]:
    """Subscriptions of other channels, as the operator records them."""
    return [
        *(existing.existing_subscriptions(world, key) for key in existing.EXISTING),
        *(existing.bought_later(world, *row) for row in BOUGHT_LATER.items()),
        existing.wrong_import(world, *WRONG_IMPORT),
    ]


def _asked(world: World) -> list[Story]:
    """Invitations, with what follows where the customer accepts."""
    return [
        story.partner_link_renewed(world, *PARTNER_LINK_RENEWED),
        *(story.accepted(world, *row) for row in ACCEPTED),
        *(story.accepted_by_partner_link(world, *row) for row in BY_PARTNER_LINK),
        *(story.declined(world, *row) for row in DECLINED),
        *(story.only_asked(world, request) for request in EXPIRED + STILL_OPEN),
        *(story.withdrawn(world, *row) for row in WITHDRAWN),
        story.new_link_asked(world, *NEW_LINK_ASKED),
    ]


def _sold(world: World) -> list[Story]:
    """What else happens to customers that a partner sells to."""
    return [
        *(story.provisioned(world, *row) for row in PROVISIONED),
        *(story.seats_added(world, *row) for row in SEATS_ADDED.items()),
        *(story.suspended(world, *row) for row in SUSPENDED.items()),
        *(story.tried_for_a_month(world, *row) for row in TRIED_FOR_A_MONTH.items()),
        *(story.looked_after(world, *row) for row in LOOKED_AFTER.items()),
        *(story.change_scheduled(world, *row) for row in CHANGE_SCHEDULED.items()),
        story.asked_to_end(world, *ASKED_TO_END),
        *(story.ended(world, *row) for row in ENDED),
    ]
