"""Posting, changing, reading: chat.*, reactions.*, conversations.*, and what each refuses."""

import itertools
import string
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.playground.workspace import Bot, Local, Person, actions, button, section

# slack_sdk warns of the empty texts that these tests send on purpose.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning"),
    pytest.mark.filterwarnings("ignore:Additionally, the attachment-level `fallback` argument is missing:UserWarning"),
]


@pytest.fixture
def posted(local: Local) -> str:
    ts: str = local.client().chat_postMessage(channel="C0L1", text="A card")["ts"]
    return ts


# --- posting


def test_a_post_is_stored_and_given_back(local: Local) -> None:
    answer = local.client().chat_postMessage(channel="C0L1", text="Hello", blocks=[section("Hello"), actions(button())])

    assert answer["channel"] == "C0L1"
    assert answer["message"]["bot_id"] == "B0BOT"
    stored = local.messages("C0L1")[-1]
    assert (stored["ts"], stored["text"]) == (answer["ts"], "Hello")
    assert all(block["block_id"] for block in stored["blocks"])


def test_posting_to_a_person_opens_the_direct_message(local: Local) -> None:
    answer = local.client().chat_postMessage(channel="U0TOM", text="Only you")

    assert answer["channel"] == "D0TOM"
    assert local.client().conversations_open(users="U0TOM")["channel"]["id"] == "D0TOM"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "Hi"}, "channel_not_found"),
        ({"channel": "C0GENERAL", "text": "Hi"}, "not_in_channel"),
        ({"channel": "support-l1", "text": "Hi"}, "channel_not_found"),
        ({"channel": "U0NOBODY", "text": "Hi"}, "channel_not_found"),
        ({"channel": "U0BOT", "text": "Hi"}, "cannot_dm_bot"),
        ({"channel": "C0L1", "text": " "}, "no_text"),
        ({"channel": "C0L1", "text": "", "blocks": []}, "no_text"),
        ({"channel": "C0L1", "text": "Hi", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": "C0L1", "text": "Hi", "markdown_text": "Hi"}, "markdown_text_conflict"),
        ({"channel": "C0L1", "text": "Hi", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": "C0L1", "text": "Hi", "blocks": ["no block"]}, "invalid_blocks_format"),
        ({"channel": "C0L1", "text": "Hi", "blocks": [section("x" * 2900)] * 5}, "msg_blocks_too_long"),
        ({"channel": "C0L1", "text": "", "attachments": [{}]}, "no_text"),
        ({"channel": "C0L1", "text": "", "attachments": [{"color": "good", "blocks": []}]}, "no_text"),
        (
            {"channel": "C0L1", "text": "Hi", "attachments": [{"blocks": [section("x" * 2900)] * 5}]},
            "msg_blocks_too_long",
        ),
        (
            {
                "channel": "C0L1",
                "text": "Hi",
                "blocks": [section("x" * 2900)] * 3,
                "attachments": [{"blocks": [section("x" * 2900)] * 2}],
            },
            "msg_blocks_too_long",
        ),
        ({"channel": "C0L1", "text": "Hi", "attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
        ({"channel": "C0L1", "text": "Hi", "attachments": [{"blocks": [{"type": "no"}]}]}, "invalid_blocks"),
        ({"channel": "C0L1", "text": "Hi", "username": "Somebody else"}, "missing_scope"),
        ({"text": "Hi", "channel": ""}, "invalid_arguments"),
    ],
)
def test_a_post_slack_would_refuse_is_refused(local: Local, arguments: dict[str, Any], error: str) -> None:
    before = local.messages("C0L1")

    assert local.refused("chat_postMessage", **arguments)["error"] == error
    assert local.messages("C0L1") == before


def test_a_private_channel_hides_from_an_app_that_is_not_in_it(local: Local) -> None:
    fay = local.person("U0FAY")
    fay.does("kick", channel="C0MGMT", member="U0BOT")
    try:
        assert local.refused("chat_postMessage", channel="C0MGMT", text="Hi")["error"] == "channel_not_found"
        assert local.refused("conversations_info", channel="C0MGMT")["error"] == "channel_not_found"
    finally:
        fay.does("invite", channel="C0MGMT", member="U0BOT")


def test_nothing_can_be_posted_changed_or_marked_in_an_archived_channel(local: Local, posted: str) -> None:
    ana = local.person("U0ANA")
    ana.does("archive", channel="C0L1", archived=True)
    try:
        assert local.refused("chat_postMessage", channel="C0L1", text="Hi")["error"] == "is_archived"
        assert local.refused("chat_update", channel="C0L1", ts=posted, text="Hi")["error"] == "is_inactive"
        assert local.refused("reactions_add", channel="C0L1", timestamp=posted, name="eyes")["error"] == "is_archived"
        whisper = {"channel": "C0L1", "user": "U0ANA", "text": "Hi"}
        assert local.refused("chat_postEphemeral", **whisper)["error"] == "is_archived"
        assert local.client().conversations_info(channel="C0L1")["channel"]["is_archived"] is True
    finally:
        ana.does("archive", channel="C0L1", archived=False)


def test_a_person_who_left_cannot_be_written_to(local: Local) -> None:
    local.control("users", user="U0LENA", deleted=True)
    try:
        assert local.refused("chat_postMessage", channel="U0LENA", text="Hi")["error"] == "user_disabled"
        assert local.client().users_info(user="U0LENA")["user"]["deleted"] is True
        assert local.person("U0LENA").tries("read", channel="C0ITHELP")[0] == 403
    finally:
        local.control("users", user="U0LENA", deleted=False)


def test_text_beyond_40000_characters_is_cut(local: Local) -> None:
    answer = local.client().chat_postMessage(channel="C0L1", text="x" * 40_001)

    assert len(answer["message"]["text"]) == 40_000


# --- threads


def test_replies_count_on_their_root_and_stay_out_of_the_channel(local: Local, ana: Person, posted: str) -> None:
    reply = ana.says("C0L1", "On it", thread_ts=posted)

    root = next(message for message in local.messages("C0L1") if message["ts"] == posted)
    assert (root["reply_count"], root["reply_users"], root["latest_reply"]) == (1, ["U0ANA"], reply)
    in_channel = [message["ts"] for message in local.client().conversations_history(channel="C0L1")["messages"]]
    assert posted in in_channel
    assert reply not in in_channel
    thread = local.client().conversations_replies(channel="C0L1", ts=posted)["messages"]
    assert [message["ts"] for message in thread] == [posted, reply]


def test_a_reply_sent_to_the_channel_too_stands_in_both(local: Local, ana: Person, posted: str) -> None:
    reply = ana.says("C0L1", "Everybody should know", thread_ts=posted, broadcast=True)

    newest = local.client().conversations_history(channel="C0L1", limit=1)["messages"][0]
    assert (newest["ts"], newest["subtype"]) == (reply, "thread_broadcast")


def test_a_reply_has_no_thread_of_its_own(local: Local, ana: Person, posted: str) -> None:
    reply = ana.says("C0L1", "On it", thread_ts=posted)

    assert local.refused("chat_postMessage", channel="C0L1", text="Hi", thread_ts=reply)["error"] == (
        "cannot_reply_to_message"
    )
    assert len(local.client().conversations_replies(channel="C0L1", ts=reply)["messages"]) == 1


# --- changing and deleting


def test_update_keeps_what_it_is_not_given_and_drops_what_is_empty(local: Local) -> None:
    client = local.client()
    ts = client.chat_postMessage(channel="C0L1", text="One", blocks=[section("One")])["ts"]

    client.chat_update(channel="C0L1", ts=ts, text="Two")
    assert local.messages("C0L1")[-1]["blocks"][0]["text"]["text"] == "One"

    client.chat_update(channel="C0L1", ts=ts, text="Three", blocks=[])
    last = local.messages("C0L1")[-1]
    assert last["text"] == "Three"
    assert "blocks" not in last
    assert last["edited"]["user"] == "U0BOT"


def test_markdown_can_be_posted_and_changed(local: Local) -> None:
    client = local.client()
    ts = client.chat_postMessage(channel="C0L1", markdown_text="# One")["ts"]
    client.chat_update(channel="C0L1", ts=ts, markdown_text="# Two")

    (block,) = local.messages("C0L1")[-1]["blocks"]
    assert (block["type"], block["text"]) == ("markdown", "# Two")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": "x" * 4_001}, "msg_too_long"),
        ({"text": "", "blocks": []}, "no_text"),
        ({"text": "Hi", "blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"markdown_text": "Hi", "text": "Hi"}, "markdown_text_conflict"),
        ({"markdown_text": "Hi", "blocks": [section()]}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "invalid_blocks"),
        ({"text": "Hi", "ts": "1.000001"}, "message_not_found"),
        ({"text": "Hi", "channel": "U0MAYA"}, "channel_not_found"),
    ],
)
def test_an_update_slack_would_refuse_is_refused(
    local: Local, posted: str, arguments: dict[str, Any], error: str
) -> None:
    assert local.refused("chat_update", **({"channel": "C0L1", "ts": posted} | arguments))["error"] == error


def test_others_messages_cannot_be_changed_or_deleted(local: Local, ana: Person) -> None:
    theirs = ana.says("C0L1", "Mine")

    assert local.refused("chat_update", channel="C0L1", ts=theirs, text="Hi")["error"] == "cant_update_message"
    assert local.refused("chat_delete", channel="C0L1", ts=theirs)["error"] == "cant_delete_message"


def test_a_deleted_message_is_gone(local: Local, posted: str) -> None:
    local.client().chat_delete(channel="C0L1", ts=posted)

    assert local.refused("chat_update", channel="C0L1", ts=posted, text="Hi")["error"] == "message_not_found"
    assert local.refused("chat_delete", channel="C0L1", ts=posted)["error"] == "message_not_found"


def test_a_deleted_root_leaves_a_tombstone_and_its_thread(local: Local, ana: Person, posted: str) -> None:
    ana.says("C0L1", "On it", thread_ts=posted)

    local.client().chat_delete(channel="C0L1", ts=posted)

    root, reply = local.client().conversations_replies(channel="C0L1", ts=posted)["messages"]
    assert (root["subtype"], root["text"]) == ("tombstone", "This message was deleted.")
    assert reply["text"] == "On it"
    assert local.refused("chat_update", channel="C0L1", ts=posted, text="Hi")["error"] == "message_not_found"


# --- ephemeral messages


def test_an_ephemeral_message_reaches_one_person_and_no_history(local: Local, ana: Person) -> None:
    local.client().chat_postEphemeral(channel="C0L1", user="U0ANA", text="Only you")

    assert ana.whispers()[-1]["text"] == "Only you"
    assert "Only you" not in [message["text"] for message in local.messages("C0L1")]
    assert "Only you" not in [whisper["text"] for whisper in local.person("U0BEN").whispers()]


def test_an_ephemeral_message_to_somebody_outside_is_refused(local: Local) -> None:
    refusal = local.refused("chat_postEphemeral", channel="C0L1", user="U0MAYA", text="Hi")

    assert refusal["error"] == "user_not_in_channel"
    assert local.refused("chat_postEphemeral", channel="C0L1", user="U0BOT", text="Hi")["error"] == (
        "user_not_in_channel"
    )


def test_an_ephemeral_message_stands_in_a_thread_that_is_there(local: Local, ana: Person, posted: str) -> None:
    whisper: dict[str, Any] = {"channel": "C0L1", "user": "U0ANA", "text": "Only you"}
    local.client().chat_postEphemeral(**whisper, thread_ts=posted)
    assert ana.whispers()[-1]["thread_ts"] == posted

    assert local.refused("chat_postEphemeral", **whisper, thread_ts="1.000001")["error"] == "thread_not_found"


def test_an_ephemeral_message_can_be_neither_read_changed_nor_deleted(local: Local, posted: str) -> None:
    client = local.client()
    whisper: dict[str, Any] = {"channel": "C0L1", "user": "U0ANA", "text": "Only you"}
    in_channel = client.chat_postEphemeral(**whisper)["message_ts"]
    in_thread = client.chat_postEphemeral(**whisper, thread_ts=posted)["message_ts"]

    for ts in (in_channel, in_thread):
        assert local.refused("chat_update", channel="C0L1", ts=ts, text="Hi")["error"] == "message_not_found"
        assert local.refused("chat_delete", channel="C0L1", ts=ts)["error"] == "message_not_found"
        found = client.conversations_history(channel="C0L1")["messages"]
        found += client.conversations_replies(channel="C0L1", ts=posted)["messages"]
        assert ts not in [message["ts"] for message in found]


# --- metadata


def test_metadata_comes_back_whole_only_when_all_of_it_is_asked_for(local: Local) -> None:
    metadata = {"event_type": "card", "event_payload": {"issue": "42", "tags": ["a", "b"]}}
    client = local.client()
    ts = client.chat_postMessage(channel="C0L1", text="A card", metadata=metadata)["ts"]

    asked = client.conversations_history(channel="C0L1", limit=1, include_all_metadata=True)["messages"][0]
    assert asked["metadata"] == metadata
    unasked = client.conversations_history(channel="C0L1", limit=1)["messages"][0]
    assert unasked["metadata"] == {"event_type": "card"}
    thread = client.conversations_replies(channel="C0L1", ts=ts, include_all_metadata=True)["messages"]
    assert thread[0]["metadata"] == metadata


def test_update_keeps_metadata_unless_it_is_emptied(local: Local) -> None:
    client = local.client()
    metadata = {"event_type": "card", "event_payload": {"issue": "42"}}
    ts = client.chat_postMessage(channel="C0L1", text="A card", metadata=metadata)["ts"]

    client.chat_update(channel="C0L1", ts=ts, text="Changed")
    assert local.messages("C0L1")[-1]["metadata"] == metadata

    client.chat_update(channel="C0L1", ts=ts, text="Again", metadata={})
    assert "metadata" not in local.messages("C0L1")[-1]


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"event_type": "card", "event_payload": {"nested": {"a": 1}}}, "invalid_metadata_format"),
        ({"event_type": "card", "event_payload": {"Upper": "a"}}, "invalid_metadata_format"),
        ({"event_payload": {"a": 1}}, "invalid_metadata_format"),
        ({"event_type": "card", "event_payload": {"a": "x" * 2_000}}, "metadata_too_large"),
    ],
)
def test_metadata_slack_would_refuse_is_refused(local: Local, metadata: dict[str, Any], error: str) -> None:
    assert local.refused("chat_postMessage", channel="C0L1", text="Hi", metadata=metadata)["error"] == error


