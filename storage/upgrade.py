"""Brings the schema of a database to the newest revision, once, whoever starts first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, func, inspect, select, text

from storage.opening import CannotOpen, create, file_of, writing

HEAD = "0006"  # the newest revision; a test compares it with the migrations, so a start need not load Alembic
_LOCK = 0x455343_414C  # any number that no other program locks in the same PostgreSQL database
_SCRIPTS = Path(__file__).parent / "migrations"


def revision_of(connection: Connection) -> str | None:
    """The revision of the schema; None if there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def upgrade(url: URL, revision: str = "head") -> None:
    """All or nothing. Raises CannotOpen if the schema is newer than this program."""
    from alembic import command  # noqa: PLC0415 - a tenth of a second that only a change of schema costs

    _migrate(url, lambda config: command.upgrade(config, revision))


def downgrade(url: URL, revision: str) -> None:
    from alembic import command  # noqa: PLC0415

    _migrate(url, lambda config: command.downgrade(config, revision))


def write_revision(url: URL, revision: str, message: str) -> None:
    """A new file in migrations/versions, from the difference between the tables and the database at `url`."""
    from alembic import command  # noqa: PLC0415

    _migrate(url, lambda config: command.revision(config, message, autogenerate=True, rev_id=revision))


def _migrate(url: URL, step: Callable[[Any], object]) -> None:
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    # Foreign keys are off: SQLite rebuilds a table to change it, and would drop or refuse its children.
    engine = create(url, foreign_keys=False, pool=NullPool)
    try:
        with writing(engine).begin() as connection:
            if file_of(url) is None:
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            config.attributes["connection"] = connection
            step(config)
            if file_of(url) and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                raise CannotOpen(f"The migration left {len(broken)} rows that point at nothing; it was undone.")
    except CommandError as error:
        raise CannotOpen(
            f"A newer version of Escalator wrote this database ({error}). Install that version, or restore a backup."
        ) from None
    finally:
        engine.dispose()
