"""A bundle is checked with nothing else at hand, and whatever was altered is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest
from databases import sqlite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bundles.desk import GROUND, Desk
from tutela.bundles import container, manifest, verifying
from tutela.bundles.container import Part, whole
from tutela.bundles.errors import BundleRefused
from tutela.bundles.verifying import Verified
from tutela.signatures import PublicKey, SigningKey
from tutela.storage import Database


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests here, which only read it."""
    folder = tmp_path_factory.mktemp("desk")
    with Database(sqlite(folder / "tutela.db")) as database:
        yield Desk(database, folder)


@pytest.fixture(scope="module")
def bundle(desk: Desk) -> Path:
    with desk.vault():
        return desk.make(granted=GROUND)[0]


@pytest.fixture(scope="module")
def plain(desk: Desk, bundle: Path) -> bytes:
    """The container in the bundle."""
    return desk.opened(bundle)


def checked(folder: Path, data: bytes, key: PublicKey | None = None) -> Verified:
    path = folder / "altered"
    path.write_bytes(data)
    return verifying.verify(path, None, key)


def test_a_bundle_is_whole_sealed_and_opened(desk: Desk, bundle: Path, plain: bytes) -> None:
    """What it says is then what its signer said."""
    found = verifying.verify(bundle, [desk.own, desk.theirs], desk.key.public)
    assert found.faults == () and found.trusted
    assert found.said["case"] == desk.case and found.said["files"]["enclosed"] == 2
    assert found.entries == found.said["entries"] > 3
    opened = checked(desk.folder, plain)
    assert opened.faults == () and not opened.trusted
    assert opened.signer == desk.key.public.id


