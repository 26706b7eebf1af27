"""Hold to see, let go and it is gone; one key blanks. In a real browser, with a vault."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from api.service import Desk
from console.test_seeing import Matter, Named, named, vault
from console.visitor import COOKIE
from playwright.sync_api import Page, expect
from sqlalchemy import select

from browser.chromium import Visit, violations
from tutela.people.permissions import Permission
from tutela.views import options
from tutela.views.models import View

__all__ = ["vault"]
PATIENCE = 20_000
"""Milliseconds: the first picture waits for a decoder to start."""
P = Permission


@pytest.fixture
def matter(vault: Desk) -> Matter:
    return Matter(vault)


@pytest.fixture
def mia(vault: Desk, visit: Visit, matter: Matter) -> Iterator[Named]:
    made = named(vault, "mia", P.CASES, P.MEDIA, P.MATCH_DETAIL)
    visit.context.add_cookies([
        {"name": COOKIE, "value": made.secret, "domain": "localhost", "path": "/", "secure": True}
    ])  # fmt: skip
    matter.taken(made)
    yield made
    assert not visit.strangers
    assert not [one for one in visit.complaints if " 409 " not in one], visit.complaints


def views(vault: Desk, matter: Matter) -> list[View]:
    with vault.database.reading() as session:
        mine = View.item_id == matter.item
        return list(session.scalars(select(View).where(mine).order_by(View.at)))


def until(holds) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def frame(page: Page):
    return page.locator("[data-frame]")


def press(page: Page) -> None:
    page.get_by_role("button", name="Hold to show").hover()
    page.mouse.down()
    expect(frame(page).locator("img")).to_be_visible(timeout=PATIENCE)


def test_what_is_held_is_seen_and_what_is_let_go_is_not(vault, visit, matter, mia):
    asked = []
    visit.page.on("request", lambda request: asked.append((request.method, request.url)))
    page = visit.go(f"{matter.path}/seeing")
    expect(frame(page)).to_be_hidden()
    assert views(vault, matter) == [] and not [url for _, url in asked if "/views/" in url]
    press(page)
    time.sleep(1.2)
    page.mouse.up()
    expect(frame(page)).to_be_hidden()
    until(lambda: views(vault, matter)[0].ended_at is not None)
    (view,) = views(vault, matter)
    assert view.rendering == "stylised" and not view.whole and 1 <= view.seconds < 20
    seen = [
        url.removeprefix(visit.base) for _, url in asked if matter.item in url or "/views/" in url
    ]
    assert seen[0].endswith("/views") and seen[1] == f"/console/views/{view.id}/picture"
    press(page)  # again: the same view goes on
    page.mouse.up()
    until(lambda: views(vault, matter)[0].seconds > view.seconds)
    assert len(views(vault, matter)) == 1


def test_the_keyboard_does_the_same_and_one_key_blanks(vault, visit, matter, mia):
    page = visit.go(f"{matter.path}/seeing")
    page.get_by_role("button", name="Hold to show").focus()
    page.keyboard.down("Space")
    expect(frame(page).locator("img")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("b")
    expect(frame(page)).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert frame(page).locator("img").count() == 0
    page.keyboard.up("Space")
    until(lambda: views(vault, matter)[0].ended_at is not None)
    seconds = views(vault, matter)[0].seconds
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    time.sleep(0.5)
    assert views(vault, matter)[0].seconds == seconds, "the clock stood"


def test_what_is_shown_for_five_seconds_hides_itself(vault, visit, matter, mia):
    page = visit.go(f"{matter.path}/seeing")
    page.get_by_label("Show as").select_option("marked")
    page.get_by_role("button", name="Show for 5 seconds").click()
    expect(frame(page).locator("img")).to_be_visible(timeout=PATIENCE)
    expect(frame(page)).to_be_hidden(timeout=9000)
    until(lambda: views(vault, matter)[0].whole)
    assert 4.5 < views(vault, matter)[0].seconds < 9


def test_what_is_refused_is_said_beside_the_button(vault, visit, matter, mia):
    before = vault.database.info[options.IN_SESSION]
    vault.database.info[options.IN_SESSION] = options.Options(week_minutes=1, day_minutes=1)
    try:
        matter.ask(mia, "grey")
        page = visit.go(f"{matter.path}/seeing")
        button = page.get_by_role("button", name="Hold to show")
        button.hover()
        page.mouse.down()
        expect(page.get_by_role("status").last).to_contain_text("as much today")
        page.mouse.up()
        page.get_by_label("Why it cannot wait").fill("the court waits for it")
        press(page)
        page.mouse.up()
        expect(frame(page)).to_be_hidden()
    finally:
        vault.database.info[options.IN_SESSION] = before


def test_the_files_come_into_the_page_of_the_case(vault, visit, matter, mia):
    page = visit.go(matter.path)
    expect(page.get_by_role("button", name="Hold to show")).to_be_visible()
    press(page)
    page.mouse.up()
    expect(frame(page)).to_be_hidden()


def test_no_bytes_of_an_original_come_before_a_view_of_it_was_written_down(
    vault, visit, matter, mia
):
    came = []
    visit.page.on("response", lambda response: came.append((response.url, body(response))))
    pieces = [matter.data[at : at + 64] for at in range(0, len(matter.data) - 64, 64)]

    def leaked() -> list[str]:
        return [url for url, data in came if any(piece in data for piece in pieces)]

    page = visit.go("/console/cases")
    page.goto(matter.path)
    press(page)
    page.mouse.up()
    for rendering in ("blurred", "small", "grey", "marked"):
        page.get_by_label("Show as").select_option(rendering)
        press(page)
        page.mouse.up()
        expect(frame(page)).to_be_hidden()
    until(lambda: len(views(vault, matter)) == 5)
    assert leaked() == []
    page.get_by_label("Show as").select_option("original")
    press(page)
    page.mouse.up()
    (url,) = leaked()
    last = views(vault, matter)[-1]
    assert last.rendering == "original" and last.id in url
    assert len([u for u, _ in came if "/picture" in u]) == 6


def test_these_pages_shut_nobody_out(vault, visit, matter, mia):
    for path in (f"{matter.path}/seeing", "/console/wellbeing"):
        page = visit.go(path)
        assert violations(page) == []
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        page.set_viewport_size({"width": 1280, "height": 900})
    page = visit.go(f"{matter.path}/seeing")
    page.keyboard.press("Escape")
    assert violations(page) == []


def body(response) -> bytes:
    try:
        return response.body()
    except Exception:  # it has none: 204, or moved on
        return b""
