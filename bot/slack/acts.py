"""What people can do to an issue: its name in words, on buttons and in menus, and what each act asks for.

One table for the card's buttons, the ⋯ menu, the forms, the words in a thread and `/issue <word> ISS-42`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.domain.issue import CATEGORIES, Issue, Status
from bot.domain.lifecycle import longest_snooze
from bot.domain.policy import Policy
from bot.domain.priority import Level
from bot.text import about

Kind = Literal["text", "line", "person", "choice", "date"]


@dataclass(frozen=True)
class Input:
    name: str
    label: str
    kind: Kind = "text"
    options: tuple[tuple[str, str], ...] = ()  # value, label
    optional: bool = False
    hint: str = ""  # with {zone} for that of a date
    placeholder: str = ""


@dataclass(frozen=True)
class Act:
    word: str  # as typed
    label: str  # as shown
    states: frozenset[Status]  # in which it is offered
    inputs: tuple[Input, ...] = ()
    usage: str = ""  # what follows the word when it is typed
    submit: str = ""  # the form's button, if it is not the label
    title: str = "{label} {name}"  # of its form
    done: str = ""  # what came of it, where neither card nor receipt shows it


OPEN, CLAIMED, WAITING = Status.OPEN, Status.CLAIMED, Status.WAITING
WORKED_ON = frozenset({OPEN, CLAIMED})
LIVE = frozenset({OPEN, CLAIMED, WAITING})
HELD = frozenset({CLAIMED})

LEVELS = tuple((level.value, level.value.capitalize()) for level in Level)
REASONS = (
    ("reporter", "Its reporter: they must answer a question"),
    ("vendor", "A vendor"),
    ("change", "A change window"),
    ("date", "A date"),
)
RATINGS = (("5", "5: very good"), ("4", "4: good"), ("3", "3: fair"), ("2", "2: poor"), ("1", "1: very poor"))
REST = "rest"  # for as long as it may be, which is less when the form is sent than when it was drawn
SAYS_SOLVED = "The reporter says it is solved."  # what fixed it, if its reporter says no more
SNOOZES = (("30", "30 minutes"), ("60", "1 hour"), ("120", "2 hours"), ("240", "4 hours"))

ACTS = (
    Act("claim", "Claim", frozenset({OPEN})),
    Act("release", "Release", HELD),
    Act("decline", "Decline or withdraw", HELD),
    Act(
        "escalate",
        "Escalate",
        WORKED_ON,
        (
            Input("reason", "Why should it go up?"),
            Input("tried", "What was tried?", placeholder="Restarted the client, checked the account, ..."),
            Input("needed", "What do you need from them?", optional=True, placeholder="Access to the gateway, ..."),
        ),
        "WHY; tried: WHAT [; needed: WHAT]",
    ),
    Act(
        "resolve",
        "Resolve",
        LIVE,
        (
            Input("fix", "What fixed it?", hint="The reporter reads this."),
            Input(
                "category",
                "What kind of cause?",
                "choice",
                tuple((each, each.capitalize()) for each in CATEGORIES),
                optional=True,
            ),
        ),
        "[KIND:] WHAT FIXED IT",
    ),
    Act("reopen", "Reopen", frozenset({Status.RESOLVED}), (Input("reason", "What is still wrong?"),), "WHY"),
    Act(
        "update",
        "Tell the reporter",
        LIVE,
        (Input("text", "What can you tell them?", hint="It appears under their receipt."),),
        "TEXT",
        submit="Send",
        done="Your words were sent to the reporter.",
    ),
    Act(
        "wait",
        "Wait",
        HELD,
        (
            Input("waiting", "What for?", "choice", REASONS),
            Input("note", "The question, or what must happen", hint="For the reporter this is the question they read."),
            Input(
                "until",
                "Until when, at most?",
                "date",
                optional=True,
                hint="At 9:00 ({zone}) on that day, at most 30 days ahead. Needed for a date; without one, a wait for "
                "a vendor or a change window ends by itself after {silence} of open time.",
            ),
        ),
        "reporter|vendor|change|date [until 2026-12-24] QUESTION",
        title="Let {name} wait",
    ),
    Act("resume", "Resume", frozenset({WAITING})),
    Act("takeover", "Take over", HELD, (Input("reason", "Why do you take it over?"),), "WHY"),
    Act(
        "handover",
        "Hand over",
        HELD,
        (Input("person", "To whom?", "person"), Input("note", "How far are you, and what is next?")),
        "@PERSON HOW FAR YOU ARE",
    ),
    Act("return", "Return", WORKED_ON, (Input("findings", "What did you find out?"),), "WHAT YOU FOUND OUT"),
    Act(
        "move",
        "Move to another tier",
        WORKED_ON,
        (Input("tier", "Which tier?", "choice"), Input("reason", "Why does it belong there?")),
        "TIER WHY",
        submit="Move",
    ),
    Act(
        "snooze",
        "Snooze reminders",
        HELD,
        (Input("minutes", "For how long?", "choice", SNOOZES),),
        "30m|1h|2h|4h",
        submit="Snooze",
    ),
    Act(
        "priority",
        "Change priority",
        LIVE,
        (
            Input("impact", "Impact: who is affected?", "choice", LEVELS),
            Input("urgency", "Urgency: how fast does harm grow?", "choice", LEVELS),
            Input("reason", "Why?", optional=True, hint="The reporter reads this."),
        ),
        "IMPACT URGENCY [WHY]",
        submit="Change",
    ),
    Act(
        "merge",
        "Merge into another issue",
        LIVE,
        (Input("issue", "Which issue is the same trouble?", "line", placeholder="ISS-42"),),
        "ISS-42",
        submit="Merge",
    ),
    Act("unmerge", "Take out again", frozenset({Status.MERGED})),
    Act(
        "major",
        "Declare major incident",
        LIVE,
        (
            Input(
                "person",
                "Who leads it?",
                "person",
                hint="All tiers and the reporter are told. Whoever works on it must still claim it.",
            ),
        ),
        "@COMMANDER",
        submit="Declare",
    ),
    Act("endmajor", "End major incident", LIVE),
    Act(
        "cancel",
        "Cancel issue",
        LIVE,
        (Input("reason", "Why is it not needed any more?", optional=True),),
        "[WHY]",
        submit="Cancel issue",
    ),
    Act("worse", "It got worse", LIVE, (Input("reason", "What is worse now?"),), "WHAT IS WORSE", submit="Send"),
    Act("solved", "Solved", LIVE, (Input("fix", "What helped?", optional=True),), "[WHAT HELPED]", submit="Solved"),
    Act("works", "It works", frozenset({Status.RESOLVED})),
    Act(
        "rate",
        "Rate our help",
        frozenset({Status.RESOLVED}),
        (Input("score", "How was our help?", "choice", RATINGS),),
        "1|2|3|4|5",
        submit="Send",
    ),
    Act(
        "add",
        "Add information",
        LIVE,
        (Input("text", "What should support know?"),),
        "TEXT",
        submit="Send",
        done="Your words were sent to support.",
    ),
)
BY_WORD = {act.word: act for act in ACTS}
AN_OFFERS = {"accept": "claim"}  # a hand-over is a claim once it is accepted


def act_word(word: str) -> str:
    """The act's own word, in small letters, for what may be typed."""
    return AN_OFFERS.get(word.lower(), word.lower())


