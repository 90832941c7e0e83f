"""T9 to T11, T16: waiting for somebody outside support stops the clocks; snoozing stops none."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain import lifecycle, refusals
from bot.domain.clockwork import NO_ANSWER, pass_time
from bot.domain.deadlines import next_moment
from bot.domain.decision import Actor, Decision
from bot.domain.events import (
    IssueResolved,
    IssueSnoozed,
    ReporterNudged,
    ReporterReplied,
    TargetBreached,
    WaitEnded,
    WaitStarted,
)
from bot.domain.issue import Issue, Status, WaitingFor
from bot.domain.policy import Waiting
from bot.domain.priority import Priority
from tests.domain.factories import (
    ANN,
    BEN,
    CHLOE,
    DAY,
    HOUR,
    MINUTE,
    NINE,
    OFFICE,
    P1,
    P2,
    P3,
    P4,
    POLICY,
    REPORTER,
    ROBIN,
    SECOND,
    STRANGER,
    happen,
    make_claimed,
    make_issue,
    make_policy,
    make_resolved,
    make_waiting,
    make_words,
    refused,
    run_until,
)

NOON = NINE + 3 * HOUR


def wait(issue: Issue, who: Actor = ANN, *, now: datetime = NOON, **facts: Any) -> Decision:
    facts = {"reason": WaitingFor.REPORTER, "note": "Which building?", "until": None, **facts}
    return lifecycle.wait(issue, who, policy=POLICY, now=now, **facts)


def resume(issue: Issue, who: Actor = ANN, *, gone: bool = False, now: datetime = NOON) -> Issue:
    return lifecycle.resume(issue, who, holder_gone=gone, policy=POLICY, now=now).issue


def reply(issue: Issue, *, gone: bool = False, now: datetime = NOON) -> Decision:
    words = make_words("Room 4", ts=str(now.timestamp()))
    return lifecycle.reporter_word(issue, words, by=REPORTER, holder_gone=gone, policy=POLICY, now=now)


# --- T9: wait


@pytest.mark.parametrize("reason", list(WaitingFor))
def test_waiting_stops_every_clock_and_keeps_the_claim(reason: WaitingFor) -> None:
    decision = wait(make_claimed(), reason=reason, until=NOON + DAY)
    issue = decision.issue
    assert decision.events == (
        WaitStarted(at=NOON, by=ANN.user, reason=reason, note="Which building?", until=NOON + DAY),
    )
    assert issue.status is Status.WAITING
    assert issue.claim is not None
    assert issue.clocks.resolution.used == 3 * HOUR
    assert all(
        clock.running_since is None
        for clock in (
            issue.clocks.first_response,
            issue.clocks.tier_window,
            issue.clocks.update,
            issue.clocks.resolution,
        )
    )


def test_who_may_let_it_wait() -> None:
    assert wait(make_claimed()).issue.waiting is not None
    assert wait(make_claimed(), CHLOE).issue.waiting is not None, "a higher tier may"
    with refused(refusals.NotTheClaimant, "<@U0ANN>"):
        wait(make_claimed(), BEN)
    with refused(refusals.NotStaff, "ISS-42"):
        wait(make_claimed(), ROBIN)


def test_only_what_somebody_works_on_can_wait() -> None:
    with refused(refusals.MustBeClaimed, "ISS-42", "Claim it first"):
        wait(make_issue())
    with refused(refusals.IsWaiting, "ISS-42"):
        wait(make_waiting())
    with refused(refusals.AlreadyResolved, "ISS-42"):
        wait(make_resolved())


def test_waiting_needs_to_say_what_for() -> None:
    with refused(refusals.WordsMissing, "Say the question for the reporter"):
        wait(make_claimed(), note="  ")
    with refused(refusals.WordsMissing, "Say what it waits for"):
        wait(make_claimed(), reason=WaitingFor.VENDOR, note="")
    with refused(refusals.TextTooLong, "2,001"):
        wait(make_claimed(), note="x" * 2001)


@pytest.mark.parametrize(
    ("until", "allowed"),
    [
        (timedelta(), False),
        (-SECOND, False),
        (SECOND, True),
        (30 * DAY, True),
        (30 * DAY + SECOND, False),
    ],
)
@pytest.mark.parametrize("reason", list(WaitingFor))
def test_a_date_is_ahead_and_not_too_far(reason: WaitingFor, until: timedelta, *, allowed: bool) -> None:
    if allowed:
        assert wait(make_claimed(), reason=reason, until=NOON + until).issue.waiting is not None
    else:
        with refused(refusals.DateNeeded, "ISS-42", "30 days"):
            wait(make_claimed(), reason=reason, until=NOON + until)


def test_waiting_for_a_date_needs_the_date() -> None:
    with refused(refusals.DateNeeded, "ISS-42"):
        wait(make_claimed(), reason=WaitingFor.DATE, until=None)
    for reason in (WaitingFor.REPORTER, WaitingFor.VENDOR, WaitingFor.CHANGE):
        assert wait(make_claimed(), reason=reason, until=None).issue.waiting is not None


@pytest.mark.parametrize("reason", [WaitingFor.VENDOR, WaitingFor.CHANGE])
def test_without_a_date_a_wait_for_others_ends_by_itself(reason: WaitingFor) -> None:
    """Nothing waits unseen: after the time after which a reporter's silence would be taken for an answer."""
    waiting = wait(make_claimed(), reason=reason, until=None).issue
    ends = POLICY.waiting.calendar.add(NOON, POLICY.waiting.resolve)
    assert next_moment(waiting, POLICY) == ends
    assert pass_time(waiting, POLICY, ends).issue.status is Status.CLAIMED


