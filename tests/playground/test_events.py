"""Events: what is said and done reaches the app in Slack's shapes, and again when it was not heard."""

from typing import Any

import pytest

from tests.playground.workspace import PATIENCE, Bot, Json, Local, Person, plain


@pytest.fixture
def posted(local: Local) -> str:
    ts: str = local.client().chat_postMessage(channel="C0L1", text="A card")["ts"]
    return ts


def test_a_message_carries_what_slack_sends(bot: Bot, ana: Person) -> None:
    ts = ana.says("C0L1", "VPN & mail are *down*, @Ben Carter @here @it-oncall :eyes: `@ben` me@x.example")

    body = bot.hears("event", ts=ts)
    assert {key: body[key] for key in ("type", "team_id", "api_app_id")} == {
        "type": "event_callback", "team_id": "T0PLAY", "api_app_id": "A0PLAY",
    }  # fmt: skip
    assert body["authorizations"][0]["user_id"] == "U0BOT"
    event = body["event"]
    assert event["text"] == (
        "VPN &amp; mail are *down*, <@U0BEN> <!here> <!subteam^S0ONCALL> :eyes: `@ben` "
        "<mailto:me@x.example|me@x.example>"
    )
    assert (event["channel_type"], event["user"], event["event_ts"]) == ("channel", "U0ANA", ts)
    assert event["client_msg_id"]
    kinds = [element["type"] for element in event["blocks"][0]["elements"][0]["elements"]]
    assert kinds == [
        "text", "user", "text", "broadcast", "text", "usergroup", "text", "emoji", "text", "link",
    ]  # fmt: skip


def test_a_reply_names_its_thread(bot: Bot, ana: Person, posted: str) -> None:
    ts = ana.says("C0L1", "Any news?", thread_ts=posted)

    event = bot.hears("event", ts=ts)["event"]
    assert (event["thread_ts"], event["parent_user_id"]) == (posted, "U0BOT")


def test_a_reply_sent_to_the_channel_too_carries_its_root(bot: Bot, ana: Person, posted: str) -> None:
    ts = ana.says("C0L1", "Fixed", thread_ts=posted, broadcast=True)

    event = bot.hears("event", ts=ts)["event"]
    assert (event["subtype"], event["root"]["ts"], event["root"]["reply_count"]) == ("thread_broadcast", posted, 1)


def test_a_mention_is_two_events_of_one_ts(bot: Bot, ana: Person, posted: str) -> None:
    ts = ana.says("C0L1", "@Escalator claim", thread_ts=posted)

    mention = bot.hears("event", type="app_mention")
    message = bot.hears("event", type="message", ts=ts)
    assert (mention["event"]["text"], mention["event"]["ts"]) == ("<@U0BOT> claim", ts)
    assert mention["event"]["thread_ts"] == posted
    assert mention["event_id"] != message["event_id"]


def test_direct_messages_are_of_their_own_type_and_mention_nobody(bot: Bot, maya: Person) -> None:
    ts = maya.says("@U0BOT", "@Escalator hello")
    last = maya.says("@U0BOT", "bye")

    assert bot.hears("event", ts=ts)["event"]["channel_type"] == "im"
    bot.hears("event", ts=last)
    assert "app_mention" not in [body["event"]["type"] for body in bot.heard("event")]


def test_private_channels_are_groups(bot: Bot) -> None:
    ts = bot.local.person("U0FAY").says("C0MGMT", "Hello")

    assert bot.hears("event", ts=ts)["event"]["channel_type"] == "group"


def test_where_the_app_is_not_it_hears_nothing(bot: Bot, maya: Person) -> None:
    maya.says("C0GENERAL", "@Escalator are you there?")
    maya.says("@U0TOM", "Psst")
    last = maya.says("C0ITHELP", "the last")

    bot.hears("event", ts=last)
    assert [body["event"]["channel"] for body in bot.heard("event")] == ["C0ITHELP"]


