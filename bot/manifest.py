"""Which scopes the Slack app asks for, read from its manifest without a YAML library."""

import re


class ManifestError(Exception):
    """The manifest cannot be read. One sentence."""


def required_scopes(manifest: str) -> frozenset[str]:
    """What the bot cannot work without. `manifest` is the file's text. Raises ManifestError."""
    scopes = _scopes(manifest, "bot")
    if not scopes:
        raise ManifestError("The manifest lists no scopes; expected one a line under oauth_config, scopes, bot.")
    return scopes


def optional_scopes(manifest: str) -> frozenset[str]:
    """What whoever installs the app may decline."""
    return _scopes(manifest, "bot_optional")


def _scopes(manifest: str, key: str) -> frozenset[str]:
    """The items of the block list at oauth_config.scopes.<key>: "- name", one a line."""
    found = set()
    parents: list[tuple[int, str]] = []  # indentation and key, outermost first
    for line in manifest.splitlines():
        content = re.sub(r"(^|\s)#.*", "", line).rstrip()
        indentation = len(content) - len(content.lstrip())
        if item := re.fullmatch(r"\s*- +['\"]?([\w:.]+)['\"]?", content):
            if [name for _, name in parents] == ["oauth_config", "scopes", key]:
                found.add(item[1])
        elif name := re.fullmatch(r"\s*['\"]?(\w+)['\"]?:.*", content):
            parents = [parent for parent in parents if parent[0] < indentation]
            parents.append((indentation, name[1]))
    return frozenset(found)
