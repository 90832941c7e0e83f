"""In a storm, one message for many: which rows of the outbox a digest takes over (domain.md 3.12).

There is no window in which messages are held back. A channel takes one message a second, so what piles up behind one
message is what the next one tells together; a message that comes alone goes out at once.
"""

from collections.abc import Sequence

from bot.domain.deadlines import TIER_WINDOW
from bot.domain.events import Cause
from bot.domain.priority import Priority
from bot.messages import Card, Digest, Gathered, Inform, Message, Remind, TierPing
from bot.ports import Outgoing
from bot.slack.rendering import MENTION_FROM

ENOUGH = {Priority.P1.rank: 10, Priority.P2.rank: 6}  # rows of a lane and the slower ones that make a digest
ENOUGH_OTHERS = 3
SEVERE_SHOWN = 20  # each P1 and P2 has a line of its own, and a digest has so many


def may_be_gathered(message: Message) -> bool:
    """Whether it calls a tier or tells one: what a storm makes many of."""
    match message:
        case Card(ping=ping):
            return ping
        case TierPing(cause=cause, why=why):
            return not why and cause is not Cause.STALE  # with words of its own, or for its holder by name
        case Remind(clock=clock, share=share):
            return clock == TIER_WINDOW or share < MENTION_FROM  # others call somebody by name
        case Inform(cause=cause):
            return cause is not Cause.LEADERLESS  # which asks for something
        case _:
            return False


def gathered(rows: Sequence[Outgoing]) -> Sequence[Outgoing]:
    """Of alike rows that wait for one place, the most urgent first, those that one digest tells of; empty: too few.

    A P1 is told among P1s only, and on its own unless they are many.
    """
    rows = [row for row in rows if may_be_gathered(row.message)]
    if not rows:
        return ()
    first = rows[0].lane
    if first == Priority.P1.rank:
        rows = [row for row in rows if row.lane == first]
    if len({row.issue for row in rows}) < ENOUGH.get(first, ENOUGH_OTHERS):
        return ()
    severe = [row for row in rows if row.lane <= Priority.P2.rank]
    return severe[:SEVERE_SHOWN] if len(severe) > SEVERE_SHOWN else rows


def digest(rows: Sequence[Outgoing]) -> Digest:
    newest = {row.issue: row.message for row in sorted(rows, key=lambda row: row.id)}
    asked = {row.issue for row in rows if isinstance(row.message, Card | TierPing) and row.message.asked}
    items = tuple(_item(issue, message, asked=issue in asked) for issue, message in newest.items())
    return Digest(rows[0].place, type(rows[0].message).__name__, items)


def _item(issue: int, message: Message, *, asked: bool) -> Gathered:
    """`asked`: by a person, though the clock may have spoken of it since."""
    match message:
        case TierPing(cause=cause) | Inform(cause=cause):
            return Gathered(issue, cause=cause, asked=asked)
        case Remind(clock=clock, share=share):
            return Gathered(issue, clock=clock, share=share)
        case _:
            return Gathered(issue, asked=asked)
