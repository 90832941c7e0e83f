"""Business time: how much of it lies between two instants, and when a span of it will have passed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HORIZON = timedelta(days=800)  # an answer further away than this is a mistake in the calendar

_NOTHING = timedelta()
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_SECONDS_A_DAY = 86400
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class NeverOpens(Exception):
    """The calendar does not open enough within 800 days of the instant asked about."""


@dataclass(frozen=True)
class Window:
    """Open hours of one day: seconds of local wall clock since midnight, `end` excluded; 86400 is 24:00."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= _SECONDS_A_DAY:
            raise ValueError(
                f"A window runs from second {self.start} to second {self.end} of the day; it must start at 0 or later, "
                "end after its start and by 86400 (24:00). Hours past midnight are a second window, on the next day."
            )


Windows = tuple[Window, ...]  # of one day, earliest first; several mean breaks

_WHOLE_DAY: Windows = (Window(0, _SECONDS_A_DAY),)


@dataclass(frozen=True)
class Calendar:
    """Which instants count as working time.

    An instant is open if its wall-clock time in `zone` lies in a window of its local date. A date has the windows of
    its weekday, none on a holiday, and those of its one-off opening if there is one, also on a holiday.
    Instants are aware datetimes, in any zone (a naive one is a ValueError); answers are in UTC, to the microsecond.
    """

    name: str
    zone: str = "UTC"  # IANA
    weekly: tuple[Windows, ...] | None = None  # Monday first; None: every day round the clock
    holidays: frozenset[date] = frozenset()
    openings: frozenset[tuple[date, Windows]] = frozenset()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # a misspelt key, an ill-formed one, a directory of zones
            raise self._wrong(f'"{self.zone}" is not an IANA time zone such as Europe/Berlin') from None
        if self.weekly is not None:
            if len(self.weekly) != len(_WEEKDAYS):
                raise self._wrong(f"a week has 7 days, Monday first, not {len(self.weekly)}")
            for weekday, windows in zip(_WEEKDAYS, self.weekly, strict=True):
                self._check_order(weekday, windows)
            if not any(self.weekly) and not self.openings:
                raise self._wrong("it never opens")
        if any(isinstance(day, datetime) for day in self.holidays | self._opening.keys()):
            raise self._wrong("holidays and openings are dates, without a time of day")
        if len(self._opening) != len(self.openings):
            raise self._wrong("a date has two different openings; list all its windows in one")
        for day, windows in self.openings:
            if not windows:
                raise self._wrong(f"the opening on {day} has no window; a day without work is a holiday")
            self._check_order(str(day), windows)

    def _check_order(self, day: str, windows: Windows) -> None:
        if any(later.start < earlier.end for earlier, later in pairwise(windows)):
            raise self._wrong(f"the windows of {day} overlap or are not in order")

    def _wrong(self, what: str) -> ValueError:
        return ValueError(f'Calendar "{self.name}": {what}.')

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Open time in [start, end); zero if end is not after start."""
        start, end = _utc(start), _utc(end)
        if end <= start:
            return _NOTHING
        years = [_hours(self, year) for year in range(start.year, end.year + 1)]
        return sum((hours.before(end) - hours.before(start) for hours in years), _NOTHING)

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The earliest instant from `start` on by which `span` of open time has passed; `start` itself if it is <= 0.

        Raises NeverOpens if that is more than 800 days away.
        """
        start = _utc(start)
        if span <= _NOTHING:
            return start
        latest = start + HORIZON
        year = start.year
        wanted = _hours(self, year).before(start) + span
        while wanted > (hours := _hours(self, year)).total:
            wanted -= hours.total
            year += 1
            if year > latest.year:
                raise self._never_opens(start, span)
        end = hours.after(wanted)
        if end > latest:
            raise self._never_opens(start, span)
        return end

    def is_open(self, moment: datetime) -> bool:
        local = self.local(moment)
        since_midnight = local.replace(tzinfo=None) - datetime.combine(local.date(), time.min)
        return any(window.start * _SECOND <= since_midnight < window.end * _SECOND for window in self._on(local.date()))

    def next_opening(self, moment: datetime) -> datetime:
        """The earliest open instant from `moment` on. Raises NeverOpens if it is more than 800 days away."""
        # Where the first microsecond of work begins.
        return self.add(moment, timedelta.resolution) - timedelta.resolution

    def local(self, moment: datetime) -> datetime:
        """The same instant as the people of this calendar read it off the wall."""
        return _utc(moment).astimezone(self._zone)

    def _never_opens(self, start: datetime, span: timedelta) -> NeverOpens:
        return NeverOpens(f'Calendar "{self.name}" does not open for {span} within 800 days of {start}.')

    def _on(self, day: date) -> Windows:
        if (opening := self._opening.get(day)) is not None:
            return opening
        if day in self.holidays:
            return ()
        return _WHOLE_DAY if self.weekly is None else self.weekly[day.weekday()]

    @cached_property
    def _opening(self) -> dict[date, Windows]:
        return dict(self.openings)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.zone, self.weekly, self.holidays, self.openings))

    def __hash__(self) -> int:
        return self._hash  # kept, because every question below begins with a look into a cache