def test_an_edit_tells_before_and_after(bot: Bot, ana: Person) -> None:
    ts = ana.says("C0L1", "VNP is down")
    ana.does("edit", channel="C0L1", ts=ts, text="VPN is down")

    event = bot.hears("event", subtype="message_changed")["event"]
    assert (event["message"]["text"], event["previous_message"]["text"]) == ("VPN is down", "VNP is down")
    assert (event["message"]["ts"], event["message"]["edited"]["user"], event["hidden"]) == (ts, "U0ANA", True)
    assert event["ts"] != ts


def test_a_deletion_tells_what_was_there(bot: Bot, ana: Person) -> None:
    ts = ana.says("C0L1", "Never mind")
    ana.does("delete", channel="C0L1", ts=ts)

    event = bot.hears("event", subtype="message_deleted")["event"]
    assert (event["deleted_ts"], event["previous_message"]["text"]) == (ts, "Never mind")


def test_a_deleted_root_changes_into_a_tombstone(bot: Bot, ana: Person) -> None:
    ts = ana.says("C0L1", "Root")
    ana.says("C0L1", "Reply", thread_ts=ts)
    ana.does("delete", channel="C0L1", ts=ts)

    event = bot.hears("event", subtype="message_changed")["event"]
    assert (event["message"]["subtype"], event["previous_message"]["text"]) == ("tombstone", "Root")


def test_a_shared_file_comes_with_its_address(local: Local, bot: Bot, ana: Person) -> None:
    file = {"name": "log.txt", "mimetype": "text/plain", "content_base64": "YSBsaW5l"}
    ts = ana.says("C0L1", "See this", files=[file])

    event = bot.hears("event", ts=ts)["event"]
    assert (event["subtype"], event["files"][0]["name"], event["files"][0]["size"]) == ("file_share", "log.txt", 6)
    assert event["files"][0]["url_private"].startswith(local.base)


def test_a_reaction_tells_where(bot: Bot, ana: Person, posted: str) -> None:
    ana.does("react", channel="C0L1", ts=posted, name="eyes")

    event = bot.hears("event", type="reaction_added")["event"]
    assert (event["user"], event["reaction"], event["item_user"]) == ("U0ANA", "eyes", "U0BOT")
    assert event["item"] == {"type": "message", "channel": "C0L1", "ts": posted}

    ana.does("react", channel="C0L1", ts=posted, name="eyes", remove=True)
    taken = bot.hears("event", type="reaction_removed")["event"]
    assert taken == event | {"type": "reaction_removed", "event_ts": taken["event_ts"]}


def test_joining_and_leaving_are_told(bot: Bot, maya: Person, ana: Person) -> None:
    ana.does("invite", channel="C0L1", member="U0MAYA")
    maya.does("leave", channel="C0L1")

    joined = bot.hears("event", type="member_joined_channel")["event"]
    assert (joined["user"], joined["channel"], joined["channel_type"], joined["inviter"]) == (
        "U0MAYA",
        "C0L1",
        "C",
        "U0ANA",
    )
    assert bot.hears("event", subtype="channel_join")["event"]["user"] == "U0MAYA"
    assert bot.hears("event", type="member_left_channel")["event"]["user"] == "U0MAYA"


def test_archiving_and_leaving_the_company_are_told(local: Local, bot: Bot) -> None:
    emil = local.person("U0EMIL")
    emil.does("archive", channel="C0L3", archived=True)
    emil.does("archive", channel="C0L3", archived=False)
    archived = bot.hears("event", type="channel_archive")["event"]
    restored = bot.hears("event", type="channel_unarchive")["event"]
    assert (archived["channel"], archived["user"]) == (restored["channel"], restored["user"]) == ("C0L3", "U0EMIL")
    assert archived["event_ts"] < restored["event_ts"]

    local.control("users", user="U0LENA", deleted=True)
    local.control("users", user="U0LENA", deleted=False)
    assert bot.hears("event", type="user_change")["event"]["user"]["id"] == "U0LENA"


