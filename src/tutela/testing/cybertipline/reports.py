"""Reports as the authority keeps them: open, then finished, retracted or expired.

An open report is deleted 24 hours after it was opened or one hour after its last change (an upload
or details of a file), whichever is later. Nothing leads back out of any other state.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from tutela.testing.cybertipline.codes import Code, Refused
from tutela.testing.cybertipline.journal import Journal, text_of, xml_of

FIRST = 2**53 + 1
"""The first report's id: neither 32 bits nor a double can hold it."""

KEPT = timedelta(hours=24)
IDLE = timedelta(hours=1)


class State(StrEnum):
    """Where a report is."""

    OPEN = "open"
    FINISHED = "finished"
    RETRACTED = "retracted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class File:
    """A file that was uploaded, without its bytes. `md5` and `sha256` are hex, `size` is bytes,
    `details` the XML that was sent of it, if any was."""

    id: str
    name: str
    size: int
    md5: str
    sha256: str
    received_at: datetime
    details: bytes | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is now. `changed_at` is when it was opened, or its last file or details came.
    `fingerprint` is the SHA-256 of its XML, in hex: two that agree are a double."""

    id: int
    xml: bytes
    fingerprint: str
    opened_at: datetime
    changed_at: datetime
    state: State = State.OPEN
    files: tuple[File, ...] = ()
    finished_at: datetime | None = None
    retracted_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        """When it is gone, if it is still open then."""
        return max(self.opened_at + KEPT, self.changed_at + IDLE)

    def file(self, file_id: str) -> File | None:
        return next((file for file in self.files if file.id == file_id), None)


class Reports:
    """All reports of a server. Any thread may call; what is given out never changes.

    Each change is written to the journal before it is made, and is made from what was written.
    """

    def __init__(self, clock: Callable[[], datetime], journal: Journal) -> None:
        self._clock, self._journal = clock, journal
        self._lock = threading.Lock()
        self._reports: dict[int, Report] = {}
        for event in journal.events:
            if event["event"] in CHANGES:
                self._apply(event)

    def all(self) -> list[Report]:
        """In the order in which they were opened."""
        with self._lock:
            now = self._clock()
            return [_at(report, now) for report in self._reports.values()]

    def submit(self, xml: bytes) -> int:
        """Open a report; its id."""
        with self._lock:
            number = max(self._reports, default=FIRST - 1) + 1
            self._change("submit", number, xml=text_of(xml))
            return number

    def upload(self, number: int, name: str, size: int, md5: str, sha256: str) -> File:
        """Add a file. Raises `Refused`."""
        with self._lock:
            self._open(number)
            file_id = uuid4().hex
            file = {"id": file_id, "name": name, "size": size, "md5": md5, "sha256": sha256}
            self._change("upload", number, file=file)
            return self._reports[number].files[-1]

    def fileinfo(self, number: int, file_id: str, xml: bytes) -> None:
        """Keep the details of a file. Raises `Refused`, also if it has some already."""
        with self._lock:
            file = self._open(number).file(file_id)
            if file is None:
                raise Refused(Code.NO_FILE)
            if file.details is not None:
                raise Refused(Code.INVALID, "the file has details already")
            self._change("fileinfo", number, file=file_id, xml=text_of(xml))

    def finish(self, number: int, fault: Callable[[File], str]) -> Report:
        """File a report, for good. Raises `Refused`, also if `fault` finds one in a file."""
        with self._lock:
            for file in self._open(number).files:
                if found := fault(file):
                    raise Refused(Code.INVALID, found)
            self._change("finish", number)
            return self._reports[number]

    def retract(self, number: int) -> None:
        """Cancel a report. Raises `Refused`."""
        with self._lock:
            self._open(number)
            self._change("retract", number)

    def _open(self, number: int) -> Report:
        """A report that can be changed. Raises `Refused`."""
        found = self._reports.get(number)
        state = _at(found, self._clock()).state if found else State.EXPIRED
        if found is None or state is State.EXPIRED:
            raise Refused(Code.NO_REPORT)
        if state is State.RETRACTED:
            raise Refused(Code.RETRACTED)
        if state is State.FINISHED:
            raise Refused(Code.FINISHED)
        return found

    def _change(self, event: str, number: int, **more: Any) -> None:
        written = {"event": event, "at": self._clock().isoformat(), "report": number, **more}
        self._journal.write(written)
        self._apply(written)

    def _apply(self, event: dict[str, Any]) -> None:
        number, at = event["report"], datetime.fromisoformat(event["at"])
        self._reports[number] = CHANGES[event["event"]](self._reports.get(number), at, event)


def _at(report: Report, now: datetime) -> Report:
    """A report as it is at some time."""
    if report.state is State.OPEN and now >= report.expires_at:
        return replace(report, state=State.EXPIRED)
    return report


def _submitted(_: Report | None, at: datetime, event: dict[str, Any]) -> Report:
    xml = xml_of(event["xml"])
    return Report(event["report"], xml, hashlib.sha256(xml).hexdigest(), at, at)


def _uploaded(report: Report, at: datetime, event: dict[str, Any]) -> Report:
    file = File(received_at=at, **event["file"])
    return replace(report, files=(*report.files, file), changed_at=at)


def _described(report: Report, at: datetime, event: dict[str, Any]) -> Report:
    files = tuple(
        replace(file, details=xml_of(event["xml"])) if file.id == event["file"] else file
        for file in report.files
    )
    return replace(report, files=files, changed_at=at)


def _finished(report: Report, at: datetime, _: dict[str, Any]) -> Report:
    return replace(report, state=State.FINISHED, finished_at=at)


def _retracted(report: Report, at: datetime, _: dict[str, Any]) -> Report:
    return replace(report, state=State.RETRACTED, retracted_at=at)


CHANGES: dict[str, Callable[..., Report]] = {
    "submit": _submitted,
    "upload": _uploaded,
    "fileinfo": _described,
    "finish": _finished,
    "retract": _retracted,
}
"""What each kind of event makes of a report."""
