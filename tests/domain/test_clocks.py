"""Clocks that pause, restart and change their budget without losing or inventing time."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import ALWAYS, Calendar, Window
from bot.domain.clocks import Clock

MICROSECOND = timedelta.resolution
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
OFFICE_DAY = (Window(9 * 3600, 17 * 3600),)
OFFICE = Calendar(
    "office", weekly=(OFFICE_DAY,) * 5 + ((), ()), holidays=frozenset({date(2026, 1, 8), date(2026, 1, 16)})
)
LONG_OFFICE = Calendar("long office", weekly=((Window(7 * 3600, 20 * 3600),),) * 6 + ((),))
LUNCH = Calendar(
    "lunch", "Europe/Berlin", ((Window(9 * 3600, 12 * 3600), Window(13 * 3600, 17 * 3600)),) * 5 + ((), ())
)
CALENDARS = (OFFICE, LUNCH, ALWAYS)

instants = st.integers(0, 14 * DAY // MICROSECOND).map(lambda n: MONDAY + n * MICROSECOND)
calendars = st.sampled_from(CALENDARS)
budgets = st.sampled_from([5 * MINUTE, 20 * MINUTE, 2 * HOUR, 4 * HOUR, 8 * HOUR, 40 * HOUR])
graces = st.sampled_from([timedelta(), 3 * MINUTE, 5 * MINUTE, 10 * MINUTE])


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Wall-clock time on the n-th day after the first Monday."""
    return MONDAY + day * DAY + hour * HOUR + minute * MINUTE


# --- the life of one clock


def test_a_new_clock_stands_still() -> None:
    clock = Clock(budget=4 * HOUR)
    assert clock.due(OFFICE) is None
    assert clock.spent(at(0, 12), OFFICE) == timedelta()


def test_a_running_clock_is_due_when_its_budget_is_used_up() -> None:
    clock = Clock(budget=4 * HOUR).start(at(0, 15))
    assert clock.due(OFFICE) == at(1, 11)
    assert clock.due(ALWAYS) == at(0, 19)
    assert clock.spent(at(1, 10), OFFICE) == 3 * HOUR


def test_a_share_of_the_budget_counts_from_nothing_used() -> None:
    clock = Clock(budget=4 * HOUR, used=HOUR).start(at(0, 9))
    assert clock.due(OFFICE, 0.5) == at(0, 10)
    assert clock.due(OFFICE, 0.8) == at(0, 11, 12)
    assert clock.due(OFFICE, 0.25) == clock.due(OFFICE, 0.1) == at(0, 9)


def test_closed_hours_and_pauses_are_not_used() -> None:
    clock = Clock(budget=8 * HOUR).start(at(0, 16)).stop(at(1, 10), OFFICE)
    assert (clock.used, clock.due(OFFICE)) == (2 * HOUR, None)
    assert clock.spent(at(2, 12), OFFICE) == 2 * HOUR
    assert clock.start(at(4, 12)).due(OFFICE) == at(7, 10)  # Friday noon, 5 h that day, 1 h on Monday


def test_starting_a_running_clock_and_stopping_a_stopped_one_change_nothing() -> None:
    running = Clock(budget=HOUR).start(at(0, 9))
    assert running.start(at(0, 10)) == running
    stopped = running.stop(at(0, 10), OFFICE)
    assert stopped.stop(at(0, 12), OFFICE) == stopped


def test_a_restart_forgets_what_was_used_and_the_floor() -> None:
    worn = Clock(budget=HOUR, used=50 * MINUTE, running_since=at(0, 9), floor=at(0, 12))
    assert worn.restart(at(0, 10)) == Clock(budget=HOUR, running_since=at(0, 10))
    assert worn.restart(at(0, 10), 2 * HOUR) == Clock(budget=2 * HOUR, running_since=at(0, 10))
    assert worn.restart(at(0, 10), timedelta()).due(OFFICE) == at(0, 10)


def test_a_clock_set_back_uses_nothing() -> None:
    clock = Clock(budget=HOUR, used=MINUTE).start(at(0, 12))
    assert clock.stop(at(0, 11), OFFICE).used == MINUTE


