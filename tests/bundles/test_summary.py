"""The paper of a bundle says what an officer must know, in letters that any reader has."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tutela.bundles import summary
from tutela.bundles.collecting import Contents, Kept

AT = datetime.fromisoformat("2031-05-01T12:00:00+00:00")
ITEM: dict[str, Any] = {
    "id": "itm_1", "at": "2031-05-01", "size": 7, "decisions": [
        {"viewed": False, "conclusion": "confirmed", "actor": "person:ann", "at": "2031-05-01",
         "undone_at": None},
    ],
    "evidence": {"id": "ev_1", "sealed_at": "2031-05-01", "deleted_at": None, "intents": [1, 2]},
}  # fmt: skip
SAID: dict[str, Any] = {
    "receiver": {"name": "north", "country": "GB"}, "files": {"enclosed": 0, "ground": ""},
    "categories": None, "checkpoint": {"entries": 9}, "entries": 4, "signer": "a1b2",
}  # fmt: skip
CASE: dict[str, Any] = {
    "opened_at": "2031-05-01", "subject_kind": "account", "subject": "rider", "role": "suspect",
    "danger": True,
}  # fmt: skip


def contents(count: int = 1) -> Contents:
    told = {
        "case": CASE, "items": [ITEM] * count, "people_said": [],
        "reports": [{"id": "rpt_1", "authority": "nca", "state": "filed", "remote_id": "77"}],
    }  # fmt: skip
    file = Kept("itm_1", {"md5": "0f" * 16}, 7, {"band": "A"}, "", "")
    return Contents("case_1", "", False, told, None, (file,) * count, frozenset())


def text(of: Contents, **said: Any) -> str:
    """What the paper says, its lines one after another."""
    paper = summary.printed(of, SAID | said, AT)
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", paper, re.DOTALL)
    pages = [zlib.decompress(one).decode("latin-1") for one in streams if one[:1] == b"\x78"]
    shown = re.findall(r"\((.*?)(?<!\\)\) ?Tj", "".join(pages), re.DOTALL)
    return " ".join(re.sub(r"\\(.)", r"\1", one) for one in shown)


def test_the_paper_says_what_it_is_of_for_whom_and_how_to_check_it() -> None:
    """And of each file its hashes, grades, who decided, and its seal."""
    shown = text(contents())
    for one in (
        "Bundle of case_1", "north (GB)", "account rider", "a child may be in danger now",
        "rpt_1 to nca, filed, there 77", "hashes and grades", "md5 " + "0f" * 16,
        "grades: band A", "confirmed by person:ann", "did not see the whole file",
        "sealed as ev_1", "asked for 2 times", "4 entries, proved against 9 signed",
        "tutela evidence verify", "a1b2",
    ):  # fmt: skip
        assert one in shown, one
    assert "TEST" not in shown


def test_a_test_says_so() -> None:
    """Before all else."""
    assert "THIS IS A TEST" in text(replace(contents(), test=True))


def test_ground_and_table_are_told() -> None:
    """Why files go, and whose numbers stand in the records."""
    table = {"country": "UK", "version": "2", "by": "Jo"}
    shown = text(contents(), files={"enclosed": 3, "ground": "An act."}, categories=table)
    assert "3, because: An act." in shown and "of UK 2" in shown and "Jo answers" in shown


def test_of_many_files_some_are_listed_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the rest is, is told."""
    monkeypatch.setattr(summary, "MOST", 2)
    shown = text(contents(5))
    assert "Files (5)" in shown and "3 more are in case.json" in shown
    assert shown.count("sealed as") == 2


def test_what_people_wrote_is_shown_inert() -> None:
    """Letters that the paper has not, marks that turn text around, brackets and lines."""
    of = contents()
    of.told["people_said"].append({
        "at": "2031", "reporter": "user", "url": "https://a.example/",
        "text": "自 \u202e (b\\) **c**\nd",
    })  # fmt: skip
    shown = text(of)
    assert "<U+81EA> <U+202E> (b\\) **c** d (https://a.example/)" in shown
