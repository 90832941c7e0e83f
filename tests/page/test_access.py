"""What a screen reader and weak eyes need: every control has a name, every text enough contrast."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Open
from tests.page.stub import ANA, BEGUN, CHEN, MAYA, Stub, card, every_block, form, mrkdwn, plain, said

CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
ROOT = f"{BEGUN:.6f}"
CONTROLS = {
    "button", "checkbox", "combobox", "Date", "DateTime", "dialog", "image", "img", "InputTime", "link", "listbox",
    "menuitem", "menuitemradio", "option", "radio", "searchbox", "slider", "spinbutton", "switch", "tab", "textbox",
}  # fmt: skip


def nameless(page: Page) -> list[str]:
    """Roles of the controls that a screen reader can only call by their role."""
    devtools = page.context.new_cdp_session(page)
    nodes = devtools.send("Accessibility.getFullAXTree")["nodes"]
    devtools.detach()
    shown = [node for node in nodes if not node.get("ignored")]
    roles = [node["role"]["value"] for node in shown if not node.get("name", {}).get("value", "").strip()]
    return [role for role in roles if role in CONTROLS]


def found(page: Page) -> dict[str, Any]:
    return {"nameless": nameless(page), "faint": page.evaluate(CONTRAST)}


CLEAN: dict[str, Any] = {"nameless": [], "faint": []}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_has_a_name_and_can_be_read(stub: Stub, open_page: Open, scheme: str) -> None:
    reaction = {"name": "eyes", "count": 1, "users": [ANA]}
    stub.put(
        card(every_block(), BEGUN),
        said(CHEN, "<@U0ANA> look, `code` and <https://example.com|a link>", BEGUN + 1, reactions=[reaction]),
        said(CHEN, "hidden", BEGUN + 2, subtype="tombstone"),
        said(CHEN, "a reply", BEGUN + 3, thread_ts=ROOT),
    )
    stub.ephemerals = [card([], BEGUN + 4, text="for you alone", ephemeral=True)]
    stub.unread[ANA] = {"C0L1": 2, "C0ITHELP": 1, "D0TALK": 1}
    page = open_page(
        "split=U0ANA,U0MAYA&channel=C0L1,C0ITHELP", guide=True, color_scheme=scheme, reduced_motion="reduce"
    )
    ana = page.get_by_role("region", name="Acting as Ana Souza")
    expect(ana.get_by_role("article")).to_have_count(4)
    assert found(page) == CLEAN
    ana.get_by_role("article").nth(1).hover()
    ana.get_by_role("button", name="Add a reaction").last.click()
    expect(page.get_by_role("dialog", name="Choose an emoji")).to_be_visible()
    assert found(page) == CLEAN
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Acting as Maya Lindqvist").click()
    assert found(page) == CLEAN
    page.keyboard.press("Escape")
    page.get_by_label("Message #it-help").fill("/is")
    expect(page.get_by_role("option").first).to_be_visible()
    stub.tell(MAYA, {"type": "notice", "level": "error", "text": "/issue `failed`, see <https://example.com|why>"})
    expect(page.get_by_role("alert")).to_be_visible()
    stub.tell(MAYA, {"type": "app", "connected": False, "name": "Escalator"})
    expect(page.locator(".banner")).to_be_visible()
    assert found(page) == CLEAN


def test_every_emoji_has_a_name_for_who_cannot_see_it(stub: Stub, open_page: Open) -> None:
    rich = {"type": "rich_text", "block_id": "r", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "lock"}]}]}  # fmt: skip
    button = {"type": "button", "action_id": "go", "text": plain("Go :lock:"), "value": "1"}
    stub.put(card([
        {"type": "section", "block_id": "s", "text": mrkdwn("Begin with :lock:")},
        {"type": "header", "block_id": "h", "text": plain("Begin with :lock:")},
        {"type": "actions", "block_id": "a", "elements": [button]},
        rich,
    ], BEGUN))  # fmt: skip
    page = open_page("user=U0ANA&channel=C0L1")
    locks = page.get_by_role("article").get_by_role("img", name="lock", exact=True)
    expect(locks).to_have_count(4)
    for lock in locks.all():
        expect(lock).to_have_attribute("title", ":lock:")
    expect(page.get_by_role("button", name="Go lock", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sidebar_a_thread_and_the_dialogs_too(stub: Stub, open_page: Open, scheme: str) -> None:
    stub.put(card(every_block(), BEGUN), said(CHEN, "a reply", BEGUN + 3, thread_ts=ROOT))
    stub.unread[ANA] = {"C0ITHELP": 1, "D0TALK": 1}
    stub.channels["C0GENERAL"]["is_archived"] = True
    page = open_page(f"user=U0ANA&channel=C0L1&thread={ROOT}", color_scheme=scheme, reduced_motion="reduce")
    expect(page.get_by_role("complementary").get_by_role("article")).to_have_count(2)
    page.get_by_role("button", name="Browse other channels").click()
    assert found(page) == CLEAN
    page.get_by_role("button", name="members of #support-l1").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert found(page) == CLEAN
    page.keyboard.press("Escape")
    view = form()
    asks = [
        {"type": "input", "block_id": kind, "label": plain(kind), "element": {"type": kind, "action_id": "it"}}
        for kind in ("file_input", "rich_text_input")
    ]
    view["blocks"] = [*view["blocks"], *asks, {"type": "section", "block_id": "s", "text": mrkdwn("*bold*")}]
    stub.show(ANA, view)
    dialog = page.get_by_role("dialog", name="Report an issue")
    dialog.get_by_role("button", name="Report").click()
    expect(dialog.get_by_role("alert").first).to_be_visible()
    assert found(page) == CLEAN


@pytest.mark.parametrize(("wish", "motion"), [("no-preference", "rise"), ("reduce", "none")])
def test_nothing_moves_for_who_asked_for_less_motion(stub: Stub, open_page: Open, wish: str, motion: str) -> None:
    page = open_page("user=U0ANA&channel=C0L1", reduced_motion=wish)
    page.get_by_role("button", name="members of #support-l1").click()
    expect(page.get_by_role("dialog")).to_have_css("animation-name", motion)
