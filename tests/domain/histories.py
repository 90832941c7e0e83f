"""What fits which state, so that random histories come to something wherever they are played: rules, model, storage."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.issue import Status

_TALK = ("answer", "note", "reporter says")
_MOVE = ("escalate", "return", "reroute")

# Said more than once: tried more often.
FITTING: Mapping[Status, tuple[str, ...]] = MappingProxyType(
    {
        Status.OPEN: ("claim", "claim", "claim", "claim", *_TALK, *_MOVE, "priority", "priority", "worse", "resolve",
                      "merge", "merge", "cancel", "declare major"),
        Status.CLAIMED: (*_TALK, *_MOVE, "answer", "release", "take over", "take over", "hand over", "hand over",
                         "accept", "accept", "accept", "snooze", "wait",
                         "wait", "wait", "wait", "wait", "snooze", "priority", "priority", "priority", "worse",
                         "resolve", "resolve", "merge", "cancel", "declare major", "end major"),
        Status.WAITING: ("resume", "resume", "reporter says", "reporter says", "priority", "priority", "worse",
                         "answer", "note", "resolve", "merge", "cancel"),
        Status.RESOLVED: ("reopen", "reopen", "reopen", "reporter says", "answer", "claim"),
        Status.MERGED: ("unmerge", "unmerge", "unmerge", "reporter says", "note", "merge"),
        Status.CLOSED: ("reporter says", "answer", "reopen", "claim"),
        Status.CANCELLED: ("reporter says", "note", "reopen", "resolve"),
    }
)  # fmt: skip


def fitting(status: Status, turn: int) -> str:
    """The act that a random number means for an issue in this state."""
    acts = FITTING[status]
    return acts[turn % len(acts)]
