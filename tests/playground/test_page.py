"""The contract with the page: the overview, the live feed, and what a person may do."""

import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

import pytest
import websockets.sync.client
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.page import stub
from tests.playground.workspace import MANIFEST, Bot, Feed, Json, Local, Person, modal, section


def test_the_overview_has_everybody_and_everything(local: Local, bot: Bot) -> None:
    _, overview = local.call("GET", "/_page/workspace")

    assert overview["team"] == {"id": "T0PLAY", "name": "Northwind", "domain": "northwind"}
    assert overview["app"] == {
        "id": "A0PLAY", "name": "Escalator", "bot_user_id": "U0BOT", "connected": True, "seen": True, "home_tab": True,
    }  # fmt: skip
    assert [user["name"] for user in overview["users"]] == [
        "maya", "tom", "lena", "ana", "ben", "chen", "dana", "emil", "fay", "escalator",
    ]  # fmt: skip
    assert overview["users"][0] == {
        "id": "U0MAYA", "name": "maya", "real_name": "Maya Lindqvist", "title": "Accounting", "tz": "Europe/Berlin",
        "tz_offset": overview["users"][0]["tz_offset"], "is_bot": False, "deleted": False, "color": "#b5446e",
    }  # fmt: skip
    assert overview["usergroups"][0]["handle"] == "it-oncall"
    assert [command["command"] for command in overview["commands"]] == ["/try", "/raw"]
    assert [shortcut["type"] for shortcut in overview["shortcuts"]] == ["global", "message"]


def channels_of(local: Local, user: str) -> set[str]:
    _, overview = local.call("GET", f"/_page/workspace?user={user}")
    return {channel["id"] for channel in overview["channels"]}


def test_private_channels_and_direct_messages_are_for_their_members(local: Local, maya: Person) -> None:
    maya.says("@U0TOM", "Psst")

    assert {"C0MGMT"} <= channels_of(local, "U0FAY")
    assert "C0MGMT" not in channels_of(local, "U0MAYA") | channels_of(local, "")
    assert "D0MAYA0TOM" in channels_of(local, "U0TOM") & channels_of(local, "U0MAYA")
    assert "D0MAYA0TOM" not in channels_of(local, "U0ANA")
    direct = next(channel for channel in maya.state()["channels"] if channel["id"] == "D0MAYA0TOM")
    assert (direct["is_im"], direct["user"]) == (True, "U0TOM")


# --- the feed


def test_a_page_gets_the_whole_state_and_then_every_change(local: Local, maya: Person, ana: Person) -> None:
    earlier = ana.says("C0ITHELP", "Before")
    with Feed(maya) as page:
        assert page.hello["user"] == "U0MAYA"
        assert page.state["messages"]["C0ITHELP"][-1]["ts"] == earlier
        assert set(page.state) == {
            "type", "channels", "messages", "ephemerals", "views", "home", "unread",
        }  # fmt: skip

        ts = ana.says("C0ITHELP", "Hello &")
        new = page.next("message")["message"]
        assert (new["channel"], new["ts"], new["user"], new["text"]) == ("C0ITHELP", ts, "U0ANA", "Hello &amp;")
        assert "blocks" not in new

        ana.does("edit", channel="C0ITHELP", ts=ts, text="Hello!")
        assert page.next("message")["message"]["edited"]["user"] == "U0ANA"

        ana.does("react", channel="C0ITHELP", ts=ts, name="wave")
        assert page.next("message")["message"]["reactions"] == [{"name": "wave", "count": 1, "users": ["U0ANA"]}]

        ana.says("C0ITHELP", "Reply", thread_ts=ts)
        assert page.next("message")["message"]["reply_count"] == 1

        ana.does("delete", channel="C0ITHELP", ts=earlier)
        assert page.next("deleted") == {"type": "deleted", "channel": "C0ITHELP", "ts": earlier}


def test_what_one_may_not_see_does_not_come(local: Local, maya: Person) -> None:
    with Feed(maya) as page:
        local.person("U0FAY").says("C0MGMT", "Secret")
        local.person("U0ANA").says("@U0BEN", "Private")
        last = local.person("U0ANA").says("C0L1", "Public")

        assert page.next("message")["message"]["ts"] == last


