"""The one place that talks to Slack, and the one reading of what its answers mean."""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.ports import Call, Channel, NotShown, Rejected, Sent, TryLater, Unsure

log = logging.getLogger(__name__)

ANSWER_TIMEOUT = 2  # seconds for a call that a person waits for; Slack gives up on us after 3
READ_TIMEOUT = 3  # seconds
SEND_TIMEOUT = 10  # seconds for one call; a sender's hold on a row is longer
METADATA = "escalator_message"
PAGE = 200  # objects per page (slack.md 2.6)

# Slack had trouble of its own: the work may have been done.
_UNSURE = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "accesslimited"}
# Nothing is wrong with the message, everything with our access: it waits until an operator, or Slack, has mended that.
_ACCESS = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "org_login_required",
    "team_access_not_granted",
    "ekm_access_denied",
    "team_added_to_org",  # while Slack moves the workspace into an organisation ...
    "external_channel_migrating",  # ... or a channel that is shared
}
_WORD = re.compile(r"[a-z0-9_]+")
ACCESS_RETRY = 60.0  # seconds


def sending_client(token: str, base_url: str) -> WebClient:
    """No retries of its own: the SDK's would send a post twice (slack.md 0.8)."""
    return WebClient(token=token, base_url=base_url, timeout=SEND_TIMEOUT, retry_handlers=[])


def reading_client(token: str, base_url: str) -> WebClient:
    """For what can be read again in a few minutes."""
    return WebClient(token=token, base_url=base_url, timeout=READ_TIMEOUT, retry_handlers=[])


def answering_client(token: str, base_url: str) -> WebClient:
    return WebClient(token=token, base_url=base_url, timeout=ANSWER_TIMEOUT, retry_handlers=[])


