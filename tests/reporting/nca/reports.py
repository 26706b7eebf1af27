"""Reports about bicycles that say all that the form asks."""

from __future__ import annotations

from dataclasses import replace

from tutela.reporting.facts import Report, Reporter
from tutela.reporting.nca import answers
from tutela.testing.authority_contract import report

REPORTER = Reporter("Tess", "Sato", "trust@example.org", "+44 20 7946 0000")
SAID = {
    "priority": "3", "detected_at": "2031-05-01T11:30:00+00:00", "detected_by": "user",
    "type": "imagery", "related": "no", "police": "no",
    "rest": "not held: the service does not ask for it",
}  # fmt: skip


def answered(what: Report | None = None, **said: str) -> Report:
    """With these answers too; an empty one is none."""
    all_ = {**SAID, **said}
    pairs = tuple((name.replace("__", "."), text) for name, text in all_.items() if text)
    return replace(what or report(), answers=pairs)


def declared(what: Report | None = None, **said: str) -> Report:
    """The same, declared to be complete by a person."""
    return answers.declared(answered(what, **said), "person:ann")
