"""What Slack's answers mean to the outbox, over real HTTP."""

import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.ports import Call, Channel, NotShown, Rejected, Sent, TryLater, Unsure
from bot.services.delivery import HOLD
from bot.slack.gateway import ANSWER_TIMEOUT, SEND_TIMEOUT, Answers, Gateway, answering_client, sending_client
from tests.services.scripted import HalfAnAnswer, Reply, Reset, ScriptedSlack, Silence, named, no, ok

TOKEN = "xoxb-secret-of-the-test"
SINCE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POST = Call("chat.postMessage", "C0L1", {"text": "hello", "blocks": []})
HTML = b"<html><body>Log in to the hotel's network</body></html>"


@pytest.fixture
def gateway(slack: ScriptedSlack) -> Gateway:
    client = sending_client(TOKEN, slack.url)
    client.timeout = 1  # seconds; some tests wait for it to pass
    return Gateway(client)


@pytest.fixture
def answers(slack: ScriptedSlack) -> Answers:
    return Answers(answering_client(TOKEN, slack.url))


def send(gateway: Gateway, call: Call = POST) -> Sent:
    return gateway.send(call, "7-1795424400")


# --- what goes out ----------------------------------------------------------------------------------------------------


def test_a_post_carries_its_key_and_answers_where_it_went(slack: ScriptedSlack, gateway: Gateway) -> None:
    slack.says("chat.postMessage", ok(channel="D0MAYA", ts="1.5"))
    call = Call("chat.postMessage", "U0MAYA", {"text": "hello", "blocks": [{"type": "divider"}], "thread_ts": "1.1"})
    assert send(gateway, call) == Sent("D0MAYA", "1.5")
    (asked,) = slack.asked
    assert asked.token == TOKEN
    assert asked.arguments == {
        "channel": "U0MAYA",
        "text": "hello",
        "blocks": [{"type": "divider"}],
        "thread_ts": "1.1",
        "metadata": {"event_type": "escalator_message", "event_payload": {"key": "7-1795424400"}},
    }


@pytest.mark.parametrize(
    ("call", "answer", "sent"),
    [
        (Call("chat.update", "C0L1", {"ts": "1.5", "text": "x", "blocks": []}), ok(), Sent("C0L1", "1.5")),
        (Call("chat.delete", "C0L1", {"ts": "1.5"}), ok(channel="C0L1", ts="1.5"), Sent("C0L1", "1.5")),
        (Call("reactions.add", "C0L1", {"timestamp": "1.5", "name": "lock"}), ok(), Sent("C0L1", "")),
    ],
)
def test_other_calls_carry_no_metadata(
    slack: ScriptedSlack, gateway: Gateway, call: Call, answer: Reply, sent: Sent
) -> None:
    """chat.update would replace the key under which a post is looked up."""
    slack.says(call.method, answer)
    assert send(gateway, call) == sent
    (asked,) = slack.asked
    assert "metadata" not in asked.arguments
    assert set(call.arguments) - {"blocks"} <= set(asked.arguments)


def test_nothing_is_sent_again_behind_our_back(slack: ScriptedSlack, gateway: Gateway) -> None:
    """The SDK's own retry of a reset connection would post twice (slack.md 0.8)."""
    slack.says("chat.postMessage", Reset(), ok(channel="C0L1", ts="1.5"))
    with pytest.raises(Unsure):
        send(gateway)
    assert len(slack.asked) == 1
    assert sending_client(TOKEN, slack.url).retry_handlers == []
    assert answering_client(TOKEN, slack.url).retry_handlers == []


def test_a_person_waits_no_longer_than_slack_does_and_a_sender_no_longer_than_it_holds_a_row() -> None:
    assert answering_client(TOKEN, "http://127.0.0.1:9/").timeout == ANSWER_TIMEOUT < 3
    assert sending_client(TOKEN, "http://127.0.0.1:9/").timeout == SEND_TIMEOUT
    assert HOLD.total_seconds() > 4 * SEND_TIMEOUT  # a DM opened, a look, a post, and the same in plain words