# --- reading


@pytest.fixture
def twelve(local: Local) -> Iterator[list[str]]:
    """The ts of twelve messages in #support-l3, oldest first."""
    client = local.client()
    yield [client.chat_postMessage(channel="C0L3", text=f"Message {number}")["ts"] for number in range(12)]
    for message in local.messages("C0L3"):
        if message.get("bot_id"):
            client.chat_delete(channel="C0L3", ts=message["ts"])


def test_history_comes_in_pages_newest_first_whatever_is_posted_meanwhile(local: Local, twelve: list[str]) -> None:
    client = local.client()
    first = client.conversations_history(channel="C0L3", limit=5)
    client.chat_postMessage(channel="C0L3", text="Between the pages")
    cursor = first["response_metadata"]["next_cursor"]
    second = client.conversations_history(channel="C0L3", limit=5, cursor=cursor)

    assert first["has_more"] is True
    found = [message["ts"] for message in itertools.chain(first["messages"], second["messages"])]
    assert found == twelve[:1:-1]


def test_the_sdk_pages_through_a_thread(local: Local, twelve: list[str]) -> None:
    client = local.client()
    replies = [
        client.chat_postMessage(channel="C0L3", text=f"Reply {number}", thread_ts=twelve[0])["ts"]
        for number in range(5)
    ]

    pages = [page.data for page in client.conversations_replies(channel="C0L3", ts=twelve[0], limit=2)]

    assert [message["ts"] for page in pages for message in page["messages"][1:]] == replies
    assert {page["messages"][0]["ts"] for page in pages} == {twelve[0]}
    assert [page["has_more"] for page in pages] == [True, True, False]


