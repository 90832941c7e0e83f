"""Values to store. What storage does with them is the same for all, so they are made up in one line each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.clocks import Clock
from bot.domain.issue import Clocks, Issue, Status
from bot.domain.policy import Policy, Targets, Tier
from bot.domain.priority import Level, Priority
from storage import SqlDatabase

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def policy() -> Policy:
    targets = Targets(MINUTE, (MINUTE, MINUTE), MINUTE, MINUTE, MINUTE)
    return Policy(
        version="v1",
        tiers=(Tier(1, "L1", "support-l1"), Tier(2, "L2", "support-l2", ping="here", staff_group="S1")),
        matrix={impact: dict.fromkeys(Level, Priority.P2) for impact in Level},
        targets=dict.fromkeys(Priority, targets),
    )


@pytest.fixture
def issue() -> Issue:
    clock = Clock(budget=MINUTE)
    return Issue(
        number=1,
        title="VPN is down",
        details="",
        reporter="U1",
        impact=Level.HIGH,
        urgency=Level.HIGH,
        priority=Priority.P1,
        policy="v1",
        status=Status.OPEN,
        tier=1,
        tier_entry=1,
        cycle=0,
        opened_at=NOW,
        clocks=Clocks(clock, clock, clock, clock),
        carded=(1,),
        version=1,
    )


@pytest.fixture
def keep(database: SqlDatabase, issue: Issue, policy: Policy) -> Callable[..., Issue]:
    """Stores a new issue: `keep(number, due_at, **changes)`."""
    with database.begin() as tx:
        tx.keep_policy(policy, NOW)

    def store(number: int = 1, due_at: datetime | None = None, **changes: Any) -> Issue:
        made = replace(issue, number=number, **changes)
        with database.begin() as tx:
            tx.save(made, due_at)
        return made

    return store
