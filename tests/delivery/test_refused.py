"""What Slack will not take: it is marked, put on record and told to people who can help; the next message goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.events import DeliveryFailed
from bot.domain.morning import Tally, Worry
from bot.messages import Card, DeliveryAlert, Line, Message, MorningPage, Place, PolicyApplied
from bot.policy_file import load_policy
from bot.ports import Rejected
from storage import SqlDatabase
from tests.delivery.conftest import POST, REACT, UPDATE, Rows, TroubledSlack, enqueue
from tests.fake_slack import BOT
from tests.harness import POLICY, START, Workspace

REFUSALS = ["is_archived", "not_in_channel", "channel_not_found", "restricted_action"]


def failures(workspace: Workspace, number: int = 1) -> list[DeliveryFailed]:
    timeline = workspace.database.timeline(number)
    return [entry.event for entry in timeline if isinstance(entry.event, DeliveryFailed)]


@pytest.mark.parametrize("error", REFUSALS)
def test_a_refused_card_is_marked_recorded_and_told_in_the_tier_above(
    workspace: Workspace, slack: TroubledSlack, rows: Rows, error: str
) -> None:
    slack.fails(Rejected(error), method=POST, channel="C0L1")
    workspace.submit_issue("VPN <down>")
    assert rows()[0] == ("Card", "tier:1", "failed")
    (failure,) = failures(workspace)
    assert (failure.what, failure.tier, failure.error) == ("its card", 1, error)
    (alert,) = workspace.channel("support-l2")
    assert alert.text.startswith("ISS-1 VPN &lt;down&gt;, Normal (P3): its card could not be delivered to #support-l1")
    assert f"`{error}`" in alert.text
    assert len(slack.dm("U0MAYA")) == 1


@pytest.mark.parametrize("error", REFUSALS)
def test_the_next_message_to_that_channel_goes_on(workspace: Workspace, slack: TroubledSlack, error: str) -> None:
    slack.fails(Rejected(error), method=POST, channel="C0L1")
    workspace.submit_issue()
    workspace.submit_issue("Printer is out of paper", by="U0TOM")
    assert len(workspace.channel("support-l1")) == 1
    assert "ISS-2" in workspace.channel("support-l1")[0].shown
    workspace.say(workspace.receipt(), "hello?", by="U0MAYA")
    assert any("hello?" in m.text for m in slack.messages if m.channel == "C0L1")


def test_the_issue_can_be_claimed_from_the_alert(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.archived.add("C0L1")
    workspace.submit_issue()
    (alert,) = workspace.channel("support-l2")
    assert alert.buttons == ["Claim"]
    workspace.press(alert, "Claim", by="U0CHEN")
    claim = workspace.issue().claim
    assert claim is not None
    assert claim.by == "U0CHEN"
    assert "<@U0CHEN> is on it" in workspace.receipt().shown


def test_the_clock_goes_on_and_the_next_tier_gets_its_card(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.archived.add("C0L1")
    workspace.submit_issue()
    workspace.pass_time(hours=2)
    assert workspace.card("L2").buttons == ["Claim", "Escalate", "Resolve"]
    assert workspace.card("L2").text.startswith("<!here>")


def test_a_channel_the_bot_is_not_in_is_told_without_asking_slack(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.members_of["C0L1"].remove(BOT)
    workspace.directory.refresh()
    workspace.submit_issue()
    assert slack.count(POST, "C0L1") == 0
    (alert,) = workspace.channel("support-l2")
    assert "#support-l1" in alert.text
    assert "`not_in_channel`" in alert.text
    assert [failure.error for failure in failures(workspace)] == ["not_in_channel"]


def test_an_alert_that_fails_goes_further_up(workspace: Workspace, slack: TroubledSlack, rows: Rows) -> None:
    slack.archived |= {"C0L1", "C0L2"}
    workspace.submit_issue()
    (alert,) = workspace.channel("support-l3")
    assert "its card could not be delivered to #support-l1" in alert.text
    assert [row for row in rows() if row[0] == "DeliveryAlert"] == [
        ("DeliveryAlert", "tier:2", "failed"),
        ("DeliveryAlert", "tier:3", "sent"),
    ]
    assert len(failures(workspace)) == 1


def test_an_alert_calls_in_the_place_of_the_call_that_was_lost(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.archived |= {"C0L1", "C0L2"}
    workspace.submit_issue(impact="high", urgency="high")
    alert = next(m for m in workspace.channel("support-l3") if "its card" in m.text)
    assert alert.text.startswith("<!here> ISS-1 VPN is down in Berlin, Critical (P1): its card could not be delivered")


def test_an_alert_calls_nobody_whom_a_card_of_their_own_calls(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.archived.add("C0L1")
    workspace.submit_issue(impact="high", urgency="high")
    assert sorted("<!here>" in m.text for m in workspace.channel("support-l2")) == [False, True]


def test_the_alert_of_a_lost_call_that_a_person_wanted_always_calls(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.archived.add("C0L2")
    for number in (1, 2):
        workspace.submit_issue(f"Trouble {number}", by=f"U0P{number}")
        workspace.command(f"escalate ISS-{number} their server; tried: a restart", by="U0ANA")
        workspace.pass_time(minutes=5)
    assert [m.text.startswith("<!here>") for m in workspace.channel("support-l3")] == [True, True]


def test_an_alert_of_what_calls_nobody_calls_nobody(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    enqueue(workspace, Line(Place(tier=1), "by the way"), lane=1)
    slack.archived.add("C0L1")
    workspace.settle()
    (alert,) = [m for m in workspace.channel("support-l2") if "a notice could not be delivered" in m.text]
    assert "<!here>" not in alert.text


def test_an_alert_calls_nobody_for_what_has_somebody(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.press(workspace.card("L2"), "Claim", by="U0CHEN")
    enqueue(workspace, Card(Place(tier=1), ping=True), lane=1)
    slack.archived.add("C0L1")
    workspace.settle()
    (alert,) = [m for m in workspace.channel("support-l2") if "its card could not be delivered" in m.text]
    assert "<!here>" not in alert.text


def test_alerts_call_no_more_often_than_the_clock_may(workspace: Workspace, slack: TroubledSlack) -> None:
    """A P2's card calls nobody where it is seen; where it is not, somebody must look."""
    slack.archived.add("C0L1")
    workspace.submit_issue(impact="high", urgency="medium")
    workspace.submit_issue("Printer is out of paper", by="U0TOM", impact="high", urgency="medium")
    first, second = workspace.channel("support-l2")
    assert first.text.startswith("<!here>")
    assert "<!here>" not in second.text