# --- what comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        Reset(),
        Silence(),
        HalfAnAnswer(),
        Reply({"ok": False, "error": "internal_error"}, status=500),
        Reply({"ok": False, "error": "a_new_word"}, status=503),
        Reply(b"<html>Bad gateway</html>", status=502),
        Reply(b"upstream is away", status=503),
        Reply(b"", status=504),
        no("internal_error"),
        no("fatal_error"),
        no("service_unavailable"),
        no("request_timeout"),
    ],
    ids=named,
)
def test_when_it_may_have_been_done_we_are_unsure(slack: ScriptedSlack, gateway: Gateway, trouble: Any) -> None:
    slack.says("chat.postMessage", trouble)
    with pytest.raises(Unsure):
        send(gateway)
    assert len(slack.asked) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(HTML),
        Reply(HTML, status=403),
        Reply(b"Proxy authentication required", status=407),
        Reply(HTML, status=404),
        Reply([]),
        Reply(None),
        Reply("ok"),
    ],
    ids=["a login page", "a proxy's no", "a proxy's password", "no such page", "a list", "nothing", "a word"],
)
def test_what_is_not_slacks_answer_does_not_end_a_message(slack: ScriptedSlack, gateway: Gateway, trouble: Any) -> None:
    """A proxy or a captive portal in between has refused nothing for good."""
    slack.says("chat.postMessage", trouble)
    with pytest.raises((Unsure, TryLater)):
        send(gateway)


def test_nobody_there_is_unsure_too() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Unsure, match="refused"):
        send(Gateway(sending_client(TOKEN, f"http://127.0.0.1:{port}/api/")))


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (Reply({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "30"}), 30),
        (Reply({"ok": False, "error": "ratelimited"}, 429, {"retry-after": "7"}), 7),
        (Reply({"ok": False, "error": "ratelimited"}, 429), 1),
        (Reply({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "soon"}), 1),
        (Reply(b"slow down", 429, {"Retry-After": "12"}), 12),
        (Reply({"ok": False, "error": "ratelimited"}, 200, {"Retry-After": "3"}), 3),
        (Reply({"ok": False, "error": "rate_limited"}, 200), 1),
    ],
)
def test_when_slack_wants_us_to_wait_we_know_how_long(
    slack: ScriptedSlack, gateway: Gateway, reply: Reply, seconds: float
) -> None:
    slack.says("chat.postMessage", reply)
    with pytest.raises(TryLater) as caught:
        send(gateway)
    assert caught.value.seconds == seconds
    assert caught.value.error == "ratelimited"


@pytest.mark.parametrize(
    "error",
    [
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "org_login_required",
        "team_added_to_org",
        "external_channel_migrating",
    ],
)
def test_no_access_is_no_fault_of_the_message(slack: ScriptedSlack, gateway: Gateway, error: str) -> None:
    slack.says("chat.postMessage", no(error))
    with pytest.raises(TryLater) as caught:
        send(gateway)
    assert caught.value.error == error
    assert caught.value.seconds == 60


@pytest.mark.parametrize(
    "error",
    [
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "message_not_found",
        "cant_update_message",
        "msg_too_long",
        "missing_scope",
        "user_disabled",
        "already_reacted",
        "a_word_slack_has_yet_to_invent",
    ],
)
def test_any_other_word_is_a_no_for_good(slack: ScriptedSlack, gateway: Gateway, error: str) -> None:
    slack.says("chat.postMessage", no(error))
    with pytest.raises(Rejected) as caught:
        send(gateway)
    assert caught.value.error == error


def test_what_is_wrong_with_the_blocks_is_told(slack: ScriptedSlack, gateway: Gateway) -> None:
    why = {"messages": ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text]", "[ERROR] second"]}
    slack.says("chat.postMessage", no("invalid_blocks", response_metadata=why))
    with pytest.raises(Rejected, match=r"must be less than 3001 characters .*; \[ERROR\] second"):
        send(gateway)


@pytest.mark.parametrize("trouble", [Reset(), Silence(), Reply(HTML), no("invalid_auth"), no("is_archived")], ids=named)
def test_no_error_tells_the_token(slack: ScriptedSlack, gateway: Gateway, trouble: Any) -> None:
    slack.says("chat.postMessage", trouble)
    with pytest.raises((Unsure, TryLater, Rejected)) as caught:
        send(gateway)
    assert TOKEN not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# --- looking ----------------------------------------------------------------------------------------------------------


