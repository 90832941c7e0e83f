"""Modals: what they keep, what they refuse, what they send."""

import threading
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.conftest import WAIT_MS, Open
from tests.page.stub import MAYA, Json, Stub, form, modal, mrkdwn, option, plain
from tests.page.test_messages import once


@pytest.fixture
def page(stub: Stub, open_page: Open) -> Page:
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    expect(page.get_by_label("Message #it-help")).to_be_focused()
    stub.show(MAYA, form())
    return page


@pytest.fixture
def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Report an issue")


def changed(**rest: Any) -> Json:
    """The form after an update: the same inputs, another line above them."""
    view = form(hash="2", **rest)
    view["blocks"][0] = {"type": "section", "block_id": "priority", "text": mrkdwn("Priority *P1*")}
    return view


def test_a_required_field_is_asked_for_before_anything_is_sent(dialog: Locator, stub: Stub) -> None:
    dialog.get_by_role("button", name="Report").click()
    expect(dialog.get_by_role("alert")).to_have_text(["Please complete this required field."] * 2)
    expect(dialog.get_by_label("Title")).to_be_focused()
    expect(dialog.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Title").fill("x")
    expect(dialog.get_by_role("alert")).to_have_count(1)
    dialog.get_by_label("Title").fill("x" * 90)
    expect(dialog.locator(".count")).to_have_text("-10")
    dialog.get_by_role("button", name="Report").click()
    expect(dialog.get_by_role("alert").first).to_have_text("Please keep this to 80 characters (now 90).")
    assert stub.asked("submit") == []


def test_everything_filled_in_is_sent(page: Page, dialog: Locator, stub: Stub) -> None:
    medium_and_low = [option("Medium", "medium"), option("Low", "low")]
    stub.answers["options"] = lambda body: {"ok": True, "options": [option(f"Laptop {body['value']}", "L7")]}
    dialog.get_by_label("Title").fill("VPN is down")
    dialog.get_by_label("Details").fill("since nine")
    dialog.get_by_label("Impact").click()
    page.get_by_role("option", name="High").click()
    dialog.get_by_label("Tags").click()
    page.get_by_role("option", name="Medium").click()
    page.get_by_role("option", name="Low").click()
    dialog.get_by_label("Device").fill("se")
    page.get_by_role("option", name="Laptop se").click()
    dialog.get_by_role("radio", name="Medium").check()
    dialog.get_by_label("Needed on").fill("2026-12-01")
    dialog.get_by_label("Title").press("Enter")
    sent = once(stub, page, "submit")
    assert sent["view_id"] == "V1"
    assert sent["values"] == {
        "title": {"it": {"type": "plain_text_input", "value": "VPN is down"}},
        "details": {"it": {"type": "plain_text_input", "value": "since nine"}},
        "impact": {"it": {"type": "static_select", "selected_option": option("High", "high")}},
        "tags": {"it": {"type": "multi_static_select", "selected_options": medium_and_low}},
        "asset": {"it": {"type": "external_select", "selected_option": option("Laptop se", "L7")}},
        "kind": {"it": {"type": "radio_buttons", "selected_option": option("Medium", "medium")}},
        "due": {"it": {"type": "datepicker", "selected_date": "2026-12-01"}},
    }  # fmt: skip


def test_values_outlive_an_update_and_errors_stand_under_their_field(page: Page, dialog: Locator, stub: Stub) -> None:
    dialog.get_by_label("Title").fill("VPN is down")
    dialog.get_by_label("Impact").click()
    page.get_by_role("option", name="High").click()
    action = once(stub, page, "action")
    assert (action["block_id"], action["selected_option"]["value"]) == ("impact", "high")
    assert action["container"] == {"type": "view", "view_id": "V1"}
    assert action["state"]["values"]["title"]["it"]["value"] == "VPN is down"

    stub.show(MAYA, changed(errors={"title": "This title is taken."}))
    expect(dialog).to_contain_text("Priority P1")
    expect(dialog.get_by_label("Title")).to_have_value("VPN is down")
    expect(dialog.get_by_label("Impact")).to_have_value("High")
    expect(dialog.locator("[data-block-id=title]").get_by_role("alert")).to_have_text("This title is taken.")
    expect(dialog.get_by_label("Title")).to_be_focused()


def test_the_button_waits_for_the_answer_and_trouble_is_told(
    page: Page, dialog: Locator, stub: Stub, complaints: list[str]
) -> None:
    asked = threading.Event()

    def late(_: Json) -> Json:
        asked.wait(WAIT_MS / 1000)
        return {"ok": False, "error": "timeout", "message": "We had some trouble connecting. Try again?"}

    stub.answers["submit"] = late
    dialog.get_by_label("Title").fill("VPN")
    dialog.get_by_label("Impact").fill("hi")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Report").click()
    expect(dialog.get_by_role("button", name="Report")).to_be_disabled()
    expect(dialog).to_have_attribute("aria-busy", "true")
    asked.set()
    expect(dialog.get_by_role("alert")).to_have_text("We had some trouble connecting. Try again?")
    expect(dialog.get_by_role("button", name="Report")).to_be_enabled()
    expect(dialog.get_by_label("Title")).to_have_value("VPN")
    complaints.clear()  # the browser's own line about the 400


def test_escape_closes_one_view_and_the_cross_closes_all(page: Page, dialog: Locator, stub: Stub) -> None:
    dialog.get_by_label("Title").fill("kept")
    stub.show(MAYA, form(), form(id="V2", title=plain("On top")))
    top = page.get_by_role("dialog", name="On top")
    expect(top).to_be_visible()
    page.keyboard.press("Escape")
    assert once(stub, page, "close") == {"user": MAYA, "view_id": "V2"}
    stub.show(MAYA, form())
    expect(dialog.get_by_label("Title")).to_have_value("kept")

    stub.show(MAYA, form(), form(id="V2", title=plain("On top")))
    top.get_by_role("button", name="Close", exact=True).click()
    assert once(stub, page, "close", 2) == {"user": MAYA, "view_id": "V2", "all": True}
    stub.show(MAYA)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_focus_stays_inside_and_returns(page: Page, dialog: Locator, stub: Stub) -> None:
    expect(dialog.get_by_label("Title")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(dialog.get_by_role("button", name="Close", exact=True)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(dialog.get_by_role("button", name="Report")).to_be_focused()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Close", exact=True)).to_be_focused()
    assert page.locator(".pane-body").evaluate("body => body.inert")
    stub.show(MAYA)
    expect(page.get_by_label("Message #it-help")).to_be_focused()


def test_the_keys_still_work_when_the_sent_form_turns_into_an_answer(page: Page, dialog: Locator, stub: Stub) -> None:
    """The button that had the focus goes, and what is behind the form is out of reach."""
    answer = modal([{"type": "section", "text": mrkdwn("Your words were sent.")}], hash="2", submit=None)

    def sent(_: Json) -> None:
        stub.show(MAYA, answer)

    stub.answers["submit"] = sent
    dialog.get_by_label("Title").fill("VPN")
    dialog.get_by_label("Impact").click()
    page.get_by_role("option", name="High").click()
    dialog.get_by_role("button", name="Report").press("Enter")
    expect(dialog).to_contain_text("Your words were sent.")
    expect(dialog).to_be_focused()
    page.keyboard.press("Escape")
    assert once(stub, page, "close") == {"user": MAYA, "view_id": "V1"}


def test_files_and_rich_text_are_asked_for_plainly(page: Page, stub: Stub) -> None:
    asks = [
        {"type": "input", "block_id": block_id, "label": plain(label), "element": {"type": kind, "action_id": "it"}}
        for block_id, label, kind in (("proof", "Proof", "file_input"), ("story", "Story", "rich_text_input"))
    ]
    stub.show(MAYA, form(id="V3", title=plain("Evidence"), blocks=asks))
    dialog = page.get_by_role("dialog", name="Evidence")
    dialog.get_by_role("button", name="Report").click()
    expect(dialog.get_by_role("alert")).to_have_text(["Please complete this required field."] * 2)
    expect(dialog.get_by_role("button", name="Proof")).to_be_focused()
    for name in ("a.txt", "b.txt"):
        dialog.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": b"a line"}
        )
        expect(dialog).to_contain_text(name)
    dialog.get_by_role("button", name="Remove b.txt").click()
    dialog.get_by_label("Story").fill("It was so.")
    dialog.get_by_role("button", name="Report").click()
    file = {"name": "a.txt", "mimetype": "text/plain", "content_base64": "YSBsaW5l"}
    said = {"type": "rich_text_section", "elements": [{"type": "text", "text": "It was so."}]}
    assert once(stub, page, "submit")["values"] == {
        "proof": {"it": {"type": "file_input", "files": [file]}},
        "story": {"it": {"type": "rich_text_input", "rich_text_value": {"type": "rich_text", "elements": [said]}}},
    }
