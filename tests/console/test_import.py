"""A list from a browser: read while it comes, shown while it is read, gone on with after a stop."""

from __future__ import annotations

import hashlib
import socket
import threading
from datetime import timedelta
from itertools import count

import pytest
from api.service import CHUNK, Desk, until
from sqlalchemy import select

from console.visitor import COOKIE, Page, Visitor, signed_in
from tutela.banks import service
from tutela.banks.models import Import
from tutela.interfaces.api import importing
from tutela.interfaces.api.importing import FOLDER, MOST_IMPORTS
from tutela.people.permissions import Permission

P = Permission
numbers = count()


def values(seed: str, amount: int) -> list[str]:
    return [hashlib.sha256(f"{seed} {n}".encode()).hexdigest() for n in range(amount)]


def text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture
def writer(desk: Desk) -> Visitor:
    return signed_in(desk, "wendy", P.BANKS_READ, P.BANKS_WRITE)


@pytest.fixture
def bank(desk: Desk) -> str:
    return desk.bank(f"snow-{next(numbers)}")


@pytest.fixture(autouse=True)
def nothing_is_left(desk: Desk):
    yield
    until(lambda: importing.places.left == MOST_IMPORTS)
    folder = desk.app.data / FOLDER
    left = list(folder.iterdir()) if folder.exists() else []
    for path in left:
        path.unlink()
    assert not left


def send(visitor: Visitor, bank: str, data: bytes, status: int = 200, name: str = "list.txt",
         **fields: str) -> Page:  # fmt: skip
    form = {"kind": "guess", "type": "sha256", "delimiter": ","} | fields
    return visitor.upload(
        f"/console/banks/{bank}/import", form | {"file": (name, data, "text/plain")}, status
    )


def held(desk: Desk, bank: str) -> int:
    with desk.database.reading() as session:
        return service.get(session, bank).signals


def row(desk: Desk, bank: str) -> Import:
    with desk.database.reading() as session:
        number = service.get(session, bank).id
        return session.scalars(select(Import).where(Import.bank_id == number)).one()


class Sending:
    """A form whose file is being sent."""

    def __init__(self, visitor: Visitor, bank: str, first: bytes) -> None:
        self.line = visitor.desk.line()
        head = (
            f"POST /console/banks/{bank}/import HTTP/1.1",
            f"host: localhost:{visitor.desk.port}",
            f"origin: {visitor.origin}",
            f"cookie: {COOKIE}={visitor.secret}",
            "content-type: multipart/form-data; boundary=x",
            "transfer-encoding: chunked",
        )
        self.line.sendall("".join(f"{line}\r\n" for line in (*head, "")).encode())
        fields = {"csrf": visitor.token, "kind": "plain", "type": "sha256"}
        form = "".join(
            f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        form += '--x\r\ncontent-disposition: form-data; name="file"; filename="list.txt"\r\n\r\n'
        self.send(form.encode() + first)

    def send(self, data: bytes) -> None:
        self.line.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self) -> bytes:
        self.send(b"\r\n--x--\r\n")
        self.line.sendall(b"0\r\n\r\n")
        got = b""
        while b"</html>" not in got:
            more = self.line.recv(65536)
            if not more:
                break
            got += more
        self.line.close()
        return got

    def cut(self) -> None:
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.line.close()


def test_a_list_is_read_and_its_bad_lines_are_told(desk: Desk, writer: Visitor, bank: str):
    lines = values(bank, 120)
    lines[10:10] = ["", "# a comment", "<script>snow</script>", lines[0]]
    page = send(writer, bank, text(lines), labels="code-1", member="north")
    assert "Lines 124 Added 120 Known before 1 Rejected 1" in page.words
    assert ">13<" in page.text and "script>" not in page.text.split("Rejected lines")[1]
    assert held(desk, bank) == 120
    assert desk.acts(f"bank:{bank}")[-1] == ("person:wendy", "bank.import")
    shown = writer.get(f"/console/banks/{bank}")
    assert "north" in shown.words and "code-1" in shown.words


def test_a_csv_is_known_by_its_name_and_its_columns_are_named(
    desk: Desk, writer: Visitor, bank: str
):
    (one,) = values(bank, 1)
    data = f"Print;Number\n{one};7\n".encode()
    page = send(writer, bank, data, name="LIST.CSV", type="", delimiter=";",
                map="sha256=Print\n external_id=Number \n")  # fmt: skip
    assert "Added 1" in page.words
    tabs = f"sha256\tmember\n{values(bank, 2)[1]}\tnorth\n".encode()
    assert "Added 1" in send(writer, bank, tabs, name="list.tsv", type="").words
    assert held(desk, bank) == 2


