"""Why an issue is where it is: the rule, its clocks with their runs, and what comes next, in plain words."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.domain.calendar import Calendar
from bot.domain.deadlines import RESOLUTION, TIER_WINDOW, UPDATE
from bot.domain.events import Event
from bot.domain.explanation import ClockStory, Segment
from bot.domain.issue import Issue, Status
from bot.domain.policy import OnStale, Policy
from bot.slack import words
from bot.slack.history import history_lines, moves_it, public
from bot.text import capital, escape, span, when

SECOND = timedelta(seconds=1)  # what ran for less is not worth a line
SEGMENTS_SHOWN = 6
MOVES_SHOWN = 8


def why_lines(
    issue: Issue,
    policy: Policy,
    stories: Sequence[ClockStory],
    timeline: Sequence[Event],
    policy_of: Callable[[str], Policy],
    *,
    reader: str,
    staff: bool,
) -> list[str]:
    """Paragraphs of mrkdwn. What staff wrote for staff is only for them (invariant 34)."""
    said = [
        f"*{issue.name} now.* {words.status(issue, policy)}. {words.next_step(issue, policy)}.",
        f"*The rule.* {_rule(issue, policy)}",
        *(_clock(story, issue, policy) for story in stories),
    ]
    every = _moves(timeline if staff else [public(event, issue.reporter) for event in timeline], policy_of)
    moves = [to_reader(reader, issue, ours) + quoted for ours, quoted in map(_parted, every[-MOVES_SHOWN:])]
    left_out = len(every) - len(moves)
    heading = "*How it came here.*" + (f" (the last {MOVES_SHOWN} of {len(every)} steps)" if left_out else "")
    came = ["\n".join([heading, *(f"• {move}" for move in moves)])] if moves else []
    return [*(to_reader(reader, issue, each) for each in said), *came]


_YOU = {"is": "are", "has": "have", "hears": "hear", "hands": "hand"}


def to_reader(reader: str, issue: Issue, text: str) -> str:
    """The same words to a reader whom they are about: "you"."""
    names = f"<@{reader}>|[Ii]ts reporter|[Tt]he reporter" if reader == issue.reporter else f"<@{reader}>"

    def you(found: re.Match[str]) -> str:
        said = "your" if found["own"] else "you"
        said += f" {_YOU[found['verb']]}" if found["verb"] else ""
        begins = re.search(r"(?:^|[.*] +|>  )$", text[: found.start()])
        return capital(said) if begins else said

    return re.sub(rf"(?:{names})(?:(?P<own>'s)| (?P<verb>{'|'.join(_YOU)})\b)?", you, text)


def _parted(move: str) -> tuple[str, str]:
    """What we say of a move, and what a person said about it."""
    ours, colon, quoted = move.partition(": ")
    return ours, colon + quoted


def _rule(issue: Issue, policy: Policy) -> str:
    targets, tier = policy.targets[issue.priority], policy.tier(issue.tier)
    source = f"impact {issue.impact.value} and urgency {issue.urgency.value} make it {words.priority(issue)}"
    hours = _calendar(targets.calendar)
    if not issue.ticking:
        return f"{capital(source)}. While it is {issue.status.value} no clock runs. Time counts {hours}."
    if issue.status is Status.CLAIMED:
        then = "it goes to the next tier and the claim ends"
        if targets.on_stale is OnStale.INFORM:
            then = "is reminded; from the second time on their tier is called, too"
            then += ", and the tier above is told" if issue.tier < policy.last_tier else ""
        elif issue.tier >= policy.last_tier:
            then = "is reminded"
        return (
            f"{capital(source)}. Who holds it tells the reporter something at least every {span(targets.update)}, "
            f"or {then}. Time counts {hours}."
        )
    up = "is pinged again" if issue.tier >= policy.last_tier else "hands it up"
    window = span(targets.window(issue.tier))
    return f"{capital(source)}. {tier.name} claims it within {window}, or {up}. Time counts {hours}."


def _calendar(calendar: Calendar) -> str:
    if calendar.weekly is None:
        return "round the clock"
    return f"in the hours of the calendar “{escape(calendar.name)}” ({escape(calendar.zone)})"


def _clock(story: ClockStory, issue: Issue, policy: Policy) -> str:
    label = {
        TIER_WINDOW: f"Time for {policy.tier(issue.tier).name} to claim it",
        UPDATE: "Time to the next word for the reporter",
        RESOLUTION: "Time to resolve it",
    }.get(story.name, "Time to the first response")
    used = f"{rounded(story.used)} of {span(story.budget)} used"
    late = story.used >= story.budget
    state = f"{'was due' if late else 'due'} {when(story.due_at)}" if story.due_at else "stopped"
    told = [segment for segment in story.segments if segment.end is None or segment.used >= SECOND]
    runs = [f"• {_run(segment)}" for segment in told[-SEGMENTS_SHOWN:]]
    return "\n".join([f"*{label}:* {used}, {state}.", *runs])


def _run(segment: Segment) -> str:
    if segment.end is None:
        return f"runs since {when(segment.start)} ({rounded(segment.used)} counted)"
    return f"ran from {when(segment.start)} to {when(segment.end)} ({rounded(segment.used)} counted)"


def _moves(timeline: Sequence[Event], policy_of: Callable[[str], Policy]) -> list[str]:
    return [line for event, line in history_lines(timeline, policy_of) if moves_it(event)]


def rounded(used: timedelta) -> str:
    """Whole minutes once there are any: nobody asks for more."""
    minute = timedelta(minutes=1)
    return span(used - used % minute) if used >= minute else span(timedelta(seconds=used // timedelta(seconds=1)))
