"""What Slack takes and what it refuses (slack.md 2.2, 2.3), written down apart from the code that must keep it."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

Json = dict[str, Any]
Surface = Literal["post", "update", "ephemeral"]

TEXT = {"post": 4_000, "update": 4_000, "ephemeral": 40_000}  # characters of the top-level text
VIEW_BYTES = 250_000
ENTITY = re.compile(r"&(?:amp|lt|gt);")
TOKEN = re.compile(
    r"<(?:"
    r"@[UW][A-Z0-9]+"
    r"|#[CDG][A-Z0-9]+"
    r"|!(?:here|channel|everyone)"
    r"|!subteam\^S[A-Z0-9]+"
    r"|!date\^\d+\^[^<>|]+\|[^<>]+"
    r"|(?:https?|ftp)://[^<>|\s]+(?:\|[^<>\n]+)?"
    r"|(?:mailto|tel):[^<>|\s]+(?:\|[^<>\n]+)?"
    r")>"
)


class Refused(AssertionError):
    """Slack would answer with invalid_blocks, or show what it should not."""


def need(condition: object, what: str) -> None:
    if not condition:
        raise Refused(what)


def check_message(text: str, blocks: list[Json], surface: Surface) -> None:
    need(text.strip(), "no top-level text: nothing for phones and screen readers")
    need(len(text) <= TEXT[surface], f"text has {len(text)} characters")
    check_mrkdwn(text)
    need(len(blocks) <= 50, f"{len(blocks)} blocks")
    _check_blocks(blocks, inputs=False)


def check_view(view: Json) -> None:
    _keys(
        view,
        {"type", "callback_id", "title", "blocks"},
        {"submit", "close", "private_metadata", "clear_on_close"},
        "view",
    )
    need(view["type"] == "modal", view["type"])
    need(1 <= len(view["callback_id"]) <= 255, "callback_id")
    for name in ("title", "submit", "close"):
        if name in view:
            _plain(view[name], 24, name)
    need(len(view.get("private_metadata", "")) <= 3_000, "private_metadata")
    need(1 <= len(view["blocks"]) <= 100, f"{len(view['blocks'])} blocks")
    has_input = any(block["type"] == "input" for block in view["blocks"])
    need(not has_input or "submit" in view, "a form without a submit button")
    size = len(json.dumps(view, ensure_ascii=False).encode())
    need(size <= VIEW_BYTES, f"the view has {size} bytes")
    _check_blocks(view["blocks"], inputs=True)


def check_mrkdwn(text: str) -> None:
    """Every `<`, `>` and `&` is one that means something to Slack, and whole."""
    rest = TOKEN.sub("", text)
    need("<" not in rest, f"a token that is none, or half of one: {_around(rest, '<')}")
    need(not re.search(r"(?<!^)>", rest, re.MULTILINE), f"a bracket that nothing opened: {_around(rest, '>')}")
    need(
        "&" not in ENTITY.sub("", text), f"an entity that is none, or half of one: {_around(ENTITY.sub('', text), '&')}"
    )


def _around(text: str, what: str) -> str:
    at = text.rfind(what)
    return repr(text[max(0, at - 30) : at + 30])


def tokens(*texts: str) -> set[str]:
    return {token for text in texts for token in TOKEN.findall(text)}


def parsed_texts(value: Any) -> Iterator[str]:
    """All that Slack parses: mrkdwn objects anywhere inside, never plain_text nor rich text."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for each in value.values():
            yield from parsed_texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from parsed_texts(each)


def _check_blocks(blocks: list[Json], *, inputs: bool) -> None:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    need(len(ids) == len(set(ids)), f"block_ids twice in {ids}")
    need(all(1 <= len(each) <= 255 for each in ids), "block_id")
    for block in blocks:
        kind = block.get("type")
        need(kind in _BLOCKS and (inputs or kind != "input"), f"a block of type {kind}")
        _BLOCKS[str(kind)](block)


def _section(block: Json) -> None:
    _keys(block, {"type"}, {"text", "fields", "block_id", "accessory"}, "section")
    need("text" in block or "fields" in block, "a section without words")
    if "text" in block:
        _text(block["text"], 3_000, "section")
    fields = block.get("fields", [])
    need("fields" not in block or 1 <= len(fields) <= 10, f"{len(fields)} fields")
    for each in fields:
        _text(each, 2_000, "field")
    if "accessory" in block:
        _element(block["accessory"])


def _header(block: Json) -> None:
    _keys(block, {"type", "text"}, {"block_id"}, "header")
    _plain(block["text"], 150, "header")


def _context(block: Json) -> None:
    _keys(block, {"type", "elements"}, {"block_id"}, "context")
    need(1 <= len(block["elements"]) <= 10, f"{len(block['elements'])} context elements")
    for each in block["elements"]:
        _text(each, 3_000, "context")


