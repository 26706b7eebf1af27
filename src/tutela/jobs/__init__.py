"""Durable work: it goes on where it ended, whatever was killed."""

from tutela.jobs.duties import Chore, ChoreFailed, ChoreWorksAgain, Duty, DutyFailed
from tutela.jobs.lease import LeaseState, lease_state
from tutela.jobs.worker import Worker

__all__ = [
    "Chore", "ChoreFailed", "ChoreWorksAgain", "Duty", "DutyFailed", "LeaseState", "Worker",
    "lease_state",
]  # fmt: skip
