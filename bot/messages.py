"""Who is told what: the whole communication plan, one case per event.

A message is an intent; its words are made when it is sent, from the state at that moment, so a late card is still true.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never

from bot.domain.calendar import NeverOpens
from bot.domain.deadlines import UPDATE, give_up_at, next_nudge_at, next_step_at
from bot.domain.events import (
    Cause,
    ClaimantReminded,
    DeliveryFailed,
    DuplicateLinked,
    DuplicateUnlinked,
    Event,
    FixConfirmed,
    HandOverAccepted,
    HelpRated,
    IssueCancelled,
    IssueClaimed,
    IssueClosed,
    IssueEscalated,
    IssueHandedOver,
    IssueMerged,
    IssueOpened,
    IssueReleased,
    IssueReopened,
    IssueReplanned,
    IssueRerouted,
    IssueResolved,
    IssueReturned,
    IssueSnoozed,
    IssueTakenOver,
    IssueUnmerged,
    LevelsInformed,
    MajorDeclared,
    MajorEnded,
    NoteTaken,
    ParentAnswered,
    ParentReopened,
    ParentResolved,
    PriorityChanged,
    Reminded,
    ReporterNudged,
    ReporterReplied,
    StaffReplied,
    TargetBreached,
    TierReminded,
    WaitEnded,
    WaitStarted,
    Words,
    WordsDeleted,
    WordsEdited,
)
from bot.domain.issue import Claim, Issue, WaitingFor, issue_name
from bot.domain.morning import Tally
from bot.domain.policy import Policy
from bot.domain.priority import Priority
from bot.text import about, by, escape, when


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
    asked: bool = False  # a person brought it here, and wants somebody


@dataclass(frozen=True)
class CardRefresh:
    place: Place


@dataclass(frozen=True)
class FormerCard:
    """The last card before the newest one of the place: the issue came back, and it must not go on telling old news."""

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
class Offer:
    """To the person whom an issue is handed: they are asked to accept it, while that is still so."""

    place: Place
    by: str
    accept_by: datetime  # tells offers apart
    note: str


@dataclass(frozen=True)
class OfferRefresh:
    """An offer that was accepted, or is over, asks no more."""

    place: Place
    by: str
    accept_by: datetime


@dataclass(frozen=True)
class TierPing:
    """The last tier, again."""

    place: Place
    cause: Cause
    count: int
    why: str = ""  # mrkdwn, for a cause that needs words of its own
    asked: bool = False  # by a person


@dataclass(frozen=True)
class Remind:
    """Whoever must act before a deadline, in the card's thread; from 80 % on they are mentioned."""

    place: Place
    clock: str
    share: float  # of the budget that is used up; 1: the deadline has passed


@dataclass(frozen=True)
class CatchUp:
    """After a downtime, before all else: what came due meanwhile, in one message for a channel."""

    place: Place
    since: datetime
    until: datetime
    counts: tuple[tuple[str, int], ...]  # priority -> issues that come to this tier


@dataclass(frozen=True)
class Inform:
    """Somebody above is told; nothing is asked of them."""

    place: Place
    cause: Cause


@dataclass(frozen=True)
class QuestionRefresh:
    """Who leads it was asked there; the answer belongs where the question stands."""

    place: Place


@dataclass(frozen=True)
class Relay:
    """A person's words, on the other side."""

    place: Place
    author: str
    words: Words
    calls: str | None = None  # who must notice
    about: str = ""  # the issue it was said about, if it is another one
    note: bool = False  # for staff only


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
class Gathered:
    """One issue in a digest, with what its own message would have carried."""

    issue: int
    cause: Cause | None = None
    asked: bool = False
    clock: str = ""
    share: float = 0.0


@dataclass(frozen=True)
class Digest:
    """Many messages of one kind for one place, told in one and with one ping (domain.md 3.12)."""

    place: Place
    kind: str  # the class of the messages it stands for: "Card", "TierPing", "Remind" or "Inform"
    items: tuple[Gathered, ...]


