"""The few Block Kit pieces we use, each within Slack's limits (slack.md 2.2)."""

from typing import Any

from bot.text import SECTION_LIMIT, clip

Block = dict[str, Any]


def plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": clip(text, limit), "emoji": True}


def mrkdwn(text: str, limit: int = SECTION_LIMIT) -> Block:
    """`text` is escaped already; verbatim, so that Slack links nothing by itself."""
    return {"type": "mrkdwn", "text": clip(text, limit), "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def fields(*pairs: tuple[str, str]) -> Block:
    return {"type": "section", "fields": [mrkdwn(f"*{label}*\n{text}", 2000) for label, text in pairs]}


def context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def quote(text: str, limit: int = SECTION_LIMIT) -> Block:
    """Raw user text as a quotation: rich text elements are never parsed, so nothing in it can act."""
    words = {"type": "text", "text": clip(text, limit)}
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [words]}]}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def button(label: str, action: str, value: str, *, style: str | None = None, spoken: str | None = None) -> Block:
    """`spoken` is what a screen reader says, where the label alone would be ambiguous."""
    element = {"type": "button", "text": plain(label, 75), "action_id": action, "value": value}
    if style:
        element["style"] = style
    if spoken:
        element["accessibility_label"] = clip(spoken, 75)
    return element


def option(label: str, value: str) -> Block:
    return {"text": plain(label, 75), "value": value}


def overflow(action: str, *options: Block) -> Block:
    return {"type": "overflow", "action_id": action, "options": list(options)}


def text_input(name: str, label: str, **settings: Any) -> Block:
    """`settings`: multiline, initial_value, placeholder, hint, max_length, optional."""
    element: Block = {"type": "plain_text_input", "action_id": name, "multiline": settings.get("multiline", False)}
    if settings.get("initial_value"):
        element["initial_value"] = settings["initial_value"]
    if settings.get("max_length"):
        element["max_length"] = settings["max_length"]
    if settings.get("placeholder"):
        element["placeholder"] = plain(settings["placeholder"], 150)
    return _input(name, label, element, settings)


def select_input(
    name: str, label: str, options: list[Block], *, initial: Block | None = None, **settings: Any
) -> Block:
    """With `dispatch` it tells us of every change, so that what follows from it can be shown at once."""
    element: Block = {"type": "static_select", "action_id": name, "options": options}
    if initial:
        element["initial_option"] = initial
    block = _input(name, label, element, settings)
    return {**block, "dispatch_action": True} if settings.get("dispatch") else block


def person_input(name: str, label: str, **settings: Any) -> Block:
    return _input(name, label, {"type": "users_select", "action_id": name}, settings)


def date_input(name: str, label: str, **settings: Any) -> Block:
    return _input(name, label, {"type": "datepicker", "action_id": name}, settings)


def row(text: str, accessory: Block) -> Block:
    return {"type": "section", "text": mrkdwn(text), "accessory": accessory}


def _input(name: str, label: str, element: Block, settings: dict[str, Any]) -> Block:
    block: Block = {"type": "input", "block_id": name, "label": plain(label, 2000), "element": element}
    if settings.get("optional"):
        block["optional"] = True
    if settings.get("hint"):
        block["hint"] = plain(settings["hint"], 2000)
    return block


def modal(callback: str, title: str, blocks: list[Block], *, submit: str | None, metadata: str = "") -> Block:
    view: Block = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, 24),
        "close": plain("Cancel" if submit else "Close", 24),
        "blocks": blocks,
        "private_metadata": metadata,
    }
    if submit:
        view["submit"] = plain(submit, 24)
    return view
