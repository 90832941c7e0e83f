"""Slack's text encoding: what a person types becomes tokens, and tokens say who is meant."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

BROADCASTS = ("here", "channel", "everyone")

_CODE = r"```.+?```|`[^`\n]+`"
_EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_URL = r"https?://[^\s<>]*[^\s<>.,;:!?)\]}'\"]"
_TOKEN = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_PIECE = re.compile(r"<[^<>]+>|:[a-z0-9_+'-]+:|[^<:]+|[<:]")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def encode(typed: str, names: Mapping[str, str]) -> str:
    """What Slack stores of `typed`: `& < >` escaped, links in angle brackets, names resolved to tokens.

    `names` maps what may follow the sign, sign included and in lower case (`@maya`, `#general`), to its token.
    """
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or "(?!)"
    # Only ASCII letters match in either case: what matches must be a key of `names` when it is lowered.
    pattern = re.compile(rf"({_CODE})|({_URL})|({_EMAIL})|((?<!\w)(?a:{known})(?!\w))", re.IGNORECASE | re.DOTALL)
    encoded, end = [], 0
    for match in pattern.finditer(typed):
        code, url, email, name = match.groups()
        encoded.append(escape(typed[end : match.start()]))
        end = match.end()
        if code:
            encoded.append(escape(code))
        elif url:
            encoded.append(f"<{escape(url)}>")
        elif email:
            encoded.append(f"<mailto:{email}|{email}>")
        else:
            encoded.append(names[name.lower()])
    encoded.append(escape(typed[end:]))
    return "".join(encoded)


def rich_text(text: str) -> list[dict[str, Any]]:
    """The blocks Slack adds to a person's message: the same words as structure."""
    elements: list[dict[str, Any]] = []
    for piece in _PIECE.findall(text):
        element = _element(piece)
        if element["type"] == "text" and elements and elements[-1]["type"] == "text":
            elements[-1]["text"] += element["text"]
        else:
            elements.append(element)
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}]


def _element(piece: str) -> dict[str, Any]:
    token = _TOKEN.fullmatch(piece)
    if token is None:
        if len(piece) > 2 and piece[0] == piece[-1] == ":":  # noqa: PLR2004  a name between two colons
            return {"type": "emoji", "name": piece[1:-1]}
        return {"type": "text", "text": unescape(piece)}
    sign, target, label = token.groups()
    match sign, target:
        case "@", _:
            return {"type": "user", "user_id": target}
        case "#", _:
            return {"type": "channel", "channel_id": target}
        case "!", broadcast if broadcast in BROADCASTS:
            return {"type": "broadcast", "range": broadcast}
        case "!", group if group.startswith("subteam^"):
            return {"type": "usergroup", "usergroup_id": group.removeprefix("subteam^")}
        case "!", _:
            return {"type": "text", "text": unescape(label or piece)}
        case _:
            link = {"type": "link", "url": unescape(target)}
            return {**link, "text": unescape(label)} if label else link


def mentions(message: dict[str, Any]) -> set[str]:
    """Whom a message calls: user ids, group ids, and `here`, `channel`, `everyone`."""
    called: set[str] = set()
    for text in (message.get("text") or "", *_strings(message.get("blocks")), *_strings(message.get("attachments"))):
        for sign, target, _label in _TOKEN.findall(text):
            if sign == "@":
                called.add(target)
            elif sign == "!" and target.startswith("subteam^"):
                called.add(target.removeprefix("subteam^"))
            elif sign == "!" and target in BROADCASTS:
                called.add(target)
    return called


def _strings(value: Any) -> Iterator[str]:
    """Every string in `value` that Slack reads for mentions, rich text given back as tokens."""
    if isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        match value:
            case {"type": "mrkdwn", "text": str(text)} | {"type": "markdown", "text": str(text)}:
                yield text
            case {"type": "user", "user_id": str(user)}:
                yield f"<@{user}>"
            case {"type": "usergroup", "usergroup_id": str(group)}:
                yield f"<!subteam^{group}>"
            case {"type": "broadcast", "range": str(broadcast)}:
                yield f"<!{broadcast}>"
            case _:
                for item in value.values():
                    yield from _strings(item)
