"""Views: written down before anything is seen, ended when it is out of sight again."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select

from tutela import evidence
from tutela.cases import queues, work
from tutela.cases import service as cases
from tutela.cases.models import Alert, Case
from tutela.evidence.models import File, Intent, Purpose
from tutela.people import callers
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.screening.models import Decided
from tutela.storage import Session
from tutela.views import exposure, grading, unusual
from tutela.views.errors import LimitReached, ViewRefused
from tutela.views.limits import Refused
from tutela.views.models import View
from tutela.views.options import RENDERINGS, most_shown

ORIGINAL, MARKED, PART = "original", "marked", "part"
"""The very bytes; all pixels with the viewer's mark in them; what was to be that, and was only one
frame of several, or had fewer pixels."""

TEXT, DEBUGGER = "text", "debugger"
EXPORT, FAILED = UNSEEN = "export", "failed"
"""The very bytes, written into a file by a command; what could not be opened or shown: in either
case nobody saw anything here."""

WORST = "worst"
"""What of a queue takes two people (`cases.queues.TWO_FOR`)."""

ID = re.compile(r"vw_[a-z2-7]{26}")
LONGEST = 4 * 3600.0
"""Seconds that a browser can say something was in sight."""

TEXT_SECONDS = 600.0
"""The same of texts, between two times that it says so."""


MOST_STALE = 1000
"""Ended at a time: the rest the next time."""


@dataclass(frozen=True, slots=True)
class Seeable:
    """An item of a case, and what of it can be shown."""

    item_id: str
    alert: int
    at: datetime
    file_id: str | None
    size: int
    gone: bool
    """It was sealed, and its bytes were deleted."""
    worst: bool
    unwanted: bool
    """It has a code that who asks opted out of."""
    seen: bool
    """By who asks, in any rendering."""


def begin(
    session: Session,
    now: datetime,
    caller: Caller,
    case: Case | str,
    item_id: str,
    rendering: str,
    *,
    why: str = "",
    agreed: bool = False,
) -> View:
    """Write down that someone is about to see a file of a case that they work on. What is seen then
    is what the view's intent opens, once.

    Raises `ViewRefused`, `LimitReached`, `NotPermitted`, `NotHeld`, `IntentRefused`, and
    `NoSuchCase`. Whether it takes two people, `takes_two` says before; `agreed`: two do.
    """
    held = work.require_held(session, now, caller, case)
    _require_offered(session, caller, held, rendering)
    if takes_two(session, held, item_id, rendering) and not agreed:
        raise ViewRefused("This takes two people.", "Ask for it on the page of the case.")
    file = _file(session, held, item_id)
    worst = grading.is_worst(session, item_id)
    end_stale(session, now, caller.human)
    passed = exposure.require(session, now, caller, worst=worst, danger=held.danger, why=why)
    exposure.counted(session, now, caller.human, worst=worst)
    unusual.look(session, now, caller.human, held.id)
    exposure.passed(session, now, caller, passed)  # from here on, others wait for the log
    name = _id()
    plain = rendering == ORIGINAL
    intent = evidence.intend(
        session, now, caller.actor, file, Purpose.VIEW, f"view {name} of {held.id}",
        "" if plain else rendering,
    )  # fmt: skip
    view = View(
        id=name, at=now, actor=caller.human, case_id=held.id, item_id=item_id, file_id=file.id,
        intent_id=intent.id, rendering=rendering, whole=False, seconds=0.0, ended_at=None,
    )  # fmt: skip
    session.add(view)
    session.flush()
    return view


def takes_two(session: Session, case: Case, item_id: str, rendering: str) -> bool:
    """Whether two people must agree that this is shown: an original of the worst grades, where the
    case's queue says so."""
    if rendering not in (ORIGINAL, MARKED):
        return False
    return WORST in queues.kept(session, case.queue).two_for and grading.is_worst(session, item_id)


def export(session: Session, now: datetime, caller: Caller, file: File, why: str) -> Intent:
    """The intent to write the very bytes of a file elsewhere. Where the file belongs to a case, a
    view is written down with it: it counts towards unusual viewing, and is not *viewed by the
    provider*. Raises `IntentRefused`."""
    decided = session.scalar(
        select(Decided)
        .where(Decided.evidence_id == file.id, Decided.case_id.is_not(None))
        .order_by(Decided.item_id)
        .limit(1)
    )
    if decided is not None and decided.case_id is not None:
        unusual.look(session, now, caller.human, decided.case_id)
    intent = evidence.intend(session, now, caller.actor, file, Purpose.EXPORT, why)
    if decided is not None:
        session.add(View(
            id=_id(), at=now, actor=caller.human, case_id=decided.case_id,
            item_id=decided.item_id, file_id=file.id, intent_id=intent.id, rendering=EXPORT,
            whole=True, seconds=0.0, ended_at=now,
        ))  # fmt: skip
        session.flush()
    return intent


