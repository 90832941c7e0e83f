"""A database, a workspace, and a Web API that answers as it is told."""

from collections.abc import Iterator

import pytest

from storage import SqlDatabase, open_database
from tests.harness import Workspace
from tests.services.scripted import ScriptedSlack


@pytest.fixture
def store(sqlite_url: str) -> Iterator[SqlDatabase]:
    opened = open_database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def workspace(store: SqlDatabase) -> Workspace:
    return Workspace(store)


@pytest.fixture
def slack() -> Iterator[ScriptedSlack]:
    scripted = ScriptedSlack()
    yield scripted
    scripted.stop()
