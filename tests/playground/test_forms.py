"""Forms: triggers, the stack of three, hashes, submitting, closing."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.playground.workspace import (
    NO_ACK,
    Bot,
    Json,
    Local,
    Person,
    actions,
    button,
    modal,
    plain,
    section,
    text_input,
)


def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as refusal:
        call()
    return str(refusal.value.response["error"])


def typed(text: str) -> Json:
    return {"title": {"typed": {"type": "plain_text_input", "value": text}}}


# --- triggers


def trigger(bot: Bot, person: Person) -> str:
    bot.forget()
    person.does("command", channel="C0ITHELP", command="/try")
    return str(bot.hears("command")["trigger_id"])


def test_a_trigger_opens_one_form(local: Local, bot: Bot, maya: Person) -> None:
    trigger_id = trigger(bot, maya)

    local.client().views_open(trigger_id=trigger_id, view=modal(section("One")))

    assert refused(lambda: local.client().views_open(trigger_id=trigger_id, view=modal())) == "exchanged_trigger_id"
    assert len(maya.views()) == 1


def test_a_trigger_lives_three_seconds(local: Local, bot: Bot, maya: Person) -> None:
    in_time = trigger(bot, maya)
    local.advance(2.5)
    local.client().views_open(trigger_id=in_time, view=modal())

    late = trigger(bot, maya)
    local.advance(3.1)
    assert refused(lambda: local.client().views_open(trigger_id=late, view=modal())) == "expired_trigger_id"


def test_a_trigger_nobody_gave_out_opens_nothing(local: Local) -> None:
    assert local.refused("views_open", trigger_id="1.2.three", view=modal())["error"] == "invalid_trigger_id"
    assert local.refused("views_push", trigger_id="1.2.three", view=modal())["error"] == "invalid_trigger_id"


def test_a_form_slack_would_refuse_is_not_opened(local: Local, bot: Bot, maya: Person) -> None:
    local.client().views_open(trigger_id=trigger(bot, maya), view=modal(section("Before")))
    trigger_id = trigger(bot, maya)

    without_submit = {**modal(text_input()), "submit": None}
    assert refused(lambda: local.client().views_open(trigger_id=trigger_id, view=without_submit)) == "invalid_arguments"
    assert maya.views()[-1]["blocks"][0]["text"]["text"] == "Before"


# --- the stack


def test_at_most_three_forms_lie_on_each_other(local: Local, bot: Bot, maya: Person) -> None:
    client = local.client()
    first = client.views_open(trigger_id=trigger(bot, maya), view=modal(actions(button(), block_id="row")))["view"]

    def push() -> Any:
        bot.forget()
        place = {"container": {"type": "view", "view_id": first["id"]}, "block_id": "row", "action_id": "go"}
        maya.does("action", **place)
        return client.views_push(trigger_id=bot.hears("action")["trigger_id"], view=modal())

    second = push()["view"]
    third = push()["view"]

    assert refused(push) == "push_limit_reached"
    with bot.answering(submission=lambda ack, **_: ack(response_action="push", view=modal())):
        assert maya.is_refused("submit", view_id=third["id"])["error"] == "push_limit_reached"
    assert [view["id"] for view in maya.views()] == [first["id"], second["id"], third["id"]]
    assert (third["root_view_id"], third["previous_view_id"]) == (first["id"], second["id"])


def pressed(bot: Bot, person: Person, view: Json) -> str:
    """The trigger of a click in a form or Home with the button `go` in the block `row`."""
    bot.forget()
    place = {"container": {"type": "view", "view_id": view["id"]}, "block_id": "row", "action_id": "go"}
    person.does("action", **place)
    return str(bot.hears("action")["trigger_id"])


def test_a_form_is_pushed_from_within_an_open_one_only(local: Local, bot: Bot, maya: Person) -> None:
    client = local.client()
    row = actions(button(), block_id="row")

    def pushes(trigger_id: str) -> str:
        return refused(lambda: client.views_push(trigger_id=trigger_id, view=modal()))

    opened = maya.opens_form(bot, modal(row))
    assert pushes(trigger(bot, maya)) == "not_found", "a command is outside of it"
    home = client.views_publish(user_id="U0MAYA", view={"type": "home", "blocks": [row]})["view"]
    assert pushes(pressed(bot, maya, home)) == "not_found"

    used = pressed(bot, maya, opened)
    client.views_push(trigger_id=used, view=modal())
    assert pushes(used) == "exchanged_trigger_id"
    expired = pressed(bot, maya, opened)
    local.advance(3.1)
    assert pushes(expired) == "expired_trigger_id"
    closed = pressed(bot, maya, opened)
    maya.does("close", view_id=opened["id"], all=True)
    assert pushes(closed) == "not_found"
    assert maya.views() == []


def test_an_external_id_belongs_to_one_form(local: Local, bot: Bot, maya: Person, ana: Person) -> None:
    client = local.client()
    client.views_open(trigger_id=trigger(bot, maya), view=modal(external_id="the-one"))
    ana.says("C0L1", "Hi")

    with bot.answering(command=lambda **_: None):
        bot.forget()
        ana.does("command", channel="C0L1", command="/try")
        other = bot.hears("command")["trigger_id"]
    assert refused(lambda: client.views_open(trigger_id=other, view=modal(external_id="the-one"))) == (
        "duplicate_external_id"
    )
    client.views_update(external_id="the-one", view=modal(section("Found"), external_id="the-one"))
    assert maya.views()[-1]["blocks"][0]["text"]["text"] == "Found"


# --- updating


def test_an_update_needs_the_view_and_the_hash_it_saw(local: Local, bot: Bot, maya: Person) -> None:
    client = local.client()
    view = client.views_open(trigger_id=trigger(bot, maya), view=modal())["view"]
    updated = client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("Two")))["view"]

    assert updated["id"] == view["id"]
    stale = {"view_id": view["id"], "hash": view["hash"], "view": modal(section("Three"))}
    assert local.refused("views_update", **stale)["error"] == "hash_conflict"
    assert local.refused("views_update", view_id="V0GONE", view=modal())["error"] == "not_found"
    assert maya.views()[-1]["blocks"][0]["text"]["text"] == "Two"


def test_an_update_keeps_what_was_typed_where_the_ids_stay(local: Local, bot: Bot, maya: Person) -> None:
    form = modal(text_input(), text_input("other"), actions(button(), block_id="row"))
    view = maya.opens_form(bot, form)
    values = typed("VPN") | {"other": {"typed": {"type": "plain_text_input", "value": "gone soon"}}}
    place = {"container": {"type": "view", "view_id": view["id"]}, "block_id": "row", "action_id": "go"}

    maya.does("action", **place, state={"values": values})
    sent = bot.hears("action")["view"]["state"]["values"]
    local.client().views_update(view_id=view["id"], view=modal(text_input(), text_input("third")))
    bot.forget()
    maya.does("submit", view_id=view["id"], values={"third": {"typed": {"type": "plain_text_input", "value": "3"}}})

    assert sent["title"]["typed"]["value"] == "VPN"
    assert bot.hears("submission")["view"]["state"]["values"] == {
        "title": {"typed": {"type": "plain_text_input", "value": "VPN"}},
        "third": {"typed": {"type": "plain_text_input", "value": "3"}},
    }


# --- submitting


def everything() -> list[Json]:
    options = [{"text": plain("High"), "value": "high"}, {"text": plain("Low"), "value": "low"}]
    menu = {"type": "static_select", "action_id": "typed", "options": options, "initial_option": options[0]}
    boxes = {"type": "checkboxes", "action_id": "typed", "options": options}
    return [
        text_input(),
        {"type": "input", "block_id": "how", "label": plain("How"), "element": menu},
        {"type": "input", "block_id": "which", "label": plain("Which"), "element": boxes, "optional": True},
        {"type": "input", "block_id": "when", "label": plain("When"), "optional": True,
         "element": {"type": "datepicker", "action_id": "typed"}},
        {"type": "input", "block_id": "more", "label": plain("More"), "optional": True,
         "element": {"type": "plain_text_input", "action_id": "typed"}},
    ]  # fmt: skip


def test_a_submission_has_a_value_for_every_input(local: Local, bot: Bot, maya: Person) -> None:
    view = maya.opens_form(bot, modal(*everything(), private_metadata='{"request": "1"}'))

    maya.does("submit", view_id=view["id"], values=typed("VPN <down> & out"))

    body = bot.hears("submission")
    values = {block: actions["typed"] for block, actions in body["view"]["state"]["values"].items()}
    assert values["title"]["value"] == "VPN <down> & out"
    assert values["how"]["selected_option"]["value"] == "high"
    assert values["which"] == {"type": "checkboxes", "selected_options": []}
    assert values["when"] == {"type": "datepicker", "selected_date": None}
    assert values["more"] == {"type": "plain_text_input", "value": None}
    assert (body["view"]["private_metadata"], body["view"]["id"]) == ('{"request": "1"}', view["id"])
    assert "channel" not in body
    assert maya.views() == []


@pytest.mark.parametrize(
    ("element", "value", "sentence"),
    [
        ({}, "", "Please complete this required field."),
        ({"min_length": 5}, "Hi", "This entry must be at least 5 characters long."),
        ({"max_length": 5}, "Hello!", "This entry must be at most 5 characters long."),
        ({}, "x" * 3001, "This entry must be at most 3000 characters long."),
        ({"type": "email_text_input"}, "maya", "Please enter an email address."),
        ({"type": "url_text_input"}, "example.com", "Please enter a link."),
        ({"type": "email_text_input"}, "a@b", "Please enter an email address."),
        ({"type": "url_text_input"}, "gopher://a", "Please enter a link."),
        ({"type": "number_input", "is_decimal_allowed": True}, "many", "Please enter a number."),
        ({"type": "number_input", "is_decimal_allowed": True}, "nan", "Please enter a number."),
        ({"type": "number_input", "is_decimal_allowed": True}, "1e3", "Please enter a number."),
        ({"type": "number_input", "is_decimal_allowed": False}, "9.5", "Please enter a whole number."),
        ({"type": "number_input", "is_decimal_allowed": False, "min_value": "3"}, "2", "Please enter 3 or more."),
        ({"type": "number_input", "is_decimal_allowed": False, "max_value": "3"}, "4", "Please enter 3 or less."),
    ],
)
def test_what_is_missing_or_misfit_never_reaches_the_app(
    bot: Bot, maya: Person, element: Json, value: str, sentence: str
) -> None:
    view = maya.opens_form(bot, modal(text_input(**element)))

    refusal = maya.is_refused("submit", view_id=view["id"], values=typed(value))

    assert (refusal["error"], refusal["errors"]) == ("missing_input", {"title": sentence})
    assert bot.heard("submission") == []
    assert len(maya.views()) == 1


OPTIONS = [{"text": plain("High"), "value": "high"}, {"text": plain("Low"), "value": "low"}]
PNG = {"name": "a.png", "mimetype": "image/png", "content_base64": "iVBORw=="}
STRAY = "This cannot be chosen here."

WRONG: list[tuple[Json, Json, str]] = [
    ({"type": "plain_text_input"}, {"value": {"a": 1}}, STRAY),
    ({"type": "plain_text_input"}, {"value": 5}, STRAY),
    ({"type": "static_select", "options": OPTIONS}, {"selected_option": {"text": plain("X"), "value": "x"}}, STRAY),
    ({"type": "static_select", "options": OPTIONS}, {"selected_option": "high"}, STRAY),
    ({"type": "static_select", "options": OPTIONS}, {"selected_option": {"value": ["high"]}}, STRAY),
    ({"type": "radio_buttons", "options": OPTIONS}, {"selected_option": {"text": plain("X"), "value": "x"}}, STRAY),
    ({"type": "checkboxes", "options": OPTIONS}, {"selected_options": [OPTIONS[0], OPTIONS[0]]}, STRAY),
    ({"type": "checkboxes", "options": OPTIONS}, {"selected_options": OPTIONS[0]}, STRAY),
    ({"type": "external_select"}, {"selected_option": {"text": plain("x" * 76), "value": "x"}}, STRAY),
    ({"type": "multi_static_select", "options": OPTIONS, "max_selected_items": 1}, {"selected_options": OPTIONS},
     "Please choose at most 1."),
    ({"type": "users_select"}, {"selected_user": "U0NOBODY"}, STRAY),
    ({"type": "users_select"}, {"selected_user": ["U0ANA"]}, STRAY),
    ({"type": "multi_users_select", "max_selected_items": 1}, {"selected_users": ["U0ANA", "U0BEN"]},
     "Please choose at most 1."),
    ({"type": "channels_select"}, {"selected_channel": "C0NOWHERE"}, STRAY),
    ({"type": "conversations_select"}, {"selected_conversation": "C0MGMT"}, STRAY),
    ({"type": "datepicker"}, {"selected_date": "nonsense"}, STRAY),
    ({"type": "datepicker"}, {"selected_date": "2026-02-31"}, STRAY),
    ({"type": "timepicker"}, {"selected_time": "25:00"}, STRAY),
    ({"type": "datetimepicker"}, {"selected_date_time": "soon"}, STRAY),
    ({"type": "rich_text_input"}, {"rich_text_value": {"type": "section"}}, STRAY),
    ({"type": "file_input", "max_files": 1}, {"files": [PNG, PNG]}, "Please add at most 1 files."),
    ({"type": "file_input", "filetypes": ["pdf"]}, {"files": [PNG]}, "Please add files of these types only: pdf."),
    ({"type": "file_input"}, {"files": [PNG | {"content_base64": "A" * 14_000_000}]}, "A file may have at most 10 MB."),
    ({"type": "file_input"}, {"files": [PNG | {"content_base64": "!"}]}, STRAY),
    ({"type": "file_input"}, {"files": [{"id": "F0OTHER"}]}, STRAY),
    ({"type": "file_input"}, {"files": "a.png"}, STRAY),
]  # fmt: skip


def one_input(**element: Any) -> Json:
    return {"type": "input", "block_id": "title", "label": plain("T"), "element": {"action_id": "typed", **element}}


@pytest.mark.parametrize(("element", "value", "sentence"), WRONG)
def test_what_a_browser_would_hold_back_never_reaches_the_app(
    bot: Bot, maya: Person, element: Json, value: Json, sentence: str
) -> None:
    view = maya.opens_form(bot, modal(one_input(**element)))
    given = {"title": {"typed": {"type": element["type"], **value}}}

    assert maya.is_refused("submit", view_id=view["id"], values=given)["errors"] == {"title": sentence}
    assert bot.heard("submission") == []
    assert "content_base64" not in str(maya.views())


def test_what_a_form_offers_can_be_chosen(bot: Bot, maya: Person) -> None:
    chosen: list[tuple[Json, Json]] = [
        ({"type": "static_select", "options": OPTIONS}, {"selected_option": OPTIONS[1]}),
        ({"type": "external_select"}, {"selected_option": OPTIONS[1]}),
        ({"type": "multi_users_select", "max_selected_items": 2}, {"selected_users": ["U0ANA", "U0BEN"]}),
        ({"type": "channels_select"}, {"selected_channel": "C0GENERAL"}),
        ({"type": "conversations_select", "initial_conversation": "C0GONE"}, {"selected_conversation": "C0GONE"}),
        ({"type": "datepicker"}, {"selected_date": "2028-02-29"}),
        ({"type": "timepicker"}, {"selected_time": "23:59"}),
        ({"type": "datetimepicker"}, {"selected_date_time": 1_800_000_000}),
        ({"type": "number_input", "is_decimal_allowed": False, "min_value": "-3"}, {"value": "-3"}),
    ]
    blocks = [one_input(**element) | {"block_id": str(number)} for number, (element, _) in enumerate(chosen)]
    view = maya.opens_form(bot, modal(*blocks))
    values = {str(n): {"typed": {"type": element["type"], **value}} for n, (element, value) in enumerate(chosen)}

    maya.does("submit", view_id=view["id"], values=values)

    assert bot.hears("submission")["view"]["state"]["values"] == values


def test_a_click_in_a_form_carries_no_value_a_browser_could_not_send(bot: Bot, maya: Person) -> None:
    form = modal(one_input(type="static_select", options=OPTIONS), actions(button(), block_id="row"))
    view = maya.opens_form(bot, form)
    forged = {"title": {"typed": {"type": "static_select", "selected_option": {"text": plain("X"), "value": "x"}}}}
    place = {"container": {"type": "view", "view_id": view["id"]}, "block_id": "row", "action_id": "go"}

    assert maya.is_refused("action", **place, state={"values": forged})["error"] == "unknown_option"
    assert bot.heard("action") == []


def submits(bot: Bot, person: Person, **answer: Any) -> Json:
    """Submit a fresh form that the app answers so; the form."""
    view = person.opens_form(bot, modal(text_input()))
    with bot.answering(submission=lambda ack, **_: ack(**answer)):
        person.does("submit", view_id=view["id"], values=typed("VPN"))
    return view


def test_errors_come_back_into_the_form_until_the_next_try(bot: Bot, maya: Person) -> None:
    view = submits(bot, maya, response_action="errors", errors={"title": "Say more."})
    assert maya.views()[-1]["errors"] == {"title": "Say more."}

    maya.does("submit", view_id=view["id"], values=typed("VPN is down"))
    assert maya.views() == []


def test_an_answer_may_update_push_or_clear(bot: Bot, maya: Person) -> None:
    view = submits(bot, maya, response_action="update", view=modal(section("Done")))
    assert [shown["id"] for shown in maya.views()] == [view["id"]]
    assert maya.views()[0]["blocks"][0]["text"]["text"] == "Done"

    view = submits(bot, maya, response_action="push", view=modal(section("Next")))
    assert [shown["previous_view_id"] for shown in maya.views()] == [None, view["id"]]

    submits(bot, maya, response_action="clear")
    assert maya.views() == []


def test_a_plain_ack_closes_the_top_form_only(local: Local, bot: Bot, maya: Person) -> None:
    below = submits(bot, maya, response_action="push", view=modal(text_input()))
    top = maya.views()[-1]

    maya.does("submit", view_id=top["id"], values=typed("VPN"))

    assert [view["id"] for view in maya.views()] == [below["id"]]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"response_action": "errors", "errors": {"typed": "The action's id"}}, "invalid_errors"),
        ({"response_action": "errors", "errors": {"title": ""}}, "invalid_errors"),
        ({"response_action": "errors", "errors": {"title": 5}}, "invalid_errors"),
        ({"response_action": "close"}, "invalid_response_action"),
        ({"response_action": "update", "view": modal(title=plain("x" * 25))}, "invalid_arguments"),
        ({"response_action": "push", "view": {"type": "home", "blocks": []}}, "invalid_arguments"),
    ],
)
def test_an_answer_slack_would_not_accept_leaves_the_form_open(
    bot: Bot, maya: Person, answer: Json, error: str
) -> None:
    view = maya.opens_form(bot, modal(text_input()))
    with bot.answering(submission=lambda ack, **_: ack(**answer)):
        refusal = maya.is_refused("submit", view_id=view["id"], values=typed("VPN"))

    assert refusal["error"] == error
    assert [shown["id"] for shown in maya.views()] == [view["id"]]


def test_a_submission_without_ack_leaves_the_form_open(local: Local, bot: Bot, maya: Person) -> None:
    def late(**_: Any) -> object:
        local.advance(3.1)
        return NO_ACK

    view = maya.opens_form(bot, modal(text_input()))
    with bot.answering(submission=late):
        refusal = maya.is_refused("submit", view_id=view["id"], values=typed("VPN"))

    assert refusal["message"] == "We had some trouble connecting. Try again?"
    assert len(maya.views()) == 1


def test_a_form_can_ask_for_response_urls(local: Local, bot: Bot, maya: Person) -> None:
    picker = {"type": "conversations_select", "action_id": "typed", "response_url_enabled": True}
    view = maya.opens_form(
        bot, modal({"type": "input", "block_id": "where", "label": plain("Where"), "element": picker})
    )
    chosen = {"where": {"typed": {"type": "conversations_select", "selected_conversation": "C0ITHELP"}}}

    maya.does("submit", view_id=view["id"], values=chosen)

    url = bot.hears("submission")["response_urls"][0]
    assert (url["block_id"], url["channel_id"]) == ("where", "C0ITHELP")
    assert url["response_url"].startswith(f"{local.base}/hooks/app/")


def test_files_of_a_form_arrive_as_files(local: Local, bot: Bot, maya: Person) -> None:
    picker = {"type": "file_input", "action_id": "typed"}
    view = maya.opens_form(bot, modal({"type": "input", "block_id": "file", "label": plain("F"), "element": picker}))
    file = {"name": "a.txt", "mimetype": "text/plain", "content_base64": "YSBsaW5l"}

    maya.does("submit", view_id=view["id"], values={"file": {"typed": {"type": "file_input", "files": [file]}}})

    sent = bot.hears("submission")["view"]["state"]["values"]["file"]["typed"]["files"][0]
    assert (sent["name"], sent["size"]) == ("a.txt", 6)
    assert local.client().files_info(file=sent["id"])["file"]["name"] == "a.txt"


def test_files_of_a_form_are_files_at_a_click_already(bot: Bot, maya: Person) -> None:
    view = maya.opens_form(bot, modal(one_input(type="file_input"), actions(button(), block_id="row")))
    place = {"container": {"type": "view", "view_id": view["id"]}, "block_id": "row", "action_id": "go"}

    maya.does("action", **place, state={"values": {"title": {"typed": {"files": [PNG]}}}})
    clicked = bot.hears("action")["view"]["state"]["values"]["title"]["typed"]["files"]
    maya.does("submit", view_id=view["id"], values={"title": {"typed": {"files": [{"id": clicked[0]["id"]}]}}})

    assert clicked[0]["mimetype"] == "image/png"
    assert bot.hears("submission")["view"]["state"]["values"]["title"]["typed"]["files"] == clicked


# --- closing


def test_closing_is_told_to_the_app_that_asked_for_it(bot: Bot, maya: Person) -> None:
    told = maya.opens_form(bot, modal(text_input(), notify_on_close=True))
    maya.does("close", view_id=told["id"])
    body = bot.hears("closed")
    assert (body["view"]["id"], body["is_cleared"]) == (told["id"], False)
    assert body["view"]["state"] == {"values": {}}
    assert "trigger_id" not in body

    bot.forget()
    untold = maya.opens_form(bot, modal(text_input()))
    maya.does("close", view_id=untold["id"])
    assert maya.is_refused("submit", view_id=untold["id"], values=typed("VPN"))["error"] == "view_not_found"
    assert bot.heard("closed") == []


def test_a_form_that_clears_on_close_takes_all_others_along(bot: Bot, maya: Person) -> None:
    submits(bot, maya, response_action="push", view=modal(clear_on_close=True, notify_on_close=True))
    maya.does("close", view_id=maya.views()[-1]["id"])

    assert bot.hears("closed")["is_cleared"] is True
    assert maya.views() == []
