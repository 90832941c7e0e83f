"""What a person may answer in each input: what a browser would never send, and what it holds back with a sentence."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from playground import blocks as block_kit
from playground.views import VALUE_KEYS, elements, stateful, walk

Json = dict[str, Any]

MOST_TEXT = 3_000
MOST_FILES = 10
MOST_FILE_BYTES = 10 * 1024 * 1024
STRAY = "This cannot be chosen here."


@dataclass(frozen=True)
class Here:
    """The ids that this person may choose from: people, channels, all conversations; and files already uploaded."""

    users: frozenset[str]
    channels: frozenset[str]
    conversations: frozenset[str]
    files: frozenset[str]


def is_empty(content: Any) -> bool:
    return content in (None, "", [])


def fits(element: Json, content: Any, here: Here) -> bool:
    """Whether a browser could have sent this: text of a text field, a choice that the menu has."""
    value_key, initial_key = VALUE_KEYS[element["type"]]
    if is_empty(content) or content == element.get(initial_key):
        return True
    match value_key:
        case "value":
            return isinstance(content, str)
        case "selected_option":
            return _offers(element, content)
        case "selected_options":
            return _distinct(content) and all(_offers(element, option) for option in content)
        case "selected_date":
            return isinstance(content, str) and block_kit.is_date(content)
        case "selected_time":
            return isinstance(content, str) and bool(re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", content))
        case "selected_date_time":
            return isinstance(content, int) and not isinstance(content, bool) and len(str(content)) == 10  # noqa: PLR2004
        case "rich_text_value":
            return isinstance(content, dict) and content.get("type") == "rich_text" and not _mistakes(content)
        case "files":
            return isinstance(content, list) and all(_is_file(file, here) for file in content)
        case _:
            ids = {"user": here.users, "channel": here.channels, "conversation": here.conversations}
            known = ids[value_key.removeprefix("selected_").removesuffix("s")]
            chosen = content if value_key.endswith("s") else [content]
            return _distinct(chosen) and all(isinstance(entry, str) and entry in known for entry in chosen)


def complaint(element: Json, content: Any) -> str:
    """The sentence with which this content, which fits, is held back; "" when it may go."""
    match element["type"]:
        case "plain_text_input":
            return _of_length(content, element.get("min_length", 0), element.get("max_length", MOST_TEXT))
        case "email_text_input" if not re.fullmatch(r"\S+@\S+\.\S+", content):
            return "Please enter an email address."
        case "url_text_input" if not re.fullmatch(r"https?://\S+", content):
            return "Please enter a link."
        case "number_input":
            return _of_number(element, content)
        case "file_input":
            return _of_files(element, content)
        case kind if kind.startswith("multi_") and len(content) > element.get("max_selected_items", len(content)):
            return f"Please choose at most {element['max_selected_items']}."
        case _:
            return ""


def strays(blocks: list[Json], state: Json, here: Here) -> dict[str, str]:
    """The blocks that hold what no browser could have sent, each with a sentence."""
    return {
        block_id: STRAY
        for block_id, action_id, element in stateful(blocks)
        if not fits(element, state[block_id][action_id][VALUE_KEYS[element["type"]][0]], here)
    }


def problems(blocks: list[Json], state: Json) -> dict[str, str]:
    """What the person still has to mend before the form can be sent: block id to the sentence Slack shows."""
    found: dict[str, str] = {}
    for block in walk(blocks):
        for element in elements(block):
            if element["type"] not in VALUE_KEYS:
                continue
            content = state[block["block_id"]][element["action_id"]][VALUE_KEYS[element["type"]][0]]
            if is_empty(content):
                needed = block["type"] == "input" and not block.get("optional")
                sentence = "Please complete this required field." if needed else ""
            else:
                sentence = complaint(element, content)
            if sentence:
                found[block["block_id"]] = sentence
    return found


def _offers(element: Json, option: Any) -> bool:
    if not isinstance(option, dict):
        return False
    if "external" in element["type"]:
        return not block_kit.errors_of_options("options", [option])
    return any(option.get("value") == own["value"] for own in block_kit.own_options(element))


def _distinct(chosen: Any) -> bool:
    """A list in which nothing is twice; options are told apart by their values."""
    if not isinstance(chosen, list):
        return False
    names = [entry.get("value") if isinstance(entry, dict) else entry for entry in chosen]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _mistakes(rich_text: Json) -> list[str]:
    return block_kit.errors_of_message([rich_text])


def _is_file(file: Any, here: Here) -> bool:
    """One that was uploaded before, or one that comes along."""
    match file:
        case {"id": str(file_id)}:
            return file_id in here.files
        case {"name": str(name), "mimetype": str(), "content_base64": str(content)}:
            return bool(name and re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", content) and len(content) % 4 == 0)
        case _:
            return False


def _of_length(text: str, least: int, most: int) -> str:
    if len(text) < least:
        return f"This entry must be at least {least} characters long."
    return f"This entry must be at most {most} characters long." if len(text) > most else ""


def _of_number(element: Json, text: str) -> str:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return "Please enter a number."
    if "." in text and not element["is_decimal_allowed"]:
        return "Please enter a whole number."
    if "min_value" in element and float(text) < float(element["min_value"]):
        return f"Please enter {element['min_value']} or more."
    if "max_value" in element and float(text) > float(element["max_value"]):
        return f"Please enter {element['max_value']} or less."
    return ""


def _of_files(element: Json, files: Iterable[Json]) -> str:
    files, types = list(files), element.get("filetypes")
    if len(files) > element.get("max_files", MOST_FILES):
        return f"Please add at most {element.get('max_files', MOST_FILES)} files."
    if types and any(str(file.get("name")).rpartition(".")[2].lower() not in types for file in files):
        return f"Please add files of these types only: {', '.join(types)}."
    if any(len(file.get("content_base64", "")) * 3 // 4 > MOST_FILE_BYTES for file in files):
        return "A file may have at most 10 MB."
    return ""
