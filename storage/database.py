"""The database the bot works with: transactions, reads, health, backup."""

import logging
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import URL, ColumnElement, case, func, or_, select, update
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlmodel import col

from bot.domain.issue import Issue, Status, issue_name
from bot.domain.policy import Policy
from bot.domain.refusals import NoSuchIssue
from bot.messages import Place
from bot.ports import Post, TimelineEntry
from storage import reading
from storage.codec import issue_from, policy_from
from storage.directory import Directory
from storage.health import Finding, findings
from storage.opening import CannotOpen, FileLock, NotThere, copy, file_of, parse
from storage.outbox import Outbox
from storage.tables import LIVE, UNFINISHED, EngineRow, IssueRow, PolicyRow, PostRow
from storage.transaction import SqlTransaction, keep_beat
from storage.upgrade import HEAD, revision_of, upgrade

log = logging.getLogger(__name__)

AT_ONCE = 500  # issues in memory while all are read


class SqlDatabase(Outbox, Directory):
    """Implements bot.ports.Database on SQLite and PostgreSQL; the parts are in outbox.py and directory.py."""

    def __init__(self, url: URL, lock: FileLock | None) -> None:
        super().__init__(url, lock)
        self._policies: dict[str, Policy] = {}  # a version's content never changes

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        with self.write() as connection:
            yield SqlTransaction(connection, self._policies)

    def find(self, number: int) -> Issue | None:
        with self.read() as connection:
            body = connection.scalar(select(col(IssueRow.body)).where(col(IssueRow.number) == number))
        return None if body is None else issue_from(body)

    def timeline(self, number: int) -> Sequence[TimelineEntry]:
        with self.read() as connection:
            return reading.timeline(connection, number)

    def open_issues(self, limit: int) -> Sequence[Issue]:
        return self._issues(_OPEN.limit(limit))

    def held_by(self, user: str, limit: int) -> Sequence[Issue]:
        return self._issues(_OPEN.where(col(IssueRow.claimant) == user).limit(limit))

    def each_open_issue(self) -> Iterator[Issue]:
        return self._each(_OPEN)

    def live_by_tier(self) -> dict[tuple[str, int], int]:
        place = col(IssueRow.policy), col(IssueRow.tier)
        counts = select(*place, func.count()).where(LIVE).group_by(*place)
        with self.read() as connection:
            return {(version, tier): count for version, tier, count in connection.execute(counts)}

    def unfinished(self, versions: Collection[str]) -> Iterator[Issue]:
        theirs = select(*_ISSUE).where(UNFINISHED, col(IssueRow.policy).in_(list(versions)))
        return self._each(theirs.order_by(*_URGENT_FIRST))

    def versions_in_use(self) -> dict[str, int]:
        counts = select(col(IssueRow.policy), func.count()).where(UNFINISHED).group_by(col(IssueRow.policy))
        with self.read() as connection:
            return dict(connection.execute(counts).all())

    def in_force(self) -> tuple[Policy, datetime] | None:
        columns = col(PolicyRow.content), col(PolicyRow.in_force_since)
        with self.read() as connection:
            found = connection.execute(select(*columns).where(columns[1].is_not(None))).first()
        return (policy_from(found.content), found.in_force_since) if found else None

    def issues_of(self, reporter: str, limit: int) -> Sequence[Issue]:
        theirs = select(*_ISSUE).where(col(IssueRow.reporter) == reporter)
        return self._issues(theirs.order_by(col(IssueRow.opened_at).desc(), col(IssueRow.number).desc()).limit(limit))

    def due(self, now: datetime, limit: int) -> Sequence[int]:
        available = or_(col(IssueRow.set_aside_until).is_(None), col(IssueRow.set_aside_until) <= now)
        housekeeping = case((col(IssueRow.status).in_((Status.OPEN, Status.CLAIMED)), 0), else_=1)
        numbers = (
            select(col(IssueRow.number))
            .where(col(IssueRow.due_at).is_not(None), col(IssueRow.due_at) <= now, available)
            .order_by(housekeeping, col(IssueRow.rank), col(IssueRow.due_at), col(IssueRow.number))
            .limit(limit)
        )
        with self.read() as connection:
            return connection.scalars(numbers).all()

    def failures(self, number: int) -> int:
        with self.read() as connection:
            return connection.scalar(select(col(IssueRow.failures)).where(col(IssueRow.number) == number)) or 0

    def set_aside(self, number: int, until: datetime, error: str) -> int:
        values = {"set_aside_until": until, "failures": IssueRow.failures + 1, "failure": error.replace("\0", "")}
        aside = update(IssueRow).where(col(IssueRow.number) == number).values(**values)
        with self.write() as connection:
            failures = connection.execute(aside.returning(col(IssueRow.failures))).scalar_one_or_none()
        if failures is None:
            raise NoSuchIssue(name=issue_name(number))
        return failures

    def is_away(self, error: Exception) -> bool:
        return isinstance(error, OperationalError | InternalError | InterfaceError | NoConnectionFree)

    def try_anew(self) -> None:
        aside = update(IssueRow).where(col(IssueRow.due_at).is_not(None), col(IssueRow.set_aside_until).is_not(None))
        with self.write() as connection:
            connection.execute(aside.values(set_aside_until=None, failures=0, failure=None))

    def beat(self) -> datetime | None:
        with self.read() as connection:
            return connection.scalar(select(col(EngineRow.beat_at)))

    def keep_beat(self, now: datetime) -> None:
        with self.write() as connection:
            keep_beat(connection, now)

    def policy(self, version: str) -> Policy:
        """Raises LookupError."""
        if (known := self._policies.get(version)) is None:
            with self.read() as connection:
                known = self._policies[version] = reading.policy(connection, version)
        return known

    def post_of(self, issue: int, place: Place, role: str) -> Post | None:
        here = col(PostRow.place) == str(place)
        return self._post((col(PostRow.issue) == issue) & here & (col(PostRow.role) == role))

    def posts_of(self, issue: int, role: str) -> Sequence[Post]:
        with self.read() as connection:
            return reading.posts(connection, (col(PostRow.issue) == issue) & (col(PostRow.role) == role))

    def copy_at(self, source: tuple[str, str], place: Place) -> Post | None:
        return self._post(reading.relays(source) & (col(PostRow.place) == str(place)))

    @property
    def is_current(self) -> bool:
        """Whether it has the schema of this program; False if there is none yet."""
        if self._file and not self._file.exists():
            return False
        with self.read() as connection:
            return revision_of(connection) == HEAD

    def check(self) -> list[Finding]:
        """Whether the bot could run on it. Leaves nothing behind; reads all of a SQLite file."""
        if self._file and not self._file.exists():
            return [Finding("ok", f"There is no {self._file} yet; the first start makes it.")]
        try:
            with self.write() as connection:
                return list(findings(connection, self._file))
        except DBAPIError as error:
            return [Finding("error", _sentence(self._url, error))]

    def backup(self, to: Path) -> None:
        """A copy of the SQLite file as it is now, made while the bot works. Raises FileExistsError."""
        if self._file is None:
            raise ValueError("A PostgreSQL database is backed up with pg_dump.")
        copy(self._file, to)

    def _issues(self, query: Any) -> Sequence[Issue]:
        """One that cannot be read is left out, and logged: it shall not hide the others."""
        with self.read() as connection:
            rows = connection.execute(query).all()
        return [issue for row in rows if (issue := _readable(row.number, row.body))]

    def _each(self, query: Any) -> Iterator[Issue]:
        with self.read() as connection:
            for row in connection.execution_options(yield_per=AT_ONCE).execute(query):
                if issue := _readable(row.number, row.body):
                    yield issue

    def _post(self, condition: ColumnElement[bool]) -> Post | None:
        with self.read() as connection:
            return reading.post(connection, condition)


