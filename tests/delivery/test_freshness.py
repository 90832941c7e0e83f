"""A message is drawn when it is sent: what is late is still true, and what has become one state is one call."""

from dataclasses import replace

import pytest

from bot.domain.lifecycle import Seen
from bot.domain.priority import Level
from bot.policy_file import load_policy
from bot.ports import Rejected, TryLater
from tests.delivery.conftest import POST, UPDATE, Rows, TroubledSlack
from tests.harness import POLICY, Workspace


def test_many_changes_of_a_card_that_waits_are_one_update(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    for round_ in range(5):
        workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery=f"claim{round_}")
        workspace.bot.issues.release(1, "U0ANA", delivery=f"release{round_}")
    workspace.bot.issues.claim(1, "U0BEN", desk=1, delivery="claim")
    workspace.settle(60)
    assert slack.count(UPDATE, "C0L1") == 1
    assert slack.count(UPDATE, "D0MAYA") == 1
    assert "Claimed by <@U0BEN>" in workspace.card("L1").shown
    assert "<@U0BEN> is on it" in workspace.receipt().shown


def test_a_late_card_shows_the_state_of_now_and_pings_nobody_who_need_not_come(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    slack.fails(TryLater(30), method=POST, channel="C0L2")
    workspace.clock.advance(hours=2)
    workspace.engine.run_once()
    workspace.deliver()
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    workspace.settle(60)
    (card,) = workspace.channel("support-l2")
    assert slack.pings("C0L2") == 1  # in the call that was put off
    assert "Claimed by <@U0ANA>" in card.shown
    assert card.buttons == ["Escalate", "Resolve"]
    assert "Claimed by <@U0ANA>" in card.text


def test_a_card_that_comes_after_the_issue_went_further_points_there_and_pings_nobody(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    slack.fails(TryLater(3 * 3600), method=POST, channel="C0L2")
    workspace.pass_time(hours=2)
    workspace.pass_time(hours=2)
    workspace.clock.advance(hours=1)
    workspace.settle()
    (card,) = workspace.channel("support-l2")
    assert "moved to <https://acme.slack.com/archives/C0L3/p" in card.shown
    assert slack.pings("C0L2") == 1  # in the call that was put off
    assert not card.buttons
    assert workspace.channel("support-l3")[0].text.startswith("<!here>")


def test_the_call_that_waits_for_the_office_says_what_happened_last(workspace: Workspace) -> None:
    workspace.policy = load_policy(POLICY)
    workspace.submit_issue(impact="high")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.clock.advance(hours=9)  # 18:00
    workspace.command("release ISS-1", by="U0ANA")
    workspace.command("claim ISS-1", by="U0BEN")
    workspace.command("resolve ISS-1 network: new cable", by="U0BEN")
    workspace.command("reopen ISS-1 still broken", by="U0MAYA")
    workspace.clock.advance(hours=15)
    workspace.settle()
    called = [said.text for said in workspace.slack.thread(workspace.card("L1")) if "<!here>" in said.text]
    assert called == ["<!here> <@U0BEN>, ISS-1 VPN is down in Berlin is back: <@U0MAYA> has reopened it: still broken"]


def test_what_is_no_major_incident_any_more_is_not_announced_as_one(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.bot.issues.declare_major(1, "U0CHEN", commander="U0DANA", delivery="declared")
    workspace.bot.issues.end_major(1, "U0CHEN", delivery="ended")
    workspace.settle()
    assert [said.text for said in workspace.channel("it-managers")] == ["<@U0CHEN> has ended the major incident ISS-1."]


def test_a_card_that_comes_after_the_end_says_that_it_is_over(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(60), method=POST, channel="C0L1")
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    workspace.deliver()
    workspace.bot.issues.resolve(1, "U0CHEN", fix="new cable", category="hardware", delivery="press")
    workspace.settle(90)
    (card,) = workspace.channel("support-l1")
    assert "Resolved by <@U0CHEN>" in card.shown
    assert slack.pings("C0L1") == 1  # in the call that was put off
    assert card.buttons == ["Reopen"]


def test_a_reminder_or_notice_that_comes_after_the_end_is_not_sent(
    workspace: Workspace, slack: TroubledSlack, rows: Rows
) -> None:
    slack.fails(TryLater(60), method=POST, channel="C0MGMT")
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    workspace.deliver()
    workspace.bot.issues.resolve(1, "U0CHEN", fix="new cable", category="hardware", delivery="press")
    workspace.settle(90)
    assert not workspace.channel("it-managers")
    assert ("Inform", "tier:4", "superseded") in rows()


def test_a_late_reminder_of_the_last_tier_is_dropped_once_somebody_has_claimed(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    """It would say that nobody has, and ping them for it (domain.md 3.12, rule 8)."""
    workspace.submit_issue()
    for hours in (2, 2, 4):
        workspace.pass_time(hours=hours)
    slack.fails(TryLater(60), method=POST, channel="C0MGMT")
    workspace.clock.advance(hours=8)
    workspace.engine.run_once()
    workspace.deliver()
    workspace.bot.issues.claim(1, "U0FAY", desk=4, delivery="press")
    workspace.settle(90)
    assert not [m for m in workspace.channel("it-managers") if m.broadcast]


@pytest.mark.parametrize("turn", ["claimed", "escalated"])
def test_a_late_reminder_is_dropped_once_it_no_longer_holds(
    workspace: Workspace, slack: TroubledSlack, turn: str
) -> None:
    """It would mention people for a clock that has stopped or begun anew."""
    targets = {each: replace(target, reminders=(0.8,)) for each, target in workspace.policy.targets.items()}
    workspace.policy = replace(workspace.policy, version="with reminders", targets=targets)
    workspace.submit_issue()
    slack.fails(TryLater(60), method=POST, channel="C0L1")
    workspace.clock.advance(hours=1, minutes=36)
    workspace.engine.run_once()
    workspace.deliver()
    assert "Reminded" in workspace.story()
    if turn == "claimed":
        workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    else:
        workspace.bot.issues.escalate(1, "U0ANA", seen=Seen(), reason="x", tried="y", delivery="press")
    workspace.settle(90)
    assert not [m for m in slack.messages if "of the tier time" in m.text]


def test_the_place_of_a_channel_is_looked_up_when_it_is_sent(workspace: Workspace, slack: TroubledSlack) -> None:
    """A channel that was replaced in the policy takes what still waits for the old one (domain D8)."""
    slack.fails(TryLater(30), method=POST, channel="C0L1")
    workspace.submit_issue(settle=False)
    workspace.deliver()
    first, *rest = workspace.policy.tiers
    moved = type(first)(number=1, name="L1", channel="support-l3", ping="here")
    workspace.policy = type(workspace.policy)(
        version="moved", tiers=(moved, *rest), matrix=workspace.policy.matrix, targets=workspace.policy.targets
    )
    workspace.clock.advance(seconds=30)
    workspace.settle()
    assert len(workspace.channel("support-l3")) == 1
    assert not workspace.channel("support-l1")


def test_words_keep_the_order_in_which_they_were_said(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    slack.fails(TryLater(5), method=POST, channel="C0L1")
    for number in range(4):
        workspace.say(workspace.receipt(), f"word {number}", by="U0MAYA")
    workspace.settle(60)
    assert [m.text for m in slack.thread(workspace.card("L1"))] == [f"<@U0MAYA>: word {n}" for n in range(4)]


def test_words_said_before_the_card_is_there_come_under_it(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(10), method=POST, channel="C0L1")
    workspace.submit_issue(settle=False)
    workspace.deliver()
    workspace.say(workspace.receipt(), "it is worse now", by="U0MAYA")
    workspace.settle(60)
    assert [m.text for m in slack.thread(workspace.card("L1"))] == ["<@U0MAYA>: it is worse now"]


def test_a_stuck_channel_holds_no_other(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(3600), method=POST, channel="C0L1", times=10)
    workspace.submit_issue(impact=Level.HIGH, urgency=Level.HIGH, settle=False)
    workspace.deliver()
    workspace.bot.issues.claim(1, "U0CHEN", desk=2, delivery="press")
    workspace.settle(10)
    assert "Claimed by <@U0CHEN>" in workspace.card("L2").shown
    assert "<@U0CHEN> is on it" in workspace.receipt().shown
    assert len(workspace.channel("it-managers")) == 1
    assert not workspace.channel("support-l1")


def test_blocks_refused_for_one_message_are_tried_again_for_the_next(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    slack.fails(Rejected("invalid_blocks"), method=POST, channel="C0L1")
    workspace.submit_issue()
    workspace.submit_issue("Printer is out of paper", by="U0TOM")
    first, second = workspace.channel("support-l1")
    assert not first.blocks
    assert second.blocks
