"""Submitted forms: values cross the boundary here, once."""

from slack_bolt import Ack

from bot.domain import refusals
from bot.domain.lifecycle import TEXT_LIMIT, Seen
from bot.domain.priority import Level
from bot.services.bot import Bot
from bot.services.issues import Report
from bot.slack import forms, ids
from handlers.boundary import Body, spoken_for


def report(ack: Ack, body: Body, bot: Bot) -> None:
    view = body["view"]
    reported = Report(
        reporter=body["user"]["id"],
        title=_text(view, ids.TITLE),
        details=_text(view, ids.DETAILS),
        impact=_level(view, ids.IMPACT),
        urgency=_level(view, ids.URGENCY),
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
    line = forms.priority_line(bot.policy(), _level(view, ids.IMPACT), _level(view, ids.URGENCY))
    blocks = [line if block["block_id"] == line["block_id"] else block for block in view["blocks"]]
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    shown = {key: view[key] for key in kept if view.get(key)}
    bot.answers.update_form(view["id"], view["hash"], {**shown, "blocks": blocks})
    ack()


def escalate(ack: Ack, body: Body, bot: Bot) -> None:
    view = body["view"]
    number, entry, _ = ids.read_seen(view["private_metadata"])
    reason, tried = _text(view, ids.REASON), _text(view, ids.TRIED)
    user = body["user"]["id"]
    try:
        bot.issues.escalate(number, user, seen=Seen(entry=entry), reason=reason, tried=tried, delivery=_delivery(body))
    except (refusals.ReasonMissing, refusals.TextTooLong) as refused:
        wrong = ids.REASON if _is_wrong(reason) else ids.TRIED
        ack(response_action="errors", errors={wrong: spoken_for(str(refused), bot)})
        return
    ack()


def resolve(ack: Ack, body: Body, bot: Bot) -> None:
    view = body["view"]
    number, _, _ = ids.read_seen(view["private_metadata"])
    bot.issues.resolve(number, body["user"]["id"], fix=_text(view, ids.FIX), delivery=_delivery(body))
    ack()


def reopen(ack: Ack, body: Body, bot: Bot) -> None:
    view = body["view"]
    number, _, _ = ids.read_seen(view["private_metadata"])
    bot.issues.reopen(number, body["user"]["id"], reason=_text(view, ids.REASON), delivery=_delivery(body))
    ack()


def _text(view: Body, name: str) -> str:
    """An untouched field comes as null (slack.md 1.5)."""
    return str(view["state"]["values"][name][name].get("value") or "")


def _level(view: Body, name: str) -> Level:
    return Level(view["state"]["values"][name][name]["selected_option"]["value"])


def _is_wrong(text: str) -> bool:
    return not text.strip() or len(text.strip()) > TEXT_LIMIT


def _delivery(body: Body) -> str:
    """Of the form, not of the press on its button: a second submit of one form is the same report (slack.md 4.2)."""
    return f"view:{body['view']['id']}"
