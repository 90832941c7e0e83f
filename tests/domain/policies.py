"""Random policies that a policy file could hold: nearer targets and wider hours, the higher the priority."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from bot.domain.calendar import ALWAYS, Calendar, Window
from bot.domain.policy import AtOnce, OnStale, Policy, Repeat, Targets, Tier, Waiting
from bot.domain.priority import Priority
from tests.domain.factories import DAY, FALLBACK, HOUR, LEAD_OF_L2, MATRIX, MINUTE, P1

# Mondays, a few days before something happens to the wall clock, or to the year.
STARTS = [
    datetime(2026, 1, 5, tzinfo=UTC),  # nothing
    datetime(2026, 3, 23, tzinfo=UTC),  # Europe goes an hour forward at the end of the week
    datetime(2026, 10, 19, tzinfo=UTC),  # and back
    datetime(2026, 3, 2, tzinfo=UTC),  # America goes forward
    datetime(2026, 9, 28, tzinfo=UTC),  # half an hour on Lord Howe
    datetime(2026, 12, 28, tzinfo=UTC),  # year's end
]
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")
HOLIDAYS = [start.date() + timedelta(days=days) for start in STARTS for days in (1, 4, 7, 8)] + [date(2027, 1, 1)]

ALL_DAY, LONG, OFFICE = "24x7", "long", "office"
HOURS = [  # of P1 to P4: none opens longer than the one before
    (ALL_DAY, OFFICE, OFFICE, OFFICE),
    (ALL_DAY, LONG, OFFICE, OFFICE),
    (ALL_DAY, ALL_DAY, LONG, OFFICE),
    (LONG, LONG, OFFICE, OFFICE),
    (OFFICE, OFFICE, OFFICE, OFFICE),
    (ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY),
]
NUDGES = [  # and after how much silence the issue is taken for solved
    ((8, 24), 40),
    ((1,), 5),
    ((1, 2, 3), 5),
    ((), 40),
]


@dataclass(frozen=True)
class Shape:
    """What a random policy is made from, short enough to be read in a failure."""

    tiers: int = 4
    hours: tuple[str, ...] = HOURS[0]
    zone: str = "UTC"
    holidays: tuple[date, ...] = ()
    lunch: bool = False
    windows: tuple[int, ...] = (5, 20, 120, 240)  # minutes, of P1 to P4; each tier has one more time
    first_response: tuple[int, ...] = (15, 60, 240, 480)
    update: tuple[int, ...] = (30, 120, 480, 1440)
    resolution: tuple[int, ...] = (240, 480, 1440, 2400)
    grace: int = 3
    at_once: int = 1  # that many tiers get a card of a P1
    reminders: tuple[float, ...] = (0.8,)
    stale: tuple[OnStale, ...] = (OnStale.ESCALATE,) * 4
    factor: float = 1.0
    nudges: tuple[tuple[int, ...], int] = NUDGES[0]

    def policy(self) -> Policy:
        return Policy(
            version="v1",
            tiers=tuple(
                Tier(number, f"L{number}", f"support-l{number}", leads=(LEAD_OF_L2,) if number == 2 else ())
                for number in range(1, self.tiers + 1)
            ),
            matrix=MATRIX,
            targets={priority: self._targets(priority, place) for place, priority in enumerate(Priority)},
            waiting=Waiting(
                nudges=tuple(hours * HOUR for hours in self.nudges[0]),
                resolve=self.nudges[1] * HOUR,
                calendar=self._calendar(self.hours[-1]),
            ),
            fallback=FALLBACK,
        )

    def _targets(self, priority: Priority, place: int) -> Targets:
        at_once = AtOnce(tiers=tuple(range(1, min(self.at_once, self.tiers - 1) + 1)), inform=(self.tiers,), ping=True)
        return Targets(
            first_response=self.first_response[place] * MINUTE,
            windows=tuple(self.windows[place] * tier * MINUTE for tier in range(1, self.tiers + 1)),
            update=self.update[place] * MINUTE,
            resolution=self.resolution[place] * MINUTE,
            grace=(self.grace + place) * MINUTE,
            at_once=at_once if priority is P1 else AtOnce(),
            ask_leader=3 * MINUTE if priority is P1 else None,
            calendar=self._calendar(self.hours[place]),
            reminders=self.reminders,
            on_stale=self.stale[place],
            repeat=Repeat(factor=self.factor, cap=max(4 * HOUR, self.windows[place] * self.tiers * MINUTE)),
        )

    def _calendar(self, hours: str) -> Calendar:
        if hours == ALL_DAY:
            return ALWAYS
        if hours == LONG:
            return Calendar(LONG, self.zone, (*((Window(7 * 3600, 24 * 3600),),) * 6, ()), frozenset(self.holidays))
        day = (
            (Window(9 * 3600, 12 * 3600), Window(13 * 3600, 17 * 3600))
            if self.lunch
            else (Window(9 * 3600, 17 * 3600),)
        )
        return Calendar(OFFICE, self.zone, (*(day,) * 5, (), ()), frozenset(self.holidays))


def _budgets(least: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Minutes for P1 to P4: none is shorter than the one before."""

    def growing(ratios: list[int]) -> tuple[int, ...]:
        found = [least]
        for ratio in ratios:
            found.append(found[-1] * ratio)
        return tuple(found[1:])

    return st.lists(st.sampled_from([1, 2, 4]), min_size=4, max_size=4).map(growing)


shapes = st.builds(
    Shape,
    tiers=st.sampled_from([4, 2, 3]),
    hours=st.sampled_from(HOURS),
    zone=st.sampled_from(ZONES),
    holidays=st.lists(st.sampled_from(HOLIDAYS), max_size=3, unique=True).map(tuple),
    lunch=st.booleans(),
    windows=_budgets(5),
    first_response=_budgets(15),
    update=_budgets(20),
    resolution=_budgets(60),
    grace=st.sampled_from([3, 10]),
    at_once=st.sampled_from([1, 2]),
    reminders=st.sampled_from([(0.8,), (0.5, 0.8), ()]),
    stale=st.tuples(*[st.sampled_from(OnStale)] * 4),
    factor=st.sampled_from([1.0, 1.5, 2.0]),
    nudges=st.sampled_from(NUDGES),
)
starts = st.builds(
    lambda monday, minutes: monday + minutes * MINUTE, st.sampled_from(STARTS), st.integers(0, 7 * DAY // MINUTE)
)
