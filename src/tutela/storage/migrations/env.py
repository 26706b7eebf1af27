"""Run by Alembic with a connection that `tutela.storage.schema` opened."""

from alembic import context

OURS = (
    "alarms_", "audit_", "banks_", "cases_", "decisions_", "events_", "evidence_", "exchanges_",
    "jobs_", "law_", "people_", "preservation_", "records_", "reporting_",
    "screening_", "views_", "webhooks_",
)  # fmt: skip
"""Prefixes of our tables; others in the same database are not ours to change."""


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return kind != "table" or str(name).startswith(OURS)


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    include_object=ours,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
