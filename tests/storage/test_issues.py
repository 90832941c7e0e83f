"""Issues, timelines, policies and deliveries: what is stored is what was meant, once, and under whose lock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col

from bot.domain.events import IssueClaimed, NoteTaken, ReporterReplied, StaffReplied, Words, WordsEdited
from bot.domain.issue import Claim, Issue, Status
from bot.domain.policy import Policy
from bot.domain.priority import Priority
from bot.domain.refusals import NoSuchIssue
from bot.messages import Line, Place
from bot.ports import Database, TimelineEntry, Transaction
from storage import SqlDatabase
from storage.tables import IssueRow, TimelineRow
from storage.transaction import StaleIssue

MINUTE = timedelta(minutes=1)
Keep = Callable[..., Issue]


def test_it_is_what_the_bot_asks_for(database: SqlDatabase) -> None:
    """The type checker is the test."""
    port: Database = database
    with port.begin() as transaction:
        tx: Transaction = transaction
        assert tx.staff_tiers("U1") == frozenset()


def test_an_issue_comes_back_as_it_was(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    issue = keep(7, status=Status.CLAIMED, claim=Claim("U2", now, 1), title="\0 <b> 'a' \U0001f600", answered_at=now)
    assert database.find(7) == issue
    with database.begin() as tx:
        assert tx.issue(7) == issue


def test_a_missing_issue_is_refused_in_words(database: SqlDatabase) -> None:
    assert database.find(42) is None
    with pytest.raises(NoSuchIssue, match="There is no ISS-42"), database.begin() as tx:
        tx.issue(42)


def test_nothing_is_stored_by_a_transaction_that_fails(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    issue = keep(1)

    def fail_at_the_end() -> None:
        with database.begin() as tx:
            tx.issue(1)
            tx.save(replace(issue, title="changed", version=2), now)
            tx.append(1, 1, IssueClaimed(now, "U2", 1))
            tx.enqueue(1, Line(Place(tier=1), "hello"), lane=1, now=now)
            tx.first_sight("key", now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_end()
    assert database.find(1) == issue
    assert database.timeline(1) == []
    assert database.waiting() == 0
    with database.begin() as tx:
        assert tx.first_sight("key", now)


def test_ten_changes_at_once_lose_none(database: SqlDatabase, keep: Keep) -> None:
    keep(1, pings=0)

    def ping(_: int) -> None:
        with database.begin() as tx:
            issue = tx.issue(1)
            tx.save(replace(issue, pings=issue.pings + 1, version=issue.version + 1), None)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(ping, range(10)))
    issue = database.find(1)
    assert issue is not None
    assert (issue.pings, issue.version) == (10, 11)


def test_an_issue_that_was_not_read_is_not_overwritten(database: SqlDatabase, keep: Keep) -> None:
    issue = keep(1)
    with pytest.raises(StaleIssue, match="ISS-1"), database.begin() as tx:
        tx.save(replace(issue, title="blind", version=2), None)
    assert database.find(1) == issue


def test_numbers_are_given_once_and_count_up(database: SqlDatabase, keep: Keep) -> None:
    def open_one(_: int) -> int:
        with database.begin() as tx:
            return tx.new_number()

    with ThreadPoolExecutor(10) as pool:
        numbers = list(pool.map(open_one, range(20)))
    assert sorted(numbers) == list(range(1, 21))


def test_an_issue_needs_its_policy(database: SqlDatabase, issue: Issue) -> None:
    with pytest.raises(IntegrityError), database.begin() as tx:
        tx.save(issue, None)


def test_an_event_needs_its_issue(database: SqlDatabase, now: datetime) -> None:
    with pytest.raises(IntegrityError), database.begin() as tx:
        tx.append(99, 1, IssueClaimed(now, "U2", 1))


def test_a_message_needs_its_issue(database: SqlDatabase, now: datetime) -> None:
    with pytest.raises(IntegrityError), database.begin() as tx:
        tx.enqueue(99, Line(Place(tier=1), "hello"), lane=1, now=now)


def test_naive_times_are_refused(database: SqlDatabase, keep: Keep, issue: Issue, now: datetime) -> None:
    keep(1)
    naive = now.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"), database.begin() as tx:
        tx.save(replace(issue, number=2, answered_at=naive), None)
    with pytest.raises(Exception, match="timezone"), database.begin() as tx:
        tx.save(replace(issue, number=2), naive)
    assert database.find(2) is None


def test_times_come_back_in_utc(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1, opened_at=now.astimezone(datetime.strptime("+0530", "%z").tzinfo))
    stored = database.find(1)
    assert stored is not None
    assert stored.opened_at == now
    assert stored.opened_at.tzinfo == UTC


# --- the timeline ----------------------------------------------------------------------------------------------------


def test_a_timeline_is_read_in_order(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1)
    keep(2)
    first, second = IssueClaimed(now, "U2", 1), StaffReplied(now, "U2", Words("C1", "1.1", "hi", (("a", "b"),)))
    with database.begin() as tx:
        tx.append(1, 2, second)
        tx.append(1, 1, first)
        tx.append(2, 1, second)
        assert tx.timeline(1) == [TimelineEntry(1, first), TimelineEntry(2, second)]
    assert database.timeline(1) == [TimelineEntry(1, first), TimelineEntry(2, second)]


def test_two_events_cannot_have_one_place(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1)
    with database.begin() as tx:
        tx.append(1, 1, IssueClaimed(now, "U2", 1))
    with pytest.raises(IntegrityError), database.begin() as tx:
        tx.append(1, 1, IssueClaimed(now, "U3", 1))
    assert database.timeline(1) == [TimelineEntry(1, IssueClaimed(now, "U2", 1))]


@pytest.mark.parametrize("change", [update(TimelineRow).values(actor="U9"), delete(TimelineRow)])
def test_history_is_not_rewritten(database: SqlDatabase, keep: Keep, now: datetime, change: object) -> None:
    keep(1)
    with database.begin() as tx:
        tx.append(1, 1, IssueClaimed(now, "U2", 1))
    with pytest.raises(DBAPIError, match="append-only"), database.write() as connection:
        connection.execute(change)  # type: ignore[call-overload]
    assert database.timeline(1) == [TimelineEntry(1, IssueClaimed(now, "U2", 1))]


@pytest.mark.parametrize("said", [StaffReplied, NoteTaken, ReporterReplied])
def test_words_are_found_in_the_timeline_that_holds_them(
    database: SqlDatabase, keep: Keep, now: datetime, said: type[StaffReplied | NoteTaken | ReporterReplied]
) -> None:
    keep(1)
    with database.begin() as tx:
        tx.append(1, 1, said(now, "U2", Words("C1", "1.1", "hi")))
        tx.append(1, 2, WordsEdited(now, "U2", Words("C1", "2.2", "never seen before")))
        assert tx.is_said("C1", "1.1") == 1
        assert tx.is_said("C2", "1.1") is None
        assert tx.is_said("C1", "2.2") is None


# --- what people and the engine look for -----------------------------------------------------------------------------


def test_open_issues_come_most_urgent_first_then_oldest(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1, priority=Priority.P3)
    keep(2, priority=Priority.P1, opened_at=now + MINUTE)
    keep(3, priority=Priority.P1, opened_at=now)
    keep(4, priority=Priority.P1, status=Status.RESOLVED)
    keep(5, priority=Priority.P2, status=Status.CLAIMED)
    assert [issue.number for issue in database.open_issues(10)] == [3, 2, 5, 1]
    assert [issue.number for issue in database.open_issues(2)] == [3, 2]
    assert [issue.number for issue in database.each_open_issue()] == [3, 2, 5, 1]


def test_while_open_issues_are_read_one_by_one_they_may_be_changed(database: SqlDatabase, keep: Keep) -> None:
    for number in range(1, 1203):
        keep(number)
    read = 0
    for issue in database.each_open_issue():
        read += 1
        if read % 400 == 1:
            with database.begin() as tx:
                tx.save(replace(tx.issue(issue.number), title="Changed"), None)
    assert read == 1202


@pytest.mark.parametrize("status", Status)
def test_live_means_the_same_to_the_database_as_to_the_rules(database: SqlDatabase, keep: Keep, status: Status) -> None:
    issue = keep(1, status=status)
    assert bool(database.open_issues(1)) == issue.live


def test_a_reporter_sees_their_issues_newest_first(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1)
    keep(2, opened_at=now + MINUTE, status=Status.RESOLVED)
    keep(3, reporter="U9")
    keep(4, opened_at=now - MINUTE)
    assert [issue.number for issue in database.issues_of("U1", 10)] == [2, 1, 4]
    assert [issue.number for issue in database.issues_of("U1", 1)] == [2]


def test_issues_are_counted_from_a_moment_on(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1, opened_at=now - timedelta(microseconds=1))
    keep(2, opened_at=now)
    keep(3, opened_at=now + MINUTE)
    keep(4, reporter="U9")
    with database.begin() as tx:
        assert tx.opened_since("U1", now) == 2


def test_due_are_those_whose_moment_has_come_most_urgent_first(
    database: SqlDatabase, keep: Keep, now: datetime
) -> None:
    keep(1, now, priority=Priority.P2)
    keep(2, now - MINUTE, priority=Priority.P2)
    keep(3, now, priority=Priority.P1)
    keep(4, now + timedelta(microseconds=1))
    keep(5, None)
    assert database.due(now, 10) == [3, 2, 1]
    assert database.due(now, 2) == [3, 2]


def test_what_waits_or_is_resolved_is_due_last(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1, now - MINUTE, priority=Priority.P1, status=Status.WAITING)
    keep(2, now - MINUTE, priority=Priority.P1, status=Status.RESOLVED)
    keep(3, now, priority=Priority.P4, status=Status.CLAIMED)
    keep(4, now, priority=Priority.P3)
    assert database.due(now, 10) == [4, 3, 1, 2]


def test_an_issue_set_aside_is_not_due_until_then(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1, now)
    assert database.set_aside(1, now + MINUTE, "KeyError: 'x'\0") == 1
    assert database.set_aside(1, now + MINUTE, "KeyError: 'x'") == 2
    assert database.failures(1) == 2
    assert database.due(now, 10) == []
    assert database.due(now + MINUTE, 10) == [1]


def test_a_change_ends_being_set_aside(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1, now)
    database.set_aside(1, now + MINUTE, "KeyError")
    with database.begin() as tx:
        tx.save(tx.issue(1), now)
    assert database.due(now, 10) == [1]
    assert database.failures(1) == 0
    assert database.set_aside(1, now + MINUTE, "KeyError") == 1


def test_only_an_issue_can_be_set_aside(database: SqlDatabase, now: datetime) -> None:
    with pytest.raises(NoSuchIssue):
        database.set_aside(9, now, "KeyError")


def test_the_engines_last_beat_is_kept(database: SqlDatabase, now: datetime) -> None:
    assert database.beat() is None
    database.keep_beat(now)
    database.keep_beat(now + MINUTE)
    assert database.beat() == now + MINUTE


def test_the_first_content_of_a_policy_version_stays(database: SqlDatabase, policy: Policy, now: datetime) -> None:
    with pytest.raises(LookupError, match="v1"):
        database.policy("v1")
    with database.begin() as tx:
        tx.keep_policy(policy, now)
        tx.keep_policy(replace(policy, tiers=policy.tiers[:1]), now)
        assert tx.policy("v1") == policy
    assert database.policy("v1") == policy


def test_a_policy_that_was_rolled_back_is_not_remembered(database: SqlDatabase, policy: Policy, now: datetime) -> None:
    def fail_at_the_end() -> None:
        with database.begin() as tx:
            tx.keep_policy(policy, now)
            assert tx.policy("v1") == policy
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_end()
    with pytest.raises(LookupError), database.begin() as tx:
        tx.policy("v1")


# --- deliveries ------------------------------------------------------------------------------------------------------


def test_a_delivery_is_seen_first_once(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    keep(1)
    with database.begin() as tx:
        assert tx.issue_of_delivery("view:V1") is None
        assert tx.first_sight("view:V1", now)
        tx.bind_delivery("view:V1", 1)
    with database.begin() as tx:
        assert not tx.first_sight("view:V1", now)
        assert tx.issue_of_delivery("view:V1") == 1


def test_ten_deliveries_of_one_thing_at_once_are_seen_first_once(database: SqlDatabase, now: datetime) -> None:
    def deliver(_: int) -> bool:
        with database.begin() as tx:
            return tx.first_sight("view:V1", now)

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(deliver, range(10))) == [False] * 9 + [True]


def test_old_deliveries_are_forgotten(database: SqlDatabase, now: datetime) -> None:
    with database.begin() as tx:
        tx.first_sight("old", now - MINUTE)
        tx.first_sight("new", now)
    assert database.forget_deliveries(now) == 1
    with database.begin() as tx:
        assert tx.first_sight("old", now)
        assert not tx.first_sight("new", now)


# --- who waits for whom ----------------------------------------------------------------------------------------------


def test_reads_do_not_wait_for_a_writer(database: SqlDatabase, keep: Keep, now: datetime) -> None:
    issue = keep(1, now)
    with database.begin() as tx, ThreadPoolExecutor(1) as pool:
        tx.save(replace(tx.issue(1), title="changed", version=2), None)
        assert pool.submit(database.find, 1).result(timeout=60) == issue
        assert pool.submit(database.due, now, 10).result(timeout=60) == [1]


def test_a_transaction_inside_a_transaction_is_a_mistake(database: SqlDatabase) -> None:
    with database.begin(), pytest.raises(RuntimeError, match="in a transaction already"):
        database.keep_dm("U1", "D1")


def test_a_closed_database_is_closed(database: SqlDatabase) -> None:
    database.close()
    with pytest.raises(RuntimeError, match="closed"):
        database.find(1)
    with pytest.raises(RuntimeError, match="closed"), database.write() as connection:
        connection.execute(text("SELECT 1"))


def test_one_policy_is_in_force_since_it_came_into_force(database: SqlDatabase, policy: Policy, now: datetime) -> None:
    other, later = replace(policy, version="v2"), now + timedelta(hours=1)
    assert database.in_force() is None
    with database.begin() as tx:
        tx.keep_policy(other, now)
        tx.put_in_force(policy, now)
    for at in (later, later + timedelta(hours=1)):
        with database.begin() as tx:
            tx.put_in_force(policy, at)
        assert database.in_force() == (policy, now)
    for each in (other, policy):
        with database.begin() as tx:
            tx.put_in_force(each, later)
        assert database.in_force() == (each, later)


def test_unfinished_are_those_that_are_live_or_may_be_again(database: SqlDatabase, keep: Keep) -> None:
    for number, status in enumerate(Status, start=1):
        keep(number=number, status=status, priority=Priority.P1 if status is Status.MERGED else Priority.P3)
    found = [issue.status for issue in database.unfinished(["v1"])]
    assert found == ["merged", "open", "claimed", "waiting", "resolved"]
    assert list(database.unfinished(["v2"])) == []
    assert database.versions_in_use() == {"v1": 5}


def test_an_issue_that_cannot_be_read_hides_no_other(
    database: SqlDatabase, keep: Keep, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2, 3):
        keep(number)
    with database.write() as connection:
        connection.execute(update(IssueRow).where(col(IssueRow.number) == 2).values(body={"title": "secret"}))
    for found in (
        database.open_issues(10),
        database.each_open_issue(),
        database.unfinished(["v1"]),
        database.issues_of("U1", 10),
    ):
        assert sorted(issue.number for issue in found) == [1, 3]
    (said,) = set(caplog.messages)
    assert said == "ISS-2 cannot be read and is left out (number: missing, details: missing, reporter: missing)"
    assert "secret" not in caplog.text
    with pytest.raises(ValidationError):
        database.find(2)