@dataclass(frozen=True)
class MorningPage:
    """What leads should look at today: all that is open, or what is with some tiers. It calls nobody."""

    place: Place
    tiers: tuple[int, ...]  # none: all of them
    until: datetime  # nobody needs it after that
    tallies: tuple[Tally, ...] = ()


@dataclass(frozen=True)
class PolicyApplied:
    """One message for all the open issues of a tier that follow an edited policy from now on (domain.md 3.9)."""

    place: Place
    moved: int
    earlier: int  # of those, how many are due earlier than before
    late: int  # and how many are past a deadline, with only the grace left

    def adding(self, more: "PolicyApplied") -> "PolicyApplied":
        return PolicyApplied(self.place, self.moved + more.moved, self.earlier + more.earlier, self.late + more.late)


@dataclass(frozen=True)
class DeliveryAlert:
    """Staff elsewhere learn that a message could not be delivered where it belonged.

    A call that was lost is theirs now: they are called in its place, for as long as nobody has the issue.
    """

    place: Place
    what: str
    where: str
    error: str
    called: bool = False  # what was lost was a call for somebody
    asked: bool = False  # by a person
    tried: tuple[int, ...] = ()  # tiers that could not be told


Message = (
    Card
    | CardRefresh
    | FormerCard
    | Receipt
    | ReceiptRefresh
    | Line
    | Offer
    | OfferRefresh
    | QuestionRefresh
    | TierPing
    | Remind
    | CatchUp
    | Inform
    | Relay
    | RelayEdit
    | RelayDelete
    | Mark
    | Digest
    | MorningPage
    | PolicyApplied
    | DeliveryAlert
)

Verb = Literal["post", "update", "delete", "react"]


def verb(message: Message) -> Verb:
    """What kind of call it is; Slack limits the rate of each kind apart (slack.md 2.6)."""
    match message:
        case Card() | Receipt() | Line() | TierPing() | Remind() | CatchUp() | Inform() | Relay():
            return "post"
        case Offer() | Digest() | MorningPage() | PolicyApplied() | DeliveryAlert():
            return "post"
        case CardRefresh() | FormerCard() | ReceiptRefresh() | OfferRefresh() | QuestionRefresh() | RelayEdit():
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


def in_hours(message: Message, issue: Issue, policy: Policy, now: datetime) -> Iterator[tuple[Message, datetime]]:
    """The message and when it may be sent: nobody is called outside the hours of its priority (domain.md 7.3).

    A card is there at once, for whoever looks; its ping comes when they open, if it is still needed then.
    """
    match message:
        case Card(place=place, ping=True) if (opening := opens_at(issue, policy, now)) > now:
            yield Card(place, ping=False), now
            yield TierPing(place, Cause.UNCLAIMED, 0), opening
        case TierPing() if issue.claim is None:
            yield message, opens_at(issue, policy, now)
        case _:
            yield message, now


def opens_at(issue: Issue, policy: Policy, now: datetime) -> datetime:
    """When people may be called for it; `now`, if its hours have ended for good: better at night than never."""
    try:
        return policy.targets[issue.priority].calendar.next_opening(now)
    except NeverOpens:
        return now


def needs_somebody(issue: Issue, place: Place) -> bool:
    """Whether nobody holds it and the place is asked."""
    return issue.ticking and issue.claim is None and place.tier in issue.turn


BACKGROUND = 4  # added to a rank: behind everything that people are being told


def lane(message: Message, event: Event, priority: Priority) -> int:
    """Which goes first where Slack makes us wait: the priority's rank, 1 to 4, then the background, 5 to 8.

    What the clock alone redraws, and tells reporters, is background, and so is what a duplicate hears of its parent:
    nobody's hand is on the mouse, and there may be hundreds of them (domain.md 3.12).
    """
    redraws = isinstance(message, CardRefresh | ReceiptRefresh | OfferRefresh | QuestionRefresh)
    quiet = redraws or isinstance(event, IssueClosed) or (isinstance(message, Line) and message.place.person)
    by_the_clock = quiet and getattr(event, "by", None) is None
    of_a_parent = isinstance(event, ParentResolved | ParentReopened)
    behind = by_the_clock or of_a_parent or isinstance(message, FormerCard)
    return priority.rank + (BACKGROUND if behind else 0)


