"""A workspace with the bot in it, on a real SQLite file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import open_database
from tests.harness import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    database = open_database(f"sqlite:///{tmp_path / 'escalator.db'}")
    yield Workspace(database)
    database.close()
