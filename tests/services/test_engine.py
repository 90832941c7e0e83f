"""The tick: every due moment is passed, once, and one issue that cannot be moved holds back no other."""

import contextlib
import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlmodel import col

from bot.domain.priority import Level
from bot.services.engine import BATCH, Engine
from bot.services.issues import Report
from storage import SqlDatabase
from storage.tables import IssueRow
from tests.harness import Workspace


def open_many(workspace: Workspace, count: int) -> None:
    for number in range(count):
        report = Report(f"U0P{number}", f"Trouble {number}", "", Level.MEDIUM, Level.MEDIUM)
        workspace.bot.issues.open(report, delivery=f"form{number}")


def poison(store: SqlDatabase, number: int) -> None:
    """No rule can read it any more."""
    with store.write() as connection:
        connection.execute(update(IssueRow).where(col(IssueRow.number) == number).values(body={"junk": True}))


def tiers(workspace: Workspace, *numbers: int) -> list[int]:
    return [workspace.issue(number).tier for number in numbers]


class Ticking:
    """An engine that counts how often it wakes the senders."""

    def __init__(self, workspace: Workspace) -> None:
        self.woken = 0
        clock = workspace.clock
        self.engine = Engine(workspace.database, lambda: workspace.policy, clock, self._wake, monotonic=clock.monotonic)

    def _wake(self) -> None:
        self.woken += 1


def test_a_tick_without_anything_due_moves_nothing_and_wakes_nobody(workspace: Workspace) -> None:
    open_many(workspace, 2)
    ticking = Ticking(workspace)
    workspace.clock.advance(minutes=119, seconds=59)
    assert ticking.engine.run_once() == 0
    assert ticking.woken == 0


def test_a_tick_moves_all_that_is_due_and_comes_to_rest(workspace: Workspace) -> None:
    open_many(workspace, 3)
    ticking = Ticking(workspace)
    workspace.clock.advance(hours=2)
    assert ticking.engine.run_once() == 3
    assert ticking.woken == 3
    assert tiers(workspace, 1, 2, 3) == [2, 2, 2]
    assert ticking.engine.run_once() == 0


def test_the_pulse_is_the_moment_of_the_last_tick(workspace: Workspace) -> None:
    workspace.clock.advance(hours=1)
    assert workspace.clock.monotonic() - workspace.engine.last_run == 3600
    workspace.engine.run_once()
    assert workspace.engine.last_run == workspace.clock.monotonic()


# --- after downtime ---------------------------------------------------------------------------------------------------


def test_after_downtime_each_issue_takes_one_step_and_its_new_tier_has_a_full_window(workspace: Workspace) -> None:
    open_many(workspace, 3)
    workspace.clock.advance(days=3)
    workspace.start()
    for _ in range(5):
        workspace.engine.run_once()
    assert tiers(workspace, 1, 2, 3) == [2, 2, 2]
    workspace.clock.advance(hours=2, seconds=-1)
    assert workspace.engine.run_once() == 0
    workspace.clock.advance(seconds=1)
    assert workspace.engine.run_once() == 3
    assert tiers(workspace, 1, 2, 3) == [3, 3, 3]


def test_the_record_says_when_it_should_have_happened_and_when_it_did(workspace: Workspace) -> None:
    workspace.submit_issue(settle=False)
    opened = workspace.clock()
    workspace.clock.advance(days=3)
    workspace.engine.run_once()
    moved = next(e.event for e in workspace.database.timeline(1) if type(e.event).__name__ == "IssueEscalated")
    assert moved.at == opened + timedelta(days=3)
    assert getattr(moved, "due_at", None) == opened + timedelta(hours=2)


