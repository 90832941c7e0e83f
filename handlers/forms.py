"""Submitted forms: values cross the boundary here, once."""

from typing import Any

from slack_bolt import Ack

from bot.domain import refusals
from bot.domain.lifecycle import TEXT_LIMIT, Seen
from bot.domain.priority import Level
from bot.services.bot import Bot
from bot.services.issues import Report
from bot.slack import forms, ids
from bot.slack.acts import BY_WORD
from bot.text import is_blank
from handlers.acts import Asked, perform
from handlers.boundary import Body, spoken_for


def report(ack: Ack, body: Body, bot: Bot) -> None:
    values = _values(body["view"])
    reported = Report(
        reporter=body["user"]["id"],
        title=values[ids.TITLE],
        details=values[ids.DETAILS],
        impact=Level(values[ids.IMPACT]),
        urgency=Level(values[ids.URGENCY]),
    )
    try:
        bot.issues.open(reported, delivery=_delivery(body))
    except refusals.DetailsTooLong as refused:
        ack(response_action="errors", errors={ids.DETAILS: str(refused)})
        return
    ack()


def show_priority(ack: Ack, body: Body, bot: Bot) -> None:
    """The line under the selects follows them; what the person has typed stays (same block and action ids)."""
    view = body["view"]
    values = _values(view)
    line = forms.priority_line(bot.policy(), Level(values[ids.IMPACT]), Level(values[ids.URGENCY]))
    blocks = [line if block["block_id"] == line["block_id"] else block for block in view["blocks"]]
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    shown = {key: view[key] for key in kept if view.get(key)}
    bot.answers.update_form(view["id"], view["hash"], {**shown, "blocks": blocks})
    ack()


def act(ack: Ack, body: Body, bot: Bot) -> None:
    """The form of any act; its callback id names the act, its metadata what the card showed."""
    view = body["view"]
    number, entry, desk = ids.read_seen(view["private_metadata"])
    values = _values(view)
    asked = Asked(
        word=view["callback_id"].removeprefix(ids.ACT_FORM),
        number=number,
        user=body["user"]["id"],
        delivery=_delivery(body),
        inputs=values,
        seen=Seen(entry=entry),
        desk=desk,
    )
    try:
        perform(asked, bot)
    except refusals.DateNeeded as refused:
        ack(response_action="errors", errors={"until": spoken_for(str(refused), bot)})
        return
    except (refusals.ReasonMissing, refusals.TriedMissing, refusals.WordsMissing, refusals.TextTooLong) as refused:
        ack(response_action="errors", errors={_wrong(values): spoken_for(str(refused), bot)})
        return
    form = BY_WORD[asked.word]
    if form.done:
        ack(response_action="update", view=forms.sent(form))
    else:
        ack(response_action="clear")  # the menu below it, too


def _values(view: Body) -> dict[str, str]:
    """Each input's value as text; an untouched one comes as null (slack.md 1.5)."""
    return {name: _value(elements[name]) for name, elements in view["state"]["values"].items()}


def _value(element: dict[str, Any]) -> str:
    chosen = element.get("selected_option") or {}
    found = element.get("value") or element.get("selected_user") or element.get("selected_date") or chosen.get("value")
    return str(found or "")


def _wrong(values: dict[str, str]) -> str:
    """The field a refusal is about: the first that is empty or too long, else the first."""
    return next(
        (name for name, text in values.items() if is_blank(text) or len(text.strip()) > TEXT_LIMIT), min(values)
    )


def _delivery(body: Body) -> str:
    """Of the form, not of the press on its button: a second submit of one form is the same report (slack.md 4.2)."""
    return f"view:{body['view']['id']}"