def test_mentions_are_marked_for_those_they_call(local: Local) -> None:
    def called(user: str, text: str, **more: Any) -> bool:
        with Feed(local.person(user)) as page:
            local.client().chat_postMessage(channel="C0L2", text=text, **more)
            return bool(page.next("message")["message"]["mentions_me"])

    assert called("U0CHEN", "<@U0CHEN> please")
    assert not called("U0DANA", "<@U0CHEN> please")
    assert called("U0CHEN", "<!here> please")
    assert called("U0DANA", "<!channel> please")
    assert not called("U0MAYA", "<!here> please"), "she is not in this channel"
    assert called("U0DANA", "<!subteam^S0ONCALL> please")
    assert not called("U0CHEN", "<!subteam^S0ONCALL> please")
    assert called("U0CHEN", "A card", blocks=[section("for <@U0CHEN>")])
    user = {"type": "user", "user_id": "U0CHEN"}
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [user]}]}
    assert called("U0CHEN", "A card", blocks=[rich])
    assert not called("U0CHEN", "&lt;@U0CHEN&gt; is only text")


def test_unread_counts_until_it_is_read(local: Local, ana: Person) -> None:
    ben = local.person("U0BEN")
    ben.does("read", channel="C0L1")
    with Feed(ben) as page:
        assert page.state["unread"]["C0L1"] == 0
        ts = ana.says("C0L1", "One")
        assert page.next("unread", channel="C0L1")["count"] == 1
        ana.says("C0L1", "A thread Ben is not in", thread_ts=ts)
        assert page.next("unread", channel="C0L1")["count"] == 1
        ben.says("C0L1", "Now he is", thread_ts=ts)
        ana.says("C0L1", "So this counts", thread_ts=ts)
        page.next("unread", channel="C0L1", count=0)
        assert page.next("unread", channel="C0L1")["count"] == 1
        ben.does("read", channel="C0L1")
        assert page.next("unread", channel="C0L1")["count"] == 0


def test_forms_and_their_errors_come_through_the_feed(bot: Bot, maya: Person) -> None:
    with Feed(maya) as page:
        opened = maya.opens_form(bot, modal(section("One")))
        assert page.next("views")["views"][-1]["id"] == opened["id"]
        maya.does("close", view_id=opened["id"])
        assert page.next("views")["views"] == []


def test_membership_changes_come_through_the_feed(local: Local, maya: Person, ana: Person) -> None:
    with Feed(maya) as page:
        ana.does("invite", channel="C0L1", member="U0MAYA")
        assert "U0MAYA" in page.next("channel")["channel"]["members"]
        ana.does("kick", channel="C0L1", member="U0MAYA")
        assert "U0MAYA" not in page.next("channel")["channel"]["members"]
        local.control("users", user="U0TOM", deleted=True)
        assert page.next("user")["user"]["deleted"] is True
        local.control("users", user="U0TOM", deleted=False)


def test_who_is_invited_to_a_private_channel_reads_what_was_said(local: Local, ana: Person) -> None:
    fay = local.person("U0FAY")
    said = fay.says("C0MGMT", "Before she came")
    with Feed(ana) as page:
        fay.does("invite", channel="C0MGMT", member="U0ANA")
        assert page.next("channel")["channel"]["id"] == "C0MGMT"
        seen = page.next("message")["message"]
        while seen["ts"] != said:
            seen = page.next("message")["message"]
        fay.does("kick", channel="C0MGMT", member="U0ANA")
        assert "U0ANA" not in page.next("channel")["channel"]["members"]


def test_ephemeral_messages_are_shown_for_ten_minutes(local: Local) -> None:
    dana = local.person("U0DANA")
    local.client().chat_postEphemeral(channel="C0L2", user="U0DANA", text="Only you")
    assert [whisper["text"] for whisper in dana.whispers()] == ["Only you"]

    local.advance(601)

    assert dana.whispers() == []


# --- acting


