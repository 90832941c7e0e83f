"""Who is told what, and how often: nobody misses what concerns them, and nobody is called for nothing."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.deadlines import next_step_at
from bot.domain.issue import WaitingFor
from bot.domain.lifecycle import Seen
from bot.policy_file import load_policy
from bot.slack.acts import BY_WORD, options
from handlers.acts import Asked, perform
from tests.fake_slack import BOT, Message
from tests.harness import POLICY, START, Workspace


def cards(workspace: Workspace, channel: str) -> list[Message]:
    return [message for message in workspace.channel(channel) if not message.thread_ts]


def called(workspace: Workspace, channel: str) -> int:
    """How many posts there called the channel."""
    return sum("<!here>" in message.text for message in workspace.channel(channel))


def notices(workspace: Workspace, channel: str) -> list[str]:
    return [message.text for message in workspace.channel(channel) if message.text.startswith("For your information")]


# --- one step, one card -----------------------------------------------------------------------------------------------


def test_after_two_days_of_downtime_each_issue_has_one_card_and_one_ping_in_its_next_tier(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.database.keep_beat(workspace.clock())
    workspace.downtime(days=2)
    assert len([card for card in cards(workspace, "support-l2") if "ISS-1 ·" in card.shown]) == 1
    assert called(workspace, "support-l2") == 1
    assert ["resolution target passed" in text for text in notices(workspace, "it-managers")] == [True]


def test_two_people_who_type_escalate_at_once_move_it_one_tier(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("escalate ISS-1 nobody can log in; tried: a restart", by="U0ANA")
    answer = workspace.command("escalate ISS-1 all of Berlin is out; tried: a restart", by="U0BEN")
    assert workspace.issue().tier == 2
    assert "has changed since" in answer.text
    workspace.clock.advance(minutes=2)
    workspace.command("escalate ISS-1 L2 cannot help; tried: a new client", by="U0BEN")
    assert workspace.issue().tier == 3


def test_what_is_needed_travels_with_it(workspace: Workspace) -> None:
    workspace.submit_issue()
    said = "escalate it is the gateway; tried: a restart; needed: access to it"
    workspace.tell_bot(workspace.card("L1"), said, by="U0ANA")
    packet = workspace.packet()
    assert (packet.reason, packet.tried, packet.needed) == ("it is the gateway", "a restart", "access to it")
    assert "What is needed*\naccess to it" in workspace.card("L2").shown


# --- somebody is needed -----------------------------------------------------------------------------------------------


def test_a_release_calls_the_tier(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.press(workspace.card("L1"), "Release", by="U0ANA")
    assert workspace.slack.thread(workspace.card("L1"))[-1].text == (
        "<!here> <@U0ANA> has released ISS-1 VPN is down in Berlin. It needs somebody again."
    )


def test_who_answers_finds_somebody_although_who_asked_has_left(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="claim")
    workspace.bot.issues.wait(1, "U0ANA", reason=WaitingFor.REPORTER, note="which office?", until=None, delivery="wait")
    workspace.settle()
    workspace.database.leave(1, "U0ANA")
    workspace.say(workspace.receipt(), "the one in Berlin", by="U0MAYA")
    assert any("<!here> ISS-1" in m.text and "needs somebody" in m.text for m in workspace.channel("support-l1"))


def test_what_is_handed_over_is_offered_in_person(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "handover <@U0EMIL> it is your server", by="U0ANA")
    (offer,) = workspace.slack.dm("U0EMIL")
    assert offer.text.startswith("<@U0ANA> hands ISS-1 VPN is down in Berlin to you. Press Accept")
    assert offer.text.endswith("it is your server")
    assert "hands it to <@U0EMIL>" in workspace.receipt().shown
    assert "is on it" not in workspace.receipt().shown


def test_what_was_handed_over_and_not_accepted_waits_again_and_everybody_concerned_reads_it(
    workspace: Workspace,
) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "handover <@U0BEN> half done", by="U0ANA")
    workspace.pass_time(hours=2)
    said = [message.text for message in workspace.slack.thread(workspace.receipt())]
    assert said == [
        "<@U0ANA> is on it.",
        "ISS-1 waits for L1 again.",
    ]
    (offer,) = workspace.slack.dm("U0BEN")
    assert "Press Accept" not in offer.shown
    assert "needs no answer any more. Open, nobody in L1 has claimed it." in offer.shown


def test_an_offer_that_was_accepted_asks_no_more(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "handover <@U0BEN> half done", by="U0ANA")
    workspace.press(workspace.card("L1"), "Accept", by="U0BEN")
    (offer,) = workspace.slack.dm("U0BEN")
    assert offer.text == "<@U0ANA> handed ISS-1 VPN is down in Berlin to you, and you have accepted it."


def test_an_offer_that_comes_too_late_says_so(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="claim")
    workspace.bot.issues.hand_over(1, "U0ANA", to="U0BEN", note="half done", delivery="handover")
    workspace.bot.issues.release(1, "U0CHEN", delivery="release")  # and Slack was away all the while
    workspace.settle()
    (offer,) = workspace.slack.dm("U0BEN")
    assert offer.text.startswith("<@U0ANA> handed ISS-1 VPN is down in Berlin to you; that needs no answer any more.")


def test_who_holds_it_is_called_once_in_a_burst_of_words(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    for text in ("are you there?", "hello?", "it is urgent"):
        workspace.say(workspace.receipt(), text, by="U0MAYA")
    workspace.clock.advance(minutes=11)
    workspace.say(workspace.receipt(), "any news?", by="U0MAYA")
    said = [message.text for message in workspace.slack.thread(workspace.card("L1"))]
    assert ["<@U0ANA>, " in text for text in said] == [True, False, False, True]


def test_a_word_of_support_moves_the_promise_on_card_and_receipt(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.pass_time(hours=3)
    workspace.say(workspace.card("L1"), "still looking", by="U0ANA")
    due = workspace.issue().clocks.update.running_since
    assert due is not None
    due += timedelta(hours=8)
    assert due - START > timedelta(hours=11)
    assert f"<!date^{int(due.timestamp())}^" in workspace.receipt().shown
    assert f"<!date^{int(due.timestamp())}^" in workspace.card("L1").shown
    assert "Last word from support" in workspace.receipt().shown


def test_the_reporter_hears_of_a_release_from_the_second_on_in_a_cycle(workspace: Workspace) -> None:
    workspace.submit_issue()

    def held_and_released() -> int:
        workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
        workspace.press(workspace.card("L1"), "Release", by="U0ANA")
        return [said.text for said in workspace.slack.thread(workspace.receipt())].count("ISS-1 waits for L1 again.")

    assert [held_and_released() for _ in range(3)] == [0, 1, 2]
    workspace.command("solved ISS-1", by="U0MAYA")
    workspace.command("reopen ISS-1 still broken", by="U0MAYA")
    workspace.settle()
    assert [held_and_released() for _ in range(2)] == [2, 3]


# --- whoever loses it reads it where they worked ----------------------------------------------------------------------


def held_at_an_old_card(workspace: Workspace) -> None:
    """Ben works under the card of L1 on what is in L3 by now; he is in no other channel (domain.md 2.5)."""
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "escalate it is the server; tried: a restart", by="U0BEN")
    workspace.tell_bot(workspace.card("L2"), "escalate it is the gateway; tried: a restart", by="U0CHEN")
    workspace.tell_bot(workspace.card("L1"), "claim", by="U0BEN")


def naming(workspace: Workspace, person: str, tier: str = "L1") -> list[str]:
    """What the bot says of a person there by name; people's own messages here begin with its name."""
    thread = [said.text for said in workspace.slack.thread(workspace.card(tier))]
    return [text for text in thread if f"<@{person}>" in text and not text.startswith(f"<@{BOT}>")]


