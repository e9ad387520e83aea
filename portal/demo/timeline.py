"""Stories that unfold side by side, each step at its own moment of the past."""

from collections.abc import Generator, Iterable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random

from portal.foundation import clock
from portal.jobs import running
from relationships.actors import Actor
from relationships.models import Notice
from relationships.services import reminders
from subscriptions.calendar import add_months
from subscriptions.services import renewals
from subscriptions.services.clock import run
from subscriptions.services.upkeep import verify_existing

MONTHS = 18
PAUSE = timedelta(minutes=6)  # at least, between two steps of a story
UNREAD = timedelta(days=5)

# A generator that acts by the services and yields the moment of its next step.
Story = Generator[datetime, None, None]


class Calendar:
    """Days counted back from today, so that the history always ends now."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self.first_day = add_months(self.today, -MONTHS)

    def midnight(self, days_ago: int) -> datetime:
        return self.today - timedelta(days=days_ago)

    def morning(self, days_ago: int) -> datetime:
        """When the operator's imports run, on any day."""
        return self.midnight(days_ago) + timedelta(hours=5)

    def office_hours(self, days_ago: int, dice: Random) -> datetime:
        """Some time on that day, or on the Friday before where it is a weekend."""
        day = self.midnight(days_ago)
        weekend = max(0, day.weekday() - 4)
        minutes = dice.randrange(7 * 60, 16 * 60)
        return day + timedelta(days=-weekend, minutes=minutes)

    def days_since(self, moment: datetime) -> int:
        return (self.today - moment).days


def play(calendar: Calendar, stories: Iterable[Story]) -> None:
    """Let every step happen at its moment, in the order of time, until now."""
    waiting: list[tuple[datetime, int, Story]] = []
    for number, story in enumerate([_every_night(calendar), *stories]):
        _step(waiting, calendar.first_day, number, story)
    while waiting:
        _step(waiting, *heappop(waiting))
    with clock.at(calendar.now):
        run(actor=Actor.clock())
        renewals.ask(digest=0)
        running.run_waiting("demo")
        verify_existing()


def _step(
    waiting: list[tuple[datetime, int, Story]],
    moment: datetime,
    number: int,
    story: Story,
) -> None:
    with clock.at(moment):
        wanted = next(story, None)
        running.run_waiting("demo")  # now: the commit comes months later in the story
    if wanted is not None:
        heappush(waiting, (max(wanted, moment + PAUSE), number, story))


def _every_night(calendar: Calendar) -> Story:
    """What time moves, moves every night at two."""
    for days_ago in range(calendar.days_since(calendar.first_day), -1, -1):
        night = calendar.midnight(days_ago) + timedelta(hours=2)
        if night < calendar.now:
            yield night
            run(actor=Actor.clock())
            reminders.send_due()
            _read_notices()


def _read_notices() -> None:
    """People have read what they were told a few days ago."""
    told = Notice.objects.unread().filter(created_at__lt=clock.now() - UNREAD)
    told.update(read_at=clock.now())
