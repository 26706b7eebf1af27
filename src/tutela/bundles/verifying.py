"""Verifies a bundle with nothing else at hand: no database, no installation, no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from tutela.audit import checkpoints, proofs, tree
from tutela.audit.models import Entry
from tutela.audit.service import canonical
from tutela.bundles import container, manifest
from tutela.bundles.container import Unpacking
from tutela.bundles.errors import BundleDamaged, BundleRefused
from tutela.errors import TutelaError
from tutela.evidence.errors import why
from tutela.signatures import PublicKey, SignatureError

SEALED = b"age-encryption.org/"
PIECE = 1 << 20
HELD = {container.MANIFEST: 64 << 20, container.SIGNER: 4096, container.CHECKPOINT: 1 << 20}
"""Parts that are held in memory, and how large each can be."""

LONGEST = 1 << 20
"""Bytes of an entry of the log with its proof."""

MOST_FAULTS = 100
"""Faults that are told: after so many the rest says nothing new."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check found. `faults` are sentences; none means that all is well. `said`: the
    manifest, empty if it is not to be trusted. `trusted`: the signer's key was given by whoever
    checks, and is not only what the bundle says. `found`: size and SHA-256 of each part."""

    said: dict[str, Any]
    found: Mapping[str, tuple[int, str]]
    entries: int
    signer: str
    trusted: bool
    faults: tuple[str, ...]

    @property
    def parts(self) -> int:
        return len(self.found)


def verify(
    path: Path, held: list[pyrage.x25519.Identity] | None = None, key: PublicKey | None = None
) -> Verified:
    """Check a bundle, sealed or opened already. Raises `BundleRefused` if it cannot be read here,
    `BundleDamaged` if its seal is broken, so that nothing in it is to be trusted."""
    checking = _Checking(key)
    try:
        unpack(path, Unpacking(checking.begin, checking.take, checking.end), held)
    except BundleDamaged as error:
        checking.tell(error.what)
    return checking.finish()


def unpack(
    path: Path, into: Unpacking, held: list[pyrage.x25519.Identity] | None = None
) -> None:  # fmt: skip
    """Give the parts of a bundle, sealed or opened already. Raises `BundleRefused` if it cannot be
    read here, `BundleDamaged`, and what is raised over a part."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BundleRefused(f"The bundle cannot be read: {why(error)}.") from None
    with file:
        is_sealed = _read(file, len(SEALED)) == SEALED
        file.seek(0)
        if is_sealed:
            _opened(file, into, held)
        else:
            while piece := _read(file, PIECE):
                into.write(piece)
    into.finish()


def _read(file: BinaryIO, count: int) -> bytes:
    try:
        return file.read(count)
    except OSError as error:
        raise BundleRefused(f"The bundle cannot be read: {why(error)}.") from None


class _Guarded:
    """Where opened bytes go, and why they could not: age would call it damage."""

    def __init__(self, into: Unpacking) -> None:
        self._into = into
        self.error: TutelaError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._into.write(data)
        except TutelaError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """All was given on."""


def _opened(file: BinaryIO, into: Unpacking, held: list[pyrage.x25519.Identity] | None) -> None:
    if not held:
        raise BundleRefused(
            "The bundle is sealed.", "Give the identity that opens it: --identity FILE"
        )
    guarded = _Guarded(into)
    try:
        pyrage.decrypt_io(file, guarded, held)
    except BaseException as error:  # age may even panic over what it is given
        if guarded.error is not None:
            raise guarded.error from None
        if isinstance(error, KeyboardInterrupt):
            raise
        if "No matching keys" in str(error):
            raise BundleRefused(
                "The bundle is sealed for someone else, or its head was altered.",
                "Give the identity of the key that you gave to whoever made it.",
            ) from None
        raise BundleDamaged("The seal is broken: the file was altered or cut off.") from None