def test_a_new_name_and_a_new_id_are_told(local: Local, bot: Bot) -> None:
    try:
        local.control("channels", channel="C0L1", name="first-line", new_id="C0NEW")
        renamed = bot.hears("event", type="channel_rename")["event"]
        assert (renamed["channel"]["id"], renamed["channel"]["name"]) == ("C0L1", "first-line")
        moved = bot.hears("event", type="channel_id_changed")["event"]
        assert (moved["old_channel_id"], moved["new_channel_id"]) == ("C0L1", "C0NEW")
    finally:
        local.control("channels", channel="C0NEW", new_id="C0L1", name="support-l1")


def changes_of_management(local: Local) -> None:
    """All that can happen to a private channel, done by its one person."""
    fay = local.person("U0FAY")
    fay.does("invite", channel="C0MGMT", member="U0ANA")
    fay.does("kick", channel="C0MGMT", member="U0ANA")
    fay.does("archive", channel="C0MGMT", archived=True)
    fay.does("archive", channel="C0MGMT", archived=False)
    local.control("channels", channel="C0MGMT", name="managers", new_id="G0MGMT")
    local.control("channels", channel="G0MGMT", name="it-managers", new_id="C0MGMT")


def kinds(bot: Bot) -> list[str]:
    return [body["event"]["type"] for body in bot.heard("event") if body["event"]["type"] != "message"]


def test_what_happens_to_a_private_channel_is_told_to_the_app_that_is_in_it(local: Local, bot: Bot) -> None:
    changes_of_management(local)

    archived = bot.hears("event", type="group_archive")["event"]
    assert (archived["channel"], archived["user"]) == ("C0MGMT", "U0FAY")
    bot.hears("event", type="channel_id_changed", new_channel_id="C0MGMT")
    assert kinds(bot) == [
        "member_joined_channel", "member_left_channel", "group_archive", "group_unarchive", "group_rename",
        "channel_id_changed", "group_rename", "channel_id_changed",
    ]  # fmt: skip
    assert bot.hears("event", type="member_joined_channel")["event"]["channel_type"] == "G"


def test_what_happens_to_a_private_channel_is_not_told_to_an_app_outside(local: Local, bot: Bot) -> None:
    fay = local.person("U0FAY")
    fay.does("kick", channel="C0MGMT", member="U0BOT")
    try:
        assert bot.hears("event", type="member_left_channel")["event"]["user"] == "U0BOT", "its own end it still hears"
        bot.forget()
        changes_of_management(local)
        last = local.person("U0ANA").says("C0L1", "the last")
        bot.hears("event", ts=last)
        assert kinds(bot) == []
    finally:
        fay.does("invite", channel="C0MGMT", member="U0BOT")
    assert bot.hears("event", type="member_joined_channel")["event"]["user"] == "U0BOT"


def test_opening_the_messages_tab_is_told_without_a_view(bot: Bot) -> None:
    bot.local.client().views_publish(user_id="U0DANA", view={"type": "home", "blocks": []})
    bot.local.person("U0DANA").does("home", tab="messages")

    event = bot.hears("event", type="app_home_opened")["event"]
    assert event == {
        "type": "app_home_opened", "user": "U0DANA", "channel": "D0DANA", "tab": "messages",
        "event_ts": event["event_ts"],
    }  # fmt: skip


def test_an_apps_own_message_is_an_event_too(local: Local, ana: Person) -> None:
    # Bolt drops it, so the log of deliveries is asked
    before = len(local.look("acks")["acks"])
    local.client().chat_postMessage(channel="C0L1", text="A card")

    assert [ack["name"] for ack in local.look("acks")["acks"][before:]] == ["message"]


# --- again


def unheard(count: int) -> Any:
    """An event listener that leaves the first `count` deliveries of one message without ack."""
    left = [count]

    def listen(body: Json, **_: Any) -> None:
        if body["event"].get("text") == "Is anybody there?":
            left[0] -= 1
            if left[0] >= 0:
                raise RuntimeError("left without ack on purpose")

    return listen


def attempts(bot: Bot, ts: str) -> list[tuple[str, str, str]]:
    """(event_id, retry number, retry reason) of each delivery of one message."""
    return [
        (body["event_id"], headers["x-slack-retry-num"][0], headers["x-slack-retry-reason"][0])
        for (_, body), headers in zip(bot.seen, bot.headers, strict=True)
        if body.get("event", {}).get("ts") == ts
    ]


