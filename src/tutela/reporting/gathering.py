"""Gathers what is known of a case into the internal report: from records, never more than the case
needs. Of an account, only what was confirmed on this case goes along."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from tutela.cases.alerts import ACCOUNT, NOTICE, THREAD
from tutela.cases.alerts import REPORT as USER_REPORT
from tutela.cases.models import Alert, Case, Step
from tutela.cases.opening import CHILD
from tutela.decisions import items
from tutela.decisions.models import Decision
from tutela.decisions.told import CONFIRMED
from tutela.reporting import facts, files, given
from tutela.reporting.errors import ReportNotReady
from tutela.reporting.facts import Capture, File, Incident, Party, Where
from tutela.reporting.models import Report, State
from tutela.reporting.options import IN_SESSION, Options
from tutela.screening.models import Decided, Item
from tutela.storage import Session

MOST_FILES = 500
"""Of one report: what more was confirmed on a case goes into a supplement."""

MOST_ALERTS = 100
"""Reports and notices of people that are told of, the last ones: more say the same again."""

LEFT_OUT = "report-left-out"
"""The step of a case that says that someone left an item out of a report."""

UPLOADED = "The service says that one of these files was uploaded then; each has its own time."
CHECKED = (
    "One of these files was checked then. When it was uploaded is not known; it was not later."
)
DANGER = "Someone who reported it says that a child may be in danger now."


def options_of(session: Session) -> Options:
    """The settings of reports that a session carries."""
    found = session.info.get(IN_SESSION)
    return found if isinstance(found, Options) else Options()


def gathered(
    session: Session,
    now: datetime,
    case: Case,
    authority: str,
    incident: Incident | None = None,
    *,
    report_id: str = "",
    but: Container[str] = (),
) -> facts.Report:
    """What is to be reported of a case, without what an authority was told before.

    `report_id`: of the report for which it is gathered; what was left out of that stays out.
    `but`: items that are not gathered, since they stand in it.
    Raises `ReportNotReady` if nobody said what kind of incident it is and no file says it.
    """
    told = _told_before(session, case, authority)
    left = _left_out(session, case.id, report_id) if report_id else set()
    found = [
        one for one in confirmed(session, case.id)
        if one not in told and one not in left and one not in but
    ]  # fmt: skip
    posted = _posted(session, case.id)
    reports = _people_say(session, case.id)
    spoken_of = {alert.item_id: files.by(alert) for alert in reports if alert.item_id}
    spoken = dict.fromkeys(files.by(alert) for alert in reports)
    enclosed = tuple(
        files.file(session, posted[one], spoken_of.get(one, "")) for one in found[:MOST_FILES]
    )
    at, means = _when(case, [posted[one] for one in found], reports)
    subject = _subject(session, case, authority, posted.values())
    child = case.role == CHILD
    return facts.Report(
        incident=_incident(incident, enclosed, reports),
        at=at,
        at_means=means,
        made_at=now,
        platform=options_of(session).platform,
        danger=DANGER if case.danger else "",
        where=tuple(_where([posted[one] for one in found], reports)),
        subject=None if child else subject,
        victims=(subject,) if child and subject else (),
        files=enclosed,
        found_by=" ".join(dict.fromkeys(one.found_by for one in enclosed) | spoken),
    )


def confirmed(session: Session, case_id: str) -> list[str]:
    """Items of a case that stand confirmed and are of a purpose that is reported, in the order in
    which they were decided about."""
    on_it = select(Alert.item_id).where(Alert.case_id == case_id, Alert.detached_at.is_(None))
    found = session.scalars(
        select(Decision.item_id)
        .where(
            Decision.item_id.in_(on_it), Decision.undone_at.is_(None),
            Decision.conclusion == CONFIRMED,
        )
        .order_by(Decision.at, Decision.id)
    )  # fmt: skip
    return [one for one in found if one and items.purpose_of(session, one) in items.REPORTABLE]


def unconfirmed(session: Session, report: facts.Report, case_id: str = "") -> list[str]:
    """Items of a report of which what was decided is no more that they are confirmed, or that were
    taken off its case, since they are someone else's: nobody stands by them, and they must not
    go."""
    wanted = sorted({one.item for one in report.files if one.item})
    decided = session.execute(
        select(Decision.item_id, Decision.undone_at, Decision.conclusion).where(
            Decision.item_id.in_(wanted)
        )
    ).all()
    stands = {item for item, undone, what in decided if undone is None and what == CONFIRMED}
    found = {item for item, _, _ in decided if item is not None} - stands
    if case_id:
        alerts = session.execute(
            select(Alert.item_id, Alert.case_id, Alert.detached_at).where(Alert.item_id.in_(wanted))
        ).all()
        on_it = {item for item, of, off in alerts if of == case_id and off is None}
        found |= {item for item, _, _ in alerts if item is not None} - on_it
    return sorted(found)


def waits(session: Session, case: Case, authority: str) -> bool:
    """Whether something was confirmed on a case that the authority was not told yet."""
    told = _told_before(session, case, authority)
    return any(one not in told for one in confirmed(session, case.id))


def without(report: facts.Report, gone: Iterable[str]) -> facts.Report:
    """The report without the bytes of some evidence; what is known of the files still goes."""
    lost = set(gone)
    left = tuple(
        replace(one, evidence="", more=" ".join(filter(None, (one.more, files.IS_GONE))))
        if one.evidence in lost
        else one
        for one in report.files
    )
    return replace(report, files=left)


def earlier(session: Session, kind: str, subject: str, authority: str) -> tuple[str, ...]:
    """Reports that were filed about a subject in the same environment, as the authority counts
    them, the oldest first."""
    found = session.scalars(
        select(Report.remote_id)
        .join(Case, Case.id == Report.case_id)
        .where(
            Case.subject_kind == kind, Case.subject == subject, *_filed(session, authority),
        )
        .order_by(Report.filed_at, Report.id)
    )  # fmt: skip
    return tuple(dict.fromkeys(one for one in found if one))


def _filed(session: Session, authority: str) -> tuple[Any, ...]:
    return (
        Report.authority == authority, Report.state == State.FILED,
        Report.environment == options_of(session).environment,
    )  # fmt: skip


def _told_before(session: Session, case: Case, authority: str) -> set[str]:
    """Items that stand in reports of the case that were filed."""
    contents = session.scalars(
        select(Report.content).where(Report.case_id == case.id, *_filed(session, authority))
    )
    return {one.item for text in contents for one in facts.Report.from_json(text).files if one.item}


def _left_out(session: Session, case_id: str, report_id: str) -> set[str]:
    texts = session.scalars(
        select(Step.facts).where(Step.case_id == case_id, Step.what == LEFT_OUT)
    )
    said = [json.loads(text) for text in texts]
    return {one["item"] for one in said if one.get("report") == report_id}


def _posted(session: Session, case_id: str) -> dict[str, files.Posted]:
    rows = session.execute(
        select(Item, Decided)
        .outerjoin(Decided, Decided.item_id == Item.id)
        .where(
            Item.id.in_(
                select(Alert.item_id).where(
                    Alert.case_id == case_id, Alert.detached_at.is_(None)
                )
            )
        )
        .order_by(Item.at.desc(), Item.id)
    )  # fmt: skip
    return {item.id: files.of(item, decided) for item, decided in rows}


def _people_say(session: Session, case_id: str) -> Sequence[Alert]:
    last = session.scalars(
        select(Alert)
        .where(
            Alert.case_id == case_id, Alert.detached_at.is_(None),
            Alert.kind.in_((USER_REPORT, NOTICE)),
        )
        .order_by(Alert.id.desc())
        .limit(MOST_ALERTS)
    ).all()  # fmt: skip
    return last[::-1]


def _incident(
    said: Incident | None, enclosed: Sequence[File], reports: Sequence[Alert]
) -> Incident:
    if said is Incident.MEDIA and not enclosed:
        raise ReportNotReady(
            "Nothing was confirmed on this case that is not reported already, so that there is no"
            " file to report.",
            "Say another kind of incident, or confirm an item first.",
        )
    if said is not None:
        return said
    if enclosed:
        return Incident.MEDIA
    codes = [one.code.lower() for one in reports if one.code.lower() in tuple(Incident)]
    if codes and codes[-1] != Incident.MEDIA:
        return Incident(codes[-1])
    raise ReportNotReady(
        "It is not known what kind of incident this is: no file goes along, and no report that came"
        " in has a code that says it.",
        f"Say one of {', '.join(one for one in Incident if one is not Incident.MEDIA)}.",
    )


def _when(
    case: Case, posted: Sequence[files.Posted], reports: Sequence[Alert]
) -> tuple[datetime, str]:
    """The time of the incident, and what it is the time of."""
    uploads = [one.at for one in posted if one.at is not None]
    if uploads:
        return max(uploads), UPLOADED
    if posted:
        last = max(one.item.at for one in posted)
        return last, CHECKED
    if reports:
        return reports[-1].at, "The last report of a person about it came in then."
    return case.opened_at, "The service took notice of it then."


def _subject(
    session: Session, case: Case, authority: str, posted: Iterable[files.Posted]
) -> Party | None:
    """The account whom the case is about. Of a case about a single item or text, only whom the
    addresses of uploads lead to."""
    account = case.subject_kind == ACCOUNT
    mine = [one for one in posted if not account or one.item.creator_id == case.subject]
    service = options_of(session).platform
    party = Party()
    for one in mine:
        party = given.united(party, given.party(one.said.creator, service))
    captures = [*party.captures, *(up for one in mine if (up := given.upload(one.said.item)))]
    captures = sorted(dict.fromkeys(captures), key=_latest)
    party = replace(party, captures=tuple(captures))
    if not account:
        return party if party.is_named else None
    known = replace(party.account, id=case.subject, service=party.account.service or service)
    return replace(party, account=known, earlier=earlier(session, ACCOUNT, case.subject, authority))


def _latest(capture: Capture) -> tuple[bool, float]:
    return capture.at is None, -capture.at.timestamp() if capture.at else 0.0


def _where(posted: Sequence[files.Posted], reports: Sequence[Alert]) -> Iterable[Where]:
    urls = dict.fromkeys(
        url for one in posted if (url := given.text(one.said.item, "url"))
    )  # fmt: skip
    if urls:
        yield Where("web", urls=tuple(urls))
    for alert in reports:
        said = [files.by(alert), f"It came in at {alert.at:%Y-%m-%d %H:%M:%S} UTC."]
        if alert.about == ACCOUNT:
            said.append("It is about the account.")
        if alert.subject_age is not None:
            said.append(f"Age of the account's holder, as said there: {alert.subject_age}.")
        if alert.child_age is not None:
            said.append(f"Age of the youngest child concerned, as said there: {alert.child_age}.")
        if not alert.text and not alert.url and len(said) < 3:
            continue
        urls_of = (alert.url,) if alert.url else ()
        if alert.about == THREAD:
            yield Where(
                "chat", urls=urls_of, room=alert.about_id, content=alert.text, more=" ".join(said)
            )
        else:
            more = "\n".join(filter(None, (" ".join(said), alert.text)))
            yield Where("web", urls=urls_of, more=more)
