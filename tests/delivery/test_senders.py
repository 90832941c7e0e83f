"""The threads: woken by work, held by Slack's pace, stopped without loss."""

import logging
import threading
from collections.abc import Iterator

import pytest

from bot.ports import Call, Sent
from bot.services.delivery import Courier, Senders
from bot.services.pacing import Pacer, PingBudget
from storage import SqlDatabase
from tests.delivery.conftest import TroubledSlack
from tests.harness import START, Workspace

PATIENCE = 60.0  # seconds until a test gives up on what should happen at once; the machine may be busy


class SlowSlack(TroubledSlack):
    """Tells when a call has come in, and answers when it is let."""

    def __init__(self) -> None:
        super().__init__(lambda: START)
        self.came_in = threading.Semaphore(0)
        self.done = threading.Semaphore(0)
        self.may_answer = threading.Event()
        self.may_answer.set()

    def send(self, call: Call, key: str) -> Sent:
        self.came_in.release()
        assert self.may_answer.wait(PATIENCE)
        try:
            return super().send(call, key)
        finally:
            self.done.release()


@pytest.fixture
def slow() -> SlowSlack:
    return SlowSlack()


@pytest.fixture
def senders(store: SqlDatabase, workspace: Workspace, slow: SlowSlack) -> Iterator[Senders]:
    """Real threads, real seconds of pace; only Slack is not real."""
    pacer = Pacer()
    courier = Courier(
        store,
        slow,
        workspace.directory,
        lambda: workspace.policy,
        pacer=pacer,
        pings=PingBudget(),
        clock=workspace.clock,
        team_url=lambda: "https://acme.slack.com/",
    )
    made = Senders(courier, pacer)
    yield made
    slow.may_answer.set()
    made.stop(PATIENCE)


def test_woken_senders_deliver_to_all_places_at_once(workspace: Workspace, senders: Senders, slow: SlowSlack) -> None:
    slow.may_answer.clear()
    senders.start()
    workspace.submit_issue(settle=False)
    senders.wake()
    assert slow.came_in.acquire(timeout=PATIENCE)
    assert slow.came_in.acquire(timeout=PATIENCE)  # the receipt does not wait for the card's answer
    slow.may_answer.set()
    assert slow.done.acquire(timeout=PATIENCE)
    assert slow.done.acquire(timeout=PATIENCE)
    senders.stop(PATIENCE)
    assert workspace.database.waiting() == 0
    assert sorted(m.channel for m in slow.messages) == ["C0L1", "D0MAYA"]


class SlowNames(SlowSlack):
    """Tells a name when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def user_name(self, user: str) -> str:
        self.asked.set()
        assert self.may_answer.wait(PATIENCE)
        return super().user_name(user)

    def send(self, call: Call, key: str) -> Sent:
        try:
            return TroubledSlack.send(self, call, key)
        finally:
            self.done.release()


def test_words_that_wait_for_a_name_hold_back_no_call(store: SqlDatabase, workspace: Workspace) -> None:
    workspace.submit_issue()
    slow = SlowNames()
    slow.messages, workspace.slack = workspace.slack.messages, slow
    workspace.start()
    senders = Senders(workspace.courier, Pacer())
    root = workspace.receipt()
    said = {"user": "U0MAYA", "text": "<@U0TOM> knows more", "ts": slow.new_ts(), "thread_ts": root.ts}
    slow.may_answer.clear()
    workspace.event({"type": "message", "channel_type": "im", "channel": root.channel, **said})
    senders.start()
    try:
        assert slow.asked.wait(PATIENCE)
        workspace.submit_issue(by="U0TOM", impact="high", urgency="high", settle=False)
        senders.wake()
        assert slow.done.acquire(timeout=5)
        assert not slow.may_answer.is_set()
    finally:
        slow.may_answer.set()
        senders.stop(PATIENCE)


def test_what_was_left_over_is_found_at_the_start_without_a_wake(
    workspace: Workspace, senders: Senders, slow: SlowSlack
) -> None:
    workspace.submit_issue(settle=False)
    senders.start()
    assert slow.done.acquire(timeout=PATIENCE)
    assert slow.done.acquire(timeout=PATIENCE)


def test_stopping_finishes_the_call_in_hand_and_takes_no_other(
    workspace: Workspace, senders: Senders, slow: SlowSlack
) -> None:
    slow.may_answer.clear()
    senders.start()
    for number in range(3):
        workspace.submit_issue(by=f"U0P{number}", settle=False)
    senders.wake()
    for _ in range(4):
        assert slow.came_in.acquire(timeout=PATIENCE)
    stopping = threading.Thread(target=senders.stop, args=(PATIENCE,))
    stopping.start()
    slow.may_answer.set()
    stopping.join(PATIENCE)
    assert len(slow.made) == 4  # one in each of the four hands
    assert workspace.database.waiting() == 2


def test_senders_outlive_a_database_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    back = threading.Semaphore(0)

    class Away:
        """A courier whose database is not there at first."""

        def __init__(self) -> None:
            self.tried = 0

        def deliver_next(self) -> bool:
            self.tried += 1
            if self.tried == 1:
                raise OSError("the disk is gone")
            back.release()
            return False

    made = Senders(Away(), Pacer(), count=1)  # type: ignore[arg-type]  # it needs no more of a courier
    with caplog.at_level(logging.ERROR):
        made.start()
        assert back.acquire(timeout=PATIENCE)
        made.stop(PATIENCE)
    assert "the outbox cannot be read" in caplog.text


def test_senders_that_have_nothing_to_do_stop_at_once(senders: Senders) -> None:
    senders.start()
    senders.stop(PATIENCE)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sender-")]
