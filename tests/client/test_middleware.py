"""Uploads are screened before the application sees them, whatever their form."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image
from server.doors import KNOWN, OTHER

from tutela.client import AsyncTutela
from tutela.client.asgi import ScreenUploads
from tutela.client.formats import decoded
from tutela.client.models import Screened
from tutela.decoding.pictures import FORMATS

B = "weather"
FORM = f"multipart/form-data; boundary={B}"


def part(data: bytes, head: str = 'form-data; name="f"; filename="a.jpg"', *more: str) -> bytes:
    lines = "\r\n".join([f"content-disposition: {head}", *more])
    return f"--{B}\r\n{lines}\r\n\r\n".encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{B}--\r\n".encode()


class Application:
    """What is behind the middleware: it remembers what reached it."""

    def __init__(self) -> None:
        self.body: bytes | None = None
        self.told: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.body, more = b"", True
        self.told = scope.get("tutela")
        while more:
            message = await receive()
            self.body += message.get("body", b"")
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"stored"})


class Heard:
    """What the hooks were told."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.downs: list[bool] = []


class Asked:
    """One request through the middleware."""

    def __init__(
        self, tutela: AsyncTutela, body: bytes, kind: str = FORM, *, piece: int = 4096,
        ends: bool = True, headers: dict[str, str] | None = None, **options: Any,
    ) -> None:  # fmt: skip
        self.app, self.heard = Application(), Heard()
        self.most_held = 0
        self.middleware = ScreenUploads(
            self.app, tutela, on_result=lambda what, _: self.heard.results.append(what),
            on_down=self.heard.downs.append, **options,
        )  # fmt: skip
        self.sent: list[Any] = []
        self._pieces = [body[at : at + piece] for at in range(0, len(body), piece)] or [b""]
        self._at, self._ends = 0, ends
        named = {"content-type": kind, **(headers or {})}
        self.scope = {
            "type": "http", "method": "POST", "path": "/",
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }  # fmt: skip

    async def run(self) -> Asked:
        async def receive() -> Any:
            if self._at == len(self._pieces):
                return {"type": "http.disconnect"}
            data = self._pieces[self._at]
            self._at += 1
            more = self._at < len(self._pieces) or not self._ends
            return {"type": "http.request", "body": data, "more_body": more}

        async def send(message: Any) -> None:
            self.sent.append(message)

        await self.middleware(self.scope, receive, send)
        return self

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None

    @property
    def read(self) -> int:
        return sum(len(piece) for piece in self._pieces[: self._at])


class Fake:
    """A service that says so of everything, or fails."""

    def __init__(self, verdict: str = "allow", error: Exception | None = None) -> None:
        self.verdict, self.error, self.screened = verdict, error, []

    async def screen(self, data: Any, facts: Any = None) -> Screened:
        if self.error is not None:
            raise self.error
        self.screened.append(b"".join(bytes(piece) for piece in data))
        return Screened("itm_a", self.verdict, "Not taken." * (self.verdict != "allow"), "v",
                        None, "none", False)  # type: ignore[arg-type]  # fmt: skip