# --- T10: resume


def test_resuming_goes_on_where_the_clocks_stopped() -> None:
    waiting = make_waiting(waits_at=NOON)
    issue = resume(waiting, now=NOON + DAY)
    assert (issue.status, issue.waiting) == (Status.CLAIMED, None)
    assert (issue.clocks.resolution.used, issue.clocks.resolution.running_since) == (3 * HOUR, NOON + DAY)
    assert issue.clocks.update.due(OFFICE) == NOON + DAY + 2 * HOUR
    assert issue.clocks.tier_window.running_since is None
    assert issue.clocks.first_response.running_since is None


def test_without_its_claimant_it_is_open_again() -> None:
    waiting = make_waiting(waits_at=NOON)
    issue = resume(waiting, gone=True, now=NOON + DAY)
    assert (issue.status, issue.claim, issue.tier_entry) == (Status.OPEN, None, waiting.tier_entry + 1)
    assert issue.clocks.tier_window.due(OFFICE) == NOON + DAY + 20 * MINUTE
    assert issue.clocks.update.running_since is None


def test_any_staff_may_resume_and_nobody_else() -> None:
    assert resume(make_waiting(), BEN).status is Status.CLAIMED
    with refused(refusals.NotStaff, "ISS-42"):
        resume(make_waiting(), STRANGER)


def test_only_what_waits_can_be_resumed() -> None:
    with refused(refusals.NotWaiting, "ISS-42", "open"):
        resume(make_issue())
    with refused(refusals.NotWaiting, "claimed"):
        resume(make_claimed())
    with refused(refusals.AlreadyResolved, "ISS-42"):
        resume(make_resolved())


def test_the_reporters_answer_resumes() -> None:
    decision = reply(make_waiting(), now=NOON)
    assert [type(event) for event in decision.events] == [ReporterReplied, WaitEnded]
    assert decision.issue.status is Status.CLAIMED
    assert reply(make_waiting(), gone=True).issue.status is Status.OPEN


@pytest.mark.parametrize("reason", [WaitingFor.VENDOR, WaitingFor.CHANGE, WaitingFor.DATE])
def test_a_word_of_the_reporter_does_not_end_another_wait(reason: WaitingFor) -> None:
    waiting = make_waiting(reason=reason, until=NOON + DAY)
    assert [type(event) for event in reply(waiting).events] == [ReporterReplied]
    assert reply(waiting).issue.status is Status.WAITING


