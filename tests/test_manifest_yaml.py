"""The Slack app's manifest: what it asks for is what the bot needs, and the bot reads it as Slack does."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.manifest import ManifestError, optional_scopes, required_scopes

TEXT = (Path(__file__).parents[1] / "manifest.yaml").read_text(encoding="utf-8")
MANIFEST: dict[str, Any] = yaml.safe_load(TEXT)
SCOPES = MANIFEST["oauth_config"]["scopes"]
EVENTS = MANIFEST["settings"]["event_subscriptions"]["bot_events"]

# What Slack demands before it delivers an event.
NEEDS = {
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_id_changed": "channels:read",
    "channel_rename": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_rename": "groups:read",
    "group_unarchive": "groups:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "user_change": "users:read",
}


def test_our_reading_is_yamls_reading() -> None:
    assert required_scopes(TEXT) == frozenset(SCOPES["bot"])
    assert optional_scopes(TEXT) == frozenset(SCOPES["bot_optional"])
    assert not required_scopes(TEXT) & optional_scopes(TEXT)


def test_the_scopes_are_the_least() -> None:
    """A scope more is a question more in every security review: whoever adds one says here what it is for."""
    assert required_scopes(TEXT) == {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "reactions:write",
        "users:read",
    }
    assert optional_scopes(TEXT) == {"usergroups:read"}


def test_each_scope_says_what_needs_it() -> None:
    for scope in (*SCOPES["bot"], *SCOPES["bot_optional"]):
        assert re.search(rf"^ +- {scope} +# \S", TEXT, re.MULTILINE), scope


def test_each_event_has_its_scope() -> None:
    assert set(EVENTS) == set(NEEDS)
    assert {NEEDS[event] for event in EVENTS} <= required_scopes(TEXT)


def test_socket_mode_forms_and_a_dm_that_can_be_answered() -> None:
    settings, home = MANIFEST["settings"], MANIFEST["features"]["app_home"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"]["is_enabled"] is True
    assert home == {
        "home_tab_enabled": False,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_the_command_gets_people_and_channels_as_ids() -> None:
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command["command"] == "/issue"
    assert command["should_escape"] is True
    assert "url" not in command


def test_names_fit_into_slacks_limits() -> None:
    assert len(MANIFEST["display_information"]["name"]) <= 35
    assert len(MANIFEST["display_information"]["description"]) <= 140
    assert len(MANIFEST["features"]["bot_user"]["display_name"]) <= 80
    (command,) = MANIFEST["features"]["slash_commands"]
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000


STYLES = """
oauth_config:
  redirect_urls:
    - https://example.org/chat:write
  scopes:
    bot:
    - 'chat:write'  # at the key's own indentation
    # - im:write
    - "commands"

    bot_optional:
          - usergroups:read
    user:
      - users:read
other:
  scopes:
    bot:
      - pins:write
"""


def test_the_list_is_found_however_it_is_indented() -> None:
    assert required_scopes(STYLES) == set(yaml.safe_load(STYLES)["oauth_config"]["scopes"]["bot"])
    assert optional_scopes(STYLES) == {"usergroups:read"}


@pytest.mark.parametrize("text", ["", "oauth_config:\n  scopes:\n    bot: [chat:write]\n", "{}"])
def test_a_manifest_without_a_list_is_refused_rather_than_taken_for_empty(text: str) -> None:
    with pytest.raises(ManifestError, match="The manifest lists no scopes"):
        required_scopes(text)
    assert optional_scopes(text) == frozenset()
