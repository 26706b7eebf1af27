"""Decides about one file: is it, or is it nearly, something already known?"""

from tutela.screening.models import Decision, Screened, Verdict
from tutela.screening.service import Screener, learn

__all__ = ["Decision", "Screened", "Screener", "Verdict", "learn"]