def alone(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a thread of its own: browsers of other tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def ask(tutela: Any, body: bytes, *arguments: Any, **named: Any) -> Asked:
    return alone(Asked(tutela, body, *arguments, **named).run())


def real(served: Any, url: str, body: bytes, **named: Any) -> Asked:
    async def run() -> Asked:
        async with AsyncTutela(url, served.secrets["platform"]) as tutela:
            return await Asked(tutela, body, **named).run()

    return alone(run())


@pytest.mark.parametrize("piece", [7, 4096, 1 << 20])
def test_what_is_known_never_reaches_the_application(served, url, piece):
    body = form(part(b"hello", 'form-data; name="title"'), part(KNOWN[:9]), part(KNOWN))
    asked = real(served, url, body, piece=piece * 1000 if piece == 7 else piece)
    assert asked.status == 422 and asked.app.body is None
    assert b"problem+json" in dict(asked.sent[0]["headers"])[b"content-type"]
    assert sorted(asked.heard.results) == ["allow", "block"]


def test_what_is_not_known_reaches_it_as_it_came(served, url):
    body = form(part(b"hello", 'form-data; name="title"'), part(OTHER))
    asked = real(served, url, body)
    assert asked.status == 200 and asked.app.body == body
    assert [found.verdict for found in asked.app.told] == ["allow"]


@pytest.mark.parametrize("piece", [1, 3, 50, 5000])
def test_each_file_is_screened_whole_however_it_is_cut(piece):
    fake = Fake()
    files = [b"rain\r\n--weathe", b"\r\n--weather-not", b"fog" * 100]
    body = form(part(b"text", 'form-data; name="t"'), *map(part, files))
    asked = ask(fake, body, piece=piece)
    assert sorted(fake.screened) == sorted(files) and asked.app.body == body


@pytest.mark.parametrize(
    ("head", "more"),
    [
        ('form-data; name="f"; filename="<script>alert(1)</script>.jpg"', ()),
        ('form-data; name="f"; filename="../../etc/rain"', ()),
        ("form-data; name=\"f\"; filename*=utf-8''fog.jpg", ()),
        ('form-data; name="f"; FILENAME="a"', ()),
        ('form-data; name="f"', ("content-type: image/jpeg",)),
        ('form-data; name="f"; filename=""', ()),
    ],
)
def test_what_could_be_taken_for_a_file_is_screened(head, more):
    fake = Fake("block")
    asked = ask(fake, form(part(b"w" * 100, head, *more)))
    assert asked.status == 422 and asked.app.body is None and len(fake.screened) == 1
    assert b"script" not in asked.sent[1]["body"]


def test_a_review_is_held_back_unless_the_application_said_that_it_does_so():
    body = form(part(b"fog"))
    assert ask(Fake("review"), body).status == 422
    passed = ask(Fake("review"), body, pass_review=True)
    assert passed.status == 200 and passed.app.told[0].verdict == "review"
    assert ask(Fake("block"), body, pass_review=True).status == 422


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (form(part(b"a")), "multipart/form-data", 400),
        (form(part(b"a")), "multipart/form-data; boundary=", 400),
        (part(b"a" * 100), FORM, 400),
        (b"no form at all", FORM, 400),
        (b"", FORM, 400),
        (form(*[part(b"a")] * 10_000), FORM, 400),
        (form(part(b"a", 'form-data; name="f"', "x: " + "w" * 20_000)), FORM, 400),
        (form(part(b"a", 'form-data; name="f"', "content-type: multipart/mixed; boundary=x")),
         FORM, 400),
        (form(part(b"YQ==", 'form-data; name="f"', "content-transfer-encoding: base64")),
         FORM, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_screened_is_refused_and_seen_by_nobody(body, kind, status):
    asked = ask(Fake(), body, kind)
    assert asked.status == status and asked.app.body is None
    assert asked.heard.results.count("refused") == 1


def test_a_body_past_the_limit_is_refused_and_not_read_to_its_end():
    body = form(part(b"w" * 1_000_000))
    asked = ask(Fake(), body, limit=100_000)
    assert asked.status == 413 and asked.read <= 100_000 + 4096
    said = ask(Fake(), body, limit=100_000, headers={"content-length": str(len(body))})
    assert said.status == 413 and said.read == 0
    packed = ask(Fake(), body, headers={"content-encoding": "gzip"})
    assert packed.status == 415 and packed.read == 0


def test_who_is_gone_in_the_middle_gets_no_answer():
    asked = ask(Fake(), part(b"w" * 10_000), ends=False)
    assert asked.status is None and asked.app.body is None


def test_a_body_that_is_a_picture_is_one_file():
    fake = Fake("block")
    assert ask(fake, b"fog", "image/jpeg").status == 422 and fake.screened == [b"fog"]
    assert ask(fake, b'{"fog": 1}', "application/json").status == 200


PICTURE = b"\xff\xd8\xff\xe0" + b"w" * 100


@pytest.mark.parametrize(
    ("fail", "picture", "other"), [("closed", 503, 503), ("decoded", 503, 200), ("open", 200, 200)]
)
def test_what_passes_while_tutela_is_down_is_a_setting(fail, picture, other):
    async def run(body: bytes) -> Asked:
        async with AsyncTutela("http://127.0.0.1:9", "tut_k", patience=0.1) as tutela:
            return await Asked(tutela, form(part(body)), fail=fail).run()

    for data, status in ((PICTURE, picture), (b"It rains.", other)):
        asked = alone(run(data))
        assert asked.status == status and (asked.app.body is None) == (status == 503)
        assert asked.heard.downs == [True]
        expected = "passed-undecided" if status == 200 else "stopped-undecided"
        assert asked.heard.results == [expected]


def test_the_alarm_sounds_once_and_ends_when_tutela_is_back():
    from tutela.client import Unreachable

    fake = Fake(error=Unreachable("gone"))
    asked = Asked(fake, form(part(b"fog")))
    downs = asked.heard.downs

    async def run() -> None:
        for error in (fake.error, fake.error, None, None):
            fake.error = error
            asked._at = 0
            await asked.run()

    alone(run())
    assert downs == [True, False]


def test_pictures_of_every_format_that_is_decoded_are_known_by_their_beginning():
    names = {"HEIF": "AVIF", "JPEG2000": "JPEG2000", "PSD": None}
    for name in FORMATS:
        kind = names.get(name, name)
        if kind is None:
            data = b"8BPS\0\1" + bytes(60)
        else:
            stored = io.BytesIO()
            Image.new("RGB", (32, 32), "teal").save(stored, kind)
            data = stored.getvalue()
        assert decoded([memoryview(data)[:5], memoryview(data)[5:]]), name
    assert not decoded([b"It rains."]) and not decoded([])


def test_other_traffic_is_not_touched():
    async def run() -> list[str]:
        seen: list[str] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["type"])

        middleware = ScreenUploads(app, Fake())  # type: ignore[arg-type]
        for kind in ("lifespan", "websocket"):
            await middleware({"type": kind, "headers": []}, None, None)  # type: ignore[arg-type]
        return seen

    assert alone(run()) == ["lifespan", "websocket"]