ALWAYS = Calendar("24x7")


@dataclass
class _Hours:
    """The open intervals [opens[i], closes[i]) of one UTC year, in order, and the open time before each of them."""

    opens: list[datetime] = field(default_factory=list)
    closes: list[datetime] = field(default_factory=list)
    earlier: list[timedelta] = field(default_factory=list)
    total: timedelta = _NOTHING

    def append(self, start: datetime, end: datetime) -> None:
        self.opens.append(start)
        self.closes.append(end)
        self.earlier.append(self.total)
        self.total += end - start

    def before(self, moment: datetime) -> timedelta:
        """Open time of this year before `moment`, which may lie outside of it."""
        last = bisect_right(self.opens, moment) - 1
        return self.earlier[last] + min(moment, self.closes[last]) - self.opens[last] if last >= 0 else _NOTHING

    def after(self, amount: timedelta) -> datetime:
        """The earliest instant before which this year had `amount` of open time; 0 < amount <= total."""
        last = bisect_left(self.earlier, amount) - 1
        return self.opens[last] + (amount - self.earlier[last])


@lru_cache(maxsize=128)  # a handful of calendars times three years; a year of office hours is 40 kB
def _hours(calendar: Calendar, year: int) -> _Hours:
    # UTC years, not local ones: where clocks go back over midnight, local dates come out of order.
    hours = _Hours()
    for start, end, offset in _constant_offsets(calendar._zone, year):  # noqa: SLF001 - the calendar's own other half
        day, last_day = (start + offset).date(), (end + offset - timedelta.resolution).date()
        while day <= last_day:
            midnight = datetime.combine(day, time.min, UTC) - offset
            for window in calendar._on(day):  # noqa: SLF001
                opens = max(start, midnight + window.start * _SECOND)
                closes = min(end, midnight + window.end * _SECOND)
                if opens < closes:
                    hours.append(opens, closes)
            day += _DAY
    return hours


def _constant_offsets(zone: ZoneInfo, year: int) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The year cut where the zone changes its offset from UTC: start, end, offset.

    Looks once a day; in no zone have two changes been less than a week apart since 1970.
    """
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    offset = _offset(zone, start)
    seen = start
    while seen < end:
        look = min(seen + _DAY, end)
        if (changed := _offset(zone, look)) != offset:
            low, high = seen, look
            while high - low > _SECOND:  # offsets change on whole seconds
                middle = low + (high - low) // _SECOND // 2 * _SECOND
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            yield start, high, offset
            start, offset = high, changed
        seen = look
    if start < end:
        yield start, end, offset


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None  # a ZoneInfo always has one for an instant
    return offset


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone; calendars reckon with instants.")
    return moment.astimezone(UTC)
