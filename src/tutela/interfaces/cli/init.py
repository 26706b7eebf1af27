"""`tutela init`: makes what an installation needs, or brings it up to date."""

from __future__ import annotations

from pathlib import Path

from tutela import settings
from tutela.app import App
from tutela.errors import TutelaError
from tutela.interfaces.cli import preset_settings
from tutela.people import invitations
from tutela.policy import presets
from tutela.screening import policies

POLICY = "policy.yaml"

WHAT_FOR = {
    "audit.key": "signs the audit log; who has it can forge checkpoints, without it nobody"
    " can sign",
    "webhooks.key": "opens the secrets of webhooks; without it each needs a new one",
    "people.key": "opens the secrets of authenticator apps; without it everyone who has one must be"
    " let in again by another administrator",
    "reporting.key": "opens the credentials of authorities; without it they must be set anew",
    "exchanges.key": "opens the secrets of exchanges; without it they must be set anew",
    "lists.key": "keys addresses and words of lists; without it their lists must be imported anew",
    "evidence.identity": "opens sealed evidence; without it, and with no second recipient, all"
    " evidence is lost",
}
"""Keys that must be backed up, and why."""


def run(preset: str | None, country: str | None, *, new_link: bool) -> None:
    if (preset is None) != (country is None):
        raise TutelaError("A preset and a country go together.", "Give both, or none.")
    text = presets.render(preset, country) if preset and country else None
    with App(settings.load()) as app:
        made = app.set_up()
        print(f"data       {app.data}\ndatabase   {app.database.name}\nkeys       {app.keys}")
        if text is not None and preset is not None:
            _write_policy(app, text)
            _write_settings(preset)
        with app.database.writing() as session:
            secret = invitations.invite_first(session, app.database.now(), app.actor, anew=new_link)
            decides = policies.current(session) is not None
        origin = app.settings.console.site(app.settings.service.port).origin
    if made:
        print("\nBack up now, somewhere else than the data:")
        for path in made:
            print(f"  {path}  {WHAT_FOR[path.name]}")
    if secret is not None:
        print(
            "\nThe first administrator, once the service runs, opens this link, once, within"
            f" {invitations.VALID.days} days:\n  {origin}/console/welcome/{secret}"
        )
    if not decides:
        print("\nNo policy decides yet: tutela init --preset small-forum --country XX")
    print("\nNext: tutela bank create NAME --purpose known-csea, tutela serve, tutela selftest")


def _write_settings(preset: str) -> None:
    """Write limits and clocks to the settings file, if there is none."""
    path = settings.own_file()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(preset_settings.render(preset))
    except FileExistsError:
        print(f"settings   {path}, as it was")
    except OSError as error:
        raise TutelaError(f"{path} cannot be written: {error.strerror}.") from None
    else:
        print(f"settings   {path}: limits and clocks")


def _write_policy(app: App, text: str) -> None:
    """Write the policy to a file to be read and changed, and have it decide if none does."""
    path = Path(app.data / POLICY)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise TutelaError(
            f"{path} is there already.", "Move it away, or change it and run: tutela policy apply"
        ) from None
    except OSError as error:
        raise TutelaError(f"{path} cannot be written: {error.strerror}.") from None
    with app.database.writing() as session:
        if policies.current(session) is not None:
            print(f"policy     {path}, not applied: another decides. See tutela policy test")
            return
        policies.apply(session, app.database.now(), app.actor, text)
    print(f"policy     {path}, applied: read it, and have a lawyer confirm it")