UNANSWERED = 3  # reminders of the last tier after which the fallback person is told

RELAYED = "white_check_mark"
NOTED = "lock"


def messages_for(event: Event, before: Issue | None, after: Issue, policy: Policy) -> tuple[Message, ...]:
    """What the event sets off, in the order in which people should see it.

    `before` and `after` are the issue before and after the whole decision the event belongs to.
    """
    reporter, desk = Place(person=after.reporter), Place(tier=after.desk)
    refreshed = (*redrawn(after), *_offer_over(before, after))
    held = before.claim if before else None
    match event:
        case IssueOpened():
            at_once = policy.targets[after.priority].at_once
            cards = (Card(Place(tier=tier), ping=at_once.ping) for tier in sorted(after.carded))
            return (*cards, Receipt(reporter))
        case IssueClaimed() | HandOverAccepted():
            return (*refreshed, Line(reporter, f"<@{event.by}> is on it."))
        case IssueReleased():
            why = _released(event, before, after)
            pings = _pings(before, after, Cause.UNCLAIMED, why, asked=event.by is not None)
            waits = f"{after.name} waits for {policy.names(after.turn, 'or')} again."
            former = _told_where_they_worked(held, event.by, why, but=_said_now(pings, after, policy, event.at))
            told = (Line(reporter, waits),) if event.by is None or after.releases > 1 else ()  # not at the first (T4)
            return (*refreshed, *pings, *former, *told)
        case IssueTakenOver():
            called = _calling(each for each in _losing(held, event.by) if each != event.claimant)
            how = f"{called}<@{event.by}> has taken {after.name} over from <@{event.claimant}>: {escape(event.reason)}"
            taken = Line(desk, how)
            former = _told_where_they_worked(held, event.by, how, but=(taken,))
            return (*refreshed, taken, *former, Line(reporter, f"<@{event.by}> is on it now."))
        case IssueHandedOver():
            what = f"{after.name}, {had}," if (had := _which_they_had(held, event.by)) else after.name
            handed = f"<@{event.to}>, <@{event.by}> hands {what} to you: {escape(event.note)}"
            offer = Offer(Place(person=event.to), event.by, event.accept_by, event.note)
            return (*refreshed, Line(desk, f"{handed}\n{_accept(event.accept_by)}"), offer)
        case WaitStarted(reason=WaitingFor.REPORTER):
            asked = f"<@{event.by}> needs to know: {escape(event.note)}\nPlease answer in this thread."
            here = f"<@{event.by}> has asked the reporter: {escape(event.note)}"
            return (*refreshed, Line(desk, here), Line(reporter, asked))
        case WaitStarted():
            return refreshed
        case WaitEnded():
            return (*refreshed, *_woken(event, before, after))
        case ReporterNudged():
            note = escape(after.waiting.note) if after.waiting else ""
            asked = f"{after.name} still waits for your answer: {note}\nReply in this thread and it goes on."
            last = None if next_nudge_at(after, policy) else give_up_at(after, policy)
            asked += f" Without an answer it counts as solved {when(last)}." if last else ""
            return (*refreshed, Line(reporter, asked))
        case IssueSnoozed():
            return (
                Line(desk, f"<@{event.by}> has silenced the reminders of {after.name} until {when(event.until)}."),
                *refreshed,
            )
        case Reminded():
            tiers = () if event.suppressed else (after.desk,) if after.claim else after.turn
            return tuple(Remind(Place(tier=tier), event.clock, event.share) for tier in tiers)
        case ClaimantReminded():
            return (Remind(desk, UPDATE, 1.0), *refreshed)
        case IssueEscalated():
            up = Card(Place(tier=event.to_tier), ping=True, asked=event.by is not None)
            moved = Line(reporter, _went_up(event, before, after, policy))
            return (
                up,
                *_former(up, before),
                *_others(refreshed, up),
                *_told_of_loss(event, before, after, policy),
                moved,
            )
        case IssueReturned() | IssueRerouted():
            there = Card(Place(tier=event.to_tier), ping=True, asked=event.by is not None)
            return (
                there,
                *_former(there, before),
                *_others(refreshed, there),
                *_told_of_loss(event, before, after, policy),
                *((Line(reporter, _went_elsewhere(event, after, policy)),) if event.by else ()),
            )
        case TierReminded():
            reminded = TierPing(Place(tier=event.tier), event.cause, event.count)
            return (reminded, *refreshed, *_fallback(event, policy))
        case PriorityChanged():
            return (*refreshed, *_repriced(event, before, after, policy))
        case LevelsInformed():
            leads = policy.tier(after.tier).leads if event.cause is Cause.BOUNCED else ()
            informed = [_informed(tier, event, before, after) for tier in event.tiers]
            above = (each for message in informed for each in (message, *_former(message, before)))
            return (*above, *(Inform(Place(person=lead), event.cause) for lead in leads))
        case IssueClosed():
            again = "If the trouble is back, reply here: that opens a new issue, linked to this one."
            here = f"{after.name} is closed: it stayed resolved."
            return (*refreshed, Line(desk, here), Line(reporter, f"{after.name} is closed. {again}"))
        case TargetBreached() | IssueReplanned() | DuplicateUnlinked():
            return refreshed
        case StaffReplied():
            shown = (Relay(desk, event.by, event.words),) if event.elsewhere else ()
            return (*_relayed(reporter, desk, event.by, event.words), *shown, *(refreshed if after.live else ()))
        case NoteTaken():
            noted = Mark(desk, event.words.channel, event.words.ts, NOTED)
            return (noted, Relay(desk, event.by, event.words, note=True)) if event.elsewhere else (noted,)
        case ReporterReplied(here=True):
            return ()
        case ReporterReplied():
            return _relayed(desk, reporter, event.by, event.words, calls=_to_call(event, before, after))
        case WordsEdited():
            return tuple(RelayEdit(place, event.by, event.words) for place in _both_sides(after))
        case WordsDeleted():
            return tuple(RelayDelete(place, event.channel, event.ts) for place in _both_sides(after))
        case IssueResolved():
            over = Line(Place(tier=_former_desk(before, after)), _over(event, before, after))
            own = (over,) if event.by is None or _losing(held, event.by) else ()
            return (*refreshed, *own, Line(reporter, _resolved(event, after, policy)))
        case IssueReopened():
            called = f"{policy.names(after.turn)} {'have' if len(after.turn) > 1 else 'has'} been told"
            back = f"{after.name} is open again, and {called}."
            said = f"<@{event.by}>: {escape(event.reason)}\n" if event.reason else ""
            heard = f"{said}{back}" if event.by == after.reporter else f"<@{event.by}> has reopened it. {back}"
            why = _back(event, before, after)
            pings = _pings(before, after, Cause.REOPENED, why)
            had_it = before.resolved_claim if before else None
            former = _told_where_they_worked(had_it, event.by, why, but=_said_now(pings, after, policy, event.at))
            led = before.leader_asked if before else None
            question = (QuestionRefresh(Place(tier=led)),) if led else ()  # of the cycle that is over
            return (*refreshed, *question, *pings, *former, Line(reporter, heard))
        case FixConfirmed():
            return (*refreshed, Line(Place(tier=after.tier), f"<@{event.by}> says that it works."))
        case HelpRated():
            return (ReceiptRefresh(reporter),)
        case IssueCancelled():
            gone = f"<@{event.by}> has cancelled {after.name}" + (f": {escape(event.reason)}" if event.reason else ".")
            lost = Line(Place(tier=_former_desk(before, after)), _calling(_losing(held, event.by)) + gone)
            told = () if event.by == after.reporter else (Line(reporter, gone),)
            return (*refreshed, lost, *told)
        case IssueMerged():
            into = issue_name(event.into)
            same = (
                f"{after.name} is the same trouble as {into}, which goes on for both. You will hear the outcome here."
            )
            gone = f"{_calling(_losing(held, event.by))}<@{event.by}> has merged {after.name} into {into}."
            return (*refreshed, Line(Place(tier=_former_desk(before, after)), gone), Line(reporter, same))
        case IssueUnmerged():
            parent, title = issue_name(event.parent), escape(after.title)
            alone = f"<@{event.by}> has taken {after.name} {title} out of {parent}. It needs somebody again."
            alone += " Anything its reporter wrote meanwhile is in the thread of the issue that it was merged into."
            apart = f"{after.name} is not the same trouble as {parent} after all, and goes on by itself."
            return (*refreshed, *_pings(before, after, Cause.UNCLAIMED, alone, asked=False), Line(reporter, apart))
        case DuplicateLinked():
            return (
                *refreshed,
                Line(desk, f"{issue_name(event.child)} is the same trouble and was merged into {after.name}."),
            )
        case ParentResolved():
            fixed = f"{issue_name(event.parent)}, the same trouble as {after.name}, is resolved: {escape(event.fix)}"
            return (*refreshed, Line(reporter, fixed))
        case ParentReopened():
            again = f"{issue_name(event.parent)}, the same trouble as {after.name}, is open again. It goes on for both."
            return (*refreshed, Line(reporter, again))
        case ParentAnswered():
            return (Relay(reporter, event.by, event.words, about=issue_name(event.parent)),)
        case MajorDeclared():
            declared = f"<@{event.by}> has declared {after.name} a major incident. <@{event.commander}> leads it."
            known = f"{after.name} is a major incident: <@{event.commander}> leads the work on it."
            asked = f"<@{event.by}> asks you to lead the work on {after.name} {escape(after.title)}, a major incident."
            leader = () if event.by == event.commander else (Line(Place(person=event.commander), asked),)
            return (*refreshed, Line(desk, declared), Line(reporter, known), *leader)
        case MajorEnded():
            ended = f"<@{event.by}> has ended the major incident {after.name}."
            everywhere = (Line(Place(tier=tier.number), ended) for tier in policy.tiers)
            return (*refreshed, *everywhere, Line(reporter, f"{after.name} is no major incident any more."))
        case DeliveryFailed():
            return alert(event, policy)
        case _:
            assert_never(event)


