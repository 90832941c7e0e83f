"""Commands, clicks, menus, shortcuts, response_url and the Home tab, over the real socket."""

import time
from typing import Any

import pytest
from slack_sdk.webhook import WebhookClient

from tests.playground.workspace import NO_ACK, Bot, Feed, Json, Local, Person, actions, button, mrkdwn, plain, section


def post(local: Local, *blocks: Json, channel: str = "C0L1") -> Json:
    """A message of the app, as the page sees it."""
    answer = local.client().chat_postMessage(channel=channel, text="A card", blocks=list(blocks))
    return {**answer["message"], "channel": answer["channel"]}


# --- slash commands


def test_a_command_carries_what_slack_sends(local: Local, bot: Bot, maya: Person) -> None:
    maya.does(
        "command", channel="C0ITHELP", command="/try", text="ask @ana in #support-l1 <now> https://example.com/a?b&c."
    )

    body = bot.hears("command")
    assert body["text"] == "ask <@U0ANA> in <#C0L1|support-l1> &lt;now&gt; <https://example.com/a?b&amp;c>."
    assert body["response_url"].startswith(f"{local.base}/hooks/commands/T0PLAY/")
    assert {key: body[key] for key in ("team_id", "channel_id", "channel_name", "user_id", "api_app_id")} == {
        "team_id": "T0PLAY", "channel_id": "C0ITHELP", "channel_name": "it-help", "user_id": "U0MAYA",
        "api_app_id": "A0PLAY",
    }  # fmt: skip
    assert "thread_ts" not in body


def test_a_command_without_should_escape_is_taken_as_typed(bot: Bot, maya: Person) -> None:
    maya.does("command", channel="C0ITHELP", command="/raw", text="@ana <now>")

    assert bot.hears("command")["text"] == "@ana <now>"


def test_channels_have_slacks_names_in_payloads(bot: Bot) -> None:
    fay = bot.local.person("U0FAY")
    fay.says("@U0BOT", "Hello")
    fay.does("command", channel="D0FAY", command="/try")
    fay.does("command", channel="C0MGMT", command="/try")

    assert [body["channel_name"] for body in bot.heard("command")] == ["directmessage", "privategroup"]


def test_an_answer_in_the_ack_is_seen_by_its_person_only(local: Local, bot: Bot, maya: Person) -> None:
    with bot.answering(command=lambda ack, **_: ack("Only for you")):
        maya.does("command", channel="C0ITHELP", command="/try")

    assert maya.whispers()[-1]["text"] == "Only for you"
    assert "Only for you" not in [message["text"] for message in local.messages("C0ITHELP")]


def test_an_answer_in_the_ack_may_be_for_all(local: Local, bot: Bot, maya: Person) -> None:
    with bot.answering(command=lambda ack, **_: ack("For all", response_type="in_channel")):
        maya.does("command", channel="C0ITHELP", command="/try")

    assert local.messages("C0ITHELP")[-1]["text"] == "For all"


def test_an_answer_slack_would_not_accept_is_the_persons_error(bot: Bot, maya: Person) -> None:
    with Feed(maya) as page, bot.answering(command=lambda ack, **_: ack(text="Hi", blocks=[{"type": "marquee"}])):
        refusal = maya.is_refused("command", channel="C0ITHELP", command="/try")

        assert refusal["message"] == '/try failed with the error "invalid_blocks"'
        assert page.next("notice")["text"] == refusal["message"]


def test_commands_do_not_work_in_threads(local: Local, bot: Bot, ana: Person) -> None:
    ts = post(local, section())["ts"]

    refusal = ana.is_refused("command", channel="C0L1", command="/try", thread_ts=ts)

    assert (refusal["error"], refusal["message"]) == ("not_in_threads", "/try is not supported in threads. Sorry!")
    assert bot.heard("command") == []


def test_an_unknown_command_and_a_channel_one_is_not_in_are_refused(bot: Bot, maya: Person) -> None:
    assert maya.is_refused("command", channel="C0ITHELP", command="/unknown")["error"] == "unknown_command"
    assert maya.is_refused("command", channel="C0L1", command="/try")["error"] == "not_in_channel"
    assert maya.is_refused("command", channel="C0MGMT", command="/try")["error"] == "channel_not_found"
    assert bot.heard("command") == []


# --- no ack


