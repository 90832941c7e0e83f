"""Block Kit: what Slack accepts passes, every broken rule is refused with a pointer to it."""

import re
from typing import Any

import pytest

from playground.blocks import errors_of_message, errors_of_view
from tests.playground.workspace import Local, actions, button, modal, mrkdwn, plain, section, text_input

Json = dict[str, Any]


def option(number: int = 1, **more: Any) -> Json:
    return {"text": plain(f"Option {number}"), "value": str(number), **more}


def options(count: int) -> list[Json]:
    return [option(number) for number in range(count)]


def select(kind: str = "static_select", **more: Any) -> Json:
    return {"type": kind, "action_id": "choose", **({"options": options(2)} if "static" in kind else {}), **more}


def field(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def table(rows: int = 2, columns: int = 2) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns for _ in range(rows)]}


def chart(**more: Any) -> Json:
    return {"type": "data_visualization", "title": "Issues", "chart": {"type": "pie", **more}}


CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("Really?"), "confirm": plain("Yes"), "deny": plain("No")}

GOOD_IN_MESSAGES: list[Json] = [
    section("x" * 3000),
    section(fields=[mrkdwn("x" * 2000), *[mrkdwn("Hi")] * 9]),
    section(accessory=button(), expand=True, block_id="issue:42:v7"),
    section(accessory={"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A picture"}),
    {"type": "section", "text": {"type": "plain_text", "text": "Hi", "emoji": False}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "Hi", "verbatim": True}},
    {"type": "header", "text": plain("x" * 150), "level": 2},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn("Hi"), plain("Ho")] * 5},
    actions(button(value="x" * 2000, style="primary", confirm=CONFIRM), button("other", url="https://example.com")),
    actions({"type": "overflow", "action_id": "more", "options": options(5)}),
    actions(select(), select("users_select", action_id="u"), select("multi_static_select", action_id="m")),
    actions({"type": "datepicker", "action_id": "d", "initial_date": "2026-11-23"}),
    field({"type": "plain_text_input", "action_id": "a"}, dispatch_action=True),
    rich({"type": "text", "text": "Hi", "style": {"bold": True}}, {"type": "user", "user_id": "U1"}),
    {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [{"type": "emoji", "name": "eyes"}]}]},
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A picture", "title": plain("Picture")},
    {"type": "markdown", "text": "# Hi"},
    table(100, 20),
    actions(button(url="mailto:help@example.com")),
    actions({"type": "rich_text_input", "action_id": "r"}),
    chart(segments=[{"label": "x" * 20, "value": 1}] * 12),
    {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain("Delete")}]},
    {"type": "container", "title": plain("More"), "child_blocks": [section(), actions(button())]},
]


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=f"{block['type']} {n}") for n, block in enumerate(GOOD_IN_MESSAGES)]
)
def test_what_slack_accepts_in_a_message_is_accepted(local: Local, block: Json) -> None:
    answer = local.client().chat_postMessage(channel="C0L1", text="Hi", blocks=[block])

    assert answer["message"]["blocks"][0]["type"] == block["type"]


