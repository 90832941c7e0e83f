"""Who is told what: the whole communication plan, one case per event.

A message is an intent; its words are made when it is sent, from the state at that moment, so a late card is still true.
"""

from dataclasses import dataclass
from typing import Literal, assert_never

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
    Words,
    WordsDeleted,
    WordsEdited,
)
from bot.domain.issue import Issue
from bot.domain.policy import Policy


@dataclass(frozen=True)
class Place:
    """A tier's channel, or a person's DM. Messages of one issue to one place keep their order."""

    tier: int | None = None
    person: str | None = None

    def __str__(self) -> str:
        return f"tier:{self.tier}" if self.tier else f"person:{self.person}"


@dataclass(frozen=True)
class Card:
    """The issue in a tier's channel, with its buttons."""

    place: Place
    ping: bool


@dataclass(frozen=True)
class CardRefresh:
    place: Place


@dataclass(frozen=True)
class Receipt:
    """The reporter's one live message about their issue."""

    place: Place


@dataclass(frozen=True)
class ReceiptRefresh:
    place: Place


@dataclass(frozen=True)
class Line:
    """A sentence in the thread of a card or receipt, for what people must notice: edits notify nobody."""

    place: Place
    text: str  # mrkdwn, already escaped


@dataclass(frozen=True)
class TierPing:
    """The last tier, again."""

    place: Place
    cause: Cause
    count: int


@dataclass(frozen=True)
class Inform:
    """Somebody above is told; nothing is asked of them."""

    place: Place
    cause: Cause


@dataclass(frozen=True)
class Relay:
    """A person's words, on the other side."""

    place: Place
    author: str
    words: Words


@dataclass(frozen=True)
class RelayEdit:
    place: Place
    author: str
    words: Words


@dataclass(frozen=True)
class RelayDelete:
    place: Place
    channel: str
    ts: str


@dataclass(frozen=True)
class Mark:
    """A reaction that tells an author their words arrived; sent after them, hence in their place's order."""

    place: Place
    channel: str
    ts: str
    reaction: str


@dataclass(frozen=True)
class DeliveryAlert:
    """Staff elsewhere learn that a message could not be delivered where it belonged."""

    place: Place
    what: str
    where: str
    error: str


Message = (
    Card
    | CardRefresh
    | Receipt
    | ReceiptRefresh
    | Line
    | TierPing
    | Inform
    | Relay
    | RelayEdit
    | RelayDelete
    | Mark
    | DeliveryAlert
)

Verb = Literal["post", "update", "delete", "react"]


def verb(message: Message) -> Verb:
    """What kind of call it is; Slack limits the rate of each kind apart (slack.md 2.6)."""
    match message:
        case Card() | Receipt() | Line() | TierPing() | Inform() | Relay() | DeliveryAlert():
            return "post"
        case CardRefresh() | ReceiptRefresh() | RelayEdit():
            return "update"
        case RelayDelete():
            return "delete"
        case Mark():
            return "react"
        case _:
            assert_never(message)


def pace(message: Message) -> str:
    """The queue whose speed limit it shares, e.g. "post:tier:1"."""
    return f"{verb(message)}:{message.place}"


RELAYED = "white_check_mark"
NOTED = "lock"


def messages_for(event: Event, before: Issue | None, after: Issue, policy: Policy) -> tuple[Message, ...]:
    """What the event sets off, in the order in which people should see it."""
    reporter = Place(person=after.reporter)
    refreshed: tuple[Message, ...] = (*_card_refreshes(after), ReceiptRefresh(reporter))
    match event:
        case IssueOpened():
            at_once = policy.targets[after.priority].at_once
            cards = (Card(Place(tier=tier), ping=at_once.ping) for tier in sorted(after.carded))
            return (*cards, Receipt(reporter))
        case IssueClaimed():
            return (*refreshed, Line(reporter, f"<@{event.by}> is on it."))
        case IssueReleased():
            freed = Line(Place(tier=after.tier), f"<@{event.by}> has released {after.name}. It needs somebody again.")
            return (*refreshed, freed)
        case IssueEscalated():
            up = Card(Place(tier=event.to_tier), ping=True)
            return (up, *(each for each in refreshed if each.place != up.place), *_told_of_loss(event, after, policy))
        case TierReminded():
            return (TierPing(Place(tier=event.tier), event.cause, event.count), *refreshed)
        case LevelsInformed():
            return tuple(Inform(Place(tier=tier), event.cause) for tier in event.tiers)
        case TargetBreached():
            return refreshed
        case StaffReplied():
            return _relayed(reporter, event.by, event.words, before)
        case NoteTaken():
            return (Mark(Place(tier=after.desk), event.words.channel, event.words.ts, NOTED),)
        case ReporterReplied():
            return _relayed(Place(tier=after.desk), event.by, event.words, before)
        case WordsEdited():
            return tuple(RelayEdit(place, event.by, event.words) for place in _both_sides(after))
        case WordsDeleted():
            return tuple(RelayDelete(place, event.channel, event.ts) for place in _both_sides(after))
        case IssueResolved():
            return (
                *refreshed,
                Line(reporter, f"<@{event.by}> has resolved {after.name}. Not fixed? Press Reopen, or reply here."),
            )
        case IssueReopened():
            back = Line(
                Place(tier=after.tier), f"{after.name} is back: <@{event.by}> has reopened it. It needs somebody again."
            )
            return (*refreshed, back)
        case DeliveryFailed():
            return _alert(event, policy)
        case _:
            assert_never(event)


def _card_refreshes(issue: Issue) -> tuple[CardRefresh, ...]:
    return tuple(CardRefresh(Place(tier=tier)) for tier in issue.carded)


def _relayed(to: Place, author: str, words: Words, before: Issue | None) -> tuple[Message, ...]:
    assert before is not None
    return (Relay(to, author, words), Mark(to, words.channel, words.ts, RELAYED))


def _both_sides(issue: Issue) -> tuple[Place, ...]:
    """Where a relayed copy may be: it is looked up when sent, and a place that holds none is passed over."""
    return (*(Place(tier=tier) for tier in issue.carded), Place(person=issue.reporter))


def _told_of_loss(event: IssueEscalated, after: Issue, policy: Policy) -> tuple[Message, ...]:
    """Who held it learns, in the old thread, why they no longer do; unless they moved it themselves."""
    if event.claimant is None or event.claimant == event.by:
        return ()
    to = policy.tier(event.to_tier).name
    why = "there was no word to the reporter in time" if event.cause is Cause.STALE else "it was escalated"
    return (
        Line(
            Place(tier=event.from_tier),
            f"<@{event.claimant}>, {after.name} went to {to}: {why}. You can still claim it.",
        ),
    )


def _alert(event: DeliveryFailed, policy: Policy) -> tuple[Message, ...]:
    """The tier above is told; from the last tier, the one below; for a person's message, the first tier."""
    if event.tier is None:
        return (DeliveryAlert(Place(tier=1), event.what, "a direct message", event.error),)
    teller = event.tier + 1 if event.tier < policy.last_tier else event.tier - 1
    return (DeliveryAlert(Place(tier=teller), event.what, f"#{policy.tier(event.tier).channel}", event.error),)