def test_a_thread_comes_by_the_thousand(local: Local, posted: str) -> None:
    client = local.client()
    for number in range(101):
        client.chat_postMessage(channel="C0L1", text=f"Reply {number}", thread_ts=posted)

    assert len(client.conversations_replies(channel="C0L1", ts=posted)["messages"]) == 102
    assert client.conversations_replies(channel="C0L1", ts=posted, limit=1_000)["ok"]
    refusal = local.refused("conversations_replies", channel="C0L1", ts=posted, limit=1_001)
    assert refusal["error"] == "invalid_limit"


def test_history_can_be_bounded(local: Local, twelve: list[str]) -> None:
    bounds: dict[str, Any] = {"channel": "C0L3", "oldest": twelve[2], "latest": twelve[5]}

    outside = local.client().conversations_history(**bounds)["messages"]
    inside = local.client().conversations_history(**bounds, inclusive=True)["messages"]

    assert [message["ts"] for message in outside] == [twelve[4], twelve[3]]
    assert [message["ts"] for message in inside] == [twelve[5], twelve[4], twelve[3], twelve[2]]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0GENERAL"}, "not_in_channel"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0L3", "limit": 1_000}, "invalid_limit"),
        ({"channel": "C0L3", "limit": 0}, "invalid_limit"),
        ({"channel": "C0L3", "cursor": "tomorrow"}, "invalid_cursor"),
        ({"channel": "C0L3", "oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"channel": "C0L3", "latest": "tomorrow"}, "invalid_ts_latest"),
    ],
)
def test_history_slack_would_refuse_is_refused(local: Local, arguments: dict[str, Any], error: str) -> None:
    assert local.refused("conversations_history", **arguments)["error"] == error


