"""A card or receipt that somebody deleted comes back, once and quietly."""

import pytest

from bot.ports import Rejected, TryLater
from tests.delivery.conftest import POST, UPDATE, TroubledSlack
from tests.harness import Workspace


def test_a_card_deleted_by_hand_comes_back_once_and_pings_nobody(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    deleted = workspace.card("L2")
    assert deleted.text.startswith("<!here>")
    deleted.deleted = True
    workspace.tell_bot(workspace.card("L1"), "claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "release", by="U0ANA")
    (card,) = [message for message in workspace.channel("support-l2") if not message.thread_ts]
    assert slack.pings("C0L2") == 2  # the first card's, and the release's
    assert "<!here>" not in card.shown + card.text
    assert "Open, nobody in L1 or L2 has claimed it" in card.shown
    assert card.buttons == ["Claim", "Escalate", "Resolve"]


def test_a_deleted_receipt_comes_back_once(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    workspace.receipt().deleted = True
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.press(workspace.card("L1"), "Release", by="U0ANA")
    (receipt,) = slack.dm("U0MAYA")
    assert "*Waiting for L1.*" in receipt.shown


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_a_card_that_cannot_be_edited_any_more_is_posted_anew(
    workspace: Workspace, slack: TroubledSlack, error: str
) -> None:
    workspace.submit_issue()
    slack.fails(Rejected(error), method=UPDATE, channel="C0L1")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    assert "Claimed by <@U0ANA>" in workspace.card("L1").shown
    assert len(workspace.channel("support-l1")) == 2


def test_the_conversation_goes_on_under_the_new_card(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    workspace.card("L1").deleted = True
    workspace.pass_time(minutes=1)
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    workspace.settle()
    workspace.say(workspace.receipt(), "any news?", by="U0MAYA")
    (card,) = workspace.channel("support-l1")
    assert [m.text for m in slack.thread(card)] == ["<@U0ANA>, <@U0MAYA>: any news?"]
    workspace.say(card, "almost there", by="U0ANA")
    assert slack.thread(workspace.receipt())[-1].text == "<@U0ANA>: almost there"


def test_a_reposted_card_that_slack_refuses_is_told_like_any_card(workspace: Workspace, slack: TroubledSlack) -> None:
    """Without it the tier has no card at all."""
    workspace.submit_issue()
    workspace.card("L1").deleted = True
    slack.fails(Rejected("is_archived"), method=POST, channel="C0L1")
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    workspace.settle()
    (alert,) = workspace.channel("support-l2")
    assert "its card could not be delivered to #support-l1" in alert.text


def test_a_refresh_of_a_card_that_never_was_is_let_go(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(Rejected("is_archived"), method=POST, channel="C0L1")
    workspace.submit_issue()
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="press")
    workspace.settle()
    assert not slack.count(UPDATE, "C0L1")
    assert workspace.story().count("DeliveryFailed") == 1


def test_two_changes_on_their_way_to_a_deleted_card_bring_it_back_once(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    workspace.card("L1").deleted = True
    slack.fails(TryLater(5), method=UPDATE, channel="C0L1")
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="claim")
    workspace.deliver()
    workspace.bot.issues.release(1, "U0ANA", delivery="release")  # the first refresh is touched: this is a second one
    workspace.settle(60)
    (card,) = [message for message in workspace.channel("support-l1") if not message.thread_ts]
    assert card.buttons == ["Claim", "Escalate", "Resolve"]
