"""The form's third section: the one sender, and those it was sent to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tutela.reporting.facts import Address, Capture, Email, Incident, Party, Phone, Report
from tutela.reporting.nca.answers import Answer, State, utc
from tutela.reporting.nca.fields import NONE, Field, held, joined, yes

SENDER, RECIPIENT = "sender", "recipient"
NEVER = (
    ("payment", "Bank account, card or other payment"),
    ("identity", "Identity documents"),
    ("national_insurance", "National Insurance number"),
    ("driving_licence", "Driving licence"),
    ("biometrics", "Biometric data"),
    ("voice", "Voice recordings"),
)
"""What no report of ours holds: a person says that it is not held, or what is."""

EXAMPLE = Report(
    Incident.CONTACT, datetime(2031, 5, 1, tzinfo=UTC), datetime(2031, 5, 1, tzinfo=UTC),
    subject=Party(),
)  # fmt: skip


def users(report: Report) -> Iterator[tuple[str, Iterable[Field]]]:
    """The sender first: one at most. A report about a child's own account has it as the sender's,
    since it is whose content was found."""
    sender, others = report.subject, report.recipients
    if sender is None and report.victims:
        sender = report.victims[0]
    if sender is not None or not others:
        yield "User 1", _user(sender or Party(), SENDER)
    first = 1 if sender is None and others else 2
    for number, one in enumerate(others, first):
        yield f"User {number}", _user(one, RECIPIENT)


def _user(party: Party, status: str) -> Iterable[Field]:
    account = party.account
    yield Field("status", "Status", Answer(State.VALUE, status), own=True)
    yield Field("user_name", "User name at the time", held(account.screen_name))
    yield Field("other_names", "Previous and display names", held(joined(account.display_names)))
    yield Field("unique_id", "Unique id of the account", held(account.id))
    yield Field("profile", "URL of the profile", held(joined(account.urls)))
    yield Field("biography", "Text of the profile", held(account.biography))
    yield from _standing(party)
    yield Field("real_name", "Real name", held(f"{party.first_name} {party.last_name}"))
    yield Field("born", "Date of birth", held(party.born.isoformat() if party.born else ""))
    mails = [one for one in party.emails if one.kind != "recovery"]
    yield Field("email", "E-mail", held(joined(map(_mail, mails))))
    phones = [one for one in party.phones if one.kind != "recovery"]
    yield Field("phone", "Telephone", held(joined(map(_phone, phones))))
    at = joined(utc(one.verified_at) for one in phones)
    yield Field("phone_verified_at", "Telephone verified at", held(at, applies=bool(phones)))
    yield Field("address", "Postal address", held(joined(_address(party, billing=False))))
    yield Field("billing", "Billing details", held(joined(_address(party, billing=True))))
    ips = joined(map(_capture, party.captures))
    yield Field("ip_history", "IP addresses of the last three months", held(ips))
    recovery = [one for one in party.emails if one.kind == "recovery"]
    yield Field("recovery_email", "Recovery e-mail", held(joined(map(_mail, recovery))))
    again = [one for one in party.phones if one.kind == "recovery"]
    yield Field("recovery_phone", "Recovery telephone", held(joined(map(_phone, again))))
    devices = joined(f"{one.kind} {one.value}" for one in party.devices)
    yield Field("devices", "Ids of devices", held(devices))
    others = joined(f"{one.kind}: {one.account.id or one.account.screen_name}"
                    for one in party.associated)  # fmt: skip
    yield Field("connections", "Connections with other accounts", held(others))
    for name, title in NEVER:
        yield Field(name, title, NONE)
    yield Field("user_more", "Additional information", held(party.more))


def _standing(party: Party) -> Iterable[Field]:
    closed = party.account.disabled
    last = closed[-1] if closed else None
    yield Field("closed", "Account closed?", yes(True if closed else None))
    at = utc(last.at) if last else ""
    yield Field("closed_at", "Closed at", held(at, applies=last is not None))
    yield Field("notified", "Was the user notified?", yes(last.told if last else None))
    yield Field("compromised", "Suspected to be compromised?", yes(party.account.compromised))


def _mail(one: Email) -> str:
    verified = f" (verified {utc(one.verified_at)})" if one.verified_at else ""
    return f"{one.address}{verified}"


def _phone(one: Phone) -> str:
    return joined((one.country_code, one.number, one.extension), " ")


def _address(party: Party, *, billing: bool) -> Iterator[str]:
    for one in party.addresses:
        if (one.kind == "billing") is billing:
            yield _written(one)


def _written(one: Address) -> str:
    return joined((one.street, one.city, one.postcode, one.region, one.country), ", ")


def _capture(one: Capture) -> str:
    port = "" if one.port is None else f" port {one.port}"
    return joined((f"{one.address}{port}", utc(one.at), one.moment), ", ")
