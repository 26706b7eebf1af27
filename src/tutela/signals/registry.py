"""Finds signal types by entry point (group `tutela.signal_types`), loaded when asked for."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from tutela.signals.errors import SignalError
from tutela.signals.protocol import SignalType

GROUP = "tutela.signal_types"


@cache
def signal_type(name: str) -> SignalType:
    """The type of this name; raises `SignalError` if none is installed or it cannot be loaded.

    `package.module:Class` names a type of the threatexchange package.
    """
    if ":" in name:
        from tutela.signals.types.threatexchange import adapt

        return adapt(name)
    for entry in entry_points(group=GROUP, name=name):
        try:
            loaded: SignalType = entry.load()
        except Exception as error:  # a third party's module may fail in any way
            raise SignalError(
                f"The signal type {name} is installed but did not load ({type(error).__name__}).",
                f"Check the package that declares {entry.value}.",
            ) from error
        if loaded.name != name:
            raise SignalError(
                f"The entry point {name} gives the signal type {loaded.name}.",
                f"Name the entry point of {entry.value} as the type.",
            )
        return loaded
    raise SignalError(f"There is no signal type {name!r}.", f"Installed: {', '.join(installed())}.")


def installed() -> list[str]:
    """Names of all types, sorted, without loading them."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})
