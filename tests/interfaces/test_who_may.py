"""Who may do what: each role at each route and command, all of them found by themselves, so that a
new one cannot be forgotten. Strangers, keys that were revoked and sessions that lapsed are there
too."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from api.service import Desk, serving
from console.visitor import Visitor, signed_in
from docs.test_docs import commands_of
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import select, update

from tutela.errors import TutelaError
from tutela.interfaces.api.app import create
from tutela.interfaces.cli.app import app as commands
from tutela.people import keys, roles
from tutela.people.errors import NotPermitted
from tutela.people.models import Role, SignedIn
from tutela.people.permissions import Permission

OPEN = {
    "GET /", "GET /console", "GET /console/static/{name}", "GET /welcome/{secret}",
    "GET /notice", "POST /notice", "GET /notice/thanks", "GET /notice/static/{name}",
    "GET /healthz/live", "GET /healthz/ready", "GET /api/v1/openapi.json",
    "GET /console/sign-in", "POST /console/sign-in", "GET /console/sign-in/code",
    "POST /console/sign-in/code", "POST /console/sign-in/passkey",
    "POST /console/sign-in/passkey/options", "GET /console/sign-in/oidc",
    "GET /console/oidc/back", "POST /console/sign-out",
    "GET /console/welcome/{secret}", "POST /console/welcome/{secret}",
    "GET /console/{rest:path}", "GET /console/enrol", "POST /console/enrol/totp",
    "POST /console/enrol/passkey", "POST /console/enrol/passkey/options",
}  # fmt: skip
"""Whoever comes may ask for these: they say nothing, or are the way in."""

ANY_MEMBER = {
    "GET /console/", "GET /console/access", "GET /console/wellbeing", "POST /console/wellbeing",
    "GET /api/v1/approvals", "POST /api/v1/approvals/{number}",
    "POST /api/v1/approvals/{number}/refuse", "POST /api/v1/approvals/{number}/review",
    "GET /console/approvals", "GET /console/approvals/review",
    "POST /console/approvals/{number}/approve", "POST /console/approvals/{number}/refuse",
    "POST /console/approvals/{number}/review",
}  # fmt: skip
"""Whoever has a key or is signed in may ask for these: they show what this one may see, and of acts
that take two the permission is that of the act (tests/people/test_approvals.py). So may they for
all below `/console/account`, which is their own."""

FOR_SHELL = {
    "tutela init", "tutela serve", "tutela demo", "tutela selftest",
    "tutela testserver cybertipline", "tutela testserver ncmec-hashes",
    "tutela testserver stopncii", "tutela testserver arachnid", "tutela testserver hma",
    "tutela evidence verify",
}  # fmt: skip
"""Commands of whoever has the machine; a key opens none of them."""

NOBODY = "nobody"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with serving("", tmp_path_factory.mktemp("who-may")) as made:
        yield made


@pytest.fixture(scope="module")
def everyone(desk: Desk) -> dict[str, frozenset[str]]:
    """What each role gives: those built in, and one that gives nothing."""
    with desk.database.writing() as session:
        roles.create(session, desk.database.now(), _shell(desk), NOBODY, "", [])
        found = {
            role.name: frozenset(role.permissions.split()) for role in session.scalars(select(Role))
        }
    assert found.keys() >= {"administrator", "reviewer", "auditor", NOBODY}
    return found


def _shell(desk: Desk) -> Any:
    return desk.app.caller


def routes(desk: Desk) -> list[tuple[str, str, Permission | None]]:
    """Method, path and permission of every route."""
    found = []
    for context in iter_route_contexts(create(desk.running).routes):
        route = context.original_route
        for method in sorted((context.methods or {"GET"}) - {"HEAD"}):
            found.append((method, context.path, needed(route)))
    return found


def needed(route: Any) -> Permission | None:
    """The permission that a route declares, be it in a dependency or on its endpoint."""
    if isinstance(route, APIRoute):
        waiting = [route.dependant]
        while waiting:
            one = waiting.pop()
            if (permission := getattr(one.call, "permission", None)) is not None:
                return permission
            waiting += one.dependencies
    return getattr(route.endpoint, "permission", None)


def filled(path: str) -> str:
    """A path with something in the place of each parameter."""
    for pattern, value in (
        (r"\{(number|approval|alarm|message_number|session)(:[a-z]+)?\}", "4040404"),
        (r"\{case_id\}", "case_" + "a" * 26), (r"\{item_id\}", "itm_" + "a" * 26),
        (r"\{[a-z_]+(:[a-z]+)?\}", "4040404"),
    ):  # fmt: skip
        path = re.sub(pattern, value, path)
    return path


def test_every_route_says_what_it_needs_or_is_one_of_those_that_are_open(desk):
    silent = {
        f"{method} {path}" for method, path, permission in routes(desk)
        if permission is None and not path.startswith("/console/account")
    }  # fmt: skip
    assert silent - OPEN == ANY_MEMBER, sorted((silent - OPEN) ^ ANY_MEMBER)
    assert {p for _, _, p in routes(desk) if p} >= {
        Permission.SCREEN, Permission.ADMIN, Permission.AUDIT, Permission.POLICY,
    }  # fmt: skip


def of_api(desk: Desk) -> list[tuple[str, str, Permission]]:
    return [
        (m, filled(path), p) for m, path, p in routes(desk)
        if p is not None and not path.startswith("/console")
    ]  # fmt: skip


def of_console(desk: Desk) -> list[tuple[str, str, Permission | None]]:
    return [
        (m, filled(path), p) for m, path, p in routes(desk)
        if path.startswith("/console") and f"{m} {path}" not in OPEN
    ]  # fmt: skip


def ask(desk: Desk, method: str, path: str, secret: str | None) -> tuple[int, bytes]:
    headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
    reply = desk.http.request(method, path, headers=headers, retries=False)
    return reply.status, reply.data


def test_each_role_as_a_key_opens_just_the_routes_of_its_permissions(desk, everyone):
    for role, permissions in everyone.items():
        if not permissions:
            continue  # a key without scopes is refused when it is made
        with desk.database.writing() as session:
            now = desk.database.now()
            _, secret = keys.create(session, now, _shell(desk), f"as-{role}", permissions)
        for method, path, permission in of_api(desk):
            status, data = ask(desk, method, path, secret)
            refused = status == 403 and b"tutela:not-permitted" in data
            assert refused == (permission not in permissions), (role, method, path, status, data)
            assert status not in (401, 500), (role, method, path, data)


def test_without_a_key_or_with_one_that_was_revoked_no_route_opens(desk):
    with desk.database.writing() as session:
        now = desk.database.now()
        _, secret = keys.create(session, now, _shell(desk), "gone", [*Permission])
        keys.revoke(session, now, _shell(desk), "gone")
    for method, path, _ in of_api(desk):
        for given in (None, secret, "tut_made-up"):
            assert ask(desk, method, path, given)[0] == 401, (method, path, given)


def test_a_session_of_the_console_opens_no_route_of_the_api(desk):
    visitor = signed_in(desk, "cookie-only", *Permission)
    for method, path, _ in of_api(desk):
        assert visitor.ask(method, path).status == 401, (method, path)


def visited(visitor: Visitor, method: str, path: str) -> tuple[int, str, str]:
    page = (
        visitor.ask("GET", path)
        if method == "GET"
        else visitor.ask(
            method, path, f"csrf={visitor.token}".encode(),
            {"content-type": "application/x-www-form-urlencoded"},
        )
    )  # fmt: skip
    return page.status, page.location, page.text


def test_each_role_opens_just_the_pages_of_its_permissions(desk, everyone):
    for role, permissions in everyone.items():
        visitor = signed_in(desk, f"as-{role}", role=role)
        for method, path, permission in of_console(desk):
            if permission is None:
                continue  # one's own account: what is sent there would end this very session
            status, location, text = visited(visitor, method, path)
            refused = status == 403 and "This needs the permission" in text
            assert refused == (permission not in permissions), (role, method, path, status)
            assert not location.startswith("/console/sign-in"), (role, method, path)
            assert status < 500, (role, method, path, text)


@pytest.mark.parametrize("stage", ["second-factor", "enrol"])
def test_who_is_half_signed_in_is_sent_to_the_step_that_is_next(desk, stage):
    visitor = signed_in(desk, f"half-{stage}", *Permission, stage=stage)
    step = {"second-factor": "/console/sign-in/code", "enrol": "/console/enrol"}[stage]
    for method, path, _ in of_console(desk):
        if path == "/console/account/passkey":
            continue
        status, location, _ = visited(visitor, method, path)
        assert status == 303 and location.startswith(step), (method, path, status, location)


def test_strangers_and_sessions_that_lapsed_or_ended_see_no_page(desk):
    visitors = {"a stranger": Visitor(desk)}
    for name, changed in (
        ("lapsed", {"lapses_at": desk.database.now() - timedelta(seconds=1)}),
        ("idle", {"seen_at": desk.database.now() - timedelta(days=1)}),
        ("ended", {"ended_at": desk.database.now()}),
    ):
        visitors[name] = signed_in(desk, name, *Permission)
        with desk.database.writing() as session:
            newest = session.scalar(select(SignedIn.id).order_by(SignedIn.id.desc()).limit(1))
            session.execute(update(SignedIn).where(SignedIn.id == newest).values(**changed))
    for who, visitor in visitors.items():
        for method, path, _ in of_console(desk):
            page = visitor.ask(method, path)
            assert page.status == 303, (who, method, path, page.status)
            assert page.location.startswith("/console/sign-in"), (who, method, path)


def test_each_role_as_a_key_runs_just_the_commands_of_its_permissions(
    desk, everyone, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("TUTELA_DATA", str(desk.app.data))
    monkeypatch.setenv("TUTELA_KEYS", str(desk.app.keys))
    monkeypatch.chdir(tmp_path)
    Path("nothing").write_text("")
    everything = dict(commands_of(_group()))
    silent = {name for name, one in everything.items() if _needs(one) is None}
    assert silent >= FOR_SHELL
    assert {_needs(one) for one in everything.values()} >= {Permission.ADMIN, Permission.AUDIT}
    for role, permissions in everyone.items():
        if not permissions:
            continue
        with desk.database.writing() as session:
            now = desk.database.now()
            _, secret = keys.create(session, now, _shell(desk), f"runs-{role}", permissions)
        monkeypatch.setenv("TUTELA_KEY", secret)
        for name, command in everything.items():
            if name in silent:
                continue
            refused = _run(name, command)
            assert refused == (_needs(command) not in permissions), (role, name)
            capsys.readouterr()


@cache
def _group() -> Any:
    """All commands: to make them of what they take is a tenth of a second."""
    return typer.main.get_command(commands)


def _command(words: list[str]) -> None:
    _group().main(words, "tutela", standalone_mode=False)


def _needs(command: Any) -> Permission | None:
    return getattr(command.callback, "permission", None)


def _run(name: str, command: Any) -> bool:
    """Whether a command was refused for want of a permission. What else comes of it is no matter:
    it is given words that name nothing."""
    words = []
    for parameter in command.params:
        if parameter.required or parameter.param_type_name == "argument":
            value = _word(parameter)
            words += (
                [value] if parameter.param_type_name == "argument" else [parameter.opts[0], value]
            )
    try:
        _command(name.split()[1:] + words)
    except NotPermitted:
        return True
    except (TutelaError, SystemExit, OSError):
        return False
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")):
            pytest.fail(f"{name} {words}: {error}")
        raise
    return False


def _word(parameter: Any) -> str:
    """What can stand in a parameter's place, and names nothing."""
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return str(next(iter(kind)).value)
    if kind is Path and str(parameter.metavar) != "FILE":
        return "."
    return {int: "4040404", datetime: "2026-01-01"}.get(kind, "nothing")


def test_a_key_that_was_revoked_runs_no_command(desk, monkeypatch):
    monkeypatch.setenv("TUTELA_DATA", str(desk.app.data))
    monkeypatch.setenv("TUTELA_KEYS", str(desk.app.keys))
    assert "TUTELA_KEY" not in os.environ
    monkeypatch.setenv("TUTELA_KEY", "tut_made-up")
    with pytest.raises(TutelaError, match="not valid"):
        _command(["key", "list"])