def test_a_thread_that_is_not_there_is_refused(local: Local) -> None:
    assert local.refused("conversations_replies", channel="C0L3", ts="1.000001")["error"] == "thread_not_found"


def test_a_permalink_leads_to_the_page_at_that_message(local: Local, ana: Person, posted: str) -> None:
    reply = ana.says("C0L1", "On it", thread_ts=posted)

    link = local.client().chat_getPermalink(channel="C0L1", message_ts=posted)["permalink"]
    assert link == f"{local.base}/archives/C0L1/p{posted.replace('.', '')}"
    link = local.client().chat_getPermalink(channel="C0L1", message_ts=reply)["permalink"]
    assert link.endswith(f"?thread_ts={posted}&cid=C0L1")
    refusal = local.refused("chat_getPermalink", channel="C0L1", message_ts="1.000001")
    assert refusal["error"] == "message_not_found"


# --- reactions


def test_a_reaction_is_put_and_taken(local: Local, ana: Person, posted: str) -> None:
    client = local.client()
    client.reactions_add(channel="C0L1", timestamp=posted, name="eyes")
    ana.does("react", channel="C0L1", ts=posted, name="eyes")

    seen = client.reactions_get(channel="C0L1", timestamp=posted)["message"]["reactions"]
    assert seen == [{"name": "eyes", "users": ["U0BOT", "U0ANA"], "count": 2}]
    assert local.refused("reactions_add", channel="C0L1", timestamp=posted, name="eyes")["error"] == "already_reacted"

    client.reactions_remove(channel="C0L1", timestamp=posted, name="eyes")
    ana.does("react", channel="C0L1", ts=posted, name="eyes", remove=True)
    assert "reactions" not in client.reactions_get(channel="C0L1", timestamp=posted)["message"]
    assert local.refused("reactions_remove", channel="C0L1", timestamp=posted, name="eyes")["error"] == "no_reaction"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": "Not A Name"}, "invalid_name"),
        ({"name": "no_such_emoji"}, "invalid_name"),
        ({"name": "wave::skin-tone-9"}, "invalid_name"),
        ({"name": "flag-germany"}, "invalid_name"),
        ({"timestamp": "1.000001"}, "message_not_found"),
        ({"channel": "C0GENERAL"}, "not_in_channel"),
    ],
)
def test_a_reaction_slack_would_refuse_is_refused(
    local: Local, posted: str, arguments: dict[str, Any], error: str
) -> None:
    given = {"channel": "C0L1", "timestamp": posted, "name": "eyes"} | arguments

    assert local.refused("reactions_add", **given)["error"] == error


