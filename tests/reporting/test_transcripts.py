"""What is kept of a call."""

from __future__ import annotations

import base64
import json

from tutela.reporting import transcripts
from tutela.reporting.authorities import Answer, Call
from tutela.reporting.transcripts import Passed

ANSWER = Answer(200, {"request-id": "r-1", "x": "y"}, b"\x00<reply/>")


def test_bytes_both_ways_are_as_they_were():
    """In base64: whatever they are."""
    call = Call("submit", "POST", "/submit")
    found = json.loads(transcripts.written(call, {"A": "b"}, b"\xff<x/>", None, ANSWER))
    assert base64.b64decode(found["request"]["body"]) == b"\xff<x/>"
    assert found["request"]["headers"] == {"A": "b"} and found["request"]["path"] == "/submit"
    assert base64.b64decode(found["reply"]["body"]) == ANSWER.body
    assert found["reply"]["status"] == 200 and found["reply"]["headers"]["x"] == "y"


def test_what_signs_us_in_is_left_out_however_it_is_spelt():
    """It is not given, and if it were, it would not be kept."""
    for name in ("Authorization", "AUTHORIZATION", "authorization"):
        text = transcripts.written(Call("a", "GET", "/a"), {name: "Basic xyz"}, b"", None, None)
        assert b"xyz" not in text


def test_of_a_file_only_what_tells_which_it_was_is_kept():
    """And the form's other fields."""
    call = Call("upload", "POST", "/upload", fields=(("id", "7"),))
    found = json.loads(transcripts.written(call, {}, b"", Passed("b.jpg", 3, "aa", "bb"), None))
    assert found["request"]["file"] == {"name": "b.jpg", "size": 3, "sha256": "aa", "md5": "bb"}
    assert found["request"]["fields"] == {"id": "7"} and "body" not in found["request"]
    assert found["reply"] is None


def test_an_id_of_a_request_is_a_line_of_print():
    """It is shown to people."""
    assert transcripts.request_id(ANSWER) == "r-1"
    evil = Answer(200, {"request-id": "a\r\n\x1b[0mé" + "x" * 300}, b"")
    assert transcripts.request_id(evil) == "a[0m" + "x" * 124
    assert transcripts.request_id(Answer(200, {}, b"")) == ""
