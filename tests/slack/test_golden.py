"""Every look of the bot as Slack gets it: within Slack's limits, and as the golden file beside says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.priority import Level
from bot.messages import (
    Card,
    CardRefresh,
    DeliveryAlert,
    Inform,
    Line,
    Mark,
    Place,
    Receipt,
    ReceiptRefresh,
    Relay,
    RelayDelete,
    RelayEdit,
    TierPing,
)
from bot.ports import Call
from bot.slack import answers, forms, ids
from tests.slack.limits import check_message, check_view
from tests.slack.telling import P1, P2, P4, POLICY, Story, as_json, check_call

GOLDEN = Path(__file__).with_name("golden")
DETAILS = "Since nine o'clock.\n*All* of <Berlin> & Hamburg: `error 809`\n> and so on"
LONG = "word " * 1500

L1, L2, L3, MANAGEMENT = (Place(tier=number) for number in (1, 2, 3, 4))
MAYA = Place(person="U0MAYA")


def _escalated() -> Story:
    return (
        Story(details=DETAILS).claim().escalate(reason="It is the <gateway> & not the client", tried="A restart\ntwice")
    )


def _last() -> Story:
    return Story().climb(4)


def _talked() -> Story:
    """Everything that can be on record."""
    story = Story("Nobody can *log in*", DETAILS, levels=P1).claim().staff_says("what does it say?")
    story.reporter_says("&lt;error 809&gt;, ask <@U0ANA> or <https://wiki.acme.com|the wiki>")
    story.edits("error 810").deletes().staff_says("ask the vendor", note=True).release().wait(minutes=20)
    story.claim("U0EMIL").escalate("U0EMIL", reason="we\nneed <you>", tried="all & more").wait(minutes=15)
    return story.wait(hours=5).fails().resolve("U0FAY", fix="a new\nrouter").reopen()


CALLS: dict[str, Callable[[], Call]] = {
    "card_new": lambda: Story().told(Card),
    "card_new_with_details": lambda: Story(details=DETAILS).told(Card),
    "card_new_with_long_details": lambda: Story("x" * 120, "y" * 3000).told(Card),
    "card_new_low": lambda: Story(levels=P4).told(Card),
    "card_new_high": lambda: Story(levels=P2).told(Card),
    "card_new_critical_l1": lambda: Story(levels=P1).told(Card),
    "card_new_critical_l2": lambda: Story(levels=P1).told(Card, number=1),
    "card_new_quietly_again": lambda: Story(levels=P1).drawn(Card(L2, ping=False)),
    "card_claimed": lambda: Story().claim().told(CardRefresh),
    "card_claimed_elsewhere": lambda: Story(levels=P1).claim("U0CHEN").told(CardRefresh),
    "card_claimed_late": lambda: Story(levels=P1).claim().drawn(Card(L2, ping=True)),
    "card_claimed_from_the_old_card": lambda: Story().climb(2).claim(desk=1).told(CardRefresh),
    "card_released": lambda: Story().claim().release().told(CardRefresh),
    "card_escalated_unclaimed": lambda: Story(details=DETAILS).climb(2).told(Card),
    "card_escalated_stale": lambda: Story().claim().wait(hours=8).told(Card),
    "card_escalated_by_hand": lambda: _escalated().told(Card),
    "card_escalated_and_claimed": lambda: _escalated().claim("U0CHEN").drawn(CardRefresh(L2)),
    "card_l3": lambda: Story().climb(3).told(Card),
    "card_last_tier": lambda: _last().told(Card),
    "card_last_tier_reminded": lambda: _last().wait(hours=8).drawn(CardRefresh(MANAGEMENT)),
    "card_last_tier_claimed": lambda: _last().claim("U0FAY").drawn(CardRefresh(MANAGEMENT)),
    "card_shrunk": lambda: _escalated().drawn(CardRefresh(L1)),
    "card_shrunk_before_the_next_is_there": lambda: _escalated().drawn(CardRefresh(L1), newest=None),
    "card_shrunk_claimed": lambda: _escalated().claim("U0CHEN").drawn(CardRefresh(L1)),
    "card_shrunk_resolved": lambda: _escalated().resolve("U0CHEN").drawn(CardRefresh(L1)),
    "card_resolved": lambda: Story(details=DETAILS).claim().resolve(fix="A <new> one\n& more").told(CardRefresh),
    "card_resolved_after_escalation": lambda: _escalated().resolve("U0CHEN").drawn(CardRefresh(L2)),
    "card_reopened": lambda: Story().claim().resolve().reopen().told(CardRefresh),
    "receipt_new": lambda: Story(details=DETAILS).told(Receipt),
    "receipt_new_critical": lambda: Story(levels=P1).told(Receipt),
    "receipt_claimed": lambda: Story().claim().told(ReceiptRefresh),
    "receipt_answered": lambda: Story().claim().wait(hours=1).staff_says("hello").drawn(ReceiptRefresh(MAYA)),
    "receipt_released": lambda: Story().claim().release().told(ReceiptRefresh),
    "receipt_escalated": lambda: _escalated().told(ReceiptRefresh),
    "receipt_last_tier": lambda: _last().told(ReceiptRefresh),
    "receipt_last_tier_claimed": lambda: _last().claim("U0FAY").told(ReceiptRefresh),
    "receipt_resolved": lambda: Story().claim().resolve(fix="A <new> one\n& more").told(ReceiptRefresh),
    "receipt_reopened": lambda: Story().claim().resolve().reopen().told(ReceiptRefresh),
    "line_claimed": lambda: Story().claim().told(Line),
    "line_released": lambda: Story().claim().release().told(Line),
    "line_taken_away_stale": lambda: Story().claim().wait(hours=8).told(Line),
    "line_taken_away_by_hand": lambda: Story().claim().escalate("U0CHEN").told(Line),
    "line_resolved": lambda: Story().claim().resolve().told(Line),
    "line_reopened": lambda: Story().claim().resolve().reopen().told(Line),
    "relay_reporter": lambda: (
        Story().reporter_says("it is worse now\nsee <https://acme.com/a?b=1&amp;c=2>").told(Relay)
    ),
    "relay_staff": lambda: Story().claim().staff_says("try <@U0ANA>, <!channel> &amp; <#C0L1|support-l1>").told(Relay),
    "relay_disguised_link": lambda: Story().reporter_says("<https://evil.example|https://bank.com>").told(Relay),
    "relay_files": lambda: Story().reporter_says("", files=(("a <b>.png", "https://acme.slack.com/f/1"),)).told(Relay),
    "relay_words_and_files": lambda: (
        Story()
        .reporter_says("two", files=(("a", "https://acme.slack.com/f/1"), ("b", "https://acme.slack.com/f/2")))
        .told(Relay)
    ),
    "relay_long": lambda: Story().reporter_says(LONG).told(Relay),
    "relay_before_the_card": lambda: Story().reporter_says("hello?").told(Relay, in_thread=False),
    "relay_edited": lambda: Story().edits("better: <@U0MAYA> & more".replace("&", "&amp;")).told(RelayEdit),
    "relay_deleted": lambda: Story().deletes().told(RelayDelete),
    "mark_relayed": lambda: Story().reporter_says("hello").told(Mark),
    "mark_noted": lambda: Story().staff_says("a note", note=True).told(Mark),
    "reminder_unclaimed": lambda: _last().wait(hours=8).told(TierPing),
    "reminder_stale": lambda: _last().claim("U0FAY").wait(hours=8).told(TierPing),
    "inform_severity": lambda: Story(levels=P1).told(Inform),
    "inform_resolution": lambda: Story(levels=P1).claim().wait(minutes=29).staff_says("x").wait(hours=4).told(Inform),
    "alert_of_a_card": lambda: Story("<VPN> & more").fails().told(DeliveryAlert),
    "alert_of_a_claimed_issue": lambda: (
        Story().claim().fails("a reply", tier=None, error="user_disabled").told(DeliveryAlert)
    ),
    "alert_from_the_last_tier": lambda: _last().fails(tier=4).told(DeliveryAlert),
}

SEEN = ids.seen(Story().issue, 1)
VIEWS: dict[str, Callable[[], dict[str, Any]]] = {
    "form_report": lambda: forms.report("", policy=POLICY),
    "form_report_with_title": lambda: forms.report("VPN is <down> & out", policy=POLICY),
    "form_report_with_long_text": lambda: forms.report(LONG, policy=POLICY),
    "form_report_critical": lambda: forms.report("x", policy=POLICY, impact=Level.HIGH, urgency=Level.HIGH),
    "form_escalate": lambda: forms.escalate(Story("<VPN> & *more*").issue, POLICY, seen=SEEN),
    "form_resolve": lambda: forms.resolve(Story("<VPN> & *more*").issue, seen=SEEN),
    "form_reopen": lambda: forms.reopen(Story("<VPN> & *more*").claim().resolve().issue, seen=SEEN),
    "history_new": lambda: _history(Story()),
    "history_of_everything": lambda: _history(_talked()),
    "history_long": lambda: _history(_said_much(150)),
}


def _history(story: Story) -> dict[str, Any]:
    return forms.history(story.issue, story.timeline, story.policy)


def _said_much(times: int) -> Story:
    story = Story(details="y" * 3000)
    for number in range(times):
        story.reporter_says(f"word {number}")
    return story


def _page(*stories: Story, more: bool) -> dict[str, Any]:
    return {"text": answers.page("Open issues", "No issue is open.", [(s.issue, s.policy) for s in stories], more=more)}


def _shown(story: Story, *, full: bool) -> dict[str, Any]:
    text, blocks = answers.show(story.issue, story.policy, full=full)
    return {"text": text, "blocks": blocks}


ANSWERS: dict[str, Callable[[], dict[str, Any]]] = {
    "answer_help": lambda: {"text": answers.HELP},
    "answer_help_in_a_thread": lambda: {"text": answers.THREAD_HELP},
    "answer_nothing": lambda: _page(more=False),
    "answer_list": lambda: _page(Story("<VPN> & *more*"), _escalated().claim("U0CHEN"), Story(levels=P1), more=False),
    "answer_list_with_more": lambda: _page(Story(), Story().claim().resolve(), more=True),
    "answer_show": lambda: _shown(Story(details=DETAILS), full=False),
    "answer_show_full": lambda: _shown(Story(details=DETAILS), full=True),
    "answer_show_resolved": lambda: _shown(Story(details=DETAILS).claim().resolve(), full=True),
}


def _same_as_golden(name: str, made: dict[str, Any], *, update: bool) -> None:
    path = GOLDEN / f"{name}.json"
    made = json.loads(json.dumps(made))  # as it leaves the bot
    if update:
        path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert made == json.loads(path.read_text(encoding="utf-8")), f"{name} looks different; `make golden` writes it anew"


@pytest.mark.parametrize("name", CALLS)
def test_message(name: str, *, update_golden: bool) -> None:
    call = CALLS[name]()
    check_call(call)
    _same_as_golden(name, as_json(call), update=update_golden)


@pytest.mark.parametrize("name", VIEWS)
def test_view(name: str, *, update_golden: bool) -> None:
    view = VIEWS[name]()
    check_view(view)
    _same_as_golden(name, view, update=update_golden)


@pytest.mark.parametrize("name", ANSWERS)
def test_answer(name: str, *, update_golden: bool) -> None:
    answer = ANSWERS[name]()
    check_message(answer["text"], answer.get("blocks", []), "ephemeral")
    _same_as_golden(name, answer, update=update_golden)


def test_every_golden_file_belongs_to_a_look() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {*CALLS, *VIEWS, *ANSWERS}
