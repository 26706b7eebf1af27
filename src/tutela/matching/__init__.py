"""Finds known signals near those of a file. Pure."""

from tutela.matching.exhaustive import Known
from tutela.matching.models import Match

__all__ = ["Known", "Match"]
