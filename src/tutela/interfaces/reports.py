"""What the command line and the console do alike with reports: look at one, and have it sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tutela.app import App
from tutela.law import signing as law
from tutela.people.permissions import Caller, Permission
from tutela.reporting import (
    authorities,
    completeness,
    correcting,
    credentials,
    drafting,
    facts,
    handing,
    production,
    register,
    requests,
    schemas,
    sending,
    speaking,
)
from tutela.reporting.authorities import Asking, Authority, Fault, Sheet
from tutela.reporting.completeness import Completeness
from tutela.reporting.errors import NotConfigured, ReportChanged, ReportNotReady
from tutela.reporting.models import Report, State
from tutela.storage import Session

SEND = requests.SEND
"""As approvals call it; to allow production is `production.ACT`."""

MOST_NAMED = 5
"""Items that one sentence names."""

DANGER = "The report says that a child may be in danger now."
"""Why one person sent what takes two: what exactly is in danger stays in the report."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A report, and what may be said of it."""

    row: Report
    content: facts.Report
    authority: Authority
    schema: bytes | None
    """That the authority serves, as far as is known."""
    complete: Completeness
    told: Sequence[Fault] = ()
    """What of it another authority was told already."""


def looked(app: App, session: Session, caller: Caller, report_id: str) -> Looked:
    """A report that the caller needs to know of. Raises `NoSuchReport`."""
    row = register.found(session, caller, report_id)
    content = facts.Report.from_json(row.content)
    environment = row.environment or app.settings.reporting.environment
    return Looked(
        row, content, authorities.named(row.authority),
        schemas.current(session, row.authority, environment), completeness.of(content),
        handing.told(session, row, content),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Going:
    """Where a report goes, as the settings are now. `address`: empty where a person files it.
    `why_not`: why it may not go there, as faults."""

    environment: str
    address: str
    why_not: Sequence[Fault]


def going(app: App, session: Session, found: Looked) -> Going:
    """Where a report would go. Raises `ReportNotReady` of one that goes nowhere any more."""
    row, options = found.row, app.settings.reporting
    if not State(row.state).is_open:
        hint = "receipt" if row.state == State.FILED else "show"
        raise ReportNotReady(
            f"{row.id} is {row.state}: it is not sent any more.", f"tutela report {hint} {row.id}"
        )
    environment = options.environment if row.state == State.DRAFT else row.environment
    as_if = Report(authority=row.authority, environment=environment, test=row.test)
    wrong = []
    if why := sending.not_allowed(session, as_if, options):
        wrong.append(Fault("production", why, ""))
    if handing.is_by_hand(as_if, options):
        return Going(environment, "", wrong)
    address = ""
    try:
        address, _ = speaking.address(found.authority, environment, options)
        credentials.require(session, row.authority, environment)
    except NotConfigured as error:
        wrong.append(Fault("credentials" if address else "address", error.what, error.hint or ""))
    return Going(environment, address, wrong)


def faults(app: App, found: Looked) -> Sequence[Fault]:
    """What is wrong with a report as it would be sent."""
    content = found.content
    wrong = list(found.authority.check(content, app.settings.reporting.reporter, found.schema))
    if content.supplements and not content.files and not content.text.strip():
        wrong.append(Fault(
            "text", f"It adds nothing to {found.row.supplements or content.supplements} yet.",
            "Say what is new, or confirm an item and gather the report anew.",
        ))  # fmt: skip
    return [*wrong, *found.told]


def gone(session: Session, row: Report) -> list[str]:
    """Items that a report told the authority of last, and of which it was decided otherwise since:
    that they are no match, or of another grade."""
    if row.state != State.FILED:
        return []
    found = correcting.changes(session, row.case_id, row.authority, row.id)
    return sorted(one.item for one in found)


def lost(session: Session, row: Report) -> str:
    """What is to be done about such a report; empty: nothing."""
    items = gone(session, row)
    if not items:
        return ""
    named = ", ".join(items[:MOST_NAMED]) + (" …" if len(items) > MOST_NAMED else "")
    draft = register.open_of(session, row.case_id, row.authority)
    how = f"tutela report supplement {row.id}"
    if draft is not None and draft.supplements and not correcting.waiting(session, draft):
        how = f"tutela report send {draft.id}"
    return (
        f"{row.id} stands at {row.authority} and says otherwise of {named}: what was filed cannot"
        f" be taken back. Tell them: {how}"
    )


def lost_about(session: Session, caller: Caller, item_ids: Collection[str]) -> list[str]:
    """The same of each report about items, of cases that the caller needs to know of."""
    return [said for row in register.filed_about(session, caller, item_ids)
            if (said := lost(session, row))]  # fmt: skip


def sheet(app: App, found: Looked, now: datetime) -> Sheet:
    """What to copy into the authority's form, with whom the settings say to call. Raises
    `ReportNotReady` for an authority that has no such form."""
    if not isinstance(found.authority, Asking):
        raise ReportNotReady(
            f"{found.authority.title} has no form to copy into.",
            f"tutela report preview {found.row.id} shows what would be sent.",
        )
    options = app.settings.reporting
    made = found.authority.sheet(found.content, options.reporter, now)
    return replace(made, notes=(*made.notes, *options.nca.notes()))


def send(
    app: App,
    caller: Caller,
    report_id: str,
    version: int | None = None,
    *,
    why: str = "",
    danger: bool = False,
) -> Report:
    """Queue a report, as it is in this version, else as it is now. Where the queue of its case has
    two people for that, someone else agrees first, unless the report says that there is danger.

    `danger`: whoever sends it counts on that. Raises `ReportNotReady` if the report does not say
    it, `SecondPersonNeeded`, and what `sending.queue` raises.
    """
    with app.database.reading() as session:
        found = looked(app, session, caller, report_id)
        two = sending.takes_two(session, found.row)
    if danger and not facts.is_sentence(found.content.danger):
        raise ReportNotReady(
            f"{report_id} does not say why a child may be in danger now.",
            f'Say it in a sentence: tutela report edit {report_id} --set danger="…"; then it is'
            " sent at once, before all others.",
        )
    exactly = found.row.version if version is None else version
    wrong = faults(app, found)
    if wrong:  # nobody is asked to agree to what cannot be sent
        raise ReportNotReady(
            f"{report_id} cannot be sent: {wrong[0].path}: {wrong[0].what}",
            f"tutela report check {report_id} says all that is wrong.",
        )

    def do(session: Session, actor: str) -> Report:
        return sending.queue(session, app.database.now(), actor, report_id, exactly)

    return _with_two(app, caller, found, exactly, do, why, danger=danger, two=two)


def again(
    app: App, caller: Caller, report_id: str, version: int | None = None, *, why: str = ""
) -> Report:
    """Put a halted report back into the queue. Where sending takes two people and it was changed
    since it was queued, someone else agrees first, as for `send`.

    Raises `SecondPersonNeeded`, `ReportChanged`, and what `sending.again` raises.
    """
    with app.database.reading() as session:
        found = looked(app, session, caller, report_id)
        exactly = found.row.version if version is None else version
        changed = register.queued_version(session, found.row) != exactly
        two = changed and sending.takes_two(session, found.row)

    def do(session: Session, _: str) -> Report:
        row = register.found(session, caller, report_id, lock=True)
        if row.version != exactly:
            raise ReportChanged(
                f"The report {report_id} was changed meanwhile.", "Look at it again."
            )
        return sending.again(session, app.database.now(), caller, report_id)

    return _with_two(app, caller, found, exactly, do, why, danger=False, two=two)


def withdraw(app: App, caller: Caller, report_id: str, why: str) -> Report:
    """Withdraw a report that was not filed, a draft too. Raises `CannotWithdraw`, `CaseRefused`
    without a reason."""
    with app.database.writing() as session:
        now, row = app.database.now(), register.found(session, caller, report_id)
        if row.state == State.DRAFT:
            return drafting.withdraw_draft(session, now, caller, report_id, why)
        return sending.withdraw(session, now, caller, report_id, why)


def allow_production(app: App, caller: Caller, authority: str, why: str = "") -> None:
    """Let reports go to an authority itself, once two people agreed. Raises `NoSuchAuthority`,
    `NotSigned`, `SecondPersonNeeded`."""
    name = authorities.named(authority).name
    with app.database.reading() as session:
        law.require_ready(session)  # nobody is asked to agree to what is refused

    def do(session: Session, actor: str) -> None:
        production.allow(session, app.database.now(), actor, name)

    app.with_two(caller, Permission.ADMIN, production.ACT, name, {"authority": name}, do, why=why)


def _with_two(
    app: App,
    caller: Caller,
    found: Looked,
    version: int,
    do: Callable[[Session, str], Report],
    why: str,
    *,
    danger: bool,
    two: bool,
) -> Report:
    """Have a version of a report sent; where that takes two people, once another agreed to it."""
    if not two:
        with app.database.writing() as session:
            return do(session, caller.actor)
    now = danger or bool(found.content.danger) or found.row.danger
    return app.with_two(
        caller, Permission.REPORTS, SEND, found.row.id, {"version": version}, do,
        why=why or (DANGER if now else ""), danger=now,
    )  # fmt: skip
