"""What is in a bundle, and what it takes to make one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from decisions.world import ANN
from sqlalchemy import select

from bundles.desk import GROUND, WHY, Desk
from tutela.audit.models import Entry
from tutela.bundles import collecting, container, making, verifying
from tutela.bundles.categories import Table
from tutela.bundles.collecting import Contents, Kept
from tutela.bundles.errors import BundleDamaged, BundleRefused, ReceiverRefused
from tutela.cases.errors import NoSuchCase
from tutela.evidence.errors import EvidenceError, NotOpened
from tutela.evidence.models import File, Intent
from tutela.people.models import Need
from tutela.people.permissions import Caller, Permission
from tutela.reporting import facts
from tutela.reporting.models import Report
from tutela.views.models import View


def test_a_bundle_tells_all_that_stands_confirmed_and_holds_no_file(each: Desk) -> None:
    """Hashes, metadata, decisions, seals; another program opens it and finds the parts."""
    out, made = each.make()
    found = each.parts(out)
    assert set(found) == {
        "signer.pub", "checkpoint.json", "summary.pdf", "case.json", "vics.json", "audit.jsonl",
        "manifest.json",
    }  # fmt: skip
    assert (made.files, made.enclosed, made.without_md5) == (2, 0, 0)
    assert made.digest == hashlib.sha256(out.read_bytes()).hexdigest()
    told = json.loads(found["case.json"])
    assert {one["id"] for one in told["items"]} == set(each.items)
    assert told["case"]["subject"] == "anna"
    first = told["items"][0]
    assert first["decisions"][0]["conclusion"] == "confirmed"
    assert first["evidence"]["sha256"] and first["evidence"]["sealed_at"]
    (case,) = json.loads(found["vics.json"])["value"]
    assert len(case["Media"]) == case["TotalMediaFiles"] == 2
    assert all("Category" not in one and "RelativeFilePath" not in one for one in case["Media"])
    assert found["summary.pdf"].startswith(b"%PDF")
    assert out.stat().st_mode & 0o077 == 0


def test_what_does_not_stand_confirmed_stays_here(desk: Desk) -> None:
    """Nor is there a bundle of nothing."""
    first = desk.items[0]
    decision = desk.world.latest(first)
    assert decision is not None
    desk.world.undo(decision.id, ANN)
    assert [one.item for one in desk.contents().files] == [desk.items[1]]
    other = desk.world.latest(desk.items[1])
    assert other is not None
    desk.world.undo(other.id, ANN)
    with pytest.raises(BundleRefused, match="Nothing"):
        desk.contents()


def test_a_bundle_of_a_report_has_what_stands_in_it(each: Desk) -> None:
    """And the report itself."""
    with each.database.writing() as session:
        (report,) = session.scalars(select(Report).where(Report.case_id == each.case)).all()
        said = facts.Report.from_json(report.content)
        kept = tuple(one for one in said.files if one.item == each.items[0])
        report.content = replace(said, files=kept).to_json()
        name = report.id
    contents = each.contents(name)
    assert [one.item for one in contents.files] == [each.items[0]]
    out, _ = each.make(contents=contents)
    assert json.loads(each.parts(out)["report.json"])["files"]
    found = verifying.verify(out, [each.theirs])
    assert found.faults == () and found.said["report"] == name


def test_who_need_not_know_of_a_case_gets_no_bundle_of_it(each: Desk) -> None:
    """It is as if there were none."""
    with each.database.writing() as session:
        session.add(Need(kind="case", subject=each.case, actor="person:eve", allowed=False))
    stranger = Caller("person:eve", frozenset({Permission.EXPORT, Permission.CASES}))
    with pytest.raises(NoSuchCase), each.database.reading() as session:
        collecting.collect(session, stranger, each.case)


def test_files_go_along_with_a_ground_and_an_intent_each(each: Desk) -> None:
    """Their bytes are those that were sealed; who did it is recorded before, as a view too."""
    with each.vault():
        out, made = each.make(granted=GROUND)
    found = each.parts(out)
    assert made.enclosed == 2
    for one in each.contents().files:
        assert hashlib.sha256(found[f"files/{one.sha256}"]).hexdigest() == one.sha256
    (case,) = json.loads(found["vics.json"])["value"]
    assert case["Media"][0]["RelativeFilePath"].startswith("files\\")
    with each.database.reading() as session:
        intents = session.scalars(select(Intent).where(Intent.purpose == "export")).all()
        assert len(intents) == 2 and all(one.used_at and one.reason == WHY for one in intents)
        assert len(session.scalars(select(View).where(View.rendering == "export")).all()) == 2
        (begun,) = session.scalars(select(Entry).where(Entry.action == "bundle.files"))
    facts = json.loads(begun.facts)
    assert (facts["files"], facts["ground"], facts["receiver"]) == (2, "A ground.", "north")
    assert verifying.verify(out, [each.theirs]).faults == ()


def test_of_copies_one_goes_along(desk: Desk) -> None:
    """And a file that was deleted does not."""
    with desk.database.writing() as session:
        names = {one.evidence for one in desk.contents().files}
        session.get_one(File, min(names)).deleted_at = desk.world.now
    contents = desk.contents()
    twice = replace(contents, files=(*contents.files, contents.files[0], contents.files[1]))
    with desk.vault():
        out, made = desk.make(granted=GROUND, contents=twice)
    assert made.enclosed == 1
    assert len([name for name in desk.parts(out) if name.startswith("files/")]) == 1


def test_where_a_file_is_not_what_was_sealed_there_is_no_bundle(desk: Desk) -> None:
    """Nothing is left of what was begun."""
    evidence = desk.contents().files[0].evidence
    with desk.database.reading() as session:
        name = session.get_one(File, evidence).name
    sealed = desk.folder / "evidence" / name
    sealed.chmod(0o600)
    sealed.write_bytes(sealed.read_bytes()[:-1])
    with desk.vault(), pytest.raises(NotOpened):
        desk.make(granted=GROUND)
    assert not list(desk.folder.glob("*out.bundle*"))


def test_without_a_vault_no_file_goes(desk: Desk) -> None:
    """And nothing is left."""
    with pytest.raises(EvidenceError):
        desk.make(granted=GROUND)
    assert not list(desk.folder.glob("*out.bundle*"))


def test_nothing_is_sealed_for_a_key_that_expired(desk: Desk) -> None:
    """Its last day is good, the day after is not."""
    desk.world.now = desk.world.now.replace(month=12, day=31)
    desk.make()
    desk.later(1)
    with pytest.raises(ReceiverRefused, match="2031-12-31"):
        desk.make("second")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "two\nlines"])
def test_nothing_leaves_without_a_reason(desk: Desk, reason: str) -> None:
    """One line."""
    with pytest.raises(BundleRefused), desk.database.writing() as session:
        making.begin(session, desk.database, ANN, desk.contents(), desk.receiver, reason)


def test_with_files_there_must_be_some(desk: Desk) -> None:
    """Else what two people agreed to is not what leaves."""
    contents = desk.contents()
    none = replace(contents, files=tuple(replace(one, evidence="") for one in contents.files))
    with pytest.raises(BundleRefused, match="No file"):
        desk.make(granted=GROUND, contents=none)


def test_a_file_that_is_there_is_never_written_over(desk: Desk) -> None:
    """A bundle of another day may be it."""
    (desk.folder / "out.bundle").write_bytes(b"other")
    with pytest.raises(BundleRefused, match="cannot be written"):
        desk.make()
    assert (desk.folder / "out.bundle").read_bytes() == b"other"


@pytest.mark.parametrize("there", [False, True])
def test_a_disk_without_links_takes_a_bundle_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """And a file that is there stays."""

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.delattr("os.O_TMPFILE", raising=False)  # such a disk has no nameless files either
    monkeypatch.setattr("tutela.evidence.exporting.os.link", refused)
    if there:
        (desk.folder / "out.bundle").write_bytes(b"other")
        with pytest.raises(BundleRefused, match="cannot be written"):
            desk.make()
        assert (desk.folder / "out.bundle").read_bytes() == b"other"
    else:
        out, _ = desk.make()
        assert verifying.verify(out, [desk.theirs]).faults == ()
    assert not list(desk.folder.glob(".out.bundle*"))


def test_categories_come_from_a_table_that_says_what_it_loses(desk: Desk) -> None:
    """It is told in the manifest, in VICS and on paper; what no code fits has none."""
    table = Table("UK", "1", "A letter.", "2031-01-01", "Jo", ("age",), ((4, {}),))
    contents = desk.contents()
    out, _ = desk.make(table=table, contents=contents)
    found = desk.parts(out)
    vics = json.loads(found["vics.json"])
    assert vics["@odata.context"].endswith("/UK/$metadata#Cases")
    assert [one["Category"] for one in vics["value"][0]["Media"]] == [4, 4]
    assert "Lossy" in json.dumps(vics["value"][0]["CaseMetadata"])
    said = verifying.verify(out, [desk.theirs]).said
    assert said["categories"]["lossy"] is True and said["categories"]["loses"] == ["age"]


def test_what_has_no_md5_is_told_of_elsewhere(desk: Desk) -> None:
    """VICS wants one of each record."""
    contents = desk.contents()
    first = replace(contents.files[0], hashes={"sha256": "0" * 64})
    out, made = desk.make(contents=replace(contents, files=(first, contents.files[1])))
    assert made.without_md5 == 1
    assert len(json.loads(desk.parts(out)["vics.json"])["value"][0]["Media"]) == 1


def test_rows_are_asked_for_in_pages(each: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large a page is, the same is found, and proved."""
    whole = each.contents()
    monkeypatch.setattr(collecting, "TOGETHER", 1)
    assert each.contents() == whole
    out, made = each.make()
    assert made.entries > 3 and verifying.verify(out, [each.theirs]).faults == ()


