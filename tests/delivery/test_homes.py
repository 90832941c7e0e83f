"""Where a tier is: its channel is that of today, and before Slack has told of any nothing is given up."""

from dataclasses import replace

import pytest

from bot.ports import Channel, Unsure
from storage import SqlDatabase
from tests.delivery.conftest import TroubledSlack
from tests.fake_slack import BOT, NAMES
from tests.harness import Workspace


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
    assert "see <" in old.shown


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
