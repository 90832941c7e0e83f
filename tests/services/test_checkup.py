"""`python app.py check`, the part that asks Slack: one line per question, and how to mend what is wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.domain.policy import Policy
from bot.policy_file import load_policy
from bot.services.checkup import Finding, look_at_slack
from tests.fake_slack import BOT, MEMBERS, NAMES
from tests.harness import POLICY
from tests.services.scripted import Reply, Reset, ScriptedSlack, no, ok

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SCOPES = frozenset({"chat:write", "commands"})

Check = Callable[..., dict[str, Finding]]


@pytest.fixture
def slack(slack: ScriptedSlack) -> ScriptedSlack:
    """A workspace in which everything is fine."""
    slack.headers = {"Date": format_datetime(NOW, usegmt=True), "X-OAuth-Scopes": "chat:write, commands,users:read"}
    slack.says("auth.test", ok(team="Acme", user="escalator", user_id=BOT))
    slack.says("apps.connections.open", ok(url="wss://127.0.0.1/"))
    slack.says("users.conversations", ok(channels=[{"id": channel, "name": name} for channel, name in NAMES.items()]))
    slack.says("conversations.members", *(ok(members=sorted(MEMBERS[channel])) for channel in NAMES))
    return slack


@pytest.fixture
def policy() -> Policy:
    return load_policy(POLICY)


@pytest.fixture
def check(slack: ScriptedSlack, policy: Policy) -> Check:
    """The findings by subject; of one subject, the last."""

    def run(policy: Policy = policy, *, now: datetime = NOW) -> dict[str, Finding]:
        clients = [
            WebClient(token=token, base_url=slack.url, timeout=2, retry_handlers=[]) for token in ("xoxb-1", "xapp-1")
        ]
        findings = look_at_slack(clients[0], clients[1], policy, required=SCOPES, clock=lambda: now)
        return {finding.subject: finding for finding in findings}

    return run


def with_tier(policy: Policy, number: int, **changes: Any) -> Policy:
    return replace(policy, tiers=tuple(replace(t, **changes) if t.number == number else t for t in policy.tiers))


@pytest.mark.parametrize("ends", ["?", "."])
def test_a_line_that_has_its_end_gets_no_second_one(ends: str) -> None:
    assert (
        str(Finding.fail("policy", f"line 3{ends}", "look there"))
        == f"fail  policy: line 3{ends}  To mend it: look there."
    )


def test_where_all_is_well_each_line_says_what_is_well(check: Check, slack: ScriptedSlack) -> None:
    found = check()
    assert [finding.level for finding in found.values()] == ["ok"] * len(found)
    assert [str(finding) for finding in found.values()] == [
        f"ok    Slack: connected to Acme as escalator ({slack.url}).",
        "ok    clock: within 5 s of Slack's.",
        "ok    scopes: all 2 of manifest.yaml are granted.",
        "ok    Socket Mode: a connection would be opened.",
        "ok    tier L1: #support-l1 with the bot in it and 2 staff.",
        "ok    tier L2: #support-l2 with the bot in it and 2 staff.",
        "ok    tier L3: #support-l3 with the bot in it and 1 staff.",
        "ok    tier management: #it-managers with the bot in it and 1 staff.",
    ]
    assert slack.calls("apps.connections.open")[0].token == "xapp-1"


def test_a_token_slack_does_not_take_ends_the_check_and_says_where_to_get_another(
    check: Check, slack: ScriptedSlack
) -> None:
    slack.says("auth.test", no("invalid_auth"))
    found = check()
    assert list(found) == ["Slack"]
    assert "auth.test failed: invalid_auth" in str(found["Slack"])
    assert "copy SLACK_BOT_TOKEN anew" in found["Slack"].mend


@pytest.mark.parametrize(
    "trouble",
    [Reset(), Reply(b"<html>a login page</html>"), Reply(b"<html>not found</html>", status=404), Reply([]), Reply(b"")],
    ids=["reset", "login page", "404", "a list", "nothing"],
)
def test_something_that_is_not_slack_is_told_in_a_line(check: Check, slack: ScriptedSlack, trouble: Any) -> None:
    slack.says("auth.test", trouble)
    found = check()
    assert list(found) == ["Slack"]
    assert found["Slack"].level == "fail"
    assert found["Slack"].mend


def test_nobody_at_the_address_is_told_in_a_line(policy: Policy) -> None:
    client = WebClient(token="xoxb-1", base_url="http://127.0.0.1:9/api/", timeout=1, retry_handlers=[])
    (finding,) = look_at_slack(client, client, policy, required=SCOPES, clock=lambda: NOW)
    assert finding.level == "fail"
    assert "check SLACK_API_URL, the network and any proxy" in finding.mend


@pytest.mark.parametrize(
    ("skew", "level", "said"),
    [
        (timedelta(seconds=5), "ok", "within 5 s of Slack's"),
        (timedelta(seconds=-5), "ok", "within 5 s of Slack's"),
        (timedelta(seconds=6), "fail", "this machine is 6 s ahead of Slack"),
        (timedelta(minutes=-3), "fail", "this machine is 180 s behind Slack"),
    ],
)
def test_a_clock_that_is_wrong_is_found(check: Check, skew: timedelta, level: str, said: str) -> None:
    finding = check(now=NOW + skew)["clock"]
    assert (finding.level, finding.text) == (level, said)


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_slack_that_does_not_say_what_time_it_is_is_no_failure(
    check: Check, slack: ScriptedSlack, date: str | None
) -> None:
    slack.headers = {"X-OAuth-Scopes": "chat:write,commands"} | ({"Date": date} if date else {})
    assert check()["clock"].level != "fail"


@pytest.mark.parametrize(("granted", "missing"), [("chat:write", "commands"), ("", "chat:write, commands")])
def test_missing_scopes_are_named(check: Check, slack: ScriptedSlack, granted: str, missing: str) -> None:
    slack.headers["X-OAuth-Scopes"] = granted
    finding = check()["scopes"]
    assert str(finding) == (
        f"fail  scopes: not granted: {missing}.  "
        "To mend it: paste manifest.yaml into the app's manifest and reinstall it."
    )


def test_socket_mode_that_is_off_is_found(check: Check, slack: ScriptedSlack) -> None:
    slack.says("apps.connections.open", no("not_allowed_token_type"))
    finding = check()["Socket Mode"]
    assert finding.level == "fail"
    assert "not_allowed_token_type" in finding.text
    assert "connections:write" in finding.mend


def test_channels_that_cannot_be_read_end_the_check(check: Check, slack: ScriptedSlack) -> None:
    slack.says("users.conversations", no("missing_scope"))
    found = check()
    assert list(found)[-1] == "channels"
    assert "missing_scope" in found["channels"].text
    assert "tier L1" not in found


def test_each_tier_whose_channel_the_bot_is_not_in_is_found(check: Check, slack: ScriptedSlack) -> None:
    slack.says("users.conversations", ok(channels=[{"id": "C0L2", "name": "support-l2"}]))
    found = check()
    assert [found[f"tier {name}"].level for name in ("L1", "L2", "L3", "management")] == ["fail", "ok", "fail", "fail"]
    assert "the bot is in no channel #support-l1" in found["tier L1"].text
    assert "type /invite @Escalator in #support-l1" in found["tier L1"].mend


def test_an_archived_channel_is_found(check: Check, slack: ScriptedSlack) -> None:
    channels = [{"id": c, "name": name, "is_archived": c == "C0L3"} for c, name in NAMES.items()]
    slack.says("users.conversations", ok(channels=channels))
    found = check()
    assert (found["tier L3"].level, found["tier L3"].text) == ("fail", "#support-l3 is archived")
    assert found["tier L2"].level == "ok"


def test_two_tiers_in_one_channel_are_found(check: Check, policy: Policy) -> None:
    """By its id and by its name: the file alone does not show it."""
    same = next(channel for channel, name in NAMES.items() if name == policy.tiers[0].channel)
    assert str(check(with_tier(policy, 2, channel=same))["tier L2"]) == (
        f"fail  tier L2: #{same} is the channel of L1, too.  To mend it: "
        "give each tier a channel of its own in policy.toml."
    )


def test_a_tier_without_people_is_found(check: Check, slack: ScriptedSlack) -> None:
    slack.says("conversations.members", ok(members=[BOT]))
    finding = check()["tier L1"]
    assert (finding.level, finding.text) == ("fail", "there is nobody in #support-l1 but the bot")
    assert finding.mend == "invite the people who shall answer"


def test_a_tier_with_a_user_group_is_counted_by_it(check: Check, slack: ScriptedSlack, policy: Policy) -> None:
    slack.says("usergroups.users.list", ok(users=["U0ANA"]))
    finding = check(with_tier(policy, 1, staff_group="S0ONCALL"))["tier L1"]
    assert str(finding) == "ok    tier L1: #support-l1 with the bot in it and 1 staff."


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (no("no_such_subteam"), "the staff in user group S0GONE cannot be read: no_such_subteam"),
        (ok(users=[]), "there is nobody in user group S0GONE but the bot"),
    ],
)
def test_a_user_group_that_is_wrong_or_empty_is_found(
    check: Check, slack: ScriptedSlack, policy: Policy, reply: Reply, said: str
) -> None:
    slack.says("usergroups.users.list", reply)
    finding = check(with_tier(policy, 2, staff_group="S0GONE"))["tier L2"]
    assert (finding.level, finding.text) == ("fail", said)


@pytest.mark.parametrize(
    ("ping", "reply", "said"),
    [
        ("S0GONE", no("no_such_subteam"), "its ping S0GONE cannot be read: no_such_subteam"),
        ("S0GONE", ok(users=[]), "its ping S0GONE is an empty group"),
        ("U0GONE", no("user_not_found"), "its ping U0GONE is nobody: user_not_found"),
    ],
)
def test_a_ping_that_reaches_nobody_is_found(
    check: Check, slack: ScriptedSlack, policy: Policy, *, ping: str, reply: Reply, said: str
) -> None:
    for method in ("usergroups.users.list", "users.info"):
        slack.says(method, reply)
    finding = check(with_tier(policy, 2, ping=ping))["tier L2"]
    assert (finding.level, finding.text) == ("fail", said)


@pytest.mark.parametrize("ping", ["none", "here", "channel", "S0ONCALL", "U0FAY"])
def test_a_ping_that_reaches_somebody_is_fine(check: Check, slack: ScriptedSlack, policy: Policy, ping: str) -> None:
    slack.says("usergroups.users.list", ok(users=["U0FAY"]))
    slack.says("users.info", ok(user={"name": "fay"}))
    assert check(with_tier(policy, 2, ping=ping))["tier L2"].level == "ok"


def test_no_line_tells_a_token(check: Check, slack: ScriptedSlack) -> None:
    slack.says("auth.test", no("invalid_auth"))
    slack.says("apps.connections.open", no("invalid_auth"))
    assert not [finding for finding in check().values() if "xoxb" in str(finding) or "xapp" in str(finding)]
