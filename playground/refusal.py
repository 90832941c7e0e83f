"""What Slack says when it refuses: its error word for the app, a sentence for a person."""

from typing import Any


class Refused(Exception):
    """`error` is Slack's own word; `message` is for people; `extra` are further keys of the answer."""

    def __init__(self, error: str, message: str = "", **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.message = message or f"Slack refused: {error}."
        self.extra = extra


class RateLimited(Refused):
    """Too many calls; the next one may come after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__("ratelimited", "Slack has had enough for the moment.")
        self.seconds = seconds


def invalid_arguments(*messages: str) -> Refused:
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}" for message in messages]})
