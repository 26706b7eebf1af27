"""An object store on this machine that speaks as much of S3 as evidence uses, for tests.

PUT (also If-None-Match), GET, HEAD, DELETE, ListObjectsV2 by pages, and multipart uploads, as in
https://docs.aws.amazon.com/AmazonS3/latest/API/. Signatures are not checked.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Bucket(ThreadingHTTPServer):
    """Holds objects by name. `failing` is the status that every request gets, unless it is 0."""

    daemon_threads = True
    page = 1000

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.asked: list[str] = []
        self.failing = 0
        self.lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running() -> Iterator[Bucket]:
    with Bucket() as bucket:
        thread = threading.Thread(target=bucket.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield bucket
        finally:
            bucket.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Bucket
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def _begin(self) -> tuple[str, dict[str, str], bytes]:
        """The object's name, the query and the body."""
        url = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(self.command)
        return unquote(url.path).partition("/")[2].partition("/")[2], query, body

    def _reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        self._reply(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _ready(self) -> bool:
        failing = self.server.failing
        if failing:
            self._refuse(failing, "Refused")
        return not failing

    def do_PUT(self) -> None:
        name, query, body = self._begin()
        if not self._ready():
            return None
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        with self.server.lock:
            if "uploadId" in query:
                self.server.parts[query["uploadId"]][int(query["partNumber"])] = body
            elif self.headers.get("If-None-Match") == "*" and name in self.server.objects:
                return self._refuse(412, "PreconditionFailed")
            else:
                self.server.objects[name] = body, datetime.now(UTC)
        return self._reply(200, ETag=tag)

    def do_POST(self) -> None:
        name, query, body = self._begin()
        if not self._ready():
            return
        with self.server.lock:
            if "uploads" in query:
                upload = f"u{len(self.server.parts)}"
                self.server.parts[upload] = {}
                self._reply(
                    200,
                    f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId>"
                    "</InitiateMultipartUploadResult>".encode(),
                )
            elif "uploadId" in query:
                parts = self.server.parts.pop(query["uploadId"])
                self.server.objects[name] = b"".join(parts[n] for n in sorted(parts)), _now()
                self._reply(
                    200,
                    b"<CompleteMultipartUploadResult><ETag>&quot;x&quot;</ETag>"
                    b"</CompleteMultipartUploadResult>",
                )
            elif "delete" in query:  # DeleteObjects
                names = [p.partition("</Key>")[0] for p in body.decode().split("<Key>")[1:]]
                for one in names:
                    self.server.objects.pop(one, None)
                gone = "".join(f"<Deleted><Key>{escape(n)}</Key></Deleted>" for n in names)
                self._reply(200, f"<DeleteResult>{gone}</DeleteResult>".encode())

    def do_DELETE(self) -> None:
        name, query, _ = self._begin()
        if self._ready():
            with self.server.lock:
                self.server.parts.pop(query.get("uploadId", ""), None)
                self.server.objects.pop(name, None)
            self._reply(204)

    def do_GET(self) -> None:
        name, query, _ = self._begin()
        if not self._ready():
            return None
        if not name:
            return self._list(query)
        found = self.server.objects.get(name)
        if found is None:
            return self._refuse(404, "NoSuchKey")
        data, at = found
        headers = {"ETag": '"x"', "Last_Modified": format_datetime(at, usegmt=True)}
        given = self.headers.get("Range")
        if given is None:
            return self._reply(200, data, **headers)
        first, _, last = given.removeprefix("bytes=").partition("-")
        end = min(int(last or len(data)) + 1, len(data))
        span = f"bytes {first}-{end - 1}/{len(data)}"
        return self._reply(206, data[int(first) : end], Content_Range=span, **headers)

    do_HEAD = do_GET  # noqa: N815

    def _list(self, query: dict[str, str]) -> None:
        after = query.get("continuation-token") or query.get("start-after", "")
        names = sorted(
            n for n in self.server.objects if n.startswith(query.get("prefix", "")) and n > after
        )
        page = names[: self.server.page]
        more = len(names) > len(page)
        rows = "".join(
            f"<Contents><Key>{escape(n)}</Key><Size>{len(self.server.objects[n][0])}</Size>"
            f"<LastModified>{self.server.objects[n][1]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            '<ETag>"x"</ETag></Contents>'
            for n in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        self._reply(
            200,
            f"<ListBucketResult><KeyCount>{len(page)}</KeyCount><IsTruncated>{str(more).lower()}"
            f"</IsTruncated>{token}{rows}</ListBucketResult>".encode(),
        )


def _now() -> datetime:
    return datetime.now(UTC)
