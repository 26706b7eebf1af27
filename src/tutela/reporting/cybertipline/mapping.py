"""The internal report as the authority's document: every fact has its element, or stands in words
in the nearest additional information (A.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from tutela.reporting import facts
from tutela.reporting.cybertipline import captures, incidents, parties, people
from tutela.reporting.cybertipline.parties import Notes
from tutela.reporting.cybertipline.vocabulary import BatchedReportReason, IncidentType
from tutela.reporting.facts import Flag, Incident

INCIDENTS: Mapping[Incident, IncidentType] = {
    Incident.MEDIA: IncidentType.T1,
    Incident.TRADE: IncidentType.T2,
    Incident.TRAVEL: IncidentType.T3,
    Incident.OFFLINE: IncidentType.T4,
    Incident.DOMAIN: IncidentType.T5,
    Incident.WORDING: IncidentType.T6,
    Incident.CONTACT: IncidentType.T7,
    Incident.SENT: IncidentType.T8,
}
FLAGS: Mapping[Flag, str] = {
    Flag.PRESSURE: "sextortion",
    Flag.ASKING: "csam_solicitation",
    Flag.PEERS: "minor_to_minor_interaction",
    Flag.SPAM: "spam",
    Flag.CRUELTY: "sadistic_online_exploitation",
    Flag.INFORMATIONAL: "informational",
}
"""Fields of `reportAnnotations`."""

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
FLEA_COUNTRY = "lawEnforcement@fleaCountry"


def report(
    what: facts.Report, who: facts.Reporter, newer: frozenset[str] = frozenset()
) -> incidents.Report:
    """The document of a report: not fitted to the limits yet."""
    notes = Notes(newer)
    if what.supplements:
        notes.add("this adds to the report", what.supplements)
    summary = _summary(what, notes)
    law = None if what.officer is None else _officer(what.officer, notes)
    notes.add("how it was detected", what.found_by)
    for name, why in what.reasons:
        notes.add(f"not known ({name})", why)
    for one in what.files:
        if not one.evidence:
            left = replace(one, item="", grades=(), seen=_nobody(one.seen))
            notes.add("a file that is not enclosed", left)
    return incidents.Report(
        batched_report=incidents.BatchedReport(reason=BatchedReportReason.VIRAL_POTENTIAL_MEME)
        if what.batch_of_meme
        else None,
        incident_summary=summary,
        internet_details=tuple(_where(one, newer) for one in what.where),
        law_enforcement=law,
        reporter=reporter(who),
        person_or_user_reported=(parties.subject(what.subject, newer),) if what.subject else (),
        intended_recipient=tuple(parties.recipient(one, newer) for one in what.recipients),
        victim=tuple(parties.victim(one, newer) for one in what.victims),
        additional_info=notes.with_(what.text),
    )


def reporter(who: facts.Reporter) -> people.Reporter:
    """Who reports, from the settings; nothing else of an installation is told."""
    plain = Notes(frozenset())
    contact = people.ContactPerson(
        first_name=who.contact_first_name or None,
        last_name=who.contact_last_name or None,
        phone=_phones(who.contact_phone, plain),
        email=_emails(who.contact_email, plain),
    )
    return people.Reporter(
        reporting_person=people.Person(
            first_name=who.first_name or None,
            last_name=who.last_name or None,
            phone=_phones(who.phone, plain),
            email=_emails(who.email, plain),
        ),
        contact_person=None if contact == people.ContactPerson() else contact,
        company_template=who.company_template or None,
        terms_of_service=who.terms or None,
        legal_url=who.legal_url or None,
    )


def _emails(address: str, notes: Notes) -> tuple[captures.Email, ...]:
    return (parties.email(facts.Email(address), notes),) if address else ()


def _phones(number: str, notes: Notes) -> tuple[captures.Phone, ...]:
    return (parties.phone(facts.Phone(number), notes),) if number else ()


def _nobody(seen: tuple[facts.Seen, ...]) -> tuple[facts.Seen, ...]:
    """Without who of us it was."""
    return tuple(replace(one, by="") for one in seen)


def _summary(what: facts.Report, notes: Notes) -> incidents.IncidentSummary:
    flags = {FLAGS[one]: True for one in what.flags}
    if Flag.INFORMATIONAL in what.flags and "informational" not in notes.newer:
        notes.add("for information only", True)
    at = parties.at(what.at, notes) or _zoned(what.at)
    return incidents.IncidentSummary(
        incident_type=INCIDENTS[what.incident],
        platform=what.platform or None,
        escalate_to_high_priority=what.danger.strip() or None,
        report_annotations=incidents.ReportAnnotations(**flags) if flags else None,
        incident_date_time=at,
        incident_date_time_description=what.at_means or None,
    )


def _zoned(at: datetime) -> datetime:
    """A time that must be there, read as UTC; what is beyond the calendar, its beginning. The
    authority's `check` says that it is wrong."""
    return at.replace(tzinfo=UTC) if at.utcoffset() is None else EARLIEST


