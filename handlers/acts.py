"""An act, wherever it comes from: a button, a form, a word in a thread, `/issue <word> ISS-42`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain import refusals
from bot.domain.events import Words
from bot.domain.issue import CATEGORIES, WaitingFor, issue_name, issue_number
from bot.domain.lifecycle import Seen
from bot.domain.policy import Policy
from bot.domain.priority import Level
from bot.services.bot import Bot
from bot.slack.acts import RATINGS, REST, SAYS_SOLVED
from bot.text import clip, escape, is_blank, spoken

MORNING = time(9)  # a date means the start of that working day, in the zone of the policy's [waiting] as its form says

_PERSON = re.compile(r"^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>\s*")
_TRIED = re.compile(r"\btried:", re.IGNORECASE)
_NEEDED = re.compile(r"\bneeded:", re.IGNORECASE)
_SPAN = re.compile(r"(\d{1,3})\s*(m|min|h)\b", re.IGNORECASE)
_UNTIL = re.compile(r"\buntil (\d{4}-\d{2}-\d{2})\b\s*", re.IGNORECASE)
_LEVELS = "|".join(Level)
_PRIORITY = re.compile(rf"({_LEVELS})[\s/,]+({_LEVELS})\b[\s:,;]*(.*)", re.IGNORECASE | re.DOTALL)
_ANYWAY = re.compile(r"^anyway\b[,:;.!]*|\banyway[.!]*$", re.IGNORECASE)  # with a reason behind it, or before it
_INTO = re.compile(r"^(into|in|with|to) ", re.IGNORECASE)
_CATEGORY = re.compile(rf"({'|'.join(CATEGORIES)})\s*:\s*", re.IGNORECASE)

# What an act needs behind its word: what that is, as a refusal calls it, and examples.
_NEEDS = {
    "escalate": ("why, and what was tried", ("nobody can log in; tried: restarted the gateway",)),
    "handover": ("whom you mean", ("@Dana the client is new, the gateway is next",)),
    "major": ("whom you mean", ("@Dana",)),
    "move": ("which tier it belongs to", ("L2 it is their server",)),
    "wait": ("what it waits for", ("reporter Which office is it?", "vendor a new disk")),
    "snooze": ("for how long", ("2h", "30m")),
    "priority": ("its impact and then its urgency", ("high medium",)),
    "merge": ("which issue it is merged into", (issue_name(7),)),
    "rate": ("how the help was, from 5 (very good) down to 1", ("5",)),
}

# What can follow such a word only where an issue is meant: no report's title begins so.
_NO_TITLE = {
    "snooze": _SPAN,
    "priority": re.compile(rf"({_LEVELS})([\s/,]+({_LEVELS})\b|$)", re.IGNORECASE),
    "resolve": _CATEGORY,
    "handover": _PERSON,
    "major": _PERSON,
}


@dataclass(frozen=True)
class Asked:
    """Who wants what done to which issue, and what they had before their eyes."""

    word: str
    number: int
    user: str
    delivery: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    desk: int | None = None


def perform(asked: Asked, bot: Bot) -> None:
    """One call of one service. Raises Refused."""
    who = (asked.number, asked.user)
    given, delivery = asked.inputs, asked.delivery
    text = {name: given.get(name, "") for name in ("reason", "tried", "fix", "note", "findings", "text", "tier")}
    issues = bot.issues
    match asked.word:
        case "claim":
            issues.claim(*who, desk=asked.desk, delivery=delivery)
        case "release":
            issues.release(*who, delivery=delivery)
        case "decline":
            issues.decline(*who, delivery=delivery)
        case "takeover":
            issues.take_over(*who, reason=text["reason"], desk=asked.desk, delivery=delivery)
        case "handover":
            issues.hand_over(*who, to=_person(given), note=text["note"], delivery=delivery)
        case "escalate":
            issues.escalate(
                *who,
                seen=asked.seen,
                reason=text["reason"],
                tried=text["tried"],
                needed=given.get("needed", ""),
                delivery=delivery,
            )
        case "return":
            issues.give_back(*who, seen=asked.seen, findings=text["findings"], delivery=delivery)
        case "move":
            tier, reason = _tier_and_reason(f"{text['tier']} {text['reason']}", bot)
            issues.reroute(*who, seen=asked.seen, to=tier, reason=reason, delivery=delivery)
        case "wait":
            reason = _chosen(given, "waiting", WaitingFor)
            until = _morning(given["until"], bot.search.one(asked.number).policy) if given.get("until") else None
            issues.wait(*who, reason=WaitingFor(reason), note=text["note"], until=until, delivery=delivery)
        case "resume":
            issues.resume(*who, delivery=delivery)
        case "snooze":
            issues.snooze(*who, span=_span(given), delivery=delivery)
        case "priority":
            impact, urgency = Level(_chosen(given, "impact", Level)), Level(_chosen(given, "urgency", Level))
            issues.reprioritise(*who, impact=impact, urgency=urgency, reason=text["reason"], delivery=delivery)
        case "worse":
            issues.get_worse(*who, reason=text["reason"], delivery=delivery)
        case "resolve":
            issues.resolve(*who, fix=text["fix"], category=given.get("category") or None, delivery=delivery)
        case "solved":
            issues.resolve(*who, fix=text["fix"] or SAYS_SOLVED, delivery=delivery)
        case "reopen":
            issues.reopen(*who, reason=text["reason"], delivery=delivery)
        case "works":
            issues.confirm(*who, delivery=delivery)
        case "rate":
            issues.rate(*who, score=_score(given), delivery=delivery)
        case "cancel":
            issues.cancel(*who, reason=text["reason"], insists=given.get("insists", "yes") == "yes", delivery=delivery)
        case "merge":
            issues.merge(*who, into=_other_issue(given.get("issue", "")), delivery=delivery)
        case "unmerge":
            issues.unmerge(*who, delivery=delivery)
        case "major":
            issues.declare_major(*who, commander=_person(given), delivery=delivery)
        case "endmajor":
            issues.end_major(*who, delivery=delivery)
        case "update":
            issues.update(*who, words=_form_words(text["text"], delivery), delivery=delivery)
        case "add":
            issues.add(*who, words=_form_words(text["text"], delivery), delivery=delivery)
        case _:
            raise refusals.NotUnderstood(what=f"“{asked.word}”", example="`claim`")


def lacks_its_issue(word: str, typed: str) -> bool:
    """Whether this cannot be a report's title, but is an act without the number of its issue: "snooze 2h"."""
    return word in _NO_TITLE and _NO_TITLE[word].match(typed.strip()) is not None


