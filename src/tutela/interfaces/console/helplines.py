"""Emergency numbers and helplines by country, of a data file with its sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from tutela.policy.countries import EU

FILE = Path(__file__).with_name("helplines.yaml")


@dataclass(frozen=True, slots=True)
class Line:
    """Someone to call."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Country:
    """Whom to call in a country; first of all, the emergency number."""

    code: str
    name: str
    emergency: str
    lines: tuple[Line, ...]


@cache
def countries() -> dict[str, Country]:
    """All that the file has, in its order."""
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        code: Country(
            code, said["name"], said["emergency"],
            tuple(Line(line["name"], line["number"]) for line in said["lines"]),
        )
        for code, said in raw.items()
    }  # fmt: skip


def shown(chosen: str) -> list[Country]:
    """That of the chosen country; of one in the European Union that the file has not, what holds in
    all of it; else all."""
    known = countries()
    if chosen in known:
        return [known[chosen]]
    return [known["EU"]] if chosen in EU else list(known.values())
