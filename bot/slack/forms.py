"""The modals: report, escalate, resolve, reopen, and the history of an issue."""

from collections.abc import Sequence

from bot.domain.issue import DETAILS_LIMIT, TITLE_LIMIT, Issue
from bot.domain.lifecycle import TEXT_LIMIT
from bot.domain.policy import Policy
from bot.domain.priority import Level
from bot.ports import TimelineEntry
from bot.slack import ids, words
from bot.slack.blocks import Block, context, header, modal, option, section, select_input, text_input
from bot.slack.history import history_lines
from bot.slack.text import escape, span, split

IMPACTS = {
    Level.HIGH: "High: many people, a whole site, or a critical service",
    Level.MEDIUM: "Medium: a team, or an important service",
    Level.LOW: "Low: only me, or a minor service",
}
URGENCIES = {
    Level.HIGH: "High: work has stopped, or harm is growing",
    Level.MEDIUM: "Medium: work goes on, but it hurts",
    Level.LOW: "Low: it can wait for some days",
}


def report(text: str, *, policy: Policy, impact: Level = Level.LOW, urgency: Level = Level.MEDIUM) -> Block:
    """The form behind `/issue`; `text` becomes the title, and what does not fit there goes into the details."""
    title = " ".join(text.split())
    long = len(title) > TITLE_LIMIT
    return modal(
        ids.REPORT,
        "Report an issue",
        [
            text_input(
                ids.TITLE,
                "What is wrong?",
                placeholder="VPN is down in Berlin",
                initial_value=title[: TITLE_LIMIT - 1] + "…" if long else title,
                max_length=TITLE_LIMIT,
            ),
            text_input(
                ids.DETAILS,
                "Details",
                multiline=True,
                optional=True,
                initial_value=text.strip()[:DETAILS_LIMIT] if long else "",
                placeholder="What did you do, what happened, since when? Any error text helps.",
                max_length=DETAILS_LIMIT,
            ),
            _select(ids.IMPACT, "Who is affected?", IMPACTS, impact),
            _select(ids.URGENCY, "How urgent is it?", URGENCIES, urgency),
            priority_line(policy, impact, urgency),
        ],
        submit="Report",
    )


def priority_line(policy: Policy, impact: Level, urgency: Level) -> Block:
    """Follows the two selects as they change."""
    priority = policy.priority(impact, urgency)
    within = span(policy.targets[priority].first_response)
    line = f"*Priority: {priority.word} ({priority.value}).* Somebody should take it within {within}."
    return {**context(line), "block_id": "priority"}


def _select(name: str, label: str, texts: dict[Level, str], chosen: Level) -> Block:
    options = {level: option(text, level.value) for level, text in texts.items()}
    return select_input(name, label, list(options.values()), initial=options[chosen])


def escalate(issue: Issue, policy: Policy, *, seen: str) -> Block:
    to = policy.tier(issue.tier + 1).name
    return modal(
        ids.ESCALATE_FORM,
        f"Escalate {issue.name}"[:24],
        [
            section(f"*{escape(words.headline(issue))}* goes to *{escape(to)}*, who get this with it."),
            text_input(ids.REASON, "Why should it go up?", multiline=True, max_length=TEXT_LIMIT),
            text_input(
                ids.TRIED,
                "What was tried?",
                multiline=True,
                max_length=TEXT_LIMIT,
                placeholder="Restarted the client, checked the account, ...",
            ),
        ],
        submit="Escalate",
        metadata=seen,
    )


def resolve(issue: Issue, *, seen: str) -> Block:
    return modal(
        ids.RESOLVE_FORM,
        f"Resolve {issue.name}"[:24],
        [
            section(f"*{escape(words.headline(issue))}*"),
            text_input(
                ids.FIX, "What fixed it?", multiline=True, max_length=TEXT_LIMIT, hint="The reporter reads this."
            ),
        ],
        submit="Resolve",
        metadata=seen,
    )


def reopen(issue: Issue, *, seen: str) -> Block:
    return modal(
        ids.REOPEN_FORM,
        f"Reopen {issue.name}"[:24],
        [
            section(f"*{escape(words.headline(issue))}*"),
            text_input(ids.REASON, "What is still wrong?", multiline=True, max_length=TEXT_LIMIT),
        ],
        submit="Reopen",
        metadata=seen,
    )


def history(issue: Issue, timeline: Sequence[TimelineEntry], policy: Policy) -> Block:
    """Everything on record, newest last; a view holds 100 blocks (slack.md 2.2)."""
    blocks: list[Block] = [
        header(words.headline(issue)),
        section(f"{words.status(issue, policy)}. {words.next_step(issue, policy)}."),
    ]
    if issue.details:
        blocks += [section(piece) for piece in split(escape(issue.details))]
    lines = [line for entry in timeline for line in history_lines(entry.event, policy)]
    room = 100 - len(blocks) - 1
    if len(lines) > room:
        blocks.append(context(f"{len(lines) - room} earlier entries are not shown."))
    blocks += [section(line) for line in lines[-room:]]
    return modal(ids.HISTORY, f"History of {issue.name}"[:24], blocks, submit=None)
