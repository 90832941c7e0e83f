"""Lose nothing, double nothing: answers that are lost, and processes that die in the middle of a call."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.issue import WaitingFor
from bot.domain.lifecycle import Seen
from bot.ports import Call, Rejected, Sent, TryLater, Unsure
from storage import SqlDatabase
from tests.delivery.conftest import POST, UPDATE, Crash, TroubledSlack, card_post
from tests.harness import Clock, Workspace

LOST = Unsure("the answer was lost")


def test_a_lost_answer_is_looked_up_and_the_card_is_there_once(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    workspace.submit_issue()
    assert len(workspace.channel("support-l1")) == 1
    assert slack.count(POST, "C0L1") == 1
    assert len(slack.looks) == 1


def test_what_was_found_is_the_card_from_then_on(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    (card,) = workspace.channel("support-l1")
    assert "Claimed by <@U0ANA>" in card.shown
    workspace.say(workspace.receipt(), "hurry, please", by="U0MAYA")
    assert [m.text for m in slack.thread(card)] == ["<@U0ANA>, <@U0MAYA>: hurry, please"]


def test_what_did_not_arrive_is_sent_again_after_a_look(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(LOST, method=POST, channel="C0L1")
    workspace.submit_issue()
    assert len(workspace.channel("support-l1")) == 1
    first, second = slack.times_of(POST, "C0L1")
    (look,) = slack.looks
    assert first < look == second


def test_the_look_waits_until_the_history_shows_the_post(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.lag = 2.5
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    workspace.submit_issue()
    assert len(workspace.channel("support-l1")) == 1
    assert slack.looks[0] - slack.times_of(POST, "C0L1")[0] >= timedelta(seconds=3)


def test_answers_lost_again_and_again_leave_one_message_and_longer_waits(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    slack.fails(LOST, method=POST, channel="C0L1", times=6)
    workspace.submit_issue(settle=False)
    workspace.settle(600)
    assert len(workspace.channel("support-l1")) == 1
    tries = slack.times_of(POST, "C0L1")
    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert len(tries) == 7
    assert waits == sorted(waits)
    assert timedelta(seconds=3) <= waits[0] < waits[-1] <= timedelta(seconds=61)


def test_a_lost_first_dm_is_found_in_the_dm_that_it_opened(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(LOST, method=POST, channel="D0MAYA", done=True)
    workspace.submit_issue()
    assert len(slack.dm("U0MAYA")) == 1
    assert slack.count(POST, "D0MAYA") == 1
    assert workspace.database.dm_of("U0MAYA") == "D0MAYA"


def test_relayed_words_whose_answer_was_lost_are_relayed_once(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    ts = workspace.say(workspace.receipt(), "it is back", by="U0MAYA")
    workspace.settle()
    assert [m.text for m in slack.thread(workspace.card("L1"))] == ["<@U0MAYA>: it is back"]
    assert (workspace.receipt().channel, ts) in slack.nods


def test_an_update_is_made_again_without_a_look(workspace: Workspace, slack: TroubledSlack) -> None:
    """Twice the same update is the same card."""
    workspace.submit_issue()
    slack.fails(LOST, method=UPDATE, channel="C0L1", done=True)
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    assert "Claimed by <@U0ANA>" in workspace.card("L1").shown
    assert slack.count(UPDATE, "C0L1") == 2
    assert not slack.looks


def test_while_it_is_unsure_nothing_overtakes_it_in_its_place_and_others_go_on(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    workspace.submit_issue("Printer is out of paper", by="U0TOM")
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    workspace.say(workspace.receipt(1), "first", by="U0MAYA")
    before = workspace.clock()
    workspace.say(workspace.receipt(1), "second", by="U0MAYA")
    workspace.say(workspace.receipt(2, of="U0TOM"), "other", by="U0TOM")
    workspace.settle(60)
    assert [m.text for m in slack.thread(workspace.card("L1", 1))] == ["<@U0MAYA>: first", "<@U0MAYA>: second"]
    assert [m.text for m in slack.thread(workspace.card("L1", 2))] == ["<@U0TOM>: other"]
    assert workspace.clock() - before < timedelta(seconds=60)


# --- crashes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("done", [False, True], ids=["between take and send", "between send and mark"])
@pytest.mark.parametrize("channel", ["C0L1", "D0MAYA"])
def test_a_crash_loses_nothing_and_doubles_nothing(
    workspace: Workspace, slack: TroubledSlack, *, done: bool, channel: str
) -> None:
    workspace.submit_issue(settle=False)
    slack.fails(Crash(), method=POST, channel=channel, done=done)
    with pytest.raises(Crash):
        workspace.deliver()
    workspace.clock.advance(seconds=5)
    workspace.start()
    workspace.settle()
    assert len(workspace.channel("support-l1")) == 1
    assert len(slack.dm("U0MAYA")) == 1
    assert slack.count(POST, channel) == (1 if done else 2)
    assert len(slack.looks) == 1
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    assert "<@U0ANA> is on it" in workspace.receipt().shown


def test_a_quick_restart_waits_until_the_history_shows_what_was_sent(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    slack.lag = 2.5
    workspace.submit_issue(settle=False)
    slack.fails(Crash(), method=POST, channel="C0L1", done=True)
    with pytest.raises(Crash):
        workspace.deliver()
    workspace.clock.advance(seconds=1)
    workspace.start()
    workspace.settle()
    assert len(workspace.channel("support-l1")) == 1


def test_a_crash_in_the_middle_of_an_update_is_made_good(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    slack.fails(Crash(), method=UPDATE, channel="C0L1")
    with pytest.raises(Crash):
        workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.start()
    workspace.settle()
    assert "Claimed by <@U0ANA>" in workspace.card("L1").shown
    assert "<@U0ANA> is on it" in workspace.receipt().shown


def test_what_another_process_held_when_it_died_is_taken_over_after_its_hold(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    """On PostgreSQL nobody ends a dead replica's holds for it; they run out."""
    workspace.submit_issue(settle=False)
    slack.fails(Crash(), method=POST, channel="C0L1", done=True)
    with pytest.raises(Crash):
        workspace.deliver()
    taken = workspace.clock()
    workspace.settle(60)
    assert len(workspace.channel("support-l1")) == 1
    assert slack.looks == [taken + timedelta(seconds=45)]


