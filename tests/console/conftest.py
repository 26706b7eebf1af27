"""A service for the tests of a file, on each database."""

from __future__ import annotations

from api.conftest import desk

__all__ = ["desk"]
