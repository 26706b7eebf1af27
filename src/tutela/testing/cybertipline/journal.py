"""What happened, as JSON lines in a file: another process can read it, a server go on from it."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path
from typing import Any

from tutela.errors import TutelaError

HEAD = b'{"event": "begun", "format": "tutela testserver cybertipline 1"}\n'
"""The first line: what else begins otherwise is not touched."""


class Journal:
    """Events in the order in which they happened; without a path they are not written.

    `events` are those of the file when it was opened. A last line that was cut short, by the death
    of who wrote it, is taken off. Raises `TutelaError` for a file that is not a journal, that
    cannot be opened, or that another server writes.
    """

    def __init__(self, path: Path | None) -> None:
        self.events: list[dict[str, Any]] = []
        self._file: int | None = None
        self._lock = threading.Lock()
        if path is None:
            return
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read(path)
        except BlockingIOError:
            self.close()
            raise TutelaError(
                f"Another server writes {path}.", "Stop it, or name another file."
            ) from None
        except OSError as error:
            self.close()
            raise TutelaError(f"{path} cannot be used: {error.strerror}.") from None
        except ValueError:
            self.close()
            raise TutelaError(
                f"{path} is not the journal of a test server.", "Name a new file."
            ) from None

    def _read(self, path: Path) -> None:
        assert self._file is not None
        found = path.read_bytes()
        if not found.startswith(HEAD):
            if not HEAD.startswith(found):
                raise ValueError("it begins otherwise")
            os.ftruncate(self._file, 0)
            os.write(self._file, HEAD)
            return
        whole = found[: found.rindex(b"\n") + 1]
        self.events = [json.loads(line) for line in whole.splitlines()[1:]]
        os.ftruncate(self._file, len(whole))

    def write(self, event: dict[str, Any]) -> None:
        """Add one. It is in the file when this returns, whatever becomes of this process."""
        line = json.dumps(event).encode() + b"\n"
        with self._lock:
            while line and self._file is not None:
                line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """No more is written."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None


def text_of(xml: bytes) -> str:
    """Bytes as text that JSON can hold, whatever they are; `xml_of` gives them back."""
    return xml.decode("utf-8", "surrogateescape")


def xml_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