def test_a_clock_that_goes_back_moves_nothing_twice(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    workspace.submit_issue(settle=False)
    workspace.clock.advance(hours=2)
    assert workspace.engine.run_once() == 1
    workspace.clock.advance(hours=-1)
    assert workspace.engine.run_once() == 0
    assert tiers(workspace, 1) == [2]
    assert "the clock went back" in caplog.text


# --- an issue that cannot be moved ------------------------------------------------------------------------------------


def test_an_issue_that_cannot_be_moved_holds_back_no_other(
    store: SqlDatabase, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    open_many(workspace, 3)
    poison(store, 1)
    workspace.clock.advance(hours=2)
    assert workspace.engine.run_once() == 2
    assert tiers(workspace, 2, 3) == [2, 2]
    assert "ISS-1 could not be moved" in caplog.text


def test_it_is_set_aside_for_longer_each_time_and_then_for_an_hour(
    store: SqlDatabase, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    open_many(workspace, 1)
    poison(store, 1)
    workspace.clock.advance(hours=2)
    tried: list[float] = []
    start = workspace.clock()
    while workspace.clock() - start < timedelta(hours=3):
        before = caplog.text.count("ISS-1 c")
        workspace.engine.run_once()
        if caplog.text.count("ISS-1 c") > before:
            tried.append((workspace.clock() - start).total_seconds())
        quarantined = "cannot be moved" in caplog.text
        workspace.clock.advance(minutes=1) if quarantined else workspace.clock.advance(seconds=1)
    waits = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert waits[:4] == [5, 10, 20, 40]
    assert all(3600 <= wait < 3700 for wait in waits[4:])
    assert len(waits) > 4


def test_after_five_failures_it_is_reported_for_a_person_to_look_at(
    store: SqlDatabase, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    open_many(workspace, 2)
    poison(store, 1)
    workspace.clock.advance(hours=2)
    for _ in range(200):
        workspace.engine.run_once()
        workspace.clock.advance(seconds=1)
    reports = [r for r in caplog.records if r.levelname == "CRITICAL"]
    assert len(reports) == 1
    assert "ISS-1 cannot be moved (5 failures): look at it by hand" in reports[0].getMessage()
    assert tiers(workspace, 2) == [2]


def test_one_that_is_mended_goes_on_as_if_nothing_had_been(store: SqlDatabase, workspace: Workspace) -> None:
    open_many(workspace, 1)
    with store.read() as connection:
        body = connection.exec_driver_sql("SELECT body FROM issue").scalar_one()
    poison(store, 1)
    workspace.clock.advance(hours=2)
    workspace.engine.run_once()
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE issue SET body = ?", (body,))
    workspace.clock.advance(seconds=5)
    assert workspace.engine.run_once() == 1
    with store.read() as connection:
        row = connection.exec_driver_sql("SELECT failures, failure, set_aside_until FROM issue").one()
    assert tuple(row) == (0, None, None)


class FullDisk:
    """Takes small changes of rows that are there, and stores no issue."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextlib.contextmanager
    def begin(self) -> Iterator[Any]:
        with self._database.begin() as tx:
            yield tx
            raise OperationalError("COMMIT", None, Exception("No space left on device"))


def test_a_database_that_was_away_for_long_is_no_reason_to_wait_an_hour(workspace: Workspace) -> None:
    open_many(workspace, 1)
    store, workspace.database = workspace.database, FullDisk(workspace.database)  # type: ignore[assignment]
    engine = Ticking(workspace).engine
    workspace.clock.advance(hours=2)
    for _ in range(600):
        workspace.clock.advance(seconds=1)
        engine.run_once()
    workspace.database = store
    engine = Ticking(workspace).engine
    moved = 0
    for _ in range(41):
        workspace.clock.advance(seconds=1)
        moved += engine.run_once()
    assert moved == 1


def test_a_start_tries_anew_what_was_set_aside_for_an_hour(store: SqlDatabase, workspace: Workspace) -> None:
    open_many(workspace, 1)
    with store.read() as connection:
        body = connection.exec_driver_sql("SELECT body FROM issue").scalar_one()
    poison(store, 1)
    workspace.clock.advance(hours=2)
    for _ in range(100):
        workspace.engine.run_once()
        workspace.clock.advance(seconds=1)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE issue SET body = ?", (body,))  # the version that read it wrong is taken back
    assert workspace.engine.run_once() == 0
    workspace.start()
    assert workspace.engine.run_once() == 1


def test_a_whole_batch_that_cannot_be_moved_does_not_hide_the_rest(store: SqlDatabase, workspace: Workspace) -> None:
    open_many(workspace, BATCH + 3)
    for number in range(1, BATCH + 1):
        poison(store, number)
    workspace.clock.advance(hours=2)
    assert workspace.engine.run_once() == 3


def test_an_issue_that_cannot_be_read_does_not_stop_the_catch_up_after_a_downtime(
    store: SqlDatabase, workspace: Workspace
) -> None:
    open_many(workspace, 3)
    workspace.engine.run_once()
    poison(store, 1)
    workspace.clock.advance(hours=3)
    workspace.start()
    workspace.engine.run_once()
    assert tiers(workspace, 2, 3) == [2, 2]


def test_rows_that_look_due_and_are_not_do_not_hide_the_one_that_is(store: SqlDatabase, workspace: Workspace) -> None:
    """Their moments were reckoned with other rules, or another time zone database."""
    open_many(workspace, BATCH)
    workspace.clock.advance(hours=1)
    with store.write() as connection:
        connection.execute(update(IssueRow).values(due_at=workspace.clock() - timedelta(minutes=1)))
    workspace.submit_issue(impact="high", urgency="high", settle=False)  # P1
    with store.write() as connection:
        ranked = update(IssueRow).where(col(IssueRow.number) == BATCH + 1)
        connection.execute(ranked.values(rank=9))  # it is looked for last
    workspace.clock.advance(minutes=16)
    workspace.engine.run_once()
    workspace.engine.run_once()
    assert tiers(workspace, BATCH + 1) == [3]
    workspace.clock.advance(minutes=44)
    workspace.engine.run_once()
    assert tiers(workspace, 1, BATCH) == [2, 2]