def _actions(block: Json) -> None:
    _keys(block, {"type", "elements"}, {"block_id"}, "actions")
    need(1 <= len(block["elements"]) <= 25, f"{len(block['elements'])} elements")
    for each in block["elements"]:
        _element(each)
    ids = [each["action_id"] for each in block["elements"]]
    need(len(ids) == len(set(ids)), f"action_ids twice in {ids}")


def _rich_text(block: Json) -> None:
    _keys(block, {"type", "elements"}, {"block_id"}, "rich_text")
    need(block["elements"], "a rich text without parts")
    for part in block["elements"]:
        need(part["type"] in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"), part["type"])
        need(part["elements"], "a rich text part without words")
        for words in part["elements"]:
            _keys(words, {"type", "text"}, {"style"}, "words")
            need(words["type"] == "text", words["type"])
            need(1 <= len(words["text"]) <= 3_000, f"{len(words['text'])} characters in a rich text")


def _input(block: Json) -> None:
    _keys(block, {"type", "label", "element"}, {"block_id", "optional", "hint", "dispatch_action"}, "input")
    _plain(block["label"], 2_000, "label")
    if "hint" in block:
        _plain(block["hint"], 2_000, "hint")
    _element(block["element"])


def _divider(block: Json) -> None:
    _keys(block, {"type"}, {"block_id"}, "divider")


_BLOCKS = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich_text,
    "input": _input,
    "divider": _divider,
}


def _element(element: Json) -> None:
    kind = element.get("type")
    need(kind in _ELEMENTS, f"an element of type {kind}")
    need(1 <= len(element["action_id"]) <= 255, "action_id")
    _ELEMENTS[str(kind)](element)


def _button(element: Json) -> None:
    optional = {"value", "style", "accessibility_label", "url", "confirm"}
    _keys(element, {"type", "action_id", "text"}, optional, "button")
    _plain(element["text"], 75, "button")
    need(len(element.get("value", "")) <= 2_000, "value")
    need(element.get("style", "primary") in ("primary", "danger"), element.get("style", ""))
    need(len(element.get("accessibility_label", "x")) <= 75, "accessibility_label")


def _overflow(element: Json) -> None:
    _keys(element, {"type", "action_id", "options"}, {"confirm"}, "overflow")
    _options(element["options"], 5)


def _select(element: Json) -> None:
    _keys(element, {"type", "action_id", "options"}, {"placeholder", "initial_option", "focus_on_load"}, "select")
    _options(element["options"], 100)
    need(element.get("initial_option", element["options"][0]) in element["options"], "initial_option is none of them")
    if "placeholder" in element:
        _plain(element["placeholder"], 150, "placeholder")


def _text_field(element: Json) -> None:
    optional = {"multiline", "initial_value", "placeholder", "min_length", "max_length", "focus_on_load"}
    _keys(element, {"type", "action_id"}, optional, "plain_text_input")
    need(1 <= element.get("max_length", 3_000) <= 3_000, "max_length")
    value = element.get("initial_value", "x")
    need(1 <= len(value) <= element.get("max_length", 3_000), f"{len(value)} characters to begin with")
    if "placeholder" in element:
        _plain(element["placeholder"], 150, "placeholder")


def _picker(element: Json) -> None:
    _keys(element, {"type", "action_id"}, {"placeholder", "initial_user", "initial_date", "focus_on_load"}, "picker")


_ELEMENTS = {
    "users_select": _picker,
    "datepicker": _picker,
    "button": _button,
    "overflow": _overflow,
    "static_select": _select,
    "plain_text_input": _text_field,
}


def _options(options: list[Json], most: int) -> None:
    need(1 <= len(options) <= most, f"{len(options)} options")
    for each in options:
        _keys(each, {"text", "value"}, {"description"}, "option")
        _plain(each["text"], 75, "option")
        need(1 <= len(each["value"]) <= 150, "value of an option")
    values = [each["value"] for each in options]
    need(len(values) == len(set(values)), f"values twice in {values}")


def _text(text: Json, limit: int, what: str) -> None:
    if text.get("type") == "plain_text":
        _plain(text, limit, what)
        return
    _keys(text, {"type", "text"}, {"verbatim"}, what)
    need(text["type"] == "mrkdwn", text["type"])
    need(text["text"].strip(), f"an empty {what}")
    need(len(text["text"]) <= limit, f"{len(text['text'])} characters in a {what}")
    need(text.get("verbatim"), f"a {what} that Slack would link by itself")
    check_mrkdwn(text["text"])


def _plain(text: Json, limit: int, what: str) -> None:
    _keys(text, {"type", "text"}, {"emoji"}, what)
    need(text["type"] == "plain_text", f"{what} must be plain text")
    need(text["text"].strip(), f"an empty {what}")
    need(len(text["text"]) <= limit, f"{len(text['text'])} characters in a {what}")


def _keys(value: Json, required: set[str], optional: set[str], what: str) -> None:
    need(required <= set(value), f"{what} lacks {sorted(required - set(value))}")
    need(set(value) <= required | optional, f"{what} has {sorted(set(value) - required - optional)}")
