"""Scopes and subscriptions come from the manifest."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from playground.manifest import parse
from tests.playground.workspace import MANIFEST, Bot, Local, actions, button

CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("chat_postMessage", {"channel": "C0L1", "text": "Hi"}, "chat:write"),
    ("chat_update", {"channel": "C0L1", "ts": "1.0", "text": "Hi"}, "chat:write"),
    ("chat_delete", {"channel": "C0L1", "ts": "1.0"}, "chat:write"),
    ("chat_postEphemeral", {"channel": "C0L1", "user": "U0ANA", "text": "Hi"}, "chat:write"),
    ("conversations_info", {"channel": "C0L1"}, "channels:read"),
    ("conversations_info", {"channel": "C0MGMT"}, "groups:read"),
    ("conversations_members", {"channel": "C0L1"}, "channels:read"),
    ("conversations_list", {}, "channels:read"),
    ("conversations_list", {"types": "private_channel"}, "groups:read"),
    ("users_conversations", {"types": "im"}, "im:read"),
    ("conversations_history", {"channel": "C0L1"}, "channels:history"),
    ("conversations_history", {"channel": "C0MGMT"}, "groups:history"),
    ("conversations_replies", {"channel": "C0L1", "ts": "1.0"}, "channels:history"),
    ("conversations_open", {"users": "U0MAYA"}, "im:write"),
    ("conversations_join", {"channel": "C0RANDOM"}, "channels:join"),
    ("users_info", {"user": "U0MAYA"}, "users:read"),
    ("users_list", {}, "users:read"),
    ("users_lookupByEmail", {"email": "maya@northwind.example"}, "users:read.email"),
    ("bots_info", {}, "users:read"),
    ("conversations_leave", {"channel": "C0L1"}, "channels:manage,groups:write"),
    ("usergroups_list", {}, "usergroups:read"),
    ("usergroups_users_list", {"usergroup": "S0ONCALL"}, "usergroups:read"),
    ("reactions_add", {"channel": "C0L1", "timestamp": "1.0", "name": "eyes"}, "reactions:write"),
    ("reactions_remove", {"channel": "C0L1", "timestamp": "1.0", "name": "eyes"}, "reactions:write"),
    ("reactions_get", {"channel": "C0L1", "timestamp": "1.0"}, "reactions:read"),
    ("files_getUploadURLExternal", {"filename": "a.txt", "length": 1}, "files:write"),
    ("files_completeUploadExternal", {"files": [{"id": "F1"}]}, "files:write"),
    ("files_info", {"file": "F1"}, "files:read"),
    ("team_info", {}, "team:read"),
]


@pytest.mark.parametrize(("method", "arguments", "needed"), CALLS)
def test_a_call_without_its_scope_is_refused(poor: Local, method: str, arguments: dict[str, Any], needed: str) -> None:
    poor.control("limits", enabled=False)
    refusal = poor.refused(method, **arguments)

    assert (refusal["error"], refusal["needed"], refusal["provided"]) == ("missing_scope", needed, "")


def test_the_refusal_names_what_was_provided(local: Local) -> None:
    refusal = local.refused("team_info")

    assert (refusal["error"], refusal["needed"]) == ("missing_scope", "team:read")
    assert refusal["provided"].split(",") == sorted(MANIFEST.scopes)


def test_optional_scopes_count_as_granted() -> None:
    manifest = parse({
        "display_information": {"name": "A"},
        "oauth_config": {"scopes": {"bot": ["chat:write"], "bot_optional": ["files:read"]}},
    })  # fmt: skip

    assert manifest.scopes == {"chat:write", "files:read"}


def test_addresses_are_shown_to_an_app_that_may_read_them_only() -> None:
    local = Local(replace(MANIFEST, scopes=MANIFEST.scopes - {"users:read.email"}))
    try:
        assert "email" not in local.client().users_info(user="U0MAYA")["user"]["profile"]
        assert "email" not in str(local.client().users_list()["members"])
    finally:
        local.stop()


def test_an_app_with_chat_write_public_posts_where_it_is_not_a_member() -> None:
    local = Local(replace(MANIFEST, scopes=frozenset({"chat:write", "chat:write.public"})))
    try:
        local.client().chat_postMessage(channel="C0GENERAL", text="Hello")
        assert local.messages("C0GENERAL")[-1]["text"] == "Hello"
    finally:
        local.stop()


def test_without_socket_mode_in_the_manifest_there_is_no_socket() -> None:
    local = Local(replace(MANIFEST, socket_mode=False))
    try:
        assert local.refused("apps_connections_open", app_token="xapp-playground-app")["error"] == "forbidden_team"
    finally:
        local.stop()


def test_home_and_messages_tabs_are_off_unless_the_manifest_has_them() -> None:
    local = Local(replace(MANIFEST, home_tab=False, messages_tab=False))
    try:
        home = {"type": "home", "blocks": []}
        assert local.refused("views_publish", user_id="U0MAYA", view=home)["error"] == "not_enabled"
        assert local.refused("chat_postMessage", channel="U0MAYA", text="Hi")["error"] == "messages_tab_disabled"
        maya = local.person("U0MAYA")
        assert maya.is_refused("home", tab="home")["error"] == "not_enabled"
        assert maya.is_refused("message", channel="@U0BOT", text="Hi")["error"] == "messages_tab_disabled"
    finally:
        local.stop()


def test_commands_and_shortcuts_need_their_scope() -> None:
    local = Local(replace(MANIFEST, scopes=MANIFEST.scopes - {"commands"}))
    try:
        maya = local.person("U0MAYA")
        ts = maya.says("C0ITHELP", "VPN is down")
        assert maya.is_refused("command", channel="C0ITHELP", command="/try")["error"] == "unknown_command"
        assert maya.is_refused("shortcut", callback_id="try_global")["error"] == "unknown_shortcut"
        on_message = {"callback_id": "try_message", "channel": "C0ITHELP", "ts": ts}
        assert maya.is_refused("shortcut", **on_message)["error"] == "unknown_shortcut"
        _, overview = local.call("GET", "/_page/workspace")
        assert (overview["commands"], overview["shortcuts"]) == ([], [])
    finally:
        local.stop()


def test_clicks_need_interactivity_in_the_manifest() -> None:
    local = Local(replace(MANIFEST, interactive=False))
    try:
        blocks = [actions(button(), block_id="row")]
        ts = local.client().chat_postMessage(channel="C0ITHELP", text="A card", blocks=blocks)["ts"]
        click = {"container": {"type": "message", "channel": "C0ITHELP", "ts": ts}}
        refusal = local.person("U0MAYA").is_refused("action", **click, block_id="row", action_id="go")
        assert refusal["error"] == "not_interactive"
    finally:
        local.stop()


def test_a_read_only_messages_tab_takes_no_messages() -> None:
    local = Local(replace(MANIFEST, messages_read_only=True))
    try:
        local.client().chat_postMessage(channel="U0MAYA", text="The app may still write")
        maya = local.person("U0MAYA")
        assert maya.is_refused("message", channel="D0MAYA", text="Hi")["error"] == "messages_tab_read_only"
        maya.says("@U0TOM", "as between people")
    finally:
        local.stop()


# --- events


@pytest.fixture(scope="module")
def hard_of_hearing() -> Iterator[tuple[Local, Bot]]:
    """Subscribed to channel messages and mentions, granted the scope of the first; and to reactions, without scope."""
    events = frozenset({"message.channels", "app_mention", "reaction_added", "message.im"})
    scopes = frozenset({"channels:history", "channels:read", "chat:write"})
    local = Local(replace(MANIFEST, events=events, scopes=scopes))
    bot = Bot(local)
    yield local, bot
    local.stop()
    bot.close()


def test_only_events_subscribed_to_and_allowed_are_delivered(hard_of_hearing: tuple[Local, Bot]) -> None:
    local, bot = hard_of_hearing
    ana = local.person("U0ANA")
    bot.forget()

    ts = ana.says("C0L1", "@Poor @Escalator hello")  # a mention, whose scope is missing
    ana.does("react", channel="C0L1", ts=ts, name="eyes")  # subscribed, scope missing
    ana.says("@U0BOT", "privately")  # the same
    ana.does("join", channel="C0L2")  # not subscribed to: only its message is heard
    ana.does("leave", channel="C0L2")
    last = ana.says("C0L1", "the last")

    bot.hears("event", ts=last)
    events = [body["event"] for body in bot.heard("event")]
    assert [(event["type"], event.get("subtype")) for event in events] == [
        ("message", None),
        ("message", "channel_join"),
        ("message", "channel_leave"),
        ("message", None),
    ]
