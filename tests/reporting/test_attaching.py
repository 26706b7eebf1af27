"""Papers that go along with a report."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest

from reporting.scenes import ANN, BOB, Scene
from tutela.evidence import clocks
from tutela.evidence.models import File as Sealed
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore
from tutela.preservation import service as preservation
from tutela.preservation.models import Kind
from tutela.reporting import attaching, drafting, register
from tutela.reporting.errors import EditRefused, ReportChanged


def test_a_paper_is_sealed_and_goes_along(scene: Scene, tmp_path: Path):
    """The log of a conversation: nobody's upload, viewed by nobody, kept until it is sent."""
    scene.confirmed()
    name = scene.reports()[0].id
    key = str(pyrage.x25519.Identity.generate().to_public())
    sealer = Sealer([key], FolderStore(tmp_path / "store"), tmp_path / "spool")
    for bad in (b"", bytes(attaching.LARGEST + 1)):
        with pytest.raises(EditRefused):
            attaching.handed(sealer, "log.csv", bad)
    paper = attaching.handed(sealer, "../of/log\n.csv", b"Rain?\n")
    with scene.database.writing() as session:
        attaching.attach(session, scene.now, BOB, name, 1, paper)
        with pytest.raises(ReportChanged):
            attaching.attach(session, scene.now, BOB, name, 1, paper)
    file = scene.content(name).files[-1]
    assert file.supplemental and not file.viewed and not file.seen
    assert (file.name, file.size) == ("log\ufffd.csv", 6) and dict(file.hashes)["md5"]
    with scene.database.reading() as session:
        assert session.get_one(Sealed, file.evidence).size == 6
        assert [one.kind for one in clocks.running(session, scene.now, file.evidence)] == ["draft"]
        of_item = scene.content(name).files[0].evidence
        assert register.evidence_of(session, scene.case()) == {file.evidence}
        assert register.cases_of(session, file.evidence) == {scene.case()}
        assert register.cases_of(session, of_item) == {scene.case()}


def test_a_legal_hold_keeps_the_papers_of_the_cases_reports(scene: Scene, tmp_path: Path):
    """They are of the case as its items are, also once the draft is withdrawn."""
    scene.confirmed()
    name = scene.reports()[0].id
    key = str(pyrage.x25519.Identity.generate().to_public())
    sealer = Sealer([key], FolderStore(tmp_path / "store"), tmp_path / "spool")
    paper = attaching.handed(sealer, "log.csv", b"Rain?\n")
    with scene.database.writing() as session:
        attaching.attach(session, scene.now, BOB, name, 1, paper)
        preservation.record(
            session, scene.now, ANN, scene.case(), Kind.HOLD, "", "", "a suit", "", None
        )
        drafting.withdraw_draft(session, scene.now, BOB, name, "Not now.")
    file = scene.content(name).files[-1]
    with scene.database.reading() as session:
        kinds = [one.kind for one in clocks.running(session, scene.now, file.evidence)]
    assert kinds == ["request"]
