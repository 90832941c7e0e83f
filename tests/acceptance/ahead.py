"""Stories that mostly wait are told beside the other tests, in threads of their own; their tests ask how they ended."""

import inspect
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import workers
from tests.acceptance.town import Town

Found = Callable[..., Town]  # founds a town; see Towns
AT_ONCE = 2
LONGEST = 300  # seconds for one story, those before it in the queue included


class Towns:
    """The towns of one test. At the end their processes go, and none may have written of a fault."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Town] = []

    def found(self, *, policy: str = "", with_slack: bool = True) -> Town:
        """A town with a policy of its own."""
        folder = self._folder / f"town-{len(self._made)}"
        folder.mkdir()
        self._made.append(Town(folder, policy=policy, with_slack=with_slack))
        return self._made[-1]

    def close(self) -> None:
        for town in self._made:
            town.close()
        assert [fault for town in self._made for fault in town.faults()] == []


def ahead(story: Callable[..., None]) -> Callable[..., None]:
    """For a test that takes `found`, and perhaps `postgres_url`: `Stories` begins it with the first in its company."""

    def asked(stories: "Stories", request: pytest.FixtureRequest) -> None:
        stories.outcome(request.node)

    asked.__doc__ = story.__doc__
    asked.story = story  # type: ignore[attr-defined]
    marked: Callable[..., None] = pytest.mark.timeout(LONGEST)(asked)
    return marked


def story_of(item: Any) -> Callable[..., None] | None:
    found: Callable[..., None] | None = getattr(getattr(item, "function", None), "story", None)
    return found


class Stories:
    """Begins the stories among these tests, a company of them at once; `folder` makes a directory for each, by name."""

    def __init__(self, items: Iterable[pytest.Item], folder: Callable[[str], Path]) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="story")
        self._untold = [item for item in items if story_of(item)]
        self._told: dict[str, Future[None]] = {}

    def begin(self, company: str, fixture: Callable[[str], Any]) -> None:
        """Those that no worker but this one is asked for."""
        for item in [each for each in self._untold if workers.company(each.nodeid) == company]:
            self._untold.remove(item)
            story = story_of(item)
            assert story is not None
            given = {name: fixture(name) for name in inspect.signature(story).parameters if name != "found"}
            self._told[item.nodeid] = self._pool.submit(_tell, story, self._folder(item.name), given)

    def outcome(self, item: pytest.Item) -> None:
        self._told[item.nodeid].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def _tell(story: Callable[..., None], folder: Path, given: dict[str, Any]) -> None:
    towns = Towns(folder)
    try:
        story(found=towns.found, **given)
    finally:
        towns.close()
