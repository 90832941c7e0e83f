"""The migrations make the tables that the code expects, on both databases, and put nothing at risk."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import storage
from bot.domain.events import IssueClaimed
from bot.domain.issue import Issue
from bot.domain.policy import Policy
from storage import CannotOpen, SqlDatabase, open_database
from storage.opening import create, parse
from storage.upgrade import HEAD, downgrade, upgrade

MIGRATIONS = Path(storage.__file__).parent / "migrations"


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/escalator.db"
    url: str = request.getfixturevalue("bare_postgres_url")
    return url


@pytest.fixture
def engine(bare_url: str) -> Iterator[Engine]:
    made = create(parse(bare_url), foreign_keys=False, pool=NullPool)
    yield made
    made.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_the_migrations_make_the_tables(bare_url: str, engine: Engine) -> None:
    upgrade(parse(bare_url))
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)
    assert differences == []


def test_the_checks_of_the_tables_are_those_of_the_migrations(bare_url: str, engine: Engine) -> None:
    """compare_metadata does not see them."""
    upgrade(parse(bare_url))
    made = {check["name"] for check in inspect(engine).get_check_constraints("outbox")}
    assert made == {"ck_outbox_state", "ck_outbox_done", "ck_outbox_held"}
    declared = {str(each.name) for each in SQLModel.metadata.tables["outbox"].constraints}
    assert made <= declared


def test_partial_indexes_are_those_of_the_tables(bare_url: str, engine: Engine) -> None:
    """compare_metadata does not see what they leave out."""
    upgrade(parse(bare_url))
    where = f"{engine.dialect.name}_where"
    inspector = inspect(engine)
    made = {
        index["name"]
        for table in SQLModel.metadata.tables
        for index in inspector.get_indexes(table)
        if index.get("dialect_options", {}).get(where) is not None
    }
    declared = {
        index.name
        for table in SQLModel.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options[engine.dialect.name]["where"] is not None
    }
    assert made == declared
    assert len(made) == 7


@pytest.mark.parametrize("bare_url", ["sqlite"], indirect=True)
def test_ids_that_are_never_used_again_are_those_of_the_tables(bare_url: str, engine: Engine) -> None:
    """compare_metadata does not see AUTOINCREMENT."""
    upgrade(parse(bare_url))
    with engine.connect() as connection:
        made = connection.execute(text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")).scalars()
        assert set(made) == {"outbox", "post"}
    declared = {
        name for name, table in SQLModel.metadata.tables.items() if table.dialect_options["sqlite"]["autoincrement"]
    }
    assert declared == {"outbox", "post"}


def test_there_is_one_newest_revision_and_the_program_knows_it() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_down_and_up_again(bare_url: str, engine: Engine) -> None:
    upgrade(parse(bare_url))
    before = tables(engine)
    assert before == set(SQLModel.metadata.tables) | {"alembic_version"}
    downgrade(parse(bare_url), "base")
    assert tables(engine) == {"alembic_version"}
    upgrade(parse(bare_url))
    assert tables(engine) == before


@pytest.fixture
def old(bare_url: str, issue: Issue, policy: Policy, now: datetime) -> str:
    """A database of an earlier revision, with an issue and its history."""
    database = open_database(bare_url)
    with database.begin() as tx:
        tx.keep_policy(policy, now)
        tx.save(issue, now)
        tx.append(1, 1, IssueClaimed(now, "U2", 1))
    database.close()
    downgrade(parse(bare_url), "0001")
    return bare_url


def test_an_old_database_is_upgraded_with_all_it_holds(old: str, issue: Issue) -> None:
    database = open_database(old)
    assert database.find(1) == issue
    assert len(database.timeline(1)) == 1
    with pytest.raises(DBAPIError, match="append-only"), database.write() as connection:
        connection.execute(text("DELETE FROM timeline"))
    database.close()


def test_checking_an_old_database_leaves_it_old(old: str, engine: Engine) -> None:
    database = open_database(old, migrate=False)
    assert f"The schema is at 0001; the next start brings it to {HEAD}." in [each.text for each in database.check()]
    database.close()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"


@pytest.mark.parametrize("bare_url", ["sqlite"], indirect=True)
def test_a_sqlite_file_is_copied_before_it_is_upgraded(old: str, tmp_path: Path, issue: Issue) -> None:
    kept = tmp_path / f"escalator.before-{HEAD}.db"
    kept.write_text("left over from an upgrade that was interrupted")
    open_database(old).close()
    engine = create(parse(f"sqlite:///{kept}"), pool=NullPool)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
        assert connection.scalar(text("SELECT count(*) FROM issue")) == 1
    engine.dispose()


@pytest.mark.parametrize("bare_url", ["sqlite"], indirect=True)
def test_nothing_is_copied_when_nothing_changes(bare_url: str, tmp_path: Path) -> None:
    open_database(bare_url).close()
    open_database(bare_url).close()
    assert not list(tmp_path.glob("*before*"))


@pytest.mark.parametrize("bare_url", ["sqlite"], indirect=True)
def test_an_upgrade_that_leaves_orphans_is_undone(old: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM issue"))
    with pytest.raises(CannotOpen, match="1 rows that point at nothing"):
        open_database(old)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"


def test_a_database_from_the_future_is_left_alone(bare_url: str, engine: Engine) -> None:
    open_database(bare_url).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CannotOpen, match="A newer version of Escalator wrote this database"):
        open_database(bare_url)


def test_replicas_that_start_together_upgrade_once(bare_postgres_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened: list[SqlDatabase] = list(pool.map(open_database, [bare_postgres_url] * 4))
    opened[0].keep_dm("U1", "D1")
    assert [database.dm_of("U1") for database in opened] == ["D1"] * 4
    for database in opened:
        database.close()


def test_the_next_migration_is_written_by_one_command(tmp_path: Path) -> None:
    root = MIGRATIONS.parent.parent
    for package in ("bot", "storage"):
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "storage.migrations", "9999", "Add nothing"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    written = tmp_path / "storage" / "migrations" / "versions" / "9999_add_nothing.py"
    text_of_it = written.read_text()
    assert text_of_it.startswith('"""Add nothing."""\n')
    assert "op." not in text_of_it  # the tables are as the migrations make them
    compile(text_of_it, written.name, "exec")
