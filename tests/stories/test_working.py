"""Staff work on an issue: claim, release, escalate, resolve, reopen; by button and by word."""

from dataclasses import replace

import pytest

from bot.text import when
from tests.harness import Workspace


def test_claim_shows_who_has_it_and_the_reporter_learns_it(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")

    card = workspace.card("L1")
    assert "Claimed by <@U0ANA>" in card.shown
    assert card.buttons == ["Escalate", "Resolve"]
    assert card.menu == ["Release", "Wait", "More actions", "Why?", "History"]
    assert "<@U0ANA> is on it" in workspace.receipt().shown
    assert [m.text for m in workspace.slack.thread(workspace.receipt())] == ["<@U0ANA> is on it."]


def test_two_people_claim_and_the_second_is_told_who_has_it(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    claimed = when(workspace.clock())
    workspace.press(card, "Claim", by="U0ANA", settle=False)
    answer = workspace.press(card, "Claim", by="U0BEN")
    assert answer.status == 200
    (said,) = workspace.whispered("U0BEN")
    assert said == (
        f"ISS-1 is already claimed by <@U0ANA>, since {claimed}. "
        "If you should have it, ask them to release it, or take it over."
    )
    assert workspace.holder() == "U0ANA"
    assert workspace.story().count("IssueClaimed") == 1


def test_mine_lists_what_one_holds_before_what_one_reported(workspace: Workspace) -> None:
    workspace.submit_issue("VPN is down", by="U0MAYA")
    workspace.submit_issue("No light", by="U0ANA")
    workspace.command("claim ISS-1", by="U0ANA")
    held, _, reported = workspace.command("mine", by="U0ANA").text.partition("What you reported")
    assert "What you hold" in held
    assert "ISS-1" in held
    assert "ISS-2" not in held
    assert "ISS-2" in reported
    assert "What you hold" not in workspace.command("mine", by="U0MAYA").text
    workspace.command("resolve ISS-1 a new gateway", by="U0ANA")
    assert "What you hold" not in workspace.command("mine", by="U0ANA").text


def test_what_is_shown_names_the_tier_where_its_holder_works_or_all_that_have_the_turn(workspace: Workspace) -> None:
    workspace.submit_issue("VPN is down")
    workspace.submit_issue("ERP is down", impact="high", urgency="high")
    workspace.settle()
    workspace.command("escalate ISS-1 nobody can log in; tried: a restart", by="U0ANA")
    workspace.settle()
    workspace.tell_bot(workspace.card("L2"), "return it is the client", by="U0CHEN")
    done = workspace.command("claim ISS-1", by="U0CHEN").text
    assert "Normal (P3), with L2. Claimed by <@U0CHEN>." in done
    assert "*ISS-1* VPN is down: Normal (P3), with L2." in workspace.command("list").text
    assert (
        "*ISS-2* ERP is down: Critical (P1), with L1 and L2. Open, nobody in L1 or L2" in workspace.command("list").text
    )
    workspace.settle()
    assert "Normal (P3), with L2. Claimed by <@U0CHEN>." in workspace.card("L1").text


def test_what_is_over_is_with_nobody_and_says_who_ended_it(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("cancel ISS-1 it works again")
    workspace.settle()
    assert "ISS-1, VPN is down in Berlin, Normal (P3). Cancelled by <@U0MAYA>." in workspace.card("L1").text
    assert "Cancelled by <@U0MAYA>." in workspace.command("show ISS-1", by="U0ANA").text


def test_pressing_claim_twice_changes_nothing(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    workspace.press(card, "Claim", by="U0ANA", settle=False)
    workspace.press(card, "Claim", by="U0ANA")
    assert workspace.story() == ["IssueOpened", "IssueClaimed"]
    assert not workspace.whispered("U0ANA")


@pytest.mark.parametrize("label", ["Claim", "Escalate", "Resolve"])
def test_people_who_are_not_staff_are_refused_and_told_so(workspace: Workspace, label: str) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), label, by="U0TOM")
    (said,) = workspace.whispered("U0TOM")
    assert "Only support staff can do that with ISS-1" in said
    assert workspace.story() == ["IssueOpened"]
    assert not workspace.slack.forms


def test_someone_who_joined_the_channel_a_moment_ago_is_staff(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.clock.advance(minutes=1)
    workspace.slack.members_of["C0L1"].add("U0TOM")  # and the event of it was lost
    workspace.press(workspace.card("L1"), "Claim", by="U0TOM")
    assert workspace.holder() == "U0TOM"


def test_who_leaves_the_channel_is_staff_no_more(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.slack.members_of["C0L1"].remove("U0ANA")
    workspace.event({"type": "member_left_channel", "user": "U0ANA", "channel": "C0L1", "channel_type": "C"})
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    assert workspace.issue().claim is None


def _user_change(user: str, *, deleted: bool) -> dict[str, object]:
    return {"type": "user_change", "user": {"id": user, "deleted": deleted}}


def test_whose_account_is_deactivated_is_staff_no_more(workspace: Workspace) -> None:
    """Also while Slack goes on listing them as members of the channel."""
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.slack.deactivated = {"U0BEN"}
    workspace.event(_user_change("U0BEN", deleted=True))
    workspace.start()  # which reads the staff anew
    told = workspace.command("handover ISS-1 <@U0BEN> half done", by="U0ANA").text
    assert "<@U0BEN> is not support staff" in told
    assert workspace.holder() == "U0ANA"


def test_whose_account_is_active_again_is_staff_again(workspace: Workspace) -> None:
    workspace.submit_issue()
    for deleted in (True, False, False):
        workspace.event(_user_change("U0BEN", deleted=deleted))
    workspace.press(workspace.card("L1"), "Claim", by="U0BEN")
    assert workspace.holder() == "U0BEN"


def test_who_is_active_again_while_nobody_listens_is_staff_again(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.event(_user_change("U0BEN", deleted=True))
    workspace.start()
    workspace.press(workspace.card("L1"), "Claim", by="U0BEN")
    assert workspace.holder() == "U0BEN"


def test_who_joins_is_not_gone_though_nobody_said_that_they_are_back(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.event(_user_change("U0BEN", deleted=True))
    workspace.event({"type": "member_joined_channel", "channel": "C0L1", "user": "U0BEN"})
    workspace.directory.refresh()
    workspace.press(workspace.card("L1"), "Claim", by="U0BEN")
    assert workspace.holder() == "U0BEN"


def test_release_gives_the_tier_its_full_window_again(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.clock.advance(minutes=90)
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.clock.advance(minutes=10)
    workspace.press(workspace.card("L1"), "Release", by="U0ANA")

    assert workspace.holder() is None
    workspace.pass_time(minutes=119)
    assert workspace.issue().tier == 1
    workspace.pass_time(minutes=1)
    assert workspace.issue().tier == 2
    assert "<@U0ANA> has released ISS-1" in workspace.slack.thread(workspace.card("L1"))[-1].text


def test_a_colleague_cannot_release_or_resolve_what_ana_holds_but_a_higher_tier_can(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.press(workspace.card("L1"), "Release", by="U0BEN")
    workspace.press(workspace.card("L1"), "Resolve", by="U0BEN")
    assert all("<@U0ANA> holds ISS-1" in said for said in workspace.whispered("U0BEN"))
    assert len(workspace.whispered("U0BEN")) == 2
    workspace.press(workspace.card("L1"), "Release", by="U0CHEN")
    assert workspace.issue().claim is None


def test_escalating_by_hand_takes_reason_and_what_was_tried_along(workspace: Workspace) -> None:
    workspace.submit_issue("VPN is down in Berlin")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.press(workspace.card("L1"), "Escalate", by="U0ANA")
    (form,) = workspace.slack.forms
    workspace.fill(form, by="U0ANA", reason="needs the <network> team", tried="restarted the client")

    up = workspace.card("L2")
    assert up.text.startswith("<!here> <@U0ANA> escalated ISS-1 from L1.")
    assert "needs the <network> team" in up.shown
    assert "restarted the client" in up.shown
    assert up.buttons == ["Claim", "Escalate", "Resolve"]
    assert len(workspace.channel("support-l2")) == 1
    old = workspace.card("L1")
    assert "moved to <https://acme.slack.com/archives/C0L2/p" in old.shown
    assert not old.buttons
    assert workspace.issue().claim is None
    assert "*Waiting for L2.*" in workspace.receipt().shown


def test_a_card_that_an_issue_comes_back_to_says_so(workspace: Workspace) -> None:
    """It would go on telling where the issue was, and nobody would draw it again."""
    workspace.submit_issue()
    first = workspace.card("L1")
    workspace.command("escalate ISS-1 nobody can log in; tried: a restart", by="U0ANA")
    workspace.settle()
    assert "moved to" in first.shown
    workspace.command("return ISS-1 it is the client", by="U0CHEN")
    workspace.settle()
    second = workspace.card("L1")
    assert second.ts != first.ts
    assert "goes on under" in first.shown
    assert second.ts.replace(".", "") in first.shown
    workspace.command("escalate ISS-1 it is not; tried: another client", by="U0ANA")
    workspace.settle()
    assert "goes on under" in first.shown
    assert "moved to" in second.shown


@pytest.mark.parametrize(
    ("reason", "tried", "field"), [("", "x", "reason"), ("x", " ", "tried"), ("x" * 3000, "x", "reason")]
)
def test_an_escalation_without_words_is_refused_in_its_form(
    workspace: Workspace, reason: str, tried: str, field: str
) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Escalate", by="U0ANA")
    answer = workspace.fill(workspace.slack.forms[0], by="U0ANA", reason=reason, tried=tried)
    assert list(answer.errors) == [field]
    assert workspace.issue().tier == 1


def test_two_forms_from_one_card_escalate_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    workspace.press(card, "Escalate", by="U0ANA")
    workspace.press(card, "Escalate", by="U0BEN")
    one, two = workspace.slack.forms
    assert not workspace.fill(one, by="U0ANA", reason="a", tried="b").errors
    answer = workspace.fill(two, by="U0BEN", reason="a", tried="b")
    assert "ISS-1 has changed since this card was drawn: it is with L2 now" in answer.errors["reason"]
    assert workspace.issue().tier == 2


def test_resolving_says_what_fixed_it_to_the_reporter(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Resolve", by="U0ANA")
    workspace.fill(workspace.slack.forms[0], by="U0ANA", fix="a new certificate")
    receipt = workspace.receipt()
    assert "*Resolved by <@U0ANA>.*" in receipt.shown
    assert "a new certificate" in receipt.shown
    assert receipt.buttons == ["Not fixed", "It works", "Rate our help"]
    assert workspace.card("L1").buttons == ["Reopen"]
    assert "<@U0ANA> has resolved ISS-1" in workspace.slack.thread(receipt)[-1].text
    workspace.pass_time(days=2)
    assert workspace.story()[-1] == "IssueResolved"


def test_the_reporter_reopens_and_the_tier_that_resolved_it_has_it_again(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Resolve", by="U0ANA")
    workspace.fill(workspace.slack.forms[0], by="U0ANA", fix="rebooted")
    workspace.press(workspace.receipt(), "Not fixed", by="U0MAYA")
    workspace.fill(workspace.slack.forms[1], by="U0MAYA", reason="still broken")
    assert workspace.issue().status.value == "open"
    assert workspace.issue().tier == 1
    card = workspace.card("L1")
    assert card.buttons == ["Claim", "Escalate", "Resolve"]
    assert "What was tried as the fix*\nrebooted" in card.shown
    assert workspace.slack.thread(workspace.receipt())[-1].text == (
        "<@U0MAYA>: still broken\nISS-1 is open again, and L1 has been told."
    )
    said = [m.text for m in workspace.slack.thread(card)]
    assert said[-1] == "<!here> <@U0ANA>, ISS-1 VPN is down in Berlin is back: <@U0MAYA> has reopened it: still broken"


def test_what_stayed_resolved_is_closed_and_both_sides_read_it_quietly(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "resolve rebooted", by="U0ANA")
    workspace.pass_time(days=5)
    assert workspace.issue().status.value == "closed"
    assert workspace.slack.thread(workspace.receipt())[-1].text == (
        "ISS-1 is closed. If the trouble is back, reply here: that opens a new issue, linked to this one."
    )
    assert workspace.slack.thread(workspace.card("L1"))[-1].text == "ISS-1 is closed: it stayed resolved."


def test_somebody_elses_issue_is_not_reopened_by_a_passer_by(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Resolve", by="U0ANA")
    workspace.fill(workspace.slack.forms[0], by="U0ANA", fix="rebooted")
    workspace.press(workspace.receipt(), "Not fixed", by="U0TOM")
    assert "Only the person who reported ISS-1" in workspace.whispered("U0TOM")[0]


@pytest.mark.parametrize("label", ["Claim", "Escalate", "Resolve"])
def test_a_stale_button_is_refused_politely(workspace: Workspace, label: str) -> None:
    workspace.submit_issue()
    stale = workspace.card("L1")
    blocks = list(stale.blocks)
    workspace.bot.issues.resolve(1, "U0ANA", fix="done", delivery="d")
    stale.blocks = blocks
    resolved = when(workspace.clock())
    workspace.clock.advance(minutes=3)
    workspace.press(stale, label, by="U0BEN")
    assert f"already resolved, by <@U0ANA>, {resolved}." in workspace.whispered("U0BEN")[0]


def test_who_is_late_reads_who_moved_it_and_when(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    blocks = list(card.blocks)
    workspace.tell_bot(card, "move L2 it is their server", by="U0ANA")
    moved = when(workspace.issue().clocks.tier_window.running_since or workspace.clock())
    card.blocks = blocks
    workspace.press(card, "Escalate", by="U0BEN")
    assert f"it is with L2 now, moved there by <@U0ANA> {moved}." in workspace.whispered("U0BEN")[0]


def test_what_is_over_says_since_when(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.submit_issue("no VPN", by="U0TOM")
    stale = workspace.card("L1", 2)
    blocks = list(stale.blocks)
    workspace.tell_bot(stale, "merge ISS-1", by="U0ANA")
    ended = workspace.issue(2).ended_at
    assert ended
    stale.blocks = blocks
    workspace.press(stale, "Claim", by="U0BEN")
    assert f"ISS-2 was merged into ISS-1 {when(ended)} and goes on there." in workspace.whispered("U0BEN")[0]


def test_a_button_of_an_issue_that_no_longer_exists(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    workspace.act({"type": "button", "action_id": "issue_claim", "value": "99:1:1"}, card, by="U0ANA")
    assert "There is no ISS-99" in workspace.whispered("U0ANA")[0]


@pytest.mark.parametrize("value", ["", "junk", "1", "1:x:1", "1:1:1:1"])
def test_a_button_we_did_not_write_ends_in_an_apology_and_changes_nothing(workspace: Workspace, value: str) -> None:
    workspace.submit_issue()
    answer = workspace.act(
        {"type": "button", "action_id": "issue_claim", "value": value}, workspace.card("L1"), by="U0ANA"
    )
    assert answer.status == 200
    assert "nothing was saved (reference " in workspace.whispered("U0ANA")[0]
    assert workspace.story() == ["IssueOpened"]


def test_a_button_of_an_older_version_says_so(workspace: Workspace) -> None:
    workspace.submit_issue()
    answer = workspace.act({"type": "button", "action_id": "from_1999", "value": "1"}, workspace.card("L1"), by="U0ANA")
    assert answer.status == 200
    assert "older version" in workspace.whispered("U0ANA")[0]


def test_the_late_claim_from_the_old_card_is_accepted(workspace: Workspace) -> None:
    """The goal is an owner (domain.md 2.5)."""
    workspace.submit_issue()
    old = workspace.card("L1")
    blocks = list(old.blocks)
    workspace.pass_time(hours=2)
    assert workspace.issue().tier == 2
    old.blocks = blocks
    workspace.press(old, "Claim", by="U0ANA")
    assert workspace.holder() == "U0ANA"
    assert workspace.issue().tier == 2
    assert "Claimed by <@U0ANA>" in workspace.card("L2").shown


def test_who_claims_by_a_command_works_where_they_are(workspace: Workspace) -> None:
    """A P1 has cards in L1 and L2; Ana is in L1 alone."""
    workspace.submit_issue(impact="high", urgency="high")
    workspace.command("claim ISS-1", by="U0ANA")
    workspace.say(workspace.receipt(), "please call me", by="U0MAYA")
    assert "please call me" in workspace.slack.thread(workspace.card("L1"))[-1].text
    assert not workspace.slack.thread(workspace.card("L2"))


def test_who_claimed_late_and_cannot_hand_it_down_reads_the_way_out(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=2)
    workspace.press(workspace.card("L2"), "Claim", by="U0ANA")
    said = workspace.command("handover ISS-1 <@U0BEN> you know them", by="U0ANA").text
    assert "cannot be handed to them. Release it, and they can claim it; or let L2 return it to their tier." in said


def test_words_in_the_thread_do_what_the_buttons_do(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    workspace.tell_bot(card, "claim", by="U0ANA")
    assert workspace.holder() == "U0ANA"
    workspace.tell_bot(card, "release", by="U0ANA")
    assert workspace.issue().claim is None
    workspace.tell_bot(card, "escalate nobody can log in; tried: restarted it", by="U0ANA")
    assert workspace.issue().tier == 2
    assert workspace.packet().reason == "nobody can log in"
    assert workspace.packet().tried == "restarted it"
    workspace.tell_bot(workspace.card("L2"), "Resolve: new certificate", by="U0CHEN")
    assert workspace.issue().fix == "new certificate"
    workspace.tell_bot(workspace.card("L2"), "reopen it is back", by="U0CHEN")
    assert workspace.story() == [
        "IssueOpened",
        "IssueClaimed",
        "IssueReleased",
        "IssueEscalated",
        "IssueResolved",
        "IssueReopened",
    ]


def test_words_that_say_too_little_are_answered_with_how(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    workspace.tell_bot(card, "escalate please", by="U0ANA")
    assert "`@Escalator escalate nobody can log in; tried:" in workspace.whispered("U0ANA")[0]
    workspace.tell_bot(card, "dance", by="U0ANA")
    assert "In this thread I understand" in workspace.whispered("U0ANA")[-1]
    workspace.tell_bot(card, "resolve", by="U0ANA")
    assert "what fixed it" in workspace.whispered("U0ANA")[-1]
    assert workspace.story() == ["IssueOpened"]


@pytest.mark.parametrize(
    ("word", "missing"),
    [
        ("snooze", "for how long"),
        ("priority", "its impact and then its urgency"),
        ("wait", "what it waits for"),
        ("merge", "which issue it is merged into"),
        ("move", "which tier it belongs to"),
        ("handover", "whom you mean"),
        ("major", "whom you mean"),
    ],
)
def test_a_word_alone_is_answered_with_what_is_missing(workspace: Workspace, word: str, missing: str) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), word, by="U0ANA")
    said = workspace.whispered("U0ANA")[0]
    assert said.startswith(f"Say also {missing}, like this: `@Escalator {word} ")
    assert "“”" not in said


def test_who_may_not_reads_who_may(workspace: Workspace) -> None:
    first, *others = workspace.policy.tiers
    led = (replace(first, leads=("U0LEA", "U0LEO")), *others)
    workspace.policy = replace(workspace.policy, version="led", tiers=led)
    workspace.submit_issue(impact="high", urgency="medium")
    workspace.tell_bot(workspace.card("L1"), "cancel", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "major <@U0BEN>", by="U0ANA")
    for said in workspace.whispered("U0ANA"):
        assert said.startswith("Only a lead of L1 (<@U0LEA>, <@U0LEO>), or staff of a higher tier, can do that")
    assert len(workspace.whispered("U0ANA")) == 2


def test_escalating_by_word_from_a_tier_that_has_handed_it_on_is_refused(workspace: Workspace) -> None:
    workspace.submit_issue()
    old = workspace.card("L1")
    workspace.pass_time(hours=2)
    workspace.tell_bot(old, "escalate why; tried: this", by="U0ANA")
    assert workspace.issue().tier == 2
    assert "it is with L2 now" in workspace.whispered("U0ANA")[0]


def chosen(workspace: Workspace, by: str) -> list[str]:
    """What More actions offers."""
    workspace.press(workspace.card("L1"), "More actions", by=by)
    rows = workspace.slack.forms[-1]["blocks"]
    return [row["text"]["text"].strip("*") for row in rows if "accessory" in row]


def test_more_actions_offers_what_the_person_can_do(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    ana, ben, chen = (chosen(workspace, by) for by in ("U0ANA", "U0BEN", "U0CHEN"))
    always = ["Tell the reporter", "Move to another tier", "Change priority", "Merge into another issue"]
    assert sorted(ana) == sorted([*always, "Release", "Wait", "Hand over", "Snooze reminders"])
    assert sorted(ben) == sorted([*always, "Take over"])
    of_a_lead = ["Release", "Wait", "Hand over", "Snooze reminders", "Declare major incident", "Cancel issue"]
    assert sorted(chen) == sorted([*always, "Take over", *of_a_lead])
    assert "What you cannot do with it just now is left out" in str(workspace.slack.forms[0])


def test_history_shows_staff_everything_on_record(workspace: Workspace) -> None:
    workspace.submit_issue(details="since nine")
    workspace.tell_bot(workspace.card("L1"), "note ask the vendor", by="U0BEN")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.press(workspace.card("L1"), "History", by="U0ANA")
    said = str(workspace.slack.forms[0]["blocks"])
    assert "<@U0MAYA> reported it as Normal (P3)" in said
    assert "staff only: ask the vendor" in said
    assert "<@U0ANA> claimed it in L1" in said
    workspace.press(workspace.card("L1"), "History", by="U0MAYA")
    assert len(workspace.slack.forms) == 1