def test_no_ack_in_three_seconds_shows_the_person_slacks_error(local: Local, bot: Bot, maya: Person) -> None:
    def late(**_: Any) -> object:
        local.advance(3.1)
        return NO_ACK

    started = time.monotonic()
    with Feed(maya) as page, bot.answering(command=late):
        refusal = maya.is_refused("command", channel="C0ITHELP", command="/try")

        assert (refusal["error"], refusal["message"]) == (
            "operation_timeout",
            '/try failed with the error "operation_timeout"',
        )
        assert page.next("notice")["text"] == refusal["message"]
    assert time.monotonic() - started < 3  # the clock was moved, nobody waited


def test_an_ack_that_comes_late_is_counted_as_late(local: Local, bot: Bot, maya: Person) -> None:
    with bot.answering(command=lambda **_: local.advance(3.1)):
        maya.is_refused("command", channel="C0ITHELP", command="/try")
    local.until(lambda: local.look("acks")["acks"][-1]["latency_ms"] is not None)

    ack = local.look("acks")["acks"][-1]
    assert (ack["type"], ack["name"], ack["late"]) == ("slash_commands", "/try", True)
    assert ack["latency_ms"] > 3_000


def test_a_click_without_ack_is_an_error_too(local: Local, bot: Bot, ana: Person) -> None:
    message = post(local, actions(button(), block_id="row"))

    def late(**_: Any) -> object:
        local.advance(3.1)
        return NO_ACK

    container = {"type": "message", "channel": "C0L1", "ts": message["ts"]}
    with bot.answering(action=late):
        refusal = ana.is_refused("action", container=container, block_id="row", action_id="go")

    assert refusal["error"] == "operation_timeout"


# --- clicks


def test_a_click_carries_what_slack_sends(local: Local, bot: Bot, ana: Person) -> None:
    message = post(local, section(), actions(button(value="42|7", style="primary"), block_id="issue:42:v7"))

    ana.presses(message, "go")

    body = bot.hears("action")
    assert body["actions"][0].items() >= {
        "type": "button", "action_id": "go", "block_id": "issue:42:v7", "value": "42|7", "style": "primary",
        "text": plain("Go"),
    }.items()  # fmt: skip
    assert body["container"] == {
        "type": "message", "message_ts": message["ts"], "channel_id": "C0L1", "is_ephemeral": False,
    }  # fmt: skip
    assert body["message"]["text"] == "A card"
    assert (body["channel"], body["user"]["id"]) == ({"id": "C0L1", "name": "support-l1"}, "U0ANA")
    assert (body["trigger_id"], body["response_url"]) != ("", "")


def test_a_click_in_a_thread_names_the_thread(local: Local, bot: Bot, ana: Person) -> None:
    root = post(local, section())["ts"]
    client = local.client()
    reply = client.chat_postMessage(channel="C0L1", text="Sure?", thread_ts=root, blocks=[actions(button())])

    ana.presses({**reply["message"], "channel": "C0L1"}, "go")

    assert bot.hears("action")["container"]["thread_ts"] == root


def test_a_click_on_an_ephemeral_message_carries_no_message(local: Local, bot: Bot, ana: Person) -> None:
    local.client().chat_postEphemeral(channel="C0L1", user="U0ANA", text="Sure?", blocks=[actions(button())])

    ana.presses(ana.whispers()[-1], "go")

    body = bot.hears("action")
    assert body["container"]["is_ephemeral"] is True
    assert "message" not in body


def test_what_stands_in_an_attachment_works_as_well(local: Local, bot: Bot, ana: Person) -> None:
    menu = {"type": "static_select", "action_id": "how", "options": [{"text": plain("High"), "value": "high"}]}
    attachments: list[Json] = [{"text": "One"}, {"blocks": [actions(button(value="42"), menu, block_id="attached")]}]
    ts = local.client().chat_postMessage(channel="C0L1", text="A card", attachments=attachments)["ts"]
    place = {"container": {"type": "message", "channel": "C0L1", "ts": ts}, "block_id": "attached"}

    ana.does("action", **place, action_id="go")

    body = bot.hears("action")
    assert (body["actions"][0]["value"], body["message"]["ts"]) == ("42", ts)
    assert body["container"] == {
        "type": "message_attachment", "message_ts": ts, "channel_id": "C0L1", "is_ephemeral": False,
        "attachment_id": 2, "is_app_unfurl": False,
    }  # fmt: skip
    assert "how" in body["state"]["values"]["attached"]
    answer_at(bot, "action").send(text="Done", replace_original=True)
    assert "attachments" not in local.messages("C0L1")[-1]


