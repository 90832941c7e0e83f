"""Business time, held against stepping through the minutes of a wall clock."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import ALWAYS, Calendar, NeverOpens, Window

MICROSECOND = timedelta.resolution
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Cairo",  # clocks change at midnight before Friday
    "America/Santiago",  # and here at 24:00 of Saturday
    "America/St_Johns",  # at 00:01 until 2011, so a date was cut in two
    "Pacific/Apia",  # skipped a date
    "Asia/Kolkata",  # no summer time, odd offset
)

# The instant at which each zone's clocks change, or another one worth looking around.
CORNERS = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2027, 1, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 10, 29, 21, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 4, 5, 3, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),
    ("America/St_Johns", datetime(2026, 3, 8, 5, 30, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2021, 4, 3, 14, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 12, 31, 18, 30, tzinfo=UTC)),
]

REACH = 3 * DAY  # how far around a corner the minutes are stepped through


def hours(*spans: str) -> tuple[Window, ...]:
    """hours("09:00-12:30", "13:00-24:00")"""

    def second(clock: str) -> int:
        hour, minute = clock.split(":")
        return int(hour) * 3600 + int(minute) * 60

    return tuple(Window(second(start), second(end)) for start, end in (span.split("-") for span in spans))


OFFICE = hours("09:00-17:00")
MON_TO_FRI = (OFFICE,) * 5 + ((), ())
BERLIN = Calendar("office", "Europe/Berlin", MON_TO_FRI)


def berlin(*wall: int, fold: int = 0) -> datetime:
    """Wall-clock time in Berlin, as the UTC instant: Python holds no repeated wall-clock hour equal to its instant."""
    return datetime(*wall, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


# --- the oracle: every minute between two instants, one by one


@cache
def minutes_around(zone: str, corner: datetime) -> list[tuple[datetime, date, int]]:
    """Each minute near the corner: the instant it begins, its local date, its minute of the day."""
    steps = range(-int(REACH / MINUTE), int(REACH / MINUTE) + 1)
    walls = ((moment := corner + step * MINUTE, moment.astimezone(ZoneInfo(zone))) for step in steps)
    return [(moment, wall.date(), wall.hour * 60 + wall.minute) for moment, wall in walls]


def open_minutes(calendar: Calendar, corner: datetime) -> list[datetime]:
    openings = dict(calendar.openings)
    assert calendar.weekly is not None
    minutes: dict[date, set[int]] = {}
    for day in {day for _, day, _ in minutes_around(calendar.zone, corner)}:
        windows = openings.get(day, () if day in calendar.holidays else calendar.weekly[day.weekday()])
        minutes[day] = {minute for w in windows for minute in range(w.start // 60, w.end // 60)}
    return [moment for moment, day, minute in minutes_around(calendar.zone, corner) if minute in minutes[day]]


def stepped_between(opened: list[datetime], start: datetime, end: datetime) -> timedelta:
    parts = (min(end, minute + MINUTE) - max(start, minute) for minute in opened)
    return sum((part for part in parts if part > timedelta()), timedelta())


def stepped_add(opened: list[datetime], start: datetime, span: timedelta) -> datetime:
    for minute in opened:
        begin = max(start, minute)
        if (part := minute + MINUTE - begin) > timedelta():
            if part >= span:
                return begin + span
            span -= part
    raise AssertionError("the oracle does not see that far")


# --- what hypothesis draws

CUTS = st.one_of(st.integers(0, 1440), st.sampled_from([0, 1, 30, 60, 90, 120, 150, 180, 540, 1380, 1410, 1440]))


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    cuts = sorted(draw(st.sets(CUTS, max_size=6)))
    return tuple(Window(start * 60, end * 60) for start, end in zip(cuts[::2], cuts[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn, zone: str, days: list[date]) -> Calendar:
    """A calendar that opens 8 hours a week at least, with holidays and openings among `days`."""
    weekly = draw(st.lists(windows(), min_size=7, max_size=7))
    weekly[draw(st.integers(0, 6))] = OFFICE
    some_days = st.sampled_from(days)
    openings = draw(st.dictionaries(some_days, windows().filter(bool), max_size=2))
    return Calendar(
        "drawn", zone, tuple(weekly), draw(st.frozensets(some_days, max_size=3)), frozenset(openings.items())
    )


def spans(longest: timedelta) -> st.SearchStrategy[timedelta]:
    return st.one_of(
        st.integers(0, longest // MINUTE).map(lambda n: n * MINUTE),
        st.integers(0, longest // MICROSECOND).map(lambda n: n * MICROSECOND),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and an instant near a corner of its zone."""
    zone, corner = draw(st.sampled_from(CORNERS))
    days = [corner.date() + n * DAY for n in range(-10, 10)]
    return draw(calendars(zone, days)), corner - 10 * DAY + draw(spans(20 * DAY))


