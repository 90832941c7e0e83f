"""Turning words into Slack text and back: escaping, clipping, dates, and the tokens people's messages carry."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta

SECTION_LIMIT = 3000  # characters of one text object (slack.md 2.2)
TEXT_LIMIT = 3000  # characters of a message's top-level text; chat.update refuses more than 4,000 (slack.md 2.3)

LINK_LIMIT = 2000  # characters of an address that is sent on as a link

_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # count as letters and signs, and show nothing
_UNSEEN = frozenset(("Cc", "Cf", "Mn", "Zl", "Zp", "Zs"))  # controls, marks on a letter that is not there, spaces

_TOKEN = re.compile(r"<([^<>]*)>")
_ENTITY = re.compile(r"&(?:amp|lt|gt);")


def escape(text: str) -> str:
    """For any user text inside mrkdwn: the three characters that mean something to Slack (slack.md 5.3)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of it."""
    return all(each in _FILLERS or unicodedata.category(each) in _UNSEEN for each in text)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the cut marked by an ellipsis and never inside an entity or a token."""
    if len(text) <= limit:
        return text
    cut = limit - 1
    entity = next(
        (each for each in _ENTITY.finditer(text, max(0, cut - 4), cut + 4) if each.start() < cut < each.end()), None
    )
    if entity:
        cut = entity.start()
    token = text.rfind("<", 0, cut)
    if token > 0 and cut <= text.find(">", token):
        cut = token
    return text[:cut] + "…"


def split(text: str, limit: int = SECTION_LIMIT) -> list[str]:
    """The whole text in pieces of at most `limit`, cut at line ends or spaces where there are any."""
    pieces = []
    while len(text) > limit:
        head = clip(text, limit)[:-1]
        cut = max(head.rfind("\n"), head.rfind(" "))
        head = head[: cut + 1] if cut > limit // 2 else head
        pieces.append(head)
        text = text[len(head) :]
    return [piece for piece in (*pieces, text) if piece.strip()]


def when(moment: datetime) -> str:
    """In each reader's own zone (slack.md 5.4); for mrkdwn and top-level text, not for plain_text."""
    return _date(moment, "{date_short_pretty} at {time}")


def by(moment: datetime) -> str:
    """As the last moment for something: "by 11:28 PM today", for nobody says "by today at 11:28 PM"."""
    return f"by {_date(moment, '{time} {date_short_pretty}')}"


def _date(moment: datetime, style: str) -> str:
    return f"<!date^{int(moment.timestamp())}^{style}|{moment.strftime('%Y-%m-%d %H:%M UTC')}>"


def span(length: timedelta) -> str:
    """As in "45 seconds", "20 minutes", "4 hours": the largest unit that says it in a whole number."""
    seconds = round(length.total_seconds())
    for size, word in ((3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def about(length: timedelta) -> str:
    """As people say it: "2 days 3 hours", "1 hour 20 minutes", "5 minutes"; at least a minute."""
    minutes = max(1, length // timedelta(minutes=1))
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    said = [f"{count} {word}" if count == 1 else f"{count} {word}s" for count, word in parts if count]
    return " ".join(said[:2])


def capital(sentence: str) -> str:
    """With a capital first letter; the rest, ids and names, as it is."""
    return sentence[:1].upper() + sentence[1:]


def person(user: str | None) -> str:
    return f"<@{user}>" if user else "Escalator"


def mover(user: str | None) -> str:
    """Who moved an issue to another tier; whoever empties a tier from the command line is nobody in Slack."""
    return person(user) if user else "Escalator's administrator"


def disarmed(text: str, name_of: Callable[[str], str]) -> str:
    """A person's message, as Slack sent it, made safe to send on: it shows what they wrote and notifies nobody.

    Mentions and broadcasts become plain words; a link shows where it really goes.
    """
    return _TOKEN.sub(lambda found: _plain(found[1], name_of), text)


def _plain(token: str, name_of: Callable[[str], str]) -> str:
    target, _, label = token.partition("|")
    if target.startswith("@"):
        return "@" + (label or escape(name_of(target[1:])))
    if target.startswith("#"):
        return "#" + (label or target[1:])
    if target.startswith("!subteam^"):
        return label or "@group"
    if target.startswith("!date^"):
        return label
    if target.startswith("!"):
        return "@" + target[1:]
    if not re.match(r"(?:https?|mailto|tel|ftp):", target, re.IGNORECASE):
        return f"&lt;{token}&gt;"
    if len(target) > LINK_LIMIT:
        return f"{label} ({target})" if label else target  # no piece of a long message could hold it as a link
    if not label or label == target or target.partition(":")[2].strip("/") == label.strip("/"):
        return f"<{target}>"
    return f"{label} (<{target}>)"


def spoken(text: str) -> str:
    """What a person meant as bare words, for reading commands: tokens' labels, entities decoded."""
    return unescape(disarmed(text, lambda user: user)).strip()
