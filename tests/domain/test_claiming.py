"""T2 to T5: who holds an issue, how it changes hands, and how it is given up."""

from datetime import datetime, timedelta

import pytest

from bot.domain import lifecycle, refusals
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.decision import Actor, Decision
from bot.domain.events import HandOverAccepted, IssueClaimed, IssueEscalated, IssueHandedOver, IssueReleased, WaitEnded
from bot.domain.issue import Issue, Status, WaitingFor
from bot.domain.priority import Priority
from tests.domain.factories import (
    ANN,
    BEN,
    CHLOE,
    DAVID,
    DAY,
    EVA,
    HOUR,
    LEAD,
    MINUTE,
    NINE,
    OFFICE,
    P1,
    P2,
    P3,
    P4,
    POLICY,
    ROBIN,
    SECOND,
    STRANGER,
    at_tier,
    changed,
    escalated,
    make_claimed,
    make_issue,
    make_merged,
    make_resolved,
    make_waiting,
    make_words,
    refused,
)

LATER = NINE + 10 * MINUTE


def claim(issue: Issue, who: Actor = ANN, *, desk: int | None = None, now: datetime = LATER) -> Issue:
    return lifecycle.claim(issue, who, desk=desk, policy=POLICY, now=now).issue


def take_over(issue: Issue, who: Actor, *, reason: str = "I know this one", now: datetime = LATER) -> Issue:
    return lifecycle.take_over(issue, who, reason=reason, desk=None, policy=POLICY, now=now).issue


def hand_over(issue: Issue, who: Actor, to: Actor, *, note: str = "half done", now: datetime = LATER) -> Issue:
    return lifecycle.hand_over(issue, who, to=to, note=note, policy=POLICY, now=now).issue


def release(issue: Issue, who: Actor, *, now: datetime = LATER) -> Issue:
    return lifecycle.release(issue, who, policy=POLICY, now=now).issue


# --- T2: claim


def test_claiming_makes_it_theirs() -> None:
    issue = claim(make_issue())
    assert issue.status is Status.CLAIMED
    assert issue.claim is not None
    assert (issue.claim.by, issue.claim.since, issue.claim.desk) == (ANN.user, LATER, 1)
    assert issue.responded


@pytest.mark.parametrize("who", [ANN, CHLOE, DAVID, EVA], ids=lambda who: who.user)
@pytest.mark.parametrize("tier", [1, 2, 3, 4])
def test_staff_of_any_tier_may_claim_at_any_tier(who: Actor, tier: int) -> None:
    issue = claim(at_tier(tier), who)
    assert issue.claim is not None
    assert issue.claim.by == who.user
    assert issue.tier == tier, "claiming moves nothing"


def test_a_claim_from_an_old_card_works_at_that_card() -> None:
    above = escalated(make_issue())
    assert above.carded == (1, 2)
    assert claim(above, ANN, desk=1).desk == 1
    assert claim(above, ANN, desk=2).desk == 2
    assert claim(above, ANN).desk == 1, "Ann is not in L2"
    assert claim(above, CHLOE).desk == 2
    assert claim(above, EVA).desk == 2, "there is no card in management"
    assert claim(above, ANN, desk=3).desk == 1, "there is no card in L3"


def test_who_comes_too_late_reads_what_they_can_do() -> None:
    with refused(refusals.AlreadyClaimed, "release it, or take it over."):
        claim(make_issue_claimed_by(CHLOE), DAVID)
    with refused(refusals.AlreadyClaimed, "release it."):
        claim(make_issue_claimed_by(CHLOE), ANN)
    with refused(refusals.HandedToAnother, "<@U0BEN>", "to accept it"):
        claim(hand_over(make_claimed(), ANN, BEN), CHLOE)


def make_issue_claimed_by(who: Actor) -> Issue:
    return claim(escalated(make_issue()), who)


def test_claiming_twice_says_nothing_the_second_time() -> None:
    issue = claim(make_issue())
    assert lifecycle.claim(issue, ANN, desk=1, policy=POLICY, now=LATER + HOUR) == Decision(issue)


def test_of_two_who_claim_the_first_has_it() -> None:
    with refused(refusals.AlreadyClaimed, "ISS-42", "<@U0ANN>"):
        claim(claim(make_issue()), BEN)


@pytest.mark.parametrize("who", [ROBIN, STRANGER], ids=["the reporter", "a stranger"])
def test_only_staff_claim(who: Actor) -> None:
    with refused(refusals.NotStaff, "ISS-42"):
        claim(make_issue(), who)


