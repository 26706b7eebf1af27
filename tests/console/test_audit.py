"""The audit log as pages: looked through, checked, taken out."""

from __future__ import annotations

import json
import time

import pytest
from api.service import Desk, until

from console.visitor import Visitor, signed_in
from tutela import audit
from tutela.audit.models import Entry
from tutela.audit.service import canonical
from tutela.interfaces.console import verifying
from tutela.interfaces.console.paging import SHOWN
from tutela.people.permissions import Permission


def auditor(desk: Desk) -> Visitor:
    return signed_in(desk, "ada", Permission.AUDIT, Permission.EXPORT)


def logged(desk: Desk, count: int, action: str = "bicycle.sell", subject: str = "rosa") -> None:
    with desk.database.writing() as session:
        for _ in range(count):
            audit.append(session, desk.database.now(), "key:shop", action, subject, price=100)


def numbers(text: str) -> list[int]:
    return [int(part.split('"')[0]) for part in text.split('id="entry-')[1:]]


def test_the_log_is_read_backwards_by_pages(desk: Desk) -> None:
    visitor = auditor(desk)
    logged(desk, SHOWN + 20)
    page = visitor.get("/console/audit?actor=key:shop")
    first = numbers(page.text)
    assert first == sorted(first, reverse=True) and len(first) == SHOWN
    page = visitor.get(f"/console/audit?actor=key:shop&before={first[-1]}")
    rest = numbers(page.text)
    assert rest[0] < first[-1] and "First page" in page.words
    assert "Nothing fits" in visitor.get("/console/audit?before=1").words


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("action=weather.change", 3),
        ("action=weather.", 3),
        ("action=weather", 0),
        ("subject=the-sea", 3),
        ("subject=the-sea&actor=key:nobody", 0),
        ("action=weather.&since=2020-01-01", 3),
        ("action=weather.&until=2020-01-01", 0),
        ("action=weather.&since=2999-01-01", 0),
        ("action=weather.&until=2999-01-01", 3),
        ("action=weather.&since=yesterday", 3),
    ],
)
def test_the_log_is_filtered(desk: Desk, filters: str, count: int) -> None:
    visitor = auditor(desk)
    if not numbers(visitor.get("/console/audit?subject=the-sea").text):
        logged(desk, 3, "weather.change", "the-sea")
    page = visitor.get(f"/console/audit?{filters}")
    assert len(numbers(page.text)) == count
    assert ("A day is written" in page.words) == ("yesterday" in filters)


def test_the_whole_log_is_checked_in_the_background(desk: Desk) -> None:
    visitor = auditor(desk)
    desk.app.sign_log()
    visitor.post("/console/audit/verify")
    until(lambda: "every" not in visitor.get("/console/audit/check").text)
    page = visitor.get("/console/audit")
    assert "whole" in page.words and "under signed checkpoints" in page.words
    assert ("person:ada", "audit.verify") in desk.acts("log")
    part = visitor.get("/console/audit/check", hx_request="true")
    assert "<html" not in part.text


def test_a_check_that_died_says_so_and_one_runs_at_a_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, folder = auditor(desk), desk.app.run_folder
    verifying._write(folder, verifying.Check("running", "2031-05-01T12:00:00+00:00", 5, 10))
    assert "stopped half way" in visitor.get("/console/audit").words
    real = verifying.verification.verify

    def slow(*given: object) -> object:
        time.sleep(0.5)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(verifying.verification, "verify", slow)
    assert verifying.begin(desk.app, folder)
    assert not verifying.begin(desk.app, folder)
    page = visitor.get("/console/audit")
    assert "being checked" in page.words and 'hx-trigger="every' in page.text
    until(lambda: (verifying.state(folder) or verifying.Check("", "")).state == "done")


def test_a_log_that_was_changed_is_said_to_be(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, folder = auditor(desk), desk.app.run_folder
    monkeypatch.setattr("tutela.audit.verification.canonical", lambda *_: b"other")
    assert verifying.begin(desk.app, folder)
    until(lambda: (verifying.state(folder) or verifying.Check("", "")).state == "done")
    assert "not what was logged" in visitor.get("/console/audit").words


def test_the_log_is_exported_with_its_checkpoints_and_that_is_logged(desk: Desk) -> None:
    visitor = auditor(desk)
    logged(desk, 2, "tyre.pump")
    desk.app.sign_log()
    page = visitor.post("/console/audit/export", status=200)
    assert page.headers["content-disposition"].startswith("attachment")
    lines = [json.loads(line) for line in page.data.splitlines()]
    entries = [Entry(**{**line, "hash": bytes.fromhex(line["hash"])})
               for line in lines if "number" in line]  # fmt: skip
    from tutela.audit import tree

    previous = tree.EMPTY
    for entry in entries:  # any other program can follow the chain
        assert tree.leaf(canonical(entry, previous)) == entry.hash
        previous = entry.hash
    assert any("checkpoint" in line and "envelope" in line for line in lines)
    assert ("person:ada", "audit.export") in desk.acts("log")
    page = visitor.post("/console/audit/export?action=tyre.pump", status=200)
    kinds = {json.loads(line).get("action") for line in page.data.splitlines()}
    assert kinds == {"tyre.pump", None}


def test_reading_the_log_is_not_taking_it_out(desk: Desk) -> None:
    visitor = signed_in(desk, "lou", Permission.AUDIT)
    assert "Export" not in visitor.get("/console/audit").words
    visitor.post("/console/audit/export", status=403)
