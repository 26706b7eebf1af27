"""`tutela preservation` and `tutela evidence show`, as who answers law enforcement meets them."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from decisions.world import add
from installation import Installation

from tutela import evidence, settings
from tutela.app import App
from tutela.evidence.models import File, Intent
from tutela.preservation import service
from tutela.screening.models import Decided


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new installation, for copies."""
    folder = tmp_path_factory.mktemp("preserving")
    Installation(folder).ok("init")
    return folder


@pytest.fixture
def here(fresh: Path, tmp_path: Path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    made = Installation(tmp_path / "own")
    (made.folder / "letter.pdf").write_bytes(b"Please keep it.")
    return made


def opened(here: Installation) -> App:
    return App.open(settings.load(here.environment()))


@pytest.fixture
def case(here: Installation) -> tuple[str, str]:
    """A case with a sealed file that was filed, and the file."""
    with opened(here) as app:
        item = add(app.database, app.database.now(), "rider")
        sealed = app.sealer().seal(b"A bicycle in the rain.")
        with app.database.writing() as session:
            now = app.database.now()
            file = evidence.record(session, now, sealed, now + timedelta(days=7))
            decided = session.get_one(Decided, item)
            decided.evidence_id = file.id
            session.flush()
            service.begin(session, now, "rpt_1", [file.id])
            assert decided.case_id is not None
            return decided.case_id, file.id


def test_a_request_is_recorded_shown_extended_and_ended(
    here: Installation, case: tuple[str, str]
) -> None:
    """Its paper is sealed; what is shown is what was typed."""
    about, file = case
    who = ("--agency", "Police [red]", "--reference", "12/27", "--basis", "18 USC 2703(f)")
    (made,) = here.records(
        "preservation", "record", about, "preserve", *who, "--until", "2090-03-01", "--paper",
        here.folder / "letter.pdf",
    )  # fmt: skip
    assert (made["state"], made["until"]) == ("running", "2090-03-02T00:00:00+00:00")
    assert made["agency"] == "Police [red]" and made["waits_for"] == []
    here.ok(
        "preservation", "record", about, "extend", *who, "--extends", made["request"], "--until",
        "2091-03-01",
    )  # fmt: skip
    (shown,) = here.records("preservation", "show", made["request"])
    assert shown["until"] == "2091-03-02T00:00:00+00:00"
    (paper,) = shown["papers"]
    assert (paper["name"], paper["given"]) == ("letter.pdf", "received")
    assert "received: ev_" in here.ok("preservation", "show", made["request"])
    assert "Police [red]" in here.ok("preservation", "list")
    ran = here.records("preservation", "clocks", about)
    assert [(one["evidence"], one["kind"]) for one in ran] == [(file, "receipt"), (file, "request")]
    assert len(here.records("preservation", "clocks", paper["evidence"])) == 1
    (ended,) = here.records("preservation", "end", made["request"], "--why", "Withdrawn.")
    assert (ended["state"], ended["ended_why"]) == ("ended", "Withdrawn.")
    assert here.records("preservation", "list", "--running", "--case", about) == []
    assert len(here.records("preservation", "clocks", file, "--ended")) == 2


def test_what_to_destroy_waits_for_is_said_and_ended_and_the_tombstone_is_shown(
    here: Installation, case: tuple[str, str]
) -> None:
    """The time after the report alone can be ended; then the purge proves it gone."""
    about, file = case
    said = here.ok(
        "preservation", "record", about, "destroy", "--agency", "Police", "--reference", "1",
        "--basis", "An order", "--paper", here.folder / "letter.pdf",
    )  # fmt: skip
    request = said.split()[0]
    assert f"waits: {file} for receipt rpt_1 until" in said and "preservation release" in said
    (told,) = here.records("preservation", "release", request, "--why", "They insist.")
    assert told["waits_for"] == []
    with opened(here) as app:
        assert evidence.purge(app.database, app.store()) == 1
        service.tend(app.database)
    (tomb,) = here.records("evidence", "show", file)
    assert tomb["deleted_why"] == request and tomb["gone_at"] and tomb["deleted_at"]
    assert [one["kind"] for one in tomb["clocks"]] == ["receipt"]
    assert "state: deleted" in here.ok("evidence", "show", file)
    assert f"{file}: deleted" in here.ok("preservation", "clocks", about)
    (shown,) = here.records("preservation", "show", request)
    assert (shown["state"], shown["ended_by"]) == ("done", "worker")


def test_what_is_not_proved_gone_is_listed_so(here: Installation, case: tuple[str, str]) -> None:
    """Marked is not deleted."""
    with opened(here) as app, app.database.writing() as session:
        session.get_one(File, case[1]).deleted_at = app.database.now()
    assert "deleted, not proven" in here.ok("evidence", "list")


def test_what_was_given_must_have_been_taken_out(here: Installation, case: tuple[str, str]) -> None:
    """An export that was used says so."""
    about, file = case
    words = (
        "preservation", "record", about, "produce", "--agency", "Police", "--reference", "1",
        "--basis", "A warrant", "--gave", file,
    )  # fmt: skip
    ran = here.run(*words)
    assert ran.returncode == 1 and "never taken out" in ran.stderr
    with opened(here) as app, app.database.writing() as session:
        now = app.database.now()
        intent = evidence.intend(
            session, now, "shell:ann", session.get_one(File, file), evidence.Purpose.EXPORT, "1"
        )
        session.get_one(Intent, intent.id).used_at = now
    (made,) = here.records(*words)
    (shown,) = here.records("preservation", "show", made["request"])
    assert [(one["evidence"], one["given"]) for one in shown["papers"]] == [(file, "produced")]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "prq_none"), ("end", "prq_none", "--why", "x"), ("clocks", "case_none"),
        ("release", "prq_none", "--why", "x"), ("clocks", "ev_none"),
        ("record", "case_none", "hold", "--basis", "x"),
        ("record", "case_none", "preserve", "--basis", "x", "--until", "2090-02-30"),
        ("record", "case_none", "hold", "--basis", "x", "--paper", "nowhere.pdf"),
        ("list", "--after", "prq_none"),
    ],
)  # fmt: skip
def test_what_is_not_there_or_cannot_be_is_refused(
    here: Installation, words: tuple[str, ...]
) -> None:
    """With a sentence, and exit code 1."""
    ran = here.run("preservation", *words)
    assert ran.returncode == 1 and ran.stderr.startswith("tutela: ")
