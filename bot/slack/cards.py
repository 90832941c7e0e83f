"""Issue -> what people see of it: the card of a tier, the one line a card shrinks to, the reporter's receipt."""

from collections.abc import Iterator
from datetime import datetime

from bot.domain.issue import Issue, Status, issue_name
from bot.domain.lifecycle import worse_urgency
from bot.domain.policy import Policy
from bot.slack import ids, words
from bot.slack.acts import SAYS_SOLVED, offered
from bot.slack.blocks import Block, actions, button, context, fields, header, option, overflow, quote, section
from bot.text import escape, person, when

DETAILS_SHOWN = 1500  # characters on the card; the rest is in its history
DUPLICATES_SHOWN = 10
Message = tuple[str, list[Block]]  # top-level text, blocks


def card(
    issue: Issue,
    policy: Policy,
    *,
    tier: int,
    ping: bool,
    newest: str | None = None,
    earlier: str | None = None,
    now: datetime | None = None,
) -> Message:
    """The card in `tier`'s channel.

    `newest` links to where the issue went, for the tiers it has left; `earlier` to the thread it came from.
    `now` is the moment of sending, for what is left of its target.
    """
    if not holds_turn(issue, tier):
        return moved_on(issue, policy, newest)
    called = words.mention(policy.tier(tier).ping) if ping and issue.status is Status.OPEN else None
    lead = [part for part in (called, _lead(issue, policy, tier)) if part]
    blocks: list[Block] = [section(" ".join(lead))] if lead else []
    blocks += [
        header(words.headline(issue)),
        fields(
            ("Status", words.status(issue, policy)),
            ("Priority", f"{words.priority(issue)}: impact {issue.impact.value}, urgency {issue.urgency.value}"),
            ("Reported by", f"{person(issue.reporter)}, {when(issue.opened_at)}{_earlier(issue)}"),
            ("Next", words.next_step(issue, policy, tier=tier)),
        ),
    ]
    if issue.details:
        blocks.append(quote(issue.details, DETAILS_SHOWN))
    if issue.reopening and issue.reopening.reason and issue.live:
        blocks += [section("*What is still wrong*"), quote(issue.reopening.reason)]
    elif issue.plea and issue.live:
        blocks += [section("*What its reporter says is worse*"), quote(issue.plea)]
    if issue.reopening and issue.reopening.fix and issue.live:
        blocks += [section("*What was tried as the fix*"), quote(issue.reopening.fix)]
    if issue.waiting and issue.waiting.note:
        blocks += [section("*What it waits for*"), quote(issue.waiting.note)]
    blocks += _packet(issue, policy, earlier, now)
    if issue.fix:
        blocks += _ending(issue)
    if issue.children:
        blocks.append(context(_also_reported(issue)))
    blocks += [_hint(issue), _buttons(issue, policy, tier)]
    return " ".join([*lead, words.sentence(issue, policy, tier=tier)]), blocks


def holds_turn(issue: Issue, tier: int) -> bool:
    """Whether the tier has the turn, alone or (never escalated) with the others that got it at once."""
    return tier in (*issue.turn, issue.desk)


def moved_on(issue: Issue, policy: Policy, newest: str | None) -> Message:
    to = policy.tier(issue.tier).name
    there = f"<{newest}|{to}>" if newest else to
    line = f"*{issue.name}* {escape(issue.title)}: moved to {there}. {words.status(issue, policy)}."
    return line, [context(line)]


def came_back(issue: Issue, newest: str | None) -> Message:
    """Drawn once, so it says nothing that changes; the card after it may say the same one day."""
    card = f"<{newest}|a later card>" if newest else "a later card"
    line = f"*{issue.name}* {escape(issue.title)} goes on under {card}."
    return line, [context(line)]


def _lead(issue: Issue, policy: Policy, tier: int) -> str:
    if not issue.live:
        return ""
    if issue.reopening:
        return f"{person(issue.reopening.by)} reopened {issue.name}."
    if issue.hand_off:
        return words.hand_off(issue.hand_off, issue, policy)
    if issue.status is not Status.OPEN:
        return words.beside(issue, policy, tier)
    return f"New {words.priority(issue)} issue for {policy.names(issue.turn)}."


def _packet(issue: Issue, policy: Policy, earlier: str | None, now: datetime | None) -> list[Block]:
    """What travels with an issue that comes from another tier."""
    packet = issue.hand_off
    if packet is None:
        return []
    blocks: list[Block] = []
    texts = (packet.reason, packet.tried, packet.needed)
    for label, text in zip(words.packet_labels(packet), texts, strict=True):
        if text:
            blocks += [section(f"*{label}*"), quote(text)]
    facts = [words.standing(issue, policy, now)] if now and issue.live else []
    if earlier:
        facts.append(f"<{earlier}|Read what was said in {policy.tier(packet.from_tier).name}>")
    return [*blocks, context(". ".join(facts) + ".")] if facts else blocks


