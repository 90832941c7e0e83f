"""`/issue`: the form, or an answer only the asker sees."""

from difflib import get_close_matches

from slack_bolt import Ack

from bot.domain.issue import issue_name, issue_number
from bot.services.bot import Bot
from bot.services.search import Page
from bot.slack import answers, forms, words
from bot.slack.acts import AN_OFFERS, BY_WORD, act_word
from bot.text import clip, escape, spoken
from handlers.acts import Asked, inputs_from, lacks_its_issue, perform
from handlers.boundary import Body

ASKED = ("help", "mine", "list", "show", "why")
ABOUT_ONE = frozenset({"show", "why", *BY_WORD, *AN_OFFERS})
ALIKE = 0.7  # of two words, so that "shwo" is "show"
OR_REPORT = "To report something, type `/issue` alone."


def issue(ack: Ack, body: Body, bot: Bot) -> None:
    """A known word asks for something, a number alone shows that issue; any other text is the title of a new issue."""
    text = spoken(body.get("text") or "")
    word, _, rest = text.partition(" ")
    rest = rest.strip()
    named, _, _ = rest.partition(" ")
    number = issue_number(named) if rest == named or named[0] in "iI#" else None  # "move 5 desks to Berlin" is a title
    unnumbered = number is None and named.lower().startswith("iss-")  # "ISS-n", as it stands in help texts
    behind = (body.get("text") or "").strip().partition(" ")[2]  # with mentions as tokens
    match word.lower(), rest:
        case "help", "":
            ack(text=answers.help_text())
        case "mine", "":
            ack(text=_mine(body["user_id"], bot))
        case "list", "":
            ack(text=_listed("Open issues", "No issue is open.", bot.search.open()))
        case "show", _ if number is not None:
            _show(ack, body["user_id"], number, bot)
        case _, "" if (alone := issue_number(word)) is not None:
            _show(ack, body["user_id"], alone, bot)
        case "why", _ if number is not None:
            ack(text="\n".join(bot.search.why(number, body["user_id"])))
        case "note", what if number is not None or not what:
            how = f"begin with {words.A_LOCK}, or `@Escalator note`"
            ack(text=f"Notes for staff are written in the thread of a card: {how}.")
        case known, _ if act_word(known) in BY_WORD and number is not None:
            _act(ack, body, bot, act_word(known), number)
        case known, what if known in ABOUT_ONE and (not what or unnumbered):
            ack(text=f"Which issue? For example: `/issue {known} ISS-42`. {OR_REPORT}")
        case known, what if lacks_its_issue(known, behind):
            ack(text=f"Which issue? Write `/issue {known} ISS-42 {clip(escape(what), 200)}`. {OR_REPORT}")
        case typed, what if (not what or (number is not None and what == named)) and (meant := _meant(typed)):
            whole = f"/issue {meant} {what}".rstrip()
            ack(text=f"Did you mean `{whole}`? {OR_REPORT}")
        case _:
            bot.answers.open_form(body["trigger_id"], forms.report(text, policy=bot.policy()))
            ack()


def _meant(word: str) -> str | None:
    """The word that a slip of the finger meant; None if it is like none."""
    return next(iter(get_close_matches(word, (*ASKED, *BY_WORD), n=1, cutoff=ALIKE)), None)


def _act(ack: Ack, body: Body, bot: Bot, word: str, number: int) -> None:
    """`/issue claim ISS-42`, with what the act needs behind it."""
    rest = body["text"].split(maxsplit=2)[2:]
    inputs = inputs_from(word, rest[0] if rest else "", call=f"/issue {word} {issue_name(number)}")
    perform(Asked(word, number, body["user_id"], f"command:{body['trigger_id']}", inputs), bot)
    found = bot.search.one(number)
    ack(text=f"{BY_WORD[word].done or 'Done.'} {answers.line(found.issue, found.policy)}")


def _show(ack: Ack, user: str, number: int, bot: Bot) -> None:
    found = bot.search.one(number)
    full = user == found.issue.reporter or bot.search.is_staff(user)
    text, blocks = answers.show(found.issue, found.policy, reader=user, full=full)
    ack(text=text, blocks=blocks)


def _mine(user: str, bot: Bot) -> str:
    held, reported = bot.search.held(user), bot.search.mine(user)
    lists = [_listed("What you hold", "", held)] if held.found else []
    if reported.found or not held.found:
        nothing = "You have not reported anything. Type `/issue` to do so."
        lists.append(_listed("What you reported", nothing, reported))
    return "\n\n".join(lists)


def _listed(title: str, nothing: str, page: Page) -> str:
    return answers.page(title, nothing, [(each.issue, each.policy) for each in page.found], more=page.more)
