"""From a database URL to engines: settings, the one-process rule of SQLite, clear words when it cannot be opened."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, Pool, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

CONNECT_TIMEOUT = 5  # seconds until an unreachable PostgreSQL is given up
BUSY_TIMEOUT = 10_000  # milliseconds to wait for a foreign writer, a backup tool for example


class CannotOpen(Exception):
    """The database cannot be used. The text is one sentence for the operator, without the password."""


class NotThere(CannotOpen):
    """Nothing is stored yet: no file, or no tables."""


class AlreadyRunning(CannotOpen):
    """Another process has this SQLite file."""


def parse(url: str) -> URL:
    """Raises CannotOpen for anything but a SQLite file and PostgreSQL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise CannotOpen(f"DATABASE_URL is not a database URL. {_EXAMPLES}") from None
    scheme = parsed.drivername
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if scheme not in ("sqlite", "sqlite+pysqlite"):
        raise CannotOpen(f"DATABASE_URL begins with {scheme}://, which Escalator does not speak. {_EXAMPLES}")
    path = parsed.database or ""
    if path in ("", ":memory:") or path.startswith("file:"):
        raise CannotOpen(f"DATABASE_URL names no file; what is kept in memory alone would be lost. {_EXAMPLES}")
    return URL.create("sqlite", database=str(Path(path).resolve()))


_EXAMPLES = "Write sqlite:///escalator.db or postgresql+psycopg://user:password@host/database."


def file_of(url: URL) -> Path | None:
    """The SQLite file; None for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


class FileLock:
    """Held while this process has the SQLite file open; the operating system drops it when the process dies.

    It is SQLite's own exclusive lock on an empty file beside the database, hence the same on every system.
    """

    def __init__(self, file: Path) -> None:
        if not file.parent.is_dir():
            raise CannotOpen(f"Cannot open {file}: there is no directory {file.parent}.")
        self._holder = sqlite3.connect(f"{file}.lock", timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._holder.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._holder.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise AlreadyRunning(
                    f"Another process is already running on {file}. Stop it first; one SQLite file serves one process."
                ) from None
            raise CannotOpen(f"Cannot lock {file}.lock: {error}.") from None

    def release(self) -> None:
        self._holder.close()


def copy(file: Path, to: Path) -> None:
    """A sound copy of a SQLite file, also while it is written to. Raises FileExistsError."""
    if to.exists():
        raise FileExistsError(f"{to} exists; a backup overwrites nothing.")
    with closing(sqlite3.connect(file, isolation_level=None)) as source:
        source.execute("VACUUM INTO ?", [str(to)])


def create(url: URL, *, foreign_keys: bool = True, pool: type[Pool] | None = None) -> Engine:
    """An engine whose transactions are DEFERRED on SQLite; see `writing`. Connects to nothing yet.

    Its errors, which are logged, show no parameters: among them is what people wrote.
    """
    try:
        if file_of(url):
            engine = create_engine(url, poolclass=pool, hide_parameters=True)
            _set_up_sqlite(engine, foreign_keys=foreign_keys)
        else:
            engine = create_engine(
                url,
                connect_args={"connect_timeout": CONNECT_TIMEOUT} if "connect_timeout" not in url.query else {},
                **({"poolclass": NullPool} if pool is NullPool else {"pool_size": 10, "max_overflow": 20}),
                pool_pre_ping=True,
                hide_parameters=True,
            )
            event.listen(engine, "connect", _set_up_postgres)
    except ModuleNotFoundError:
        raise CannotOpen("The PostgreSQL driver is missing: pip install -r requirements-postgres.txt.") from None
    return engine


def writing(engine: Engine) -> Engine:
    """The same pool, for transactions that write: what they read cannot change before they do."""
    return engine.execution_options(sqlite_begin="IMMEDIATE")


def _set_up_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say
        try:
            for pragma in (
                f"busy_timeout={BUSY_TIMEOUT}",
                "journal_mode=WAL",
                "synchronous=FULL",  # an acknowledged issue survives a power cut
                f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            ):
                connection.execute(f"PRAGMA {pragma}").close()
        except sqlite3.Error:
            connection.close()  # the pool has not got it yet
            raise

    def began(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", began)


def _set_up_postgres(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    connection.execute("SET synchronous_commit = on")
    connection.autocommit = False
