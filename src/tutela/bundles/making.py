"""Makes a bundle: intent before, parts in a stream, sealed for its receiver; nothing of it is ever
on a disk unsealed."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import select

from tutela import __version__, audit, evidence
from tutela.audit import checkpoints, proofs, tree
from tutela.audit.models import Entry
from tutela.bundles import collecting, container, receivers, summary, vics
from tutela.bundles.categories import Table
from tutela.bundles.collecting import Contents, Kept
from tutela.bundles.container import Part, whole
from tutela.bundles.errors import BundleDamaged, BundleRefused
from tutela.bundles.lawful import Granted
from tutela.bundles.manifest import FORMAT, KIND
from tutela.bundles.receivers import Receiver
from tutela.evidence import client
from tutela.evidence.errors import why
from tutela.evidence.exporting import new_file
from tutela.evidence.sealing import Written
from tutela.evidence.service import LONGEST_REASON
from tutela.people.permissions import Caller
from tutela.signatures import PublicKey, SigningKey, public_half
from tutela.storage import Database, Session
from tutela.views import service as views

PAGE = 5000
FILES = "bundle.files"
"""The act that takes two people."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation has what a bundle is made with."""

    checkpoints: Path
    key: Path
    vault: Path


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that was made. `digest`: the SHA-256 of the sealed file. `without_md5`: files that
    are in case.json, and not in vics.json."""

    size: int
    digest: str
    files: int
    enclosed: int
    entries: int
    without_md5: int
    signer: str


def approved_facts(
    contents: Contents, receiver: Receiver, granted: Granted
) -> dict[str, str | int]:
    """What exactly a second person agrees to, where files go along."""
    names = _enclosed(contents)
    return {
        "receiver": receiver.name, "recipient": receiver.recipient, "files": len(names),
        "which": hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest(),
        "ground": granted.ground, "rule": granted.rule,
    }  # fmt: skip


def begin(
    session: Session, database: Database, caller: Caller, contents: Contents, receiver: Receiver,
    reason: str, granted: Granted | None = None,
) -> None:  # fmt: skip
    """Write down what is about to leave, and for whom. Raises `ReceiverRefused` if their key
    expired, `BundleRefused` if files were to go and there is none, or without a reason."""
    now = database.now()
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise BundleRefused(
            "Nothing leaves without a reason.",
            f"Say why, in one line of up to {LONGEST_REASON} letters.",
        )
    receivers.require_good(receiver, now.date())
    if granted is not None and not _enclosed(contents):
        raise BundleRefused(
            f"No file of {contents.subject} is kept.", "Make the bundle without files."
        )
    audit.append(
        session, now, caller.actor, FILES if granted else "bundle.begin", contents.subject,
        receiver=receiver.name, recipient=receiver.recipient, expires=receiver.expires,
        country=receiver.country, items=len(contents.files),
        files=len(_enclosed(contents)) if granted else 0,
        reason=reason, ground=granted.ground if granted else "",
        rule=granted.rule if granted else "",
    )  # fmt: skip


def make(
    database: Database,
    caller: Caller,
    place: Place,
    contents: Contents,
    receiver: Receiver,
    out: Path,
    reason: str,
    granted: Granted | None = None,
    table: Table | None = None,
) -> Made:
    """Write the bundle to a new file, after `begin` was committed: it is there whole or not at
    all. Raises `TutelaError`."""
    key = SigningKey.load(place.key)
    checkpoints.write(database, place.checkpoints, key)
    making = _Making(database, caller, place, contents, receiver, reason, granted, table, key)
    pieces = _Pulled(container.packed(making.parts()))
    size, digest = _write(out, pieces, receiver.recipient)
    with database.writing() as session:
        audit.append(
            session, database.now(), caller.actor, "bundle.make", contents.subject,
            receiver=receiver.name, size=size, sha256=digest,
        )  # fmt: skip
    pictures = making.pictures
    return Made(
        size, digest, len(contents.files), making.enclosed, len(making.paths),
        len(contents.files) - len(pictures), key.public.id,
    )  # fmt: skip


class _Making:
    """The parts of one bundle, in the order in which who reads it needs them."""

    def __init__(
        self, database: Database, caller: Caller, place: Place, contents: Contents,
        receiver: Receiver, reason: str, granted: Granted | None, table: Table | None,
        key: SigningKey,
    ) -> None:  # fmt: skip
        self.database, self.caller, self.place = database, caller, place
        self.contents, self.receiver, self.reason = contents, receiver, reason
        self.granted, self.table, self.key = granted, table, key
        self.made_at = database.now()
        self.enclosed = 0
        self.listed: list[dict[str, Any]] = []
        self.files = _enclosed(contents) if granted else {}
        self.pictures = [
            _picture(number, one, one.sha256 if one.sha256 in self.files else "", table)
            for number, one in enumerate(contents.files, 1)
            if "md5" in one.hashes
        ]
        entries, path = checkpoints.files(place.checkpoints)[-1]
        self.checkpoint = path.read_bytes()
        root = str(key.public.opened(self.checkpoint, checkpoints.KIND)["root"])
        self.signed = {"entries": entries, "root": root}
        with database.reading() as session:
            self.numbers = _numbers(session, contents.subjects, entries)
            hashes = session.scalars(
                select(Entry.hash).where(Entry.number <= entries).order_by(Entry.number)
                .execution_options(yield_per=PAGE)
            )  # fmt: skip
            count, self.paths = proofs.paths(hashes, [one - 1 for one in self.numbers])
        if count != entries:
            raise BundleDamaged(
                "The log is not what its last checkpoint says.", "Run: tutela audit verify"
            )

    def parts(self) -> Iterator[Part]:
        """All parts; the manifest, which tells of the others, is the last."""
        said = self._said()
        yield self._noted(whole(container.SIGNER, _public(self.key.public, self.place.key)))
        yield self._noted(whole(container.CHECKPOINT, self.checkpoint))
        yield self._noted(whole(
            container.PAPER, summary.printed(self.contents, said, self.made_at)
        ))  # fmt: skip
        yield self._noted(whole(container.CASE, _json(self.contents.told)))
        if self.contents.said is not None:
            yield self._noted(whole(container.REPORT, _json(self.contents.said)))
        yield self._noted(_measured(container.VICS, self._vics))
        yield self._noted(_measured(container.AUDIT, self._entries))
        for digest, name in self.files.items():
            yield self._noted(self._file(digest, name))
        statement = said | {"parts": self.listed}
        yield whole(container.MANIFEST, self.key.envelope(statement, KIND))

    def _said(self) -> dict[str, Any]:
        table = self.table
        return {
            "format": FORMAT, "made_at": self.made_at.isoformat(timespec="seconds"),
            "case": self.contents.case, "report": self.contents.report, "test": self.contents.test,
            "receiver": {
                "name": self.receiver.name, "country": self.receiver.country,
                "recipient": self.receiver.recipient, "expires": self.receiver.expires,
            },
            "reason": self.reason,
            "files": {"enclosed": len(self.files)} | (
                asdict(self.granted) if self.granted else {"ground": "", "rule": "", "source": ""}
            ),
            "categories": None if table is None else {
                "country": table.country, "version": table.version, "source": table.source,
                "reviewed": table.reviewed, "by": table.by, "lossy": True,
                "loses": list(table.loses),
            },
            "media": len(self.pictures),
            "without_md5": len(self.contents.files) - len(self.pictures),
            "checkpoint": self.signed, "entries": len(self.numbers), "signer": self.key.public.id,
        }  # fmt: skip

    def _noted(self, part: Part) -> Part:
        """The same part, which is written into the manifest when it was read."""

        def pieces() -> Iterator[bytes]:
            digest = hashlib.sha256()
            for piece in part.pieces():
                digest.update(piece)
                yield piece
            self.listed.append({"name": part.name, "size": part.size, "sha256": digest.hexdigest()})

        return Part(part.name, part.size, pieces)

    def _vics(self) -> Iterator[bytes]:
        case = {
            "CaseID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"tutela:{self.contents.case}")),
            "SourceApplicationVersion": __version__, "CaseNumber": self.contents.subject,
            "SourceApplicationName": "Tutela",
        }  # fmt: skip
        table = self.table
        metadata = {} if table is None else {
            "CategoryModel": f"{table.country} {table.version}",
            "CategoryNote": f"Lossy, made from grades by a table of {table.by}, {table.source}.",
        }  # fmt: skip
        country = table.country if table else vics.DEFAULT
        return vics.written(vics.made(case, metadata, self.pictures, len(self.pictures), country))

    def _entries(self) -> Iterator[bytes]:
        with self.database.reading() as session:
            for at in range(0, len(self.numbers), collecting.TOGETHER):
                some = self.numbers[at : at + collecting.TOGETHER]
                query = select(Entry.number, Entry.hash).where(
                    Entry.number.in_([one - 1 for one in some])
                )
                before = {row.number: row.hash for row in session.execute(query)}
                for one in session.scalars(
                    select(Entry).where(Entry.number.in_(some)).order_by(Entry.number)
                ):
                    yield _json({
                        "number": one.number, "at": one.at, "actor": one.actor,
                        "action": one.action, "subject": one.subject, "facts": one.facts,
                        "previous": before.get(one.number - 1, tree.EMPTY).hex(),
                        "path": [step.hex() for step in self.paths[one.number - 1]],
                    })  # fmt: skip

    def _file(self, digest: str, name: str) -> Part:
        def pieces() -> Iterator[bytes]:
            with self.database.writing() as session:
                file = evidence.found(session, name)
                intent = views.export(
                    session, self.database.now(), self.caller, file, self.reason
                ).id
            yield from client.opened(self.place.vault, intent)
            self.enclosed += 1

        with self.database.reading() as session:
            size = evidence.found(session, name).size
        return Part(f"{container.FILES}{digest}", size, pieces)


def _enclosed(contents: Contents) -> dict[str, str]:
    """The evidence whose bytes can go along, by their SHA-256: of copies, one."""
    return {one.sha256: one.evidence for one in contents.files if one.evidence}


def _numbers(session: Session, subjects: frozenset[str], entries: int) -> Sequence[int]:
    """Entries of the log about these, up to the last that is signed."""
    found: list[int] = []
    names = sorted(subjects)
    for at in range(0, len(names), collecting.TOGETHER):
        found += session.scalars(
            select(Entry.number).where(
                Entry.subject.in_(names[at : at + collecting.TOGETHER]), Entry.number <= entries
            )
        )
    return sorted(found)


def _picture(number: int, one: Kept, digest: str, table: Table | None) -> vics.Picture:
    grades = ", ".join(f"{name}={value}" for name, value in sorted(one.grades.items()))
    others = tuple(
        (name.upper(), value) for name, value in sorted(one.hashes.items())
        if name.upper() not in vics.HEX
    )  # fmt: skip
    return vics.Picture(
        number=number, md5=one.hashes["md5"], sha1=one.hashes.get("sha1", ""),
        sha256=one.hashes.get("sha256", "") or one.sha256, others=others, size=one.size,
        path=f"{container.FILES}{digest}" if digest else "",
        comments=one.item + (f"; grades: {grades}" if grades else ""),
        category=table.category(one.grades) if table else None,
    )  # fmt: skip


def _measured(name: str, pieces: Callable[[], Iterator[bytes]]) -> Part:
    """A part whose size is known only when it was made once: it is made twice, and never held."""
    return Part(name, sum(map(len, pieces())), pieces)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _public(key: PublicKey, path: Path) -> bytes:
    """The public half of the key that signs. Raises `BundleDamaged` if another's lies beside it."""
    text = public_half(path).read_bytes()
    if PublicKey.load(public_half(path)).id != key.id:
        raise BundleDamaged(
            f"{public_half(path)} is not of {path}.", "Restore both from their backup."
        )
    return text


class _Pulled:
    """What age reads from: pieces that are made when they are asked for, and why they were not."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")
        self.error: BaseException | None = None

    def read(self, count: int = -1) -> bytes:
        try:
            while not self._piece:
                self._piece = memoryview(next(self._pieces))
        except StopIteration:
            return b""
        except BaseException as error:  # age would hide what it was
            self.error = error
            raise
        taken = self._piece if count < 0 else self._piece[:count]
        self._piece = self._piece[len(taken) :]
        return bytes(taken)


def _write(out: Path, pieces: _Pulled, recipient: str) -> tuple[int, str]:
    """Seal into a new file; gives its size and SHA-256. Raises `TutelaError`."""
    sealed = None
    try:
        with new_file(out) as handle:
            sealed = Written(handle)
            pyrage.encrypt_io(pieces, sealed, [pyrage.x25519.Recipient.from_str(recipient)])
    except BaseException as error:
        cause = (sealed.error if sealed else None) or pieces.error or error
        if not isinstance(cause, OSError):
            raise cause from None
        raise BundleRefused(
            f"{out} cannot be written: {why(cause)}.", "Give a new file on a disk with room."
        ) from None
    return sealed.size, sealed.digest.hexdigest()
