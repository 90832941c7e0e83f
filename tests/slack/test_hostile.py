"""Whatever people write: within Slack's limits, shown as it was written, and never acting for its author."""

import re

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.domain.events import Cause, Words
from bot.domain.issue import DETAILS_LIMIT, TITLE_LIMIT, WaitingFor
from bot.domain.lifecycle import TEXT_LIMIT
from bot.messages import (
    Card,
    CardRefresh,
    DeliveryAlert,
    Inform,
    Place,
    Receipt,
    ReceiptRefresh,
    Relay,
    RelayEdit,
    Remind,
    TierPing,
)
from bot.ports import Call
from bot.slack import answers, forms, ids
from bot.slack.acts import ACTS, BY_WORD
from bot.text import escape, is_blank, unescape
from tests.slack.limits import Json, check_message, check_view, parsed_texts, tokens
from tests.slack.telling import P1, P3, P4, POLICY, Levels, Story, call_tokens, check_call

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
    kept = text[:limit].strip()
    return otherwise if is_blank(kept) else kept


titles = people_write.map(lambda text: cut(" ".join(text.split()), TITLE_LIMIT))
details = people_write.map(lambda text: text[:DETAILS_LIMIT].strip())
reasons = people_write.map(lambda text: cut(text, TEXT_LIMIT))

# Many renderings per example: to make one smaller would take minutes.
NO_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]
PLACES = [Place(tier=1), Place(tier=2), Place(person="U0MAYA")]


def lives(title: str, detail: str, one: str, two: str) -> list[Story]:
    """Issues in every state, with these words wherever people may write any."""

    def new(levels: Levels = P3) -> Story:
        return Story(title, detail, levels=levels)

    return [
        new(P1).declare_major(),
        new().claim().escalate(reason=one, tried=two),
        new().claim().escalate(reason=one, tried=two).resolve("U0CHEN", fix=one),
        new().resolve(fix=one).reopen(reason=two).resolve().wait(days=6),
        new().claim().hand_over(note=one),
        new().claim().hand_over(note=one).claim("U0BEN").take_over(reason=two).snooze("U0CHEN"),
        new().claim().wait_for(WaitingFor.REPORTER, note=one).wait(hours=8),
        new().claim().wait_for(WaitingFor.VENDOR, note=two).resume(),
        new().claim().escalate().give_back(findings=one).move("L3", reason=two),
        new().get_worse(reason=one).reprioritise(P1, reason=two).reprioritise(P4, reason=one),
        new().merge().hears_outcome(fix=one),
        new().takes_in(),
        new().cancel(reason=two),
        new().claim().updates_by_form(escape(one[:200])).adds_by_form(escape(two[:200])),
        new(P4).claim().wait(days=4).wait(days=6),
        new().climb(4).wait(hours=8).wait(hours=8).wait(hours=8),
    ]


def calls_of(story: Story) -> list[Call]:
    """All that was said on the way, and all that might be said now."""
    made = list(story.all_said)
    for place in PLACES:
        made.append(Inform(place, Cause.SEVERITY))
        if place.tier:
            made += [Card(place, ping=True), CardRefresh(place), TierPing(place, Cause.UNCLAIMED, 1)]
            made += [DeliveryAlert(place, "its card", "#support-l1", "is_archived"), Remind(place, "update", 0.8)]
        else:
            made += [Receipt(place), ReceiptRefresh(place)]
    return [call for call in map(story.tried, made) if call is not None]


def views_of(story: Story) -> list[Json]:
    issue, policy, seen = story.issue, story.policy, ids.seen(story.issue, 1)
    return [
        forms.history(issue, story.history(), policy),
        forms.why(issue, story.why()),
        forms.menu(issue, policy, BY_WORD, seen=seen),
        forms.done(issue, policy),
        *(
            forms.act(act, issue, policy, seen=seen, now=story.now)
            for act in ACTS
            if act.inputs and issue.status in act.states
        ),
    ]