def redrawn(issue: Issue) -> tuple[Message, ...]:
    """Its cards and its receipt, as it is now."""
    cards = (CardRefresh(Place(tier=tier)) for tier in issue.carded)
    asked = (QuestionRefresh(Place(tier=issue.leader_asked)),) if issue.leader_asked else ()
    return (*cards, *asked, ReceiptRefresh(Place(person=issue.reporter)))


def _pings(
    before: Issue | None, after: Issue, cause: Cause, why: str = "", *, asked: bool = True
) -> tuple[TierPing, ...]:
    """All who have the turn are called: a P1 waits for the several tiers that got it at once.

    But not those who get a card by the same decision, which calls them.
    """
    had_it = tuple(tier for tier in after.turn if before is None or tier in before.turn)
    return tuple(TierPing(Place(tier=tier), cause, 0, why, asked) for tier in had_it or (after.tier,))


def _offer_over(before: Issue | None, after: Issue) -> tuple[Message, ...]:
    """Whom it was handed to has accepted, or need not any more."""
    offered = before.claim if before else None
    if offered is None or offered.offered_by is None or offered.accept_by is None:
        return ()
    if after.claim and (after.claim.by, after.claim.accept_by) == (offered.by, offered.accept_by):
        return ()
    return (OfferRefresh(Place(person=offered.by), offered.offered_by, offered.accept_by),)


