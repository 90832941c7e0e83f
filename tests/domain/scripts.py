"""A history written down beforehand: what people do and when; played to any engine, at any hour, again and again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import lifecycle
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.decision import Actor, Decision
from bot.domain.events import Event
from bot.domain.issue import Issue, WaitingFor
from bot.domain.policy import Policy
from bot.domain.priority import Priority
from bot.domain.refusals import Refused
from tests.domain.factories import LEVELS, P1, P2, P3, REPORTER, make_words, open_issue, seen

EVERYWHERE = Actor("U0EVERYWHERE", frozenset({1, 2, 3, 4}))

Act = Callable[[Issue, Policy, datetime], Decision]
Engine = Callable[[datetime], datetime]  # when it acts on what is due at a moment


def _reprioritise(to: Priority) -> Act:
    impact, urgency = LEVELS[to]
    return lambda i, p, now: lifecycle.reprioritise(
        i, EVERYWHERE, impact=impact, urgency=urgency, reason="", policy=p, now=now
    )


def _wait(span: timedelta | None) -> Act:
    return lambda i, p, now: lifecycle.wait(
        i,
        EVERYWHERE,
        reason=WaitingFor.REPORTER if span is None else WaitingFor.DATE,
        note="?",
        until=now + span if span else None,
        policy=p,
        now=now,
    )


def _said(now: datetime) -> str:
    return str(now.timestamp())


ACTS: dict[str, Act] = {
    "claim": lambda i, p, now: lifecycle.claim(i, EVERYWHERE, desk=None, policy=p, now=now),
    "release": lambda i, p, now: lifecycle.release(i, EVERYWHERE, policy=p, now=now),
    "hand over": lambda i, p, now: lifecycle.hand_over(
        i, EVERYWHERE, to=Actor("U0OTHER", frozenset({4})), note="!", policy=p, now=now
    ),
    "answer": lambda i, p, now: lifecycle.staff_word(
        i, EVERYWHERE, make_words(ts=_said(now)), note=False, policy=p, now=now
    ),
    "ask again": lambda i, p, now: lifecycle.reporter_word(
        i, make_words(ts=_said(now)), by=REPORTER, holder_gone=False, policy=p, now=now
    ),
    "escalate": lambda i, p, now: lifecycle.escalate(
        i, EVERYWHERE, seen=seen(i), reason="!", tried="!", policy=p, now=now
    ),
    "return": lambda i, p, now: lifecycle.give_back(i, EVERYWHERE, seen=seen(i), findings="!", policy=p, now=now),
    "wait": _wait(None),
    "wait for a date": _wait(timedelta(hours=3)),
    "resume": lambda i, p, now: lifecycle.resume(i, EVERYWHERE, holder_gone=False, policy=p, now=now),
    "to P1": _reprioritise(P1),
    "to P2": _reprioritise(P2),
    "to P3": _reprioritise(P3),
    "resolve": lambda i, p, now: lifecycle.resolve(i, EVERYWHERE, fix="!", category="network", policy=p, now=now),
    "reopen": lambda i, p, now: lifecycle.reopen(i, EVERYWHERE, reason="!", policy=p, now=now),
}


@dataclass(frozen=True)
class Script:
    priority: Priority
    opened_at: datetime
    acts: Sequence[tuple[datetime, str]]  # in order of time
    until: datetime


def play(script: Script, policy: Policy, engine: Engine = lambda due: due) -> list[Event]:
    """The timeline that comes of it. What is refused does not happen."""
    decision = open_issue(script.priority, policy=policy, now=script.opened_at)
    issue, timeline = decision.issue, list(decision.events)

    def happen(decision: Decision) -> None:
        nonlocal issue
        issue = decision.issue
        timeline.extend(decision.events)

    def pass_until(end: datetime) -> None:
        while (due := next_moment(issue, policy)) and (now := engine(max(due, issue.opened_at))) <= end:
            happen(pass_time(issue, policy, now))

    for moment, name in script.acts:
        pass_until(moment)
        try:
            happen(ACTS[name](issue, policy, moment))
        except Refused:
            continue
    pass_until(script.until)
    return timeline
