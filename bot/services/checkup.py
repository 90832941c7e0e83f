"""Whether the bot could do its whole job here: one line per question, and how to mend what is wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from slack_sdk import WebClient

from bot.clock import Clock
from bot.domain.policy import Policy, Tier
from bot.ports import Channel, Rejected, TryLater, Unsure
from bot.services.directory import find_channel
from bot.slack.gateway import Gateway, reading_slack

SKEW_LIMIT = 5.0  # seconds; request signatures die at 5 minutes, deadlines look wrong long before (domain.md 3.10)


@dataclass(frozen=True)
class Finding:
    """One line. `mend` says how, for what is not fine; only a "fail" keeps the bot from its whole job."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    text: str
    mend: str = ""

    @classmethod
    def fine(cls, subject: str, text: str) -> "Finding":
        return cls("ok", subject, text)

    @classmethod
    def fail(cls, subject: str, text: str, mend: str) -> "Finding":
        return cls("fail", subject, text, mend)

    def __str__(self) -> str:
        mend = f"  To mend it: {self.mend}." if self.mend else ""
        text = self.text if self.text.endswith((".", "?")) else f"{self.text}."
        return f"{self.level:<4}  {self.subject}: {text}{mend}"


_UNREADABLE = (Unsure, TryLater, Rejected)


def look_at_slack(
    client: WebClient, app_client: WebClient, policy: Policy, *, required: frozenset[str], clock: Clock
) -> Iterator[Finding]:
    """`client` carries the bot token, `app_client` the app-level one. Stops at the first thing the rest depends on."""
    try:
        answer = reading_slack(client.auth_test)
    except _UNREADABLE as error:
        yield Finding.fail("Slack", f"auth.test failed: {_reason(error)}", _mend_access(error))
        return
    yield Finding.fine("Slack", f"connected to {answer.get('team')} as {answer.get('user')} ({client.base_url})")
    yield _skew(answer.headers, clock())
    yield _scopes(answer.headers, required)
    yield _socket_mode(app_client)
    gateway = Gateway(client)
    try:
        channels = gateway.channels()
    except _UNREADABLE as error:
        yield Finding.fail(
            "channels", f"they cannot be read: {error}", "grant the scopes of manifest.yaml and reinstall the app"
        )
        return
    seen: dict[str, Tier] = {}
    for tier in policy.tiers:
        yield from _tier(tier, channels, gateway, bot_user=answer["user_id"])
        channel = find_channel(tier.channel, channels)
        other = seen.setdefault(channel.id, tier) if channel else tier
        if other is not tier:
            shared = f"#{tier.channel} is the channel of {other.name}, too"
            yield Finding.fail(f"tier {tier.name}", shared, "give each tier a channel of its own in policy.toml")


def _skew(headers: Any, now: datetime) -> Finding:
    sent = {name.lower(): value for name, value in headers.items()}.get("date")
    sent = sent[0] if isinstance(sent, list) else sent
    try:
        moment = parsedate_to_datetime(sent) if sent else None
    except ValueError:
        moment = None
    if moment is None:
        return Finding.fine("clock", "Slack did not say what time it is, so ours could not be compared")
    skew = (now - moment).total_seconds()
    if abs(skew) > SKEW_LIMIT:
        where = "ahead of" if skew > 0 else "behind"
        return Finding.fail("clock", f"this machine is {abs(skew):.0f} s {where} Slack", "synchronise its clock (NTP)")
    return Finding.fine("clock", f"within {SKEW_LIMIT:.0f} s of Slack's")


def _scopes(headers: Any, required: frozenset[str]) -> Finding:
    found = {name.lower(): value for name, value in headers.items()}.get("x-oauth-scopes") or ""
    found = found[0] if isinstance(found, list) else found
    granted = {scope.strip() for scope in found.split(",") if scope.strip()}
    missing = sorted(required - granted)
    if missing:
        return Finding.fail(
            "scopes",
            f"not granted: {', '.join(missing)}",
            "paste manifest.yaml into the app's manifest and reinstall it",
        )
    return Finding.fine("scopes", f"all {len(required)} of manifest.yaml are granted")


def _socket_mode(app_client: WebClient) -> Finding:
    try:
        reading_slack(lambda: app_client.apps_connections_open(app_token=app_client.token or ""))
    except _UNREADABLE as error:
        mend = "make an app-level token with the scope connections:write, and turn Socket Mode on"
        return Finding.fail("Socket Mode", f"a connection was refused: {_reason(error)}", mend)
    return Finding.fine("Socket Mode", "a connection would be opened")


def _tier(tier: Tier, channels: Sequence[Channel], gateway: Gateway, *, bot_user: str) -> Iterator[Finding]:
    what = f"tier {tier.name}"
    channel = find_channel(tier.channel, channels)
    if channel is None:
        mend = f"create the channel if there is none, then type /invite @Escalator in #{tier.channel}"
        yield Finding.fail(what, f"the bot is in no channel #{tier.channel}", mend)
        return
    if channel.is_archived:
        yield Finding.fail(what, f"#{channel.name} is archived", "unarchive it, or name another channel in policy.toml")
        return
    yield from _staff(what, tier, channel, gateway, bot_user)
    yield from _ping(what, tier, gateway)


def _staff(what: str, tier: Tier, channel: Channel, gateway: Gateway, bot_user: str) -> Iterator[Finding]:
    asked: Callable[[], frozenset[str]]
    if tier.staff_group:
        group = tier.staff_group
        source, asked = f"user group {group}", lambda: gateway.group_members(group)
    else:
        source, asked = f"#{channel.name}", lambda: gateway.members(channel.id) - {bot_user}
    try:
        staff = asked()
    except _UNREADABLE as error:
        yield Finding.fail(
            what, f"the staff in {source} cannot be read: {error}", "check the id and the scopes of manifest.yaml"
        )
        return
    if not staff:
        yield Finding.fail(what, f"there is nobody in {source} but the bot", "invite the people who shall answer")
        return
    yield Finding.fine(what, f"#{channel.name} with the bot in it and {len(staff)} staff")


def _ping(what: str, tier: Tier, gateway: Gateway) -> Iterator[Finding]:
    match tier.ping[:1]:
        case "S":
            try:
                people = gateway.group_members(tier.ping)
            except _UNREADABLE as error:
                yield Finding.fail(
                    what, f"its ping {tier.ping} cannot be read: {error}", "use the id of a user group (S...)"
                )
                return
            if not people:
                yield Finding.fail(what, f"its ping {tier.ping} is an empty group", "add people to the group")
        case "U" | "W":
            try:
                gateway.user_name(tier.ping)
            except _UNREADABLE as error:
                yield Finding.fail(what, f"its ping {tier.ping} is nobody: {error}", "use the id of a person (U...)")
        case _:
            return


def _reason(error: Exception) -> str:
    """Slack's own word; when to try again is no matter here."""
    return error.error if isinstance(error, TryLater) else str(error)


def _mend_access(error: Exception) -> str:
    if isinstance(error, Unsure):
        return "check SLACK_API_URL, the network and any proxy"
    return "copy SLACK_BOT_TOKEN anew from the app's page, OAuth & Permissions"