def message(ts: str, key: str | None = None, event_type: str = "escalator_message") -> dict[str, Any]:
    made: dict[str, Any] = {"type": "message", "ts": ts, "text": "x"}
    if key:
        made["metadata"] = {"event_type": event_type, "event_payload": {"key": key}}
    return made


def test_a_post_is_found_by_its_key_on_whatever_page(slack: ScriptedSlack, gateway: Gateway) -> None:
    first = [message("9.1"), message("9.2", "other"), message("9.3", "7-1", "somebody_elses")]
    slack.says(
        "conversations.history",
        ok(messages=first, response_metadata={"next_cursor": "page2"}),
        ok(messages=[message("8.1"), message("8.2", "7-1")], response_metadata={"next_cursor": ""}),
    )
    assert gateway.look(POST, "7-1", SINCE) == Sent("C0L1", "8.2")
    first_page, second_page = slack.calls("conversations.history")
    assert first_page.arguments["channel"] == "C0L1"
    assert float(first_page.arguments["oldest"]) == SINCE.timestamp()
    assert first_page.arguments["include_all_metadata"] == "1"
    assert int(first_page.arguments["limit"]) <= 200
    assert "cursor" not in first_page.arguments
    assert second_page.arguments["cursor"] == "page2"


@pytest.mark.parametrize(
    "answer", [ok(messages=[]), ok(), ok(messages=[message("1.1"), {"metadata": None, "ts": "2"}])]
)
def test_what_is_not_there_is_not_found(slack: ScriptedSlack, gateway: Gateway, answer: Reply) -> None:
    slack.says("conversations.history", answer)
    assert gateway.look(POST, "7-1", SINCE) is None


def test_a_reply_is_looked_for_in_its_thread(slack: ScriptedSlack, gateway: Gateway) -> None:
    slack.says("conversations.replies", ok(messages=[message("1.1"), message("1.2", "7-1")]))
    call = Call("chat.postMessage", "C0L1", {"text": "x", "blocks": [], "thread_ts": "1.1"})
    assert gateway.look(call, "7-1", SINCE) == Sent("C0L1", "1.2")
    (asked,) = slack.asked
    assert (asked.method, asked.arguments["ts"]) == ("conversations.replies", "1.1")


def test_a_first_dm_is_looked_for_in_the_dm(slack: ScriptedSlack, gateway: Gateway) -> None:
    slack.says("conversations.open", ok(channel={"id": "D0MAYA"}))
    slack.says("conversations.history", ok(messages=[message("1.2", "7-1")]))
    call = Call("chat.postMessage", "U0MAYA", {"text": "x", "blocks": []})
    assert gateway.look(call, "7-1", SINCE) == Sent("D0MAYA", "1.2")
    opened, looked = slack.asked
    assert (opened.method, opened.arguments["users"]) == ("conversations.open", "U0MAYA")
    assert looked.arguments["channel"] == "D0MAYA"


def test_a_look_that_fails_says_how(slack: ScriptedSlack, gateway: Gateway) -> None:
    slack.says("conversations.history", no("missing_scope"))
    with pytest.raises(Rejected, match="missing_scope"):
        gateway.look(POST, "7-1", SINCE)


# --- reading who is where ---------------------------------------------------------------------------------------------


def test_channels_are_those_the_bot_is_in_on_all_pages(slack: ScriptedSlack, gateway: Gateway) -> None:
    slack.says(
        "users.conversations",
        ok(channels=[{"id": "C1", "name": "one"}], response_metadata={"next_cursor": "more"}),
        ok(channels=[{"id": "C2", "name": "two", "is_archived": True, "is_private": True}]),
    )
    assert gateway.channels() == [
        Channel("C1", "one"),
        Channel("C2", "two", is_archived=True, is_private=True),
    ]
    assert slack.asked[0].arguments["types"] == "public_channel,private_channel"


