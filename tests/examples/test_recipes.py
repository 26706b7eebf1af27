"""The recipes' own code and configuration, run with a real nginx, service and store of objects."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from urllib.request import urlopen

import urllib3
from conftest import missing
from server.doors import KNOWN, OTHER
from server.serving import Service, until

from tutela.client import Tutela
from tutela.testing import bucket

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recipes.md").read_text()


def block(section: str, containing: str) -> str:
    """The lines of code of a section that have some words in them."""
    text = PAGE.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    for found in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M):
        if containing in found:
            return textwrap.dedent(found)
    raise AssertionError(f"no {containing} in {section}")


class Application(ThreadingHTTPServer):
    """What stands behind: it stores what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stored: list[tuple[str, bytes]] = []
        self.files: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Application

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.stored.append((self.path, body))
        self._send(202, b"stored")

    def do_GET(self) -> None:
        self._send(200, self.server.files[self.path])

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def application() -> Iterator[Application]:
    with Application() as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        made.shutdown()


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        found: int = asked.getsockname()[1]
        return found


@contextmanager
def started(words: list[str], port: int, folder: Path, **more: str) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            words, stdout=written, stderr=written, cwd=folder, env={"PATH": os.defpath} | more
        )

    def answers() -> bool:
        with socket.socket() as line:
            return process.poll() is not None or line.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(answers)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def nginx(folder: Path, lines: str, **upstreams: str) -> Iterator[str]:
    """A real one with some lines of a recipe in its server."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("nginx", "there is no nginx (apt-get install nginx-light)")
    port = free_port()
    folder.mkdir()
    sent = "".join(f"upstream {n} {{ server {at}; }}\n" for n, at in upstreams.items())
    kept = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""  # else its workers cannot write there
    config = folder / "nginx.conf"
    config.write_text(
        f"{user}daemon off; pid {folder}/pid; error_log stderr;\nevents {{}}\nhttp {{\n"
        f"access_log off;\n{kept}{sent}server {{\nlisten 127.0.0.1:{port};\n"
        f"client_max_body_size 20m;\n{lines}}}\n}}\n"
    )
    words = [str(program), "-c", str(config), "-p", str(folder)]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with started(words, port, folder):
        yield f"http://127.0.0.1:{port}"


def post(url: str, data: bytes, **more: Any) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager(retries=False, timeout=30) as http:
        fields = {"file": ("rain.jpg", data, "image/jpeg")}
        return http.request("POST", url, fields=fields, **more)


def blocked(served: Service) -> float:
    text = served.http.request(
        "GET", f"http://127.0.0.1:{served.port}/metrics",
        headers={"authorization": f"Bearer {served.secrets['watch']}"},
    ).data.decode()  # fmt: skip
    rows = re.findall(r'^tutela_screened_total\{.*verdict="block".*\} (\S+)$', text, re.M)
    return sum(map(float, rows))


def test_what_nginx_mirrors_is_screened_and_stored_all_the_same(served, tmp_path):
    lines = block("nginx", "mirror /screen")
    lines = lines.replace("127.0.0.1:8377", f"127.0.0.1:{served.port}")
    lines = lines.replace("tut_…", served.secrets["platform"])
    before = blocked(served)
    with application() as behind, nginx(
        tmp_path / "nginx", lines, application=behind.url.removeprefix("http://")
    ) as url:  # fmt: skip
        assert post(f"{url}/upload", KNOWN).status == 202
        until(lambda: blocked(served) == before + 1)
        assert len(behind.stored) == 1 and KNOWN in behind.stored[0][1]
        with urllib3.PoolManager(retries=False) as http:
            assert http.request("POST", f"{url}/screen", body=b"x").status == 404  # internal


def test_what_goes_to_mastodon_through_the_proxy_is_held_back(served, tmp_path):
    proxy = free_port()
    with ExitStack() as stack:
        behind = stack.enter_context(application())
        (tmp_path / "proxy").mkdir()
        stack.enter_context(started(
            [sys.executable, str(ROOT / "examples" / "mastodon_proxy.py")], proxy,
            tmp_path / "proxy", PORT=str(proxy), BEHIND=behind.url,
            TUTELA_URL=f"http://127.0.0.1:{served.port}",
            TUTELA_KEY=served.secrets["platform"],
        ))  # fmt: skip
        url = stack.enter_context(nginx(
            tmp_path / "nginx", block("Mastodon", "location ~"), screened=f"127.0.0.1:{proxy}"
        ))  # fmt: skip
        assert post(f"{url}/api/v2/media", KNOWN).status == 422
        assert behind.stored == []
        reply = post(f"{url}/api/v2/media?rain=1", OTHER)
        assert (reply.status, reply.data) == (202, b"stored")
        ((path, body),) = behind.stored
        assert path == "/api/v2/media?rain=1" and OTHER in body
        assert post(f"{url}/api/v2/medium", OTHER).status == 404


class Objects:
    """As much of boto3's client of S3 as the recipe uses, on a store on this machine."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint, self.http = endpoint, urllib3.PoolManager(retries=False, timeout=20)

    def url(self, place: dict[str, str]) -> str:
        return f"{self.endpoint}/{place['Bucket']}/{urllib3.util.parse_url(place['Key']).url}"

    def get_object(self, **place: str) -> dict[str, Any]:
        reply = self.http.request("GET", self.url(place), preload_content=False)
        assert reply.status == 200
        reply.iter_chunks = reply.stream
        return {"Body": reply}

    def copy_object(self, *, Bucket: str, Key: str, CopySource: dict[str, str]) -> None:  # noqa: N803
        data = self.http.request("GET", self.url(CopySource)).data
        made = self.http.request("PUT", self.url({"Bucket": Bucket, "Key": Key}), body=data)
        assert made.status == 200

    def delete_object(self, **place: str) -> None:
        assert self.http.request("DELETE", self.url(place)).status == 204


