"""Two files side by side: what is made of them is shown, and nothing of them is kept."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from api.service import Desk, until
from PIL import Image
from sqlalchemy import func, select

from console.visitor import Page, Visitor, signed_in
from tutela.audit.service import entries
from tutela.banks import changes, made_picture, service
from tutela.banks.changes import From, New
from tutela.decoding import fingerprint
from tutela.people.permissions import Permission
from tutela.storage import Base

P = Permission


def picture(seed: int, side: int = 300, form: str = "PNG") -> bytes:
    """Soft patches of colour; no two seeds look alike."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    stored = io.BytesIO()
    Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC).save(stored, form)
    return stored.getvalue()


@pytest.fixture
def analyst(desk: Desk) -> Visitor:
    return signed_in(desk, "nora", P.MATCH_DETAIL)


def compare(visitor: Visitor, first: bytes, second: bytes, status: int = 200, **more) -> Page:
    fields = {
        "channel": "public",
        "first": ("<script>bike</script>.png", first, "image/png"),
        "second": ("b.png", second, "image/png"),
    } | more
    return visitor.upload("/console/debugger", fields, status)


def rows(desk: Desk) -> dict[str, int]:
    """How many rows each table has, but for those that any page may write."""
    left_out = ("audit_", "views_", "people_session", "screening_count", "dbos")
    with desk.database.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
            if not name.startswith(left_out)
        }


def files(desk: Desk) -> set[Path]:
    return {
        path
        for path in desk.app.data.rglob("*")
        if path.is_file() and path.relative_to(desk.app.data).parts[0] in ("evidence", "spool")
    }


def test_two_copies_are_shown_as_derivatives_with_their_distances(desk: Desk, analyst: Visitor):
    mirrored = Image.open(io.BytesIO(picture(7))).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    stored = io.BytesIO()
    mirrored.save(stored, "PNG")
    page = compare(analyst, picture(7), stored.getvalue())
    derivatives = re.findall(r'src="data:image/png;base64,([^"]+)"', page.text)
    assert len(derivatives) == 2
    for data in derivatives:
        with Image.open(io.BytesIO(base64.b64decode(data))) as shown:
            assert shown.mode == "L" and max(shown.size) == 256
    assert base64.b64encode(picture(7))[:60].decode() not in page.text
    assert "different sha256" in page.words
    row = re.search(r'<th scope="row" class="nowrap">mirrored</th>(.*?)</tr>', page.text, re.S)
    assert row and "<strong>0</strong>" in row[1]
    assert "bike" not in page.words


def test_the_same_file_twice_is_the_same(analyst: Visitor):
    page = compare(analyst, picture(8), picture(8))
    assert "the same sha256" in page.words and "the same md5" in page.words


def test_only_this_page_may_show_pictures_that_are_in_it(analyst: Visitor):
    shown = compare(analyst, picture(1, 64), picture(2, 64)).headers["content-security-policy"]
    assert "img-src 'self' data:" in shown and "default-src 'none'" in shown
    assert "script-src 'self';" in shown
    plain = analyst.get("/console/debugger").headers["content-security-policy"]
    assert "data:" not in plain


def test_banks_that_match_and_what_policy_says_are_told(desk: Desk, analyst: Visitor):
    data = picture(9)
    bank = desk.bank("bicycles")
    found = fingerprint(io.BytesIO(data), desk.running.pool)
    with desk.database.writing() as session:
        number = service.get(session, bank).id
        changes.add(session, desk.database.now(), "shell:test", number, [
            New(s.type, bytes.fromhex(s.value), From(), "1", s.quality)
            for s in found.signals if s.variant == "plain"
        ])  # fmt: skip
    until(lambda: desk.running.search.search(found.signals))
    page = compare(analyst, picture(9, 300, "JPEG"), picture(10))
    first, second = page.text.split('aria-label="The second file: banks that match"')
    assert ">bicycles<" in first and "Rule " in page.words
    assert "No bank that is on matches" in second


def test_nothing_is_kept_but_that_it_was_used(desk: Desk, analyst: Visitor):
    before, lying = rows(desk), files(desk)
    compare(analyst, made_picture.picture(), picture(4))
    assert rows(desk) == before and files(desk) == lying
    with desk.database.reading() as session:
        last = list(entries(session))[-1]
    assert (last.actor, last.action, last.facts) == ("person:nora", "debugger.use", '{"files":2}')
    assert desk.running.desk.counts.taken()[1] == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"a bicycle by the wall", "No picture format recognises the file"),
        (b"\x89PNG\r\n\x1a\nand nothing", "nothing of it could be decoded"),
        (b"%PDF-1.7 flats to let", "of a kind that is not read"),
    ],
)
def test_a_broken_file_says_why(analyst: Visitor, data: bytes, why: str):
    page = compare(analyst, data, picture(5))
    assert why in page.words and page.text.count("data:image/png") == 1
    assert "nothing to compare as pictures" in page.words and "different sha256" in page.words


def test_what_is_missing_is_told(analyst: Visitor, monkeypatch: pytest.MonkeyPatch):
    assert "not empty" in compare(analyst, b"", picture(5), 422).words
    assert "offered" in compare(analyst, picture(5), picture(5), 422, channel="weather").words
    fields = {"channel": "public", "first": ("a", picture(5), "image/png")}
    assert "not empty" in analyst.upload("/console/debugger", fields, 422).words
    compare(analyst, picture(5), picture(5), 400, third=("c", b"x", "image/png"))
    monkeypatch.setattr("tutela.interfaces.console.debugger.LARGEST", 100)
    assert "larger than" in compare(analyst, picture(5), picture(5), 422).words


def test_it_takes_the_right_to_see_matches(desk: Desk):
    reader = signed_in(desk, "rita", P.BANKS_READ)
    reader.get("/console/debugger", 403)
    compare(reader, picture(5), picture(5), 403)
