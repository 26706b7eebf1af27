"""The system's Chromium, driven by Playwright; and axe-core, which finds what shuts people out."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip
PATIENCE = 20_000
"""Milliseconds that a page may take on a machine that does much else."""


def where() -> str | None:
    """The browser's program (`TUTELA_CHROMIUM`), or None if there is none."""
    return os.environ.get("TUTELA_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A window of someone of their own: cookies and passkeys are not shared with others."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.base = base
        self.context: BrowserContext = browser.new_context(
            base_url=base, viewport={"width": 1280, "height": 900},
            locale="en-GB", timezone_id="Europe/Rome", reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        """What the browser's console said: of the policy for content, and of scripts."""
        self.strangers: list[str] = []
        """Requests to anywhere else."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._see)

    def with_passkeys(self) -> None:
        """An authenticator in software, which confirms that its user is there."""
        line = self.context.new_cdp_session(self.page)
        line.send("WebAuthn.enable")
        line.send("WebAuthn.addVirtualAuthenticator", {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        })  # fmt: skip

    def go(self, path: str) -> Page:
        reply = self.page.goto(path)
        assert reply is not None and reply.status < 400, (path, reply and reply.status)
        return self.page

    def close(self) -> None:
        self.context.close()

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _see(self, request: Any) -> None:
        if not request.url.startswith((self.base + "/", "data:")):
            self.strangers.append(request.url)


AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with a page, in short: all of its rules in light, and those of
    colours in dark. It is evaluated, not added as a script: the page's policy for content forbids
    that."""
    page.evaluate(AXE)
    page.emulate_media(color_scheme="light")
    found = _violations(page, {"resultTypes": ["violations"]})
    page.emulate_media(color_scheme="dark")
    colours = {"type": "tag", "values": ["cat.color"]}
    return found + _violations(page, {"resultTypes": ["violations"], "runOnly": colours})


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {one['help']}: "
        + json.dumps([node["html"][:200] for node in one["nodes"][:4]])
        for one in found["violations"]
    ]
