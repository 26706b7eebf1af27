"""The end of the demonstration: it holds only if the report was filed exactly once."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tutela import settings
from tutela.interfaces.cli import demo_report
from tutela.interfaces.cli.demo_report import Filed

FILED = Filed(
    "rpt_a", "4294967299", 1, datetime(2026, 3, 1, tzinfo=UTC), "reported", ("4294967299",), 0
)


def test_filed_once_with_its_file_and_the_case_closed_is_as_promised():
    assert FILED.as_promised


@pytest.mark.parametrize(
    "wrong",
    [
        {"there": ()}, {"there": ("4294967299", "4294967300")}, {"there": ("4294967300",)},
        {"left_open": 1}, {"files": 0}, {"closed_why": ""}, {"filed_at": None},
    ],
)  # fmt: skip
def test_anything_else_is_not(wrong: dict[str, Any]):
    assert not replace(FILED, **wrong).as_promised


def test_the_service_has_the_same_settings_as_the_command():
    """They go by the environment, as text that the settings read."""
    with demo_report.server() as there:
        chosen = demo_report.options(there)
    given = demo_report.environment(chosen)
    assert all(tomllib.loads(f"value = {text}") for text in given.values())
    nowhere = {"XDG_CONFIG_HOME": "/nowhere"}
    assert settings.load(given | nowhere).reporting == chosen
    assert chosen.environment == "test" and chosen.test_urls[0].startswith("ncmec=http://127.")
