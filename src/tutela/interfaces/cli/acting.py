"""As whom a command acts: the key in `TUTELA_KEY`, if there is one, which must have the permission
that the command needs; else the user of this shell, who has the files and so has all."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tutela.errors import TutelaError
from tutela.people.permissions import Permission

if TYPE_CHECKING:  # else each command would wait for what it does not use
    from tutela.app import App
    from tutela.settings import Settings

MOST_OF_A_KEY = 4096
"""Letters of a key file that are read; a key has 47."""

_running: ContextVar[tuple[str, Permission | None]] = ContextVar("running")
"""The command that runs, and what it needs."""


class Commands(typer.Typer):
    """A group of commands, each of which says what it needs."""

    def __init__(self, words: str = "tutela", **more: Any) -> None:
        """`words`: what stands before the names of its commands."""
        super().__init__(**more)
        self._words = words

    def command(  # type: ignore[override] # no command can be added without `needs`
        self, name: str | None = None, *, needs: Permission | None, **more: Any
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """As of Typer. `needs` None: it touches no installation, or only the shell's user can run
        it. It says so in its callback's attribute `permission`, from which the matrix of who may
        what is made."""

        def decorate(function: Callable[..., None]) -> Callable[..., None]:
            @functools.wraps(function)
            def known(*given: Any, **named: Any) -> None:
                _running.set((f"{self._words} {name or function.__name__}", needs))
                if needs is not None and secret(named.get("key_file")):
                    _require(named.get("key_file"))
                function(*given, **named)

            known.permission = needs  # type: ignore[attr-defined] # functions take any
            return typer.Typer.command(self, name, **more)(known)

        return decorate


def opened(key_file: Path | None = None, chosen: Settings | None = None) -> App:
    """The installation, on which whoever runs the command acts. Raises `KeyRefused`, and what
    `App.open` raises."""
    from tutela.app import App

    app = App.open(chosen)
    try:
        given = secret(key_file)
        if given:
            app.caller = _caller(app, given)
    except BaseException:
        app.close()
        raise
    return app


def _require(key_file: Path | None) -> None:
    """Refuse a key that may not, before anything else is said of what was asked for."""
    from tutela.storage.errors import NotSetUp

    with suppress(NotSetUp):  # where nothing is, nothing is guarded, and the command will say so
        opened(key_file).close()


def secret(key_file: Path | None) -> str | None:
    """The key of who acts, from a file or from the environment."""
    from tutela.interfaces.cli import output

    if key_file is None:
        return os.environ.get("TUTELA_KEY")
    try:
        with key_file.open() as file:
            found = file.read(MOST_OF_A_KEY).strip()
    except (OSError, UnicodeDecodeError):
        raise TutelaError(f"The key file {output.printable(key_file)} cannot be read.") from None
    if not found:
        raise TutelaError(f"The key file {output.printable(key_file)} is empty.")
    return found


def _caller(app: App, given: str) -> Any:
    from tutela.people import callers, refusals
    from tutela.people.errors import NotPermitted

    name, needs = _running.get()
    with app.database.reading() as session:
        caller = callers.of_secret(session, given)
    if needs is not None and not caller.may(needs):
        refusals.tell(app.database, caller, needs, name)
        raise NotPermitted(caller, needs)
    return caller
