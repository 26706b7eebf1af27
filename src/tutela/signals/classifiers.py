"""The contract of a classifier: a model that scores what no list knows. Tutela ships none.

A score is an opinion of one version of one model. Policy may use it to order or to queue; it is
never evidence, and never a match. Group `tutela.classifiers`;
:class:`tutela.testing.ClassifierContract` tests any implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tutela.signals.models import Frame

GROUP = "tutela.classifiers"


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is 0..1 for a neutral `label` of the classifier, by `version` of `model`."""

    label: str
    value: float
    model: str
    version: str


class Classifier(Protocol):
    name: str
    model: str
    version: str

    def score(self, frame: Frame) -> Sequence[Score]:
        """Scores of one frame. It runs in the decoder process: no file, no network."""
        ...
