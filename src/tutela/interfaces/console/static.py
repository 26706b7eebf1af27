"""Files that pages use. Their content's hash is in the address, so that browsers keep them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

FOLDER = Path(__file__).with_name("static")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
YEAR = "public, max-age=31536000, immutable"

router = APIRouter()


@cache
def files() -> dict[str, tuple[bytes, str]]:
    """Each file by its name, with its hash: read once."""
    found = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in TYPES:
            data = path.read_bytes()
            found[path.name] = data, hashlib.sha256(data).hexdigest()[:16]
    return found


def url(name: str) -> str:
    """The address of a file as it is now."""
    return f"/console/static/{name}?v={files()[name][1]}"


@router.get("/static/{name}")
async def static(name: str, request: Request) -> Response:
    if name not in files():
        raise HTTPException(404)
    data, digest = files()[name]
    fresh = request.query_params.get("v") == digest
    return Response(
        data,
        media_type=TYPES[Path(name).suffix],
        headers={"cache-control": YEAR if fresh else "no-store"},
    )
