"""Forms and Home tabs: each person's stack of at most three forms, one Home, and what was typed so far."""

import itertools
import secrets
from collections.abc import Iterator
from typing import Any

from playground import people
from playground.blocks import own_options, without_nulls
from playground.clock import Clock
from playground.feed import Feed
from playground.refusal import Refused

Json = dict[str, Any]

MOST_STACKED = 3


class Views:
    """Views are dicts of Slack's shape; `_errors` of a form (block id to sentence) is shown to its person only."""

    def __init__(self, clock: Clock, feed: Feed, users: list[str]) -> None:
        self._clock = clock
        self._feed = feed
        self.stacks: dict[str, list[Json]] = {user: [] for user in users}
        self.homes: dict[str, Json] = {}

    # --- what the app does

    def open(self, user: str, content: Json) -> Json:
        """Show a form on top of nothing: one that was open gives way."""
        self._check_external_id(content)
        view = self._new(content)
        self.stacks[user] = [view]
        self.tell(user)
        return view

    def push(self, user: str, content: Json) -> Json:
        stack = self.stacks[user]
        if len(stack) >= MOST_STACKED:
            raise Refused("push_limit_reached")
        self._check_external_id(content)
        view = self._new(content)
        if stack:
            view |= {"root_view_id": stack[0]["root_view_id"], "previous_view_id": stack[-1]["id"]}
        stack.append(view)
        self.tell(user)
        return view

    def update(self, view_id: str, external_id: str, content: Json, view_hash: str) -> Json:
        """Replace a form's content; what was typed stays where block_id and action_id stay."""
        user, view = self.find(view_id, external_id)
        if view_hash and view_hash != view["hash"]:
            raise Refused("hash_conflict")
        self._check_external_id(content, but=view)
        self._fill(view, content)
        self.tell(user)
        return view

    def publish(self, user: str, content: Json, view_hash: str) -> Json:
        view = self.homes.get(user)
        if view is not None and view_hash and view_hash != view["hash"]:
            raise Refused("hash_conflict")
        self._check_external_id(content, but=view)
        if view is None:
            view = self.homes[user] = self._new(content)
        else:
            self._fill(view, content)
        self._feed.tell(user, {"type": "home", "view": view})
        return view

    def find(self, view_id: str, external_id: str = "") -> tuple[str, Json]:
        for user, stack in self.stacks.items():
            for view in stack:
                if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                    return user, view
        raise Refused("not_found")

    # --- what the person does

    def of_user(self, user: str, view_id: str) -> Json:
        """The form or Home this person has open."""
        for view in (*self.stacks[user], *filter(None, [self.homes.get(user)])):
            if view["id"] == view_id:
                return view
        raise Refused("view_not_found", "This form is no longer open.")

    def remember(self, view: Json, values: Json) -> None:
        """Keep what is typed into a view's inputs; anything that is not there is dropped."""
        known = {(block, action) for block, action, _element in stateful(view["blocks"])}
        for block, actions in values.items():
            for action, value in actions.items():
                if (block, action) in known:
                    view["state"]["values"].setdefault(block, {})[action] = value

    def close(self, user: str, view: Json) -> None:
        self.stacks[user] = [other for other in self.stacks[user] if other is not view]
        self.tell(user)

    def clear(self, user: str) -> None:
        self.stacks[user] = []
        self.tell(user)

    def show_errors(self, user: str, view: Json, errors: dict[str, str]) -> None:
        view["errors"] = errors
        self.tell(user)

    def tell(self, user: str) -> None:
        self._feed.tell(user, {"type": "views", "views": self.stacks[user]})

    # --- making them

    def _new(self, content: Json) -> Json:
        view_id = f"V0{secrets.token_hex(5).upper()}"
        view: Json = {"id": view_id, "team_id": people.TEAM_ID, "state": {"values": {}}}
        view |= {"root_view_id": view_id, "previous_view_id": None, "app_id": people.APP_ID}
        view |= {"app_installed_team_id": people.TEAM_ID, "bot_id": people.BOT_ID}
        self._fill(view, content)
        return view

    def _fill(self, view: Json, content: Json) -> None:
        defaults: Json = {"callback_id": "", "private_metadata": "", "external_id": "", "title": None, "submit": None}
        defaults |= {"close": None, "clear_on_close": False, "notify_on_close": False}
        for key, default in defaults.items():
            view[key] = content.get(key, default)
        view["type"] = content["type"]
        view["blocks"] = content["blocks"]
        view["hash"] = f"{self._clock.now():.0f}.{secrets.token_hex(4)}"
        view.pop("errors", None)
        known = {(block, action) for block, action, _element in stateful(view["blocks"])}
        values: Json = {}
        for block, actions in view["state"]["values"].items():
            kept = {action: value for action, value in actions.items() if (block, action) in known}
            if kept:
                values[block] = kept
        view["state"] = {"values": values}

    def _check_external_id(self, content: Json, but: Json | None = None) -> None:
        external_id = content.get("external_id")
        if not external_id:
            return
        for view in itertools.chain(self.homes.values(), *self.stacks.values()):
            if view["external_id"] == external_id and view is not but:
                raise Refused("duplicate_external_id")


