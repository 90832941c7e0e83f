"""T6 to T8: what is said, by whom, and what it changes."""

from collections.abc import Callable

import pytest

from bot.domain import lifecycle, refusals
from bot.domain.decision import Actor, Decision
from bot.domain.events import (
    DeliveryFailed,
    NoteTaken,
    ReporterReplied,
    StaffReplied,
    WaitEnded,
    WordsDeleted,
    WordsEdited,
)
from bot.domain.issue import Issue, Status
from tests.domain.factories import (
    ANN,
    BEN,
    HOUR,
    NINE,
    POLICY,
    REPORTER,
    ROBIN,
    STRANGER,
    make_claimed,
    make_issue,
    make_resolved,
    make_waiting,
    make_words,
    refused,
)

LATER = NINE + HOUR
WORDS = make_words()


def say(issue: Issue, *, note: bool = False, by: Actor = ANN) -> Decision:
    return lifecycle.staff_word(issue, by, WORDS, note=note, policy=POLICY, now=LATER)


def test_a_public_word_is_the_first_response() -> None:
    decision = say(make_issue())
    assert decision.events == (StaffReplied(at=LATER, by=ANN.user, words=WORDS),)
    assert decision.issue.responded
    assert decision.issue.answered_at == LATER
    assert decision.issue.status is Status.OPEN, "to answer is not to claim"


def test_a_note_is_none() -> None:
    decision = say(make_issue(), note=True)
    assert decision.events == (NoteTaken(at=LATER, by=ANN.user, words=WORDS),)
    assert not decision.issue.responded
    assert decision.issue.answered_at is None


@pytest.mark.parametrize("note", [False, True])
def test_only_staff_answer(*, note: bool) -> None:
    for who in (ROBIN, STRANGER):
        with refused(refusals.NotStaff, "ISS-42"):
            say(make_issue(), note=note, by=who)


@pytest.mark.parametrize("make", [make_issue, make_claimed, make_waiting])
def test_the_reporter_changes_no_deadline_by_talking(make: Callable[[], Issue]) -> None:
    issue = make()
    words = make_words("Any news?")
    decision = lifecycle.reporter_word(issue, words, by=REPORTER, holder_gone=False, policy=POLICY, now=LATER)
    assert decision.events[0] == ReporterReplied(at=LATER, by=REPORTER, words=words)
    if issue.status is Status.WAITING:
        assert decision.events[1] == WaitEnded(at=LATER, by=REPORTER, holder_gone=False)
    else:
        assert decision.issue.clocks == issue.clocks
        assert len(decision.events) == 1


def test_words_go_on_after_the_end_and_change_nothing() -> None:
    resolved = make_resolved()
    decision = say(resolved)
    assert decision.issue.status is Status.RESOLVED
    assert decision.issue.clocks == resolved.clocks


def test_edits_deletions_and_failures_are_on_record_and_change_nothing() -> None:
    issue = make_claimed()
    edited = lifecycle.edited_word(issue, WORDS, by=ANN.user, policy=POLICY, now=LATER)
    deleted = lifecycle.deleted_word(issue, "C0SUPPORTL1", "1.0", by=ANN.user, policy=POLICY, now=LATER)
    failed = lifecycle.delivery_failed(issue, what="the card", tier=2, error="is_archived", policy=POLICY, now=LATER)
    assert edited.events == (WordsEdited(at=LATER, by=ANN.user, words=WORDS),)
    assert deleted.events == (WordsDeleted(at=LATER, by=ANN.user, channel="C0SUPPORTL1", ts="1.0"),)
    assert failed.events == (DeliveryFailed(at=LATER, what="the card", tier=2, error="is_archived"),)
    for decision in (edited, deleted, failed):
        assert decision.issue.version == issue.version + 1
        assert decision.issue.clocks == issue.clocks
        assert decision.issue.claim == issue.claim


# --- by a form


def test_an_update_by_a_form_must_say_something_about_something_live() -> None:
    assert lifecycle.update(make_claimed(), BEN, WORDS, policy=POLICY, now=LATER).events == (
        StaffReplied(at=LATER, by=BEN.user, words=WORDS),
    )
    with refused(refusals.WordsMissing, "Say what the reporter should know;"):
        lifecycle.update(make_claimed(), ANN, make_words(" "), policy=POLICY, now=LATER)
    with refused(refusals.NotStaff, "ISS-42"):
        lifecycle.update(make_claimed(), ROBIN, WORDS, policy=POLICY, now=LATER)
    with refused(refusals.AlreadyResolved, "ISS-42"):
        lifecycle.update(make_resolved(), ANN, WORDS, policy=POLICY, now=LATER)


def add(issue: Issue, text: str = "Room 4", by: str = REPORTER) -> Decision:
    words = make_words(text)
    return lifecycle.add(issue, words, by=by, holder_gone=False, policy=POLICY, now=LATER)


def test_added_information_is_the_reporters_and_must_say_something() -> None:
    assert [type(event) for event in add(make_waiting()).events] == [ReporterReplied, WaitEnded]
    with refused(refusals.WordsMissing, "Say what support should know;"):
        add(make_issue(), "")
    with refused(refusals.NotYours, "ISS-42"):
        add(make_issue(), by=STRANGER.user)
    with refused(refusals.AlreadyResolved, "ISS-42"):
        add(make_resolved())


@pytest.mark.parametrize("length", [10_000, 10_001])
def test_words_by_a_form_have_a_longest_length(length: int) -> None:
    if length <= lifecycle.WORDS_LIMIT:
        assert add(make_issue(), "x" * length).events
    else:
        with refused(refusals.TextTooLong, "10,001", "10,000"):
            add(make_issue(), "x" * length)
