"""The outbox: in which order rows are taken, by whom, and what becomes of them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from bot.domain.issue import Issue
from bot.messages import (
    Card,
    CardRefresh,
    Digest,
    Line,
    Mark,
    Message,
    MorningPage,
    Place,
    PolicyApplied,
    Receipt,
    ReceiptRefresh,
)
from bot.ports import Outgoing, Post
from storage import SqlDatabase, open_database
from storage.tables import OutboxRow

SECOND = timedelta(seconds=1)
L1, L2, ANN = Place(tier=1), Place(tier=2), Place(person="UANN")

Keep = Callable[..., Issue]
Say = Callable[..., None]


def line(text: str, place: Place = L1) -> Line:
    return Line(place, text)


@pytest.fixture
def say(database: SqlDatabase, keep: Keep, now: datetime) -> Say:
    """Puts messages of an issue into the outbox, each in a transaction of its own."""
    for number in (1, 2, 3):
        keep(number)

    def enqueue(*messages: Message, issue: int = 1, lane: int = 1) -> None:
        for message in messages:
            with database.begin() as tx:
                tx.enqueue(issue, message, lane=lane, now=now)

    return enqueue


class Sender:
    def __init__(self, database: SqlDatabase, now: datetime, name: str = "s1") -> None:
        self.database, self.now, self.name = database, now, name

    def take(self, *busy: str) -> Outgoing | None:
        return self.database.take(self.now, sender=self.name, hold_until=self.now + 30 * SECOND, busy=busy)

    def must_take(self) -> Outgoing:
        taken = self.take()
        assert taken is not None
        return taken

    def fail(self, taken: Outgoing, error: str) -> None:
        with self.database.begin() as tx:
            tx.failed(taken.id, error, self.now)

    def drain(self) -> list[Any]:
        """Sends all there is; answers with what, in order."""
        messages = []
        while taken := self.take():
            messages.append(taken.message)
            self.database.sent(taken.id, None, self.now)
        return messages


@pytest.fixture
def sender(database: SqlDatabase, now: datetime) -> Sender:
    return Sender(database, now)


# --- order -----------------------------------------------------------------------------------------------------------


def test_an_empty_outbox_has_nothing_to_take(sender: Sender) -> None:
    assert sender.take() is None
    assert sender.database.waiting() == 0


def test_a_row_is_taken_as_it_was_put_in(sender: Sender, say: Say, now: datetime) -> None:
    say(line("hello", ANN), issue=2, lane=3)
    taken = sender.must_take()
    assert taken == Outgoing(
        id=taken.id,
        issue=2,
        place=ANN,
        message=line("hello", ANN),
        lane=3,
        created_at=now,
        attempts=0,
        unsure_since=None,
    )


def test_the_lowest_lane_goes_first_then_the_oldest(sender: Sender, say: Say) -> None:
    say(line("P3"), issue=1, lane=3)
    say(line("P1"), issue=2, lane=1)
    say(line("P1, later"), issue=3, lane=1)
    assert sender.drain() == [line("P1"), line("P1, later"), line("P3")]


def test_one_issue_is_told_in_order_at_one_place(sender: Sender, say: Say) -> None:
    say(line("first"), lane=3)
    say(line("second"), lane=1)
    first = sender.must_take()
    assert first.message == line("first")
    assert sender.take() is None
    sender.database.sent(first.id, None, sender.now)
    assert sender.must_take().message == line("second")


@pytest.mark.parametrize(
    "many",
    [Digest(L1, "Card", ()), MorningPage(L1, (), datetime(2030, 1, 1, tzinfo=UTC)), PolicyApplied(L1, 2, 0, 0)],
    ids=lambda many: type(many).__name__,
)
def test_what_is_about_many_issues_is_not_hastened_by_one_of_them(sender: Sender, say: Say, many: Message) -> None:
    say(many, lane=4)
    say(line("of another issue"), issue=2, lane=3)
    say(line("of the issue it hangs on"), lane=1)
    assert sender.drain() == [line("of the issue it hangs on"), line("of another issue"), many]


def test_places_and_issues_do_not_wait_for_each_other(sender: Sender, say: Say) -> None:
    say(line("1 to L1"), line("1 to L2", L2))
    say(line("2 to L1"), issue=2)
    assert [sender.must_take().message for _ in range(3)] == [line("1 to L1"), line("1 to L2", L2), line("2 to L1")]


def test_a_busy_pace_or_verb_is_passed_over(sender: Sender, say: Say) -> None:
    say(line("to L1"), line("to L2", L2))
    say(Mark(L1, "C1", "1.1", "lock"), issue=2)
    assert sender.take("post:tier:1", "react:tier:1", "post:tier:2") is None
    assert sender.take("post", "react:tier:1") is None
    taken = sender.take("post")
    assert taken is not None
    assert taken.message == Mark(L1, "C1", "1.1", "lock")
    taken = sender.take("post:tier:1")
    assert taken is not None
    assert taken.message == line("to L2", L2)


def test_a_row_that_waits_for_later_holds_its_queue(sender: Sender, say: Say) -> None:
    say(line("first"), line("second"))
    first = sender.must_take()
    sender.database.put_back(first.id, not_before=sender.now + 5 * SECOND, unsure_since=None, error="ratelimited")
    assert sender.take() is None
    sender.now += 5 * SECOND
    again = sender.must_take()
    assert (again.id, again.attempts, again.unsure_since) == (first.id, 1, None)


@pytest.mark.parametrize("end", ["superseded", "failed"])
def test_a_row_that_is_over_lets_the_next_go(sender: Sender, say: Say, end: str) -> None:
    say(line("first"), line("second"))
    first = sender.must_take()
    if end == "failed":
        sender.fail(first, "channel_not_found")
    else:
        sender.database.superseded(first.id, sender.now)
    assert sender.database.waiting() == 1
    assert sender.drain() == [line("second")]
    assert sender.database.waiting() == 0


def test_a_row_fails_only_if_its_transaction_is_stored(sender: Sender, say: Say) -> None:
    say(line("hello"))
    taken = sender.must_take()

    def fail_at_the_end() -> None:
        with sender.database.begin() as tx:
            tx.failed(taken.id, "channel_not_found", sender.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_end()
    assert sender.database.waiting() == 1
    sender.fail(taken, "channel_not_found\0")
    assert sender.database.waiting() == 0


def test_a_row_of_another_version_is_given_up_and_the_next_taken(
    sender: Sender, say: Say, caplog: pytest.LogCaptureFixture
) -> None:
    say(line("unknown kind"), line("changed fields"), line("readable"))
    with sender.database.write() as connection:
        connection.execute(update(OutboxRow).where(col(OutboxRow.id) == 1).values(kind="Telegram"))
        connection.execute(update(OutboxRow).where(col(OutboxRow.id) == 2).values(data={"words": "none"}))
    assert sender.drain() == [line("readable")]
    assert sender.database.waiting() == 0
    assert [record.levelname for record in caplog.records] == ["CRITICAL", "CRITICAL"]
    assert "Telegram" in caplog.text


def test_a_post_is_in_doubt_until_slack_has_answered(sender: Sender, say: Say, now: datetime) -> None:
    say(line("hello"))
    assert not sender.database.posts_in_doubt()
    taken = sender.must_take()
    assert sender.database.posts_in_doubt()
    sender.database.put_back(taken.id, not_before=now, unsure_since=now, error="timeout")
    assert sender.database.posts_in_doubt()
    sender.database.sent(sender.must_take().id, None, now)
    assert not sender.database.posts_in_doubt()


def test_a_post_that_slack_refused_for_now_is_not_in_doubt(sender: Sender, say: Say, now: datetime) -> None:
    say(line("hello"))
    sender.database.put_back(sender.must_take().id, not_before=now, unsure_since=None, error="ratelimited")
    assert not sender.database.posts_in_doubt()


def test_only_posts_are_in_doubt(sender: Sender, say: Say) -> None:
    say(CardRefresh(L1))
    sender.must_take()
    assert not sender.database.posts_in_doubt()


def test_rows_are_counted_until_they_are_over(sender: Sender, say: Say) -> None:
    say(line("first"), line("second"))
    assert sender.database.waiting() == 2
    taken = sender.must_take()
    assert sender.database.waiting() == 2
    sender.database.sent(taken.id, None, sender.now)
    assert sender.database.waiting() == 1


# --- holds -----------------------------------------------------------------------------------------------------------


def test_a_hold_that_ran_out_is_taken_again_as_unsure(sender: Sender, say: Say, now: datetime) -> None:
    say(line("hello"))
    sender.must_take()
    sender.now = now + 30 * SECOND - timedelta(microseconds=1)
    assert sender.take() is None
    sender.now = now + 30 * SECOND
    again = sender.must_take()
    assert (again.attempts, again.unsure_since) == (1, now)


def test_the_earliest_unsure_attempt_is_kept(sender: Sender, say: Say, now: datetime) -> None:
    say(line("hello"))
    first = sender.must_take()
    sender.database.put_back(first.id, not_before=now + SECOND, unsure_since=now, error="timeout")
    sender.now = now + SECOND
    second = sender.must_take()
    assert (second.attempts, second.unsure_since) == (1, now)
    sender.now = now + 60 * SECOND
    third = sender.must_take()
    assert (third.attempts, third.unsure_since) == (2, now)


def test_at_start_what_a_dead_sender_held_is_taken_at_once(sender: Sender, say: Say, now: datetime) -> None:
    say(line("held"), line("waits"))
    sender.must_take()
    sender.now = now + SECOND
    sender.database.end_holds(sender.now)
    again = sender.must_take()
    assert (again.message, again.unsure_since) == (line("held"), now)


def test_what_is_sent_stays_sent(sender: Sender, say: Say, now: datetime) -> None:
    say(line("hello"))
    taken = sender.must_take()
    sender.database.sent(taken.id, None, now)
    sender.database.put_back(taken.id, not_before=now, unsure_since=None, error="a slow sender's word")
    sender.fail(taken, "a slow sender's word")
    sender.database.superseded(taken.id, now)
    assert sender.take() is None
    assert sender.database.waiting() == 0


def test_ten_senders_take_each_row_once(database: SqlDatabase, say: Say, now: datetime) -> None:
    places = [Place(person=f"U{number}") for number in range(60)]
    say(*[line("hello", place) for place in places])

    def work(name: str) -> list[Message]:
        return Sender(database, now, name).drain()

    with ThreadPoolExecutor(10) as pool:
        taken = [message for messages in pool.map(work, [f"s{n}" for n in range(10)]) for message in messages]
    # A thread may stop while another holds the last rows of a queue; here every queue has one row.
    assert sorted(str(message.place) for message in taken) == sorted(str(place) for place in places)


# --- collapsing refreshes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waiting", "refresh"),
    [
        (CardRefresh(L1), CardRefresh(L1)),
        (Card(L1, ping=True), CardRefresh(L1)),
        (ReceiptRefresh(ANN), ReceiptRefresh(ANN)),
        (Receipt(ANN), ReceiptRefresh(ANN)),
    ],
)
def test_a_refresh_is_not_queued_behind_one_that_will_show_the_same(
    sender: Sender, say: Say, waiting: Message, refresh: Message
) -> None:
    say(waiting, line("between", waiting.place), refresh)
    assert sender.drain() == [waiting, line("between", waiting.place)]


@pytest.mark.parametrize(
    ("waiting", "message"),
    [
        (CardRefresh(L1), CardRefresh(L2)),
        (CardRefresh(L1), Card(L1, ping=False)),
        (ReceiptRefresh(L1), CardRefresh(L1)),
        (Card(L1, ping=False), ReceiptRefresh(L1)),
        (line("same words"), line("same words")),
    ],
)
def test_everything_else_is_queued(sender: Sender, say: Say, waiting: Message, message: Message) -> None:
    say(waiting, message)
    assert sender.drain() == [waiting, message]


def test_news_of_a_policy_that_nobody_has_touched_tells_of_more(sender: Sender, say: Say) -> None:
    say(PolicyApplied(L1, 1, 1, 0), PolicyApplied(L2, 1, 0, 0), PolicyApplied(L1, 1, 0, 1))
    first = sender.must_take()
    assert first.message == PolicyApplied(L1, 2, 1, 1)
    say(PolicyApplied(L1, 1, 0, 0))  # may be sent already
    assert sender.drain() == [PolicyApplied(L2, 1, 0, 0), PolicyApplied(L1, 1, 0, 0)]


def test_refreshes_of_two_issues_are_two(sender: Sender, say: Say) -> None:
    say(CardRefresh(L1), issue=1)
    say(CardRefresh(L1), issue=2)
    assert len(sender.drain()) == 2


def test_a_refresh_that_is_being_sent_does_not_stand_for_a_newer_one(sender: Sender, say: Say) -> None:
    say(CardRefresh(L1))
    taken = sender.must_take()
    say(CardRefresh(L1))
    sender.database.sent(taken.id, None, sender.now)
    assert sender.drain() == [CardRefresh(L1)]


def test_a_refresh_that_may_be_sent_does_not_stand_for_a_newer_one(sender: Sender, say: Say, now: datetime) -> None:
    say(CardRefresh(L1))
    sender.database.put_back(sender.must_take().id, not_before=now, unsure_since=now, error="timeout")
    say(CardRefresh(L1))
    assert sender.drain() == [CardRefresh(L1), CardRefresh(L1)]


# --- what the database itself refuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [{"state": "lost"}, {"state": "sent"}, {"state": "sending"}])
def test_a_row_cannot_be_in_an_impossible_state(database: SqlDatabase, say: Say, values: dict[str, Any]) -> None:
    say(line("hello"))
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(update(OutboxRow).values(**values))


def test_an_id_is_never_used_again(sender: Sender, say: Say) -> None:
    say(line("hello"))
    first = sender.must_take()
    with sender.database.write() as connection:
        connection.execute(OutboxRow.metadata.tables["outbox"].delete())
    say(line("hello"))
    assert sender.must_take().id > first.id


# --- posts -----------------------------------------------------------------------------------------------------------


def test_posts_are_found_by_place_thread_and_source(sender: Sender, say: Say, database: SqlDatabase) -> None:
    words = ("DANN", "5.5")
    card = Post(1, L1, "card", "C1", "1.1")
    newer = Post(1, L1, "card", "C1", "2.2")
    relay = Post(1, L1, "relay", "C1", "3.3", source=words)
    elsewhere = Post(1, L2, "relay", "C2", "4.4", source=words)
    for post in (card, newer, relay, elsewhere, Post(2, L1, "card", "C1", "9.9")):
        say(line("x", post.place), issue=post.issue)
        database.sent(sender.must_take().id, post, sender.now)
    assert database.post_of(1, L1, "card") == newer
    assert database.post_of(1, L1, "receipt") is None
    assert database.posts_of(1, "card") == [card, newer]
    assert database.copy_at(words, L1) == relay
    assert database.copy_at(words, L2) == elsewhere
    assert database.copy_at(words, ANN) is None
    with database.begin() as tx:
        assert tx.thread("C1", "1.1") == card
        assert tx.thread("C1", "3.3") is None
        assert tx.thread("C2", "1.1") is None
        assert tx.copies(*words) == [relay, elsewhere]
        assert tx.copies("C1", "5.5") == []


def test_a_message_of_slack_is_kept_once(sender: Sender, say: Say, database: SqlDatabase) -> None:
    card = Post(1, L1, "card", "C1", "1.1")
    for _ in range(2):
        say(line("x"))
        database.sent(sender.must_take().id, card, sender.now)
    assert database.posts_of(1, "card") == [card]


# --- several replicas on PostgreSQL -----------------------------------------------------------------------------------


@pytest.fixture
def replica(database_url: str, database: SqlDatabase) -> Any:
    other = open_database(database_url)
    yield other
    other.close()


only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@only_postgresql
def test_replicas_share_one_queue(sender: Sender, replica: SqlDatabase, say: Say, now: datetime) -> None:
    say(*[line("hello", Place(person=f"U{number}")) for number in range(40)])

    def work(database: SqlDatabase) -> list[Message]:
        return Sender(database, now).drain()

    with ThreadPoolExecutor(8) as pool:
        taken = [message for part in pool.map(work, [sender.database, replica] * 4) for message in part]
    assert len(taken) == 40
    assert len(set(taken)) == 40


@only_postgresql
def test_a_refresh_relied_on_is_not_taken_until_the_change_is_stored(
    sender: Sender, replica: SqlDatabase, say: Say, now: datetime
) -> None:
    say(CardRefresh(L1))
    with sender.database.begin() as tx:
        tx.enqueue(1, CardRefresh(L1), lane=1, now=now)  # collapses into the row that waits
        assert Sender(replica, now).take() is None
    assert sender.drain() == [CardRefresh(L1)]


@only_postgresql
def test_a_change_waits_for_another_replica_to_finish_with_the_issue(
    database: SqlDatabase, replica: SqlDatabase, keep: Keep
) -> None:
    keep(1)
    with ThreadPoolExecutor(1) as pool:

        def title() -> str:
            with replica.begin() as tx:
                return tx.issue(1).status.value

        with database.begin() as tx:
            tx.issue(1)
            waits = pool.submit(title)
            with pytest.raises(TimeoutError):
                waits.result(timeout=0.3)
        assert waits.result(timeout=60) == "open"


@only_postgresql
def test_a_post_is_stored_while_a_change_holds_its_issue(
    sender: Sender, replica: SqlDatabase, say: Say, now: datetime
) -> None:
    say(Card(L1, ping=False))
    taken = sender.must_take()
    with sender.database.begin() as tx:
        tx.issue(1)
        replica.sent(taken.id, Post(1, L1, "card", "C1", "1.1"), now)
    assert replica.post_of(1, L1, "card") == Post(1, L1, "card", "C1", "1.1")
