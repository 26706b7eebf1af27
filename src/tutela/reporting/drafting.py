"""Drafts: made by themselves when something is confirmed, or by hand; kept in step with what is
decided until someone sends them."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tutela import alarms, audit, events
from tutela.cases import steps
from tutela.cases.models import Alert, Case, Step
from tutela.decisions.models import Decision
from tutela.decisions.told import ReportDue, ReportNotDue
from tutela.evidence import clocks
from tutela.evidence.models import File
from tutela.law import service as law
from tutela.people.permissions import Caller
from tutela.preservation.covering import options_of as preservation_of
from tutela.preservation.options import over
from tutela.reporting import (
    authorities,
    correcting,
    facts,
    files,
    gathering,
    merging,
    register,
)
from tutela.reporting.authorities import Receipt
from tutela.reporting.errors import ReportNotReady
from tutela.reporting.facts import Incident
from tutela.reporting.gathering import options_of
from tutela.reporting.models import Exchange, Report, State
from tutela.reporting.register import EDITED, changed, editable, open_of
from tutela.storage import Session

DRAFT = "draft"
"""The kind of clock that keeps the files of a report that is not filed yet."""

BASIS = "a report that is not sent yet"
DRAFTED, WAITS, LATE = "report-drafted", "report-waits", "report-late"
"""Steps of a case: a draft was made; a report is due, and a person must say
of what kind of incident; what is being sent holds what was decided otherwise meanwhile."""

HALTED, WAITING = "report.halted", "report.waiting"
"""The alarms over a report that a person must mend, and over one that was tried again and again
(`outcomes`)."""

OTHERWISE = "What it was about was decided otherwise."
LONGEST_WHY = 512


def draft(
    session: Session,
    now: datetime,
    actor: str,
    case: Case,
    authority: str,
    *,
    incident: Incident | None = None,
) -> Report:
    """Make the draft of a case's report to an authority: of one that was told of the case before, a
    supplement. Raises `ReportNotReady`, which names a report that is open already;
    `NoSuchAuthority`."""
    authorities.named(authority)
    if (there := open_of(session, case.id, authority)) is not None:
        raise _open(there)
    found = _made(session, now, actor, case, authority, incident)
    if found is None:
        there = open_of(session, case.id, authority)
        raise _open(there) if there is not None else _busy()
    return found


def ask(session: Session, told: ReportDue) -> None:
    """Something was confirmed: put it into the draft of its case for each authority that is told,
    or make one. What is being sent already is not touched: `filed` drafts a supplement then."""
    case = session.get_one(Case, told.case_id)
    if case.test:
        return
    actor = session.get_one(Decision, told.decision_id).actor
    known = options_of(session).authorities
    for authority in law.recipients(session, case, told.at, known):
        there = open_of(session, case.id, authority)
        if there is None:
            _by_itself(session, told.at, actor, case, authority)
        elif there.state == State.DRAFT and told.item_id:
            _add(session, told.at, there.id, told.item_id)


def unask(session: Session, told: ReportNotDue) -> None:
    """What was confirmed is decided otherwise: it goes from drafts, and a draft that was made by
    itself and that nobody edited goes with the last of it."""
    reports = session.scalars(
        select(Report)
        .where(
            Report.case_id == told.case_id,
            Report.state.in_((State.DRAFT, State.QUEUED, State.HALTED)),
        )
        .order_by(Report.id)
        .with_for_update()
    ).all()
    for report in reports:
        content = facts.Report.from_json(report.content)
        there = [one for one in content.files if one.item and one.item == told.item_id]
        if not there and told.item_id:
            continue
        if report.state != State.DRAFT:
            if _is_begun(report, told.at):
                steps.write(
                    session, told.at, "worker", report.case_id, LATE, report=report.id,
                    item=told.item_id,
                )  # fmt: skip
                continue
            _put_back(session, told.at, report)
        left = tuple(one for one in content.files if one not in there)
        _put(session, report, replace(content, files=left))
        for one in there:
            if one.evidence:
                clocks.end(session, told.at, DRAFT, report.id, one.evidence)
        if not left and not _needed(session, report, told.item_id):
            _withdraw(session, told.at, "worker", report, OTHERWISE)


def filed(session: Session, now: datetime, report: Report) -> Report | None:
    """A report was filed: what was confirmed meanwhile goes into a new draft. To be called last, in
    the transaction that files it."""
    session.flush()
    case = session.get_one(Case, report.case_id)
    if case.test or report.authority not in options_of(session).authorities:
        return None
    if not gathering.waits(session, case, report.authority):
        return None
    return _by_itself(session, now, "worker", case, report.authority)


def supplement(
    session: Session,
    now: datetime,
    caller: Caller,
    report_id: str,
    incident: Incident | None = None,
) -> Report:
    """Make a draft that adds to a report that was filed, by hand. Without anything new to enclose
    it is about what the earlier was about. It says what was decided otherwise since; if there is
    one already that does not yet, that does then. Raises `ReportNotReady`, `NoSuchReport`."""
    before = register.found(session, caller, report_id)
    if before.state != State.FILED:
        raise ReportNotReady(
            f"{before.id} is not filed, so that nothing can be added to it.",
            "Edit it, or withdraw it.",
        )
    case = session.get_one(Case, before.case_id)
    if (there := open_of(session, case.id, before.authority)) is not None:
        if there.state == State.DRAFT and there.supplements and correcting.waiting(session, there):
            row = register.found(session, caller, there.id, lock=True)
            content = correcting.told_in(session, now, caller.actor, row)
            changed(session, now, caller, row, content, "corrections")
            return row
        raise _open(there)
    said = facts.Report.from_json(before.content).incident
    made = _made(session, now, caller.actor, case, before.authority, incident, before, said)
    if made is None:
        raise _busy()
    return made


def regathered(
    session: Session, now: datetime, caller: Caller, report_id: str, version: int
) -> Report:
    """Gather anew, and keep what people wrote: a field that they emptied is filled again if records
    say it. Raises `ReportChanged`, `ReportNotReady`, `NoSuchReport`."""
    report = editable(session, caller, report_id, version)
    case = session.get_one(Case, report.case_id)
    old = facts.Report.from_json(report.content)
    new = gathering.gathered(session, now, case, report.authority, _known(old), report_id=report.id)
    content = merging.merged(old, new)
    _keep(session, now, report, content.files)
    gone = {one.evidence for one in old.files} - {one.evidence for one in content.files}
    for name in sorted(gone - {""}):
        clocks.end(session, now, DRAFT, report.id, name)
    changed(session, now, caller, report, content, "gathered")
    return report


def withdraw_draft(
    session: Session, now: datetime, caller: Caller, report_id: str, why: str
) -> Report:
    """Take back a draft that was never sent. Raises `ReportNotReady`, `NoSuchReport`."""
    why = why.strip()
    if not why or len(why) > LONGEST_WHY or "\0" in why:
        raise ReportNotReady(
            "No draft is withdrawn without a reason.", f"Say why, in up to {LONGEST_WHY} letters."
        )
    report = register.found(session, caller, report_id, lock=True)
    if report.state != State.DRAFT:
        raise ReportNotReady(f"{report.id} is {report.state}, and no draft.", "Look at it again.")
    _withdraw(session, now, caller.actor, report, why)
    return report


def _by_itself(
    session: Session, now: datetime, actor: str, case: Case, authority: str
) -> Report | None:
    """Draft without a person: where a person must say what kind of incident it is, the case says
    so."""
    try:
        return _made(session, now, actor, case, authority, None, by_itself=True)
    except ReportNotReady as refused:
        steps.write(session, now, "worker", case.id, WAITS, refused.what, authority=authority)
        return None


def _made(
    session: Session,
    now: datetime,
    actor: str,
    case: Case,
    authority: str,
    incident: Incident | None,
    before: Report | None = None,
    otherwise: Incident | None = None,
    *,
    by_itself: bool = False,
) -> Report | None:
    """A new draft; None if someone else just made one. `otherwise`: what it is about if nothing
    else says it."""
    try:
        content = gathering.gathered(session, now, case, authority, incident)
    except ReportNotReady:
        if otherwise is None or incident is not None:
            raise
        content = gathering.gathered(session, now, case, authority, Incident.WORDING)
        content = replace(content, incident=otherwise)
    before = before or _last_filed(session, case.id, authority)
    if before is not None and before.receipt:
        content = authorities.named(authority).supplement(content, receipt(before))
    report = Report(
        id="rpt_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower(),
        case_id=case.id, authority=authority, environment=options_of(session).environment,
        state=State.DRAFT, test=case.test, made_at=now, made_by=actor,
        content=content.to_json(), version=1, queued_at=None, queued_by="", rank=case.rank,
        danger=bool(content.danger), due_at=None, progress="", turn=0, sending_until=None,
        tries=0, last_error="", remote_id="", filed_at=None, receipt="",
        supplements=before.id if before is not None else None,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(report)
    except IntegrityError:
        return None
    if report.supplements:
        report.content = correcting.told_in(session, now, actor, report).to_json()
    _keep(session, now, report, content.files)
    steps.write(
        session, now, actor, case.id, DRAFTED, report=report.id, authority=authority,
        by_itself=by_itself,
    )  # fmt: skip
    if not case.test:
        events.record(session, now, "report.drafted", report.id, authority=authority)
    audit.append(
        session, now, actor, "report.supplement" if before is not None else "report.draft",
        report.id, case=case.id, authority=authority, files=len(content.files),
    )  # fmt: skip
    return report


def receipt(report: Report) -> Receipt:
    """What the authority gave for a report that was filed."""
    said = json.loads(report.receipt)
    return Receipt(
        id=str(said.get("id") or report.remote_id), at=report.filed_at or report.made_at,
        files=tuple((str(one), str(other)) for one, other in said.get("files", ())),
        opened=int(said.get("opened", 1)),
    )  # fmt: skip


def _last_filed(session: Session, case_id: str, authority: str) -> Report | None:
    return session.scalar(
        select(Report)
        .where(
            Report.case_id == case_id, Report.authority == authority,
            Report.state == State.FILED,
            Report.environment == options_of(session).environment,
        )
        .order_by(Report.filed_at.desc(), Report.id)
        .limit(1)
    )  # fmt: skip


def _add(session: Session, now: datetime, report_id: str, item_id: str) -> None:
    """Put an item into a draft, with all that was decided with it. One that someone else is
    changing or sending just now is passed over, not waited for: gathering it anew, or the
    supplement, has the item."""
    report = session.scalar(
        select(Report)
        .where(Report.id == report_id, Report.state == State.DRAFT)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if report is None or item_id in report.content:
        return
    content = facts.Report.from_json(report.content)
    room = gathering.MOST_FILES - len(content.files)
    if room <= 0:
        return
    case = session.get_one(Case, report.case_id)
    there = {one.item for one in content.files}
    fresh = gathering.gathered(
        session, now, case, report.authority, _known(content), report_id=report.id, but=there
    )
    new = fresh.files[:room]
    if item_id not in {one.item for one in fresh.files}:  # someone left it out before
        if item_id not in gathering.confirmed(session, case.id):
            return
        new = (*new[: room - 1], files.file_of(session, item_id))
    kept = merging.merged(content, replace(fresh, files=content.files))
    _put(session, report, replace(kept, files=(*content.files, *new)))
    _keep(session, now, report, new)


def _keep(session: Session, now: datetime, report: Report, enclosed: Iterable[facts.File]) -> None:
    """Nothing that a draft encloses is deleted."""
    for name in sorted({one.evidence for one in enclosed if one.evidence}):
        clocks.start(session, now, name, DRAFT, report.id, BASIS, None)


def _put(session: Session, report: Report, content: facts.Report) -> None:
    report.content, report.version = content.to_json(), report.version + 1
    report.danger = bool(content.danger.strip())
    session.flush()


def _is_begun(report: Report, now: datetime) -> bool:
    """Whether the authority has something of a report, or is being told of it right now. One that
    was only tried, as while the authority is down, is not begun."""
    if report.sending_until is not None and report.sending_until > now:
        return True
    known = authorities.all_().get(report.authority)
    return bool(report.progress) and (known is None or bool(known.remote(report.progress)))


def _put_back(session: Session, now: datetime, report: Report) -> None:
    """Make a draft again of what waited to be sent."""
    report.state, report.queued_at, report.due_at, report.queued_by = State.DRAFT, None, None, ""
    report.progress, report.last_error, report.sending_until = "", "", None
    report.turn += 1  # whoever was left behind with it changes nothing any more
    for kind in (HALTED, WAITING):
        alarms.clear(session, now, kind, report.id)


def let_go(session: Session, now: datetime, report: Report) -> None:
    """Of a report that was withdrawn: what was said about it is kept for as long as that of one
    that was filed, and not for ever."""
    until = over(preservation_of(session).period, now)
    said = select(Exchange.evidence_id).where(Exchange.report_id == report.id)
    for file in session.scalars(select(File).where(File.id.in_(said))):
        file.keep_until = max(file.keep_until or until, until)


def _needed(session: Session, report: Report, item_id: str) -> bool:
    """Whether a draft without files stays: a person worked on it or made it, or people reported
    what it is about, so that it never was about files alone."""
    mine = [
        (what, json.loads(said), actor)
        for what, said, actor in session.execute(
            select(Step.what, Step.facts, Step.actor).where(
                Step.case_id == report.case_id, Step.what.in_((DRAFTED, EDITED))
            )
        )
    ]
    mine = [one for one in mine if one[1].get("report") == report.id]
    if any(what == EDITED or not said.get("by_itself") for what, said, _ in mine):
        return True
    if not item_id:
        return False
    spoken = session.scalar(
        select(Alert.id)
        .where(
            Alert.case_id == report.case_id, Alert.detached_at.is_(None), Alert.reporter != ""
        )
        .limit(1)
    )  # fmt: skip
    return spoken is not None


def _withdraw(session: Session, now: datetime, actor: str, report: Report, why: str) -> None:
    report.state, report.due_at = State.WITHDRAWN, None
    clocks.end(session, now, DRAFT, report.id)
    let_go(session, now, report)
    steps.write(session, now, actor, report.case_id, "report-withdrawn", why, report=report.id)
    if not report.test:
        events.record(session, now, "report.withdrawn", report.id, authority=report.authority)
    audit.append(
        session, now, actor, "report.withdraw", report.id, case=report.case_id, was=State.DRAFT
    )


def _known(content: facts.Report) -> Incident:
    """The kind that is written there: of files it follows from the files, which may be gone."""
    return content.incident if content.incident is not Incident.MEDIA else Incident.WORDING


def _open(there: Report) -> ReportNotReady:
    return ReportNotReady(
        f"The report {there.id} of this case is {there.state}, and there is one at a time.",
        "Go on with that, or wait until it is filed: what is new then goes into a supplement.",
    )


def _busy() -> ReportNotReady:
    return ReportNotReady("Someone else just made a draft of this case.", "Look at the case again.")
