"""`tutela testserver ncmec-hashes`, `stopncii`, `hma`, `arachnid` and `photodna`"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.testserver import password, rate, stopping
from tutela.signals import SignalError
from tutela.signals.registry import signal_type
from tutela.testing.hash_sharing import Arachnid, Ncmec, PhotoDna, StopNcii
from tutela.testing.hash_sharing.arachnid import CLASSES, MATCHES
from tutela.testing.hash_sharing.stand import Stand
from tutela.testing.hash_sharing.stopncii import FUNCTION_KEY, SUBSCRIPTION_KEY
from tutela.testing.hma import Hma

KNOWS = "It knows what --known says."


@dataclass(frozen=True, slots=True)
class How:
    """Where a server listens, and what it does."""

    port: int
    host: str
    misbehave: Sequence[str]
    seed: int
    entries: int
    traffic: int

    @property
    def server(self) -> dict[str, Any]:
        """What all servers take."""
        faults = dict(map(rate, self.misbehave))
        return {"port": self.port, "host": self.host, "seed": self.seed, "faults": faults}


def ncmec(how: How, user: str, password_file: Path | None) -> None:
    """Serve until a signal comes."""
    given = password(how.host, password_file)
    server = Ncmec(user=user, password=given, **how.server)
    said = [f"user      {output.printable(user)}", f"password  {_shown(password_file, 'rain')}"]
    setting = f"--partner ncmec --set url=URL --set user={output.printable(user)}"
    _serve(server, how, said, f"tutela exchange add trial {setting}", server.traffic)


def stopncii(how: How, keys_file: Path | None) -> None:
    """Serve until a signal comes."""
    keys = [FUNCTION_KEY, SUBSCRIPTION_KEY]
    text = password(how.host, keys_file, option="--keys-file")
    if keys_file is not None:
        keys = text.splitlines()
        if len(keys) != 2 or not all(keys):
            raise TutelaError(
                f"The file {output.printable(keys_file)} has not two keys.", "Write one a line."
            )
    server = StopNcii(function_key=keys[0], subscription_key=keys[1], **how.server)
    said = [f"keys      {_shown(keys_file, 'hail and thunder')}"]
    add = "tutela exchange add trial --partner stopncii --set url=URL"
    _serve(server, how, said, add, server.traffic)


def arachnid(how: How, user: str, password_file: Path | None, known: Path | None) -> None:
    """Serve until a signal comes."""
    given = password(how.host, password_file)
    server = Arachnid(user=user, password=given, **how.server)
    for value, kind, match in _known(known):
        server.put(value, kind, match)
    said = [f"user      {output.printable(user)}", f"password  {_shown(password_file, 'rain')}"]
    _serve(server, how, said, "", lambda _: None, KNOWS)


def photodna(how: How, key_file: Path | None, known: Path | None) -> None:
    """Serve until a signal comes."""
    given = password(how.host, key_file, option="--key-file")
    server = PhotoDna(key=given, **how.server)
    for number, parts in enumerate(_lines(known), 1):
        try:
            server.put(signal_type("photodna-edge").validate(" ".join(parts)))
        except SignalError as error:
            raise TutelaError(f"Line {number} of the file: {error.what}", error.hint) from None
    said = [f"key       {_shown(key_file, 'rain')}"]
    _serve(server, how, said, "", lambda _: None, KNOWS)


def hma(how: How) -> None:
    """Serve until a signal comes."""
    server = Hma(**how.server)
    _serve(server, how, ["bank      BICYCLES"], "", server.traffic)


def _serve(
    server: Stand, how: How, said: Sequence[str], add: str, traffic: Callable[[int], object],
    has: str = "What it has is random.",
) -> None:  # fmt: skip
    traffic(how.entries)
    with stopping() as stopped, server:
        print(
            f"This is a stand-in of Tutela for {server.TITLE}, NOT theirs. {has}\n"
            f"\naddress   {server.url}\n" + "\n".join(said),
            flush=True,
        )
        if add:
            print(f"\nTo fetch from it:\n\n  {add.replace('URL', server.url)}", flush=True)
        print("\nWhat it has, it forgets when it ends. It goes on until you press ^C.", flush=True)
        while not stopped.wait(1):
            traffic(how.traffic)
    print(f"Stopped by {stopped.name}: {len(server.calls)} requests.")


def _shown(file: Path | None, words: str) -> str:
    return words if file is None else f"as in {output.printable(file)}"


def _known(file: Path | None) -> list[tuple[str, str, str | None]]:
    """What a file says that Arachnid knows. Raises `TutelaError`."""
    if file is None:
        return []
    found = []
    for number, parts in enumerate(_lines(file), 1):
        value, kind, match = [*parts, "", "", ""][:3]
        if len(value) != 64 or kind not in CLASSES or (match or None) not in MATCHES:
            raise TutelaError(
                f"Line {number} of {output.printable(file)} is not a value, a class and a match.",
                f"Classes: {', '.join(sorted(CLASSES))}; matches: exact, near, or none.",
            )
        found.append((value, kind, match or None))
    return found


def _lines(file: Path | None) -> list[list[str]]:
    """The words of each line that is not empty. Raises `TutelaError`."""
    if file is None:
        return []
    try:
        return [line.split() for line in file.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise TutelaError(f"The file {output.printable(file)} cannot be read.", "") from None