def test_what_is_over_or_waits_cannot_be_claimed() -> None:
    with refused(refusals.AlreadyResolved, "ISS-42", "<@U0ANN>", "reopen"):
        claim(make_resolved())
    with refused(refusals.AlreadyMerged, "ISS-42", "merged"):
        claim(make_merged()[0])
    with refused(refusals.IsWaiting, "ISS-42", "its reporter's answer"):
        claim(make_waiting(), BEN)


def test_who_claims_at_the_very_moment_has_it() -> None:
    """The engine that comes second finds an owner (domain.md 2.5)."""
    issue = make_issue(P2)
    due = NINE + 20 * MINUTE
    assert next_moment(issue, POLICY) == NINE + 10 * MINUTE  # a reminder
    claimed = claim(issue, now=due)
    assert not any(isinstance(event, IssueEscalated) for event in pass_time(claimed, POLICY, due).events)


def test_a_claim_after_the_escalation_is_welcome() -> None:
    above = pass_time(make_issue(P2), POLICY, NINE + 20 * MINUTE).issue
    assert above.tier == 2
    mine = claim(above, ANN, desk=1, now=NINE + 20 * MINUTE)
    assert (mine.tier, mine.desk, mine.status) == (2, 1, Status.CLAIMED)


# --- T3: take over


def test_taking_over_ends_the_other_claim_and_begins_a_new_one() -> None:
    issue = take_over(make_claimed(), BEN)
    assert issue.claim is not None
    assert (issue.claim.by, issue.claim.since, issue.status) == (BEN.user, LATER, Status.CLAIMED)
    assert issue.clocks.update.due(OFFICE) == LATER + 2 * HOUR


def test_taking_over_needs_the_claimants_tier_or_a_higher_one() -> None:
    at_two = claim(escalated(make_issue()), CHLOE)
    with refused(refusals.NotHighEnough, "ISS-42", "<@U0CHLOE>", "L2"):
        take_over(at_two, ANN)
    assert take_over(at_two, DAVID).claim is not None
    assert take_over(at_two, LEAD).claim is not None, "a lead may what a higher tier may"


def test_taking_over_needs_a_reason() -> None:
    with refused(refusals.ReasonMissing, "take it over"):
        take_over(make_claimed(), BEN, reason=" \n ")
    with refused(refusals.TextTooLong, "2,001", "2,000"):
        take_over(make_claimed(), BEN, reason="x" * 2001)
    assert take_over(make_claimed(), BEN, reason="x" * 2000).claim is not None


def test_what_is_mine_or_nobodys_cannot_be_taken_over() -> None:
    with refused(refusals.AlreadyYours, "ISS-42"):
        take_over(make_claimed(), ANN)
    with refused(refusals.MustBeClaimed, "ISS-42"):
        take_over(make_issue(), ANN)
    with refused(refusals.IsWaiting, "ISS-42"):
        take_over(make_waiting(), BEN)
    with refused(refusals.NotStaff, "ISS-42"):
        take_over(make_claimed(), STRANGER)


# --- T4: release


def test_releasing_gives_the_tier_its_whole_window_again() -> None:
    issue = release(make_claimed(), ANN)
    assert (issue.status, issue.claim) == (Status.OPEN, None)
    assert issue.clocks.tier_window.due(OFFICE) == LATER + 20 * MINUTE
    assert issue.clocks.update.running_since is None
    assert issue.clocks.first_response.running_since is None, "the first response stays given"
    assert issue.tier_entry == 2, "old cards show an older entry"


def test_who_may_release() -> None:
    assert release(make_claimed(), ANN).claim is None
    assert release(make_claimed(), CHLOE).claim is None, "a higher tier may"
    with refused(refusals.NotTheClaimant, "<@U0ANN>", "ISS-42"):
        release(make_claimed(), BEN)
    with refused(refusals.NotStaff, "ISS-42"):
        release(make_claimed(), ROBIN)
    at_two = claim(escalated(make_issue()), CHLOE)
    assert release(at_two, LEAD).claim is None, "so may its lead"


def test_only_an_offer_can_be_declined() -> None:
    with refused(refusals.NotOffered, "ISS-42"):
        lifecycle.decline(make_claimed(), ANN, policy=POLICY, now=LATER)
    offered = hand_over(make_claimed(), ANN, BEN)
    for who in (ANN, BEN):
        assert lifecycle.decline(offered, who, policy=POLICY, now=LATER).issue.status is Status.OPEN


