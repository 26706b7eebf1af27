"""A proxy that screens uploads before an application sees them, such as Mastodon's media.

pip install 'tutela[client]' starlette uvicorn
TUTELA_URL=… TUTELA_KEY=tut_… BEHIND=http://127.0.0.1:3000 python mastodon_proxy.py

Let nginx send `POST /api/v1/media` and `/api/v2/media` here, and everything else where it went.
"""

from __future__ import annotations

import os

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tutela.client import AsyncTutela
from tutela.client.asgi import ScreenUploads

BEHIND = os.environ["BEHIND"]
HOP = {
    "connection",
    "content-length",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}

behind = httpx2.AsyncClient(base_url=BEHIND, timeout=60)
tutela = AsyncTutela(os.environ["TUTELA_URL"], os.environ["TUTELA_KEY"], patience=5)


async def passed_on(request: Request) -> Response:
    """What arrives here was allowed: it goes on as it came."""
    kept = [(name, value) for name, value in request.headers.items() if name not in HOP]
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    reply = await behind.request(request.method, target, headers=kept, content=await request.body())
    dropped = HOP | {"content-encoding"}  # it was unpacked
    headers = {name: value for name, value in reply.headers.items() if name not in dropped}
    return Response(reply.content, reply.status_code, headers)


app = Starlette(routes=[Route("/{path:path}", passed_on, methods=["POST"])])
app.add_middleware(
    ScreenUploads,
    tutela=tutela,
    limit=110 << 20,
    fail="closed",
    facts=lambda _scope: {"item": {"channel": "public"}},
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
