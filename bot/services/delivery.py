"""The outbox's hands: take a row, render it from the state now, send it, mark it. Lose nothing, double nothing."""

import logging
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.domain import lifecycle
from bot.domain.events import Cause, DeliveryFailed
from bot.domain.issue import Issue, issue_name
from bot.domain.morning import Concern, Page, concern, page
from bot.domain.policy import Policy
from bot.domain.priority import SEVERE, Priority
from bot.messages import (
    Card,
    CardRefresh,
    CatchUp,
    DeliveryAlert,
    Digest,
    FormerCard,
    Inform,
    Line,
    Mark,
    Message,
    MorningPage,
    Offer,
    OfferRefresh,
    Place,
    PolicyApplied,
    QuestionRefresh,
    Receipt,
    ReceiptRefresh,
    Relay,
    RelayDelete,
    RelayEdit,
    Remind,
    TierPing,
    alert,
    needs_somebody,
    opens_at,
    pace,
    verb,
)
from bot.ports import Call, Database, Outgoing, Post, Rejected, Sent, SlackGateway, Transaction, TryLater, Unsure
from bot.services.directory import Directory
from bot.services.gathering import digest, gathered, may_be_gathered
from bot.services.issues import holder_gone, pinned
from bot.services.morning import is_about
from bot.services.pacing import POST_EVERY, Pacer, PingBudget
from bot.services.recording import record
from bot.slack.rendering import Scene, Told, may_ping, render, without_blocks

log = logging.getLogger(__name__)

HOLD = timedelta(seconds=45)  # longer than all calls of one delivery together can take
CALLS = timedelta(seconds=25)  # what looking and sending may take together
SKEW = timedelta(minutes=10)  # how far Slack's clock, by which its history is dated, may be behind ours
SETTLE = timedelta(seconds=3)  # how long Slack may take to show a post in the history
LONGEST_WAIT = timedelta(minutes=1)
BUG_LIMIT = 5  # faults of ours in one row, after which it is given up; a start begins to count anew
BLIND_LIMIT = 3  # looks that failed since it was sent, after which a P1 or P2 is sent anyway (domain.md 3.13)
ALONE_LIMIT = 15  # unsure attempts at a row, while Slack took the like of it in between, after which it is given up

_BLOCKS_REFUSED = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"}
_CARD_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}
_DONE_ALREADY = {"already_reacted", "message_not_found", "no_item_specified", "no_reaction", "thread_not_found"}


class NowhereToSend(Exception):
    """The place has no channel the bot is in."""


class NoChannelsYet(Exception):
    """Slack has not told of any channel so far, so nobody knows where the place is."""


class TookTooLong(Exception):
    """Making the message did: by the time it is sent, somebody else may hold it. Nothing of it was sent."""


@dataclass
class _Trouble:
    """What was met with one row since it was last settled."""

    faults: int = 0  # of ours
    looks: int = 0  # that failed, since it was last sent
    blind: int = 0  # how often it was sent without a look; each time it takes twice as many failures
    limited: datetime | None = None  # when Slack first said that it comes too fast
    taken: int | None = None  # how many of its verb Slack had taken at its last unsure attempt
    alone: int = 0  # how often that grew from one such attempt to the next


