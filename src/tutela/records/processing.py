"""The record of processing (GDPR, Art. 30), filled from settings and from what is in use."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select

from tutela.banks.models import Bank, Purpose
from tutela.exchanges.models import Exchange
from tutela.law import library, signing
from tutela.packs import Rule
from tutela.packs.models import BasisRule, ContentRule, KeepRule
from tutela.people.sessions import KEPT as SESSIONS_KEPT
from tutela.policy.vocabulary import ROLES
from tutela.records.documents import UNVERIFIED, Document, Line, Section, fill, given
from tutela.records.setup import Setup
from tutela.screening.answers import KEPT as ANSWERS_KEPT
from tutela.storage import Session
from tutela.webhooks.models import Endpoint

INTRO = (
    "Filled by Tutela from its own settings and records. What is marked to fill only you know; what"
    " is marked not verified nobody checked against its source. It is no legal advice."
)
PURPOSES = {
    Purpose.KNOWN_CSEA: "Find what bodies with expertise know to be illegal, remove it, report it.",
    Purpose.SURVIVOR_REQUEST: "Find what a person shown in it asked to have removed.",
    Purpose.ADULT_INTIMATE: "Find pictures of adults that were shared without their consent.",
    Purpose.NEVER_MATCH: "Spare pictures that are known to be harmless.",
    Purpose.TEST: "Show that the service works, with a made picture.",
}
FILLED = "From the setting"


def record(session: Session, now: datetime, setup: Setup) -> Document:
    """The record as the installation stands now."""
    return Document(
        "Record of processing activities", INTRO, f"{now:%Y-%m-%d}",
        (
            controller(setup), purposes(session), categories(setup), recipients(session, setup),
            transfers(session, setup, now), retention(session, setup, now), security(setup),
            bases(session, setup, now),
        ),
    )  # fmt: skip


def controller(setup: Setup) -> Section:
    """Who answers for the processing."""
    who = setup.reporting.reporter
    name = " ".join(one for one in (who.first_name, who.last_name) if one)
    contact = " ".join(one for one in (who.contact_first_name, who.contact_last_name) if one)
    return Section("Controller", (
        given("Service", setup.reporting.platform, "reporting.platform"),
        given("Established in", setup.law.established, "law.established"),
        given("Who reports", name, "reporting.reporter.first_name and last_name"),
        given("Email", who.email, "reporting.reporter.email"),
        given("Telephone", who.phone, "reporting.reporter.phone"),
        given("Contact for questions", contact, "reporting.reporter.contact_first_name …"),
        given("Where legal process is sent", who.legal_url, "reporting.reporter.legal_url"),
        fill("Legal name and address of the controller"),
        fill("Data protection officer"),
        fill("Joint controllers and representative", "Or say that there are none."),
    ))  # fmt: skip


def purposes(session: Session) -> Section:
    """What is done it for: the purposes of the banks that there are."""
    found: dict[Purpose, list[Bank]] = defaultdict(list)
    for bank in session.scalars(select(Bank).where(Bank.deleted_at.is_(None)).order_by(Bank.name)):
        found[bank.purpose].append(bank)
    lines = []
    for purpose, banks in sorted(found.items()):
        sources = ", ".join(sorted({bank.source for bank in banks}))
        lines.append(Line(str(purpose), f"{PURPOSES[purpose]} Banks: {len(banks)}. Sources:"
                          f" {sources}."))  # fmt: skip
    lines += [
        Line("Reports", "Tell the authorities that a law names, and keep what was reported."),
        Line("Quality", "Know how often matches are right, from samples that people look at."),
        Line("Care of staff", "Limit what each person is shown, and record each view."),
    ]
    return Section("Purposes", tuple(lines))


def categories(setup: Setup) -> Section:
    """Whose data, and which."""
    roles = ", ".join(sorted(name for name in ROLES if name in setup.policy.fields))
    return Section("People and data", (
        Line("Who uploads", "Of what matched: ids of item and account, what the platform said of"
             " both, signals, the sealed file, decisions, strikes, appeals. Of what did not match:"
             " nothing but a count."),
        Line("What the platform says", f"Facts in the roles {roles}, and others that it sends."
             if roles else "Facts in roles as they are called by default, and others that it"
             " sends."),
        Line("Who is shown in a file", "The sealed file, and grades that people gave it."),
        Line("Who reports something", "What they wrote, and who they said they are."),
        Line("Who appeals", "What they wrote, and what came of it."),
        Line("Staff", "Accounts, factors, sessions, acts in the log, views and how long."),
        fill("Special categories and data on offences (Arts. 9 and 10)", "On which ground."),
    ))  # fmt: skip


def recipients(session: Session, setup: Setup) -> Section:
    """Who is told or given what."""
    test = setup.reporting.environment != "production"
    lines = [
        Line(f"Authority {name}", "Reports" + (", to its test server only" if test else "") + ".")
        for name in setup.reporting.authorities
    ]
    lines += [
        Line(f"Receiver {one.name}", f"Sealed bundles of cases. Country: {one.country}.")
        for one in setup.receivers
    ]
    for exchange in session.scalars(select(Exchange).order_by(Exchange.name)):
        asked = "Values of items that cases are about, asked of"
        what = asked if exchange.advises else "Signals, with"
        lines.append(Line(f"Exchange {exchange.name}", f"{what} {exchange.partner}."))
    hosts = Counter(
        urlsplit(one.url).hostname or "unknown"
        for one in session.scalars(select(Endpoint).where(Endpoint.disabled_at.is_(None)))
    )
    lines += [
        Line(f"Webhook {host}", f"What happened to items, without their content. Endpoints: {n}.")
        for host, n in sorted(hosts.items())
    ]
    lines.append(fill("Processors", f"Hosting, backups. Sealed files lie in: {setup.store}."))
    return Section("Recipients", tuple(lines))


def transfers(session: Session, setup: Setup, now: datetime) -> Section:
    """What leaves the country, and why it may."""
    signed, home = signing.signatures(session), setup.law.established
    lines = [
        _ruled(rule, signed, f"To {rule.to} in {rule.country}",
               f"{rule.ground} {rule.leaving}".strip() or "The pack names no ground.")
        for rule in _rules(setup, now)
        if isinstance(rule, ContentRule) and rule.country != home
    ]  # fmt: skip
    for one in setup.receivers:
        if one.country != home:
            lines.append(fill(f"To the receiver {one.name} in {one.country}", "On which ground."))
    if not home:
        lines.append(fill("Where the service is", "Without law.established nobody knows what"
                          " leaves the country."))  # fmt: skip
    lines.append(fill("Hosts abroad", "Of webhooks, exchanges, storage: where, on which ground."))
    return Section("Transfers to other countries", tuple(lines))


def retention(session: Session, setup: Setup, now: datetime) -> Section:
    """How long what is kept: as settings say, and as packs in use demand."""
    kept, decisions = setup.preservation, setup.decisions
    signed = signing.signatures(session)
    lines = [
        Line("Upload that matched nothing", "Not kept. A keyed digest of the request and the"
             f" verdict for {_hours(ANSWERS_KEPT.total_seconds())}, where it is asked for."),
        Line("Sealed file before a decision", "As long as its channel says: see legal basis."),
        Line("Sealed file of what was no match", f"{decisions.appeal_days} days, for appeals."),
        Line("What was reported", f"{kept.after_report} from the receipt ({kept.basis}), or as long"
             " as a pack demands, whichever is longer."),
        Line("On a request to preserve", f"{kept.for_request}, unless it names a term."),
        Line("Sealed file of a test", f"{setup.screening.test_days} days."),
        Line("Strikes", f"{decisions.strike_days} days." if decisions.strike_days else "No end."),
        Line("Confirmed values in the own bank", f"{decisions.bank_days} days."
             if decisions.bank_days else "No end."),
        Line("Messages of webhooks", f"{setup.webhooks.keep_days} days; dead ones"
             f" {setup.webhooks.keep_dead_days} days."),
        Line("Sessions", f"{_hours(SESSIONS_KEPT.total_seconds())} after they ended."),
        Line("Decisions, views, samples, log", "No end is set: they show what was done."),
    ]  # fmt: skip
    lines += [
        _ruled(rule, signed, f"{rule.pack}: {rule.what} of reports to {rule.to}",
               f"{rule.side} {rule.period or rule.elsewhere or 'at once'}. {rule.source}")
        for rule in _rules(setup, now)
        if isinstance(rule, KeepRule)
    ]  # fmt: skip
    lines.append(fill("Decisions, views and staff data", "How long you keep them, and why."))
    return Section("How long it is kept", tuple(lines))


def security(setup: Setup) -> Section:
    """Measures, as they are configured."""
    views, people = setup.views, setup.people
    alone = "Some acts take two" + (f"; who is alone: {people.alone}." if people.alone else ".")
    return Section("Security", (
        Line("Files", f"Sealed with age; {setup.openers} can open them. They lie in"
             f" {setup.store}."),
        Line("Keys", "In files apart from the data, readable by the service's user only."),
        Line("Database", setup.engine),
        Line("Views", f"Shown first: {views.floor}. At most {views.day_minutes} minutes a day and"
             f" {views.week_minutes} a week for each person; each view is written down before."),
        Line("Two people", alone),
        Line("Signing in", "Password and a second factor, or a passkey"
             + (", or the organisation's own sign-in." if setup.single_sign_on else ".")),
        Line("Console", "Reached by https." if setup.encrypted_console
             else "Reached on this machine, or without https: see console.origin."),
        Line("Network", "Speaks only to configured hosts"
             + (f", and fetches from {', '.join(setup.hosts)}." if setup.hosts else ".")),
        Line("Log", "A hash chain with signed checkpoints outside the database."),
        fill("Backups, disks and the machine", "Encryption, who has access, tests of restoring."),
        fill("Agreements with staff", "Confidentiality, training, care."),
    ))  # fmt: skip


def bases(session: Session, setup: Setup, now: datetime) -> Section:
    """On which basis each channel is screened, from when to when; and what packs in use say."""
    signed = signing.signatures(session)
    lines = []
    for name, one in sorted(setup.policy.channels.items()):
        when = " ".join(
            part for part in (
                f"from {one.from_}" if one.from_ else "", f"until {one.until}" if one.until else ""
            ) if part
        )  # fmt: skip
        keep = (
            f" Bytes are kept{f' for {one.keep_for}' if one.keep_for else ''}." if one.keep else
            " Bytes are not kept."
        )  # fmt: skip
        over = bool(one.until and now.date() > one.until)
        text = f"{one.legal_basis} {when}".strip() + "." + keep
        lines.append(
            fill(f"Channel {name}", f"Its basis is over: {text}") if over
            else Line(f"Channel {name}", text)
        )  # fmt: skip
    lines += [
        _ruled(rule, signed, f"{rule.pack}: {rule.of}",
               f"{rule.legal_basis}{'' if rule.grants else ' (It grants nothing.)'} {rule.source}")
        for rule in _rules(setup, now)
        if isinstance(rule, BasisRule)
    ]  # fmt: skip
    lines.append(fill("Ground of Art. 6 for each purpose", "And, of legitimate interests, which."))
    intro = "By channel of the policy in force, with its dates."
    return Section("Legal basis", tuple(lines), intro)


def _rules(setup: Setup, now: datetime) -> list[Rule]:
    """Rules that hold today, of packs in use that are no drafts, each once."""
    found = {
        rule.digest: rule
        for pack in library.library(setup.law).in_use(setup.law)
        if not pack.is_draft
        for rule in pack.rules
        if rule.in_force(now.date())
    }
    return list(found.values())


def _ruled(rule: Rule, signed: dict[str, str], label: str, text: str) -> Line:
    """What a rule says; who stands by it, or that nobody does."""
    if rule.verified:
        return Line(label, text)
    by = signed.get(rule.digest)
    if by:
        return Line(label, f"{text} Signed by {by}.")
    return Line(label, f"{text} ({rule.marker.words})", UNVERIFIED)


def _hours(seconds: float) -> str:
    hours = int(seconds // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
