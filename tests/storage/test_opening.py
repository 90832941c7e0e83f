"""Opening a database: one process per SQLite file, clear words when it cannot be, backups, and the check."""

import socket
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from storage import AlreadyRunning, CannotOpen, Finding, NotThere, SqlDatabase, open_database
from storage.health import has_wal_reset_bug
from storage.tables import DmRow
from storage.upgrade import HEAD

HOLD = "import sys, storage; database = storage.open_database(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
SECRET = "hunter2-Pa55"


@pytest.fixture
def other_process(sqlite_url: str) -> Iterator[subprocess.Popen[str]]:
    """Has the database open until it is killed."""
    command = [sys.executable, "-c", HOLD, sqlite_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_in_one_sentence(
    sqlite_url: str, other_process: subprocess.Popen[str], tmp_path: Path
) -> None:
    with pytest.raises(AlreadyRunning) as refused:
        open_database(sqlite_url)
    assert str(refused.value) == (
        f"Another process is already running on {tmp_path}/escalator.db. "
        "Stop it first; one SQLite file serves one process."
    )


def test_the_file_is_free_once_the_other_process_is_dead(sqlite_url: str, other_process: subprocess.Popen[str]) -> None:
    other_process.kill()
    other_process.wait()
    database = open_database(sqlite_url)
    assert database.waiting() == 0
    database.close()


def test_a_file_is_opened_once_in_one_process_too(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with pytest.raises(AlreadyRunning):
        open_database(sqlite_url)
    database.close()
    database.close()  # does no harm
    open_database(sqlite_url).close()


def test_a_file_has_one_lock_under_all_its_names(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "alias.db").symlink_to(tmp_path / "escalator.db")
    database = open_database(sqlite_url)
    with pytest.raises(AlreadyRunning):
        open_database(f"sqlite:///{tmp_path}/alias.db")
    database.close()


def test_a_file_that_could_not_be_opened_is_not_held(tmp_path: Path) -> None:
    file = tmp_path / "escalator.db"
    file.write_text("This is no database, though it is long enough to have been one. " * 20)
    with pytest.raises(CannotOpen):
        open_database(f"sqlite:///{file}")
    file.unlink()
    open_database(f"sqlite:///{file}").close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("escalator.db", "DATABASE_URL is not a database URL."),
        ("", "DATABASE_URL is not a database URL."),
        (f"mysql://me:{SECRET}@host/x", "DATABASE_URL begins with mysql://, which Escalator does not speak."),
        (f"postgresql+asyncpg://me:{SECRET}@host/x", "DATABASE_URL begins with postgresql+asyncpg://"),
        ("sqlite://", "DATABASE_URL names no file"),
        ("sqlite:///:memory:", "DATABASE_URL names no file"),
        ("sqlite:///file:x?mode=memory&uri=true", "DATABASE_URL names no file"),
        (f"postgresql+psycopg://me:{SECRET}@host:port/x", "DATABASE_URL is not a database URL."),
    ],
)
def test_a_wrong_url_is_explained(url: str, sentence: str) -> None:
    with pytest.raises(CannotOpen) as refused:
        open_database(url)
    assert str(refused.value).startswith(sentence)
    assert "sqlite:///escalator.db" in str(refused.value)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match=f"there is no directory {tmp_path}/nowhere"):
        open_database(f"sqlite:///{tmp_path}/nowhere/escalator.db")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Buy milk. " * 1000)
    with pytest.raises(CannotOpen, match=f"^Cannot open {file}: file is not a database.$"):
        open_database(f"sqlite:///{file}")
    assert file.read_text() == "Buy milk. " * 1000


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "escalator.db").mkdir()
    with pytest.raises(CannotOpen, match="unable to open database file"):
        open_database(f"sqlite:///{tmp_path}/escalator.db")


def test_an_unreachable_postgresql_is_named_without_the_password() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # and does not listen
        port = listener.getsockname()[1]
        with pytest.raises(CannotOpen) as refused:
            open_database(f"postgresql+psycopg://me:{SECRET}@127.0.0.1:{port}/escalator")
    assert str(refused.value).startswith(f"Cannot open postgresql+psycopg://me:***@127.0.0.1:{port}/escalator: ")
    assert "refused" in str(refused.value)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_missing_postgresql_database_is_named(bare_postgres_url: str) -> None:
    with pytest.raises(CannotOpen, match='database "nowhere" does not exist'):
        open_database(make_url(bare_postgres_url).set(database="nowhere").render_as_string(hide_password=False))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_the_short_schemes_of_hosting_firms_are_understood(postgres_database_url: str, scheme: str) -> None:
    database = open_database(postgres_database_url.replace("postgresql+psycopg", scheme))
    assert database.waiting() == 0
    database.close()


def test_a_missing_driver_is_explained() -> None:
    program = "import sys; sys.modules['psycopg'] = None; import storage; storage.open_database('postgresql://host/x')"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.stderr.splitlines()[-1] == (
        "storage.opening.CannotOpen: The PostgreSQL driver is missing: pip install -r requirements-postgres.txt."
    )


