"""Every refusal is provoked by a test, and each is a sentence to a person."""

import re
from pathlib import Path
from string import Formatter

import pytest

from bot.domain.refusals import Refused

HERE = Path(__file__).parent
HANDLERS = HERE.parents[1] / "handlers"
BOT = HERE.parents[1] / "bot"

# Not the domain's to raise: what was typed could not be read, or names nothing. The stories provoke them.
ELSEWHERE = {"NoSuchIssue", "NothingSaid", "HowToEscalate", "Incomplete"}
IN_STORIES = {"AlreadyMajor", "HasDuplicates"}  # tests/stories/test_whole_lifecycle.py provokes them
REFUSALS = {kind.__name__: kind for kind in Refused.__subclasses__()}


def test_every_refusal_is_provoked() -> None:
    tests = "".join(path.read_text() for path in HERE.glob("test_*.py"))
    provoked = set(re.findall(r"refused\(\s*refusals\.(\w+)", tests))
    assert set(REFUSALS) - provoked - ELSEWHERE == IN_STORIES
    assert provoked & ELSEWHERE == set()


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_the_other_refusals_are_raised_outside_of_the_domain(name: str) -> None:
    sources = [*HANDLERS.rglob("*.py"), *(BOT / "services").rglob("*.py"), *(HERE.parents[1] / "storage").rglob("*.py")]
    assert any(re.search(rf"raise (refusals\.)?{name}\b", path.read_text()) for path in sources)


@pytest.mark.parametrize("kind", REFUSALS.values(), ids=lambda kind: kind.__name__)
def test_a_refusal_is_whole_sentences(kind: type[Refused]) -> None:
    facts = {field: f"<{field}>" for _, field, _, _ in Formatter().parse(kind.__doc__ or "") if field}
    sentence = str(kind(**facts))
    assert re.match(r"[A-Z<]", sentence)
    assert re.search(r"[.>`]$", sentence)
    assert all(fact in sentence for fact in facts.values())
