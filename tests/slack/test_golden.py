"""Every look of the bot as Slack gets it: within Slack's limits, and as the golden file beside says."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.domain import refusals
from bot.domain.deadlines import UPDATE
from bot.domain.events import Cause, Event, IssueReplanned
from bot.domain.issue import Issue, Status, WaitingFor
from bot.domain.morning import Counter, Page, concern, page
from bot.domain.priority import Level
from bot.messages import (
    Card,
    CardRefresh,
    CatchUp,
    DeliveryAlert,
    Digest,
    FormerCard,
    Gathered,
    Inform,
    Line,
    Mark,
    MorningPage,
    Offer,
    OfferRefresh,
    Place,
    PolicyApplied,
    Receipt,
    ReceiptRefresh,
    Relay,
    RelayDelete,
    RelayEdit,
    Remind,
    TierPing,
)
from bot.ports import Call, TimelineEntry
from bot.slack import answers, forms, ids
from bot.slack.acts import ACTS, BY_WORD
from bot.slack.rendering import render, without_blocks
from tests.slack.limits import check_message, check_view
from tests.slack.telling import P1, P2, P4, POLICY, START, Levels, Story, as_json, check_call

GOLDEN = Path(__file__).with_name("golden")
DETAILS = "Since nine o'clock.\n*All* of <Berlin> & Hamburg: `error 809`\n> and so on"
LONG = "word " * 1500
HOSTILE_TITLE = "<VPN> & *more*"
L1, L2, L3, MANAGEMENT = (Place(tier=number) for number in (1, 2, 3, 4))
MAYA = Place(person="U0MAYA")
FILES = (("a <b>.png", "https://acme.slack.com/f/1"), ("b", "https://acme.slack.com/f/2"))


def _with_duplicates(count: int) -> Story:
    story = Story()
    for number in range(43, 43 + count):
        story.takes_in(number)
    return story


def _escalated() -> Story:
    packet = {"reason": "It is the <gateway> & not the client", "tried": "A restart\ntwice"}
    return Story(details=DETAILS).claim().wait(minutes=50).escalate(**packet)


def _last() -> Story:
    return Story().climb(4)


def _offered() -> Story:
    return Story().claim().hand_over(note="<half> done & more")


def _offered_and_waiting() -> Story:
    """A lead has put it to wait before it was accepted."""
    return _offered().wait_for(WaitingFor.DATE, "U0CHEN", days=1)


def _asked() -> Story:
    return Story().claim().wait_for(WaitingFor.REPORTER, note="What does it say <exactly>?")


def _critical() -> Story:
    return Story(levels=P1)


def _overdue() -> Story:
    """Critical, claimed, its reporter kept informed, and a minute past its resolution target."""
    story = _critical().claim()
    for _ in range(9):
        story.wait(minutes=29).staff_says("x")
    return story


def _everything_on_record() -> Story:
    """Several lives in one timeline, so that it holds every kind of event."""
    lives = [
        Story("Nobody can *log in*", DETAILS, levels=P1)
        .claim()
        .staff_says("what does it say?")
        .reporter_says("&lt;error 809&gt;, ask <@U0ANA> or <https://wiki.acme.com|the wiki>")
        .edits("error 810")
        .deletes()
        .staff_says("ask the vendor", note=True)
        .release()
        .wait(minutes=8)
        .wait(minutes=20)
        .claim("U0EMIL")
        .escalate("U0EMIL", reason="we\nneed <you>", tried="all & more")
        .wait(minutes=15)
        .wait(hours=5)
        .fails()
        .resolve("U0FAY", fix="a new\nrouter")
        .reopen(),
        _offered().claim("U0BEN").take_over("U0CHEN", reason="I know <that> one").declare_major().end_major(),
        Story(levels=P4).claim().snooze().wait(days=5),
        Story().claim().escalate().give_back(findings="it is the <client>").move("L3", reason="their & server"),
        _asked().wait(days=2).reporter_says("error 809"),
        _asked().fails("a notice", tier=None, person="U0MAYA", error="user_disabled"),
        Story(levels=P4).reprioritise(Levels(Level.LOW, Level.MEDIUM), reason="only <one>"),
        Story().get_worse(reason="<nobody> can work").reprioritise(P1, reason="more & more"),
        Story()
        .takes_in()
        .lets_go()
        .merge()
        .hears_answer("<@U0ANA> knows &amp; works on it")
        .hears_outcome(fix="a <new> router")
        .hears_that_it_is_open_again()
        .unmerge()
        .cancel(reason="my & mistake"),
        Story().claim().resolve().works().rate(5).wait(days=6),
    ]
    replanned = IssueReplanned(at=lives[0].now, policy="5934a141a89e", clocks=lives[0].issue.clocks)
    events = [*(entry.event for life in lives for entry in life.timeline), replanned]
    lives[0].timeline = [TimelineEntry(seq, event) for seq, event in enumerate(events, start=1)]
    return lives[0]


CALLS: dict[str, Callable[[], Call]] = {
    # the card
    "card_new": lambda: Story().told(Card),
    "card_new_with_details": lambda: Story(details=DETAILS).told(Card),
    "card_new_with_long_details": lambda: Story("x" * 120, "y" * 3000).told(Card),
    "card_new_low": lambda: Story(levels=P4).told(Card),
    "card_new_high": lambda: Story(levels=P2).told(Card),
    "card_new_critical_l1": lambda: _critical().told(Card),
    "card_new_critical_l2": lambda: _critical().told(Card, number=1),
    "card_new_quietly_again": lambda: _critical().drawn(Card(L2, ping=False)),
    "card_claimed": lambda: Story().claim().told(CardRefresh),
    "card_claimed_elsewhere": lambda: _critical().claim("U0CHEN").told(CardRefresh),
    "card_claimed_late": lambda: _critical().claim().drawn(Card(L2, ping=True)),
    "card_claimed_low": lambda: Story(levels=P4).claim().told(CardRefresh),
    "card_claimed_from_the_old_card": lambda: Story().climb(2).claim(desk=1).told(CardRefresh),
    "card_offered": lambda: _offered().told(CardRefresh),
    "card_taken_over": lambda: Story().claim().take_over().told(CardRefresh),
    "card_released": lambda: Story().claim().release().told(CardRefresh),
    "card_waiting_for_the_reporter": lambda: _asked().told(CardRefresh),
    "card_waiting_for_a_vendor": lambda: Story().claim().wait_for(WaitingFor.VENDOR).told(CardRefresh),
    "card_waiting_for_a_date": lambda: Story().claim().wait_for(WaitingFor.DATE, days=3).told(CardRefresh),
    "card_waiting_asked_for_the_last_time": lambda: _asked().wait(hours=8).wait(hours=17).drawn(CardRefresh(L1)),
    "card_goes_on": lambda: _asked().reporter_says("error 809").told(CardRefresh),
    "card_escalated_unclaimed": lambda: Story(details=DETAILS).climb(2).told(Card),
    "card_escalated_stale": lambda: Story().claim().wait(hours=8).told(Card),
    "card_escalated_by_hand": lambda: _escalated().told(Card),
    "card_escalated_and_claimed": lambda: _escalated().claim("U0CHEN").drawn(CardRefresh(L2)),
    "card_escalated_past_its_target": lambda: Story().wait(hours=25).told(Card),
    "card_returned": lambda: _escalated().give_back(findings="It is the <client>").told(Card),
    "card_after_a_raise": lambda: Story().wait(hours=1, minutes=59).reprioritise(P2).wait(minutes=5).told(Card),
    "card_former": lambda: Story("<3 & co").escalate().give_back().told(FormerCard),
    "card_moved": lambda: Story().move("L3", reason="It is <their> server").told(Card),
    "card_l3": lambda: Story().climb(3).told(Card),
    "card_last_tier": lambda: _last().told(Card),
    "card_last_tier_reminded": lambda: _last().wait(hours=8).drawn(CardRefresh(MANAGEMENT)),
    "card_last_tier_claimed": lambda: _last().claim("U0FAY").drawn(CardRefresh(MANAGEMENT)),
    "card_raised": lambda: Story().reprioritise(P1).told(Card),
    "card_raised_while_claimed": lambda: Story().claim().reprioritise(P1).told(Card),
    "card_lowered": lambda: Story().reprioritise(P4).told(CardRefresh),
    "card_major": lambda: _critical().declare_major().told(CardRefresh),
    "card_with_duplicates": lambda: Story().takes_in().told(CardRefresh),
    "card_shrunk": lambda: _escalated().drawn(CardRefresh(L1)),
    "card_shrunk_before_the_next_is_there": lambda: _escalated().drawn(CardRefresh(L1), newest=None),
    "card_shrunk_claimed": lambda: _escalated().claim("U0CHEN").drawn(CardRefresh(L1)),
    "card_shrunk_resolved": lambda: _escalated().resolve("U0CHEN").drawn(CardRefresh(L1)),
    "card_resolved": lambda: Story(details=DETAILS).claim().resolve(fix="A <new> one\n& more").told(CardRefresh),
    "card_resolved_after_escalation": lambda: _escalated().resolve("U0CHEN").drawn(CardRefresh(L2)),
    "card_snoozed": lambda: Story().claim().snooze().told(CardRefresh),
    "card_resolved_by_silence": lambda: _silent().told(CardRefresh),
    "card_reopened": lambda: Story().claim().resolve().reopen().told(CardRefresh),
    "card_closed": lambda: Story().claim().resolve().wait(days=5).told(CardRefresh),
    "card_cancelled": lambda: Story().cancel().told(CardRefresh),
    "card_with_many_duplicates": lambda: _with_duplicates(12).drawn(CardRefresh(L1)),
    "card_merged": lambda: Story().merge().told(CardRefresh),
    # the receipt
    "receipt_new": lambda: Story(details=DETAILS).told(Receipt),
    "receipt_new_critical": lambda: _critical().told(Receipt),
    "receipt_claimed": lambda: Story().claim().told(ReceiptRefresh),
    "receipt_answered": lambda: Story().claim().wait(hours=1).staff_says("hello").drawn(ReceiptRefresh(MAYA)),
    "receipt_released": lambda: Story().claim().release().told(ReceiptRefresh),
    "receipt_waiting_for_the_reporter": lambda: _asked().told(ReceiptRefresh),
    "receipt_waiting_for_a_change": lambda: Story().claim().wait_for(WaitingFor.CHANGE, days=1).told(ReceiptRefresh),
    "receipt_waiting_for_a_date": lambda: Story().claim().wait_for(WaitingFor.DATE, days=3).told(ReceiptRefresh),
    "receipt_escalated": lambda: _escalated().told(ReceiptRefresh),
    "receipt_last_tier": lambda: _last().told(ReceiptRefresh),
    "receipt_last_tier_claimed": lambda: _last().claim("U0FAY").told(ReceiptRefresh),
    "receipt_worse": lambda: Story().get_worse().told(ReceiptRefresh),
    "receipt_works": lambda: Story().claim().resolve().works().told(ReceiptRefresh),
    "receipt_works_and_rated": lambda: Story().claim().resolve().works().rate(4).told(ReceiptRefresh),
    "receipt_resolved": lambda: Story().claim().resolve(fix="A <new> one\n& more").told(ReceiptRefresh),
    "receipt_reopened": lambda: Story().claim().resolve().reopen().told(ReceiptRefresh),
    "receipt_closed": lambda: Story().claim().resolve().wait(days=5).told(ReceiptRefresh),
    "receipt_cancelled": lambda: Story().cancel().told(ReceiptRefresh),
    "receipt_merged_resolved": lambda: Story().merge().hears_outcome(fix="a <new> router").told(ReceiptRefresh),
    "receipt_offered": lambda: _offered().told(ReceiptRefresh),
    "receipt_late": lambda: _last().claim("U0FAY").wait(hours=8).told(ReceiptRefresh),
    "receipt_solved": lambda: Story().solve().told(ReceiptRefresh),
    "receipt_resolved_by_silence": lambda: _silent().told(ReceiptRefresh),
    "receipt_merged": lambda: Story().merge().told(ReceiptRefresh),
    # lines in threads
    "line_claimed": lambda: Story().claim().told(Line),
    "ping_withdrawn": lambda: _offered().release("U0ANA").told(TierPing),
    "ping_declined": lambda: _offered().release("U0BEN").told(TierPing),
    "ping_released": lambda: Story().claim().release().told(TierPing),
    "ping_released_by_a_lead": lambda: Story().claim().release("U0CHEN").told(TierPing),
    "ping_not_accepted": lambda: _offered().wait(hours=2).told(TierPing),
    "ping_holder_has_left": lambda: _asked().wait(days=1).resume_without_holder().told(TierPing),
    "relay_calls_the_holder": lambda: Story().claim().reporter_says("any news?").told(Relay),
    "offer": lambda: _offered().told(Offer),
    "offer_late": lambda: _offered().release("U0CHEN").drawn(_offered().said[-1]),
    "offer_accepted": lambda: _offered().claim("U0BEN").told(OfferRefresh),
    "offer_while_it_waits": lambda: _offered_and_waiting().told(OfferRefresh),
    "offer_after_it_waited": lambda: _offered_and_waiting().wait(days=1).told(Offer),
    "offer_not_accepted": lambda: _offered().wait(hours=2).told(OfferRefresh),
    "line_not_accepted_reporter": lambda: _offered().wait(hours=2).told(Line),
    "card_with_what_is_needed": lambda: Story().claim().escalate(needed="Access to the <gateway>").told(Card),
    "line_taken_over_staff": lambda: Story().claim().take_over(reason="I <know> that & more").told(Line),
    "line_taken_over_reporter": lambda: Story().claim().take_over().told(Line, number=1),
    "line_handed_over": lambda: _offered().told(Line),
    "line_handed_over_by_a_lead": lambda: Story().claim().hand_over("U0EMIL", by="U0CHEN").told(Line),
    "line_question": lambda: _asked().told(Line, number=1),
    "line_question_staff": lambda: _asked().told(Line),
    "line_asked_again": lambda: _asked().wait(hours=8).told(Line),
    "line_goes_on": lambda: _asked().reporter_says("error 809").told(Line),
    "line_goes_on_by_date": lambda: Story().claim().wait_for(WaitingFor.DATE, days=3).wait(days=3).told(Line),
    "line_goes_on_with_an_offer": lambda: _offered_and_waiting().wait(days=1).told(Line),
    "line_goes_on_unreached": lambda: _asked().fails("a notice", tier=None, person="U0MAYA").told(Line),
    "line_snoozed": lambda: Story().claim().snooze().told(Line),
    "line_taken_away_stale": lambda: Story().claim().wait(hours=8).told(Line),
    "line_taken_away_by_hand": lambda: Story().claim().escalate("U0CHEN").told(Line),
    "line_raised_while_it_waits": lambda: (
        Story().claim("U0BEN").wait_for(WaitingFor.VENDOR, "U0BEN").reprioritise(P1, reason="<all> of us").told(Line)
    ),
    "line_raised": lambda: Story().claim().reprioritise(P1, reason="<all> of us").told(Line),
    "line_lowered_reporter": lambda: Story().reprioritise(P4, reason="").told(Line, number=1),
    "line_resolved": lambda: Story().claim().resolve().told(Line),
    "line_resolved_for_the_claimant": lambda: Story().claim().resolve("U0CHEN", fix="A <new> one").told(Line),
    "line_resolved_by_silence": lambda: _silent().told(Line, number=1),
    "line_closed": lambda: Story().claim().resolve().wait(days=5).told(Line),
    "line_closed_reporter": lambda: Story().claim().resolve().wait(days=5).told(Line, number=1),
    "line_cancelled": lambda: Story().claim().cancel(reason="<my> mistake").told(Line),
    "line_went_up": lambda: Story().climb(2).told(Line),
    "line_went_up_stale": lambda: Story().claim().wait(hours=8).told(Line, number=1),
    "line_went_up_by_hand": lambda: _escalated().told(Line),
    "line_reopened_reporter": lambda: Story().claim().resolve().reopen().told(Line),
    "line_given_up_staff": lambda: _silent().told(Line),
    "line_major_reporter": lambda: Story().declare_major().told(Line, number=1),
    "ping_reopened": lambda: Story().claim().resolve().reopen().told(TierPing),
    "line_merged_staff": lambda: Story().merge().told(Line),
    "line_merged_for_the_claimant": lambda: Story().claim("U0BEN").merge().told(Line),
    "line_merged_reporter": lambda: Story().merge().told(Line, number=1),
    "line_took_in_a_duplicate": lambda: Story().takes_in().told(Line),
    "line_outcome": lambda: Story().merge().hears_outcome(fix="a <new> router").told(Line),
    "line_open_again_together": lambda: Story().merge().hears_outcome().hears_that_it_is_open_again().told(Line),
    "line_unmerged_reporter": lambda: Story().merge().unmerge().told(Line),
    "ping_unmerged": lambda: Story().merge().unmerge().told(TierPing),
    "line_major": lambda: Story().declare_major().told(Line),
    "line_major_over": lambda: Story().declare_major().end_major().told(Line),
    "line_own_words_by_form": lambda: Story().adds_by_form("worse &amp; worse").told(Line),
    # people's words
    "relay_reporter": lambda: Story().reporter_says("worse\nsee <https://acme.com/a?b=1&amp;c=2>").told(Relay),
    "relay_staff": lambda: Story().claim().staff_says("try <@U0ANA>, <!channel> &amp; <#C0L1|support-l1>").told(Relay),
    "relay_disguised_link": lambda: Story().reporter_says("<https://evil.example|https://bank.com>").told(Relay),
    "relay_files": lambda: Story().reporter_says("", files=FILES[:1]).told(Relay),
    "relay_words_and_files": lambda: Story().reporter_says("two", files=FILES).told(Relay),
    "relay_long": lambda: Story().reporter_says(LONG).told(Relay),
    "relay_before_the_card": lambda: Story().reporter_says("hello?").told(Relay, in_thread=False),
    "relay_to_a_duplicates_reporter": lambda: Story().merge().hears_answer("nearly &lt;there&gt;").told(Relay),
    "relay_by_form": lambda: Story().updates_by_form("nearly &lt;there&gt;").told(Relay),
    "relay_from_elsewhere": lambda: (
        Story().staff_says("we have called them", "U0FAY", elsewhere=True).told(Relay, number=1)
    ),
    "relay_of_a_note_from_elsewhere": lambda: (
        Story().staff_says("why?", "U0FAY", note=True, elsewhere=True).told(Relay)
    ),
    "relay_edited": lambda: Story().edits("better: <@U0MAYA> &amp; more").told(RelayEdit),
    "relay_deleted": lambda: Story().deletes().told(RelayDelete),
    "mark_relayed": lambda: Story().reporter_says("hello").told(Mark),
    "mark_noted": lambda: Story().staff_says("a note", note=True).told(Mark),
    # the clock speaks
    "reminder_half": lambda: Story().wait(hours=1).told(Remind),
    "reminder_late": lambda: Story().wait(minutes=60).wait(minutes=36).told(Remind),
    "reminder_late_claimed": lambda: Story().claim().wait(hours=4).wait(minutes=144).told(Remind),
    "reminder_of_the_claimant": lambda: Story(levels=P4).claim().wait(days=4).told(Remind),
    "ping_unclaimed": lambda: _last().wait(hours=8).told(TierPing),
    "ping_stale": lambda: _last().claim("U0FAY").wait(hours=8).told(TierPing),
    "ping_raised": lambda: Story().reprioritise(P2).told(TierPing),
    "digest_cards": lambda: _digest("Card", Story(HOSTILE_TITLE).climb(2), _escalated(), Story("y" * 120).climb(2)),
    "digest_cards_of_many": lambda: _digest("Card", *[Story().climb(2)] * 23),
    "digest_cards_quiet": lambda: _digest("Card", *[Story().climb(2)] * 3, may_call=False),
    "digest_cards_of_two_priorities": lambda: _digest("Card", *[Story().climb(2)] * 2, _critical()),
    "digest_pings": lambda: _digest("TierPing", *[_last().wait(hours=8)] * 3, place=MANAGEMENT, cause=Cause.UNCLAIMED),
    "digest_reminders": lambda: _digest(
        "Remind",
        Story().claim().wait(hours=7),
        Story(HOSTILE_TITLE).claim("U0BEN").wait(hours=7),
        place=L1,
        clock=UPDATE,
    ),
    "digest_informs": lambda: _digest("Inform", *[_critical()] * 3, place=MANAGEMENT, cause=Cause.SEVERITY),
    "morning_page": lambda: _morning(*_worrying()),
    "morning_page_of_a_lead": lambda: _morning(_silent_reporter(), *[Story("x" * 120)] * 7, tiers=(1, 2)),
    "catch_up": lambda: Story().drawn(CatchUp(L2, START, START + timedelta(hours=2), (("P1", 2), ("P3", 11)))),
    "catch_up_one": lambda: Story().drawn(CatchUp(L2, START, START + timedelta(hours=2), (("P3", 1),))),
    "policy_applied": lambda: Story().drawn(PolicyApplied(L2, 12, 5, 1)),
    "policy_applied_to_one": lambda: Story().drawn(PolicyApplied(L2, 1, 0, 0)),
    # those above
    "inform_severity": lambda: _critical().told(Inform),
    "inform_raised": lambda: Story().reprioritise(P1).told(Inform),
    "inform_resolution": lambda: (
        _critical().claim().wait(minutes=29).staff_says("x").wait(hours=4).told(Inform, number=1)
    ),
    "inform_stale": lambda: Story(levels=P4).claim().wait(days=4).wait(days=6).told(Inform, number=2),
    "inform_bounced": lambda: Story().move("L2").move("L3", "U0CHEN").told(Inform),
    "inform_reopened_again": lambda: Story().resolve().reopen().resolve().reopen().told(Inform),
    "inform_unanswered": lambda: _last().wait(hours=8).wait(hours=8).wait(hours=8).told(Inform),
    "inform_leaderless": lambda: _critical().wait(minutes=5).told(Inform),
    "inform_resolution_again": lambda: _overdue().wait(minutes=20).staff_says("x").wait(minutes=20).told(Inform),
    "inform_overdue": lambda: _critical().wait(hours=2).told(Inform, number=1),
    "inform_major": lambda: Story().declare_major().told(Inform),
    "alert_of_a_card": lambda: Story(HOSTILE_TITLE).fails().told(DeliveryAlert),
    "alert_of_a_lost_call": lambda: Story().fails(called=True).told(DeliveryAlert),
    "alert_of_a_claimed_issue": lambda: Story().claim().fails("a reply", tier=None, error="x").told(DeliveryAlert),
    "alert_from_the_last_tier": lambda: _last().fails(tier=4).told(DeliveryAlert),
}


def _digest(
    kind: str,
    *stories: Story,
    place: Place = L2,
    may_call: bool = True,
    cause: Cause | None = None,
    clock: str = "",
) -> Call:
    """Every story is about ISS-42, which does not matter here."""
    items = tuple(Gathered(42, cause=cause, clock=clock, share=0.8) for _ in stories)
    told = tuple((item, story.issue, story.policy, None) for item, story in zip(items, stories, strict=True))
    last, digest = stories[-1], Digest(place, kind, items)
    scene = replace(last.scene(digest, in_thread=False), gathered=told, may_call=lambda _rank, _pause: may_call)
    call = render(digest, last.issue, last.policy, scene)
    assert call is not None
    return call


def _silent_reporter() -> Story:
    return Story(HOSTILE_TITLE).claim().wait_for(WaitingFor.REPORTER, note="What does it say?")


def _worrying() -> tuple[Story, ...]:
    return (
        _last().wait(hours=8).wait(hours=8),
        _critical().claim(),
        Story(HOSTILE_TITLE, levels=P4).claim("U0BEN"),
        Story().claim().hand_over(),
        _silent_reporter(),
    )


def _morning(*stories: Story, tiers: tuple[int, ...] = ()) -> Call:
    """They are told of when the last of them has ended, or after a week."""
    now = START + timedelta(days=7) if tiers else max(story.now for story in stories)
    told = _paged([replace(story.issue, number=number) for number, story in enumerate(stories, start=42)], now)
    message = MorningPage(Place(person="U0LEAD") if tiers else MANAGEMENT, tiers, now + timedelta(hours=1))
    link_of = {1: None, 4: "https://acme.slack.com/archives/C0MGMT/p1796000000000100"}
    scene = replace(
        stories[0].scene(message, in_thread=False), now=now, page=told, link_of=lambda issue: link_of.get(issue.desk)
    )
    call = render(message, stories[0].issue, stories[0].policy, scene)
    assert call is not None
    return call


def _paged(issues: list[Issue], now: datetime) -> Page:
    """Nothing has changed since they were counted."""
    counter, concerns = Counter(), {issue.number: concern(issue, POLICY, now) for issue in issues}
    for each in concerns.values():
        counter.add(each)
    return page(counter.tallies, now, concerns.get)


def test_ten_thousand_open_issues_fit_into_one_short_page() -> None:
    worst = replace(Story().claim("U0BEN").issue, title="<" * 120)
    stories = (_last().wait(hours=8), _critical(), Story(), Story(levels=P4))
    issues = [replace(story.issue, title="&" * 120) for story in stories for _ in range(2000)] + [worst] * 2000
    now = START + timedelta(minutes=1)
    told = _paged([replace(issue, number=number) for number, issue in enumerate(issues, start=90_001)], now)
    message = MorningPage(MANAGEMENT, (), now + timedelta(hours=1))
    scene = replace(
        Story().scene(message), now=now, page=told, name_of=lambda _: ">" * 80, link_of=lambda _: f"https://{'x' * 80}"
    )
    call = render(message, worst, POLICY, scene)
    assert call is not None
    check_call(call)
    shown = [block["text"]["text"].splitlines() for block in call.arguments["blocks"][1:-1]]
    assert len(call.arguments["blocks"]) <= 8
    assert all(len(lines) <= 7 for lines in shown)
    assert all(line.endswith(" UTC>") for lines in shown for line in lines[1:6])  # nothing is cut off
    assert sum(group.count for group in told.groups) == 10_000


def _silent() -> Story:
    return _asked().wait(hours=8).wait(hours=16).wait(hours=16)


SEEN = ids.seen(Story().issue, 1)
ACT_STATES: dict[Status, Callable[[], Story]] = {
    Status.OPEN: lambda: Story(HOSTILE_TITLE),
    Status.CLAIMED: lambda: Story(HOSTILE_TITLE).claim(),
    Status.WAITING: lambda: Story(HOSTILE_TITLE).claim().wait_for(WaitingFor.VENDOR),
    Status.RESOLVED: lambda: Story(HOSTILE_TITLE).claim().resolve(),
    Status.MERGED: lambda: Story(HOSTILE_TITLE).merge(),
}


def _form(word: str, story: Story | None = None) -> dict[str, Any]:
    """In the first state in which it is offered."""
    act = BY_WORD[word]
    story = story or next(make for status, make in ACT_STATES.items() if status in act.states)()
    return forms.act(act, story.issue, story.policy, seen=SEEN, now=story.now)


def _menu(story: Story, *refused: str) -> dict[str, Any]:
    return forms.menu(story.issue, story.policy, BY_WORD.keys() - set(refused), seen=SEEN)


def _why(story: Story, **to: Any) -> dict[str, Any]:
    return forms.why(story.issue, story.why(**to))


def _history(story: Story) -> dict[str, Any]:
    return forms.history(story.issue, story.history(), story.policy)


def _said_much(times: int) -> Story:
    story = Story(details="y" * 3000)
    for number in range(times):
        story.reporter_says(f"word {number}")
    return story


VIEWS: dict[str, Callable[[], dict[str, Any]]] = {
    "form_report": lambda: forms.report("", policy=POLICY),
    "form_report_with_title": lambda: forms.report("VPN is <down> & out", policy=POLICY),
    "form_report_with_long_text": lambda: forms.report(LONG, policy=POLICY),
    "form_report_critical": lambda: forms.report("x", policy=POLICY, impact=Level.HIGH, urgency=Level.HIGH),
    **{f"form_{act.word}": partial(_form, act.word) for act in ACTS if act.inputs},
    "form_resolve_critical": lambda: _form("resolve", Story(levels=P1)),
    "form_snooze_little": lambda: _form("snooze", Story().claim().wait(hours=7, minutes=48)),
    "form_return_from_l3": lambda: _form("return", Story().climb(3)),
    "menu_open": lambda: _menu(Story(HOSTILE_TITLE)),
    "menu_claimed": lambda: _menu(Story().claim()),
    "menu_claimed_by_somebody_else": lambda: _menu(Story().claim(), "release", "wait", "handover", "snooze", "return"),
    "menu_waiting": lambda: _menu(_asked()),
    "menu_major": lambda: _menu(Story().claim().declare_major()),
    "menu_merged": lambda: _menu(Story().merge()),
    "done": lambda: forms.done(Story(HOSTILE_TITLE).claim().issue, POLICY),
    "sent": lambda: forms.sent(BY_WORD["update"]),
    "notice": lambda: forms.notice(str(refusals.AlreadyClaimed(name="ISS-42", user="U0ANA", since=START, way=""))),
    "why_new": lambda: _why(Story(HOSTILE_TITLE)),
    "why_climbed": lambda: _why(Story().climb(3).claim("U0EMIL").wait(hours=1)),
    "why_waiting": lambda: _why(_asked()),
    "why_in_a_calendar": lambda: _why(Story(levels=P4).claim().wait(hours=30)),
    "why_waiting_to_the_reporter": lambda: _why(_asked(), reader="U0MAYA", staff=False),
    "why_resolved": lambda: _why(Story().claim().release().claim().wait(minutes=5).resolve()),
    "history_new": lambda: _history(Story()),
    "history_of_everything": lambda: _history(_everything_on_record()),
    "history_long": lambda: _history(_said_much(150)),
}


def _page(*stories: Story, more: bool) -> dict[str, Any]:
    return {"text": answers.page("Open issues", "No issue is open.", [(s.issue, s.policy) for s in stories], more=more)}


def _shown(story: Story, *, full: bool) -> dict[str, Any]:
    text, blocks = answers.show(story.issue, story.policy, reader="U0MAYA" if full else "U0TOM", full=full)
    return {"text": text, "blocks": blocks}


ANSWERS: dict[str, Callable[[], dict[str, Any]]] = {
    "answer_help": lambda: {"text": answers.help_text()},
    "answer_help_in_a_thread": lambda: {"text": answers.thread_help()},
    "answer_nothing": lambda: _page(more=False),
    "answer_list": lambda: _page(
        Story(HOSTILE_TITLE), _escalated().claim("U0CHEN"), _critical(), _asked(), _offered(), more=False
    ),
    "answer_list_with_more": lambda: _page(Story(), Story().claim().resolve(), Story().merge(), more=True),
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


def test_every_golden_file_belongs_to_a_look(*, update_golden: bool) -> None:
    looks = {*CALLS, *VIEWS, *ANSWERS}
    if update_golden:
        for path in GOLDEN.glob("*.json"):
            if path.stem not in looks:
                path.unlink()
    assert {path.stem for path in GOLDEN.glob("*.json")} == looks


def test_every_kind_of_event_has_its_line_in_the_history() -> None:
    on_record = {type(entry.event) for entry in _everything_on_record().timeline}
    assert on_record == set(get_args(Event))


def test_the_link_to_the_earlier_thread_works() -> None:
    """Ids of channels are written in capitals."""
    assert "<https://acme.slack.com/archives/C0L1/p1796000000000100|" in json.dumps(as_json(_escalated().told(Card)))


def test_a_call_without_its_blocks_is_the_same_call() -> None:
    call = replace(Story().climb(2).told(Card), calls=3)
    assert without_blocks(call) == replace(call, arguments={**call.arguments, "blocks": []})


def test_a_digest_calls_for_what_it_tells_of() -> None:
    """A P1 that somebody has claimed meanwhile is no reason to keep quiet about the next one, nor to call."""
    assert _digest("Card", *[Story().climb(2)] * 3, _critical().claim("U0CHEN")).calls == 3
    assert _digest("Card", *[Story().climb(2)] * 3, _critical()).calls == 1