def test_only_what_is_held_can_be_released() -> None:
    with refused(refusals.NotClaimed, "ISS-42"):
        release(make_issue(), ANN)
    with refused(refusals.IsWaiting, "ISS-42"):
        release(make_waiting(), ANN)
    with refused(refusals.AlreadyResolved, "ISS-42"):
        release(make_resolved(), ANN)


# --- T5: hand over


def test_handing_over_is_an_offer_with_an_end() -> None:
    issue = hand_over(make_claimed(), ANN, BEN)
    assert issue.claim is not None
    assert (issue.claim.by, issue.claim.offered_by) == (BEN.user, ANN.user)
    assert issue.claim.accept_by == LATER + 15 * MINUTE
    assert issue.clocks.update.due(OFFICE) == LATER + 2 * HOUR


@pytest.mark.parametrize(
    ("priority", "within"),
    [(P1, 10 * MINUTE), (P2, 15 * MINUTE), (P3, 2 * HOUR), (P4, 4 * HOUR)],
    ids=["P1: the window of L2", "P2: 15 minutes", "P3: its window", "P4: its window"],
)
def test_how_long_an_offer_stands(priority: Priority, within: timedelta) -> None:
    claimed = make_claimed(priority, by=CHLOE)
    issue = hand_over(claimed, CHLOE, DAVID, now=NINE)
    assert issue.claim is not None
    assert issue.claim.accept_by == NINE + within


def test_an_offer_stands_over_the_weekend() -> None:
    friday = NINE + timedelta(days=4, hours=7, minutes=50)  # 16:50
    issue = hand_over(make_claimed(now=friday), ANN, BEN, now=friday)
    assert issue.claim is not None
    assert issue.claim.accept_by == NINE + timedelta(days=7, minutes=5)


def test_claiming_accepts_an_offer() -> None:
    decision = lifecycle.claim(hand_over(make_claimed(), ANN, BEN), BEN, desk=None, policy=POLICY, now=LATER + MINUTE)
    assert decision.events == (HandOverAccepted(at=LATER + MINUTE, by=BEN.user),)
    assert decision.issue.claim is not None
    assert (decision.issue.claim.offered_by, decision.issue.claim.accept_by) == (None, None)


def test_a_public_word_of_the_one_asked_accepts_an_offer_and_one_of_others_does_not() -> None:
    offered = hand_over(make_claimed(), ANN, BEN)
    words = make_words()
    by_ben = lifecycle.staff_word(offered, BEN, words, note=False, policy=POLICY, now=LATER + MINUTE).issue
    by_ann = lifecycle.staff_word(offered, ANN, words, note=False, policy=POLICY, now=LATER + MINUTE).issue
    assert by_ben.claim is not None
    assert by_ben.claim.accept_by is None
    assert by_ann.claim is not None
    assert by_ann.claim.accept_by == LATER + 15 * MINUTE


def test_putting_it_on_hold_accepts_an_offer() -> None:
    """Who decides what it waits for has it; the waiting does not outlive the offer."""
    offered = hand_over(make_claimed(), ANN, BEN)
    waiting = lifecycle.wait(
        offered, BEN, reason=WaitingFor.VENDOR, note="the router", until=None, policy=POLICY, now=LATER
    ).issue
    resumed = lifecycle.resume(waiting, BEN, holder_gone=False, policy=POLICY, now=LATER + 5 * HOUR).issue
    assert not pass_time(resumed, POLICY, LATER + 5 * HOUR).events
    assert resumed.claim is not None
    assert resumed.claim.by == BEN.user


def wait_by_a_lead(issue: Issue) -> Issue:
    return lifecycle.wait(
        issue, CHLOE, reason=WaitingFor.DATE, note="the part", until=LATER + DAY, policy=POLICY, now=LATER
    ).issue


def test_while_it_waits_an_offer_asks_for_nothing_and_afterwards_it_stands_anew() -> None:
    waiting = wait_by_a_lead(hand_over(make_claimed(), ANN, BEN))
    assert waiting.claim is not None
    assert (waiting.claim.offered_by, waiting.claim.accept_by) == (ANN.user, None)
    decision = pass_time(waiting, POLICY, LATER + DAY)
    assert [type(event) for event in decision.events] == [WaitEnded]
    assert decision.issue.claim is not None
    assert decision.issue.claim.accept_by == LATER + DAY + 15 * MINUTE
    assert not pass_time(decision.issue, POLICY, LATER + DAY + 15 * MINUTE - SECOND).events
    lapsed = pass_time(decision.issue, POLICY, LATER + DAY + 15 * MINUTE)
    assert lapsed.events == (IssueReleased(at=LATER + DAY + 15 * MINUTE, by=None, claimant=BEN.user),)


