"""The description, as whoever generates a client from it reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts

from api.service import Desk
from tutela.interfaces.api.app import create

ELSEWHERE = ("/console", "/welcome/", "/notice", "/hma/")
"""What begins so is pages that a person opens in a browser, or has the shapes of another product
and a description of its own (tests/hma)."""

DOCS = Path(__file__).parents[2] / "docs"


def routes(desk: Desk) -> set[tuple[str, str]]:
    """Method and path of every route of the application but for those of others."""

    found = list(iter_route_contexts(create(desk.running).routes))
    assert all(route.methods for route in found)  # nothing is mounted that would be passed over
    return {
        (method, str(route.path_format))
        for route in found
        for method in (route.methods or set()) - {"HEAD"}
        if not str(route.path_format).startswith(ELSEWHERE) and route.path_format != "/"
    }


def operations(desk: Desk) -> dict[tuple[str, str], dict[str, Any]]:
    described = desk.ok("ann", "GET", "/openapi.json")
    assert described["openapi"].startswith("3.1")
    return {
        (method.upper(), path): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_described_and_what_is_described_is_there(desk: Desk):
    found = routes(desk)
    assert len(found) > 30
    assert found == set(operations(desk))


def test_every_operation_says_what_it_takes_and_every_way_it_can_end(desk: Desk):
    open_to_all = {"/healthz/live", "/healthz/ready", "/api/v1/openapi.json"}
    ids = []
    for (method, path), operation in operations(desk).items():
        ids.append(operation["operationId"])
        answers = operation["responses"]
        assert ("security" not in operation) == (path in open_to_all), path
        if path not in open_to_all:
            assert {"401", "403", "503"} <= set(answers), path
        if "requestBody" in operation:
            assert method in ("POST", "PATCH") and {"400", "408", "413"} <= set(answers), path
        if "{" in path or "requestBody" in operation:
            assert "422" in answers, path
        for status, answer in answers.items():
            problem = "application/problem+json" in answer.get("content", {})
            assert problem == (int(status) >= 400 and path != "/healthz/ready"), (path, status)
            assert answer["description"], (path, status)
    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere_and_every_schema_is_used(desk: Desk):
    described = desk.ok("ann", "GET", "/openapi.json")
    named = set(re.findall(r"'#/components/schemas/([^']+)'", str(described)))
    assert named == set(described["components"]["schemas"])


def test_every_route_is_in_the_guide(desk: Desk):
    page = (DOCS / "api.md").read_text()
    for method, path in routes(desk):
        short = path.removeprefix("/api/v1")
        assert re.search(rf"`{method} {re.escape(short)}[`?]", page), (method, short)


def test_every_type_of_problem_is_in_the_guide():
    folder = Path(__file__).parents[2] / "src" / "tutela" / "interfaces" / "api"
    raised = set()
    for path in folder.glob("*.py"):
        text = path.read_text()
        raised |= set(re.findall(r'Problem\(\s*\d{3},\s*"([a-z0-9-]+)"', text))
        raised |= set(re.findall(r'unavailable\(\s*"([a-z-]+)"', text))
        raised |= set(re.findall(r'\(\w+, \d{3}, "([a-z-]+)"\)', text))
        raised |= set(re.findall(r'\d{3}, "([a-z-]+)"\)', text))
    assert {"key-needed", "too-busy", "no-such-bank", "refused", "import-at-work"} <= raised
    page = (DOCS / "api.md").read_text()
    told = set(re.findall(r"^\| `([a-z0-9-]+)` \| \d{3} \|", page, re.MULTILINE))
    assert told >= raised, raised - told
