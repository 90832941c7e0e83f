"""The dialog about a channel: who is in it, and what one may do there."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.conftest import Open
from tests.page.stub import ANA, BOT, CHEN, Stub
from tests.page.test_messages import once


@pytest.fixture
def page(stub: Stub, open_page: Open) -> Page:
    return open_page("user=U0ANA&channel=C0L1")


@pytest.fixture
def dialog(page: Page) -> Locator:
    page.get_by_role("button", name="members of #support-l1").click()
    return page.get_by_role("dialog", name="About #support-l1")


def changes(stub: Stub, **rest: Any) -> None:
    stub.channels["C0L1"] |= rest
    stub.tell(ANA, {"type": "channel", "channel": stub.channels["C0L1"]})


def test_who_is_in_it_and_who_they_are(page: Page, dialog: Locator) -> None:
    expect(dialog).to_contain_text("First line")
    expect(dialog.get_by_role("listitem")).to_contain_text(["Ana Souza (you)", "EscalatorApp"])
    expect(dialog.get_by_role("button", name="Remove Ana Souza")).to_have_count(0)
    dialog.get_by_role("button", name="Escalator", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", name="Escalator", exact=True)).to_be_visible()


def test_somebody_is_added_and_removed(page: Page, dialog: Locator, stub: Stub) -> None:
    dialog.get_by_label("Add people or the app").fill("chen")
    page.keyboard.press("Enter")
    assert once(stub, page, "invite") == {"user": ANA, "channel": "C0L1", "member": CHEN}
    changes(stub, members=[ANA, BOT, CHEN])
    expect(dialog.get_by_role("heading", name="3 members")).to_be_visible()
    dialog.get_by_role("button", name="Remove Chen Wei").click()
    assert once(stub, page, "kick") == {"user": ANA, "channel": "C0L1", "member": CHEN}


def test_one_leaves_and_joins_again(page: Page, dialog: Locator, stub: Stub) -> None:
    dialog.get_by_role("button", name="Leave channel").click()
    expect(dialog).to_have_count(0)
    assert once(stub, page, "leave") == {"user": ANA, "channel": "C0L1"}
    changes(stub, members=[BOT])
    expect(page.get_by_label("Message #support-l1")).to_have_count(0)
    expect(page.locator(".join-bar")).to_contain_text("from outside")
    page.get_by_role("button", name="1 members of #support-l1").click()
    expect(dialog.get_by_label("Add people or the app")).to_have_count(0)
    dialog.get_by_role("button", name="Join channel").click()
    assert once(stub, page, "join") == {"user": ANA, "channel": "C0L1"}


def test_a_channel_is_archived_only_after_a_question_and_brought_back(page: Page, dialog: Locator, stub: Stub) -> None:
    dialog.get_by_role("button", name="Archive channel").click()
    question = page.get_by_role("dialog", name="Archive #support-l1?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_have_count(0)
    assert stub.asked("archive") == []
    dialog.get_by_role("button", name="Archive channel").click()
    question.get_by_role("button", name="Archive").click()
    assert once(stub, page, "archive") == {"user": ANA, "channel": "C0L1", "archived": True}
    changes(stub, is_archived=True)
    expect(dialog.get_by_role("button", name="Leave channel")).to_have_count(0)
    dialog.get_by_role("button", name="Bring back from the archive").click()
    assert once(stub, page, "archive", 2)["archived"] is False