@pytest.mark.parametrize("reason", list(WaitingFor))
@pytest.mark.parametrize("gone", [False, True])
def test_the_date_resumes(reason: WaitingFor, *, gone: bool) -> None:
    date = NINE + HOUR
    waiting = make_waiting(reason=reason, until=date)
    assert next_moment(waiting, POLICY) == date
    assert not pass_time(waiting, POLICY, date - SECOND).events
    decision = pass_time(waiting, POLICY, date, holder_gone=gone)
    assert decision.events == (WaitEnded(at=date, by=None, holder_gone=gone),)
    assert decision.issue.status is (Status.OPEN if gone else Status.CLAIMED)


def test_a_promise_that_ran_out_at_the_very_moment_of_waiting_breaks_when_it_goes_on() -> None:
    """It stood at its end when the clocks stopped, so no time is left; the engine says so in one look."""
    claimed = make_claimed(P2)
    waiting = make_waiting(P2, reason=WaitingFor.DATE, until=NINE + DAY + HOUR, waits_at=NINE + 8 * HOUR)
    assert waiting.clocks.resolution.used == claimed.clocks.resolution.budget
    decision = pass_time(waiting, POLICY, NINE + DAY + HOUR)
    assert {type(event) for event in decision.events} > {WaitEnded, TargetBreached}
    coming = next_moment(decision.issue, POLICY)
    assert coming is not None
    assert coming > NINE + DAY + HOUR


def test_nobody_escalates_what_waits() -> None:
    waiting = make_waiting(reason=WaitingFor.VENDOR, until=NINE + 30 * DAY)
    assert not pass_time(waiting, POLICY, NINE + 29 * DAY).events


# --- T16: the silent reporter


def working(days: int) -> datetime:
    """Nine o'clock, so many working days after the Monday."""
    weeks, rest = divmod(days, 5)
    return NINE + (7 * weeks + rest) * DAY


def test_the_silent_reporter_is_asked_twice_and_then_taken_at_their_silence() -> None:
    decision = run_until(make_waiting(), working(5) + HOUR)
    happened = [(type(event), event.at) for event in decision.events]
    opens, closes = 0 * HOUR, 8 * HOUR
    assert happened == [
        (ReporterNudged, working(0) + closes),
        (ReporterNudged, working(2) + closes),
        (IssueResolved, working(4) + closes),
    ]
    assert opens < closes
    assert decision.issue.status is Status.RESOLVED
    assert (decision.issue.resolved_by, decision.issue.fix) == (None, NO_ANSWER)


def test_who_waits_for_anything_else_is_not_nudged() -> None:
    waiting = make_waiting(reason=WaitingFor.CHANGE, until=NINE + 20 * DAY)
    assert [type(event) for event in run_until(waiting, NINE + 19 * DAY).events] == []


def test_after_a_downtime_the_reporter_is_asked_once_and_not_given_up_at_once() -> None:
    """Never two nudges in a row, and never silence taken for an answer to a question just asked (domain.md 3.11)."""
    late = working(10)
    first = pass_time(make_waiting(), POLICY, late)
    assert first.events == (ReporterNudged(at=late, count=1),)
    second = next_moment(first.issue, POLICY)
    assert second == working(11) + 8 * HOUR, "two working days later, as planned"
    third = next_moment(pass_time(first.issue, POLICY, second).issue, POLICY)
    assert third == working(13) + 8 * HOUR


@pytest.mark.parametrize(("nudges", "enough"), [((), 0), ((HOUR,), 1), ((HOUR, 2 * HOUR, 3 * HOUR), 3)])
def test_every_nudge_comes_before_silence_is_an_answer(nudges: tuple[timedelta, ...], enough: int) -> None:
    policy = make_policy(waiting=Waiting(nudges=nudges, resolve=6 * HOUR, calendar=OFFICE))
    decision = run_until(make_waiting(policy=policy), NINE + 6 * HOUR, policy=policy)
    assert [type(event) for event in decision.events] == [*[ReporterNudged] * enough, IssueResolved]


