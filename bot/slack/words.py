"""The sentences that say how an issue stands. State in words, before any colour or emoji."""

from bot.domain.deadlines import next_step_at
from bot.domain.events import Cause
from bot.domain.issue import HandOff, Issue, Status
from bot.domain.policy import Policy
from bot.slack.text import escape, person, when


def headline(issue: Issue) -> str:
    """Plain text, not escaped."""
    return f"{issue.name} · {issue.title}"


def priority(issue: Issue) -> str:
    return f"{issue.priority.word} ({issue.priority.value})"


def status(issue: Issue, policy: Policy) -> str:
    tier = policy.tier(issue.tier).name
    match issue.status:
        case Status.OPEN:
            return f"Open, nobody in {tier} has claimed it"
        case Status.CLAIMED if issue.claim:
            return f"Claimed by {person(issue.claim.by)}"
        case _:
            return f"Resolved by {person(issue.resolved_by)}"


def next_step(issue: Issue, policy: Policy) -> str:
    """What the clock will do, and when."""
    due = next_step_at(issue, policy)
    if due is None:
        return "Nothing more happens by itself"
    if issue.tier >= policy.last_tier:
        target = f"{policy.tier(issue.tier).name} is pinged again"
    else:
        target = f"It goes to {policy.tier(issue.tier + 1).name}"
    condition = "unless the reporter hears from us" if issue.claim else "unless somebody claims it"
    return f"{target} {when(due)}, {condition}"


def hand_off(packet: HandOff, issue: Issue, policy: Policy) -> str:
    """Why the issue is here; one sentence of mrkdwn."""
    left = policy.tier(packet.from_tier).name
    match packet.cause:
        case Cause.UNCLAIMED:
            return f"Nobody in {left} claimed {issue.name} in time."
        case Cause.STALE:
            return f"{issue.name} was claimed in {left}, but its reporter did not hear anything in time."
        case _:
            return f"{person(packet.by)} escalated {issue.name} from {left}."


def receipt(issue: Issue, policy: Policy) -> str:
    """For the reporter: who has it, what happens next, and when."""
    due = next_step_at(issue, policy)
    tier = policy.tier(issue.tier).name
    higher = policy.tier(min(issue.tier + 1, policy.last_tier)).name
    match issue.status:
        case Status.OPEN if due and issue.tier < policy.last_tier:
            return f"*Waiting for {tier}.* If nobody has taken it {when(due)}, it goes to {higher} by itself."
        case Status.OPEN if due:
            return f"*Waiting for {tier}.* If nobody has taken it {when(due)}, they are reminded."
        case Status.CLAIMED if issue.claim and due:
            lately = f" Last word from support: {when(issue.answered_at)}." if issue.answered_at else ""
            return f"*{person(issue.claim.by)} is on it.* You should hear from support by {when(due)}.{lately}"
        case Status.RESOLVED:
            return f"*Resolved by {person(issue.resolved_by)}.* Not fixed? Press Reopen, or reply in this thread."
        case _:
            return f"*With {tier}.*"


def sentence(issue: Issue, policy: Policy) -> str:
    """A full sentence for screen readers and phones' notifications (slack.md 5.2)."""
    return (
        f"{issue.name}, {escape(issue.title)}, {priority(issue)}, with {policy.tier(issue.tier).name}. "
        f"{status(issue, policy)}. {next_step(issue, policy)}."
    )


def mention(ping: str) -> str | None:
    """A tier's `ping` setting as a mention; None: it does not ping."""
    match ping[:1]:
        case "S":
            return f"<!subteam^{ping}>"
        case "U" | "W":
            return f"<@{ping}>"
        case _:
            return None if ping == "none" else f"<!{ping}>"
