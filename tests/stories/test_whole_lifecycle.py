"""Everything else staff and reporters do: hand over, wait, return, move, snooze, merge, cancel, and ask why."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.calendar import ALWAYS, Calendar
from bot.domain.issue import WaitingFor
from bot.domain.policy import OnStale
from bot.domain.priority import Priority
from bot.text import by, when
from storage import open_database
from tests.harness import Workspace, plain_policy


def claimed(workspace: Workspace, **issue: str) -> None:
    workspace.submit_issue(**issue)  # type: ignore[arg-type]  # only its words are given
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")


def choose(workspace: Workspace, word: str, *, by: str, tier: str = "L1") -> dict[str, object]:
    """⋯, More actions, and there the button of an act; answers the form it opens."""
    workspace.press(workspace.card(tier), "More actions", by=by)
    menu = workspace.slack.forms[-1]
    accessory = next(
        b["accessory"] for b in menu["blocks"] if b.get("accessory", {}).get("action_id") == f"issue_{word}"
    )
    view = {**menu, "id": "VMENU", "hash": "h"}
    workspace.payload(
        {
            "type": "block_actions",
            "team": {"id": "T0"},
            "user": {"id": by},
            "trigger_id": f"t{len(workspace.slack.forms)}",
            "container": {"type": "view", "view_id": "VMENU"},
            "view": view,
            "actions": [{**accessory, "block_id": "b"}],
        }
    )
    workspace.settle()
    return workspace.slack.forms[-1]


def submit(workspace: Workspace, form: dict[str, object], *, by: str, **values: object) -> object:
    state = {name: {name: value if isinstance(value, dict) else {"value": value}} for name, value in values.items()}
    answer = workspace.submit(str(form["callback_id"]), state, by=by, metadata=str(form["private_metadata"]))
    workspace.settle()
    return answer


def chosen(value: str) -> dict[str, object]:
    return {"type": "static_select", "selected_option": {"value": value}}


# --- hand over, take over ---------------------------------------------------------------------------------------------


def test_a_hand_over_is_accepted_with_one_press(workspace: Workspace) -> None:
    claimed(workspace)
    form = choose(workspace, "handover", by="U0ANA")
    submit(workspace, form, by="U0ANA", person={"selected_user": "U0BEN"}, note="vendor called")
    card = workspace.card("L1")
    assert "<@U0ANA> hands it to <@U0BEN>, who must accept by" in card.shown
    assert card.buttons[0] == "Accept"
    assert "vendor called" in workspace.slack.thread(card)[-1].text
    workspace.press(card, "Accept", by="U0BEN")
    assert workspace.holder() == "U0BEN"
    assert "Claimed by <@U0BEN>" in workspace.card("L1").shown


def test_a_hand_over_nobody_accepts_is_nobodys_again(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.tell_bot(workspace.card("L1"), "handover <@U0BEN> please", by="U0ANA")
    workspace.pass_time(hours=2)
    assert workspace.holder() is None
    assert workspace.issue().tier == 1
    assert (
        "<@U0BEN> has not accepted ISS-1 VPN is down in Berlin in time"
        in workspace.slack.thread(workspace.card("L1"))[-1].text
    )


def test_a_hand_over_to_the_wrong_person_is_withdrawn(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.command("handover ISS-1 <@U0BEN> vendor called", by="U0ANA")
    told = workspace.command("wait ISS-1 vendor a part", by="U0ANA").text
    assert "ISS-1 is being handed to <@U0BEN>, who has until" in told
    workspace.settle()
    workspace.press(workspace.card("L1"), "Decline or withdraw", by="U0ANA")
    assert workspace.holder() is None
    assert workspace.slack.thread(workspace.card("L1"))[-1].text.endswith(
        "<@U0ANA> has withdrawn the hand-over of ISS-1 VPN is down in Berlin to <@U0BEN>. It needs somebody again."
    )
    assert "that needs no answer any more" in workspace.slack.dm("U0BEN")[-1].text


def test_a_hand_over_to_the_wrong_person_goes_to_the_right_one(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.command("handover ISS-1 <@U0BEN> vendor called", by="U0ANA")
    workspace.command("handover ISS-1 <@U0DANA> vendor called", by="U0ANA")
    workspace.settle()
    assert workspace.holder() == "U0DANA"
    assert "that needs no answer any more" in workspace.slack.dm("U0BEN")[-1].text
    assert "hands ISS-1" in workspace.slack.dm("U0DANA")[-1].text


def test_whom_an_issue_is_handed_reads_where_it_is_and_how_to_decline(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.command("handover ISS-1 <@U0BEN> vendor called", by="U0ANA")
    workspace.settle()
    card, (offer,) = workspace.card("L1"), workspace.slack.dm("U0BEN")
    assert f"/archives/{card.channel}/p{card.ts.replace('.', '')}|its card>" in offer.text
    assert "To decline: `/issue decline ISS-1`." in offer.text
    assert workspace.command("decline ISS-1", by="U0BEN").text.startswith("Done.")
    workspace.settle()
    assert workspace.holder() is None
    assert workspace.slack.thread(workspace.card("L1"))[-1].text.endswith(
        "<@U0ANA>, <@U0BEN> has declined ISS-1 VPN is down in Berlin. It needs somebody again."
    )


def test_an_offer_is_accepted_and_declined_in_its_own_words(workspace: Workspace) -> None:
    claimed(workspace)
    assert "Release" in workspace.card("L1").shown
    for word, holder in (("accept", "U0BEN"), ("decline", None)):
        workspace.command("handover ISS-1 <@U0BEN> vendor called", by="U0ANA")
        workspace.settle()
        assert "Decline or withdraw" in workspace.card("L1").shown
        workspace.tell_bot(workspace.card("L1"), word, by="U0BEN")
        assert workspace.holder() == holder
        workspace.command("takeover ISS-1 my turn", by="U0ANA")
    assert "Which issue? For example: `/issue decline ISS-42`." in workspace.command("decline", by="U0BEN").text


def test_who_declines_too_late_takes_it_from_nobody(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.command("handover ISS-1 <@U0CHEN> your server", by="U0ANA")
    workspace.command("decline ISS-1", by="U0ANA")
    workspace.command("claim ISS-1", by="U0BEN")
    told = workspace.command("decline ISS-1", by="U0CHEN").text
    assert "ISS-1 is handed to nobody just now, so there is nothing to decline." in told
    assert workspace.holder() == "U0BEN"


def test_who_is_asked_to_take_it_is_asked_anew_after_a_wait(workspace: Workspace) -> None:
    claimed(workspace, urgency="high")  # P2
    workspace.tell_bot(workspace.card("L1"), "handover <@U0BEN> vendor called", by="U0ANA")
    until = workspace.clock() + timedelta(days=1)
    workspace.bot.issues.wait(1, "U0CHEN", reason=WaitingFor.DATE, note="the part", until=until, delivery="wait")
    workspace.settle()
    (offer,) = workspace.slack.dm("U0BEN")
    assert offer.text.endswith(
        "handed ISS-1 VPN is down in Berlin to you; then it had to wait, and this needs no answer."
    )
    workspace.pass_time(days=1, seconds=1)
    assert workspace.story()[-1] == "WaitEnded"
    accept = by(until + timedelta(minutes=15))
    woken = workspace.slack.thread(workspace.card("L1"))[-1].text
    assert woken == f"<@U0BEN>, ISS-1 goes on: its date has come. Press Accept {accept}, or it is nobody's again."
    _, anew = workspace.slack.dm("U0BEN")
    assert anew.text.startswith("<@U0ANA> hands ISS-1 VPN is down in Berlin to you.")
    assert f"{accept}. To decline: `/issue decline ISS-1`.\nvendor called" in anew.text
    workspace.press(workspace.card("L1"), "Accept", by="U0BEN")
    _, anew = workspace.slack.dm("U0BEN")
    assert anew.text.endswith("and you have accepted it.")
    assert workspace.holder() == "U0BEN"


def test_it_cannot_be_handed_to_a_stranger(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.tell_bot(workspace.card("L1"), "handover <@U0TOM> please", by="U0ANA")
    assert "<@U0TOM> is not support staff" in workspace.whispered("U0ANA")[0]
    assert workspace.holder() == "U0ANA"


def test_a_colleague_takes_over_with_a_reason(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.tell_bot(workspace.card("L1"), "takeover Ana is ill", by="U0BEN")
    assert workspace.holder() == "U0BEN"
    said = workspace.slack.thread(workspace.card("L1"))[-1].text
    assert "<@U0BEN> has taken ISS-1 over from <@U0ANA>: Ana is ill" in said


# --- waiting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 30, 60])
def test_the_examples_of_what_to_wait_for_work_on_every_day(workspace: Workspace, days: int) -> None:
    workspace.clock.advance(days=days)
    claimed(workspace)
    examples = workspace.command("wait ISS-1", by="U0ANA").text.split("`")[1::2]
    assert len(examples) == 2
    for example in examples:
        assert "Waiting for" in workspace.command(example.removeprefix("/issue "), by="U0ANA").text
        workspace.command("resume ISS-1", by="U0ANA")


def test_waiting_for_the_reporter_stops_the_clocks_and_their_answer_sets_them_going(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.tell_bot(workspace.card("L1"), "wait reporter Which office is it?", by="U0ANA")
    assert "Waiting for its reporter's answer" in workspace.card("L1").shown
    assert workspace.card("L1").buttons == ["Resume", "Resolve"]
    assert "Which office is it?" in workspace.receipt().shown
    assert "Which office is it?" in workspace.slack.thread(workspace.receipt())[-1].text
    workspace.pass_time(hours=20)
    assert workspace.issue().tier == 1
    workspace.say(workspace.receipt(), "Berlin", by="U0MAYA")
    assert workspace.holder() == "U0ANA"
    assert any("<@U0ANA>, ISS-1 goes on" in m.text for m in workspace.slack.thread(workspace.card("L1")))
    workspace.pass_time(hours=8)
    assert workspace.issue().tier == 2


def test_the_silent_reporter_is_asked_twice_and_then_taken_at_their_silence(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.tell_bot(workspace.card("L1"), "wait reporter Still there?", by="U0ANA")
    workspace.pass_time(days=4)
    asked = [m for m in workspace.slack.thread(workspace.receipt()) if "still waits for your answer" in m.text]
    assert ["Without an answer it counts as solved" in m.text for m in asked] == [False, True]
    workspace.pass_time(days=1)
    assert workspace.issue().status.value == "resolved"
    assert "for want of an answer" in workspace.slack.thread(workspace.receipt())[-1].text
    workspace.say(workspace.receipt(), "sorry, I was away", by="U0MAYA")
    assert workspace.issue().status.value == "open"


def test_a_reporter_who_is_waited_for_until_a_date_reads_of_nothing_that_comes_later(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.command("wait ISS-1 reporter until 2026-11-27 which office?", by="U0ANA")
    workspace.pass_time(days=3, hours=1)
    asked = [m for m in workspace.slack.thread(workspace.receipt()) if "still waits for your answer" in m.text]
    assert len(asked) == 2
    assert not [m for m in (*asked, workspace.receipt()) if "counts as solved" in m.text]
    workspace.pass_time(days=1)
    assert workspace.issue().status.value == "claimed"


def test_waiting_for_a_date_ends_on_that_morning(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.tell_bot(workspace.card("L1"), "wait change until 2026-11-25 the window on Wednesday", by="U0ANA")
    workspace.pass_time(hours=47)
    assert workspace.issue().status.value == "waiting"
    workspace.pass_time(hours=1)
    assert workspace.issue().status.value == "claimed"


def test_the_form_says_in_which_zone_that_morning_is(workspace: Workspace) -> None:
    afar = replace(workspace.policy.waiting, calendar=Calendar("afar", "Asia/Singapore"))
    workspace.policy = replace(workspace.policy, version="afar", waiting=afar)
    claimed(workspace)
    workspace.press(workspace.card("L1"), "Wait", by="U0ANA")
    assert "At 9:00 (Asia/Singapore) on that day," in str(workspace.slack.forms[-1])
    workspace.policy = replace(workspace.policy, version="home", waiting=replace(afar, calendar=ALWAYS))
    workspace.tell_bot(workspace.card("L1"), "wait date until 2026-11-25 the holiday", by="U0ANA")
    assert workspace.issue().waiting is not None
    workspace.pass_time(hours=39, minutes=59)  # from nine in UTC to nine in Singapore
    assert workspace.issue().status.value == "waiting"
    workspace.pass_time(minutes=1)
    assert workspace.issue().status.value == "claimed"


@pytest.mark.parametrize("day", ["2026-11-22", "2027-03-01", "2026-02-30"])
def test_a_date_that_will_not_do_is_refused(workspace: Workspace, day: str) -> None:
    claimed(workspace)
    workspace.tell_bot(workspace.card("L1"), f"wait date until {day} x", by="U0ANA")
    assert workspace.issue().status.value == "claimed"
    assert len(workspace.whispered("U0ANA")) == 1


# --- back, sideways, severity -----------------------------------------------------------------------------------------


def test_returning_takes_findings_down_and_the_second_bounce_is_told_above(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=2)
    workspace.tell_bot(workspace.card("L2"), "return it is only the cable", by="U0CHEN")
    card = workspace.card("L1")
    assert card.text.startswith("<!here> <@U0CHEN> returned ISS-1 from L2.")
    assert "it is only the cable" in card.shown
    workspace.tell_bot(card, "move L3 their machine", by="U0ANA")
    assert workspace.issue().tier == 3
    assert "it was sent back and forth 2 times" in workspace.channel("it-managers")[-1].text


def test_a_critical_issue_cannot_be_returned_below_where_it_began(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.tell_bot(workspace.card("L2"), "return not ours", by="U0CHEN")
    assert (
        "It stays with L2" in workspace.whispered("U0CHEN")[0] or "it stays with L2" in workspace.whispered("U0CHEN")[0]
    )


def test_a_raise_to_critical_calls_those_a_new_one_would_have_called(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "priority high high whole site", by="U0ANA")
    assert workspace.issue().priority is Priority.P1
    assert workspace.card("L2").text.startswith("<!here>")
    assert "Critical" in workspace.channel("it-managers")[-1].text
    assert "is Critical (P1) now: whole site" in workspace.slack.thread(workspace.receipt())[-1].text


def test_a_raise_while_it_waits_calls_them_when_it_comes_back(workspace: Workspace) -> None:
    """By a reopening as by a resume: it was resolved before anybody above was asked."""
    workspace.submit_issue()
    _raised_while_it_waits(workspace)
    workspace.command("resolve ISS-1 network: a new gateway", by="U0ANA")
    workspace.settle()
    assert not workspace.channel("support-l2")
    workspace.command("reopen ISS-1 it is still down")
    workspace.settle()
    assert workspace.card("L2").text.startswith("<!here>")
    assert workspace.issue().turn == (1, 2)
    assert len(workspace.channel("it-managers")) == 2  # told when it was raised, and when it came back


def test_whoever_is_called_at_a_reopening_is_not_told_of_it_as_well(workspace: Workspace) -> None:
    """The second time it comes back the tier above is told, and here it is asked."""
    workspace.submit_issue()
    workspace.command("solved ISS-1 it went away")
    workspace.command("reopen ISS-1 it is still down")
    _raised_while_it_waits(workspace)
    workspace.command("solved ISS-1 it went away again")
    workspace.command("reopen ISS-1 it is still down")
    workspace.settle()
    (card,) = workspace.channel("support-l2")
    assert card.text.startswith("<!here>")


def test_a_raise_while_it_waits_calls_them_when_it_is_taken_out_again(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.submit_issue("no VPN", by="U0TOM", impact="high", urgency="high")
    _raised_while_it_waits(workspace)
    workspace.command("merge ISS-1 ISS-2", by="U0ANA")
    workspace.settle()
    assert workspace.issue().carded == (1,)
    workspace.command("unmerge ISS-1", by="U0ANA")
    workspace.settle()
    assert workspace.card("L2").text.startswith("<!here>")
    assert workspace.issue().turn == (1, 2)


def _raised_while_it_waits(workspace: Workspace) -> None:
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.command("wait ISS-1 vendor a part", by="U0ANA")
    workspace.command("priority ISS-1 high high the whole site", by="U0ANA")
    workspace.settle()
    assert workspace.issue().waiting is not None
    assert workspace.issue().priority.value == "P1"


def test_the_reporter_says_that_it_got_worse_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.receipt(), "It got worse", by="U0MAYA")
    workspace.fill(workspace.slack.forms[-1], by="U0MAYA", reason="nobody can work")
    assert workspace.issue().priority is Priority.P2
    assert "It got worse" not in workspace.receipt().buttons
    assert "nobody can work" in workspace.slack.thread(workspace.card("L1"))[-1].text or any(
        "nobody has claimed it" in m.text for m in workspace.slack.thread(workspace.card("L1"))
    )


def test_what_is_low_in_all_gets_worse_to_the_next_priority_and_its_reporter_reads_it(workspace: Workspace) -> None:
    workspace.submit_issue(impact="low", urgency="low")
    workspace.press(workspace.receipt(), "It got worse", by="U0MAYA")
    workspace.fill(workspace.slack.forms[-1], by="U0MAYA", reason="now it smokes")
    assert workspace.issue().priority is Priority.P3
    assert workspace.slack.thread(workspace.receipt())[-1].text == "We have heard you: ISS-1 is Normal (P3) now."


def test_who_changes_no_more_than_impact_and_urgency_is_not_said_to_change_the_priority(workspace: Workspace) -> None:
    workspace.submit_issue(impact="low", urgency="low")
    workspace.command("priority ISS-1 low medium it smokes", by="U0ANA")
    workspace.settle()
    told = "<@U0ANA> has given ISS-1 impact low and urgency medium; it stays Low (P4): it smokes"
    assert workspace.slack.thread(workspace.card("L1"))[-1].text == told
    assert workspace.slack.thread(workspace.receipt())[-1].text == "ISS-1 stays Low (P4): it smokes"


def test_the_reporter_adds_information_by_the_button(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.receipt(), "Add information", by="U0MAYA")
    workspace.fill(workspace.slack.forms[-1], by="U0MAYA", text="room <12>")
    assert "room &lt;12&gt;" in workspace.slack.thread(workspace.card("L1"))[-1].shown
    assert "room &lt;12&gt;" in workspace.slack.thread(workspace.receipt())[-1].text


def test_information_that_says_nothing_is_refused_in_its_form(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.receipt(), "Add information", by="U0MAYA")
    answer = workspace.fill(workspace.slack.forms[-1], by="U0MAYA", text=" ")
    assert answer.errors == {"text": "Say what support should know; there was nothing to pass on."}


def test_the_reporter_says_that_it_is_solved(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.press(workspace.receipt(), "Solved", by="U0MAYA")
    submit(workspace, workspace.slack.forms[-1], by="U0MAYA", fix=None)
    assert workspace.issue().status.value == "resolved"
    assert "Resolved by <@U0MAYA>" in workspace.card("L1").shown


# --- merging, cancelling, closing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("merge", ["merge ISS-1", "merge into ISS-1"])
def test_a_duplicate_is_merged_and_its_reporter_hears_the_outcome(workspace: Workspace, merge: str) -> None:
    workspace.submit_issue("VPN is down")
    workspace.submit_issue("cannot connect", by="U0TOM")
    workspace.tell_bot(workspace.card("L1", 2), merge, by="U0ANA")
    assert workspace.issue(2).status.value == "merged"
    assert "Merged into ISS-1" in workspace.card("L1", 2).shown
    theirs = workspace.receipt(2, of="U0TOM")
    assert "The same trouble as ISS-1" in theirs.shown
    workspace.say(theirs, "mine as well since nine", by="U0TOM")
    assert "mine as well since nine" in workspace.slack.thread(workspace.card("L1", 1))[-1].shown
    workspace.tell_bot(workspace.card("L1", 1), "resolve new certificate", by="U0ANA")
    assert "is resolved: new certificate" in workspace.slack.thread(theirs)[-1].text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("merge ISS-2", "cannot be merged into itself"),
        ("merge ISS-9", "There is no ISS-9"),
        ("merge it", "which issue"),
    ],
)
def test_a_merge_that_makes_no_sense_is_refused(workspace: Workspace, typed: str, said: str) -> None:
    workspace.submit_issue("VPN is down")
    workspace.submit_issue("cannot connect", by="U0TOM")
    workspace.tell_bot(workspace.card("L1", 2), typed, by="U0ANA")
    assert said in workspace.whispered("U0ANA")[0]
    assert workspace.issue(2).status.value == "open"


def test_no_circle_of_merges(workspace: Workspace) -> None:
    workspace.submit_issue("VPN is down")
    workspace.submit_issue("cannot connect", by="U0TOM")
    workspace.submit_issue("no network", by="U0LENA")
    workspace.command("merge ISS-2 ISS-1", by="U0ANA")
    workspace.command("merge ISS-1 ISS-2", by="U0ANA")
    assert workspace.issue(1).status.value == "open"
    workspace.command("merge ISS-1 ISS-3", by="U0ANA")
    assert workspace.issue(3).children == (1, 2)
    assert workspace.issue(2).parent == 3
    workspace.command("unmerge ISS-2", by="U0ANA")
    assert workspace.issue(2).status.value == "open"
    assert workspace.issue(3).children == (1,)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("it was my mistake anyway", "it was my mistake"),
        ("anyway it was my mistake", ": it was my mistake"),
        ("Anyway, it was my mistake", ": it was my mistake"),
        ("anyway", "has cancelled ISS-1."),
    ],
)
def test_cancelling_what_somebody_works_on_asks_once_more(workspace: Workspace, typed: str, reason: str) -> None:
    claimed(workspace)
    assert "ISS-1 is with <@U0ANA>" in workspace.command("cancel ISS-1").text
    assert workspace.issue().live
    assert workspace.command(f"cancel ISS-1 {typed}").text.startswith("Done.")
    workspace.settle()
    assert workspace.issue().status.value == "cancelled"
    assert reason in workspace.slack.thread(workspace.card("L1"))[-1].text


@pytest.mark.parametrize(
    ("typed", "by", "said"),
    [
        ("update ISS-1", "U0ANA", "Say what the reporter should know; there was nothing to pass on."),
        ("add ISS-1", "U0MAYA", "Say what support should know; there was nothing to pass on."),
        ("escalate ISS-1 nobody can log in; tried:", "U0ANA", "Say what was tried already, so that"),
    ],
)
def test_words_that_say_nothing_are_refused_in_a_sentence(workspace: Workspace, typed: str, by: str, said: str) -> None:
    workspace.submit_issue()
    assert said in workspace.command(typed, by=by).text


def test_after_five_days_it_closes_and_a_reply_opens_a_new_one(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "resolve rebooted", by="U0ANA")
    workspace.pass_time(days=5)
    assert workspace.issue().status.value == "closed"
    workspace.say(workspace.receipt(), "it is back", by="U0MAYA")
    assert workspace.issue(2).follows == 1
    assert workspace.issue(2).title == "Again: VPN is down in Berlin"
    assert any("it is back" in m.shown for m in workspace.slack.thread(workspace.card("L1", 2)))


def test_a_major_incident_has_a_leader_and_everybody_is_told(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "major <@U0DANA>", by="U0ANA")
    assert "Only a lead of L1" in workspace.whispered("U0ANA")[0]
    workspace.tell_bot(workspace.card("L1"), "major <@U0DANA>", by="U0CHEN")
    assert "Major incident, led by <@U0DANA>." in workspace.card("L1").shown
    assert "it is a major incident now, led by <@U0DANA>. As of" in workspace.channel("support-l3")[-1].text
    assert "ISS-1 is a major incident" in workspace.slack.thread(workspace.receipt())[-1].text
    workspace.tell_bot(workspace.card("L1"), "endmajor", by="U0CHEN")
    for channel in ("support-l3", "it-managers"):
        assert workspace.channel(channel)[-1].text == "<@U0CHEN> has ended the major incident ISS-1."


def test_critical_issues_are_resolved_with_the_kind_of_cause(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.tell_bot(workspace.card("L2"), "resolve new router", by="U0CHEN")
    assert "say what kind of cause" in workspace.whispered("U0CHEN")[0]
    workspace.tell_bot(workspace.card("L2"), "resolve hardware: new router", by="U0CHEN")
    assert workspace.issue().category == "hardware"
    assert workspace.issue().fix == "new router"


# --- reminders --------------------------------------------------------------------------------------------------------


@pytest.fixture
def reminding(tmp_path: Path) -> Iterator[Workspace]:
    policy = plain_policy()
    targets = {p: replace(t, reminders=(0.5, 0.8)) for p, t in policy.targets.items()}
    targets[Priority.P4] = replace(targets[Priority.P4], on_stale=OnStale.INFORM)
    database = open_database(f"sqlite:///{tmp_path / 'reminding.db'}")
    yield Workspace(database, policy=replace(policy, version="reminding", targets=targets))
    database.close()


def test_half_time_is_quiet_and_at_eighty_per_cent_somebody_is_called(reminding: Workspace) -> None:
    reminding.submit_issue()
    reminding.pass_time(hours=1)
    assert reminding.slack.thread(reminding.card("L1"))[-1].text.startswith("50% of the tier time of ISS-1 is used.")
    reminding.pass_time(minutes=36)
    assert reminding.slack.thread(reminding.card("L1"))[-1].text.startswith("<!here> 80% of the tier time")


def test_every_tier_that_got_it_at_once_is_reminded(reminding: Workspace) -> None:
    p1 = replace(reminding.policy.targets[Priority.P1], reminders=(0.8,))
    targets = {**reminding.policy.targets, Priority.P1: p1}
    reminding.policy = replace(reminding.policy, version="late", targets=targets)
    reminding.submit_issue(impact="high", urgency="high")
    reminding.pass_time(minutes=8)
    for tier in ("L1", "L2"):
        assert reminding.slack.thread(reminding.card(tier))[-1].text.startswith("<!here> 80% of the tier time of ISS-1")


def test_a_snoozed_issue_is_silent_and_its_clock_runs(reminding: Workspace) -> None:
    claimed(reminding)
    reminding.tell_bot(reminding.card("L1"), "snooze 4h", by="U0ANA")
    before = len(reminding.slack.thread(reminding.card("L1")))
    reminding.pass_time(hours=5)
    assert len(reminding.slack.thread(reminding.card("L1"))) == before
    reminding.pass_time(hours=3)
    assert reminding.issue().tier == 2


def test_a_raise_to_high_ends_the_silence(reminding: Workspace) -> None:
    claimed(reminding)
    reminding.tell_bot(reminding.card("L1"), "snooze 4h", by="U0ANA")
    reminding.tell_bot(reminding.card("L1"), "priority high medium all of Berlin", by="U0BEN")
    changed = reminding.slack.thread(reminding.card("L1"))[-1]
    assert changed.text.startswith("<@U0ANA>, <@U0BEN> has changed ISS-1 from Normal to High")
    assert changed.text.endswith("Its reminders are silenced no more.")
    assert "silenced" not in reminding.card("L1").shown
    reminding.pass_time(hours=1, minutes=59)
    assert "<@U0ANA>" in reminding.slack.thread(reminding.card("L1"))[-1].text


def test_who_stays_silent_about_a_low_issue_may_be_away_so_their_tier_is_called(reminding: Workspace) -> None:
    claimed(reminding, impact="low", urgency="low")
    reminding.pass_time(hours=24)
    first = reminding.slack.thread(reminding.card("L1"))[-1]
    assert first.text == "<@U0ANA> The reporter of ISS-1 has not heard from support in time."
    reminding.pass_time(hours=24)
    second = reminding.slack.thread(reminding.card("L1"))[-1]
    assert second.text == f"<@U0ANA> <!here> {first.text[9:]} Take it over if <@U0ANA> is away."
    assert (first.broadcast, second.broadcast) == (False, True)


def test_a_snooze_is_seen_until_somebody_has_spoken_after_it(workspace: Workspace) -> None:
    claimed(workspace)
    refused = workspace.command("snooze ISS-1 8h", by="U0ANA").text
    assert (
        "can be silent for at most 4 hours: until the reporter is due a word, and never longer than 4 hours" in refused
    )
    until = f"Claimed by <@U0ANA>, reminders silenced until {when(workspace.clock() + timedelta(hours=1))}"
    assert f"{until}." in workspace.command("snooze ISS-1 1h", by="U0ANA").text
    workspace.settle()
    assert until in workspace.card("L1").shown
    assert until.replace("<@U0ANA>", "you") in workspace.command("why ISS-1", by="U0ANA").text
    workspace.say(workspace.card("L1"), "we are on it", by="U0ANA")
    assert until in workspace.card("L1").shown
    workspace.pass_time(hours=1, minutes=1)
    workspace.say(workspace.card("L1"), "nearly there", by="U0ANA")
    assert "silenced" not in workspace.card("L1").shown


def test_a_low_issue_is_not_taken_away_but_told_above_the_second_time(reminding: Workspace) -> None:
    claimed(reminding, impact="low", urgency="low")
    reminding.pass_time(hours=24)
    assert reminding.holder() == "U0ANA"
    assert any("has not heard from support in time" in m.text for m in reminding.slack.thread(reminding.card("L1")))
    assert not reminding.channel("support-l2")
    reminding.pass_time(hours=24)
    assert "twice as long as promised" in reminding.channel("support-l2")[-1].text
    assert reminding.holder() == "U0ANA"


def test_a_reminder_has_a_button_to_tell_the_reporter(reminding: Workspace) -> None:
    claimed(reminding)
    reminding.pass_time(hours=4)
    reminder = reminding.slack.thread(reminding.card("L1"))[-1]
    reminding.press(reminder, "Tell the reporter", by="U0ANA")
    reminding.fill(reminding.slack.forms[-1], by="U0ANA", text="still on it")
    assert "still on it" in reminding.slack.thread(reminding.receipt())[-1].shown
    reminding.pass_time(hours=7)
    assert reminding.issue().tier == 1


# --- why, downtime ----------------------------------------------------------------------------------------------------


def test_why_tells_the_rule_the_clocks_and_what_comes(workspace: Workspace) -> None:
    claimed(workspace)
    workspace.pass_time(hours=1)
    workspace.tell_bot(workspace.card("L1"), "wait vendor a new disk", by="U0ANA")
    workspace.pass_time(hours=3)
    workspace.press(workspace.card("L1"), "Resume", by="U0ANA")
    said = workspace.command("why ISS-1").text
    assert "impact medium and urgency medium" in said.lower()
    assert "*Time to resolve it:* 1 hour of 24 hours used" in said
    assert said.count("ran from") >= 1
    assert "It goes to L2" in said
    workspace.press(workspace.card("L1"), "Why?", by="U0BEN")
    assert "Time to resolve it" in json.dumps(workspace.slack.forms[-1])
    assert "Only the person who reported" in workspace.command("why ISS-1", by="U0TOM").text


def test_two_days_of_downtime_end_in_one_step_each_and_one_summary_per_channel(workspace: Workspace) -> None:
    for n in range(4):
        workspace.submit_issue(f"trouble {n}", by="U0TOM" if n % 2 else "U0MAYA")
    workspace.pass_time(seconds=1)
    workspace.downtime(days=2)
    summaries = [m for m in workspace.channel("support-l2") if "Escalator was down" in m.text]
    assert len(summaries) == 1
    assert "4 issues are past due and need L2 now: 4 P3" in summaries[0].text
    assert workspace.channel("support-l2")[0] is summaries[0]
    assert {workspace.issue(n).tier for n in (1, 2, 3, 4)} == {2}


def test_a_clock_that_leaps_ahead_is_looked_at_twice(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(seconds=1)
    counted = workspace.clock.monotonic()
    workspace.clock.monotonic = lambda: counted + 1  # type: ignore[method-assign]  # only the wall clock leaps
    workspace.start()
    workspace.engine.run_once()
    workspace.clock.advance(hours=3)
    assert workspace.engine.run_once() == 0
    assert workspace.issue().tier == 1
    workspace.engine.run_once()
    assert workspace.issue().tier == 2


# --- what a second look found -----------------------------------------------------------------------------------------


def test_all_that_is_written_under_a_closed_receipt_goes_to_one_new_issue(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "resolve rebooted", by="U0ANA")
    workspace.pass_time(days=5)
    receipt = workspace.receipt()
    for text in ("it is back", "error 42", "please hurry"):
        workspace.say(receipt, text, by="U0MAYA")
    assert workspace.database.find(3) is None
    said = [m.shown for m in workspace.slack.thread(workspace.card("L1", 2))]
    assert [text for text in ("it is back", "error 42", "please hurry") if any(text in each for each in said)] == [
        "it is back",
        "error 42",
        "please hurry",
    ]


def test_an_issue_whose_rule_raises_stops_nobody_after_a_downtime(workspace: Workspace) -> None:
    workspace.submit_issue("broken")
    workspace.submit_issue("sound", by="U0TOM")
    workspace.pass_time(seconds=1)
    with workspace.database.begin() as tx:
        broken = tx.issue(1)
        tx.save(replace(broken, tier=9), workspace.clock())
    workspace.downtime(hours=6)
    assert workspace.issue(2).tier == 2


def test_a_long_tick_is_no_downtime(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(seconds=1)
    found = workspace.database.due

    def slow(now: datetime, limit: int) -> Sequence[int]:
        workspace.clock.advance(seconds=90)
        return found(now, limit)

    workspace.database.due = slow  # type: ignore[method-assign]  # a machine that swaps
    workspace.engine.run_once()
    workspace.database.due = found  # type: ignore[method-assign]
    workspace.engine.run_once()
    workspace.settle()
    assert not [m for m in workspace.channel("support-l1") if "Escalator was down" in m.text]


def test_who_led_a_tier_that_is_gone_is_staff_no_more(workspace: Workspace) -> None:
    assert workspace.database.staff()[4] == {"U0FAY"}
    targets = {p: replace(t, windows=t.windows[:3]) for p, t in workspace.policy.targets.items()}
    workspace.policy = replace(workspace.policy, version="three", tiers=workspace.policy.tiers[:3], targets=targets)
    workspace.directory.refresh()
    assert 4 not in workspace.database.staff()


def test_an_issue_with_duplicates_is_not_cancelled_under_their_feet(workspace: Workspace) -> None:
    workspace.submit_issue("VPN is down")
    workspace.submit_issue("cannot connect", by="U0TOM")
    workspace.command("merge ISS-2 ISS-1", by="U0ANA")
    assert "cannot be cancelled while other issues are merged into it: ISS-2" in workspace.command("cancel ISS-1").text


def test_staff_who_report_say_solved_like_everybody(workspace: Workspace) -> None:
    workspace.submit_issue(by="U0ANA", impact="high", urgency="high")
    workspace.press(workspace.receipt(of="U0ANA"), "Solved", by="U0ANA")
    submit(workspace, workspace.slack.forms[-1], by="U0ANA", fix=None)
    assert workspace.issue().status.value == "resolved"


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("wait", {"waiting": {}, "note": "x", "until": {}}),
        ("snooze", {"minutes": {}}),
        ("priority", {"impact": {}, "urgency": {}, "reason": None}),
        ("handover", {"person": {}, "note": "x"}),
    ],
)
def test_a_choice_left_empty_is_refused_in_words(workspace: Workspace, word: str, values: dict[str, object]) -> None:
    claimed(workspace)
    form = choose(workspace, word, by="U0ANA")
    answer = submit(workspace, form, by="U0ANA", **values)
    assert answer.errors  # type: ignore[attr-defined]
    assert "went wrong on our side" not in str(answer.errors)  # type: ignore[attr-defined]
    assert workspace.story() == ["IssueOpened", "IssueClaimed"]


def test_a_refused_press_draws_the_card_anew(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    workspace.press(card, "Claim", by="U0ANA")
    card.text = "something old"
    workspace.act({"type": "button", "action_id": "issue_claim", "value": "1:1:1"}, card, by="U0BEN")
    assert "already claimed by" in workspace.whispered("U0BEN")[0]
    assert "Claimed by <@U0ANA>" in workspace.card("L1").text


def test_a_reply_under_what_is_about_many_issues_is_told_that_it_was_not_passed_on(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.database.keep_beat(workspace.clock())
    workspace.downtime(days=2)
    summary = workspace.channel("support-l2")[0]
    assert summary.text.startswith("Escalator was down")
    workspace.say(summary, "I take care", by="U0CHEN", parent_user_id="U0BOT")
    assert "This was not passed on" in workspace.whispered("U0CHEN")[0]


def test_a_major_incident_is_declared_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    for _ in range(2):
        workspace.tell_bot(workspace.card("L1"), "major <@U0DANA>", by="U0CHEN")
    told = workspace.whispered("U0CHEN")[0]
    assert "is a major incident already. <@U0DANA> leads it" in told
    assert "To name another, end it first: `/issue endmajor ISS-1`." in told


@pytest.mark.parametrize("who", ["U0BOT", "U0MAYA"], ids=["the bot itself", "who reported it"])
def test_a_major_incident_is_led_by_support_staff(workspace: Workspace, who: str) -> None:
    workspace.submit_issue()
    told = workspace.command(f"major ISS-1 <@{who}>", by="U0CHEN").text
    assert f"<@{who}> is not support staff, so they cannot lead the work on ISS-1." in told
    assert workspace.issue().commander is None


def test_who_has_just_joined_may_lead_a_major_incident(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.slack.members_of["C0L3"].add("U0TOM")
    workspace.pass_time(seconds=11)  # staff are not read anew at every no
    workspace.command("major ISS-1 <@U0TOM>", by="U0CHEN")
    assert workspace.issue().commander == "U0TOM"


# --- what became of it ---


def test_who_writes_to_the_other_side_in_a_form_reads_that_it_was_sent(workspace: Workspace) -> None:
    workspace.submit_issue()
    answer = workspace.fill(choose(workspace, "update", by="U0ANA"), by="U0ANA", text="we are on it")
    assert answer.body["response_action"] == "update"
    assert answer.body["view"]["clear_on_close"], "the menu below goes, too"
    assert "Your words were sent to the reporter." in str(answer.body["view"])
    workspace.press(workspace.receipt(), "Add information", by="U0MAYA")
    answer = workspace.fill(workspace.slack.forms[-1], by="U0MAYA", text="room 12")
    assert "Your words were sent to support." in str(answer.body["view"])
    told = workspace.command("update ISS-1 nearly done", by="U0ANA").text
    assert told.startswith("Your words were sent to the reporter. *ISS-1*")
    assert workspace.command("claim ISS-1", by="U0ANA").text.startswith("Done. *ISS-1*")


def test_a_snooze_that_would_be_refused_is_not_offered(workspace: Workspace) -> None:
    def offered() -> list[str]:
        choose(workspace, "snooze", by="U0ANA")
        (choice,) = [block["element"] for block in workspace.slack.forms[-1]["blocks"] if block["type"] == "input"]
        return [option["text"]["text"] for option in choice["options"]]

    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    assert offered() == ["30 minutes", "1 hour", "2 hours", "4 hours"]
    workspace.pass_time(hours=6, minutes=30)
    assert offered() == ["30 minutes", "1 hour"]
    workspace.pass_time(hours=1, minutes=10)
    assert offered() == ["19 minutes"]
    form = workspace.slack.forms[-1]
    assert not workspace.fill(form, by="U0ANA", minutes="19").errors
    assert workspace.story()[-1] == "IssueSnoozed"


# --- it is back -------------------------------------------------------------------------------------------------------


def test_who_says_it_is_not_fixed_reads_that_they_were_heard(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=2)
    workspace.press(workspace.card("L2"), "Claim", by="U0CHEN")
    workspace.press(workspace.card("L2"), "Resolve", by="U0CHEN")
    workspace.fill(workspace.slack.forms[-1], by="U0CHEN", fix="a new router")
    workspace.press(workspace.receipt(), "Not fixed", by="U0MAYA")
    form = workspace.slack.forms[-1]
    assert form["title"]["text"] == "Not fixed: ISS-1"
    workspace.fill(form, by="U0MAYA", reason="it drops every ten minutes")
    assert "Open again, and waiting for L2." in workspace.receipt().shown
    assert workspace.slack.thread(workspace.receipt())[-1].text == (
        "<@U0MAYA>: it drops every ten minutes\nISS-1 is open again, and L2 has been told."
    )
    card = workspace.card("L2").shown
    assert "<@U0MAYA> reopened ISS-1." in card
    assert "it drops every ten minutes" in card
    assert "Nobody in L1 claimed ISS-1 in time" not in card


def test_once_it_has_moved_on_the_card_says_why_it_moved(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.bot.issues.resolve(1, "U0ANA", fix="x", delivery="a")
    workspace.bot.issues.reopen(1, "U0MAYA", reason="no", delivery="b")
    workspace.pass_time(hours=2)
    assert "Nobody in L1 claimed ISS-1 in time." in workspace.card("L2").shown
    assert "reopened" not in workspace.card("L2").shown


def test_the_receipt_keeps_the_promise_of_the_form(workspace: Workspace) -> None:
    workspace.submit_issue()
    due = workspace.clock() + workspace.policy.targets[workspace.issue().priority].first_response
    promised = f"You should hear from somebody {by(due)}"
    assert promised in workspace.receipt().shown
    workspace.say(workspace.card("L1"), "we are looking", by="U0ANA")
    workspace.pass_time(hours=2)
    assert promised not in workspace.receipt().shown


def test_the_card_says_what_was_merged_into_it(workspace: Workspace) -> None:
    workspace.submit_issue("VPN is down")
    workspace.submit_issue("No VPN here", by="U0TOM")
    workspace.submit_issue("VPN?", by="U0LENA")
    for number in (2, 3):
        workspace.command(f"merge ISS-{number} ISS-1", by="U0ANA")
    workspace.settle()
    assert "Also reported as ISS-2 and ISS-3." in workspace.card("L1").shown
    workspace.command("unmerge ISS-2", by="U0ANA")
    workspace.settle()
    assert "Also reported as ISS-3." in workspace.card("L1").shown
    workspace.command("unmerge ISS-3", by="U0ANA")
    workspace.settle()
    assert "Also reported" not in workspace.card("L1").shown


def test_the_card_of_a_duplicate_says_what_became_of_its_parent(workspace: Workspace) -> None:
    workspace.submit_issue("VPN is down")
    workspace.submit_issue("No VPN here", by="U0TOM")
    workspace.command("merge ISS-2 ISS-1", by="U0ANA")
    workspace.settle()
    workspace.command("resolve ISS-1 a new gateway", by="U0ANA")
    workspace.settle()
    assert "Merged into ISS-1, which was resolved" in workspace.card("L1", 2).shown
    workspace.command("reopen ISS-1 it is down again", by="U0MAYA")
    workspace.settle()
    assert "Merged into ISS-1, which goes on for both" in workspace.card("L1", 2).shown


def test_the_reporter_says_on_the_receipt_that_it_works_and_how_the_help_was(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.command("resolve ISS-1 a new certificate", by="U0ANA")
    workspace.settle()
    assert workspace.receipt().buttons == ["Not fixed", "It works", "Rate our help"]
    workspace.press(workspace.receipt(), "It works", by="U0MAYA")
    assert "you said that it works" in workspace.receipt().shown
    assert any("<@U0MAYA> says that it works." in m.text for m in workspace.slack.thread(workspace.card("L1")))
    workspace.press(workspace.receipt(), "Rate our help", by="U0MAYA")
    workspace.fill(workspace.slack.forms[-1], by="U0MAYA", score="4")
    assert workspace.issue().rating == 4
    assert workspace.receipt().buttons == ["Not fixed"]
    workspace.press(workspace.receipt(), "Not fixed", by="U0MAYA")
    workspace.fill(workspace.slack.forms[-1], by="U0MAYA", reason="it is back")
    assert workspace.issue().rating is None


def test_it_is_rated_by_word_and_only_by_its_reporter(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("resolve ISS-1 a new certificate", by="U0ANA")
    assert "Only the person who reported ISS-1" in workspace.command("rate ISS-1 5", by="U0ANA").text
    assert "`/issue rate ISS-1 5`" in workspace.command("rate ISS-1 great", by="U0MAYA").text
    workspace.command("rate ISS-1 5", by="U0MAYA")
    assert workspace.issue().rating == 5
