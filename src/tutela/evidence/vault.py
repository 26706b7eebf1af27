"""The vault: the only process that can open evidence. It listens on a Unix socket of the service's
user, and opens a file only for an intent that was recorded and not yet used.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyrage

from tutela.errors import TutelaError
from tutela.evidence import service, wire
from tutela.evidence.errors import EvidenceError, IntentRefused, NotOpened, NotShown, why
from tutela.evidence.models import File, Intent, Purpose
from tutela.evidence.opening import Compared, decrypt
from tutela.evidence.rendering import Renderer
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import Store
from tutela.storage import Database

REQUEST_SECONDS = 5.0
"""For a client to say what it wants, however its bytes trickle."""

PATIENCE = 30.0
"""Seconds for a client to take one frame."""

SLOWEST = 64 << 10
"""Bytes a second that a client takes at least: who takes less must not hold a place for ever."""

CLIENTS = 32
"""At a time; others wait. Only processes of the service's user can connect."""

WAITING = 128
"""Clients that may wait for a place; the system lets others try again."""

STOPPING = 10.0
"""Seconds that clients are given when the vault stops."""

RENDERINGS = 2
"""Files held in memory at a time, to make pictures of; others wait."""

RENDERED_IN = 45.0
"""Seconds to wait for a place among these: clients wait a minute."""

LONGEST_PATH = 100
"""Bytes of the socket's path: systems take 104 or 108."""

STRANGER = EvidenceError(
    "The vault answers processes of its own user only.", "Run this as the user of the service."
)
TOO_LARGE = "Raise decoding.limits.max_bytes, or decide without viewing."
SHOWN = frozenset(purpose for purpose in Purpose if purpose.shows)
log = logging.getLogger(__name__)


class Vault:
    """Answers clients until it is closed."""

    def __init__(
        self,
        database: Database,
        store: Store,
        held: list[pyrage.x25519.Identity],
        path: Path,
        sealer: Callable[[], Sealer],
        renderer: Renderer | None = None,
    ) -> None:
        """Listens on the socket from now on. `sealer` seals for those who are recipients when it is
        called; without `renderer` no pictures are made. Raises `EvidenceError`, also if another
        vault listens there."""
        self.database = database
        self.store = store
        self.path = path
        self._held = held
        self._sealer = sealer
        self._renderer = renderer
        self._rendering = threading.BoundedSemaphore(RENDERINGS)
        self._places = threading.BoundedSemaphore(CLIENTS)
        self._lock = _locked(path)
        self._socket = _listening(path)
        self._acts: dict[str, Callable[[wire.Line, str], None]] = {
            "ping": self._ping, "check": self._check, "open": self._open, "reseal": self._reseal,
            "derive": self._derive,
        }  # fmt: skip

    def run(self, stop: threading.Event) -> None:
        """Answer until `stop` is set; then those who are being answered are given some seconds."""
        self._socket.settimeout(0.2)
        while not stop.is_set():
            if not self._places.acquire(timeout=0.2):
                continue
            try:
                connected, _ = self._socket.accept()
            except OSError as error:
                self._places.release()
                if not isinstance(error, TimeoutError):  # it went again, or too much is open here
                    stop.wait(0.1)
                continue
            try:
                threading.Thread(target=self._serve, args=(connected,), daemon=True).start()
            except RuntimeError:  # no more threads: its client asks again
                connected.close()
                self._places.release()
        self._socket.close()
        self.path.unlink(missing_ok=True)
        until = time.monotonic() + STOPPING
        for _ in range(CLIENTS):
            self._places.acquire(timeout=max(0.0, until - time.monotonic()))
        os.close(self._lock)

    def _serve(self, connected: socket.socket) -> None:
        try:
            with connected:
                line = wire.Line(connected, wire.LARGEST_REQUEST)
                if _user(connected) == os.getuid():
                    self._answer(line)
                else:
                    line.receive(REQUEST_SECONDS)  # who hears before it asks hears nothing
                    line.send_json(_refusal(STRANGER), REQUEST_SECONDS)
        except (OSError, wire.WireError, _Gone):
            pass  # a client that went, or said what nobody says
        except Exception:
            log.exception("a fault of the vault")
        finally:
            self._places.release()

    def _answer(self, line: wire.Line) -> None:
        request = line.receive_json(REQUEST_SECONDS)
        act = self._acts.get(str(request.get("op")))
        try:
            if act is None:
                raise EvidenceError("The vault does not know this request.")
            act(line, str(request.get("intent")))
        except (wire.WireError, _Gone):
            raise
        except TutelaError as error:
            line.send_json(_refusal(error), PATIENCE)

    def _ping(self, line: wire.Line, _: str) -> None:
        line.send_json({"ok": True}, PATIENCE)

    def _check(self, line: wire.Line, intent: str) -> None:
        _, file = self._used(intent, frozenset({Purpose.CHECK}))
        into = Compared(file)
        self._decrypt(file, into)
        line.send_json({"ok": True, "whole": into.whole, "size": into.size}, PATIENCE)

    def _open(self, line: wire.Line, intent: str) -> None:
        _, file = self._used(intent, SHOWN)
        into = _Sending(line, file)
        line.send_json({"ok": True, "size": file.size}, PATIENCE)
        end: dict[str, Any] = {"ok": True}
        try:
            self._decrypt(file, into)
            into.require_whole()
        except EvidenceError as error:
            end = _refusal(error)
        line.send(b"", PATIENCE)
        line.send_json(end, PATIENCE)

    def _derive(self, line: wire.Line, intent: str) -> None:
        """A picture that was made of a file, in memory; its bytes themselves never leave."""
        if self._renderer is None:
            raise NotShown("This vault makes no pictures.", "Run tutela serve.")
        if not self._rendering.acquire(timeout=RENDERED_IN):
            raise NotShown("The vault makes too many other pictures.", "Ask again in a minute.")
        try:
            row, file = self._used(intent, frozenset({Purpose.VIEW}), derived=True)
            if file.size > self._renderer.most:
                raise NotShown("The file is too large for a picture of it.", TOO_LARGE)
            data = bytearray()
            into = Compared(file, data.extend)
            self._decrypt(file, into)
            into.require_whole()
            made = self._renderer(data, row.rendering, self._mark(row))
        finally:
            self._rendering.release()
        line.send_json(
            {
                "ok": True, "size": len(made.png), "width": made.width, "height": made.height,
                "whole": made.whole,
            },
            PATIENCE,
        )  # fmt: skip
        for at in range(0, len(made.png), wire.LARGEST):
            line.send(made.png[at : at + wire.LARGEST], PATIENCE)
        line.send(b"", PATIENCE)
        line.send_json({"ok": True}, PATIENCE)

    def _mark(self, intent: Intent) -> str:
        """Who views, and when: what is in every picture."""
        return f"{intent.actor.partition(':')[2]} {self.database.now():%Y-%m-%d %H:%M} UTC"

    def _reseal(self, line: wire.Line, intent: str) -> None:
        sealer = self._sealer()
        own = {str(one.to_public()) for one in self._held}
        if own.isdisjoint(map(str, sealer.recipients)):
            raise EvidenceError(
                "The vault's own identity is no recipient's: what it sealed anew could not be"
                " opened here again.",
                "See who changed the recipients, and add that of the vault's identity.",
            )
        row, file = self._used(intent, frozenset({Purpose.RESEAL}))
        if file.recipients == sealer.fingerprint:
            line.send_json({"ok": True, "resealed": False}, PATIENCE)
            return
        spool = sealer.spool()
        try:
            into = Compared(file, spool.write)
            self._decrypt(file, into)
            into.require_whole()
            sealed = spool.finish()
        finally:
            spool.drop()
        with self.database.writing() as session:
            now = session.get_one(File, file.id, with_for_update=True, populate_existing=True)
            current = now.deleted_at is None and now.name == file.name
            if current:
                service.resealed(session, self.database.now(), row.actor, now, sealed)
        self.store.delete(file.name if current else sealed.name)
        line.send_json({"ok": True, "resealed": current}, PATIENCE)

    def _used(
        self, name: str, purposes: frozenset[Purpose], *, derived: bool = False
    ) -> tuple[Intent, File]:
        """An intent and its file. It is used up before a byte is read, but not if there is none.
        Raises `IntentRefused` or `NotOpened`."""
        with self.database.writing() as session:
            _, file = service.intended(
                session, self.database.now(), name, purposes, derived=derived
            )
        if not self.store.exists(file.name):  # a bucket may take its time; nobody waits to write
            raise NotOpened(
                f"The evidence {file.id} is not in the store.",
                "Restore it from the backup of evidence.",
            )
        with self.database.writing() as session:
            now = self.database.now()
            intent, file = service.intended(session, now, name, purposes, derived=derived)
            service.use(session, now, intent, file)
            return intent, file

    def _decrypt(self, file: File, into: Compared) -> None:
        with self.store.open(file.name) as sealed:
            try:
                decrypt(file.id, sealed, into, self._held)
            except NotOpened:
                if isinstance(into, _Sending) and into.broken:
                    raise _Gone from None
                raise


