"""`/issue`: the form, or an answer only the asker sees."""

from slack_bolt import Ack

from bot.domain.issue import issue_number
from bot.services.bot import Bot
from bot.services.search import Page
from bot.slack import answers, forms
from bot.slack.text import spoken
from handlers.boundary import Body


def issue(ack: Ack, body: Body, bot: Bot) -> None:
    """A known word asks for something; any other text is the title of a new issue."""
    text = spoken(body.get("text") or "")
    word, _, rest = text.partition(" ")
    number = issue_number(rest)
    match word.lower(), rest.strip():
        case "help", "":
            ack(text=answers.HELP)
        case "mine", "":
            mine = bot.search.mine(body["user_id"])
            ack(text=_listed("What you reported", "You have not reported anything. Type `/issue` to do so.", mine))
        case "list", "":
            ack(text=_listed("Open issues", "No issue is open.", bot.search.open()))
        case "show", _ if number is not None:
            _show(ack, body["user_id"], number, bot)
        case "show", "":
            ack(text="Which one? For example: `/issue show ISS-42`.")
        case _:
            bot.answers.open_form(body["trigger_id"], forms.report(text, policy=bot.policy()))
            ack()


def _show(ack: Ack, user: str, number: int, bot: Bot) -> None:
    found = bot.search.one(number)
    full = user == found.issue.reporter or bot.search.is_staff(user)
    text, blocks = answers.show(found.issue, found.policy, full=full)
    ack(text=text, blocks=blocks)


def _listed(title: str, nothing: str, page: Page) -> str:
    return answers.page(title, nothing, [(each.issue, each.policy) for each in page.found], more=page.more)
