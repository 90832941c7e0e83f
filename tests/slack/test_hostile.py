"""Whatever people write: within Slack's limits, shown as it was written, and never acting for its author."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.events import Cause, Words
from bot.domain.issue import DETAILS_LIMIT, TITLE_LIMIT
from bot.domain.lifecycle import TEXT_LIMIT
from bot.messages import (
    Card,
    CardRefresh,
    DeliveryAlert,
    Inform,
    Message,
    Place,
    Receipt,
    ReceiptRefresh,
    Relay,
    RelayEdit,
    TierPing,
)
from bot.slack import answers, forms, ids
from bot.slack.text import escape
from tests.slack.limits import check_message, check_view, parsed_texts, tokens
from tests.slack.telling import P1, POLICY, Story, call_tokens, check_call

HOSTILE = [
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<@U0ANA>",
    "<@U0ANA|ana>",
    "<#C0L1|support-l1>",
    "<!subteam^S0ONCALL|@oncall>",
    "<!date^0^{date}|now>",
    "<https://evil.example|https://bank.com>",
    "<mailto:a@b.c|me>",
    "<javascript:alert(1)|click>",
    "&amp;",
    "&lt;!channel&gt;",
    "&amp;lt;!here&amp;gt;",
    "&#60;!channel&#62;",
    "@channel @here #general",
    "*bold* _it_ ~no~ `code` ```block```",
    "> quoted",
    "<" * 40,
    "&" * 40,
    "\u202eevil\u202c",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "e\u0301\u0301\u0301",
    "\u200b\u2028\u2029\u0000\x1b[31m",
    "\n\n\n",
    "x" * 200,
]

pieces = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
short = st.lists(pieces, max_size=12).map("".join)
people_write = st.one_of(short, st.builds(lambda text, times: text * times, short, st.integers(1, 200)))


def cut(text: str, limit: int, *, otherwise: str = "x") -> str:
    """What of it a form lets through."""
    return text[:limit].strip() or otherwise


titles = people_write.map(lambda text: cut(" ".join(text.split()), TITLE_LIMIT))
details = people_write.map(lambda text: text[:DETAILS_LIMIT].strip())
reasons = people_write.map(lambda text: cut(text, TEXT_LIMIT))

PLACES = [Place(tier=1), Place(tier=2), Place(tier=3), Place(person="U0MAYA")]


def everything_shown(title: str, detail: str, reason: str, tried: str, fix: str) -> list[Story]:
    """One issue in each state that shows these words."""
    new = Story(title, detail, levels=P1)
    moved = Story(title, detail).claim().escalate(reason=reason, tried=tried)
    over = Story(title, detail).claim().escalate(reason=reason, tried=tried).resolve("U0CHEN", fix=fix)
    back = Story(title, detail).claim().resolve(fix=fix).reopen(reason=reason)
    return [new, moved, over, back]


def messages_of(story: Story) -> list[Message]:
    made: list[Message] = []
    for place in PLACES:
        if place.tier:
            made += [Card(place, ping=True), CardRefresh(place)]
            if story.issue.live:
                made += [TierPing(place, Cause.UNCLAIMED, 1), Inform(place, Cause.RESOLUTION)]
            made.append(DeliveryAlert(place, "its card", "#support-l1", "is_archived"))
        else:
            made += [Receipt(place), ReceiptRefresh(place)]
    return made


@settings(max_examples=150, deadline=None)
@given(titles, details, reasons, reasons, reasons)
def test_messages_take_any_words(title: str, detail: str, reason: str, tried: str, fix: str) -> None:
    harmless = everything_shown("x", "x", "x", "x", "x")
    for story, plain in zip(everything_shown(title, detail, reason, tried, fix), harmless, strict=True):
        calls = [story.drawn(message) for message in messages_of(story)]
        for call in calls:
            check_call(call)
        ours = call_tokens([plain.drawn(message) for message in messages_of(plain)])
        assert call_tokens(calls) <= ours, "a token that people wrote"


@settings(max_examples=150, deadline=None)
@given(titles, details, reasons, reasons, reasons)
def test_forms_and_histories_take_any_words(title: str, detail: str, reason: str, tried: str, fix: str) -> None:
    harmless = everything_shown("x", "x", "x", "x", "x")
    for story, plain in zip(everything_shown(title, detail, reason, tried, fix), harmless, strict=True):
        view = forms.history(story.issue, story.timeline, story.policy)
        check_view(view)
        allowed = forms.history(plain.issue, plain.timeline, plain.policy)
        assert tokens(*parsed_texts(view)) <= tokens(*parsed_texts(allowed))
        seen = ids.seen(story.issue, 1)
        for form in (
            forms.escalate(story.issue, POLICY, seen=seen),
            forms.resolve(story.issue, seen=seen),
            forms.reopen(story.issue, seen=seen),
        ):
            check_view(form)
            assert not tokens(*parsed_texts(form))


@given(people_write)
def test_the_report_form_takes_any_words_after_the_command(text: str) -> None:
    view = forms.report(text, policy=POLICY)
    check_view(view)


@given(titles, details, reasons)
def test_answers_take_any_words(title: str, detail: str, fix: str) -> None:
    stories = [Story(title, detail), Story(title, detail).claim().resolve(fix=fix)]
    for story in stories:
        text, blocks = answers.show(story.issue, story.policy, full=True)
        check_message(text, blocks, "ephemeral")
        check_message(answers.line(story.issue, story.policy), [], "ephemeral")
    full = answers.page("Open issues", "", [(each.issue, each.policy) for each in stories * 10], more=True)
    check_message(full, [], "ephemeral")
    dates = {token for token in tokens(full) if token.startswith("<!date^")}
    assert tokens(full) <= {"<@U0ANA>"} | dates


# --- words that Slack hands over: escaped by it, with its tokens inside -----------------------------------------------

url = st.from_regex(r"https?://[a-z0-9./?=%~-]{1,80}", fullmatch=True)
label = st.text(st.characters(exclude_characters="<>&|", exclude_categories=["Cs"]), max_size=20)
token = st.one_of(
    st.sampled_from([each for each in HOSTILE if re.fullmatch(r"<[^<>]+>", each)]),
    st.builds(lambda target, text: f"<{target}|{text}>", url, label),
    st.builds(lambda target: f"<{target}>", url),
    st.builds(lambda kind, text: f"<{kind}{text}>", st.sampled_from(["@U", "#C", "!", "slack://", "x:"]), label),
)
heard = st.lists(st.one_of(token, pieces.map(escape)), max_size=20).map("".join)
file_names = st.one_of(pieces, short.map(lambda text: text[:255])).map(lambda text: cut(text, 255, otherwise="file"))


@settings(max_examples=300, deadline=None)
@given(heard, st.lists(file_names, max_size=10))
def test_relayed_words_notify_nobody_and_no_link_is_in_disguise(text: str, names: list[str]) -> None:
    links = [f"https://acme.slack.com/files/{number}" for number in range(len(names))]
    words = Words("D0MAYA", "1796000000.000901", text, tuple(zip(names, links, strict=True)))
    story = Story()
    for message in (Relay(Place(tier=1), "U0MAYA", words), RelayEdit(Place(tier=1), "U0MAYA", words)):
        call = story.drawn(message)
        check_call(call)
        shown = tokens(*parsed_texts(call.arguments["blocks"]))
        for each in shown - {"<@U0MAYA>"}:
            assert re.match(r"<(?:https?|ftp|mailto|tel):", each), f"{each} acts"
        labelled = {each.partition("|")[0][1:] for each in shown if "|" in each}
        assert labelled <= set(links), "a link that shows something else than where it goes"
        assert set(links) <= labelled, "a file that nobody can open"


@settings(max_examples=200, deadline=None)
@given(heard)
def test_words_on_record_take_no_effect_in_the_history(text: str) -> None:
    story = Story().claim().staff_says(text).staff_says(text, note=True).reporter_says(text).edits(text)
    view = forms.history(story.issue, story.timeline, story.policy)
    check_view(view)
    for each in tokens(*parsed_texts(view)) - {"<@U0MAYA>", "<@U0ANA>"}:
        assert re.match(r"<(?:!date\^|(?:https?|ftp|mailto|tel):)", each), f"{each} acts"
        assert each.startswith("<!date^") or "|" not in each


@pytest.mark.timeout(3)
@pytest.mark.parametrize("length", [200, 400, 2990, 3000, 3200, 9000])
@pytest.mark.parametrize("before", ["", "word " * 590])
def test_a_link_of_any_length_is_passed_on(length: int, before: str) -> None:
    """Share links and searches are long; one that no text object can hold is at least not cut into nonsense."""
    link = "https://example.com/" + "a" * (length - len("https://example.com/"))
    call = Story().reporter_says(f"{before}<{link}> after").told(Relay)
    check_call(call)
    shown = "".join(parsed_texts(call.arguments["blocks"]))
    assert "after" in shown
    assert link[:1000] in shown
    if length <= 2990:
        assert f"<{link}>" in shown, "it can still be clicked"


def test_a_history_of_long_words_can_be_opened() -> None:
    """Slack refuses a view of more than 250 KB."""
    story = Story().claim()
    for number in range(100):
        story.staff_says(f"{number} " + "log line " * 330)
    check_view(forms.history(story.issue, story.timeline, story.policy))


def test_a_history_of_long_words_in_any_script_can_be_opened() -> None:
    story = Story().claim()
    for _ in range(100):
        story.staff_says("журнал " * 200)
    check_view(forms.history(story.issue, story.timeline, story.policy))
