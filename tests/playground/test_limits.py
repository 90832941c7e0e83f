"""Rate limits: one message a second for each channel, a bucket for each method, 429 with Retry-After."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from playground.limits import CHANNEL_BURST, Bucket, Limits
from playground.webapi import METHODS
from tests.playground.workspace import MANIFEST, Bot, Local, Person


@pytest.fixture
def strict() -> Iterator[Local]:
    """A workspace as it is started: with its limits."""
    local = Local(MANIFEST)
    yield local
    local.stop()


def until_limited(call: Any) -> tuple[int, int]:
    """How often it is answered before it is answered 429, and the Retry-After of that."""
    answered = itertools.count()

    def goes_on() -> None:
        while next(answered) < 1000:
            call()

    with pytest.raises(SlackApiError) as refusal:
        goes_on()
    response = refusal.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    return next(answered) - 1, int(response.headers["Retry-After"])


class Earned:
    """How many calls have come due by now: a busy machine takes its time for those of a burst."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._began = time.monotonic()

    def __call__(self) -> float:
        return (time.monotonic() - self._began) * self._per_second


def test_one_message_a_second_in_a_channel_after_a_short_burst(strict: Local) -> None:
    client, earned = strict.client(), Earned(1.0)
    before = len(strict.messages("C0L1"))

    burst, wait = until_limited(lambda: client.chat_postMessage(channel="C0L1", text="Message"))
    assert CHANNEL_BURST <= burst <= CHANNEL_BURST + earned()
    assert wait == 1
    client.chat_postMessage(channel="C0L2", text="Another channel is free")
    strict.advance(1.0)
    again, _ = until_limited(lambda: client.chat_postMessage(channel="C0L1", text="Again"))

    assert 1 <= again <= CHANNEL_BURST + 1 + earned() - burst
    assert [message["text"] for message in strict.messages("C0L1")][before:] == ["Message"] * burst + ["Again"] * again


def test_a_person_and_their_direct_message_are_one_channel(strict: Local) -> None:
    client, earned = strict.client(), Earned(1.0)
    for _ in range(CHANNEL_BURST):
        client.chat_postMessage(channel="U0MAYA", text="Hi")

    more, _ = until_limited(lambda: client.chat_postMessage(channel="D0MAYA", text="Too fast"))
    assert more <= earned()


class Stopped:
    """A clock that stands."""

    def now(self) -> float:
        return 0.0


def test_300_messages_a_minute_in_all_channels() -> None:
    limits = Limits(Stopped())

    assert [limits.post(f"C{number}") for number in range(302)] == [0] * 300 + [1, 1]


@pytest.mark.parametrize(
    ("method", "arguments", "burst"),
    [
        ("users_list", {}, 20),
        ("conversations_info", {"channel": "C0L1"}, 50),
        ("users_info", {"user": "U0MAYA"}, 100),
    ],
)
def test_a_method_has_its_tiers_minute_at_once_and_then_its_rate(
    strict: Local, method: str, arguments: dict[str, Any], burst: int
) -> None:
    call, earned = getattr(strict.client(), method), Earned(burst / 60)

    answered, wait = until_limited(lambda: call(**arguments))
    assert burst <= answered <= burst + earned()
    strict.client().auth_test()  # other methods are free
    strict.advance(wait)
    call(**arguments)
    assert wait <= 60 / burst + 1


def test_what_was_refused_for_other_reasons_counts_too(strict: Local) -> None:
    for _ in range(20):
        assert strict.refused("conversations_list", types="nonsense")["error"] == "invalid_types"

    assert strict.refused("conversations_list").status_code == 429


def test_response_urls_count_as_messages(local: Local, bot: Bot, maya: Person) -> None:
    with local.limited():
        local.advance(60)
        answers = []
        for _ in range(2):
            bot.forget()
            maya.does("command", channel="C0ITHELP", command="/try")
            hook = WebhookClient(bot.hears("command")["response_url"], retry_handlers=[])
            answers += [hook.send(text="Hi") for _ in range(4)]

    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"] == "1"


# As Slack documents them; 0 is a limit of the method's own.
TIERS = {
    "auth.test": 0, "chat.getPermalink": 0, "chat.postMessage": 0,
    "conversations.list": 2, "reactions.remove": 2, "usergroups.list": 2, "usergroups.users.list": 2, "users.list": 2,
    "apps.connections.open": 3, "bots.info": 3, "chat.delete": 3, "chat.update": 3, "conversations.history": 3,
    "conversations.info": 3, "conversations.join": 3, "conversations.leave": 3, "conversations.open": 3,
    "conversations.replies": 3, "reactions.add": 3, "reactions.get": 3, "team.info": 3, "users.conversations": 3,
    "users.lookupByEmail": 3,
    "api.test": 4, "chat.postEphemeral": 4, "conversations.members": 4, "files.completeUploadExternal": 4,
    "files.getUploadURLExternal": 4, "files.info": 4, "users.info": 4, "views.open": 4, "views.publish": 4,
    "views.push": 4, "views.update": 4,
}  # fmt: skip


def test_every_method_has_a_tier_slack_knows() -> None:
    assert {name: method.tier for name, method in METHODS.items()} == TIERS


def test_a_bucket_fills_up_to_its_size_and_no_further() -> None:
    bucket = Bucket(size=2, per_second=0.5, left=2, filled_at=0.0)

    assert [bucket.take(0.0), bucket.take(0.0), bucket.take(0.0)] == [0, 0, 2]
    assert [bucket.take(1_000.0), bucket.take(1_000.0), bucket.take(1_000.0)] == [0, 0, 2]
    assert bucket.take(1_001.0) == 1
    assert bucket.take(1_002.0) == 0
