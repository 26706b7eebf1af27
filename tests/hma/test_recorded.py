"""What was recorded of HMA, asked again: the same requests in order get the same answers.

Numbers of contents are ours, and files have the hashes of our own pictures; all else is as
recorded, or as a compatible service should answer where HMA answers wrongly.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from api.service import Desk, Reply, serving, until
from PIL import Image, ImageOps

from hma.asking import H0, ask, media, near, weather
from tutela.exchanges import fetching, service
from tutela.outbound.options import Options as Outbound

MD5 = "5d41402abc4b2a76b9719d911017c592"
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
FAR = "d76d4330f1446bea" + "0f" * 16 + "9f767c45"[:16].rjust(16, "0")
LATER = 1_795_331_287
JSON = {"content-type": "application/json"}


def mirrored(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        made = ImageOps.mirror(opened)
    stored = io.BytesIO()
    made.save(stored, "PNG")
    return stored.getvalue()


PICTURE = weather(1)
FILES = {
    "/a.jpg": ("image/png", PICTURE),
    "/clip.mp4": ("video/mp4", b"hello"),
    "/x.txt": ("text/plain", b"hello"),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with media(FILES) as port:
        hosts = Outbound(hosts=(f"private:127.0.0.1:{port}",))
        with serving("", tmp_path_factory.mktemp("recorded"), outbound=hosts) as made:
            made.media = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined] # of this desk
            yield made


class Said:
    """Something in an answer that is ours: as it comes first, and the same from then on."""

    def __init__(self) -> None:
        self.value: Any = None

    def __eq__(self, other: object) -> bool:
        self.value = other if self.value is None else self.value
        return bool(self.value == other) and self.value is not None

    __hash__ = None  # type: ignore[assignment] # it is not known yet

    def __repr__(self) -> str:
        return f"Said({self.value!r})"


def json_of(desk: Desk, method: str, path: str, given: Any = None, status: int = 200) -> Any:
    """The answer, which is JSON as HMA writes it: members in order, escaped, a line's end."""
    more = {} if given is None else {"given": given}
    reply = ask(desk, method, path, **more)
    assert reply.status == status, (method, path, reply.data)
    return read(reply)


