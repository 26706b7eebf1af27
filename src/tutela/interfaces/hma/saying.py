"""What HMA's clients say of a content beside its hashes: a note, ids of their own, free JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tutela.interfaces.hma.answers import Refused
from tutela.interfaces.hma.hashing import LONGEST_FIELD

LONGEST_NOTE = 255
IDS = ("content_id", "content_uri")
WANTED = frozenset({"metadata", "note", *IDS})
"""Fields of a form, and parameters of a URL, that are read."""


def note_of(given: Any) -> str:
    """A note; empty if there is none. Raises `Refused`."""
    if given is None:
        return ""
    if not isinstance(given, str) or "\0" in given:
        raise Refused("note should be a string")
    if len(given) > LONGEST_NOTE:
        raise Refused(f"note must be at most {LONGEST_NOTE} characters")
    try:
        given.encode()
    except UnicodeEncodeError:  # half of a character
        raise Refused("note should be a string") from None
    return given


def facts_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a content: `content_id`, `content_uri`, and `json`, each if it is. Metadata
    with keys that HMA does not know are all free: Coop sends what its user wrote. Raises
    `Refused`."""
    metadata = said.get("metadata")
    if isinstance(metadata, str):
        metadata = _parsed(metadata)
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        raise Refused("metadata should be a json object")
    metadata = {key: value for key, value in metadata.items() if key != "collab"}
    if metadata.keys() - {*IDS, "json"}:
        metadata = {
            "json": metadata,
            **{key: metadata[key] for key in IDS if isinstance(metadata.get(key), str)},
        }
    given = {key: said[key] for key in IDS if said.get(key)} | {
        key: value for key, value in metadata.items() if value is not None
    }
    for key in IDS:
        if not isinstance(given.get(key, ""), str):
            raise _invalid(key, "a string")
    if not isinstance(given.get("json", {}), dict):
        raise _invalid("json", "an object")
    if len(json.dumps(given)) > LONGEST_FIELD:
        raise Refused(f"metadata must be at most {LONGEST_FIELD} bytes")
    return given


def facts_shown(kept: str) -> dict[str, Any] | None:
    """What was said, or None if nothing was."""
    found: dict[str, Any] = json.loads(kept)
    return found or None


def _parsed(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused("metadata form field must be valid JSON") from None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _invalid(key: str, what: str) -> Refused:
    return Refused(f"Invalid metadata: 1 validation error: {key} should be {what}")