def test_a_date_may_come_before_the_first_nudge() -> None:
    waiting = make_waiting(until=NINE + HOUR)
    assert [type(event) for event in run_until(waiting, NINE + HOUR).events] == [WaitEnded]


# --- T11: snooze


def snooze(issue: Issue, who: Actor = ANN, *, span: timedelta = HOUR, now: datetime = NINE) -> Issue:
    return lifecycle.snooze(issue, who, span=span, policy=POLICY, now=now).issue


def test_snoozing_stops_no_clock() -> None:
    claimed = make_claimed(P3)
    decision = lifecycle.snooze(claimed, ANN, span=HOUR, policy=POLICY, now=NINE)
    assert decision.events == (IssueSnoozed(at=NINE, by=ANN.user, until=NINE + HOUR),)
    assert decision.issue.clocks == claimed.clocks
    assert decision.issue.snooze_until == NINE + HOUR


@pytest.mark.parametrize(
    ("priority", "span", "allowed"),
    [
        (P3, 4 * HOUR, True),
        (P3, 4 * HOUR + SECOND, False),
        (P4, 4 * HOUR, True),
        (P3, SECOND, True),
        (P3, timedelta(), False),
        (P3, -HOUR, False),
    ],
)
def test_how_long_one_may_snooze(priority: Priority, span: timedelta, *, allowed: bool) -> None:
    if allowed:
        assert snooze(make_claimed(priority), span=span).snooze_until == NINE + span
    else:
        with refused(refusals.SnoozeTooLong, "ISS-42", "at most 4 hours"):
            snooze(make_claimed(priority), span=span)


def test_a_snooze_ends_before_the_reporter_is_due_a_word() -> None:
    at_two = NINE + 6 * HOUR
    assert snooze(make_claimed(P3), span=2 * HOUR, now=at_two).snooze_until == NINE + 8 * HOUR
    with refused(refusals.SnoozeTooLong, "at most 2 hours"):
        snooze(make_claimed(P3), span=2 * HOUR + SECOND, now=at_two)


def test_when_a_word_is_overdue_there_is_nothing_left_to_snooze() -> None:
    with refused(refusals.SnoozeTooLong, "at most 0 minutes"):
        snooze(make_claimed(P3), span=MINUTE, now=NINE + 2 * DAY)
    with refused(refusals.SnoozeTooLong, "at most 0 minutes"):
        snooze(make_claimed(P3), span=MINUTE, now=NINE + 8 * HOUR - 30 * SECOND)


@pytest.mark.parametrize("priority", [P1, P2])
def test_the_severe_ones_are_never_silent(priority: Priority) -> None:
    with refused(refusals.TooSevereToSnooze, "ISS-42", priority.word, priority.value):
        snooze(make_claimed(priority))


def test_who_may_snooze() -> None:
    assert snooze(make_claimed(P3), CHLOE).snooze_until
    with refused(refusals.NotTheClaimant, "<@U0ANN>"):
        snooze(make_claimed(P3), BEN)
    with refused(refusals.NotStaff, "ISS-42"):
        snooze(make_claimed(P3), ROBIN)
    with refused(refusals.MustBeClaimed, "ISS-42"):
        snooze(make_issue(P3))
    with refused(refusals.IsWaiting, "ISS-42"):
        snooze(make_waiting(P3))


def test_a_snooze_ends_with_the_claim() -> None:
    snoozed = snooze(make_claimed(P3))
    for after in (
        lifecycle.release(snoozed, ANN, policy=POLICY, now=NINE).issue,
        wait(snoozed, now=NINE).issue,
        lifecycle.resolve(snoozed, ANN, fix="Done", policy=POLICY, now=NINE).issue,
    ):
        assert after.snooze_until is None
    assert happen(snoozed).snooze_until
