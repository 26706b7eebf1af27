"""The tables: made by migrations, the same on both databases, and what the models say."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

import tutela.alarms.models
import tutela.audit.models
import tutela.banks.models
import tutela.cases.models
import tutela.decisions.models
import tutela.events.models
import tutela.evidence.models
import tutela.exchanges.models
import tutela.jobs.models
import tutela.law.models
import tutela.migrating.models
import tutela.people.models
import tutela.preservation.models
import tutela.records.models
import tutela.reporting.models
import tutela.screening.policy_models
import tutela.views.models
import tutela.webhooks.models  # noqa: F401 - its tables are compared
from tutela.storage import Base, Database, schema
from tutela.storage.errors import NotSetUp


def test_migrations_give_the_tables_of_the_models(database):
    with database.engine.begin() as connection:
        command.check(schema.config(connection, Base.metadata))


def test_upgrading_again_changes_nothing(database):
    schema.upgrade(database)
    schema.require(database)


def test_the_newest_revision_is_the_one_that_the_program_wants(database):
    with database.engine.begin() as connection:
        scripts = ScriptDirectory.from_config(schema.config(connection))
    assert scripts.get_current_head() == schema.HEAD


def test_an_empty_database_says_what_to_run(empty_url):
    with Database(empty_url) as empty:
        empty.make_folder()
        with pytest.raises(NotSetUp, match="tutela init"):
            schema.require(empty)


def test_tables_of_a_newer_version_are_refused(database):
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NotSetUp, match="Run a newer Tutela"):
        schema.require(database)


def test_tables_of_others_in_the_same_database_are_left_alone(database):
    with database.writing() as session:
        session.execute(text("CREATE TABLE workflow_status (id INTEGER)"))
    with database.engine.begin() as connection:
        command.check(schema.config(connection, Base.metadata))
