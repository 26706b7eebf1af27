"""Our PDQ inside the threatexchange package: the same hashes, and an index that misses nothing."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import missing

if (
    find_spec("threatexchange") is None
    or find_spec("pdqhash") is None
    or find_spec("faiss") is None
):
    pytestmark = pytest.mark.usefixtures("peer")
else:
    from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex
    from threatexchange.signal_type.pdq.signal import PdqSignal

    from tutela.threatexchange_extension import TutelaPdqIndex, TutelaPdqSignal


@pytest.fixture
def peer() -> None:
    missing("oracles", "threatexchange is not installed: it needs a compiler (make oracles)")


def flipped(value: str, bits: int) -> str:
    number = int(value, 16)
    for at in random.Random(bits).sample(range(256), bits):
        number ^= 1 << at
    return f"{number:064x}"


def test_it_is_loaded_by_its_name():
    loaded = ThreatExchangeExtensionManifest.load_from_module_name(
        "tutela.threatexchange_extension"
    )
    assert loaded.signal_types == (TutelaPdqSignal,)
    assert TutelaPdqSignal.get_name() == "tutela_pdq" and PdqSignal.get_name() == "pdq"


def test_hashes_are_those_of_the_package(photos):
    files = [path for path in photos if path.suffix in (".jpg", ".png")][:12]
    assert len(files) > 5
    for path in files:
        theirs = PdqSignal.hash_from_bytes(path.read_bytes())
        ours = TutelaPdqSignal.hash_from_bytes(path.read_bytes())
        assert bool(ours) == bool(theirs), path.name
        if ours:
            assert (int(ours, 16) ^ int(theirs, 16)).bit_count() <= 8, "decoders differ by that"
    assert TutelaPdqSignal.hash_from_bytes(b"It rains.") == ""


def test_the_index_finds_all_that_is_near_with_its_distance():
    made = random.Random(1)
    asked = f"{made.getrandbits(256):064x}"
    near = [(flipped(asked, bits), bits) for bits in (0, 1, 15, 30, 31)]
    far = [(flipped(asked, bits), bits) for bits in (32, 40)]
    others = [(f"{made.getrandbits(256):064x}", -1) for _ in range(500)]
    for kind in (TutelaPdqIndex, PDQIndex):
        index = kind.build(near + far + others)
        index.add(asked, "twice")
        found = {(m.metadata, m.similarity_info.distance) for m in index.query(asked)}
        if kind is TutelaPdqIndex:
            assert found == {(bits, bits) for _, bits in near} | {("twice", 0)}
            assert len(index) == 508
        else:
            assert found <= {(bits, bits) for _, bits in near} | {("twice", 0)}


def test_the_index_is_stored_and_read_as_the_package_does():
    index = TutelaPdqIndex.build([("a" * 64, 7)])
    assert index.query("a" * 64)[0].metadata == 7
    stored = io.BytesIO()
    index.serialize(stored)
    stored.seek(0)
    again = TutelaPdqIndex.deserialize(stored)
    assert again.query("a" * 64)[0].metadata == 7 and len(again) == 1
    assert TutelaPdqIndex().query("a" * 64) == []


@pytest.mark.parametrize("value", ["", "a" * 63, "A" * 64, "g" * 64])
def test_what_is_no_hash_is_refused(value):
    with pytest.raises(ValueError, match="PDQ"):
        TutelaPdqIndex().add(value, 1)
    with pytest.raises(ValueError, match="PDQ"):
        TutelaPdqIndex([("a" * 64, 1)]).query(value)


def test_tx_hashes_with_it(photos, tmp_path):
    def tx(*words: str) -> str:
        ran = subprocess.run(
            [str(Path(sys.executable).with_name("tx")), *words], capture_output=True, text=True,
            timeout=120, check=False, env={"HOME": str(tmp_path), "PATH": "/usr/bin"},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    photo = next(path for path in photos if path.suffix == ".jpg")
    tx("config", "extensions", "add", "tutela.threatexchange_extension")
    assert tx("hash", "photo", str(photo)).count("tutela_pdq ") == 1
    said = tx("hash", "-S", "tutela_pdq", "photo", str(photo))
    assert said.split()[-1] == TutelaPdqSignal.hash_from_bytes(photo.read_bytes())
