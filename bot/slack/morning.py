"""The leads' page of the morning: what to worry about, the worst first, and nobody is called by it."""

from collections.abc import Callable
from typing import assert_never

from bot.domain.issue import Issue
from bot.domain.morning import Concern, Group, Page, Worry
from bot.slack import ids, words
from bot.slack.blocks import Block, context, section
from bot.slack.cards import Message
from bot.slack.history import CLOCKS
from bot.text import clip, escape, when

TITLE = 100  # characters of a title in a line, and ...
NAME = 60  # ... of a name, as they are escaped: five lines fit into one section


def page(
    page: Page, tiers: tuple[str, ...], name_of: Callable[[str], str], link_of: Callable[[Issue], str | None]
) -> Message:
    """`tiers`: of whose issues it tells; none: of all."""
    blocks: list[Block] = []
    for group in page.groups:
        lines = [_line(each, name_of, link_of(each.issue)) for each in group.shown]
        lines += [f"and {group.more} more"] if group.more and group.worry is not Worry.NONE else []
        blocks.append(section("\n".join([f"*{_heading(group)}*", *lines])))
    text = _sentence(page, tiers)
    counted = f"Counted {when(page.counted_at)}; what is settled since has no line."
    return text, [section(text), *blocks, context(f"{counted} `{ids.COMMAND} list` shows the most urgent.")]


def _sentence(page: Page, tiers: tuple[str, ...]) -> str:
    are = "1 issue is" if page.open == 1 else f"{page.open} issues are"
    where = f" with {' and '.join(tiers)}" if tiers else ""
    *some, last = [_counted(group) for group in page.worries]
    return f"{are} open today{where}: {', '.join(some)}{' and ' if some else ''}{last}."


def _counted(group: Group) -> str:
    count, one = group.count, group.count == 1
    match group.worry:
        case Worry.EXHAUSTED:
            return f"{count} {'has' if one else 'have'} no answer from the last tier"
        case Worry.BREACHED:
            return f"{count} {'is' if one else 'are'} past a target"
        case Worry.AT_RISK:
            return f"{count} {'has' if one else 'have'} a target within two hours"
        case Worry.UNOWNED:
            return f"{count} {'is' if one else 'are'} in time but nobody's"
        case Worry.WAITING:
            return f"{count} {'has' if one else 'have'} waited for more than five days"
        case Worry.NONE:
            return f"{count} {'is' if one else 'are'} well"
        case _:
            assert_never(group.worry)


def _heading(group: Group) -> str:
    match group.worry:
        case Worry.EXHAUSTED:
            return f"No answer from the last tier: {group.count}"
        case Worry.BREACHED:
            return f"Past a target: {group.count}"
        case Worry.AT_RISK:
            return f"A target within two hours: {group.count}"
        case Worry.UNOWNED:
            return f"In time but nobody's: {group.count}"
        case Worry.WAITING:
            return f"Waiting for more than five days: {group.count}"
        case Worry.NONE:
            return f"The oldest of the others: {len(group.shown)} of {group.count}"
        case _:
            assert_never(group.worry)


def _line(concern: Concern, name_of: Callable[[str], str], link: str | None) -> str:
    issue = concern.issue
    name = f"<{link}|{issue.name}>" if link else f"*{issue.name}*"
    title = clip(escape(issue.title), TITLE)
    return f"• {name} {title} ({issue.priority.value}): {_holder(concern, name_of)}, {_why(concern)}"


def _holder(concern: Concern, name_of: Callable[[str], str]) -> str:
    """By name: a mention would call them."""
    claim = concern.issue.claim
    if claim is None:
        return f"nobody in {concern.policy.names(concern.issue.turn, 'or')}"
    name = clip(escape(name_of(claim.by)), NAME)
    return f"offered to {name}" if claim.offered_by else name


def _why(concern: Concern) -> str:
    issue = concern.issue
    match concern.worry:
        case Worry.EXHAUSTED:
            times = "once" if issue.pings == 1 else f"{issue.pings} times"
            return f"reminded {times}, reported {when(concern.at)}"
        case Worry.BREACHED:
            return f"{CLOCKS[concern.clock]} was due {when(concern.at)}"
        case Worry.AT_RISK:
            return f"{CLOCKS[concern.clock]} is due {when(concern.at)}"
        case Worry.WAITING if issue.waiting:
            return f"waiting for {words.waited_for(issue.waiting)} since {when(concern.at)}"
        case _:
            return f"reported {when(concern.at)}"