def _officer(one: facts.Officer, notes: Notes) -> incidents.LawEnforcement:
    contact = people.ContactPerson(
        first_name=one.first_name or None,
        last_name=one.last_name or None,
        phone=_phones(one.phone, notes),
        email=_emails(one.email, notes),
    )
    country = one.country.upper() or None
    abroad = None
    if one.served_abroad is not None:
        abroad = incidents.ServedLegalProcessInternational(
            value=one.served_abroad, flea_country=country
        )
    elif FLEA_COUNTRY not in notes.newer:
        notes.add("country of the police who know of it", one.country)
    return incidents.LawEnforcement(
        flea_country=country,
        agency_name=one.agency,
        case_number=one.case_number or None,
        officer_contact=None if contact == people.ContactPerson() else contact,
        reported_to_le=one.told,
        served_legal_process_domestic=one.served_domestic,
        served_legal_process_international=abroad,
    )


def _where(one: facts.Where, newer: frozenset[str]) -> incidents.InternetDetails:
    notes = Notes(newer)
    kind = one.kind.strip().lower()
    if kind not in KINDS:
        notes.add("kind", one.kind)
    used, made = KINDS.get(kind, KINDS["web"])
    notes.rest(one, "kind", "more", *used)
    return made(one, notes)


def _web(one: facts.Where, notes: Notes) -> incidents.InternetDetails:
    return incidents.InternetDetails(
        web_page_incident=incidents.WebPageIncident(
            third_party_hosted_content=one.third_party,
            url=one.urls,
            additional_info=notes.with_(one.more),
        )
    )


def _email(one: facts.Where, notes: Notes) -> incidents.InternetDetails:
    return incidents.InternetDetails(
        email_incident=incidents.EmailIncident(
            email_address=tuple(parties.email(address, notes) for address in one.emails),
            content=one.content or None,
            additional_info=notes.with_(one.more),
        )
    )


def _newsgroup(one: facts.Where, notes: Notes) -> incidents.InternetDetails:
    return incidents.InternetDetails(
        newsgroup_incident=incidents.NewsgroupIncident(
            name=one.name or None,
            email_address=tuple(parties.email(address, notes) for address in one.emails),
            content=one.content or None,
            additional_info=notes.with_(one.more),
        )
    )


def _chat(one: facts.Where, notes: Notes) -> incidents.InternetDetails:
    return incidents.InternetDetails(
        chat_im_incident=incidents.ChatImIncident(
            chat_client=one.name or None,
            chat_room_name=one.room or None,
            content=one.content or None,
            additional_info=notes.with_(one.more),
        )
    )


def _game(one: facts.Where, notes: Notes) -> incidents.InternetDetails:
    return incidents.InternetDetails(
        online_gaming_incident=incidents.OnlineGamingIncident(
            game_name=one.name or None,
            console=one.room or None,
            content=one.content or None,
            additional_info=notes.with_(one.more),
        )
    )


def _phone(one: facts.Where, notes: Notes) -> incidents.InternetDetails:
    return incidents.InternetDetails(
        cell_phone_incident=incidents.CellPhoneIncident(
            phone_number=None if one.phone is None else parties.phone(one.phone, notes),
            latitude=None if one.latitude is None else float(one.latitude),
            longitude=None if one.longitude is None else float(one.longitude),
            additional_info=notes.with_(one.more),
        )
    )


def _offline(one: facts.Where, notes: Notes) -> incidents.InternetDetails:
    return incidents.InternetDetails(
        non_internet_incident=incidents.NonInternetIncident(
            location_name=one.name or None,
            incident_address=tuple(parties.address(place, notes) for place in one.addresses),
            additional_info=notes.with_(one.more),
        )
    )


def _peers(one: facts.Where, notes: Notes) -> incidents.InternetDetails:
    return incidents.InternetDetails(
        peer2peer_incident=incidents.Peer2peerIncident(
            client=one.name or None,
            ip_capture_event=tuple(parties.capture(seen, notes) for seen in one.captures),
            file_names=one.file_names or None,
            additional_info=notes.with_(one.more),
        )
    )


Made = Callable[[facts.Where, Notes], incidents.InternetDetails]
KINDS: Mapping[str, tuple[tuple[str, ...], Made]] = {
    "web": (("urls", "third_party"), _web),
    "email": (("emails", "content"), _email),
    "newsgroup": (("name", "emails", "content"), _newsgroup),
    "chat": (("name", "room", "content"), _chat),
    "game": (("name", "room", "content"), _game),
    "phone": (("phone", "latitude", "longitude"), _phone),
    "offline": (("name", "addresses"), _offline),
    "peers": (("name", "captures", "file_names"), _peers),
}
"""Ways in which something happened: which fields of `facts.Where` have an element there."""


def added(what: facts.Report, earlier: str) -> facts.Report:
    """A report that says of itself, and of its subject, that it adds to one that was filed."""
    subject = what.subject
    if subject is not None and earlier not in subject.earlier:
        subject = replace(subject, earlier=(*subject.earlier, earlier))
    return replace(what, supplements=earlier, subject=subject)
