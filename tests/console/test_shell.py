"""What every page goes through: host, origin, token, session, permission, headers."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from api.service import Desk
from fastapi.routing import iter_route_contexts

from console.visitor import Visitor, signed_in
from tutela.interfaces.console import shell, static
from tutela.people.permissions import Permission

HOSTILE = '"><script>alert(1)</script>'


def test_a_stranger_is_sent_to_sign_in_and_then_back(desk: Desk) -> None:
    page = Visitor(desk).get("/console/audit?actor=person%3Aann", 303)
    assert page.location == "/console/sign-in?next=%2Fconsole%2Faudit%3Factor%3Dperson%253Aann"


@pytest.mark.parametrize(
    "path",
    ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "/console//x",
     "/console/\\x", "javascript:alert(1)", "/console/\n/x", "/console/../api", "/api/v1", ""],
)  # fmt: skip
def test_nobody_is_sent_out_of_the_console(path: str) -> None:
    assert shell.local(path) == "/console/"


def test_one_who_lacks_a_permission_is_told_which_and_it_is_logged(desk: Desk) -> None:
    name = f"r{uuid4().hex}"  # a refusal is logged once a minute in a process
    someone = signed_in(desk, name, Permission.BANKS_READ)
    page = someone.get("/console/audit", 403)
    assert "This needs the permission audit" in page.words
    assert "/console/access?permission=audit" in page.text
    assert (f"person:{name}", "access.refuse") in desk.acts("GET /console/audit")


def test_errors_are_pages_with_the_number_of_the_request(desk: Desk) -> None:
    someone = signed_in(desk, "reader", Permission.BANKS_READ)
    for visitor in (someone, Visitor(desk)):
        page = visitor.get("/console/nowhere", 404)
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["x-request-id"] in page.text
    assert "Sign out" in someone.get("/console/nowhere", 404).words
    assert someone.post("/console/banks", status=405).headers["content-type"].startswith("text/")


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/nowhere", "/console/static/x"])
def test_every_answer_bears_the_headers_that_shut_others_out(desk: Desk, path: str) -> None:
    headers = Visitor(desk).ask("GET", path).headers
    policy = headers.getlist("content-security-policy")
    assert len(policy) == 1
    assert "default-src 'none'" in policy[0] and "frame-ancestors 'none'" in policy[0]
    assert "unsafe" not in policy[0]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert headers.getlist("referrer-policy") == ["same-origin"]


def test_the_console_is_at_one_host_only(desk: Desk) -> None:
    stranger = Visitor(desk)
    page = stranger.ask("GET", "/console/sign-in?next=x", headers={"host": "rebound.example"})
    assert page.status == 421 and stranger.origin in page.words
    page = stranger.ask("GET", "/console/banks", headers={"host": f"127.0.0.1:{desk.port}"})
    assert (page.status, page.location) == (307, f"{stranger.origin}/console/banks")
    page = stranger.ask("POST", "/console/sign-in", b"", {"host": f"127.0.0.1:{desk.port}"})
    assert page.status == 421


def test_the_api_answers_at_any_host(desk: Desk) -> None:
    assert Visitor(desk).ask("GET", "/healthz/live", headers={"host": "any.example"}).status == 200


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://elsewhere.example"}, {"origin": "null"}, {"origin": None},
     {"origin": None, "sec-fetch-site": "cross-site"}, {"origin": None, "sec-fetch-site": "none"}],
)  # fmt: skip
def test_a_form_of_another_site_is_refused(desk: Desk, headers: dict[str, str | None]) -> None:
    someone = signed_in(desk, "reader", Permission.BANKS_READ)
    page = someone.post("/console/account/zone", {"zone": "UTC"}, 403, headers=headers)
    assert "did not come from a page of the console" in page.words
    page = Visitor(desk).post(
        "/console/sign-in", {"name": "a", "password": "b"}, 403, headers=headers
    )
    assert "did not come from a page of the console" in page.words


@pytest.mark.parametrize("token", [None, "x", "0" * 64, "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_a_form_without_the_token_of_the_session_is_refused(desk: Desk, token: str | None) -> None:
    someone = signed_in(desk, "reader", Permission.BANKS_READ)
    page = someone.post("/console/account/zone", {"zone": "Europe/Rome"}, 403, csrf=token)
    assert "too old" in page.words
    assert "Europe/Rome" not in someone.get("/console/account").words.split("Sessions")[1]
    page = someone.upload("/console/account/zone", {"zone": "Europe/Rome"}, 403, csrf=token)
    assert "too old" in page.words


def test_the_token_of_another_session_is_refused(desk: Desk) -> None:
    one, other = (signed_in(desk, "reader", Permission.BANKS_READ) for _ in range(2))
    one.post("/console/account/zone", {"zone": ""}, 403, csrf=other.token)
    one.post("/console/account/zone", {"zone": ""}, 303, csrf=one.token)


def test_a_browser_that_sends_no_origin_says_same_origin_instead(desk: Desk) -> None:
    someone = signed_in(desk, "reader", Permission.BANKS_READ)
    headers = {"origin": None, "sec-fetch-site": "same-origin"}
    someone.post("/console/account/zone", {"zone": ""}, 303, headers=headers)


def test_htmx_sends_the_token_as_a_header_and_is_led_to_sign_in(desk: Desk) -> None:
    someone = signed_in(desk, "reader", Permission.BANKS_READ)
    headers = {"x-csrf-token": someone.token, "hx-request": "true"}
    someone.post("/console/account/zone", {"zone": ""}, 303, csrf=None, headers=headers)
    page = Visitor(desk).get("/console/audit/check", hx_request="true")
    assert page.headers["hx-redirect"] == "/console/sign-in" and not page.data
    part = someone.get("/console/audit/check", 403, hx_request="true")
    assert "<html" not in part.text and "permission audit" in part.words


def test_every_route_of_the_console_goes_through_the_guard(desk: Desk) -> None:
    """A new page cannot be forgotten: it is in the one router, or it is one of these."""
    from tutela.interfaces.api.app import create

    free = {"/console/static/{name}", "/console"}
    for route in iter_route_contexts(create(desk.running).routes):
        if route.path.startswith("/console") and route.path not in free:
            calls = {one.call for one in route.dependant.dependencies}
            assert shell.guarded in calls, route.path


def test_static_files_are_kept_by_their_content(desk: Desk) -> None:
    stranger = Visitor(desk)
    for name in static.files():
        page = stranger.get(static.url(name))
        assert page.headers["cache-control"] == static.YEAR
        assert page.headers["content-type"] == static.TYPES[name[name.rindex(".") :]]
        assert stranger.get(f"/console/static/{name}?v=old").headers["cache-control"] == "no-store"
    stranger.get("/console/static/..%2f__init__.py", 404)


def test_no_template_has_an_inline_script_or_style_and_no_file_calls_elsewhere() -> None:
    from tutela.interfaces.console.rendering import TEMPLATES

    for path in TEMPLATES.rglob("*.html"):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|\| *safe", text), path
        assert not re.search(r"<script(?! src=\"\{\{ static\()", text), path
        assert "://" not in text, path
    for path in static.FOLDER.iterdir():
        if path.name not in ("htmx.min.js", "mark.svg", "htmx.LICENSE.txt"):
            assert "://" not in path.read_text(), path


def test_what_is_typed_into_the_address_is_never_markup(desk: Desk) -> None:
    someone = signed_in(desk, "all", *Permission)
    from urllib.parse import quote

    for path in (
        "/console/audit?actor=", "/console/people?containing=", "/console/access?actor=",
        "/console/access?place=", "/console/account?said=", "/console/sign-in?next=",
    ):  # fmt: skip
        text = someone.ask("GET", path + quote(HOSTILE)).text
        assert "<script>alert" not in text


def test_the_root_and_old_links_lead_to_the_console(desk: Desk) -> None:
    stranger = Visitor(desk)
    assert stranger.get("/", 303).location == "/console/"
    assert stranger.get("/welcome/abc", 303).location == "/console/welcome/abc"
