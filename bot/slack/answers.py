"""What `/issue` answers, for the eyes of the person who asked."""

from collections.abc import Sequence

from bot.domain.issue import Issue
from bot.domain.policy import Policy
from bot.slack import words
from bot.slack.acts import ACTS, REPORTERS
from bot.slack.blocks import Block, context, quote, section
from bot.slack.why import to_reader
from bot.text import escape, person, when


def help_text() -> str:
    return f"""*How to use Escalator*
`/issue` opens the form. `/issue VPN is down in Berlin` opens it with that title.
`/issue mine` lists what you hold and what you reported. `/issue list` lists what is open. `/issue show ISS-42` shows one.
`/issue why ISS-42` tells why it is where it is. `/issue cancel ISS-42` takes back what you reported.

*For support staff*, in the thread of a card as `@Escalator claim`, or anywhere as `/issue claim ISS-42`:
{_usages()}
`note ...` in a thread; a message that begins with {words.A_LOCK} is a note, too.
Everything else you write under a card goes to the reporter, and what they write under their receipt comes to you."""


def thread_help() -> str:
    return f"In this thread I understand:\n{_usages()}\n`why`, `note ...` (for staff only)"


def _usages() -> str:
    return ", ".join(f"`{act.word}{' ' if act.usage else ''}{act.usage}`" for act in ACTS if act.word not in REPORTERS)


def page(title: str, nothing: str, found: Sequence[tuple[Issue, Policy]], *, more: bool) -> str:
    if not found:
        return nothing
    lines = [f"*{title}*", *(line(issue, policy) for issue, policy in found)]
    if more:
        lines.append(f"There are more; these are the first {len(found)}.")
    return "\n".join(lines)


def line(issue: Issue, policy: Policy) -> str:
    whom = words.with_whom(issue, policy)
    return f"*{issue.name}* {escape(issue.title)}: {words.priority(issue)}{whom}. {words.status(issue, policy)}."


def show(issue: Issue, policy: Policy, *, reader: str, full: bool) -> tuple[str, list[Block]]:
    """`full` for its reporter and for staff; anybody else sees that it exists and how it stands."""
    text = f"{line(issue, policy)} {to_reader(reader, issue, words.next_step(issue, policy))}."
    blocks = [section(text), context(f"Reported by {person(issue.reporter)}, {when(issue.opened_at)}.")]
    if full and issue.details:
        blocks.append(quote(issue.details))
    if full and issue.fix:
        blocks += [section("*What fixed it*"), quote(issue.fix)]
    return text, blocks
