"""What text turns into, asked of the page's own modules."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.page.stub import Running


@pytest.fixture
def page(kept: Page, running: Running) -> Page:
    """Any document of the server will do to import its modules."""
    place = f"{running.address}/static/favicon.svg"
    if kept.url != place:
        kept.goto(place)
    return kept


def call(page: Page, module: str, name: str, *arguments: Any) -> Any:
    script = "([module, name, given]) => import(`/static/js/${module}.js`).then((found) => found[name](...given))"
    return page.evaluate(script, [module, name, list(arguments)])


def test_mrkdwn_marks_stand_at_word_boundaries(page: Page) -> None:
    assert call(page, "mrkdwn", "parseInline", "2*3*4 and snake_case_name * a*") == [
        {"type": "text", "text": "2*3*4 and snake_case_name * a*"}
    ]
    assert call(page, "mrkdwn", "parseInline", "(*bold _both_*)") == [
        {"type": "text", "text": "("},
        {"type": "bold", "children": [
            {"type": "text", "text": "bold "}, {"type": "italic", "children": [{"type": "text", "text": "both"}]}]},
        {"type": "text", "text": ")"},
    ]  # fmt: skip


def test_entities_are_decoded_once_and_code_is_left_alone(page: Page) -> None:
    assert call(page, "mrkdwn", "parseInline", "&amp;lt; `*a* &lt;b&gt;`") == [
        {"type": "text", "text": "&lt; "},
        {"type": "code", "text": "*a* <b>"},
    ]


def test_links_are_found_unless_the_text_is_verbatim(page: Page) -> None:
    found = call(page, "mrkdwn", "parseInline", "see https://a.example/x?a=1&amp;b=2.")
    assert found[1] == {"type": "link", "url": "https://a.example/x?a=1&b=2", "label": None}
    bare = call(page, "mrkdwn", "parseInline", "see https://a.example", {"verbatim": True})
    assert bare == [{"type": "text", "text": "see https://a.example"}]


def test_a_broken_token_stays_text(page: Page) -> None:
    found = call(page, "mrkdwn", "parseInline", "<!date^soon^{time}|later> <nonsense>")
    assert [node["text"] for node in found] == ["later", " ", "<nonsense>"]


def test_pre_and_quotes_to_the_end(page: Page) -> None:
    kinds = [block["type"] for block in call(page, "mrkdwn", "parseMrkdwn", "a\n```x\n*y*```\n&gt;&gt;&gt; b\nc")]
    assert kinds == ["lines", "pre", "quote"]


@pytest.mark.parametrize(
    ("format_string", "zone", "expected"),
    [
        ("{date_num} {time_secs}", "Europe/Berlin", "2025-11-23 1:13:20 PM"),
        ("{date_long_pretty} at {time}", "America/New_York", "Today at 7:13 AM"),
        ("{date_short}", "Asia/Singapore", "Nov 23"),
        ("{date}", "UTC", "November 23rd"),
        ("{ago}", "UTC", "1 minute ago"),
        ("{nonsense}", "No/Where", "{nonsense}"),
    ],
)
def test_slack_date_formats(page: Page, format_string: str, zone: str, expected: str) -> None:
    found = call(page, "dates", "slackDate", 1763900000, format_string, zone, {"now": 1763900075})
    assert found == expected


def test_wall_clock_times_are_of_the_persons_zone(page: Page) -> None:
    assert call(page, "dates", "fromLocalInput", "2026-07-01T09:00", "America/New_York") == 1782910800
    assert call(page, "dates", "fromLocalInput", "2026-01-01T09:00", "America/New_York") == 1767276000
    assert call(page, "dates", "toLocalInput", 1782910800, "America/New_York") == "2026-07-01T09:00"


def test_emoji_names_become_characters_and_unknown_ones_stay(page: Page) -> None:
    assert call(page, "emoji", "withEmoji", ":thumbsup: :wave::skin-tone-3: :flag-de: :no_such: 10:30:15") == (
        "👍 👋🏼 🇩🇪 :no_such: 10:30:15"
    )
