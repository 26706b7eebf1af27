"""Lists over HTTP, as a program sends them whose lists are long, wrong, or cut off."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from itertools import count

import pytest

from api.service import CHUNK, Desk, until
from tutela.interfaces.api import importing
from tutela.interfaces.api.importing import FOLDER, MOST_IMPORTS, MOST_REJECTED

numbers = count()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def values(seed: str, number: int) -> list[str]:
    return [sha(f"{seed} {n}") for n in range(number)]


def text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture
def bank(desk: Desk) -> str:
    return desk.bank(f"rain-{next(numbers)}")


@pytest.fixture(autouse=True)
def nothing_is_left(desk: Desk) -> Iterator[None]:
    yield
    folder = desk.app.data / FOLDER
    until(lambda: importing.places.left == MOST_IMPORTS)
    left = list(folder.iterdir()) if folder.exists() else []
    for path in left:
        path.unlink()
    assert not left


def held(desk: Desk, bank: str) -> int:
    return desk.ok("reader", "GET", f"/banks/{bank}")["signals"]


class Sending:
    """A list that is being sent, in chunks."""

    def __init__(self, desk: Desk, path: str) -> None:
        self.line = desk.line()
        self.line.sendall(
            f"POST /api/v1{path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
            f"authorization: Bearer {desk.keys['ann']}\r\n\r\n".encode()
        )

    def send(self, data: bytes) -> None:
        self.line.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self) -> bytes:
        self.line.sendall(b"0\r\n\r\n")
        return self.answer()

    def answer(self) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.line.recv(65536)
        return got

    def cut(self) -> None:
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.line.close()


def test_a_plain_list_is_read_and_its_bad_lines_are_told(desk: Desk, bank: str):
    lines = values(bank, 120)
    lines[10:10] = ["", "# a comment", "no value", lines[0]]
    done = desk.ok("ann", "POST", f"/banks/{bank}/import?type=sha256&labels=code-1&member=north",
                   body=text(lines))  # fmt: skip
    assert (done["lines"], done["added"], done["known"], done["rejected"]) == (124, 120, 1, 1)
    assert not done["resumed"] and done["bank"] == bank
    assert [one["line"] for one in done["rejects"]] == [13]
    assert "no value" not in done["rejects"][0]["reason"]
    (one,) = desk.ok("reader", "GET", f"/banks/{bank}/signals?limit=1")["items"]
    assert (one["member"], one["labels"]) == ("north", ["code-1"])
    assert desk.acts(f"bank:{bank}")[-1] == ("key:ann", "bank.import")


def test_a_csv_is_read_with_its_columns_named(desk: Desk, bank: str):
    body = b"\xef\xbb\xbfNumber;Print;Who\r\n7;" + sha("a").encode() + b";north\r\n"
    query = "map=sha256=Print&map=external_id=Number&map=member=Who&delimiter=;"
    done = desk.ok("ann", "POST", f"/banks/{bank}/import?{query}", body=body)
    assert (done["lines"], done["added"]) == (2, 1)
    (one,) = desk.ok("reader", "GET", f"/banks/{bank}/signals")["items"]
    assert (one["external_id"], one["member"]) == ("7", "north")
    by_header = b"sha256\n" + sha("b").encode() + b"\n"
    done = desk.ok("ann", "POST", f"/banks/{bank}/import", body=by_header, content_type="text/csv")
    assert done["added"] == 1


def test_no_more_bad_lines_are_listed_than_the_limit_and_the_others_are_counted(
    desk: Desk, bank: str
):
    lines = [*(f"wrong {n}" for n in range(MOST_REJECTED + 500)), sha(bank)]
    done = desk.ok("ann", "POST", f"/banks/{bank}/import?type=sha256", body=text(lines))
    assert (done["rejected"], len(done["rejects"])) == (MOST_REJECTED + 500, MOST_REJECTED)
    assert [one["line"] for one in done["rejects"]] == list(range(1, MOST_REJECTED + 1))
    assert done["added"] == 1


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", b"00\n"), ("type=bicycle", b"00\n"), ("type=os:path", b"00\n"), ("csv=true", b""),
        ("csv=true", b"colour,size\nred,2\n"), ("map=value=Print", b"type,value\n"),
        ("map=nothing", b""), ("map==", b""), ("map=value=x&csv=false", b""),
        ("type=sha256", b"\xff\xfe0\x000\x00"), ("type=sha256&labels=two%20words!", b"00\n"),
        ("type=sha256&delimiter=ab&csv=true", b"value\n"), ("type=sha256&member=%00", b"00\n"),
        ("csv=perhaps", b""), ("type=sha256&seeded_from=Ä", b""), ("type=" + "x" * 65, b""),
        ("type=sha256&member=" + "m" * 129, b"00\n"), ("csv=true&type=sha256", b'"value\n'),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_whole(desk: Desk, bank: str, query: str, body: bytes):
    told = desk.refused(422, "ann", "POST", f"/banks/{bank}/import?{query}", body=body)
    assert told["type"] in ("tutela:list-refused", "tutela:signal-refused", "tutela:wrong-input")
    assert held(desk, bank) == 0


def test_a_list_is_refused_by_a_bank_that_is_not_there_or_may_not_have_it(desk: Desk, bank: str):
    body = text(values(bank, 3))
    told = desk.refused(404, "ann", "POST", "/banks/nowhere/import?type=sha256", body=body)
    assert told["type"] == "tutela:no-such-bank"
    other = desk.bank(f"{bank}-other", "adult-intimate", may_seed=True)
    closed = desk.bank(f"{bank}-closed")
    for source in (other, closed):
        query = f"type=sha256&seeded_from={source}"
        desk.refused(409, "ann", "POST", f"/banks/{bank}/import?{query}", body=body)
    assert held(desk, bank) == 0


def test_a_line_of_ten_megabytes_is_one_bad_line(desk: Desk, bank: str):
    body = text([sha("a"), "f" * (10 << 20), sha("b"), "\x01" * 200_000, sha("c")])
    done = desk.ok("ann", "POST", f"/banks/{bank}/import?type=sha256", body=body)
    assert (done["lines"], done["added"], done["rejected"]) == (5, 3, 2)
    assert [one["line"] for one in done["rejects"]] == [2, 4]
    assert len(str(done)) < 1000


def test_a_list_that_is_cut_off_stays_as_far_as_it_came_and_goes_on(desk: Desk, bank: str):
    lines = values(bank, 4 * CHUNK)
    lines[3] = "wrong"
    path = f"/banks/{bank}/import?type=sha256"
    sending = Sending(desk, path)
    sending.send(text(lines)[: len(text(lines)) // 2 + 100])
    until(lambda: held(desk, bank) >= CHUNK)
    sending.cut()
    until(lambda: importing.places.left == MOST_IMPORTS)
    stored = held(desk, bank)
    assert CHUNK <= stored < 3 * CHUNK
    done = desk.ok("ann", "POST", path, body=text(lines))
    assert done["resumed"] and done["known"] == 0
    assert (done["added"], done["lines"], done["rejected"]) == (4 * CHUNK - 1, 4 * CHUNK, 1)
    assert [one["line"] for one in done["rejects"]] == [4]  # also from before it was cut off
    assert held(desk, bank) == 4 * CHUNK - 1


def test_another_list_after_one_that_was_cut_off_begins_anew(desk: Desk, bank: str):
    many = 30 * CHUNK  # past what a reader has at hand
    first, second = values(f"{bank} first", many), values(f"{bank} second", many + CHUNK)
    first[1], second[2] = "wrong", "wrong too"
    path = f"/banks/{bank}/import?type=sha256"
    sending = Sending(desk, path)
    sending.send(text(first)[:-100])
    until(lambda: held(desk, bank) >= many - 2 * CHUNK)
    sending.cut()
    until(lambda: importing.places.left == MOST_IMPORTS)
    stored = held(desk, bank)
    done = desk.ok("ann", "POST", path, body=text(second))
    assert not done["resumed"]
    assert (done["added"], done["lines"], done["known"]) == (len(second) - 1, len(second), 0)
    assert [one["line"] for one in done["rejects"]] == [3]
    assert held(desk, bank) == stored + len(second) - 1


def test_a_list_whose_sender_falls_silent_is_given_up_and_goes_on_later(desk: Desk, bank: str):
    lines = values(bank, 2 * CHUNK)
    path = f"/banks/{bank}/import?type=sha256"
    sending = Sending(desk, path)
    sending.send(text(lines[: CHUNK + 5]))
    assert b" 408 " in sending.answer().split(b"\r\n")[0]
    sending.line.close()
    assert held(desk, bank) == CHUNK
    assert desk.ok("ann", "POST", path, body=text(lines))["resumed"]
    assert held(desk, bank) == 2 * CHUNK


def test_of_two_that_send_the_same_list_at_once_one_is_told_to_wait(desk: Desk, bank: str):
    lines = values(bank, 3 * CHUNK)
    path = f"/banks/{bank}/import?type=sha256"
    first = Sending(desk, path)
    first.send(text(lines[: CHUNK + 1]))
    until(lambda: held(desk, bank) >= CHUNK)
    told = desk.refused(409, "ann", "POST", path, body=text(lines))
    assert told["type"] == "tutela:import-at-work"
    other = desk.bank(f"{bank}-other")
    assert desk.ok("ann", "POST", f"/banks/{other}/import?type=sha256", body=text(lines))["added"]
    first.send(text(lines[CHUNK + 1 :]))
    assert b" 200 " in first.end().split(b"\r\n")[0]
    first.line.close()
    assert held(desk, bank) == 3 * CHUNK
    again = desk.ok("ann", "POST", path, body=text(lines))
    assert (again["added"], again["known"]) == (0, 3 * CHUNK)


def test_no_more_lists_are_read_at_once_than_may_be(desk: Desk, bank: str):
    banks = [desk.bank(f"{bank}-{n}") for n in range(MOST_IMPORTS)]
    at_work = [Sending(desk, f"/banks/{name}/import?type=sha256") for name in banks]
    until(lambda: importing.places.left == 0)
    reply = desk.call("ann", "POST", f"/banks/{bank}/import?type=sha256", body=b"00\n")
    assert reply.status == 503 and reply.headers["retry-after"]
    assert desk.ok("ann", "GET", "/banks?limit=1")["items"]  # all else is answered
    for sending in at_work:
        assert b" 200 " in sending.end().split(b"\r\n")[0]
        sending.line.close()


def test_a_bank_that_is_deleted_while_its_list_comes_takes_no_more(desk: Desk, bank: str):
    lines = values(bank, 3 * CHUNK)
    sending = Sending(desk, f"/banks/{bank}/import?type=sha256")
    sending.send(text(lines[: CHUNK + 1]))
    until(lambda: held(desk, bank) >= CHUNK)
    assert desk.call("ann", "DELETE", f"/banks/{bank}").status == 204
    sending.send(text(lines[CHUNK + 1 :]))
    assert b" 404 " in sending.end().split(b"\r\n")[0]
    sending.line.close()


def test_rejected_lines_that_nobody_asks_for_are_deleted_in_time(desk: Desk, bank: str):
    path = f"/banks/{bank}/import?type=sha256"
    sending = Sending(desk, path)
    sending.send(text(["wrong", *values(bank, CHUNK), ""]))
    until(lambda: held(desk, bank) >= CHUNK)
    sending.cut()
    until(lambda: importing.places.left == MOST_IMPORTS)
    (kept,) = (desk.app.data / FOLDER).iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    long_ago = kept.stat().st_mtime - importing.KEPT - 60
    os.utime(kept, (long_ago, long_ago))
    other = desk.bank(f"{bank}-other")
    desk.ok("ann", "POST", f"/banks/{other}/import?type=sha256", body=b"")
    assert not kept.exists()
    done = desk.ok("ann", "POST", path, body=text(["wrong", *values(bank, CHUNK), ""]))
    assert done["resumed"] and done["rejected"] == 1