def test_setting_it_going_accepts_an_offer_and_by_others_it_does_not() -> None:
    waiting = wait_by_a_lead(hand_over(make_claimed(), ANN, BEN))
    by_ben, by_ann = (
        lifecycle.resume(waiting, who, holder_gone=False, policy=POLICY, now=LATER + HOUR).issue.claim
        for who in (BEN, ANN)
    )
    assert by_ben is not None
    assert (by_ben.by, by_ben.offered_by, by_ben.accept_by) == (BEN.user, None, None)
    assert by_ann is not None
    assert (by_ann.by, by_ann.offered_by, by_ann.accept_by) == (BEN.user, ANN.user, LATER + HOUR + 15 * MINUTE)


def test_silencing_its_reminders_accepts_an_offer_and_by_others_it_does_not() -> None:
    offered = hand_over(make_claimed(P3), ANN, BEN)
    by_ben, by_chloe = (
        lifecycle.snooze(offered, who, span=MINUTE, policy=POLICY, now=LATER).issue.claim for who in (BEN, CHLOE)
    )
    assert by_ben is not None
    assert (by_ben.offered_by, by_ben.accept_by) == (None, None)
    assert by_chloe is not None
    assert by_chloe.accept_by is not None


def test_a_silence_ends_with_the_claim_of_who_wanted_it() -> None:
    silenced = lifecycle.snooze(make_claimed(P3), ANN, span=HOUR, policy=POLICY, now=LATER).issue
    assert silenced.snooze_until == LATER + HOUR
    assert hand_over(silenced, ANN, BEN).snooze_until is None
    assert take_over(silenced, CHLOE).snooze_until is None


def test_an_offer_not_accepted_in_time_is_nobodys_again() -> None:
    offered = hand_over(make_claimed(), ANN, BEN)
    end = LATER + 15 * MINUTE
    assert not pass_time(offered, POLICY, end - SECOND).events
    decision = pass_time(offered, POLICY, end)
    assert decision.events == (IssueReleased(at=end, by=None, claimant=BEN.user),)
    assert decision.issue.status is Status.OPEN
    assert decision.issue.clocks.tier_window.due(OFFICE) == end + 20 * MINUTE


def test_after_a_downtime_an_unaccepted_offer_is_no_silent_claimant() -> None:
    """The offer ran out before the update was due: nobody held it, so it does not climb for their silence."""
    offered = hand_over(make_claimed(), ANN, BEN)
    decision = pass_time(offered, POLICY, LATER + 5 * HOUR)
    assert [type(event) for event in decision.events if not hasattr(event, "share")] == [IssueReleased]
    assert (decision.issue.tier, decision.issue.status) == (1, Status.OPEN)


def test_an_offer_ends_before_the_silence_of_who_was_offered_it_counts() -> None:
    policy = changed(P3, update=HOUR)
    claimed = make_claimed(P3, policy=policy)
    offered = lifecycle.hand_over(claimed, ANN, to=BEN, note="half done", policy=policy, now=NINE).issue
    assert offered.claim is not None
    assert offered.claim.accept_by == NINE + HOUR  # and not the two hours of the tier's window
    decision = pass_time(offered, policy, NINE + 2 * HOUR)
    assert [type(event) for event in decision.events if not hasattr(event, "share")] == [IssueReleased]


@pytest.mark.parametrize("who", [ANN, BEN], ids=["who offers it", "whom it is offered"])
def test_an_offer_that_is_withdrawn_or_declined_is_nobodys_again_as_one_that_lapses(who: Actor) -> None:
    decision = lifecycle.release(hand_over(make_claimed(), ANN, BEN), who, policy=POLICY, now=LATER + MINUTE)
    assert decision.events == (IssueReleased(at=LATER + MINUTE, by=who.user, claimant=BEN.user),)
    assert (decision.issue.status, decision.issue.claim) == (Status.OPEN, None)
    assert decision.issue.clocks.tier_window.due(OFFICE) == LATER + 21 * MINUTE


def test_who_offers_it_may_offer_it_to_somebody_else_instead() -> None:
    instead = hand_over(hand_over(make_claimed(), ANN, BEN), ANN, CHLOE, now=LATER + 5 * MINUTE)
    assert instead.claim is not None
    assert (instead.claim.by, instead.claim.offered_by) == (CHLOE.user, ANN.user)