def _others(refreshed: tuple[Message, ...], card: Card) -> tuple[Message, ...]:
    """A place that gets a new card needs no refresh of its old one."""
    return tuple(each for each in refreshed if each.place != card.place)


def _former(card: Message, before: Issue | None) -> tuple[Message, ...]:
    again = isinstance(card, Card) and before is not None and card.place.tier in before.carded
    return (FormerCard(card.place),) if again else ()


def _former_desk(before: Issue | None, after: Issue) -> int:
    return before.desk if before else after.tier


def _losing(held: Claim | None, by: str | None) -> tuple[str, ...]:
    """Whoever offered it and whoever held it until another's act: they must notice, where they worked."""
    return tuple(each for each in (held.offered_by, held.by) if each and each != by) if held else ()


def _calling(people: Iterable[str]) -> str:
    return "".join(f"<@{each}>, " for each in people)


def _told_where_they_worked(
    held: Claim | None, by: str | None, text: str, *, but: Sequence[Message]
) -> tuple[Message, ...]:
    """The text names them; they may be in no other channel than that of their desk (domain.md 2.5).

    `but`: the messages that say it anyway; where one of them goes, it is not said twice.
    """
    if held is None or not _losing(held, by):
        return ()
    there = Place(tier=held.desk)
    return () if any(message.place == there for message in but) else (Line(there, text),)