@pytest.mark.parametrize("name", ["+1", "thumbsup", ":eyes:", "wave::skin-tone-3", "flag-de", "white_check_mark"])
def test_every_emoji_of_the_page_can_be_a_reaction(local: Local, posted: str, name: str) -> None:
    assert local.client().reactions_add(channel="C0L1", timestamp=posted, name=name)["ok"]


def test_reactions_have_their_limits(local: Local, ana: Person, posted: str) -> None:
    flags = [f"flag-a{letter}" for letter in string.ascii_lowercase] + [f"flag-b{x}" for x in string.ascii_lowercase]
    place = {"channel": "C0L1", "timestamp": posted}
    for name in flags[:23]:
        local.client().reactions_add(**place, name=name)
    assert local.refused("reactions_add", **place, name="eyes")["error"] == "too_many_reactions"

    for name in flags[23:46]:
        ana.does("react", channel="C0L1", ts=posted, name=name)
    for name in flags[46:50]:
        local.person("U0BEN").does("react", channel="C0L1", ts=posted, name=name)
    ben = {"channel": "C0L1", "ts": posted}
    assert local.person("U0BEN").is_refused("react", **ben, name="eyes")["error"] == "too_many_emoji"
    local.person("U0BEN").does("react", **ben, name=flags[0])