def test_whose_issue_a_lead_releases_is_named(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.command("release ISS-1", by="U0CHEN")
    workspace.settle()
    said = "<!here> <@U0CHEN> has released ISS-1 VPN is down in Berlin, which <@U0ANA> had. It needs somebody again."
    assert naming(workspace, "U0ANA") == [said]


def test_whose_issue_is_released_elsewhere_reads_it_at_their_desk(workspace: Workspace) -> None:
    held_at_an_old_card(workspace)
    workspace.command("release ISS-1", by="U0EMIL")
    workspace.settle()
    said = "<@U0EMIL> has released ISS-1 VPN is down in Berlin, which <@U0BEN> had. It needs somebody again."
    assert naming(workspace, "U0BEN") == [said]
    assert naming(workspace, "U0BEN", "L3") == [f"<!here> {said}"]


def test_who_releases_it_themselves_is_told_nothing_at_their_desk(workspace: Workspace) -> None:
    held_at_an_old_card(workspace)
    workspace.command("release ISS-1", by="U0BEN")
    workspace.settle()
    assert naming(workspace, "U0BEN") == []


@pytest.mark.parametrize("lapses", [True, False])
def test_an_offer_that_ends_is_told_where_its_giver_works(workspace: Workspace, *, lapses: bool) -> None:
    held_at_an_old_card(workspace)
    workspace.tell_bot(workspace.card("L1"), "handover <@U0ANA> half done", by="U0BEN")
    if lapses:
        workspace.pass_time(hours=4)
    else:
        workspace.command("release ISS-1", by="U0ANA")
        workspace.settle()
    assert workspace.holder() is None
    how = (
        "has not accepted ISS-1 VPN is down in Berlin in time" if lapses else "has declined ISS-1 VPN is down in Berlin"
    )
    assert naming(workspace, "U0BEN")[-1] == f"<@U0BEN>, <@U0ANA> {how}. It needs somebody again."


def test_whose_issue_is_taken_over_from_another_card_reads_it_at_their_desk(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L2"), "takeover she is at lunch", by="U0CHEN")
    said = ["<@U0CHEN> has taken ISS-1 over from <@U0ANA>: she is at lunch"]
    assert (naming(workspace, "U0ANA"), naming(workspace, "U0ANA", "L2")) == (said, said)


def test_whose_issue_is_taken_over_at_the_same_card_reads_it_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "takeover she is at lunch", by="U0BEN")
    assert naming(workspace, "U0ANA") == ["<@U0BEN> has taken ISS-1 over from <@U0ANA>: she is at lunch"]


def test_who_offers_what_somebody_else_takes_over_is_called(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "handover <@U0BEN> half done", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "takeover I know it", by="U0CHEN")
    assert naming(workspace, "U0ANA")[-1] == "<@U0ANA>, <@U0CHEN> has taken ISS-1 over from <@U0BEN>: I know it"


@pytest.mark.parametrize(
    ("offered", "by", "what"),
    [
        ("", "U0ANA", "ISS-1"),
        ("", "U0CHEN", "ISS-1, which <@U0ANA> had,"),
        ("U0BEN", "U0CHEN", "ISS-1, which <@U0ANA> had offered to <@U0BEN>,"),
        ("U0BEN", "U0ANA", "ISS-1, which was offered to <@U0BEN>,"),
        ("U0BEN", "U0BEN", "ISS-1, which <@U0ANA> had offered,"),
    ],
)
def test_whose_issue_is_handed_to_another_is_named(workspace: Workspace, offered: str, by: str, what: str) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    if offered:
        workspace.tell_bot(workspace.card("L1"), f"handover <@{offered}> half done", by="U0ANA")
    workspace.command("handover ISS-1 <@U0EMIL> it is your server", by=by)
    workspace.settle()
    said = naming(workspace, "U0EMIL")[-1]
    assert said.startswith(f"<@U0EMIL>, <@{by}> hands {what} to you: it is your server\n")


@pytest.mark.parametrize(
    ("command", "by", "fix"),
    [("solved", "U0MAYA", "The reporter says it is solved."), ("resolve", "U0CHEN", "new cable &amp; plug")],
)
def test_whose_issue_another_resolves_reads_it(workspace: Workspace, command: str, by: str, fix: str) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.command(f"{command} ISS-1 {'new cable & plug' if command == 'resolve' else ''}", by=by)
    workspace.settle()
    assert naming(workspace, "U0ANA") == [f"<@U0ANA>, <@{by}> has resolved ISS-1: {fix}"]


def test_who_resolves_what_they_hold_or_nobody_holds_is_told_nothing(workspace: Workspace) -> None:
    for number in (1, 2):
        workspace.submit_issue()
        if number == 1:
            workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
        workspace.command(f"resolve ISS-{number} new cable", by="U0ANA")
        workspace.settle()
        assert workspace.slack.thread(workspace.card("L1", number)) == []


def test_who_offers_what_is_moved_or_cancelled_is_called(workspace: Workspace) -> None:
    for number in (1, 2):
        workspace.submit_issue()
        workspace.press(workspace.card("L1", number), "Claim", by="U0ANA")
        workspace.tell_bot(workspace.card("L1", number), "handover <@U0BEN> half done", by="U0ANA")
    workspace.command("escalate ISS-1 it is the server; tried: a restart", by="U0CHEN")
    workspace.command("cancel ISS-2 a joke", by="U0CHEN")
    workspace.settle()
    assert last_under(workspace, "L1", 1).startswith("<@U0ANA>, <@U0BEN>, ISS-1 went to L2: it was escalated.")
    assert last_under(workspace, "L1", 2) == "<@U0ANA>, <@U0BEN>, <@U0CHEN> has cancelled ISS-2: a joke"


@pytest.mark.parametrize("how", ["solved", "unanswered", "by a lead"])
def test_what_comes_back_calls_who_had_it_and_not_who_resolved_it(workspace: Workspace, how: str) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    if how == "unanswered":
        workspace.tell_bot(workspace.card("L1"), "wait reporter which office?", by="U0ANA")
        workspace.pass_time(days=8)
    else:
        by = "U0MAYA" if how == "solved" else "U0CHEN"
        workspace.command("solved ISS-1" if how == "solved" else "resolve ISS-1 new cable", by=by)
    workspace.command("reopen ISS-1 still broken", by="U0MAYA")
    workspace.settle()
    said = "<!here> <@U0ANA>, ISS-1 VPN is down in Berlin is back: <@U0MAYA> has reopened it: still broken"
    assert last_under(workspace, "L1", 1) == said


def test_what_comes_back_calls_who_had_it_at_their_desk(workspace: Workspace) -> None:
    held_at_an_old_card(workspace)
    workspace.command("solved ISS-1", by="U0MAYA")
    workspace.command("reopen ISS-1 still broken", by="U0MAYA")
    workspace.settle()
    said = "<@U0BEN>, ISS-1 VPN is down in Berlin is back: <@U0MAYA> has reopened it: still broken"
    assert last_under(workspace, "L1", 1) == said
    assert last_under(workspace, "L3", 1) == f"<!here> {said}"


def test_what_comes_back_calls_who_resolved_it_if_nobody_had_it(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("resolve ISS-1 new cable", by="U0ANA")
    workspace.command("reopen ISS-1 still broken", by="U0MAYA")
    workspace.settle()
    assert naming(workspace, "U0ANA")[-1].startswith("<!here> <@U0ANA>, ISS-1 VPN is down in Berlin is back:")


# --- severity ---------------------------------------------------------------------------------------------------------


def judge(workspace: Workspace, impact: str = "high", urgency: str = "high") -> None:
    workspace.tell_bot(workspace.card("L1"), f"priority {impact} {urgency} it is so", by="U0ANA")


def test_raised_up_and_down_management_is_told_of_each_raise(workspace: Workspace) -> None:
    """Since it was lowered they believe that it is low."""
    workspace.submit_issue()
    for _ in range(3):
        judge(workspace)
        judge(workspace, "medium", "medium")
    assert len(notices(workspace, "it-managers")) == 3


def test_raised_while_it_waits_management_is_told_and_the_rest_when_it_goes_on(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "wait reporter which office?", by="U0ANA")
    judge(workspace)
    assert len(notices(workspace, "it-managers")) == 1
    assert not workspace.channel("support-l2")
    workspace.tell_bot(workspace.card("L1"), "resume", by="U0ANA")
    assert "ISS-1" in workspace.card("L2").shown
    assert len(notices(workspace, "it-managers")) == 1


def test_raised_after_it_came_back_the_tier_above_has_a_card_to_work_with(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "move L3 it is their server", by="U0ANA")
    workspace.tell_bot(workspace.card("L3"), "move L1 it is not", by="U0EMIL")
    judge(workspace)
    card = workspace.card("L2")
    assert card.buttons == ["Claim", "Escalate", "Resolve"]
    assert card.text.startswith("<!here>")


def test_a_card_above_the_tier_that_has_it_says_why_it_is_there_and_what_comes(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    judge(workspace)
    card = workspace.card("L2")
    assert card.text.startswith("ISS-1 is Critical (P1), so L2 has it beside L1. ISS-1,")
    assert "It is with L2 alone from " in card.shown
    assert "It goes to L2 " in workspace.card("L1").shown
    workspace.press(workspace.card("L1"), "Release", by="U0ANA")
    assert workspace.card("L2").shown.startswith("New Critical (P1) issue for L1 and L2.")
    for tier in ("L1", "L2"):
        assert "It is with L2 alone from " in workspace.card(tier).shown
    assert "Waiting for L1 or L2." in workspace.receipt().text
    assert "it is with L2 alone." in workspace.receipt().text


def test_who_holds_it_is_called_when_it_is_raised(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.press(workspace.receipt(), "It got worse", by="U0MAYA")
    workspace.fill(workspace.slack.forms[-1], by="U0MAYA", reason="now all of us")
    thread = workspace.slack.thread(workspace.card("L1"))
    assert any(message.text.startswith("<@U0ANA>, <@U0MAYA> has changed") for message in thread)
    assert not any("resume" in message.text for message in thread)


def test_who_holds_what_is_raised_while_it_waits_is_asked_to_resume_it(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "wait vendor a new disk", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "priority high high all of Berlin", by="U0BEN")
    (said,) = naming(workspace, "U0ANA")
    assert said.startswith("<@U0ANA>, <@U0BEN> has changed ISS-1 from Normal to Critical")
    assert said.endswith("please resume it, if that cannot wait.")
    assert workspace.issue().status.value == "waiting"
    for level, by in (("medium", "U0BEN"), ("high", "U0ANA")):  # lowered; and raised by who holds it
        workspace.tell_bot(workspace.card("L1"), f"priority {level} {level} it is so", by=by)
        assert "resume" not in last_under(workspace, "L1", 1)


def test_whoever_asks_is_heard_however_often_the_channel_was_called(workspace: Workspace) -> None:
    for number in (1, 2):
        workspace.submit_issue(by=f"U0P{number}")
        said = "escalate nobody can log in; tried: a restart"
        workspace.tell_bot(workspace.card("L1", number), said, by="U0ANA")
    assert called(workspace, "support-l2") == 2


# --- how often, and when ----------------------------------------------------------------------------------------------


def test_a_day_of_silence_calls_the_last_tier_as_often_as_the_policy_says(workspace: Workspace) -> None:
    workspace.policy = replace(load_policy(POLICY), version="shipped")
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(hours=24)
    assert 90 < called(workspace, "it-managers") <= 97  # every quarter of an hour, and its card


@pytest.fixture
def office(workspace: Workspace) -> Workspace:
    """The shipped hours, on a Monday evening."""
    workspace.policy = replace(load_policy(POLICY), version="shipped")
    workspace.clock.now = START.replace(hour=22)
    workspace.start()
    return workspace


def test_at_night_a_card_is_there_and_the_ping_comes_in_the_morning(office: Workspace) -> None:
    office.submit_issue()
    office.tell_bot(office.card("L1"), "escalate nobody is there; tried: calling", by="U0ANA")
    assert "Claim" in office.card("L2").buttons
    assert called(office, "support-l2") == 0
    office.clock.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    office.settle()
    assert called(office, "support-l2") == 1
    assert "still nobody has claimed it" in office.channel("support-l2")[-1].text


def test_who_loses_it_at_night_reads_so_though_the_call_waits_for_the_morning(office: Workspace) -> None:
    office.submit_issue()
    office.command("claim ISS-1", by="U0ANA")
    office.command("release ISS-1", by="U0FAY")
    office.settle()
    assert any("which <@U0ANA> had" in m.text for m in office.slack.thread(office.card("L1")))


def test_what_was_claimed_at_night_calls_nobody_in_the_morning(office: Workspace) -> None:
    office.submit_issue()
    office.tell_bot(office.card("L1"), "escalate nobody is there; tried: calling", by="U0ANA")
    office.press(office.card("L2"), "Claim", by="U0CHEN")
    assert "Claimed by <@U0CHEN>" in office.card("L2").shown  # a ping that waits for the morning holds back nothing
    office.clock.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    office.settle()
    assert called(office, "support-l2") == 0


def test_a_morning_calls_only_the_tier_that_has_it_by_then(office: Workspace) -> None:
    office.submit_issue()
    for _ in range(2):
        office.press(office.card("L1"), "Claim", by="U0ANA")
        office.press(office.card("L1"), "Release", by="U0ANA")
    office.tell_bot(office.card("L1"), "escalate nobody is there; tried: calling", by="U0ANA")
    office.clock.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    office.settle()
    assert (called(office, "support-l1"), called(office, "support-l2")) == (0, 1)


def test_a_ping_that_is_still_waiting_when_the_office_closes_comes_in_the_morning(office: Workspace) -> None:
    office.clock.now = START.replace(hour=16, minute=50)
    office.start()
    office.submit_issue()
    office.bot.issues.escalate(1, "U0ANA", seen=Seen(entry=1), reason="a", tried="b", delivery="press")
    office.clock.now = START.replace(hour=17, minute=1)  # Slack was away
    office.settle()
    assert "Claim" in office.card("L2").buttons
    assert called(office, "support-l2") == 0
    office.clock.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    office.settle()
    assert called(office, "support-l2") == 1


def test_who_holds_it_in_the_last_tier_and_has_left_is_not_called_alone_for_ever(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=26)
    workspace.press(workspace.card("management"), "Claim", by="U0FAY")
    workspace.slack.members_of["C0MGMT"] = {"U0GUS", BOT}
    workspace.directory.refresh()
    before = called(workspace, "it-managers")
    workspace.pass_time(hours=2)
    assert called(workspace, "it-managers") > before
    assert "take it over" in workspace.channel("it-managers")[-1].text
    workspace.bot.issues.take_over(1, "U0GUS", reason="Fay has left", desk=4, delivery="over")
    assert workspace.holder() == "U0GUS"


def test_a_release_that_is_still_waiting_when_the_office_closes_calls_in_the_morning(office: Workspace) -> None:
    office.clock.now = START.replace(hour=16, minute=50)
    office.start()
    office.submit_issue()
    office.bot.issues.claim(1, "U0ANA", desk=1, delivery="claim")
    office.settle()
    office.bot.issues.release(1, "U0ANA", delivery="release")
    office.clock.now = START.replace(hour=17, minute=1)  # Slack was away
    office.settle()
    assert called(office, "support-l1") == 0
    office.clock.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    office.settle()
    assert called(office, "support-l1") == 1
    assert "<@U0ANA> has released ISS-1" in office.slack.thread(office.card("L1"))[-1].text


def test_a_critical_issue_calls_at_night(office: Workspace) -> None:
    office.submit_issue(impact="high", urgency="high")
    assert called(office, "support-l1") == 1


# --- what staff wrote for staff ---------------------------------------------------------------------------------------


def test_why_tells_the_reporter_no_words_of_staff_and_a_stranger_nothing(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "escalate she broke it herself; tried: patience", by="U0ANA")
    workspace.tell_bot(workspace.card("L2"), "return it is her cable", by="U0CHEN")
    told = workspace.command("why ISS-1").text
    assert "from L1 to L2" in told
    for secret in ("broke it", "patience", "cable"):
        assert secret not in told
        assert secret in workspace.command("why ISS-1", by="U0ANA").text
    workspace.tell_bot(workspace.card("L1"), "why", by="U0STRANGER")
    assert "Only the person who reported ISS-1" in workspace.whispered("U0STRANGER")[-1]


def test_why_tells_the_reporter_no_words_of_staff_about_a_reopening(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("resolve ISS-1 cable", by="U0ANA")
    workspace.command("reopen ISS-1 she broke it herself", by="U0ANA")
    told = workspace.command("why ISS-1").text
    assert "<@U0ANA> reopened it." in told
    assert "broke it" not in told
    workspace.command("resolve ISS-1 cable", by="U0ANA")
    workspace.command("reopen ISS-1 still nothing", by="U0MAYA")
    assert "You reopened it: still nothing" in workspace.command("why ISS-1").text


def test_why_tells_each_change_of_hands(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.command("handover ISS-1 <@U0BEN> she broke it herself", by="U0ANA")
    workspace.pass_time(hours=3)
    workspace.command("claim ISS-1", by="U0BEN")
    workspace.command("takeover ISS-1 he has left", by="U0ANA")
    workspace.command("wait ISS-1 reporter what do you see?", by="U0ANA")
    workspace.say(workspace.receipt(), "nothing", by="U0MAYA")
    told = workspace.command("why ISS-1").text.partition("How it came here.")[2]
    steps = [line.partition("UTC>  ")[2] for line in told.splitlines() if line.startswith("•")]
    assert steps == [
        "<@U0ANA> claimed it in L1.",
        "<@U0ANA> handed it to <@U0BEN>.",
        "<@U0BEN> did not accept it in time.",
        "<@U0BEN> claimed it in L1.",
        "<@U0ANA> took it over from <@U0BEN>.",
        "<@U0ANA> let it wait for you: what do you see?",
        "You made it go on.",
    ]
    for words in ("broke it", "has left"):
        assert words in workspace.command("why ISS-1", by="U0BEN").text


def test_why_says_you_to_whom_it_is_about(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    reporter, holder, other = (workspace.command("why ISS-1", by=by).text for by in ("U0MAYA", "U0ANA", "U0BEN"))
    assert "unless you hear from us" in reporter
    assert "unless you hear from us" in workspace.command("show ISS-1").text
    assert "unless the reporter hears from us" in workspace.command("show ISS-1", by="U0BEN").text
    assert "tells you something at least every 8 hours" in reporter
    assert "Time to the next word for you" in reporter
    assert "*ISS-1 now.* Claimed by you. It goes to L2" in holder
    assert "Claimed by <@U0ANA>" in other
    assert "unless the reporter hears from us" in other
    workspace.tell_bot(workspace.card("L1"), "wait reporter what does the reporter see?", by="U0ANA")
    waiting = workspace.command("why ISS-1").text
    assert "*ISS-1 now.* Waiting for your answer, held by <@U0ANA>. You are asked again" in waiting
    assert "let it wait for you: what does the reporter see?" in waiting
    assert "  You let it wait for its reporter: what" in workspace.command("why ISS-1", by="U0ANA").text


def test_why_of_the_last_tier_names_no_tier_above(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("move ISS-1 management their contract", by="U0ANA")
    workspace.command("claim ISS-1", by="U0FAY")
    assert "at least every 8 hours, or is reminded." in workspace.command("why ISS-1").text


def test_why_says_that_what_is_late_was_due(workspace: Workspace) -> None:
    workspace.submit_issue()
    assert "of 4 hours used, due" in workspace.command("why ISS-1").text
    workspace.pass_time(hours=5)
    assert "Time to the first response:* 5 hours of 4 hours used, was due" in workspace.command("why ISS-1").text


def test_why_says_how_many_steps_it_leaves_out(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    assert "steps)" not in workspace.command("why ISS-1", by="U0FAY").text
    workspace.pass_time(hours=4)
    told = workspace.command("why ISS-1", by="U0FAY").text
    count = re.search(r"\(the last 8 of ([0-9]+) steps\)", told)
    assert count
    assert int(count[1]) > 8
    assert told.partition("steps)")[2].count("•") == 8


def test_the_reporter_hears_that_it_went_to_another_tier(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("move ISS-1 L3 their server", by="U0ANA")
    workspace.command("return ISS-1 her cable", by="U0EMIL")
    workspace.settle()
    dm = workspace.dm_of("U0MAYA")
    told = [message.text for message in workspace.slack.messages if message.channel == dm and message.thread_ts]
    assert told == [
        "ISS-1 is with L3 now: <@U0ANA> has passed it on.",
        "ISS-1 is with L2 now: <@U0EMIL> has passed it on.",
    ]


def test_why_tells_no_runs_of_no_time(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.command("wait ISS-1 vendor a new disk", by="U0ANA")
    told = workspace.command("why ISS-1", by="U0ANA").text
    assert "(0 seconds counted)" not in told
    assert "*Time to resolve it:* 0 seconds of 24 hours used, stopped." in told


# --- the same trouble -------------------------------------------------------------------------------------------------


def test_who_reported_the_same_hears_what_is_said_where_it_is_worked_on(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.submit_issue("no VPN", by="U0TOM")
    workspace.tell_bot(workspace.card("L1", 2), "merge ISS-1", by="U0ANA")
    assert "The same trouble as ISS-1" in workspace.receipt(2, of="U0TOM").shown
    workspace.say(workspace.card("L1", 1), "the provider works on it", by="U0ANA")
    heard = [message.text for message in workspace.slack.thread(workspace.receipt(2, of="U0TOM"))]
    assert heard[-1] == "<@U0ANA>: the provider works on it"
    workspace.command("resolve ISS-1 a new router", by="U0ANA")
    workspace.settle()
    shown = workspace.receipt(2, of="U0TOM").shown
    assert "Resolved together with ISS-1" in shown
    assert "a new router" in shown
    workspace.clock.advance(minutes=1)
    workspace.say(workspace.receipt(2, of="U0TOM"), "not here", by="U0TOM")
    assert workspace.issue(1).status.value == "open"
    assert "which goes on for both" in workspace.receipt(2, of="U0TOM").shown


def test_the_card_of_a_duplicate_says_what_goes_on(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.submit_issue("no VPN", by="U0TOM")
    workspace.tell_bot(workspace.card("L1", 2), "merge ISS-1", by="U0ANA")
    assert "Its reporter hears what comes of ISS-1" in workspace.card("L1", 2).shown
    workspace.command("resolve ISS-1 a new router", by="U0ANA")
    shown = workspace.command("show ISS-2").text
    assert "Merged into ISS-1, which was resolved. Its reporter has heard the outcome." in shown


def test_what_staff_take_back_is_gone_there_too(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.submit_issue("no VPN", by="U0TOM")
    workspace.tell_bot(workspace.card("L1", 2), "merge ISS-1", by="U0ANA")
    card = workspace.card("L1", 1)
    ts = workspace.say(card, "the password is hunter2", by="U0ANA")
    gone = {"ts": ts, "user": "U0ANA", "text": "the password is hunter2", "thread_ts": card.ts}
    workspace.event(
        {
            "type": "message",
            "subtype": "message_deleted",
            "channel": card.channel,
            "channel_type": "channel",
            "deleted_ts": ts,
            "ts": workspace.slack.new_ts(),
            "previous_message": gone,
        }
    )
    workspace.settle()
    assert not any("hunter2" in m.text for m in workspace.slack.thread(workspace.receipt(2, of="U0TOM")))


def test_what_follows_a_closed_issue_says_so(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("cancel ISS-1")
    workspace.settle()
    workspace.say(workspace.receipt(), "I need it after all", by="U0MAYA")
    assert "It goes on from ISS-1" in workspace.card("L1", 2).shown


# --- words that nobody sees -------------------------------------------------------------------------------------------

INVISIBLE = "\u200b\u3164"


def test_words_that_nobody_sees_are_no_update(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    before = workspace.issue()
    workspace.say(workspace.card("L1"), INVISIBLE, by="U0ANA")
    assert workspace.issue() == before
    assert "There was nothing in that message to pass on" in workspace.whispered("U0ANA")[-1]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (f"wait {INVISIBLE}", "Say also what it waits for, like this"),
        (f"escalate {INVISIBLE}; tried: rebooted", "Say in a few words why it should go up"),
        (f"escalate all down; tried: {INVISIBLE}", "Say what was tried already"),
        (f"wait reporter {INVISIBLE}", "there was nothing to pass on"),
        (f"resolve {INVISIBLE}", "Say what fixed it"),
        (f"note {INVISIBLE}", "There was nothing in that message to pass on"),
    ],
)
def test_words_that_nobody_sees_are_none(workspace: Workspace, said: str, answer: str) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    before = workspace.issue()
    workspace.tell_bot(workspace.card("L1"), said, by="U0ANA")
    assert answer in workspace.whispered("U0ANA")[-1]
    assert workspace.issue() == before


# --- slips of the finger ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("shwo ISS-1", "Did you mean `/issue show ISS-1`?"),
        ("helo", "Did you mean `/issue help`?"),
        ("mien", "Did you mean `/issue mine`?"),
        ("cancel", "Which issue? For example: `/issue cancel ISS-42`."),
        ("why", "Which issue? For example: `/issue why ISS-42`."),
        ("why ISS-n", "Which issue? For example: `/issue why ISS-42`."),
        ("show iss-42x", "Which issue? For example: `/issue show ISS-42`."),
        ("snooze ISS-n 2h", "Which issue? For example: `/issue snooze ISS-42`."),
        ("snooze 2h", "Which issue? Write `/issue snooze ISS-42 2h`."),
        ("priority high medium", "Which issue? Write `/issue priority ISS-42 high medium`."),
        ("priority High", "Which issue? Write `/issue priority ISS-42 High`."),
        (
            "handover <@U0BEN|ben> the client is new",
            "Which issue? Write `/issue handover ISS-42 @ben the client is new`.",
        ),
        ("major <@U0BEN|ben>", "Which issue? Write `/issue major ISS-42 @ben`."),
        (
            "resolve network: a &lt;new&gt; one",
            "Which issue? Write `/issue resolve ISS-42 network: a &lt;new&gt; one`.",
        ),
        ("snooze ISS-1", "Say also for how long, like this: `/issue snooze ISS-1 2h`, or `/issue snooze ISS-1 30m`."),
        (
            "escalate ISS-1",
            "Say also why, and what was tried, like this: `/issue escalate ISS-1 nobody can log in; tried:",
        ),
        (
            "escalate ISS-1 why",
            "To escalate it from here, say why, and what was tried, like this: `/issue escalate ISS-1 n",
        ),
        ("merge ISS-1", "Say also which issue it is merged into, like this: `/issue merge ISS-1 ISS-7`."),
        (
            "handover ISS-1 you",
            "I did not understand whom you mean. Say it like this: `/issue handover ISS-1 @Dana the",
        ),
        ("rate ISS-1 &lt;!here&gt;", "I did not understand “&lt;!here&gt;”. Say it like this: `/issue rate ISS-1 5`."),
        (
            "priority ISS-1 &lt;!here&gt;",
            "I did not understand “&lt;!here&gt;”. Say it like this: `/issue priority ISS-1 high",
        ),
        ("claim 1", "Done. *ISS-1*"),
        ("note ISS-1 she never reads", "Notes for staff are written in the thread of a card"),
    ],
)
def test_a_slip_of_the_finger_reports_nothing(workspace: Workspace, typed: str, answer: str) -> None:
    workspace.submit_issue()
    assert workspace.command(typed, by="U0ANA").text.startswith(answer)
    assert not workspace.slack.forms


@pytest.mark.parametrize("typed", ["ISS-1", "iss-1", " ISS-1  ", "#1", "1"])
def test_a_number_alone_shows_that_issue(workspace: Workspace, typed: str) -> None:
    workspace.submit_issue()
    assert workspace.command(typed).body == workspace.command("show ISS-1").body
    assert not workspace.slack.forms


@pytest.mark.parametrize(
    "title",
    [
        "Printer",
        "move 5 desks to Berlin",
        "lost my badge",
        "VPN",
        "note taking app crashes",
        "note 3 phones do not charge",
        "why is the VPN so slow",
        "show 2 of the screens do not",
        "snooze button of the alarm is broken",
        "priority high printer is jammed",
        "resolve names in Berlin does not work",
        "update low disk space warnings",
    ],
)
def test_a_title_is_a_title(workspace: Workspace, title: str) -> None:
    workspace.command(title)
    assert len(workspace.slack.forms) == 1


def test_words_to_the_bot_that_it_does_not_know_are_said_to_be_lost(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "fix it please", by="U0ANA")
    (answer,) = workspace.whispered("U0ANA")
    assert answer.startswith("I did not understand “fix it please”, and passed nothing on.")


@pytest.mark.parametrize("asked", ["", "help", "Help!", "help:"])
def test_a_call_for_help_in_a_thread_is_answered_with_the_words(workspace: Workspace, asked: str) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), asked, by="U0ANA")
    (answer,) = workspace.whispered("U0ANA")
    assert answer.startswith("In this thread I understand:")


# --- who is told, and how ----------


def test_staff_who_ask_about_their_own_report_have_not_been_answered_by_that(workspace: Workspace) -> None:
    workspace.submit_issue(by="U0FAY", impact="high", urgency="high")
    workspace.pass_time(minutes=6)
    asked = next(m for m in workspace.channel("it-managers") if "Who leads it?" in m.text)
    workspace.say(asked, "any news?", by="U0FAY")
    assert not workspace.issue().responded
    assert any("any news?" in m.text for m in workspace.slack.thread(workspace.card("L2")))
    before = len(workspace.slack.messages)
    workspace.say(workspace.card("L2"), "please!", by="U0FAY")
    assert not workspace.issue().responded
    assert [m.text for m in workspace.slack.messages[before:] if m.text.startswith("<@U0FAY>")] == []


def test_who_holds_an_issue_that_somebody_moves_is_told_in_the_old_thread(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.command("move ISS-1 L3 it is their server", by="U0CHEN")
    workspace.settle()
    thread = [m.text for m in workspace.slack.thread(workspace.card("L1"))]
    assert "<@U0ANA>, ISS-1 went to L3: it was moved. You can still claim it." in thread


def test_a_notice_to_a_person_invites_to_nothing_that_they_may_not_do(workspace: Workspace) -> None:
    workspace.policy = replace(workspace.policy, fallback="U0TOM")
    workspace.submit_issue()
    workspace.pass_time(hours=40)
    *_, told = workspace.slack.dm("U0TOM")
    assert "has not answered" in told.text
    assert "Reply in this thread" not in told.shown
    assert "It is worked on under <" in told.shown


def test_an_edited_note_stays_a_note(workspace: Workspace) -> None:
    workspace.submit_issue()
    first = workspace.card("L1")
    workspace.tell_bot(first, "escalate too deep for us; tried: rebooted", by="U0ANA")
    ts = workspace.say(first, ":lock: they are in a hurry", by="U0ANA")
    edited = {"user": "U0ANA", "text": ":lock: they are in a great hurry", "ts": ts, "thread_ts": first.ts}
    workspace.event(
        {
            "type": "message",
            "subtype": "message_changed",
            "channel": first.channel,
            "message": edited | {"edited": {"user": "U0ANA", "ts": "1796000099.000001"}},
            "previous_message": edited | {"text": ":lock: they are in a hurry"},
        }
    )
    workspace.settle()
    (copy,) = [m for m in workspace.slack.thread(workspace.card("L2")) if "great hurry" in m.shown]
    assert "for staff only" in copy.shown


def test_a_long_hand_over_still_says_what_to_do(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.bot.issues.hand_over(1, "U0ANA", to="U0BEN", note="&" * 1990, delivery="h")
    workspace.settle()
    *_, offer = workspace.slack.dm("U0BEN")
    assert "Press Accept" in offer.text
    assert offer.shown.count("&amp;") == 1990


def test_a_target_that_is_not_missed_any_more_is_not_told_as_missed(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.press(workspace.card("L2"), "Claim", by="U0CHEN")
    for _ in range(12):
        workspace.pass_time(minutes=20)
        workspace.say(workspace.card("L2"), "still on it", by="U0CHEN")
    assert "resolution" in workspace.issue().breached
    workspace.command("priority ISS-1 high medium it is better", by="U0CHEN")
    before = len(workspace.channel("it-managers"))
    workspace.pass_time(hours=1, minutes=50)
    assert [m.text for m in workspace.channel("it-managers")[before:] if "target passed" in m.text] == []


def test_a_snooze_for_what_is_left_is_not_refused_because_its_form_took_time(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.pass_time(hours=7, minutes=39)
    snooze = BY_WORD["snooze"]
    ((value, label),) = options(snooze.inputs[0], workspace.issue(), workspace.policy, workspace.clock())
    assert label in ("20 minutes", "21 minutes")
    workspace.clock.advance(seconds=40)
    asked = Asked("snooze", 1, "U0ANA", "form", {"minutes": value})
    perform(asked, workspace.bot)
    assert workspace.issue().snooze_until == next_step_at(workspace.issue(), workspace.policy)


def test_what_the_reporter_said_is_worse_goes_along_with_the_card(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.receipt(), "It got worse", by="U0MAYA")
    workspace.fill(workspace.slack.forms[-1], by="U0MAYA", reason="Now the whole floor")
    assert "Now the whole floor" in workspace.card("L1").shown
    workspace.pass_time(minutes=20)
    assert "*What its reporter says is worse*\nNow the whole floor" in workspace.card("L2").shown


def test_a_promise_that_was_broken_is_owned_up_to(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=4, minutes=1)
    assert "We are late: you should have heard from somebody already." in workspace.receipt().shown


def test_a_promise_that_was_broken_names_no_moment_that_is_still_to_come(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=16)
    workspace.command("priority ISS-1 medium medium it can wait", by="U0FAY")
    workspace.settle()
    shown = workspace.receipt().shown
    assert "We are late" in shown
    assert "should have heard from somebody by" not in shown


def test_who_reported_a_critical_one_reads_which_tiers_had_it(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=10)
    assert any("nobody in L1 or L2 had taken it in time" in m.text for m in workspace.slack.thread(workspace.receipt()))


# --- who loses an issue, and whom one calls that comes back -----------------------------------------------------------


def test_who_holds_what_somebody_merges_is_called(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.submit_issue("no VPN", by="U0TOM")
    workspace.press(workspace.card("L1", 2), "Claim", by="U0ANA")
    workspace.command("merge ISS-2 ISS-1", by="U0BEN")
    workspace.settle()
    assert last_under(workspace, "L1", 2) == "<@U0ANA>, <@U0BEN> has merged ISS-2 into ISS-1."


def test_who_holds_what_its_reporter_cancels_is_called(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.bot.issues.cancel(1, "U0MAYA", reason="it works", insists=True, delivery="cancel")
    workspace.settle()
    assert last_under(workspace, "L1", 1) == "<@U0ANA>, <@U0MAYA> has cancelled ISS-1: it works"


def test_who_merges_what_they_hold_is_not_called(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.submit_issue("no VPN", by="U0TOM")
    workspace.press(workspace.card("L1", 2), "Claim", by="U0ANA")
    workspace.command("merge ISS-2 ISS-1", by="U0ANA")
    workspace.settle()
    assert last_under(workspace, "L1", 2) == "<@U0ANA> has merged ISS-2 into ISS-1."


def test_what_is_taken_out_again_calls_its_tier(workspace: Workspace) -> None:
    merged(workspace)
    workspace.command("unmerge ISS-1", by="U0ANA")
    workspace.settle()
    says = "<@U0ANA> has taken ISS-1 VPN is down in Berlin out of ISS-2. It needs somebody again."
    says += " Anything its reporter wrote meanwhile is in the thread of the issue that it was merged into."
    assert last_under(workspace, "L1", 1) == f"<!here> {says}"
    assert called(workspace, "support-l1") == 1


def test_what_is_taken_out_again_calls_nobody_twice_in_a_row(workspace: Workspace) -> None:
    merged(workspace)
    workspace.submit_issue("cannot log in", by="U0LENA")
    workspace.press(workspace.card("L1", 3), "Claim", by="U0BEN")
    workspace.press(workspace.card("L1", 3), "Release", by="U0BEN")
    assert called(workspace, "support-l1") == 1
    workspace.command("unmerge ISS-1", by="U0ANA")
    workspace.settle()
    assert last_under(workspace, "L1", 1).startswith("<@U0ANA> has taken ISS-1")
    assert called(workspace, "support-l1") == 1


def test_what_is_taken_out_again_at_night_calls_in_the_morning(workspace: Workspace) -> None:
    workspace.policy = load_policy(POLICY)
    merged(workspace)
    workspace.clock.now = START + timedelta(hours=12)
    workspace.command("unmerge ISS-1", by="U0ANA")
    workspace.settle()
    assert called(workspace, "support-l1") == 0
    workspace.pass_time(hours=12, minutes=1)
    assert called(workspace, "support-l1") == 1


def merged(workspace: Workspace) -> None:
    """ISS-1 into ISS-2."""
    workspace.submit_issue()
    workspace.submit_issue("no VPN", by="U0TOM")
    workspace.command("merge ISS-1 ISS-2", by="U0ANA")
    workspace.settle()


def last_under(workspace: Workspace, tier: str, number: int) -> str:
    return workspace.slack.thread(workspace.card(tier, number))[-1].text


def test_who_loses_an_issue_is_told_at_the_desk_where_they_work(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=2, seconds=1)
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="late")  # from the old card, when L2 had it already
    workspace.settle()
    workspace.pass_time(hours=8)
    assert workspace.issue().tier == 3
    told = "<@U0ANA>, ISS-1 went to L3: there was no word to the reporter in time. You can still claim it."
    assert last_under(workspace, "L1", 1) == told
    assert not any("<@U0ANA>, " in message.text for message in workspace.slack.thread(workspace.card("L2")))


def test_who_loses_it_to_their_own_tier_is_told_there_too(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=2, seconds=1)
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="late")
    workspace.bot.issues.give_back(1, "U0CHEN", seen=Seen(), findings="it is the client", delivery="down")
    workspace.settle()
    assert last_under(workspace, "L1", 1) == "<@U0ANA>, ISS-1 went to L1: it was returned. You can still claim it."


# --- several tiers have the turn --------------------------------------------------------------------------------------


def a_critical_one_comes_back(workspace: Workspace) -> list[str]:
    workspace.command("resolve ISS-1 network: a new gateway", by="U0ANA")
    workspace.settle()
    workspace.command("reopen ISS-1 it is down again")
    return ["is back: <@U0MAYA> has reopened it", "ISS-1 is open again, and L1 and L2 have been told."]


def a_critical_one_is_released(workspace: Workspace) -> list[str]:
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.command("release ISS-1", by="U0ANA")
    return ["<@U0ANA> has released ISS-1", "<@U0ANA> is on it."]


def a_critical_one_is_not_accepted(workspace: Workspace) -> list[str]:
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.command("handover ISS-1 <@U0BEN> half done", by="U0ANA")
    workspace.pass_time(minutes=15)
    return ["<@U0BEN> has not accepted ISS-1", "ISS-1 waits for L1 or L2 again."]


def a_critical_one_is_taken_out_again(workspace: Workspace) -> list[str]:
    workspace.submit_issue("no VPN", by="U0TOM", impact="high", urgency="high")
    workspace.command("merge ISS-1 ISS-2", by="U0ANA")
    workspace.command("unmerge ISS-1", by="U0ANA")
    return ["has taken ISS-1 VPN is down in Berlin out of ISS-2", "goes on by itself."]


def a_critical_one_goes_on_without_its_holder(workspace: Workspace) -> list[str]:
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.command("wait ISS-1 reporter which office?", by="U0ANA")
    workspace.settle()
    workspace.database.leave(1, "U0ANA")
    workspace.say(workspace.receipt(), "the one in Berlin", by="U0MAYA")
    return ["who held it has left. It needs somebody again.", "the one in Berlin"]


def a_lowered_one_is_critical_again(workspace: Workspace) -> list[str]:
    workspace.command("priority ISS-1 medium high", by="U0ANA")
    workspace.settle()
    workspace.command("priority ISS-1 high high", by="U0ANA")
    return ["it is Critical (P1) now, and nobody has claimed it", "is Critical (P1) now."]


@pytest.mark.parametrize(
    "happens",
    [
        a_critical_one_comes_back,
        a_critical_one_is_released,
        a_critical_one_is_not_accepted,
        a_critical_one_is_taken_out_again,
        a_critical_one_goes_on_without_its_holder,
        a_lowered_one_is_critical_again,
    ],
)
def test_all_tiers_that_have_the_turn_are_called(
    workspace: Workspace, happens: Callable[[Workspace], list[str]]
) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    support, reporter = happens(workspace)
    workspace.settle()
    assert workspace.issue().turn == (1, 2)
    for tier in ("L1", "L2"):
        said = last_under(workspace, tier, 1)
        assert said.startswith("<!here> ")
        assert support in said
    assert reporter in workspace.slack.thread(workspace.receipt())[-1].text
