"""What a policy would do with an issue: the engine's own rules on a clock that does not wait."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain import lifecycle
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.decision import Actor, Decision
from bot.domain.events import Cause, ClaimantReminded, Event, TierReminded, Words
from bot.domain.issue import Issue, Status, WaitingFor
from bot.domain.lifecycle import Seen
from bot.domain.policy import Policy
from bot.domain.priority import Level, Priority
from bot.domain.refusals import Refused
from bot.messages import Card, Inform, Message, Place, Remind, TierPing, in_hours, messages_for, verb
from bot.policy_file import zone_like, zone_of
from bot.slack.history import history_line
from bot.slack.rendering import MENTION_FROM
from bot.text import disarmed, unescape

TICK = timedelta(seconds=1)  # the engine's
LONGEST = timedelta(days=30)  # of a simulation
REMINDERS = 3  # in a row that nobody heeds; after them it only goes on like that
REPORTER = "the reporter"


class SimulationError(Exception):
    """What was asked for cannot be simulated. `lines`: one sentence per mistake."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


CENTURY = range(2000, 2100)  # as in a policy's calendars


@dataclass(frozen=True)
class Step:
    """What somebody does in a simulation."""

    at: datetime
    verb: str
    argument: str = ""  # of the verb: a tier's name, a span of time, ...


@dataclass(frozen=True)
class Told:
    who: str  # a tier's name, or a person in words
    pinged: bool  # notified, not only told


@dataclass(frozen=True)
class Rung:
    """One thing that happens, and who is told of it."""

    at: datetime
    event: Event | None  # None: a step that was refused
    issue: Issue  # as it is afterwards
    used: timedelta  # of the time to resolve it: open hours of its calendar, without its waits
    told: tuple[Told, ...] = ()
    refused: str = ""  # why


def simulate(policy: Policy, priority: Priority, at: datetime, script: Iterable[Step] = ()) -> list[Rung]:
    """Opens an issue at `at` and lets it climb until it is over or nobody has heeded a third reminder; at most 30 days.

    Steps are in order of time; at one moment the clock goes first. Raises SimulationError.
    """
    steps = list(script)
    impact, urgency = _answers(policy, priority)
    opening = lifecycle.open_issue(
        1,
        reporter=REPORTER,
        title="Simulated",
        details="",
        impact=impact,
        urgency=urgency,
        recent=0,
        policy=policy,
        now=at,
    )
    issue, rungs = opening.issue, [*_rungs(None, opening, policy, at)]
    now = ticked = at
    while True:
        due = next_moment(issue, policy)
        tick = max(due, ticked + TICK) if due else None
        if steps and (tick is None or steps[0].at < tick):
            step = steps.pop(0)
            now = max(now, step.at)
            if now - at > LONGEST:
                break
            try:
                decision = _act(step, issue, policy, now)
            except Refused as refusal:
                rungs.append(Rung(now, None, issue, _used(issue, policy, now), refused=str(refusal)))
                continue
        elif tick and tick - at <= LONGEST:
            now = ticked = max(now, tick)
            decision = pass_time(issue, policy, now)
            if not decision.events:
                raise RuntimeError(f"nothing happens at {due}, though something is due")
        else:
            break
        rungs += _rungs(issue, decision, policy, now)
        issue = decision.issue
        if not steps and any(map(_heedless, decision.events)):
            break
    return rungs


def _answers(policy: Policy, priority: Priority) -> tuple[Level, Level]:
    for impact in Level:
        for urgency in Level:
            if policy.priority(impact, urgency) is priority:
                return impact, urgency
    raise SimulationError(f"No answers of a reporter lead to {priority.value}: it is nowhere in the policy's matrix.")


def _heedless(event: Event) -> bool:
    return isinstance(event, TierReminded | ClaimantReminded) and event.count >= REMINDERS


def _rungs(before: Issue | None, decision: Decision, policy: Policy, now: datetime) -> Iterator[Rung]:
    after = decision.issue
    for event in decision.events:
        messages = messages_for(event, before, after, policy)
        now_told = [each for one in messages for each, at in in_hours(one, after, policy, now) if at <= now]
        told = _told(now_told, after, policy)
        yield Rung(now, event, after, _used(after, policy, now), told)


