"""The sentences that say how an issue stands. State in words, before any colour or emoji."""

from datetime import datetime, timedelta

from bot.domain.deadlines import FIRST_RESPONSE, close_at, give_up_at, next_nudge_at, next_step_at
from bot.domain.events import Cause
from bot.domain.issue import HandOff, Issue, Status, Wait, WaitingFor, issue_name
from bot.domain.policy import OnStale, Policy
from bot.domain.priority import Priority
from bot.text import about, by, capital, escape, mover, person, when


def headline(issue: Issue) -> str:
    """Plain text, not escaped."""
    return f"{issue.name} · {issue.title}"


def priority(issue: Issue) -> str:
    return f"{issue.priority.word} ({issue.priority.value})"


def status(issue: Issue, policy: Policy) -> str:
    """One sentence of mrkdwn without its full stop; of a major incident, two."""
    major = f"Major incident, led by {person(issue.commander)}. " if issue.commander and issue.live else ""
    return f"{major}{state(issue, policy)}"


def state(issue: Issue, policy: Policy) -> str:
    """Where it stands on its way, whether or not it is a major incident."""
    match issue.status:
        case Status.OPEN:
            return f"Open, nobody in {policy.names(issue.turn, 'or')} has claimed it"
        case Status.CLAIMED if issue.claim and issue.claim.offered_by and issue.claim.accept_by:
            handed = f"{person(issue.claim.offered_by)} hands it to {person(issue.claim.by)}"
            return f"{handed}, who must accept {by(issue.claim.accept_by)}"
        case Status.CLAIMED if issue.claim:
            return f"Claimed by {person(issue.claim.by)}{_silence(issue)}"
        case Status.WAITING if issue.waiting:
            held = f", held by {person(issue.claim.by)}" if issue.claim else ""
            return f"Waiting for {waited_for(issue.waiting)}{held}"
        case Status.RESOLVED:
            return f"Resolved by {person(issue.resolved_by)}"
        case Status.CANCELLED if issue.cancelled_by:
            return f"Cancelled by {person(issue.cancelled_by)}"
        case Status.MERGED if issue.parent:
            goes = "was resolved" if issue.fix else "goes on for both"
            return f"Merged into {issue_name(issue.parent)}, which {goes}"
        case _:
            return issue.status.value.capitalize()


def _silence(issue: Issue) -> str:
    """Of a snooze, until the reporter has heard something after its end; a P1 has none (T11)."""
    until, heard = issue.snooze_until, issue.clocks.update.running_since
    if until is None or issue.priority is Priority.P1 or (heard and heard >= until):
        return ""
    return f", reminders silenced until {when(until)}"


def with_whom(issue: Issue, policy: Policy) -> str:
    """With whom it is, behind a comma: where its holder works, or whose turn it is; nothing once it is over."""
    if not issue.live:
        return ""
    return f", with {policy.tier(issue.desk).name if issue.claim else policy.names(issue.turn)}"


def waited_for(wait: Wait) -> str:
    match wait.reason:
        case WaitingFor.REPORTER:
            return "its reporter's answer"
        case WaitingFor.VENDOR:
            return "a vendor"
        case WaitingFor.CHANGE:
            return "a change window"
        case WaitingFor.DATE:
            return f"{when(wait.until)}" if wait.until else "a date"


def beside(issue: Issue, policy: Policy, tier: int) -> str:
    """Why it is in a tier above its own: a raise gave that one the turn, too; empty for all others."""
    if tier not in issue.sharing or tier <= issue.tier:
        return ""
    names = policy.tier(tier).name, policy.tier(issue.tier).name
    return f"{issue.name} is {priority(issue)}, so {names[0]} has it beside {names[1]}."