def wait_for_attempts(bot: Bot, ts: str, count: int) -> None:
    with bot.news:
        assert bot.news.wait_for(lambda: len(attempts(bot, ts)) >= count, PATIENCE)


def test_an_event_without_ack_comes_again_at_once_after_a_minute_and_after_five(
    local: Local, bot: Bot, ana: Person
) -> None:
    with bot.answering(event=unheard(4)):
        ts = ana.says("C0L1", "Is anybody there?")
        for number, pause in enumerate((0, 60, 300), start=1):
            wait_for_attempts(bot, ts, number)
            if pause:
                local.advance(3.1 + pause - 5)
                assert local.look(f"acks?wait={PATIENCE}")["settled"]
                assert len(attempts(bot, ts)) == number, "not yet"
            local.advance(5)
        wait_for_attempts(bot, ts, 4)
        local.advance(3.1)
        assert local.look(f"acks?wait={PATIENCE}")["settled"]
        local.advance(3600)

    last = ana.says("C0L1", "Hello?")
    bot.hears("event", ts=last)
    seen = attempts(bot, ts)
    assert [(number, reason) for _, number, reason in seen] == [
        ("0", ""),
        ("1", "timeout"),
        ("2", "timeout"),
        ("3", "timeout"),
    ]
    assert len({event_id for event_id, _, _ in seen}) == 1


def test_an_event_heard_at_the_second_attempt_does_not_come_again(local: Local, bot: Bot, ana: Person) -> None:
    with bot.answering(event=unheard(1)):
        ts = ana.says("C0L1", "Is anybody there?")
        wait_for_attempts(bot, ts, 1)
        local.advance(3.1)
        wait_for_attempts(bot, ts, 2)
        assert local.look(f"acks?wait={PATIENCE}")["settled"]
        local.advance(3600)

    last = ana.says("C0L1", "Hello?")
    bot.hears("event", ts=last)
    assert [number for _, number, _ in attempts(bot, ts)] == ["0", "1"]


def test_a_command_and_a_click_can_be_delivered_twice(local: Local, bot: Bot, ana: Person) -> None:
    blocks = [{"type": "actions", "elements": [{"type": "button", "action_id": "go", "text": plain("Go")}]}]
    card = local.client().chat_postMessage(channel="C0L1", text="A card", blocks=blocks)

    def twice(kind: str, key: str) -> None:
        first = bot.hears(kind)
        local.control("redeliver")
        with bot.news:
            assert bot.news.wait_for(lambda: len(bot.heard(kind)) == 2, PATIENCE)
        assert bot.heard(kind)[1] == first
        assert first[key]

    assert local.look("acks?wait=10")["settled"]
    ana.does("command", channel="C0L1", command="/try")
    twice("command", "trigger_id")
    ana.presses({**card["message"], "channel": "C0L1"}, "go")
    twice("action", "trigger_id")


def test_the_last_envelope_can_be_delivered_twice(local: Local, bot: Bot, ana: Person) -> None:
    ts = ana.says("C0L1", "Once")
    bot.hears("event", ts=ts)

    local.control("redeliver")
    wait_for_attempts(bot, ts, 2)

    assert len({event_id for event_id, _, _ in attempts(bot, ts)}) == 1


def test_an_earlier_envelope_can_be_delivered_twice_by_its_id(local: Local, bot: Bot, ana: Person) -> None:
    first = ana.says("C0L1", "Once")
    bot.hears("event", ts=first)
    earlier = local.look("acks")["acks"][-1]["envelope_id"]
    second = ana.says("C0L1", "Later")
    bot.hears("event", ts=second)

    assert local.control("redeliver", envelope_id=earlier)["envelope_id"] == earlier
    wait_for_attempts(bot, first, 2)

    assert len(attempts(bot, second)) == 1
    assert local.call("POST", "/_playground/redeliver", {"envelope_id": "nonsense"})[0] == 400