BAD_IN_MESSAGES: list[tuple[str, list[Any], str, str]] = [
    ("unknown block", [{"type": "marquee"}], "unsupported type: marquee", "/blocks/0/type"),
    ("no type", [{"text": plain("Hi")}], "missing required field: type", "/blocks/0"),
    ("51 blocks", [{"type": "divider"}] * 51, "no more than 50 items allowed", "/blocks"),
    ("alert", [{"type": "alert", "text": plain("Hi")}], "unsupported type: alert", "/blocks/0/type"),
    ("unknown field", [section(colour="red")], "invalid additional property: colour", "/blocks/0"),
    ("empty text", [section("")], "must be more than 0 characters", "/blocks/0/text/text"),
    ("long text", [section("x" * 3001)], "must be less than 3001 characters", "/blocks/0/text/text"),
    ("text of no type", [{"type": "section", "text": {"text": "Hi"}}], "missing required field: type", "/text/type"),
    ("text as a string", [{"type": "section", "text": "Hi"}], "missing required field: type", "/blocks/0/text/type"),
    ("emoji in mrkdwn", [{"type": "section", "text": {**mrkdwn("Hi"), "emoji": True}}], "property: emoji", "/text"),
    ("empty section", [{"type": "section"}], "either text or fields is required", "/blocks/0"),
    ("11 fields", [section(fields=[mrkdwn("Hi")] * 11)], "no more than 10 items", "/blocks/0/fields"),
    ("long field", [section(fields=[mrkdwn("x" * 2001)])], "less than 2001 characters", "/fields/0/text"),
    ("input as accessory", [section(accessory={"type": "plain_text_input"})], "unsupported type", "/accessory/type"),
    ("mrkdwn header", [{"type": "header", "text": mrkdwn("Hi")}], "unsupported type: mrkdwn", "/blocks/0/text/type"),
    ("long header", [{"type": "header", "text": plain("x" * 151)}], "less than 151 characters", "/text/text"),
    ("header level", [{"type": "header", "text": plain("Hi"), "level": 5}], "integer from 1 to 4", "/level"),
    ("empty context", [{"type": "context", "elements": []}], "no fewer than 1 items", "/blocks/0/elements"),
    ("11 in context", [{"type": "context", "elements": [plain("Hi")] * 11}], "no more than 10 items", "/elements"),
    ("button in context", [{"type": "context", "elements": [button()]}], "unsupported type: button", "/elements/0"),
    ("no actions", [actions()], "no fewer than 1 items allowed", "/blocks/0/elements"),
    ("26 actions", [actions(*(button(f"b{n}") for n in range(26)))], "no more than 25 items", "/elements"),
    ("same action twice", [actions(button(), button())], 'action_id` "go" already exists', "/elements/1"),
    ("same block twice", [section(block_id="a"), section(block_id="a")], 'block_id` "a" already', "/1/block_id"),
    ("long block id", [section(block_id="x" * 256)], "less than 256 characters", "/blocks/0/block_id"),
    ("long action id", [actions(button("x" * 256))], "less than 256 characters", "/action_id"),
    ("unknown element", [actions({"type": "slider"})], "unsupported type: slider", "/elements/0/type"),
    ("text input in actions", [actions({"type": "plain_text_input"})], "unsupported type", "/elements/0/type"),
    ("mrkdwn button", [actions({**button(), "text": mrkdwn("Go")})], "unsupported type: mrkdwn", "/text/type"),
    ("long button", [actions({**button(), "text": plain("x" * 76)})], "less than 76 characters", "/text/text"),
    ("long value", [actions(button(value="x" * 2001))], "less than 2001 characters", "/value"),
    ("button style", [actions(button(style="warning"))], "must be one of: primary, danger", "/style"),
    ("long url", [actions(button(url="https://" + "x" * 3000))], "less than 3001 characters", "/url"),
    ("confirm", [actions(button(confirm={**CONFIRM, "title": plain("x" * 101)}))], "less than 101", "/confirm/title"),
    ("no url", [actions(button(url="not a url"))], "must be a valid URL", "/url"),
    ("half a confirm", [actions(button(confirm={"title": plain("Hi")}))], "missing required field: text", "/confirm"),
    ("no options", [actions(select(options=[]))], "no fewer than 1 items", "/options"),
    ("101 options", [actions(select(options=options(101)))], "no more than 100 items", "/options"),
    ("select of nothing", [actions({"type": "static_select"})], "exactly one of options", "/elements/0"),
    ("long option", [actions(select(options=[option() | {"text": plain("x" * 76)}]))], "less than 76", "/0/text/text"),
    ("long option value", [actions(select(options=[option() | {"value": "x" * 151}]))], "than 151", "/0/value"),
    ("mrkdwn option", [actions(select(options=[option() | {"text": mrkdwn("Hi")}]))], "unsupported type", "/text/type"),
    ("link in a select", [actions(select(options=[option(url="https://a.example")]))], "property: url", "/options/0"),
    ("initial option", [actions(select(initial_option=option(9)))], "must match one of the options", "/initial_option"),
    ("long placeholder", [actions(select(placeholder=plain("x" * 151)))], "less than 151", "/placeholder/text"),
    ("6 in overflow", [actions({"type": "overflow", "options": options(6)})], "no more than 5 items", "/options"),
    ("11 radios", [actions({"type": "radio_buttons", "options": options(11)})], "no more than 10", "/options"),
    ("11 checkboxes", [actions({"type": "checkboxes", "options": options(11)})], "no more than 10", "/options"),
    ("no such day", [actions({"type": "datepicker", "initial_date": "2026-02-31"})], "a date as", "/initial_date"),
    ("blank option", [actions(select(options=[option() | {"text": plain("  ")}]))], "more than 0", "/0/text/text"),
    ("blank section", [section("\n ")], "must be more than 0 characters", "/blocks/0/text/text"),
    ("twice the same", [actions(select(options=[option(), option()]))], "must be unique", "/elements/0"),
    ("radios alike", [actions({"type": "radio_buttons", "options": [option()] * 2})], "must be unique", "/elements/0"),
    ("overflow alike", [actions({"type": "overflow", "options": [option()] * 2})], "must be unique", "/elements/0"),
    (
        "groups alike",
        [
            actions(
                {
                    "type": "static_select",
                    "option_groups": [
                        {"label": plain("A"), "options": [option()]},
                        {"label": plain("B"), "options": [option()]},
                    ],
                }
            )
        ],
        "must be unique",
        "/elements/0",
    ),
    ("files in a message", [field({"type": "file_input"})], "unsupported type: file_input", "/element/type"),
    (
        "response_url in a message",
        [field(select("conversations_select", response_url_enabled=True))],
        "inputs of a modal only",
        "/element",
    ),
    ("no segments", [chart(segments=[])], "no fewer than 1 items", "/chart/segments"),
    ("13 series", [chart(series=[{"name": "a"}] * 13)], "no more than 12 items", "/chart/series"),
    ("long name", [chart(series=[{"name": "x" * 21}])], "less than 21 characters", "/chart/series/0/name"),
    ("long label", [chart(segments=[{"label": "x" * 21}])], "less than 21", "/chart/segments/0/label"),
    ("no chart", [{"type": "data_visualization", "title": "Hi", "chart": 5}], "must be an object", "/chart"),
    ("date", [actions({"type": "datepicker", "initial_date": "23.11.2026"})], "a date as YYYY-MM-DD", "/initial_date"),
    ("time", [actions({"type": "timepicker", "initial_time": "25:00"})], "a time as HH:mm", "/initial_time"),
    ("date and time", [actions({"type": "datetimepicker", "initial_date_time": 1.5})], "an integer", "/initial_date"),
    ("two focused", [field(select(focus_on_load=True)), field(select(focus_on_load=True))], "one element only", "/1/"),
    ("input of nothing", [{"type": "input", "label": plain("Hi")}], "missing required field: element", "/blocks/0"),
    ("input without label", [{"type": "input", "element": select()}], "missing required field: label", "/blocks/0"),
    ("button as input", [field(button())], "unsupported type: button", "/element/type"),
    ("mrkdwn hint", [field(select(), hint=mrkdwn("Hi"))], "unsupported type: mrkdwn", "/hint/type"),
    ("max_length", [field({"type": "plain_text_input", "max_length": 3001})], "from 1 to 3000", "/max_length"),
    ("lengths", [field({"type": "plain_text_input", "min_length": 9, "max_length": 8})], "not exceed", "/min_length"),
    (
        "long start",
        [field({"type": "plain_text_input", "max_length": 2, "initial_value": "abc"})],
        "longer",
        "/initial",
    ),
    (
        "range",
        [field({"type": "number_input", "is_decimal_allowed": True, "min_value": "3", "max_value": "2"})],
        "must not exceed max_value",
        "/min_value",
    ),
    ("number", [field({"type": "number_input"})], "missing required field: is_decimal_allowed", "/element"),
    ("image without alt", [{"type": "image", "image_url": "https://a.example"}], "field: alt_text", "/blocks/0"),
    ("image of nothing", [{"type": "image", "alt_text": "Hi"}], "image_url and slack_file", "/blocks/0"),
    ("no image url", [{"type": "image", "alt_text": "Hi", "image_url": "a.png"}], "must be a valid URL", "/image_url"),
    ("rich text", [rich({"type": "blink", "text": "Hi"})], "unsupported type: blink", "/elements/0/elements/0/type"),
    ("empty rich text", [rich({"type": "text", "text": ""})], "more than 0 characters", "/elements/0/text"),
    ("rich style", [rich({"type": "text", "text": "a", "style": {"bold": 1}})], "must be a boolean", "/style/bold"),
    ("markdown", [{"type": "markdown", "text": "x" * 6001}] * 2, "less than 12001 characters in all", "/blocks"),
    ("101 rows", [table(rows=101)], "no more than 100 items", "/blocks/0/rows"),
    ("21 columns", [table(columns=21)], "no more than 20 items", "/blocks/0/rows/0"),
    ("two tables", [table(), table()], "only one table", "/blocks"),
    ("container in container", [{"type": "container", "child_blocks": [{"type": "alert"}]}], "alert", "/child_blocks"),
    ("not an object", [{"type": "section", "text": mrkdwn("Hi"), "accessory": "go"}], "missing", "/accessory"),
]


