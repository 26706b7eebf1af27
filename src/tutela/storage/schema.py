"""Makes the tables, and brings those of an earlier version up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, inspect, text
from sqlalchemy.exc import DBAPIError

from tutela.storage.database import Database
from tutela.storage.errors import NotSetUp, StorageError, explained

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0016"
"""The newest revision in `migrations/versions`; a test compares."""


def revision(database: Database) -> str | None:
    """The revision of the tables, or None if there are none."""
    database.require_file()
    with database.reading() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        return session.execute(text("SELECT version_num FROM alembic_version")).scalar()


def require(database: Database) -> None:
    """Raises `NotSetUp` unless the tables are those of this version of Tutela."""
    found = revision(database)
    if found != HEAD:
        what = "has no tables of Tutela" if found is None else f"has revision {found}, not {HEAD}"
        raise NotSetUp(
            f"The database {database.name} {what}.",
            "Run: tutela init" if found is None or found < HEAD else "Run a newer Tutela.",
        )


def upgrade(database: Database, metadata: MetaData | None = None) -> None:
    """Make the tables or bring them up to date, all or nothing. Waits for another who does."""
    from alembic import command

    database.make_folder()
    try:
        with explained(database.name), database.engine.begin() as connection:
            if not database.is_sqlite:  # SQLite's transaction holds the only write lock
                connection.execute(text("SELECT pg_advisory_xact_lock(7850451)"))
            command.upgrade(config(connection, metadata), "head")
    except DBAPIError as error:
        raise StorageError(f"The database {database.name} could not be upgraded.") from error


def config(connection: object, metadata: MetaData | None = None) -> Config:
    """Alembic's configuration, without a file: its folder is in the package."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    made.attributes["metadata"] = metadata
    return made
