"""`tutela init`: makes what an installation needs, or brings it up to date."""

from __future__ import annotations

from tutela import settings
from tutela.app import App


def run() -> None:
    with App(settings.load()) as app:
        made = app.set_up()
        print(f"data       {app.data}\ndatabase   {app.database.name}\nkeys       {app.keys}")
    if made:
        print(
            f"\nBack up {app.audit_key} now, somewhere else: it signs the audit log, and without it"
            "\nnobody can go on signing. Who has it can forge checkpoints."
        )
    print("\nNext: tutela bank create NAME --purpose known-csea, or tutela selftest")
