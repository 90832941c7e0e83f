"""A fault of ours in one message: it is tried again, given up in the end, and holds back nobody else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlmodel import col

from bot.messages import Card, Line, Place
from bot.ports import TryLater
from bot.services.delivery import ALONE_LIMIT
from storage import SqlDatabase
from storage.tables import IssueRow, OutboxRow
from tests.delivery.conftest import POST, Rows, TroubledSlack, enqueue
from tests.harness import Clock, Workspace

BROKEN = Card(Place(person="U0TOM"), ping=False)  # a card belongs to a tier; drawing this one raises


def test_a_message_that_cannot_be_drawn_is_tried_five_times_and_given_up(
    workspace: Workspace, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.submit_issue()
    enqueue(workspace, BROKEN)
    start = workspace.clock()
    workspace.settle(600)
    assert ("Card", "person:U0TOM", "failed") in rows()
    assert caplog.text.count("could not be delivered through a fault of ours") == 5
    assert timedelta(seconds=10) < workspace.clock() - start < timedelta(minutes=5)


def test_a_message_given_up_for_a_fault_of_ours_is_told_too(workspace: Workspace) -> None:
    workspace.submit_issue()
    enqueue(workspace, BROKEN)
    workspace.settle(600)
    assert workspace.story() == ["IssueOpened", "DeliveryFailed"]
    assert "internal fault" in workspace.channel("support-l1")[-1].text


def test_one_fault_of_ours_does_not_end_what_slack_put_off_before(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(5), method=POST, channel="C0L1", times=6)
    slack.fails(ZeroDivisionError("ours"), method=POST, channel="C0L1")
    workspace.submit_issue()
    workspace.settle(600)
    assert len(workspace.channel("support-l1")) == 1
    assert workspace.story() == ["IssueOpened"]


class FullDisk:
    """Until it is cleared no post is kept; smaller changes are."""

    def __init__(self, database: SqlDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._cleared_at = clock() + timedelta(minutes=5)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def sent(self, *arguments: Any) -> None:
        if self._clock() < self._cleared_at:
            raise OperationalError("INSERT INTO post", None, Exception("No space left on device"))
        self._database.sent(*arguments)


def test_a_database_that_is_away_for_minutes_loses_no_card(
    store: SqlDatabase, workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    workspace.database = FullDisk(store, workspace.clock)  # type: ignore[assignment]
    workspace.start()
    workspace.settle(600)
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    assert "Claimed by <@U0ANA>" in workspace.card("L1").shown
    assert len(workspace.channel("support-l1")) == 1
    assert "DeliveryFailed" not in workspace.story()


def test_while_it_is_tried_other_issues_and_other_places_go_on(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    enqueue(workspace, BROKEN, lane=1)
    enqueue(workspace, Card(Place(tier=2), ping=False))
    workspace.deliver()
    assert workspace.database.waiting() == 1
    assert len(workspace.channel("support-l2")) == 1
    workspace.submit_issue("Printer is out of paper", by="U0LENA", settle=False)
    workspace.clock.advance(seconds=1.1)
    workspace.deliver()
    assert len(slack.dm("U0LENA")) == 1
    assert len(workspace.channel("support-l1")) == 2
    assert workspace.database.waiting() == 1


def test_a_stuck_message_keeps_the_order_of_its_own_place(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue(by="U0TOM")
    enqueue(workspace, BROKEN)
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    workspace.deliver()
    assert "Waiting for L1" in workspace.receipt(of="U0TOM").shown
    workspace.settle(600)
    assert "<@U0ANA> is on it" in workspace.receipt(of="U0TOM").shown


def test_a_mention_of_somebody_slack_does_not_tell_about_is_relayed_all_the_same(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    workspace.say(workspace.receipt(), "ask &lt;Bo&gt; &amp; <@U0TOM|tom>", by="U0MAYA")
    assert slack.thread(workspace.card("L1"))[-1].text == "<@U0MAYA>: ask &lt;Bo&gt; &amp; @tom"


class Slow(Clock):
    """On a machine where each step takes a quarter of a minute, while `step` says so."""

    step = timedelta()

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


def test_what_takes_too_long_to_make_is_tried_with_growing_pauses_and_never_in_doubt(
    store: SqlDatabase, rows: Rows
) -> None:
    clock = Slow()
    workspace = Workspace(store, clock=clock)
    workspace.submit_issue()
    enqueue(workspace, Card(Place(tier=3), ping=False))
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        clock.step = timedelta(seconds=15)
        assert workspace.courier.deliver_next()
        clock.step = timedelta()
        assert not store.posts_in_doubt()  # nothing was sent
        clock.advance(seconds=pause - 0.5)
        assert not workspace.courier.deliver_next()
        clock.advance(seconds=0.5)
    assert workspace.courier.deliver_next()
    assert rows()[2] == ("Card", "tier:3", "sent")
    assert workspace.story() == ["IssueOpened"]


def test_the_only_one_that_takes_too_long_to_make_is_given_up(store: SqlDatabase, rows: Rows) -> None:
    clock = Slow()
    workspace = Workspace(store, clock=clock)
    workspace.submit_issue()
    enqueue(workspace, Card(Place(tier=3), ping=False))
    for _ in range(ALONE_LIMIT + 1):
        assert ("Card", "tier:3", "pending") in rows()
        clock.advance(minutes=2)
        clock.step = timedelta(seconds=15)
        assert workspace.courier.deliver_next()
        clock.step = timedelta()
        enqueue(workspace, Line(Place(tier=1), text="quick"))
        assert workspace.courier.deliver_next()
    assert ("Card", "tier:3", "failed") in rows()
    assert workspace.story() == ["IssueOpened", "DeliveryFailed"]


@pytest.mark.parametrize("values", [{"kind": "FromTheFuture"}, {"data": {"junk": 1}}])
def test_a_row_that_cannot_be_read_holds_back_nobody(
    store: SqlDatabase, workspace: Workspace, slack: TroubledSlack, values: dict[str, object]
) -> None:
    """Left by a newer version, for instance, after a step back."""
    workspace.submit_issue()
    enqueue(workspace, Card(Place(tier=3), ping=False), lane=1)
    with store.write() as connection:
        connection.execute(update(OutboxRow).where(col(OutboxRow.place) == "tier:3").values(**values))
    workspace.submit_issue("Printer is out of paper", by="U0TOM", settle=False)
    workspace.settle(10)
    assert slack.count(POST, "D0TOM") == 1
    assert len(workspace.channel("support-l1")) == 2


def test_the_messages_of_an_issue_that_cannot_be_read_end_too(store: SqlDatabase, workspace: Workspace) -> None:
    workspace.submit_issue(settle=False)
    with store.write() as connection:
        connection.execute(update(IssueRow).values(body={"junk": True}))
    workspace.settle(600)
    assert not workspace.database.waiting()