def next_step(issue: Issue, policy: Policy, *, tier: int | None = None) -> str:
    """What the clock will do, and when; one sentence of mrkdwn without its full stop. `tier`: in whose channel."""
    if issue.waiting:
        return _after_waiting(issue, policy)
    if issue.status is Status.RESOLVED:
        close = close_at(issue, policy)
        return f"It closes for good {when(close)}, unless it is reopened" if close else "Nothing more happens by itself"
    if issue.status is Status.MERGED and issue.parent:
        return (
            "Its reporter has heard the outcome"
            if issue.fix
            else f"Its reporter hears what comes of {issue_name(issue.parent)}"
        )
    due = next_step_at(issue, policy)
    if due is None:
        return "Nothing more happens by itself"
    if issue.claim and policy.targets[issue.priority].on_stale is OnStale.INFORM:
        return f"{person(issue.claim.by)} is reminded {when(due)}, unless the reporter hears from us"
    if issue.tier >= policy.last_tier and issue.claim:
        target = f"{person(issue.claim.by)} is reminded"
    elif issue.tier >= policy.last_tier:
        target = capital(f"{policy.tier(issue.tier).name} is pinged again")
    else:
        higher = policy.tier(issue.tier + 1)
        has_it = tier == higher.number or (higher.number in issue.turn and not issue.claim)
        target = f"It is with {higher.name} alone from" if has_it else f"It goes to {higher.name}"
    condition = "unless the reporter hears from us" if issue.claim else "unless somebody claims it"
    return f"{target} {when(due)}, {condition}"


def _after_waiting(issue: Issue, policy: Policy) -> str:
    assert issue.waiting is not None
    if issue.waiting.until:
        return f"It goes on {when(issue.waiting.until)}; its clocks stand still until then"
    nudge, give_up = next_nudge_at(issue, policy), give_up_at(issue, policy)
    if nudge:
        return f"Its reporter is asked again {when(nudge)}; its clocks stand still"
    if give_up:
        return f"Without an answer it is resolved {when(give_up)}; its clocks stand still"
    return "Its clocks stand still until somebody resumes it"


def hand_off(packet: HandOff, issue: Issue, policy: Policy, *, name: str = "") -> str:
    """Why the issue is here; one sentence of mrkdwn. `name`: what it is called in it."""
    name = name or issue.name
    unclaimed = packet.cause == Cause.UNCLAIMED  # of a stored packet it is a plain string
    left = policy.names(packet.asked if unclaimed and packet.asked else (packet.from_tier,), "or")
    match packet.cause:
        case Cause.UNCLAIMED if packet.raised:
            return f"Nobody in {left} claimed {name} in the little time that a raise of its priority left."
        case Cause.UNCLAIMED:
            return f"Nobody in {left} claimed {name} in time."
        case Cause.STALE:
            return f"{name} was claimed in {left}, but its reporter did not hear anything in time."
        case "returned":
            return f"{person(packet.by)} returned {name} from {left}."
        case "rerouted":
            return f"{mover(packet.by)} moved {name} here from {left}."
        case _:
            return f"{person(packet.by)} escalated {name} from {left}."


def packet_labels(packet: HandOff) -> tuple[str, str, str]:
    """What the packet's three texts are called on the card."""
    match packet.cause:
        case "returned":
            return "What was found out", "", ""
        case "rerouted":
            return "Why it came here", "", ""
        case _:
            return "Why it came up", "What was tried", "What is needed"


def standing(issue: Issue, policy: Policy, now: datetime) -> str:
    """What is left of the resolution target: what the next tier must know (domain.md 4, the packet).

    In moments rather than spans: a card stands for hours as it was drawn.
    """
    calendar = policy.targets[issue.priority].calendar
    clock = issue.clocks.resolution
    due, left = clock.due(calendar), clock.budget - clock.spent(now, calendar)
    if left <= timedelta(0):
        return "Its resolution target has passed"
    return f"Its resolution is due {when(due)}" if due else f"{capital(about(left))} left to resolve it"


