"""Secrets of endpoints, sealed: who has the database alone cannot sign in our name.

Each is bound to the endpoint's number and URL, so that a row changed behind our back opens nothing
and signs for nobody else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from tutela import sealing
from tutela.sealing import SealingError
from tutela.webhooks.models import Endpoint

LOST = (
    "If it is lost: tutela init makes another, and tutela webhook rotate a new secret for each"
    " endpoint."
)


class Sealing:
    """Seals secrets of endpoints and opens them."""

    def __init__(self, key: sealing.Sealing) -> None:
        self._key = key

    @classmethod
    def make(cls, path: Path) -> Self:
        """A new key in a new file. Raises `SealingError` if there is one already."""
        return cls(sealing.Sealing.make(path))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises `SealingError`, also if others than its owner can read the file."""
        return cls(sealing.Sealing.load(path, LOST))

    def seal(self, secret: bytes, endpoint: Endpoint) -> bytes:
        return self._key.seal(secret, _bound(endpoint))

    def opened(self, sealed: bytes, endpoint: Endpoint) -> bytes:
        """Raises `SealingError`."""
        try:
            return self._key.opened(sealed, _bound(endpoint))
        except SealingError:
            raise SealingError(
                f"The secret of the endpoint {endpoint.name} cannot be opened.",
                "Restore the key of webhooks, or make a new secret: tutela webhook rotate"
                f" {endpoint.name}",
            ) from None


def _bound(endpoint: Endpoint) -> bytes:
    return f"tutela webhook {endpoint.id} {endpoint.private:d} {endpoint.url}".encode()