def event(*names: str) -> dict[str, Any]:
    """Of S3's form: names are coded as in a query."""
    return {"Records": [
        {
            "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "eventTime": "2026-03-01T00:00:00.000Z",
            "s3": {
                "s3SchemaVersion": "1.0", "bucket": {"name": "incoming", "arn": "arn:aws:s3:::x"},
                "object": {"key": name, "size": 1, "sequencer": "00"},
            },
        }
        for name in names
    ]}  # fmt: skip


def test_an_object_is_moved_only_when_it_is_allowed(served):
    with bucket.running() as store, Tutela(
        f"http://127.0.0.1:{served.port}", served.secrets["platform"]
    ) as tutela:  # fmt: skip
        s3 = Objects(store.endpoint)
        for name, data in (("rain.jpg", OTHER), ("known.jpg", KNOWN)):
            s3.http.request("PUT", f"{store.endpoint}/incoming/{name}", body=data)
        space = {"tutela": tutela, "s3": s3, "SERVED": "served", "unquote_plus": unquote_plus}
        exec(block("S3 events", "def handle"), space)
        space["handle"](json.loads(json.dumps(event("rain.jpg", "known.jpg"))), None)
        assert {name.split("/", 1)[-1] for name in store.objects} >= {"known.jpg"}
        names = sorted(store.objects)
        assert [name for name in names if "rain" in name] == [
            name for name in names if "served" in name
        ]  # fmt: skip
        assert not any("served" in name for name in names if "known" in name)


def test_a_post_of_discourse_is_removed_when_an_upload_is_not_allowed(served):
    removed: list[int] = []
    with application() as forum, Tutela(
        f"http://127.0.0.1:{served.port}", served.secrets["platform"]
    ) as tutela:  # fmt: skip
        forum.files = {"/uploads/a.jpg": OTHER, "/uploads/b.jpg": KNOWN}
        space = {"tutela": tutela, "re": re, "urlopen": urlopen, "FORUM": forum.url,
                 "remove": removed.append}  # fmt: skip
        exec(block("Discourse", "def handle"), space)
        for number, cooked in (
            (1, '<p>rain</p><img src="/uploads/a.jpg" width="1">'),
            (2, '<a href="https://other.example/uploads/b.jpg?x=1">bicycle</a>'),
            (3, "<p>no uploads</p>"),
        ):  # fmt: skip
            space["handle"]({"post": {"id": number, "cooked": cooked}})
    assert removed == [2]
