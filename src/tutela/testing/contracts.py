"""Contract tests. Subclass one in a test module of your own; pytest runs what it inherits."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tutela.matching.segment import Segment
from tutela.signals import (
    FileSignalType,
    Frame,
    PictureSignalType,
    Signal,
    SignalError,
    SignalType,
    StreamSignalType,
)
from tutela.signals.classifiers import Classifier, Score
from tutela.signals.variants import VARIANTS

LONGEST_VALUE = 4096
"""Characters of a value: it is a database column and a line in partners' files."""


def made_frames() -> Iterable[Frame]:
    """Frames made by code that a picture type meets: usual, tiny, thin, flat, reduced, colour."""
    y, x = np.mgrid[0:96, 0:128]
    ramp = ((2 * x + y) % 256).astype(np.uint8)
    yield Frame.of(ramp)
    yield Frame.of(np.stack([ramp, ramp[::-1], ramp.T.repeat(2, 1)[:96, :128]], axis=2))
    yield Frame.of(ramp[:1, :1])
    yield Frame.of(ramp[:3])
    yield Frame.of(np.full((64, 64), 127, np.uint8))
    yield Frame(ramp, 2 * 96, 2 * 128 - 1, 2)


class SignalTypeContract:
    """Set `signal_type` to an instance of the type under test."""

    signal_type: SignalType

    def test_it_has_a_plain_name(self) -> None:
        name = self.signal_type.name
        assert name == name.lower() and name.isascii() and name.isprintable() and " " not in name

    def test_it_is_made_in_exactly_one_way(self) -> None:
        kinds = (StreamSignalType, FileSignalType, PictureSignalType)
        made = sum(isinstance(self.signal_type, kind) for kind in kinds)
        assert made == (0 if getattr(self.signal_type, "listed", False) else 1)

    def test_its_examples_are_canonical_and_differ(self) -> None:
        examples = list(self.signal_type.examples())
        assert len(set(examples)) == len(examples) >= 2
        for example in examples:
            assert self.signal_type.validate(example) == example
            assert len(example) <= LONGEST_VALUE and example.isprintable()

    def test_it_refuses_what_is_not_of_it(self) -> None:
        for wrong in ("", " ", "zz", "é" * 64, "0" * 63 + "\n0", "\x00", "0" * (LONGEST_VALUE + 1)):
            try:
                self.signal_type.validate(wrong)
            except SignalError:
                continue
            raise AssertionError(f"{wrong[:12]!r} was taken for a value")

    def test_distance_is_a_distance(self) -> None:
        kind, examples = self.signal_type, list(self.signal_type.examples())
        assert 0 <= kind.match_distance <= kind.max_distance
        for one in examples:
            assert kind.distance(one, one) == 0
            for other in examples:
                assert kind.distance(one, other) == kind.distance(other, one)
                assert 0 <= kind.distance(one, other) <= kind.max_distance
                assert (kind.distance(one, other) == 0) == (one == other)

    def test_its_own_search_finds_what_its_distance_says(self) -> None:
        kind = self.signal_type
        layout = getattr(kind, "layout", None)
        if layout is None:
            return
        assert len(layout.name) <= 16 and layout.name.isascii()
        values = sorted(bytes.fromhex(one) for one in kind.examples())
        assert {len(one) for one in values} == {layout.width}
        near = kind.match_distance
        values = sorted({*values, *(one[:-1] + bytes([one[-1] ^ 1]) for one in values)})
        array = np.frombuffer(b"".join(values), np.uint8).reshape(-1, layout.width)
        found = {tuple(hit) for hit in Segment.of(array, layout).search(array, near).tolist()}
        assert found == {
            (number, entry, apart)
            for number, one in enumerate(values)
            for entry, other in enumerate(values)
            if (apart := kind.distance(one.hex(), other.hex())) <= near
        }
        nothing = np.zeros((0, layout.width), np.uint8)
        assert len(Segment.of(nothing, layout).search(array, near)) == 0

    def test_a_stream_gives_the_same_value_however_it_is_cut(self) -> None:
        if not isinstance(self.signal_type, StreamSignalType):
            return
        data = bytes(range(256)) * 40
        values = set()
        for size in (1, 7, 4096, len(data)):
            hasher = self.signal_type.hasher()
            for at in range(0, len(data), size):
                hasher.update(data[at : at + size])
            values.add(self.signal_type.validate(hasher.hexdigest()))
        assert len(values) == 1

    def test_a_whole_file_gives_a_value_or_none(self) -> None:
        if not isinstance(self.signal_type, FileSignalType):
            return
        for data in (b"", b"rain and a bicycle", bytes(range(256)) * 9):
            try:
                value = self.signal_type.hash_file(data)
            except Exception:  # it may raise anything: the decoder then goes without it
                continue
            assert value == "" or self.signal_type.validate(value) == value
            assert self.signal_type.hash_file(data) == value

    def test_frames_give_valid_signals_plain_first(self) -> None:
        if not isinstance(self.signal_type, PictureSignalType):
            return
        for frame in made_frames():
            signals = list(self.signal_type.fingerprint(frame, list(VARIANTS)))
            again = list(self.signal_type.fingerprint(frame, list(VARIANTS)))
            assert signals == again, "the same pixels gave two answers"
            assert not signals or signals[0].variant == "plain"
            for signal in signals:
                assert isinstance(signal, Signal) and signal.type == self.signal_type.name
                assert self.signal_type.validate(signal.value) == signal.value
                assert signal.variant in VARIANTS and signal.frame == frame.index
                assert signal.quality is None or 0 <= signal.quality <= 100

    def test_only_the_variants_asked_for_are_made(self) -> None:
        if not isinstance(self.signal_type, PictureSignalType):
            return
        for frame in made_frames():
            given = {s.variant for s in self.signal_type.fingerprint(frame, ["plain"])}
            assert given <= {"plain"}


class ClassifierContract:
    """Set `classifier` to an instance of the classifier under test."""

    classifier: Classifier

    def test_it_names_model_and_version(self) -> None:
        assert self.classifier.name and self.classifier.model and self.classifier.version

    def test_it_scores_any_frame_between_0_and_1(self) -> None:
        for frame in made_frames():
            for score in self.classifier.score(frame):
                assert isinstance(score, Score) and 0.0 <= score.value <= 1.0
                assert (score.model, score.version) == (
                    self.classifier.model,
                    self.classifier.version,
                )
