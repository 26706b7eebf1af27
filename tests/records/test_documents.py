"""Records filled from settings: what is known stands there, what is not is marked, and names from
outside are text and nothing more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from records.bench import ANN, START, Bench
from tutela.bundles.receivers import Receiver
from tutela.cases.options import Options as Cases
from tutela.decisions.options import Options as Decisions
from tutela.law import signing
from tutela.law.options import IN_SESSION
from tutela.law.options import Options as Law
from tutela.people.options import Options as People
from tutela.policy import presets
from tutela.policy.models import Channel
from tutela.preservation.options import Options as Preservation
from tutela.records import documents, dpia, processing
from tutela.records.documents import TO_FILL, Document, Line, Section
from tutela.records.options import Options as Records
from tutela.records.setup import Setup
from tutela.reporting.facts import Reporter
from tutela.reporting.options import Options as Reporting
from tutela.screening.options import Options as Screening
from tutela.views.options import Options as Views
from tutela.webhooks.models import Endpoint
from tutela.webhooks.options import Options as Webhooks

SETUP = Setup(
    presets.default(), Reporting(), Law(), Views(), Preservation(), Decisions(), Cases(), People(),
    Screening(), Webhooks(), Records(), (), "the data directory", 2, "SQLite", (), False, False,
)  # fmt: skip


def made(bench: Bench, setup: Setup = SETUP, maker=processing.record) -> Document:
    bench.database.info[IN_SESSION] = setup.law
    with bench.database.reading() as session:
        return maker(session, bench.now, setup)


def lines(document: Document, section: str) -> dict[str, Line]:
    (found,) = [one for one in document.sections if one.title == section]
    return {one.label: one for one in found.lines}


def test_who_answers_is_filled_from_settings_and_else_marked(bench):
    bare = lines(made(bench), "Controller")
    assert bare["Service"].mark == TO_FILL and bare["Data protection officer"].mark == TO_FILL
    setup = replace(
        SETUP, law=Law(established="GB"),
        reporting=Reporting(platform="Bicycles", reporter=Reporter(email="a@bicycles.test")),
    )  # fmt: skip
    known = lines(made(bench, setup), "Controller")
    assert (known["Service"].text, known["Service"].mark) == ("Bicycles", "")
    assert known["Email"].text == "a@bicycles.test" and known["Established in"].text == "GB"
    assert known["Legal name and address of the controller"].mark == TO_FILL


def test_purposes_and_recipients_are_those_in_use(bench):
    with bench.database.writing() as session:
        for name, url, off in (
            ("one", "https://hooks.bicycles.test/secret-path", None),
            ("two", "https://old.bicycles.test/", START),
        ):
            session.add(Endpoint(
                name=name, url=url, private=False, kinds="*", secret=b"", previous=None,
                previous_until=None, created_at=START, disabled_at=off,
            ))  # fmt: skip
    setup = replace(SETUP, receivers=(Receiver("desk", "age1", "2032-01-01", "FR"),))
    found = made(bench, setup)
    assert "partner" in lines(found, "Purposes")["known-csea"].text
    assert "adult-intimate" not in lines(found, "Purposes")
    to = lines(found, "Recipients")
    assert "test server only" in to["Authority ncmec"].text
    assert {"Webhook hooks.bicycles.test", "Receiver desk"} <= set(to)
    assert not [one for one in to if "old.bicycles" in one]
    assert "secret-path" not in documents.markdown(found)
    assert lines(found, "Transfers to other countries")["To the receiver desk in FR"].mark
    real = replace(setup, reporting=Reporting(environment="production"))
    assert "test server" not in lines(made(bench, real), "Recipients")["Authority ncmec"].text


def test_how_long_things_are_kept_follows_settings_and_packs(bench):
    setup = replace(
        SETUP, decisions=Decisions(appeal_days=99), preservation=Preservation(after_report="P2Y")
    )
    found = lines(made(bench, setup), "How long it is kept")
    assert "99 days" in found["Sealed file of what was no match"].text
    assert "P2Y" in found["What was reported"].text
    assert [one for one in found if one.startswith("us: ")]


def test_what_nobody_verified_says_so_until_someone_signs(bench):
    law = Law(packs=("eu", "uk", "us"), established="GB")
    before = made(bench, replace(SETUP, law=law))
    assert before.unverified > 0
    bench.database.info[IN_SESSION] = law
    with bench.database.writing() as session:
        for rule in signing.unsigned(session):
            signing.sign(session, bench.now, ANN, rule.pack, rule.id, "Read it.")
    after = made(bench, replace(SETUP, law=law))
    assert after.unverified == 0
    assert "Signed by person:ann." in documents.markdown(after).replace("\\", "")
    assert "**[not verified]**" in documents.markdown(before)


def test_a_channel_s_basis_is_told_with_its_dates_and_marked_once_over(bench):
    today = START.date()
    channels = {
        "public": Channel("public", "GDPR Art. 6", date(2030, 1, 1), today),
        "mail": Channel("mail", "An old law", None, today - timedelta(days=1)),
    }
    policy = replace(SETUP.policy, channels=channels)
    found = lines(made(bench, replace(SETUP, policy=policy)), "Legal basis")
    assert found["Channel public"].text.startswith("GDPR Art. 6 from 2030-01-01 until 2031-05-01.")
    assert found["Channel public"].mark == ""
    assert found["Channel mail"].mark == TO_FILL and "is over" in found["Channel mail"].text


def test_the_impact_assessment_has_every_risk_and_leaves_the_judgement(bench):
    bench.decide(bench.item(bench.match("rain", 3)), "confirmed")
    found = made(bench, maker=dpia.template)
    for who in ("who uploads", "who is wrongly matched", "who reviews", "the child"):
        risk = lines(found, f"Risk to {who}")
        assert risk["Residual risk"].mark == TO_FILL and risk["What is done"].text
    assert lines(found, "Consultation")["Prior consultation of the authority (Art. 36)"].mark
    precise = lines(found, "Necessity and proportionality")["As precise as it is"]
    assert "partner-list by pdq: 100.0% (20.7% to 100.0%)" in precise.text
    setup = replace(SETUP, views=Views(day_minutes=123), records=Records(new_source=77))
    changed = documents.markdown(made(bench, setup, dpia.template))
    assert "123 minutes" in changed and "until 77 were decided" in changed


@pytest.mark.parametrize("maker", [processing.record, dpia.template])
def test_as_markdown_and_as_json_it_says_the_same(bench, maker):
    found = made(bench, maker=maker)
    text, plain = documents.markdown(found), documents.plain(found)
    assert text.count("**[to fill]**") == found.to_fill == plain["to_fill"]
    assert text.count("\n## ") == len(plain["sections"]) == len(found.sections)


def test_names_from_outside_stay_text():
    bad = Line("a\n# b", "[x](javascript:1) <b> `c` *d* | e\u202e\x1b[2J")
    text = documents.markdown(Document("T", "I.", "2031-05-01", (Section("S", (bad,)),)))
    (line,) = [one for one in text.splitlines() if one.startswith("- ")]
    assert line == (
        "- **a \\# b**: \\[x\\](javascript:1) \\<b\\> \\`c\\` \\*d\\* \\| e \\[2J"
    )  # fmt: skip
