"""Collects what a bundle says of a case or a report: what stands confirmed, and who did what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select

from tutela.bundles.errors import BundleRefused
from tutela.cases import service as cases
from tutela.cases.alerts import NOTICE
from tutela.cases.alerts import REPORT as USER_REPORT
from tutela.cases.models import Alert, Case
from tutela.decisions.models import Decision
from tutela.evidence.models import Clock, File, Intent
from tutela.people.permissions import Caller
from tutela.reporting import facts, gathering, register
from tutela.reporting.models import Report
from tutela.screening.models import Decided, Item, ItemSignal
from tutela.storage import Session
from tutela.views.models import View

Row = TypeVar("Row")
TOGETHER = 500
"""Ids of one query."""

MOST = 100_000
"""Files of one bundle: they are held in memory, some kilobytes each."""

PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the bundle. `evidence`: its id and the SHA-256 of its bytes, if they are kept."""

    item: str
    hashes: dict[str, str]
    size: int | None
    grades: dict[str, str]
    evidence: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """`told`: all that `case.json` says. `subjects`: of whom entries of the log belong to it."""

    case: str
    report: str
    test: bool
    told: dict[str, Any]
    said: dict[str, Any] | None
    files: tuple[Kept, ...]
    subjects: frozenset[str]

    @property
    def subject(self) -> str:
        return self.report or self.case


def collect(session: Session, caller: Caller, subject: str) -> Contents:
    """What there is of a case, `case_…`, or of a report, `rpt_…`. Raises `BundleRefused` if nothing
    of it stands confirmed, `NoSuchCase` and `NoSuchReport` also for one that the caller need not
    know of."""
    report = None
    if subject.startswith("rpt_"):
        report = register.found(session, caller, subject)
        content = facts.Report.from_json(report.content)
        case = cases.found(session, caller, report.case_id)
        told = {one.item for one in content.files if one.item}
        items = [one for one in gathering.confirmed(session, case.id) if one in told]
    else:
        case = cases.found(session, caller, subject)
        items = gathering.confirmed(session, case.id)
    if not items:
        raise BundleRefused(
            f"Nothing of {subject} stands confirmed.", "A bundle tells of what a person confirmed."
        )
    if len(items) > MOST:
        raise BundleRefused(
            f"{subject} has more than {MOST} files.", "Make bundles of its reports."
        )
    return _contents(session, case, report, items)


def _contents(
    session: Session, case: Case, report: Report | None, items: Sequence[str]
) -> Contents:
    found = {row.id: row for row in _rows(session, Item, Item.id, items)}
    verdicts = {row.item_id: row for row in _rows(session, Decided, Decided.item_id, items)}
    signals = _by(_rows(session, ItemSignal, ItemSignal.item_id, items, ItemSignal.id), "item_id")
    decisions = _by(
        _rows(session, Decision, Decision.item_id, items, Decision.at, Decision.id), "item_id"
    )
    views = _by(_rows(session, View, View.item_id, items, View.at, View.id), "item_id")
    names = sorted({one.evidence_id for one in verdicts.values() if one.evidence_id})
    files = {row.id: row for row in _rows(session, File, File.id, names)}
    clocks = _by(_rows(session, Clock, Clock.file_id, names, Clock.id), "file_id")
    intents = _by(_rows(session, Intent, Intent.file_id, names, Intent.at, Intent.id), "file_id")
    reports = session.scalars(
        select(Report).where(Report.case_id == case.id).order_by(Report.made_at, Report.id)
    ).all()
    kept, told = [], []
    for name in items:
        verdict = verdicts.get(name)
        file = files.get(verdict.evidence_id or "") if verdict else None
        hashes = {one.type: one.value for one in signals.get(name, ()) if one.variant == PLAIN}
        standing = [one for one in decisions.get(name, ()) if one.undone_at is None]
        there = file is not None and file.deleted_at is None
        kept.append(Kept(
            name, hashes, file.size if file else found[name].size,
            json.loads(standing[-1].grades) if standing and standing[-1].grades else {},
            file.id if file and there else "", file.digest.hex() if file and there else "",
        ))  # fmt: skip
        told.append(_item(found[name], verdict, hashes) | {
            "decisions": [_row(one, DECISION) for one in decisions.get(name, ())],
            "views": [_row(one, VIEW) for one in views.get(name, ())],
            "evidence": None if file is None else _row(file, FILE) | {
                "sha256": file.digest.hex(),
                "clocks": [_row(one, CLOCK) for one in clocks.get(file.id, ())],
                "intents": [_row(one, INTENT) for one in intents.get(file.id, ())],
            },
        })  # fmt: skip
    every = {one.id for group in decisions.values() for one in group}
    return Contents(
        case=case.id, report=report.id if report else "", test=case.test,
        told={
            "format": 1, "case": _row(case, CASE),
            "reports": [_row(one, REPORT) for one in reports],
            "people_said": [_row(one, ALERT) for one in _said(session, case.id)], "items": told,
        },
        said=json.loads(report.content) if report else None, files=tuple(kept),
        subjects=frozenset({case.id, *items, *names, *every, *(one.id for one in reports)}),
    )  # fmt: skip


CASE = ("id", "subject_kind", "subject", "role", "role_why", "opened_at", "closed_at", "closed_why",
        "danger", "test")  # fmt: skip
REPORT = ("id", "authority", "environment", "state", "made_at", "made_by", "filed_at", "remote_id")
ALERT = ("at", "kind", "about", "about_id", "item_id", "code", "text", "url", "reporter", "danger",
         "subject_age", "child_age")  # fmt: skip
DECISION = ("id", "at", "actor", "conclusion", "reason", "grades", "viewed", "undone_at",
            "undone_by", "undone_why")  # fmt: skip
VIEW = ("id", "at", "actor", "rendering", "whole", "seconds", "ended_at")
FILE = ("id", "size", "sealed_size", "name", "recipients", "sealed_at", "keep_until", "held_at",
        "deleted_at", "deleted_why", "gone_at")  # fmt: skip
CLOCK = ("kind", "subject", "basis", "began_at", "until", "ended_at")
INTENT = ("id", "purpose", "rendering", "actor", "reason", "at", "used_at")
JSON = ("grades", "given")
"""Columns that hold JSON already."""


def _row(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: _value(name, getattr(row, name)) for name in names}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if name in JSON and isinstance(value, str):
        return json.loads(value) if value else {}
    return str(value) if isinstance(value, str) else value


def _item(item: Item, verdict: Decided | None, hashes: dict[str, str]) -> dict[str, Any]:
    return _row(item, ("id", "at", "external_id", "creator_id", "channel", "size", "given")) | {
        "hashes": hashes, "verdict": verdict.verdict if verdict else None,
        "rule": verdict.rule if verdict else None,
    }  # fmt: skip


def _said(session: Session, case_id: str) -> Sequence[Alert]:
    """What people said; who they are stays here."""
    return session.scalars(
        select(Alert)
        .where(
            Alert.case_id == case_id, Alert.detached_at.is_(None),
            Alert.kind.in_((USER_REPORT, NOTICE)),
        )
        .order_by(Alert.id)
    ).all()  # fmt: skip


def _rows(
    session: Session, model: type[Row], column: Any, ids: Sequence[str], *order: Any
) -> Iterator[Row]:
    """The rows of these ids; those of one id in this order."""
    for at in range(0, len(ids), TOGETHER):
        query = select(model).where(column.in_(ids[at : at + TOGETHER]))
        yield from session.scalars(query.order_by(*order))


def _by(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found
