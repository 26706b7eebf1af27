"""`tutela selftest`: is every part of this installation there, and does it give known answers? The
test picture goes through every door that is open, as an upload would.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from contextlib import suppress

import numpy as np
from PIL import Image

from tutela import settings
from tutela.app import App
from tutela.banks import made_picture, service
from tutela.decoding import DecoderPool, fingerprint
from tutela.decoding.pictures import FORMATS, readable
from tutela.errors import TutelaError
from tutela.interfaces.cli import output, own_service
from tutela.people.permissions import Permission
from tutela.policy import ChannelRefused
from tutela.screening import Verdict
from tutela.settings import Settings
from tutela.signals import kernels_numpy
from tutela.signals.kernels import NATIVE, kernel
from tutela.signals.registry import installed
from tutela.storage.errors import NotSetUp


def run(*, as_json: bool) -> int:
    chosen = settings.load()
    picture = Image.radial_gradient("L").resize((640, 480))
    stored = io.BytesIO()
    picture.save(stored, "PNG")
    pixels = np.asarray(picture)
    expected = kernels_numpy.pdq(pixels, 480, 640, 1, False)
    with DecoderPool(chosen.signals, chosen.decoding.limits, 1) as pool:
        confined = pool.start()
        found = fingerprint(io.BytesIO(stored.getvalue()), pool)
        banks = _banks(chosen, pool)
    decoded = found.undecodable is None and (
        "pdq" not in chosen.signals.types or expected[0].hex() in {s.value for s in found.signals}
    )
    absent = ", ".join(sorted(set(FORMATS) - set(readable())))
    checks = [
        (
            "kernel",
            NATIVE,
            f"compiled, {kernel.family()}" if NATIVE else "numpy: slower, same answers",
        ),
        ("kernel answer", kernel.pdq(pixels, 480, 640, 1, False) == expected, "equals numpy's"),
        ("decoder", decoded, "reads and hashes a made picture"),
        ("confinement", confined, "a decoder can open no file, socket, program or process"),
        ("formats", not absent, f"all but {absent}" if absent else "all"),
        ("signal types", True, ", ".join(installed())),
        banks,
        *_doors(chosen),
    ]
    broken = [name for name, fine, _ in checks if not fine and name in BROKEN_WITHOUT]
    if as_json:
        for name, fine, text in checks:
            output.line({"check": name, "ok": fine, "text": text})
        return 3 if broken else 0
    table = output.table("check", "result", "meaning")
    for name, fine, text in checks:
        mark = "ok" if fine else "BROKEN" if name in BROKEN_WITHOUT else "missing"
        table.add_row(name, mark, text)
    output.console().print(table)
    return 3 if broken else 0


def _banks(chosen: Settings, pool: DecoderPool) -> tuple[str, bool, str]:
    """Whether the picture of the bank that is always on is found, as an upload would be."""
    try:
        with App.open(chosen) as app:
            signals = fingerprint(io.BytesIO(made_picture.picture()), pool).signals
            found = {m.signal.type for m in app.search().search(signals) if m.owner == service.TEST}
            lost = sorted({*app.bankable_types()}.intersection(made_picture.TYPES) - found)
    except NotSetUp as error:
        return "installation", False, str(error)
    except TutelaError as error:
        return "banks", False, str(error)
    return (
        "banks",
        not lost,
        f"not found by {', '.join(lost)}" if lost else "the test picture is found",
    )


def _doors(chosen: Settings) -> list[tuple[str, bool, str]]:
    """What the service that runs here says of the test picture, through each of its doors."""
    picture = made_picture.picture()
    try:
        with App.open(chosen) as app:
            facts = {"item": {"id": "selftest", "channel": _channel(app)}}
    except TutelaError:  # said by the check of the banks
        return []
    header = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()
    signals = json.dumps({
        "signals": [{"type": "sha256", "value": hashlib.sha256(picture).hexdigest()}],
        "facts": facts,
    }).encode()  # fmt: skip
    as_json = {"content-type": "application/json"}
    requests: dict[str, tuple[str, bytes, dict[str, str]]] = {
        "raw": (SCREEN, picture, {"tutela-facts": header, "content-type": "image/png"}),
        "multipart": (SCREEN, *own_service.form(picture, facts)),
        "signals": (SCREEN, signals, as_json),
        "lookup": ("/api/v1/lookup", signals, as_json),
    }
    if "sha256" not in chosen.signals.types:
        del requests["signals"], requests["lookup"]
    try:
        with (
            App.open(chosen) as app,
            own_service.running(app, Permission.SCREEN, Permission.LOOKUP) as service,
        ):
            return [(f"door {name}", *_door(service, *given)) for name, given in requests.items()]
    except TutelaError as error:
        return [("service", False, str(error))]


def _channel(app: App) -> str:
    """One that may be screened today, so that the doors are open to a test."""
    policy, today = app.policy(), app.database.now().date()
    for name in policy.channels:
        with suppress(ChannelRefused):
            return policy.channel(name, today).name
    return "unknown"


def _door(
    service: own_service.OwnService, path: str, body: bytes, headers: dict[str, str]
) -> tuple[bool, str]:
    try:
        answer = own_service.answer(service.post(path, body, headers))
    except TutelaError as error:
        return False, str(error)
    fine = answer["test"] is True and answer["verdict"] != Verdict.ALLOW
    sealed = answer.get("evidence", "none")
    text = f"{answer['verdict']}, as a test" + (f", bytes {sealed}" if sealed != "none" else "")
    return fine and sealed != "failed", text if fine else f"the test picture is not found: {text}"


SCREEN = "/api/v1/screen"
BROKEN_WITHOUT = {
    "kernel answer", "decoder", "banks", "door raw", "door multipart", "door signals",
    "door lookup",
}  # fmt: skip
"""The others are lost speed, a missing extra, or a platform that confines less."""
