"""Takes the pictures of the guide, from the demonstration's data: `make pictures`.

A service of its own, with benign photographs, is walked by a browser. Each picture is named after
its page, and the guide shows it (`docs/console.md`); a test compares the two.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tutela.app import App
from tutela.cases.models import Case
from tutela.interfaces.cli import demo, own_service
from tutela.people import accounts, passwords, roles, sessions
from tutela.people.models import PersonRole
from tutela.people.permissions import Permission
from tutela.reporting import drafting, editing
from tutela.reporting.facts import Incident
from tutela.settings import Service, Settings
from tutela.testing import photographs

HERE = Path(__file__).resolve().parent
COOKIE = "__Host-tutela"
SIZE = {"width": 1280, "height": 800}
COLOURS = 128
"""Of each picture: flat pages need no more, and each byte is in the repository for good."""

REPORT = json.dumps({
    "about": "account", "id": "rider-7", "account": "rider-7", "reporter": "user",
    "text": "Sells bicycles that are not theirs, see http://bicycles.example/",
}).encode()  # fmt: skip

FIELDS = {
    "platform": "Bicycles of the canal", "subject.account.screen_name": "rider",
    "subject.emails.0.address": "rider@example.org",
}  # fmt: skip
"""What a person adds to the draft."""

PAGES = {
    "overview": "/console/", "queue": "/console/cases", "banks": "/console/banks",
    "bank": f"/console/banks/{demo.BANK}",
    "policy": "/console/policy", "people": "/console/people", "roles": "/console/roles/reviewer",
    "access": "/console/access", "audit": "/console/audit", "account": "/console/account",
}  # fmt: skip


def main() -> None:
    found = {path.name: path.resolve() for path in photographs.find()}
    with tempfile.TemporaryDirectory(prefix="tutela-pictures-") as scratch:
        place = Path(scratch)
        chosen = Settings(
            data=str(place / "data"), keys=str(place / "keys"), service=Service(port=0)
        )
        with App(chosen) as app:
            app.set_up()
            os.chdir(place)  # banks keep the names of files: no path of this machine is shown
            for name in demo.KNOWN:
                shutil.copy(found[name], name)
            demo.set_up(app, [Path(name) for name in demo.KNOWN])
            cookie = _peopled(app)
            scopes = (*demo.SCOPES, Permission.INTAKE)
            with demo.serving(app), own_service.running(app, *scopes) as own:
                for upload in demo.uploads(found):
                    own.screen(upload.data, {"item": {"id": upload.name, "channel": "public"}})
                told = own.post("/api/v1/reports", REPORT, {"content-type": "application/json"})
                case = json.loads(told.body)["case_id"]
                report = _drafted(app, case)
                _walk(f"http://localhost:{own.port}", cookie, found, case, report)


def _peopled(app: App) -> str:
    """Some people; gives the session of one who may see every page."""
    with app.database.writing() as session:
        now = app.database.now()
        ann = accounts.new(session, now, "ann", "Ann")
        ann.password, ann.zone = passwords.hashed(secrets.token_hex()), "Europe/Lisbon"
        role = roles.create(session, now, app.caller, "duty-officer", "", Permission)
        session.add(PersonRole(person_id=ann.id, role_id=role.id))
        for name, given in (("ben", "reviewer"), ("cleo", "auditor")):
            accounts.invite(session, now, app.caller, name, name.capitalize(), [given])
        return sessions.begin(session, now, ann, "passkey", "open", "Firefox", "127.0.0.1")


def _drafted(app: App, case_id: str) -> str:
    """A draft about what a user reported; gives its id."""
    with app.database.writing() as session:
        now, case = app.database.now(), session.get_one(Case, case_id)
        row = drafting.draft(session, now, "person:ann", case, "ncmec", incident=Incident.WORDING)
        for path, value in FIELDS.items():
            row = editing.set_field(session, now, app.caller, row.id, row.version, path, value)
        reason = "It is not asked for when someone registers."
        return editing.say_why(session, now, app.caller, row.id, row.version, "phone", reason).id


def _walk(base: str, cookie: str, found: dict[str, Path], case: str, report: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("TUTELA_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        context = browser.new_context(
            base_url=base, viewport=SIZE, color_scheme="light", reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto("/console/sign-in")
        _keep(page, "sign-in")
        context.add_cookies([{
            "name": COOKIE, "value": cookie, "domain": "localhost", "path": "/", "secure": True,
            "httpOnly": True,
        }])  # fmt: skip
        for name, path in PAGES.items():
            page.goto(path)
            _keep(page, name)
        page.goto(f"/console/cases/{case}")
        _keep(page, "case")
        page.goto(f"/console/reports/{report}")
        _keep(page, "report")
        page.goto("/console/debugger")
        page.locator("#first").set_input_files(found[demo.KNOWN[0]])
        altered = next(one for one in demo.uploads(found) if "frame" in one.name)
        page.locator("#second").set_input_files(
            {"name": altered.name, "mimeType": "image/jpeg", "buffer": altered.data}
        )
        page.get_by_role("button", name="Compare").click()
        page.locator("img.derivative").first.scroll_into_view_if_needed()
        _keep(page, "debugger")
        page.emulate_media(color_scheme="dark")
        page.goto("/console/")
        _keep(page, "overview-dark")
        browser.close()


def _keep(page: Page, name: str) -> None:
    with Image.open(io.BytesIO(page.screenshot())) as taken:
        taken.convert("RGB").quantize(COLOURS).save(HERE / f"{name}.png", optimize=True)
    print(HERE / f"{name}.png")


if __name__ == "__main__":
    main()