def test_choices_in_a_message_are_its_state(local: Local, bot: Bot, ana: Person) -> None:
    options = [{"text": plain("High"), "value": "high"}, {"text": plain("Low"), "value": "low"}]
    menu = {"type": "static_select", "action_id": "how", "options": options, "initial_option": options[1]}
    picker = {"type": "datepicker", "action_id": "when"}
    message = post(local, actions(menu, picker, button(), block_id="row"))

    ana.presses(message, "go")
    before = bot.hears("action")["state"]["values"]["row"]
    bot.forget()
    ana.presses(message, "how", selected_option={"text": plain("forged"), "value": "high"})
    body = bot.hears("action")

    assert before == {
        "how": {"type": "static_select", "selected_option": options[1]},
        "when": {"type": "datepicker", "selected_date": None},
    }
    assert body["actions"][0]["selected_option"] == options[0]
    assert body["state"]["values"]["row"]["how"]["selected_option"] == options[0]


def test_an_overflow_gives_its_option(local: Local, bot: Bot, ana: Person) -> None:
    option = {"text": plain("Resolve"), "value": "resolve"}
    message = post(local, section(accessory={"type": "overflow", "action_id": "more", "options": [option]}))

    ana.presses(message, "more", selected_option=option)

    assert bot.hears("action")["actions"][0]["selected_option"] == option


@pytest.mark.parametrize(
    ("where", "chosen", "error"),
    [
        ({"action_id": "gone"}, {}, "unknown_action"),
        ({"block_id": "gone"}, {}, "unknown_action"),
        ({"action_id": "how"}, {"selected_option": {"value": "forged"}}, "unknown_option"),
        ({"action_id": "how"}, {"selected_option": "high"}, "unknown_option"),
        ({"action_id": "more"}, {"selected_option": {"value": "forged"}}, "unknown_option"),
        ({"action_id": "more"}, {}, "unknown_option"),
        ({"container": {"type": "message", "channel": "C0L1", "ts": "1.000001"}}, {}, "message_not_found"),
        ({"container": {"type": "message", "channel": "C0MGMT", "ts": "1.000001"}}, {}, "channel_not_found"),
        ({"container": {"type": "view", "view_id": "V0"}}, {}, "view_not_found"),
        ({"container": {"type": "ephemeral", "channel": "C0L1", "ts": "1.000001"}}, {}, "message_not_found"),
    ],
)
def test_a_click_on_what_is_not_there_is_refused(bot: Bot, ana: Person, where: Json, chosen: Json, error: str) -> None:
    menu = {"type": "static_select", "action_id": "how", "options": [{"text": plain("High"), "value": "high"}]}
    more = {"type": "overflow", "action_id": "more", "options": menu["options"]}
    message = post(bot.local, actions(button(), menu, more, block_id="row"))
    container = {"type": "message", "channel": "C0L1", "ts": message["ts"]}
    place = {"container": container, "block_id": "row", "action_id": "go"} | where

    assert ana.is_refused("action", **place, **chosen)["error"] == error
    assert bot.heard("action") == []


# --- external selects

OFFERED = [{"text": plain("VPN"), "value": "vpn"}, {"text": plain("Mail"), "value": "mail"}]


@pytest.fixture
def menu(local: Local) -> Json:
    external = {"type": "external_select", "action_id": "service", "min_query_length": 0}
    message = post(local, section(accessory=external, block_id="row"))
    container = {"type": "message", "channel": "C0L1", "ts": message["ts"]}
    return {"container": container, "block_id": "row", "action_id": "service"}


def test_an_external_select_asks_the_app(bot: Bot, ana: Person, menu: Json) -> None:
    with bot.answering(options=lambda ack, **_: ack(options=OFFERED)):
        answer = ana.does("options", **menu, value="v")

    assert answer["options"] == OFFERED
    body = bot.hears("options")
    assert (body["type"], body["value"], body["action_id"]) == ("block_suggestion", "v", "service")
    assert body["message"]["ts"] == menu["container"]["ts"]


