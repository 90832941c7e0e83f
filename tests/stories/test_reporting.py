"""An employee reports something."""

import pytest

from bot.slack import ids
from tests.harness import Workspace


def test_a_report_becomes_a_card_in_l1_and_a_receipt(workspace: Workspace) -> None:
    answer = workspace.submit_issue("VPN is down in Berlin", details="since 9 o'clock")
    assert answer.status == 200

    (card,) = workspace.channel("support-l1")
    assert "ISS-1 · VPN is down in Berlin" in card.shown
    assert "Open, nobody in L1 has claimed it" in card.shown
    assert "Normal (P3)" in card.shown
    assert "<@U0MAYA>" in card.shown
    assert "It goes to L2 <!date^" in card.shown
    assert "since 9 o'clock" in card.shown
    assert card.buttons == ["Claim", "Escalate", "Resolve"]
    (receipt,) = workspace.slack.dm("U0MAYA")
    assert "*Waiting for L1.*" in receipt.shown
    assert workspace.slack.calls == ["chat.postMessage", "chat.postMessage"]
    assert not workspace.channel("support-l2")


def test_the_command_opens_the_form_at_once_with_its_text_as_title(workspace: Workspace) -> None:
    workspace.command("VPN is down in Berlin")
    (form,) = workspace.slack.forms
    names = [block["block_id"] for block in form["blocks"]]
    assert names[:4] == [ids.TITLE, ids.DETAILS, ids.IMPACT, ids.URGENCY]
    assert form["blocks"][0]["element"]["initial_value"] == "VPN is down in Berlin"


def test_a_title_too_long_for_its_field_is_carried_into_the_details(workspace: Workspace) -> None:
    text = "the printer " * 30
    workspace.command(text)
    (form,) = workspace.slack.forms
    assert len(form["blocks"][0]["element"]["initial_value"]) <= 120
    assert form["blocks"][1]["element"]["initial_value"] == text.strip()


def test_the_priority_shown_follows_the_selects(workspace: Workspace) -> None:
    workspace.command("")
    (form,) = workspace.slack.forms
    assert "P4" in form["blocks"][-1]["elements"][0]["text"]
    chosen = {"type": "static_select", "selected_option": {"value": "high"}}
    view = {
        **form,
        "id": "V1",
        "hash": "h",
        "state": {"values": {ids.IMPACT: {ids.IMPACT: chosen}, ids.URGENCY: {ids.URGENCY: chosen}}},
    }
    answer = workspace.payload(
        {
            "type": "block_actions",
            "team": {"id": "T0"},
            "user": {"id": "U0MAYA"},
            "trigger_id": "t",
            "container": {"type": "view", "view_id": "V1"},
            "view": view,
            "actions": [{"type": "static_select", "action_id": ids.IMPACT, "block_id": ids.IMPACT, **chosen}],
        }
    )
    assert answer.status == 200
    assert "Critical (P1)" in workspace.slack.forms[-1]["blocks"][-1]["elements"][0]["text"]


@pytest.mark.parametrize(
    ("title", "details", "field", "said"),
    [
        ("", "", ids.TITLE, "Say in one line what is wrong"),
        ("   ", "", ids.TITLE, "Say in one line what is wrong"),
        ("x" * 121, "", ids.TITLE, "121 characters; at most 120 fit"),
        ("fine", "x" * 5000, ids.DETAILS, "5,000 characters; at most 3,000 fit"),
    ],
)
def test_what_does_not_fit_is_refused_in_the_form_and_nothing_is_stored(
    workspace: Workspace, title: str, details: str, field: str, said: str
) -> None:
    answer = workspace.submit_issue(title, details=details)
    assert said in answer.errors[field]
    assert workspace.database.find(1) is None
    assert not workspace.slack.messages


def test_the_same_form_sent_twice_is_one_issue(workspace: Workspace) -> None:
    first = workspace.submit_issue(view_id="V77")
    second = workspace.submit_issue(view_id="V77")
    assert (first.status, second.status) == (200, 200)
    assert workspace.database.find(2) is None
    assert len(workspace.channel("support-l1")) == 1


def test_a_critical_issue_goes_to_l1_and_l2_at_once_and_management_is_told(workspace: Workspace) -> None:
    workspace.submit_issue("ERP is down", impact="high", urgency="high")
    (one,) = workspace.channel("support-l1")
    (two,) = workspace.channel("support-l2")
    (told,) = workspace.channel("it-managers")
    assert one.text.startswith("<!here>")
    assert two.text.startswith("<!here>")
    assert one.buttons == two.buttons == ["Claim", "Escalate", "Resolve"]
    assert "For your information: ISS-1 ERP is down" in told.shown
    assert not told.buttons


def test_five_reports_in_ten_minutes_are_taken_and_the_sixth_is_refused_kindly(workspace: Workspace) -> None:
    for n in range(5):
        assert not workspace.submit_issue(f"trouble {n}").errors
    assert "Nothing was stored" in workspace.submit_issue("one more").errors[ids.TITLE]
    workspace.clock.advance(minutes=11)
    assert not workspace.submit_issue("later").errors


@pytest.mark.parametrize(
    "title",
    ["<!channel> & <https://evil.example|bank>", "مشكلة في الشبكة", "💥🔥 printer 👩🏽‍💻", "*bold* _it_ ~no~ `x`"],
)
def test_any_words_arrive_as_words(workspace: Workspace, title: str) -> None:
    workspace.submit_issue(title, details=title)
    card, receipt = workspace.card("L1"), workspace.receipt()
    for message in (card, receipt):
        assert "<!channel>" not in message.text
        assert "<https://evil" not in message.text
        assert message.blocks[-1]["type"]
    header = next(block for block in card.blocks if block["type"] == "header")
    assert header["text"] == {"type": "plain_text", "text": f"ISS-1 · {title}", "emoji": True}


def test_help_mine_list_and_show_answer_only_the_asker(workspace: Workspace) -> None:
    assert "`/issue mine`" in workspace.command("help").text
    assert "not reported anything" in workspace.command("mine").text
    assert workspace.command("list").text == "No issue is open."
    workspace.submit_issue("VPN is down", details="secret detail")
    assert "*ISS-1* VPN is down: Normal (P3), with L1." in workspace.command("mine").text
    assert "*ISS-1* VPN is down" in workspace.command("list", by="U0TOM").text
    assert "There is no ISS-9" in workspace.command("show ISS-9").text
    assert "secret detail" in str(workspace.command("show ISS-1").body)
    assert "secret detail" in str(workspace.command("show 1", by="U0ANA").body)
    assert "secret detail" not in str(workspace.command("show #1", by="U0TOM").body)
    assert not workspace.slack.forms


def test_a_word_that_only_looks_like_a_command_is_a_title(workspace: Workspace) -> None:
    workspace.command("list of printers is empty")
    assert workspace.slack.forms[0]["blocks"][0]["element"]["initial_value"] == "list of printers is empty"


def test_a_form_that_slack_did_not_open_is_said_so(workspace: Workspace) -> None:
    workspace.slack.forms_fail = True
    answer = workspace.command("")
    assert answer.status == 200
    assert "did not open the form" in answer.text