class Courier:
    """Delivers one row at a time; any number of sender threads share it."""

    def __init__(
        self,
        database: Database,
        gateway: SlackGateway,
        directory: Directory,
        policy: Callable[[], Policy],
        *,
        pacer: Pacer,
        pings: PingBudget,
        clock: Clock,
        team_url: Callable[[], str],
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._directory = directory
        self._policy = policy
        self._pacer = pacer
        self._clock = clock
        self._team_url = team_url
        self._pings = pings
        self._name = uuid.uuid4().hex
        self._taken = Counter[str]()  # what Slack has taken, by verb: it may fail at posts alone
        self._troubles: dict[int, _Trouble] = {}  # by row; a start begins to count anew
        self._in_hand: set[int] = set()  # rows that a sender of ours is at work on
        self._turn = threading.Lock()
        self._calling = threading.Lock()  # one at a time decides whether it calls a place

    def deliver_next(self) -> bool:
        """Take and settle one row; False if none is ready."""
        with self._turn:  # between looking what is busy and spending, no other sender may take from the same queue
            now = self._clock()
            row = self._database.take(now, sender=self._name, hold_until=now + HOLD, busy=self._pacer.busy())
            if row is None:
                return False
            if row.id in self._in_hand:
                return True  # the clock has leapt past its hold; who sends it has not finished, and will mark it
            self._pacer.spend(pace(row.message))
            row = self._gathered(row, now)
            self._in_hand.add(row.id)
        try:
            self._settle(row, until=now + HOLD)
            self._troubles.pop(row.id, None)
        except TryLater as later:
            if later.error != "ratelimited":
                log.error("Slack refuses our access (%s); messages wait until that is mended", later.error)
            self._put_back(row, timedelta(seconds=later.seconds), row.unsure_since, str(later))
        except Unsure as unsure:
            log.warning("it is not sure whether Slack has message %s: %s", row.id, unsure)
            if self._is_alone(row):
                self._give_up(row, "no answer", str(unsure))
            else:
                self._put_back(row, max(SETTLE, _back_off(row.attempts)), row.unsure_since or now, str(unsure))
        except TookTooLong:  # nothing was sent; if the database is slow it is so for all
            log.error("message %s took too long to make", row.id)
            if self._is_alone(row):
                self._give_up(row, "internal fault", "it took too long to make")
            else:
                self._put_back(row, _back_off(row.attempts), row.unsure_since, "it took too long to make")
        except NoChannelsYet:
            log.warning("message %s waits: no channel could be read from Slack yet", row.id)
            self._put_back(row, _back_off(row.attempts), row.unsure_since, "no channel could be read from Slack yet")
        except Rejected as rejected:
            self._give_up(row, rejected.error, str(rejected))
        except NowhereToSend as nowhere:
            self._give_up(row, "not_in_channel", str(nowhere))
        except Exception as error:  # a sender must outlive any one row
            log.exception("message %s could not be delivered through a fault of ours", row.id)
            self._trouble(row).faults += not self._database.is_away(error)
            if self._trouble(row).faults >= BUG_LIMIT:
                self._give_up(row, "internal fault", repr(error))
            else:
                self._put_back(row, _back_off(row.attempts), row.unsure_since or now, repr(error))
        finally:
            self._in_hand.discard(row.id)
        return True

    def _is_alone(self, row: Outgoing) -> bool:
        """Whether this row alone fails, again and again, while others go out: then it is no outage that will pass."""
        trouble, taken = self._trouble(row), self._taken[verb(row.message)]
        if trouble.taken not in (None, taken):
            trouble.alone += 1
        trouble.taken = taken
        return trouble.alone >= ALONE_LIMIT

    def _trouble(self, row: Outgoing) -> "_Trouble":
        return self._troubles.setdefault(row.id, _Trouble())

    def _gathered(self, row: Outgoing, now: datetime) -> Outgoing:
        """In a storm, a digest that tells of this row and of those that wait behind it."""
        if row.attempts or not may_be_gathered(row.message):
            return row
        with self._database.begin() as tx:
            rows = gathered(tx.alike(row, now))
            if row.id not in {each.id for each in rows}:
                return row
            return tx.gather(row, rows, digest(rows), now)

    def _settle(self, row: Outgoing, until: datetime) -> None:
        with self._database.begin() as tx:
            issue, policy = pinned(tx, row.issue, self._policy())
        if isinstance(row.message, MorningPage | PolicyApplied):
            policy = self._policy()  # it is about many issues, and no more about the one that it hangs on
        if self._is_rehoused(row, issue, policy):
            raise TryLater(POST_EVERY)
        scene = self._scene(row, issue)
        if self._held(row, issue, policy, scene.gathered):
            return
        with self._calling if may_ping(row.message) else nullcontext():  # the others may ask Slack for names
            call = render(row.message, issue, policy, scene)
            if call and call.calls is not None:
                self._pings.spend(row.place, call.calls, row=row.id)
            elif row.unsure_since is None:  # what it had reserved, if it was put off, is others' again
                self._pings.forget(row.place, row=row.id)
        if call is None:
            self._database.superseded(row.id, self._clock())
            return
        if self._clock() + CALLS > until:
            raise TookTooLong
        sent = self._look(row, call, issue.priority) or self._send(row, call)
        self._taken[verb(row.message)] += 1
        self._database.sent(row.id, self._post(row, sent), self._clock())
        if row.place.person and call.method == "chat.postMessage":
            self._database.keep_dm(row.place.person, sent.channel)

    def _held(self, row: Outgoing, issue: Issue, policy: Policy, gathered: Sequence[Told]) -> bool:
        """The hours have closed since it was written: the ping comes when they open; True if all of it does."""
        now, message = self._clock(), row.message
        if isinstance(message, Digest):
            told = [(each, its) for _, each, its, _ in gathered if _calls(message)]
        else:
            told = [(issue, policy)] if _calls(message) else []
        closed = [(each, opens_at(each, its, now)) for each, its in told if needs_somebody(each, row.place)]
        closed = [(each, opening) for each, opening in closed if opening > now]
        if not closed:
            return False
        with self._database.begin() as tx:
            for each, opening in closed:
                ping = message if isinstance(message, TierPing) else TierPing(row.place, Cause.UNCLAIMED, 0)
                tx.enqueue(each.number, ping, lane=each.priority.rank, now=now, not_before=opening)
            if isinstance(message, TierPing):
                tx.superseded(row.id, now)
        return isinstance(message, TierPing)

    def _is_rehoused(self, row: Outgoing, issue: Issue, policy: Policy) -> bool:
        """The tier has another channel than when its card was posted: a card stands there before anything is said.

        It is no row of its own: what is said about it and after it keeps its turn. If Slack will not have the card, the
        conversation stays where it was, and so does what may have been said there already.
        """
        place, message = row.place, row.message
        if not place.tier or not isinstance(message, TierPing | Remind | Line | Relay):
            return False
        root = self._root(row.issue, place)
        if root is None or root.channel == self._channel(place, message) or self._is_said(row, issue, policy):
            return False
        card = Card(place, ping=False)
        call = render(card, issue, policy, self._scene(replace(row, message=card), issue))
        assert call is not None, "a card is always drawn"
        key = f"{_key(row)}-card"
        try:
            known = self._gateway.look(call, key, self._earliest(row.created_at)) if row.attempts else None
            sent = known or self._gateway.send(call, key)
        except TryLater as later:
            self._pacer.freeze(pace(row.message), later.seconds)
            raise
        except Unsure:
            raise TryLater(max(SETTLE, _back_off(row.attempts)).total_seconds()) from None
        except Rejected as rejected:
            log.error("the card of %s cannot move to the channel of %s: %s", issue.name, place, rejected)
            return False
        with self._database.begin() as tx:
            tx.keep_post(Post(row.issue, place, "card", sent.channel, sent.ts))
            tx.enqueue(row.issue, FormerCard(place), lane=row.lane, now=self._clock())
        return True

    def _is_said(self, row: Outgoing, issue: Issue, policy: Policy) -> bool:
        """Whether it is in Slack, or need not be, where its card hangs now."""
        if row.unsure_since is None:
            return False
        call = render(row.message, issue, policy, self._scene(row, issue))
        return call is None or self._look(row, call, issue.priority) is not None

    def _look(self, row: Outgoing, call: Call, priority: Priority) -> Sent | None:
        """After an unsure send, look before sending again; only posts can double."""
        if call.method != "chat.postMessage":
            return None
        if row.unsure_since is None:
            return self._look_after_limit(row, call)
        try:
            return self._gateway.look(call, _key(row), self._earliest(row.unsure_since))
        except (Rejected, Unsure) as failed:
            trouble = self._trouble(row)
            trouble.looks += 1
            if trouble.looks < BLIND_LIMIT << trouble.blind:
                raise Unsure(f"looking for it failed: {failed}") from None
            if priority.rank > Priority.P2.rank:
                raise
            log.error("message %s may be sent twice: looking for it failed %s times", row.id, trouble.looks)
            trouble.looks, trouble.blind = 0, trouble.blind + 1
            return None

    def _look_after_limit(self, row: Outgoing, call: Call) -> Sent | None:
        """Slack says that a message comes too fast, and now and then posts it all the same (domain.md 3.12)."""
        limited = self._trouble(row).limited
        try:
            return self._gateway.look(call, _key(row), self._earliest(limited)) if limited else None
        except (Rejected, Unsure):
            return None  # it was a no, after all

    def _earliest(self, sent: datetime) -> datetime:
        """From when on Slack's history may show it: our clock may have been ahead then, or be ahead still."""
        return min(sent, self._clock()) - SKEW

    def _send(self, row: Outgoing, call: Call) -> Sent:
        try:
            return self._gateway.send(call, _key(row))
        except TryLater as later:
            self._pacer.freeze(pace(row.message), later.seconds)
            self._trouble(row).limited = self._trouble(row).limited or self._clock()
            raise
        except Rejected as rejected:
            if rejected.error in _BLOCKS_REFUSED and call.arguments.get("blocks"):
                log.error("Slack refused the blocks of message %s, its words go out plain: %s", row.id, rejected)
                return self._send(row, without_blocks(call))
            raise

    def _scene(self, row: Outgoing, issue: Issue) -> Scene:
        place, message = row.place, row.message
        source = None
        if isinstance(message, RelayEdit):
            source = (message.words.channel, message.words.ts)
        elif isinstance(message, RelayDelete | Mark):
            source = (message.channel, message.ts)
        staff = place.tier or isinstance(message, Inform)
        newest = self._root(issue.number, Place(tier=issue.tier)) if staff else None
        latest = self._root(issue.number, place) if isinstance(message, FormerCard) else None
        packet = issue.hand_off if place.tier else None
        earlier = self._root(issue.number, Place(tier=packet.from_tier)) if packet else None
        return Scene(
            channel=self._channel(place, message),
            thread=self._thread(issue.number, place, message),
            former=self._former(issue.number, place) if isinstance(message, FormerCard) else None,
            copy=self._database.copy_at(source, place) if source else None,
            newest_link=self._link(newest) if newest else None,
            latest_link=self._link(latest) if latest else None,
            earlier_link=self._link(earlier) if earlier else None,
            now=self._clock(),
            name_of=self._directory.name_of,
            may_call=lambda rank, pause: self._pings.allows(place, rank, pause.total_seconds(), row=row.id),
            gathered=self._told_of(message) if isinstance(message, Digest) else (),
            page=self._page(row, message) if isinstance(message, MorningPage) else None,
            link_of=self._link_to,
        )

    def _told_of(self, digest: Digest) -> tuple[Told, ...]:
        """What a digest is about, as it is now, with links to the cards that are in its place already."""
        told = []
        for item in digest.items:
            try:
                issue = self._database.find(item.issue)
            except ValueError:
                log.exception("ISS-%s cannot be read and is left out of a digest", item.issue)
                continue
            if issue:
                card = self._root(issue.number, digest.place) if digest.place.tier else None
                link = self._link(card) if card else None
                told.append((item, issue, self._database.policy(issue.policy).with_people_of(self._policy()), link))
        return tuple(told)

    def _thread(self, issue: int, place: Place, message: Message) -> Post | None:
        """What it hangs under, or redraws."""
        match message:
            case CardRefresh():
                return self._database.post_of(issue, place, "card")
            case QuestionRefresh():
                return self._database.post_of(issue, place, "question")
            case OfferRefresh():
                return self._database.post_of(issue, place, "offer")
            case _:
                return self._root(issue, place)

    def _page(self, row: Outgoing, message: MorningPage) -> Page:
        """Counted when it was decided on; only issues that have a line are read now."""

        def look(number: int) -> Concern | None:
            try:
                issue = self._database.find(number)
                if issue is None or not issue.live or not is_about(message.tiers, issue):
                    return None
                its = self._database.policy(issue.policy).with_people_of(self._policy())
                return concern(issue, its, self._clock())
            except Exception:  # one issue never hides the rest
                log.exception("%s cannot be judged and is left out of the morning's page", issue_name(number))
                return None

        return page(message.tallies, row.created_at, look)

    def _link_to(self, issue: Issue) -> str | None:
        """To the card at which the conversation goes on."""
        card = self._root(issue.number, Place(tier=issue.desk))
        return self._link(card) if card else None

    def _root(self, issue: int, place: Place) -> Post | None:
        if place.person:
            return self._database.post_of(issue, place, "receipt")
        return self._database.post_of(issue, place, "card") or self._database.post_of(issue, place, "alert")

    def _former(self, issue: int, place: Place) -> Post | None:
        here = [post for post in self._database.posts_of(issue, "card") if post.place == place]
        return here[-2] if len(here) > 1 else None

    def _channel(self, place: Place, message: Message) -> str:
        if verb(message) != "post":
            return ""  # edits, deletions and reactions say themselves where
        if place.person:
            return self._database.dm_of(place.person) or place.person
        assert place.tier is not None
        policy = self._policy()
        channel = self._directory.channel_of(policy.tier(min(place.tier, policy.last_tier)))
        if channel is None and not self._database.channels():
            raise NoChannelsYet
        if channel is None:
            raise NowhereToSend(f"the bot is not in #{policy.tier(min(place.tier, policy.last_tier)).channel}")
        return channel.id

    def _link(self, post: Post) -> str:
        return f"{self._team_url().rstrip('/')}/archives/{post.channel}/p{post.ts.replace('.', '')}"

    def _post(self, row: Outgoing, sent: Sent) -> Post | None:
        """What is worth remembering of a message: where threads hang and where relayed words went."""
        match row.message:
            case Card() | CardRefresh():
                return Post(row.issue, row.place, "card", sent.channel, sent.ts)
            case Receipt() | ReceiptRefresh():
                return Post(row.issue, row.place, "receipt", sent.channel, sent.ts)
            case DeliveryAlert():
                return Post(row.issue, row.place, "alert", sent.channel, sent.ts)
            case Offer() | OfferRefresh():
                return Post(row.issue, row.place, "offer", sent.channel, sent.ts)
            case Inform(cause=Cause.LEADERLESS) | QuestionRefresh():
                return Post(row.issue, row.place, "question", sent.channel, sent.ts)
            case Inform():
                return Post(row.issue, row.place, "notice", sent.channel, sent.ts)
            case Relay(words=words, note=note):
                return Post(
                    row.issue, row.place, "note" if note else "relay", sent.channel, sent.ts, (words.channel, words.ts)
                )
            case _:
                return None

    def _give_up(self, row: Outgoing, error: str, detail: str) -> None:
        """The row is done for; the next one of its place goes on, and people who can help are told."""
        now = self._clock()
        message = row.message
        self._troubles.pop(row.id, None)
        if row.unsure_since is None:
            self._pings.forget(row.place, row=row.id)
        if error in _CARD_GONE and isinstance(message, CardRefresh | ReceiptRefresh):
            self._bring_back(row, message, now)
            return
        nobody_misses = error in _DONE_ALREADY and isinstance(message, Mark | RelayDelete)
        if nobody_misses or (error in _CARD_GONE and isinstance(message, FormerCard | OfferRefresh | QuestionRefresh)):
            self._database.superseded(row.id, now)
            return
        log.error("message %s (%s to %s) was refused for good: %s", row.id, type(message).__name__, row.place, detail)
        lost = [item.issue for item in message.items] if isinstance(message, Digest) else [row.issue]
        told = False
        for number in lost:
            try:
                with self._database.begin() as tx:
                    self._tell(tx, row, number, error, now)  # it locks the issue, so before the row
                    if not told:
                        tx.failed(row.id, f"{error}: {detail}"[:500], now)
                told = True
            except Exception:  # one issue never holds back the rest
                log.exception("that a message was refused could not be told of %s", issue_name(number))
        if not told:
            with self._database.begin() as tx:
                tx.failed(row.id, f"{error}: {detail}"[:500], now)

    def _bring_back(self, row: Outgoing, refresh: CardRefresh | ReceiptRefresh, now: datetime) -> None:
        """Somebody deleted the card or receipt: it comes back once, without a ping."""
        fresh = Card(row.place, ping=False) if isinstance(refresh, CardRefresh) else Receipt(row.place)
        with self._database.begin() as tx:
            tx.enqueue(row.issue, fresh, lane=row.lane, now=now)
            tx.superseded(row.id, now)

    def _tell(self, tx: Transaction, row: Outgoing, number: int, error: str, now: datetime) -> None:
        what = _what(row.message)
        if what is None:
            return
        if isinstance(row.message, MorningPage | PolicyApplied):
            # It is no history of the issue that it hangs on.
            failure = DeliveryFailed(at=now, what=what, tier=row.place.tier, error=error)
            for told in alert(failure, self._policy()):
                tx.enqueue(number, told, lane=row.lane, now=now)
            return
        issue, policy = pinned(tx, number, self._policy())
        unseen = isinstance(row.message, Card) and issue.priority in SEVERE  # which nobody may overlook
        if not isinstance(row.message, DeliveryAlert):
            decision = lifecycle.delivery_failed(
                issue,
                what=what,
                tier=row.place.tier,
                error=error,
                called=_calls(row.message) or unseen,
                asked=_is_asked(row.message, number),
                person=_asked(row, issue),
                holder_gone=holder_gone(tx, issue),
                policy=policy,
                now=now,
            )
            record(tx, issue, decision, policy, now)
            return
        elsewhere = _elsewhere(row.message, policy)
        if elsewhere:
            tx.enqueue(issue.number, elsewhere, lane=row.lane, now=now)
        else:
            log.critical("nobody could be told that %s of ISS-%s was not delivered", what, row.issue)

    def _put_back(self, row: Outgoing, wait: timedelta, unsure_since: datetime | None, error: str) -> None:
        self._database.put_back(row.id, not_before=self._clock() + wait, unsure_since=unsure_since, error=error[:500])


def _elsewhere(failed: DeliveryAlert, policy: Policy) -> DeliveryAlert | None:
    """The same alert where it was not tried yet: further up first, then down; None: everywhere was deaf."""
    assert failed.place.tier is not None
    tried = (*failed.tried, failed.place.tier)
    order = (*range(failed.place.tier + 1, policy.last_tier + 1), *range(failed.place.tier - 1, 0, -1))
    tier = next((each for each in order if each not in tried), None)
    return replace(failed, place=Place(tier=tier), tried=tried) if tier else None


def _what(message: Message) -> str | None:
    """What people lose when it is not delivered, in words; None: nothing they would miss."""
    match message:
        case Card():
            return "its card"
        case Receipt():
            return "its reporter's receipt"
        case TierPing() | Remind():
            return "a reminder"
        case CatchUp():
            return "the summary after a downtime"
        case PolicyApplied():
            return "the news of a changed policy"
        case MorningPage():
            return "the morning's page" if message.place.tier else None  # a lead's own shows nothing that others miss
        case Inform():
            return "a notice to management"
        case Offer():
            return "a hand-over"
        case Relay():
            return "a reply"
        case Line():
            return "a notice"
        case Digest(kind=Card.__name__):
            return "the call for somebody"
        case Digest(kind=Inform.__name__):
            return "a notice to management"
        case Digest():
            return "a reminder"
        case DeliveryAlert():
            return message.what
        case CardRefresh() | FormerCard() | ReceiptRefresh() | OfferRefresh() | QuestionRefresh():
            return None
        case RelayEdit() | RelayDelete() | Mark():
            return None


def _calls(message: Message) -> bool:
    """Whether it is there to call a tier that has an issue nobody holds."""
    match message:
        case Card(ping=ping):
            return ping
        case Digest(kind=kind):
            return kind in (Card.__name__, TierPing.__name__)
        case _:
            return isinstance(message, TierPing)


def _is_asked(message: Message, number: int) -> bool:
    """Whether a person wanted the call for this issue."""
    match message:
        case Card(asked=asked) | TierPing(asked=asked):
            return asked
        case Digest(items=items):
            return any(item.asked for item in items if item.issue == number)
        case _:
            return False


def _asked(row: Outgoing, issue: Issue) -> str | None:
    """Who was to be reached since the present wait began; what is older cannot be the question, and ends no wait."""
    return row.place.person if issue.waiting and row.created_at >= issue.waiting.since else None


def _key(row: Outgoing) -> str:
    """Travels with the post as metadata; the time tells rows of a database made anew apart."""
    return f"{row.id}-{int(row.created_at.timestamp())}"


def _back_off(attempts: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(attempts, 6)), LONGEST_WAIT)


class Senders:
    """Threads that deliver until nothing is ready, then wait for a wake or a second."""

    def __init__(self, courier: Courier, pacer: Pacer, *, count: int = 4) -> None:
        self._courier = courier
        self._pacer = pacer
        self._something = threading.Condition()
        self._woken = 0
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"sender-{n}", daemon=True) for n in range(1, count + 1)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        with self._something:
            self._woken += 1
            self._something.notify_all()

    def stop(self, timeout: float) -> None:
        """Finish the calls in hand, mark them, leave; what is still held after `timeout` seconds is looked up later."""
        self._stopping = True
        self.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout / len(self._threads))

    def _run(self) -> None:
        while not self._stopping:
            seen = self._woken
            try:
                worked = self._courier.deliver_next()
            except Exception:  # the database may be away; the thread must be there when it is back
                log.exception("the outbox cannot be read; trying again in a second")
                worked = False
            if not worked:
                with self._something:
                    if self._woken == seen and not self._stopping:
                        self._something.wait(min(1.0, self._pacer.next_free() or 1.0))