@pytest.mark.parametrize(
    ("action", "body", "error"),
    [
        ("message", {"channel": "C0L1", "text": "Hi"}, "not_in_channel"),
        ("message", {"channel": "C0MGMT", "text": "Hi"}, "channel_not_found"),
        ("message", {"channel": "C0ITHELP", "text": "  "}, "no_text"),
        ("message", {"channel": "C0ITHELP", "text": "Hi", "thread_ts": "1.000001"}, "thread_not_found"),
        ("message", {"channel": "C0ITHELP", "files": [{"name": "a", "mimetype": "b", "content_base64": "!"}]},
         "invalid_file"),
        ("message", {"text": "Hi"}, "bad_request"),
        ("edit", {"channel": "C0ITHELP", "ts": "1.000001", "text": "Hi"}, "message_not_found"),
        ("delete", {"channel": "C0ITHELP", "ts": "1.000001"}, "message_not_found"),
        ("react", {"channel": "C0L1", "ts": "1.000001", "name": "eyes"}, "not_in_channel"),
        ("join", {"channel": "C0MGMT"}, "channel_not_found"),
        ("join", {"channel": "D0MAYA"}, "method_not_supported_for_channel_type"),
        ("leave", {"channel": "C0L1"}, "not_in_channel"),
        ("invite", {"channel": "C0L1", "member": "U0TOM"}, "not_in_channel"),
        ("kick", {"channel": "C0ITHELP", "member": "U0NOBODY"}, "user_not_found"),
        ("archive", {"channel": "C0L1", "archived": True}, "not_in_channel"),
        ("submit", {"view_id": "V0"}, "view_not_found"),
        ("close", {"view_id": "V0"}, "view_not_found"),
    ],
)  # fmt: skip
def test_what_one_may_not_do_is_refused_with_a_sentence(
    local: Local, maya: Person, action: str, body: Json, error: str
) -> None:
    local.client().conversations_open(users="U0MAYA")
    refusal = maya.is_refused(action, **body)

    assert refusal["error"] == error
    assert refusal["message"].endswith(".")


def test_only_ones_own_messages_can_be_changed(local: Local, ana: Person) -> None:
    card = local.client().chat_postMessage(channel="C0L1", text="A card")["ts"]
    bens = local.person("U0BEN").says("C0L1", "Ben's")

    for ts in (card, bens):
        assert ana.is_refused("edit", channel="C0L1", ts=ts, text="Hi")["error"] == "cant_update_message"
        assert ana.is_refused("delete", channel="C0L1", ts=ts)["error"] == "cant_update_message"


def test_nothing_is_said_or_changed_in_an_archived_channel(local: Local) -> None:
    emil = local.person("U0EMIL")
    ts = emil.says("C0L3", "The last word")
    emil.does("archive", channel="C0L3", archived=True)
    try:
        place = {"channel": "C0L3", "ts": ts}
        assert emil.is_refused("message", channel="C0L3", text="One more")["error"] == "is_archived"
        assert emil.is_refused("edit", **place, text="Another")["error"] == "is_archived"
        assert emil.is_refused("delete", **place)["error"] == "is_archived"
        assert emil.is_refused("react", **place, name="eyes")["error"] == "is_archived"
    finally:
        emil.does("archive", channel="C0L3", archived=False)


def test_nobody_acts_as_the_app_or_as_a_stranger(local: Local) -> None:
    assert local.person("U0BOT").tries("message", channel="C0L1", text="Hi")[0] == 403
    assert local.person("U0NOBODY").tries("message", channel="C0L1", text="Hi")[0] == 400
    assert local.person("U0MAYA").tries("dance")[0] == 404
    assert local.call("POST", "/_page/message", ["no object"])[0] == 400
    assert local.call("POST", "/_page/message", {"channel": "C0L1"})[1]["message"] == "user is missing."


def test_a_direct_message_opens_with_the_first_word(local: Local) -> None:
    lena = local.person("U0LENA")
    answer = lena.does("message", channel="@U0DANA", text="Hi")

    assert answer["channel"] == "D0LENA0DANA"
    back = local.person("U0DANA").does("message", channel="@U0LENA", text="Hi yourself")
    assert back["channel"] == "D0LENA0DANA"


# --- who may come


