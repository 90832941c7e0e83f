"""What `app.py check` tells about the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, delete, false, text
from sqlmodel import col

from storage.tables import DmRow
from storage.upgrade import HEAD, revision_of

WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))  # first and last SQLite that may damage a file when two connections write


@dataclass(frozen=True)
class Finding:
    """One line. A warning does not keep the bot from running."""

    level: Literal["ok", "warning", "error"]
    text: str


def findings(connection: Connection, file: Path | None) -> Iterator[Finding]:
    """On a connection that may write; `file` is None for PostgreSQL. Leaves nothing behind."""
    yield from _sqlite(connection, file) if file else _postgres(connection)
    revision = revision_of(connection)
    if revision == HEAD:
        yield Finding("ok", f"The schema is current ({HEAD}).")
        connection.execute(delete(DmRow).where(col(DmRow.user).is_(None), false()))  # raises if it may not write
        yield Finding("ok", "The database can be written.")
        yield _append_only(connection)
    elif revision is None:
        yield Finding("ok", f"The database is empty; the first start makes the schema ({HEAD}).")
    else:
        yield Finding("warning", f"The schema is at {revision}; the next start brings it to {HEAD}.")


def _sqlite(connection: Connection, file: Path) -> Iterator[Finding]:
    version = connection.scalar(text("SELECT sqlite_version()"))
    yield Finding("ok", f"SQLite {version}, {file}.")
    if has_wal_reset_bug(version):
        yield Finding(
            "warning",
            f"SQLite {version} can damage a file that two connections write at the same instant (fixed in 3.51.3). "
            "Escalator writes from one at a time; let no other program write to this file.",
        )
    damage = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    yield Finding("ok", "The file is sound.") if damage == "ok" else Finding("error", f"The file is damaged: {damage}.")


def _postgres(connection: Connection) -> Iterator[Finding]:
    yield Finding("ok", f"PostgreSQL {connection.scalar(text('SHOW server_version'))}.")


def has_wal_reset_bug(version: str) -> bool:
    first, last = WAL_RESET_BUG
    return first <= tuple(int(part) for part in version.split(".")) <= last


def _append_only(connection: Connection) -> Finding:
    triggers = {
        "sqlite": "SELECT count(*) = 2 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'timeline'",
        "postgresql": "SELECT count(*) = 1 FROM pg_trigger WHERE tgrelid = 'timeline'::regclass AND NOT tgisinternal",
    }
    if connection.scalar(text(triggers[connection.dialect.name])):
        return Finding("ok", "The timeline is append-only.")
    return Finding("error", "The triggers that keep the timeline append-only are missing; restore the schema.")
