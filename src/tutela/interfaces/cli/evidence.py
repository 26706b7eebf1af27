"""`tutela evidence …`"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tutela import audit
from tutela import evidence as service
from tutela.app import App
from tutela.errors import TutelaError
from tutela.evidence import client, recipients
from tutela.evidence.errors import IntentRefused, NotOpened
from tutela.evidence.models import File, Purpose
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened

PAGE = 500
BROKEN = 3


def list_files(after: str, limit: int, *, only_kept: bool, as_json: bool) -> None:
    with opened() as app, app.database.reading() as session:
        found = service.listed(session, after, limit, only_kept=only_kept)
    if as_json:
        for file in found:
            output.line({
                "evidence": file.id, "size": file.size, "sealed_size": file.sealed_size,
                "name": file.name, "recipients": file.recipients,
                "sealed_at": file.sealed_at.isoformat(),
                "keep_until": file.keep_until.isoformat() if file.keep_until else None,
                "held_at": file.held_at.isoformat() if file.held_at else None,
                "deleted_at": file.deleted_at.isoformat() if file.deleted_at else None,
            })  # fmt: skip
        return
    table = output.table("evidence", "bytes", "sealed", "kept until", "state", numbers=("bytes",))
    for file in found:
        until = f"{file.keep_until:%Y-%m-%d %H:%M}" if file.keep_until else ""
        state = "deleted" if file.deleted_at else "held" if file.held_at else "kept"
        table.add_row(
            file.id, f"{file.size:,}", f"{file.sealed_at:%Y-%m-%d %H:%M}", until, state
        )  # fmt: skip
    output.console().print(table)
    if len(found) == limit:
        output.complain(f"there may be more: --after {found[-1].id}")


def check(names: Sequence[str], *, all_files: bool, as_json: bool) -> int:
    """Gives 3 if one is not whole."""
    whole = broken = 0
    with opened() as app:
        for file in _chosen(app, names, all_files=all_files):
            fault, size = None, None
            try:
                checked = client.check(app.vault_socket, _intent(app, file.id, Purpose.CHECK))
                size = checked.size
                if not checked.whole:
                    fault = "It is not what was sealed."
            except (NotOpened, IntentRefused) as error:
                fault = error.what
            whole, broken = whole + (fault is None), broken + (fault is not None)
            if as_json:
                output.line({
                    "evidence": file.id, "whole": fault is None, "size": size, "fault": fault,
                })  # fmt: skip
            elif fault is not None:
                output.complain(f"{file.id}: {fault}")
    if not as_json:
        print(f"{whole:,} whole, {broken:,} not.")
    return BROKEN if broken else 0


def reseal(names: Sequence[str], *, all_files: bool, as_json: bool) -> int:
    """Gives 3 if one could not be opened."""
    done = broken = 0
    with opened() as app:
        client.ping(app.vault_socket)
        current = app.sealer().fingerprint
        for file in _chosen(app, names, all_files=all_files):
            if file.recipients == current and all_files:
                continue
            fault, anew = None, False
            try:
                anew = client.reseal(app.vault_socket, _intent(app, file.id, Purpose.RESEAL))
            except (NotOpened, IntentRefused) as error:
                fault = error.what
            done, broken = done + anew, broken + (fault is not None)
            if as_json:
                output.line({"evidence": file.id, "resealed": anew, "fault": fault})
            elif fault is not None:
                output.complain(f"{file.id}: {fault}")
    if not as_json:
        print(f"{done:,} sealed anew, {broken:,} could not be.")
    return BROKEN if broken else 0


def export(name: str, file: Path, reason: str) -> None:
    shown = output.printable(file)
    with opened() as app:
        if file.exists():
            raise TutelaError(f"{shown} is there already.", "Choose another name.")
        if not os.access(file.parent, os.W_OK | os.X_OK):  # before the intent is used up
            raise TutelaError(f"{output.printable(file.parent)} is no folder to write to.")
        client.ping(app.vault_socket)
        intent = _intent(app, name, Purpose.EXPORT, reason)
        try:
            size = _write(file, client.opened(app.vault_socket, intent))
        except OSError as error:
            raise TutelaError(
                f"{shown} cannot be written: {error.strerror}.", "Repeat the command."
            ) from None
    print(f"{size:,} bytes of {name} were written to {shown}. They are not sealed there.")


def sweep(*, however_many: bool, as_json: bool) -> int:
    """Gives 3 if recorded files are missing."""
    with opened() as app:
        found = service.sweep(app.database, app.store(), however_many=however_many)
        if found.deleted:
            with app.database.writing() as session:
                audit.append(
                    session, app.database.now(), app.actor, "evidence.sweep", "store",
                    deleted=found.deleted,
                )  # fmt: skip
    if as_json:
        output.line({
            "strays": found.strays, "deleted": found.deleted, "missing": found.missing,
        })  # fmt: skip
    else:
        print(
            f"{found.strays:,} stored and not recorded, {found.missing:,} recorded and not stored;"
            f" {found.deleted:,} deleted."
        )
    return BROKEN if found.missing else 0


def list_recipients(*, as_json: bool) -> None:
    with opened() as app:
        found = recipients.listed(app.data)
    for recipient in found:
        if as_json:
            output.line({"recipient": recipient})
        else:
            print(recipient)
    if len(found) < recipients.PRODUCTION:
        output.complain(
            f"{len(found)} of the {recipients.PRODUCTION} recipients that production needs: add one"
            " whose identity is kept elsewhere."
        )


def add_recipient(recipient: str, note: str) -> None:
    with opened() as app:
        checked = recipients.checked(recipient, note)
        if checked in recipients.listed(app.data):
            raise TutelaError("This is a recipient already.")
        with app.database.writing() as session:  # logged before: none may be there unlogged
            audit.append(
                session, app.database.now(), app.actor, "recipient.add", "evidence",
                recipient=checked,
            )  # fmt: skip
        recipients.add(app.data, checked, note)
    print(
        "Added: what is sealed after the service was started again can be opened with its"
        " identity too.\nFor what was sealed before: tutela evidence reseal --all"
    )


def _chosen(app: App, names: Sequence[str], *, all_files: bool) -> Iterator[File]:
    """The files of these ids, or all whose bytes are kept."""
    if bool(names) == all_files:
        raise TutelaError("Which files?", "Give their ids, or --all.")
    for name in names:
        with app.database.reading() as session:
            file = service.found(session, name)
        yield file
    after = ""
    while all_files:
        with app.database.reading() as session:
            page = service.listed(session, after, PAGE, only_kept=True)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def _intent(app: App, name: str, purpose: Purpose, reason: str | None = None) -> str:
    """The id of an intent, recorded now. Raises `TutelaError`."""
    with app.database.writing() as session:
        file = service.found(session, name)
        why = f"{purpose} by hand" if reason is None else reason
        intent = service.intend(session, app.database.now(), app.actor, file, purpose, why)
        return intent.id


def _write(file: Path, pieces: Iterator[bytes]) -> int:
    """Write a new file that is there whole or not at all, also if this is killed; gives its size.
    Raises OSError."""
    size = 0
    part = file.parent / f".{file.name}.{os.getpid()}"
    how = os.O_WRONLY | os.O_CLOEXEC
    try:
        handle = os.open(file.parent, how | getattr(os, "O_TMPFILE", 0), 0o600)
        nameless = True
    except OSError:  # not every disk has files without names: killed there, a part stays
        handle = os.open(part, how | os.O_CREAT | os.O_EXCL, 0o600)
        nameless = False
    try:
        with os.fdopen(handle, "wb") as opened:
            for piece in pieces:
                size += opened.write(piece)
            opened.flush()
            os.fsync(handle)
            if nameless:  # the descriptor has linkat follow the link, as open(2) shows
                os.link(f"/proc/self/fd/{handle}", file, src_dir_fd=handle)
            else:
                _name(part, file)
    finally:
        if not nameless:
            part.unlink(missing_ok=True)
    return size


def _name(part: Path, file: Path) -> None:
    try:
        os.link(part, file)
    except PermissionError:  # sticks have no links
        if file.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        part.rename(file)