@pytest.mark.parametrize(("blocks", "said", "place"), [pytest.param(*rest, id=name) for name, *rest in BAD_IN_MESSAGES])
def test_what_slack_refuses_in_a_message_is_refused(local: Local, blocks: list[Any], said: str, place: str) -> None:
    refusal = local.refused("chat_postMessage", channel="C0L1", text="Hi", blocks=blocks)

    assert refusal["error"] == "invalid_blocks"
    assert any(said in message and place in message for message in refusal["response_metadata"]["messages"])
    assert all(
        re.fullmatch(r"\[ERROR\] .+ \[json-pointer:/blocks[^ ]*\]", message)
        for message in refusal["response_metadata"]["messages"]
    )


def test_all_mistakes_are_told_at_once() -> None:
    assert len(errors_of_message([section(""), {"type": "marquee"}, actions()])) == 3


HOME = {"type": "home", "blocks": [section()]}

GOOD_VIEWS: list[tuple[str, Json]] = [
    ("a form", modal(text_input(min_length=1, max_length=3000, multiline=True, placeholder=plain("Hi")))),
    ("100 blocks", modal(*[{"type": "divider"}] * 100)),
    ("everything a form may say", modal(
        section(), close=plain("No"), private_metadata="x" * 3000, callback_id="x" * 255, external_id="unique",
        clear_on_close=True, notify_on_close=True,
    )),
    ("an alert", modal({"type": "alert", "text": plain("Careful")})),
    ("an external select", modal(field(select("external_select", min_query_length=0)))),
    ("option groups", modal(field({"type": "static_select", "option_groups": [
        {"label": plain("Group"), "options": options(2)},
    ]}))),
    ("radios in mrkdwn", modal(field({"type": "radio_buttons", "options": [option() | {"text": mrkdwn("*Hi*")}]}))),
    ("a home", HOME),
    ("an empty home", {"type": "home", "blocks": []}),
]  # fmt: skip


