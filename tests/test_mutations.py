"""docs/mutations.md: each invariant has a line that was broken for it, and the test that saw it exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INVARIANTS = range(1, 42)
PAGE = (ROOT / "docs" / "mutations.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\d+)\. (.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
PLACES = sorted(set(re.findall(r"^\| `([\w/]+\.py)`, `(\w+)", PAGE, re.MULTILINE)))


def test_every_invariant_is_in_the_list() -> None:
    assert list(SECTIONS) == [str(number) for number in INVARIANTS]


@pytest.mark.parametrize("number", INVARIANTS)
def test_an_invariant_has_a_broken_line_or_says_why_not(number: int) -> None:
    section = SECTIONS[str(number)]
    assert re.search(r"^\| `\w", section, re.MULTILINE) or "Does not apply" in section


@pytest.mark.parametrize(("file", "test"), TESTS)
def test_a_test_that_is_named_exists(file: str, test: str) -> None:
    assert re.search(rf"^ *def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("file", "name"), PLACES)
def test_a_place_that_is_named_exists(file: str, name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8"))
