"""Block Kit as the page draws it, and the actions its elements send."""

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import WAIT_MS, Open
from tests.page.stub import ANA, BEGUN, MAYA, Json, Stub, card, every_block, mrkdwn, option, plain, said

CARD = f"{BEGUN:.6f}"


@pytest.fixture
def shown(stub: Stub, open_page: Open) -> Page:
    stub.put(card(every_block(), BEGUN))
    return open_page("user=U0ANA&channel=C0L1")


def last_action(stub: Stub, page: Page, count: int = 1) -> Json:
    for _ in range(WAIT_MS // 20):
        if len(stub.asked("action")) >= count:
            return stub.asked("action")[-1]
        page.wait_for_timeout(20)
    raise AssertionError(f"{len(stub.asked('action'))} actions came, {count} expected")


def test_every_block_is_drawn(shown: Page) -> None:
    message = shown.get_by_role("article")
    expect(message.get_by_role("heading", name="ISS-42 VPN is down rotating light")).to_be_visible()
    section = message.locator(".block-section").first
    expect(section.locator("strong")).to_have_text("VPN is down in Berlin")
    expect(section.locator("em")).to_have_text("all")
    expect(section.locator("s")).to_have_text("maybe")
    expect(section.locator("code")).to_have_text("timeout")
    expect(section.locator("blockquote")).to_have_text("no route to host")
    expect(section.locator("li")).to_have_text(["first", "second"])
    expect(section.locator("pre")).to_have_text("ping 10.0.0.1\nno answer")
    expect(section.locator(".mention")).to_have_text(["@Ana Souza", "#support-l1", "@it-oncall"])
    expect(section.get_by_role("link", name="the wiki")).to_have_attribute("href", "https://example.com")
    expect(message.locator(".field")).to_have_count(4)
    expect(message.locator(".context")).to_contain_text("Open since 12:13, nobody has claimed it.")
    expect(message.get_by_role("img", name="the mark")).to_be_visible()
    for name in ("Claim", "Escalate", "Resolve"):
        expect(message.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(message.get_by_role("link", name="Open wiki")).to_have_attribute("href", "https://example.com/wiki")
    expect(message.get_by_role("combobox", name="Urgency")).to_be_visible()
    expect(message.get_by_role("radio", name="Medium warning")).to_be_checked()
    expect(message.get_by_role("checkbox", name="High")).to_be_checked()
    expect(message.locator("input[type=date]")).to_have_value("2025-11-24")
    expect(message.locator("input[type=time]")).to_have_value("14:30")
    expect(message.locator(".image-block figcaption")).to_have_text("Open issues")
    rich = message.locator(".block-rich_text")
    line = rich.locator(".line").first
    expect(line).to_contain_text("bold and code 👀 @Ana Souza in #support-l1, @it-oncall @here a link due 2025-11-23")
    expect(rich.locator("ol li")).to_have_text(["one", "two"])
    expect(rich.locator("ul.indent-1 li")).to_have_text(["one", "two"])
    expect(rich.locator("blockquote")).to_have_text("it worked yesterday")
    expect(rich.locator("pre")).to_have_text("traceback\n  line 1")
    markdown = message.locator(".block-markdown")
    expect(markdown.get_by_role("heading", name="What was tried")).to_be_visible()
    expect(markdown.get_by_role("link", name="log")).to_be_visible()
    expect(markdown.get_by_role("cell", name="up")).to_be_visible()
    expect(message.locator(".block-table td").last).to_have_text("20")
    expect(message.get_by_label("Note")).to_be_visible()


def test_an_unknown_block_is_shown_as_json(shown: Page) -> None:
    unknown = shown.locator(".block-hologram")
    expect(unknown).to_contain_text("Block “hologram”")
    expect(unknown.locator("pre")).to_contain_text('"depth": 3')


def test_an_unknown_element_is_shown_as_json_beside_those_that_are_known(stub: Stub, open_page: Open) -> None:
    known = {"type": "button", "action_id": "a", "text": plain("Claim"), "value": "1"}
    stub.put(card([{"type": "actions", "block_id": "b", "elements": [known, {"type": "dial", "ticks": 7}]}], BEGUN))
    page = open_page("user=U0ANA&channel=C0L1")
    expect(page.get_by_role("button", name="Claim")).to_be_visible()
    unknown = page.get_by_role("figure")
    expect(unknown).to_contain_text("Element “dial”")
    expect(unknown.locator("pre")).to_contain_text('"ticks": 7')


def test_a_picture_from_elsewhere_is_named_but_not_fetched(shown: Page) -> None:
    expect(shown.get_by_role("img", name="a picture from elsewhere")).to_be_visible()
    expect(shown.locator("img[src*=elsewhere]")).to_have_count(0)


def test_a_button_sends_its_action(shown: Page, stub: Stub) -> None:
    shown.get_by_role("button", name="Claim", exact=True).click()
    action = last_action(stub, shown)
    assert action["user"] == ANA
    assert action["container"] == {"type": "message", "channel": "C0L1", "ts": CARD}
    assert (action["block_id"], action["action_id"], action["value"]) == ("b5", "claim", "42")
    assert action["state"]["values"]["b7"]["day"] == {"type": "datepicker", "selected_date": "2025-11-24"}


def test_a_confirmation_stands_before_the_action(shown: Page, stub: Stub) -> None:
    shown.get_by_role("button", name="Resolve", exact=True).click()
    dialog = shown.get_by_role("dialog", name="Resolve it?")
    expect(dialog).to_contain_text("The reporter is told.")
    dialog.get_by_role("button", name="Not yet").click()
    expect(dialog).to_be_hidden()
    assert stub.asked("action") == []
    shown.get_by_role("button", name="Resolve", exact=True).click()
    shown.get_by_role("button", name="Yes, resolve").click()
    assert last_action(stub, shown)["action_id"] == "resolve"


def test_the_overflow_menu_works_with_the_keyboard(shown: Page, stub: Stub) -> None:
    button = shown.locator(".actions").first.get_by_role("button", name="More actions")
    button.focus()
    shown.keyboard.press("Enter")
    expect(shown.get_by_role("menuitem", name="Release")).to_be_focused()
    shown.keyboard.press("ArrowDown")
    shown.keyboard.press("Enter")
    assert last_action(stub, shown)["selected_option"] == option("Why?", "why")
    expect(button).to_be_focused()


def test_a_choice_in_a_message_is_sent_at_once(shown: Page, stub: Stub) -> None:
    shown.get_by_role("combobox", name="Urgency").click()
    shown.get_by_role("option", name="Low").click()
    assert last_action(stub, shown)["selected_option"] == option("Low", "low")
    expect(shown.get_by_role("combobox", name="Urgency")).to_have_value("Low")

    shown.get_by_role("combobox", name="Assign to").fill("chen")
    shown.keyboard.press("Enter")
    assert last_action(stub, shown, 2)["selected_user"] == "U0CHEN"

    shown.locator("input[type=datetime-local]").fill("2025-11-24T09:00")
    assert last_action(stub, shown, 3)["selected_date_time"] == 1763974800  # nine in Lisbon, where Ana is

    shown.get_by_label("Note").fill("seen it")
    shown.keyboard.press("Enter")
    assert last_action(stub, shown, 4)["value"] == "seen it"


def test_dates_are_told_in_the_zone_of_the_person(stub: Stub, open_page: Open) -> None:
    dated = f"due <!date^{BEGUN}^{{date_short}} at {{time}}|2025-11-23 12:13 UTC>"
    stub.put(card([{"type": "section", "block_id": "s", "text": mrkdwn(dated)}], BEGUN, "C0ITHELP"))
    berlin = open_page("user=U0MAYA&channel=C0ITHELP", timezone_id="America/New_York")
    expect(berlin.get_by_role("article")).to_contain_text("due Nov 23")
    expect(berlin.get_by_role("article")).to_contain_text("at 1:13 PM")
    expect(berlin.locator(".byline .stamp")).to_have_text("1:13 PM")
    singapore = open_page("user=U0CHEN&channel=C0ITHELP", timezone_id="America/New_York")
    expect(singapore.get_by_role("article")).to_contain_text("at 8:13 PM")


def test_hostile_text_arrives_as_text(stub: Stub, open_page: Open) -> None:
    image = '<img src=x onerror="window.hacked = 1">'
    script = "<script>window.hacked = 2</script>"
    stub.put(
        said(MAYA, image.replace("<", "&lt;").replace(">", "&gt;"), BEGUN, "C0ITHELP"),
        card(
            [
                {"type": "header", "block_id": "a", "text": plain(image)},
                {"type": "section", "block_id": "b", "text": mrkdwn(f"{script} <javascript:alert(1)|press me>")},
                {"type": "markdown", "block_id": "c", "text": f"{image} [go](javascript:alert)"},
                {"type": "rich_text", "block_id": "e", "elements": [{"type": "rich_text_section", "elements": [
                    {"type": "link", "url": "javascript:alert(2)", "text": "and here"}]}]},
                {"type": "actions", "block_id": "d", "elements": [
                    {"type": "button", "action_id": "x", "text": plain(script), "url": "javascript:alert(3)"}]},
            ],
            BEGUN + 1, "C0ITHELP", username=image,
        ),
    )  # fmt: skip
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    expect(page.get_by_role("article").first).to_contain_text(image)
    expect(page.get_by_role("article").nth(1).locator(".name")).to_have_text(image)
    expect(page.get_by_role("article").nth(1)).to_contain_text(script)
    expect(page.locator("img[src=x]")).to_have_count(0)
    expect(page.locator("a[href^='javascript']")).to_have_count(0)
    assert page.evaluate("window.hacked") is None
