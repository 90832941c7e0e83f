"""Buttons and the ⋯ menu: an act that asks for nothing is done at once, any other opens its form."""

from slack_bolt import Ack

from bot.domain import refusals
from bot.domain.lifecycle import Seen
from bot.services.bot import Bot
from bot.services.search import Found
from bot.slack import forms, ids
from bot.slack.acts import BY_WORD, Act
from bot.slack.blocks import Block
from handlers.acts import Asked, perform
from handlers.boundary import Body, tell

OUTDATED = "That button is from an older version of me and does nothing now. Use the newest card."


def press(ack: Ack, body: Body, bot: Bot) -> None:
    """A button of a card, a receipt or the menu; its action id names the act."""
    action = body["actions"][0]
    act = BY_WORD.get(action["action_id"].removeprefix(ids.ACT))
    if act is None:
        tell(ack, body, bot, OUTDATED)
        return
    _start(act, action["value"], body, bot)
    ack()


def more(ack: Ack, body: Body, bot: Bot) -> None:
    """The ⋯ menu; an option's value is its word and what the card showed."""
    word, _, value = body["actions"][0]["selected_option"]["value"].partition(":")
    number, entry, _ = ids.read_seen(value)
    match word:
        case ids.SHOW_HISTORY:
            found = _staff_only(number, body, bot)
            _open(forms.history(found.issue, bot.search.history(found), found.policy), body, bot)
        case ids.SHOW_WHY:
            found = _staff_only(number, body, bot)
            _open(forms.why(found.issue, bot.search.why(number, _user(body))), body, bot)
        case ids.SHOW_MENU:
            found = _staff_only(number, body, bot)
            possible = bot.issues.possible(number, _user(body), seen=Seen(entry=entry))
            _open(forms.menu(found.issue, found.policy, possible, seen=value), body, bot)
        case _ if word in BY_WORD:
            _start(BY_WORD[word], value, body, bot)
        case _:
            tell(ack, body, bot, OUTDATED)
            return
    ack()


def _start(act: Act, value: str, body: Body, bot: Bot) -> None:
    number, entry, desk = ids.read_seen(value)
    user, seen = _user(body), Seen(entry=entry)
    try:
        if act.inputs:
            issue, policy, now = bot.issues.may(act.word, number, user, seen=seen)
            _open(forms.act(act, issue, policy, seen=value, now=now), body, bot)
            return
        delivery = f"press:{body['trigger_id']}"  # unique per press (slack.md 4.2)
        perform(Asked(act.word, number, user, delivery, seen=seen, desk=desk), bot)
    except refusals.Refused:
        bot.issues.redraw(number)  # what they saw may be out of date
        raise
    if "view" in body:
        found = bot.search.one(number)
        bot.answers.update_form(body["view"]["id"], body["view"]["hash"], forms.done(found.issue, found.policy))


def _open(view: Block, body: Body, bot: Bot) -> None:
    """On its own, or on top of the menu it was chosen in."""
    if "view" in body:
        bot.answers.push_form(body["trigger_id"], view)
    else:
        bot.answers.open_form(body["trigger_id"], view)


def _staff_only(number: int, body: Body, bot: Bot) -> Found:
    found = bot.search.one(number)
    if not bot.search.is_staff(_user(body)):
        raise refusals.NotStaff(name=found.issue.name)
    return found


def nothing(ack: Ack, _body: Body, _bot: Bot) -> None:
    """Slack wants an ack for whatever it sends, e.g. for a link that was merely opened."""
    ack()


def outdated(ack: Ack, body: Body, bot: Bot) -> None:
    tell(ack, body, bot, OUTDATED)


def _user(body: Body) -> str:
    return str(body["user"]["id"])
