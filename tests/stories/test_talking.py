"""Reporter and staff talk, each in their own thread."""

from dataclasses import replace

from bot.domain.events import NoteTaken, Words
from bot.ports import Unsure
from tests.fake_slack import BOT, Message
from tests.harness import Workspace


def test_what_the_reporter_writes_under_the_receipt_appears_under_the_card(workspace: Workspace) -> None:
    workspace.submit_issue()
    ts = workspace.say(workspace.receipt(), "it is &lt;really&gt; down", by="U0MAYA")
    (heard,) = workspace.slack.thread(workspace.card("L1"))
    assert "it is &lt;really&gt; down" in heard.shown
    assert "<@U0MAYA> says" in heard.shown
    assert (workspace.receipt().channel, ts) in workspace.slack.nods


def test_what_staff_write_under_the_card_appears_under_the_receipt(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.say(workspace.card("L1"), "Which office?", by="U0ANA")
    assert "Which office?" in workspace.slack.thread(workspace.receipt())[-1].shown


def test_the_reporters_words_follow_the_issue_up(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=2)
    workspace.say(workspace.receipt(), "still down", by="U0MAYA")
    assert "still down" in workspace.slack.thread(workspace.card("L2"))[-1].shown


def test_the_question_to_the_reporter_stands_under_the_card_too(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "wait reporter Which &lt;office&gt;?", by="U0ANA")
    staff, reporter = workspace.slack.thread(workspace.card("L1")), workspace.slack.thread(workspace.receipt())
    assert staff[-1].text == "<@U0ANA> has asked the reporter: Which &lt;office&gt;?"
    assert reporter[-1].text.startswith("<@U0ANA> needs to know: Which &lt;office&gt;?")


def test_the_card_says_how_a_note_begins_in_words(workspace: Workspace) -> None:
    workspace.submit_issue()
    assert "Begin with the lock :lock: (type `:lock:`) for a note" in workspace.card("L1").shown


def test_notes_stay_with_staff(workspace: Workspace) -> None:
    workspace.submit_issue()
    for text in ("🔒 she always says that", ":lock: really"):
        workspace.say(workspace.card("L1"), text, by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "note third time this week", by="U0ANA")
    assert not workspace.slack.thread(workspace.receipt())
    notes = [e.event for e in workspace.database.timeline(1) if isinstance(e.event, NoteTaken)]
    assert len(notes) == 3
    assert notes[2].words.text == "third time this week"


def test_mentions_broadcasts_and_disguised_links_arrive_as_plain_text(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.say(
        workspace.receipt(),
        "<!channel> <@U0ANA> <!subteam^S1|@admins> <#C0L1|support-l1> <https://evil.example|bank>",
        by="U0MAYA",
    )
    (heard,) = workspace.slack.thread(workspace.card("L1"))
    assert "@channel @Ana @admins #support-l1 bank (<https://evil.example>)" in heard.shown
    assert "<!channel>" not in heard.text + heard.shown
    assert "<@U0ANA>" not in heard.text + heard.shown


def test_an_edit_and_a_deletion_follow_to_the_other_side(workspace: Workspace) -> None:
    workspace.submit_issue()
    receipt = workspace.receipt()
    ts = workspace.say(receipt, "room 12", by="U0MAYA")
    edit = {
        "type": "message",
        "subtype": "message_changed",
        "channel": receipt.channel,
        "channel_type": "im",
        "ts": "2.0",
        "message": {"user": "U0MAYA", "text": "room 21", "ts": ts, "edited": {"user": "U0MAYA", "ts": "2.0"}},
        "previous_message": {"user": "U0MAYA", "text": "room 12", "ts": ts},
    }
    workspace.event(edit)
    workspace.event(edit)
    workspace.settle()
    (heard,) = workspace.slack.thread(workspace.card("L1"))
    assert "room 21" in heard.shown
    assert workspace.story().count("WordsEdited") == 1
    workspace.event(
        {
            "type": "message",
            "subtype": "message_deleted",
            "channel": receipt.channel,
            "channel_type": "im",
            "deleted_ts": ts,
            "ts": "3.0",
            "previous_message": {"user": "U0MAYA", "text": "room 21", "ts": ts},
        }
    )
    workspace.settle()
    assert not workspace.slack.thread(workspace.card("L1"))


def test_a_file_travels_as_its_link(workspace: Workspace) -> None:
    workspace.submit_issue()
    file = {"name": "a<b>.png", "permalink": "https://acme.slack.com/files/F1"}
    workspace.say(workspace.receipt(), "", by="U0MAYA", subtype="file_share", files=[file])
    (heard,) = workspace.slack.thread(workspace.card("L1"))
    assert "<https://acme.slack.com/files/F1|a&lt;b&gt;.png>" in heard.shown


def test_a_message_delivered_twice_is_passed_on_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    ts = workspace.slack.new_ts()
    workspace.say(workspace.receipt(), "hello", by="U0MAYA", ts=ts)
    workspace.say(workspace.receipt(), "hello", by="U0MAYA", ts=ts)
    assert len(workspace.slack.thread(workspace.card("L1"))) == 1


def test_the_bot_and_other_bots_are_not_relayed(workspace: Workspace) -> None:
    workspace.submit_issue()
    root = workspace.card("L1")
    workspace.say(root, "I am a bot", by="U0OTHER", bot_id="B9")
    workspace.say(root, "I am you", by=BOT)
    workspace.say(root, "system", by="USLACK")
    assert not workspace.slack.thread(workspace.receipt())


def test_talk_in_other_threads_and_at_top_level_is_nobodys_business(workspace: Workspace) -> None:
    workspace.submit_issue()
    said = {"type": "message", "user": "U0ANA", "channel": "C0L1", "channel_type": "channel"}
    assert workspace.event({**said, "text": "lunch?", "ts": "5.1"}).status == 200
    assert workspace.event({**said, "text": "yes", "ts": "5.2", "thread_ts": "5.1"}).status == 200
    assert workspace.story() == ["IssueOpened"]
    assert not workspace.slack.whispers


def test_a_dm_outside_every_thread_is_answered_with_how(workspace: Workspace) -> None:
    workspace.event(
        {"type": "message", "user": "U0MAYA", "channel": "D0MAYA", "channel_type": "im", "text": "help!", "ts": "5.1"}
    )
    assert "To report a new one, type `/issue`" in workspace.whispered("U0MAYA")[0]


def test_a_reply_to_a_resolved_issue_reopens_it_and_is_passed_on(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "resolve rebooted", by="U0ANA")
    workspace.say(workspace.receipt(), "it is back", by="U0MAYA")
    assert workspace.issue().status.value == "open"
    assert any("it is back" in m.shown for m in workspace.slack.thread(workspace.card("L1")))


def test_whoever_would_write_thanks_reads_before_that_it_opens_the_issue_again(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("resolve ISS-1 a new certificate", by="U0ANA")
    workspace.settle()
    opens = "It works? Press It works. Not fixed? Press Not fixed"
    assert f"{opens}. Anything you write here within 5 days opens it again." in last_said(workspace)
    assert opens in workspace.receipt().shown
    assert "anything you write in this thread opens it again." in workspace.receipt().shown
    workspace.press(workspace.receipt(), "It works", by="U0MAYA")
    assert "It works?" not in workspace.receipt().shown
    assert "anything you write in this thread opens it again." in workspace.receipt().shown


def test_whoever_solved_it_themselves_is_not_asked_whether_it_works(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.command("solved ISS-1")
    workspace.settle()
    assert "It works" not in last_said(workspace) + workspace.receipt().shown
    assert last_said(workspace).endswith("Anything you write here within 5 days opens it again.")
    assert workspace.receipt().shown.count("solved") == 1


def last_said(workspace: Workspace) -> str:
    """To the reporter, in the receipt's thread."""
    return workspace.slack.thread(workspace.receipt())[-1].text


def test_a_stranger_in_a_card_thread_is_told_that_it_was_not_passed_on(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.say(workspace.card("L1"), "me too", by="U0TOM")
    assert "Only support staff" in workspace.whispered("U0TOM")[0]
    assert not workspace.slack.thread(workspace.receipt())


def test_a_long_message_arrives_whole(workspace: Workspace) -> None:
    workspace.submit_issue()
    text = " ".join(f"word{n}" for n in range(1500))
    workspace.say(workspace.receipt(), text, by="U0MAYA")
    (heard,) = workspace.slack.thread(workspace.card("L1"))
    assert heard.shown.replace("\n", "").endswith("word1499")
    assert all(f"word{n}" in heard.shown for n in (0, 700, 1499))


def test_a_mention_outside_every_thread_is_answered(workspace: Workspace) -> None:
    workspace.event(
        {"type": "app_mention", "user": "U0TOM", "text": f"<@{BOT}> hi", "ts": "9.1", "channel": "C0ITHELP"}
    )
    assert "type `/issue`" in workspace.whispered("U0TOM")[0]


def test_an_event_that_fails_is_not_acked_and_the_third_failure_is_told(workspace: Workspace) -> None:
    workspace.submit_issue()
    receipt = workspace.receipt()
    workspace.database.close()
    event = {
        "type": "message",
        "user": "U0MAYA",
        "text": "hi",
        "ts": "9.1",
        "thread_ts": receipt.ts,
        "channel": receipt.channel,
        "channel_type": "im",
    }
    assert [workspace.event(event, event_id="Ev1").status for _ in range(3)] == [500, 500, 200]
    assert "was not passed on (reference " in workspace.whispered("U0MAYA")[0]


def test_who_joins_while_nothing_can_be_stored_is_told_of_no_message(workspace: Workspace) -> None:
    workspace.database.close()
    event = {"type": "member_joined_channel", "user": "U0TOM", "channel": "C0L1"}
    assert [workspace.event(event, event_id="Ev1").status for _ in range(3)] == [500, 500, 200]
    assert not workspace.whispered("U0TOM")


def test_a_reply_whose_issue_stays_uncertain_is_told_in_the_end(workspace: Workspace) -> None:
    """Slack has the card, as its people see, and its answer was lost; it is not looked for before three seconds."""
    workspace.slack.faults.append(Unsure("the answer was lost"))
    workspace.submit_issue(settle=False)
    workspace.deliver()
    event = {
        "type": "message",
        "user": "U0ANA",
        "text": "Which office?",
        "ts": "9.2",
        "thread_ts": "9.1",
        "parent_user_id": BOT,
        "channel": "C0L1",
        "channel_type": "channel",
    }
    assert [workspace.event(event, event_id="Ev1").status for _ in range(4)] == [500, 500, 500, 200]
    assert "was not passed on" in workspace.whispered("U0ANA")[0]


# --- under a notice ---------------------------------------------------------------------------------------------------


def notice(workspace: Workspace, channel: str = "it-managers") -> Message:
    return next(m for m in workspace.channel(channel) if m.text.startswith("For your information"))


def test_what_is_written_under_a_notice_reaches_the_reporter(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    ts = workspace.say(notice(workspace), "we have called the provider", by="U0FAY")
    heard = workspace.slack.thread(workspace.receipt())[-1]
    assert heard.text == "<@U0FAY>: we have called the provider"
    assert (notice(workspace).channel, ts) in workspace.slack.nods
    assert not workspace.whispered("U0FAY")


def test_what_is_written_elsewhere_is_read_where_the_issue_is_worked_on(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.press(workspace.card("L2"), "Claim", by="U0CHEN")
    workspace.say(notice(workspace), "we have called the provider", by="U0FAY")
    workspace.say(notice(workspace), "🔒 it is the boss who asks", by="U0FAY")
    workspace.say(workspace.card("L1"), "Berlin, too", by="U0ANA")
    workspace.say(workspace.card("L2"), "I am at it", by="U0CHEN")
    desk = [message.text for message in workspace.slack.thread(workspace.card("L2"))]
    assert desk == [
        "<@U0FAY>: we have called the provider",
        "<@U0FAY>, for staff only: 🔒 it is the boss who asks",
        "<@U0ANA>: Berlin, too",
        "I am at it",
    ]
    heard = [message.text for message in workspace.slack.thread(workspace.receipt())]
    assert heard[1:] == ["<@U0FAY>: we have called the provider", "<@U0ANA>: Berlin, too", "<@U0CHEN>: I am at it"]


def test_commands_work_under_a_notice_wherever_the_issue_is_now(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.tell_bot(workspace.card("L2"), "escalate nobody can log in; tried: a restart", by="U0CHEN")
    workspace.tell_bot(notice(workspace), "claim", by="U0FAY")
    assert workspace.holder() == "U0FAY"
    workspace.clock.advance(minutes=2)
    workspace.tell_bot(notice(workspace), "escalate it is a matter of money; tried: all of it", by="U0FAY")
    assert workspace.issue().tier == 4
    workspace.tell_bot(notice(workspace), "note she never reads", by="U0FAY")
    assert workspace.story()[-1] == "NoteTaken"
    assert not workspace.whispered("U0FAY")


def test_who_may_not_is_refused_under_a_notice_with_the_name_of_the_issue(workspace: Workspace) -> None:
    workspace.submit_issue(impact="high", urgency="high")
    workspace.say(notice(workspace), "me too", by="U0TOM")
    workspace.tell_bot(notice(workspace), "claim", by="U0TOM")
    assert all("Only support staff can do that with ISS-1" in said for said in workspace.whispered("U0TOM"))
    assert len(workspace.whispered("U0TOM")) == 2


def test_a_notice_in_person_is_answered_as_staff(workspace: Workspace) -> None:
    workspace.policy = replace(workspace.policy, version="led", fallback="U0FAY")
    workspace.submit_issue()
    while workspace.issue().pings < 3:
        workspace.pass_time(hours=1)
    (told,) = workspace.slack.dm("U0FAY")
    assert "<https://acme.slack.com/archives/C0MGMT/p" in told.shown
    workspace.say(told, "I have called them", by="U0FAY")
    assert "StaffReplied" in workspace.story()
    assert workspace.slack.thread(workspace.receipt())[-1].text == "<@U0FAY>: I have called them"


def test_who_is_staff_and_reported_it_answers_under_the_card_as_well(workspace: Workspace) -> None:
    workspace.submit_issue(by="U0BEN")
    workspace.tell_bot(workspace.card("L1"), "claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "wait reporter Which office?", by="U0ANA")
    workspace.say(workspace.card("L1"), "Berlin, second floor", by="U0BEN")
    assert workspace.story()[-2:] == ["ReporterReplied", "WaitEnded"]
    thread = [message.text for message in workspace.slack.thread(workspace.card("L1"))]
    assert thread[-1] == "<@U0ANA>, ISS-1 goes on: its reporter has answered."
    assert sum("second floor" in text for text in thread) == 1  # they wrote it there themselves
    workspace.pass_time(hours=7)
    assert workspace.holder() == "U0ANA"
    assert "ReporterNudged" not in workspace.story()


def test_a_note_of_who_reported_it_is_no_answer(workspace: Workspace) -> None:
    workspace.submit_issue(by="U0BEN")
    workspace.tell_bot(workspace.card("L1"), "claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "wait reporter Which office?", by="U0ANA")
    workspace.say(workspace.card("L1"), ":lock: do not call them", by="U0BEN")
    assert workspace.story()[-1] == "NoteTaken"
    assert workspace.issue().waiting is not None


def test_what_who_is_staff_and_reported_it_writes_in_a_form_is_read_under_the_card(workspace: Workspace) -> None:
    workspace.submit_issue(by="U0BEN")
    workspace.tell_bot(workspace.card("L1"), "claim", by="U0ANA")
    words = Words("", "", "Berlin, second floor")
    workspace.bot.issues.update(1, "U0BEN", words=words, delivery="form")
    workspace.settle()
    assert "second floor" in workspace.slack.thread(workspace.card("L1"))[-1].text
