"""The pacer alone, with a clock in the hand."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import Place
from bot.services.pacing import BUDGETS, Pacer, PingBudget


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacer(time: Time) -> Pacer:
    return Pacer(time)


def test_at_rest_nothing_is_busy(pacer: Pacer) -> None:
    assert pacer.busy() == frozenset()
    assert pacer.next_free() is None


def test_a_post_keeps_its_own_queue_busy_for_a_little_over_a_second(pacer: Pacer, time: Time) -> None:
    pacer.spend("post:tier:1")
    assert pacer.busy() == {"post:tier:1"}
    time.now += 1.0
    assert pacer.busy() == {"post:tier:1"}
    time.now += 0.1
    assert pacer.busy() == frozenset()


@pytest.mark.parametrize("verb", ["update", "delete", "react"])
def test_other_calls_keep_no_queue_busy(pacer: Pacer, verb: str) -> None:
    pacer.spend(f"{verb}:tier:1")
    assert pacer.busy() == frozenset()


@pytest.mark.parametrize("verb", list(BUDGETS))
def test_a_verb_has_so_many_at_once_and_so_many_a_minute(pacer: Pacer, time: Time, verb: str) -> None:
    per_minute, at_once = BUDGETS[verb]
    for number in range(at_once):
        assert verb not in pacer.busy()
        pacer.spend(f"{verb}:person:U{number}")
    assert verb in pacer.busy()
    time.now += 60 / per_minute + 0.001
    assert verb not in pacer.busy()
    pacer.spend(f"{verb}:person:U")
    assert verb in pacer.busy()


def test_a_budget_does_not_grow_beyond_what_may_be_spent_at_once(pacer: Pacer, time: Time) -> None:
    time.now += 3600
    for number in range(BUDGETS["update"][1]):
        pacer.spend(f"update:person:U{number}")
    assert "update" in pacer.busy()


def test_a_frozen_queue_is_busy_as_long_as_slack_said_and_no_longer(pacer: Pacer, time: Time) -> None:
    pacer.freeze("update:tier:2", 30)
    time.now += 29.99
    assert pacer.busy() == {"update:tier:2"}
    time.now += 0.01
    assert pacer.busy() == frozenset()


def test_what_is_frozen_longer_is_not_freed_by_a_shorter_word(pacer: Pacer, time: Time) -> None:
    """Two senders, two answers: the later one need not be the longer."""
    pacer.freeze("post:tier:1", 30)
    pacer.freeze("post:tier:1", 1)
    time.now += 29
    assert pacer.busy() == {"post:tier:1"}


def test_a_call_that_was_on_its_way_does_not_end_a_freeze(pacer: Pacer, time: Time) -> None:
    pacer.freeze("post:tier:1", 30)
    pacer.spend("post:tier:1")
    time.now += 29
    assert pacer.busy() == {"post:tier:1"}


def test_senders_are_told_when_the_first_thing_is_free_again(pacer: Pacer, time: Time) -> None:
    pacer.freeze("post:tier:1", 30)
    assert pacer.next_free() == pytest.approx(30)
    pacer.spend("post:tier:2")
    assert pacer.next_free() == pytest.approx(1.05)
    time.now += 5
    assert pacer.next_free() == pytest.approx(25)
    for number in range(10):
        pacer.spend(f"update:person:U{number}")
    assert pacer.next_free() == pytest.approx(60 / 50)


CALLS = st.lists(
    st.tuples(st.sampled_from([f"{verb}:tier:{tier}" for verb in BUDGETS for tier in (1, 2)]), st.floats(0, 3)),
    max_size=150,
)


@settings(deadline=None)
@given(CALLS)
def test_whoever_asks_first_never_outruns_slack(calls: list[tuple[str, float]]) -> None:
    """Never two posts to one place within a second; never more of a verb in a minute than its budget."""
    time = Time()
    pacer = Pacer(time)
    spent: list[tuple[float, str]] = []
    for pace, wait in calls:
        time.now += wait
        busy = pacer.busy()
        if pace not in busy and pace.partition(":")[0] not in busy:
            pacer.spend(pace)
            spent.append((time.now, pace))
    for verb, (per_minute, at_once) in BUDGETS.items():
        moments = [at for at, pace in spent if pace.startswith(verb)]
        for start in moments:
            assert len([at for at in moments if start <= at < start + 60]) <= per_minute + at_once
    for pace in {pace for _, pace in spent if pace.startswith("post")}:
        moments = [at for at, each in spent if each == pace]
        assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(moments))


# --- pings


def test_a_ping_that_called_nobody_leaves_the_one_before_it_counted(time: Time) -> None:
    pings, place = PingBudget(time), Place(tier=1)
    pings.spend(place, 1, row=1)
    time.now += 10
    pings.spend(place, 1, row=2)
    pings.forget(place, row=2)
    assert not pings.allows(place, 3, 900.0, row=3)
    time.now += 900
    assert pings.allows(place, 3, 900.0, row=3)
