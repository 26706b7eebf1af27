"""The US CyberTipline of NCMEC, as the contract of an authority has it.

What is said where: `mapping`, `mapping_files` and `parties`; what the wire takes: `tags` and the
models; how a report is sent: `machine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from tutela.reporting import facts
from tutela.reporting.authorities import (
    Answer,
    Call,
    Cut,
    Enclosure,
    Ended,
    Environment,
    Fault,
    Lost,
    Paper,
    Receipt,
    Wait,
)
from tutela.reporting.cybertipline import (
    checking,
    machine,
    mapping,
    mapping_files,
    noting,
    parties,
)
from tutela.reporting.cybertipline.checking import Schema
from tutela.reporting.cybertipline.errors import Fault as WireFault
from tutela.reporting.cybertipline.errors import SchemaRefused
from tutela.reporting.cybertipline.files import FileAnnotations, FileDetails
from tutela.reporting.cybertipline.fitting import REPLACEMENT
from tutela.reporting.cybertipline.incidents import Report, ReportAnnotations
from tutela.reporting.cybertipline.tags import Model, slots
from tutela.reporting.cybertipline.vocabulary import AddressType, EmailType, EventName, PhoneType
from tutela.reporting.cybertipline.writing import written
from tutela.reporting.facts import Moment, Reporter

E = TypeVar("E", bound=StrEnum)
NONE: frozenset[str] = frozenset()
WHERE = {
    "web": "webPageIncident", "email": "emailIncident", "newsgroup": "newsgroupIncident",
    "chat": "chatImIncident", "game": "onlineGamingIncident", "phone": "cellPhoneIncident",
    "offline": "nonInternetIncident", "peers": "peer2peerIncident",
}  # fmt: skip
LONGEST_NAME = 200
UNNAMED = "file"
"""What an upload is called whose name nobody gave: the form must have one."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """All documents of a report, within the limits, and what had to be done for it."""

    report: Report
    details: tuple[FileDetails | None, ...]
    cuts: tuple[Cut, ...]


class CyberTipline:
    """See `tutela.reporting.authorities.Authority`."""

    name = "ncmec"
    title = "NCMEC CyberTipline"
    addresses: Mapping[Environment, str] = {
        Environment.TEST: "https://exttest.cybertip.org/ispws",
        Environment.PRODUCTION: "https://report.cybertip.org/ispws",
    }
    own_schema = "aee4c88099409b8a27d1403a5bc9bf0809bdc4819c079081abc1e2275efb392b"
    """Of November 2025."""
    schema_call = Call("schema", "GET", "/xsd")
    status_call = Call("status", "GET", "/status")
    by_hand = False
    covers: tuple[str, ...] = ()

    def welcomed(self, answer: Answer) -> Wait | Ended | None:
        return machine.welcomed(answer)

    def choices(self) -> Mapping[str, Mapping[str, str]]:
        return {
            "incident": {str(one): str(kind) for one, kind in mapping.INCIDENTS.items()},
            "flags": _tags(ReportAnnotations, mapping.FLAGS),
            "marks": _tags(FileAnnotations, mapping_files.MARKS),
            "moment": {str(one): str(EventName[one.name]) for one in Moment},
            "where.kind": WHERE,
            "email.kind": {str(one).lower(): str(one) for one in EmailType},
            "phone.kind": {str(one).lower(): str(one) for one in PhoneType},
            "address.kind": {str(one).lower(): str(one) for one in AddressType},
            "associated.kind": {one: str(kind) for one, kind in parties.ASSOCIATED.items()},
        }

    def draft(self, report: facts.Report, reporter: Reporter, schema: bytes | None = None) -> Paper:
        newer = _newer(schema)
        fit = _fitted(report, reporter, newer)
        enclosures = tuple(
            Enclosure(file.evidence, _name(file), file.size, details=written(one, newer))
            if one is not None
            else Enclosure("", _name(file), file.size, file.more or "It was not kept.")
            for file, one in zip(report.files, fit.details, strict=True)
        )
        return Paper(written(fit.report, newer), enclosures, fit.cuts)

    def check(
        self, report: facts.Report, reporter: Reporter, schema: bytes | None = None
    ) -> Sequence[Fault]:
        try:
            served = _opened(schema)
        except SchemaRefused as refused:
            return [Fault("schema", refused.what, refused.hint or "")]
        newer = served.tags if served else NONE
        fit = _fitted(report, reporter, newer)
        faults = list(_of_times(report))
        faults += [_fault(one) for one in checking.check(fit.report, _now(report))]
        for number, details in enumerate(fit.details, 1):
            if details is not None:
                faults += [_fault(one, number) for one in checking.check(details)]
        enclosed = [file.evidence for file in report.files if file.evidence]
        if len(set(enclosed)) < len(enclosed):
            faults.append(Fault(
                "files", "The same file is enclosed twice.", "Leave one of them out."
            ))  # fmt: skip
        if served is not None and not faults:
            faults += [_fault(one) for one in served.faults(written(fit.report, newer))]
            for number, details in enumerate(fit.details, 1):
                if details is not None:
                    found = served.faults(written(details, newer))
                    faults += [_fault(one, number) for one in found]
        return faults

    def supplement(self, report: facts.Report, earlier: Receipt) -> facts.Report:
        return mapping.added(report, earlier.id)

    def submit(
        self,
        report: facts.Report,
        reporter: Reporter,
        schema: bytes | None = None,
        *,
        resume: timedelta = timedelta(minutes=30),
    ) -> str:
        return machine.submit(resume)

    def next(self, state: str, paper: Paper, now: datetime) -> Call | Wait | Ended:
        return machine.next(state, paper, now)

    def calling(self, state: str, call: Call, now: datetime) -> str:
        return machine.calling(state, call, now)

    def after(
        self, state: str, call: Call, answer: Answer | Lost, now: datetime
    ) -> tuple[str, Wait | None]:
        return machine.after(state, call, answer, now)

    def may_be_filed(self, state: str) -> bool:
        return machine.may_be_filed(state)

    def again(self, state: str, now: datetime) -> str:
        return machine.again(state, now)

    def receipt(self, state: str, now: datetime) -> Receipt:
        return machine.receipt(state, now)

    def remote(self, state: str) -> str:
        return machine.remote(state)

    def withdraw(self, state: str, now: datetime) -> str:
        return machine.withdraw(state, now)


def _fitted(report: facts.Report, reporter: Reporter, newer: frozenset[str]) -> Fitted:
    now = _now(report)
    document, done = noting.fitted(mapping.report(report, reporter, newer), now)
    cuts = list(noting.plain(done, "report", "report"))
    found: list[FileDetails | None] = []
    for number, file in enumerate(report.files, 1):
        if not file.evidence:
            found.append(None)
            continue
        details, done = noting.fitted(mapping_files.details(file, reporter, newer), now)
        cuts += noting.plain(done, f"fileDetails[{number}]", "fileDetails")
        if mapping_files.unclassified(file, reporter):
            cuts.append(Cut(f"fileDetails[{number}]/industryClassification", "dropped"))
        found.append(details)
    return Fitted(document, tuple(found), tuple(cuts))


def _of_times(report: facts.Report) -> Sequence[Fault]:
    """What is wrong with the time that every report has: it is written as UTC, whatever it is."""
    if report.at.utcoffset() is not None:
        return ()
    return (Fault(
        "report/incidentSummary/incidentDateTime", "This time does not say its time zone.",
        "Say the zone, best UTC.",
    ),)  # fmt: skip


def _now(report: facts.Report) -> datetime:
    made = report.made_at
    return made.replace(tzinfo=UTC) if made.utcoffset() is None else made


def _newer(schema: bytes | None) -> frozenset[str]:
    """What the served schema declares. One that cannot be used, `check` tells of."""
    try:
        served = _opened(schema)
    except SchemaRefused:
        return NONE
    return served.tags if served else NONE


def _opened(schema: bytes | None) -> Schema | None:
    return _read(schema) if schema else None


@lru_cache(maxsize=4)
def _read(schema: bytes) -> Schema:
    return Schema.of(schema)


def _name(file: facts.File) -> str:
    """What the upload is called: no path, nothing unprintable, the end of what is long. The whole
    name stands in the details."""
    given = (file.original_name or file.name).replace("\\", "/").rpartition("/")[2].strip()
    shown = "".join(one if one.isprintable() else REPLACEMENT for one in given)
    return shown[-LONGEST_NAME:] or UNNAMED


def _tags(block: type[Model], fields: Mapping[E, str]) -> dict[str, str]:
    """Our codes, and the elements that stand for them."""
    found = {slot.field: slot.tag.name for slot in slots(block)}
    return {str(code): found[field] for code, field in fields.items()}


def _fault(one: WireFault, number: int = 0) -> Fault:
    path = one.path
    if number:
        path = f"fileDetails[{number}]" + path.removeprefix("fileDetails")
    return Fault(path, one.what, one.hint)