# --- against the oracle


@pytest.mark.parametrize(("zone", "corner"), CORNERS, ids=[f"{zone} {corner:%Y-%m-%d}" for zone, corner in CORNERS])
def test_agrees_with_stepping_through_the_minutes(zone: str, corner: datetime) -> None:
    days = sorted({day for _, day, _ in minutes_around(zone, corner)})

    @settings(max_examples=30, deadline=None)
    @given(calendar=calendars(zone, days), data=st.data())
    def check(calendar: Calendar, data: st.DataObject) -> None:
        opened = open_minutes(calendar, corner)
        start = corner - REACH + data.draw(spans(2 * REACH), label="start")
        end = corner - REACH + data.draw(spans(2 * REACH), label="end")
        assert calendar.between(start, end) == stepped_between(opened, start, end)

        ahead = stepped_between(opened, start, corner + REACH)
        if span := data.draw(spans(ahead), label="span"):
            assert calendar.add(start, span) == stepped_add(opened, start, span)
        if ahead:
            assert calendar.next_opening(start) == next(
                max(start, minute) for minute in opened if minute + MINUTE > start
            )
        assert calendar.is_open(start) == any(minute <= start < minute + MINUTE for minute in opened)

    check()


# --- properties


@settings(max_examples=100, deadline=None)
@given(cases(), st.lists(spans(20 * DAY), min_size=2, max_size=2))
def test_open_time_adds_up(case: tuple[Calendar, datetime], steps: list[timedelta]) -> None:
    calendar, a = case
    b = a + steps[0]
    c = b + steps[1]
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)


@settings(max_examples=100, deadline=None)
@given(cases(), spans(40 * HOUR))
def test_add_is_the_earliest_instant_by_which_the_span_has_passed(
    case: tuple[Calendar, datetime], span: timedelta
) -> None:
    calendar, start = case
    due = calendar.add(start, span)
    assert calendar.between(start, due) == span
    if span:
        assert calendar.between(start, due - MICROSECOND) == span - MICROSECOND
    else:
        assert due == start


@settings(max_examples=100, deadline=None)
@given(cases(), spans(5 * DAY), spans(40 * HOUR), spans(40 * HOUR))
def test_a_later_start_or_a_longer_span_is_never_due_earlier(
    case: tuple[Calendar, datetime], delay: timedelta, span: timedelta, more: timedelta
) -> None:
    calendar, start = case
    due = calendar.add(start, span)
    assert calendar.add(start + delay, span) >= due
    assert calendar.add(start, span + more) >= due
    assert calendar.add(due, more) == calendar.add(start, span + more) or not (span and more)


@settings(max_examples=100, deadline=None)
@given(cases(), spans(40 * HOUR), st.integers(-2, 30))
def test_a_holiday_never_makes_anything_due_earlier(case: tuple[Calendar, datetime], span: timedelta, day: int) -> None:
    calendar, start = case
    stricter = replace(calendar, holidays=calendar.holidays | {start.date() + day * DAY})
    assert stricter.add(start, span) >= calendar.add(start, span)


@pytest.mark.parametrize("zone", ZONES)
def test_round_the_clock_takes_exactly_its_span_whatever_the_clocks_do(zone: str) -> None:
    starts = [corner + n * HOUR for place, corner in CORNERS if place == zone for n in range(-30, 30)]
    always = Calendar("24x7", zone)
    whole_days = Calendar("written out", zone, (hours("00:00-24:00"),) * 7)
    assert starts
    for start in starts:
        for span in (MICROSECOND, 15 * MINUTE, 4 * HOUR, 26 * HOUR, 700 * DAY):
            assert always.add(start, span) == whole_days.add(start, span) == ALWAYS.add(start, span) == start + span
            assert always.between(start, start + span) == whole_days.between(start, start + span) == span