def test_an_external_select_may_offer_groups(bot: Bot, ana: Person, menu: Json) -> None:
    groups = [{"label": plain("Network"), "options": OFFERED}]
    with bot.answering(options=lambda ack, **_: ack(option_groups=groups)):
        assert ana.does("options", **menu, value="")["option_groups"] == groups


@pytest.mark.parametrize(
    "offered", [OFFERED * 51, [{"text": mrkdwn("VPN"), "value": "vpn"}], [{"text": plain("x" * 76), "value": "a"}]]
)
def test_choices_slack_would_not_accept_are_refused(bot: Bot, ana: Person, menu: Json, offered: list[Json]) -> None:
    with bot.answering(options=lambda ack, **_: ack(options=offered)):
        assert ana.is_refused("options", **menu, value="")["error"] == "invalid_arguments"


# --- shortcuts


def test_a_global_shortcut_has_a_trigger_and_no_channel(bot: Bot, maya: Person) -> None:
    maya.does("shortcut", callback_id="try_global")

    body = bot.hears("shortcut")
    assert (body["type"], body["callback_id"]) == ("shortcut", "try_global")
    assert body["trigger_id"]
    assert "channel" not in body
    assert "response_url" not in body


def test_a_message_shortcut_carries_the_message_even_where_the_app_is_not(bot: Bot, maya: Person) -> None:
    ts = maya.says("C0GENERAL", "VPN is down")

    maya.does("shortcut", callback_id="try_message", channel="C0GENERAL", ts=ts)

    body = bot.hears("shortcut")
    assert (body["type"], body["message"]["text"], body["message_ts"]) == ("message_action", "VPN is down", ts)
    assert body["response_url"].startswith(f"{bot.local.base}/hooks/app/")


def test_interactions_carry_no_metadata(local: Local, bot: Bot, ana: Person) -> None:
    metadata = {"event_type": "card", "event_payload": {"issue": "42"}}
    blocks = [actions(button())]
    answer = local.client().chat_postMessage(channel="C0L1", text="A card", blocks=blocks, metadata=metadata)

    ana.does("shortcut", callback_id="try_message", channel="C0L1", ts=answer["ts"])
    ana.presses({**answer["message"], "channel": "C0L1"}, "go")

    for kind in ("shortcut", "action"):
        assert "metadata" not in bot.hears(kind)["message"]


def test_a_shortcut_the_manifest_does_not_have_is_refused(bot: Bot, maya: Person) -> None:
    ts = maya.says("C0GENERAL", "VPN is down")

    assert maya.is_refused("shortcut", callback_id="other")["error"] == "unknown_shortcut"
    wrong_kind = {"callback_id": "try_global", "channel": "C0GENERAL", "ts": ts}
    assert maya.is_refused("shortcut", **wrong_kind)["error"] == "unknown_shortcut"


# --- response_url


def answer_at(bot: Bot, kind: str = "command") -> WebhookClient:
    return WebhookClient(bot.hears(kind)["response_url"], retry_handlers=[])


def test_a_response_url_answers_its_person_unless_told_otherwise(local: Local, bot: Bot, maya: Person) -> None:
    maya.does("command", channel="C0ITHELP", command="/try")
    hook = answer_at(bot)

    assert hook.send(text="Only for you").body == "ok"
    assert hook.send(text="For all", response_type="in_channel").status_code == 200

    assert maya.whispers()[-1]["text"] == "Only for you"
    assert local.messages("C0ITHELP")[-1]["text"] == "For all"


def test_a_response_url_works_five_times(local: Local, bot: Bot, maya: Person) -> None:
    maya.does("command", channel="C0ITHELP", command="/try")
    hook = answer_at(bot)

    answers = [hook.send(text=f"Answer {number}") for number in range(6)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 404]
    assert answers[-1].body == "used_url"


def test_a_response_url_works_for_thirty_minutes(local: Local, bot: Bot, maya: Person) -> None:
    maya.does("command", channel="C0ITHELP", command="/try")
    hook = answer_at(bot)

    local.advance(30 * 60 - 5)
    assert hook.send(text="Just in time").status_code == 200
    local.advance(10)
    late = hook.send(text="Too late")

    assert (late.status_code, late.body) == (404, "expired_url")


