"""Alerts: an item that matched, a user's report and a notice are kinds of one thing. They gather on
the open case of their subject; what was received is never edited."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from tutela import events
from tutela.cases import opening, steps
from tutela.cases.errors import CaseRefused, ReportRefused
from tutela.cases.models import Alert, Case
from tutela.people.permissions import Caller
from tutela.screening.models import Decided, Item
from tutela.screening.recording import ItemDecided
from tutela.storage import Session

SELF_CLOSED = "test"
MATCH, REPORT, NOTICE = "match", "report", "notice"
ITEM, ACCOUNT, THREAD, TEXT, URL = "item", "account", "thread", "text", "url"
ABOUT = (ITEM, ACCOUNT, THREAD, TEXT, URL)
REPORTERS = ("user", "non-user")
LONGEST_ID, LONGEST_TEXT, LONGEST_URL, OLDEST = 256, 10_000, 2_000, 120
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,31}")
BEGINS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@]*@)?([^/?#]*)")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Received:
    """What someone handed in: a text from outside, not to be trusted, fetched or made a link."""

    about: str
    """item, account, thread, text or url."""

    about_id: str = ""
    """As the platform calls it; may be empty of a text or a URL."""

    account: str = ""
    """Whose item, thread or text it is, where that is known."""

    code: str = ""
    text: str = ""
    url: str = ""
    kind: str = REPORT
    reporter: str = "user"
    reporter_id: str = ""
    danger: bool = False
    subject_age: int | None = None
    """Of the account's holder, as it is said."""

    child_age: int | None = None
    """Of the youngest child concerned, as it is said."""


@dataclass(frozen=True, slots=True)
class ItemReported:
    """Someone reported an item that is recorded here."""

    at: datetime
    item_id: str


def put_alert(session: Session, told: ItemDecided) -> None:
    """Put an alert on the open case of the item's creator or, without one, of the item; opens it if
    there is none. That of a test closes itself."""
    if told.test:
        kind, subject = "test", told.item_id
    elif told.given.creator_id:
        kind, subject = ACCOUNT, told.given.creator_id
    else:
        kind, subject = ITEM, told.given.item_id or told.item_id
    case = opening.opened(session, told.at, kind, subject, test=told.test)
    alert = Alert(
        case_id=case.id, at=told.at, kind=MATCH, item_id=told.item_id, verdict=told.verdict,
        about=ITEM, about_id=told.given.item_id or told.item_id, code="", text="", url="",
        reporter="", reporter_id="", danger=False, subject_age=_age(told.given.creator.get("age")),
        child_age=None,
    )  # fmt: skip
    session.add(alert)
    session.flush()
    opening.grew(session, case, alert)
    session.get_one(Decided, told.item_id).case_id = case.id
    if told.test:
        case.closed_at, case.closed_why = told.at, SELF_CLOSED
    session.flush()


def report(session: Session, now: datetime, what: Received) -> Alert:
    """Take a user's report or a notice; its case is found or opened. Raises `ReportRefused`."""
    _check(what)
    about_id = what.about_id or _made_id(what)
    item = _about(session, what, about_id)
    account = what.account or (about_id if what.about == ACCOUNT else "")
    if item is not None and not account:
        account = item.creator_id or ""
    kind, subject = (ACCOUNT, account) if account else (what.about, about_id)
    if item is not None and not account:
        kind, subject = ITEM, item.external_id or item.id
    case = opening.opened(session, now, kind, subject)
    alert = Alert(
        case_id=case.id, at=now, kind=what.kind, item_id=item.id if item else None, verdict="",
        about=what.about, about_id=about_id, code=what.code, text=what.text, url=what.url,
        reporter=what.reporter, reporter_id=what.reporter_id, danger=what.danger,
        subject_age=what.subject_age, child_age=what.child_age,
    )  # fmt: skip
    session.add(alert)
    session.flush()
    opening.grew(session, case, alert)
    session.flush()
    events.record(
        session, now, "report.received", f"alert:{alert.id}", what=what.kind, about=what.about,
        reporter=what.reporter, danger=what.danger,
    )  # fmt: skip
    if item is not None:
        events.emit(session, ItemReported(now, item.id))
    return alert


def detach(
    session: Session, now: datetime, caller: Caller, case: Case, number: int, why: str
) -> Alert:
    """Take an alert off a case to which it does not belong; it is kept, and `attach` puts it back.
    Raises `CaseRefused`."""
    alert = _alert(session, number)
    if alert.case_id != case.id or alert.detached_at is not None:
        raise CaseRefused(f"The alert {number} is not on the case {case.id}.", "Look at it again.")
    alert.detached_at, alert.detached_by = now, caller.actor
    opening.recount(session, case)
    steps.trace(session, now, caller, case, "detached", why, alert=number)
    return alert