@pytest.mark.parametrize("zone", ZONES)
def test_a_week_later_means_the_same_time_on_the_wall_for_office_hours(zone: str) -> None:
    calendar = Calendar("office", zone, MON_TO_FRI)
    first = datetime(2026, 1, 5, tzinfo=UTC)
    for start in (first + n * 31 * HOUR for n in range(300)):
        wall = calendar.local(start)
        due, a_week_later = calendar.local(calendar.add(start, 11 * HOUR)), calendar.add(wall + WEEK, 11 * HOUR)
        assert calendar.local(a_week_later).replace(tzinfo=None) == due.replace(tzinfo=None) + WEEK


# --- stories


def test_twenty_minutes_from_friday_evening_over_a_holiday_end_on_tuesday_morning() -> None:
    easter = replace(BERLIN, holidays=frozenset({date(2026, 4, 6)}))
    assert easter.add(berlin(2026, 4, 3, 16, 50), 20 * MINUTE) == berlin(2026, 4, 7, 9, 10)
    assert BERLIN.add(berlin(2026, 4, 3, 16, 50), 20 * MINUTE) == berlin(2026, 4, 6, 9, 10)


@pytest.mark.parametrize(
    ("span", "due"),
    [
        (10 * MINUTE, berlin(2026, 11, 20, 17)),  # used up at closing time is due then, not when it opens again
        (10 * MINUTE + MICROSECOND, berlin(2026, 11, 23, 9, 0, 0, 1)),
        (8 * HOUR + 10 * MINUTE, berlin(2026, 11, 23, 17)),
        (40 * HOUR, berlin(2026, 11, 27, 16, 50)),
        (timedelta(), berlin(2026, 11, 20, 16, 50)),
        (-HOUR, berlin(2026, 11, 20, 16, 50)),
    ],
)
def test_a_span_from_friday_ten_to_five(span: timedelta, due: datetime) -> None:
    assert BERLIN.add(berlin(2026, 11, 20, 16, 50), span) == due


def test_nothing_to_wait_for_is_due_at_once_even_when_closed() -> None:
    sunday = berlin(2026, 11, 22, 12)
    assert BERLIN.add(sunday, timedelta()) == sunday


def test_time_does_not_run_backwards() -> None:
    assert BERLIN.between(berlin(2026, 11, 20, 12), berlin(2026, 11, 20, 11)) == timedelta()
    assert BERLIN.between(berlin(2026, 11, 20, 12), berlin(2026, 11, 20, 12)) == timedelta()


def test_a_break_does_not_count() -> None:
    calendar = Calendar("lunch", "Europe/Berlin", (hours("09:00-12:00", "13:00-17:00"),) * 7)
    assert calendar.add(berlin(2026, 11, 20, 11, 30), HOUR) == berlin(2026, 11, 20, 13, 30)
    assert not calendar.is_open(berlin(2026, 11, 20, 12))
    assert calendar.is_open(berlin(2026, 11, 20, 13))
    assert calendar.next_opening(berlin(2026, 11, 20, 12, 15)) == berlin(2026, 11, 20, 13)


def test_a_night_shift_given_as_two_windows_runs_through_midnight() -> None:
    night = Calendar("night", "Europe/Berlin", (hours("00:00-06:00", "22:00-24:00"),) * 7)
    assert night.add(berlin(2026, 12, 31, 23), 2 * HOUR) == berlin(2027, 1, 1, 1)
    assert night.between(berlin(2026, 12, 31, 12), berlin(2027, 1, 1, 12)) == 8 * HOUR
    assert night.is_open(berlin(2027, 1, 1))


def test_no_second_is_lost_at_midnight() -> None:
    calendar = Calendar("long days", "Europe/Berlin", (hours("00:00-24:00"),) * 7)
    assert calendar.between(berlin(2026, 11, 1), berlin(2026, 12, 1)) == 30 * DAY
    assert calendar.is_open(berlin(2026, 11, 20, 23, 59, 59, 999_999))


