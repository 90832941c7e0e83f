"""JSON as Slack reads it, which is stricter than Python's own reader."""

import json
from typing import Any

MOST_NESTED = 50  # no message, form or answer needs half of it


def parse_json(raw: str | bytes) -> Any:
    """The value of `raw`. ValueError for what is no JSON, and for what cannot be sent on as JSON: NaN, Infinity,
    half a character, and brackets without end.
    """
    try:
        value = json.loads(raw)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _nested(value, MOST_NESTED):
        raise ValueError("nested too deeply")
    return value


def _nested(value: Any, most: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not most or any(_nested(entry, most - 1) for entry in inside)
