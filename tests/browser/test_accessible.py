"""Every page, light and dark, wide and narrow: axe-core finds nothing, the browser has nothing to
complain of, nothing is asked of anyone else, and nothing runs off the side."""

from __future__ import annotations

import json

import pytest
from api.service import Desk
from console.visitor import COOKIE, signed_in
from playwright.sync_api import Browser

from bench import console
from browser.chromium import Visit, violations
from tutela import alarms
from tutela.cases.models import Case
from tutela.people.permissions import Permission
from tutela.reporting import drafting
from tutela.reporting.facts import Incident
from tutela.reporting.models import State

STRANGERS = ("/console/sign-in", "/console/welcome/made-up", "/console/nowhere")


@pytest.fixture(scope="module")
def grown(desk: Desk) -> Desk:
    """A service with something on each page."""
    desk.bank("bicycles", note="Of the weather, too. <script>alert(1)</script>")
    console.alerted(desk.database, 60)
    with desk.database.writing() as session:
        alarms.sound(session, desk.database.now(), "weather.rain", "canal", "It rains.")
        case = session.get_one(Case, console.named("case", 1))
        for state in (State.FILED, State.DRAFT):
            made = drafting.draft(
                session, desk.database.now(), "person:ann", case, "ncmec",
                incident=Incident.CONTACT,
            )  # fmt: skip
            made.state = state
            if state == State.FILED:
                made.filed_at, made.remote_id = made.made_at, "4294967299"
                made.receipt = json.dumps({"id": "4294967299", "files": [["ev_1", "7"]]})
            session.flush()
    return desk


def test_no_page_shuts_anyone_out(browser: Browser, grown: Desk) -> None:
    visitor = signed_in(grown, "ann", *Permission)
    visit = Visit(browser, visitor.origin)
    found: dict[str, list[str]] = {}
    for path in STRANGERS:
        visit.page.goto(path)
        found[path] = violations(visit.page)
    for stage in ("second-factor", "enrol"):
        _be(visit, signed_in(grown, f"half-{stage}", stage=stage).secret)
        found[stage] = violations(visit.go("/console/"))
    _be(visit, visitor.secret)
    pages = console.Browser(visitor.origin, visitor.secret).pages()
    assert len(pages) > 25 and "/console/compliance" in pages.values()
    for path in pages.values():
        found[path] = violations(visit.go(path))
        visit.page.set_viewport_size({"width": 360, "height": 800})  # also 200 % of 720
        wide = visit.page.evaluate("document.documentElement.scrollWidth")
        if wide > 360:
            found[path].append(f"at 360 pixels it is {wide} wide")
        visit.page.set_viewport_size({"width": 1280, "height": 900})
    visit.close()
    assert not {path: wrong for path, wrong in found.items() if wrong}
    assert not [one for one in visit.complaints if "404" not in one]
    assert not visit.strangers


def test_with_the_keyboard_alone_one_reaches_the_page(browser: Browser, grown: Desk) -> None:
    visitor = signed_in(grown, "keys-only", *Permission)
    visit = Visit(browser, visitor.origin)
    _be(visit, visitor.secret)
    page = visit.go("/console/banks")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/banks"))
    visit.close()


def _be(visit: Visit, secret: str) -> None:
    visit.context.clear_cookies()
    visit.context.add_cookies([{
        "name": COOKIE, "value": secret, "domain": "localhost", "path": "/", "secure": True,
        "httpOnly": True,
    }])  # fmt: skip
