"""Sealed files in a bucket of an object store that speaks S3.

Where and who comes from the variables that all programs for S3 take: `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL` and others. An object is stored whole or
not at all, and is safe when the store has said so.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from tutela.evidence.errors import EvidenceError, NotOpened, SealingFailed, why
from tutela.evidence.store import checked

WHOLE = 16 << 20
"""Bytes that are sent in one piece, and only if there is no such object; what is larger is sent in
parts of as many, and could only write the same bytes over themselves."""

AT_ONCE = 2
"""Parts under way: they are held in memory."""

SECONDS, TRIES, PATIENCE = 20, 2, 15
"""Of one request, tries after the first, seconds in which they begin: an upload waits for this, and
gets its answer without evidence if it fails."""

STATUS = re.compile(r"status code: ([0-9]{3})")
HINT = "See the network, the bucket of evidence.url, and the rights of its AWS_… variables."


class BucketStore:
    """Files in a bucket, under a prefix, by year and month."""

    def __init__(self, url: str) -> None:
        """Raises `EvidenceError` if the URL or the variables cannot be used."""
        try:
            self._store = S3Store.from_url(
                url,
                client_options={
                    "timeout": timedelta(seconds=SECONDS),
                    "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
                },
                retry_config={
                    "max_retries": TRIES, "retry_timeout": timedelta(seconds=PATIENCE),
                },
            )  # fmt: skip
        except (BaseError, ValueError):
            raise EvidenceError("The setting evidence.url cannot be used.", HINT) from None

    def put(self, name: str, data: bytes) -> None:
        with _storing():
            if len(data) <= WHOLE:
                self._create(checked(name), data)
            else:
                self._send(checked(name), io.BytesIO(data))

    def take(self, name: str, path: Path) -> None:
        with _storing():
            if path.stat().st_size <= WHOLE:
                self._create(checked(name), path.read_bytes())
            else:
                self._send(checked(name), path)
            path.unlink()

    def open(self, name: str) -> BinaryIO:
        with _managing():
            try:
                reader = obstore.open_reader(self._store, checked(name), buffer_size=1 << 20)
            except (NotFoundError, FileNotFoundError):
                raise NotOpened(
                    f"The sealed file {name} is not in the bucket.",
                    "Restore it from the backup of evidence.",
                ) from None
        return cast(BinaryIO, io.BufferedReader(_Reader(reader), 1 << 20))

    def names(self) -> Iterator[tuple[str, datetime]]:
        with _managing():
            for page in obstore.list(self._store, chunk_size=1000):
                for found in page:
                    with suppress(NotOpened):  # another's object is none of ours
                        yield checked(found["path"]), found["last_modified"]

    def exists(self, name: str) -> bool:
        with _managing():
            try:
                obstore.head(self._store, checked(name))
            except (NotFoundError, FileNotFoundError):
                return False
            return True

    def delete(self, name: str) -> None:
        with _managing(), suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, checked(name))

    def tidy(self, before: datetime) -> int:
        """Parts that were never put together are the bucket's to remove, by a lifecycle rule."""
        return 0

    def probe(self) -> str | None:
        try:
            with _storing():
                obstore.put(self._store, "probe", b"probe", use_multipart=False)
                obstore.delete(self._store, "probe")
        except SealingFailed as error:
            return error.what
        return None

    def _create(self, name: str, data: bytes) -> None:
        with suppress(AlreadyExistsError, FileExistsError):  # the same bytes, of a try before
            obstore.put(self._store, name, data, mode="create", use_multipart=False)

    def _send(self, name: str, source: Any) -> None:
        obstore.put(self._store, name, source, chunk_size=WHOLE, max_concurrency=AT_ONCE)


class _Reader(io.RawIOBase):
    """An object as Python reads a file."""

    def __init__(self, reader: obstore.ReadableFile) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            found = self._reader.read(len(buffer))
        except BaseError:
            raise OSError("the bucket does not answer") from None
        buffer[: len(found)] = found
        return len(found)


@contextmanager
def _storing() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise SealingFailed(f"The bucket cannot be written to: {_why(error)}.", HINT) from None


@contextmanager
def _managing() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise EvidenceError(f"The bucket cannot be used: {_why(error)}.", HINT) from None


def _why(error: Exception) -> str:
    """In words of our own: the library's hold addresses and answers of the other side."""
    found = STATUS.search(str(error))  # of a list it is all that the library says
    status = found[1] if found else ""
    refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
    if refused or status in ("401", "403"):
        return "it refuses these keys"
    if isinstance(error, NotFoundError | FileNotFoundError) or status == "404":
        return "it is not there"
    if isinstance(error, OSError):
        return why(error)
    return "it does not answer as it should"
