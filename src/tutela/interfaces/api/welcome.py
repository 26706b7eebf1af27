"""The one-time link of `tutela init`: it makes the first administrator's key.

A GET changes nothing, so that a preview of the link does not use it up.
"""

from __future__ import annotations

from html import escape

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse

from tutela.errors import TutelaError
from tutela.interfaces.api.state import Shared, State
from tutela.people import invitations

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Tutela</title>
<h1>Tutela</h1>
{body}
</html>
"""
ASK = """<p>This link makes the key of the first administrator, once.</p>
<form method="post"><button>Make the key</button></form>"""
GONE = """<p>This link is not valid, or was used.
Run <code>tutela init --new-link</code> for another.</p>"""


@router.get("/welcome/{secret}")
async def ask(secret: str, shared: Shared) -> HTMLResponse:
    valid = await run_in_threadpool(_valid, shared, secret)
    return HTMLResponse(PAGE.format(body=ASK if valid else GONE), 200 if valid else 404)


@router.post("/welcome/{secret}")
async def make(secret: str, shared: Shared) -> HTMLResponse:
    try:
        name, key = await run_in_threadpool(_made, shared, secret)
    except TutelaError:
        return HTMLResponse(PAGE.format(body=GONE), 404)
    body = (
        f"<p>The key <strong>{escape(name)}</strong>, shown this once:</p>"
        f"<p><code>{escape(key)}</code></p><p>Keep it where you keep passwords.</p>"
    )
    return HTMLResponse(PAGE.format(body=body))


def _valid(shared: State, secret: str) -> bool:
    database = shared.running.app.database
    with database.reading() as session:
        return invitations.is_valid(session, database.now(), secret)


def _made(shared: State, secret: str) -> tuple[str, str]:
    database = shared.running.app.database
    with database.writing() as session:
        return invitations.redeem(session, database.now(), secret)
