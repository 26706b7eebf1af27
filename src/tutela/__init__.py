"""Tutela: find, remove and report known child sexual abuse material.

The public surface is the command line (``tutela --help``), :func:`screen`, the HTTP API of
``docs/api.md``, the entry-point groups described in ``docs/extension-points.md`` and the contract
tests in :mod:`tutela.testing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutela.screening.recording import Answer

__version__ = version("tutela")

__all__ = ["__version__", "screen"]


def screen(
    data: bytes, facts: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
) -> Answer:
    """Screen one upload with the installation that the settings name, as `POST /api/v1/screen`
    does: what matched is sealed and recorded before this returns. Safe to call from many threads.

    `facts` are those of docs/api.md. Raises `tutela.errors.TutelaError` for what cannot be
    screened or recorded; then nothing was decided. The first call starts decoder processes and maps
    the index; they end with the program. Where only verdicts are wanted that a service gives,
    ask the service.
    """
    from tutela.embedded import screen as run

    return run(data, facts or {}, idempotency_key)
