"""What is asked at every tick costs what is due or waiting, not what is stored; so says EXPLAIN, on full tables."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import DateTime, bindparam, event, text

from bot.domain.issue import Issue
from bot.domain.policy import Policy
from bot.messages import CardRefresh, Place
from storage import SqlDatabase
from storage.codec import to_json

STORED, OPEN, DUE, WAITING = 50_000, 5_000, 50, 2_000

FILL = [
    """
    INSERT INTO issue (number, body, version, policy, reporter, status, rank, tier, opened_at, due_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :stored)
    SELECT i, :issue, 1, 'v1', 'U' || (i % 500), CASE WHEN i <= :open THEN 'open' ELSE 'resolved' END, 1 + i % 4, 1,
           :now, CASE WHEN i <= :due THEN :now WHEN i <= :open THEN :later END
    FROM n
    """,
    """
    INSERT INTO outbox (issue, place, verb, pace, lane, kind, data, state, created_at, not_before, attempts, done_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :stored)
    SELECT i, 'tier:1', 'update', 'update:tier:1', 1 + i % 4, 'CardRefresh', :message,
           CASE WHEN i <= :waiting THEN 'pending' ELSE 'sent' END, :now, :now, 0, CASE WHEN i > :waiting THEN :now END
    FROM n
    """,
    """
    INSERT INTO timeline (issue, seq, at, kind, data, said_channel, said_ts)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :stored)
    SELECT i, 1, :now, 'NoteTaken', :message, 'C1', CAST(i AS VARCHAR) FROM n
    """,
    """
    INSERT INTO post (issue, place, role, channel, ts, source_channel, source_ts)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :stored)
    SELECT i, 'tier:1', 'card', 'C1', CAST(i AS VARCHAR), 'D1', CAST(i AS VARCHAR) FROM n
    """,
]


@pytest.fixture
def full(database: SqlDatabase, issue: Issue, policy: Policy, now: datetime) -> SqlDatabase:
    """Many issues, most of them resolved, few due; many messages sent, some waiting."""
    facts = {
        "stored": STORED,
        "open": OPEN,
        "due": DUE,
        "waiting": WAITING,
        "now": now,
        "later": now + timedelta(hours=1),
        "issue": json.dumps(to_json(issue)),
        "message": json.dumps(to_json(CardRefresh(Place(tier=1)))),
    }
    with database.begin() as tx:
        tx.keep_policy(policy, now)
    postgresql = database._engine.dialect.name == "postgresql"
    with database.write() as connection:
        for statement in FILL:
            sql = statement
            for name in facts:
                if postgresql:
                    kind = {"now": "timestamptz", "later": "timestamptz", "issue": "json", "message": "json"}
                    sql = sql.replace(f":{name}", f"CAST(:{name} AS {kind.get(name, 'integer')})")
            clause = text(sql)
            times = [
                bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "later") if f":{name}" in statement
            ]
            connection.execute(clause.bindparams(*times), {k: v for k, v in facts.items() if f":{k}" in statement})
    if postgresql:
        maintenance = database._engine.execution_options(isolation_level="AUTOCOMMIT")
        with maintenance.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return database


@contextmanager
def plans(database: SqlDatabase) -> Iterator[list[str]]:
    """Of every SELECT that is run inside, as text."""
    seen: list[str] = []
    explain = "EXPLAIN " if database._engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "

    def look(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(explain + statement, parameters)
            seen.append("\n".join(str(row[-1]) for row in cursor.fetchall()))

    event.listen(database._engine, "before_cursor_execute", look)
    yield seen
    event.remove(database._engine, "before_cursor_execute", look)


def test_no_question_reads_a_whole_table(full: SqlDatabase, now: datetime) -> None:
    """One test, because filling the tables takes longer than asking."""
    place = Place(tier=1)
    with plans(full) as seen:
        assert len(full.due(now, 100)) == DUE
        [due] = seen
        seen.clear()

        assert full.take(now, sender="s1", hold_until=now, busy={"post:tier:2"}) is not None
        [take] = seen
        seen.clear()

        assert len(full.open_issues(5)) == 5
        assert full.versions_in_use() == {"v1": STORED}
        assert len(full.issues_of("U3", 5)) == 5
        assert full.held_by("nobody", 5) == []
        assert full.waiting() == WAITING
        assert full.post_of(7, place, "card") is not None
        assert full.copy_at(("D1", "7"), place) is not None
        with full.begin() as tx:
            assert tx.opened_since("U3", now) == STORED // 500
            assert tx.is_said("C1", "7") == 7
            assert tx.thread("C1", "7") is not None
            tx.enqueue(7, CardRefresh(place), lane=1, now=now)
        others = "\n\n".join(seen)

    assert "COVERING INDEX ix_issue_due (due_at>? AND due_at<?)" in due or "Index Only Scan using ix_issue_due" in due
    assert "ix_outbox_waiting" in take
    assert "ix_outbox_elders" in take
    for index in (
        "ix_issue_live",
        "ix_issue_unfinished",
        "ix_issue_reporter",
        "ix_post_place",
        "ix_post_source",
        "ix_timeline_said",
        "uq_post_channel_ts",
        "ix_outbox_elders",
    ):
        assert index in others
    for plan in (due, take, others):
        assert "Seq Scan" not in plan
        assert not [line for line in plan.splitlines() if line.startswith("SCAN") and "INDEX" not in line]