def _used(issue: Issue, policy: Policy, now: datetime) -> timedelta:
    return issue.clocks.resolution.spent(now, policy.targets[issue.priority].calendar)


def _told(messages: Iterable[Message], issue: Issue, policy: Policy) -> tuple[Told, ...]:
    """Edits of what is there already tell nobody."""
    told: dict[str, bool] = {}
    for message in messages:
        if verb(message) == "post":
            who = _who(message.place, policy)
            told[who] = told.get(who, False) or _pings(message, issue, policy)
    return tuple(Told(who, pinged) for who, pinged in told.items())


def _who(place: Place, policy: Policy) -> str:
    return policy.tier(place.tier).name if place.tier else str(place.person)


def _pings(message: Message, issue: Issue, policy: Policy) -> bool:
    match message:
        case TierPing():
            asks = issue.claim is None
        case Remind(share=share):
            asks = issue.claim is None and share >= MENTION_FROM
        case Inform(cause=cause):
            asks = cause is Cause.LEADERLESS
        case _:
            asks = isinstance(message, Card) and message.ping
    return asks and message.place.tier is not None and policy.tier(message.place.tier).ping != "none"


# --- what people do --------------------------------------------------------------------------------------------------

_WORDS = Words(channel="", ts="", text="…")
_TEXT = "(simulated)"


def _act(step: Step, issue: Issue, policy: Policy, now: datetime) -> Decision:
    """Raises Refused."""
    who = _actor(step, issue, policy)
    seen = Seen(entry=issue.tier_entry)
    common: dict[str, Any] = {"policy": policy, "now": now}
    match step.verb:
        case "claim":
            return lifecycle.claim(issue, who, desk=max(who.tiers), **common)
        case "accept":
            return lifecycle.claim(issue, who, desk=None, **common)
        case "takeover":
            return lifecycle.take_over(issue, who, reason=_TEXT, desk=max(who.tiers), **common)
        case "handover":
            return lifecycle.hand_over(issue, who, to=_colleague(who, policy), note=_TEXT, **common)
        case "release":
            return lifecycle.release(issue, who, **common)
        case "reply" | "note":
            return lifecycle.staff_word(issue, who, _WORDS, note=step.verb == "note", **common)
        case "answer":
            return lifecycle.reporter_word(issue, _WORDS, by=REPORTER, holder_gone=False, **common)
        case "wait":
            reason, _, length = step.argument.partition(" ")
            until = now + _span(length) if length else None
            return lifecycle.wait(issue, who, reason=WaitingFor(reason), note=_TEXT, until=until, **common)
        case "resume":
            return lifecycle.resume(issue, who, holder_gone=False, **common)
        case "snooze":
            return lifecycle.snooze(issue, who, span=_span(step.argument), **common)
        case "escalate":
            return lifecycle.escalate(issue, who, seen=seen, reason=_TEXT, tried=_TEXT, **common)
        case "return":
            return lifecycle.give_back(issue, who, seen=seen, findings=_TEXT, **common)
        case "reroute":
            return lifecycle.reroute(issue, who, seen=seen, to=step.argument, reason=_TEXT, **common)
        case "priority":
            impact, urgency = _answers(policy, Priority(step.argument))
            return lifecycle.reprioritise(issue, who, impact=impact, urgency=urgency, reason=_TEXT, **common)
        case "worse":
            return lifecycle.get_worse(issue, REPORTER, reason=_TEXT, **common)
        case "resolve":
            return lifecycle.resolve(issue, who, fix=_TEXT, category="unknown", **common)
        case "reopen":
            return lifecycle.reopen(issue, Actor(REPORTER), reason=_TEXT, **common)
        case "cancel":
            return lifecycle.cancel(issue, Actor(REPORTER), reason=_TEXT, insists=True, **common)
        case _:
            raise ValueError(f"nobody knows how to {step.verb}")


