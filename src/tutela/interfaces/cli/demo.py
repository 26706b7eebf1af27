"""`tutela demo`: the real service on benign photographs, leaving nothing behind."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from sqlalchemy import func, select

from tutela import evidence
from tutela.app import App
from tutela.audit import verification
from tutela.banks import service
from tutela.banks.filling import BankFiller
from tutela.banks.models import Purpose
from tutela.decoding import DecoderPool
from tutela.errors import TutelaError
from tutela.evidence import client as vault
from tutela.interfaces.cli import demo_report, output, own_service
from tutela.interfaces.cli.own_service import OwnService
from tutela.people import invitations, keys
from tutela.people.permissions import Permission
from tutela.policy import presets
from tutela.screening import Verdict, learn, policies
from tutela.screening.models import Count, Decided, Item
from tutela.settings import Service, Settings
from tutela.testing import photographs

BANK = "demonstration"
KNOWN = ("kodim23.png", "monarch.png", "sail.png", "tulips.png")
STRANGER = "coffee.png"
STARTS = 60.0
"""Seconds that a slow machine may take to start the service."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, and what was done to it."""

    name: str
    what: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """An upload, what the service answered, and how long that took."""

    upload: Upload
    answer: dict[str, Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in the database and the store at the end."""

    counts: dict[str, int]
    items: int
    opened: str
    whole: bool
    entries: int
    log_whole: bool


def alterations(picture: Image.Image) -> list[tuple[str, Image.Image, str]]:
    """What people do to pictures: name, result, file ending."""
    width, height = picture.size
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    return [
        ("saved as JPEG, quality 30", picture, "q30.jpg"),
        ("half the size, as WebP", picture.resize((width // 2, height // 2)), "half.webp"),
        ("mirrored", ImageOps.mirror(picture), "mirror.jpg"),
        ("turned a quarter", turned, "turned.jpg"),
        ("in a white frame", ImageOps.expand(picture, width // 12, "white"), "frame.jpg"),
        ("letterboxed", ImageOps.expand(picture, (0, height // 5), "black"), "bars.jpg"),
        ("inverted", ImageOps.invert(picture), "inverted.jpg"),
        ("in CMYK", picture.convert("CMYK"), "cmyk.jpg"),
    ]


def run(*, keep: bool, as_json: bool) -> int:
    """With `keep`, the service runs on until it is stopped."""
    try:
        found = {path.name: path for path in photographs.find()}
    except TutelaError as error:
        raise TutelaError(
            "The demonstration needs photographs that are not installed.", error.hint
        ) from None
    with (
        tempfile.TemporaryDirectory(prefix="tutela-demo-") as scratch,
        demo_report.server() as there,
    ):
        place = Path(scratch)
        chosen = Settings(
            data=str(place / "data"), keys=str(place / "keys"),
            service=Service(port=Service().port if keep else 0),
            reporting=demo_report.options(there),
        )  # fmt: skip
        with App(chosen) as app:
            app.set_up()
            set_up(app, [found[name] for name in KNOWN])
            photograph = found[demo_report.PHOTOGRAPH]
            demo_report.set_up(app, there, photograph)
            if not as_json:
                print(
                    f"{len(KNOWN)} photographs are in the bank {BANK}, in a database of its own."
                    " The service starts.\n"
                )
            with serving(app), own_service.running(app, *SCOPES, Permission.INTAKE) as own:
                results = [_sent(own, upload) for upload in uploads(found)]
                kept = _kept(app, results)
                _show(results, kept, as_json=as_json)
                filed = demo_report.run(app, own, there, photograph)
                if as_json:
                    output.line(demo_report.record(filed))
                else:
                    demo_report.show(filed)
                if keep:
                    _serve_on(app, own, found)
    return 0 if as_promised(results, kept) and filed.as_promised else 3


SCOPES = (Permission.SCREEN, Permission.LOOKUP, Permission.MATCH_DETAIL)


def set_up(app: App, files: list[Path]) -> None:
    """A policy, and a bank of these photographs: of the purpose that never leads to a report."""
    with app.database.writing() as session:
        now = app.database.now()
        policies.apply(session, now, app.actor, presets.render("small-forum", "GB"))
        service.create(session, now, app.actor, BANK, Purpose.TEST, source="demonstration")
    with (
        DecoderPool(app.settings.signals, app.settings.decoding.limits) as pool,
        BankFiller(app.database, app.actor, BANK) as filler,
    ):
        learn(files, pool, filler)


@contextmanager
def serving(app: App) -> Iterator[None]:
    """`tutela serve` on an installation, until the block ends."""
    log = app.data / "serve.log"
    settings = app.settings
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TUTELA_")} | {
        "TUTELA_DATA": settings.data,
        "TUTELA_KEYS": settings.keys,
        "TUTELA_SERVICE__PORT": str(settings.service.port),
        **demo_report.environment(settings.reporting),
        **{
            k: v
            for k, v in os.environ.items()
            if k in ("TUTELA_NATIVE", "TUTELA_DECODING__PROCESSES")
        },
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "tutela", "serve"],
            env=environment, stdout=written, stderr=written, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        _wait(app, process, log)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait(app: App, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS
    while time.monotonic() < until and process.poll() is None:
        try:
            with own_service.running(app, Permission.SCREEN) as own:
                if own.get("/healthz/ready").status == 200:
                    return
        except TutelaError:
            pass
        time.sleep(0.1)
    last = log.read_text(errors="replace").splitlines()[-1:] or ["it said nothing"]
    raise TutelaError(f"The service did not start: {last[0]}", "Run: tutela selftest")


def uploads(found: dict[str, Path]) -> Iterator[Upload]:
    """Files as they are posted."""
    yield Upload(KNOWN[0], "unchanged", found[KNOWN[0]].read_bytes())
    cut = b""
    for turn, name in enumerate(KNOWN):
        with Image.open(found[name]) as opened:
            picture = opened.convert("RGB")
        for what, altered, ending in alterations(picture)[turn % 2 :: 2]:  # half on each
            stored = io.BytesIO()
            form = "WEBP" if ending.endswith("webp") else "JPEG"
            altered.save(stored, form, quality=30 if "q30" in ending else 85)
            cut = cut or stored.getvalue()[:200]
            yield Upload(f"{Path(name).stem}-{ending}", what, stored.getvalue())
    yield Upload(STRANGER, "another picture", found[STRANGER].read_bytes())
    yield Upload("cut-off.jpg", "cut off after 200 bytes", cut)


def _sent(own: OwnService, upload: Upload) -> Result:
    began = time.perf_counter()
    facts = {"item": {"id": upload.name, "channel": "public"}}
    answer = own.screen(upload.data, facts)
    return Result(upload, answer, time.perf_counter() - began)


def _kept(app: App, results: list[Result]) -> Kept:
    """Look at what was kept, once the counts are written; open one sealed file."""
    until = time.monotonic() + STARTS
    while True:
        with app.database.reading() as session:
            rows = session.execute(
                select(Count.outcome, func.sum(Count.count)).group_by(Count.outcome)
            )
            counts = {str(outcome): int(count) for outcome, count in rows}
            items = session.scalar(select(func.count()).select_from(Item)) or 0
        if sum(counts.values()) >= len(results) or time.monotonic() > until:
            break
        time.sleep(0.1)
    first = results[0]
    with app.database.writing() as session:
        decided = session.get_one(Decided, first.answer["item_id"])
        file = evidence.found(session, str(decided.evidence_id))
        intent = evidence.intend(
            session, app.database.now(), app.actor, file, evidence.Purpose.EXPORT, "demonstration"
        )
    data = b"".join(vault.opened(app.vault_socket, intent.id))
    whole = hashlib.sha256(data).digest() == hashlib.sha256(first.upload.data).digest()
    app.sign_log()
    log = verification.verify(app.database, app.checkpoints, app.public_key())
    return Kept(counts, items, file.name, whole, log.entries, not log.faults)


def as_promised(results: list[Result], kept: Kept) -> bool:
    """Every altered copy was found, the stranger was let through, and what was sealed is whole."""
    found = all(
        (result.answer["verdict"] == Verdict.ALLOW) == (result.upload.name == STRANGER)
        for result in results
    )
    matched = sum(bool(result.answer["matches"]) for result in results)
    return found and kept.items == matched and kept.whole and kept.log_whole


def _show(results: list[Result], kept: Kept, *, as_json: bool) -> None:
    if as_json:
        for result in results:
            output.line({
                "file": result.upload.name, "alteration": result.upload.what, **result.answer,
                "milliseconds": round(result.seconds * 1000, 2),
            })  # fmt: skip
        output.line({
            "counts": kept.counts, "items": kept.items, "opened": kept.opened,
            "whole": kept.whole, "audit_entries": kept.entries, "audit_whole": kept.log_whole,
        })  # fmt: skip
        return
    table = output.table(
        "file", "alteration", "verdict", "distance", "variant", "evidence", "ms",
        numbers=("distance", "ms"),
    )  # fmt: skip
    for result in results:
        answer = result.answer
        near = [match for match in answer["matches"] if match["signal_type"] == "pdq"]
        match = near[0] if near else None
        table.add_row(
            result.upload.name,
            result.upload.what,
            output.verdict_text(Verdict(answer["verdict"])),
            str(match["distance"]) if match else "",
            match["variant"] if match else "",
            answer["evidence"],
            f"{result.seconds * 1000:.1f}",
        )
    output.console().print(table)
    counts = ", ".join(f"{outcome} {count}" for outcome, count in sorted(kept.counts.items()))
    print(
        "\ndistance  bits of 256 that differ from the known picture's hash; up to 31 is a match"
        "\nvariant   what was undone before the upload was recognised"
        "\nevidence  whether the bytes were sealed before the answer; of what did not match, none"
        "\nms        milliseconds from the request to its answer"
        "\nblock     it is the known picture;  review  a person decides;  allow  nothing is near"
        f"\n\nKept: {kept.items} items that matched. Of the rest, these counts: {counts}."
        "\n(test: matched by a bank for tests only, as this one is)"
        f"\nThe vault opened {kept.opened[:24]}…:"
        f" it is {'the very file' if kept.whole else 'NOT the file'} that was uploaded."
        f"\nThe audit log of all this has {kept.entries} entries, chained and signed, and is"
        f" {'' if kept.log_whole else 'not '}whole."
    )


def _serve_on(app: App, own: OwnService, found: dict[str, Path]) -> None:
    """Print a line to try, and wait for ^C."""
    with app.database.writing() as session:
        now = app.database.now()
        _, secret = keys.create(session, now, app.caller, "you", SCOPES)
        link = invitations.invite_first(session, now, app.actor, anew=True)
    print(
        f"\nThe service goes on until you press ^C. Try, in another terminal:\n"
        f"\n  curl -H 'Authorization: Bearer {secret}' -H 'Content-Type: image/png'"
        f" --data-binary @{found[KNOWN[0]]} {own.base}/api/v1/screen\n"
        f"\nThe console, as its first administrator:\n"
        f"\n  http://localhost:{own.port}/welcome/{link}\n"
        f"\nCommands on it, once that terminal knows where it is:\n"
        f"\n  export TUTELA_DATA={app.settings.data} TUTELA_KEYS={app.settings.keys}\n",
        flush=True,
    )
    stop = signal.sigwait({signal.SIGINT, signal.SIGTERM})
    print(f"Stopped by {signal.Signals(stop).name}.")
