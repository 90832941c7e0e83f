"""The table of domain.md 3.3: what starts, stops, restarts or leaves alone each of the four clocks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.domain import lifecycle
from bot.domain.clocks import Clock
from bot.domain.clockwork import pass_time
from bot.domain.decision import Decision
from bot.domain.events import Cause, DeliveryFailed, LevelsInformed, Reminded
from bot.domain.issue import Issue, WaitingFor
from tests.domain.factories import (
    ANN,
    BEN,
    CHLOE,
    HOUR,
    MINUTE,
    NINE,
    OFFICE,
    P3,
    POLICY,
    REPORTER,
    ROBIN,
    at_tier,
    happen,
    make_claimed,
    make_issue,
    make_waiting,
    make_words,
    seen,
)

NOW = NINE + 30 * MINUTE

KEEP = "-"  # as it was
START = "start"  # from nothing, with its whole budget
RUN = "run"  # on from what is used
STOP = "stop"  # what is used is settled


def effect(before: Clock, after: Clock) -> str:
    if after == before:
        return KEEP
    if after.running_since is None:
        assert after.used == before.spent(NOW, OFFICE), "a stopped clock keeps what was used"
        return STOP
    assert after.running_since == NOW
    assert after.used in (before.used, timedelta())
    return RUN if after.used else START


def fresh() -> Issue:
    return make_issue(P3)


def claimed() -> Issue:
    return make_claimed(P3)


def waiting() -> Issue:
    return make_waiting(P3, waits_at=NINE + 15 * MINUTE)


def at_two() -> Issue:
    return at_tier(2, P3)


def held_at_two() -> Issue:
    return lifecycle.claim(at_two(), CHLOE, desk=None, policy=POLICY, now=NINE).issue


def resolved() -> Issue:
    now = NINE + 15 * MINUTE
    return lifecycle.resolve(claimed(), ANN, fix="Done", policy=POLICY, now=now).issue


def merged() -> Issue:
    gone, _ = lifecycle.merge(make_issue(P3), make_issue(number=7), ANN, now=NINE + 15 * MINUTE)
    return happen(make_issue(P3), gone)


def merged_after_an_answer() -> Issue:
    answered = lifecycle.staff_word(make_issue(P3), ANN, make_words(), note=False, policy=POLICY, now=NINE).issue
    return happen(answered, lifecycle.merge(answered, make_issue(number=7), ANN, now=NINE + 15 * MINUTE)[0])


def act(rule: Callable[..., Decision], *facts: object, **named: object) -> Callable[[Issue], Issue]:
    return lambda issue: rule(issue, *facts, **named, policy=POLICY, now=NOW).issue


def escalate(issue: Issue) -> Issue:
    who, said = ANN, {"reason": "deep", "tried": "much"}
    return lifecycle.escalate(issue, who, seen=seen(issue), **said, policy=POLICY, now=NOW).issue


def give_back(issue: Issue) -> Issue:
    return lifecycle.give_back(issue, CHLOE, seen=seen(issue), findings="!", policy=POLICY, now=NOW).issue


def reroute(issue: Issue) -> Issue:
    return lifecycle.reroute(issue, ANN, seen=seen(issue), to="L3", reason="!", policy=POLICY, now=NOW).issue


claim = act(lifecycle.claim, ANN, desk=None)
reply = act(lifecycle.staff_word, ANN, make_words(), note=False)
note = act(lifecycle.staff_word, ANN, make_words(), note=True)
say = act(lifecycle.reporter_word, make_words(ts="1767609000.0"), by=REPORTER, holder_gone=False)
edit = act(lifecycle.edited_word, make_words(), by=ANN.user)
delete = act(lifecycle.deleted_word, "C0SUPPORTL1", "1.0", by=ANN.user)
take_over = act(lifecycle.take_over, BEN, reason="!", desk=None)
hand_over = act(lifecycle.hand_over, ANN, to=BEN, note="!")
release = act(lifecycle.release, ANN)
wait = act(lifecycle.wait, ANN, reason=WaitingFor.VENDOR, note="!", until=None)
resume = act(lifecycle.resume, ANN, holder_gone=False)
resume_alone = act(lifecycle.resume, ANN, holder_gone=True)
snooze = act(lifecycle.snooze, ANN, span=HOUR)
resolve = act(lifecycle.resolve, ANN, fix="!")
reopen = act(lifecycle.reopen, ROBIN, reason="!")
cancel = act(lifecycle.cancel, ROBIN, reason="", insists=True)
major = act(lifecycle.declare_major, CHLOE, commander=ANN)


def inform(issue: Issue) -> Issue:
    return happen(issue, LevelsInformed(at=NOW, cause=Cause.RESOLUTION, tiers=(4,)))


def remind(issue: Issue) -> Issue:
    return happen(issue, Reminded(at=NOW, clock="update", share=0.5, suppressed=""))


def fail(issue: Issue) -> Issue:
    return happen(issue, DeliveryFailed(at=NOW, what="a card", tier=1, error="is_archived"))


def merge(issue: Issue) -> Issue:
    return happen(issue, lifecycle.merge(issue, make_issue(number=7), ANN, now=NOW)[0])


def unmerge(issue: Issue) -> Issue:
    return happen(issue, *lifecycle.unmerge(issue, make_issue(number=7), ANN, policy=POLICY, now=NOW)[0])


@dataclass(frozen=True)
class Row:
    what: str
    before: Callable[[], Issue]
    happens: Callable[[Issue], Issue]
    first_response: str
    tier_window: str
    update: str
    resolution: str


TABLE = [
    Row("claim", fresh, claim, STOP, STOP, START, KEEP),
    Row("take over", claimed, take_over, KEEP, KEEP, START, KEEP),
    Row("hand over", claimed, hand_over, KEEP, KEEP, START, KEEP),
    Row("release", claimed, release, KEEP, START, STOP, KEEP),
    Row("public word, unclaimed", fresh, reply, STOP, KEEP, KEEP, KEEP),
    Row("public word, claimed", claimed, reply, KEEP, KEEP, START, KEEP),
    Row("public word, waiting", waiting, reply, KEEP, KEEP, KEEP, KEEP),
    Row("note, unclaimed", fresh, note, KEEP, KEEP, KEEP, KEEP),
    Row("note, claimed", claimed, note, KEEP, KEEP, KEEP, KEEP),
    Row("an edit", claimed, edit, KEEP, KEEP, KEEP, KEEP),
    Row("a deletion", claimed, delete, KEEP, KEEP, KEEP, KEEP),
    Row("the reporter's word, unclaimed", fresh, say, KEEP, KEEP, KEEP, KEEP),
    Row("the reporter's word, claimed", claimed, say, KEEP, KEEP, KEEP, KEEP),
    Row("wait", claimed, wait, KEEP, KEEP, STOP, STOP),
    Row("resume", waiting, resume, KEEP, KEEP, START, RUN),
    Row("resume, claimant gone", waiting, resume_alone, KEEP, START, KEEP, RUN),
    Row("the reporter's word, waiting", waiting, say, KEEP, KEEP, START, RUN),
    Row("escalate, unclaimed", fresh, escalate, KEEP, START, KEEP, KEEP),
    Row("escalate, claimed", claimed, escalate, KEEP, START, STOP, KEEP),
    Row("return, unclaimed", at_two, give_back, KEEP, START, KEEP, KEEP),
    Row("return, claimed", held_at_two, give_back, KEEP, START, STOP, KEEP),
    Row("reroute, unclaimed", fresh, reroute, KEEP, START, KEEP, KEEP),
    Row("reroute, claimed", claimed, reroute, KEEP, START, STOP, KEEP),
    Row("those above are told", claimed, inform, KEEP, KEEP, KEEP, KEEP),
    Row("a reminder", claimed, remind, KEEP, KEEP, KEEP, KEEP),
    Row("snooze", claimed, snooze, KEEP, KEEP, KEEP, KEEP),
    Row("a message that failed", claimed, fail, KEEP, KEEP, KEEP, KEEP),
    Row("a major incident", claimed, major, KEEP, KEEP, KEEP, KEEP),
    Row("resolve, unclaimed", fresh, resolve, STOP, STOP, KEEP, STOP),
    Row("resolve, claimed", claimed, resolve, KEEP, KEEP, STOP, STOP),
    Row("reopen", resolved, reopen, START, START, KEEP, RUN),
    Row("cancel", claimed, cancel, KEEP, KEEP, STOP, STOP),
    Row("merge", fresh, merge, STOP, STOP, KEEP, STOP),
    Row("unmerge", merged, unmerge, RUN, START, KEEP, RUN),
    Row("unmerge, answered before", merged_after_an_answer, unmerge, KEEP, START, KEEP, RUN),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_what_happens_to_each_clock(row: Row) -> None:
    before = row.before()
    old, new = before.clocks, row.happens(before).clocks
    happened = {
        name: effect(getattr(old, name), getattr(new, name))
        for name in ("first_response", "tier_window", "update", "resolution")
    }
    assert happened == {
        "first_response": row.first_response,
        "tier_window": row.tier_window,
        "update": row.update,
        "resolution": row.resolution,
    }


def test_an_escalation_by_the_clock_does_what_one_by_hand_does() -> None:
    late = NINE + 2 * HOUR
    by_clock = pass_time(make_issue(P3), POLICY, late).issue
    assert by_clock.clocks.tier_window == Clock(2 * HOUR, running_since=late)
    assert by_clock.clocks.first_response.running_since == NINE
    assert by_clock.clocks.resolution.running_since == NINE
