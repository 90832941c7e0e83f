"""The guided minute in a real browser, as two people and then a third: what a visitor sees in the demo."""

import re

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import Draw, Insists, Open
from tests.page.test_layout import PHONE, overflowing

DESK: ViewportSize = {"width": 1280, "height": 800}
SPLIT: ViewportSize = {"width": 1280, "height": 708}  # of the picture of two people
TITLE = "VPN is down in Berlin"
DETAILS = "Nobody in the Berlin office can reach the file server. The client says: gateway not reachable."
QUESTION = "Which version does the VPN client show?"
ANSWER = "It says 5.1.2."
FIX = "The gateway's certificate had expired; it is renewed."

pytestmark = pytest.mark.timeout(240)  # the machine may be busy


def acting_as(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=f"Acting as {name}")


def card(side: Locator) -> Locator:
    """The card or receipt, in its conversation or on top of its thread."""
    return side.get_by_role("log").first.get_by_role("article").filter(has_text="ISS-1").first


def types(side: Locator, where: str, words: str) -> None:
    composer = side.get_by_label(where)
    composer.press_sequentially(words)
    composer.press("Enter")


def asks(side: Locator, command: str) -> None:
    """Anew, whatever stands there: what was refused is kept in the box."""
    side.get_by_label("Message #it-help").fill("")
    types(side, "Message #it-help", command)


def chooses(form: Locator, label: str, option: str) -> None:
    form.get_by_label(label).click()
    form.page.get_by_role("option", name=option).click()


def presses_in_menu(side: Locator, entry: str) -> None:
    """An entry of the card's ⋯ menu, not of the toolbar that shows up above a message."""
    card(side).get_by_role("button", name="More actions", exact=True).click()
    side.page.get_by_role("menuitem", name=entry).click()


def goes_to(side: Locator, conversation: str) -> None:
    side.get_by_role("button", name="Conversations", exact=True).click()
    side.get_by_role("button", name=re.compile(rf"^{conversation}\b")).click()


def test_the_guided_minute(open_page: Open, draw: Draw, insists: Insists) -> None:
    page = open_page("split=U0MAYA,U0ANA", viewport=DESK)
    guide = page.get_by_role("region", name="Guided first minute")
    step = guide.locator("[aria-current=step]")
    maya, ana = acting_as(page, "Maya Lindqvist"), acting_as(page, "Ana Souza")

    # Maya reports.
    expect(step).to_contain_text("Report an issue")
    form = maya.get_by_role("dialog", name="Report an issue")
    insists(lambda: asks(maya, f"/issue {TITLE}"), form)
    expect(form.get_by_label("What is wrong?")).to_have_value(TITLE)
    form.get_by_label("Details").fill(DETAILS)
    expect(form).to_contain_text("Low (P4)")
    chooses(form, "Who is affected?", "Medium")
    expect(form).to_contain_text("Normal (P3)")
    chooses(form, "How urgent is it?", "High")
    expect(form).to_contain_text("High (P2)")
    form.get_by_role("button", name="Report").focus()
    draw(form, "form")
    insists(form.get_by_role("button", name="Report").click, form)

    # Ana sees the card and leaves it.
    expect(card(ana)).to_contain_text(f"ISS-1 · {TITLE}")
    expect(card(ana).get_by_role("button", name="Claim ISS-1")).to_be_visible()
    expect(card(ana)).to_contain_text(DETAILS)
    expect(step).to_contain_text("Watch it escalate")
    goes_to(maya, "Escalator")
    expect(card(maya)).to_contain_text("Waiting for L1.")

    # Nobody reacts: the clock hands it up.
    expect(card(ana)).to_contain_text("moved to L2")
    expect(card(ana).get_by_role("button", name="Claim ISS-1")).to_have_count(0)
    expect(card(maya)).to_contain_text("Waiting for L2.")
    expect(step).to_contain_text("Claim it")
    guide.get_by_role("button", name="Go to the card as Chen").click()
    chen = acting_as(page, "Chen Wei")
    expect(card(chen)).to_contain_text("@here Nobody in L1 claimed ISS-1 in time.")
    expect(card(chen)).to_contain_text("Open, nobody in L2 has claimed it")
    draw(card(chen), "card")

    # Chen claims it before Maya's eyes.
    card(chen).get_by_role("button", name="Claim ISS-1").click()
    expect(card(chen)).to_contain_text("Claimed by @Chen Wei")
    expect(card(maya)).to_contain_text("@Chen Wei is on it (L2).")
    expect(card(maya)).to_contain_text("2 replies")  # that it went up, and that he has it; else the picture differs
    expect(step).to_contain_text("Talk both ways")
    page.set_viewport_size(SPLIT)
    draw(page.locator(".panes"), "split")
    page.set_viewport_size(DESK)
    why = chen.get_by_role("dialog", name="Why? ISS-1")
    insists(lambda: presses_in_menu(chen, "Why?"), why)
    for said in (
        "ISS-1 now.",
        "The rule.",
        "Impact medium and urgency high make it High (P2)",
        "Time for L2 to claim it",
    ):
        expect(why).to_contain_text(said)
    expect(why).to_contain_text("moved it from L1 to L2")
    draw(why, "why")
    why.get_by_role("button", name="Close").last.click()
    expect(why).to_have_count(0)

    # They talk, each in their own place.
    guide.get_by_role("button", name="Open the threads of Maya and Chen").click()
    hers, his = maya.get_by_role("complementary"), chen.get_by_role("complementary")
    types(his, "Reply in the thread", "I am looking at the gateway.")
    expect(hers).to_contain_text("I am looking at the gateway.")
    types(hers, "Reply in the thread", "Thank you! Sales is waiting, too.")
    expect(his).to_contain_text("Sales is waiting, too.")
    expect(step).to_contain_text("Resolve it")

    # Chen asks for more, and the clocks stand still until Maya answers.
    wait = chen.get_by_role("dialog", name="Let ISS-1 wait")
    insists(lambda: presses_in_menu(chen, "Wait"), wait)
    chooses(wait, "What for?", "Its reporter")
    wait.get_by_label("The question").fill(QUESTION)
    insists(wait.get_by_role("button", name="Wait").click, wait)
    expect(card(chen)).to_contain_text("Waiting for its reporter's answer")
    expect(card(chen)).to_contain_text("Its reporter is asked again")
    expect(card(maya)).to_contain_text(f"Waiting for your answer: {QUESTION}")
    expect(step).to_contain_text("Resolve it")
    types(hers, "Reply in the thread", ANSWER)
    expect(his).to_contain_text(ANSWER)
    expect(card(chen)).to_contain_text("Claimed by @Chen Wei")
    expect(card(maya)).to_contain_text("@Chen Wei is on it (L2).")

    # Chen resolves, Maya reads what fixed it.
    resolve = chen.get_by_role("dialog", name="Resolve ISS-1")
    insists(card(chen).get_by_role("button", name="Resolve ISS-1").click, resolve)
    resolve.get_by_label("What fixed it?").fill(FIX)
    chooses(resolve, "What kind of cause?", "Change")
    insists(resolve.get_by_role("button", name="Resolve").click, resolve)
    expect(card(maya)).to_contain_text("Resolved by @Chen Wei.")
    expect(card(maya)).to_contain_text(f"What fixed it{FIX}")
    expect(guide).to_contain_text("That is all of it.")
    expect(step).to_have_count(0)

    # Not for her.
    reopen = maya.get_by_role("dialog", name="Not fixed: ISS-1")
    insists(card(maya).get_by_role("button", name="Not fixed").click, reopen)
    reopen.get_by_label("What is still wrong?").fill("It still asks for a new certificate.")
    insists(reopen.get_by_role("button", name="Send").click, reopen)
    expect(card(maya)).to_contain_text("Open again, and waiting for L2.")
    expect(his).to_contain_text("It still asks for a new certificate.")
    expect(card(chen).get_by_role("button", name="Claim ISS-1")).to_be_visible()
    expect(guide).to_contain_text("That is all of it.")
    guide.get_by_role("button", name="Finish").click()
    expect(guide).to_have_count(0)


