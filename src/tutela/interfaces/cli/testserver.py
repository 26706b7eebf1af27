"""`tutela testserver …`"""

from __future__ import annotations

import ipaddress
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.testing.cybertipline import Server, UnknownMisbehaviour
from tutela.testing.cybertipline.server import PASSWORD

STOPS = frozenset({signal.SIGINT, signal.SIGTERM})


class UsedWrongly(TutelaError):
    """Words of the command that do not go together."""

    exit_code = 2


def cybertipline(
    host: str, port: int, user: str, password_file: Path | None, misbehave: Sequence[str],
    seed: int, data: Path | None,
) -> None:  # fmt: skip
    """Serve until a signal comes."""
    faults = dict(map(_rate, misbehave))
    password = _password(host, password_file)
    with _awaited(), Server(
        host=host, port=port, user=user, password=password, faults=faults, seed=seed, data=data,
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
        stop = signal.sigwait(STOPS)
    print(
        f"Stopped by {signal.Signals(stop).name}: {len(server.finished)} reports filed,"
        f" {len(server.orphans)} left open."
    )


def nca(host: str, port: int, user: str, password_file: Path | None, *, down: bool) -> None:
    """Serve until a signal comes."""
    from tutela.testing.nca import Server as StandIn

    password = _password(host, password_file)
    with (
        _awaited(),
        StandIn(host=host, port=port, user=user, password=password, down=down) as server,
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
        stop = signal.sigwait(STOPS)
    print(f"Stopped by {signal.Signals(stop).name}: {len(server.reports)} reports filed.")


@contextmanager
def _awaited() -> Iterator[None]:
    """Signals to stop are for `sigwait` alone: entered before any thread starts, which inherits it;
    afterwards they do again what they did, also in processes that are started then."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _rate(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    try:
        return name, float(rate)
    except ValueError:
        raise UnknownMisbehaviour(
            f"{output.printable(text)} is not NAME=RATE.", "For example: server-error=0.1"
        ) from None


def _password(host: str, file: Path | None) -> str:
    """What is in the file; else the word that everyone knows, for this machine alone."""
    if file is None:
        if not _loopback(host):
            raise UsedWrongly(
                f"At {output.printable(host)} others reach it with a password that everyone knows.",
                "Name a --password-file.",
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
