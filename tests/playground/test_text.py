"""Slack's text encoding, alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.text import encode, mentions, rich_text, unescape

NAMES = {"@ana": "<@U1>", "@ana souza": "<@U1>", "@here": "<!here>", "#it": "<#C1|it>"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("&lt;", "&amp;lt;"),
        ("<@U1> <!channel>", "&lt;@U1&gt; &lt;!channel&gt;"),
        ("@ana, @Ana Souza and @anabel", "<@U1>, <@U1> and @anabel"),
        ("me@ana.example", "<mailto:me@ana.example|me@ana.example>"),
        ("@here in #it", "<!here> in <#C1|it>"),
        ("see https://a.example/x?y=1&z=2.", "see <https://a.example/x?y=1&amp;z=2>."),
        ("(https://a.example)", "(<https://a.example>)"),
        ("`@here` and ```@ana <b>```", "`@here` and ```@ana &lt;b&gt;```"),
        (":wave: hi", ":wave: hi"),
        ("", ""),
    ],
)
def test_what_is_typed_becomes_tokens(typed: str, stored: str) -> None:
    assert encode(typed, NAMES) == stored


@given(st.text(alphabet="<>&!@#|^:`abc \n"))
def test_typed_text_never_calls_anybody_it_does_not_name(typed: str) -> None:
    stored = encode(typed, NAMES)

    assert mentions({"text": stored}) == set()
    assert unescape(stored) == typed


@given(st.text())
def test_the_words_of_a_message_are_the_same_as_structure(typed: str) -> None:
    elements = rich_text(encode(typed, {}))[0]["elements"][0]["elements"]
    said = "".join(
        f":{element['name']}:" if element["type"] == "emoji" else element.get("text") or element["url"]
        for element in elements
    )

    assert said == typed


def test_tokens_become_elements() -> None:
    text = "<@U1> <#C1|it> <!here> <!subteam^S1> <https://a.example|A> :eyes: <!date^1^{time}|noon> &lt;"
    elements = rich_text(text)[0]["elements"][0]["elements"]

    assert [element for element in elements if element.get("text") != " "] == [
        {"type": "user", "user_id": "U1"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "broadcast", "range": "here"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "link", "url": "https://a.example", "text": "A"},
        {"type": "emoji", "name": "eyes"},
        {"type": "text", "text": " noon <"},
    ]
