"""How the tests are shared out where several workers run them: by files, in the order of collection."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

WORKERS = 3  # on two cores, for a third of the time is waiting
# Stories wait more than they work (tests/acceptance/ahead.py): they are told beside the tests of another file.
BESIDE = {
    "tests/acceptance/test_climb.py": "tests/acceptance/test_working.py",
    "tests/acceptance/test_kills.py": "tests/acceptance/test_trouble.py",
    "tests/acceptance/test_two_bots.py": "tests/acceptance/test_working.py",
}


def company(nodeid: str) -> str:
    """The tests with which one worker runs this one."""
    file = nodeid.partition("::")[0]
    return BESIDE.get(file, file)


class InCompany(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return company(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # what must not run after others does so in no worker
    return InCompany(config, log)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """For `-n auto`. A few tests are quicker without workers: each of them collects all, and starts a PostgreSQL."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    return WORKERS if everything else 0
