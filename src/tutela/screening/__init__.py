"""Decides about one file: is it, or is it nearly, something already known?"""

from tutela.policy import Verdict
from tutela.screening.judging import Given
from tutela.screening.results import Screened
from tutela.screening.service import Screener, learn

__all__ = ["Given", "Screened", "Screener", "Verdict", "learn"]
