"""FastAPI: uploads are screened by the middleware, before any route sees them.

pip install 'tutela[client]' fastapi uvicorn
TUTELA_URL=http://127.0.0.1:8377 TUTELA_KEY=tut_… python fastapi_app.py
"""

from __future__ import annotations

import os
from typing import Annotated

import uvicorn
from fastapi import FastAPI, File, UploadFile

from tutela.client import AsyncTutela
from tutela.client.asgi import ScreenUploads

tutela = AsyncTutela(os.environ["TUTELA_URL"], os.environ["TUTELA_KEY"], patience=5)
app = FastAPI()


@app.post("/pictures")
async def store(picture: Annotated[UploadFile, File()]) -> dict[str, int]:
    """What arrives here was allowed: store it where you store pictures."""
    return {"stored": len(await picture.read())}


app.add_middleware(
    ScreenUploads,
    tutela=tutela,
    facts=lambda _scope: {"item": {"channel": "public"}},
    on_down=lambda down: print("Tutela is", "down" if down else "back", flush=True),
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
