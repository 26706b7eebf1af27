"""Papers that go along with a report, such as the log of a conversation: sealed like all evidence,
and never what is reported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from tutela import evidence
from tutela.evidence import clocks
from tutela.evidence.sealing import Sealed, Sealer
from tutela.people.permissions import Caller
from tutela.reporting import drafting, facts, gathering
from tutela.reporting.errors import EditRefused
from tutela.reporting.facts import File
from tutela.reporting.models import Report
from tutela.reporting.register import changed, editable
from tutela.storage import Session

LARGEST = 16 << 20
"""Bytes of one paper: it is held in memory while it is sealed. A log of many years has a few."""

LONGEST_NAME = 255
HASHES = ("md5", "sha1", "sha256")


@dataclass(frozen=True, slots=True)
class Handed:
    """A paper as it was handed in, sealed already: that may take longer than a transaction may."""

    name: str
    sealed: Sealed
    hashes: tuple[tuple[str, str], ...]


def handed(sealer: Sealer, name: str, data: bytes) -> Handed:
    """Seal a paper. Raises `EditRefused` if it is empty or too large, and `SealingFailed`."""
    if not data:
        raise EditRefused("The paper is empty.", "Choose a file that holds something.")
    if len(data) > LARGEST:
        raise EditRefused(f"The paper is larger than {LARGEST} bytes.", "Split it.")
    hashes = tuple(
        (one, hashlib.new(one, data, usedforsecurity=False).hexdigest()) for one in HASHES
    )
    return Handed(shown_name(name), sealer.seal(data), hashes)


def attach(
    session: Session, now: datetime, caller: Caller, report_id: str, version: int, paper: Handed
) -> Report:
    """Have a paper go along. It is kept for as long as the report needs it. Raises `EditRefused`,
    `ReportChanged`, `ReportNotReady`, `NoSuchReport`, `NotPermitted`."""
    report = editable(session, caller, report_id, version)
    content = facts.Report.from_json(report.content)
    if len(content.files) >= gathering.MOST_FILES:
        raise EditRefused(
            f"{report.id} has {gathering.MOST_FILES} files already.", "Leave some of them out."
        )
    sealed = evidence.record(session, now, paper.sealed, now)  # what keeps it is the clock
    clocks.start(session, now, sealed.id, drafting.DRAFT, report.id, drafting.BASIS, None)
    file = File(
        sealed.id, name=paper.name, size=sealed.size, hashes=paper.hashes, supplemental=True
    )
    changed(session, now, caller, report, replace(content, files=(*content.files, file)), "paper")
    return report


def shown_name(name: str) -> str:
    """A file's name without its folder, as text of one line: it came from elsewhere."""
    base = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in base)
    return shown[:LONGEST_NAME] or "paper"
