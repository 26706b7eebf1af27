"""The vault role."""

from __future__ import annotations

import sys

from tutela.app import App
from tutela.decoding import Cause, DecoderPool, Rendering
from tutela.decoding.marking import marked
from tutela.evidence import opening
from tutela.evidence.errors import NotShown
from tutela.evidence.rendering import Made
from tutela.evidence.vault import RENDERINGS, Vault
from tutela.interfaces.server import child
from tutela.interfaces.server.failing import told
from tutela.settings import Settings
from tutela.views.options import most_shown

LONGEST = 4096
"""Pixels of a side of an original that is shown: more than screens have."""


class Pictures:
    """Pictures of files, made by decoders of the vault's own, no more of them than the organisation
    lets anyone see."""

    def __init__(self, chosen: Settings) -> None:
        self.most = chosen.decoding.limits.max_bytes
        self.pool = DecoderPool(chosen.signals, chosen.decoding.limits, RENDERINGS)
        self._longest = chosen.views.longest
        self._offered = {*most_shown(chosen.views.floor), Rendering.MARKED}

    def __call__(self, data: bytearray, rendering: str, mark: str) -> Made:
        """A picture with the mark in its pixels. Raises `NotShown`."""
        if rendering not in self._offered:
            raise NotShown(
                f"The rendering {rendering!r} is not offered here.", "See the setting views.floor."
            )
        kind = Rendering(rendering)
        longest = LONGEST if kind is Rendering.MARKED else self._longest
        made = self.pool.rendered(data, kind, longest)
        if isinstance(made, Cause):
            raise NotShown(made.meaning, "Decide without viewing, or ask for the original.")
        made = marked(made, mark)
        return Made(made.png(), made.width, made.height, made.whole)

    def close(self) -> None:
        self.pool.close()


def run() -> int:
    child.begin("vault")
    stop = child.stopping()
    with App.open() as app:
        held = opening.held_identities(app.identity, app.settings.evidence.identity_command)
        app.run_folder.mkdir(mode=0o700, exist_ok=True)
        pictures = Pictures(app.settings)
        try:
            Vault(app.database, app.store(), held, app.vault_socket, app.sealer, pictures).run(stop)
        finally:
            pictures.close()
    return 0


if __name__ == "__main__":
    sys.exit(told(run))