# --- channels and people


def test_conversations_say_whether_the_app_is_in_them(local: Local) -> None:
    client = local.client()

    assert client.conversations_info(channel="C0L1")["channel"]["is_member"] is True
    assert client.conversations_info(channel="C0GENERAL")["channel"]["is_member"] is False
    names = {
        channel["name"]: channel["is_member"]
        for page in client.conversations_list(types="public_channel,private_channel", limit=3)
        for channel in page["channels"]
    }
    assert names["it-managers"] is True
    assert names["random"] is False
    assert len(names) == 7
    own = client.users_conversations(types="public_channel")["channels"]
    assert {channel["name"] for channel in own} == {"it-help", "support-l1", "support-l2", "support-l3"}


def test_members_come_in_pages(local: Local) -> None:
    pages = local.client().conversations_members(channel="C0ITHELP", limit=4)

    members = [member for page in pages for member in page["members"]]
    assert len(members) == len(set(members)) == 10


def test_who_left_the_company_is_a_member_of_no_channel(local: Local) -> None:
    local.control("users", user="U0LENA", deleted=True)
    try:
        assert "U0LENA" not in local.client().conversations_members(channel="C0ITHELP")["members"]
    finally:
        local.control("users", user="U0LENA", deleted=False)
    assert "U0LENA" in local.client().conversations_members(channel="C0ITHELP")["members"]


