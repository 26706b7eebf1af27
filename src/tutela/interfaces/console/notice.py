"""`/notice`: where anyone tells of something, without an account. The answer is the same whatever
is known here. It works without scripts; nothing can be uploaded, and nothing is fetched."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tutela.cases import alerts, intake
from tutela.cases.alerts import Received
from tutela.cases.options import Options
from tutela.errors import TutelaError
from tutela.interfaces.api.json_bodies import NO_ZERO
from tutela.interfaces.api.state import State, state
from tutela.interfaces.console import forms, helplines, rendering, static
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.signing_in import address_of
from tutela.interfaces.console.texts import gettext as _

MOST = 64 << 10
"""Bytes of a notice: ten thousand letters of any script, each of nine bytes as browsers send it."""
PATIENCE = 30.0
FILES = ("tutela.css", "notice.js")
LOOPBACK = ("127.0.0.1", "::1")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}

log = logging.getLogger(__name__)
router = APIRouter()


class Notice(Fields):
    """What someone tells."""

    where: Annotated[str, Field(max_length=alerts.LONGEST_URL, pattern=NO_ZERO)] = ""
    about: Literal["item", "account", "thread", "text"] = "item"
    text: Annotated[str, Field(max_length=5000, pattern=NO_ZERO)] = ""
    danger: Literal["true", "on"] | None = None
    child_age: Annotated[int, Field(ge=0, le=17)] | None = None
    who: Literal["user", "non-user"] = "non-user"
    contact: Annotated[str, Field(max_length=alerts.LONGEST_ID, pattern=NO_ZERO)] = ""
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = ""


@router.get("/notice")
async def ask(request: Request) -> Response:
    """The form, and whom to call."""
    return _page(request, forms.shown(who="non-user", about="item"))


@router.get("/notice/thanks")
async def thank(request: Request) -> Response:
    return _page(request, forms.shown(), thanks=True)


@router.get("/notice/static/{name}")
async def give_file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in FILES:
        raise HTTPException(404)
    _open(request)
    data, digest = static.files()[name]
    fresh = request.query_params.get("v") == digest
    kept = static.YEAR if fresh else "no-store"
    kind = static.TYPES[name[name.rindex(".") :]]
    return Response(data, media_type=kind, headers={"cache-control": kept})


@router.post("/notice")
async def take(request: Request) -> Response:
    """Take a notice: read within limits, then written like any other report."""
    _open(request)
    form, status = await _read(request)
    if form.value is None:
        return _page(request, form, status)
    told, found = form.value, state(request)
    now = found.running.app.database.now()
    source = sender(request, found.running.app.settings.cases)
    held = limits(request)
    if not held.spend(source, now):
        if held.flooded(now):
            await run_in_threadpool(_sound, found)
        return _page(request, form.fail("", _(
            "More was told in the last hour than we can read. Try again later. If a child is in"
            " danger, call the emergency number above now."
        )), 429)  # fmt: skip
    try:
        await run_in_threadpool(_keep, found, told)
    except TutelaError as error:
        log.error("a notice was not taken: %s", error)
        return _page(request, form.fail("", _("We cannot take it now. Try again later.")), 503)
    country = f"?country={told.country}" if told.country in helplines.countries() else ""
    return RedirectResponse(f"/notice/thanks{country}", 303, HEADERS)


def limits(request: Request) -> intake.Limits:
    """How many more may come, in this process of several."""
    held: intake.Limits | None = getattr(request.app.state, "notices", None)
    if held is None:
        found = state(request)
        options, share = found.running.app.settings.cases, found.keyring.processes
        held = intake.Limits(-(-options.notices_each // share), -(-options.notices_all // share))
        request.app.state.notices = held
    return held


def sender(request: Request, options: Options) -> str:
    """Whom a notice comes from, as far as that can be known; empty: from a proxy on this machine
    that nobody named, of which nothing is believed."""
    address = address_of(request)
    if address in options.notice_proxies:
        said = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return said[:64] or address
    return "" if address in LOOPBACK else address


def _keep(found: State, told: Notice) -> None:
    database = found.running.app.database
    is_url = "://" in told.where or told.where.startswith("www.")
    about = told.about
    if is_url or not told.where:
        about_id, url = "", told.where
    else:
        about_id, url = told.where, ""
        if len(about_id) > alerts.LONGEST_ID:
            about_id, url = "", told.where
    what = Received(
        about="url" if url else about if about_id else "text", about_id=about_id, text=told.text,
        url=url, kind=alerts.NOTICE, reporter=told.who, reporter_id=told.contact,
        danger=told.danger is not None, child_age=told.child_age,
    )  # fmt: skip
    with database.writing() as session:
        alerts.report(session, database.now(), what)


def _sound(found: State) -> None:
    database = found.running.app.database
    with database.writing() as session:
        intake.sound_flood(session, database.now())


def _open(request: Request) -> None:
    """Raises 404 where no notices are taken."""
    if not state(request).running.app.settings.cases.notices:
        raise HTTPException(404)


def _wrong(what: str) -> Form[Notice]:
    form: Form[Notice] = forms.shown()
    return form.fail("", what)


async def _read(request: Request) -> tuple[Form[Notice], int]:
    """What came, and the status to say it with if it is not right."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return _wrong(_("This did not come from this page.")), 403
    try:
        async with asyncio.timeout(PATIENCE):
            form: Form[Notice] = forms.checked(Notice, await _pairs(request))
    except (TimeoutError, ClientDisconnect):
        return _wrong(_("The form did not come in time. Send it again.")), 408
    except ValueError:
        return _wrong(_("The form cannot be read. Write less, and try again.")), 413
    if form.value is not None and not (form.value.where or form.value.text):
        form.fail("where", _("Say where it is, or describe it below."))
    return form, 422


async def _pairs(request: Request) -> list[tuple[str, str]]:
    """What the form has. Raises `ValueError`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise ValueError(kind)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST:
            raise ValueError("too long")
    text = data.decode("ascii")
    return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)


def _url(name: str) -> str:
    """The address of a file that this page may have: the console may be at another host."""
    return f"/notice/static/{name}?v={static.files()[name][1]}"


def _page(
    request: Request, form: Form[Any], status: int = 200, *, thanks: bool = False
) -> HTMLResponse:
    _open(request)
    options = state(request).running.app.settings.cases
    chosen = request.query_params.get("country") or form.get("country") or options.notice_country
    text = rendering.render(
        "notice/page.html",
        form=form, thanks=thanks, leave=options.notice_exit, csrf="", query={}, path="/notice",
        visitor=None, nav=[], said="", zone=rendering.UTC_ZONE,
        countries=helplines.shown(chosen), every=list(helplines.countries().values()),
        chosen=chosen if chosen in helplines.countries() else "",
        static=_url,
    )  # fmt: skip
    return HTMLResponse(text, status, HEADERS)
