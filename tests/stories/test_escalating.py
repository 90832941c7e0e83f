"""The clock's hand: what nobody does, time does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.deadlines import next_moment
from bot.text import when
from tests.harness import START, Workspace

LADDER = [("support-l2", "L2", 2), ("support-l3", "L3", 2), ("it-managers", "management", 4)]


def test_nobody_reacts_and_a_p3_climbs_to_management(workspace: Workspace) -> None:
    workspace.submit_issue()
    for channel, tier, hours in LADDER:
        workspace.pass_time(hours=hours)
        (card,) = workspace.channel(channel)
        assert card.text.startswith("<!here> Nobody in "), tier
        assert f"with {tier}." in card.text
    assert workspace.card("management").buttons == ["Claim", "Resolve"]
    assert workspace.story().count("IssueEscalated") == 3


def test_a_card_that_climbed_says_once_when_it_was_reported(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=2)
    shown = workspace.card("L2").shown
    assert shown.count("Reported") == 1
    assert "Its resolution is due" in shown


def test_management_is_told_when_a_high_issue_comes_to_l3(workspace: Workspace) -> None:
    workspace.submit_issue("ERP is slow", impact="high", urgency="medium")
    workspace.pass_time(minutes=20)
    assert not workspace.channel("it-managers")
    workspace.pass_time(minutes=30)
    (told,) = workspace.channel("it-managers")
    assert told.text.startswith("For your information: ISS-1 ERP is slow; it has gone up to L3. As of ")
    assert not told.buttons
    assert workspace.story()[-2:] == ["IssueEscalated", "LevelsInformed"]
    assert workspace.issue().tier == 3


def test_nobody_claims_a_critical_one_and_whoever_is_asked_claims_it_from_there(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=5)
    *_, asked = workspace.channel("it-managers")
    assert asked.text.startswith("<!here> ISS-1")
    assert asked.text.endswith("Who leads it?")
    assert asked.buttons == ["Name who leads it", "Claim"]
    workspace.press(asked, "Claim", by="U0FAY")
    assert workspace.holder() == "U0FAY"
    assert "it was asked here who leads it. Claimed by <@U0FAY>." in asked.text
    assert asked.buttons == []
    workspace.pass_time(minutes=20)
    assert [m for m in workspace.channel("it-managers") if "leads it" in m.text] == [asked]


def test_the_question_who_leads_it_shows_who_does(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=5)
    *_, asked = workspace.channel("it-managers")
    workspace.press(asked, "Name who leads it", by="U0FAY")
    workspace.fill(workspace.slack.forms[-1], by="U0FAY", person="U0CHEN")
    assert "Major incident, led by <@U0CHEN>." in asked.text
    assert asked.buttons == []


def test_what_management_reads_of_a_critical_one_stays_true(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    first, *_ = workspace.channel("it-managers")
    assert f"As of {when(START)}: Open, nobody in L1 or L2 has claimed it." in first.text
    workspace.pass_time(minutes=5)
    *_, asked = workspace.channel("it-managers")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.command("resolve ISS-1 network: a new gateway", by="U0ANA")
    workspace.settle()
    assert "it was asked here who leads it. Resolved by <@U0ANA>." in asked.text
    workspace.command("reopen ISS-1 it is down again")
    workspace.settle()
    assert asked.text.endswith("it was asked here who leads it. Since then it was reopened.")
    assert asked.buttons == []
    workspace.pass_time(minutes=5)
    *_, again = workspace.channel("it-managers")
    assert again is not asked
    assert again.text.endswith("Who leads it?")


def test_whoever_is_told_of_a_critical_one_at_once_is_told_again_when_it_comes_back(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    for _ in range(2):
        workspace.command("resolve ISS-1 network: a new gateway", by="U0ANA")
        workspace.command("reopen ISS-1 it is down again")
        workspace.settle()
    told = [message.text for message in workspace.channel("it-managers")]
    assert ["it is Critical (P1)." in text for text in told] == [True, False, False]
    assert ["it is Critical (P1), and it was reopened." in text for text in told] == [False, True, True]


def test_it_is_claimed_just_before_management_would_be_asked(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    before = len(workspace.channel("it-managers"))
    workspace.pass_time(minutes=4, seconds=59)
    workspace.press(workspace.card("L2"), "Claim", by="U0CHEN")
    workspace.pass_time(minutes=20)
    assert len(workspace.channel("it-managers")) == before


@pytest.mark.parametrize(("seconds", "tier"), [(-1, 1), (0, 2), (1, 2)])
def test_the_window_ends_to_the_second(workspace: Workspace, seconds: int, tier: int) -> None:
    workspace.submit_issue(settle=False)
    workspace.pass_time(hours=2, seconds=seconds)
    assert workspace.issue().tier == tier


def test_a_claim_makes_silence(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    before = len(workspace.slack.messages)
    workspace.pass_time(hours=7)
    assert not workspace.channel("support-l2")
    assert workspace.slack.messages[before:] == []


def test_claimed_and_silent_past_the_update_window_goes_up_and_the_claim_ends(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.pass_time(hours=8)
    (card,) = workspace.channel("support-l2")
    assert "was claimed in L1, but its reporter did not hear anything in time" in card.text
    assert workspace.issue().claim is None
    assert any(m.text.startswith("<@U0ANA>, ISS-1 went to L2") for m in workspace.slack.thread(workspace.card("L1")))


def test_a_word_to_the_reporter_starts_the_update_window_anew(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.pass_time(hours=7)
    workspace.say(workspace.card("L1"), "still looking", by="U0ANA")
    workspace.pass_time(hours=7)
    assert workspace.issue().tier == 1
    workspace.pass_time(hours=1)
    assert workspace.issue().tier == 2


def test_notes_and_the_reporters_words_do_not(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.pass_time(hours=7)
    workspace.say(workspace.card("L1"), "🔒 no idea", by="U0ANA")
    workspace.say(workspace.receipt(), "any news?", by="U0MAYA")
    workspace.pass_time(hours=1)
    assert workspace.issue().tier == 2


def test_the_last_tier_is_pinged_again_and_again_and_never_with_a_second_card(workspace: Workspace) -> None:
    workspace.submit_issue()
    for _, _, hours in LADDER:
        workspace.pass_time(hours=hours)
    for count in (1, 2, 3):
        workspace.pass_time(hours=8)
        reminders = [m for m in workspace.channel("it-managers") if m.broadcast]
        assert len(reminders) == count
        assert reminders[-1].text.startswith("<!here> ISS-1")
    assert len([m for m in workspace.channel("it-managers") if "Next" in m.shown]) == 1


def test_after_three_reminders_people_are_told_by_name_and_the_log_says_so(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    *lower, last = workspace.policy.tiers
    tiers = (*lower, replace(last, leads=("U0FAY", "U0GUS")))
    workspace.policy = replace(workspace.policy, fallback="U0GUS", tiers=tiers)
    workspace.submit_issue()
    for _, _, hours in LADDER:
        workspace.pass_time(hours=hours)
    workspace.pass_time(hours=16)
    assert "unanswered" not in caplog.text
    workspace.pass_time(hours=16)
    for person in ("U0FAY", "U0GUS"):
        (told,) = workspace.slack.dm(person)
        assert "management has not answered" in told.text
    assert "ISS-1 is unanswered: management has been reminded 3 times" in caplog.text


def test_a_passed_resolution_target_tells_those_above_and_moves_nothing(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    for _ in range(4):
        workspace.pass_time(hours=6)
        workspace.say(workspace.card("L1"), "working on it", by="U0ANA")
    assert workspace.issue().tier == 1
    assert workspace.holder() == "U0ANA"
    (told,) = workspace.channel("it-managers")
    assert "its resolution target passed" in told.text
    workspace.pass_time(hours=5)
    assert len(workspace.channel("it-managers")) == 1


def test_two_hours_of_downtime_move_it_one_step_and_the_next_tier_has_its_full_window(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.downtime(days=2)
    assert workspace.issue().tier == 2
    workspace.pass_time(hours=1, minutes=59)
    assert workspace.issue().tier == 2
    workspace.pass_time(minutes=1)
    assert workspace.issue().tier == 3


def test_a_critical_issue_goes_from_l1_and_l2_to_l3_in_ten_minutes(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=10)
    assert workspace.issue().tier == 3
    assert not workspace.card("L1").buttons
    assert not workspace.card("L2").buttons
    assert workspace.card("L3").text.startswith("<!here> Nobody in L1 or L2 claimed ISS-1 in time.")


def test_a_critical_issue_that_came_back_says_who_alone_had_it(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=10)
    workspace.tell_bot(workspace.card("L3"), "return it is the client", by="U0EMIL")
    workspace.pass_time(minutes=10)
    assert "nobody in L2 had taken it in time" in workspace.slack.thread(workspace.receipt())[-1].text
    assert "Nobody in L2 claimed ISS-1 in time" in workspace.card("L3").shown


def test_the_row_is_the_clock(workspace: Workspace) -> None:
    """What the row says about the next moment is what the rules say, after every step of a story."""

    def row_agrees() -> None:
        issue = workspace.issue()
        moment = next_moment(issue, workspace.database.policy(issue.policy))
        assert moment is not None
        assert not workspace.database.due(moment - timedelta(microseconds=1), 10)
        assert workspace.database.due(moment, 10) == [1]

    workspace.submit_issue()
    row_agrees()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    row_agrees()
    workspace.pass_time(hours=8)
    row_agrees()
    workspace.press(workspace.card("L2"), "Resolve", by="U0CHEN")
    workspace.fill(workspace.slack.forms[0], by="U0CHEN", fix="x")
    row_agrees()
    workspace.pass_time(days=5)
    assert workspace.issue().status.value == "closed"
    assert not workspace.database.due(workspace.clock() + timedelta(days=900), 10)