HARMLESS = [(call_tokens(calls_of(each)), tokens(*parsed_texts(views_of(each)))) for each in lives("x", "x", "x", "x")]


@settings(max_examples=25, deadline=None, phases=NO_SHRINKING)
@given(titles, details, reasons, reasons)
def test_messages_take_any_words(title: str, detail: str, one: str, two: str) -> None:
    for story, (ours, _) in zip(lives(title, detail, one, two), HARMLESS, strict=True):
        calls = calls_of(story)
        for call in calls:
            check_call(call)
        assert call_tokens(calls) <= ours, "a token that people wrote"


@settings(max_examples=25, deadline=None, phases=NO_SHRINKING)
@given(titles, details, reasons, reasons)
def test_forms_menus_and_histories_take_any_words(title: str, detail: str, one: str, two: str) -> None:
    for story, (_, ours) in zip(lives(title, detail, one, two), HARMLESS, strict=True):
        views = views_of(story)
        for view in views:
            check_view(view)
        assert tokens(*parsed_texts(views)) <= ours, "a token that people wrote"


@settings(deadline=None)
@given(people_write)
def test_the_report_form_takes_any_words_after_the_command(text: str) -> None:
    check_view(forms.report(text, policy=POLICY))


@settings(deadline=None)
@given(titles, details, reasons)
def test_answers_take_any_words(title: str, detail: str, fix: str) -> None:
    stories = [Story(title, detail), Story(title, detail).claim().resolve(fix=fix)]
    for story in stories:
        text, blocks = answers.show(story.issue, story.policy, reader="U0MAYA", full=True)
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
@given(heard.filter(lambda text: not is_blank(text)))
def test_words_on_record_take_no_effect_in_the_history(text: str) -> None:
    story = Story().claim().staff_says(text).staff_says(text, note=True).reporter_says(text).edits(text)
    view = forms.history(story.issue, story.history(), story.policy)
    check_view(view)
    for each in tokens(*parsed_texts(view)) - {"<@U0MAYA>", "<@U0ANA>"}:
        assert re.match(r"<(?:!date\^|(?:https?|ftp|mailto|tel):)", each), f"{each} acts"
        assert each.startswith("<!date^") or "|" not in each


@pytest.mark.timeout(3)
@pytest.mark.parametrize("length", [200, 2000, 2990, 3000, 3200, 9000])
@pytest.mark.parametrize("before", ["", "word " * 590])
def test_a_link_of_any_length_is_passed_on(length: int, before: str) -> None:
    """Share links and searches are long; one that no text object can hold is at least not cut into nonsense."""
    link = "https://example.com/" + "a" * (length - len("https://example.com/"))
    call = Story().reporter_says(f"{before}<{link}> after").told(Relay)
    check_call(call)
    shown = "".join(parsed_texts(call.arguments["blocks"]))
    assert "after" in shown
    assert link[:1000] in shown
    if length <= 2000:
        assert f"<{link}>" in shown, "it can still be clicked"


def test_a_form_takes_as_many_characters_as_it_promises() -> None:
    """What counts is what people typed, not what becomes of it."""
    typed = "<" * TEXT_LIMIT
    call = Story().claim().updates_by_form(escape(typed)).told(Relay)
    check_call(call)
    assert unescape("".join(parsed_texts(call.arguments["blocks"]))).count("<") == TEXT_LIMIT + 1  # and one mention


def test_a_history_of_long_words_can_be_opened() -> None:
    """Slack refuses a view of more than 250 KB."""
    story = Story().claim()
    for number in range(100):
        story.staff_says(f"{number} " + "log line " * 330)
    check_view(forms.history(story.issue, story.history(), story.policy))


def test_a_history_of_long_words_in_any_script_can_be_opened() -> None:
    story = Story().claim()
    for _ in range(100):
        story.staff_says("журнал " * 200)
    check_view(forms.history(story.issue, story.history(), story.policy))
