"""Keys in the path, for clients that can send no header: gone from it before anything reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

BASE = "/hma"


class KeyInPath:
    """Makes `/hma/k/KEY/m/lookup` to `/hma/m/lookup` with the key as a header, and `/hma//m/lookup`
    to the same without one: some clients join a base that ends in a slash."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(f"{BASE}/"):
            scope = _plain(scope)
        await self.app(scope, receive, send)


def _plain(scope: Scope) -> Scope:
    path = scope["path"]
    if not path.startswith((f"{BASE}//", f"{BASE}/k/")) and path != f"{BASE}/k":
        return scope
    rest = path.removeprefix(BASE).lstrip("/")
    headers = scope["headers"]
    if rest == "k" or rest.startswith("k/"):
        key, _, rest = rest.removeprefix("k").lstrip("/").partition("/")
        headers = [pair for pair in headers if pair[0] != b"authorization"]
        headers.append((b"authorization", b"Bearer " + key.encode("latin-1", "replace")))
    path = f"{BASE}/{rest.lstrip('/')}"
    return {**scope, "path": path, "raw_path": quote(path).encode(), "headers": headers}
