"""Events: words in threads, commands said to the bot, and who joins or leaves."""

import logging
from typing import Any

from bot.domain import refusals
from bot.domain.events import Words
from bot.domain.lifecycle import Seen
from bot.domain.refusals import Refused
from bot.ports import Post
from bot.services.bot import Bot
from bot.slack import answers
from bot.slack.acts import BY_WORD, act_word
from bot.text import clip, escape, is_blank
from handlers.acts import Asked, inputs_from, perform
from handlers.boundary import Body, NotYet

log = logging.getLogger(__name__)

SPOKEN = {None, "file_share", "thread_broadcast", "me_message"}  # subtypes that are somebody's words
NOT_PEOPLE = {"USLACK", "USLACKBOT"}

DM_HINT = (
    "To add to an issue, reply in the thread of its receipt above. To report a new one, type `/issue`. "
    "`/issue mine` lists yours."
)
NOT_HERE = (
    "This was not passed on: only replies under an issue's card, its receipt or a notice about it alone are. Reply "
    "there to be heard, or type `/issue claim ISS-42` or `/issue update ISS-42 ...` with the number from above."
)
ELSEWHERE = "I answer in the threads of issue cards. To report something, type `/issue`; `/issue help` tells the rest."


def message(body: Body, bot: Bot) -> None:
    event = body["event"]
    match event.get("subtype"):
        case "message_changed":
            _edited(event, bot)
        case "message_deleted":
            _deleted(event, bot)
        case subtype if subtype in SPOKEN and _is_person(event, bot):
            _said(event, bot)


def mention(body: Body, bot: Bot) -> None:
    """Slack sends a mention twice, as message and as app_mention; in our threads the message is what counts."""
    event = body["event"]
    answered = event.get("parent_user_id") == bot.user()  # as a reply under a message of ours
    if _is_person(event, bot) and not answered and _root(event, bot) is None:
        bot.answers.whisper(event["channel"], event["user"], ELSEWHERE, event.get("thread_ts"))


def joined(body: Body, bot: Bot) -> None:
    bot.directory.joined(body["event"]["channel"], body["event"]["user"])


def left(body: Body, bot: Bot) -> None:
    bot.directory.left(body["event"]["channel"], body["event"]["user"])


def person_changed(body: Body, bot: Bot) -> None:
    user = body["event"]["user"]
    if user.get("deleted"):
        bot.directory.deactivated(user["id"])
    else:
        bot.directory.active(user["id"])


def channel_changed(_body: Body, bot: Bot) -> None:
    """Renamed, archived, given another id: where the tiers are must be read anew."""
    bot.directory.refresh_before_no()


def nothing(_body: Body, _bot: Bot) -> None:
    """An event nobody here wants; returning acks it."""


def _said(event: dict[str, Any], bot: Bot) -> None:
    root = _root(event, bot)
    if root is None and event.get("parent_user_id") == bot.user() and bot.conversation.may_be_under_way():
        raise NotYet
    if root is None:
        if event.get("parent_user_id") == bot.user() and event.get("channel_type") != "im":
            bot.answers.whisper(event["channel"], event["user"], NOT_HERE, event.get("thread_ts"))
        elif event.get("channel_type") == "im":
            bot.answers.whisper(event["channel"], event["user"], DM_HINT, event.get("thread_ts"))
        return
    try:
        called = f"<@{bot.user()}>"
        text = (event.get("text") or "").strip()
        if text.startswith(called):
            _command(text.removeprefix(called).strip(), root, event, bot)
        else:
            bot.conversation.said(root, _words(event), by=event["user"])
    except Refused as refused:
        bot.answers.whisper(event["channel"], event["user"], str(refused), event["thread_ts"])


def _command(text: str, root: Post, event: dict[str, Any], bot: Bot) -> None:
    """What the buttons do, in words."""
    word, _, rest = text.partition(" ")
    word, rest = act_word(word.strip(":,.!")), rest.strip()
    user, channel, ts = event["user"], event["channel"], event["ts"]
    if word == "note":
        if is_blank(rest) and not event.get("files"):
            raise refusals.NothingSaid
        bot.conversation.noted(root, _words({**event, "text": rest}), by=user)
    elif word == "why":
        bot.answers.whisper(channel, user, "\n".join(bot.search.why(root.issue, user)), event["thread_ts"])
    elif word in BY_WORD:
        asked = Asked(
            word=word,
            number=root.issue,
            user=user,
            delivery=f"message:{channel}:{ts}",
            inputs=inputs_from(word, rest, call=f"@Escalator {word}"),
            seen=Seen(tier=root.place.tier) if root.role == "card" else Seen(),  # a notice says nothing of the tier
            desk=root.place.tier,
        )
        perform(asked, bot)
        bot.answers.nod(channel, ts)
    else:
        asks_for_help = not rest and word in ("", "help")
        lost = "" if asks_for_help else f"I did not understand “{clip(escape(text), 200)}”, and passed nothing on. "
        bot.answers.whisper(channel, user, f"{lost}{answers.thread_help()}", event["thread_ts"])


def _edited(event: dict[str, Any], bot: Bot) -> None:
    """A person's edit, not an unfurled link or a change of our own messages."""
    after, before = event.get("message") or {}, event.get("previous_message") or {}
    edited = after.get("edited")
    if not edited or not _is_person(after, bot) or after.get("text") == before.get("text"):
        return
    words = _words({**after, "channel": event["channel"]})
    bot.conversation.edited(words, by=after["user"], edited_ts=edited["ts"])


def _deleted(event: dict[str, Any], bot: Bot) -> None:
    before = event.get("previous_message") or {}
    bot.conversation.deleted(event["channel"], event["deleted_ts"], by=before.get("user") or "USLACK")


def _root(event: dict[str, Any], bot: Bot) -> Post | None:
    """The card, receipt or notice a message hangs under; `thread_ts` alone tells a reply (slack.md 1.9)."""
    thread_ts = event.get("thread_ts")
    if not thread_ts or thread_ts == event["ts"]:
        return None
    return bot.conversation.thread(event["channel"], thread_ts)


def _words(event: dict[str, Any]) -> Words:
    files = tuple(
        (file.get("title") or file.get("name") or "file", file["permalink"])
        for file in event.get("files") or ()
        if file.get("permalink")
    )
    return Words(channel=event["channel"], ts=event["ts"], text=event.get("text") or "", files=files)


def _is_person(event: dict[str, Any], bot: Bot) -> bool:
    user = event.get("user")
    return bool(user) and "bot_id" not in event and user not in NOT_PEOPLE and user != bot.user()