@settings(max_examples=200, deadline=None)
@given(calendars, st.lists(instants, min_size=2, max_size=12, unique=True).map(sorted))
def test_pausing_and_resuming_never_loses_a_microsecond(calendar: Calendar, moments: list[datetime]) -> None:
    clock = Clock(budget=8 * HOUR)
    worked = timedelta()
    for n, (start, end) in enumerate(pairwise(moments)):
        if n % 2 == 0:
            clock = clock.start(start).stop(end, calendar)
            worked += calendar.between(start, end)
        assert clock.used == worked
    # Two clocks that take turns have used together what one has that never paused.
    first, second = Clock(budget=HOUR).start(moments[0]), Clock(budget=HOUR)
    for n, moment in enumerate(moments[1:]):
        if n % 2 == 0:
            first, second = first.stop(moment, calendar), second.start(moment)
        else:
            first, second = first.start(moment), second.stop(moment, calendar)
    spent = first.spent(moments[-1], calendar) + second.spent(moments[-1], calendar)
    assert spent == calendar.between(moments[0], moments[-1])


@settings(max_examples=200, deadline=None)
@given(calendars, budgets, instants, st.integers(0, 10**12).map(lambda n: n * MICROSECOND))
def test_a_pause_of_no_length_moves_no_deadline(
    calendar: Calendar, budget: timedelta, start: datetime, later: timedelta
) -> None:
    clock = Clock(budget).start(start)
    due = clock.due(calendar)
    assert due is not None
    now = min(start + later, due - MICROSECOND)
    assert clock.stop(now, calendar).start(now).due(calendar) == due


@settings(max_examples=200, deadline=None)
@given(calendars, budgets, instants)
def test_a_clock_stopped_when_due_has_used_its_budget(calendar: Calendar, budget: timedelta, start: datetime) -> None:
    clock = Clock(budget).start(start)
    due = clock.due(calendar)
    assert due is not None
    assert clock.spent(due - MICROSECOND, calendar) == budget - MICROSECOND
    assert clock.stop(due, calendar).used == budget


# --- another budget


def test_three_hours_with_one_used_become_two_hours_with_one_left() -> None:
    clock = Clock(budget=3 * HOUR).start(at(0, 9)).rebudget(at(0, 10), 2 * HOUR, OFFICE, OFFICE, 5 * MINUTE)
    assert clock == Clock(budget=2 * HOUR, used=HOUR, running_since=at(0, 10))
    assert clock.due(OFFICE) == at(0, 11)


def test_what_was_used_is_settled_under_the_old_calendar() -> None:
    overnight = Clock(budget=24 * HOUR).start(at(0, 16))
    raised = overnight.rebudget(at(1, 10), 4 * HOUR, OFFICE, ALWAYS, 3 * MINUTE)
    assert raised.used == 2 * HOUR
    assert raised.due(ALWAYS) == at(1, 12)


def test_a_raise_past_the_budget_leaves_the_grace() -> None:
    clock = Clock(budget=8 * HOUR).start(at(0, 9)).rebudget(at(0, 14), HOUR, OFFICE, OFFICE, 5 * MINUTE)
    assert clock.due(OFFICE) == at(0, 14, 5)
    assert clock.due(OFFICE, 0.8) == at(0, 14, 5)


def test_a_raise_never_buys_time() -> None:
    clock = Clock(budget=8 * HOUR).start(at(0, 9))
    assert clock.rebudget(at(0, 16, 58), HOUR, OFFICE, OFFICE, 5 * MINUTE).due(OFFICE) == at(0, 17)
    overdue = clock.rebudget(at(1, 9), HOUR, OFFICE, OFFICE, 5 * MINUTE)
    assert overdue.due(OFFICE) == at(1, 9)


def test_a_raise_to_the_same_budget_in_longer_hours_leaves_the_grace_too() -> None:
    clock = Clock(budget=8 * HOUR).start(at(4, 9, 1))
    saturday = at(5, 12)
    assert clock.due(OFFICE) == at(7, 9, 1)
    assert clock.rebudget(saturday, 8 * HOUR, OFFICE, ALWAYS, 3 * MINUTE).due(ALWAYS) == at(5, 12, 3)


