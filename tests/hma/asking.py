"""How tests ask as HMA's clients do."""

from __future__ import annotations

import io
import json
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from api.service import Desk, Reply
from PIL import Image

H0 = "2d6f1af3a956c529c79ca3d2526fa834d4196c81cedd04de0a26b855fc99b724"
"""As in the recordings: PDQ of a made, harmless picture."""


def weather(seed: int) -> bytes:
    """A picture of clouds, made by code: each seed's is far from the others."""
    spots = random.Random(seed).randbytes(16 * 16)
    made = Image.frombytes("L", (16, 16), spots).resize((256, 256), Image.Resampling.BICUBIC)
    stored = io.BytesIO()
    made.convert("RGB").save(stored, "PNG")
    return stored.getvalue()


def near(bits: int) -> str:
    """H0 with so many bits turned."""
    return f"{int(H0, 16) ^ ((1 << bits) - 1):064x}"


def ask(desk: Desk, method: str, path: str, who: str | None = "all", **more: Any) -> Reply:
    """The answer to who has this key; `given` goes as JSON."""
    headers = more.pop("headers", {})
    if who is not None:
        headers = {**headers, "authorization": f"Bearer {desk.keys[who]}"}
    if "given" in more:
        more["body"] = json.dumps(more.pop("given"))
        headers = {**headers, "content-type": "application/json"}
    return Reply(desk.http.request(method, f"/hma{path}", headers=headers, retries=False, **more))


@contextmanager
def media(files: Mapping[str, tuple[str, bytes]]) -> Iterator[int]:
    """A server of files, each with its type; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, data = files.get(self.path, ("text/plain", b""))
            self.send_response(200 if self.path in files else 404)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
