"""Banks over HTTP, as a program meets them that keeps lists, and as one that gets it wrong."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from api.service import Desk, until

numbers = count()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fresh() -> str:
    """A name that no bank has yet."""
    return f"bikes-{next(numbers)}"


def walked(desk: Desk, who: str, path: str) -> list[dict[str, Any]]:
    """All items of a list, two at a time."""
    found, sign, after = [], "&" if "?" in path else "?", None
    while True:
        more = "" if after is None else f"&after={after}"
        page = desk.ok(who, "GET", f"{path}{sign}limit=2{more}")
        assert len(page["items"]) <= 2 and set(page) == {"items", "next"}
        found += page["items"]
        after = page["next"]
        if after is None:
            return found


def test_a_bank_is_made_changed_switched_and_deleted_and_the_log_says_by_whom(desk: Desk):
    name = fresh()
    made = desk.ok("ann", "POST", "/banks", {
        "name": name, "purpose": "survivor-request", "source": "Weather", "rollout": 0.5,
    })  # fmt: skip
    assert made["on"] and made["signals"] == 0 and made["distance"] is None
    assert not made["may_export"] and made["licence"] == ""
    assert desk.ok("reader", "GET", f"/banks/{name}") == made
    changed = desk.ok("ann", "PATCH", f"/banks/{name}", {"note": "rain\nand wind", "distance": 20})
    assert (changed["note"], changed["distance"], changed["rollout"]) == ("rain\nand wind", 20, 0.5)
    assert desk.ok("ann", "PATCH", f"/banks/{name}", {"distance": None})["distance"] is None
    off = desk.ok("ann", "POST", f"/banks/{name}/disable")
    assert not off["on"] and off["disabled_until"] is None
    until_then = datetime.now(UTC) + timedelta(hours=1)
    off = desk.ok("ann", "POST", f"/banks/{name}/disable", {"until": until_then.isoformat()})
    assert datetime.fromisoformat(off["disabled_until"]) == until_then and not off["on"]
    assert desk.ok("ann", "POST", f"/banks/{name}/enable")["on"]
    assert desk.call("ann", "DELETE", f"/banks/{name}").status == 204
    told = desk.refused(404, "reader", "GET", f"/banks/{name}")
    assert told["type"] == "tutela:no-such-bank"
    done = ["create", "change", "change", "disable", "disable", "enable", "delete"]
    assert desk.acts(f"bank:{name}") == [("key:ann", f"bank.{act}") for act in done]
    desk.bank(name)  # the name is free again


def test_banks_and_signals_are_listed_by_pages_that_leave_nothing_out(desk: Desk):
    start = fresh()
    names = [desk.bank(f"{start}-{letter}") for letter in "edcba"]
    found = walked(desk, "reader", f"/banks?containing={start}")
    assert [bank["name"] for bank in found] == sorted(names)
    tests = desk.ok("reader", "GET", "/banks?purpose=test")["items"]
    assert "tutela-test" in [bank["name"] for bank in tests]
    signals = [{"type": "sha256", "value": sha(f"{start} {n}")} for n in range(5)]
    assert desk.ok("ann", "POST", f"/banks/{names[0]}/signals", {"signals": signals})["added"] == 5
    held = walked(desk, "reader", f"/banks/{names[0]}/signals")
    assert [one["value"] for one in held] == [one["value"] for one in signals]


def test_a_value_is_added_found_with_its_owners_and_removed(desk: Desk):
    name, value = desk.bank(fresh()), sha(fresh())
    given = [
        {"type": "sha256", "value": value.upper(), "member": member, "labels": ["code-1"],
         "external_id": "7", "first_seen": "2026-11-01T08:00:00+01:00"}
        for member in ("north", "south")
    ]  # fmt: skip
    made = desk.ok("ann", "POST", f"/banks/{name}/signals", {"signals": given})
    assert (made["added"], made["known"], made["version"]) == (2, 0, 1)
    again = desk.ok("ann", "POST", f"/banks/{name}/signals", {"signals": given})
    assert (again["added"], again["known"], again["root"]) == (0, 2, made["root"])

    def found() -> Any:
        return desk.ok("reader", "POST", "/signals/find", {"type": "sha256", "value": value})

    until(lambda: found()["matches"])  # the index follows within a second
    told = found()
    assert told["searched"] and [m["bank"] for m in told["matches"]] == [name]
    assert told["matches"][0]["members"] == 2 and told["matches"][0]["distance"] == 0
    owners = told["owners"]["items"]
    assert [one["member"] for one in owners] == ["north", "south"]
    assert owners[0]["labels"] == ["code-1"]
    assert datetime.fromisoformat(owners[0]["first_seen"]).hour == 7
    page = desk.ok("reader", "POST", "/signals/find", {
        "type": "sha256", "value": value, "limit": 1,
    })["owners"]  # fmt: skip
    rest = desk.ok("reader", "POST", "/signals/find", {
        "type": "sha256", "value": value, "limit": 1, "after": page["next"],
    })["owners"]  # fmt: skip
    assert [one["member"] for one in page["items"] + rest["items"]] == ["north", "south"]
    assert rest["next"] is None
    path = f"/banks/{name}/signals/remove"
    assert desk.ok("ann", "POST", path, {"type": "sha256", "value": value}) == {"removed": 2}
    until(lambda: not found()["matches"])
    assert not found()["owners"]["items"]
    told = desk.refused(409, "ann", "POST", path, {"type": "sha256", "value": value})
    assert value not in str(told)
    acts = [act for _, act in desk.acts(f"bank:{name}")]
    assert acts == ["bank.create", "bank.add", "bank.remove"]


def test_a_signal_that_is_none_is_refused_with_its_place_and_nothing_is_added(desk: Desk):
    name = desk.bank(fresh())
    good = {"type": "sha256", "value": sha("good")}
    for bad in (
        {"type": "sha256", "value": "abc"}, {"type": "bicycle", "value": "abc"},
        {"type": "sha256", "value": sha("a") + "00"},
        good | {"first_seen": "2026-11-02T00:00:00Z", "last_seen": "2026-11-01T00:00:00Z"},
    ):  # fmt: skip
        told = desk.refused(422, "ann", "POST", f"/banks/{name}/signals", {"signals": [good, bad]})
        assert told["type"] == "tutela:signal-refused" and "signals.1" in told["detail"]
        assert sha("a") not in str(told)
    assert desk.ok("reader", "GET", f"/banks/{name}")["signals"] == 0
    find = "/signals/find"
    told = desk.refused(422, "reader", "POST", find, {"type": "bicycle", "value": "00"})
    assert told["type"] == "tutela:signal-refused"
    for type_name, value in (("os:path", "00"), ("SHA256", sha("a")), ("sha256", sha("a") + "\n")):
        told = desk.refused(422, "reader", "POST", find, {"type": type_name, "value": value})
        assert told["type"] == "tutela:wrong-input" and sha("a") not in str(told)


NEW = {"name": "bikes", "purpose": "test"}


@pytest.mark.parametrize(
    "given",
    [
        [], "bikes", 7, None, {}, {"name": "bikes"}, NEW | {"name": "Bikes"}, NEW | {"name": "a/b"},
        NEW | {"name": "ä"}, NEW | {"name": "a" * 65}, NEW | {"name": 7}, NEW | {"name": "bikes\n"},
        NEW | {"purpose": "weather"}, NEW | {"purpose": 1}, NEW | {"distance": 65},
        NEW | {"distance": -1}, NEW | {"distance": 1.5}, NEW | {"distance": "20"},
        NEW | {"distance": True}, NEW | {"rollout": 1.01}, NEW | {"rollout": "1"},
        NEW | {"may_export": "yes"}, NEW | {"may_export": 1}, NEW | {"source": ""},
        NEW | {"source": "s" * 129}, NEW | {"note": "n" * 10_001}, NEW | {"note": "a\0b"},
        NEW | {"licence": "l" * 129}, NEW | {"colour": "red"}, NEW | {"source": None},
    ],
)  # fmt: skip
def test_a_bank_that_cannot_be_is_refused(desk: Desk, given: Any):
    told = desk.refused(422, "ann", "POST", "/banks", body=json.dumps(given).encode())
    assert told["type"] == "tutela:wrong-input"
    assert "bikes" not in [bank["name"] for bank in desk.ok("ann", "GET", "/banks")["items"]]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b'{"name": "bikes", "name": "bikes", "purpose": "test"}',
        b'{"name": "bikes", "purpose": "test", "rollout": NaN}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(desk: Desk, body: bytes):
    assert desk.refused(400, "ann", "POST", "/banks", body=body)["type"] == "tutela:not-json"


def test_half_a_surrogate_pair_and_numbers_past_all_bounds_are_refused(desk: Desk):
    for body in (
        rb'{"name": "bikes", "purpose": "test", "note": "\ud800"}',
        b'{"name": "bikes", "purpose": "test", "rollout": 1e999}',
        b'{"name": "bikes", "purpose": "test", "distance": ' + b"9" * 4000 + b"}",
    ):
        desk.refused(422, "ann", "POST", "/banks", body=body)


def test_a_body_that_is_too_large_is_refused_before_it_has_come(desk: Desk):
    line = desk.line()
    line.sendall(
        b"POST /api/v1/banks HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n"
        b"authorization: Bearer " + desk.keys["ann"].encode() + b"\r\n\r\n{"
    )
    assert b" 413 " in line.recv(65536).split(b"\r\n")[0]
    line.close()


def test_a_stranger_is_told_nothing_and_their_body_is_not_read(desk: Desk):
    for path in ("/banks", "/banks/bikes/import", "/banks/bikes/signals", "/signals/find"):
        told = desk.refused(401, None, "POST", path, body=b"{" * 1000)
        assert told["type"] == "tutela:key-needed"
    for method, path in (
        ("POST", "/banks"), ("DELETE", "/banks/bikes"), ("PATCH", "/banks/bikes"),
        ("POST", "/banks/bikes/import"), ("POST", "/banks/bikes/export"),
        ("POST", "/banks/bikes/signals"),
    ):  # fmt: skip
        assert desk.refused(403, "reader", method, path)["type"] == "tutela:not-permitted"
    desk.refused(403, "bob", "GET", "/banks")  # who may write may not read
    desk.refused(403, "platform", "GET", "/banks")
    desk.refused(403, "admin", "GET", "/banks")  # nor does who administers


@pytest.mark.parametrize(
    "name",
    ["..", ".", "a/b", "/", "%2e%2e", "ä", "bikes\0", "bikes\n", "bikes (deleted 1)", "a" * 10_000,
     "\ud7ff", "'; DROP TABLE banks_bank; --", "no-such-bank"],
)  # fmt: skip
def test_a_name_that_no_bank_has_is_found_nowhere(desk: Desk, name: str):
    path = f"/banks/{quote(name, safe='')}"
    for method, rest in (("GET", ""), ("GET", "/signals"), ("POST", "/enable"), ("DELETE", "")):
        reply = desk.call("ann", method, path + rest)
        assert reply.status in (404, 405, 422), (method, rest, reply.status)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=-1", "limit=ten", "limit=1e2", "after=Ä", "after=%00",
     "purpose=weather", "containing=%00", "containing=" + "a" * 129, "after=a%20b"],
)  # fmt: skip
def test_a_page_that_is_none_is_refused(desk: Desk, query: str):
    told = desk.refused(422, "ann", "GET", f"/banks?{query}")
    assert (
        told["type"] == "tutela:wrong-input" and query.split("=", maxsplit=1)[0] in told["detail"]
    )


@pytest.mark.parametrize(
    "after", ["-1", "x", "9" * 19, "1.5", "", "0x1", "%00", "1%0a", "%D9%A1"]
)  # fmt: skip
def test_a_cursor_that_is_none_is_refused(desk: Desk, after: str):
    desk.refused(422, "ann", "GET", f"/banks/tutela-test/signals?after={after}")


def test_the_most_that_a_page_may_have_is_given_and_a_cursor_past_the_end_gives_nothing(desk: Desk):
    assert desk.ok("ann", "GET", "/banks?limit=1000")["next"] is None
    page = desk.ok("ann", "GET", f"/banks/tutela-test/signals?after={'9' * 18}")
    assert page == {"items": [], "next": None}
    assert desk.ok("ann", "GET", "/banks?after=zzzz") == {"items": [], "next": None}


def test_two_people_change_a_purpose_and_each_change_anew(desk: Desk):
    name = desk.bank(fresh())
    path, new = f"/banks/{name}", {"purpose": "adult-intimate", "note": "rain"}
    desk.refused(422, "ann", "PATCH", path, {"purpose": "weather"})
    desk.refused(422, "ann", "PATCH", path, {})
    desk.refused(404, "ann", "PATCH", "/banks/nowhere", new)
    told = desk.refused(409, "ann", "PATCH", path, new)
    assert told["type"] == "tutela:second-person-needed"
    number = told["approval"]
    assert str(number) in told["hint"]
    assert desk.refused(409, "ann", "PATCH", path, new)["approval"] == number
    assert desk.ok("ann", "GET", path)["purpose"] == "known-csea"
    waiting = [one for one in walked(desk, "bob", "/approvals") if one["request"] == number]
    assert waiting[0]["subject"] == f"bank:{name}" and waiting[0]["asked_by"] == "key:ann"
    assert waiting[0]["what"] == '{"note":"rain","purpose":"adult-intimate"}'
    desk.refused(403, "ann", "POST", f"/approvals/{number}")
    approved = desk.ok("bob", "POST", f"/approvals/{number}")
    assert approved["what"] == waiting[0]["what"]
    other = desk.refused(409, "ann", "PATCH", path, {"purpose": "test"})["approval"]
    assert other != number
    assert desk.refused(409, "bob", "PATCH", path, new)["approval"] not in (number, other)
    assert desk.ok("ann", "PATCH", path, new)["purpose"] == "adult-intimate"
    assert desk.refused(409, "ann", "PATCH", path, new)["approval"] != number  # it was used up
    assert ("key:bob", "approval.give") in desk.acts(f"bank:{name}")
    for number in (0, 2**31, 2**63, 10**30):
        desk.refused(422, "bob", "POST", f"/approvals/{number}")
    desk.refused(409, "bob", "POST", "/approvals/2147483647")


def test_two_people_export_a_bank_once_and_an_import_reads_it(desk: Desk):
    name = desk.bank(fresh())
    signals = [
        {"type": "sha256", "value": sha(f"{name} {n}"), "member": 'the "north", mostly',
         "labels": ["code-1", "code-2"], "quality": n % 101}
        for n in range(1000)
    ]  # fmt: skip
    desk.ok("ann", "POST", f"/banks/{name}/signals", {"signals": signals})
    told = desk.refused(409, "ann", "POST", f"/banks/{name}/export")
    assert told["type"] == "tutela:refused"  # the licence; nobody is asked
    allowed = {"may_export": True}
    number = desk.refused(409, "ann", "PATCH", f"/banks/{name}", allowed)["approval"]
    desk.ok("bob", "POST", f"/approvals/{number}")
    desk.ok("ann", "PATCH", f"/banks/{name}", allowed)
    number = desk.refused(409, "ann", "POST", f"/banks/{name}/export")["approval"]
    desk.ok("bob", "POST", f"/approvals/{number}")
    reply = desk.call("ann", "POST", f"/banks/{name}/export")
    assert reply.status == 200 and reply.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(reply.data.decode())))
    assert [row["value"] for row in rows] == [one["value"] for one in signals]
    assert desk.acts(f"bank:{name}")[-1] == ("key:ann", "bank.export")
    desk.refused(409, "ann", "POST", f"/banks/{name}/export")  # once
    other = desk.bank(fresh())
    done = desk.ok("ann", "POST", f"/banks/{other}/import?csv=true", body=reply.data)
    assert (done["added"], done["rejected"]) == (1000, 0)


def test_the_bank_for_tests_stays_as_it_is(desk: Desk):
    value = {"type": "sha256", "value": sha("x")}
    for method, rest, given in (
        ("DELETE", "", None), ("POST", "/disable", None), ("PATCH", "", {"note": "x"}),
        ("POST", "/signals", {"signals": [value]}), ("POST", "/signals/remove", value),
        ("POST", "/import?type=sha256", None),
    ):  # fmt: skip
        desk.refused(409, "ann", method, f"/banks/tutela-test{rest}", given)


def test_a_bank_cannot_be_off_until_a_time_that_is_none(desk: Desk):
    name = desk.bank(fresh())
    for at in ("tomorrow", 1893456000, "2031-05-01T12:00:00", "", "2031-13-01"):
        desk.refused(422, "ann", "POST", f"/banks/{name}/disable", {"until": at})
    desk.refused(409, "ann", "POST", f"/banks/{name}/disable", {"until": "2020-01-01T00:00:00Z"})
    assert desk.ok("ann", "GET", f"/banks/{name}")["on"]


def test_two_who_make_the_same_bank_at_once_make_one(desk: Desk):
    for _ in range(5):
        given = {"name": fresh(), "purpose": "test"}
        with ThreadPoolExecutor(6) as several:
            asked = [several.submit(desk.call, "ann", "POST", "/banks", given) for _ in range(6)]
        assert sorted(one.result().status for one in asked) == [201, *[409] * 5]
