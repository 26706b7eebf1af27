"""The authority's schema is its own, and not in this repository; tests use it where it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import missing

from tutela.reporting.cybertipline import schema
from tutela.reporting.cybertipline.checking import Schema

FOLDER = Path(os.environ.get("TUTELA_STANDARDS") or Path(__file__).parents[4] / "shared/standards")
"""A folder that holds `cyber_tipline.xsd`, as the authority serves it."""


@pytest.fixture(scope="session")
def authority() -> bytes:
    """The authority's schema of November 2025."""
    file = FOLDER / "cyber_tipline.xsd"
    if not file.is_file():
        missing("standards", "the authority's cyber_tipline.xsd is not in TUTELA_STANDARDS")
    return file.read_bytes()


@pytest.fixture(scope="session")
def theirs(authority: bytes) -> Schema:
    return Schema.of(authority)


@pytest.fixture(scope="session")
def ours() -> Schema:
    return Schema.of(schema.document())