def shown(view: Json) -> Json:
    """The view as Slack's API shows it: without the errors only its person sees."""
    return {key: value for key, value in view.items() if key != "errors"}


# --- inputs

# The key under which an element of each type holds its value; the second names where it starts.
VALUE_KEYS: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
}


_NESTED = {"container": "child_blocks", "carousel": "elements"}


def elements(block: Json) -> list[Json]:
    """The interactive elements of one block, wherever its type keeps them."""
    match block.get("type"):
        case "input":
            return [block["element"]]
        case "section":
            return [block["accessory"]] if "accessory" in block else []
        case "actions" | "context_actions":
            return list(block["elements"])
        case "card":
            return list(block.get("actions") or [])
        case _:
            return []


def walk(blocks: list[Json]) -> Iterator[Json]:
    """Every block, those inside containers too."""
    for block in blocks:
        yield block
        if nested := _NESTED.get(block["type"]):
            yield from walk(block.get(nested) or [])


def stateful(blocks: list[Json]) -> Iterator[tuple[str, str, Json]]:
    """(block_id, action_id, element) of everything that holds a value."""
    for block in walk(blocks):
        for element in elements(block):
            if element["type"] in VALUE_KEYS:
                yield block["block_id"], element["action_id"], element


def find_element(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    for block in walk(blocks):
        if block.get("block_id") == block_id:
            for element in elements(block):
                if element.get("action_id") == action_id:
                    return element
    return None


def state_of(blocks: list[Json], values: Json) -> Json:
    """`state.values` as Slack sends it: each input with what was chosen, or with what it started with."""
    state: Json = {}
    for block_id, action_id, element in stateful(blocks):
        kind = element["type"]
        value_key, initial_key = VALUE_KEYS[kind]
        given = values.get(block_id, {}).get(action_id)
        empty: Any = [] if value_key.endswith("s") else None
        value = given.get(value_key, empty) if isinstance(given, dict) else element.get(initial_key, empty)
        state.setdefault(block_id, {})[action_id] = {"type": kind, value_key: as_offered(element, value)}
    return state


def as_offered(element: Json, chosen: Any) -> Any:
    """A choice in the words of the app, which offered it; anything else as it is."""
    own = {option["value"]: option for option in own_options(element)}
    if isinstance(chosen, list):
        return [as_offered(element, entry) for entry in chosen]
    value = chosen.get("value") if isinstance(chosen, dict) else None
    return own.get(value, chosen) if isinstance(value, str) else chosen


def merged(values: Json, newer: Json) -> Json:
    """What stands in a form's inputs when `newer` comes to `values`; both {block_id: {action_id: value}}."""
    return {block: values.get(block, {}) | newer.get(block, {}) for block in {**values, **newer}}


def with_ids(blocks: list[Json]) -> list[Json]:
    """The same blocks, with an id wherever the app gave none."""
    numbered: list[Json] = without_nulls(blocks)
    for block in numbered:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        match block.get("type"):
            case "input":
                block["element"] = _with_action_id(block["element"])
            case "section" if "accessory" in block:
                block["accessory"] = _with_action_id(block["accessory"])
            case "actions" | "context_actions":
                block["elements"] = [_with_action_id(element) for element in block["elements"]]
            case "container" | "carousel" as kind:
                block[_NESTED[kind]] = with_ids(block.get(_NESTED[kind]) or [])
            case "card" if block.get("actions"):
                block["actions"] = [_with_action_id(element) for element in block["actions"]]
            case _:
                pass
    return numbered


def _with_action_id(element: Json) -> Json:
    if element.get("type") == "image":
        return element
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)}
