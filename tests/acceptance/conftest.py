"""A town of real processes for each test, or a calm one for each file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.town import Town, policy_text


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    """Founds a town with a policy of its own; at the end its processes go, and none may have written of a fault."""
    towns: list[Town] = []

    def make(*, policy: str = "", with_slack: bool = True) -> Town:
        folder = tmp_path / f"town-{len(towns)}"
        folder.mkdir()
        towns.append(Town(folder, policy=policy, with_slack=with_slack))
        return towns[-1]

    yield make
    for town in towns:
        town.close()
        assert town.faults() == []


@pytest.fixture
def town(found: Callable[..., Town]) -> Town:
    """Nothing escalates by itself within an hour."""
    return found()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The same, with the bot in it, for all tests of a file. Mind that a person may open five issues in ten minutes."""
    town = Town(tmp_path_factory.mktemp("calm"), policy=policy_text(l2_staff="S0ONCALL"))
    bot = town.starts_bot()
    yield town
    faults = town.faults()
    code = bot.stop()
    town.close()
    assert (code, faults) == (0, [])