@pytest.mark.parametrize(
    ("fields", "name", "data", "status"),
    [
        ({"type": ""}, "list.txt", b"00\n", 422), ({"type": "weather"}, "list.txt", b"00\n", 422),
        ({"type": "os:path"}, "list.txt", b"00\n", 422), ({"kind": "snow"}, "list.txt", b"", 422),
        ({"map": "nothing", "kind": "csv"}, "list.txt", b"", 422),
        ({"delimiter": "abc"}, "list.csv", b"", 422), ({"labels": "no code!"}, "l.txt", b"", 422),
        ({}, "", b"", 422), ({}, "list.txt", b"\xff\xfe0\x000\x00", 422),
        ({"signals": "9"}, "list.txt", b"", 422), ({"seeded_from": "nowhere"}, "l", b"", 422),
        ({"seeded_from": "Ä"}, "l", b"", 422), ({"member": "m" * 129}, "l", b"", 422),
        ({"labels": "x" * 70_000}, "l", b"", 400),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_whole_and_told(
    desk: Desk, writer: Visitor, bank: str, fields: dict, name: str, data: bytes, status: int
):
    page = send(writer, bank, data, status, name, **fields)
    assert status == 400 or 'role="alert"' in page.text
    assert held(desk, bank) == 0 and desk.acts(f"bank:{bank}")[1:] == []


def test_an_import_is_shown_while_it_is_at_work_by_any_process(
    desk: Desk, writer: Visitor, bank: str
):
    lines = values(bank, CHUNK * 3)
    sending = Sending(writer, bank, text(lines[: CHUNK + 1]))
    until(lambda: held(desk, bank) == CHUNK)
    number = row(desk, bank).id
    shown = writer.get(f"/console/imports/{number}")
    assert "at work" in shown.words and 'hx-trigger="every 1s"' in shown.text
    assert f"Lines {CHUNK} Added {CHUNK}" in shown.words
    part = writer.get(f"/console/imports/{number}/progress", hx_request="true")
    assert "<html" not in part.text and "at work" in part.words
    assert "at work" in writer.get(f"/console/banks/{bank}/imports").words
    sending.send(text(lines[CHUNK + 1 :]))
    assert f"Added</dt>\n<dd>{CHUNK * 3}" in sending.end().decode()
    done = writer.get(f"/console/imports/{number}/progress")
    assert "every 1s" not in done.text and "Done" in done.words


def test_what_was_cut_off_says_so_and_goes_on(
    desk: Desk, writer: Visitor, bank: str, monkeypatch: pytest.MonkeyPatch
):
    lines = values(bank, CHUNK * 2)
    sending = Sending(writer, bank, text(lines[: CHUNK + 1]))
    until(lambda: held(desk, bank) == CHUNK)
    sending.cut()
    until(lambda: importing.places.left == MOST_IMPORTS)
    found = row(desk, bank)
    monkeypatch.setattr("tutela.interfaces.console.bank_import.QUIET", -timedelta(seconds=1))
    shown = writer.get(f"/console/imports/{found.id}")
    assert "Stopped" in shown.words and "Send it again" in shown.words
    again = send(writer, bank, text(lines), kind="plain")
    assert "went on where it had stopped" in again.words and held(desk, bank) == CHUNK * 2
    assert row(desk, bank).finished_at is not None


def test_a_form_of_another_session_adds_nothing(desk: Desk, writer: Visitor, bank: str):
    data = {"kind": "plain", "type": "sha256", "file": ("l.txt", text(values(bank, 3)), "a/b")}
    writer.upload(f"/console/banks/{bank}/import", data, 403, csrf="x" * 43)
    writer.upload(f"/console/banks/{bank}/import", data, 403, csrf=None)
    assert held(desk, bank) == 0


def test_a_list_is_not_sent_as_a_plain_form(writer: Visitor, bank: str):
    writer.post(f"/console/banks/{bank}/import", {"kind": "plain"}, 400)


def test_too_many_imports_are_told_to_come_again(desk: Desk, writer: Visitor, bank: str):
    banks = [desk.bank(f"snow-{next(numbers)}") for _ in range(MOST_IMPORTS)]
    sendings = [Sending(writer, one, text(values(one, 1))) for one in banks]
    until(lambda: importing.places.left == 0)
    answers = [send(writer, bank, text(values(bank, 1)), 503)]
    threads = [threading.Thread(target=one.end) for one in sendings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all("Too many imports" in answer.words for answer in answers)
    until(lambda: all(held(desk, one) == 1 for one in banks))


def test_who_reads_banks_sees_how_far_an_import_is(desk: Desk, writer: Visitor, bank: str):
    send(writer, bank, text(values(bank, 2)))
    number = row(desk, bank).id
    reader = signed_in(desk, "rita", P.BANKS_READ)
    assert "Added 2" in reader.get(f"/console/imports/{number}").words
    reader.get("/console/imports/999999", 404)
    signed_in(desk, "nobody").get(f"/console/imports/{number}", 403)