def opened(session: Session, now: datetime, caller: Caller, view_id: str) -> View:
    """A view of the caller's that was not shown yet, of a case that they still work on. Raises
    `ViewRefused`, `NotPermitted`, `NotHeld`."""
    view = mine(session, caller, view_id)
    intent = session.get(Intent, view.intent_id) if view.intent_id else None
    if intent is None or intent.used_at is not None or intent.lapses_at <= now:
        raise ViewRefused("This was shown already, or too long ago.", "Ask for it again.")
    held = work.require_held(session, now, caller, view.case_id or "")
    _require_offered(session, caller, held, view.rendering)  # roles and queues change
    return view


def partly(session: Session, view_id: str) -> None:
    """What was to be shown whole was only a part of it."""
    view = session.get_one(View, view_id, with_for_update=True)
    if view.rendering == MARKED:
        view.rendering = PART


def failed(session: Session, now: datetime, view_id: str) -> None:
    """What was to be shown could not be: who asked for it did not look. One that can still be
    shown, since nothing was opened, stays as it is."""
    view = session.get_one(View, view_id, with_for_update=True)
    intent = session.get(Intent, view.intent_id) if view.intent_id else None
    if intent is not None and intent.used_at is not None:
        view.rendering, view.ended_at = FAILED, now


def ended(
    session: Session, now: datetime, caller: Caller, view_id: str, seconds: float, *, whole: bool
) -> View:
    """Write down how long something was in sight so far; asked again, only more counts. Raises
    `ViewRefused`."""
    view = mine(session, caller, view_id, locked=True)
    most = min((now - view.at).total_seconds(), LONGEST)
    seconds = min(max(seconds, view.seconds), max(most, 0.0))
    exposure.exposed(session, view.actor, view.at, seconds - view.seconds)
    view.seconds, view.ended_at = seconds, now
    if whole and view.rendering in (ORIGINAL, MARKED) and seconds > 0:
        intent = session.get(Intent, view.intent_id) if view.intent_id else None
        view.whole = view.whole or (intent is not None and intent.used_at is not None)
    return view


def mine(session: Session, caller: Caller, view_id: str, *, locked: bool = False) -> View:
    """A view of the caller's. Raises `ViewRefused`, also of someone else's."""
    view = (
        session.get(View, view_id, with_for_update=True if locked else None)
        if ID.fullmatch(view_id)
        else None
    )
    if view is None or view.actor != caller.human:
        raise ViewRefused("There is no such view of yours.", "Ask for the file again.")
    return view


def read_text(
    session: Session, now: datetime, caller: Caller, case: Case | str, seconds: float
) -> View:
    """Write down that texts of a case were in sight for so long, of whoever may see it. Raises
    `NoSuchCase`."""
    seen = cases.found(session, caller, case if isinstance(case, str) else case.id)
    last = session.scalar(
        select(View.ended_at)
        .where(View.actor == caller.human, View.rendering == TEXT)
        .order_by(View.at.desc())
        .limit(1)
    )
    most = TEXT_SECONDS if last is None else min(TEXT_SECONDS, (now - last).total_seconds())
    return _other(session, now, caller.human, TEXT, min(max(seconds, 0.0), most), seen.id)


def used_debugger(session: Session, now: datetime, caller: Caller) -> View:
    """Write down that two files were looked at side by side. Raises `LimitReached`."""
    found = exposure.may_view(session, now, caller)
    if isinstance(found, Refused):
        raise LimitReached(
            found.limit, found.until, exposure.said(found), "The match debugger can wait."
        )
    seconds = float(exposure.options_of(session).unreported_seconds)
    return _other(session, now, caller.human, DEBUGGER, seconds, None)


def viewed_by_provider(session: Session, item_id: str, actor: str | None = None) -> bool:
    """Whether a person, or just this one, was shown the original of an item, whole."""
    query = select(View.id).where(
        View.item_id == item_id, View.rendering.in_((ORIGINAL, MARKED)), View.whole.is_(True),
        View.actor.startswith(callers.PERSON),
    )  # fmt: skip
    if actor is not None:
        query = query.where(View.actor == actor)
    return session.scalar(query.limit(1)) is not None


