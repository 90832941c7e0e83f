"""Reading and writing: messages, threads, reactions, ephemerals, files, completions."""

import base64
import time

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import WAIT_MS, Open
from tests.page.stub import ANA, BEGUN, BOT, CHEN, MAYA, Json, Stub, card, said

NOW = int(time.time()) - 600


def once(stub: Stub, page: Page, path: str, count: int = 1) -> Json:
    """The body of the newest call of that path, when `count` of them have come."""
    for _ in range(WAIT_MS // 20):
        if len(stub.asked(path)) >= count:
            return stub.asked(path)[-1]
        page.wait_for_timeout(20)
    raise AssertionError(f"{len(stub.asked(path))} calls of {path} came, {count} expected")


@pytest.fixture
def page(stub: Stub, open_page: Open) -> Page:
    stub.put(said(ANA, "Good morning", NOW, "C0ITHELP"))
    return open_page("user=U0MAYA&channel=C0ITHELP")


def test_a_message_is_typed_and_appears(page: Page, stub: Stub) -> None:
    composer = page.get_by_label("Message #it-help")
    composer.press_sequentially("Is the VPN down?")
    composer.press("Shift+Enter")
    composer.press_sequentially("Or only for me?")
    assert stub.asked("message") == []
    composer.press("Enter")
    expect(page.get_by_role("log").get_by_role("article").last).to_contain_text("Is the VPN down?\nOr only for me?")
    expect(composer).to_have_value("")
    sent = once(stub, page, "message")
    assert sent == {"user": MAYA, "channel": "C0ITHELP", "text": "Is the VPN down?\nOr only for me?"}


def test_a_slash_command_is_completed_with_the_keyboard_alone(page: Page, stub: Stub) -> None:
    composer = page.get_by_label("Message #it-help")
    expect(composer).to_be_focused()
    page.keyboard.type("/is")
    expect(page.get_by_role("option")).to_contain_text(["/issue [what is wrong]", "/isotope"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(composer).to_have_value("/issue ")
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.keyboard.type("VPN is down")
    page.keyboard.press("Enter")
    expected = {"user": MAYA, "channel": "C0ITHELP", "command": "/issue", "text": "VPN is down"}
    assert once(stub, page, "command") == expected
    assert stub.asked("message") == []


def test_people_channels_and_emoji_are_completed(page: Page, stub: Stub) -> None:
    composer = page.get_by_label("Message #it-help")
    composer.press_sequentially("ask @sou")
    expect(page.get_by_role("option", name="Ana Souza")).to_be_visible()
    composer.press("Tab")
    composer.press_sequentially("in #gen")
    composer.press("Enter")
    composer.press_sequentially(":hourg")
    composer.press("Enter")
    expect(composer).to_have_value("ask @ana in #general :hourglass_flowing_sand: ")
    composer.press_sequentially("@esc")
    composer.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    composer.press("Enter")
    assert once(stub, page, "message")["text"] == "ask @ana in #general :hourglass_flowing_sand: @esc"


def test_a_refusal_is_told_once_and_the_words_are_kept(page: Page, stub: Stub, complaints: list[str]) -> None:
    sentence = "/nope is not a valid command."

    def refuse(_: Json) -> Json:
        stub.tell(MAYA, {"type": "notice", "level": "error", "text": sentence})
        return {"ok": False, "error": "x", "message": sentence}

    stub.answers["command"] = refuse
    composer = page.get_by_label("Message #it-help")
    composer.fill("/nope now")
    composer.press("Enter")
    expect(page.locator(".composer-holder").get_by_role("alert")).to_have_text(sentence)
    stub.tell(MAYA, {"type": "notice", "level": "info", "text": "something else"})
    expect(page.locator(".toast")).to_have_text("something else")
    expect(composer).to_have_value("/nope now")
    complaints.clear()  # the browser's own line about the 400


AT_END = """() => { const list = document.querySelector(".messages");
  return list.scrollHeight - list.scrollTop - list.clientHeight < 1; }"""


def test_the_end_stays_in_view_whatever_grows_until_a_person_leaves_it(stub: Stub, open_page: Open) -> None:
    stub.put(*(said(ANA, f"line {number}", NOW - 500 + number, "C0ITHELP") for number in range(50)))
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    lines = page.get_by_role("log", name="Messages in #it-help")
    expect(page.get_by_role("article").last).to_be_in_viewport()
    lines.evaluate("""list => { list.firstElementChild.append(Object.assign(document.createElement("hr"),
      { style: "height: 300px" })); list.dispatchEvent(new Event("scroll")); }""")  # one that was on its way before
    page.wait_for_function(AT_END)

    lines.evaluate("list => { list.scrollTop = 0; }")
    stub.put(said(ANA, "news", NOW + 1, "C0ITHELP"))
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    assert not page.evaluate(AT_END)
    stub.put(said(MAYA, "my own", NOW + 2, "C0ITHELP"))
    expect(page.get_by_role("button", name="new message")).to_have_count(0)
    page.wait_for_function(AT_END)


def test_a_reply_is_also_sent_where_its_thread_is(stub: Stub, open_page: Open) -> None:
    root = f"{NOW}.000000"
    for place, words in (("C0ITHELP", "Also send to the channel"), ("D0MAYA", "Also send as direct message")):
        stub.put(said(MAYA, "Good morning", NOW, place))
        page = open_page(f"user=U0MAYA&channel={place}&thread={root}")
        expect(page.get_by_role("complementary").get_by_role("checkbox")).to_have_accessible_name(words)


def test_threads(page: Page, stub: Stub) -> None:
    root = f"{NOW}.000000"
    page.get_by_role("article").hover()
    page.get_by_role("button", name="Reply in thread").click()
    thread = page.get_by_role("complementary", name="Thread in #it-help")
    reply = thread.get_by_label("Reply in the thread in #it-help")
    expect(reply).to_be_focused()
    reply.press_sequentially("/is")
    reply.press("Enter")  # completes nothing: Slack refuses commands in threads
    assert once(stub, page, "command")["command"] == "/is"
    reply.fill("Good morning to you")
    reply.press("Enter")
    expect(thread.get_by_role("article").last).to_contain_text("Good morning to you")
    assert once(stub, page, "message")["thread_ts"] == root
    expect(thread).to_contain_text("1 reply")
    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()

    stub.put(said(ANA, "And now?", NOW + 5, "C0ITHELP", thread_ts=root))
    main = page.get_by_role("log", name="Messages in #it-help")
    expect(main.get_by_role("article")).to_have_count(1)
    summary = main.get_by_role("button", name="replies")
    expect(summary).to_contain_text("2 replies")


def test_reactions_are_added_and_removed(page: Page, stub: Stub) -> None:
    page.get_by_role("article").hover()
    page.get_by_role("button", name="Add a reaction").click()
    page.get_by_label("Search emoji").fill("rocket")
    page.keyboard.press("Enter")
    assert once(stub, page, "react") == {"user": MAYA, "channel": "C0ITHELP", "ts": f"{NOW}.000000", "name": "rocket"}
    reactions = [{"name": "rocket", "count": 2, "users": [MAYA, CHEN]}]
    stub.put(said(ANA, "Good morning", NOW, "C0ITHELP", reactions=reactions))
    mine = page.get_by_role("button", name="rocket, 2: you, Chen Wei")
    expect(mine).to_have_attribute("aria-pressed", "true")
    mine.click()
    assert once(stub, page, "react", 2)["remove"] is True


def test_own_messages_are_edited_and_deleted(page: Page, stub: Stub) -> None:
    stub.put(said(MAYA, "Ask <@U0ANA> about &lt;this&gt;", NOW + 1, "C0ITHELP"))
    article = page.get_by_role("article").last
    expect(article).to_contain_text("Ask @Ana Souza about <this>")
    article.hover()
    page.get_by_role("button", name="More actions for this message").click()
    page.get_by_role("menuitem", name="Edit message").click()
    box = page.get_by_label("Edit message")
    expect(box).to_have_value("Ask @ana about <this>")
    box.fill("Ask @ana about that")
    box.press("Enter")
    assert once(stub, page, "edit")["text"] == "Ask @ana about that"
    stub.put(said(MAYA, "Ask <@U0ANA> about that", NOW + 1, "C0ITHELP", edited={"user": MAYA, "ts": f"{NOW + 9}.0"}))
    expect(article).to_contain_text("about that (edited)")

    article.hover()
    page.get_by_role("button", name="More actions for this message").click()
    page.get_by_role("menuitem", name="Delete message").click()
    page.get_by_role("dialog", name="Delete message").get_by_role("button", name="Delete").click()
    assert once(stub, page, "delete")["ts"] == f"{NOW + 1}.000000"
    stub.tell(MAYA, {"type": "deleted", "channel": "C0ITHELP", "ts": f"{NOW + 1}.000000"})
    expect(page.get_by_role("article")).to_have_count(1)


def test_messages_of_others_offer_no_edit(page: Page) -> None:
    page.get_by_role("article").hover()
    page.get_by_role("button", name="More actions for this message").click()
    expect(page.get_by_role("menuitem")).to_contain_text(["Make an issue", "Copy link"])
    expect(page.get_by_role("menuitem")).to_have_count(2)


def test_shortcuts(page: Page, stub: Stub) -> None:
    page.get_by_role("article").hover()
    page.get_by_role("button", name="More actions for this message").click()
    page.get_by_role("menuitem", name="Make an issue").click()
    of_message = {"user": MAYA, "callback_id": "from_message", "channel": "C0ITHELP", "ts": f"{NOW}.000000"}
    assert once(stub, page, "shortcut") == of_message
    page.get_by_role("button", name="Attach a file or run a shortcut").click()
    page.get_by_role("menuitem", name="Report an issue").first.click()
    assert once(stub, page, "shortcut", 2) == {"user": MAYA, "callback_id": "report"}


def test_an_ephemeral_is_visible_to_one_and_can_be_dismissed(page: Page, stub: Stub) -> None:
    stub.tell(MAYA, {"type": "ephemeral", "message": card([], NOW + 2, "C0ITHELP", "You have no open issues.")})
    whisper = page.get_by_role("article", name="only visible to you")
    expect(whisper).to_contain_text("Only visible to you")
    expect(whisper).to_contain_text("You have no open issues.")
    whisper.get_by_role("button", name="Dismiss").click()
    expect(whisper).to_have_count(0)


def test_a_file_is_sent_with_the_message(page: Page, stub: Stub) -> None:
    page.get_by_label("Files to upload").set_input_files(
        {"name": "vpn.log", "mimeType": "text/plain", "buffer": b"no route"}
    )
    page.get_by_label("Message #it-help").fill("the log")
    page.get_by_role("button", name="Send", exact=True).click()
    sent = once(stub, page, "message")
    content = base64.b64encode(b"no route").decode()
    assert sent["files"] == [{"name": "vpn.log", "mimetype": "text/plain", "content_base64": content}]
    shown = {"id": "F1", "name": "vpn.log", "title": "vpn.log", "mimetype": "text/plain", "size": 2048}
    stub.put(said(MAYA, "the log", NOW + 3, "C0ITHELP", files=[shown]))
    expect(page.locator(".file", has_text="vpn.log")).to_contain_text("2 KB")


def test_unread_marks_and_badges(stub: Stub, open_page: Open) -> None:
    stub.unread[MAYA] = {"C0GENERAL": 2, "C0ITHELP": 1, "D0MAYA": 1}
    stub.put(
        said(ANA, "Hello <@U0MAYA>", NOW, "C0GENERAL", mentions_me=True),
        said(ANA, "Hello all", NOW + 1, "C0GENERAL"),
        said(ANA, "Old", NOW, "C0ITHELP"),
        said(ANA, "Fresh", NOW + 1, "C0ITHELP"),
        card([], NOW, "D0MAYA", "Your issue ISS-1"),
    )
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    expect(page.get_by_role("separator", name="New messages")).to_have_count(1)
    assert once(stub, page, "read") == {"user": MAYA, "channel": "C0ITHELP"}
    side = page.get_by_role("navigation", name="Conversations")
    expect(side.get_by_role("button", name="general, 1 for you")).to_be_visible()
    expect(side.get_by_role("button", name="Escalator, 1 for you")).to_be_visible()
    side.get_by_role("button", name="Escalator, 1 for you").click()
    expect(page.get_by_role("tab", name="Messages")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("article")).to_contain_text("Your issue ISS-1")
    expect(side.get_by_role("button", name="Escalator", exact=True)).to_be_visible()


def test_messages_are_walked_with_the_arrow_keys(page: Page, stub: Stub) -> None:
    stub.put(said(ANA, "second", NOW + 1, "C0ITHELP"), said(ANA, "third", NOW + 2, "C0ITHELP"))
    articles = page.get_by_role("article")
    expect(articles).to_have_count(3)
    page.get_by_label("Message #it-help").focus()
    page.keyboard.press("Shift+Tab")
    expect(articles.last).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(articles.nth(1)).to_be_focused()
    page.keyboard.press("Tab")
    expect(articles.nth(1).get_by_role("button", name="React with white check mark")).to_be_focused()


def test_days_authors_and_app_badge(stub: Stub, open_page: Open) -> None:
    stub.put(
        said(ANA, "first", BEGUN, "C0ITHELP"),
        said(ANA, "second", BEGUN + 20, "C0ITHELP"),
        card([], BEGUN + 90_000, "C0ITHELP", "from the app"),
    )
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    expect(page.locator(".day")).to_have_count(2)
    expect(page.locator(".name")).to_have_text(["Ana Souza", "Escalator"])
    expect(page.locator(".badge-app")).to_have_text("APP")
    expect(page.get_by_role("article", name="Ana Souza")).to_have_count(2)


def test_a_new_conversation_begins_with_its_first_message(page: Page, stub: Stub) -> None:
    page.get_by_role("button", name="New direct message").click()
    page.get_by_role("menuitem", name="Chen Wei").click()
    stub.answers["message"] = lambda _: {"ok": True, "channel": "D0NEW", "ts": f"{NOW}.000000"}
    page.get_by_label("Message Chen Wei").fill("Hello")
    page.keyboard.press("Enter")
    assert once(stub, page, "message")["channel"] == "@U0CHEN"
    new = {"id": "D0NEW", "name": "", "is_private": False, "is_archived": False, "is_im": True, "members": [MAYA, CHEN]}
    stub.tell(MAYA, {"type": "channel", "channel": new | {"user": CHEN, "topic": ""}})
    stub.tell(MAYA, {"type": "message", "message": said(MAYA, "Hello", NOW, "D0NEW")})
    expect(page.get_by_role("log", name="Messages in Chen Wei").get_by_role("article")).to_contain_text("Hello")


def test_the_app_home(page: Page, stub: Stub) -> None:
    page.get_by_role("navigation").get_by_role("button", name="Escalator").click()
    assert once(stub, page, "home") == {"user": MAYA, "tab": "home"}
    expect(page.get_by_role("tabpanel")).to_contain_text("Nothing on the Home tab yet")
    button = {"type": "button", "action_id": "report", "text": {"type": "plain_text", "text": "Report an issue"}}
    blocks = [{"type": "actions", "block_id": "top", "elements": [button]}]
    stub.tell(MAYA, {"type": "home", "view": {"id": "VH", "type": "home", "blocks": blocks}})
    page.get_by_role("button", name="Report an issue").click()
    assert once(stub, page, "action")["container"] == {"type": "view", "view_id": "VH"}
    page.get_by_role("tab", name="Messages").click()
    assert once(stub, page, "home", 2)["tab"] == "messages"
    expect(page.get_by_label("Message Escalator")).to_be_visible()


def test_an_app_without_home_has_no_tabs_from_the_start(stub: Stub, open_page: Open) -> None:
    stub.home_tab = False
    page = open_page("user=U0MAYA&channel=C0ITHELP")
    page.get_by_role("navigation").get_by_role("button", name="Escalator").click()
    expect(page.get_by_label("Message Escalator")).to_be_visible()
    assert once(stub, page, "home")["tab"] == "messages"
    expect(page.get_by_role("tab")).to_have_count(0)


def test_a_channel_seen_from_outside_can_be_joined(stub: Stub, open_page: Open) -> None:
    page = open_page("user=U0MAYA&channel=C0L1")
    expect(page.get_by_label("Message #support-l1")).to_have_count(0)
    page.get_by_role("button", name="Join channel").click()
    assert once(stub, page, "join") == {"user": MAYA, "channel": "C0L1"}
    joined = stub.channels["C0L1"] | {"members": [ANA, BOT, MAYA]}
    stub.tell(MAYA, {"type": "channel", "channel": joined})
    expect(page.get_by_label("Message #support-l1")).to_be_visible()
