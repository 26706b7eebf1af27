"""The stand-in answers as HMA was recorded, with its faults."""

from __future__ import annotations

import json

import pytest
from docs.test_docs import generated

from tutela.testing.hash_sharing.stand import Request
from tutela.testing.hma import Hma

H0 = "2d6f1af3a956c529c79ca3d2526fa834d4196c81cedd04de0a26b855fc99b724"
"""As in the recordings: PDQ of a made, harmless picture."""

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"


def near(bits: int) -> str:
    return f"{int(H0, 16) ^ ((1 << bits) - 1):064x}"


def test_every_misbehaviour_is_documented():
    table = "| name | what happens |\n|---|---|\n"
    for name, what in Hma.MISBEHAVIOURS.items():
        table += f"| `{name}` | {what} |\n"
    generated("test-servers.md", "misbehaviours-hma", table)


@pytest.fixture
def server() -> Hma:
    made = Hma(port=9)
    for name, ratio in (("DEMO", 1.0), ("PART", 0.25), ("NONE", 0.0)):
        made.bank(name, ratio)
        made.put(name, {"pdq": H0})
    return made


def ask(server: Hma, method: str, path: str, body: object = None, **query: str):
    headers = {} if body is None else {"content-type": "application/json"}
    data = b"" if body is None else json.dumps(body).encode()
    reply = server.reply(Request(method, path, query, headers, data))
    assert reply is not None
    if reply.kind != "application/json" or not reply.body:
        return reply.status, reply.body
    return reply.status, json.loads(reply.body)


def lookup(server: Hma, value: str = H0, **more: str):
    return ask(server, "GET", "/m/lookup", signal=value, signal_type="pdq", **more)


def test_a_lookup_is_answered_as_recorded(server):
    assert lookup(server, seed="1") == (
        200, {"DEMO": [{"bank_content_id": 1, "distance": "0"}]}
    )  # fmt: skip
    assert [n for n in range(1, 11) if "PART" in lookup(server, seed=str(n))[1]] == [4, 8, 9]
    assert lookup(server, near(31), seed="1")[1]["DEMO"][0]["distance"] == "31"
    assert lookup(server, near(32), seed="1") == (200, {})
    assert "NONE" not in lookup(server, bypass_coinflip="true")[1]  # does nothing on GET
    assert lookup(server, H0.upper()) == (400, {"message": "invalid signal: invalid PDQ hash"})
    status, said = ask(server, "GET", "/m/lookup", signal_type="pdq")
    assert (status, said["message"][:10]) == (400, "Either url")


def test_an_index_of_one_pdq_value_finds_nothing(server):
    for number in (2, 3):
        assert server.remove(number)
    assert lookup(server) == (200, {})


def test_contents_are_of_one_counter_and_of_any_bank_in_the_path(server):
    status, made = ask(server, "POST", "//c/bank/DEMO/signal", {
        "pdq": near(3), "video_md5": EMPTY.upper(), "note": "two types",
    })  # fmt: skip
    assert (status, made) == (200, {"id": 4, "signals": {"pdq": near(3), "video_md5": EMPTY}})
    status, said = ask(server, "GET", "/c/bank/NONE/content/4", include_signals="true")
    assert status == 200 and said["bank"] == {"name": "DEMO", "matching_enabled_ratio": 1.0}
    assert said["note"] == "two types" and "metadata" not in said
    assert ask(server, "GET", "/c/bank/NOPE/content/4")[1] == {"message": "bank 'NOPE' not found"}
    assert ask(server, "GET", "/c/bank/DEMO/content/9") == (
        404, {"message": "content '9' not found"}
    )  # fmt: skip
    status, page = ask(server, "GET", "/c/bank/DEMO/content/x")
    assert status == 404 and page.startswith(b"<!doctype html>")
    assert ask(server, "GET", "/c/bank/DEMO/content")[0] == 404  # nothing lists them
    assert ask(server, "DELETE", "/c/bank/PART/content/4") == (200, {"deleted": 1})
    assert ask(server, "DELETE", "/c/bank/PART/content/4") == (200, {"deleted": 0})


def test_what_is_off_is_found_no_more_and_comes_back(server):
    path = "/c/bank/DEMO/content/1"
    ask(server, "PUT", path, {"disable_until_ts": 0})
    assert "DEMO" not in lookup(server, seed="1")[1]
    ask(server, "PUT", path, {"disable_until_ts": "12"})  # long ago
    assert "DEMO" in lookup(server, seed="1")[1]
    assert ask(server, "PUT", path, {"disable_until_ts": -1})[0] == 400
    assert ask(server, "PUT", path, {"disable_until_ts": None})[0] == 500  # as it does


def test_the_index_lags_behind_and_a_raw_lookup_shows_it():
    server = Hma(port=9, lags=True)
    server.bank("DEMO")
    assert lookup(server) == (503, {"message": "index not yet ready"})
    assert ask(server, "GET", "/status") == (503, b"INDEX-NOT-LOADED")
    for bits in (0, 5):
        server.put("DEMO", {"pdq": near(bits)})
    server.rebuild()
    ask(server, "PUT", "/c/bank/DEMO/content/2", {"disable_until_ts": 0})
    asked = {"signal": H0, "signal_type": "pdq"}
    assert ask(server, "GET", "/m/raw_lookup", **asked) == (200, {"matches": [2, 1]})
    assert [*lookup(server)[1]["DEMO"]] == [{"bank_content_id": 1, "distance": "0"}]
    assert ask(server, "GET", "/m/index/status")[1]["pdq"]["size"] == 2
    server.rebuild()
    assert ask(server, "GET", "/c/signal_type/index")[1]["pdq"]["db_size"] == 2
    assert ask(server, "GET", "/m/index/status")[1]["pdq"]["size"] == 1


def test_banks_and_exchanges_are_shown_and_refused_as_recorded(server):
    assert ask(server, "POST", "/c/banks", {"name": "DEMO"}) == (
        403, {"message": "Bank already exists"}
    )  # fmt: skip
    assert ask(server, "POST", "/c/banks", {})[0] == 422
    assert ask(server, "POST", "/c/banks", {"name": "X", "enabled_ratio": "0.5"})[0] == 201
    assert ask(server, "PATCH", "/c/bank/DEMO")[0] == 405
    server.connect("EX", "ncmec", environment="https://x.example")
    assert ask(server, "GET", "/c/exchanges") == (200, ["EX"])
    assert ask(server, "GET", "/c/exchange/EX")[1]["api"] == "ncmec"
    assert ask(server, "GET", "/c/exchange/DEMO")[0] == 404
    assert ask(server, "GET", "/c/exchange/EX/status")[1]["last_fetch_succeeded"] is True
    assert ask(server, "GET", "/c/exchanges/api/ncmec")[1]["has_set_authentification"] is True


def test_it_misbehaves_on_demand(server):
    server.misbehave("index-not-loaded")
    assert lookup(server)[0] == 503 and lookup(server)[0] == 200
    server.misbehave("unavailable")
    assert ask(server, "GET", "/c/banks")[0] == 503
