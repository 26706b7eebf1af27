"""What of the configuration was changed, by whom, why, and who approved: read from the audit log
and from approvals; only settings, which come from a file, have rows of their own here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from sqlalchemy import and_, false, or_, select, true
from sqlalchemy.exc import IntegrityError

from tutela import audit
from tutela.audit.models import Entry
from tutela.law import library
from tutela.law.options import Options as Law
from tutela.people.errors import NotPermitted
from tutela.people.models import Approval
from tutela.people.permissions import Caller, Permission
from tutela.records.errors import RecordRefused
from tutela.records.models import Change, Reason
from tutela.storage import Session

OF_LOG = (
    "policy.apply", "bank.create", "bank.change", "bank.disable", "bank.enable", "bank.delete",
    "bank.rename", "law.sign", "law.withdraw",
)  # fmt: skip
"""Acts in the log that change what matches, what follows, or which law is acted on."""

NAME = re.compile(r"(log|set)-([1-9][0-9]{0,17})")
LONGEST = 2_000
USED = timedelta(minutes=1)
"""How long before an act is logged its approval is used up: the same transaction does both."""

LOG, SET = "log", "set"
Mark = tuple[datetime, str, int]
"""Where a change stands among all."""

NOT_SHOWN = frozenset({"root", "version", "before", "note", "digest"})
PACKS = "packs"
"""What packs in use say stands among settings as `packs.NAME`."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One change. `id` names it for `tutela record explain`. `what` is told in words; `why` and
    `approved_by` are empty where nothing was said, or one person could do it."""

    id: str
    at: datetime
    actor: str
    act: str
    subject: str
    what: tuple[str, ...]
    why: str
    approved_by: str


def compare(session: Session, now: datetime, actor: str, values: Mapping[str, Any]) -> str | None:
    """Write down settings that are not those of the last time, when the service starts; gives the
    change's id, or None if nothing changed. Who started at the same moment said the same."""
    text = rfc8785.dumps(dict(values)).decode()
    digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    last = session.scalar(select(Change).order_by(Change.id.desc()).limit(1))
    if last is not None and last.digest == digest:
        return None
    row = Change(
        at=now, actor=actor, before=last.id if last else 0, values=text, digest=digest
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    name = f"set-{row.id}"
    audit.append(
        session, now, actor, "record.settings", name, digest=digest,
        before=last.digest if last else None,
    )  # fmt: skip
    return name


def packs_in_use(law: Law) -> dict[str, str]:
    """What each pack in use is, for `compare`: its version and a digest of its rules."""
    found = {}
    for pack in library.library(law).in_use(law):
        rules = hashlib.sha256("".join(sorted(one.digest for one in pack.rules)).encode())
        found[f"{PACKS}.{pack.name}"] = f"{pack.version} sha256:{rules.hexdigest()[:16]}"
    return found


def listed(
    session: Session,
    since: datetime | None = None,
    until: datetime | None = None,
    before: str = "",
    limit: int = 50,
) -> Sequence[Changed]:
    """Changes, the last first, from the one before a change. Raises `RecordRefused`."""
    mark = _key(_named(session, before)) if before else None
    found = [_of_entry(session, one) for one in _entries(session, since, until, mark, limit)]
    found += [_of_setting(session, one) for one in _settings(session, since, until, mark, limit)]
    return sorted(found, key=_key, reverse=True)[:limit]


def explain(session: Session, now: datetime, caller: Caller, change: str, why: str) -> Changed:
    """Say why something was changed; what was said before is kept, and counts no more. Raises
    `NotPermitted`, `RecordRefused`."""
    if not caller.may(Permission.ADMIN):
        raise NotPermitted(caller, Permission.ADMIN)
    why = why.strip()
    if not why or len(why) > LONGEST or "\0" in why:
        raise RecordRefused(
            "A reason is missing, or too long.", f"Say why, in up to {LONGEST} letters."
        )
    found = _named(session, change)
    session.add(Reason(change=found.id, at=now, actor=caller.actor, why=why))
    session.flush()
    audit.append(session, now, caller.actor, "record.explain", found.id, why=why)
    return _named(session, change)


def _named(session: Session, change: str) -> Changed:
    match = NAME.fullmatch(change)
    if match is not None and match[1] == LOG:
        entry = session.get(Entry, int(match[2]))
        if entry is not None and entry.action in OF_LOG:
            return _of_entry(session, entry)
    elif match is not None:
        row = session.get(Change, int(match[2]))
        if row is not None:
            return _of_setting(session, row)
    raise RecordRefused(
        f"There is no change {change[:40]!r}.", "tutela record changes lists them, as log-7."
    )


def _key(one: Changed) -> Mark:
    kind, _, number = one.id.partition("-")
    return one.at, kind, int(number)


def _entries(
    session: Session, since: datetime | None, until: datetime | None, mark: Mark | None, limit: int
) -> Sequence[Entry]:
    query = select(Entry).where(Entry.action.in_(OF_LOG))
    if since is not None:
        query = query.where(Entry.at >= _text(since))
    if until is not None:
        query = query.where(Entry.at < _text(until))
    if mark is not None:
        at, kind, number = _text(mark[0]), mark[1], mark[2]
        beside = Entry.number < number if kind == LOG else true()
        query = query.where(or_(Entry.at < at, and_(Entry.at == at, beside)))
    return session.scalars(
        query.order_by(Entry.at.desc(), Entry.number.desc()).limit(limit)
    ).all()  # fmt: skip


def _settings(
    session: Session, since: datetime | None, until: datetime | None, mark: Mark | None, limit: int
) -> Sequence[Change]:
    query = select(Change)
    if since is not None:
        query = query.where(Change.at >= since)
    if until is not None:
        query = query.where(Change.at < until)
    if mark is not None:
        at, kind, number = mark
        beside = Change.id < number if kind == SET else false()
        query = query.where(or_(Change.at < at, and_(Change.at == at, beside)))
    return session.scalars(query.order_by(Change.at.desc(), Change.id.desc()).limit(limit)).all()


def _of_entry(session: Session, entry: Entry) -> Changed:
    at, facts = datetime.fromisoformat(entry.at), json.loads(entry.facts)
    approval = session.scalar(
        select(Approval)
        .where(
            Approval.act == entry.action, Approval.asked_by == entry.actor,
            Approval.used_at <= at, Approval.used_at > at - USED,
            (Approval.subject == entry.subject) | (Approval.act == "policy.apply"),
        )
        .order_by(Approval.used_at.desc())
        .limit(1)
    )  # fmt: skip
    what = tuple(
        f"{name}: {_plain(facts[f'{name}_before'])} → {_plain(value)}"
        if f"{name}_before" in facts else f"{name}: {_plain(value)}"
        for name, value in facts.items()
        if name not in NOT_SHOWN and not name.endswith("_before")
    )  # fmt: skip
    if entry.action == "policy.apply":
        what = (f"version: {_plain(facts.get('before'))} → {_plain(facts.get('version'))}",)
    why = str(facts.get("note") or (approval.why if approval else ""))
    by = (approval.approved_by or "") if approval else ""
    name = f"log-{entry.number}"
    return Changed(
        name, at, entry.actor, entry.action, entry.subject, what, _reason(session, name) or why, by
    )


def _of_setting(session: Session, row: Change) -> Changed:
    new, last = json.loads(row.values), session.get(Change, row.before)
    old = json.loads(last.values) if last is not None else {}
    what = tuple(
        f"{name}: {_plain(old.get(name))} → {_plain(new.get(name))}"
        for name in sorted({*old, *new})
        if last is not None and old.get(name) != new.get(name)
    ) or (f"{len(new)} settings were written down for the first time",)
    name = f"set-{row.id}"
    return Changed(
        name, row.at, row.actor, "settings", "settings", what, _reason(session, name), ""
    )


def _reason(session: Session, change: str) -> str:
    return session.scalar(
        select(Reason.why).where(Reason.change == change).order_by(Reason.id.desc()).limit(1)
    ) or ""  # fmt: skip


def _plain(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
