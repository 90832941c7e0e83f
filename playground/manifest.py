"""Read the Slack app's manifest: what it may do and what it wants to hear."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class ManifestError(Exception):
    """One sentence that says what is wrong with the file."""


@dataclass(frozen=True)
class Command:
    command: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True)
class Shortcut:
    name: str
    type: str
    callback_id: str
    description: str


@dataclass(frozen=True)
class Manifest:
    name: str
    bot_name: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    events: frozenset[str] = field(default_factory=frozenset)
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    home_tab: bool = False
    messages_tab: bool = True
    messages_read_only: bool = False
    interactive: bool = False
    socket_mode: bool = False

    @property
    def may_be_called(self) -> bool:
        """Commands and shortcuts need a scope, whatever else the manifest says of them."""
        return "commands" in self.scopes


def read(path: Path) -> Manifest:
    """The app described by a YAML (or JSON) manifest; ManifestError when it cannot be understood."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"Cannot read the manifest {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"The manifest {path} is not UTF-8 text.") from error
    except yaml.YAMLError as error:
        raise ManifestError(f"The manifest {path} is not YAML: {' '.join(str(error).split())}.") from error
    try:
        return parse(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"The manifest {path} is not a Slack app manifest: {error!r}.") from error


def parse(data: dict[str, Any]) -> Manifest:
    features = data.get("features") or {}
    settings = data.get("settings") or {}
    scopes = (data.get("oauth_config") or {}).get("scopes") or {}
    home = features.get("app_home") or {}
    name = data["display_information"]["name"]
    return Manifest(
        name=name,
        bot_name=(features.get("bot_user") or {}).get("display_name", name),
        scopes=frozenset([*(scopes.get("bot") or []), *(scopes.get("bot_optional") or [])]),
        events=frozenset((settings.get("event_subscriptions") or {}).get("bot_events") or []),
        commands=tuple(
            Command(
                command=command["command"],
                description=command["description"],
                usage_hint=command.get("usage_hint", ""),
                should_escape=bool(command.get("should_escape")),
            )
            for command in features.get("slash_commands") or []
        ),
        shortcuts=tuple(
            Shortcut(
                name=shortcut["name"],
                type=shortcut["type"],
                callback_id=shortcut["callback_id"],
                description=shortcut["description"],
            )
            for shortcut in features.get("shortcuts") or []
        ),
        home_tab=bool(home.get("home_tab_enabled")),
        messages_tab=bool(home.get("messages_tab_enabled", True)),
        messages_read_only=bool(home.get("messages_tab_read_only_enabled")),
        interactive=bool((settings.get("interactivity") or {}).get("is_enabled")),
        socket_mode=bool(settings.get("socket_mode_enabled")),
    )
