"""SQL: tables, transactions, the outbox, migrations. Implements bot.ports.Database."""

from storage.database import SqlDatabase, open_database
from storage.health import Finding
from storage.opening import AlreadyRunning, CannotOpen

__all__ = ["AlreadyRunning", "CannotOpen", "Finding", "SqlDatabase", "open_database"]