def _actor(step: Step, issue: Issue, policy: Policy) -> Actor:
    """Who does it: somebody of the tier that is named, or who holds it, or somebody of the tier whose turn it is."""
    named = next((tier.number for tier in policy.tiers if tier.name == step.argument), None)
    if step.verb in ("claim", "takeover"):
        actor = _somebody(named or issue.desk, policy)
        return _colleague(actor, policy) if step.verb == "takeover" and _holds(issue, actor) else actor
    if issue.claim is None:
        return _somebody(issue.tier, policy)
    people = (each for tier in policy.tiers for each in _people(tier.number, policy))
    return next(each for each in people if _holds(issue, each))


def _holds(issue: Issue, actor: Actor) -> bool:
    return issue.claim is not None and issue.claim.by == actor.user


def _somebody(tier: int, policy: Policy) -> Actor:
    return _people(tier, policy)[0]


def _colleague(actor: Actor, policy: Policy) -> Actor:
    return next(each for each in _people(max(actor.tiers), policy) if each != actor)


def _people(tier: int, policy: Policy) -> tuple[Actor, Actor]:
    name = policy.tier(tier).name
    return Actor(f"someone of {name}", frozenset({tier})), Actor(f"someone else of {name}", frozenset({tier}))


# --- reading a script ------------------------------------------------------------------------------------------------

_VERBS = {  # and what may or must stand behind them
    "claim": "[tier]",
    "accept": "",
    "takeover": "[tier]",
    "handover": "",
    "release": "",
    "reply": "",
    "note": "",
    "answer": "",
    "wait": "reason [span]",
    "resume": "",
    "snooze": "span",
    "escalate": "",
    "return": "",
    "reroute": "tier",
    "priority": "priority",
    "worse": "",
    "resolve": "",
    "reopen": "",
    "cancel": "",
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
_AFTER = r"\+(?P<after>\S+)"
_ON_DAY = rf"(?:(?P<day>[A-Za-z]+)\s+)?{_TIME}"
_ON_DATE = rf"(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[T ]\s*{_TIME}(?P<offset>Z|[+-][0-9]{{2}}:?[0-9]{{2}})?"
_MOMENT = r"\+\S+|[0-9]{4}-[0-9]{2}-[0-9]{2}[T\s]\s*\S+|(?:[A-Za-z]+\s+)?[0-9]{1,2}:\S+"


def read_script(text: str, start: datetime, zone: ZoneInfo, policy: Policy) -> list[Step]:
    """One step a line, such as "+10m claim L1" or "Mon 09:05 resolve"; "#" begins a comment.

    A span counts from the step before it, the first from `start`. Raises SimulationError, with every mistake there is.
    """
    steps: list[Step] = []
    mistakes: list[str] = []
    now = start
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        try:
            step = _step(words, now, zone, policy)
        except SimulationError as error:
            mistakes += (f"Line {number} of the script: {each}" for each in error.lines)
            continue
        steps.append(step)
        now = step.at
    if mistakes:
        raise SimulationError(*mistakes)
    return steps


def _step(words: str, now: datetime, zone: ZoneInfo, policy: Policy) -> Step:
    found = re.match(_MOMENT, words)
    if not found:
        first = words.split(maxsplit=1)[0]
        raise SimulationError(f'It begins with a moment, such as +10m or "Mon 09:05", not with {first!r}.')
    at = read_moment(found[0], now, zone)
    if at < now:
        raise SimulationError(f"{found[0]} is before the step that it follows.")
    name, _, argument = " ".join(words[found.end() :].split()).partition(" ")
    if name not in _VERBS:
        close = get_close_matches(name, _VERBS, n=1, cutoff=0.7)
        known = f"did you mean {close[0]}?" if close else f"known are {', '.join(_VERBS)}."
        raise SimulationError(
            f"Nobody knows how to {name!r}; {known}" if name else f"It does not say what is done; {known}"
        )
    return Step(at, name, _argument(name, argument, policy))


def _argument(name: str, argument: str, policy: Policy) -> str:
    wanted = _VERBS[name]
    if not argument and (not wanted or wanted.startswith("[")):
        return ""
    match wanted:
        case "[tier]" | "tier":
            tiers = {tier.name.casefold(): tier.name for tier in policy.tiers}
            if argument.casefold() not in tiers:
                raise SimulationError(
                    f"The word {name} needs a tier: one of {', '.join(tiers.values())}, not {argument!r}."
                )
            return tiers[argument.casefold()]
        case "span":
            _span(argument)
        case "priority":
            if argument.upper() not in tuple(Priority):
                raise SimulationError(f"The word priority needs one of P1, P2, P3 and P4, not {argument!r}.")
            _answers(policy, Priority(argument.upper()))
            return argument.upper()
        case "reason [span]":
            reason, _, length = argument.partition(" ")
            if reason not in tuple(WaitingFor):
                raise SimulationError(f"The word wait needs one of {', '.join(WaitingFor)}, not {reason!r}.")
            if length:
                _span(length)
        case _:
            raise SimulationError(f"Nothing stands behind the word {name}, not {argument!r} either.")
    return argument


def read_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """+2h, "Sat 02:00" and "16:50" (the next ones), "2026-11-27 16:50" or with an offset. Raises SimulationError."""
    text = text.strip()
    try:
        at = _moment(text, now, zone)
    except OverflowError:  # the calendar has no such day
        at = datetime.max.replace(tzinfo=UTC)
    if at.year not in CENTURY:
        raise SimulationError(f"{text} is not in this century; write a date such as 2026-11-27.")
    return at


def _moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    if found := re.fullmatch(_AFTER, text):
        return now + _span(found["after"])
    if found := re.fullmatch(_ON_DATE, text, re.ASCII):
        try:
            at = datetime.fromisoformat(f"{found['date']}T{_clock(found).isoformat()}{found['offset'] or ''}")
        except ValueError:
            raise SimulationError(f"There is no {text}.") from None
        return at.astimezone(UTC) if at.tzinfo else _in_zone(at, zone)
    if found := re.fullmatch(_ON_DAY, text, re.ASCII):
        local = now.astimezone(zone)
        at = datetime.combine(local.date(), _clock(found))
        if day := (found["day"] or "").casefold():
            weekday = next((n for n, each in enumerate(_DAYS) if len(day) > 2 and _FULL[each].startswith(day)), None)  # noqa: PLR2004
            if weekday is None:
                raise SimulationError(
                    f"{found['day']} is not a day of the week; write Mon, Tue, Wed, Thu, Fri, Sat or Sun."
                )
            at += timedelta(days=(weekday - local.weekday()) % 7)
        again = timedelta(days=7 if day else 1)
        return _in_zone(at if _in_zone(at, zone) >= now else at + again, zone)
    raise SimulationError(
        f'{text!r} is not a moment; write for example "Sat 02:00", "2026-11-27 16:50" or "2026-11-27T16:50+01:00".'
    )


_FULL = dict(zip(_DAYS, ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), strict=True))