_ISSUE = col(IssueRow.number), col(IssueRow.body)
_URGENT_FIRST = col(IssueRow.rank), col(IssueRow.opened_at), col(IssueRow.number)
_OPEN = select(*_ISSUE).where(LIVE).order_by(*_URGENT_FIRST)


def _readable(number: int, body: Any) -> Issue | None:
    try:
        return issue_from(body)
    except ValidationError as error:
        # Not the error itself: it shows what people wrote.
        wrong = [f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors(include_input=False)]
        log.error("%s cannot be read and is left out (%s)", issue_name(number), ", ".join(wrong[:3]))
        return None


def open_database(url: str, *, migrate: bool = True, make: bool = True, alone: bool = True) -> SqlDatabase:
    """On SQLite ours alone until it is closed. Raises CannotOpen, AlreadyRunning.

    Not `alone`, with `migrate` off: to read only, beside the process whose it is.

    Without `migrate` it is as it is found, to be checked only; a missing SQLite file is not made. Without `make` it
    must be there already, though perhaps of an older version. Raises NotThere.
    """
    address = parse(url)
    file = file_of(address)
    if file and not make and file.parent.is_dir() and not file.exists():  # before the lock, which is a file, too
        raise NotThere(f"There is no {file} yet.")
    lock = FileLock(file) if file and alone else None
    database: SqlDatabase | None = None
    try:
        database = SqlDatabase(address, lock)
        if migrate or not file or file.exists():
            with database.read() as connection:
                revision = revision_of(connection)
            if not make:
                _refuse_empty(address, revision)
            if migrate and revision != HEAD:
                _upgrade(address, revision)
    except BaseException as error:
        if database:
            database.close()
        elif lock:
            lock.release()
        if isinstance(error, DBAPIError | sqlite3.Error):
            raise CannotOpen(_sentence(address, error)) from None
        raise
    return database


def _refuse_empty(url: URL, revision: str | None) -> None:
    if revision is None:
        raise NotThere(f"There are no tables in {_named(url)} yet.")


def _upgrade(url: URL, revision: str | None) -> None:
    file = file_of(url)
    if file and revision:
        kept = file.with_name(f"{file.stem}.before-{HEAD}.db")
        kept.unlink(missing_ok=True)  # of an upgrade that came to nothing
        copy(file, kept)
        log.info("Kept a copy of the database in %s before the upgrade from %s to %s.", kept, revision, HEAD)
    upgrade(url)


def _sentence(url: URL, error: DBAPIError | sqlite3.Error) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = (str(cause).strip().splitlines() or ["no reason given"])[0].rstrip(".")
    if url.password:
        reason = reason.replace(str(url.password), "***")
    for secret in url.query.values():  # a password may stand there, too
        reason = reason.replace(str(secret), "***")
    return f"Cannot open {_named(url)}: {reason}."


def _named(url: URL) -> str:
    """Without the password, and what else may be secret."""
    return str(file_of(url) or url.set(query={}).render_as_string(hide_password=True))
