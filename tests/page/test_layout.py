"""The page as a whole: people, split view, narrow and dark, losing the server, the guide."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Open
from tests.page.stub import ANA, BEGUN, CHEN, MAYA, Json, Stub, card, every_block, form, mrkdwn, plain, said
from tests.page.test_messages import once

PHONE = {"width": 375, "height": 667}
NOW = int(time.time()) - 600
A_MOMENT = 10_000  # milliseconds; by itself the page looks at the clock every 15 s


def overflowing(page: Page) -> list[str]:
    """The parts that stick out of the window sideways, popups and scrolling tables aside."""
    script = """() => [...document.querySelectorAll(".page *")].filter((part) => {
      const box = part.getBoundingClientRect();
      const kept = part.closest(".table-scroll, .hidden, pre, .sidebar, .popup, .guide-count, option");
      return box.width && !kept && (box.right > innerWidth + 1 || box.left < -1);
    }).map((part) => `${part.tagName}.${part.className}`)"""
    found: list[str] = page.evaluate(script)
    scrolling: list[str] = page.evaluate("""() => [...document.querySelectorAll(".messages, .dialog-body, .bar")]
      .filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => part.className)""")
    return found + scrolling + (["page"] if page.evaluate("document.documentElement.scrollWidth > innerWidth") else [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 800}], ids=["phone", "desk"])
def test_nothing_sticks_out_in_any_colours(stub: Stub, open_page: Open, scheme: str, viewport: dict[str, int]) -> None:
    stub.put(card(every_block(), BEGUN), said(ANA, "x" * 300, BEGUN + 1))
    page = open_page("user=U0ANA&channel=C0L1", guide=True, viewport=viewport, color_scheme=scheme)
    expect(page.get_by_role("article")).to_have_count(2)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in background[4:-1].split(",")) < 200) is (scheme == "dark")
    assert overflowing(page) == []
    stub.show(ANA, form())
    expect(page.get_by_role("dialog")).to_be_visible()
    assert overflowing(page) == []


def test_the_theme_can_be_switched_and_is_remembered(open_page: Open) -> None:
    page = open_page(color_scheme="light")
    page.get_by_role("button", name="Dark colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.get_by_role("button", name="Light colours")).to_be_visible()


def test_on_a_phone_the_sidebar_is_a_drawer(open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0ITHELP", viewport=PHONE, has_touch=True)
    heading = page.get_by_role("heading", name="it-help", exact=True)
    assert heading.evaluate("part => part.scrollWidth <= part.clientWidth")  # it is the topic that is cut short
    general = page.get_by_role("button", name="general", exact=True)
    expect(general).to_be_hidden()
    page.get_by_role("button", name="Conversations", exact=True).click()
    general.click()
    expect(page.get_by_label("Message #general")).to_be_visible()
    expect(general).to_be_hidden()


def test_on_a_phone_the_toolbar_leaves_the_time_of_a_message_to_be_read(stub: Stub, open_page: Open) -> None:
    stub.put(said(MAYA, "the first one of its thread", NOW, "C0ITHELP"))
    page = open_page(f"user=U0MAYA&channel=C0ITHELP&thread={NOW}.000000", viewport=PHONE)
    first = page.get_by_role("complementary").get_by_role("article")
    first.hover()
    toolbar = first.get_by_role("toolbar").bounding_box()
    time_of_day = first.locator(".byline .stamp").bounding_box()
    assert toolbar
    assert time_of_day
    assert time_of_day["x"] + time_of_day["width"] < toolbar["x"]


def test_a_notice_leaves_the_newest_message_to_be_used(stub: Stub, open_page: Open) -> None:
    button = {"type": "button", "action_id": "claim", "text": plain("Claim")}
    stub.put(*(card([{"type": "actions", "elements": [button]}], NOW + number) for number in range(20)))
    page = open_page("user=U0ANA&channel=C0L1")
    stub.tell(ANA, {"type": "notice", "level": "error", "text": "This did not work. " * 5})
    notice, claim = page.locator(".toast"), page.get_by_role("button", name="Claim").last
    expect(notice).to_be_visible()
    low, high = claim.bounding_box(), notice.bounding_box()
    assert low
    assert high
    assert high["y"] + high["height"] < low["y"]


# A part of a pixel less than its words is enough for dots; scrollWidth knows whole ones only.
CUT_SHORT = """part => { const words = document.createRange(); words.selectNodeContents(part);
  return words.getBoundingClientRect().width > part.getBoundingClientRect().width; }"""


@pytest.mark.parametrize("width", [320, 375])
def test_on_a_phone_the_name_in_the_header_is_whole(stub: Stub, open_page: Open, width: int) -> None:
    """The topic makes way for it, or the person's title."""
    stub.channels["C0MGMT"]["topic"] = "What management must know of, and at once"
    page = open_page("user=U0ANA&channel=C0MGMT", viewport={"width": width, "height": 667}, has_touch=True)
    for place, name in (("C0MGMT", "it-managers"), ("@U0MAYA", "Maya Lindqvist")):
        page.goto(f"{page.url.partition('?')[0]}?user=U0ANA&channel={place}&guide=off")
        heading = page.get_by_role("heading", name=name, exact=True)
        expect(heading).to_be_visible()
        assert not heading.evaluate(CUT_SHORT)
        assert overflowing(page) == []


