"""The container has one form only: any trick of another tar is refused."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.bundles import container
from tutela.bundles.container import Part, Unpacking, whole
from tutela.bundles.errors import BundleDamaged, BundleRefused


def unpacked(data: bytes, piece: int = 1 << 20) -> dict[str, bytes]:
    found: dict[str, bytearray] = {}
    names: list[str] = []
    ended: list[str] = []

    def begin(name: str, size: int) -> None:
        names.append(name)
        found[name] = bytearray()

    def take(data: bytes) -> None:
        found[names[-1]] += data

    unpacking = Unpacking(begin, take, lambda: ended.append(names[-1]))
    for at in range(0, len(data), piece):
        unpacking.write(data[at : at + piece])
    unpacking.finish()
    assert ended == names
    return {name: bytes(data) for name, data in found.items()}


@settings(deadline=None)
@given(st.lists(st.binary(max_size=1200), max_size=4), st.integers(1, 700))
def test_what_was_packed_is_unpacked_whatever_the_pieces(data: list[bytes], piece: int) -> None:
    """And by another program."""
    parts = {f"files/{number:064x}": one for number, one in enumerate(data)}
    packed = b"".join(container.packed(whole(name, one) for name, one in parts.items()))
    assert unpacked(packed, piece) == parts
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert tar.getnames() == list(parts)


def other(name: str = "case.json", change: Callable[[tarfile.TarInfo], None] = lambda _: None,
          how: int = tarfile.USTAR_FORMAT) -> bytes:  # fmt: skip
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=how) as tar:
        info = tarfile.TarInfo(name)
        info.size, info.mode = 1, 0o400
        change(info)
        tar.addfile(info, io.BytesIO(b"x"))
    return made.getvalue()[:1024] + container.END


def linked(info: tarfile.TarInfo) -> None:
    info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/hostname", 0


def hard(info: tarfile.TarInfo) -> None:
    info.type, info.linkname, info.size = tarfile.LNKTYPE, "case.json", 0


def test_the_same_made_by_another_program_is_the_same() -> None:
    """Else the tests below would show nothing."""
    assert unpacked(other()) == {"case.json": b"x"}


@pytest.mark.parametrize(
    "data",
    [
        other("../case.json"), other("/case.json"), other("./case.json"), other("files/../a"),
        other("case.json/"), other("files/" + "A" * 64), other("Case.json"), other("x" * 90),
        other(change=linked), other(change=hard),
        other(change=lambda info: setattr(info, "type", tarfile.DIRTYPE)),
        other(change=lambda info: setattr(info, "type", tarfile.CHRTYPE)),
        other(change=lambda info: setattr(info, "type", tarfile.GNUTYPE_SPARSE)),
        other(change=lambda info: setattr(info, "mode", 0o4755)),
        other(change=lambda info: setattr(info, "mtime", 1)),
        other(change=lambda info: setattr(info, "uname", "root")),
        other("case.json", how=tarfile.GNU_FORMAT),
        other("files/" + "\u00e9" * 64, how=tarfile.PAX_FORMAT),
        other("y" * 200, how=tarfile.GNU_FORMAT),
    ],
)  # fmt: skip
def test_any_other_tar_is_refused(data: bytes) -> None:
    """Paths, links, devices, long names, owners, times."""
    with pytest.raises(BundleDamaged):
        unpacked(data)


def test_a_part_cannot_be_there_twice() -> None:
    """One program would see the first, another the last."""
    data = b"".join(container.packed([whole("case.json", b"1"), whole("case.json", b"2")]))
    with pytest.raises(BundleDamaged, match="twice"):
        unpacked(data)


def test_parts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty ones without end would fill the memory."""
    monkeypatch.setattr(container, "MOST", 2)
    parts = [whole(f"files/{one:064x}", b"") for one in range(3)]
    with pytest.raises(BundleDamaged, match="more than"):
        unpacked(b"".join(container.packed(parts)))


@pytest.mark.parametrize("size", [0, 2])
def test_a_part_is_as_large_as_it_was_said_to_be(size: int) -> None:
    """Else all behind it would be shifted."""
    part = Part("case.json", size, lambda: iter((b"1",)))
    with pytest.raises(BundleDamaged):
        list(container.packed([part]))


@pytest.mark.parametrize(("name", "size"), [("other.txt", 1), ("case.json", 8 << 30), ("", 0)])
def test_a_container_takes_only_what_it_knows(name: str, size: int) -> None:
    """Of a size that a header can say."""
    with pytest.raises(BundleRefused):
        container.header(name, size)
