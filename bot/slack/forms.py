"""The modals: the report, one form per act, the menu of acts, the history, and why."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.issue import DETAILS_LIMIT, TITLE_LIMIT, Issue
from bot.domain.lifecycle import TEXT_LIMIT
from bot.domain.policy import Policy
from bot.domain.priority import SEVERE, Level
from bot.slack import ids, words
from bot.slack.acts import Act, Input, offered, options
from bot.slack.blocks import (
    Block,
    button,
    context,
    date_input,
    header,
    modal,
    option,
    person_input,
    row,
    section,
    select_input,
    text_input,
)
from bot.text import escape, span, split

HISTORY_BYTES = 180_000  # of 250 KB that a view may have (slack.md 2.2), as JSON with every letter escaped
TITLE_ROOM = 24  # characters of a modal's title (slack.md 2.2)
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
    line = f"*Priority: {priority.word} ({priority.value}).* You should hear from somebody within {within}."
    return {**context(line), "block_id": "priority"}


def _select(name: str, label: str, texts: dict[Level, str], chosen: Level) -> Block:
    choices = {level: option(text, level.value) for level, text in texts.items()}
    return select_input(name, label, list(choices.values()), initial=choices[chosen], dispatch=True)


def _latest(lines: list[str], room: int) -> list[str]:
    """As many of the last lines as a view can hold."""
    size = 0
    for count, line in enumerate(reversed(lines)):
        size += len(json.dumps(line))
        if count >= room or size > HISTORY_BYTES:
            return lines[len(lines) - count :]
    return lines


def history(issue: Issue, lines: list[str], policy: Policy) -> Block:
    """Everything on record, newest last; a view holds 100 blocks (slack.md 2.2)."""
    blocks: list[Block] = [
        header(words.headline(issue)),
        section(f"{words.status(issue, policy)}. {words.next_step(issue, policy)}."),
    ]
    if issue.details:
        blocks += [section(piece) for piece in split(escape(issue.details))]
    shown = _latest(lines, 100 - len(blocks) - 1)
    if len(shown) < len(lines):
        blocks.append(context(f"{len(lines) - len(shown)} earlier entries are not shown."))
    blocks += [section(line) for line in shown]
    return modal(ids.HISTORY, f"History of {issue.name}"[:24], blocks, submit=None)


def act(form: Act, issue: Issue, policy: Policy, *, seen: str, now: datetime) -> Block:
    """The form of an act. Its one text, if it asks for one, is what the next person reads."""
    blocks = [section(_about(form, issue, policy)), *(_field(item, issue, policy, now) for item in form.inputs)]
    title, submit = form.title.format(label=form.label, name=issue.name), form.submit or form.label
    if form.word == "reopen" and ids.read_seen(seen)[2] is None:  # from the receipt, whose button says so
        title, submit = f"Not fixed: {issue.name}", "Send"
    title = title if len(title) <= TITLE_ROOM else form.label
    return modal(f"{ids.ACT_FORM}{form.word}", title, blocks, submit=submit, metadata=seen)


def _about(form: Act, issue: Issue, policy: Policy) -> str:
    title = f"*{escape(words.headline(issue))}*"
    if form.word == "escalate" and issue.tier < policy.last_tier:
        return f"{title} goes to *{policy.tier(issue.tier + 1).name}*, who get this with it."
    if form.word == "return" and issue.tier > 1:
        return f"{title} goes back to *{policy.tier(issue.tier - 1).name}*, who get this with it."
    if form.word == "worse":
        return f"{title}\nIts urgency goes up, and support is told why."
    return title


def _field(item: Input, issue: Issue, policy: Policy, now: datetime) -> Block:
    hint = item.hint.format(zone=policy.waiting.calendar.zone, silence=span(policy.waiting.resolve))
    settings = {"optional": item.optional, "hint": hint}
    match item.kind:
        case "person":
            return person_input(item.name, item.label, **settings)
        case "date":
            return date_input(item.name, item.label, **settings)
        case "choice":
            choices = [option(label, value) for value, label in options(item, issue, policy, now)]
            present = {"impact": issue.impact.value, "urgency": issue.urgency.value}.get(item.name)
            initial = next((each for each in choices if each["value"] == present), None)
            if item.name == "category" and issue.priority in SEVERE:
                settings["optional"] = False
            return select_input(item.name, item.label, choices, initial=initial, **settings)
        case "line":
            return text_input(item.name, item.label, placeholder=item.placeholder, **settings)
        case "text":
            return text_input(
                item.name,
                item.label,
                multiline=True,
                max_length=TEXT_LIMIT,
                placeholder=item.placeholder,
                **settings,
            )


def menu(issue: Issue, policy: Policy, possible: Collection[str], *, seen: str) -> Block:
    """What its reader can do beside the card's own buttons; a press opens the act's form on top, or does it at once.

    `possible` are the words of the acts that are not refused to them.
    """
    rows = [
        row(f"*{each.label}*", button("Choose", f"{ids.ACT}{each.word}", seen, spoken=f"{each.label} {issue.name}"))
        for each in offered(issue)
        if each.word in possible
    ]
    if len(rows) < len(offered(issue)):
        rows.append(context("What you cannot do with it just now is left out."))
    about = section(f"*{escape(words.headline(issue))}*\n{words.status(issue, policy)}.")
    return modal(ids.MENU, f"More for {issue.name}"[:24], [about, *rows], submit=None, metadata=seen)


def why(issue: Issue, lines: Sequence[str]) -> Block:
    blocks: list[Block] = [header(words.headline(issue)), *(section(line) for line in lines)]
    return modal(ids.WHY_VIEW, f"Why? {issue.name}"[:24], blocks[:100], submit=None)


def done(issue: Issue, policy: Policy) -> Block:
    """What a form or menu turns into when an act needed no more."""
    return modal(ids.MENU, issue.name, [section(f"Done. {words.sentence(issue, policy)}")], submit=None)


def sent(form: Act) -> Block:
    """What a form turns into when its words went to somebody; a menu below it closes with it."""
    return {**modal(ids.MENU, form.label, [section(form.done)], submit=None), "clear_on_close": True}


def notice(text: str) -> Block:
    return modal(ids.MENU, "Not possible", [section(text)], submit=None)
