"""Signals that were made elsewhere, as a request brings them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tutela.banks.values import is_listed, is_near
from tutela.decoding import Fingerprint
from tutela.interfaces.api.problems import Problem
from tutela.signals import Signal, SignalType
from tutela.signals.errors import SignalError


def fingerprint(
    body: Any, types: Mapping[str, SignalType], most: int, others: frozenset[str] = frozenset()
) -> tuple[Fingerprint, Any]:
    """The signals of `{"signals": […], "facts": {…}}` as those of a file that was not seen, and the
    facts. Raises `Problem` 422."""
    if not isinstance(body, dict):
        raise _wrong("The body is not a JSON object.")
    unknown = sorted(set(body) - {"signals", "facts"} - others)
    if unknown:
        raise _wrong(f"The body has a member {unknown[0][:64]!r}, which it cannot have.")
    given = body.get("signals")
    if not isinstance(given, list) or not (given or body.get("facts")):
        raise _wrong("The body has no list of signals.")
    if len(given) > most:
        raise _wrong(f"There are more than {most} signals.")
    signals = tuple(_signal(one, types, number) for number, one in enumerate(given))
    return Fingerprint(0, signals, None, frozenset(), None), body.get("facts", {})


def _signal(given: Any, types: Mapping[str, SignalType], number: int) -> Signal:
    place = f"signals[{number}]"
    if not isinstance(given, dict) or set(given) - {"type", "value", "quality"}:
        raise _wrong(f"{place} is not an object of type, value and quality.")
    name, value, quality = given.get("type"), given.get("value"), given.get("quality")
    if not isinstance(name, str) or name not in types or is_listed(types[name]):
        hashes = [one for one, kind in types.items() if not is_listed(kind)]
        raise _wrong(f"{place}.type is none of {', '.join(hashes)}.")
    if not isinstance(value, str):
        raise _wrong(f"{place}.value is not a text.")
    if isinstance(quality, float) and quality.is_integer():
        quality = int(quality)  # JSON knows no other kind of number
    if quality is not None and (type(quality) is not int or not 0 <= quality <= 100):
        raise _wrong(f"{place}.quality is not a whole number from 0 to 100.")
    kind = types[name]
    try:
        return Signal(name, kind.validate(value), quality, frame=0 if is_near(kind) else None)
    except SignalError as error:
        raise _wrong(f"{place}: {error.what}") from None


def _wrong(what: str) -> Problem:
    return Problem(
        422, "signals-refused", what, 'Send {"signals": [{"type": "pdq", "value": "…"}]}.'
    )
