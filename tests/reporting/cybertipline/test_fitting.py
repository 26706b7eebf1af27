"""What people wrote is made lawful, and nothing is lost in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from reporting.cybertipline.strategies import NOON, documents, least, singles, wild
from tutela.reporting.cybertipline.captures import (
    DeviceId,
    Email,
    EstimatedLocation,
    IpCaptureEvent,
    Phone,
)
from tutela.reporting.cybertipline.checking import Schema, check
from tutela.reporting.cybertipline.files import FileDetails, OriginalFileHash
from tutela.reporting.cybertipline.fitting import Cut, Done, cut, fitted
from tutela.reporting.cybertipline.incidents import (
    CellPhoneIncident,
    InternetDetails,
    Report,
    WebPageIncident,
)
from tutela.reporting.cybertipline.limits import size
from tutela.reporting.cybertipline.people import Person, PersonOrUserReported, Victim
from tutela.reporting.cybertipline.schema import document
from tutela.reporting.cybertipline.vocabulary import EventName, PhoneType
from tutela.reporting.cybertipline.writing import written

LEAST = least(Report)
OURS = Schema.of(document())


def noted(text: str) -> tuple[str, tuple[Cut, ...]]:
    """What becomes of the additional information of a report."""
    report, cuts = fitted(replace(LEAST, additional_info=text), NOON)
    return report.additional_info, cuts


def reported(**fields) -> tuple[PersonOrUserReported, tuple[Cut, ...]]:
    user = PersonOrUserReported(**fields)
    report, cuts = fitted(replace(LEAST, person_or_user_reported=(user,)), NOON)
    return report.person_or_user_reported[0], cuts


@pytest.mark.parametrize("root", [Report, FileDetails], ids=lambda root: root.TAG)
def test_a_hundred_thousand_characters_fit_into_every_free_field(root):
    """Each is cut once with a mark, or taken out whole; what remains is lawful and written."""
    tried = 0
    for block, slot, lawful in singles(root):
        if slot.of is not str or slot.tag.name == "fileId":
            continue
        long = _with(lawful, block, slot, "x" * 100_000)
        fit, cuts = fitted(long, NOON)
        if not (slot.tag.length or slot.tag.among or slot.tag.address or slot.tag.pattern):
            assert cuts == () and slot.tag.whole, slot.tag.name  # a hash: no limit is known
            continue
        (only,) = cuts
        assert "x" * 100_000 in only.value
        dropped = slot.tag.whole or slot.tag.among
        assert only.done is (Done.DROPPED if dropped else Done.CUT), slot.tag.name
        assert "long" not in " ".join(f.what for f in check(fit))
        assert b"xxxxx" not in written(fit) if dropped else b"more characters]" in written(fit)
        assert OURS.faults(written(fit)) == ()
        tried += 1
    assert tried >= (60 if root is Report else 8)


def _with(model, block, slot, text):
    """The document with a text in place of the value of a field, wherever its block stands."""
    if type(model) is block:
        value = getattr(model, slot.field)
        return replace(model, **{slot.field: (text,) if slot.many else text}) if value else model
    changed = {}
    for field in model.__slots__:
        value = getattr(model, field)
        if hasattr(type(value), "TAG"):
            changed[field] = _with(value, block, slot, text)
        elif isinstance(value, tuple) and value and hasattr(type(value[0]), "TAG"):
            changed[field] = tuple(_with(one, block, slot, text) for one in value)
    return replace(model, **changed)


def test_text_is_cut_at_its_limit_and_says_by_how_much():
    text, cuts = noted("0123456789" * 1000)
    lost = cuts[0].characters
    assert text == ("0123456789" * 300)[: 10_000 - lost] + f"… [cut: {lost} more characters]"
    assert 2995 <= len(text) <= 3000
    assert cuts == (Cut("report/additionalInfo", Done.CUT, lost, "0123456789" * 1000),)


def test_text_at_its_limit_is_left_alone():
    assert noted("x" * 3000) == ("x" * 3000, ())
    assert noted("x" * 3001)[1][0].done is Done.CUT


def test_a_picture_beyond_the_first_plane_counts_as_two():
    """So does a server in Java count, and fewer characters than the limit are lawful everywhere."""
    text, (only,) = noted("\U0001f6b2" * 1501)
    assert size(text) <= 3000 and only.characters == 1501 - text.count("\U0001f6b2")
    assert noted("\U0001f6b2" * 1500)[1] == ()


@pytest.mark.parametrize("joined", ["e\u0301", "\U0001f468\u200d\U0001f469", "\u2708\ufe0f"])
def test_a_character_of_several_parts_is_not_cut_in_two(joined):
    for more in range(len(joined) + 1):
        text, _ = noted("x" * more + joined * 2000)
        assert text.split("…")[0].lstrip("x").replace(joined, "") in ("", "\U0001f468")


def test_a_text_of_nothing_but_marks_is_cut_all_the_same():
    text, lost = cut("\u0301" * 5000, 3000)
    assert len(text) <= 3000 and lost > 2000


def test_directions_and_pictures_are_kept():
    text = "\u200f\u202bبرج\u202c \u2066left\u2069 \U0001f468\u200d\U0001f466\ufe0f\n\t"
    assert noted(text) == (text, ())


def test_what_xml_cannot_carry_is_replaced():
    text, cuts = noted("rain\x00 and\x0b \ud83d sun\ufffe")
    assert text == "rain\ufffd and\ufffd \ufffd sun\ufffd"
    assert cuts == (
        Cut("report/additionalInfo", Done.REPLACED, 4, "rain\x00 and\x0b \ud83d sun\ufffe"),
    )


def test_what_is_replaced_and_too_long_is_told_twice():
    _, cuts = noted("\x00" * 4000)
    assert [one.done for one in cuts] == [Done.REPLACED, Done.CUT]


def test_a_url_is_never_cut():
    """Cut short it would be another page: it is taken out, and given back whole."""
    long = "https://photos.example/" + "x" * 2100
    details = InternetDetails(web_page_incident=WebPageIncident(url=("https://a.example/", long)))
    report, cuts = fitted(replace(LEAST, internet_details=(details,)), NOON)
    assert report.internet_details[0].web_page_incident.url == ("https://a.example/",)
    assert cuts == (
        Cut("report/internetDetails[1]/webPageIncident/url[2]", Done.DROPPED, len(long), long),
    )


def test_an_address_that_is_too_long_goes_with_all_that_is_said_of_it():
    email = Email(value="x" * 250 + "@example.org", verified=True, verification_date=NOON)
    user, (only,) = reported(
        person_or_user_reported_person=Person(email=(email, Email(value="lamp@example.org")))
    )
    assert user.person_or_user_reported_person.email == (Email(value="lamp@example.org"),)
    assert only.path == "report/personOrUserReported[1]/personOrUserReportedPerson/email[1]"
    assert only.done is Done.DROPPED and email.value in only.value
    assert only.value.endswith("; verified: true; verificationDate: 2026-03-01T12:00:00Z")


def test_a_phone_number_a_device_and_a_hash_are_never_cut():
    phone = Phone(value="0" * 51, type=PhoneType.MOBILE)
    device = DeviceId(id_type="SSID", id_value="y" * 2084, event_name=EventName.LOGIN)
    user, cuts = reported(
        person_or_user_reported_person=Person(phone=(phone,)), device_id=(device,)
    )
    assert user.device_id == user.person_or_user_reported_person.phone == ()
    assert [one.done for one in cuts] == [Done.DROPPED] * 2
    assert cuts[1].value == f"idType: SSID; idValue: {device.id_value}; eventName: Login"
    odd = OriginalFileHash(value="ab\x00cd", hash_type="MD5")
    details, (only,) = fitted(least(FileDetails, original_file_hash=(odd,)), NOON)
    assert details.original_file_hash == () and "ab\x00cd" in only.value


def test_a_shortening_in_what_is_then_taken_out_is_not_told_apart():
    device = DeviceId(id_type="t" * 300, id_value="y" * 2084)
    _, cuts = reported(device_id=(device,))
    assert [one.done for one in cuts] == [Done.DROPPED] and "t" * 300 in cuts[0].value


@pytest.mark.parametrize("zone", ["%eth0", "%12", "%a b"])
def test_the_zone_of_an_address_is_taken_out_and_the_address_kept(zone):
    event = IpCaptureEvent(ip_address=f"fe80::1{zone}", date_time=NOON)
    user, cuts = reported(ip_capture_event=(event,))
    assert user.ip_capture_event == (replace(event, ip_address="fe80::1"),)
    path = "report/personOrUserReported[1]/ipCaptureEvent[1]/ipAddress"
    assert cuts == (Cut(path, Done.DROPPED, len(zone), f"fe80::1{zone}"),)


@pytest.mark.parametrize("address", ["192.0.2.7:443", "unknown", "fe80::zz%eth0", "%", "1.2.3.4%e"])
def test_what_is_no_address_goes_with_its_event(address):
    user, (only,) = reported(
        ip_capture_event=(
            IpCaptureEvent(ip_address=address, port=443),
            IpCaptureEvent(ip_address="192.0.2.7"),
        )
    )
    assert [event.ip_address for event in user.ip_capture_event] == ["192.0.2.7"]
    assert only.value == f"ipAddress: {address}; port: 443" and only.done is Done.DROPPED


@pytest.mark.parametrize("age", [-1, 151, 2**40])
def test_an_age_that_nobody_has_is_taken_out(age):
    report, cuts = fitted(replace(LEAST, victim=(Victim(victim_person=Person(age=age)),)), NOON)
    assert report.victim[0].victim_person.age is None
    assert cuts == (
        Cut("report/victim[1]/victimPerson/age", Done.DROPPED, len(str(age)), str(age)),
    )


@pytest.mark.parametrize("age", [0, 150])
def test_an_age_that_somebody_may_have_stays(age):
    report = replace(LEAST, victim=(Victim(victim_person=Person(age=age)),))
    assert fitted(report, NOON) == (report, ())


def test_a_word_that_the_authority_does_not_list_is_taken_out():
    user, (only,) = reported(estimated_location=_location("Italy"))
    assert user.estimated_location.country_code is None and only.value == "Italy"
    assert reported(estimated_location=_location("IT"))[1] == ()


def _location(country):
    return EstimatedLocation(city="Turin", country_code=country)


def test_a_degree_that_is_nowhere_is_taken_out():
    phone = CellPhoneIncident(latitude=91.0, longitude=float("nan"))
    details = (InternetDetails(cell_phone_incident=phone),)
    report, cuts = fitted(replace(LEAST, internet_details=details), NOON)
    assert report.internet_details[0].cell_phone_incident == CellPhoneIncident()
    assert [one.value for one in cuts] == ["91.0", "nan"]


def test_a_number_beyond_64_bits_is_taken_out():
    user, (only,) = reported(prior_ct_reports=(2**63, 2**63 - 1))
    assert user.prior_ct_reports == (2**63 - 1,) and only.value == str(2**63)


def test_a_time_in_the_future_becomes_the_second_before_now():
    later = NOON + timedelta(seconds=1)
    summary = replace(LEAST.incident_summary, incident_date_time=later)
    report, cuts = fitted(replace(LEAST, incident_summary=summary), NOON)
    assert report.incident_summary.incident_date_time == NOON - timedelta(seconds=1)
    path = "report/incidentSummary/incidentDateTime"
    assert cuts == (Cut(path, Done.CLAMPED, 0, "2026-03-01T12:00:01+00:00"),)
    assert fitted(LEAST, NOON) == (LEAST, ())


def test_a_time_without_a_zone_is_not_guessed():
    summary = replace(LEAST.incident_summary, incident_date_time=datetime(2027, 1, 1))
    report = replace(LEAST, incident_summary=summary)
    assert fitted(report, NOON) == (report, ())
    assert "report/incidentSummary/incidentDateTime" in {f.path for f in check(report, NOON)}


def test_what_was_taken_out_is_never_shown_by_accident():
    """Logs show what `repr` shows."""
    _, cuts = noted("bicycle" * 1000)
    assert "bicycle" not in repr(cuts)


@settings(max_examples=200, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(Report, wild))
def test_whatever_is_given_is_fitted_once_and_written(report):
    """What stays is lawful, or blank where something is needed, which people must mend."""
    fit, _ = fitted(report, NOON)
    assert fitted(fit, NOON) == (fit, ())
    told = {fault.what for fault in check(fit, NOON)}
    assert told <= {
        "This is needed, and is blank.",
        "An escalation must say its reason, and this one is blank.",
        "Who reports has no e-mail address, without which the authority refuses a report.",
        "More than one user is reported, and the authority wants one at most.",
    }
    assert OURS.faults(written(fit)) == ()


@settings(max_examples=100, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(FileDetails, wild))
def test_whatever_is_said_of_a_file_is_fitted_once_and_written(details):
    fit, _ = fitted(replace(details, report_id=7, file_id="ab12"), NOON)
    assert fitted(fit, NOON) == (fit, ())
    assert OURS.faults(written(fit)) == ()


def test_golden_characters_arrive():
    """Once fitted, what a server reads is what was fitted."""
    text, _ = noted("\x01\u200f\U0001f6b2" * 900)
    tree = etree.fromstring(written(replace(LEAST, additional_info=text)))
    assert tree.findtext("additionalInfo") == text
