"""The guide by the clock of the real demo, with a visitor who does not do what it expects."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.driver import HOME
from tests.browser.conftest import Insists, Open
from tests.browser.test_guided_minute import DESK, acting_as, chooses, types

pytestmark = pytest.mark.timeout(240)  # the machine may be busy
LAPSED_MS = 40_000  # a window of the demo's critical issues is half of it


@pytest.fixture(scope="module")
def policy() -> Path:
    return HOME / "playground" / "policy.toml"


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page("user=U0MAYA", viewport=DESK)


@pytest.fixture
def guide(page: Page) -> Locator:
    return page.get_by_role("region", name="Guided first minute")


def reports(page: Page, guide: Locator, button: str, level: str, insists: Insists) -> None:
    form = acting_as(page, "Maya Lindqvist").get_by_role("dialog", name="Report an issue")

    def sends_the_command() -> None:
        guide.get_by_role("button", name=button).click()
        expect(page.locator("textarea:focus")).to_have_value(re.compile("^/issue "))  # nobody presses Enter before that
        page.keyboard.press("Enter")

    insists(sends_the_command, form)
    for question in ("Who is affected?", "How urgent is it?"):
        chooses(form, question, level)
    insists(form.get_by_role("button", name="Report").click, form)


def resolves(side: Locator, insists: Insists) -> None:
    form = side.get_by_role("dialog", name="Resolve ISS-")
    insists(side.get_by_role("button", name="Resolve ISS-").last.click, form)
    form.get_by_label("What fixed it?").fill("A new one.")
    insists(form.get_by_role("button", name="Resolve").click, form)


def test_a_visitor_who_resolves_too_early_and_then_dawdles(page: Page, guide: Locator, insists: Insists) -> None:
    step = guide.locator("[aria-current=step]")
    reports(page, guide, "Write it as Maya", "Low", insists)
    expect(step).to_contain_text("Watch it escalate")
    guide.get_by_role("button", name="Put Maya and Ana side by side").click()
    maya = acting_as(page, "Maya Lindqvist")
    expect(maya.get_by_role("article").last).to_contain_text("Waiting for L1.")
    resolves(acting_as(page, "Ana Souza"), insists)
    expect(guide).to_contain_text("ISS-1 is over already.")
    expect(step).to_contain_text("Watch it escalate")

    reports(page, guide, "Report another as Maya", "High", insists)  # critical: shown to L1 and L2 at once
    expect(step).to_contain_text("Claim it")
    expect(guide).to_contain_text("It waits in #support-l")

    # Nobody in L2 claims it, nor in L3.
    expect(guide.get_by_role("button", name="Go to the card as Emil")).to_be_visible(timeout=LAPSED_MS)
    expect(guide).to_contain_text("It waits in #support-l3 now.")
    go = guide.get_by_role("button", name="Go to the card as Fay")
    expect(go).to_be_visible(timeout=LAPSED_MS)
    expect(step).to_contain_text("Claim it")
    go.click()
    fay = acting_as(page, "Fay Moreau")
    fay.get_by_role("button", name="Claim ISS-2").click()

    expect(step).to_contain_text("Talk both ways")
    guide.get_by_role("button", name="Open the threads of Maya and Fay").click()
    types(fay.get_by_role("complementary"), "Reply in the thread", "A technician is on the way.")
    expect(maya.get_by_role("complementary")).to_contain_text("A technician is on the way.")
    types(maya.get_by_role("complementary"), "Reply in the thread", "Thank you, we wait.")
    expect(fay.get_by_role("complementary")).to_contain_text("Thank you, we wait.")
    expect(guide).to_contain_text("That is all of it.")  # for the first issue was resolved
