"""What every test may ask for, and in which order the tests run."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.databases", "tests.workers"]

HERE = Path(__file__).parent
LAST = ("acceptance", "page", "playground")  # they keep connections open in threads; the longest come first
ALONE = Path("playground/test_text.py")  # opens none, and random texts are played in it

# How long an example takes says how busy the machine is. The examples are the same in each run, so that none fails by
# chance; `make soak` looks for new ones.
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("patient")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hypothesis watches the random numbers of the whole process, and takes those of another thread for a fault."""

    def turn(item: pytest.Item) -> int:
        path = item.path.relative_to(HERE)
        return LAST.index(path.parts[0]) + 1 if path.parts[0] in LAST and path != ALONE else 0

    items.sort(key=turn)
