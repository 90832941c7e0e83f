"""What the documentation lists is what there is: no event, message or refusal is missing there, and none is made up."""

import re
from pathlib import Path
from typing import get_args

import pytest

from bot import messages
from bot.domain import events, refusals

ARCHITECTURE = Path(__file__).parent.parent / "docs" / "architecture.md"


def listed(heading: str) -> dict[str, str]:
    """The first column of the table under a heading, and what stands beside it."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, f"docs/architecture.md has no heading {heading!r}"
    table = rest.partition("\n## ")[0]
    return dict(re.findall(r"^\| *`(\w+)` *\| *(.+?) *\|", table, re.MULTILINE))


def refusals_there_are() -> set[str]:
    return {each.__name__ for each in refusals.Refused.__subclasses__()}


@pytest.mark.parametrize(
    ("heading", "there_are"),
    [
        ("Events", {each.__name__ for each in get_args(events.Event)}),
        ("Messages", {each.__name__ for each in get_args(messages.Message)}),
        ("Refusals", refusals_there_are()),
    ],
)
def test_the_architecture_lists_what_there_is(heading: str, there_are: set[str]) -> None:
    assert there_are
    lines = listed(heading)
    assert set(lines) == there_are
    assert all(len(said) > 10 for said in lines.values())


@pytest.mark.parametrize("name", sorted(refusals_there_are()))
def test_a_refusal_says_in_a_sentence_what_is_wrong(name: str) -> None:
    """People read it as it stands."""
    sentence = getattr(refusals, name).__doc__ or ""
    assert sentence[0].isupper() or sentence.startswith(("{", "<"))
    assert sentence.rstrip("`").endswith((".", "?", "}"))
    assert "\n" not in sentence.strip()
