"""A SQLite file with a million issues, made by SQL from one that the bot's own rules made."""

import json
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain import lifecycle
from bot.domain.policy import Policy
from bot.domain.priority import Level, Priority
from bot.services.recording import record
from storage import SqlDatabase, open_database

COLUMNS = {
    "number": "n",
    "body": "json_set(body, '$.number', n)",
    "reporter": "'U' || (n % 5000)",
    "status": "CASE WHEN n <= :open THEN 'open' ELSE 'resolved' END",
    # In two hours at the earliest, within a month at the latest.
    "due_at": "CASE WHEN n <= :open "
    "THEN strftime('%Y-%m-%d %H:%M:%f000', 'now', (7200 + abs(random()) % 2592000) || ' seconds') END",
}


def make(file: Path, policy: Policy, *, stored: int, live: int) -> None:
    """`stored` issues, of which `live` are not resolved."""
    add(file, policy, moments(1, first=timedelta(hours=2), within=timedelta()))
    _multiply(file, stored, live)


def add(file: Path, policy: Policy, due: Sequence[datetime]) -> None:
    """One issue more for each moment: then it has been unclaimed for too long."""
    window = policy.targets[policy.priority(Level.MEDIUM, Level.MEDIUM)].window(1)
    with closing(open_database(f"sqlite:///{file}")) as database:
        for moment in due:
            open_at(database, policy, moment - window)


def add_storm(file: Path, policy: Policy, storm: Sequence[tuple[Priority, datetime]]) -> None:
    """One issue more for each: at that moment nobody in L1 has claimed it in time. What was said before is over."""
    with closing(open_database(f"sqlite:///{file}")) as database:
        for priority, moment in storm:
            levels = next(
                (impact, urgency)
                for impact in Level
                for urgency in Level
                if policy.priority(impact, urgency) is priority
            )
            open_at(database, policy, moment - policy.targets[priority].window(1), *levels)
    with closing(sqlite3.connect(file)) as sql:
        sql.execute("UPDATE outbox SET state = 'superseded', done_at = created_at")
        sql.commit()


def open_at(
    database: SqlDatabase,
    policy: Policy,
    moment: datetime,
    impact: Level = Level.MEDIUM,
    urgency: Level = Level.MEDIUM,
) -> None:
    with database.begin() as tx:
        tx.keep_policy(policy, moment)
        decision = lifecycle.open_issue(
            tx.new_number(),
            reporter="U0MAYA",
            title="VPN is down in Berlin",
            details="Since nine o'clock nobody there gets in.",
            impact=impact,
            urgency=urgency,
            recent=0,
            policy=policy,
            now=moment,
        )
        record(tx, None, decision, policy, moment)


def _multiply(file: Path, stored: int, live: int) -> None:
    with closing(sqlite3.connect(file)) as sql:
        sql.execute("PRAGMA synchronous=OFF")
        names = [row[1] for row in sql.execute("PRAGMA table_info(issue)")]
        sql.execute(
            f"""INSERT INTO issue ({", ".join(names)})
                WITH RECURSIVE copies(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM copies WHERE n < :stored)
                SELECT {", ".join(COLUMNS.get(name, f"issue.{name}") for name in names)}
                FROM copies, issue WHERE issue.number = 1""",
            {"stored": stored, "open": live},
        )
        sql.execute("UPDATE counter SET value = ?", [stored])
        sql.execute("UPDATE outbox SET state = 'superseded', done_at = created_at")
        sql.commit()


def moments(count: int, *, first: timedelta, within: timedelta) -> list[datetime]:
    """Spread at random, the first not before `first` from now."""
    start = datetime.now(UTC) + first  # noqa: TID251 - the benchmark's own clock
    spread = random.Random(1)
    return sorted(start + spread.random() * within for _ in range(count))


def told(file: Path) -> dict[int, float]:
    """Issue -> seconds between its deadline and the first message that told L2: a card that calls, or a digest."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as sql:
        due = dict(
            sql.execute("SELECT issue, json_extract(data, '$.due_at') FROM timeline WHERE kind = 'IssueEscalated'")
        )
        sent = sql.execute(
            "SELECT issue, kind, data, done_at FROM outbox WHERE place = 'tier:2' AND state = 'sent' "
            "AND kind IN ('Card', 'Digest') ORDER BY done_at"
        ).fetchall()
    first: dict[int, float] = {}
    for issue, kind, data, at in sent:
        message = json.loads(data)
        numbers = [item["issue"] for item in message["items"]] if kind == "Digest" else [issue] * message["ping"]
        for number in numbers:
            late = datetime.fromisoformat(at).replace(tzinfo=UTC) - datetime.fromisoformat(due[number])
            first.setdefault(number, late.total_seconds())
    return first


def lateness(file: Path) -> list[float]:
    """Seconds between each deadline of the clock and the event that acted on it."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as sql:
        rows = sql.execute(
            "SELECT json_extract(data, '$.at'), json_extract(data, '$.due_at') FROM timeline "
            "WHERE kind = 'IssueEscalated'"
        ).fetchall()
    return [(datetime.fromisoformat(at) - datetime.fromisoformat(due)).total_seconds() for at, due in rows]