def test_a_crash_before_the_repost_is_marked_leaves_one_card(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue()
    lost_card = workspace.card("L1")
    lost_card.deleted = True
    slack.fails(Crash(), method=POST, channel="C0L1", done=True)
    with pytest.raises(Crash):
        workspace.tell_bot(lost_card, "claim", by="U0ANA")
    workspace.clock.advance(seconds=5)
    workspace.start()
    workspace.settle()
    (card,) = workspace.channel("support-l1")
    assert "Claimed by <@U0ANA>" in card.shown
    kept = card_post(workspace, 1)
    assert kept is not None
    assert kept.ts == card.ts


# --- a look that is refused (domain.md 3.13) --------------------------------------------------------------------------


def refused_look(slack: TroubledSlack, times: int = 20) -> None:
    slack.look_errors = [Rejected("missing_scope") for _ in range(times)]


@pytest.mark.parametrize(("impact", "urgency"), [("high", "high"), ("medium", "high")], ids=["P1", "P2"])
def test_an_urgent_message_that_cannot_be_looked_up_is_sent_anyway_after_three_refusals(
    workspace: Workspace, slack: TroubledSlack, impact: str, urgency: str
) -> None:
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    refused_look(slack)
    workspace.submit_issue(impact=impact, urgency=urgency, settle=False)
    workspace.settle(120)
    assert len(slack.looks) == 3
    assert len(workspace.channel("support-l1")) == 2  # it may be twice, but nobody misses it
    assert "DeliveryFailed" not in workspace.story()


def test_one_that_can_wait_is_not_sent_blindly_and_those_above_are_told(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    refused_look(slack)
    workspace.submit_issue(impact="low", urgency="low", settle=False)
    workspace.settle(120)
    assert len(workspace.channel("support-l1")) == 1
    assert slack.count(POST, "C0L1") == 1
    assert workspace.story()[-1] == "DeliveryFailed"
    (alert,) = workspace.channel("support-l2")
    assert "missing_scope" in alert.text


def test_a_look_that_slack_puts_off_waits_as_long_as_it_says(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    slack.look_errors = [TryLater(20)]
    workspace.submit_issue(settle=False)
    workspace.settle(120)
    assert len(workspace.channel("support-l1")) == 1
    first, second = slack.looks
    assert second - first == timedelta(seconds=20)


@pytest.mark.parametrize("failures", [2, 50])
def test_an_urgent_message_is_sent_also_if_no_look_is_ever_answered(
    workspace: Workspace, slack: TroubledSlack, failures: int
) -> None:
    slack.fails(LOST, method=POST, channel="C0L1")
    slack.look_errors = [LOST for _ in range(failures)]
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    workspace.settle(120)
    assert len(workspace.channel("support-l1")) == 1
    assert len(slack.looks) == 3


def test_what_is_sent_without_a_look_is_sent_ever_more_rarely(workspace: Workspace, slack: TroubledSlack) -> None:
    """Slack does the work, and no answer of it arrives for ten minutes."""
    slack.fails(LOST, method=POST, channel="C0L1", times=20, done=True)
    slack.look_errors = [LOST for _ in range(40)]
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    workspace.settle(600)
    assert len(workspace.channel("support-l1")) <= 3


def test_other_failures_are_no_looks_that_failed(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(TryLater(2), method=POST, channel="C0L1", times=3)
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    slack.look_errors = [LOST]
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    workspace.settle(120)
    assert len(workspace.channel("support-l1")) == 1


def test_a_look_whose_answer_is_lost_is_made_again_before_anything_is_sent(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    slack.look_errors = [LOST, LOST, LOST, LOST]
    workspace.submit_issue(settle=False)
    workspace.settle(300)
    assert len(workspace.channel("support-l1")) == 1
    assert len(slack.looks) == 5
    assert slack.count(POST, "C0L1") == 1


# --- Slack fails at one message only ---------------------------------------------------------------------------------

INTERNAL = Unsure("internal_error")


def run_beside(workspace: Workspace, other: int, minutes: int) -> None:
    """Somebody else's issue is claimed and released every minute, so Slack has something to take."""
    for minute in range(minutes):
        if minute % 2:
            workspace.bot.issues.release(other, "U0ANA", delivery=f"press{minute}")
        else:
            workspace.bot.issues.claim(other, "U0ANA", desk=1, delivery=f"press{minute}")
        workspace.pass_time(minutes=1)


def test_a_card_that_slack_never_takes_is_given_up_and_told_above(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue(settle=False)
    slack.fails(INTERNAL, method=POST, channel="C0L1", times=10**6)
    workspace.submit_issue("Printer is out of paper", by="U0TOM", settle=False)
    run_beside(workspace, 2, minutes=30)
    assert workspace.story(1)[-1] == "DeliveryFailed"
    assert "no answer" in workspace.channel("support-l2")[0].text


def test_in_an_outage_of_posts_alone_nothing_is_given_up(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue("Printer is out of paper", by="U0TOM")
    slack.fails(INTERNAL, method=POST, times=10**6)
    workspace.submit_issue(settle=False)
    run_beside(workspace, 1, minutes=30)
    slack.mended()
    workspace.settle(300)
    assert "DeliveryFailed" not in workspace.story(1) + workspace.story(2)
    assert slack.dm("U0MAYA")
    assert workspace.card("L1", 2)


def test_in_an_outage_nothing_is_given_up(workspace: Workspace, slack: TroubledSlack) -> None:
    slack.fails(INTERNAL, times=10**6)
    workspace.submit_issue(settle=False)
    workspace.pass_time(hours=1)
    slack.mended()
    workspace.settle(120)
    assert len(workspace.channel("support-l1")) == 1
    assert workspace.story() == ["IssueOpened"]


def test_a_redraw_that_slack_cannot_make_holds_back_no_call(workspace: Workspace, slack: TroubledSlack) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.pass_time(minutes=26)
    slack.fails(INTERNAL, method=UPDATE, channel="C0MGMT", times=10**6)
    before = slack.pings("C0MGMT")
    workspace.pass_time(hours=2)
    assert slack.pings("C0MGMT") - before >= 7


def test_an_old_card_that_cannot_be_redrawn_says_in_the_end_where_the_new_one_is(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    """The issue comes back twice, and the second card is not posted before the first one says so."""
    workspace.submit_issue()
    first = workspace.card("L1")
    issues = workspace.bot.issues
    issues.escalate(1, "U0BEN", seen=Seen(), reason="r", tried="t", delivery="up1")
    workspace.settle(20)
    slack.fails(INTERNAL, method=UPDATE, channel="C0L1", times=4)
    issues.give_back(1, "U0CHEN", seen=Seen(), findings="f", delivery="down1")
    workspace.settle(10)
    issues.escalate(1, "U0BEN", seen=Seen(), reason="r", tried="t", delivery="up2")
    workspace.settle(4)
    issues.give_back(1, "U0CHEN", seen=Seen(), findings="f", delivery="down2")
    workspace.settle(200)
    assert "goes on under" in first.shown


def test_an_old_offer_that_cannot_be_redrawn_does_not_take_the_new_ones_place(
    workspace: Workspace, slack: TroubledSlack
) -> None:
    workspace.submit_issue()
    issues = workspace.bot.issues
    issues.claim(1, "U0ANA", desk=1, delivery="claim")
    issues.hand_over(1, "U0ANA", to="U0BEN", note="please", delivery="hand over")
    workspace.settle()
    slack.fails(LOST, method=UPDATE, channel=workspace.dm_of("U0BEN"), times=3)
    issues.wait(1, "U0CHEN", reason=WaitingFor.VENDOR, note="part", until=None, delivery="wait")
    workspace.settle(2)
    issues.resume(1, "U0ANA", delivery="resume")
    workspace.settle(120)
    old, new = slack.dm("U0BEN")
    assert "needs no answer" in old.shown
    assert "Press Accept" in new.shown


class Ahead(Clock):
    """A wall clock that is ahead until it is set right; what has passed stays what it is."""

    by = timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now + self.by


def test_an_urgent_message_in_doubt_waits_out_no_step_of_the_clock(store: SqlDatabase) -> None:
    clock, slacks = Ahead(), Clock()
    workspace = Workspace(store, clock=clock)
    workspace.slack = slack = TroubledSlack(slacks)
    workspace.start()
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    workspace.deliver()
    clock.by = timedelta()
    workspace.settle(5)
    assert len(slack.looks) == 1
    workspace.settle(120)
    assert len(workspace.channel("support-l1")) == 1
    assert not workspace.database.waiting()


def test_a_clock_that_is_minutes_ahead_of_slacks_doubles_nothing(store: SqlDatabase) -> None:
    clock, slacks = Ahead(), Clock()
    clock.by = timedelta(minutes=5)
    workspace = Workspace(store, clock=clock)
    workspace.slack = slack = TroubledSlack(slacks)
    workspace.start()
    slack.fails(LOST, method=POST, channel="C0L1", done=True)
    workspace.submit_issue(impact="high", urgency="high", settle=False)
    workspace.deliver()
    workspace.settle(60)
    assert len(workspace.channel("support-l1")) == 1
    assert not workspace.database.waiting()


# --- a sender that is slower than its hold ----------------------------------------------------------------------------


class SlowNames(TroubledSlack):
    """Takes ten seconds to fail to tell a name, and by the last of them another sender is at work."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.clock)
        self.workspace = workspace
        self.other: Any = None  # its `deliver_next`

    def user_name(self, user: str) -> str:
        self.workspace.clock.advance(seconds=10)
        if user == "U0LAST" and self.other:
            other, self.other = self.other, None
            while other():
                pass
        raise Unsure("timed out")


def test_a_sender_whose_hold_ran_out_does_not_send_what_another_has_sent(workspace: Workspace) -> None:
    workspace.submit_issue()
    slack = SlowNames(workspace)
    slack.messages = workspace.slack.messages
    workspace.slack = slack
    workspace.start()
    slow = workspace.courier
    workspace.start()  # a second process
    slack.other = workspace.courier.deliver_next
    workspace.courier = slow
    text = "".join(f"<@U0P{number}> " for number in range(6)) + "<@U0LAST> look"
    workspace.say(workspace.receipt(), text, by="U0MAYA")
    workspace.settle(120)
    assert len(slack.thread(workspace.card("L1"))) == 1


# --- a clock that leaps past a hold -----------------------------------------------------------------------------------


class LeapingClock(TroubledSlack):
    """While it takes the first post the wall clock leaps ahead, and another sender of the process looks for work."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.clock)
        self.workspace = workspace
        self.other: Any = None  # its `deliver_next`

    def send(self, call: Call, key: str) -> Sent:
        if self.other:
            other, self.other = self.other, None
            self.workspace.clock.advance(minutes=4)
            while other():
                pass
        return super().send(call, key)


def test_what_is_being_sent_while_the_clock_leaps_is_not_sent_by_another(workspace: Workspace) -> None:
    workspace.slack = slack = LeapingClock(workspace)
    workspace.start()
    slack.other = workspace.courier.deliver_next
    workspace.submit_issue(impact="high", urgency="high")
    workspace.settle(120)
    assert len(workspace.channel("support-l1")) == 1
    assert not workspace.database.waiting()
