"""A workspace with the bot in it, on a real SQLite file."""

from collections.abc import Iterator

import pytest

from storage import open_database
from tests.harness import Workspace


@pytest.fixture
def workspace(sqlite_url: str) -> Iterator[Workspace]:
    database = open_database(sqlite_url)
    yield Workspace(database)
    database.close()
