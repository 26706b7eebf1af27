"""Each example runs as its first lines say, takes what is allowed, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3
from server.doors import KNOWN, OTHER
from server.serving import until

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*_app.py"))


@contextmanager
def running(example: Path, url: str, key: str, folder: Path) -> Iterator[str]:
    """The example as a process; gives the URL of its upload."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, str(example)], stdout=written, stderr=written, cwd=folder,
            env={"TUTELA_URL": url, "TUTELA_KEY": key, "PORT": str(port), "PATH": os.defpath},
        )  # fmt: skip

    def answers() -> bool:
        with socket.socket() as line:
            return process.poll() is not None or line.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(answers)
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port}/pictures"
    finally:
        process.terminate()
        process.wait(20)


def posted(url: str, data: bytes) -> tuple[int, dict[str, object]]:
    http = urllib3.PoolManager(retries=False, timeout=30)
    try:
        reply = http.request("POST", url, fields={"picture": ("rain.jpg", data, "image/jpeg")})
        return reply.status, reply.json()
    finally:
        http.clear()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_stores_what_is_allowed_and_refuses_what_is_known(example, served, tmp_path):
    url = f"http://127.0.0.1:{served.port}"
    with running(example, url, served.secrets["platform"], tmp_path) as upload:
        assert posted(upload, OTHER) == (200, {"stored": len(OTHER)})
        status, told = posted(upload, KNOWN)
        assert status == 422 and told["detail"] == "This upload was not accepted."


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_stores_no_picture_while_tutela_is_down(example, tmp_path):
    with running(example, "http://127.0.0.1:9", "tut_k", tmp_path) as upload:
        assert posted(upload, b"\xff\xd8\xff\xe0" + OTHER)[0] == 503


def test_there_is_one_for_each_framework():
    assert [path.stem for path in EXAMPLES] == ["django_app", "fastapi_app", "flask_app"]
