"""An event as lines of an issue's history, for staff."""

from typing import assert_never

from bot.domain.events import (
    Cause,
    DeliveryFailed,
    Event,
    IssueClaimed,
    IssueEscalated,
    IssueOpened,
    IssueReleased,
    IssueReopened,
    IssueResolved,
    LevelsInformed,
    NoteTaken,
    ReporterReplied,
    StaffReplied,
    TargetBreached,
    TierReminded,
    WordsDeleted,
    WordsEdited,
)
from bot.domain.policy import Policy
from bot.slack.text import clip, disarmed, escape, person, when

_CAUSES = {
    Cause.UNCLAIMED: "nobody claimed it in time",
    Cause.STALE: "the reporter heard nothing in time",
    Cause.MANUAL: "by hand",
    Cause.SEVERITY: "for its priority",
    Cause.RESOLUTION: "the resolution target has passed",
}


def history_lines(event: Event, policy: Policy) -> list[str]:
    """mrkdwn; each line starts with its moment."""
    text = _line(event, policy)
    return [clip(f"{when(event.at)}  {text}", 3000)]


def _line(event: Event, policy: Policy) -> str:
    match event:
        case IssueOpened():
            return f"{person(event.by)} reported it as {event.priority.word} ({event.priority.value})."
        case IssueClaimed():
            return f"{person(event.by)} claimed it in {policy.tier(event.desk).name}."
        case IssueReleased():
            return f"{person(event.by)} released it."
        case IssueEscalated():
            left, to = policy.tier(event.from_tier).name, policy.tier(event.to_tier).name
            moved = f"{person(event.by)} moved it from {left} to {to}"
            said = f"\n>Reason: {_quoted(event.reason)}\n>Tried: {_quoted(event.tried)}" if event.reason else ""
            return f"{moved}, {_CAUSES[event.cause]}.{said}"
        case TierReminded():
            return f"{policy.tier(event.tier).name} was pinged again ({event.count}): {_CAUSES[event.cause]}."
        case LevelsInformed():
            return f"{_names(event.tiers, policy)} was told: {_CAUSES[event.cause]}."
        case TargetBreached():
            target = "first response" if event.clock == "first_response" else "resolution"
            return f"The {target} target passed ({when(event.due_at)})."
        case StaffReplied():
            return f"{person(event.by)} to the reporter: {_said(event.words.text)}"
        case NoteTaken():
            return f"{person(event.by)}, staff only: {_said(event.words.text)}"
        case ReporterReplied():
            return f"{person(event.by)}: {_said(event.words.text)}"
        case WordsEdited():
            return f"{person(event.by)} edited a message: {_said(event.words.text)}"
        case WordsDeleted():
            return f"{person(event.by)} deleted a message."
        case IssueResolved():
            return f"{person(event.by)} resolved it: {_quoted(event.fix)}"
        case IssueReopened():
            return f"{person(event.by)} reopened it" + (f": {_quoted(event.reason)}" if event.reason else ".")
        case DeliveryFailed():
            where = f"#{escape(policy.tier(event.tier).channel)}" if event.tier else "a direct message"
            return f"{escape(event.what)} could not be delivered to {where}: {escape(event.error)}."
        case _:
            assert_never(event)


def _quoted(text: str) -> str:
    return escape(text).replace("\n", "\n>")


def _said(text: str) -> str:
    return disarmed(text, lambda user: user)


def _names(tiers: tuple[int, ...], policy: Policy) -> str:
    return ", ".join(policy.tier(tier).name for tier in tiers)
