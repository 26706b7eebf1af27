"""Where rows live: SQLite by default, Postgres by one URL. Tables belong to their packages."""

from tutela.storage.database import Database, Session
from tutela.storage.errors import StorageError
from tutela.storage.models import Base, UtcDateTime

__all__ = ["Base", "Database", "Session", "StorageError", "UtcDateTime"]
