"""`tutela report sheet`, `answer`, `declare`, `package` and `recorded`, on an installation of its
own."""

from __future__ import annotations

import json
import shlex
import zipfile
from pathlib import Path

import pytest
from test_evidence_commands import acts, vault
from test_report_commands import Desk

from tutela import evidence
from tutela.cases import alerts
from tutela.cases.alerts import Received
from tutela.reporting.facts import Report as Facts
from tutela.reporting.models import Report

BICYCLE = b"A bicycle leans on a wall in the rain. " * 3000
SAID = (
    "priority=3", "detected_by=user", "detected_at=2026-05-01T11:30:00+00:00", "type=messaging",
    "police=no", "related=no", "rest=not held: the service does not ask for it",
)  # fmt: skip


class Bureau(Desk):
    """One with a point of contact."""

    def environment(self, **more: str) -> dict[str, str]:
        phone = {"TUTELA_REPORTING__REPORTER__PHONE": "+44 20 7946 0000"}
        return super().environment(**{**phone, **more})


@pytest.fixture
def here(tmp_path: Path) -> Bureau:
    made = Bureau(tmp_path)
    made.ok("init")
    return made


@pytest.fixture
def drafted(here: Bureau) -> str:
    with here.opened() as app, app.database.writing() as session:
        given = Received("account", "rider", text="Sells bicycles.")
        case = alerts.report(session, app.database.now(), given).case_id
    command = ("report", "draft", case, "--authority", "nca", "--incident", "contact")
    (made,) = here.records(*command)
    return str(made["report"])


def with_file(here: Bureau, report: str, name: str, data: bytes) -> None:
    """Put a sealed file into a draft."""
    with here.opened() as app:
        sealed = app.sealer().seal(data)
        with app.database.writing() as session:
            row = evidence.record(session, app.database.now(), sealed)
            held = session.get_one(Report, report)
            content = json.loads(held.content)
            content["files"] = [{"evidence": row.id, "name": name, "size": row.size}]
            held.content = Facts.from_json(json.dumps(content)).to_json()


def test_a_report_is_answered_declared_handed_over_and_recorded(here, drafted):
    """By its sheet; the reference is typed twice."""
    assert "NOT SAID YET" in here.ok("report", "sheet", drafted)
    assert "Nobody set the priority" in here.run("report", "check", drafted).stdout
    assert "no field" in here.refused("report", "answer", drafted, "weather=rain")
    assert "--yes" in here.refused("report", "declare", drafted)
    assert "cannot be declared" in here.refused("report", "declare", drafted, "--yes")
    here.ok("report", "answer", drafted, *SAID)
    here.ok("report", "declare", drafted, "--yes")
    assert "It can be filed by a person." in here.ok("report", "check", drafted)
    here.ok("report", "send", drafted)
    (row,) = here.records("report", "list", "--state", "halted")
    assert row["report"] == drafted and "waits for a person" in row["last_error"]
    told = here.ok("report", "sheet", drafted)
    assert "NOT SAID YET" not in told and "Sells bicycles." in told
    assert "verify it with the agency" in told
    lines = here.records("report", "sheet", drafted)
    assert {"general.platform", "user.1.unique_id"} <= {one.get("path") for one in lines}
    number = "IRP-2026-000017"
    command = ("report", "recorded", drafted, number)
    assert "not the same" in here.refused(*command, "--repeat", "IRP-2026-000018")
    (row,) = here.records(*command, "--repeat", number)
    assert (row["state"], row["remote_id"]) == ("filed", number)


def test_the_guide_leads_to_a_complete_report(here):
    """Its very lines, in their order, on a case of an account."""
    page = (Path(__file__).parents[2] / "docs" / "nca.md").read_text()
    part = page.split("## In two minutes", 1)[1].split("\n## ", 1)[0]
    lines = [shlex.split(line) for line in part.splitlines() if line.startswith("    ")]
    chosen = dict(one.split("=", 1) for line in lines if line[0] == "export" for one in line[1:])
    ids: dict[str, str] = {}
    for line in lines:
        if line[0] == "curl":  # as the service would take it
            given = json.loads(line[line.index("-d") + 1])
            with here.opened() as app, app.database.writing() as session:
                received = Received(given["about"], given["id"], text=given["text"])
                ids["CASE"] = alerts.report(session, app.database.now(), received).case_id
        elif line[0] == "tutela":
            done = here.run(*(ids.get(word, word) for word in line[1:]), **chosen)
            assert done.returncode == 0, (line, done.stdout, done.stderr)
            if "CASE" in ids and "REPORT" not in ids:
                (row,) = here.records("report", "list", **chosen)
                ids["REPORT"] = row["report"]
    (row,) = here.records("report", "list", **chosen)
    assert (row["state"], row["remote_id"]) == ("filed", "IRP-2026-000017")


def test_its_files_are_packed_once_it_is_said_why(here, drafted):
    """Written down as exports; a program is not packed, and nothing is left then."""
    with_file(here, drafted, "bicycle.jpg", BICYCLE)
    out = here.folder / "report.zip"
    command = ("report", "package", drafted, "--out", out, "--reason", "to the portal")
    with vault(here):
        assert "not sealed there" in here.ok(*command)
        assert "is there" in here.refused(*command)
        with zipfile.ZipFile(out) as found:
            assert found.read("001-bicycle.jpg") == BICYCLE
        assert out.stat().st_mode & 0o777 == 0o600
        with_file(here, drafted, "long.jpg", BICYCLE * 20)
        command = ("report", "package", drafted, "--out", here.folder / "small.zip")
        told = here.refused(*command, "--reason", "why", TUTELA_REPORTING__NCA__PACKAGE="1000000")
        assert "too large for a package" in told and not (here.folder / "small.zip").exists()
        with_file(here, drafted, "bicycle.jpg", b"MZ" + BICYCLE)
        other = here.folder / "other.zip"
        told = here.refused("report", "package", drafted, "--out", other, "--reason", "why")
        assert "is a program" in told and not other.exists()
    did = acts(here)
    assert did.count("report.package") == 2  # not of what is too large and "evidence.intend" in did
