"""The decoder process: reads files from a pipe, answers with signals, holds nothing.

Started by :mod:`.decoder` as `python -I -m tutela.decoding.child`.
"""

from __future__ import annotations

import os
import sys

from tutela.decoding import confinement, warmup, wire
from tutela.decoding.derivatives import derived
from tutela.decoding.fingerprinter import Fingerprinter
from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Decoded, Derivative, Rendered, Rendering
from tutela.decoding.options import Options
from tutela.decoding.renderings import rendered
from tutela.errors import TutelaError


def main() -> int:
    requests, answers = os.fdopen(0, "rb"), os.fdopen(1, "wb")
    start = wire.receive(requests, 0)
    if start is None:
        return 0
    order, _ = start
    limits = Limits(**order["limits"])
    try:
        fingerprinter = Fingerprinter(Options.of(order["options"]), limits)
    except TutelaError as error:
        wire.send(answers, {"ready": False, "problem": str(error)})
        return 1
    warmup.run(fingerprinter)
    confined = confinement.confine(limits.max_memory)
    wire.send(answers, {"ready": True, "confined": confined})
    while (request := wire.receive(requests, limits.max_bytes)) is not None:
        confinement.limit_cpu(limits.max_cpu_seconds)
        made: Decoded | Derivative | Rendered | Cause
        longest, rendering = request[0].get("longest"), request[0].get("rendering")
        try:
            if longest is None:
                made = fingerprinter.decode(request[1])
            elif rendering is not None:
                made = rendered(request[1], limits, Rendering(rendering), longest)
            else:
                made = derived(request[1], limits, longest)
        except MemoryError:
            made = Cause.OUT_OF_MEMORY if longest else Decoded(cause=Cause.OUT_OF_MEMORY)
        del request  # the bytes go before the next file's come
        if isinstance(made, Decoded):
            wire.send(answers, wire.encode(made))
        elif rendering is not None and not isinstance(made, Derivative):
            wire.send(answers, *wire.encode_rendered(made))
        elif not isinstance(made, Rendered):
            wire.send(answers, *wire.encode_derivative(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
