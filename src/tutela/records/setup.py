"""What records are told of an installation: its settings, as far as records say something of them.
Settings stand above this room, so whoever asks fills this in (`interfaces/records.py`)."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.bundles.receivers import Receiver
from tutela.cases.options import Options as Cases
from tutela.decisions.options import Options as Decisions
from tutela.law.options import Options as Law
from tutela.people.options import Options as People
from tutela.policy import Policy
from tutela.preservation.options import Options as Preservation
from tutela.records.options import Options as Records
from tutela.reporting.options import Options as Reporting
from tutela.screening.options import Options as Screening
from tutela.views.options import Options as Views
from tutela.webhooks.options import Options as Webhooks


@dataclass(frozen=True, slots=True)
class Setup:
    """`store`: where sealed files lie, in words; `openers`: how many can open them; `engine`: what
    the database is; `hosts`: what may be fetched from; `encrypted_console`: browsers reach it by
    https."""

    policy: Policy
    reporting: Reporting
    law: Law
    views: Views
    preservation: Preservation
    decisions: Decisions
    cases: Cases
    people: People
    screening: Screening
    webhooks: Webhooks
    records: Records
    receivers: tuple[Receiver, ...]
    store: str
    openers: int
    engine: str
    hosts: tuple[str, ...]
    encrypted_console: bool
    single_sign_on: bool
