"""What this wire format refuses. Texts name elements and limits, never what stands in them."""

from __future__ import annotations

from dataclasses import dataclass

from tutela.errors import TutelaError


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a document: where (`report/victim[1]/schoolName`), what, and what to do now."""

    path: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.what} {self.hint}".strip()


class XmlRefused(TutelaError):
    """Bytes that are no XML which is safe to read."""


class SchemaRefused(TutelaError):
    """A served schema that cannot be used."""


class ReplyUnreadable(TutelaError):
    """An answer that cannot be read: what it answers may or may not have been acted on."""
