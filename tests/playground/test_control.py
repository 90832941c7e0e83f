"""The control interface: faults on demand, the log of calls, people who leave, channels that change."""

import time
from http.client import RemoteDisconnected
from typing import Any
from urllib.error import HTTPError

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient
from websockets.exceptions import ConnectionClosed

from tests.playground.workspace import MANIFEST, Bot, Feed, Local, Person, Socket


def post(local: Local, text: str = "Hi", channel: str = "C0L1") -> Any:
    return local.client().chat_postMessage(channel=channel, text=text)


def texts(local: Local) -> list[str]:
    return [message["text"] for message in local.messages("C0L1")]


def test_an_answer_lost_after_the_work_was_done(local: Local) -> None:
    local.fault("lost", method="chat.postMessage")

    with pytest.raises(RemoteDisconnected):
        post(local, "done all the same")

    assert texts(local)[-1] == "done all the same"
    post(local, "once only")


def test_a_call_dropped_before_the_work(local: Local) -> None:
    local.fault("dropped", method="chat.postMessage")

    with pytest.raises(RemoteDisconnected):
        post(local, "never done")

    assert "never done" not in texts(local)


def test_a_slow_answer(local: Local) -> None:
    local.fault("slow", method="chat.postMessage", ms=200)

    started = time.monotonic()
    post(local)

    assert time.monotonic() - started >= 0.2
    assert local.look("calls")["calls"][-1]["ms"] >= 200


def test_a_rate_limit(local: Local) -> None:
    local.fault("rate_limited", method="chat.postMessage", retry_after=7)

    refusal = local.refused("chat_postMessage", channel="C0L1", text="Hi")

    assert (refusal.status_code, refusal["error"], refusal.headers["Retry-After"]) == (429, "ratelimited", "7")


def test_a_server_error(local: Local) -> None:
    local.fault("server_error", method="chat.postMessage", status=502)

    assert local.refused("chat_postMessage", channel="C0L1", text="Hi").status_code == 502


def test_an_error_word(local: Local) -> None:
    local.fault("error", method="chat.update", error="edit_window_closed")
    ts = post(local)["ts"]

    assert local.refused("chat_update", channel="C0L1", ts=ts, text="Hi")["error"] == "edit_window_closed"


def test_a_refused_channel_is_an_error_for_all_calls_on_it(local: Local) -> None:
    local.fault("error", channel="C0L1", error="channel_not_found", count=None)

    for _ in range(3):
        assert local.refused("chat_postMessage", channel="C0L1", text="Hi")["error"] == "channel_not_found"
    assert local.refused("conversations_info", channel="C0L1")["error"] == "channel_not_found"
    post(local, channel="C0L2")


def test_a_cut_socket() -> None:
    local = Local(MANIFEST)
    socket = Socket(local)
    try:
        with Feed(local.person("U0FAY")) as page:
            local.fault("cut_socket", method="chat.postMessage")
            post(local, "the call itself is answered")
            assert page.next("app")["connected"] is False
        with pytest.raises(ConnectionClosed):
            socket.get()
        assert texts(local)[-1] == "the call itself is answered"
    finally:
        socket.close()
        local.stop()


def test_a_fault_counts_and_waits_for_its_call(local: Local) -> None:
    local.control("faults", kind="error", method="users.info", error="first", count=2)
    local.fault("error", method="users.info", error="second")

    local.client().auth_test()
    errors = [local.refused("users_info", user="U0MAYA")["error"] for _ in range(3)]

    assert errors == ["first", "first", "second"]
    assert local.client().users_info(user="U0MAYA")["ok"]


def test_faults_are_listed_and_taken_back(local: Local) -> None:
    local.fault("error", method="users.info", error="is_archived")
    assert [fault["error"] for fault in local.look("faults")["faults"]] == ["is_archived"]

    local.call("DELETE", "/_playground/faults")

    assert local.look("faults")["faults"] == []
    assert local.client().users_info(user="U0MAYA")["ok"]


@pytest.mark.parametrize("fault", [{"kind": "explode"}, {"colour": "red"}, {}, "slow"])
def test_a_fault_that_makes_no_sense_is_refused(local: Local, fault: Any) -> None:
    assert local.call("POST", "/_playground/faults", fault)[0] == 400


def test_the_log_has_every_call_and_no_token(local: Local) -> None:
    local.call("DELETE", "/_playground/calls")
    post(local, "logged")
    with pytest.raises(SlackApiError):
        local.client().api_call("chat.postMessage", params={"token": "xoxb-playground-bot", "channel": "C0NOWHERE"})

    first, second = local.look("calls")["calls"]
    assert (first["method"], first["args"]["text"], first["error"]) == ("chat.postMessage", "logged", None)
    assert first["at"] > 0
    assert first["ms"] >= 0
    assert second["error"] == "channel_not_found"
    assert "xoxb-" not in str([first, second])