def office_zone(policy: Policy) -> ZoneInfo:
    """That of the fewest hours, which are the office's if there is one."""
    return ZoneInfo(policy.targets[Priority.P4].calendar.zone)


def read_zone(name: str) -> ZoneInfo:
    """Raises SimulationError."""
    try:
        return zone_of(name)
    except (LookupError, ValueError, OSError):
        guess = zone_like(name)
        hint = f"did you mean {guess}?" if guess else "write for example Europe/Berlin or UTC."
        raise SimulationError(f"{name!r} is not a time zone; {hint}") from None


def read_priority(text: str) -> Priority:
    """Raises SimulationError."""
    if text.upper() not in tuple(Priority):
        raise SimulationError(f"{text!r} is not a priority; the priorities are P1, P2, P3 and P4.")
    return Priority(text.upper())


def _clock(found: re.Match[str]) -> time:
    try:
        return time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        raise SimulationError(f"There is no {found['hour']}:{found['minute']} in a day.") from None


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks there show this; the first, if they do so twice."""
    at = local.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local:
        raise SimulationError(f"There is no {local:%Y-%m-%d %H:%M} in {zone.key}: the clocks go forward then.")
    return at


def _span(text: str) -> timedelta:
    """As in "1h30m"; here a day is 24 hours. Raises SimulationError."""
    found = re.fullmatch(r"(?:([0-9]{1,3})d)?\s*(?:([0-9]{1,4})h)?\s*(?:([0-9]{1,5})m)?\s*(?:([0-9]{1,6})s)?", text)
    if not found or not any(found.groups()):
        raise SimulationError(f"{text!r} is not a span of time; write for example 10m, 1h30m or 1d.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


# --- telling ---------------------------------------------------------------------------------------------------------


def as_text(rungs: Sequence[Rung], policy: Policy, zone: ZoneInfo) -> str:
    """A line per rung: local time, business time used, what happens, who is told; and what comes after the last."""
    first, calendar = rungs[0].issue, policy.targets[rungs[0].issue.priority].calendar
    hours = "round the clock" if calendar.weekly is None else f'in the hours of "{calendar.name}" ({calendar.zone})'
    rows = [(_local(rung.at, zone), _length(rung.used), what(rung, policy, zone), _audience(rung)) for rung in rungs]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (
        f"{moment:{widths[0]}}  {used:>{widths[1]}}  {what_it_is:{widths[2]}}  {audience}".rstrip()
        for moment, used, what_it_is, audience in rows
    )
    head = f"{first.priority.word} ({first.priority.value}). Times are in {zone.key}; business time counts {hours}."
    return "\n".join([head, "", *lines, "", ending(rungs, policy, zone)])


def as_json(rungs: Sequence[Rung], policy: Policy, zone: ZoneInfo) -> dict[str, Any]:
    """The same facts, for json.dumps."""
    first, last = rungs[0].issue, rungs[-1].issue
    due = next_moment(last, policy)
    return {
        "policy": policy.version,
        "priority": first.priority.value,
        "calendar": policy.targets[first.priority].calendar.name,
        "zone": zone.key,
        "rungs": [
            {
                "at": rung.at.astimezone(UTC).isoformat(),
                "local": rung.at.astimezone(zone).isoformat(),
                "business_seconds": int(rung.used.total_seconds()),
                "event": type(rung.event).__name__ if rung.event else None,
                "what": what(rung, policy, zone),
                "told": [{"who": told.who, "pinged": told.pinged} for told in rung.told],
                "refused": bool(rung.refused),
                "status": rung.issue.status.value,
                "tier": policy.tier(rung.issue.tier).name,
                "priority": rung.issue.priority.value,
                "claimed_by": rung.issue.claim.by if rung.issue.claim else None,
            }
            for rung in rungs
        ],
        "next": due.astimezone(UTC).isoformat() if due else None,
        "ending": ending(rungs, policy, zone),
    }


def what(rung: Rung, policy: Policy, zone: ZoneInfo) -> str:
    """What happens, in plain words."""
    if rung.event is None:
        return f"Refused: {_plain(rung.refused, zone)}"
    line = history_line(rung.event, policy)
    text = _plain(line.partition("  ")[2], zone).replace("\n>", " ").replace("\n", " ")
    text = text.replace(f": {_TEXT}", ".")
    return text[:1].upper() + text[1:]


def ending(rungs: Sequence[Rung], policy: Policy, zone: ZoneInfo) -> str:
    last = rungs[-1].issue
    due = next_moment(last, policy)
    if due is None:
        waits = last.status is Status.WAITING
        return "It waits until somebody resumes it." if waits else "It is over."
    if any(rung.event and _heedless(rung.event) for rung in rungs if rung.at == rungs[-1].at):
        return f"It goes on like this until somebody acts: the next time on {_local(due, zone)}."
    return f"The simulation ends after {LONGEST.days} days; next on {_local(due, zone)}."


def _plain(mrkdwn: str, zone: ZoneInfo) -> str:
    """Without Slack's tokens: moments in `zone`, and people by the names they have in a simulation."""
    dated = re.sub(
        r"<!date\^([0-9]+)\^[^>]*>", lambda found: _local(datetime.fromtimestamp(int(found[1]), UTC), zone), mrkdwn
    )
    named = re.sub(r"<@([^<>]+)>", r"\1", dated)
    return unescape(disarmed(named, lambda user: user)).replace("`", "")


def _audience(rung: Rung) -> str:
    return ", ".join(f"{told.who} (pinged)" if told.pinged else told.who for told in rung.told)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%a %Y-%m-%d %H:%M:%S}" if local.second else f"{local:%a %Y-%m-%d %H:%M}"


def _length(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return " ".join(f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if count) or "0m"