def _said_now(pings: Sequence[Message], issue: Issue, policy: Policy, now: datetime) -> Sequence[Message]:
    """None, if they wait until people may be called: they are not sent if somebody claims it meanwhile."""
    return () if opens_at(issue, policy, now) > now else pings


def _which_they_had(held: Claim | None, by: str | None) -> str:
    """Names those who lose it inside a sentence that calls somebody else; empty, if nobody does."""
    if held is None or not _losing(held, by):
        return ""
    if held.offered_by is None:
        return f"which <@{held.by}> had"
    if held.offered_by == by:
        return f"which was offered to <@{held.by}>"
    return f"which <@{held.offered_by}> had offered" + (f" to <@{held.by}>" if held.by != by else "")


def _released(event: IssueReleased, before: Issue | None, after: Issue) -> str:
    offer = before.claim if before and before.claim and before.claim.accept_by else None
    giver, named = offer.offered_by if offer else None, f"{after.name} {escape(after.title)}"
    called = f"<@{giver}>, " if giver else ""
    if event.by is None:
        how = f"{called}<@{event.claimant}> has not accepted {named} in time."
    elif event.by == giver:
        how = f"<@{giver}> has withdrawn the hand-over of {named} to <@{event.claimant}>."
    elif giver and event.by == event.claimant:
        how = f"{called}<@{event.by}> has declined {named}."
    else:
        had = _which_they_had(before.claim if before else None, event.by)
        how = f"<@{event.by}> has released {named}{f', {had}' if had else ''}."
    return f"{how} It needs somebody again."


def _back(event: IssueReopened, before: Issue | None, after: Issue) -> str:
    why = f": {escape(event.reason)}" if event.reason else "."
    former = before.resolved_by if before else None
    resolver = (former,) if former and former not in (event.by, after.reporter) else ()  # asked, if nobody had it
    asked = _calling(_losing(before.resolved_claim, event.by) if before and before.resolved_claim else resolver)
    return f"{asked}{after.name} {escape(after.title)} is back: <@{event.by}> has reopened it{why}"


def _resolved(event: IssueResolved, after: Issue, policy: Policy) -> str:
    within = about(policy.close_after)
    if event.by is None:
        return f"{after.name} was resolved for want of an answer. Reply here within {within} and it goes on."
    again = f"Anything you write here within {within} opens it again."  # "thanks", too (domain.md T18)
    if event.by == after.reporter:
        return f"Good to hear. {after.name} is resolved. {again}"
    pressed = "It works? Press It works. Not fixed? Press Not fixed."
    return f"<@{event.by}> has resolved {after.name}: {escape(event.fix)}\n{pressed} {again}"


