"""Buttons and the overflow menu."""

from slack_bolt import Ack

from bot.domain import refusals
from bot.domain.lifecycle import Seen
from bot.services.bot import Bot
from bot.slack import forms, ids
from handlers.boundary import Body, tell


def claim(ack: Ack, body: Body, bot: Bot) -> None:
    number, _, desk = ids.read_seen(body["actions"][0]["value"])
    bot.issues.claim(number, _user(body), desk=desk, delivery=_delivery(body))
    ack()


def open_escalate_form(ack: Ack, body: Body, bot: Bot) -> None:
    value = body["actions"][0]["value"]
    number, entry, _ = ids.read_seen(value)
    issue, policy = bot.issues.may_escalate(number, _user(body), seen=Seen(entry=entry))
    bot.answers.open_form(body["trigger_id"], forms.escalate(issue, policy, seen=value))
    ack()


def open_resolve_form(ack: Ack, body: Body, bot: Bot) -> None:
    value = body["actions"][0]["value"]
    number, _, _ = ids.read_seen(value)
    issue, _ = bot.issues.may_resolve(number, _user(body))
    bot.answers.open_form(body["trigger_id"], forms.resolve(issue, seen=value))
    ack()


def open_reopen_form(ack: Ack, body: Body, bot: Bot) -> None:
    value = body["actions"][0]["value"]
    number, _, _ = ids.read_seen(value)
    issue, _ = bot.issues.may_reopen(number, _user(body))
    bot.answers.open_form(body["trigger_id"], forms.reopen(issue, seen=value))
    ack()


def more(ack: Ack, body: Body, bot: Bot) -> None:
    """The ⋯ menu; an option's value is its word and what the card showed."""
    word, _, value = body["actions"][0]["selected_option"]["value"].partition(":")
    number, _, _ = ids.read_seen(value)
    match word:
        case ids.RELEASE:
            bot.issues.release(number, _user(body), delivery=_delivery(body))
        case ids.SHOW_HISTORY:
            _show_history(number, body, bot)
        case _:
            outdated(ack, body, bot)
    if ack.response is None:
        ack()


def _show_history(number: int, body: Body, bot: Bot) -> None:
    found = bot.search.one(number)
    if not bot.search.is_staff(_user(body)):
        raise refusals.NotStaff(name=found.issue.name)
    view = forms.history(found.issue, bot.search.timeline(number), found.policy)
    bot.answers.open_form(body["trigger_id"], view)


def outdated(ack: Ack, body: Body, bot: Bot) -> None:
    tell(ack, body, bot, "That button is from an older version of me and does nothing now. Use the newest card.")


def nothing(ack: Ack, _body: Body, _bot: Bot) -> None:
    """Slack wants an ack for whatever it sends, e.g. for a link that was merely opened."""
    ack()


def _user(body: Body) -> str:
    return str(body["user"]["id"])


def _delivery(body: Body) -> str:
    """Unique per press (slack.md 4.2)."""
    return f"press:{body['trigger_id']}"
