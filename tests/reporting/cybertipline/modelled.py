"""The authority as a model without sockets, and somebody who drives the machine against it and may
be killed between any two of their acts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tutela.reporting.authorities import Answer, Call, Enclosure, End, Ended, Lost, Paper, Wait
from tutela.reporting.cybertipline import machine

BEGAN = datetime(2031, 5, 1, 12, tzinfo=UTC)
DETAILS = b"<fileDetails><reportId>0</reportId><fileId>0</fileId></fileDetails>"
PAPER = Paper(
    b"<report/>",
    tuple(Enclosure(f"ev_{n}", f"bicycle{n}.jpg", 10, details=DETAILS) for n in range(3)),
)
MD5 = {one.evidence: hashlib.md5(one.name.encode()).hexdigest() for one in PAPER.enclosures}

LOST = (
    "never-sent", "lost", "done-and-lost", "502", "done-and-502", "garbage", "done-and-garbage",
    "done-and-wrong-id",
)  # fmt: skip
"""Nothing that can be read comes back."""

REFUSED = ("1000", "1111", "503", "429", "401", "2000", "3100", "4100", "7777", "5002")
FAULTS = ("", *LOST, *REFUSED, "wrong-md5")


@dataclass
class Kept:
    """A report there."""

    opened_at: datetime
    changed_at: datetime
    state: str = "open"
    files: dict[str, str] = field(default_factory=dict)
    described: set[str] = field(default_factory=set)


class Model:
    """What the contract says the authority does. `faults` are met by one call each."""

    def __init__(self) -> None:
        self.now = BEGAN
        self.reports: dict[str, Kept] = {}
        self.calls: list[str] = []

    @property
    def finished(self) -> list[str]:
        return [name for name, one in self.reports.items() if one.state == "finished"]

    def answer(self, call: Call, fault: str = "") -> Answer | Lost:
        self.calls.append(call.name)
        if fault in ("never-sent", "lost"):
            return Lost("It cannot be reached.", sent=fault == "lost")
        if fault in ("502", "503", "429", "401"):
            return Answer(int(fault), {"retry-after": "7"} if fault != "502" else {}, b"")
        if fault == "garbage" or fault.isdigit():
            return _coded(int(fault)) if fault.isdigit() else Answer(200, {}, b"")
        done = self._do(call)
        match fault:
            case "done-and-lost":
                return Lost("It broke off.")
            case "done-and-502":
                done = Answer(502, {}, b"<html>")
            case "done-and-garbage":
                done = Answer(200, {}, b"<reportResponse><responseCo")
            case "done-and-wrong-id" if call.name != "submit":
                done = _coded(0, report="999999999999", file="f" * 32, md5="0" * 32)
            case "wrong-md5" if call.name == "upload":
                done = Answer(200, {}, done.body.replace(_md5(call).encode(), b"0" * 32))
        return Answer(done.status, done.headers, done.body, _md5(call))

    def _do(self, call: Call) -> Answer:
        if call.name == "submit":
            name = str(2**53 + len(self.reports))
            self.reports[name] = Kept(self.now, self.now)
            return _coded(0, name)
        name = dict(call.fields).get("id") or _between(call.body, b"reportId")
        report = self.reports[name]
        if report.state == "open" and self.now >= max(
            report.opened_at + timedelta(hours=24), report.changed_at + timedelta(hours=1)
        ):
            report.state = "expired"
        if report.state != "open":
            return _coded({"expired": 5001, "retracted": 5101, "finished": 5102}[report.state])
        match call.name:
            case "upload":
                file = hashlib.md5(f"{name} {len(report.files)}".encode()).hexdigest()
                report.files[file], report.changed_at = call.about, self.now
                return _coded(0, name, file, _md5(call))
            case "fileinfo":
                file = _between(call.body, b"fileId")
                if file in report.described:
                    return _coded(4100)
                report.described.add(file)
                report.changed_at = self.now
            case "finish":
                report.state = "finished"
                return Answer(200, {}, (
                    f"<reportDoneResponse><responseCode>0</responseCode><reportId>{name}"
                    "</reportId><files/></reportDoneResponse>"
                ).encode())  # fmt: skip
            case _:
                report.state = "retracted"
        return _coded(0, name)


@dataclass
class Driver:
    """Keeps the state as a database would: `state` is what a death leaves."""

    model: Model
    paper: Paper = PAPER
    state: str = field(default_factory=machine.submit)
    known: set[str] = field(default_factory=set)
    """Every id that was ever written down."""

    def step(self, fault: str = "", death: str = "") -> Ended | Wait | Call | None:
        """One call. `death` comes before the call is made, or before its outcome is kept."""
        found = machine.next(self.state, self.paper, self.model.now)
        if not isinstance(found, Call):
            return found
        if found.name == "finish":
            assert dict(found.fields)["id"] in self.known, "it was never written down"
        self.keep(machine.calling(self.state, found, self.model.now))
        if death == "before":
            return found
        answer = self.model.answer(found, fault)
        if death == "after":
            return None
        state, wait = machine.after(self.state, found, answer, self.model.now)
        self.keep(state)
        return wait

    def keep(self, state: str) -> None:
        self.state = state
        if remote := machine.remote(state):
            self.known.add(remote)

    def run(self, faults: Iterable[str] = ()) -> Ended:
        """On and on, mending what halts it, until it is at rest."""
        faults = iter(faults)
        for _ in range(200):
            found = self.step(next(faults, ""))
            if isinstance(found, Ended):
                if found.end is not End.HALTED:
                    return found
                self.keep(machine.again(self.state, self.model.now))
        raise AssertionError(f"it does not end: {self.state}")

    @property
    def left_open(self) -> set[str]:
        """Reports that were known, are another's than the state's, and are open still."""
        others = self.known - {machine.remote(self.state)}
        return {name for name in others if self.model.reports[name].state == "open"}

    @property
    def read(self) -> machine.Progress:
        return machine.Progress.of(self.state)


def _md5(call: Call) -> str:
    return MD5.get(call.about, "") if call.name == "upload" else ""


def _coded(code: int, report: str = "", file: str = "", md5: str = "") -> Answer:
    more = "".join(
        f"<{tag}>{value}</{tag}>"
        for tag, value in (("reportId", report), ("fileId", file), ("hash", md5))
        if value
    )
    text = (
        f"<reportResponse><responseCode>{code}</responseCode><responseDescription>Said"
        f"</responseDescription>{more}</reportResponse>"
    )
    return Answer(200, {}, text.encode())


def _between(body: bytes, tag: bytes) -> str:
    return body.split(b"<" + tag + b">")[1].split(b"</")[0].decode()