def _over(event: IssueResolved, before: Issue | None, after: Issue) -> str:
    """For staff: whoever worked on it must know that they need not go on, or, if they asked, that nobody answered."""
    called = _calling(_losing(before.claim if before else None, event.by))
    if event.by is None:
        return f"{called}{after.name} was resolved by the clock: its reporter did not answer the question."
    return f"{called}<@{event.by}> has resolved {after.name}: {escape(event.fix)}"


def _went_up(event: IssueEscalated, before: Issue | None, after: Issue, policy: Policy) -> str:
    """For the reporter: that it moved, and that nothing is asked of them (domain.md T12)."""
    turn = before.turn if before and before.tier == event.from_tier else (event.from_tier,)
    why = {
        Cause.UNCLAIMED: f"nobody in {policy.names(turn, 'or')} had taken it in time",
        Cause.STALE: "you had not heard from us in time",
    }.get(event.cause, f"<@{event.by}> has passed it on")
    return f"{after.name} has gone up to {policy.tier(event.to_tier).name}: {why}."


def _went_elsewhere(event: IssueReturned | IssueRerouted, after: Issue, policy: Policy) -> str:
    return f"{after.name} is with {policy.tier(event.to_tier).name} now: <@{event.by}> has passed it on."


def _woken(event: WaitEnded, before: Issue | None, after: Issue) -> tuple[Message, ...]:
    """Who holds it must know, unless they woke it themselves; if nobody does, somebody is needed."""
    if after.claim and event.by == after.claim.by:
        return ()
    why = "its date has come" if event.by is None else f"<@{event.by}> has set it going"
    if event.by == after.reporter:
        why = "its reporter has answered"
    if event.unreached:
        why = "its reporter could not be reached by direct message"
    if event.holder_gone:
        needed = f"{after.name} {escape(after.title)} goes on, {why}; who held it has left. It needs somebody again."
        return _pings(before, after, Cause.UNCLAIMED, needed, asked=event.by is not None)
    if after.claim is None:
        return ()  # it was lost in the same second, which is told by what took it
    claim, goes_on = after.claim, f"<@{after.claim.by}>, {after.name} goes on: {why}."
    if claim.offered_by is None or claim.accept_by is None:
        return (Line(Place(tier=claim.desk), goes_on),)
    offer = Offer(Place(person=claim.by), claim.offered_by, claim.accept_by, claim.note)
    return (Line(Place(tier=claim.desk), f"{goes_on} {_accept(claim.accept_by)}"), offer)


def _accept(until: datetime) -> str:
    return f"Press Accept {by(until)}, or it is nobody's again."


BURST = timedelta(minutes=10)  # of a reporter's words, for which their holder is called once (domain.md T8)


def _to_call(event: ReporterReplied, before: Issue | None, after: Issue) -> str | None:
    """Who holds it, at the first words of a burst; whom the end of a wait calls anyway, is not called twice."""
    answers = before is not None and before.waiting and before.waiting.reason is WaitingFor.REPORTER
    if before is None or answers or after.claim is None:
        return None
    heard = before.heard_at if before.heard_at and before.heard_at >= after.claim.since else None
    lately = heard is not None and event.at - heard < BURST
    return None if lately or after.claim.by == event.by else after.claim.by