def test_an_app_joins_and_leaves_a_public_channel(local: Local, bot: Bot) -> None:
    client = local.client()
    client.conversations_join(channel="C0RANDOM")
    try:
        assert bot.hears("event", type="member_joined_channel", channel="C0RANDOM")["event"]["user"] == "U0BOT"
        client.chat_postMessage(channel="C0RANDOM", text="Hello all")
    finally:
        local.person("U0MAYA").does("kick", channel="C0RANDOM", member="U0BOT")
    assert local.refused("chat_postMessage", channel="C0RANDOM", text="Hi")["error"] == "not_in_channel"


def test_an_app_may_leave_a_channel_by_itself(local: Local, bot: Bot) -> None:
    client = local.client()
    client.conversations_join(channel="C0RANDOM")

    client.conversations_leave(channel="C0RANDOM")

    assert bot.hears("event", type="member_left_channel", channel="C0RANDOM")["event"]["user"] == "U0BOT"
    assert client.conversations_info(channel="C0RANDOM")["channel"]["is_member"] is False
    assert client.conversations_leave(channel="C0RANDOM")["not_in_channel"] is True


def test_api_test_gives_back_what_it_got_to_anybody(local: Local) -> None:
    assert local.client(None).api_test(foo="bar")["args"]["foo"] == "bar"


def test_people_are_found_by_their_address(local: Local) -> None:
    found = local.client().users_lookupByEmail(email="Maya@northwind.example")["user"]
    assert (found["id"], found["profile"]["email"]) == ("U0MAYA", "maya@northwind.example")

    for nobody in ("nobody@northwind.example", "escalator@northwind.example"):
        assert local.refused("users_lookupByEmail", email=nobody)["error"] == "users_not_found"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("conversations_join", {"channel": "C0MGMT"}, "method_not_supported_for_channel_type"),
        ("conversations_open", {"users": ""}, "users_list_not_supplied"),
        ("conversations_open", {"users": "U0NOBODY"}, "user_not_found"),
        ("conversations_open", {"users": "U0ANA,U0BEN"}, "method_not_supported_for_channel_type"),
        ("conversations_open", {"channel": "C0L1"}, "method_not_supported_for_channel_type"),
        ("conversations_open", {"channel": "C0NOWHERE"}, "channel_not_found"),
        ("conversations_list", {"types": "secret_channel"}, "invalid_types"),
        ("conversations_members", {"channel": "C0NOWHERE"}, "channel_not_found"),
        ("users_info", {"user": "U0NOBODY"}, "user_not_found"),
        ("usergroups_users_list", {"usergroup": "S0NONE"}, "no_such_subteam"),
        ("bots_info", {"bot": "B0OTHER"}, "bot_not_found"),
        ("conversations_leave", {"channel": "D0MAYA"}, "method_not_supported_for_channel_type"),
        ("files_info", {"file": "F0NONE"}, "file_not_found"),
    ],
)
def test_what_is_not_there_is_refused(local: Local, method: str, arguments: dict[str, Any], error: str) -> None:
    local.client().conversations_open(users="U0MAYA")  # D0MAYA is there, whatever ran before
    assert local.refused(method, **arguments)["error"] == error


def test_people_have_time_zones(local: Local) -> None:
    chen = local.client().users_info(user="U0CHEN", include_locale=True)["user"]

    assert (chen["tz"], chen["tz_offset"], chen["real_name"]) == ("Asia/Singapore", 28_800, "Chen Wei")
    assert chen["profile"]["email"] == "chen@northwind.example"
    assert chen["locale"] == "en-US"
    members = [member["id"] for page in local.client().users_list(limit=4) for member in page["members"]]
    assert len(members) == 10


