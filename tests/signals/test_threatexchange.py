"""Any signal type of the threatexchange package is one of ours, by its name."""

from __future__ import annotations

import io
from importlib.util import find_spec

import pytest
from conftest import missing

from tutela.decoding import DecoderPool, fingerprint
from tutela.decoding.options import Options
from tutela.signals import SignalError
from tutela.signals.registry import signal_type
from tutela.testing import SignalTypeContract

PDQ = "threatexchange.signal_type.pdq.signal:PdqSignal"
MD5 = "threatexchange.signal_type.md5:VideoMD5Signal"
URL = "threatexchange.signal_type.url:URLSignal"


@pytest.fixture(autouse=True)
def peer() -> None:
    if find_spec("threatexchange") is None or find_spec("pdqhash") is None:
        missing("oracles", "threatexchange is not installed: it needs a compiler (make oracles)")


class TestAdaptedPdq(SignalTypeContract):
    @property
    def signal_type(self):
        return signal_type(PDQ)

    def test_a_stream_gives_the_same_value_however_it_is_cut(self) -> None:
        assert hasattr(self.signal_type, "hash_file")


class TestAdaptedMd5(TestAdaptedPdq):
    @property
    def signal_type(self):
        return signal_type(MD5)


def test_adapted_pdq_equals_ours(photos):
    """The peer's hash of the file lies where ours does: its own code ran in our decoder."""
    options = Options(types=("sha256", PDQ), variants=())
    with DecoderPool(options, size=1) as theirs, DecoderPool(Options(variants=()), size=1) as ours:
        for path in (p for p in photos[:8] if p.suffix == ".jpg"):
            data = path.read_bytes()
            found = {s.type: s.value for s in fingerprint(io.BytesIO(data), theirs).signals}
            expected = {s.type: s.value for s in fingerprint(io.BytesIO(data), ours).signals}
            assert set(found) == {"sha256", "pdq"}
            assert signal_type("pdq").distance(found["pdq"], expected["pdq"]) <= 8


def test_a_type_that_fails_on_a_file_costs_only_its_own_signal():
    with DecoderPool(Options(types=("sha256", PDQ)), size=1) as pool:
        found = fingerprint(io.BytesIO(b"fog over the flats"), pool)
    assert [s.type for s in found.signals] == ["sha256"]


def test_its_own_distance_is_used():
    kind = signal_type(PDQ)
    one, other = "0" * 64, "0" * 62 + "ff"
    assert kind.distance(one, other) == 8
    assert signal_type(MD5).distance("0" * 32, "f" * 32) == 1


NOT_A_TYPE = "threatexchange.content_type.photo:PhotoContent"


@pytest.mark.parametrize("path", ["threatexchange.nope:X", f"{PDQ}X", "os:path", ":", NOT_A_TYPE])
def test_a_name_that_leads_nowhere_is_refused(path):
    with pytest.raises(SignalError):
        signal_type(path)


def test_two_types_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two are named pdq"):
        Options(types=("pdq", PDQ))
