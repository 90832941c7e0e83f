"""What a policy would do: told as the engine does it, to the second, and in words that people understand."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import app
from bot.clock import utc_now
from bot.domain import lifecycle
from bot.domain.calendar import ALWAYS, Calendar, Window
from bot.domain.clockwork import pass_time
from bot.domain.decision import Actor, Decision
from bot.domain.events import Event, IssueEscalated, TierReminded, Words
from bot.domain.issue import Issue, WaitingFor
from bot.domain.policy import AtOnce, OnStale, Policy, Repeat, Targets, Tier, Waiting
from bot.domain.priority import Level, Priority
from bot.domain.refusals import Refused
from bot.policy_file import load_policy, parse_policy
from bot.services.issues import Report
from bot.services.simulation import (
    REPORTER,
    Rung,
    SimulationError,
    Step,
    Told,
    as_json,
    as_text,
    office_zone,
    read_moment,
    read_script,
    simulate,
    what,
)
from storage import open_database
from tests.harness import Clock, Workspace

ROOT = Path(__file__).parents[2]
POLICY = load_policy(ROOT / "policy.toml")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
M, H = timedelta(minutes=1), timedelta(hours=1)


def events(rungs: list[Rung]) -> list[Event]:
    return [rung.event for rung in rungs if rung.event]


def moves(rungs: list[Rung]) -> list[tuple[str, int]]:
    """When whose turn it is."""
    return [(f"{rung.at:%a %H:%M}", rung.event.to_tier) for rung in rungs if isinstance(rung.event, IssueEscalated)]


def script(text: str, at: datetime = MONDAY, policy: Policy = POLICY) -> list[Step]:
    return read_script(text, at, ZoneInfo("UTC"), policy)


# --- the ladder ------------------------------------------------------------------------------------------------------


def test_a_p2_of_friday_evening_is_l2s_turn_on_tuesday_after_a_holiday_on_monday() -> None:
    text = (ROOT / "policy.toml").read_text(encoding="utf-8")
    closed = text.replace('weekdays = ["09:00-17:00"]', 'weekdays = ["09:00-17:00"]\nholidays = ["2026-11-30"]')
    policy = parse_policy(closed.replace('zone = "UTC"', 'zone = "Europe/Berlin"'), "policy.toml")
    friday = datetime(2026, 11, 27, 16, 50, tzinfo=BERLIN)
    first = next(rung for rung in simulate(policy, Priority.P2, friday) if isinstance(rung.event, IssueEscalated))
    assert first.at == datetime(2026, 12, 1, 9, 10, tzinfo=BERLIN)
    told = (Told("L2", pinged=True), Told("the reporter", pinged=False))
    assert (first.used, first.issue.tier, first.told) == (20 * M, 2, told)


def test_nobody_reacts_to_each_priority() -> None:
    """The worst case of each, as domain.md 7.2 has it."""
    climbs = {priority.value: moves(simulate(POLICY, priority, MONDAY)) for priority in Priority}
    assert climbs == {
        "P1": [("Mon 09:10", 3), ("Mon 09:25", 4)],
        "P2": [("Mon 09:20", 2), ("Mon 09:50", 3), ("Mon 10:50", 4)],
        "P3": [("Mon 11:00", 2), ("Mon 13:00", 3), ("Mon 17:00", 4)],
        "P4": [("Mon 13:00", 2), ("Mon 17:00", 3), ("Tue 17:00", 4)],
    }


def test_it_ends_after_the_third_reminder_of_the_last_tier() -> None:
    rungs = simulate(POLICY, Priority.P2, MONDAY)
    reminders = [(rung.at - MONDAY, rung.event.count) for rung in rungs if isinstance(rung.event, TierReminded)]
    assert reminders == [(170 * M, 1), (230 * M, 2), (320 * M, 3)]  # an hour, an hour, and then half as long again
    assert isinstance(rungs[-1].event, TierReminded)


def test_who_comes_late_is_waited_for() -> None:
    rungs = simulate(POLICY, Priority.P1, MONDAY, script("+3h claim management\n+1m resolve"))
    assert max(each.count for each in events(rungs) if isinstance(each, TierReminded)) > 3
    assert [type(each).__name__ for each in events(rungs)][-3:] == ["IssueClaimed", "IssueResolved", "IssueClosed"]


def test_who_is_told_of_a_critical_one_at_once() -> None:
    reported, informed = simulate(POLICY, Priority.P1, MONDAY)[:2]
    assert reported.told == (Told("L1", pinged=True), Told("L2", pinged=True), Told(REPORTER, pinged=False))
    assert informed.told == (Told("management", pinged=False),)


def test_a_tier_that_wants_no_ping_is_told_without_one() -> None:
    text = (ROOT / "policy.toml").read_text(encoding="utf-8").replace('ping = "here"', 'ping = "none"')
    told = [each for rung in simulate(parse_policy(text, "p"), Priority.P1, MONDAY) for each in rung.told]
    assert told
    assert not any(each.pinged for each in told)


def test_people_who_do_their_work() -> None:
    steps = script("+10m claim L1\n+2h reply\n+30m wait reporter\n+1d answer\n+5m resolve\n")
    rungs = simulate(POLICY, Priority.P3, MONDAY, steps)
    named = [(type(each).__name__, rung.used) for rung, each in zip(rungs, events(rungs), strict=True)]
    assert named == [
        ("IssueOpened", timedelta()),
        ("IssueClaimed", 10 * M),
        ("StaffReplied", 130 * M),
        ("WaitStarted", 160 * M),
        ("ReporterNudged", 160 * M),  # on the next day, at the very time of the answer
        ("ReporterReplied", 160 * M),
        ("WaitEnded", 160 * M),
        ("IssueResolved", 165 * M),
        ("IssueClosed", 165 * M),
    ]
    assert rungs[-1].at - rungs[-2].at == timedelta(days=5)


def test_a_wait_without_a_date_is_seen_to_end() -> None:
    rungs = simulate(POLICY, Priority.P3, MONDAY, script("+1m claim\n+1m wait vendor"))
    assert [type(each).__name__ for each in events(rungs)][:4] == [
        "IssueOpened",
        "IssueClaimed",
        "WaitStarted",
        "WaitEnded",
    ]


def test_it_goes_on_although_something_else_comes_at_the_same_moment() -> None:
    """The third ping of the last tier, and half of the time to resolve it."""
    policy = load_policy(ROOT / "presets" / "small-team.toml")
    friday = datetime(2026, 11, 27, 16, 50, tzinfo=UTC)
    told = as_text(simulate(policy, Priority.P2, friday), policy, ZoneInfo("UTC"))
    assert "It goes on like this until somebody acts: the next time on Mon 2026-11-30 15:05." in told


def test_it_lasts_thirty_days_at_most() -> None:
    steps = script("+1m claim\n+1m wait date 30d\n+5d note\n+20d note\n+20d resolve")
    rungs = simulate(POLICY, Priority.P3, MONDAY, steps)
    assert [type(each).__name__ for each in events(rungs)][-2:] == ["NoteTaken", "NoteTaken"]
    ending = as_text(rungs, POLICY, ZoneInfo("UTC")).splitlines()[-1]
    assert ending == "The simulation ends after 30 days; next on Wed 2026-12-23 09:02."


def test_a_step_that_the_rules_refuse_is_told_and_changes_nothing() -> None:
    idle = simulate(POLICY, Priority.P3, MONDAY)
    rungs = simulate(POLICY, Priority.P3, MONDAY, script("+1m release"))
    refused = rungs.pop(1)
    assert rungs == idle
    assert (refused.event, refused.told) == (None, ())
    said = what(refused, POLICY, ZoneInfo("UTC"))
    assert said == "Refused: Nobody holds ISS-1, so there is nothing to release. Press Claim to take it."


def test_every_word_of_a_script_is_an_act() -> None:
    steps = """
        +1m claim
        +1m takeover
        +1m handover
        +1m accept
        +1m reply
        +1m note
        +1m answer
        +1m snooze 1h
        +1m wait vendor 2d
        +1m resume
        +1m release
        +1m escalate
        +1m return
        +1m reroute L3
        +1m priority p4
        +1m worse
        +1m claim l2
        +1m takeover L3     # of a higher tier
        +1m resolve
        +1m reopen
        +1m cancel
    """
    rungs = simulate(POLICY, Priority.P3, MONDAY, script(steps))
    assert not [what(rung, POLICY, ZoneInfo("UTC")) for rung in rungs if rung.refused]
    done = [type(each).__name__ for each in events(rungs)]
    assert done == [
        "IssueOpened",
        "IssueClaimed",
        "IssueTakenOver",
        "IssueHandedOver",
        "HandOverAccepted",
        "StaffReplied",
        "NoteTaken",
        "ReporterReplied",
        "IssueSnoozed",
        "WaitStarted",
        "WaitEnded",
        "IssueReleased",
        "IssueEscalated",
        "IssueReturned",
        "IssueRerouted",
        "LevelsInformed",
        "PriorityChanged",
        "PriorityChanged",
        "IssueClaimed",
        "IssueTakenOver",
        "IssueResolved",
        "IssueReopened",
        "IssueCancelled",
    ]
    assert rungs[-1].issue.status.value == "cancelled"


def test_who_is_told_of_a_climb_is_shown() -> None:
    shown = as_text(simulate(POLICY, Priority.P2, MONDAY), POLICY, ZoneInfo("UTC"))
    (line,) = [line for line in shown.splitlines() if "Management was told" in line]
    assert re.search(r" 09:50 +50m +Management was told: it has come this far up\. +management$", line)


def test_a_priority_that_the_matrix_never_gives() -> None:
    text = (ROOT / "policy.toml").read_text(encoding="utf-8").replace('high = "P1"', 'high = "P2"')
    with pytest.raises(SimulationError, match="No answers of a reporter lead to P1"):
        simulate(parse_policy(text, "p.toml"), Priority.P1, MONDAY)


# --- it is the engine ------------------------------------------------------------------------------------------------

MATRIX = {
    Level.HIGH: {Level.HIGH: Priority.P1, Level.MEDIUM: Priority.P2, Level.LOW: Priority.P3},
    Level.MEDIUM: {Level.HIGH: Priority.P2, Level.MEDIUM: Priority.P3, Level.LOW: Priority.P4},
    Level.LOW: {Level.HIGH: Priority.P3, Level.MEDIUM: Priority.P4, Level.LOW: Priority.P4},
}
ANSWERS = {MATRIX[impact][urgency]: (impact, urgency) for impact in reversed(Level) for urgency in reversed(Level)}
CHANNELS = ("support-l1", "support-l2", "support-l3", "it-managers")


@st.composite
def policies(draw: st.DrawFn, unit: timedelta) -> Policy:
    """Small ones, whose shares of spans come out even; `unit` is the tenth of the shortest span."""
    zone = draw(st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
    cuts = sorted(draw(st.lists(st.integers(0, 95), min_size=2, max_size=4, unique=True)))
    hours = tuple(Window(900 * start, 900 * (end + 1)) for start, end in zip(cuts[::2], cuts[1::2], strict=False))
    calendar = draw(st.sampled_from([ALWAYS, Calendar("office", zone, (hours,) * 6 + ((),))]))
    tiers = draw(st.integers(2, 4))

    def span(most: int) -> timedelta:
        return unit * 10 * draw(st.integers(1, most))

    def targets() -> Targets:
        at_once = draw(st.integers(1, tiers - 1))
        return Targets(
            first_response=span(6),
            windows=tuple(span(3) for _ in range(tiers)),
            update=span(4),
            resolution=span(12),
            grace=span(1),
            at_once=AtOnce(tuple(range(1, at_once + 1)), (tiers,) if draw(st.booleans()) else ()),
            calendar=calendar,
            reminders=draw(st.sampled_from([(), (0.8,), (0.5, 0.8)])),
            on_stale=draw(st.sampled_from(OnStale)),
            repeat=Repeat(draw(st.sampled_from([1.0, 2.0])), span(20)),
        )

    return Policy(
        version="random",
        tiers=tuple(Tier(n + 1, f"T{n + 1}", CHANNELS[n], ping="here") for n in range(tiers)),
        matrix=MATRIX,
        targets={priority: targets() for priority in Priority},
        waiting=Waiting((span(2), span(2) + unit * 20), unit * 60, calendar),
        close_after=unit * 50,
    )


STEPS = ["claim", "release", "reply", "answer", "wait reporter", "wait vendor 30m", "resume", "escalate", "resolve"]


def done(step: Step, issue: Issue, policy: Policy, now: datetime) -> Decision:
    who = Actor(f"someone of T{issue.tier}", frozenset({issue.tier}))
    if issue.claim:
        who = Actor(issue.claim.by, frozenset({int(issue.claim.by[-1])}))
    words = Words(channel="", ts="", text="…")
    why = "(simulated)"
    rest: dict[str, Any] = {"policy": policy, "now": now}
    match f"{step.verb} {step.argument}".strip():
        case "claim":
            return lifecycle.claim(issue, who, desk=max(who.tiers), **rest)
        case "release":
            return lifecycle.release(issue, who, **rest)
        case "reply":
            return lifecycle.staff_word(issue, who, words, note=False, **rest)
        case "answer":
            return lifecycle.reporter_word(issue, words, by=REPORTER, holder_gone=False, **rest)
        case "wait reporter":
            return lifecycle.wait(issue, who, reason=WaitingFor.REPORTER, until=None, note=why, **rest)
        case "wait vendor 30m":
            return lifecycle.wait(issue, who, reason=WaitingFor.VENDOR, until=now + 30 * M, note=why, **rest)
        case "resume":
            return lifecycle.resume(issue, who, holder_gone=False, **rest)
        case "escalate":
            seen = lifecycle.Seen(entry=issue.tier_entry)
            return lifecycle.escalate(issue, who, seen=seen, reason=why, tried=why, **rest)
        case "resolve":
            return lifecycle.resolve(issue, who, fix=why, category="unknown", **rest)
        case other:
            raise AssertionError(other)


def by_hand(policy: Policy, priority: Priority, at: datetime, steps: list[Step], until: datetime) -> list[Event]:
    """An engine of its own that looks every second whether anything is due, and people beside it."""
    impact, urgency = ANSWERS[priority]
    said: dict[str, Any] = {"reporter": REPORTER, "title": "Simulated", "details": "", "recent": 0}
    opened = lifecycle.open_issue(1, impact=impact, urgency=urgency, policy=policy, now=at, **said)
    issue, happened, todo = opened.issue, [*opened.events], list(steps)
    now = at
    while now < until:
        now += timedelta(seconds=1)
        decision = pass_time(issue, policy, now)
        issue, happened = decision.issue, [*happened, *decision.events]
        while todo and todo[0].at <= now:
            try:
                decision = done(todo.pop(0), issue, policy, now)
            except Refused:
                continue
            issue, happened = decision.issue, [*happened, *decision.events]
    return happened


def agreed(simulated: list[Event], happened: list[Event], until: datetime) -> None:
    """The simulation ends earlier where it would only go on, the other at `until`."""
    known = [event for event in simulated if event.at <= until]
    end = known[-1].at if len(known) == len(simulated) else until
    assert [event for event in happened if event.at <= end] == known


@settings(max_examples=35, deadline=None)
@given(
    policies(timedelta(seconds=60)),
    st.sampled_from(Priority),
    st.integers(0, 7 * 24 * 60),
    st.lists(st.tuples(st.integers(0, 3600), st.sampled_from(STEPS)), max_size=6),
)
def test_it_does_what_an_engine_does_that_looks_every_second(
    policy: Policy, priority: Priority, minutes: int, acts: list[tuple[int, str]]
) -> None:
    at = MONDAY + minutes * M
    steps, moment = [], at
    for seconds, act in acts:
        moment += timedelta(seconds=seconds)
        verb, _, argument = act.partition(" ")
        steps.append(Step(max(moment, at + timedelta(seconds=1)), verb, argument))
    until = at + 100 * M
    agreed(events(simulate(policy, priority, at, steps)), by_hand(policy, priority, at, steps, until), until)


@settings(max_examples=8, deadline=None)
@given(policies(timedelta(minutes=2)), st.sampled_from(Priority), st.integers(0, 7 * 24 * 12), st.booleans())
def test_it_does_what_the_engine_does_with_a_database(
    tmp_path_factory: pytest.TempPathFactory,
    policy: Policy,
    priority: Priority,
    five_minutes: int,
    claimed: bool,  # noqa: FBT001 - hypothesis decides
) -> None:
    """Everything falls on whole minutes, at which the engine is made to look; for ten hours."""
    at = MONDAY + five_minutes * 5 * M
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('engine') / 'escalator.db'}")
    workspace = Workspace(database, policy=policy, clock=Clock(at))
    impact, urgency = ANSWERS[priority]
    workspace.bot.issues.open(Report("U0MAYA", "Simulated", "", impact, urgency), delivery="form")
    claims = [Step(at + 7 * M, "claim", "T1")] if claimed else []
    until = at + 10 * H
    while workspace.clock.now < until:
        workspace.clock.advance(minutes=1)
        workspace.engine.run_once()
        if claimed and workspace.clock.now == at + 7 * M:
            workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    happened = [entry.event for entry in database.timeline(1)]
    database.close()

    simulated = [event for event in events(simulate(policy, priority, at, claims)) if event.at <= until]
    end = simulated[-1].at
    people = {REPORTER: "U0MAYA", "someone of T1": "U0ANA"}
    assert [event for event in happened if event.at <= end] == [_named(event, people) for event in simulated]


def _named(event: Event, people: dict[str, str]) -> Event:
    """The same, as it happened to these people."""
    names: Any = {
        key: people[value] for key, value in vars(event).items() if isinstance(value, str) and value in people
    }
    return replace(event, **names)


# --- what is typed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Sat 02:00", "2026-11-28T02:00+01:00"),
        ("sat 2:00", "2026-11-28T02:00+01:00"),
        ("Saturday 02:00:30", "2026-11-28T02:00:30+01:00"),
        ("Mon 10:00", "2026-11-23T10:00+01:00"),  # it is ten o'clock in Berlin
        ("Mon 09:59", "2026-11-30T09:59+01:00"),
        ("10:30", "2026-11-23T10:30+01:00"),
        ("09:30", "2026-11-24T09:30+01:00"),
        ("2026-11-27 16:50", "2026-11-27T16:50+01:00"),
        ("2026-11-27T16:50", "2026-11-27T16:50+01:00"),
        ("2026-07-01 16:50:10", "2026-07-01T16:50:10+02:00"),
        ("2026-11-27T16:50Z", "2026-11-27T16:50+00:00"),
        ("2026-11-27T16:50-05:00", "2026-11-27T16:50-05:00"),
        ("2026-10-25 02:30", "2026-10-25T02:30+02:00"),  # the first of two
        ("+90m", "2026-11-23T11:30+01:00"),
        ("+1d", "2026-11-24T10:00+01:00"),
        ("+1h30m15s", "2026-11-23T11:30:15+01:00"),
    ],
)
def test_a_moment_that_is_typed(typed: str, meant: str) -> None:
    assert read_moment(typed, MONDAY, BERLIN) == datetime.fromisoformat(meant)


def test_the_next_saturday_is_one_of_the_wall_clock_across_a_change() -> None:
    friday = datetime(2026, 10, 23, 12, 0, tzinfo=UTC)
    assert read_moment("Thu 09:00", friday, BERLIN) == datetime(2026, 10, 29, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "'' is not a moment; write for example \"Sat 02:00\""),
        ("tomorrow", "'tomorrow' is not a moment"),
        ("Sat", "'Sat' is not a moment"),
        ("Xyz 02:00", "Xyz is not a day of the week; write Mon, Tue, Wed, Thu, Fri, Sat or Sun."),
        ("S 02:00", "S is not a day of the week"),
        ("Sat 24:00", "There is no 24:00 in a day."),
        ("Sat 10:61", "There is no 10:61 in a day."),
        ("2026-02-30 10:00", "There is no 2026-02-30 10:00."),
        ("2026-11-27 16:50+99:00", "There is no 2026-11-27 16:50+99:00."),
        ("2026-03-29 02:30", "There is no 2026-03-29 02:30 in Europe/Berlin: the clocks go forward then."),
        ("+10", "'10' is not a span of time; write for example 10m, 1h30m or 1d."),
        ("+0", "'0' is not a span of time"),
        ("+m", "'m' is not a span of time"),
    ],
)
def test_a_moment_that_is_none(typed: str, said: str) -> None:
    with pytest.raises(SimulationError) as refused:
        read_moment(typed, MONDAY, BERLIN)
    (line,) = refused.value.lines
    assert line.startswith(said)


def test_a_script_is_read_line_by_line() -> None:
    text = "# first\n\n+10m claim l1 # Ana\n  +2h   reply\nTue 09:05 wait   reporter  \n2026-11-25 10:00 resolve\n"
    assert script(text) == [
        Step(MONDAY + 10 * M, "claim", "L1"),
        Step(MONDAY + 130 * M, "reply"),
        Step(datetime(2026, 11, 24, 9, 5, tzinfo=UTC), "wait", "reporter"),
        Step(datetime(2026, 11, 25, 10, 0, tzinfo=UTC), "resolve"),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("claim", "It begins with a moment, such as +10m or \"Mon 09:05\", not with 'claim'."),
        ("+10m", "It does not say what is done; known are claim, accept,"),
        ("+10m clam", "Nobody knows how to 'clam'; did you mean claim?"),
        ("+10m juggle", "Nobody knows how to 'juggle'; known are claim, accept,"),
        ("+10x claim", "'10x' is not a span of time"),
        ("2026-11-22 10:00 claim", "2026-11-22 10:00 is before the step that it follows."),
        ("+1m claim L9", "The word claim needs a tier: one of L1, L2, L3, management, not 'L9'."),
        ("+1m reroute", "The word reroute needs a tier: one of L1, L2, L3, management, not ''."),
        ("+1m wait", "The word wait needs one of reporter, vendor, change, date, not ''."),
        ("+1m wait lunch", "The word wait needs one of reporter, vendor, change, date, not 'lunch'."),
        ("+1m wait vendor soon", "'soon' is not a span of time"),
        ("+1m snooze", "'' is not a span of time"),
        ("+1m priority P5", "The word priority needs one of P1, P2, P3 and P4, not 'P5'."),
        ("+1m resolve now", "Nothing stands behind the word resolve, not 'now' either."),
        ("Xyz 09:00 claim", "Xyz is not a day of the week"),
    ],
)
def test_a_script_that_nobody_understands(line: str, said: str) -> None:
    with pytest.raises(SimulationError) as refused:
        script(f"+1m claim\n{line}\n")
    (only,) = refused.value.lines
    assert only.startswith(f"Line 2 of the script: {said}")


def test_all_mistakes_of_a_script_are_told_at_once() -> None:
    with pytest.raises(SimulationError) as refused:
        script("claim\n+1m claim\n+1m nothing\n")
    assert [line[:7] for line in refused.value.lines] == ["Line 1 ", "Line 3 "]


@given(st.text(alphabet="+0123456789dhms:- TZMonclaimreply#\n", max_size=60) | st.text(max_size=40))
def test_no_script_is_a_crash(text: str) -> None:
    told: tuple[str, ...] = ()
    steps: list[Step] = []
    try:
        steps = script(text)
    except SimulationError as error:
        told = error.lines
    assert all(line.startswith("Line ") for line in told)
    assert all(step.at >= MONDAY for step in steps)


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_a_ladder_is_shown_in_aligned_lines() -> None:
    text = as_text(simulate(POLICY, Priority.P1, MONDAY), POLICY, BERLIN)
    header, _, *lines = text.splitlines()
    assert header == "Critical (P1). Times are in Europe/Berlin; business time counts round the clock."
    assert [re.split("  +", line) for line in lines[:6]] == [
        [
            "Mon 2026-11-23 10:00",
            "0m",
            "The reporter reported it as Critical (P1).",
            "L1 (pinged), L2 (pinged), the reporter",
        ],
        ["Mon 2026-11-23 10:00", "0m", "Management was told: for its priority.", "management"],
        [
            "Mon 2026-11-23 10:05",
            "5m",
            "Management was told: nobody has claimed it, so somebody must lead it.",
            "management (pinged)",
        ],
        [
            "Mon 2026-11-23 10:08",
            "8m",
            "80% of the tier time was used; a reminder went out.",
            "L1 (pinged), L2 (pinged)",
        ],
        [
            "Mon 2026-11-23 10:10",
            "10m",
            "Escalator moved it from L2 to L3, because nobody claimed it in time.",
            "L3 (pinged), the reporter",
        ],
        ["Mon 2026-11-23 10:15", "15m", "The first response target passed (Mon 2026-11-23 10:15)."],
    ]
    words = ("L1 (", "management", "management (", "L1 (")
    assert [line.index(word) for line, word in zip(lines[:4], words, strict=True)] == [lines[0].index("L1 (")] * 4
    assert text.splitlines()[-1] == "It goes on like this until somebody acts: the next time on Mon 2026-11-23 11:25."


def test_no_word_of_slack_is_shown() -> None:
    steps = script("+1m claim\n+1m snooze 1h\n+1m snooze 9h\n+1m handover\n+1m accept\n+1m wait date 1d\n+2d resolve")
    rungs = simulate(POLICY, Priority.P3, MONDAY, steps)
    shown = as_text(rungs, POLICY, BERLIN)
    assert not re.search(r"[<>`^]|&amp;|simulated", shown)
    assert "Someone of L1 silenced its reminders until Mon 2026-11-23 11:02." in shown
    assert "Someone of L1 handed it to someone else of L1." in shown
    assert shown.endswith("It is over.")


def test_the_json_has_the_same_facts() -> None:
    rungs = simulate(POLICY, Priority.P2, MONDAY, script("+1m claim L1\n+1m release\n+1m release"))
    shown = json.loads(json.dumps(as_json(rungs, POLICY, BERLIN)))
    assert {key: shown[key] for key in ("policy", "priority", "calendar", "zone")} == {
        "policy": POLICY.version,
        "priority": "P2",
        "calendar": "office",
        "zone": "Europe/Berlin",
    }
    assert shown["rungs"][1] == {
        "at": "2026-11-23T09:01:00+00:00",
        "local": "2026-11-23T10:01:00+01:00",
        "business_seconds": 60,
        "event": "IssueClaimed",
        "what": "Someone of L1 claimed it in L1.",
        "told": [{"who": "the reporter", "pinged": False}],
        "refused": False,
        "status": "claimed",
        "tier": "L1",
        "priority": "P2",
        "claimed_by": "someone of L1",
    }
    assert (shown["rungs"][3]["refused"], shown["rungs"][3]["event"], shown["rungs"][3]["told"]) == (True, None, [])
    text = as_text(rungs, POLICY, BERLIN)
    assert all(rung["what"] in text for rung in shown["rungs"])
    assert shown["ending"] == text.splitlines()[-1]
    assert shown["next"] == "2026-11-23T15:24:00+00:00"  # 80% of the resolution


# --- the command -----------------------------------------------------------------------------------------------------

FILE = str(ROOT / "policy.toml")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = app.main(["simulate", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_prints_the_ladder(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--priority", "P2", "--at", "2026-11-27 16:50", "--policy", FILE)
    code, out, err = run(capsys, *asked, "--zone", "America/New_York")
    assert (code, err) == (0, "")
    at = datetime(2026, 11, 27, 16, 50, tzinfo=ZoneInfo("America/New_York"))
    assert out == as_text(simulate(POLICY, Priority.P2, at), POLICY, ZoneInfo("America/New_York")) + "\n"
    code, out, err = run(capsys, *asked, "--json")
    at = datetime(2026, 11, 27, 16, 50, tzinfo=UTC)
    assert (code, err) == (0, "")
    assert json.loads(out) == as_json(simulate(POLICY, Priority.P2, at), POLICY, ZoneInfo("UTC"))


def test_the_command_means_the_next_saturday(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--priority", "p1", "--at", "Sat 02:00", "--policy", FILE, "--json")
    at = datetime.fromisoformat(json.loads(out)["rungs"][0]["at"])
    assert (code, f"{at:%a %H:%M}") == (0, "Sat 02:00")
    assert timedelta() <= at - utc_now() + M <= timedelta(days=7) + M


def test_the_command_reads_a_script(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "script.txt"
    file.write_text("+10m claim L1\n+1h resolve\n", encoding="utf-8")
    asked = ("--priority", "P3", "--at", "2026-11-23 09:00", "--policy", FILE)
    code, from_file, _ = run(capsys, *asked, "--script", str(file))
    monkeypatch.setattr("sys.stdin", StringIO("+10m claim L1\n+1h resolve\n"))
    again, from_here, _ = run(capsys, *asked, "--script", "-")
    assert (code, again) == (0, 0)
    assert from_file == from_here
    assert "Someone of L1 resolved it." in from_file


def test_the_zone_is_that_of_the_office_unless_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert office_zone(POLICY) == ZoneInfo("UTC")
    file = tmp_path / "berlin.toml"
    file.write_text(Path(FILE).read_text(encoding="utf-8").replace('"UTC"', '"Europe/Berlin"'), encoding="utf-8")
    code, out, _ = run(capsys, "--priority", "P1", "--at", "2026-11-23 10:00", "--policy", str(file))
    assert code == 0
    assert "Times are in Europe/Berlin" in out
    assert "Mon 2026-11-23 10:00" in out


def test_the_command_needs_no_settings_but_heeds_the_policy_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICY_FILE", raising=False)
    asked = ("--priority", "P2", "--at", "2026-11-23 09:00")
    assert run(capsys, *asked) == (2, "", "policy.toml: cannot be read: No such file or directory\n")
    (tmp_path / ".env").write_text(f"POLICY_FILE={FILE}\n", encoding="utf-8")
    assert run(capsys, *asked)[0] == 0
    monkeypatch.setenv("POLICY_FILE", "other.toml")
    assert run(capsys, *asked) == (2, "", "other.toml: cannot be read: No such file or directory\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--priority": "P9"}, "'P9' is not a priority; the priorities are P1, P2, P3 and P4.\n"),
        ({"--at": "Sat"}, "'Sat' is not a moment; "),
        ({"--at": "9999-12-31 23:59"}, "9999-12-31 23:59 is not in this century; write a date such as 2026-11-27.\n"),
        ({"--at": "9999-12-31 23:59-09:00"}, "9999-12-31 23:59-09:00 is not in this century; "),
        ({"--at": "9999-01-01 00:00"}, "9999-01-01 00:00 is not in this century; "),
        ({"--at": "0001-01-01 00:00"}, "0001-01-01 00:00 is not in this century; "),
        ({"--at": "0001-01-01 00:00+09:00"}, "0001-01-01 00:00+09:00 is not in this century; "),
        ({"--zone": "Berlin"}, "'Berlin' is not a time zone; did you mean Europe/Berlin?\n"),
        ({"--zone": "localtime"}, "'localtime' is not a time zone; write for example Europe/Berlin or UTC.\n"),
        ({"--zone": "Mars"}, "'Mars' is not a time zone; write for example Europe/Berlin or UTC.\n"),
        ({"--script": "missing.txt"}, "missing.txt: cannot be read: No such file or directory.\n"),
        ({"--policy": "missing.toml"}, "missing.toml: cannot be read: No such file or directory\n"),
    ],
)
def test_what_cannot_be_simulated_is_one_sentence(
    capsys: pytest.CaptureFixture[str], changed: dict[str, str], said: str
) -> None:
    asked = {"--priority": "P2", "--at": "2026-11-23 09:00", "--policy": FILE, **changed}
    code, out, err = run(capsys, *(word for pair in asked.items() for word in pair))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(said)


def test_a_script_that_is_no_text_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "script.txt"
    file.write_bytes(b"\xff\xfe+")
    asked = ("--priority", "P2", "--at", "2026-11-23 09:00", "--policy", FILE, "--script", str(file))
    assert run(capsys, *asked) == (2, "", f"{file}: is not UTF-8 text.\n")


def test_a_policy_with_mistakes_is_told_as_by_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(Path(FILE).read_text(encoding="utf-8").replace('"15m"', '"15x"'), encoding="utf-8")
    code, out, err = run(capsys, "--priority", "P2", "--at", "2026-11-23 09:00", "--policy", str(file))
    assert (code, out) == (2, "")
    assert all(re.match(r"broken\.toml:\d+: priorities\.P1\.", line) for line in err.splitlines())
    assert len(err.splitlines()) > 1


@pytest.mark.parametrize("left_out", ["--priority", "--at"])
def test_what_must_be_said_is_asked_for(capsys: pytest.CaptureFixture[str], left_out: str) -> None:
    asked = {"--priority": "P2", "--at": "2026-11-23 09:00"}
    del asked[left_out]
    with pytest.raises(SystemExit) as left:
        run(capsys, *(word for pair in asked.items() for word in pair))
    assert left.value.code == 2
    assert f"required: {left_out}" in capsys.readouterr().err


def test_who_has_read_enough_ends_it_quietly() -> None:
    """As `| head` does."""
    asked = [sys.executable, "app.py", "simulate", "--priority", "P1", "--at", "Mon 09:00", "--json", "--policy", FILE]
    with subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0
