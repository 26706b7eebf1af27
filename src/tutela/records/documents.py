"""A record as sections of lines, and how it is written: Markdown, or what a program reads."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

TO_FILL, UNVERIFIED = "to fill", "not verified"
"""Marks of a line: a person must write it; or it says what nobody checked against its source."""

SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said, and how well it is known."""

    label: str
    text: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a title."""

    title: str
    lines: tuple[Line, ...]
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A record that can be handed over. `made`: on which day."""

    title: str
    intro: str
    made: str
    sections: tuple[Section, ...]

    @property
    def to_fill(self) -> int:
        """How many lines a person must write."""
        return sum(one.mark == TO_FILL for part in self.sections for one in part.lines)

    @property
    def unverified(self) -> int:
        return sum(one.mark == UNVERIFIED for part in self.sections for one in part.lines)


def fill(label: str, text: str = "") -> Line:
    """What a person must write; `text` says what belongs there."""
    return Line(label, text, TO_FILL)


def given(label: str, value: str, otherwise: str = "") -> Line:
    """What a setting says; where it says nothing, a person must write it."""
    return Line(label, value) if value.strip() else fill(label, otherwise)


def markdown(document: Document) -> str:
    """The document as Markdown, in which no name from outside can be more than text."""
    parts = [
        f"# {escaped(document.title)}", "", f"{escaped(document.intro)} Made {document.made}.", ""
    ]  # fmt: skip
    for part in document.sections:
        parts += [f"## {escaped(part.title)}", ""]
        if part.intro:
            parts += [escaped(part.intro), ""]
        for one in part.lines:
            mark = f" **[{one.mark}]**" if one.mark else ""
            text = f" {escaped(one.text)}" if one.text else ""
            parts.append(f"- **{escaped(one.label)}**:{mark}{text}")
        if not part.lines:
            parts.append("- none")
        parts.append("")
    return "\n".join(parts)


def plain(document: Document) -> dict[str, Any]:
    """The document as JSON has it."""
    return asdict(document) | {"to_fill": document.to_fill, "unverified": document.unverified}


def escaped(text: str) -> str:
    """Text of one line, with nothing in it that Markdown or a terminal understands."""
    line = "".join(one if one.isprintable() else " " for one in text)
    return SPECIAL.sub(r"\\\1", " ".join(line.split()))
