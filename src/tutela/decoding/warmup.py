"""Decodes a small made picture of every format once, so that whatever a codec loads late is loaded
before the process may open no file."""

from __future__ import annotations

import io

from PIL import Image

from tutela.decoding.fingerprinter import Fingerprinter
from tutela.decoding.pictures import readable

MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16", "F")


def run(fingerprinter: Fingerprinter) -> None:
    made = Image.radial_gradient("L").resize((72, 64))
    for mode in MODES:
        picture = Image.new("I;16", made.size) if mode == "I;16" else made.convert(mode)
        for name in readable():
            data = io.BytesIO()
            try:
                picture.save(data, name)
            except (OSError, KeyError, ValueError):
                continue  # not every format is written, or in every mode
            fingerprinter.decode(data.getvalue())
