"""Words into Slack's text and back."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.messages import BACKGROUND, lane
from bot.slack import ids
from bot.slack.words import mention
from bot.text import by, clip, disarmed, escape, is_blank, person, span, split, spoken, unescape, when
from tests.slack.limits import ENTITY, check_mrkdwn
from tests.slack.telling import Story

INVISIBLE = "\u00ad\u115f\u1160\u2060\u2800\u3164\ufeff\uffa0"
NAMES = {"U0ANA": "Ana <L1> & co"}


def name_of(user: str) -> str:
    return NAMES.get(user, user)


# --- is_blank ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unseen", ["", " \n\t", "\u200b", "\u3164\u2800 \u2060", "\x00", "\ufe0f", *INVISIBLE])
def test_what_nobody_sees_is_blank(unseen: str) -> None:
    assert is_blank(unseen)


@pytest.mark.parametrize("seen", ["x", "-", "0", "👍", "\u200bx", "हि", "né", "&amp;"])
def test_what_somebody_sees_is_not(seen: str) -> None:
    assert not is_blank(seen)


# --- escape -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("a & b", "a &amp; b"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("&lt;", "&amp;lt;"),
        ("\"quotes\" and 'such'", "\"quotes\" and 'such'"),
        ("", ""),
    ],
)
def test_the_three_characters_are_escaped_and_no_other(raw: str, escaped: str) -> None:
    assert escape(raw) == escaped


@settings(deadline=None)
@given(st.text())
def test_escaping_can_be_undone(text: str) -> None:
    assert unescape(escape(text)) == text


@settings(deadline=None)
@given(st.text())
def test_escaped_text_has_nothing_that_slack_acts_on(text: str) -> None:
    check_mrkdwn(escape(text))
    assert "<" not in escape(text)


# --- clip -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit", "clipped"),
    [
        ("hello", 5, "hello"),
        ("hello!", 5, "hell…"),
        ("ab &amp; cd", 6, "ab …"),
        ("ab &amp; cd", 7, "ab …"),
        ("ab &amp; cd", 9, "ab &amp;…"),
        ("&lt;&lt;&lt;", 6, "&lt;…"),
        ("see <https://a.b/c> now", 12, "see …"),
        ("see <https://a.b/c> now", 20, "see <https://a.b/c>…"),
        ("see <https://a.b/?x=1&amp;y=2> now", 24, "see …"),
    ],
)
def test_a_cut_is_marked_and_falls_between_entities_and_tokens(text: str, limit: int, clipped: str) -> None:
    assert clip(text, limit) == clipped


@settings(deadline=None)
@given(st.text(), st.integers(1, 60))
@example("&" * 20, 7)
def test_clipped_text_fits_and_is_whole(text: str, limit: int) -> None:
    escaped = escape(text)
    clipped = clip(escaped, limit)
    assert len(clipped) <= limit
    if len(escaped) <= limit:
        assert clipped == escaped
    else:
        assert clipped.endswith("…")
        assert escaped.startswith(clipped[:-1])
        check_mrkdwn(clipped)


@pytest.mark.parametrize("length", [100, 290, 310, 2000, 5000])
def test_a_token_of_any_length_is_not_cut(length: int) -> None:
    text = "x" * 2990 + f"<https://a.b/{'c' * length}> y"
    assert clip(text, 3000) == "x" * 2990 + "…"


# --- split ------------------------------------------------------------------------------------------------------------


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


@settings(deadline=None)
@given(st.text(), st.integers(10, 60))
def test_splitting_loses_nothing_but_blanks(text: str, limit: int) -> None:
    escaped = escape(text)
    pieces = split(escaped, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert bare("".join(pieces)) == bare(escaped)
    for piece in pieces:
        check_mrkdwn(piece)
        assert piece.strip()


def test_it_is_cut_at_line_ends_and_spaces_where_there_are_any() -> None:
    text = "word " * 20 + "a longer line of words here\n" + "x" * 45
    assert split(text, 50) == ["word " * 9, "word " * 9, "word word a longer line of words here\n", "x" * 45]
    assert split("x" * 25, 10) == ["x" * 9, "x" * 9, "x" * 7]


def test_short_text_is_one_piece_and_blank_text_is_none() -> None:
    assert split("hello") == ["hello"]
    assert split("") == []
    assert split(" \n ") == []


def test_entities_and_tokens_are_not_split() -> None:
    text = "ab&amp;" * 30 + "<https://a.b/c> " * 30
    pieces = split(text, 50)
    assert sum(len(ENTITY.findall(piece)) for piece in pieces) == 30
    assert sum(piece.count("<https://a.b/c>") for piece in pieces) == 30


@pytest.mark.timeout(3)
@pytest.mark.parametrize("length", [2990, 3200, 6000])
def test_a_token_longer_than_a_piece_does_not_split_for_ever(length: int) -> None:
    pieces = split(f"<https://a.b/{'c' * length}> and more")
    assert all(len(piece) <= 3000 for piece in pieces)
    assert pieces[-1].endswith("and more")


# --- what people's messages carry -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("plain &lt;words&gt; &amp; such", "plain &lt;words&gt; &amp; such"),
        ("<@U0ANA>", "@Ana &lt;L1&gt; &amp; co"),
        ("<@U0ANA|ana>", "@ana"),
        ("<@U0NOBODY>", "@U0NOBODY"),
        ("<!channel>", "@channel"),
        ("<!here|here>", "@here"),
        ("<!everyone>", "@everyone"),
        ("<!subteam^S0ONCALL>", "@group"),
        ("<!subteam^S0ONCALL|@it-oncall>", "@it-oncall"),
        ("<#C0L1|support-l1>", "#support-l1"),
        ("<#C0L1>", "#C0L1"),
        ("<!date^0^{date}|on Monday>", "on Monday"),
        ("<https://a.b/c>", "<https://a.b/c>"),
        ("<https://a.b/c|https://a.b/c>", "<https://a.b/c>"),
        ("<https://a.b|a.b>", "<https://a.b>"),
        ("<https://evil.example|bank.com>", "bank.com (<https://evil.example>)"),
        ("<mailto:a@b.c|a@b.c>", "<mailto:a@b.c>"),
        ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
        ("<slack://open>", "&lt;slack://open&gt;"),
        ("a <@U0ANA> b <!here> c", "a @Ana &lt;L1&gt; &amp; co b @here c"),
    ],
)
def test_tokens_become_what_people_saw(sent: str, shown: str) -> None:
    assert disarmed(sent, name_of) == shown


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("VPN &lt;down&gt; &amp; out", "VPN <down> & out"),
        ("  ask <@U0ANA|ana> ", "ask @ana"),
        ("<https://a.b/c>", "<https://a.b/c>"),
    ],
)
def test_a_command_is_read_as_bare_words(sent: str, meant: str) -> None:
    assert spoken(sent) == meant


# --- times and people -------------------------------------------------------------------------------------------------


def test_a_moment_is_told_in_the_readers_own_zone_with_utc_for_who_cannot() -> None:
    moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert when(moment) == "<!date^1795424400^{date_short_pretty} at {time}|2026-11-23 09:00 UTC>"
    check_mrkdwn(when(moment))
    assert by(moment) == "by <!date^1795424400^{time} {date_short_pretty}|2026-11-23 09:00 UTC>"
    check_mrkdwn(by(moment))


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=45), "45 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=4), "4 hours"),
        (timedelta(hours=24), "24 hours"),
        (timedelta(seconds=61), "61 seconds"),
    ],
)
def test_spans_are_said_in_the_largest_whole_unit(length: timedelta, said: str) -> None:
    assert span(length) == said


def test_who_did_it() -> None:
    assert person("U0ANA") == "<@U0ANA>"
    assert person(None) == "Escalator"


@pytest.mark.parametrize(
    ("ping", "called"),
    [
        ("none", None),
        ("here", "<!here>"),
        ("channel", "<!channel>"),
        ("S0ONCALL", "<!subteam^S0ONCALL>"),
        ("U0FAY", "<@U0FAY>"),
        ("W0FAY", "<@W0FAY>"),
    ],
)
def test_a_ping_calls_whom_it_names(ping: str, called: str | None) -> None:
    assert mention(ping) == called


# --- what a button carries --------------------------------------------------------------------------------------------


def test_what_is_closed_is_told_after_everything_else() -> None:
    story = Story().claim().resolve().wait(days=5)
    closed = story.timeline[-1].event
    assert {lane(message, closed, story.issue.priority) for message in story.said} == {BACKGROUND + 3}


def test_a_button_says_what_it_was_drawn_for() -> None:
    issue = Story().climb(2).issue
    assert ids.read_seen(ids.seen(issue, 1)) == (42, 2, 1)
    assert ids.read_seen(ids.seen(issue)) == (42, 2, None)


@settings(deadline=None)
@given(st.text())
@example("")
@example("1")
@example("1:2")
@example("1:2:3:4")
@example("1:x:3")
@example("1.0:1:1")
@example("::")
@example("release:1:1:1")
@example("9" * 5000 + ":1:1")
def test_a_value_we_did_not_write_is_a_value_error(value: str) -> None:
    if re.fullmatch(r"\d+:\d+:\d+", value) and len(value) < 1000:
        return
    with pytest.raises(ValueError, match=r".*"):
        ids.read_seen(value)
