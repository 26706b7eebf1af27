"""Decodes a small made picture of every format once, so that whatever a codec loads late is loaded
before the process may open no file."""

from __future__ import annotations

import io

from PIL import Image

from tutela.decoding.limits import Limits
from tutela.decoding.pictures import FORMATS, Reader, Undecodable
from tutela.signals import FileSignalType, PictureSignalType, SignalType
from tutela.signals.variants import VARIANTS

MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16", "F")


def run(types: list[SignalType]) -> None:
    made = Image.radial_gradient("L").resize((72, 64))
    for mode in MODES:
        picture = Image.new("I;16", made.size) if mode == "I;16" else made.convert(mode)
        for name in FORMATS:
            data = io.BytesIO()
            try:
                picture.save(data, name)
                frames = list(Reader(data.getvalue(), Limits(), full_decode=True).read())
            except (OSError, KeyError, ValueError, Undecodable):
                continue  # not every format writes every mode
            for kind in types:
                if isinstance(kind, PictureSignalType):
                    list(kind.fingerprint(frames[0], list(VARIANTS)))
    for kind in types:
        if isinstance(kind, FileSignalType):
            made.save(data := io.BytesIO(), "PNG")
            kind.hash_file(data.getvalue())