def seeable(
    session: Session, caller: Caller, case_id: str, after: int = 0, limit: int = 20
) -> Sequence[Seeable]:
    """A page of a case's items, in the order of their alerts. Nothing of them is loaded."""
    rows = session.execute(
        select(
            Alert.id, Alert.at, Alert.item_id, Alert.code, File.id, File.size, File.deleted_at
        )
        .join(Decided, Decided.item_id == Alert.item_id, isouter=True)
        .join(File, File.id == Decided.evidence_id, isouter=True)
        .where(
            Alert.case_id == case_id, Alert.id > after, Alert.item_id.is_not(None),
            Alert.detached_at.is_(None),
        )
        .order_by(Alert.id)
        .limit(limit)
    ).all()  # fmt: skip
    names = [row[2] for row in rows if row[2] is not None]
    seen = set(
        session.scalars(
            select(View.item_id).where(
                View.item_id.in_(names),
                View.actor == caller.human,
                View.rendering.not_in(UNSEEN),
            )
        )
    )
    worst = grading.worst_of(session, names)
    without = exposure.wishes(session, caller.human).without
    unwanted = grading.labelled(session, names, without)
    return [
        Seeable(
            item, alert, at, file, size or 0, deleted is not None, item in worst,
            item in unwanted or code in without, item in seen,
        )
        for alert, at, item, code, file, size, deleted in rows
        if item is not None
    ]  # fmt: skip


def offered(session: Session, caller: Caller, case: Case) -> list[str]:
    """How the caller may see files of a case, what shows least first; what they like to see first
    stands first, unless the organisation does not offer it."""
    hidden = queues.kept(session, case.queue).hidden
    found = [] if "view" in hidden else list(most_shown(exposure.options_of(session).floor))
    first = exposure.wishes(session, caller.human).rendering
    if first in found:
        found.remove(first)
        found.insert(0, first)
    if caller.may(Permission.MEDIA) and not {"view", "original"} & hidden:
        found += [MARKED, ORIGINAL]
    return found


def _require_offered(session: Session, caller: Caller, case: Case, rendering: str) -> None:
    if rendering in (ORIGINAL, MARKED) and not caller.may(Permission.MEDIA):
        raise NotPermitted(caller, Permission.MEDIA)
    if rendering not in (*RENDERINGS, ORIGINAL, MARKED):
        raise ViewRefused(f"There is no rendering {rendering[:16]!r}.", "See docs/seeing.md.")
    if rendering not in offered(session, caller, case):
        raise ViewRefused(
            "Files are not shown so here.", "The organisation or the queue does not offer it."
        )


def _file(session: Session, case: Case, item_id: str) -> File:
    """The sealed file of an item that is on a case. Raises `ViewRefused`."""
    on_it = select(
        exists().where(
            Alert.case_id == case.id, Alert.item_id == item_id, Alert.detached_at.is_(None)
        )
    )
    decided = session.get(Decided, item_id) if session.scalar(on_it) else None
    if decided is None:
        raise ViewRefused("This item is not on the case.", "Load the case again.")
    if decided.evidence_id is None:
        raise ViewRefused("Nothing of this item was sealed.", "Decide without viewing.")
    return session.get_one(File, decided.evidence_id)


def end_stale(session: Session, now: datetime, human: str | None = None) -> None:
    """Views, be it of one person, of which a browser never said how long they took count as so many
    seconds."""
    length = timedelta(seconds=exposure.options_of(session).unreported_seconds)
    query = select(View).where(View.ended_at.is_(None), View.at <= now - length)
    if human is not None:
        query = query.where(View.actor == human)
    for view in session.scalars(query.order_by(View.id).limit(MOST_STALE).with_for_update()):
        view.seconds, view.ended_at = length.total_seconds(), view.at + length
        exposure.exposed(session, view.actor, view.at, view.seconds)


def _other(
    session: Session, now: datetime, human: str, rendering: str, seconds: float,
    case_id: str | None,
) -> View:  # fmt: skip
    """Something seen that is no file, already."""
    began = now - timedelta(seconds=seconds) if rendering == TEXT else now
    view = View(
        id=_id(), at=began, actor=human, case_id=case_id, item_id=None, file_id=None,
        intent_id=None, rendering=rendering, whole=True, seconds=seconds,
        ended_at=began + timedelta(seconds=seconds),
    )  # fmt: skip
    exposure.counted(session, began, human, worst=False)
    session.add(view)
    session.flush()
    exposure.exposed(session, human, now, seconds)
    return view


def _id() -> str:
    return "vw_" + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
