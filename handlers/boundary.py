"""The one boundary between listeners and Slack: a refusal is told, a fault is logged and told, nothing escapes.

An ack means *stored*. A command, button or form that failed is acked, and the person reads that nothing was saved;
an event that failed is not acked, so that Slack sends it again (slack.md, decision b).
"""

import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack

from bot.domain.refusals import Refused
from bot.ports import NotShown
from bot.services.bot import Bot
from bot.slack import forms
from bot.text import disarmed, unescape

log = logging.getLogger(__name__)

Body = dict[str, Any]
Answering = Callable[[Ack, Body, Bot], None]
Listening = Callable[[Body, Bot], None]


class NotYet(Exception):
    """What an event belongs to is not on record yet; Slack shall send it again."""


EVENT_TRIES = 3  # the third failure of one event is acked: Slack would not send it more often anyway
EVENT_DELIVERIES = 4  # Slack tells of one event so often, over some six minutes (slack.md 1.2)
EVENTS_REMEMBERED = 1000


NOT_ON_RECORD = (
    "Your last message here was not passed on, because it is not certain yet to which issue it belongs. "
    "Please send it again in some minutes."
)
NOT_SHOWN = "Slack did not open the form in time. Nothing was lost; please do that once more."


def answering(listener: Answering, bot: Bot) -> Callable[..., None]:
    """For what a person waits for: commands, buttons, forms. The listener acks, or returns and is acked."""

    def guarded(ack: Ack, body: Body) -> None:
        try:
            listener(ack, body, bot)
            if ack.response is None:
                ack()
        except NotShown as error:
            log.warning("a form was not opened: %s", error)
            tell(ack, body, bot, NOT_SHOWN)
        except Refused as refused:
            tell(ack, body, bot, str(refused))
        except Exception:
            reference = secrets.token_hex(3).upper()
            log.exception("reference %s: %s failed", reference, listener.__name__)
            tell(ack, body, bot, _apology(reference))

    guarded.__name__ = listener.__name__
    return guarded


def tell(ack: Ack, body: Body, bot: Bot, text: str) -> None:
    """Answer the person whose hand is on the mouse, wherever that is, and ack."""
    if body.get("type") == "view_submission":
        inputs = [block["block_id"] for block in body["view"]["blocks"] if block["type"] == "input"]
        ack(response_action="errors", errors={inputs[0]: spoken_for(text, bot)})
    elif "command" in body:
        ack(text=text, response_type="ephemeral")
    else:
        ack()
        container = body.get("container") or {}
        channel = (body.get("channel") or {}).get("id")
        if "view" in body:
            push_notice(body, bot, text)
        elif channel:
            asked, url = body["user"]["id"], body.get("response_url")
            bot.answers.whisper(channel, asked, text, container.get("thread_ts"), response_url=url)


def push_notice(body: Body, bot: Bot, text: str) -> None:
    """Over the form it concerns: an ephemeral message would be behind it."""
    try:
        bot.answers.push_form(body["trigger_id"], forms.notice(text))
    except NotShown as error:
        log.warning("an answer could not be shown: %s", error)


def spoken_for(text: str, bot: Bot) -> str:
    """For places that show plain text only: mentions become names."""
    return unescape(disarmed(text, bot.directory.name_of)).replace("`", "")


def listening(listener: Listening, bot: Bot) -> Callable[..., None]:
    """For events. A fault leaves as an exception, so that Bolt does not ack and Slack sends the event again."""
    failures: OrderedDict[str, int] = OrderedDict()

    def tried(event_id: str) -> int:
        failures[event_id] = failures.get(event_id, 0) + 1
        while len(failures) > EVENTS_REMEMBERED:
            failures.popitem(last=False)
        return failures[event_id]

    def tell_author(event: Body, text: str) -> None:
        if event.get("type") == "message" and event.get("user"):  # who joins or leaves has written nothing
            bot.answers.whisper(event["channel"], event["user"], text, event.get("thread_ts"))

    def guarded(body: Body) -> None:
        event_id = body.get("event_id", "")
        try:
            listener(body, bot)
        except NotYet:
            log.info("event %s came before what it belongs to was on record", event_id)
            if tried(event_id) < EVENT_DELIVERIES:
                raise
            tell_author(body["event"], NOT_ON_RECORD)
        except Exception:
            reference = secrets.token_hex(3).upper()
            log.exception("reference %s: event %s failed (%s)", reference, event_id, listener.__name__)
            if tried(event_id) < EVENT_TRIES:
                raise
            tell_author(body["event"], _not_passed_on(reference))

    guarded.__name__ = listener.__name__
    return guarded


def _apology(reference: str) -> str:
    return (
        f"Something went wrong on our side, and nothing was saved (reference {reference}). "
        "Please try again; if it happens again, tell your IT team that reference."
    )


def _not_passed_on(reference: str) -> str:
    return (
        f"Your last message here could not be stored and was not passed on (reference {reference}). "
        "Please send it again; if it happens again, tell your IT team that reference."
    )
