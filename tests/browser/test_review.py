"""Review as people do it: decide without viewing; look, and confirm with a second person; a report
without any file; an appeal. In a real browser, with a vault; every answer is looked at, and no
byte of an original comes before its view was written down."""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from api.service import Desk, until
from console.test_seeing import named, vault
from console.visitor import COOKIE
from decisions.world import add
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from browser.chromium import Visit, violations
from browser.test_seeing import PATIENCE, body
from tutela.cases import queues
from tutela.decoding import fingerprint
from tutela.people import keys
from tutela.people.permissions import Permission
from tutela.screening.models import Decided
from tutela.views.models import View

__all__ = ["vault"]
P = Permission


class Window(Visit):
    """Of someone signed in; keeps what came."""

    def __init__(self, browser: Browser, desk: Desk, like: str, *permissions: Permission) -> None:
        super().__init__(browser, f"http://localhost:{desk.port}")
        made = named(desk, like, *permissions)
        self.name = made.name
        self.came: list[tuple[str, bytes]] = []
        self.context.add_cookies([{
            "name": COOKIE, "value": made.secret, "domain": "localhost", "path": "/",
            "secure": True,
        }])  # fmt: skip
        self.page.on("response", lambda reply: self.came.append((reply.url, body(reply))))

    def leaked(self, data: bytes) -> list[str]:
        """Where bytes of a file came."""
        pieces = [data[at : at + 64] for at in range(0, len(data) - 64, 64)]
        return [url for url, came in self.came if any(piece in came for piece in pieces)]


@pytest.fixture
def windows(browser: Browser, vault: Desk) -> Iterator[list[Window]]:
    """Of two who may decide and release."""
    made = [
        Window(browser, vault, like, P.CASES, P.GRADE, P.MATCH_DETAIL, P.RELEASE, P.MEDIA)
        for like in ("ann", "ben")
    ]
    yield made
    for window in made:
        assert not window.strangers
        assert not window.complaints, window.complaints
        window.close()


def case_of(desk: Desk, item: str) -> str:
    with desk.database.reading() as session:
        found = session.get_one(Decided, item).case_id
        assert found is not None
        return found


def decide(page: Page, conclusion: str, why: str) -> None:
    page.get_by_role("radio", name=re.compile(f"^{conclusion}")).check()
    page.get_by_label("Reason", exact=True).fill(why)
    page.get_by_role("button", name="Decide", exact=True).click()


def test_an_alert_is_decided_without_viewing(vault: Desk, windows: list[Window]) -> None:
    item = add(vault.database, vault.database.now(), f"rider-{secrets.token_hex(4)}")
    window = windows[0]
    page = window.go(f"/console/cases/{case_of(vault, item)}")
    page.get_by_role("button", name="Take the case").click()
    expect(page.get_by_text("an agency may need a warrant to open")).to_be_visible()
    decide(page, "Confirmed", "A partner's list has this very file.")
    expect(page.get_by_text("decided without viewing the original")).to_be_visible()
    assert violations(page) == []
    with vault.database.reading() as session:
        assert session.scalar(select(View.id).where(View.item_id == item)) is None


def test_what_was_looked_at_is_confirmed_by_two_and_the_next_copy_is_blocked(
    vault: Desk, windows: list[Window], photos: list[Path]
) -> None:
    ann, ben = windows
    takes_two(vault, "confirm")
    data = near_something_known(vault, photos[1])
    facts = {"creator": {"id": f"rider-{secrets.token_hex(4)}"}}
    given = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")
    told = vault.ok("detail", "POST", "/screen", body=data, tutela_facts=given)
    assert (told["verdict"], told["evidence"]) == ("review", "sealed")
    page = ann.go(f"/console/cases/{told['case_id']}")
    page.get_by_role("button", name="Take the case").click()
    hold = page.get_by_role("button", name="Hold to show")
    hold.hover()
    page.mouse.down()
    expect(page.locator("[data-frame] img")).to_be_visible(timeout=PATIENCE)
    page.mouse.up()
    decide(page, "Confirmed", "It is the same picture, mirrored.")
    ben.go("/console/approvals")
    ben.page.get_by_role("button", name="Agree").click()
    page.goto(f"/console/cases/{told['case_id']}")
    page.get_by_role("button", name="Do it now").click()
    expect(page.get_by_text("It leaves your own bank on")).to_be_visible()
    until(lambda: vault.ok("detail", "POST", "/screen", body=data)["verdict"] == "block")
    assert ann.leaked(data) == ben.leaked(data) == [], "the original was not asked for"


