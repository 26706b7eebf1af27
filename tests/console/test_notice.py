"""The public page where anyone tells of something."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import yaml
from api.service import Desk
from sqlalchemy import select

from tutela import alarms
from tutela.cases.intake import Limits, network
from tutela.cases.models import Alert, Case
from tutela.interfaces.console import helplines, notice
from tutela.policy.countries import COUNTRIES

FORM = {"content-type": "application/x-www-form-urlencoded"}


def ask(desk: Desk, method: str, path: str, fields=None, **headers: str):
    body = urlencode(fields).encode() if isinstance(fields, dict) else fields
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return desk.http.request(
        method, path, body=body, headers=(FORM if body is not None else {}) | named,
        retries=False, redirect=False,
    )  # fmt: skip


def last(desk: Desk) -> tuple[Alert, Case]:
    with desk.database.reading() as session:
        alert = session.scalars(select(Alert).order_by(Alert.id.desc()).limit(1)).one()
        return alert, session.get_one(Case, alert.case_id)


def test_it_opens_for_anyone_without_a_script_and_leads_away(desk: Desk):
    page = ask(desk, "GET", "/notice")
    text = page.data.decode()
    assert page.status == 200 and "set-cookie" not in page.headers
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "'unsafe" not in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert re.search(r'<a [^>]*id="leave" href="https://www.wikipedia.org/"', text)
    assert 'type="file"' not in text and not re.search(r"<script>|style=|onclick", text)
    assert text.index('name="where"') < text.index('name="text"')
    for number in ("999", "116 111", "911"):
        assert number in text
    for name in re.findall(r'"(/notice/static/[^"]+)"', text):
        assert ask(desk, "GET", name).status == 200
    assert ask(desk, "GET", "/notice/static/console.js").status == 404
    british = ask(desk, "GET", "/notice?country=GB").data.decode()
    assert "0800 1111" in british and "911" not in british
    french = ask(desk, "GET", "/notice?country=IT").data.decode()
    assert "116 111" in french and "999" not in french


@pytest.mark.parametrize(
    ("fields", "about", "about_id", "url"),
    [
        ({"where": "https://bicycles.example/1"}, "url", "https://bicycles.example/1",
         "https://bicycles.example/1"),
        ({"where": "post-77", "about": "item"}, "item", "post-77", ""),
        ({"where": "rider", "about": "account"}, "account", "rider", ""),
        ({"text": "It rained on my bicycle"}, "text", None, ""),
        ({"where": "x" * 300}, "url", None, "x" * 300),
    ],
)  # fmt: skip
def test_what_is_told_becomes_an_alert_and_the_answer_is_the_same(
    desk: Desk, fields, about, about_id, url
):
    _forget(desk)
    page = ask(desk, "POST", "/notice", {"who": "non-user", "about": "item"} | fields)
    assert (page.status, page.headers["location"]) == (303, "/notice/thanks")
    alert, case = last(desk)
    assert (alert.kind, alert.reporter) == ("notice", "non-user")
    assert (alert.about, alert.url) == (about, url)
    assert about_id is None or alert.about_id == about_id
    assert case.hold and case.reports >= 1
    thanks = ask(desk, "GET", "/notice/thanks").data.decode()
    assert "Thank you" in thanks and "case_" not in thanks


def _forget(desk: Desk) -> None:
    """As if an hour had passed."""
    before = desk.database.now
    at = before() + timedelta(hours=1, seconds=1)
    desk.database.now = lambda: at


def test_danger_comes_first_and_what_is_no_text_is_refused(desk: Desk):
    _forget(desk)
    told = {"where": "post-danger", "danger": "true", "child_age": "9"}
    assert ask(desk, "POST", "/notice", told).status == 303
    alert, case = last(desk)
    assert alert.danger and case.danger and alert.child_age == 9 and case.rank < 10_000
    for wrong, status in (
        ({}, 422), ({"where": "a\x00b"}, 422), ({"where": "x" * 2001}, 422),
        ({"where": "1", "child_age": "40"}, 422), ({"where": "1", "colour": "red"}, 422),
        ({"where": "1", "about": "weather"}, 422), (b"\xff", 413), (b"a=" + b"x" * 70_000, 413),
    ):  # fmt: skip
        assert ask(desk, "POST", "/notice", wrong).status == status, wrong
    assert ask(desk, "POST", "/notice", b"{}", content_type="application/json").status == 413
    other = ask(desk, "POST", "/notice", told, sec_fetch_site="cross-site")
    assert other.status == 403


def test_script_in_what_was_typed_is_shown_as_text(desk: Desk):
    page = ask(desk, "POST", "/notice", {"where": "<script>alert(1)</script>", "child_age": "x"})
    assert page.status == 422 and b"<script>alert" not in page.data
    assert b"&lt;script&gt;" in page.data


def test_a_flood_from_everyone_is_told_to_come_later(desk: Desk, monkeypatch):
    _forget(desk)
    found = Limits(5, 3)
    monkeypatch.setattr(notice, "limits", lambda _: found)
    told = [ask(desk, "POST", "/notice", {"where": "post-flood"}).status for _ in range(5)]
    assert told == [303, 303, 303, 429, 429]
    with desk.database.reading() as session:
        assert alarms.sounding(session, "notices.flood") == {"notices"}
        (alarm,) = [one for one in alarms.listed(session) if one.kind == "notices.flood"]
        assert alarm.times == 1, "once an hour"


def test_limits_hold_for_each_address_and_for_all_and_forget_after_an_hour(desk: Desk):
    now, limits = desk.database.now(), Limits(2, 5)
    assert [limits.spend("192.0.2.1", now) for _ in range(3)] == [True, True, False]
    assert [limits.spend(f"2001:db8::{n}", now) for n in range(3)] == [True, True, False]
    assert [limits.spend(f"198.51.100.{n}", now) for n in range(3)] == [True, False, False]
    assert limits.spend("192.0.2.1", now + timedelta(hours=1))
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") and network("garbage") == "garbage"
    many = Limits(2, 10**6)
    for number in range(20_100):
        many.spend(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", now)
    assert len(many._by) <= 20_000


def test_every_line_of_the_data_file_has_a_number_and_a_source():
    raw = yaml.safe_load(helplines.FILE.read_text())
    assert helplines.countries().keys() <= COUNTRIES | {"EU"}
    for code, said in raw.items():
        assert said["emergency_source"].startswith("https://") and said["emergency"].isdigit(), code
        assert said["lines"]
        for line in said["lines"]:
            assert line["source"].startswith("https://") and line["name"]
            assert re.fullmatch(r"[0-9][0-9 -]+", line["number"])
