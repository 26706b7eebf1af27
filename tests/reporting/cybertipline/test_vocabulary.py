"""The authority's words stand in one module."""

from __future__ import annotations

from pathlib import Path

from tutela.policy.countries import COUNTRIES
from tutela.reporting.cybertipline.vocabulary import COUNTRY, STATE, IncidentType

HERE = Path(__file__).parents[3]
MODULE = HERE / "src/tutela/reporting/cybertipline/vocabulary.py"
NEUTRAL = {IncidentType.T5}
"""Golden files must hold some type: they hold this one."""


def test_the_types_of_incidents_stand_nowhere_else():
    """In no source, test, page or data of this project."""
    names = [member.value.encode() for member in IncidentType]
    for folder in ("src", "tests", "docs", "bench"):
        for file in (HERE / folder).rglob("*"):
            if file.suffix not in {".py", ".yaml", ".md", ".html", ".xml", ".json", ".txt"}:
                continue
            if file == MODULE:
                continue
            held = {IncidentType(name.decode()) for name in names if name in file.read_bytes()}
            assert held <= (NEUTRAL if file.suffix == ".xml" else set()), file


def test_the_types_of_incidents_are_eight_with_neutral_names():
    assert [member.name for member in IncidentType] == [f"T{n}" for n in range(1, 9)]


def test_all_countries_of_today_are_among_the_authoritys():
    assert set(COUNTRY.words) > COUNTRIES and len(COUNTRY.words) == 258
    assert {"", "A1", "A2", "O1", "EU", "XK"} < set(COUNTRY.words) - COUNTRIES


def test_states_are_those_of_the_united_states():
    assert len(STATE.words) == len(set(STATE.words)) == 55 and {"", "DC", "PR", "WY"} < set(
        STATE.words
    )
