"""As fast as Slack allows, the most urgent first, and what is told to wait waits alone."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from bot.ports import Rejected, TryLater
from tests.delivery.conftest import POST, UPDATE, Rows, TroubledSlack
from tests.harness import Workspace

SECOND = timedelta(seconds=1)


def open_many(workspace: Workspace, count: int, *, impact: str = "medium", urgency: str = "medium") -> None:
    """Each by somebody else; nothing is sent yet."""
    for number in range(count):
        workspace.submit_issue(f"Trouble {number}", by=f"U0P{number}", impact=impact, urgency=urgency, settle=False)


def gaps(times: list[datetime]) -> list[timedelta]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def walk(workspace: Workspace, until: datetime, *, by: float = 0.25) -> None:
    while workspace.clock() < until:
        workspace.deliver()
        workspace.clock.advance(seconds=by)
    workspace.deliver()


def test_one_message_a_second_in_a_channel_and_channels_do_not_wait_for_each_other(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    open_many(workspace, 6)
    start = workspace.clock()
    walk(workspace, start + 8 * SECOND)
    posted = slack.times_of(POST, "C0L1")
    assert len(posted) == 6
    assert min(gaps(posted)) >= SECOND
    assert max(gaps(posted)) < 1.5 * SECOND
    assert {slack.times_of(POST, f"D0P{number}")[0] for number in range(6)} == {start}


def test_several_senders_together_keep_that_pace(workspace: Workspace, slack: TroubledSlack) -> None:
    open_many(workspace, 8)
    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(workspace.deliver) for _ in range(8)]:
            each.result()
    assert slack.count(POST, "C0L1") == 1
    assert sum(slack.count(POST, f"D0P{number}") for number in range(8)) == 8


def test_the_most_urgent_goes_first_and_then_the_oldest(workspace: Workspace, slack: TroubledSlack) -> None:
    open_many(workspace, 3, impact="low", urgency="low")
    workspace.deliver()
    workspace.submit_issue("everything is down", by="U0TOM", impact="high", urgency="high", settle=False)
    workspace.submit_issue("half is down", by="U0ANA", impact="medium", urgency="high", settle=False)
    workspace.settle()
    shown = [m.shown for m in workspace.channel("support-l1")]
    order = [next(f"ISS-{n}" for n in range(1, 6) if f"ISS-{n} " in text) for text in shown]
    assert order == ["ISS-1", "ISS-4", "ISS-5", "ISS-2", "ISS-3"]


# --- 429 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1.5, 7, 30, 600])
def test_retry_after_is_obeyed_exactly(workspace: Workspace, slack: TroubledSlack, seconds: float) -> None:
    slack.fails(TryLater(seconds), method=POST, channel="C0L1")
    workspace.submit_issue(settle=False)
    workspace.deliver()
    refused = workspace.clock()
    workspace.clock.advance(seconds=seconds - 0.001)
    workspace.deliver()
    assert slack.count(POST, "C0L1") == 1
    workspace.clock.advance(seconds=0.001)
    workspace.deliver()
    assert slack.times_of(POST, "C0L1") == [refused, refused + timedelta(seconds=seconds)]
    assert len(slack.looks) == 1


def test_what_slack_posts_while_it_says_too_fast_is_there_once(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(10), method=POST, channel="C0L1", done=True)
    workspace.submit_issue()
    workspace.settle(60)
    assert len(workspace.channel("support-l1")) == 1
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    assert "Claimed by <@U0ANA>" in workspace.card("L1").shown


def test_a_no_that_cannot_be_looked_into_is_a_no(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(10), method=POST, channel="C0L1")
    slack.look_errors = [Rejected("missing_scope")]
    workspace.submit_issue()
    workspace.settle(60)
    assert len(workspace.channel("support-l1")) == 1
    assert workspace.story() == ["IssueOpened"]


def test_a_429_holds_every_message_of_that_kind_in_that_channel(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(30), method=POST, channel="C0L1")
    open_many(workspace, 3)
    start = workspace.clock()
    walk(workspace, start + 29 * SECOND)
    assert slack.count(POST, "C0L1") == 1
    walk(workspace, start + 40 * SECOND)
    assert slack.count(POST, "C0L1") == 4
    assert min(slack.times_of(POST, "C0L1")[1:]) == start + 30 * SECOND


def test_a_429_holds_no_other_channel_and_no_other_method(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue("first")
    workspace.clock.advance(seconds=5)  # so that the channel is the first to be tried
    slack.fails(TryLater(300), method=POST, channel="C0L1")
    workspace.submit_issue("second", by="U0TOM", impact="high", urgency="high", settle=False)
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA", settle=False)
    workspace.deliver()
    assert slack.made[2].call.channel == "C0L1"
    walk(workspace, workspace.clock() + 10 * SECOND)
    assert "Claimed by <@U0ANA>" in workspace.card("L1").shown
    assert len(workspace.channel("support-l2")) == 1
    assert len(workspace.channel("it-managers")) == 1
    assert len(slack.dm("U0TOM")) == 1
    assert len(workspace.channel("support-l1")) == 1


def test_a_429_on_an_update_holds_no_posts(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue("first")
    slack.fails(TryLater(60), method=UPDATE, channel="C0L1")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.submit_issue("second", by="U0TOM")
    assert len(workspace.channel("support-l1")) == 2
    assert "Open, nobody" in workspace.card("L1").shown
    workspace.clock.advance(seconds=60)
    workspace.deliver()
    assert "Claimed by <@U0ANA>" in workspace.card("L1").shown


def test_a_429_is_obeyed_by_all_senders(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(30), method=POST, channel="C0L1")
    open_many(workspace, 8)
    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(workspace.deliver) for _ in range(8)]:
            each.result()
    workspace.clock.advance(seconds=29)
    workspace.deliver()
    assert slack.count(POST, "C0L1") == 1


def test_a_429_for_the_plain_words_of_a_refused_card_holds_the_channel_too(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    slack.fails(Rejected("invalid_blocks"), method=POST, channel="C0L1")
    slack.fails(TryLater(30), method=POST, channel="C0L1")
    open_many(workspace, 2)
    start = workspace.clock()
    walk(workspace, start + 29 * SECOND)
    assert slack.times_of(POST, "C0L1") == [start, start]
    walk(workspace, start + 33 * SECOND)
    assert len(workspace.channel("support-l1")) == 2


# --- a card that comes back is a post like any other ------------------------------------------------------------------


def test_a_reposted_card_waits_while_posts_to_its_channel_must(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue("first")
    workspace.card("L1").deleted = True
    workspace.clock.advance(seconds=5)
    slack.fails(TryLater(30), method=POST, channel="C0L1")
    workspace.submit_issue("second", by="U0TOM", settle=False)
    workspace.deliver()
    frozen = workspace.clock()
    assert slack.times_of(POST, "C0L1")[-1] == frozen
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    walk(workspace, frozen + 29.5 * SECOND)
    assert slack.times_of(POST, "C0L1")[-1] == frozen
    walk(workspace, frozen + 35 * SECOND)
    assert len(workspace.channel("support-l1")) == 2
    assert min(gaps(slack.times_of(POST, "C0L1")[1:])) >= SECOND


def test_a_reposted_card_keeps_the_pace_of_its_channel(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue("first")
    workspace.card("L1").deleted = True
    workspace.submit_issue("second", by="U0TOM", settle=False)
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    walk(workspace, workspace.clock() + 5 * SECOND)
    assert len(workspace.channel("support-l1")) == 2
    assert min(gaps(slack.times_of(POST, "C0L1"))) >= SECOND


def test_a_429_on_a_repost_holds_the_posts_of_that_channel(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue("first")
    workspace.card("L1").deleted = True
    workspace.clock.advance(seconds=5)
    slack.fails(TryLater(30), method=POST, channel="C0L1")
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    workspace.deliver()
    frozen = workspace.clock()
    workspace.submit_issue("second", by="U0TOM", settle=False)
    walk(workspace, frozen + 29 * SECOND)
    assert slack.times_of(POST, "C0L1")[1:] == [frozen]
    walk(workspace, frozen + 33 * SECOND)
    assert len(workspace.channel("support-l1")) == 2


# --- no access --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked"])
def test_without_access_everything_waits_and_goes_out_when_it_is_mended(
    workspace: Workspace, slack: TroubledSlack, rows: Rows, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    slack.fails(TryLater(60, error), times=1000)
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    for _ in range(20):
        workspace.deliver()
        workspace.clock.advance(minutes=1)
        workspace.engine.run_once()
    assert {state for *_, state in rows()} == {"pending"}
    assert f"Slack refuses our access ({error})" in caplog.text
    assert not slack.messages
    slack.mended()
    workspace.clock.advance(minutes=1)
    workspace.settle(60)
    assert {state for *_, state in rows()} <= {"sent", "superseded"}
    assert len([m for m in workspace.channel("support-l1") if "ISS-1" in m.shown]) == 1
    assert "DeliveryFailed" not in workspace.story()