def answer_at(bot: Bot, person: Person) -> WebhookClient:
    """The response_url of a command this person sends."""
    person.does("command", channel="C0ITHELP", command="/try")
    return WebhookClient(bot.hears("command")["response_url"], retry_handlers=[])


def test_answers_to_a_response_url_meet_faults_and_are_logged(local: Local, bot: Bot, maya: Person) -> None:
    hook = answer_at(bot, maya)
    local.call("DELETE", "/_playground/calls")

    local.fault("rate_limited", method="response_url", channel="C0ITHELP", retry_after=7)
    limited = hook.send(text="One")
    assert (limited.status_code, limited.body, limited.headers["Retry-After"]) == (429, "ratelimited", "7")
    local.fault("server_error", method="response_url")
    assert hook.send(text="Two").status_code == 503
    local.fault("error", channel="C0ITHELP", error="used_url")
    assert (hook.send(text="Three").status_code, local.look("faults")["faults"]) == (404, [])
    local.fault("lost", method="response_url")
    with pytest.raises(RemoteDisconnected):
        hook.send(text="Four")
    hook.send(text="Five")

    calls = local.look("calls")["calls"]
    assert [(call["method"], call["args"].get("text"), call["error"]) for call in calls] == [
        ("response_url", "One", "ratelimited"),
        ("response_url", "Two", "internal_error"),
        ("response_url", "Three", "used_url"),
        ("response_url", "Four", None),
        ("response_url", "Five", None),
    ]
    assert [whisper["text"] for whisper in maya.whispers()[-2:]] == ["Four", "Five"]


def test_uploads_meet_faults_and_are_logged(local: Local) -> None:
    local.fault("server_error", method="upload")
    with pytest.raises(HTTPError) as trouble:
        local.client().files_upload_v2(channel="C0L1", filename="log.txt", content="a line")
    trouble.value.close()
    assert trouble.value.code == 503
    local.call("DELETE", "/_playground/calls")
    local.client().files_upload_v2(channel="C0L1", filename="log.txt", content="a line")

    calls = local.look("calls")["calls"]
    assert [call["method"] for call in calls] == [
        "files.getUploadURLExternal", "upload", "files.completeUploadExternal",
    ]  # fmt: skip
    assert calls[1]["args"]["length"] == 6


def test_a_call_that_is_no_json_is_logged_and_meets_faults_too(local: Local) -> None:
    metadata = {"event_type": "card", "event_payload": {"a": float("nan")}}
    bad: dict[str, Any] = {"channel": "C0L1", "text": "Hi", "metadata": metadata}
    local.call("DELETE", "/_playground/calls")
    local.fault("rate_limited", method="chat.postMessage")

    assert local.refused("chat_postMessage", **bad)["error"] == "ratelimited"
    assert local.refused("chat_postMessage", **bad)["error"] == "invalid_json"
    assert [call["error"] for call in local.look("calls")["calls"]] == ["ratelimited", "invalid_json"]


def test_every_open_page_learns_at_once_that_the_clock_was_moved(local: Local, maya: Person, ana: Person) -> None:
    with Feed(maya) as hers, Feed(ana) as his:
        now = local.call("POST", "/_playground/clock", {"advance_s": 3600})[1]["now"]

        assert hers.next("clock") == his.next("clock")
        assert hers.hello["now"] + 3600 <= now


def test_messages_of_an_unknown_channel_and_unknown_people_are_refused(local: Local) -> None:
    assert local.call("GET", "/_playground/messages?channel=C0NOWHERE")[0] == 400
    assert local.call("POST", "/_playground/users", {"user": "U0NOBODY", "deleted": True})[0] == 400
    assert local.call("POST", "/_playground/users", {"user": "U0BOT", "deleted": True})[0] == 400
    assert local.call("POST", "/_playground/channels", {"channel": "C0NOWHERE", "name": "x"})[0] == 400


def test_a_channel_gets_another_name_and_another_id(local: Local, ana: Person) -> None:
    post(local, "before")
    try:
        local.control("channels", channel="C0L1", name="first-line")
        assert local.client().conversations_info(channel="C0L1")["channel"]["name"] == "first-line"
        local.control("channels", channel="C0L1", new_id="C0NEW")
        assert local.refused("chat_postMessage", channel="C0L1", text="Hi")["error"] == "channel_not_found"
        assert local.client().conversations_history(channel="C0NEW", limit=1)["messages"][0]["text"] == "before"
    finally:
        local.control("channels", channel="C0NEW", new_id="C0L1")
        local.control("channels", channel="C0L1", name="support-l1")
    assert ana.says("C0L1", "as before")
