"""Banks for others: what is written is read by the libraries that know STIX and MISP."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import missing

from tutela.banks import changes, export_formats, exporting, service
from tutela.banks.changes import From, New
from tutela.banks.errors import BankError
from tutela.banks.service import Licence

PDQ, MD5, SHA = "0f" * 32, "0a" * 16, "0b" * 32
QUOTED = 'it\'s "the" \\river'


@pytest.fixture
def bank(database):
    with database.writing() as session:
        now = database.now()
        made = service.create(
            session, now, "ann", "roads", "test", licence=Licence(may_export=True)
        )
        gave = From(source="Partner", member="42")
        changes.add(session, now, "ann", made.id, [
            New("pdq", bytes.fromhex(PDQ), gave, "one", labels="a1 b2"),
            New("md5", bytes.fromhex(MD5), gave, QUOTED), New("sha256", bytes.fromhex(SHA)),
            New("url", b"k" * 32),
        ])  # fmt: skip
        session.flush()
        session.expunge(made)
        return made


def written(database, bank, name: str, path: Path) -> tuple[str, int, int]:
    form = export_formats.named(name)
    count = exporting.write(database, bank, path, form=form)
    return path.read_text(), count, form.left_out


def test_a_stix_bundle_is_read_by_its_library(database, bank, tmp_path):
    text, count, left = written(database, bank, "stix", tmp_path / "a.json")
    assert (count, left) == (3, 1)
    found = json.loads(text)["objects"]
    assert [one["pattern"] for one in found] == [
        f"[file:hashes.'PDQ' = '{PDQ}']", f"[file:hashes.'MD5' = '{MD5}']",
        f"[file:hashes.'SHA-256' = '{SHA}']",
    ]  # fmt: skip
    assert found[0]["labels"] == ["a1", "b2"] and "labels" not in found[1]
    assert found[1]["external_references"] == [
        {"source_name": "Partner", "description": "42", "external_id": QUOTED}
    ]  # fmt: skip
    assert written(database, bank, "stix", tmp_path / "b.json")[0] == text  # no doubles
    if find_spec("stix2") is None:
        missing("exports", "stix2 is not installed (make install)")
    import stix2

    bundle = stix2.parse(text, allow_custom=False)
    assert [str(one.pattern) for one in bundle.objects] == [one["pattern"] for one in found]
    assert all(one.spec_version == "2.1" for one in bundle.objects)


def test_a_misp_event_is_read_by_its_library(database, bank, tmp_path):
    text, count, left = written(database, bank, "misp", tmp_path / "a.json")
    assert (count, left) == (3, 1)
    event = json.loads(text)["Event"]
    assert event["distribution"] == "0" and event["published"] is False
    assert [(a["type"], a["value"], a["to_ids"]) for a in event["Attribute"]] == [
        ("other", PDQ, False), ("md5", MD5, True), ("sha256", SHA, True)
    ]  # fmt: skip
    assert event["Attribute"][0]["comment"] == "pdq / Partner / 42 / one"
    if find_spec("pymisp") is None:
        missing("exports", "pymisp is not installed (make install)")
    from pymisp import MISPEvent

    made = MISPEvent()
    made.load(text)
    assert [(a.type, a.category) for a in made.attributes] == [
        ("other", "Other"), ("md5", "Payload delivery"), ("sha256", "Payload delivery")
    ]  # fmt: skip
    assert [tag.name for tag in made.attributes[0].tags] == ["a1", "b2"]
    for one in made.attributes:
        assert one.type in made.describe_types["category_type_mappings"][one.category]


def test_a_bank_with_nothing_to_say_is_well_formed_and_a_form_that_is_none_is_refused(
    database, tmp_path
):
    with database.writing() as session:
        made = service.create(session, database.now(), "ann", "none", "test")
        session.flush()
        session.expunge(made)
    for name in ("stix", "misp"):
        json.loads(written(database, made, name, tmp_path / name)[0])
    with pytest.raises(BankError, match="no format"):
        export_formats.named("pdf")
