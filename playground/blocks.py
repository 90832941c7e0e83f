"""Block Kit as Slack accepts it: every block, element and view, checked over plain dicts, one pointer per mistake."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

Json = dict[str, Any]

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_MARKDOWN = 12_000
MOST_TABLE_TEXT = 10_000
MOST_VIEW_BYTES = 250_000
MOST_METADATA_BYTES = 1_024  # Slack publishes no figure; this is where it is certainly safe
MOST_MESSAGE_TEXT = 13_200  # of all text in a message's blocks; not published either


@dataclass
class Report:
    """The mistakes of one payload, as Slack words them."""

    surface: str
    errors: list[str] = field(default_factory=list)
    block_ids: set[str] = field(default_factory=set)
    focused: int = 0
    response_urls: int = 0

    def add(self, message: str, pointer: str) -> None:
        self.errors.append(f"[ERROR] {message} [json-pointer:{pointer}]")


Check = Callable[[Any, str, Report], None]


@dataclass(frozen=True)
class Shape:
    """What an object of one type may hold. `also` checks what several fields say together.

    An `open` shape lets fields pass that are not listed; the newest blocks have fields that no limit is known for.
    """

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    also: Check | None = None
    surfaces: frozenset[str] = frozenset(MOST_BLOCKS)
    open: bool = False

    def __call__(self, value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.add("must be an object", pointer)
            return
        before = len(report.errors)
        for name, check in self.required.items():
            if value.get(name) is None:
                report.add(f"missing required field: {name}", pointer)
            else:
                check(value[name], f"{pointer}/{name}", report)
        for name, given in value.items():
            if name in self.optional and given is not None:
                self.optional[name](given, f"{pointer}/{name}", report)
            elif name not in self.required and name not in self.optional and name != "type" and not self.open:
                report.add(f"invalid additional property: {name}", pointer)
        if self.also is not None and len(report.errors) == before:
            self.also({name: given for name, given in value.items() if given is not None}, pointer, report)


# --- single values


def boolean(value: Any, pointer: str, report: Report) -> None:
    if not isinstance(value, bool):
        report.add("must be a boolean", pointer)


def anything(_value: Any, _pointer: str, _report: Report) -> None:
    """Accepted as it is."""


def string(most: int, least: int = 1) -> Check:
    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, str):
            report.add("must be a string", pointer)
        elif len(value) < least:
            report.add(f"must be more than {least - 1} characters", pointer)
        elif len(value) > most:
            report.add(f"must be less than {most + 1} characters", pointer)

    return check


def visible(most: int) -> Check:
    """A string that shows something: not only blanks."""
    check_string = string(most)

    def check(value: Any, pointer: str, report: Report) -> None:
        check_string(value, pointer, report)
        if isinstance(value, str) and value and not value.strip():
            report.add("must be more than 0 characters", pointer)

    return check


def matching(pattern: str, what: str) -> Check:
    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            report.add(f"must be {what}", pointer)

    return check


def integer(least: int, most: int) -> Check:
    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            report.add(f"must be an integer from {least} to {most}", pointer)

    return check


def one_of(*choices: str) -> Check:
    def check(value: Any, pointer: str, report: Report) -> None:
        if value not in choices:
            report.add(f"must be one of: {', '.join(choices)}", pointer)

    return check


def items(check_item: Check, least: int, most: int) -> Check:
    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, list):
            report.add("must be an array", pointer)
            return
        if len(value) < least:
            report.add(f"no fewer than {least} items allowed", pointer)
        if len(value) > most:
            report.add(f"no more than {most} items allowed", pointer)
        for number, item in enumerate(value):
            check_item(item, f"{pointer}/{number}", report)

    return check


def text(most: int, *kinds: str) -> Check:
    """A text object of one of these kinds, with 1 to `most` characters."""
    fields: dict[str, Mapping[str, Check]] = {
        "plain_text": {"emoji": boolean},
        "mrkdwn": {"verbatim": boolean},
    }

    def check(value: Any, pointer: str, report: Report) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in kinds:
            report.add(f"unsupported type: {kind}" if kind else "missing required field: type", f"{pointer}/type")
        else:
            Shape({"text": visible(most)}, fields[kind])(value, pointer, report)

    return check


def plain(most: int) -> Check:
    return text(most, "plain_text")


def words(most: int) -> Check:
    return text(most, "plain_text", "mrkdwn")


url = string(3000)


def web_address(value: Any, pointer: str, report: Report) -> None:
    url(value, pointer, report)
    if isinstance(value, str) and not re.match(r"https?://[^\s/]+", value):
        report.add("must be a valid URL", pointer)


def link_address(value: Any, pointer: str, report: Report) -> None:
    """Wherever a link may lead: a page, a mail, another app."""
    url(value, pointer, report)
    if isinstance(value, str) and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", value):
        report.add("must be a valid URL", pointer)


CONFIRM = Shape(
    {"title": plain(100), "text": words(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)

# --- options


def option(label: Check, *, link: bool = False) -> Check:
    optional: dict[str, Check] = {"description": words(75)}
    if link:
        optional["url"] = link_address
    return Shape({"text": label, "value": string(150, least=0)}, optional)


PLAIN_OPTION = option(plain(75))
RICH_OPTION = option(words(75))
LINK_OPTION = option(plain(75), link=True)
GROUPS = items(Shape({"label": plain(75), "options": items(PLAIN_OPTION, 1, 100)}), 1, 100)


def own_options(value: Json) -> list[Any]:
    """The options an element has, in groups or not."""
    own = list(value.get("options") or [])
    for group in value.get("option_groups") or []:
        own += group.get("options") or []
    return own


def _choices(value: Json, pointer: str, report: Report) -> None:
    """No two options alike, and what is chosen at first is one of them."""
    values = [entry["value"] for entry in own_options(value)]
    if len(set(values)) < len(values):
        report.add("option values must be unique", pointer)
    _initial_is_an_option(value, pointer, report)


def _initial_is_an_option(value: Json, pointer: str, report: Report) -> None:
    chosen = value.get("initial_options") or [value["initial_option"]] if _has_initial(value) else []
    own = [_bare(entry) for entry in own_options(value)]
    name = "initial_options" if "initial_options" in value else "initial_option"
    for entry in chosen:
        if _bare(entry) not in own:
            report.add(f"{name} must match one of the options", f"{pointer}/{name}")


def _has_initial(value: Json) -> bool:
    return bool(value.get("initial_options") or value.get("initial_option"))


def _bare(entry: Any) -> tuple[Any, Any]:
    """What makes an option the same as another: its value and its words."""
    label = entry.get("text") if isinstance(entry, dict) else None
    return (entry.get("value") if label else None, label.get("text") if isinstance(label, dict) else None)


def _options_or_groups(value: Json, pointer: str, report: Report) -> None:
    if ("options" in value) == ("option_groups" in value):
        report.add("exactly one of options and option_groups is required", pointer)
    _choices(value, pointer, report)


# --- elements

ACTION_ID = string(255)


def _focus(value: Any, pointer: str, report: Report) -> None:
    boolean(value, pointer, report)
    report.focused += value is True
    if report.focused > 1 and value is True:
        report.add("focus_on_load may be set on one element only", pointer)


def element(required: Mapping[str, Check], optional: Mapping[str, Check], also: Check | None = None) -> Shape:
    return Shape(required, {"action_id": ACTION_ID, **optional}, also)


def select(required: Mapping[str, Check], optional: Mapping[str, Check], also: Check | None = None) -> Shape:
    common: dict[str, Check] = {"placeholder": plain(150), "confirm": CONFIRM, "focus_on_load": _focus}
    return element(required, {**common, **optional}, also)


def text_input(optional: Mapping[str, Check], also: Check | None = None) -> Shape:
    triggers = items(one_of("on_enter_pressed", "on_character_entered"), 1, 2)
    dispatch = Shape({}, {"trigger_actions_on": triggers})
    common: dict[str, Check] = {"placeholder": plain(150), "focus_on_load": _focus, "dispatch_action_config": dispatch}
    return element({}, {"initial_value": string(3000, least=0), **common, **optional}, also)


def _lengths(value: Json, pointer: str, report: Report) -> None:
    least, most = value.get("min_length", 0), value.get("max_length", 3000)
    if least > most:
        report.add("min_length must not exceed max_length", f"{pointer}/min_length")
    if len(value.get("initial_value", "")) > most:
        report.add("initial_value must not be longer than max_length", f"{pointer}/initial_value")


def _range(value: Json, pointer: str, report: Report) -> None:
    if float(value.get("min_value", "-inf")) > float(value.get("max_value", "inf")):
        report.add("min_value must not exceed max_value", f"{pointer}/min_value")


def _image_source(value: Json, pointer: str, report: Report) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        report.add("exactly one of image_url and slack_file is required", pointer)


_USERS = items(string(255), 0, 100)
_MAX_SELECTED = integer(1, 1_000)
_STATIC: dict[str, Check] = {"options": items(PLAIN_OPTION, 1, 100), "option_groups": GROUPS}
_FILTER = Shape(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
_CONVERSATIONS: dict[str, Check] = {"default_to_current_conversation": boolean, "filter": _FILTER}


def is_date(text: str) -> bool:
    """A date of the calendar as YYYY-MM-DD."""
    try:
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _date(value: Any, pointer: str, report: Report) -> None:
    if not isinstance(value, str) or not is_date(value):
        report.add("must be a date as YYYY-MM-DD", pointer)


_TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "a time as HH:mm")
_NUMBER = matching(r"-?[0-9]+(\.[0-9]+)?", "a number in a string")

ELEMENTS: dict[str, Shape] = {
    "button": element(
        {"text": plain(75)},
        {
            "url": link_address,
            "value": string(2000, least=0),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": _USERS,
            "agent_prompt": string(4000),
        },
    ),
    "workflow_button": element(
        {"text": plain(75), "workflow": anything},
        {"style": one_of("primary", "danger"), "accessibility_label": string(75)},
    ),
    "icon_button": element(
        {"text": plain(75), "icon": one_of("trash")},
        {
            "value": string(2000, least=0),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": items(string(255), 0, 10),
        },
    ),
    "feedback_buttons": element({"positive_button": anything, "negative_button": anything}, {}),
    "overflow": element({"options": items(LINK_OPTION, 1, 5)}, {"confirm": CONFIRM}, _choices),
    "static_select": select({}, {**_STATIC, "initial_option": PLAIN_OPTION}, _options_or_groups),
    "multi_static_select": select(
        {},
        {**_STATIC, "initial_options": items(PLAIN_OPTION, 1, 100), "max_selected_items": _MAX_SELECTED},
        _options_or_groups,
    ),
    "external_select": select({}, {"initial_option": PLAIN_OPTION, "min_query_length": integer(0, 3000)}),
    "multi_external_select": select(
        {},
        {
            "initial_options": items(PLAIN_OPTION, 1, 100),
            "min_query_length": integer(0, 3000),
            "max_selected_items": _MAX_SELECTED,
        },
    ),
    "users_select": select({}, {"initial_user": string(255)}),
    "multi_users_select": select({}, {"initial_users": _USERS, "max_selected_items": _MAX_SELECTED}),
    "conversations_select": select(
        {}, {"initial_conversation": string(255), "response_url_enabled": boolean, **_CONVERSATIONS}
    ),
    "multi_conversations_select": select(
        {}, {"initial_conversations": _USERS, "max_selected_items": _MAX_SELECTED, **_CONVERSATIONS}
    ),
    "channels_select": select({}, {"initial_channel": string(255), "response_url_enabled": boolean}),
    "multi_channels_select": select({}, {"initial_channels": _USERS, "max_selected_items": _MAX_SELECTED}),
    "radio_buttons": element(
        {"options": items(RICH_OPTION, 1, 10)},
        {"initial_option": RICH_OPTION, "confirm": CONFIRM, "focus_on_load": _focus},
        _choices,
    ),
    "checkboxes": element(
        {"options": items(RICH_OPTION, 1, 10)},
        {"initial_options": items(RICH_OPTION, 1, 10), "confirm": CONFIRM, "focus_on_load": _focus},
        _choices,
    ),
    "datepicker": select({}, {"initial_date": _date}),
    "timepicker": select({}, {"initial_time": _TIME, "timezone": string(255)}),
    "datetimepicker": element(
        {},
        {"initial_date_time": integer(1_000_000_000, 9_999_999_999), "confirm": CONFIRM, "focus_on_load": _focus},
    ),
    "plain_text_input": text_input(
        {"multiline": boolean, "min_length": integer(0, 3000), "max_length": integer(1, 3000)}, _lengths
    ),
    "email_text_input": text_input({}),
    "url_text_input": text_input({}),
    "number_input": Shape(
        {"is_decimal_allowed": boolean},
        {**text_input({}).optional, "min_value": _NUMBER, "max_value": _NUMBER, "initial_value": _NUMBER},
        _range,
    ),
    "rich_text_input": text_input({"initial_value": anything}),
    "file_input": element({}, {"filetypes": items(string(50), 1, 100), "max_files": integer(1, 10)}),
    "image": Shape({"alt_text": string(2000)}, {"image_url": web_address, "slack_file": anything}, _image_source),
}

_SELECTS = {name for name in ELEMENTS if name.endswith("_select")}
_PICKERS = {"datepicker", "timepicker", "datetimepicker", "radio_buttons", "checkboxes"}
_ONLY_IN_MODALS = {"file_input"}
IN_ACTIONS = _SELECTS | _PICKERS | {"button", "overflow", "rich_text_input", "workflow_button"}
IN_SECTIONS = IN_ACTIONS - {"datetimepicker", "rich_text_input"} | {"image"}
IN_INPUTS = _SELECTS | _PICKERS | {name for name in ELEMENTS if name.endswith("_input")}


def any_of(allowed: set[str]) -> Check:
    """One element of the types allowed at this place."""

    def check(value: Any, pointer: str, report: Report) -> None:
        here = allowed if report.surface == "modal" else allowed - _ONLY_IN_MODALS
        _by_type({name: ELEMENTS[name] for name in here}, value, pointer, report)
        _response_url(value, pointer, report)

    return check


def _response_url(value: Any, pointer: str, report: Report) -> None:
    """Only one menu of a modal may ask for a response_url, and only as an input."""
    if not isinstance(value, dict) or value.get("response_url_enabled") is not True:
        return
    report.response_urls += 1
    if report.surface != "modal" or not pointer.endswith("/element"):
        report.add("response_url_enabled works in the inputs of a modal only", f"{pointer}/response_url_enabled")
    elif report.response_urls > 1:
        report.add("response_url_enabled may be set on one element only", f"{pointer}/response_url_enabled")


def distinct_actions(allowed: set[str], most: int) -> Check:
    """Several elements; two of one block may not share an action_id."""
    each = items(any_of(allowed), 1, most)

    def check(value: Any, pointer: str, report: Report) -> None:
        each(value, pointer, report)
        seen: set[str] = set()
        for number, entry in enumerate(value if isinstance(value, list) else []):
            action_id = entry.get("action_id") if isinstance(entry, dict) else None
            if not isinstance(action_id, str):
                continue
            if action_id in seen:
                report.add(f'`action_id` "{action_id}" already exists for another element', f"{pointer}/{number}")
            seen.add(action_id)

    return check


# --- rich text

_STYLE = Shape(
    {},
    dict.fromkeys(
        ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), boolean
    ),
)
INLINE: dict[str, Shape] = {
    "text": Shape({"text": string(100_000)}, {"style": _STYLE}),
    "link": Shape({"url": url}, {"text": string(100_000), "unsafe": boolean, "style": _STYLE}),
    "emoji": Shape({"name": string(255)}, {"unicode": string(255), "skin_tone": integer(1, 6), "style": _STYLE}),
    "user": Shape({"user_id": string(255)}, {"style": _STYLE}),
    "usergroup": Shape({"usergroup_id": string(255)}, {"style": _STYLE}),
    "channel": Shape({"channel_id": string(255)}, {"style": _STYLE}),
    "team": Shape({"team_id": string(255)}, {"style": _STYLE}),
    "broadcast": Shape({"range": one_of("here", "channel", "everyone")}, {"style": _STYLE}),
    "date": Shape(
        {"timestamp": integer(0, 9_999_999_999), "format": string(255)},
        {"url": url, "fallback": string(255), "style": _STYLE},
    ),
    "color": Shape({"value": matching(r"#[0-9A-Fa-f]{6}", "a colour as #RRGGBB")}, {"style": _STYLE}),
}


def inline(value: Any, pointer: str, report: Report) -> None:
    _by_type(INLINE, value, pointer, report)


_INLINES = items(inline, 0, 10_000)
_BORDER = {"border": integer(0, 1)}
RICH: dict[str, Shape] = {
    "rich_text_section": Shape({"elements": _INLINES}),
    "rich_text_preformatted": Shape({"elements": _INLINES}, {**_BORDER, "language": string(255)}),
    "rich_text_quote": Shape({"elements": _INLINES}, _BORDER),
}
RICH["rich_text_list"] = Shape(
    {"style": one_of("bullet", "ordered"), "elements": items(RICH["rich_text_section"], 1, 10_000)},
    {"indent": integer(0, 8), "offset": integer(0, 10_000), **_BORDER},
)


def _by_type(shapes: Mapping[str, Check], value: Any, pointer: str, report: Report) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        report.add("missing required field: type", pointer)
    elif kind in shapes:
        shapes[kind](value, pointer, report)
    else:
        report.add(f"unsupported type: {kind}", f"{pointer}/type")


# --- blocks


def _section(value: Json, pointer: str, report: Report) -> None:
    if not (value.get("text") or value.get("fields")):
        report.add("either text or fields is required", pointer)


def _context_element(value: Any, pointer: str, report: Report) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        ELEMENTS["image"](value, pointer, report)
    else:
        words(3000)(value, pointer, report)


def _cell(value: Any, pointer: str, report: Report) -> None:
    kinds: dict[str, Check] = {
        "raw_text": Shape({"text": string(MOST_TABLE_TEXT)}),
        "raw_number": Shape({"value": anything}, open=True),
        "rich_text": BLOCKS["rich_text"],
    }
    _by_type(kinds, value, pointer, report)


def _data_table(value: Json, pointer: str, report: Report) -> None:
    for number, cell in enumerate(value["rows"][0]):
        if isinstance(cell, dict) and cell.get("type") == "rich_text":
            report.add("header cells must not be rich_text", f"{pointer}/rows/0/{number}")


def _chart(value: Any, pointer: str, report: Report) -> None:
    """What is known of it: one to twelve series or segments, with names of at most twenty characters."""
    if not isinstance(value, dict):
        report.add("must be an object", pointer)
        return
    named = Shape({}, {"name": visible(20), "label": visible(20)}, open=True)
    for key in ("series", "segments"):
        if value.get(key) is not None:
            items(named, 1, 12)(value[key], f"{pointer}/{key}", report)


def _child(allowed: set[str]) -> Check:
    def check(value: Any, pointer: str, report: Report) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind not in allowed:
            report.add(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            block(value, pointer, report)

    return check


_ONLY_MESSAGES = frozenset({"message"})
_NOT_MODALS = frozenset({"message", "home"})
_ROW = items(_cell, 1, 20)
_IN_CONTAINERS = {
    "actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video",
}  # fmt: skip

BLOCKS: dict[str, Shape] = {
    "section": Shape(
        {},
        {
            "text": words(3000),
            "fields": items(words(2000), 1, 10),
            "accessory": any_of(IN_SECTIONS),
            "expand": boolean,
        },
        _section,
    ),
    "header": Shape({"text": plain(150)}, {"level": integer(1, 4)}),
    "divider": Shape(),
    "context": Shape({"elements": items(_context_element, 1, 10)}),
    "actions": Shape({"elements": distinct_actions(IN_ACTIONS, 25)}),
    "context_actions": Shape(
        {"elements": distinct_actions({"feedback_buttons", "icon_button"}, 5)}, surfaces=_ONLY_MESSAGES
    ),
    "image": Shape(
        {"alt_text": string(2000)},
        {"image_url": web_address, "slack_file": anything, "title": plain(2000)},
        _image_source,
    ),
    "input": Shape(
        {"label": plain(2000), "element": any_of(IN_INPUTS)},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": Shape({"elements": items(partial(_by_type, RICH), 1, 10_000)}),
    "markdown": Shape({"text": string(MOST_MARKDOWN)}, surfaces=_ONLY_MESSAGES),
    "table": Shape(
        {"rows": items(_ROW, 1, 100)},
        {
            "column_settings": items(
                Shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean}), 0, 20
            )
        },
        surfaces=_ONLY_MESSAGES,
    ),
    "data_table": Shape(
        {"caption": string(2000), "rows": items(_ROW, 2, 101)},
        {"page_size": integer(1, 100)},
        _data_table,
        surfaces=_NOT_MODALS,
        open=True,
    ),
    "data_visualization": Shape({"title": visible(50), "chart": _chart}, surfaces=_ONLY_MESSAGES),
    "card": Shape(
        {},
        {
            "title": words(150),
            "subtitle": words(150),
            "body": words(200),
            "actions": distinct_actions({"button"}, 3),
        },
        surfaces=_NOT_MODALS,
        open=True,
    ),
    "carousel": Shape({"elements": items(_child({"card"}), 1, 10)}, surfaces=_NOT_MODALS),
    "container": Shape(
        {"child_blocks": items(_child(_IN_CONTAINERS), 1, 10)},
        {
            "title": words(150),
            "subtitle": words(150),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
        },
        surfaces=_ONLY_MESSAGES,
        open=True,
    ),
    "alert": Shape({"text": words(200)}, surfaces=frozenset({"modal"}), open=True),
    "task_card": Shape(surfaces=_ONLY_MESSAGES, open=True),
    "plan": Shape(surfaces=_ONLY_MESSAGES, open=True),
    "video": Shape(
        {"alt_text": string(2000), "title": plain(200), "thumbnail_url": web_address, "video_url": web_address},
        {
            "author_name": string(50),
            "description": plain(200),
            "provider_icon_url": web_address,
            "provider_name": string(100),
            "title_url": web_address,
        },
    ),
    "file": Shape({"external_id": string(255), "source": one_of("remote")}, surfaces=_ONLY_MESSAGES),
}


def block(value: Any, pointer: str, report: Report) -> None:
    """One block, wherever it stands."""
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        report.add("missing required field: type", pointer)
        return
    shape = BLOCKS.get(kind)
    if shape is None or report.surface not in shape.surfaces:
        report.add(f"unsupported type: {kind}", f"{pointer}/type")
        return
    rest = {name: given for name, given in value.items() if name != "block_id"}
    shape(rest, pointer, report)
    block_id = value.get("block_id")
    if block_id is None:
        return
    string(255)(block_id, f"{pointer}/block_id", report)
    if not isinstance(block_id, str):
        return
    if block_id in report.block_ids:
        report.add(f'`block_id` "{block_id}" already exists for another block', f"{pointer}/block_id")
    report.block_ids.add(block_id)


def without_nulls(value: Any) -> Any:
    """The same without the keys that say null: to Slack they are not there."""
    if isinstance(value, dict):
        return {name: without_nulls(given) for name, given in value.items() if given is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def errors_of_message(blocks: Any, pointer: str = "/blocks") -> list[str]:
    """What Slack would say against these blocks in a message; empty when nothing."""
    report = Report("message")
    items(block, 0, MOST_BLOCKS["message"])(blocks, pointer, report)
    if report.errors:
        return report.errors
    if sum(len(entry["text"]) for entry in blocks if entry["type"] == "markdown") > MOST_MARKDOWN:
        report.add(f"markdown blocks must have less than {MOST_MARKDOWN + 1} characters in all", pointer)
    tables = [entry for entry in blocks if entry["type"] == "table"]
    if len(tables) > 1:
        report.add("only one table is allowed in a message", pointer)
    if sum(map(len, _texts(tables))) > MOST_TABLE_TEXT:
        report.add(f"tables must have less than {MOST_TABLE_TEXT + 1} characters in all", pointer)
    return report.errors


def too_long(blocks: Sequence[Any]) -> bool:
    """True when the text in a message's blocks is more than one message carries."""
    return sum(map(len, _texts(blocks))) > MOST_MESSAGE_TEXT


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict):
        for name, entry in value.items():
            if name == "text" and isinstance(entry, str):
                yield entry
            else:
                yield from _texts(entry)