def test_members_are_read_on_all_pages(slack: ScriptedSlack, gateway: Gateway) -> None:
    slack.says(
        "conversations.members",
        ok(members=["U1", "U2"], response_metadata={"next_cursor": "more"}),
        ok(members=["U3"], response_metadata={"next_cursor": ""}),
    )
    assert gateway.members("C1") == {"U1", "U2", "U3"}


@pytest.mark.parametrize(("answer", "members"), [(ok(users=["U1"]), {"U1"}), (ok(users=[]), set()), (ok(), set())])
def test_a_groups_members(slack: ScriptedSlack, gateway: Gateway, answer: Reply, members: set[str]) -> None:
    slack.says("usergroups.users.list", answer)
    assert gateway.group_members("S1") == members
    assert slack.asked[0].arguments["usergroup"] == "S1"


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"profile": {"display_name": "ana"}, "real_name": "Ana Souza", "name": "asouza"}, "ana"),
        ({"profile": {"display_name": ""}, "real_name": "Ana Souza", "name": "asouza"}, "Ana Souza"),
        ({"name": "asouza"}, "asouza"),
        ({}, "U0ANA"),
    ],
)
def test_a_person_is_called_what_they_call_themselves(
    slack: ScriptedSlack, gateway: Gateway, user: dict[str, Any], name: str
) -> None:
    slack.says("users.info", ok(user=user))
    assert gateway.user_name("U0ANA") == name


@pytest.mark.parametrize(("user", "gone"), [({"deleted": True}, True), ({"deleted": False}, False), ({}, False)])
def test_slack_tells_whether_an_account_is_deactivated(
    slack: ScriptedSlack, gateway: Gateway, user: dict[str, Any], *, gone: bool
) -> None:
    slack.says("users.info", ok(user=user))
    assert gateway.is_deactivated("U0ANA") is gone


# --- answers to the person whose hand is on the mouse -----------------------------------------------------------------


def test_a_form_is_opened_with_the_trigger(slack: ScriptedSlack, answers: Answers) -> None:
    answers.open_form("trigger", {"type": "modal"})
    (asked,) = slack.asked
    assert (asked.method, asked.arguments) == ("views.open", {"trigger_id": "trigger", "view": {"type": "modal"}})


@pytest.mark.parametrize(
    "trouble", [no("expired_trigger_id"), Reply({"ok": False}, 429), Reset(), Reply(HTML, status=503)], ids=named
)
def test_a_form_that_was_not_opened_says_so(slack: ScriptedSlack, answers: Answers, trouble: Any) -> None:
    slack.says("views.open", trouble)
    with pytest.raises(NotShown):
        answers.open_form("trigger", {"type": "modal"})
    assert len(slack.asked) == 1


def test_a_whisper_goes_to_one_person_in_the_thread_they_are_in(slack: ScriptedSlack, answers: Answers) -> None:
    answers.whisper("C0L1", "U0ANA", "no", "1.1")
    answers.whisper("C0L1", "U0ANA", "no")
    in_thread, outside = slack.calls("chat.postEphemeral")
    assert in_thread.arguments == {"channel": "C0L1", "user": "U0ANA", "text": "no", "thread_ts": "1.1"}
    assert outside.arguments == {"channel": "C0L1", "user": "U0ANA", "text": "no"}


def test_a_form_is_updated_as_it_was_seen(slack: ScriptedSlack, answers: Answers) -> None:
    answers.update_form("V1", "hash", {"type": "modal"})
    assert slack.asked[0].arguments == {"view_id": "V1", "hash": "hash", "view": {"type": "modal"}}


def test_answers_that_cannot_be_shown_are_logged_and_harm_nothing(
    slack: ScriptedSlack, answers: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    for method, error in (
        ("chat.postEphemeral", "user_not_in_channel"),
        ("views.update", "hash_conflict"),
        ("reactions.add", "already_reacted"),
    ):
        slack.says(method, no(error))
    answers.whisper("C0L1", "U0ANA", "no")
    answers.update_form("V1", "hash", {"type": "modal"})
    answers.nod("C0L1", "1.1")
    for error in ("user_not_in_channel", "hash_conflict"):
        assert f"an answer could not be shown: {error}" in caplog.text
    assert slack.calls("reactions.add")[0].arguments["name"] == "white_check_mark"
