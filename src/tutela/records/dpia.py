"""A data protection impact assessment (GDPR, Art. 35) to be finished by people: what the
installation is, and what it does against each risk, are filled in."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from tutela.records import performance, processing
from tutela.records.documents import Document, Line, Section, fill
from tutela.records.setup import Setup
from tutela.screening.models import Count
from tutela.storage import Session

INTRO = (
    "A template, prefilled by Tutela from its own settings and records: it is not the assessment."
    " Whoever answers for the processing finishes it, with the data protection officer's advice,"
    " before the processing begins and when it changes."
)
WINDOW = timedelta(days=30)


def template(session: Session, now: datetime, setup: Setup) -> Document:
    """The template as the installation stands now."""
    return Document(
        "Data protection impact assessment", INTRO, f"{now:%Y-%m-%d}",
        (
            processing.controller(setup), _description(session, now),
            processing.purposes(session), processing.bases(session, setup, now),
            _necessity(session, now, setup), _uploader(setup), _wrongly(setup),
            _reviewer(setup), _child(setup), processing.retention(session, setup, now),
            processing.security(setup), _consultation(), _end(),
        ),
    )  # fmt: skip


def _description(session: Session, now: datetime) -> Section:
    counts = {
        row.outcome: row.total
        for row in session.execute(
            select(Count.outcome, func.sum(Count.count).label("total"))
            .where(Count.hour > now - WINDOW)
            .group_by(Count.outcome)
        )
    }
    seen = ", ".join(f"{name} {int(n)}" for name, n in sorted(counts.items())) or "none"
    return Section("What is done", (
        Line("How", "Uploads are turned into signals and compared with banks of known ones. What"
             " matches is decided by policy, sealed, and seen by people. No content is kept of what"
             " does not match."),
        Line("Items in the last 30 days, by outcome", seen),
        fill("Nature, scope and context", "Which service, how many users, how many are children."),
        fill("Diagram of the flow of data"),
    ))  # fmt: skip


def _necessity(session: Session, now: datetime, setup: Setup) -> Section:
    channels = ", ".join(sorted(setup.policy.channels)) or "none"
    return Section("Necessity and proportionality", (
        Line("Only what policy lists", f"Channels that are screened: {channels}."),
        Line("Only known material", "Signals say whether something is near what is known; nothing"
             " else is learned of a picture."),
        Line("People decide", "What policy wants reviewed, and each report, goes through people as"
             " the policy and the settings say; two of them where a queue says so."),
        Line("As precise as it is", _precision(session, now)),
        fill("Why less would not do", "Users' reports alone; exact hashes alone; fewer channels."),
        fill("How users are told", "Terms, notices, and how they complain."),
        fill("Rights of the people concerned", "Access, erasure, objection; limits by law."),
    ))  # fmt: skip


def _uploader(setup: Setup) -> Section:
    return Section("Risk to who uploads", (
        Line("What could happen", "Private content is looked at; an account is blocked; a report is"
             " made of someone."),
        Line("What is done", f"Files are sealed at once; views are recorded; appeals for"
             f" {setup.decisions.appeal_days} days, decided by someone else than first; strikes end"
             f" after {setup.decisions.strike_days} days."),
        *_judged(),
    ))  # fmt: skip


def _wrongly(setup: Setup) -> Section:
    records = setup.records
    return Section("Risk to who is wrongly matched", (
        Line("What could happen", "A harmless picture is blocked, and its owner reported to an"
             " authority."),
        Line("What is done", "Banks of harmless pictures speak against matches; a bank that matches"
             " far more often than it did goes to review; what people overturn is disputed with its"
             " source, and is let go with its copies."),
        Line("Samples", "All first matches of a value, all in the outer third of a bank's"
             f" distance, and all of a source until {records.new_source} were decided; of others"
             f" enough for {records.margin} per cent points, at least {records.least} a month."
             f" {records.second_percent} % of these get a second person."),
        *_judged(),
    ))  # fmt: skip


def _reviewer(setup: Setup) -> Section:
    views = setup.views
    return Section("Risk to who reviews", (
        Line("What could happen", "Harm from what they must see; pressure; being watched."),
        Line("What is done", f"Shown first: {views.floor}; at most {views.day_minutes} minutes a"
             f" day, {views.week_minutes} a week, a break of {views.break_minutes} minutes after"
             f" {views.stretch_minutes}; skipping needs no reason; how much one saw is theirs."),
        fill("Care", "Training, supervision, help, and who may be asked to do this at all."),
        *_judged(),
    ))  # fmt: skip


def _child(setup: Setup) -> Section:
    test = setup.reporting.environment != "production"
    return Section("Risk to the child", (
        Line("What could happen", "Each needless view is another harm; a report that is lost or"
             " late leaves a child in danger; a child who uploads is treated as a suspect."),
        Line("What is done", "The least exposure that settles a case; danger passes every queue;"
             " who is known to be a child is marked and nothing is done to them automatically;"
             " reports are sent exactly once, with a receipt"
             + (" (now: to test servers only)." if test else ".")),
        *_judged(),
    ))  # fmt: skip


def _judged() -> tuple[Line, ...]:
    return (
        fill("Likelihood and severity", "Before these measures, and with them."),
        fill("More measures"),
        fill("Residual risk", "And who accepts it."),
    )


def _consultation() -> Section:
    return Section("Consultation", (
        fill("Advice of the data protection officer", "When, what, and what followed."),
        fill("Views of those concerned (Art. 35(9))", "Of users, of staff; or why not asked."),
        fill("Prior consultation of the authority (Art. 36)", "Whether a high risk remains; when it"
             " was asked, and what it answered."),
    ))  # fmt: skip


def _end() -> Section:
    return Section("Decision", (
        fill("Who decided, and when"),
        fill("When it is looked at again", "At the latest when the configuration changes."),
    ))  # fmt: skip


def _precision(session: Session, now: datetime) -> str:
    found = performance.record(session, now - timedelta(days=365), None)
    told = []
    for one in found.pooled:
        share = one.pooled.precision
        said = (
            f"{share.share:.1%} ({share.low:.1%} to {share.high:.1%})" if share is not None
            else one.pooled.why_not
        )  # fmt: skip
        told.append(f"{one.bank} by {one.type}: {said}")
    return "; ".join(told) + "." if told else "Nothing was matched in the last year."