def _repriced(event: PriorityChanged, before: Issue | None, after: Issue, policy: Policy) -> tuple[Message, ...]:
    why = f": {escape(event.reason)}" if event.reason else "."
    now = f"{event.after.word} ({event.after.value})"
    change = f"{event.before.value} to {event.after.value}"
    line = f"<@{event.by}> has changed {after.name} from {event.before.word} to {event.after.word} ({change}){why}"
    stands = f"{after.name} is {now} now"
    if event.after is event.before:
        levels = f"impact {event.impact.value} and urgency {event.urgency.value}"
        line, stands = (
            f"<@{event.by}> has given {after.name} {levels}; it stays {now}{why}",
            f"{after.name} stays {now}",
        )
    if (due := next_step_at(after, policy)) and event.after is not event.before:
        line += f"\nIts time runs out {when(due)}."
    if before and before.snooze_until and before.snooze_until > event.at and after.snooze_until is None:
        line += " Its reminders are silenced no more."
    called = f"<@{after.claim.by}>, " if after.claim and after.claim.by != event.by else ""
    raised = event.after.rank < event.before.rank
    if raised and after.waiting and called:
        line += "\nIt is on hold, and its clocks stand still: please resume it, if that cannot wait."
    told: list[Message] = [Line(Place(tier=after.desk), called + line)]
    if raised and after.claim is None and after.ticking:
        told = [*_pings(before, after, Cause.RAISED)]
    heard = f"We have heard you: {stands}." if event.by == after.reporter else f"{stands}{why}"
    return (*told, Line(Place(person=after.reporter), heard))


def _informed(tier: int, event: LevelsInformed, before: Issue | None, after: Issue) -> Message:
    """A raise gives the tiers that would have had it at once a card; all others are told."""
    asked = tier in after.turn and event.cause is Cause.RAISED
    fresh = asked and before is not None and tier not in before.turn
    return Card(Place(tier=tier), ping=True, asked=True) if fresh else Inform(Place(tier=tier), event.cause)


def _fallback(event: TierReminded, policy: Policy) -> tuple[Message, ...]:
    """After three unanswered reminders, somebody by name (domain.md 3.6): the fallback, and who leads the last tier."""
    if event.count != UNANSWERED:
        return ()
    people = dict.fromkeys((*([policy.fallback] if policy.fallback else []), *policy.tier(event.tier).leads))
    return tuple(Inform(Place(person=person), Cause.UNANSWERED) for person in people)


def _relayed(to: Place, own: Place, author: str, words: Words, calls: str | None = None) -> tuple[Message, ...]:
    """To the other side; the author's own side sees a mark, or, for words from a form, the words."""
    if words.channel:
        return (Relay(to, author, words, calls), Mark(to, words.channel, words.ts, RELAYED))
    return (Relay(to, author, words, calls), Line(own, f"<@{author}>: {words.text}"))


def _both_sides(issue: Issue) -> tuple[Place, ...]:
    """Where a relayed copy may be: it is looked up when sent, and a place that holds none is passed over."""
    return (*(Place(tier=tier) for tier in issue.carded), Place(person=issue.reporter))


def _told_of_loss(
    event: IssueEscalated | IssueReturned | IssueRerouted, before: Issue | None, after: Issue, policy: Policy
) -> tuple[Message, ...]:
    """Who held or offered it learns, in the thread where they worked, why they no longer do; unless they moved it.

    They may be in no other channel: from an old card one claims what is in the next tier already (domain.md 2.5).
    """
    losing = _losing(before.claim if before else None, event.by)
    if event.claimant is None or not losing:
        return ()
    to = policy.tier(event.to_tier).name
    stale = isinstance(event, IssueEscalated) and event.cause is Cause.STALE
    how = {IssueReturned: "it was returned", IssueRerouted: "it was moved"}.get(type(event), "it was escalated")
    why = "there was no word to the reporter in time" if stale else how
    return (
        Line(
            Place(tier=_former_desk(before, after)),
            f"{_calling(losing)}{after.name} went to {to}: {why}. You can still claim it.",
        ),
    )


def alert(event: DeliveryFailed, policy: Policy) -> tuple[Message, ...]:
    """The tier above is told; from the last tier, the one below; for a person's message, the first tier."""
    if event.tier is None:
        return (DeliveryAlert(Place(tier=1), event.what, "a direct message", event.error),)
    teller = event.tier + 1 if event.tier < policy.last_tier else event.tier - 1
    where = f"#{policy.tier(event.tier).channel}"
    return (
        DeliveryAlert(Place(tier=teller), event.what, where, event.error, event.called, event.asked, (event.tier,)),
    )
