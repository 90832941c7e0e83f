"""Slack delivers twice (invariant 26): each way in, with an act that would do something the second time."""

from typing import Any

from bot.domain.priority import Priority
from bot.slack import ids
from tests.fake_slack import Message
from tests.harness import Workspace


def press(card: Message, word: str, *, by: str, trigger: str) -> dict[str, Any]:
    """As Slack sends it: a press has a trigger of its own, and the same one when it comes again."""
    shown = next(e for e in card.elements if e["type"] == "button" and e["text"]["text"] == word)
    return {
        "type": "block_actions",
        "team": {"id": "T0"},
        "user": {"id": by},
        "trigger_id": trigger,
        "container": {"type": "message", "message_ts": card.ts, "channel_id": card.channel},
        "channel": {"id": card.channel},
        "message": {"ts": card.ts},
        "actions": [{"type": "button", "action_id": shown["action_id"], "value": shown["value"], "block_id": "b"}],
    }


def test_a_press_that_comes_again_after_a_release_claims_nothing(workspace: Workspace) -> None:
    workspace.submit_issue()
    pressed = press(workspace.card("L1"), "Claim", by="U0ANA", trigger="once")
    workspace.payload(pressed)
    workspace.settle()
    workspace.bot.issues.release(1, "U0ANA", delivery="release")
    story = workspace.story()
    workspace.payload(pressed)
    workspace.settle()
    assert workspace.story() == story
    assert workspace.holder() is None


def test_another_press_claims_it_again(workspace: Workspace) -> None:
    """It is the delivery that makes it the same press, not the card."""
    workspace.submit_issue()
    card = workspace.card("L1")
    workspace.payload(press(card, "Claim", by="U0ANA", trigger="one"))
    workspace.bot.issues.release(1, "U0ANA", delivery="release")
    workspace.payload(press(card, "Claim", by="U0ANA", trigger="two"))
    assert workspace.holder() == "U0ANA"


def test_a_form_that_comes_again_says_its_words_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    values = {"text": {"text": {"type": "plain_text_input", "value": "We are on it."}}}
    for _ in range(2):
        workspace.submit(f"{ids.ACT_FORM}update", values, by="U0ANA", metadata="1:1:1", view_id="V0")
        workspace.settle()
    assert workspace.story().count("StaffReplied") == 1
    assert sum("We are on it." in message.text for message in workspace.slack.thread(workspace.receipt())) == 1


def test_a_form_that_comes_again_changes_no_priority_back(workspace: Workspace) -> None:
    workspace.submit_issue()

    def send(view_id: str, impact: str, urgency: str) -> None:
        values = {
            name: {name: {"type": "static_select", "selected_option": {"value": level}}}
            for name, level in (("impact", impact), ("urgency", urgency))
        }
        values["reason"] = {"reason": {"type": "plain_text_input", "value": "!"}}
        workspace.submit(f"{ids.ACT_FORM}priority", values, by="U0ANA", metadata="1:1:1", view_id=view_id)

    send("V1", "high", "high")
    send("V2", "low", "low")
    send("V1", "high", "high")
    assert workspace.issue().priority is Priority.P4
    assert workspace.story().count("PriorityChanged") == 2


def test_words_in_a_thread_that_come_again_act_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    said = {
        "type": "message",
        "channel_type": "channel",
        "user": "U0ANA",
        "text": "<@U0BOT> claim",
        "ts": "1796000099.000001",
        "thread_ts": workspace.card("L1").ts,
        "channel": "C0L1",
    }
    workspace.event(said, event_id="Ev1")
    workspace.bot.issues.release(1, "U0ANA", delivery="release")
    workspace.event(said, event_id="Ev1")
    assert workspace.holder() is None
    assert workspace.story().count("IssueClaimed") == 1


def test_a_note_and_an_edit_that_come_again_are_on_record_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    card = workspace.card("L1")
    ts = workspace.say(card, "🔒 between us", by="U0ANA")
    workspace.say(card, "🔒 between us", by="U0ANA", ts=ts)
    edited = {
        "type": "message",
        "subtype": "message_changed",
        "channel": card.channel,
        "channel_type": "channel",
        "message": {
            "type": "message",
            "user": "U0ANA",
            "text": "🔒 between the two of us",
            "ts": ts,
            "thread_ts": card.ts,
            "edited": {"ts": "1796000099.000001", "user": "U0ANA"},
        },
        "previous_message": {"user": "U0ANA", "text": "🔒 between us", "ts": ts},
    }
    workspace.event(edited)
    workspace.event(edited)
    assert workspace.story().count("NoteTaken") == 1
    assert workspace.story().count("WordsEdited") == 1


def test_a_command_that_comes_again_acts_once(workspace: Workspace) -> None:
    workspace.submit_issue()
    command = {
        "command": "/issue",
        "text": "claim ISS-1",
        "user_id": "U0ANA",
        "channel_id": "C0ITHELP",
        "team_id": "T0",
        "trigger_id": "once",
        "response_url": "http://127.0.0.1:9/",
    }
    workspace.payload(command)
    assert workspace.holder() == "U0ANA"
    workspace.bot.issues.release(1, "U0ANA", delivery="release")
    workspace.payload(command)
    assert workspace.holder() is None