@pytest.mark.parametrize("view", [pytest.param(view, id=name) for name, view in GOOD_VIEWS])
def test_what_slack_accepts_in_a_view_is_accepted(view: Json) -> None:
    assert errors_of_view(view) == []


BAD_VIEWS: list[tuple[str, Json, str]] = [
    ("input without submit", {**modal(text_input()), "submit": None}, "missing required field: submit"),
    ("blank title", modal(title=plain(" ")), "must be more than 0 characters [json-pointer:/view/title/text]"),
    ("files", modal(field({"type": "file_input", "max_files": 11})), "from 1 to 10"),
    (
        "two response_urls",
        modal(*[field(select("channels_select", response_url_enabled=True))] * 2),
        "one element only",
    ),
    (
        "response_url of no input",
        modal(actions(select("channels_select", response_url_enabled=True))),
        "of a modal only",
    ),
    ("files at home", HOME | {"blocks": [field({"type": "file_input"})]}, "unsupported type: file_input"),
    ("no title", {"type": "modal", "blocks": [section()]}, "missing required field: title"),
    ("no blocks", {"type": "modal", "title": plain("Hi")}, "missing required field: blocks"),
    ("long title", modal(title=plain("x" * 25)), "less than 25 characters [json-pointer:/view/title/text]"),
    ("mrkdwn title", modal(title=mrkdwn("Hi")), "unsupported type: mrkdwn"),
    ("long submit", modal(submit=plain("x" * 25)), "[json-pointer:/view/submit/text]"),
    ("long close", modal(close=plain("x" * 25)), "[json-pointer:/view/close/text]"),
    ("long metadata", modal(private_metadata="x" * 3001), "[json-pointer:/view/private_metadata]"),
    ("long callback", modal(callback_id="x" * 256), "[json-pointer:/view/callback_id]"),
    ("101 blocks", modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed"),
    ("Slack's own keys", modal(id="V1", hash="1.a"), "invalid additional property: hash"),
    ("markdown", modal({"type": "markdown", "text": "Hi"}), "unsupported type: markdown"),
    ("a table", modal(table()), "unsupported type: table"),
    ("two inputs of one name", modal(text_input("a"), text_input("a")), 'block_id` "a" already exists'),
    ("home with a title", HOME | {"title": plain("Hi")}, "invalid additional property: title"),
]


@pytest.mark.parametrize(("view", "said"), [pytest.param(view, said, id=name) for name, view, said in BAD_VIEWS])
def test_what_slack_refuses_in_a_view_is_refused(local: Local, view: Json, said: str) -> None:
    method, target = ("views_publish", {"user_id": "U0MAYA"})
    if view["type"] == "modal":
        method, target = ("views_update", {"view_id": "V0"})
    refusal = local.refused(method, view=view, **target)

    assert refusal["error"] == "invalid_arguments"
    assert any(said in message for message in refusal["response_metadata"]["messages"])


def test_a_view_beyond_250_kilobytes_is_refused(local: Local) -> None:
    view = modal(*[section("x" * 2900) for _ in range(90)])

    assert local.refused("views_update", view_id="V0", view=view)["error"] == "view_too_large"


def test_a_modal_is_no_home_and_a_home_no_modal(local: Local) -> None:
    assert local.refused("views_publish", user_id="U0MAYA", view=modal())["error"] == "invalid_arguments"
    assert local.refused("views_update", view_id="V0", view=HOME)["error"] == "invalid_arguments"