REPORTERS = frozenset({"worse", "solved", "add", "works", "rate"})  # offered on the receipt, not on cards
ON_CARD = frozenset({"claim", "escalate", "resolve", "resume", "reopen"})  # buttons of the card itself


def offered(issue: Issue) -> Sequence[Act]:
    """What staff can choose beside the card's own buttons, in the order of the table."""
    is_offered = issue.claim is not None and issue.claim.offered_by is not None
    return [
        act
        for act in ACTS
        if issue.status in act.states
        and act.word not in REPORTERS | ON_CARD
        and (act.word != "endmajor" or issue.commander)
        and (act.word != "major" or not issue.commander)
        and (act.word != "decline" or is_offered)
        and (act.word != "release" or not is_offered)
    ]


def options(item: Input, issue: Issue, policy: Policy, now: datetime) -> tuple[tuple[str, str], ...]:
    """Of a choice; the tiers are the policy's, and no snooze is longer than it may be."""
    if item.name == "minutes":
        most = max(1, longest_snooze(issue, policy, now) // timedelta(minutes=1))
        return tuple(each for each in item.options if int(each[0]) <= most) or ((REST, about(timedelta(minutes=most))),)
    if item.name == "tier":
        return tuple((tier.name, tier.name) for tier in policy.tiers)
    return item.options
