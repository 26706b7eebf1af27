"""`tutela serve`"""

from __future__ import annotations

import importlib
from dataclasses import replace

from tutela import settings
from tutela.app import App
from tutela.errors import TutelaError
from tutela.law import library


def run(workers: int | None, role: str | None) -> int:
    """All roles under one supervisor, or one on its own."""
    from tutela.interfaces.server import supervisor

    chosen = settings.load()
    if role is None:
        if workers is not None:
            chosen = replace(chosen, service=replace(chosen.service, workers=workers))
        with App.open(chosen) as app:
            library.require_all(chosen.law)
            return supervisor.run(app)
    if workers not in (None, 1):
        raise TutelaError("A role on its own is one process.", "Start it as often as you like.")
    with App.open(chosen) as app:
        library.require_all(chosen.law)
        supervisor.require(app)
        with supervisor.only_one(app, (role,)):
            ran: int = importlib.import_module(f"tutela.interfaces.server.{role}").run()
            return ran
