"""SQL: tables, transactions, the outbox, migrations. Implements bot.ports.Database."""

from storage.database import SqlDatabase, open_database
from storage.health import Finding
from storage.opening import AlreadyRunning, CannotOpen, NotThere

__all__ = ["AlreadyRunning", "CannotOpen", "Finding", "NotThere", "SqlDatabase", "open_database"]