def test_user_groups_are_listed_with_their_members(local: Local) -> None:
    client = local.client()

    assert client.usergroups_list(include_users=True)["usergroups"][0]["users"] == ["U0DANA", "U0EMIL"]
    assert client.usergroups_users_list(usergroup="S0ONCALL")["users"] == ["U0DANA", "U0EMIL"]


# --- files


def test_a_file_is_uploaded_in_slacks_three_steps(local: Local) -> None:
    local.client().files_upload_v2(
        channel="C0L1", filename="log.txt", content="a line", title="The log", initial_comment="See this"
    )

    message = local.messages("C0L1")[-1]
    assert (message["text"], message["files"][0]["title"], message["files"][0]["size"]) == ("See this", "The log", 6)


def test_an_upload_to_a_channel_the_app_is_not_in_is_refused(local: Local) -> None:
    upload = {"channel": "C0GENERAL", "filename": "log.txt", "content": "a line"}

    assert local.refused("files_upload_v2", **upload)["error"] == "not_in_channel"


def test_an_uploaded_picture_is_a_picture(local: Local) -> None:
    local.client().files_upload_v2(channel="C0L1", filename="shot.png", content=b"\x89PNG")

    file = local.messages("C0L1")[-1]["files"][0]
    assert (file["mimetype"], file["filetype"]) == ("image/png", "png")
    request = urllib.request.Request(file["url_private"], headers={"authorization": "Bearer xoxb-playground-bot"})
    with urllib.request.urlopen(request) as picture:
        assert (picture.headers["content-type"], picture.headers["content-disposition"]) == ("image/png", "inline")


def upload(local: Local, content: bytes = b"a line", **promised: Any) -> tuple[str, str]:
    """(file id, what the upload address answers) of the first two steps."""
    promise = {"filename": "log.txt", "length": 6, **promised}
    answer = local.client().files_getUploadURLExternal(**promise)
    try:
        with urllib.request.urlopen(urllib.request.Request(answer["upload_url"], content)) as said:
            return answer["file_id"], said.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return answer["file_id"], refusal.read().decode()


def test_an_upload_of_another_length_is_refused(local: Local) -> None:
    file_id, said = upload(local, b"a longer line")

    assert said == "file_upload_size_mismatch"
    refusal = local.refused("files_completeUploadExternal", files=[{"id": file_id}], channel_id="C0L1")
    assert refusal["error"] == "file_not_found"


def test_an_upload_is_completed_once(local: Local) -> None:
    file_id, said = upload(local)
    assert said == "OK - 6"
    completion: dict[str, Any] = {"files": [{"id": file_id}], "channel_id": "C0L1"}
    assert local.refused("files_completeUploadExternal", **completion, thread_ts="1.000001")["error"] == (
        "thread_not_found"
    ), "what was refused changes nothing"
    local.client().files_completeUploadExternal(**completion)
    before = local.messages("C0L1")

    assert local.refused("files_completeUploadExternal", **completion)["error"] == "file_not_found"
    assert local.messages("C0L1") == before


def test_what_is_too_much_for_an_upload_is_refused(local: Local) -> None:
    long = {"filename": "a.png", "length": 1, "alt_txt": "x" * 1_001}
    assert local.refused("files_getUploadURLExternal", **long)["error"] == "alt_txt_too_large"
    many = {"files": [{"id": "F1"}], "channels": ["C0L1"] * 101}
    assert local.refused("files_completeUploadExternal", **many)["error"] == "channels_limit_exceeded"


def test_an_upload_without_its_bytes_cannot_be_completed(local: Local) -> None:
    promised = local.client().files_getUploadURLExternal(filename="log.txt", length=6)

    refusal = local.refused("files_completeUploadExternal", files=[{"id": promised["file_id"]}], channel_id="C0L1")
    assert refusal["error"] == "file_not_found"