# --- views

_VIEW: dict[str, Check] = {
    "blocks": anything,
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
VIEWS: dict[str, Shape] = {
    "modal": Shape(
        {"title": plain(24)},
        {
            **_VIEW,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
    "home": Shape({}, _VIEW),
}


def errors_of_view(view: Json) -> list[str]:
    """What Slack would say against this modal or home; empty when nothing."""
    surface = view["type"]
    report = Report(surface)
    VIEWS[surface](view, "/view", report)
    if not isinstance(view.get("blocks"), list):
        report.add("missing required field: blocks", "/view")
        return report.errors
    items(block, 0, MOST_BLOCKS[surface])(view["blocks"], "/view/blocks", report)
    has_input = any(isinstance(entry, dict) and entry.get("type") == "input" for entry in view["blocks"])
    if surface == "modal" and has_input and not view.get("submit"):
        report.add("missing required field: submit (the view has an input block)", "/view")
    return report.errors


def view_too_large(view: Json) -> bool:
    return len(json.dumps(view).encode()) > MOST_VIEW_BYTES


# --- the choices of an external select


def errors_of_options(key: str, offered: Any) -> list[str]:
    """What Slack would say against the `options` or `option_groups` an app offers."""
    report = Report("modal")
    check = GROUPS if key == "option_groups" else items(PLAIN_OPTION, 0, 100)
    check(offered, f"/{key}", report)
    return report.errors


# --- metadata


def errors_of_metadata(metadata: Json) -> list[str]:
    """What Slack would say against a message's metadata: flat payloads under plain names."""
    report = Report("message")
    Shape({"event_type": string(255), "event_payload": _payload}, {"entities": anything})(metadata, "/metadata", report)
    return report.errors


def _payload(value: Any, pointer: str, report: Report) -> None:
    if not isinstance(value, dict):
        report.add("must be an object", pointer)
        return
    for name, entry in value.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            report.add("property names are lower-case letters, digits and underscores", f"{pointer}/{name}")
        parts = entry if isinstance(entry, list) else [entry]
        if any(isinstance(part, dict | list) for part in parts):
            report.add("must be a plain value or an array of plain values", f"{pointer}/{name}")


def metadata_too_large(metadata: Json) -> bool:
    return len(json.dumps(metadata).encode()) > MOST_METADATA_BYTES