def test_a_deadline_carries_over_the_end_of_the_year_and_a_leap_day() -> None:
    new_year = replace(BERLIN, holidays=frozenset({date(2027, 1, 1)}))
    assert new_year.add(berlin(2026, 12, 31, 16), 2 * HOUR) == berlin(2027, 1, 4, 10)
    assert BERLIN.add(berlin(2028, 2, 28, 16), 9 * HOUR) == berlin(2028, 2, 29, 17)


def test_two_years_of_office_hours_are_all_there() -> None:
    weekdays = sum((date(2026, 1, 1) + n * DAY).weekday() < 5 for n in range(731))
    assert BERLIN.between(berlin(2026, 1, 1), berlin(2028, 1, 2)) == weekdays * 8 * HOUR


def test_a_one_off_opening_replaces_the_hours_of_its_day_even_on_a_holiday() -> None:
    saturday, holiday, friday = date(2026, 11, 21), date(2026, 11, 23), date(2026, 11, 20)
    stocktaking = replace(
        BERLIN,
        holidays=frozenset({holiday}),
        openings=frozenset(
            {(saturday, hours("10:00-12:00")), (holiday, hours("10:00-11:00")), (friday, hours("08:00-10:00"))}
        ),
    )
    assert stocktaking.between(berlin(2026, 11, 20), berlin(2026, 11, 21)) == 2 * HOUR
    assert stocktaking.add(berlin(2026, 11, 20, 9), 2 * HOUR) == berlin(2026, 11, 21, 11)
    assert stocktaking.add(berlin(2026, 11, 20, 9), 4 * HOUR) == berlin(2026, 11, 23, 11)
    assert stocktaking.is_open(berlin(2026, 11, 23, 10))
    assert not stocktaking.is_open(berlin(2026, 11, 23, 12))


def test_a_holiday_closes_a_calendar_that_is_open_round_the_clock() -> None:
    calendar = Calendar("24x7 but Christmas", "Europe/Berlin", holidays=frozenset({date(2026, 12, 25)}))
    assert calendar.add(berlin(2026, 12, 24, 23), 2 * HOUR) == berlin(2026, 12, 26, 1)


def test_the_hour_that_clocks_skip_passes_no_time_and_the_hour_they_repeat_counts_twice() -> None:
    nights = Calendar("nights", "Europe/Berlin", (hours("01:00-04:00"),) * 7)
    assert nights.between(berlin(2026, 3, 29), berlin(2026, 3, 30)) == 2 * HOUR
    assert nights.between(berlin(2026, 10, 25), berlin(2026, 10, 26)) == 4 * HOUR
    assert nights.add(berlin(2026, 3, 29, 1, 30), HOUR) == berlin(2026, 3, 29, 3, 30)
    assert nights.add(berlin(2026, 10, 25, 2, 30), HOUR) == berlin(2026, 10, 25, 2, 30, fold=1)


def test_windows_are_kept_to_the_second_and_may_touch() -> None:
    seconds = Calendar("odd", weekly=((Window(32401, 32402), Window(32402, 32405)),) * 7)
    assert seconds.between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)) == timedelta(seconds=4)


def test_the_next_opening_of_an_open_moment_is_that_moment() -> None:
    noon = berlin(2026, 11, 20, 12, 0, 0, 7)
    assert BERLIN.next_opening(noon) == noon
    assert BERLIN.next_opening(berlin(2026, 11, 20, 17)) == berlin(2026, 11, 23, 9)


def test_answers_are_in_utc_and_local_is_in_the_calendars_zone() -> None:
    noon = berlin(2026, 11, 20, 12)
    for answer in (BERLIN.add(noon, timedelta()), BERLIN.add(noon, HOUR), BERLIN.next_opening(noon)):
        assert answer.tzinfo is UTC
    assert BERLIN.local(datetime(2026, 7, 1, 12, tzinfo=UTC)).isoformat() == "2026-07-01T14:00:00+02:00"


# --- values and refusals