def test_the_same_terms_again_change_no_deadline() -> None:
    clock = Clock(budget=8 * HOUR).start(at(0, 9)).rebudget(at(0, 14), HOUR, OFFICE, OFFICE, 5 * MINUTE)
    again = clock.rebudget(at(0, 14, 1), HOUR, OFFICE, OFFICE, MINUTE)
    assert again.due(OFFICE) == clock.due(OFFICE) == at(0, 14, 5)


def test_lowering_a_moment_after_raising_does_not_make_it_due_earlier() -> None:
    now = at(0, 14)
    raised = Clock(budget=16 * HOUR).start(at(0, 9)).rebudget(now, 5 * MINUTE, OFFICE, ALWAYS, 3 * MINUTE)
    lowered = raised.rebudget(now + SECOND, 20 * MINUTE, ALWAYS, OFFICE, 5 * MINUTE)
    assert raised.due(ALWAYS) == lowered.due(OFFICE) == at(0, 14, 3)
    assert lowered.floor == raised.floor


def test_a_stopped_clock_stays_stopped_under_its_new_budget() -> None:
    stopped = Clock(budget=8 * HOUR, used=5 * HOUR)
    raised = stopped.rebudget(at(0, 12), HOUR, OFFICE, ALWAYS, 3 * MINUTE)
    assert raised == Clock(budget=HOUR, used=5 * HOUR)
    assert raised.start(at(0, 13)).due(ALWAYS) == at(0, 13)


@pytest.mark.parametrize(("budget", "floor"), [(7 * HOUR, None), (8 * HOUR, at(0, 13)), (16 * HOUR, at(0, 13))])
def test_only_a_raise_takes_the_floor_of_a_stopped_clock(budget: timedelta, floor: datetime | None) -> None:
    stopped = Clock(budget=8 * HOUR, used=5 * HOUR, floor=at(0, 13))
    assert stopped.rebudget(at(0, 12), budget, OFFICE, OFFICE, 3 * MINUTE).floor == floor


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_raise_is_never_due_later_and_a_lowering_never_earlier(data: st.DataObject) -> None:
    nested = [ALWAYS, LONG_OFFICE, OFFICE]  # each opens only when the one before it does
    terms = sorted(data.draw(st.lists(st.tuples(budgets, st.integers(0, 2)), min_size=4, max_size=4), label="terms"))
    budget_of = [budget for budget, _ in terms]
    calendar_of = [nested[n] for n in sorted(n for _, n in terms)]
    grace_of = [data.draw(graces, label="grace") for _ in terms]
    now = data.draw(instants, label="start")
    priority = data.draw(st.integers(0, 3), label="priority")
    clock = Clock(budget_of[priority]).start(now)
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        now += data.draw(st.sampled_from([timedelta(), SECOND, 4 * MINUTE, 3 * HOUR, 2 * DAY]), label="pass")
        before, old = priority, clock.due(calendar_of[priority])
        used = clock.spent(now, calendar_of[priority])
        priority = data.draw(st.integers(0, 3), label="priority")
        clock = clock.rebudget(now, budget_of[priority], calendar_of[before], calendar_of[priority], grace_of[priority])
        new = clock.due(calendar_of[priority])
        assert old is not None
        assert new is not None
        assert clock.used == used
        if priority <= before:
            assert new <= max(old, now)
            assert new >= min(old, now + grace_of[priority])
        if priority >= before:
            assert new >= old


@settings(max_examples=200, deadline=None)
@given(instants, budgets, budgets, graces, st.integers(0, 600))
def test_a_lowering_keeps_the_floor_of_the_raise(
    start: datetime, low: timedelta, high: timedelta, grace: timedelta, seconds: int
) -> None:
    now = start + 6 * HOUR
    raised = Clock(80 * HOUR).start(start).rebudget(now, low, OFFICE, OFFICE, grace)
    lowered = raised.rebudget(now + seconds * SECOND, max(low, high), OFFICE, OFFICE, 10 * MINUTE)
    assert lowered.floor == raised.floor


# --- against the reference model, which knows whole seconds and lists of intervals