def inputs_from(word: str, typed: str, *, call: str) -> dict[str, str]:
    """What the words after the act's word mean; `typed` is as Slack sends it, mentions as tokens. Raises Refused.

    `call` is what the person wrote before them, for examples that work when they are copied.
    """
    said = spoken(typed)
    if is_blank(said) and word in _NEEDS:
        raise refusals.Incomplete(what=_NEEDS[word][0], example=_example(word, call))
    match word:
        case "escalate":
            both = _TRIED.split(said, maxsplit=1)
            if len(both) == 1:
                raise refusals.HowToEscalate(example=_example(word, call))
            tried, *needed = _NEEDED.split(both[1], maxsplit=1)
            packet = {"tried": _bare(tried), "needed": needed[0].strip()} if needed else {"tried": tried.strip()}
            return {"reason": _bare(both[0]), **packet}
        case "resolve":
            found = _CATEGORY.match(said)
            fix = said[found.end() :] if found else said
            return {"fix": fix, "category": found[1].lower() if found else ""}
        case "solved":
            return {"fix": said}
        case "takeover" | "reopen" | "worse":
            return {"reason": said}
        case "cancel":
            insists = _ANYWAY.search(said)
            reason = (said[: insists.start()] + said[insists.end() :]).strip() if insists else said
            return {"reason": reason, "insists": "yes" if insists else "no"}
        case "return":
            return {"findings": said}
        case "update" | "add":
            return {"text": said}
        case "rate":
            if said not in dict(RATINGS):
                raise refusals.NotUnderstood(what=_quoted(said), example=_example(word, call))
            return {"score": said}
        case "handover" | "major":
            person = _PERSON.match(typed.strip())
            if person is None:
                raise refusals.NotUnderstood(what="whom you mean", example=_example(word, call))
            return {"person": person[1], "note": spoken(typed.strip()[person.end() :])}
        case "move":
            tier, _, reason = said.partition(" ")
            return {"tier": tier, "reason": reason}
        case "wait":
            return _wait_from(said, call)
        case "snooze":
            length = _SPAN.fullmatch(said)
            if length is None:
                raise refusals.NotUnderstood(what=f"the time {_quoted(said)}", example=_example(word, call))
            return {"minutes": str(int(length[1]) * (60 if length[2].lower() == "h" else 1))}
        case "priority":
            levels = _PRIORITY.fullmatch(said)
            if levels is None:
                example = f"{_example(word, call)} (impact, then urgency)"
                raise refusals.NotUnderstood(what=_quoted(said), example=example)
            return {"impact": levels[1].lower(), "urgency": levels[2].lower(), "reason": levels[3]}
        case "merge":
            return {"issue": _INTO.sub("", said)}
        case _:
            return {}


