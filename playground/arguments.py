"""What a Web API call was given, whichever way it came, and which page of a long answer it asks for."""

import base64
import math
from collections.abc import Sequence
from typing import Any

from playground.refusal import Refused, invalid_arguments
from playground.strict_json import parse_json

Json = dict[str, Any]

TRUE = ("1", "true", "True", True, 1)

_STRUCTURED = ("blocks", "attachments", "view", "metadata", "files")


class Args:
    """The arguments of one call, whichever way they came: JSON, form or query."""

    def __init__(self, values: Json) -> None:
        self.values = {key: value for key, value in values.items() if value is not None}
        for key in _STRUCTURED:
            if isinstance(self.values.get(key), str) and self.values[key]:
                try:
                    self.values[key] = parse_json(self.values[key])
                except ValueError as error:
                    word = "invalid_blocks_format" if key == "blocks" else "invalid_arguments"
                    raise Refused(word) from error

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key, default)
        return value if isinstance(value, str) else str(value)

    def required(self, key: str) -> str:
        value = self.text(key)
        if not value:
            raise invalid_arguments(f"missing required field: {key}")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        return self.values[key] in TRUE if key in self.values else default

    def number(self, key: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`; `default` when it is not given."""
        try:
            value = int(self.values.get(key, default))
        except (TypeError, ValueError) as error:
            raise Refused(f"invalid_{key}") from error
        if not 1 <= value <= most:
            raise Refused(f"invalid_{key}")
        return value

    def listed(self, key: str) -> list[str]:
        value = self.values.get(key) or []
        if not isinstance(value, list):
            return [part.strip() for part in str(value).split(",") if part.strip()]
        if not all(isinstance(entry, str) for entry in value):
            raise invalid_arguments(f"{key} must be a list of strings")
        return value

    def dict(self, key: str) -> Json | None:
        value = self.values.get(key)
        if value is None or isinstance(value, dict):
            return value
        raise invalid_arguments(f"{key} must be an object")

    def list_of_dicts(self, key: str, error: str) -> list[Json] | None:
        value = self.values.get(key)
        if value in (None, ""):
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Refused(error)
        return value


def between(args: Args, messages: Sequence[Json]) -> list[Json]:
    oldest, latest = _ts(args, "oldest", "0"), _ts(args, "latest", "9999999999")
    if args.flag("inclusive"):
        return [message for message in messages if oldest <= float(message["ts"]) <= latest]
    return [message for message in messages if oldest < float(message["ts"]) < latest]


def _ts(args: Args, key: str, default: str) -> float:
    return _finite(args.text(key) or default, f"invalid_ts_{key}")


def paged(args: Args, key: str, items: Sequence[Any], most: int) -> Json:
    """One page of `items`: `limit` of them from `cursor` on, and the cursor of what is left."""
    limit = args.number("limit", 100, most)
    start = int(_cursor(args) or 0)
    more = start + limit < len(items)
    return {key: list(items[start : start + limit]), **_next(str(start + limit) if more else "")}


def paged_by_ts(args: Args, messages: Sequence[Json], limit: int, *, newest_first: bool) -> Json:
    """One page of messages; its cursor names a message, so that what is posted in between moves nothing."""
    if last := _cursor(args):
        messages = [m for m in messages if (float(m["ts"]) < last if newest_first else float(m["ts"]) > last)]
    page = list(messages[:limit])
    more = len(messages) > limit
    return {"messages": page, "has_more": more, **_next(page[-1]["ts"] if more else "")}


def _cursor(args: Args) -> float:
    if not args.text("cursor"):
        return 0.0
    try:
        place = base64.b64decode(args.text("cursor"), validate=True).decode()
    except ValueError as error:
        raise Refused("invalid_cursor") from error
    return _finite(place.removeprefix("next:"), "invalid_cursor")


def _finite(digits: str, refusal: str) -> float:
    """The number that is written there, 0 or more."""
    try:
        number = float(digits)
    except ValueError as error:
        raise Refused(refusal) from error
    if not 0 <= number < math.inf:
        raise Refused(refusal)
    return number


def _next(place: str) -> Json:
    cursor = base64.b64encode(f"next:{place}".encode()).decode() if place else ""
    return {"response_metadata": {"next_cursor": cursor}}
