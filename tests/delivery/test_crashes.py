"""The process dies before its first, second, .. write of a delivery; whichever it is, in the end all is told, once."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.domain.events import DeliveryFailed
from bot.ports import Rejected, Unsure
from storage import SqlDatabase
from tests.delivery.conftest import POST, Crash, TroubledSlack
from tests.harness import Workspace

WRITES = {"sent", "put_back", "superseded", "keep_dm"}


class DyingDatabase:
    """Lets a number of writes pass and dies instead of the next; a transaction dies just before it is stored."""

    def __init__(self, database: SqlDatabase, lives: int) -> None:
        self._database = database
        self._lives = lives

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._database, name)
        return self._mortal(found) if name in WRITES else found

    def _mortal(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def written(*arguments: Any, **more: Any) -> Any:
            self._live()
            return write(*arguments, **more)

        return written

    @contextlib.contextmanager
    def begin(self) -> Iterator[Any]:
        with self._database.begin() as tx:
            yield tx
            self._live()

    def _live(self) -> None:
        self._lives -= 1
        if self._lives < 0:
            raise Crash


def die_and_come_back(workspace: Workspace, store: SqlDatabase, lives: int) -> None:
    """Deliver until it dies, or until there is nothing left; then a new process does the rest."""
    workspace.database = DyingDatabase(store, lives)  # type: ignore[assignment]  # the real one answers what it is asked
    workspace.start()
    with contextlib.suppress(Crash):
        workspace.deliver()
    workspace.clock.advance(seconds=5)
    workspace.database = store
    workspace.start()
    workspace.settle(120)
    assert workspace.database.waiting() == 0


@pytest.mark.parametrize("lives", range(7))
def test_a_new_issue_is_shown_once(store: SqlDatabase, workspace: Workspace, slack: TroubledSlack, lives: int) -> None:
    workspace.submit_issue(settle=False)
    die_and_come_back(workspace, store, lives)
    assert len(workspace.channel("support-l1")) == 1
    assert len(slack.dm("U0MAYA")) == 1


@pytest.mark.parametrize("lives", range(7))
def test_a_refused_card_is_on_record_and_told_once(
    store: SqlDatabase, workspace: Workspace, slack: TroubledSlack, lives: int
) -> None:
    slack.archived.add("C0L1")
    workspace.submit_issue(settle=False)
    die_and_come_back(workspace, store, lives)
    assert [type(entry.event) for entry in store.timeline(1)].count(DeliveryFailed) == 1
    assert len(workspace.channel("support-l2")) == 1


@pytest.mark.parametrize("lives", range(7))
def test_a_deleted_card_comes_back_once(
    store: SqlDatabase, workspace: Workspace, slack: TroubledSlack, lives: int
) -> None:
    workspace.submit_issue()
    workspace.card("L1").deleted = True
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="claim")
    die_and_come_back(workspace, store, lives)
    (card,) = workspace.channel("support-l1")
    assert "Claimed by <@U0ANA>" in card.shown
    assert "<@U0ANA> is on it" in workspace.receipt().shown


@pytest.mark.parametrize("lives", range(7))
@pytest.mark.parametrize("trouble", [Unsure("lost"), Rejected("invalid_blocks")], ids=["lost answer", "refused blocks"])
def test_trouble_and_death_together_lose_nothing(
    store: SqlDatabase, workspace: Workspace, slack: TroubledSlack, lives: int, trouble: Exception
) -> None:
    slack.fails(trouble, method=POST, channel="C0L1", done=isinstance(trouble, Unsure))
    workspace.submit_issue(settle=False)
    die_and_come_back(workspace, store, lives)
    assert len(workspace.channel("support-l1")) == 1
    assert "DeliveryFailed" not in workspace.story()


@pytest.mark.parametrize("lives", range(7))
def test_words_are_relayed_once_and_marked(
    store: SqlDatabase, workspace: Workspace, slack: TroubledSlack, lives: int
) -> None:
    workspace.submit_issue()
    root = workspace.receipt()
    ts = slack.new_ts()
    said = {"user": "U0MAYA", "text": "any news?", "ts": ts, "thread_ts": root.ts, "channel": root.channel}
    workspace.event({"type": "message", "channel_type": "im", **said})
    die_and_come_back(workspace, store, lives)
    assert [m.text for m in slack.thread(workspace.card("L1"))] == ["<@U0MAYA>: any news?"]
    assert (root.channel, ts) in slack.nods