def _example(word: str, call: str) -> str:
    return ", or ".join(f"`{call} {rest}`" for rest in _NEEDS[word][1])


def _quoted(said: str) -> str:
    return f"“{clip(escape(said), 200)}”"


def _bare(text: str) -> str:
    return text.strip().rstrip(";,. ")


def _wait_from(said: str, call: str) -> dict[str, str]:
    what, _, note = said.partition(" ")
    what = what.lower().rstrip(":,")
    if what not in set(WaitingFor):
        raise refusals.NotUnderstood(what=f"what it waits for ({_quoted(what)})", example=_example("wait", call))
    until = _UNTIL.search(note)
    return {"waiting": what, "note": _UNTIL.sub("", note).strip(), "until": until[1] if until else ""}


def _chosen(given: Mapping[str, str], name: str, choices: type[StrEnum]) -> str:
    """A select that was left empty comes as nothing."""
    if given.get(name) not in set(choices):
        raise refusals.NotUnderstood(what=f"the choice of {name}", example=", ".join(choices))
    return given[name]


def _span(given: Mapping[str, str]) -> timedelta | None:
    minutes = given.get("minutes") or "0"
    return None if minutes == REST else timedelta(minutes=int(minutes))


def _score(given: Mapping[str, str]) -> int:
    if given.get("score") not in dict(RATINGS):
        raise refusals.NotUnderstood(what="how the help was", example="5 (very good), or down to 1")
    return int(given["score"])


def _person(given: Mapping[str, str]) -> str:
    if not given.get("person"):
        raise refusals.NotUnderstood(what="whom you mean", example="@Dana")
    return given["person"]


def _tier_and_reason(said: str, bot: Bot) -> tuple[str, str]:
    """A tier's name may have spaces: the longest that the words begin with is meant."""
    names = sorted((tier.name for tier in bot.policy().tiers), key=len, reverse=True)
    name = next((each for each in names if said.lower().startswith(f"{each.lower()} ")), None)
    if name:
        return name, said[len(name) :].strip()
    tier, _, reason = said.partition(" ")
    return tier, reason


def _morning(day: str, policy: Policy) -> datetime:
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        raise refusals.NotUnderstood(what=f"the date “{day}”", example="2026-12-24") from None
    return datetime.combine(parsed, MORNING, ZoneInfo(policy.waiting.calendar.zone))


def _other_issue(text: str) -> int:
    number = issue_number(text)
    if number is None:
        raise refusals.NotUnderstood(what=f"which issue {_quoted(text)} is", example=issue_name(42))
    return number


def _form_words(text: str, delivery: str) -> Words:
    """Words written in a form: no message holds them, so the delivery names them."""
    return Words(channel="", ts=delivery, text=escape(text.strip()))