def attach(
    session: Session, now: datetime, caller: Caller, case: Case, number: int, why: str
) -> Alert:
    """Put an alert that was detached on a case: back on its own, or on another. Raises
    `CaseRefused`."""
    alert = _alert(session, number)
    if alert.detached_at is None:
        raise CaseRefused(
            f"The alert {number} is on the case {alert.case_id}.", "Detach it there first."
        )
    came_from = alert.case_id
    alert.case_id, alert.detached_at, alert.detached_by = case.id, None, None
    if came_from != case.id and alert.item_id is not None:
        decided = session.get(Decided, alert.item_id)
        if decided is not None and alert.kind == MATCH:
            decided.case_id = case.id
    session.flush()
    opening.came(session, case, alert)
    steps.trace(session, now, caller, case, "attached", why, alert=number, came_from=came_from)
    return alert


def put_back(session: Session, now: datetime, item_id: str, actor: str, why: str) -> Case | None:
    """The open case that an item is on, for a person to decide about it. If it is on none, its last
    alert is put on the subject's open case, which is opened if there is none. None of an item that
    never had an alert."""
    found = session.execute(
        select(Alert, Case)
        .join(Case, Case.id == Alert.case_id)
        .where(Alert.item_id == item_id)
        .order_by(
            or_(Case.closed_at.is_not(None), Alert.detached_at.is_not(None)), Alert.id.desc()
        )
        .limit(1)
        .with_for_update(of=Alert)
    ).first()  # fmt: skip
    if found is None:
        return None
    alert, case = found
    if case.closed_at is None and alert.detached_at is None:
        return case
    to = opening.opened(session, now, case.subject_kind, case.subject)
    alert.case_id, alert.detached_at, alert.detached_by = to.id, None, None
    session.get_one(Decided, item_id).case_id = to.id
    session.flush()
    opening.came(session, to, alert)
    opening.recount(session, case)
    steps.write(session, now, actor, to.id, "attached", why, alert=alert.id, came_from=case.id)
    return to


def _alert(session: Session, number: int) -> Alert:
    alert = session.scalar(select(Alert).where(Alert.id == number).with_for_update())
    if alert is None:
        raise CaseRefused(f"There is no alert {number}.", "Look at the case again.")
    return alert


def _about(session: Session, what: Received, about_id: str) -> Item | None:
    """The item that a report is about, if it is recorded here: by our id, or by the platform's,
    which may be its URL. Other facts of items have no index."""
    if what.about == ITEM:
        return _known(session, {about_id})
    if what.about == URL:
        return _known(session, {what.url or about_id, normal(what.url or about_id)})
    return None


def normal(url: str) -> str:
    """A URL with scheme and host in lower case, as they mean the same (RFC 3986, 6.2.2.1)."""
    found = BEGINS.match(url.strip())
    if found is None:
        return url.strip()
    scheme, user, host = found.groups()
    return f"{scheme.lower()}{user or ''}{host.lower()}{url.strip()[found.end() :]}"


def _known(session: Session, names: set[str]) -> Item | None:
    return session.scalar(
        select(Item)
        .where(
            or_(Item.id.in_(sorted(names)), Item.external_id.in_(sorted(names))),
            Item.test.is_(False),
        )
        .order_by(Item.at.desc())
        .limit(1)
    )


def _made_id(what: Received) -> str:
    """What to call a text or URL that has no id: the same for the same words."""
    words = normal(what.url) if what.about == URL else what.text
    if what.about == URL and len(words) <= LONGEST_ID:
        return words
    return f"{what.about}-{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def _age(value: object) -> int | None:
    """An age that a platform's facts say. What is not one says nothing."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= OLDEST:
        return int(value)
    return None


def _check(what: Received) -> None:
    """Raises `ReportRefused` that names what is wrong."""
    if what.about not in ABOUT or what.kind not in (REPORT, NOTICE):
        raise ReportRefused("A report is about nothing known.", f"Say one of {', '.join(ABOUT)}.")
    if what.reporter not in REPORTERS:
        raise ReportRefused("The reporter is neither user nor non-user.", "Say which.")
    texts = {
        "about_id": (what.about_id, LONGEST_ID), "account": (what.account, LONGEST_ID),
        "reporter_id": (what.reporter_id, LONGEST_ID), "text": (what.text, LONGEST_TEXT),
        "url": (what.url, LONGEST_URL),
    }  # fmt: skip
    for name, (text, most) in texts.items():
        if len(text) > most:
            raise ReportRefused(f"{name} is longer than {most} characters.", "Say it shorter.")
        if UNSTORABLE.search(text):
            raise ReportRefused(f"{name} holds what no text holds.", "Send valid text.")
    if what.code and not CODE.fullmatch(what.code):
        raise ReportRefused("The code is not one.", "Use up to 32 of a-z, 0-9, . _ : and -.")
    for name, age in (("subject_age", what.subject_age), ("child_age", what.child_age)):
        if age is not None and not 0 <= age <= OLDEST:
            raise ReportRefused(f"{name} is no age.", f"Say 0 to {OLDEST}, or leave it out.")
    said = {TEXT: what.text, URL: what.url}.get(what.about, "")
    if not what.about_id and not said.strip():
        raise ReportRefused("It is not said what the report is about.", "Give its id or its URL.")