@pytest.mark.parametrize("each", [97, pytest.param(1, marks=pytest.mark.soak)])
def test_no_byte_of_a_small_bundle_can_be_another(desk: Desk, tmp_path: Path, each: int) -> None:
    """One without files; in the soak really each byte of it."""
    data = desk.opened(desk.make(f"small-{each}.bundle")[0])
    for at in range(0, len(data), each):
        altered = bytearray(data)
        altered[at] ^= 1 << at % 8
        assert checked(tmp_path, bytes(altered)).faults, at


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_byte_that_was_altered_is_found_out(
    desk: Desk, plain: bytes, data: st.DataObject
) -> None:
    """Headers, padding, signatures and the end too."""
    files = plain.index(b"files/")
    at = data.draw(st.integers(0, files + 2000) | st.integers(0, len(plain) - 1))
    bit = data.draw(st.integers(0, 7))
    altered = bytearray(plain)
    altered[at] ^= 1 << bit
    assert checked(desk.folder, bytes(altered), desk.key.public).faults, at
    assert checked(desk.folder, bytes(altered)).faults, at


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_seal_that_was_altered_opens_nothing(
    desk: Desk, bundle: Path, data: st.DataObject
) -> None:
    """Or it is not for who would open it any more."""
    sealed = bytearray(bundle.read_bytes())
    at = data.draw(st.integers(0, 400) | st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    path = desk.folder / "sealed"
    path.write_bytes(bytes(sealed))
    try:
        assert verifying.verify(path, [desk.theirs]).faults
    except BundleRefused:
        assert at < 300


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("left", [0, 100, 700, 3000, -1, -513, -1024, -1500])
def test_what_was_cut_off_is_not_whole(
    desk: Desk, bundle: Path, plain: bytes, sealed: bool, left: int
) -> None:
    """Wherever that was; and nor is one with something behind its end."""
    data = bundle.read_bytes() if sealed else plain
    path = desk.folder / "cut"
    path.write_bytes(data[:left])
    assert verifying.verify(path, [desk.theirs]).faults
    path.write_bytes(data + b"\0")
    assert verifying.verify(path, [desk.theirs]).faults


def rebuilt(desk: Desk, bundle: Path, change: Callable[[dict[str, bytes]], None]) -> Verified:
    parts = desk.parts(bundle)
    change(parts)
    made = b"".join(container.packed(whole(name, data) for name, data in parts.items()))
    return checked(desk.folder, made)


@pytest.mark.parametrize(
    "name", ["signer.pub", "checkpoint.json", "summary.pdf", "case.json", "vics.json"]
)
def test_each_part_that_was_altered_is_named(desk: Desk, bundle: Path, name: str) -> None:
    """Also where the container was made anew around it."""

    def change(parts: dict[str, bytes]) -> None:
        parts[name] = parts[name].replace(b"\n", b" ", 1) + b" "

    assert any(name in one for one in rebuilt(desk, bundle, change).faults)


def test_a_file_that_was_replaced_is_named(desk: Desk, bundle: Path) -> None:
    """By the SHA-256 that it should have."""
    names: list[str] = []

    def change(parts: dict[str, bytes]) -> None:
        names.append(next(name for name in parts if name.startswith("files/")))
        parts[names[0]] = b"A flat, to let."

    assert rebuilt(desk, bundle, change).faults == (f"{names[0]} was altered.",)


def test_what_is_missing_or_was_added_is_named(desk: Desk, bundle: Path) -> None:
    """A manifest names all parts, and no more."""
    extra = "files/" + "0" * 64

    def change(parts: dict[str, bytes]) -> None:
        del parts["vics.json"]
        parts[extra] = b"x"

    faults = rebuilt(desk, bundle, change).faults
    assert any("vics.json is missing" in one for one in faults)
    assert any(f"{extra} was added" in one for one in faults)


def test_an_entry_that_is_not_in_the_signed_log_is_named(desk: Desk, bundle: Path) -> None:
    """Who changes what the log says cannot prove it."""

    def change(parts: dict[str, bytes]) -> None:
        lines = parts["audit.jsonl"].splitlines()
        said = json.loads(lines[1])
        parts["audit.jsonl"] = b"\n".join(
            [lines[0], json.dumps(said | {"actor": "person:eve"}).encode(), *lines[2:], b""]
        )

    faults = rebuilt(desk, bundle, change).faults
    assert any("is not in the log that was signed" in one for one in faults)
    assert "audit.jsonl was altered." in faults


def test_entries_that_change_places_are_named(desk: Desk, bundle: Path) -> None:
    """Each may be proved, and the order be another."""

    def change(parts: dict[str, bytes]) -> None:
        first, second, *rest = parts["audit.jsonl"].splitlines(keepends=True)
        parts["audit.jsonl"] = b"".join([second, first, *rest])

    assert any("is not in its place" in one for one in rebuilt(desk, bundle, change).faults)


@pytest.mark.parametrize(
    "line",
    [
        b"1", b"[]", b"{}", b"nothing", b'{"path": [1]}', b"[" * 100_000,
        b'{"path": [], "number": null}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_entry_is_named(desk: Desk, bundle: Path, line: bytes) -> None:
    """And stops nothing."""

    def change(parts: dict[str, bytes]) -> None:
        parts["audit.jsonl"] = line + b"\n"

    assert any("Line 1 of audit.jsonl" in one for one in rebuilt(desk, bundle, change).faults)


def test_another_signer_is_found_out_by_who_knows_the_key(
    desk: Desk, bundle: Path, tmp_path: Path
) -> None:
    """Who does not is told whose key it is."""
    other = SigningKey.make(tmp_path / "other.key")

    def change(parts: dict[str, bytes]) -> None:
        said = manifest.opened(parts["manifest.json"], desk.key.public)
        parts["manifest.json"] = other.envelope(said, manifest.KIND)
        parts["signer.pub"] = (tmp_path / "other.key.pub").read_bytes()

    found = rebuilt(desk, bundle, change)
    assert found.signer == other.public.id and not found.trusted
    assert "signer.pub was altered." in found.faults
    with_key = checked(desk.folder, (desk.folder / "altered").read_bytes(), desk.key.public)
    assert any("not signed" in one for one in with_key.faults) and not with_key.said


def resigned(desk: Desk, bundle: Path, **more: object) -> Verified:
    def change(parts: dict[str, bytes]) -> None:
        said = manifest.opened(parts["manifest.json"], desk.key.public)
        parts["manifest.json"] = desk.key.envelope(said | more, manifest.KIND)

    return rebuilt(desk, bundle, change)


def test_a_bundle_of_another_version_is_refused(desk: Desk, bundle: Path) -> None:
    """With what to do, and not as damage."""
    with pytest.raises(BundleRefused, match="format 2"):
        resigned(desk, bundle, format=2)


@pytest.mark.parametrize(
    "more",
    [
        {"parts": 1}, {"parts": [1]}, {"checkpoint": 1}, {"entries": 0}, {"receiver": {}},
        {"case": None},
    ],
)  # fmt: skip
def test_a_manifest_that_says_nothing_is_told_of(
    desk: Desk, bundle: Path, more: dict[str, object]
) -> None:
    """Whoever signed it."""
    assert resigned(desk, bundle, **more).faults


def test_a_manifest_with_anything_beside_what_is_signed_is_refused(
    desk: Desk, bundle: Path
) -> None:
    """A name of a key, a space, a second signature."""

    def change(parts: dict[str, bytes]) -> None:
        envelope = json.loads(parts["manifest.json"])
        envelope["signatures"][0]["keyid"] = "0" * 64
        parts["manifest.json"] = json.dumps(envelope).encode()

    (fault,) = rebuilt(desk, bundle, change).faults
    assert "beside what is signed" in fault


def test_what_is_sealed_for_another_is_refused(desk: Desk, bundle: Path) -> None:
    """And so is a sealed one without any identity."""
    with pytest.raises(BundleRefused, match="someone else"):
        verifying.verify(bundle, [pyrage.x25519.Identity.generate()])
    with pytest.raises(BundleRefused, match="sealed"):
        verifying.verify(bundle)
    with pytest.raises(BundleRefused, match="cannot be read"):
        verifying.verify(desk.folder / "nowhere")


def test_a_part_that_is_held_cannot_fill_the_memory(desk: Desk) -> None:
    """Its size is looked at before it is read."""
    header = container.header("signer.pub", 5 << 30)
    (fault,) = [one for one in checked(desk.folder, header).faults if "larger" in one]
    assert "signer.pub" in fault


def test_a_line_without_an_end_cannot_fill_the_memory(desk: Desk) -> None:
    """Of the log."""
    part = Part("audit.jsonl", 3 << 20, lambda: (b"x" * (1 << 20) for _ in range(3)))
    data = b"".join(container.packed([part]))
    assert any("does not end" in one for one in checked(desk.folder, data).faults)