class ModelClock:
    """Written independently of `Clock`: mutable, in seconds since the first Monday."""

    def __init__(self, budget: int, calendar: str) -> None:
        self.budget, self.calendar = budget, calendar
        self.used = self.floor = 0
        self.since: int | None = None

    def run(self, now: int) -> None:
        if self.since is None:
            self.since = now

    def stop(self, now: int) -> None:
        if self.since is not None:
            self.used += model_open(self.since, now, self.calendar)
            self.since = None

    def restart(self, now: int, budget: int | None) -> None:
        self.used, self.since, self.floor, self.budget = 0, now, 0, budget or self.budget

    def rebudget(self, now: int, budget: int, calendar: str, grace: int) -> None:
        running, old = self.since is not None, self.due()
        self.stop(now)
        raised = budget < self.budget
        self.budget, self.calendar = budget, calendar
        if running:
            self.since = now
        if raised:
            hasty = old is not None and budget - self.used < grace
            self.floor = min(now + grace, max(now, old or 0)) if hasty else 0

    def due(self, share: float = 1.0) -> int | None:
        if self.since is None:
            return None
        return max(self.floor, model_add(self.since, round(self.budget * share) - self.used, self.calendar))


MODEL_HOURS = {
    "24x7": [(0, 10**9)],
    "office": [(d * 86400 + 9 * 3600, d * 86400 + 17 * 3600) for d in range(200) if d % 7 < 5 and d not in (3, 11)],
}
MODEL_OPENS = {name: [start for start, _ in intervals] for name, intervals in MODEL_HOURS.items()}
REAL = {"24x7": ALWAYS, "office": OFFICE}


def model_open(start: int, end: int, calendar: str) -> int:
    return sum(max(0, min(end, b) - max(start, a)) for a, b in MODEL_HOURS[calendar])


def model_add(start: int, span: int, calendar: str) -> int:
    if span <= 0:
        return start
    for a, b in MODEL_HOURS[calendar][max(0, bisect_right(MODEL_OPENS[calendar], start) - 1) :]:
        begin = max(a, start)
        if b > begin:
            if b - begin >= span:
                return begin + span
            span -= b - begin
    raise AssertionError("the model does not see that far")


PRIORITIES = {  # budget and grace in seconds; no two budgets are equal
    "P1": ("24x7", 4 * 3600, 180),
    "P2": ("office", 8 * 3600, 300),
    "P3": ("office", 24 * 3600, 600),
    "P4": ("office", 40 * 3600, 600),
}


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(PRIORITIES)),
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 60, 299, 1800, 3600, 7 * 3600, 20 * 3600, 86400]),
            st.sampled_from(["start", "stop", "restart", "restart for an hour", *sorted(PRIORITIES) * 2]),
        ),
        max_size=12,
    ),
)
def test_agrees_with_the_reference_model(priority: str, steps: list[tuple[int, str]]) -> None:
    name, budget, _ = PRIORITIES[priority]
    model, clock, now = ModelClock(budget, name), Clock(budget * SECOND), 9 * 3600
    model.run(now)
    clock = clock.start(MONDAY + now * SECOND)
    for wait, step in steps:
        now += wait
        moment = MONDAY + now * SECOND
        calendar = REAL[model.calendar]
        if step == "start":
            model.run(now)
            clock = clock.start(moment)
        elif step == "stop":
            model.stop(now)
            clock = clock.stop(moment, calendar)
        elif step.startswith("restart"):
            hour = 3600 if step.endswith("hour") else None
            model.restart(now, hour)
            clock = clock.restart(moment, HOUR if hour else None)
        else:
            name, budget, grace = PRIORITIES[step]
            model.rebudget(now, budget, name, grace)
            clock = clock.rebudget(moment, budget * SECOND, calendar, REAL[name], grace * SECOND)
        calendar = REAL[model.calendar]
        assert clock.used == model.used * SECOND
        for share in (0.5, 0.8, 1.0):
            due = model.due(share)
            assert clock.due(calendar, share) == (None if due is None else MONDAY + due * SECOND)


def test_a_clock_is_a_value() -> None:
    clock = Clock(HOUR)
    with pytest.raises(AttributeError):
        clock.used = HOUR  # type: ignore[misc]
    assert {clock, Clock(HOUR)} == {clock}