def receipt(issue: Issue, policy: Policy) -> str:
    """For the reporter: who has it, what happens next, and when."""
    due = next_step_at(issue, policy)
    tier = policy.names(issue.turn, "or")
    desk = policy.tier(issue.desk).name
    higher = policy.tier(min(issue.tier + 1, policy.last_tier))
    match issue.status:
        case Status.OPEN if due:
            waits = f"*Open again, and waiting for {tier}.*" if issue.reopening else f"*Waiting for {tier}.*"
            up = (
                f"it is with {higher.name} alone"
                if higher.number in issue.turn
                else f"it goes to {higher.name} by itself"
            )
            then = up if issue.tier < policy.last_tier else "they are reminded"
            return f"{waits}{_first_word(issue, policy)} If nobody has taken it {by(due)}, {then}."
        case Status.CLAIMED if issue.claim and issue.claim.offered_by and issue.claim.accept_by:
            giver, taker = person(issue.claim.offered_by), person(issue.claim.by)
            return f"*{giver} hands it to {taker}* ({desk}), who has until {when(issue.claim.accept_by)} to accept it."
        case Status.CLAIMED if issue.claim and due and (issue.pings or issue.stale_reminders):
            late = f"You should have heard from support; they were reminded, and are again {when(due)}."
            return f"*{person(issue.claim.by)} is on it* ({desk}). {late}"
        case Status.CLAIMED if issue.claim and due:
            lately = f" Last word from support: {when(issue.answered_at)}." if issue.answered_at else ""
            return f"*{person(issue.claim.by)} is on it* ({desk}). You should hear from support {by(due)}.{lately}"
        case Status.WAITING if issue.waiting:
            return _receipt_waiting(issue, policy)
        case Status.RESOLVED:
            again = f"Press Not fixed. {_anything(issue, policy)} you write in this thread opens it again."
            if issue.confirmed:
                return f"*{_resolved(issue)}, and you said that it works.* Back again? {again}"
            works = "It works? Press It works. " if asks_whether_it_works(issue) else ""
            return f"*{_resolved(issue)}.* {works}Not fixed? {again}"
        case Status.CLOSED:
            return "*Closed.* If the trouble is back, reply in this thread: that opens a new issue linked to this one."
        case Status.CANCELLED:
            return "*Cancelled.* If you need it after all, reply in this thread: that opens a new, linked issue."
        case Status.MERGED if issue.parent and issue.fix:
            return f"*Resolved together with {issue_name(issue.parent)}.* Not fixed? Reply in this thread."
        case Status.MERGED if issue.parent:
            same = f"*The same trouble as {issue_name(issue.parent)}*, which goes on for both."
            return f"{same} You will hear the outcome here."
        case _:
            return f"*With {tier}.*"


def _first_word(issue: Issue, policy: Policy) -> str:
    """The promise that the report's form made; nothing once it is kept."""
    due = issue.clocks.first_response.due(policy.targets[issue.priority].calendar)
    if due is None:
        return ""
    if FIRST_RESPONSE in issue.breached:  # for good; its moment may have moved, if the priority was lowered since
        return " We are late: you should have heard from somebody already."
    return f" You should hear from somebody {by(due)}."


def _receipt_waiting(issue: Issue, policy: Policy) -> str:
    """The note is the reporter's only if they are asked; otherwise it is staff's own."""
    assert issue.waiting is not None
    wait = issue.waiting
    if wait.reason is WaitingFor.REPORTER:
        nudge, give_up = next_nudge_at(issue, policy), give_up_at(issue, policy)
        then = f" Without an answer we ask again {when(nudge)}." if nudge else ""
        then = f" Without an answer it counts as solved {when(give_up)}." if give_up and not nudge else then
        return f"*Waiting for your answer:* {escape(wait.note)}\nReply in this thread and it goes on.{then}"
    held = f" {person(issue.claim.by)} has it." if issue.claim else ""
    until = (
        f" It goes on {when(wait.until)} at the latest." if wait.until and wait.reason is not WaitingFor.DATE else ""
    )
    return f"*Waiting for {waited_for(wait)}.*{held}{until}"


def asks_whether_it_works(issue: Issue) -> bool:
    """Of its reporter, who has not said so and did not end it themselves."""
    return not issue.confirmed and issue.resolved_by not in (None, issue.reporter)


def _resolved(issue: Issue) -> str:
    if issue.resolved_by is None:
        return "Resolved, because our question was not answered"
    if issue.resolved_by == issue.reporter:
        return "You said that it is solved"
    return f"Resolved by {person(issue.resolved_by)}"


def _anything(issue: Issue, policy: Policy) -> str:
    close = close_at(issue, policy)
    return f"Until {when(close)}, anything" if close else "Anything"


def sentence(issue: Issue, policy: Policy, *, tier: int | None = None) -> str:
    """A full sentence for screen readers and phones' notifications (slack.md 5.2)."""
    return (
        f"{issue.name}, {escape(issue.title)}, {priority(issue)}{with_whom(issue, policy)}. "
        f"{status(issue, policy)}. {next_step(issue, policy, tier=tier)}."
    )


A_LOCK = "the lock :lock: (type `:lock:`)"  # named, for who cannot see it or does not know how it is typed


def mention(ping: str) -> str | None:
    """A tier's `ping` setting as a mention; None: it does not ping."""
    match ping[:1]:
        case "S":
            return f"<!subteam^{ping}>"
        case "U" | "W":
            return f"<@{ping}>"
        case _:
            return None if ping == "none" else f"<!{ping}>"