def test_on_a_phone_a_name_that_is_too_long_is_cut(stub: Stub, open_page: Open) -> None:
    stub.channels["C0MGMT"] |= {"name": "a-channel-with-a-name-as-long-as-names-may-be", "topic": "Its topic"}
    page = open_page("user=U0ANA&channel=C0MGMT", viewport=PHONE, has_touch=True)
    heading = page.get_by_role("heading", name="a-channel-with", level=2)
    expect(heading).to_be_visible()
    assert heading.evaluate(CUT_SHORT)
    expect(page.get_by_role("button", name="2 members of")).to_be_in_viewport(ratio=1)
    assert overflowing(page) == []


def test_another_person_is_another_workspace(stub: Stub, open_page: Open) -> None:
    stub.put(card([], NOW, "C0MGMT", "for managers"))
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    side = page.get_by_role("navigation", name="Conversations")
    expect(side.get_by_role("button", name="it-managers")).to_have_count(0)
    page.get_by_role("button", name="Acting as Maya Lindqvist").click()
    page.get_by_role("menuitemradio", name="Ana Souza").click()
    expect(page.get_by_role("region", name="Acting as Ana Souza")).to_be_visible()
    expect(page.get_by_role("heading", name="support-l1", exact=True)).to_be_visible()
    side.get_by_role("button", name="it-managers").click()
    expect(page.get_by_role("article")).to_contain_text("for managers")
    expect(page).to_have_url(re.compile("user=U0ANA&channel=C0MGMT"))


def test_split_view_shows_two_people_live(stub: Stub, open_page: Open) -> None:
    page = open_page("split=U0MAYA,U0ANA&channel=C0ITHELP,C0ITHELP")
    maya = page.get_by_role("region", name="Acting as Maya Lindqvist")
    ana = page.get_by_role("region", name="Acting as Ana Souza")
    maya.get_by_label("Message #it-help").fill("Do you see me?")
    maya.get_by_label("Message #it-help").press("Enter")
    expect(ana.get_by_role("article")).to_contain_text("Do you see me?")
    assert once(stub, page, "message")["user"] == MAYA

    stub.show(ANA, form())
    expect(ana.get_by_role("dialog")).to_be_visible()
    expect(maya.get_by_role("dialog")).to_have_count(0)
    maya.get_by_label("Message #it-help").fill("I can still write")
    assert overflowing(page) == []

    maya.get_by_role("button", name="Close this side").click()
    expect(maya).to_have_count(0)
    expect(ana).to_be_visible()
    stub.show(ANA)
    ana.get_by_role("button", name="Split view").click()
    expect(page.locator(".pane")).to_have_count(2)
    expect(page).to_have_url(re.compile("split=U0ANA,"))


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 800}], ids=["phone", "desk"])
def test_each_side_says_whose_clock_it_shows(stub: Stub, open_page: Open, viewport: dict[str, int]) -> None:
    stub.put(said(ANA, "good morning", NOW, "C0ITHELP"))
    page = open_page("split=U0MAYA,U0CHEN&channel=C0ITHELP,C0ITHELP", viewport=viewport)
    for name, city in (("Maya Lindqvist", "Berlin"), ("Chen Wei", "Singapore")):
        side = page.get_by_role("region", name=f"Acting as {name}")
        (shown,) = side.locator(".local-time:visible").all_inner_texts()
        assert re.fullmatch(rf"\d+:\d\d [AP]M in {city}", shown.strip())
        expect(side.get_by_role("article")).to_be_in_viewport()
        side.get_by_label("Message #it-help").press_sequentially("hello")
        expect(side.get_by_role("button", name="Send")).to_be_in_viewport()
    assert overflowing(page) == []