def test_a_case_may_have_ten_thousand_files(desk: Desk) -> None:
    """The paper lists some; the rest is in the parts for programs."""
    contents = desk.contents()
    many = tuple(Kept(f"itm_{one}", {"md5": f"{one:032x}"}, 7, {}, "", "") for one in range(10_000))
    told = contents.told | {"items": contents.told["items"] * 5000}
    out, made = desk.make(contents=replace(contents, told=told, files=many))
    assert made.files == 10_000
    found = verifying.verify(out, [desk.theirs])
    assert found.faults == () and found.said["media"] == 10_000


def test_a_log_that_its_checkpoint_does_not_know_makes_no_bundle(desk: Desk) -> None:
    """What could not be proved is not sent."""
    desk.make()
    last = sorted(desk.place.checkpoints.glob("*.json"))[-1]
    last.rename(last.with_name(f"{10**11:012}.json"))
    with pytest.raises(BundleDamaged, match="log"):
        desk.make("second")


def test_the_public_half_must_be_that_of_the_key(desk: Desk, tmp_path: Path) -> None:
    """Else nobody could verify what is signed."""
    other = tmp_path / "other" / "audit.key"
    type(desk.key).make(other)
    (desk.folder / "keys" / "audit.key.pub").write_bytes(
        other.with_name("audit.key.pub").read_bytes()
    )
    with pytest.raises(BundleDamaged):
        desk.make()


def test_what_a_second_person_agrees_to_is_exact(desk: Desk) -> None:
    """Other files or another key are another request."""
    contents = desk.contents()
    first = making.approved_facts(contents, desk.receiver, GROUND)
    fewer = replace(contents, files=contents.files[:1])
    assert first != making.approved_facts(fewer, desk.receiver, GROUND)
    other = replace(desk.receiver, recipient=str(desk.own.to_public()))
    assert first != making.approved_facts(contents, other, GROUND)
    assert first["files"] == 2


def test_paper_shows_letters_that_it_has_not_as_their_numbers(desk: Desk) -> None:
    """And is made whatever people wrote."""
    contents: Contents = desk.contents()
    contents.told["people_said"].append({
        "at": "2031", "reporter": "user", "text": "自転車 \u202e" + "x" * 5000, "url": "\x00",
    })  # fmt: skip
    out, _ = desk.make(contents=contents)
    assert desk.parts(out)[container.PAPER].startswith(b"%PDF")
