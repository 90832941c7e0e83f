"""One playground and one Bolt app for all tests of this folder; each test starts with no faults and no limits."""

from collections.abc import Iterator

import pytest

from playground.manifest import Manifest
from tests.playground.workspace import MANIFEST, PATIENCE, Bot, Local, Person


@pytest.fixture(scope="session")
def shared() -> Iterator[Local]:
    local = Local(MANIFEST)
    yield local
    local.stop()


@pytest.fixture(scope="session")
def shared_bot(shared: Local) -> Iterator[Bot]:
    bot = Bot(shared)
    yield bot
    bot.close()


@pytest.fixture
def local(shared: Local, shared_bot: Bot) -> Local:
    """With the app connected, so that no event of one test is repeated into another."""
    shared.call("DELETE", "/_playground/faults")
    shared.control("limits", enabled=False)
    return shared


@pytest.fixture
def bot(local: Local, shared_bot: Bot) -> Bot:
    assert local.look(f"acks?wait={PATIENCE}")["settled"], "what an earlier test did is still on its way"
    shared_bot.forget()
    return shared_bot


@pytest.fixture
def maya(local: Local) -> Person:
    return local.person("U0MAYA")


@pytest.fixture
def ana(local: Local) -> Person:
    return local.person("U0ANA")


@pytest.fixture(scope="module")
def poor() -> Iterator[Local]:
    """A workspace whose app may do nothing and hears nothing."""
    local = Local(Manifest(name="Poor", bot_name="Poor", interactive=True, socket_mode=True))
    yield local
    local.stop()