def _ending(issue: Issue) -> list[Block]:
    label = "*Why it ended*" if issue.status is Status.RESOLVED and issue.resolved_by is None else "*What fixed it*"
    return [section(label), quote(issue.fix or "")]


def _also_reported(issue: Issue) -> str:
    """The duplicates, whose reporters hear what is resolved here."""
    shown = [issue_name(child) for child in issue.children[:DUPLICATES_SHOWN]]
    more = len(issue.children) - len(shown)
    *others, last = [*shown, f"{more} more"] if more else shown
    return f"Also reported as {', '.join(others)} and {last}." if others else f"Also reported as {last}."


def _hint(issue: Issue) -> Block:
    if issue.status is Status.RESOLVED and issue.resolved_at:
        return context(f"Resolved {when(issue.resolved_at)}.")
    if not issue.live:
        return context(f"Ended {when(issue.ended_at)}." if issue.ended_at else "Ended.")
    note = f"Begin with {words.A_LOCK} for a note that only staff see."
    return context(f"Reply in this thread and the reporter sees it. {note}")


def _buttons(issue: Issue, policy: Policy, tier: int) -> Block:
    """At most three and the ⋯ menu, which holds five at most (slack.md 2.2)."""
    value = ids.seen(issue, tier)
    shown = [
        button(label, f"{ids.ACT}{word}", value, style=style, spoken=f"{label} {issue.name}")
        for label, word, style in _shown(issue, policy)
    ]
    in_menu = ("release", "decline", "wait")
    entries = [(act.label, act.word) for act in offered(issue) if act.word in in_menu]
    if any(act.word not in in_menu for act in offered(issue)):
        entries.append(("More actions", ids.SHOW_MENU))
    entries += [("Why?", ids.SHOW_WHY), ("History", ids.SHOW_HISTORY)]
    return actions(*shown, overflow(ids.MORE, *(option(label, f"{word}:{value}") for label, word in entries)))


def _shown(issue: Issue, policy: Policy) -> Iterator[tuple[str, str, str | None]]:
    """Label, act, style."""
    match issue.status:
        case Status.OPEN:
            yield "Claim", "claim", "primary"
        case Status.CLAIMED if issue.claim and issue.claim.accept_by:
            yield "Accept", "claim", "primary"
        case Status.WAITING:
            yield "Resume", "resume", None
        case Status.RESOLVED:
            yield "Reopen", "reopen", None
            return
        case Status.CLAIMED:
            pass
        case _:
            return
    if issue.status is not Status.WAITING and issue.tier < policy.last_tier:
        yield "Escalate", "escalate", None
    yield "Resolve", "resolve", None


def receipt(issue: Issue, policy: Policy) -> Message:
    """The reporter's live message. Nothing internal: no channel, no note (invariant 34)."""
    state = words.receipt(issue, policy)
    blocks: list[Block] = [
        header(words.headline(issue)),
        section(state),
        context(f"Priority: {words.priority(issue)}. Reported {when(issue.opened_at)}{_earlier(issue)}."),
    ]
    if issue.details:
        blocks.append(quote(issue.details, DETAILS_SHOWN))
    if issue.fix and not (issue.resolved_by == issue.reporter and issue.fix == SAYS_SOLVED):
        blocks += _ending(issue)
    blocks += _reporters_part(issue, policy)
    return f"{issue.name}, {escape(issue.title)}. {state.replace('*', '')}", blocks


def _earlier(issue: Issue) -> str:
    return f". It goes on from {issue_name(issue.follows)}" if issue.follows else ""


def _reporters_part(issue: Issue, policy: Policy) -> list[Block]:
    value = ids.seen(issue)
    if issue.live:
        pressed = [("Add information", "add")]
        if not issue.raised_by_reporter and worse_urgency(issue, policy):
            pressed.append(("It got worse", "worse"))
        pressed.append(("Solved", "solved"))
        hint = context("Anything to add? Reply in this thread; it reaches whoever has the issue.")
        return [hint, _row(issue, value, pressed)]
    if issue.status is Status.RESOLVED:
        return [_row(issue, value, [("Not fixed", "reopen"), *_judging(issue)])]
    return []


def _judging(issue: Issue) -> Iterator[tuple[str, str]]:
    """On the receipt, where it disturbs nobody: no message asks for it (domain.md T17)."""
    theirs = issue.resolved_by in (None, issue.reporter)
    if words.asks_whether_it_works(issue):
        yield "It works", "works"
    if issue.rating is None and (issue.responded or not theirs):
        yield "Rate our help", "rate"


def _row(issue: Issue, value: str, pressed: list[tuple[str, str]]) -> Block:
    return actions(
        *(button(label, f"{ids.ACT}{word}", value, spoken=f"{label}: {issue.name}") for label, word in pressed)
    )
