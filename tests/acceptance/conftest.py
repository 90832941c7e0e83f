"""Towns of real processes: one for each test that needs its own, and a calm one that tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.ahead import Found, Stories, Towns, story_of
from tests.acceptance.driver import Bot
from tests.acceptance.town import Town, policy_text
from tests.workers import company


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is told beside the others is asked for last."""
    items.sort(key=lambda item: story_of(item) is not None)


@pytest.fixture(scope="session")
def stories(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stories]:
    told = Stories(request.session.items, tmp_path_factory.mktemp)
    yield told
    told.close()


@pytest.fixture(autouse=True)
def _begun(stories: Stories, request: pytest.FixtureRequest) -> None:
    """Whatever test comes first, the stories in its company begin with it."""
    stories.begin(company(request.node.nodeid), request.getfixturevalue)


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Found]:
    towns = Towns(tmp_path)
    yield towns.found
    towns.close()


@pytest.fixture
def town(found: Found) -> Town:
    """Nothing escalates by itself within an hour."""
    return found()


@pytest.fixture(scope="session")
def shared_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("calm"), policy=policy_text(l2_staff="S0ONCALL"))
    bot = town.starts_bot()
    yield town
    code = bot.stop()
    town.close()
    assert code == 0


@pytest.fixture
def calm(shared_town: Town) -> Iterator[Town]:
    """Nothing escalates by itself, L2's staff is a user group, and the bot is there.

    Others have used it before and will do so again; mind that a person may open five issues in ten minutes.
    """
    yield shared_town
    shared_town.slack.mend()
    assert shared_town.new_faults() == []


@pytest.fixture
def bot(calm: Town) -> Bot:
    """The calm town's."""
    return calm.bots[0]
