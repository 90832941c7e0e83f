"""Why an issue is where it is: the rule, its clocks with their runs, and what comes next, in plain words."""

from collections.abc import Callable, Iterator, Sequence
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

SEGMENTS_SHOWN = 6
MOVES_SHOWN = 8


def why_lines(
    issue: Issue,
    policy: Policy,
    stories: Sequence[ClockStory],
    timeline: Sequence[Event],
    policy_of: Callable[[str], Policy],
    *,
    staff: bool,
) -> list[str]:
    """Paragraphs of mrkdwn. What staff wrote for staff is only for them (invariant 34)."""
    return [
        f"*Now.* {words.status(issue, policy)}. {words.next_step(issue, policy)}.",
        f"*The rule.* {_rule(issue, policy)}",
        *(_clock(story, issue, policy) for story in stories),
        *_moves(timeline, policy_of, staff=staff),
    ]


def _rule(issue: Issue, policy: Policy) -> str:
    targets, tier = policy.targets[issue.priority], policy.tier(issue.tier)
    source = f"impact {issue.impact.value} and urgency {issue.urgency.value} make it {words.priority(issue)}"
    hours = _calendar(targets.calendar)
    if not issue.ticking:
        return f"{capital(source)}. While it is {issue.status.value} no clock runs. Time counts {hours}."
    if issue.status is Status.CLAIMED:
        then = (
            "who holds it is reminded, and the second time the tier above is told"
            if targets.on_stale is OnStale.INFORM
            else "it goes to the next tier and the claim ends"
        )
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
    state = f"due {when(story.due_at)}" if story.due_at else "stopped"
    runs = [_run(segment) for segment in story.segments[-SEGMENTS_SHOWN:]]
    return f"*{label}:* {used}, {state}.\n" + "\n".join(f"• {run}" for run in runs)


def _run(segment: Segment) -> str:
    if segment.end is None:
        return f"runs since {when(segment.start)} ({rounded(segment.used)} counted)"
    return f"ran from {when(segment.start)} to {when(segment.end)} ({rounded(segment.used)} counted)"


def _moves(timeline: Sequence[Event], policy_of: Callable[[str], Policy], *, staff: bool) -> Iterator[str]:
    events = timeline if staff else [public(event) for event in timeline]
    moves = [line for event, line in history_lines(events, policy_of) if moves_it(event)]
    if moves:
        yield "*How it came here.*\n" + "\n".join(f"• {move}" for move in moves[-MOVES_SHOWN:])


def rounded(used: timedelta) -> str:
    """Whole minutes once there are any: nobody asks for more."""
    minute = timedelta(minutes=1)
    return span(used - used % minute) if used >= minute else span(timedelta(seconds=used // timedelta(seconds=1)))