def test_nobody_offers_it_to_themselves() -> None:
    """Who wants it back says so by releasing and claiming it, and who outranks its holder by taking it over."""
    with refused(refusals.HandedToAnother, "<@U0BEN>", "or release it yourself"):
        hand_over(hand_over(make_claimed(), ANN, BEN), ANN, ANN)
    with refused(refusals.AlreadyClaimed, "<@U0ANN>", "or take it over"):
        hand_over(make_claimed(), CHLOE, CHLOE)


def test_who_offers_it_does_no_more_than_that_and_nothing_once_it_is_accepted() -> None:
    offered = hand_over(make_claimed(), ANN, BEN)
    with refused(refusals.HandedToAnother, "<@U0BEN>", "has until", "or release it yourself"):
        lifecycle.may_wait(offered, ANN, POLICY)
    with refused(refusals.HandedToAnother, "<@U0BEN>"):
        lifecycle.may_resolve(offered, ANN, POLICY)
    accepted = claim(offered, BEN)
    with refused(refusals.NotTheClaimant, "<@U0BEN>"):
        release(accepted, ANN)
    with refused(refusals.NotTheClaimant, "<@U0BEN>"):
        hand_over(accepted, ANN, CHLOE)


def test_what_is_offered_to_somebody_is_no_business_of_others() -> None:
    offered, colleague = hand_over(make_claimed(), ANN, BEN), Actor("U0ABE", ANN.tiers)
    with refused(refusals.HandedToAnother, "<@U0BEN>", "has until", "or take it over"):
        release(offered, colleague)
    with refused(refusals.HandedToAnother, "<@U0BEN>"):
        hand_over(offered, colleague, CHLOE)


def test_who_may_hand_over() -> None:
    claimed = make_claimed()
    assert hand_over(claimed, ANN, BEN).claim is not None
    assert hand_over(claimed, CHLOE, BEN).claim is not None, "a higher tier may"
    with refused(refusals.NotTheClaimant, "<@U0ANN>"):
        hand_over(claimed, BEN, BEN)
    with refused(refusals.NotStaff, "ISS-42"):
        hand_over(claimed, STRANGER, BEN)
    with refused(refusals.MustBeClaimed, "ISS-42"):
        hand_over(make_issue(), ANN, BEN)
    with refused(refusals.IsWaiting, "ISS-42"):
        hand_over(make_waiting(), ANN, BEN)


def test_to_whom_it_may_be_handed() -> None:
    at_two = claim(escalated(make_issue()), CHLOE)
    with refused(refusals.NotStaffThere, "<@U0ANN>", "L2", "ISS-42"):
        hand_over(at_two, CHLOE, ANN)
    with refused(refusals.NotStaffThere, "<@U0STRANGER>", "L1"):
        hand_over(make_claimed(), ANN, STRANGER)
    with refused(refusals.NotStaffThere, "Hand it to somebody of L1"):
        hand_over(make_claimed(), ANN, STRANGER)
    with refused(refusals.AlreadyYours, "ISS-42"):
        hand_over(make_claimed(), ANN, ANN)
    with refused(refusals.AlreadyClaimed, "<@U0ANN>"):
        hand_over(make_claimed(), CHLOE, ANN)
    assert hand_over(at_two, CHLOE, DAVID).claim is not None


def test_handing_over_needs_a_note() -> None:
    with refused(refusals.ReasonMissing, "how far you are"):
        hand_over(make_claimed(), ANN, BEN, note="")
    with refused(refusals.TextTooLong, "2,001"):
        hand_over(make_claimed(), ANN, BEN, note="x" * 2001)


def test_an_offer_can_be_passed_on() -> None:
    passed = hand_over(hand_over(make_claimed(), ANN, BEN), BEN, CHLOE, now=LATER + 5 * MINUTE)
    assert passed.claim is not None
    assert (passed.claim.by, passed.claim.offered_by) == (CHLOE.user, BEN.user)
    assert passed.claim.accept_by == LATER + 20 * MINUTE


def test_events_name_who_and_when() -> None:
    issue = make_issue()
    claimed = lifecycle.claim(issue, ANN, desk=None, policy=POLICY, now=LATER)
    handed = lifecycle.hand_over(claimed.issue, ANN, to=BEN, note="half done", policy=POLICY, now=LATER)
    assert claimed.events == (IssueClaimed(at=LATER, by=ANN.user, desk=1),)
    assert handed.events == (
        IssueHandedOver(at=LATER, by=ANN.user, to=BEN.user, desk=1, accept_by=LATER + 15 * MINUTE, note="half done"),
    )