def test_a_relative_file_stays_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    monkeypatch.chdir(tmp_path)
    database = open_database("sqlite:///escalator.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    database.keep_dm("U1", "D1")
    database.close()
    assert not list((tmp_path / "elsewhere").iterdir())
    again = open_database(sqlite_url)
    assert again.dm_of("U1") == "D1"
    again.close()


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_database_url"])
def test_an_error_does_not_tell_what_people_wrote(kind: str, request: pytest.FixtureRequest) -> None:
    with closing(open_database(request.getfixturevalue(kind))) as database:
        with pytest.raises(DBAPIError) as failed, database.write() as connection:
            connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": SECRET})
        assert SECRET not in "".join(traceback.format_exception(failed.value))


def test_sqlite_is_set_to_keep_what_it_acknowledged(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.write() as connection:
        settings = {
            pragma: connection.execute(text(f"PRAGMA {pragma}")).scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_postgresql_is_set_to_keep_what_it_acknowledged(postgres_database_url: str) -> None:
    database = open_database(postgres_database_url)
    with database.write() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
    database.close()


# --- backup ----------------------------------------------------------------------------------------------------------


def test_a_backup_holds_what_was_stored_even_while_somebody_writes(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    database.keep_dm("U1", "D1")
    with database.write() as connection:
        connection.execute(text("UPDATE dm SET channel = 'not yet committed'"))
        database.backup(tmp_path / "copy.db")
    database.close()
    copy = open_database(f"sqlite:///{tmp_path}/copy.db")
    assert copy.dm_of("U1") == "D1"
    copy.close()


def test_a_backup_overwrites_nothing(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    (tmp_path / "letter.txt").write_text("Dear Ann")
    with pytest.raises(FileExistsError, match=r"letter\.txt"):
        database.backup(tmp_path / "letter.txt")
    database.close()
    assert (tmp_path / "letter.txt").read_text() == "Dear Ann"


def test_postgresql_has_its_own_backup(postgres_database_url: str, tmp_path: Path) -> None:
    database = open_database(postgres_database_url)
    with pytest.raises(ValueError, match="pg_dump"):
        database.backup(tmp_path / "copy.db")
    database.close()


# --- check -----------------------------------------------------------------------------------------------------------


def levels(findings: list[Finding]) -> set[str]:
    return {finding.level for finding in findings if "SQLite" not in finding.text}


def test_a_sound_database_is_found_sound(database: SqlDatabase) -> None:
    findings = database.check()
    assert levels(findings) == {"ok"}
    lines = [finding.text for finding in findings]
    assert f"The schema is current ({HEAD})." in lines
    assert "The database can be written." in lines
    assert "The timeline is append-only." in lines


def test_the_check_warns_of_a_sqlite_that_may_damage_files(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    warned = [finding for finding in database.check() if finding.level == "warning"]
    database.close()
    assert bool(warned) == has_wal_reset_bug(sqlite3.sqlite_version)


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.51.2"])
def test_the_affected_sqlite_versions_are_known(version: str) -> None:
    assert has_wal_reset_bug(version)


@pytest.mark.parametrize("version", ["3.6.23", "3.51.3", "3.54.1"])
def test_the_sound_sqlite_versions_are_known(version: str) -> None:
    assert not has_wal_reset_bug(version)


def test_the_check_makes_no_file(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/escalator.db", migrate=False)
    assert [finding.level for finding in database.check()] == ["ok"]
    database.close()
    assert not (tmp_path / "escalator.db").exists()


def test_the_check_of_an_empty_postgresql_leaves_it_empty(bare_postgres_url: str) -> None:
    for _ in range(2):
        database = open_database(bare_postgres_url, migrate=False)
        assert f"The database is empty; the first start makes the schema ({HEAD})." in [
            finding.text for finding in database.check()
        ]
        database.close()


def test_what_is_not_there_is_not_made_for_a_command(tmp_path: Path, bare_postgres_url: str) -> None:
    with pytest.raises(NotThere, match=r"^There is no .*/escalator\.db yet\.$"):
        open_database(f"sqlite:///{tmp_path}/escalator.db", make=False)
    assert not list(tmp_path.iterdir())
    for _ in range(2):
        with pytest.raises(NotThere, match=r"^There are no tables in postgresql.*/escalator_\w+ yet\.$"):
            open_database(bare_postgres_url, make=False)


def test_missing_triggers_are_found(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.write() as connection:
        connection.execute(text("DROP TRIGGER timeline_no_update"))
    assert levels(database.check()) == {"ok", "error"}
    database.close()


def test_a_database_that_may_not_be_written_is_found(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.read() as connection:
        connection.execute(text("PRAGMA query_only = ON"))  # stays with this pooled connection
    findings = database.check()
    database.close()
    assert [finding.level for finding in findings if "readonly" in finding.text] == ["error"]


def test_damage_inside_the_file_is_found(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    with database.write() as connection:
        people = [{"user": f"U{number:06}", "channel": f"D{number:06}"} for number in range(2000)]
        connection.execute(insert(DmRow), people)
    database.close()
    file = tmp_path / "escalator.db"
    content = bytearray(file.read_bytes())
    middle = content.rindex(b"U001999")
    content[middle - 2000 : middle + 200] = bytes(2200)
    file.write_bytes(content)
    database = open_database(sqlite_url)
    findings = database.check()
    database.close()
    assert "error" in levels(findings)


def test_a_password_among_the_parameters_is_not_told() -> None:
    with pytest.raises(CannotOpen) as told:
        open_database("postgresql+psycopg://somebody@127.0.0.1:9/nothing?password=hunter2&connect_timeout=1")
    assert "hunter2" not in str(told.value)


def test_a_database_whose_connections_are_all_in_use_is_away(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    database._engine.pool._timeout = 0.01  # type: ignore[attr-defined]  # seconds
    with ExitStack() as stack, pytest.raises(NoConnectionFree) as failed:
        list(map(stack.enter_context, iter(database.read, None)))
    assert database.is_away(failed.value)
    assert not database.is_away(ZeroDivisionError())
    database.close()