def read(reply: Reply) -> Any:
    found = reply.json
    assert reply.headers["content-type"] == "application/json"
    assert reply.data == (json.dumps(found, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    return found


def message(text: str) -> dict[str, str]:
    return {"message": text}


def said(desk: Desk, method: str, path: str, given: Any, status: int, text: str) -> None:
    assert json_of(desk, method, path, given, status)["message"] == text


def test_conventions_and_errors(desk: Desk):
    assert json_of(desk, "POST", "/c/banks", {}, 422) == [{
        "type": "missing", "loc": ["name"], "msg": "Field required", "input": {},
        "url": "https://errors.pydantic.dev/2.14/v/missing",
    }]  # fmt: skip
    for more in ({"body": "{"}, {"body": "[]", "headers": JSON}, {"headers": JSON}, {"body": b""}):
        reply = ask(desk, "POST", "/c/banks", **more)  # type: ignore[arg-type] # both kinds
        (listed,) = read(reply)
        assert (reply.status, listed["type"], listed["loc"]) == (422, "model_type", [])
    assert ask(desk, "GET", "//c/banks").status == 200
    assert ask(desk, "GET", "/c/banks/").status == 404
    assert read(ask(desk, "GET", "/c/bank/DEMO/content/none"))["message"]
    assert ask(desk, "GET", "/c/bank/DEMO/content/none").status == 404
    reply = ask(desk, "PUT", "/c/bank/DEMO/content/5", body="x")
    assert (reply.status, reply.json) == (415, message(
        "Did not attempt to load JSON data because the request Content-Type was not"
        " 'application/json'."
    ))  # fmt: skip
    reply = ask(desk, "PUT", "/c/bank/DEMO/content/5", body="{", headers=JSON)
    assert (reply.status, reply.json) == (400, message(
        "The browser (or proxy) sent a request that this server could not understand."
    ))  # fmt: skip
    assert ask(desk, "GET", "/status").data == b"I-AM-ALIVE"
    assert ask(desk, "GET", "/status/live").data == b"I-AM-ALIVE"
    assert "/c/bank/<bank_name>/content/<int:content_id>" in json_of(desk, "GET", "/site-map")


def test_hashing(desk: Desk):
    media_ = desk.media  # type: ignore[attr-defined] # of this desk
    pdq = Said()
    assert json_of(desk, "GET", f"/h/hash?url={media_}/a.jpg") == {"pdq": pdq}
    path = f"/h/hash?url={media_}/x.txt&content_type=video"
    assert json_of(desk, "GET", path) == {"video_md5": MD5}
    assert read(ask(desk, "POST", "/h/hash", fields={"photo": ("a.jpg", PICTURE)})) == {"pdq": pdq}
    reply = ask(desk, "POST", "/h/hash", fields={"file": ("a.jpg", PICTURE)})
    assert (reply.status, reply.json) == (400, message("no such content_type: 'file'"))
    missing = f"/h/hash?url={media_}/missing.jpg"
    said(desk, "GET", missing, None, 400, "Failed to fetch URL: status")
    said(
        desk, "GET", f"/h/hash?url={media_}/x.txt", None, 400,
        "unsupported url ContentType: 'text/plain', if you know the expected type, provide it with"
        " the content_type query param",
    )  # fmt: skip


def test_banks(desk: Desk):
    assert json_of(desk, "POST", "/c/banks", {"name": "OTHER", "enabled_ratio": "0.5"}, 201) == {
        "matching_enabled_ratio": 0.5, "name": "OTHER",
    }  # fmt: skip
    assert json_of(desk, "POST", "/c/banks", {"name": "DEMO"}, 201)["matching_enabled_ratio"] == 1
    said(desk, "POST", "/c/banks", {"name": "DEMO"}, 403, "Bank already exists")
    changed = json_of(desk, "PUT", "/c/bank/OTHER", {"enabled_ratio": 0.75})
    assert changed == {"matching_enabled_ratio": 0.75, "name": "OTHER"}
    assert json_of(desk, "PUT", "/c/bank/OTHER", {"name": "OTHER2"})["name"] == "OTHER2"
    said(desk, "PUT", "/c/bank/OTHER2", {"name": "DEMO"}, 403, "Bank name already exists")
    said(desk, "PUT", "/c/bank/NOPE", {}, 404, "Bank not found")
    said(desk, "GET", "/c/bank/NOPE", None, 404, "bank 'NOPE' not found")
    assert json_of(desk, "PUT", "/c/bank/OTHER2", {}) == changed | {"name": "OTHER2"}
    for wrong in ("lower", "1ST", "Ü", "A-B", ""):
        said(desk, "POST", "/c/banks", {"name": wrong}, 400,
             "Bank names must be UPPER_WITH_UNDERSCORE")  # fmt: skip
    assert json_of(desk, "POST", "/c/banks", {"name": "A" * 256}, 400)["message"].startswith(
        "Bank names must be UPPER_WITH_UNDERSCORE"
    )
    for ratio in (5, -1, "NaN", "x", [], 1e999):
        assert json_of(desk, "POST", "/c/banks", {"name": "R", "enabled_ratio": ratio}, 422) or (
            ratio == 1e999
        )
    for off in ({"enabled": False}, {"enabled": False, "enabled_ratio": None}):
        assert json_of(desk, "POST", "/c/banks", {"name": "_OFF", **off}, 201) == {
            "matching_enabled_ratio": 0.0, "name": "_OFF",
        }  # fmt: skip
        assert json_of(desk, "DELETE", "/c/bank/_OFF") == message("Done")
    assert json_of(desk, "DELETE", "/c/bank/OTHER2") == message("Done")
    assert json_of(desk, "DELETE", "/c/bank/OTHER2") == message("Done")


def test_contents_and_matching(desk: Desk):
    media_ = desk.media  # type: ignore[attr-defined] # of this desk
    pdq = json_of(desk, "GET", f"/h/hash?url={media_}/a.jpg")["pdq"]
    one, two, three, four = Said(), Said(), Said(), Said()
    both = {"pdq": near(8), "video_md5": EMPTY.upper(), "note": "two types"}
    assert json_of(desk, "POST", "/c/bank/DEMO/signal", both) == {
        "id": two, "signals": {"pdq": near(8), "video_md5": EMPTY},
    }  # fmt: skip
    assert json_of(desk, "POST", "/c/bank/DEMO/signal", {"pdq": H0})["id"] == one
    said(desk, "POST", "/c/bank/DEMO/signal", {"md5": EMPTY}, 400, "No such signal type md5")
    said(desk, "POST", "/c/bank/DEMO/signal", {"note": "x"}, 400, "No signals given")
    said(desk, "POST", "/c/bank/DEMO/signal", {"pdq": 3}, 400,
         "Invalid pdq signal: invalid PDQ hash")  # fmt: skip
    said(desk, "POST", "/c/bank/NOPE/signal", {"pdq": H0}, 404, "bank 'NOPE' not found")
    extra = {"content_id": "c-1", "content_uri": "https://media.example/a.jpg", "json": {"k": [1]}}
    made = json_of(
        desk, "POST", f"/c/bank/DEMO/content?url={media_}/a.jpg",
        {"metadata": extra, "note": "by url"},
    )  # fmt: skip
    assert made == {"id": three, "signals": {"pdq": pdq}}
    fields = {"photo": ("a.jpg", PICTURE), "note": "by upload",
              "metadata": '{"content_id":"c-2","json":{"x":1}}'}  # fmt: skip
    reply = ask(desk, "POST", "/c/bank/DEMO/content", fields=fields)
    assert (reply.status, read(reply)) == (200, {"id": four, "signals": {"pdq": pdq}})
    video = ask(desk, "POST", f"/c/bank/DEMO/content?url={media_}/clip.mp4")
    assert video.status == 200 and video.json["signals"] == {"video_md5": MD5}
    demo = {"matching_enabled_ratio": 1.0, "name": "DEMO"}
    path = f"/c/bank/DEMO/content/{three.value}"
    assert json_of(desk, "GET", f"{path}?include_signals=true") == {
        "bank": demo, "disable_until_ts": 1, "id": three, "metadata": {**extra, "collab": None},
        "note": "by url", "original_media_uri": None, "signals": {"pdq": pdq},
    }  # fmt: skip
    assert json_of(desk, "GET", f"{path}?include_metadata=false") == {
        "bank": demo, "disable_until_ts": 1, "id": three, "note": "by url",
        "original_media_uri": None,
    }  # fmt: skip
    until(lambda: len(json_of(desk, "GET", f"/m/lookup?signal={pdq}&signal_type=pdq")) == 1)
    lookup = f"/m/lookup?signal={H0}&signal_type=pdq"
    until(lambda: len(json_of(desk, "GET", lookup).get("DEMO", ())) == 2)
    assert json_of(desk, "GET", lookup) == {"DEMO": [
        {"bank_content_id": one, "distance": "0"}, {"bank_content_id": two, "distance": "8"},
    ]}  # fmt: skip
    raw = f"/m/raw_lookup?signal={H0}&signal_type=pdq"
    assert json_of(desk, "GET", raw) == {"matches": [one, two]}
    assert json_of(desk, "GET", f"{raw}&include_distance=true&banks=DEMO")["matches"][0] == {
        "bank_content_id": one, "distance": "0",
    }  # fmt: skip
    assert json_of(desk, "GET", f"/m/lookup?signal={near(200)}&signal_type=pdq") == {}
    clip = f"/m/lookup?url={media_}/clip.mp4"
    until(lambda: json_of(desk, "GET", clip)["video_md5"])
    assert json_of(desk, "GET", clip) == {"video_md5": {"DEMO": [
        {"bank_content_id": video.json["id"], "distance": "-"},
    ]}}  # fmt: skip
    found = read(ask(desk, "POST", "/m/lookup", fields={"photo": ("a.jpg", PICTURE)}))
    assert {each["bank_content_id"] for each in found["pdq"]["DEMO"]} == {three.value, four.value}
    reply = ask(desk, "POST", "/m/lookup", fields={"photo": ("m.png", mirrored(PICTURE))})
    assert (reply.status, read(reply)) == (200, {"pdq": {}})
    compared = {"pdq": [H0, near(129)]}
    assert json_of(desk, "POST", "/m/compare", compared) == {"pdq": [False, {"distance": 129}]}
    sizes = json_of(desk, "GET", "/m/index/status")
    sizes["video_md5"]["size"] -= 1  # of the bank that is always there
    assert sizes["video_md5"] == {"built_to": Said(), "present": True, "size": 2}


def test_changing_and_removing_contents(desk: Desk):
    five = json_of(desk, "POST", "/c/bank/DEMO/signal", {"pdq": near(3)})["id"]
    path, demo = f"/c/bank/DEMO/content/{five}", {"matching_enabled_ratio": 1.0, "name": "DEMO"}
    until_ = int(desk.database.now().timestamp()) + 3600
    changed = {"disable_until_ts": until_, "note": "hold for review"}
    assert json_of(desk, "PUT", path, changed) == {
        "bank": demo, "collab_metadata": {}, "disable_until_ts": until_, "id": five,
        "note": "hold for review", "original_media_uri": None, "user_metadata": None,
    }  # fmt: skip
    negative = "disable_until_ts must be a non-negative integer"
    for given, text in (
        (-1, negative),
        (None, negative),
        (True, negative),
        ([], negative),
        ("abc", "Invalid int: 'abc'"),
        (until_ + 6 * 366 * 86400, "disable_until_ts must be less than 5 years in the future"),
    ):
        said(desk, "PUT", path, {"disable_until_ts": given}, 400, text)
    said(desk, "PUT", path, {"note": 3}, 400, "note should be a string")
    said(desk, "PUT", path, {"note": "x" * 256}, 400, "note must be at most 255 characters")
    assert json_of(desk, "PUT", path, {"disable_until_ts": "1", "note": ""})["note"] is None
    assert json_of(desk, "PUT", path, {"disable_until_ts": 0.9})["disable_until_ts"] == 0
    assert json_of(desk, "PUT", path, {"x": 1})["disable_until_ts"] == 0
    assert json_of(desk, "PUT", path, [], 400)["message"]
    said(desk, "PUT", "/c/bank/NOPE/content/5", {}, 404, "bank 'NOPE' not found")
    said(desk, "PUT", "/c/bank/DEMO/content/99999", {}, 404, "content '99999' not found")
    said(desk, "GET", "/c/bank/DEMO/content/99999", None, 404, "content '99999' not found")
    huge = 10**30
    assert json_of(desk, "GET", f"/c/bank/DEMO/content/{huge}", None, 404)["message"]
    json_of(desk, "POST", "/c/banks", {"name": "ELSE"}, 201)
    said(desk, "GET", f"/c/bank/ELSE/content/{five}", None, 404, f"content '{five}' not found")
    assert json_of(desk, "DELETE", f"/c/bank/ELSE/content/{five}") == {"deleted": 0}
    assert json_of(desk, "DELETE", path) == {"deleted": 1}
    assert json_of(desk, "DELETE", path) == {"deleted": 0}
    said(desk, "DELETE", "/c/bank/NOPE/content/1", None, 404, "bank 'NOPE' not found")
    for what in ("content", "signal"):
        reply = ask(desk, "GET", f"/c/bank/DEMO/{what}")
        assert (reply.status, reply.headers["allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize(("fields", "text"), [
    ({"metadata": "{"}, "metadata form field must be valid JSON"),
    ({"metadata": "[]"}, "metadata should be a json object"),
    ({"metadata": '{"content_id":3}'}, None), ({"metadata": '{"json":3}'}, None),
    ({"note": "x" * 256}, "note must be at most 255 characters"),
])  # fmt: skip
def test_what_is_said_of_a_content_can_be_wrong(desk: Desk, fields: dict[str, str], text):
    given = {"photo": ("a.jpg", PICTURE), **fields}
    reply = ask(desk, "POST", "/c/bank/DEMO/content", fields=given)
    assert reply.status == 400
    assert reply.json["message"] == text if text else "Invalid metadata" in reply.json["message"]


def test_contents_without_a_file(desk: Desk):
    missing = "Neither `url` nor multipart file upload was received"
    said(desk, "POST", "/c/bank/DEMO/content", {"url": "http://x"}, 400, missing)
    reply = ask(desk, "POST", "/c/bank/DEMO/content", fields={"photo": "no file"})
    assert (reply.status, reply.json) == (400, message(missing))
    for data in (b"no picture", b""):
        reply = ask(desk, "POST", "/c/bank/DEMO/content", fields={"photo": ("a", data)})
        assert reply.status == 400 and reply.json["message"]
    # what is hashed has no hash worth comparing, and matches nothing: only banking it is refused
    plain = io.BytesIO()
    Image.new("RGB", (256, 256), "white").save(plain, "PNG")
    reply = ask(desk, "POST", "/c/bank/DEMO/content", fields={"photo": ("a", plain.getvalue())})
    assert (reply.status, reply.json) == (400, message("Invalid pdq signal: invalid PDQ hash"))
    for path, answered in (("/h/hash", {"pdq": ""}), ("/m/lookup", {"pdq": {}})):
        reply = ask(desk, "POST", path, fields={"photo": ("a", plain.getvalue())})
        assert (reply.status, read(reply)) == (200, answered)


def test_exchanges(desk: Desk):
    apis = json_of(desk, "GET", "/c/exchanges/apis")
    assert apis == ["sample", "fb_threatexchange", "ncmec", "stop_ncii"]
    yes, no = "supports_authentification", "has_set_authentification"
    credentials = {"credential_json": {"user": "u", "password": "p", "extra": 1}}
    assert json_of(desk, "POST", "/c/exchanges/api/ncmec", credentials) == {yes: True, no: True}
    assert json_of(desk, "GET", "/c/exchanges/api/sample") == {yes: False, no: False}
    said(desk, "GET", "/c/exchanges/api/bogus", None, 400, "no such Exchange API 'bogus'")
    said(desk, "POST", "/c/exchanges/api/ncmec", [], 400,
         "this endpoint expects a json object payload")  # fmt: skip
    schema = json_of(desk, "GET", "/c/exchanges/api/fb_threatexchange/schema")
    assert schema["config_schema"] == {"fields": [{
        "choices": None, "default": None, "help": "ThreatPrivacyGroup ID for this collaboration",
        "name": "privacy_group", "required": True, "type": "number",
    }]}  # fmt: skip
    assert [each["name"] for each in schema["credentials_schema"]["fields"]] == ["api_token"]
    assert json_of(desk, "GET", "/c/exchanges/api/sample/schema") == {
        "config_schema": {"fields": []}, "credentials_schema": None,
    }  # fmt: skip
    said(desk, "GET", "/c/exchanges/api/bogus/schema", None, 404, "Exchange API 'bogus' not found")
    fields = json_of(desk, "GET", "/c/exchanges/api/ncmec/schema")["config_schema"]["fields"]
    assert [(f["name"], f["type"], f["required"]) for f in fields] == [
        ("environment", "enum", True), ("only_esp_ids", "set_of_number", False),
    ]  # fmt: skip
    assert len(fields[0]["choices"]) == 14
    new = {"bank": "EX_NCMEC", "api": "ncmec", "api_json": {
        "environment": "https://exttest.cybertip.org/hashsharing", "only_esp_ids": [1, 2],
    }}  # fmt: skip
    assert json_of(desk, "POST", "/c/exchanges", new, 201) == message("Created successfully")
    assert json_of(desk, "GET", "/c/exchange/EX_NCMEC") == {
        "environment": "https://exttest.cybertip.org/hashsharing", "name": "EX_NCMEC",
        "api": "ncmec", "enabled": True, "only_esp_ids": [1, 2],
    }  # fmt: skip
    assert json_of(desk, "GET", "/c/bank/EX_NCMEC")["name"] == "EX_NCMEC"
    said(desk, "POST", "/c/exchanges", {"bank": "EX_FB2", "api": "fb_threatexchange",
         "api_json": {}}, 400,
         'Failed to parse `api_json` - missing value for field "privacy_group"')  # fmt: skip
    for given, status, text in (
        ({}, 400, "bank is required"),
        ({"bank": "lower", "api": "sample"}, 400, "Field `bank` must match /^[A-Z0-9_]+$/"),
        ({"bank": "A", "api": "sample", "api_json": None}, 400, "Field `api_json` must be object"),
        ({"bank": "A"}, 400, "Field `api_type` is required"),
        ({"bank": "A", "api": "bogus"}, 400, "No such exchange type 'bogus'"),
        ({"bank": "DEMO", "api": "sample"}, 403, "Bank already exists"),
        ({"bank": "EX_NCMEC", "api": "sample"}, 403, "Bank already exists"),
        ({"bank": "1ST", "api": "sample"}, 400, "Bank names must be UPPER_WITH_UNDERSCORE"),
    ):
        said(desk, "POST", "/c/exchanges", given, status, text)
    json_of(desk, "POST", "/c/exchanges", {"bank": "EX_SAMPLE", "api": "sample"}, 201)
    assert json_of(desk, "GET", "/c/exchanges") == ["EX_NCMEC", "EX_SAMPLE"]
    never = {"checkpoint_ts": None, "fetched_items": 0, "last_fetch_complete_ts": None,
             "last_fetch_succeeded": None, "running_fetch_start_ts": None,
             "up_to_date": False}  # fmt: skip
    assert json_of(desk, "GET", "/c/exchange/EX_SAMPLE/status") == never
    with desk.database.reading() as session:
        number = service.get(session, "ex_sample").id
    fetching.fetch(desk.app.fetching(), number, at_once=True)
    at = Said()
    assert json_of(desk, "GET", "/c/exchange/EX_SAMPLE/status") == never | {
        "checkpoint_ts": at, "fetched_items": 10, "last_fetch_complete_ts": Said(),
        "last_fetch_succeeded": True, "up_to_date": True,
    }  # fmt: skip
    for name in ("NOPE", "DEMO", "ex_sample"):
        said(desk, "GET", f"/c/exchange/{name}", None, 404, f"Exchange '{name}' not found")
        said(desk, "GET", f"/c/exchange/{name}/status", None, 404, f"Exchange '{name}' not found")
        said(desk, "PUT", f"/c/exchange/{name}", {"enabled": True}, 404,
             f"Exchange '{name}' not found")  # fmt: skip
    shown = {"api": "sample", "enabled": False, "name": "EX_SAMPLE"}
    assert json_of(desk, "PUT", "/c/exchange/EX_SAMPLE", {"enabled": False}) == shown
    assert json_of(desk, "PUT", "/c/exchange/EX_SAMPLE", {}) == shown
    assert json_of(desk, "PUT", "/c/exchange/EX_SAMPLE", {"enabled": "x"}, 422)[0]["loc"] == [
        "enabled"
    ]
    assert json_of(desk, "DELETE", "/c/exchange/NOPE") == message("Exchange deleted")


def test_types(desk: Desk):
    both = json_of(desk, "GET", "/c/signal_type")
    assert both == [{"enabled_ratio": 1.0, "name": "pdq"},
                    {"enabled_ratio": 1.0, "name": "video_md5"}]  # fmt: skip
    assert json_of(desk, "GET", "/c/content_type") == [
        {"enabled": True, "name": "photo"}, {"enabled": True, "name": "video"},
    ]  # fmt: skip
    assert ask(desk, "GET", "/c/content_type/photo").status == 404
    index = json_of(desk, "GET", "/c/signal_type/index?signal_type=pdq")
    assert {*index} == {"pdq"} and {*index["pdq"]} == {
        "db_size", "index_built_to", "index_out_of_date", "index_size", "newest_db_item",
    }  # fmt: skip
    for path in ("/c/signal_type/index", "/m/index/status"):
        said(desk, "GET", f"{path}?signal_type={quote('bogus')}", None, 400,
             "No such signal type 'bogus'")  # fmt: skip