def test_a_side_that_opens_does_not_take_the_keys_from_the_other(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    composer = page.get_by_label("Message #it-help")
    composer.press_sequentially("half a sen")
    page.evaluate("document.querySelector('[aria-label=\"Split view\"]').click()")  # which leaves the focus where it is
    expect(page.get_by_role("region", name="Acting as Ana Souza").get_by_label("Message #support-l1")).to_be_visible()
    page.keyboard.type("tence")
    expect(composer).to_have_value("half a sentence")


def test_links_lead_to_a_message_and_its_thread(stub: Stub, open_page: Open) -> None:
    root = f"{NOW}.000000"
    stub.put(said(ANA, "root", NOW, "C0ITHELP"), said(CHEN, "answer", NOW + 1, "C0ITHELP", thread_ts=root))
    link = f"https://northwind.slack.com/archives/C0ITHELP/p{NOW}000000"
    stub.put(said(ANA, f"see <{link}|that one>", NOW, "C0GENERAL"))
    page = open_page(f"user=U0MAYA&channel=C0ITHELP&thread={root}")
    expect(page.get_by_role("complementary").get_by_role("article")).to_contain_text(["root", "answer"])
    page.get_by_role("button", name="general", exact=True).click()
    page.get_by_role("link", name="that one").click()
    expect(page.get_by_role("heading", name="it-help", exact=True)).to_be_visible()
    expect(page.locator(".message.marked")).to_contain_text("root")
    page.goto("about:blank")
    page = open_page("guide=off", hash_part=f"/C0ITHELP/{NOW + 1}.000000/{root}")
    expect(page.get_by_role("complementary").locator(".message.marked")).to_contain_text("answer")


def test_an_app_that_was_here_before_the_page_was_opened_is_not_starting(stub: Stub, open_page: Open) -> None:
    stub.connected, stub.app_seen = False, True
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    expect(page.locator(".banner")).to_contain_text(
        "Escalator is not connected. Commands and buttons do not work until it is back…"
    )
    entry = page.get_by_role("navigation").get_by_text("not connected")
    expect(entry).to_be_visible()


def test_the_page_says_when_the_app_or_the_server_is_away(stub: Stub, open_page: Open, complaints: list[str]) -> None:
    stub.connected = False
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    banner = page.locator(".banner")
    expect(banner).to_have_text("Escalator is starting…")
    stub.connected = True
    stub.tell(MAYA, {"type": "app", "connected": True, "name": "Escalator"})
    expect(banner).to_have_count(0)
    stub.tell(MAYA, {"type": "app", "connected": False, "name": "Escalator"})
    expect(banner).to_contain_text("Escalator is not connected. Commands and buttons do not work until it is back…")
    stub.tell(MAYA, {"type": "app", "connected": True, "name": "Escalator"})

    stub.messages["C0ITHELP"].append(said(ANA, "said meanwhile", NOW, "C0ITHELP"))
    stub.cut()
    expect(page.get_by_role("article")).to_contain_text("said meanwhile")
    expect(banner).to_have_count(0)
    complaints.clear()  # a lost connection is allowed its line in the console


def test_the_feed_is_trusted_over_an_older_answer(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    with page.expect_response(re.compile("_page/workspace")):
        with page.expect_request(re.compile("_page/workspace")):
            stub.may_answer.clear()
            stub.tell(MAYA, {"type": "app", "connected": True, "name": "Escalator"})
        stub.tell(MAYA, {"type": "app", "connected": False, "name": "Escalator"})
        expect(page.locator(".banner")).to_contain_text("is not connected")
        stub.may_answer.set()
    page.evaluate("fetch('/_page/workspace').then((later) => later.json())")  # by now the page has the earlier one
    expect(page.locator(".banner")).to_contain_text("is not connected")


def test_a_channel_goes_on_under_another_id(stub: Stub, open_page: Open) -> None:
    stub.put(said(ANA, "good morning", NOW, "C0ITHELP"))
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    expect(page.get_by_role("article")).to_contain_text("good morning")
    stub.tell(MAYA, {"type": "channel", "channel": stub.channels["C0ITHELP"] | {"id": "C0SHARED"}})
    stub.tell(MAYA, {"type": "message", "message": said(ANA, "and again", NOW + 1, "C0SHARED")})
    expect(page.get_by_role("article")).to_contain_text(["good morning", "and again"])
    expect(page.get_by_role("button", name="it-help", exact=True)).to_have_count(1)
    page.get_by_label("Message #it-help").fill("hello")
    page.keyboard.press("Enter")
    assert once(stub, page, "message")["channel"] == "C0SHARED"


def test_today_is_what_the_workspace_says(stub: Stub, open_page: Open) -> None:
    stub.put(card([], NOW, "C0ITHELP", f"<!date^{NOW}^{{date_short_pretty}}, {{ago}}|then>"))
    stub.ahead_s = 2 * 86_400
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    expect(page.get_by_role("article")).to_contain_text("2 days ago")
    expect(page.get_by_role("separator", name="Today")).to_have_count(0)
    stub.tell(MAYA, {"type": "clock", "now": time.time()})
    expect(page.get_by_role("article")).to_contain_text(re.compile(r"\d minutes ago"), timeout=A_MOMENT)
    expect(page.get_by_role("separator", name=re.compile("Today|Yesterday"))).to_be_visible()
    stub.put(said(ANA, "three days later", NOW + 3 * 86_400, "C0ITHELP"))
    expect(page.get_by_role("article").first).to_contain_text("3 days ago")


def test_no_feed_from_elsewhere_may_be_opened(open_page: Open, complaints: list[str]) -> None:
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    page.evaluate("""() => { document.addEventListener("securitypolicyviolation", (event) => {
      document.title = event.effectiveDirective; });
      try { new WebSocket("ws://127.0.0.1:1/"); } catch { /* refused at once */ } }""")
    page.wait_for_function("document.title === 'connect-src'")
    complaints.clear()  # the browser's own lines about it


def test_notices_are_read_out_and_go(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    text = '/issue failed with the error "operation_timeout"'
    for _ in range(2):
        stub.tell(MAYA, {"type": "notice", "level": "error", "text": text})
    notice = page.get_by_role("alert")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text(text)
    notice.get_by_role("button", name="Dismiss notice").click()
    expect(notice).to_have_count(0)


def test_a_long_history_is_drawn_in_parts(stub: Stub, open_page: Open) -> None:
    stub.put(*(said(ANA, f"line {number}", NOW - 500 + number, "C0ITHELP") for number in range(250)))
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    expect(page.get_by_role("article")).to_have_count(200)
    expect(page.get_by_role("article").last).to_be_in_viewport()
    page.get_by_role("button", name="Show earlier messages").click()
    expect(page.get_by_role("article")).to_have_count(250)


def report(at: int, name: str, buttons: str, place: str, state: str = "") -> Json:
    """A card or receipt as the guide reads it."""
    row = [
        {"type": "button", "action_id": word.lower(), "text": plain(word), "value": name} for word in buttons.split()
    ]
    blocks: list[Json] = [{"type": "section", "block_id": "s", "text": mrkdwn(f"{name} VPN. {state}")}]
    if row:
        blocks.append({"type": "actions", "block_id": "a", "elements": row})
    return card(blocks, at, place, f"{name} VPN. {state}")


OPEN, HELD, OVER = "Claim Escalate Resolve", "Escalate Resolve", "Reopen"


def test_the_guide_ticks_itself_off(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0ANA&channel=C0GENERAL", guide=True)
    guide = page.get_by_role("region", name="Guided first minute")
    now = guide.locator("[aria-current=step]")
    expect(now).to_contain_text("Report an issue")
    guide.get_by_role("button", name="Write it as Maya").click()
    composer = page.get_by_label("Message #it-help")
    expect(composer).to_have_value("/issue VPN is down in Berlin")
    expect(composer).to_be_focused()

    stub.put(report(NOW, "ISS-1", "Solved", "D0MAYA"), report(NOW, "ISS-1", OPEN, "C0L1"))
    expect(now).to_contain_text("Watch it escalate")
    expect(guide).to_contain_text("Maya has a new direct message from Escalator, and #support-l1 has a card.")
    guide.get_by_role("button", name="Put Maya and Ana side by side").click()
    maya = page.get_by_role("region", name="Acting as Maya Lindqvist")
    expect(maya.get_by_role("article")).to_contain_text("ISS-1 VPN")
    ana = page.get_by_role("region", name="Acting as Ana Souza")
    expect(ana.get_by_role("heading", name="support-l1", exact=True)).to_be_visible()
    stub.put(report(NOW, "ISS-1", "", "C0L1", "Moved to L2."), report(NOW + 1, "ISS-1", OPEN, "C0L2"))
    expect(now).to_contain_text("Claim it")
    guide.get_by_role("button", name="Go to the card as Chen").click()
    chen = page.get_by_role("region", name="Acting as Chen Wei")
    expect(chen.get_by_role("button", name="Claim")).to_be_visible()
    stub.put(report(NOW + 1, "ISS-1", HELD, "C0L2", f"Claimed by <@{CHEN}>."))
    expect(now).to_contain_text("Talk both ways")
    guide.get_by_role("button", name="Open the threads of Maya and Chen").click()
    expect(maya.get_by_role("complementary")).to_be_visible()
    expect(chen.get_by_role("complementary")).to_be_visible()

    card_ts, receipt_ts = f"{NOW + 1}.000000", f"{NOW}.000000"
    stub.put(said(CHEN, "On it now", NOW + 2, "C0L2", thread_ts=card_ts))
    stub.put(card([], NOW + 3, "D0MAYA", "*Chen Wei*: On it now", thread_ts=receipt_ts))
    stub.put(said(MAYA, "Thank you", NOW + 4, "D0MAYA", thread_ts=receipt_ts))
    expect(now).to_contain_text("Talk both ways")
    stub.put(card([], NOW + 5, "C0L2", "*Maya Lindqvist*: Thank you", thread_ts=card_ts))
    expect(now).to_contain_text("Resolve it")
    stub.put(report(NOW + 1, "ISS-1", OVER, "C0L2", f"Resolved by <@{CHEN}>."))
    expect(guide).to_contain_text("That is all of it.")
    guide.get_by_role("button", name="Finish").click()
    expect(guide).to_have_count(0)
    page.get_by_role("button", name="Guide", exact=True).click()
    expect(guide).to_be_visible()


def test_the_guide_follows_the_card_wherever_it_went(stub: Stub, open_page: Open) -> None:
    stub.put(report(NOW, "ISS-1", "Solved", "D0MAYA"), report(NOW, "ISS-1", "", "C0L1", "Moved to L2."))
    stub.put(report(NOW + 1, "ISS-1", OPEN, "C0L2"))
    page = open_page("split=U0MAYA,U0CHEN&channel=C0ITHELP,C0GENERAL", guide=True)
    guide = page.get_by_role("region", name="Guided first minute")
    expect(guide.get_by_role("button", name="Go to the card as Chen")).to_be_visible()
    stub.put(report(NOW + 1, "ISS-1", "", "C0L2", "Moved to management."))
    stub.put(said(CHEN, "Look at it", NOW + 1, "C0GENERAL"))  # the page draws one after the other
    expect(page.get_by_role("article")).to_contain_text("Look at it")
    expect(guide.get_by_role("button", name="Go to the card as Chen")).to_be_visible()  # the next card is on its way
    stub.put(report(NOW + 2, "ISS-1", OPEN, "C0MGMT"))
    expect(guide).to_contain_text("It waits in #it-managers now.")
    guide.get_by_role("button", name="Go to the card as Ana").click()
    ana = page.get_by_role("region", name="Acting as Ana Souza")
    expect(ana.get_by_role("button", name="Claim")).to_be_visible()


def test_the_guide_asks_for_another_issue_when_one_is_over_too_early(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0GENERAL", guide=True)
    guide = page.get_by_role("region", name="Guided first minute")
    now = guide.locator("[aria-current=step]")
    stub.put(report(NOW, "ISS-1", "Solved", "D0MAYA"), report(NOW, "ISS-1", OPEN, "C0L1"))
    expect(now).to_contain_text("Watch it escalate")
    stub.put(report(NOW, "ISS-1", HELD, "C0L1", f"Claimed by <@{ANA}>."))
    expect(guide).to_contain_text("ISS-1 was claimed in time.")
    stub.put(report(NOW, "ISS-1", OVER, "C0L1", f"Resolved by <@{ANA}>."))
    expect(guide).to_contain_text("ISS-1 is over already.")
    expect(now).to_contain_text("Watch it escalate")
    expect(guide.locator(".done")).to_contain_text(["Report an issue", "Claim it", "Resolve it"])
    guide.get_by_role("button", name="Report another as Maya").click()
    expect(page.get_by_label("Message #it-help")).to_have_value("/issue The printer on the second floor is jammed")

    stub.put(report(NOW + 1, "ISS-2", "Solved", "D0MAYA"), report(NOW + 1, "ISS-2", OPEN, "C0L1"))
    expect(guide).to_contain_text("Do nothing")
    stub.put(report(NOW + 1, "ISS-2", "", "C0L1", "Moved to L2."), report(NOW + 2, "ISS-2", OPEN, "C0L2"))
    expect(now).to_contain_text("Talk both ways")
    expect(guide).to_contain_text("Nobody has ISS-2 now: it waits in #support-l2.")
    stub.put(report(NOW + 2, "ISS-2", HELD, "C0L2", f"Claimed by <@{CHEN}>."))
    guide.get_by_role("button", name="Open the threads of Maya and Chen").click()
    receipt = page.get_by_role("complementary", name="Thread in Escalator")
    expect(receipt.get_by_role("article")).to_contain_text("ISS-2 VPN")


def test_a_finished_guide_begins_again_with_a_new_issue(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0ITHELP", guide=True, color_scheme="light")
    guide = page.get_by_role("region", name="Guided first minute")
    now = guide.locator("[aria-current=step]")

    def talks(issue: int, at: int) -> None:
        """From the report to the resolution."""
        name, root, receipt = f"ISS-{issue}", f"{at + 1}.000000", f"{at}.000000"
        stub.put(report(at, name, "Solved", "D0MAYA"), report(at, name, "", "C0L1", "Moved to L2."))
        stub.put(report(at + 1, name, OVER, "C0L2", f"Resolved by <@{CHEN}>. It was claimed by <@{CHEN}>."))
        stub.put(said(CHEN, f"On {name}", at + 2, "C0L2", thread_ts=root))
        stub.put(card([], at + 3, "D0MAYA", f"On {name}", thread_ts=receipt))
        stub.put(said(MAYA, f"Thanks for {name}", at + 4, "D0MAYA", thread_ts=receipt))
        stub.put(card([], at + 5, "C0L2", f"Thanks for {name}", thread_ts=root))

    talks(1, NOW)
    expect(guide).to_contain_text("That is all of it.")
    guide.get_by_role("button", name="Start again").click()
    expect(now).to_contain_text("Report an issue")
    expect(guide.locator(".done")).to_have_count(0)
    stub.put(report(NOW + 6, "ISS-1", OPEN, "C0L2", "Reopened. It was claimed and resolved by somebody."))
    stub.put(said(CHEN, "Still there", NOW + 7, "C0L2", thread_ts=f"{NOW + 1}.000000"))
    page.reload()
    expect(guide.get_by_role("button", name="Write it as Maya")).to_be_visible()
    expect(now).to_contain_text("Report an issue")  # all that was about the first one
    stub.put(report(NOW + 8, "ISS-2", OPEN, "C0L1"))
    expect(now).to_contain_text("Watch it escalate")
    talks(2, NOW + 8)
    expect(guide).to_contain_text("That is all of it.")
    guide.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Guide", exact=True).click()
    expect(guide.get_by_role("button", name="Start again")).to_be_visible()


def test_the_guide_goes_back_to_the_claim_when_nobody_has_the_issue_any_more(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0ITHELP", guide=True)
    guide = page.get_by_role("region", name="Guided first minute")
    now = guide.locator("[aria-current=step]")
    ticked = ["Report an issue", "Watch it escalate", "Claim it"]
    stub.put(report(NOW, "ISS-1", "Solved", "D0MAYA"), report(NOW, "ISS-1", "", "C0L1", "Moved to L2."))
    stub.put(report(NOW + 1, "ISS-1", HELD, "C0L2", f"Claimed by <@{CHEN}>."))
    expect(now).to_contain_text("Talk both ways")
    expect(guide).to_contain_text("thread, then write under the receipt")
    stub.put(report(NOW + 1, "ISS-1", "", "C0L2", "Moved to management."), report(NOW + 2, "ISS-1", OPEN, "C0MGMT"))
    expect(guide).to_contain_text("Nobody has ISS-1 now: it waits in #it-managers. Press Claim on its card")
    expect(guide.locator(".done")).to_contain_text(ticked)
    guide.get_by_role("button", name="Go to the card as Ana").click()
    ana = page.get_by_role("region", name="Acting as Ana Souza")
    expect(ana.get_by_role("button", name="Claim")).to_be_visible()
    stub.put(report(NOW + 2, "ISS-1", HELD, "C0MGMT", f"Claimed by <@{ANA}>."))
    expect(guide).to_contain_text("thread, then write under the receipt")
    expect(guide.get_by_role("button", name="Open the threads of Maya and Ana")).to_be_visible()
    expect(now).to_contain_text("Talk both ways")
    expect(guide.locator(".done")).to_contain_text(ticked)


def test_the_guides_button_is_there_while_it_leads_somewhere(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0GENERAL", guide=True)
    guide = page.get_by_role("region", name="Guided first minute")
    write = guide.get_by_role("button", name="Write it as Maya")
    write.click()
    stub.show(MAYA, form())
    expect(guide).to_contain_text("Fill in the form")
    expect(write).to_have_count(0)
    stub.show(MAYA)
    expect(write).to_be_visible()  # it was not sent

    stub.put(report(NOW, "ISS-1", "Solved", "D0MAYA"), report(NOW, "ISS-1", OPEN, "C0L1"))
    both = guide.get_by_role("button", name="Put Maya and Ana side by side")
    height = guide.bounding_box()["height"]  # type: ignore[index]  # it is there
    both.click()
    maya = page.get_by_role("region", name="Acting as Maya Lindqvist")
    ana = page.get_by_role("region", name="Acting as Ana Souza")
    expect(maya.get_by_role("article")).to_contain_text("ISS-1 VPN")
    expect(both).to_have_count(0)
    assert guide.bounding_box()["height"] == height  # type: ignore[index]  # or all below it would jump
    maya.get_by_role("tab", name="Home").click()
    both.click()
    expect(both).to_have_count(0)
    ana.get_by_role("button", name="Conversations", exact=True).click()
    ana.get_by_role("button", name="general", exact=True).click()
    expect(both).to_be_visible()

    stub.put(report(NOW, "ISS-1", "", "C0L1", "Moved to L2."), report(NOW + 1, "ISS-1", OPEN, "C0L2"))
    go = guide.get_by_role("button", name="Go to the card as Chen")
    go.click()
    expect(go).to_have_count(0)
    stub.put(report(NOW + 1, "ISS-1", HELD, "C0L2", f"Claimed by <@{CHEN}>."))
    threads = guide.get_by_role("button", name="Open the threads of Maya and Chen")
    threads.click()
    chen = page.get_by_role("region", name="Acting as Chen Wei")
    expect(threads).to_have_count(0)
    chen.get_by_role("button", name="Close thread").click()
    expect(threads).to_be_visible()

    threads.click()
    stub.put(said(CHEN, "On it", NOW + 2, "C0L2", thread_ts=f"{NOW + 1}.000000"))
    stub.put(card([], NOW + 3, "D0MAYA", "On it", thread_ts=f"{NOW}.000000"))
    stub.put(said(MAYA, "Thanks", NOW + 4, "D0MAYA", thread_ts=f"{NOW}.000000"))
    stub.put(card([], NOW + 5, "C0L2", "Thanks", thread_ts=f"{NOW + 1}.000000"))
    go.click()  # the thread lies on the card
    expect(chen.get_by_role("button", name="Resolve")).to_be_in_viewport()
    expect(go).to_have_count(0)


def test_the_guide_can_be_put_away_and_that_is_remembered(open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0ITHELP", guide=True, color_scheme="light")
    guide = page.get_by_role("region", name="Guided first minute")
    guide.get_by_role("button", name="Close the guide").click()
    expect(guide).to_have_count(0)
    page.reload()
    back = page.get_by_role("button", name="Guide", exact=True)
    expect(back).to_be_visible()
    expect(guide).to_have_count(0)
    back.click()
    expect(guide).to_be_visible()
    page.reload()
    expect(guide).to_be_visible()