def test_a_phone_in_the_dark(open_page: Open, insists: Insists) -> None:
    """What the bot really says fits there, too."""
    phone = {"viewport": PHONE, "has_touch": True, "color_scheme": "dark"}
    page = open_page("user=U0TOM&guide=off", **phone)
    tom = acting_as(page, "Tom Okafor")
    tom.get_by_role("button", name="Conversations", exact=True).click()
    expect(tom.get_by_role("button", name="Escalator", exact=True)).to_be_in_viewport()
    assert overflowing(page) == []
    tom.get_by_role("button", name="it-help", exact=True).click()
    form = tom.get_by_role("dialog", name="Report an issue")
    scanners = "Scanners in the warehouse lose their connection to the ordering service"
    insists(lambda: asks(tom, f"/issue {scanners}"), form)
    form.get_by_label("Details").fill(
        f"They show https://orders.northwind.example/session?device={'0' * 60} and go dark."
    )
    chooses(form, "Who is affected?", "High")
    chooses(form, "How urgent is it?", "High")
    expect(form).to_contain_text("Critical (P1)")
    assert overflowing(page) == []
    insists(form.get_by_role("button", name="Report").click, form)
    goes_to(tom, "Escalator")
    expect(tom.get_by_role("article").last).to_contain_text("Waiting for L1 or L2.")
    assert overflowing(page) == []

    page = open_page("user=U0DANA&channel=C0L2&guide=off", **phone)
    dana = acting_as(page, "Dana Levy")
    critical = dana.get_by_role("article").filter(has_text="Scanners").first
    critical.get_by_role("button", name="Claim").click()
    expect(critical).to_contain_text("Claimed by @Dana Levy")
    assert overflowing(page) == []
    for entry in ("More actions", "Why?", "History"):
        critical.get_by_role("button", name="More actions", exact=True).click()
        page.get_by_role("menuitem", name=entry).click()
        dialog = dana.get_by_role("dialog")
        expect(dialog).to_contain_text("Scanners in the warehouse")
        assert overflowing(page) == []
        dialog.get_by_role("button", name="Close").last.click()
        expect(dialog).to_have_count(0)
    critical.hover()
    critical.get_by_role("button", name="Reply in thread").click()
    thread = dana.get_by_role("complementary")
    types(thread, "Reply in the thread", "The gateway of hall B restarts now.")
    expect(thread).to_contain_text("The gateway of hall B restarts now.")
    assert overflowing(page) == []