def test_a_response_url_nobody_gave_out_is_refused(local: Local) -> None:
    answer = WebhookClient(f"{local.base}/hooks/commands/T0PLAY/1/guessed", retry_handlers=[]).send(text="Hi")

    assert (answer.status_code, answer.body) == (404, "no_such_url")


def test_a_response_url_takes_no_nonsense(local: Local, bot: Bot, maya: Person) -> None:
    maya.does("command", channel="C0ITHELP", command="/try")
    hook = answer_at(bot)

    assert (hook.send(text="").status_code, hook.send(text="").body) == (400, "no_text")
    assert hook.send(text="Hi", blocks=[{"type": "marquee"}]).body == "invalid_blocks"
    assert hook.send(text="Hi", response_type="nonsense").body == "invalid_payload"
    assert hook.send_dict({"text": "Hi", "thread_ts": "1.000001"}).body == "thread_not_found"
    assert all(hook.send(text="Good").status_code == 200 for _ in range(5)), "what was refused does not count"


def test_a_response_url_of_a_click_rewrites_or_deletes_its_message(local: Local, bot: Bot, ana: Person) -> None:
    message = post(local, actions(button()))
    ana.presses(message, "go")
    hook = answer_at(bot, "action")

    hook.send(text="New message, for Ana only")
    assert local.messages("C0L1")[-1]["text"] == "A card"

    hook.send(text="Rewritten", replace_original=True)
    last = local.messages("C0L1")[-1]
    assert (last["ts"], last["text"]) == (message["ts"], "Rewritten")
    assert "blocks" not in last

    hook.send(delete_original=True)
    assert message["ts"] not in [other["ts"] for other in local.messages("C0L1")]


def test_a_response_url_rewrites_and_deletes_an_ephemeral_message(local: Local, bot: Bot, ana: Person) -> None:
    local.client().chat_postEphemeral(channel="C0L1", user="U0ANA", text="Sure?", blocks=[actions(button())])
    whisper = ana.whispers()[-1]
    with Feed(ana) as page:
        ana.presses(whisper, "go")
        hook = answer_at(bot, "action")

        hook.send(text="Done", replace_original=True)
        assert page.next("ephemeral")["message"]["text"] == "Done"
        hook.send(delete_original=True)
        assert page.next("ephemeral_deleted")["ts"] == whisper["ts"]


# --- Home


def test_opening_home_is_an_event_and_publishing_shows_it(local: Local, bot: Bot) -> None:
    tom = local.person("U0TOM")
    with Feed(tom) as page:
        tom.does("home", tab="home")
        event = bot.hears("event", type="app_home_opened", user="U0TOM")["event"]
        assert (event["tab"], event["channel"]) == ("home", "D0TOM")
        assert "view" not in event

        view = {"type": "home", "blocks": [actions(button(), block_id="row")]}
        published = local.client().views_publish(user_id="U0TOM", view=view)["view"]
        assert page.next("home")["view"]["id"] == published["id"]

    bot.forget()
    tom.does("home", tab="home")
    assert bot.hears("event", type="app_home_opened")["event"]["view"]["id"] == published["id"]
    tom.does("action", container={"type": "view", "view_id": published["id"]}, block_id="row", action_id="go")
    body = bot.hears("action")
    assert (body["view"]["type"], body["view"]["id"]) == ("home", published["id"])
    assert "message" not in body
    assert "response_url" not in body


def test_publishing_with_a_stale_hash_is_a_conflict(local: Local) -> None:
    client = local.client()
    view = {"type": "home", "blocks": [section()]}
    old = client.views_publish(user_id="U0FAY", view=view)["view"]["hash"]
    new = client.views_publish(user_id="U0FAY", view=view, hash=old)["view"]["hash"]

    assert local.refused("views_publish", user_id="U0FAY", view=view, hash=old)["error"] == "hash_conflict"
    client.views_publish(user_id="U0MAYA", view=view | {"external_id": "mine"})
    client.views_publish(user_id="U0MAYA", view=view | {"external_id": "mine"})
    stolen = view | {"external_id": "mine"}
    assert local.refused("views_publish", user_id="U0FAY", view=stolen)["error"] == "duplicate_external_id"
    client.views_publish(user_id="U0FAY", view=view, hash=new)
    assert local.refused("views_publish", user_id="U0NOBODY", view=view)["error"] == "invalid_arguments"
