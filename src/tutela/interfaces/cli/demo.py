"""`tutela demo`: the main job on benign photographs, in a minute, leaving nothing behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

from tutela.app import App
from tutela.audit import verification
from tutela.audit.verification import Verified
from tutela.banks import service
from tutela.banks.filling import BankFiller
from tutela.banks.models import Purpose
from tutela.decoding import DecoderPool
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.screening import Screened, Screener, Verdict, learn
from tutela.settings import Settings
from tutela.testing import photographs

BANK = "demonstration"
KNOWN = ("kodim23.png", "monarch.png", "sail.png", "tulips.png")
STRANGER = "coffee.png"


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


def run(*, as_json: bool) -> int:
    try:
        found = {path.name: path for path in photographs.find()}
    except TutelaError as error:
        raise TutelaError(
            "The demonstration needs photographs that are not installed.", error.hint
        ) from None
    with tempfile.TemporaryDirectory(prefix="tutela-demo-") as scratch, DecoderPool() as pool:
        place = Path(scratch)
        chosen = Settings(data=str(place / "data"), keys=str(place / "keys"))
        with App(chosen) as app:
            app.set_up()
            bank(app, pool, [found[name] for name in KNOWN])
            screener = Screener(pool, app.search())
            results = []
            for path, what in uploads(found, place):
                with path.open("rb") as stream:
                    results.append((path, what, screener.screen(stream)))
            app.sign_log()
            log = verification.verify(app.database, app.checkpoints, app.public_key())
    _show(results, log, as_json=as_json)
    return 0 if _as_promised(results) and not log.faults else 3


def bank(app: App, pool: DecoderPool, files: list[Path]) -> None:
    """A bank of these photographs. It is of the purpose that blocks without a report."""
    with app.database.writing() as session:
        service.create(
            session, app.database.now(), app.actor, BANK, Purpose.TEST, source="demonstration"
        )
    with BankFiller(app.database, app.actor, BANK) as filler:
        learn(files, pool, filler)


def uploads(found: dict[str, Path], scratch: Path) -> Iterator[tuple[Path, str]]:
    """Files to screen, made in a folder of their own: path, and what was done to it."""
    yield found[KNOWN[0]], "unchanged"
    for turn, name in enumerate(KNOWN):
        with Image.open(found[name]) as opened:
            picture = opened.convert("RGB")
        for what, altered, ending in alterations(picture)[turn % 2 :: 2]:  # half on each
            path = scratch / f"{Path(name).stem}-{ending}"
            altered.save(path, quality=30 if "q30" in ending else 85)
            yield path, what
    cut = scratch / "cut-off.jpg"
    cut.write_bytes((scratch / "kodim23-q30.jpg").read_bytes()[:200])
    yield found[STRANGER], "another picture"
    yield cut, "cut off after 200 bytes"


def _as_promised(results: list[tuple[Path, str, Screened]]) -> bool:
    """Every altered copy was found, and the stranger was let through."""
    return all(
        (result.decision.verdict is Verdict.ALLOW) == (path.name == STRANGER)
        for path, _, result in results
    )


def _show(results: list[tuple[Path, str, Screened]], log: Verified, *, as_json: bool) -> None:
    if as_json:
        for path, what, result in results:
            output.line({"alteration": what, **output.record(Path(path.name), result)})
        return
    print(
        f"{len(KNOWN)} photographs are in the bank {BANK}, in a database of its own."
        " Each of these files is uploaded:\n"
    )
    table = output.table(
        "file", "alteration", "verdict", "distance", "variant", "ms", numbers=("distance", "ms")
    )
    for path, what, result in results:
        match = result.decision.match
        table.add_row(
            path.name,
            what,
            output.verdict_text(result.decision.verdict),
            str(match.distance) if match else "",
            match.signal.variant if match else "",
            f"{result.seconds * 1000:.1f}",
        )
    output.console().print(table)
    print(
        "\ndistance  bits of 256 that differ from the known picture's hash; up to 31 is a match"
        "\nvariant   what was undone before the upload was recognised"
        "\nms        milliseconds from the first byte to the verdict"
        "\nblock     it is the known picture;  review  a person decides;  allow  nothing is near"
        f"\n\nThe audit log of all this has {log.entries} entries, chained and signed, and is"
        f" {'not ' if log.faults else ''}whole."
    )
