"""Where a tier is: its channel is that of today, and before Slack has told of any nothing is given up."""

from dataclasses import replace

import pytest

from bot.domain.events import Words
from bot.messages import Place
from bot.ports import Channel, Unsure
from storage import SqlDatabase
from tests.delivery.conftest import POST, Crash, TroubledSlack
from tests.fake_slack import BOT, NAMES, Message
from tests.harness import Workspace

LOST = Unsure("the answer was lost")


def move_channel(workspace: Workspace, tier: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edited policy names another channel, C0NEW."""
    monkeypatch.setitem(NAMES, "C0NEW", "the-new-one")
    workspace.slack.members_of["C0NEW"] = {"U0ANA", "U0FAY", BOT}
    tiers = tuple(replace(t, channel="the-new-one") if t.number == tier else t for t in workspace.policy.tiers)
    workspace.policy = replace(workspace.policy, version="edited", tiers=tiers)
    workspace.directory.refresh()


@pytest.mark.parametrize("old_channel", ["kept", "archived"])
def test_the_last_tier_is_reminded_in_its_channel_of_today(
    workspace: Workspace, slack: TroubledSlack, monkeypatch: pytest.MonkeyPatch, old_channel: str
) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=26)
    assert workspace.issue().tier == 4
    before, card = slack.pings("C0MGMT"), workspace.card("management")
    if old_channel == "archived":
        slack.archived.add("C0MGMT")
    move_channel(workspace, 4, monkeypatch)
    workspace.pass_time(hours=2)
    assert slack.pings("C0MGMT") == before
    assert slack.pings("C0NEW") >= 7
    assert "DeliveryFailed" not in workspace.story()
    old = slack.at("C0MGMT", card.ts)
    assert old is not None
    assert "goes on under <" in old.shown


def test_words_follow_the_card_to_the_new_channel(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    move_channel(workspace, 1, monkeypatch)
    workspace.say(workspace.receipt(), "hurry, please", by="U0MAYA")
    card, words = (message for message in workspace.slack.messages if message.channel == "C0NEW")
    assert "Claimed by <@U0ANA>" in card.shown
    assert "hurry, please" in words.text
    assert words.thread_ts == card.ts
    assert "<!here>" not in card.text


def test_words_keep_their_order_and_their_mark_on_the_way_to_the_new_channel(
    workspace: Workspace, slack: TroubledSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two processes that send by turns."""
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    one = workspace.courier
    workspace.start()
    move_channel(workspace, 1, monkeypatch)
    receipt = workspace.database.post_of(1, Place(person="U0MAYA"), "receipt")
    assert receipt is not None
    said = [slack.new_ts() for _ in range(3)]
    for ts in said:
        slack.messages.append(Message(receipt.channel, ts, f"word {ts}", [], thread_ts=receipt.ts))
        workspace.bot.conversation.said(receipt, Words(receipt.channel, ts, f"word {ts}"), by="U0MAYA")
    for courier in (one, workspace.courier) * 30:
        courier.deliver_next()
        workspace.clock.advance(seconds=1)
    card, *words = (message for message in slack.messages if message.channel == "C0NEW")
    assert [message.text.partition("word ")[2] for message in words] == said
    assert {message.thread_ts for message in words} == {card.ts}
    assert {(receipt.channel, ts) for ts in said} <= set(slack.nods)


def test_what_a_call_says_is_said_in_the_new_channel_too(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.bot.issues.resolve(1, "U0ANA", fix="rebooted", category=None, delivery="resolve")
    workspace.settle()
    move_channel(workspace, 1, monkeypatch)
    workspace.bot.issues.reopen(1, "U0MAYA", reason="still broken", delivery="reopen")
    workspace.settle(60)
    assert any("<@U0ANA>" in message.text for message in workspace.slack.messages if message.channel == "C0NEW")


def test_what_may_have_been_said_in_the_old_channel_is_not_said_again(
    workspace: Workspace, slack: TroubledSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    receipt = workspace.database.post_of(1, Place(person="U0MAYA"), "receipt")
    assert receipt is not None
    workspace.bot.conversation.said(receipt, Words(receipt.channel, slack.new_ts(), "once only"), by="U0MAYA")
    workspace.deliver()
    move_channel(workspace, 1, monkeypatch)
    workspace.settle(60)
    assert [message.channel for message in slack.messages if "once only" in message.text] == ["C0L1"]


@pytest.mark.parametrize("arrived", [True, False])
def test_a_card_for_the_new_channel_whose_answer_is_lost_is_there_once(
    workspace: Workspace, slack: TroubledSlack, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    move_channel(workspace, 1, monkeypatch)
    slack.fails(LOST, method=POST, channel="C0NEW", done=arrived)
    workspace.say(workspace.receipt(), "hurry, please", by="U0MAYA")
    card, words = (message for message in slack.messages if message.channel == "C0NEW")
    assert words.thread_ts == card.ts


@pytest.mark.parametrize("arrived", [True, False])
def test_who_dies_while_the_card_moves_leaves_one_card_and_the_words_under_it(
    workspace: Workspace, slack: TroubledSlack, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    move_channel(workspace, 1, monkeypatch)
    slack.fails(Crash(), method=POST, channel="C0NEW", done=arrived)
    with pytest.raises(Crash):
        workspace.say(workspace.receipt(), "hurry, please", by="U0MAYA")
    workspace.clock.advance(seconds=5)
    workspace.start()
    workspace.settle(60)
    card, words = (message for message in slack.messages if message.channel == "C0NEW")
    assert "hurry, please" in words.text
    assert words.thread_ts == card.ts
    assert not workspace.database.waiting()


def test_words_that_have_no_new_home_go_to_the_old_one(
    workspace: Workspace, slack: TroubledSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    old = workspace.card("L1")
    move_channel(workspace, 1, monkeypatch)
    slack.archived.add("C0NEW")
    workspace.say(workspace.receipt(), "hurry, please", by="U0MAYA")
    assert "hurry, please" in slack.thread(old)[-1].text
    assert not workspace.database.waiting()


def test_until_slack_has_told_of_channels_everything_waits(
    store: SqlDatabase, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first start while `users.conversations` fails."""

    def away() -> list[Channel]:
        raise Unsure("timed out")

    store.keep_channels([], workspace.clock())
    with monkeypatch.context() as patch:
        patch.setattr(workspace.slack, "channels", away)
        workspace.start()
        workspace.submit_issue(impact="high", urgency="high", settle=False)
        workspace.settle(60)
    assert not workspace.channel("support-l1")
    workspace.directory.refresh()
    workspace.settle(120)
    assert workspace.channel("support-l1")
    assert workspace.channel("support-l2")
    assert "DeliveryFailed" not in workspace.story()
