"""Issue -> what people see of it: the card of a tier, the one line a card shrinks to, the reporter's receipt."""

from bot.domain.issue import Issue, Status
from bot.domain.policy import Policy
from bot.slack import ids, words
from bot.slack.blocks import Block, actions, button, context, fields, header, option, overflow, quote, section
from bot.slack.text import escape, person, when

DETAILS_SHOWN = 1500  # characters on the card; the rest is in its history
Message = tuple[str, list[Block]]  # top-level text, blocks


def card(issue: Issue, policy: Policy, *, tier: int, ping: bool, newest: str | None = None) -> Message:
    """The card in `tier`'s channel; `newest` is a link to where the issue went, for the tiers it has left."""
    if not holds_turn(issue, tier):
        return moved_on(issue, policy, newest)
    called = words.mention(policy.tier(tier).ping) if ping and issue.status is Status.OPEN else None
    lead = [part for part in (called, _lead(issue, policy)) if part]
    blocks: list[Block] = [section(" ".join(lead))] if lead else []
    blocks += [
        header(words.headline(issue)),
        fields(
            ("Status", words.status(issue, policy)),
            ("Priority", f"{words.priority(issue)}: impact {issue.impact.value}, urgency {issue.urgency.value}"),
            ("Reported by", f"{person(issue.reporter)}, {when(issue.opened_at)}"),
            ("Next", words.next_step(issue, policy)),
        ),
    ]
    if issue.details:
        blocks.append(quote(issue.details, DETAILS_SHOWN))
    blocks += _packet(issue)
    if issue.fix:
        blocks += [section("*What fixed it*"), quote(issue.fix)]
    blocks += [_hint(issue), _buttons(issue, policy, tier)]
    return " ".join([*lead, words.sentence(issue, policy)]), blocks


def holds_turn(issue: Issue, tier: int) -> bool:
    """Whether the tier has the turn, alone or (never escalated) with the others that got it at once."""
    return tier == issue.tier or (issue.hand_off is None and tier in issue.carded) or tier == issue.desk


def moved_on(issue: Issue, policy: Policy, newest: str | None) -> Message:
    to = policy.tier(issue.tier).name
    there = f"<{newest}|{to}>" if newest else to
    line = f"*{issue.name}* {escape(issue.title)}: moved to {there}. {words.status(issue, policy)}."
    return line, [context(line)]


def _lead(issue: Issue, policy: Policy) -> str:
    if not issue.live:
        return ""
    if issue.hand_off:
        return words.hand_off(issue.hand_off, issue, policy)
    return (
        f"New {words.priority(issue)} issue for {policy.tier(issue.tier).name}." if issue.status is Status.OPEN else ""
    )


def _packet(issue: Issue) -> list[Block]:
    blocks: list[Block] = []
    if issue.hand_off and issue.hand_off.reason:
        blocks += [section("*Why it came up*"), quote(issue.hand_off.reason)]
    if issue.hand_off and issue.hand_off.tried:
        blocks += [section("*What was tried*"), quote(issue.hand_off.tried)]
    return blocks


def _hint(issue: Issue) -> Block:
    if issue.status is Status.RESOLVED:
        return context(f"Resolved {when(issue.resolved_at)}." if issue.resolved_at else "Resolved.")
    return context("Reply in this thread and the reporter sees it. Begin with :lock: for a note that only staff see.")


def _buttons(issue: Issue, policy: Policy, tier: int) -> Block:
    value = ids.seen(issue, tier)
    history = option("History", f"{ids.SHOW_HISTORY}:{value}")
    if issue.status is Status.RESOLVED:
        return actions(button("Reopen", ids.REOPEN, value, spoken=f"Reopen {issue.name}"), overflow(ids.MORE, history))
    shown = []
    if issue.status is Status.OPEN:
        shown.append(button("Claim", ids.CLAIM, value, style="primary", spoken=f"Claim {issue.name}"))
    if issue.tier < policy.last_tier:
        shown.append(button("Escalate", ids.ESCALATE, value, spoken=f"Escalate {issue.name}"))
    shown.append(button("Resolve", ids.RESOLVE, value, spoken=f"Resolve {issue.name}"))
    menu = [option("Release", f"{ids.RELEASE}:{value}"), history] if issue.claim else [history]
    return actions(*shown, overflow(ids.MORE, *menu))


def receipt(issue: Issue, policy: Policy) -> Message:
    """The reporter's live message. Nothing internal: no channel, no note (invariant 34)."""
    state = words.receipt(issue, policy)
    blocks: list[Block] = [
        header(words.headline(issue)),
        section(state),
        context(f"Priority: {words.priority(issue)}. Reported {when(issue.opened_at)}."),
    ]
    if issue.details:
        blocks.append(quote(issue.details, DETAILS_SHOWN))
    if issue.fix:
        blocks += [section("*What fixed it*"), quote(issue.fix)]
    if issue.live:
        blocks.append(context("Anything to add? Reply in this thread; it reaches whoever has the issue."))
    else:
        blocks.append(actions(button("Reopen", ids.REOPEN, ids.seen(issue), spoken=f"Reopen {issue.name}")))
    return f"{issue.name}, {escape(issue.title)}. {state.replace('*', '')}", blocks