class _Checking:
    """Takes parts as they come, and compares them at the end with the manifest."""

    def __init__(self, key: PublicKey | None) -> None:
        self.key = key
        self.faults: list[str] = []
        self.found: dict[str, tuple[int, str]] = {}
        self.held: dict[str, bytearray] = {}
        self.entries = 0
        self._name, self._size = "", 0
        self._digest = hashlib.sha256()
        self._line = bytearray()
        self._last = 0
        self._log = (0, "")
        """Entries of the log and their root, as the checkpoint says that came before them."""

    def tell(self, fault: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)

    def begin(self, name: str, size: int) -> None:
        if size > HELD.get(name, container.LARGEST):
            raise BundleDamaged(f"{name} is larger than it can be.")
        self._name, self._size, self._digest = name, 0, hashlib.sha256()
        self._line.clear()

    def take(self, data: bytes) -> None:
        self._digest.update(data)
        self._size += len(data)
        if self._name in HELD:
            self.held.setdefault(self._name, bytearray()).extend(data)
        elif self._name == container.AUDIT:
            self._line += data
            *lines, rest = self._line.split(b"\n")
            self._line = bytearray(rest)
            for line in lines:
                self._entry(bytes(line))
            if len(self._line) > LONGEST:
                raise BundleDamaged(f"{self._name} has a line that does not end.")

    def end(self) -> None:
        self.found[self._name] = self._size, self._digest.hexdigest()
        if self._line:
            self.tell(f"{self._name} ends in the middle of a line.")
        if self._name == container.CHECKPOINT:
            with suppress(BundleDamaged):  # whether it is signed is looked at with the manifest
                self._log = _unsigned(bytes(self.held.get(self._name, b"")))

    def finish(self) -> Verified:
        said, signer = self._manifest()
        try:
            if said:
                self._compare(said)
        except (KeyError, TypeError, ValueError):
            self.tell("manifest.json does not say what a manifest says.")
        return Verified(
            said, self.found, self.entries, signer, self.key is not None, tuple(self.faults)
        )

    def _manifest(self) -> tuple[dict[str, Any], str]:
        """What is signed, and by whom. Raises `BundleRefused` for another version."""
        if container.MANIFEST not in self.held or container.SIGNER not in self.held:
            self.tell("manifest.json or signer.pub is missing: nothing is known of the parts.")
            return {}, ""
        try:
            key = self.key or manifest.public_key(bytes(self.held[container.SIGNER]))
            return manifest.opened(bytes(self.held[container.MANIFEST]), key), key.id
        except BundleDamaged as error:
            self.tell(error.what)
            return {}, ""

    def _compare(self, said: dict[str, Any]) -> None:
        texts = said["case"], said["report"], said["made_at"], said["receiver"]["name"]
        if not all(isinstance(one, str) for one in texts):
            raise TypeError
        listed = {one["name"]: (one["size"], one["sha256"]) for one in said["parts"]}
        for name, known in listed.items():
            if name not in self.found:
                self.tell(f"{name} is missing.")
            elif self.found[name] != known:
                self.tell(f"{name} was altered.")
        for name in self.found.keys() - listed.keys() - {container.MANIFEST}:
            self.tell(f"{name} was added: the manifest does not name it.")
        if self.entries != said["entries"]:
            self.tell(f"The log has {self.entries} entries here, and {said['entries']} were sent.")
        signed = self._checkpoint()
        if signed is not None and signed != (
            said["checkpoint"]["entries"], said["checkpoint"]["root"]
        ):  # fmt: skip
            self.tell("checkpoint.json is not the one that the manifest names.")

    def _checkpoint(self) -> tuple[int, str] | None:
        """How many entries are signed, and their root, if the signer of the bundle signed them."""
        try:
            key = self.key or manifest.public_key(bytes(self.held.get(container.SIGNER, b"")))
            said = key.opened(bytes(self.held.get(container.CHECKPOINT, b"")), checkpoints.KIND)
            return int(said["entries"]), str(said["root"])
        except (SignatureError, BundleDamaged, KeyError, TypeError, ValueError, RecursionError):
            self.tell("checkpoint.json is not signed by the bundle's signer.")
            return None

    def _entry(self, line: bytes) -> None:
        """One line of the log: it must lead to the root that the checkpoint signs."""
        self.entries += 1
        try:
            said = json.loads(line)
            path = [bytes.fromhex(one) for one in said.pop("path")]
            number, previous = int(said["number"]), bytes.fromhex(said.pop("previous"))
            leaf = tree.leaf(canonical(Entry(**said), previous))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.tell(f"Line {self.entries} of {container.AUDIT} is no entry of a log.")
            return
        if number <= self._last:
            self.tell(f"Entry {number} is not in its place.")
        self._last = number
        entries, signed = self._log
        root = proofs.rooted(leaf, number - 1, entries, path)
        if root is None or root.hex() != signed:
            self.tell(f"Entry {number} is not in the log that was signed.")


def _unsigned(envelope: bytes) -> tuple[int, str]:
    """What a checkpoint says, whoever says it. Raises `BundleDamaged`."""
    try:
        said = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
        return int(said["entries"]), str(said["root"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BundleDamaged("checkpoint.json is no checkpoint.") from None
