"""`tutela testserver …`"""

from __future__ import annotations

import ipaddress
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.testing.cybertipline import Server, UnknownMisbehaviour
from tutela.testing.cybertipline.server import PASSWORD

STOPS = frozenset({signal.SIGINT, signal.SIGTERM})
LOOKS = 0.1
"""Seconds between two looks whether a signal came."""


class UsedWrongly(TutelaError):
    """Words of the command that do not go together."""

    exit_code = 2


def cybertipline(
    host: str, port: int, user: str, password_file: Path | None, misbehave: Sequence[str],
    seed: int, data: Path | None,
) -> None:  # fmt: skip
    """Serve until a signal comes."""
    faults = dict(map(rate, misbehave))
    given = password(host, password_file)
    with stopping() as stopped, Server(
        host=host, port=port, user=user, password=given, faults=faults, seed=seed, data=data,
        inspect=True,
    ) as server:  # fmt: skip
        shown = "rain" if password_file is None else f"as in {output.printable(password_file)}"
        print(
            "This is a test server of Tutela, NOT the authority's: nothing that it is sent reaches"
            " anyone.\n"
            f"\naddress   {server.url}"
            f"\nuser      {output.printable(user)}"
            f"\npassword  {shown}"
            f"\nstate     {server.inspection}  (for tests; no part of the contract)\n"
            "\nTo have Tutela report to it, in tutela.toml:\n"
            f'\n  [reporting]\n  test_urls = ["ncmec={server.url}"]\n'
            "\nand then\n"
            f"\n  tutela report credentials set ncmec --user {output.printable(user)}"
            " --environment test\n"
            "\nIt goes on until you press ^C.",
            flush=True,
        )
        stopped.wait()
    print(
        f"Stopped by {stopped.name}: {len(server.finished)} reports filed,"
        f" {len(server.orphans)} left open."
    )


def nca(host: str, port: int, user: str, password_file: Path | None, *, down: bool) -> None:
    """Serve until a signal comes."""
    from tutela.testing.nca import Server as StandIn

    given = password(host, password_file)
    with (
        stopping() as stopped,
        StandIn(host=host, port=port, user=user, password=given, down=down) as server,
    ):
        shown = "rain" if password_file is None else f"as in {output.printable(password_file)}"
        print(
            "This is a stand-in of Tutela, NOT the NCA's: the NCA publishes no interface, this"
            " contract\nis our own, and nothing that it is sent reaches anyone.\n"
            f"\naddress   {server.url}"
            f"\nuser      {output.printable(user)}"
            f"\npassword  {shown}\n"
            "\nTo have Tutela report to it, in tutela.toml:\n"
            f'\n  [reporting]\n  test_urls = ["nca={server.url}"]\n'
            "\nand then\n"
            f"\n  tutela report credentials set nca --user {output.printable(user)}"
            " --environment test\n"
            "\nWhat it has, it forgets when it ends. It goes on until you press ^C.",
            flush=True,
        )
        stopped.wait()
    print(f"Stopped by {stopped.name}: {len(server.reports)} reports filed.")


class Stopped:
    """That a signal came, and which. No lock: what notes it may come in between anything."""

    name = ""

    def note(self, number: int, frame: FrameType | None) -> None:
        self.name = signal.Signals(number).name

    def wait(self, seconds: float = float("inf")) -> bool:
        """Wait until one comes, or so long; says whether one came."""
        end = time.monotonic() + seconds
        while not self.name and time.monotonic() < end:
            time.sleep(LOOKS)
        return bool(self.name)


@contextmanager
def stopping() -> Iterator[Stopped]:
    """Signals to stop are noted until the block ends; then they do again what they did.

    They are not blocked and waited for: who listens has threads of libraries that would be ended by
    one that came a moment before the waiting."""
    stopped = Stopped()
    before = {one: signal.signal(one, stopped.note) for one in STOPS}
    try:
        yield stopped
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def rate(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    try:
        return name, float(rate)
    except ValueError:
        raise UnknownMisbehaviour(
            f"{output.printable(text)} is not NAME=RATE.", "For example: server-error=0.1"
        ) from None


def password(host: str, file: Path | None, *, option: str = "--password-file") -> str:
    """What is in the file; else the word that everyone knows, for this machine alone."""
    if file is None:
        if not _loopback(host):
            raise UsedWrongly(
                f"At {output.printable(host)} others reach it with a password that everyone knows.",
                f"Name a {option}.",
            )
        return PASSWORD
    try:
        found = file.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise TutelaError(
            f"The password file {output.printable(file)} cannot be read.", "Name another."
        ) from None
    if not found:
        raise TutelaError(f"The password file {output.printable(file)} is empty.", "Fill it.")
    return found


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
