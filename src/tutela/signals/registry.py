"""Finds signal types by entry point (group `tutela.signal_types`), loaded when asked for."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from tutela.signals.errors import SignalError
from tutela.signals.protocol import SignalType

GROUP = "tutela.signal_types"
OURS = "tutela"
"""The name of our own distribution."""


@cache
def signal_type(name: str) -> SignalType:
    """The type of this name; raises `SignalError` if none is installed or it cannot be loaded.

    `package.module:Class` names a type of the threatexchange package.
    """
    if ":" in name:
        from tutela.signals.types.threatexchange import adapt

        return adapt(name)
    found = list(entry_points(group=GROUP, name=name))
    ours = [entry for entry in found if entry.dist is not None and entry.dist.name == OURS]
    others = [entry for entry in found if entry not in ours]
    if len(others) > 1:
        raise SignalError(
            f"{len(others)} packages declare the signal type {name}.",
            f"Keep one: {', '.join(sorted(entry.value for entry in others))}.",
        )
    if others and ours and not getattr(_loaded(ours[0]), "licensed", False):
        raise SignalError(
            f"{others[0].value} declares the signal type {name}, which is Tutela's own.",
            "Give it another name. Only types that take a licence to make can be replaced.",
        )
    if found:
        return _loaded((others or ours)[0])
    raise SignalError(f"There is no signal type {name!r}.", f"Installed: {', '.join(installed())}.")


def _loaded(entry: EntryPoint) -> SignalType:
    try:
        loaded: SignalType = entry.load()
    except Exception as error:  # a third party's module may fail in any way
        raise SignalError(
            f"The signal type {entry.name} is installed but did not load ({type(error).__name__}).",
            f"Check the package that declares {entry.value}.",
        ) from error
    if loaded.name != entry.name:
        raise SignalError(
            f"The entry point {entry.name} gives the signal type {loaded.name}.",
            f"Name the entry point of {entry.value} as the type.",
        )
    return loaded


def installed() -> list[str]:
    """Names of all types, sorted, without loading them."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})