def test_equal_calendars_are_one_key() -> None:
    def written_again() -> Calendar:
        return Calendar(
            "office",
            "Europe/Berlin",
            (hours("09:00-17:00"),) * 5 + ((), ()),
            frozenset({date(2026, 12, 25), date(2026, 12, 26)}),
            frozenset({(date(2026, 12, 27), hours("10:00-12:00"))}),
        )

    assert written_again() == written_again()
    assert len({written_again(), written_again(), BERLIN}) == 2
    changed = replace(written_again(), holidays=frozenset())
    assert changed.between(berlin(2026, 12, 25), berlin(2026, 12, 26)) == 8 * HOUR
    assert written_again().between(berlin(2026, 12, 25), berlin(2026, 12, 26)) == timedelta()


def test_a_calendar_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        BERLIN.zone = "UTC"  # type: ignore[misc]


def test_more_than_the_calendar_opens_within_800_days_is_refused() -> None:
    fair = Calendar("fair", weekly=((),) * 7, openings=frozenset({(date(2026, 6, 1), OFFICE)}))
    before = datetime(2026, 1, 1, tzinfo=UTC)
    assert fair.add(before, 8 * HOUR) == datetime(2026, 6, 1, 17, tzinfo=UTC)
    with pytest.raises(NeverOpens, match=r'"fair" does not open for 8:00:01 within 800 days of 2026-01-01'):
        fair.add(before, 8 * HOUR + timedelta(seconds=1))
    with pytest.raises(NeverOpens):
        fair.next_opening(datetime(2026, 6, 1, 17, tzinfo=UTC))
    assert ALWAYS.add(before, 800 * DAY) == before + 800 * DAY
    with pytest.raises(NeverOpens):
        ALWAYS.add(before, 800 * DAY + MICROSECOND)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America", "", "../etc/passwd", "Europe/Berlin\0"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        Calendar("x", zone)


@pytest.mark.parametrize(
    ("weekly", "complaint"),
    [
        (((),) * 7, "never opens"),
        ((OFFICE,) * 5, "a week has 7 days, Monday first, not 5"),
        (((),) * 6 + (hours("09:00-12:00", "11:59-17:00"),), "the windows of Sunday overlap or are not in order"),
        ((hours("13:00-17:00", "09:00-12:00"),) + (OFFICE,) * 6, "the windows of Monday overlap or are not in order"),
        ((hours("09:00-17:00", "09:00-17:00"),) + (OFFICE,) * 6, "the windows of Monday overlap or are not in order"),
    ],
)
def test_a_week_that_makes_no_sense_is_refused(weekly: tuple[tuple[Window, ...], ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=f'Calendar "x": .*{complaint}'):
        Calendar("x", weekly=weekly)


@pytest.mark.parametrize(("start", "end"), [(-1, 3600), (3600, 3600), (7200, 3600), (0, 86401)])
def test_a_window_that_makes_no_sense_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"A window runs from second {start} to second {end}"):
        Window(start, end)


def test_special_days_that_make_no_sense_are_refused() -> None:
    day = date(2026, 12, 24)
    with pytest.raises(ValueError, match="dates, without a time of day"):
        Calendar("x", holidays=frozenset({datetime(2026, 12, 24, tzinfo=UTC)}))
    with pytest.raises(ValueError, match="dates, without a time of day"):
        Calendar("x", openings=frozenset({(datetime(2026, 12, 24, tzinfo=UTC), OFFICE)}))
    with pytest.raises(ValueError, match="two different openings"):
        Calendar("x", openings=frozenset({(day, OFFICE), (day, hours("10:00-11:00"))}))
    with pytest.raises(ValueError, match="the opening on 2026-12-24 has no window"):
        Calendar("x", openings=frozenset({(day, ())}))
    with pytest.raises(ValueError, match="the windows of 2026-12-24 overlap"):
        Calendar("x", openings=frozenset({(day, hours("09:00-12:00", "11:00-13:00"))}))


def test_a_time_without_a_zone_is_refused() -> None:
    naive, aware = datetime(2026, 11, 20, 12), datetime(2026, 11, 20, 12, tzinfo=UTC)  # noqa: DTZ001
    for ask in (
        lambda: BERLIN.between(naive, aware),
        lambda: BERLIN.between(aware, naive),
        lambda: BERLIN.add(naive, HOUR),
        lambda: BERLIN.is_open(naive),
        lambda: BERLIN.next_opening(naive),
        lambda: BERLIN.local(naive),
    ):
        with pytest.raises(ValueError, match="has no time zone"):
            ask()