class _Gone(Exception):
    """The client went while it was answered."""


class _Sending(Compared):
    """Where bytes go that a client gets."""

    def __init__(self, line: wire.Line, file: File) -> None:
        super().__init__(file, self._send)
        self.line = line
        self.broken = False
        self._until = time.monotonic() + PATIENCE + file.size / SLOWEST

    def _send(self, data: bytes) -> None:
        self.broken = True
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.line.send(data, min(PATIENCE, left))
        self.broken = False


def _refusal(error: TutelaError) -> dict[str, Any]:
    kind = {IntentRefused: "intent", NotOpened: "file", NotShown: "picture"}.get(type(error), "")
    return {"ok": False, "kind": kind, "error": error.what, "hint": error.hint}


def _locked(path: Path) -> int:
    """The lock of who listens on a socket, held. Raises `EvidenceError` if another holds it."""
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise EvidenceError(
            f"The path of the vault's socket is longer than {LONGEST_PATH} bytes: {path}",
            "Choose a data directory with a shorter path.",
        )
    held = None
    try:
        held = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if held is not None:
            os.close(held)
        if isinstance(error, BlockingIOError):
            raise EvidenceError(f"A vault listens on {path} already.", "Stop it first.") from None
        raise EvidenceError(f"The vault cannot listen on {path}: {why(error)}.") from None
    return held


def _listening(path: Path) -> socket.socket:
    """A socket that only processes of this user can connect to. Raises `EvidenceError`."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with suppress(FileNotFoundError):
            path.unlink()  # of a vault that was killed: we hold its lock
        opened.bind(str(path))
        opened.listen(WAITING)
    except OSError as error:
        opened.close()
        raise EvidenceError(f"The vault cannot listen on {path}: {why(error)}.") from None
    finally:
        os.umask(before)
    return opened


def _user(connected: socket.socket) -> int:
    """Whose process is at the other end, where the system says."""
    if sys.platform == "linux":
        size = struct.calcsize("3i")
        _, user, _ = struct.unpack(
            "3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        )
        return int(user)
    return os.getuid()  # the socket's mode is what keeps others out
