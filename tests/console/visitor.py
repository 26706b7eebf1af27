"""Somebody with a browser, without a browser: cookies, forms and their tokens."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from api.service import Desk
from sqlalchemy import select

from tutela.people import accounts, roles, sessions
from tutela.people.models import Person, PersonRole, Role
from tutela.people.permissions import Caller, Permission

COOKIE = "__Host-tutela"
SHELL = Caller("shell:test", frozenset(Permission))


class Page:
    """What came back."""

    def __init__(self, given: urllib3.BaseHTTPResponse) -> None:
        self.status, self.headers, self.data = given.status, given.headers, given.data

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def words(self) -> str:
        """What one reads: without tags, in one line."""
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", self.text)).split())

    @property
    def csrf(self) -> str:
        found = re.search(r'<meta name="csrf" content="([^"]+)"', self.text)
        assert found, "this page has no token"
        return found[1]


class Visitor:
    """Keeps the cookie, and sends what a browser sends with each request."""

    def __init__(self, desk: Desk, secret: str = "") -> None:
        self.desk = desk
        self.secret = secret
        self.origin = f"http://localhost:{desk.port}"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Page:
        """One request; a header that is None is left out."""
        sent: dict[str, str | None] = {"host": f"localhost:{self.desk.port}"}
        if method not in ("GET", "HEAD"):
            sent["origin"] = self.origin
        if self.secret:
            sent["cookie"] = f"{COOKIE}={self.secret}"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        page = Page(
            self.desk.http.request(
                method, path, body=body, retries=False, redirect=False,
                headers={name: value for name, value in sent.items() if value is not None},
            )
        )  # fmt: skip
        for cookie in page.headers.getlist("set-cookie"):
            name, _, rest = cookie.partition("=")
            if name == COOKIE:
                self.secret = rest.partition(";")[0].strip('"')
        return page

    def get(self, path: str, status: int = 200, **headers: str) -> Page:
        page = self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        assert page.status == status, (page.status, page.location, page.words)
        return page

    def post(
        self,
        path: str,
        fields: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
        status: int = 303,
        *,
        csrf: str | None = "",
        headers: Mapping[str, str | None] | None = None,
    ) -> Page:
        """Send a form with the session's token, or with another; None: without any."""
        pairs = list(fields.items() if isinstance(fields, Mapping) else fields)
        if csrf is not None and (csrf or self.secret):
            pairs.insert(0, ("csrf", csrf or self.token))
        page = self.ask(
            "POST", path, urlencode(pairs, doseq=True).encode(),
            {"content-type": "application/x-www-form-urlencoded", **(headers or {})},
        )  # fmt: skip
        assert page.status == status, (page.status, page.location, page.words)
        return page

    def upload(
        self,
        path: str,
        fields: Mapping[str, Any],
        status: int = 303,
        *,
        csrf: str | None = "",
    ) -> Page:
        """Send a form with files: a value that is a tuple is a file, as urllib3 takes it."""
        parts = dict(fields)
        if csrf is not None:
            parts = {"csrf": csrf or self.token} | parts
        body, kind = urllib3.encode_multipart_formdata(parts)
        page = self.ask("POST", path, body, {"content-type": kind})
        assert page.status == status, (page.status, page.location, page.words)
        return page

    @property
    def token(self) -> str:
        return sessions.csrf(self.secret)


def person(desk: Desk, name: str, *permissions: Permission | str, role: str = "") -> None:
    """An account with these permissions, through a role of its own, or with a role that exists. It
    has no password: `signed_in` opens a session."""
    with desk.database.writing() as session:
        now = desk.database.now()
        if session.scalar(select(Person).where(Person.name == name)) is None:
            accounts.new(session, now, name, name.capitalize())
        someone = session.scalar(select(Person).where(Person.name == name))
        assert someone is not None
        if permissions:
            role = f"of-{name}"
            if session.scalar(select(Role).where(Role.name == role)) is None:
                roles.create(session, now, SHELL, role, "", permissions)
        if role:
            found = session.scalars(select(Role).where(Role.name == role)).one()
            session.merge(PersonRole(person_id=someone.id, role_id=found.id))


def signed_in(
    desk: Desk, name: str, *permissions: Permission | str, role: str = "", stage: str = "open"
) -> Visitor:
    """Someone who signed in, with an account that is made if there is none."""
    person(desk, name, *permissions, role=role)
    with desk.database.writing() as session:
        now = desk.database.now()
        someone = accounts.named(session, name)
        secret = sessions.begin(session, now, someone, "passkey", stage, "test", "127.0.0.1")
    return Visitor(desk, secret)
