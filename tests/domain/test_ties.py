"""What comes due in one look happens in one order (invariant 21): a promise breaks before whoever broke it loses it.

The property in test_time_shifts.py leaves ties out, because a coarse engine takes them apart; here is nothing else.
"""

from datetime import timedelta

import pytest

from bot.domain import lifecycle
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.events import Event, IssueHandedOver, IssueReleased, LevelsInformed, Reminded, TargetBreached
from bot.domain.issue import Issue, WaitingFor
from bot.domain.policy import Policy
from tests.domain.factories import (
    ANN,
    BEN,
    DAY,
    HOUR,
    MINUTE,
    NINE,
    P2,
    SECOND,
    at_tier,
    changed,
    happen,
    make_claimed,
    make_issue,
)

TIE = changed(  # everything at once: after 20 minutes, the reminders after 16
    P2,
    windows=(20 * MINUTE,) * 4,
    first_response=20 * MINUTE,
    update=20 * MINUTE,
    resolution=20 * MINUTE,
    reminders=(0.8,),
)
PHASES = (timedelta(), SECOND, 30 * SECOND, 59 * SECOND)  # how late the engine looks


def names(events: tuple[Event, ...]) -> list[str]:
    return [
        f"{type(event).__name__} {event.clock}"
        if isinstance(event, TargetBreached | Reminded)
        else type(event).__name__
        for event in events
    ]


def at_the_tie(issue: Issue, late: timedelta, policy: Policy = TIE) -> tuple[Event, ...]:
    """What happens twenty minutes after nine; the reminders were seen to in time."""
    issue = pass_time(issue, policy, NINE + 16 * MINUTE).issue
    assert next_moment(issue, policy) == NINE + 20 * MINUTE
    return pass_time(issue, policy, NINE + 20 * MINUTE + late).events


@pytest.mark.parametrize("late", PHASES)
def test_the_promises_break_before_the_turn_ends(late: timedelta) -> None:
    assert names(at_the_tie(make_issue(policy=TIE), late)) == [
        "TargetBreached first_response",
        "TargetBreached resolution",
        "LevelsInformed",
        "IssueEscalated",
    ]


@pytest.mark.parametrize("late", PHASES)
def test_of_a_claimed_one_the_promise_breaks_before_the_claimant_loses_it(late: timedelta) -> None:
    assert names(at_the_tie(make_claimed(policy=TIE), late)) == [
        "TargetBreached resolution",
        "LevelsInformed",
        "IssueEscalated",
    ]


def test_those_above_are_those_above_the_tier_that_broke_the_promise() -> None:
    (informed,) = [event for event in at_the_tie(make_issue(policy=TIE), SECOND) if isinstance(event, LevelsInformed)]
    assert informed.tiers == (2, 4)


def test_at_the_last_tier_the_promise_breaks_before_the_ping() -> None:
    issue = at_tier(4, policy=TIE)
    assert names(at_the_tie(issue, SECOND))[-2:] == ["LevelsInformed", "TierReminded"]


def test_a_hand_over_that_ends_with_the_turn_gives_it_back_and_moves_nothing() -> None:
    """They had until then to accept it: it is not their silence."""
    policy = changed(P2, windows=(5 * MINUTE,) * 4, update=5 * MINUTE, resolution=8 * HOUR)
    issue = lifecycle.hand_over(make_claimed(policy=policy), ANN, to=BEN, note="halfway", policy=policy, now=NINE).issue
    issue = pass_time(issue, policy, NINE + 4 * MINUTE).issue
    happened = pass_time(issue, policy, NINE + 5 * MINUTE)
    assert [event for event in happened.events if not isinstance(event, Reminded)] == [
        IssueReleased(at=NINE + 5 * MINUTE, by=None, claimant=BEN.user)
    ]
    assert happened.issue.tier == 1


def test_of_a_turn_that_is_over_nobody_is_reminded() -> None:
    """Downtime: the reminder at 16 minutes and the turn at 20 are both behind; the next turn has its own reminders."""
    policy = changed(P2, windows=(20 * MINUTE,) * 4, resolution=40 * HOUR, reminders=(0.8,))
    happened = pass_time(make_issue(policy=policy), policy, NINE + 21 * MINUTE)
    assert names(happened.events) == ["Reminded tier_window", "IssueEscalated"]
    assert isinstance(happened.events[0], Reminded)
    assert happened.events[0].suppressed == "downtime"


@pytest.mark.parametrize("late", PHASES)
def test_a_promise_that_breaks_after_the_turn_has_ended_is_told_above_the_new_tier(late: timedelta) -> None:
    """Both lie in one look of a late engine; a punctual one would have had the turn first."""
    policy = changed(P2, windows=(20 * MINUTE,) * 4, resolution=21 * MINUTE, reminders=())
    happened = pass_time(make_issue(policy=policy), policy, NINE + 21 * MINUTE + late)
    assert names(happened.events) == ["IssueEscalated", "TargetBreached resolution", "LevelsInformed"]
    assert isinstance(happened.events[2], LevelsInformed)
    assert happened.events[2].tiers == (3, 4)


def test_what_waited_for_a_date_runs_from_now_on() -> None:
    """Nothing that stood still while it waited is passed in the look that ends the wait."""
    issue = lifecycle.wait(
        make_claimed(policy=TIE),
        ANN,
        reason=WaitingFor.DATE,
        note="the part",
        until=NINE + HOUR,
        policy=TIE,
        now=NINE,
    ).issue
    assert names(pass_time(issue, TIE, NINE + DAY).events) == ["WaitEnded"]


def test_a_turn_that_ended_before_the_hand_over_moves_it_up_although_both_are_over_by_now() -> None:
    """Downtime: they had a quarter of an hour to accept it, but a raise had left five minutes to say something."""
    policy = changed(P2, windows=(20 * MINUTE,) * 4, update=5 * MINUTE, resolution=8 * HOUR)
    offer = IssueHandedOver(at=NINE, by=ANN.user, to=BEN.user, desk=1, accept_by=NINE + 15 * MINUTE, note="halfway")
    issue = happen(make_claimed(policy=policy), offer, policy=policy)
    happened = pass_time(issue, policy, NINE + 16 * MINUTE)
    assert [name for name in names(happened.events) if not name.startswith("Reminded")] == ["IssueEscalated"]
    assert happened.issue.tier == 2
