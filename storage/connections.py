"""Who may use the database when: reads at any time, writes one after the other on SQLite."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock, local
from typing import Any

from sqlalchemy import URL, Connection, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from storage.opening import FileLock, create, file_of, writing


class Connections:
    """An open database. `lock` is held until close."""

    def __init__(self, url: URL, lock: FileLock | None) -> None:
        self._url = url
        self._file = file_of(url)
        self._file_lock = lock
        self._engine = create(url)
        self._writer = writing(self._engine)
        # SQLite would make writers wait too, but unfairly and by polling.
        self._turn = Lock() if self._file else nullcontext()
        self._mine = local()
        self._closed = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """For one query: on PostgreSQL a second one may see more. It waits for nobody."""
        self._refuse_if_closed()
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Committed at the end, rolled back on an exception. Cannot be nested: the inner would wait for the outer."""
        if getattr(self._mine, "writing", False):
            raise RuntimeError("This thread is in a transaction already; finish it, or use it.")
        with self._turn:
            self._refuse_if_closed()
            self._mine.writing = True
            try:
                with self._writer.begin() as connection:
                    yield connection
            finally:
                self._mine.writing = False

    def close(self) -> None:
        """After the transaction that is under way, if one is. May be called twice."""
        with self._turn:
            self._closed = True
            self._engine.dispose()
        if self._file_lock:
            self._file_lock.release()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError("The database is closed.")


def insert_into(connection: Connection, row: Any) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say ON CONFLICT."""
    return postgresql.insert(row) if connection.dialect.name == "postgresql" else sqlite.insert(row)


def insert_if_new(connection: Connection, row: Any, **values: Any) -> bool:
    """False, and nothing changed, if there is one with such a key."""
    added: Any = insert_into(connection, row).values(**values).on_conflict_do_nothing().returning(literal_column("1"))
    return connection.execute(added).first() is not None