def takes_two(desk: Desk, act: str) -> None:
    """What takes two people in the queue."""
    with desk.database.writing() as session:
        queues.put(session, desk.database.now(), desk.app.caller, "general", two_for=[act])


def near_something_known(desk: Desk, photo: Path) -> bytes:
    """A picture of which a bank has the mirror image: so near that a person must look."""
    with Image.open(photo) as opened:
        picture = opened.convert("RGB").resize((500, 400))
    stored, mirrored = io.BytesIO(), io.BytesIO()
    picture.save(stored, "PNG")
    ImageOps.mirror(picture).save(mirrored, "PNG")
    found = fingerprint(io.BytesIO(mirrored.getvalue()), desk.running.pool)
    plain = next(one for one in found.signals if one.type == "pdq" and one.variant == "plain")
    bank = desk.bank(f"mirrors-{secrets.token_hex(4)}")
    signal = {"type": "pdq", "value": plain.value, "quality": plain.quality}
    desk.ok("ann", "POST", f"/banks/{bank}/signals", {"signals": [signal]})
    wanted = {"type": "pdq", "value": plain.value}
    until(lambda: desk.ok("ann", "POST", "/signals/find", wanted)["matches"])
    return stored.getvalue()


def test_a_report_without_any_file_is_escalated(vault: Desk, windows: list[Window]) -> None:
    hands_in(vault)
    account = f"stranger-{secrets.token_hex(4)}"
    told = vault.ok("hands-in", "POST", "/reports", {
        "about": "account", "id": account, "account": account, "reporter": "user",
        "text": "They offer flats to let: http://flats.example/ <b>look</b>",
    })  # fmt: skip
    page = windows[0].go(f"/console/cases/{told['case_id']}")
    expect(page.get_by_text("hxxp://flats[.]example/")).to_be_visible()
    assert page.locator("a[href*='flats']").count() == 0 and page.locator("b").count() == 0
    page.get_by_role("button", name="Take the case").click()
    page.get_by_text("Escalate", exact=True).first.click()
    page.locator("#escalate-why").fill("Someone who knows the town should look.")
    page.get_by_role("button", name="Escalate").click()
    page.goto(f"/console/cases/{told['case_id']}")
    expect(page.get_by_text("Queue escalated")).to_be_visible()
    assert violations(page) == []


def test_an_appeal_is_heard_by_someone_else_and_what_was_decided_is_taken_back(
    vault: Desk, windows: list[Window]
) -> None:
    ann, ben = windows
    takes_two(vault, "release")
    hands_in(vault)
    item = add(vault.database, vault.database.now(), f"rider-{secrets.token_hex(4)}")
    page = ann.go(f"/console/cases/{case_of(vault, item)}")
    page.get_by_role("button", name="Take the case").click()
    decide(page, "Confirmed", "A partner's list has it.")
    expect(page.get_by_text("What was decided")).to_be_visible()
    given = {"item_id": item, "text": "It is my bicycle.", "by": "rider"}
    appeal = vault.ok("hands-in", "POST", "/appeals", given)["appeal_id"]
    ann.go(f"/console/appeals/{appeal}")
    expect(ann.page.get_by_text("someone else decides this")).to_be_visible()
    settle(ben.go(f"/console/appeals/{appeal}"))
    ann.go("/console/approvals")
    ann.page.get_by_role("button", name="Agree").click()
    ben.go(f"/console/appeals/{appeal}")
    ben.page.get_by_role("button", name="Do it now").click()
    expect(ben.page.get_by_text("overturned").first).to_be_visible()
    expect(ben.page.get_by_text("taken back").first).to_be_visible()
    assert violations(ben.page) == []


def settle(page: Page) -> None:
    page.get_by_role("radio", name=re.compile("^Overturned")).check()
    page.get_by_label("Reason", exact=True).fill("It is a bicycle.")
    page.get_by_role("button", name="Decide the appeal").click()


def hands_in(desk: Desk) -> None:
    """A key of the platform that hands reports and appeals in."""
    if "hands-in" not in desk.keys:
        with desk.database.writing() as session:
            now = desk.database.now()
            made = keys.create(session, now, "shell:test", "hands-in", [P.INTAKE])
        desk.keys["hands-in"] = made[1]
