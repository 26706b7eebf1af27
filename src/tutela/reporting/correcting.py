"""What an authority was told and what stands now are two things once people decide otherwise: an
alarm says so, and a supplement tells it. What was told and what stands are read from records, each
time anew, so that neither is forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from tutela import alarms
from tutela.cases import steps
from tutela.cases.models import Alert, Step
from tutela.decisions.models import Decision
from tutela.decisions.told import CONFIRMED, Decided, Undone
from tutela.reporting import facts
from tutela.reporting.gathering import options_of
from tutela.reporting.models import Report, State
from tutela.storage import Session

ALARM = "report.reclassified"
"""The alarm over a filed report that says what people decided otherwise since."""

CORRECTS = "report-corrects"
"""The step of a case that says what a supplement tells anew of an item."""

MOST = 100
"""Items that one supplement tells anew: what is more waits for the next, as nobody reads longer."""

OTHERWISE = ""
"""In place of grades: it does not stand confirmed."""

PAGE = 200


@dataclass(frozen=True, slots=True)
class Change:
    """Of an item: which filed report told of it last, what that said, and what stands now, each
    canonical JSON of grades or `OTHERWISE`. `file` and `sha256`: how the authority finds it."""

    report: str
    remote: str
    item: str
    was: str
    now: str
    file: str = ""
    sha256: str = ""

    @property
    def what(self) -> str:
        """In words, for the authority and for people here."""
        if self.now == OTHERWISE:
            return "it is not confirmed any more"
        if self.was == OTHERWISE:
            return f"it is confirmed again, {_shown(self.now)}"
        return f"it was {_shown(self.was)} and is {_shown(self.now)}"


def changes(
    session: Session, case_id: str, authority: str = "", report_id: str = ""
) -> Sequence[Change]:
    """What filed reports of a case told and what stands otherwise now, of all authorities or one,
    of all reports or one."""
    told = _told(session, case_id, authority)
    now = _standing(session, case_id, {item for _, item in told})
    return [
        replace(one, now=now[item])
        for (_, item), one in told.items()
        if one.was != now.get(item, one.was) and report_id in ("", one.report)
    ]


def decided(session: Session, told: Decided) -> None:
    """Someone decided: what was filed may not hold any more, or hold again."""
    if not told.test:
        follow(session, told.at, told.case_id)


def undone(session: Session, told: Undone) -> None:
    """A decision was taken back."""
    if not told.test and not told.again:
        follow(session, told.at, told.case_id)


def follow(session: Session, now: datetime, case_id: str) -> None:
    """Sound the alarm over each filed report of a case that says what does not stand, and close it
    over all others."""
    filed = session.scalars(select(Report.id).where(*_filed(session, case_id)).order_by(Report.id))
    counts = dict.fromkeys(filed, 0)
    if not counts:
        return
    for change in changes(session, case_id):
        counts[change.report] += 1
    for name, count in counts.items():
        if not count:
            alarms.clear(session, now, ALARM, name)
            continue
        alarms.sound(
            session, now, ALARM, name,
            f"Of what the report {name} told, {count} was decided otherwise since: tutela report"
            f" supplement {name}", items=count,
        )  # fmt: skip


def waiting(session: Session, draft: Report) -> Sequence[Change]:
    """What a draft's authority is to be told anew, and the draft does not say yet."""
    said = set(dict(_corrected(session, draft.case_id).get(draft.id, ())).items())
    return [
        one for one in changes(session, draft.case_id, draft.authority)
        if (one.item, one.now) not in said
    ]  # fmt: skip


def told_in(session: Session, now: datetime, actor: str, draft: Report) -> facts.Report:
    """What a draft holds, with all that its authority is to be told anew; the case says so too."""
    content = facts.Report.from_json(draft.content)
    found = waiting(session, draft)[:MOST]
    if not found:
        return content
    for one in found:
        steps.write(
            session, now, actor, draft.case_id, CORRECTS, report=draft.id, of=one.report,
            item=one.item, stands=one.now,
        )  # fmt: skip
    return replace(content, text="\n".join(filter(None, (content.text, _sentences(found)))))


def _sentences(found: Sequence[Change]) -> str:
    lines = []
    for one in found:
        named = f"file {one.file}" if one.file else f"item {one.item}"
        by = f" (SHA-256 {one.sha256})" if one.sha256 else ""
        lines.append(f"Correction of the report {one.remote}: of its {named}{by}, {one.what}.")
    return "\n".join(lines)


def _filed(session: Session, case_id: str) -> tuple[Any, ...]:
    return (
        Report.case_id == case_id, Report.state == State.FILED,
        Report.environment == options_of(session).environment,
    )  # fmt: skip


def _told(session: Session, case_id: str, authority: str) -> dict[tuple[str, str], Change]:
    """By authority and item, what was told last."""
    rows = session.scalars(
        select(Report).where(*_filed(session, case_id)).order_by(Report.filed_at, Report.id)
    ).all()
    if not rows:
        return {}
    corrected = _corrected(session, case_id)
    told: dict[tuple[str, str], Change] = {}
    for row in rows:
        if authority not in ("", row.authority):
            continue
        numbers = dict(json.loads(row.receipt or "{}").get("files", ()))
        for file in facts.Report.from_json(row.content).files:
            if file.item:
                told[row.authority, file.item] = Change(
                    row.id, row.remote_id, file.item, _grades(dict(file.grades)), "",
                    numbers.get(file.evidence, ""), dict(file.hashes).get("sha256", ""),
                )  # fmt: skip
        for item, now in corrected.get(row.id, ()):
            if (known := told.get((row.authority, item))) is not None:
                told[row.authority, item] = replace(known, report=row.id, was=now)
    return told


def _corrected(session: Session, case_id: str) -> dict[str, list[tuple[str, str]]]:
    """What each supplement tells anew: items, and what of them."""
    found: dict[str, list[tuple[str, str]]] = {}
    texts = session.scalars(
        select(Step.facts)
        .where(Step.case_id == case_id, Step.what == CORRECTS)
        .order_by(Step.id)
    )  # fmt: skip
    for said in map(json.loads, texts):
        found.setdefault(said["report"], []).append((said["item"], said["stands"]))
    return found


def _standing(session: Session, case_id: str, wanted: set[str]) -> dict[str, str]:
    """What stands of items that anyone decided about, if they are not taken off the case."""
    found: dict[str, str] = {}
    names = sorted(wanted)
    for at in range(0, len(names), PAGE):
        some = names[at : at + PAGE]
        alerts = session.execute(
            select(Alert.item_id, Alert.case_id, Alert.detached_at).where(Alert.item_id.in_(some))
        ).all()
        on_it = {item for item, of, off in alerts if of == case_id and off is None}
        elsewhere = {item for item, _, _ in alerts} - on_it
        for one in session.scalars(select(Decision).where(Decision.item_id.in_(some))):
            if one.item_id is None:
                continue
            found.setdefault(one.item_id, OTHERWISE)
            stands = one.undone_at is None and one.conclusion == CONFIRMED
            if stands and one.item_id not in elsewhere:
                found[one.item_id] = _grades(json.loads(one.grades or "{}"))
    return found


def _grades(given: dict[str, str]) -> str:
    return json.dumps(given, sort_keys=True)


def _shown(grades: str) -> str:
    said = ", ".join(f"{name} {value}" for name, value in json.loads(grades).items())
    return f"graded {said}" if said else "without a grade"