class Answers:
    """Implements ports.DirectAnswers over the Web API."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def open_form(self, trigger_id: str, view: dict[str, Any]) -> None:
        try:
            reading_slack(lambda: self._client.views_open(trigger_id=trigger_id, view=view))
        except (Unsure, TryLater, Rejected) as error:
            raise NotShown(str(error)) from None

    def push_form(self, trigger_id: str, view: dict[str, Any]) -> None:
        try:
            reading_slack(lambda: self._client.views_push(trigger_id=trigger_id, view=view))
        except (Unsure, TryLater, Rejected) as error:
            raise NotShown(str(error)) from None

    def update_form(self, view_id: str, seen_hash: str, view: dict[str, Any]) -> None:
        self._try(lambda: self._client.views_update(view_id=view_id, hash=seen_hash, view=view))

    def whisper(
        self, channel: str, user: str, text: str, thread_ts: str | None = None, *, response_url: str | None = None
    ) -> None:
        def shown() -> SlackResponse:
            return self._client.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=thread_ts)

        try:
            reading_slack(shown)
        except Rejected as refused:
            if refused.error != "user_not_in_channel" or response_url is None or not _answered(response_url, text):
                log.warning("an answer could not be shown: %s", refused)
        except (Unsure, TryLater) as error:
            log.warning("an answer could not be shown: %s", error)

    def nod(self, channel: str, ts: str) -> None:
        self._try(lambda: self._client.reactions_add(channel=channel, timestamp=ts, name="white_check_mark"))

    def _try(self, call: Callable[[], SlackResponse]) -> None:
        try:
            reading_slack(call)
        except (Unsure, TryLater, Rejected) as error:
            if not isinstance(error, Rejected) or error.error != "already_reacted":
                log.warning("an answer could not be shown: %s", error)


def _answered(response_url: str, text: str) -> bool:
    """It reaches the presser wherever they are (slack.md 1.10)."""
    try:
        client = WebhookClient(response_url, timeout=ANSWER_TIMEOUT, retry_handlers=[])
        answer = client.send(text=text, response_type="ephemeral", replace_original=False)
    except (OSError, HTTPException):
        return False
    return answer.status_code == HTTPStatus.OK


class Gateway:
    """Implements ports.SlackGateway over the Web API."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def send(self, call: Call, key: str) -> Sent:
        arguments = {"channel": call.channel, **call.arguments}
        if call.method == "chat.postMessage":
            arguments["metadata"] = {"event_type": METADATA, "event_payload": {"key": key}}
        answer = self._call(call.method, arguments)
        return Sent(channel=answer.get("channel") or call.channel, ts=answer.get("ts") or str(arguments.get("ts", "")))

    def look(self, call: Call, key: str, since: datetime) -> Sent | None:
        """Find the post that carries `key` (slack.md 4.3); history and threads are paged through to the end."""
        channel = call.channel
        if channel.startswith(("U", "W")):
            channel = self._call("conversations.open", {"users": channel})["channel"]["id"]
        arguments = {
            "channel": channel,
            "oldest": f"{since.timestamp():.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
        }
        thread = call.arguments.get("thread_ts")
        if thread:
            method, arguments["ts"] = "conversations.replies", thread
        else:
            method = "conversations.history"
        for message in self._pages(method, "messages", arguments):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == METADATA and metadata.get("event_payload", {}).get("key") == key:
                return Sent(channel=channel, ts=message["ts"])
        return None

    def channels(self) -> Sequence[Channel]:
        """The channels the bot is in; never the whole workspace's list, which is long and rate-limited."""
        arguments = {"types": "public_channel,private_channel", "limit": PAGE}
        return [
            Channel(
                id=each["id"],
                name=each.get("name", ""),
                is_archived=bool(each.get("is_archived")),
                is_private=bool(each.get("is_private")),
            )
            for each in self._pages("users.conversations", "channels", arguments)
        ]

    def members(self, channel: str) -> frozenset[str]:
        return frozenset(self._pages("conversations.members", "members", {"channel": channel, "limit": PAGE}))

    def group_members(self, group: str) -> frozenset[str]:
        return frozenset(self._call("usergroups.users.list", {"usergroup": group}).get("users") or [])

    def user_name(self, user: str) -> str:
        found = self._call("users.info", {"user": user})["user"]
        return str(found.get("profile", {}).get("display_name") or found.get("real_name") or found.get("name") or user)

    def is_deactivated(self, user: str) -> bool:
        return bool(self._call("users.info", {"user": user})["user"].get("deleted"))

    def _pages(self, method: str, key: str, arguments: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        cursor = ""
        while True:
            page = self._call(method, {**arguments, **({"cursor": cursor} if cursor else {})})
            found += page.get(key) or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return found

    def _call(self, method: str, arguments: dict[str, Any]) -> SlackResponse:
        return reading_slack(lambda: self._methods(method)(**arguments))

    def _methods(self, method: str) -> Callable[..., SlackResponse]:
        """slack_sdk's method of that name, which knows how Slack wants its arguments encoded."""
        found: Callable[..., SlackResponse] = getattr(self._client, method.replace(".", "_"))
        return found


def reading_slack(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Make a call; what goes wrong comes out as Unsure, TryLater or Rejected."""
    try:
        return call()
    except SlackApiError as error:
        raise _meaning(error) from None
    except (OSError, HTTPException) as error:
        raise Unsure(f"{type(error).__name__}: {error}") from None
    except (AttributeError, TypeError, ValueError) as error:  # the SDK trips over JSON that is no object
        raise Unsure(f"an answer that is not Slack's ({error})") from None


def _meaning(error: SlackApiError) -> Unsure | TryLater | Rejected:
    response = error.response
    status = getattr(response, "status_code", 200)
    if not isinstance(response.data, dict) or not _WORD.fullmatch(str(response.data.get("error"))):
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return TryLater(_retry_after(response))
        return Unsure(f"an answer that is not Slack's (HTTP {status})")  # a proxy's, a captive portal's
    word = str(response.data["error"])
    if status == HTTPStatus.TOO_MANY_REQUESTS or word in ("ratelimited", "rate_limited"):
        return TryLater(_retry_after(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or word in _UNSURE:
        return Unsure(word)
    if word in _ACCESS:
        return TryLater(ACCESS_RETRY, word)
    details = (response.get("response_metadata") or {}).get("messages") or []
    return Rejected(word, "; ".join(str(each) for each in details))


def _retry_after(response: Any) -> float:
    headers = {name.lower(): value for name, value in (response.headers or {}).items()}
    value = headers.get("retry-after", "1")
    value = value[0] if isinstance(value, list) else value
    return float(value) if str(value).replace(".", "", 1).isdigit() else 1.0
