"""Domain values as JSON and back: events and messages under their class name, issues, policies, places."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter
from pydantic_core import CoreConfig, SchemaValidator, to_jsonable_python

from bot.domain.events import Event
from bot.domain.issue import Issue
from bot.domain.policy import Policy
from bot.messages import Message, Place

_KINDS = {kind.__name__: kind for kind in (Issue, Policy, *get_args(Event), *get_args(Message))}


def to_json(value: Any) -> Any:
    """What json.dumps takes: instants in UTC, spans exact to the microsecond. A naive datetime is a ValueError."""
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{value} has no time zone; only instants are stored.")
        return value.astimezone(UTC).isoformat()
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {to_json(key): to_json(each) for key, each in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((to_json(each) for each in value), key=repr)
    if isinstance(value, tuple):
        return [to_json(each) for each in value]
    return to_jsonable_python(value)


def issue_from(body: Any) -> Issue:
    issue: Issue = _validator(Issue.__name__).validate_python(body)
    return issue


def policy_from(content: Any) -> Policy:
    policy: Policy = _validator(Policy.__name__).validate_python(content)
    return policy


def event_from(kind: str, data: Any) -> Event:
    event: Event = _validator(kind).validate_python(data)
    return event


def message_from(kind: str, data: Any) -> Message:
    message: Message = _validator(kind).validate_python(data)
    return message


def place_from(text: str) -> Place:
    """The opposite of str(place)."""
    side, _, who = text.partition(":")
    return Place(tier=int(who)) if side == "tier" else Place(person=who)


@cache  # building one takes milliseconds
def _validator(kind: str) -> SchemaValidator:
    schema = TypeAdapter(_KINDS[kind]).core_schema
    return SchemaValidator(schema, CoreConfig(hide_input_in_errors=True))  # they are logged, and people wrote the input
