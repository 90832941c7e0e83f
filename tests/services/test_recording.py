"""A decision becomes fact as a whole or not at all; looking things up changes nothing."""

from dataclasses import replace

import pytest

from bot.domain import lifecycle
from bot.domain.decision import Actor, Decision
from bot.domain.refusals import NoSuchIssue
from bot.services.issues import pinned
from bot.services.recording import record
from bot.services.search import SHOWN
from storage import SqlDatabase
from tests.harness import Workspace


def counts(store: SqlDatabase) -> tuple[int, ...]:
    with store.read() as connection:
        return tuple(
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in ("issue", "timeline", "outbox", "delivery")
        )


def test_an_error_in_the_middle_stores_nothing_of_it(store: SqlDatabase, workspace: Workspace) -> None:
    workspace.submit_issue()
    before = counts(store), workspace.issue()

    def broken_halfway() -> None:
        with store.begin() as tx:
            issue, policy = pinned(tx, 1, workspace.policy)
            who = Actor("U0ANA", frozenset({1}))
            record(
                tx,
                issue,
                lifecycle.claim(issue, who, desk=1, policy=policy, now=workspace.clock()),
                policy,
                workspace.clock(),
            )
            raise OSError("the power is gone")

    with pytest.raises(OSError, match="power"):
        broken_halfway()
    assert (counts(store), workspace.issue()) == before


def test_a_decision_without_events_stores_nothing(store: SqlDatabase, workspace: Workspace) -> None:
    workspace.submit_issue()
    before = counts(store)
    with store.begin() as tx:
        issue, policy = pinned(tx, 1, workspace.policy)
        changed = replace(issue, title="nobody decided this")
        assert record(tx, issue, Decision(changed), policy, workspace.clock()) == changed
    assert counts(store) == before
    assert workspace.issue().title == "VPN is down in Berlin"


def test_the_timeline_is_numbered_without_gaps(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=10)
    workspace.bot.issues.claim(1, "U0EMIL", desk=3, delivery="press")
    timeline = workspace.database.timeline(1)
    assert [entry.seq for entry in timeline] == list(range(1, len(timeline) + 1))
    assert workspace.issue().version == len(timeline)


def test_an_issue_keeps_the_policy_it_was_opened_under(workspace: Workspace) -> None:
    workspace.submit_issue(settle=False)
    first = workspace.policy
    targets = {
        each: replace(target, windows=tuple(w * 10 for w in target.windows)) for each, target in first.targets.items()
    }
    workspace.policy = replace(first, version="ten times slower", targets=targets)
    workspace.submit_issue(by="U0TOM", settle=False)
    workspace.clock.advance(hours=2)
    workspace.engine.run_once()
    assert [workspace.issue(number).tier for number in (1, 2)] == [2, 1]


# --- looking up -------------------------------------------------------------------------------------------------------


def test_mine_are_the_newest_of_what_i_reported(workspace: Workspace) -> None:
    for number in range(SHOWN + 1):
        workspace.submit_issue(f"Trouble {number}", settle=False)
        workspace.clock.advance(minutes=10)
    workspace.submit_issue("Not mine", by="U0TOM", settle=False)
    page = workspace.bot.search.mine("U0MAYA")
    assert [each.issue.title for each in page.found] == [f"Trouble {n}" for n in range(SHOWN, 0, -1)]
    assert page.more
    assert not workspace.bot.search.mine("U0TOM").more


def test_open_ones_are_listed_most_urgent_first(workspace: Workspace) -> None:
    workspace.submit_issue("low", impact="low", urgency="low", settle=False)
    workspace.submit_issue("old", settle=False)
    workspace.submit_issue("over", settle=False)
    workspace.clock.advance(minutes=1)
    workspace.submit_issue("new", settle=False)
    workspace.submit_issue("critical", by="U0TOM", impact="high", urgency="high", settle=False)
    workspace.bot.issues.resolve(3, "U0ANA", fix="x", delivery="press")
    page = workspace.bot.search.open()
    assert [each.issue.title for each in page.found] == ["critical", "old", "new", "low"]
    assert not page.more


def test_one_that_is_not_there_is_a_refusal_in_words(workspace: Workspace) -> None:
    with pytest.raises(NoSuchIssue, match="There is no ISS-7"):
        workspace.bot.search.one(7)
