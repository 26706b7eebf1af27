"""The vault role."""

from __future__ import annotations

import sys

from tutela.app import App
from tutela.evidence import opening
from tutela.evidence.vault import Vault
from tutela.interfaces.server import child
from tutela.interfaces.server.failing import told


def run() -> int:
    child.begin("vault")
    stop = child.stopping()
    with App.open() as app:
        held = opening.held_identities(app.identity, app.settings.evidence.identity_command)
        app.run_folder.mkdir(mode=0o700, exist_ok=True)
        Vault(app.database, app.store(), held, app.vault_socket, app.sealer).run(stop)
    return 0


if __name__ == "__main__":
    sys.exit(told(run))