def test_another_sites_page_is_kept_out(local: Local, maya: Person) -> None:
    body = {"user": "U0MAYA", "channel": "C0ITHELP", "text": "Forged"}
    request = urllib.request.Request(
        f"{local.base}/_page/message", str(body).encode(), {"origin": "https://evil.example"}
    )
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request)
    refusal.value.close()
    assert refusal.value.code == 403

    feed = local.base.replace("http", "ws", 1) + "/_page/ws?user=U0MAYA"
    with (
        pytest.raises(InvalidStatus),
        websockets.sync.client.connect(feed, origin=Origin("https://evil.example"), proxy=None),
    ):
        pass
    with websockets.sync.client.connect(feed, origin=Origin(local.base), proxy=None) as own:
        assert "hello" in own.recv(10)


def test_a_name_made_to_lead_here_is_kept_out(local: Local) -> None:
    request = urllib.request.Request(f"{local.base}/_page/workspace", headers={"host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request)
    refusal.value.close()

    assert refusal.value.code == 403


def test_the_browser_is_told_to_load_nothing_from_elsewhere(local: Local) -> None:
    with urllib.request.urlopen(f"{local.base}/_page/workspace") as answer:
        policy = answer.headers["content-security-policy"]

    assert policy == vars(stub)["CONTENT_SECURITY_POLICY"], "the page is tested under the policy it is served with"
    assert "default-src 'self'" in policy
    assert "connect-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


# --- files


def get(address: str, **headers: str) -> tuple[str, bytes]:
    """(content-type, body)."""
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return answer.headers["content-type"], answer.read()


def test_a_file_is_for_the_page_and_the_app_and_nobody_else(local: Local, ana: Person) -> None:
    picture = {"name": "screen shot.png", "mimetype": "image/png", "content_base64": "iVBORw=="}
    ana.says("C0L1", "Look", files=[picture])
    file = local.messages("C0L1")[-1]["files"][0]

    assert get(file["url_private"], authorization="Bearer xoxb-playground-bot") == ("image/png", b"\x89PNG")
    assert get(file["url_private_download"], **{"sec-fetch-site": "same-origin"}) == ("image/png", b"\x89PNG")
    for headers in ({}, {"authorization": "Bearer xoxb-stolen"}, {"sec-fetch-site": "cross-site"}):
        kind, body = get(file["url_private"], **headers)
        assert kind.startswith("text/html")
        assert b"Sign in" in body


@pytest.mark.parametrize("mimetype", ["", "image/png\r\nx-forged: 1", "bild/ä", "nothing"])
def test_a_file_of_no_known_type_is_only_bytes(local: Local, ana: Person, mimetype: str) -> None:
    ana.says("C0L1", "Look", files=[{"name": "ä b.bin", "mimetype": mimetype, "content_base64": "iVBORw=="}])
    file = local.messages("C0L1")[-1]["files"][0]

    kind, body = get(file["url_private"], authorization="Bearer xoxb-playground-bot")
    assert (kind, body) == ("application/octet-stream", b"\x89PNG")


def test_a_file_is_not_for_an_app_that_may_not_read_files() -> None:
    local = Local(replace(MANIFEST, scopes=MANIFEST.scopes - {"files:read"}))
    try:
        picture = {"name": "shot.png", "mimetype": "image/png", "content_base64": "iVBORw=="}
        local.person("U0ANA").says("C0L1", "Look", files=[picture])
        file = local.messages("C0L1")[-1]["files"][0]
        kind, body = get(file["url_private_download"], authorization="Bearer xoxb-playground-bot")
        assert kind.startswith("text/html")
        assert b"Sign in" in body
    finally:
        local.stop()


def test_a_permalink_opens_the_page_at_its_message(local: Local) -> None:
    ts = local.client().chat_postMessage(channel="C0L1", text="A card")["ts"]
    link = local.client().chat_getPermalink(channel="C0L1", message_ts=ts)["permalink"]

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    with pytest.raises(urllib.error.HTTPError) as redirect:
        urllib.request.build_opener(Stay).open(link)
    redirect.value.close()

    assert redirect.value.headers["location"] == f"/#/C0L1/{ts}"
