"""The way in, as people walk it: first administrator, passkey, second person, bank, import, match
debugger, audit. In a real browser, against the real application."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from api.service import Desk
from playwright.sync_api import Browser, Page, expect

from browser.chromium import Visit
from tutela.people import invitations

PASSWORD = "the bicycle stands in the rain"
OTHER = "umbrellas grow beside the canal"


@pytest.fixture
def second(browser: Browser, desk: Desk) -> Iterator[Visit]:
    """A window of someone else."""
    made = Visit(browser, f"http://localhost:{desk.port}")
    yield made
    made.close()


def test_from_the_first_administrator_to_the_audit_log(
    desk: Desk, visit: Visit, second: Visit, photos: list[Path], tmp_path: Path
) -> None:
    ann, ben = visit, second
    first_administrator(desk, ann)
    sign_out(ann.page)
    sign_in_by_passkey(ann.page)
    link = invite(ann.page, "ben", "administrator", "auditor")
    join_with_an_app(ben, link)
    make_bank(ann.page)
    import_list(ann.page, tmp_path)
    change_takes_two(ann.page, ben.page)
    debug_match(ann.page, photos)
    read_log(ben.page)
    for window in (ann, ben):
        assert not window.strangers
        assert not [one for one in window.complaints if "404" not in one], window.complaints


def first_administrator(desk: Desk, visit: Visit) -> None:
    with desk.database.writing() as session:
        secret = invitations.invite_first(session, desk.database.now(), "shell:test", anew=True)
    visit.with_passkeys()
    page = visit.go(f"/welcome/{secret}")
    page.get_by_label("Name to sign in with").fill("ann")
    page.get_by_label("Name to be shown").fill("Ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Add a second factor")).to_be_visible()
    page.goto("/console/banks")  # not before there is one
    expect(page.get_by_role("heading", name="Add a second factor")).to_be_visible()
    page.get_by_label("What you call it").fill("a key of software")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    again = visit.page.request.get(f"/console/welcome/{secret}")
    assert again.status == 404, "the link works once"


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/console/people")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def sign_in_by_passkey(page: Page) -> None:
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()


def invite(page: Page, name: str, *roles: str) -> str:
    page.goto("/console/new-person")
    page.get_by_label("Name to sign in with").fill(name)
    for role in roles:
        page.get_by_role("checkbox", name=re.compile(f"^{role}")).check()
    page.get_by_role("button", name="Invite them").click()
    expect(page.get_by_role("heading", name="A link for")).to_be_visible()
    found = re.search(r"https?://[^\s<\"]+/welcome/[\w-]+", page.content())
    assert found
    return urlsplit(found[0]).path


def join_with_an_app(visit: Visit, link: str) -> None:
    page = visit.go(link)
    page.get_by_label("Password").fill(OTHER)
    page.get_by_label("The same again").fill(OTHER)
    page.get_by_role("button", name="Go on").click()
    app = pyotp.TOTP(page.locator("#totp-key").inner_text().replace(" ", ""))
    page.get_by_role("textbox", name="Code").fill(app.now())
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    sign_out(page)
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Password").fill(OTHER)
    page.get_by_role("button", name="Sign in", exact=True).click()
    time.sleep(30 - time.time() % 30 + 0.2)  # the same code does not serve twice
    page.get_by_role("textbox", name="Code").fill(app.now())
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()


def make_bank(page: Page) -> None:
    page.goto("/console/banks")
    page.get_by_role("link", name="New bank").click()
    page.get_by_label("Name").fill("bicycles")
    page.get_by_role("radio", name=re.compile("test")).first.check()
    page.get_by_role("button", name="Make the bank").click()
    expect(page.get_by_role("heading", name="bicycles", exact=True)).to_be_visible()


def import_list(page: Page, folder: Path) -> None:
    wanted = folder / "wanted.csv"
    lines = [f"pdq,{number:064x}" for number in range(1, 401)]
    wanted.write_text("\n".join(["type,value", *lines, "pdq,nothing"]) + "\n")
    page.goto("/console/banks/bicycles/import")
    page.locator("#file").set_input_files(wanted)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("400", exact=True).first).to_be_visible()
    page.goto("/console/banks/bicycles")
    expect(page.get_by_text("400", exact=True).first).to_be_visible()


def change_takes_two(asks: Page, agrees: Page) -> None:
    asks.goto("/console/banks/bicycles/change")
    asks.get_by_role("checkbox", name=re.compile("It may be exported")).check()
    asks.get_by_label("Why").fill("A partner asks for the list.")
    asks.get_by_role("button", name="Change the bank").click()
    asks.goto("/console/approvals")
    expect(asks.get_by_role("button", name="Agree")).to_have_count(0)
    agrees.goto("/console/approvals")
    expect(agrees.get_by_text("A partner asks for the list.")).to_be_visible()
    agrees.get_by_role("button", name="Agree").click()
    asks.goto("/console/banks/bicycles")
    asks.get_by_role("button", name="Do it now").click()
    expect(asks.get_by_role("button", name="Do it now")).to_have_count(0)


def debug_match(page: Page, photos: list[Path]) -> None:
    page.goto("/console/debugger")
    page.get_by_label("The first file").set_input_files(photos[0])
    page.get_by_label("The second file").set_input_files(photos[0])
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("the same").first).to_be_visible()
    assert page.locator("img.derivative").count() == 2
    assert page.evaluate("[...document.querySelectorAll('img.derivative')]"
                         ".every(one => one.complete && one.naturalWidth > 0)")  # fmt: skip


def read_log(page: Page) -> None:
    page.goto("/console/audit")
    expect(page.get_by_text("approval.give").first).to_be_visible()
    page.get_by_label("Did what").fill("person.join")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody")).not_to_contain_text("approval.give")
    page.goto("/console/audit")
    page.get_by_role("button", name="Check the whole log").click()
    expect(page.locator("#check")).to_contain_text("whole")