def test_an_alert_calls_nobody_outside_the_hours(store: SqlDatabase) -> None:
    office = Workspace(store, policy=load_policy(POLICY))
    office.slack.archived.add("C0L1")
    office.submit_issue()
    lost = DeliveryAlert(Place(tier=2), "a reminder", "#support-l1", "is_archived", called=True, tried=(1,))
    enqueue(office, lost)
    office.settle()
    office.clock.advance(hours=14)
    enqueue(office, lost)
    office.settle()
    _, by_day, at_night = office.channel("support-l2")
    assert by_day.text.startswith("<!here> ISS-1")
    assert at_night.text.startswith("ISS-1")


def test_from_the_last_tier_the_one_below_is_told(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.archived.add("C0MGMT")
    workspace.submit_issue(impact="high", urgency="high")
    (alert,) = [m for m in workspace.channel("support-l3") if "could not be delivered" in m.text]
    assert "a notice to management could not be delivered to #it-managers" in alert.text


def test_when_nobody_above_can_be_told_the_log_says_so(
    workspace: Workspace, slack: TroubledSlack, caplog: pytest.LogCaptureFixture
) -> None:
    slack.archived |= {"C0L1", "C0L2", "C0L3", "C0MGMT"}
    workspace.submit_issue()
    assert "nobody could be told that its card of ISS-1 was not delivered" in caplog.text
    assert workspace.database.waiting() == 0


def test_when_the_last_two_tiers_are_deaf_those_below_are_told(workspace: Workspace, slack: TroubledSlack) -> None:
    """Whoever can hear is told, before it is left to the log."""
    slack.archived |= {"C0L3", "C0MGMT"}
    workspace.submit_issue(impact="high", urgency="high")
    assert any("could not be delivered to #it-managers" in m.text for m in workspace.channel("support-l2"))


@pytest.mark.parametrize("error", ["user_disabled", "cannot_dm_bot", "messages_tab_disabled"])
def test_a_reporter_who_cannot_be_reached_is_told_to_the_first_tier(
    workspace: Workspace, slack: TroubledSlack, error: str
) -> None:
    slack.fails(Rejected(error), method=POST, channel="D0MAYA")
    workspace.submit_issue()
    card, alert = workspace.channel("support-l1")
    assert "Claim" in card.buttons
    assert "its reporter's receipt could not be delivered to a direct message" in alert.text
    assert [(each.tier, each.error) for each in failures(workspace)] == [(None, error)]


def test_the_staff_learn_that_their_answer_did_not_reach_the_reporter(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    slack.fails(Rejected("user_disabled"), method=POST, channel="D0MAYA")
    ts = workspace.say(workspace.card("L1"), "try again now", by="U0ANA")
    workspace.settle()
    assert "a reply could not be delivered to a direct message" in workspace.channel("support-l1")[-1].text
    assert ("C0L1", ts) not in slack.nods


NOT_REACHED = "<@U0ANA>, ISS-1 goes on: its reporter could not be reached by direct message."


def test_a_question_that_did_not_reach_the_reporter_is_not_waited_for(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.settle()
    slack.fails(Rejected("user_disabled"), method=POST, channel="D0MAYA", times=99)
    workspace.command("wait ISS-1 reporter Which office?", by="U0ANA")
    workspace.settle()
    assert workspace.story()[-1] == "WaitEnded"
    assert workspace.holder() == "U0ANA"
    assert NOT_REACHED in [message.text for message in slack.thread(workspace.card("L1"))]
    workspace.pass_time(days=6)
    assert "ReporterNudged" not in workspace.story()
    assert workspace.issue().fix is None


def test_a_reporter_who_cannot_be_asked_again_is_not_taken_at_their_silence(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.command("wait ISS-1 reporter Which office?", by="U0ANA")
    workspace.settle()
    slack.fails(Rejected("user_disabled"), method=POST, channel="D0MAYA", times=99)
    workspace.pass_time(days=1)
    assert "ReporterNudged" in workspace.story()
    assert NOT_REACHED in [message.text for message in slack.thread(workspace.card("L1"))]
    assert workspace.issue().waiting is None


def test_what_was_said_before_the_question_and_is_refused_does_not_end_the_wait(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    slack.fails(Rejected("internal"), method=POST, channel="D0MAYA")
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="claim")
    workspace.clock.advance(seconds=1)
    workspace.command("wait ISS-1 reporter Which office?", by="U0ANA")
    workspace.settle()
    assert failures(workspace)
    assert workspace.issue().waiting is not None
    assert "Which office?" in slack.dm("U0MAYA")[-1].text


def test_what_waits_for_others_waits_on_when_its_reporter_cannot_be_reached(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.command("wait ISS-1 vendor a part", by="U0ANA")
    workspace.settle()
    slack.fails(Rejected("user_disabled"), method=POST, channel="D0MAYA", times=99)
    workspace.say(workspace.card("L1"), "they have promised it", by="U0ANA")
    assert [failure.tier for failure in failures(workspace)] == [None]
    assert workspace.issue().waiting is not None


def test_a_refused_refresh_is_marked_and_nobody_is_bothered(
    workspace: Workspace, slack: TroubledSlack, rows: Rows
) -> None:
    workspace.submit_issue()
    slack.fails(Rejected("is_archived"), method=UPDATE, channel="C0L1")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    assert ("CardRefresh", "tier:1", "failed") in rows()
    assert not failures(workspace)
    assert not workspace.channel("support-l2")


@pytest.mark.parametrize("error", ["already_reacted", "message_not_found"])
def test_a_mark_that_is_there_already_or_has_nothing_to_stand_on_is_no_failure(
    workspace: Workspace, slack: TroubledSlack, rows: Rows, error: str
) -> None:
    workspace.submit_issue()
    slack.fails(Rejected(error), method=REACT)
    workspace.say(workspace.receipt(), "thanks", by="U0MAYA")
    workspace.settle()
    assert rows()[-1] == ("Mark", "tier:1", "superseded")
    assert not failures(workspace)


def test_a_copy_that_is_gone_already_need_not_be_deleted(
    workspace: Workspace, slack: TroubledSlack, rows: Rows
) -> None:
    workspace.submit_issue()
    ts = workspace.say(workspace.receipt(), "secret", by="U0MAYA")
    (copy,) = slack.thread(workspace.card("L1"))
    copy.deleted = True
    workspace.event(
        {
            "type": "message",
            "subtype": "message_deleted",
            "channel": "D0MAYA",
            "channel_type": "im",
            "deleted_ts": ts,
            "previous_message": {"user": "U0MAYA", "ts": ts, "text": "secret"},
        }
    )
    workspace.settle()
    assert [row for row in rows() if row[0] == "RelayDelete"] == [
        ("RelayDelete", "tier:1", "superseded"),
        ("RelayDelete", "person:U0MAYA", "superseded"),
    ]


# --- formatting never loses an escalation -----------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
def test_refused_blocks_go_out_as_plain_words(
    workspace: Workspace, slack: TroubledSlack, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.submit_issue()
    slack.fails(Rejected(error, "[ERROR] no more than 50 items"), method=POST, channel="C0L2")
    workspace.pass_time(hours=2)
    (card,) = workspace.channel("support-l2")
    assert card.blocks == []
    assert card.text.startswith("<!here> Nobody in L1 claimed ISS-1 in time. ISS-1, VPN is down in Berlin, Normal (P3)")
    assert "no more than 50 items" in caplog.text
    assert not failures(workspace)
    workspace.bot.issues.claim(1, "U0CHEN", desk=2, delivery="press")
    workspace.settle()
    assert "Escalate" in workspace.card("L2").buttons


def test_a_refused_update_goes_out_as_plain_words(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    slack.fails(Rejected("invalid_blocks"), method=UPDATE, channel="C0L1")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    (card,) = workspace.channel("support-l1")
    assert card.blocks == []
    assert "Claimed by <@U0ANA>" in card.text


def test_a_message_refused_with_and_without_blocks_is_given_up_and_told(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    slack.fails(Rejected("invalid_blocks"), method=POST, channel="C0L1")
    slack.fails(Rejected("no_text"), method=POST, channel="C0L1")
    workspace.submit_issue()
    assert [each.error for each in failures(workspace)] == ["no_text"]
    assert len(workspace.channel("support-l2")) == 1


@pytest.mark.parametrize(
    ("many", "what"),
    [
        (
            MorningPage(Place(tier=1), (), START + timedelta(days=1), (Tally(Worry.UNOWNED, 1, (1,)),)),
            "the morning's page",
        ),
        (PolicyApplied(Place(tier=1), 2, 0, 0), "the news of a changed policy"),
    ],
    ids=["MorningPage", "PolicyApplied"],
)
def test_what_is_about_many_issues_is_told_elsewhere_but_is_no_history_of_one(
    workspace: Workspace, slack: TroubledSlack, many: Message, what: str
) -> None:
    workspace.submit_issue()
    slack.fails(Rejected("is_archived"), method=POST, channel="C0L1")
    enqueue(workspace, many)
    workspace.settle()
    assert workspace.story() == ["IssueOpened"]
    (alert,) = workspace.channel("support-l2")
    assert f"{what} could not be delivered to #support-l1" in alert.text


def test_news_of_many_issues_names_tiers_as_the_policy_in_force_does(workspace: Workspace) -> None:
    plain = workspace.policy
    three = {
        priority: replace(targets, windows=targets.windows[:3], tell={}, at_once=replace(targets.at_once, inform=()))
        for priority, targets in plain.targets.items()
    }
    workspace.policy = replace(plain, version="three", tiers=plain.tiers[:3], targets=three)
    workspace.submit_issue()
    workspace.policy = plain
    enqueue(workspace, PolicyApplied(Place(tier=4), 2, 0, 0))
    workspace.settle()
    (news,) = workspace.channel("it-managers")
    assert news.text.startswith("2 open issues of management follow the changed escalation policy now")
