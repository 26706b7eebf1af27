"""`/debugger`: two files side by side, as small grey derivatives, with all that is made of them.

Nothing is stored and nothing sealed: the files are held in memory until the page is made.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tutela import audit
from tutela.banks.values import is_near
from tutela.decoding import Derivative, Fingerprint, fingerprint
from tutela.errors import TutelaError
from tutela.interfaces.console import forms, guarding
from tutela.interfaces.console.forms import Form, Unreadable
from tutela.interfaces.console.shell import Visitor, may, page, state_of
from tutela.interfaces.console.texts import N_
from tutela.interfaces.console.texts import gettext as _
from tutela.interfaces.console.uploads import Upload, upload
from tutela.people.permissions import Permission
from tutela.policy.vocabulary import CHANNELS
from tutela.running import Running
from tutela.screening import Given, Screened
from tutela.signals import Signal, SignalType
from tutela.views import service as views

Analyst = Annotated[Visitor, Depends(may(Permission.MATCH_DETAIL))]

LARGEST = 64 << 20
"""Bytes of each file: photographs are a tenth of it, and both are held in memory."""

MOST_FIELDS = 1024
FILES = ("first", "second")
NAMES = {"first": N_("The first file"), "second": N_("The second file")}

IMAGES = b"img-src 'self' data:"
"""Of this page alone: its pictures are in it, since any process may have made them, and no other
keeps them."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Side:
    """What was made of one file. `picture` is a data: address, or empty; then `why` says why."""

    title: str
    size: int
    found: Fingerprint
    picture: str
    width: int
    height: int
    why: str
    screened: Screened | None
    trouble: str
    """Why banks and policy could not be asked."""

    def frame(self) -> int | None:
        """The frame that is compared: the first with a signal."""
        return min((s.frame for s in self.found.signals if s.frame is not None), default=None)

    def of_type(self, name: str) -> list[Signal]:
        """The signals of a type: of one frame, if it has frames."""
        frame = self.frame()
        return [s for s in self.found.signals if s.type == name and s.frame in (None, frame)]


@dataclass(frozen=True, slots=True)
class Cell:
    """A distance, and whether it is one of a match, and the least of all."""

    distance: int
    matches: bool
    least: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """Distances between all variants of two pictures, by one signal type."""

    type: str
    match_distance: int
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]

    @property
    def heads(self) -> list[tuple[str, str]]:
        """The columns, as the macro of tables takes them."""
        return [(name, "number") for name in self.columns]


@router.get("/debugger")
def show_debugger(request: Request, visitor: Analyst) -> Response:
    return _page(request, visitor, forms.shown(channel="public"))


@router.post("/debugger")
async def compare(request: Request, visitor: Analyst) -> Response:
    """Make everything of both files, and keep nothing."""
    memory = state_of(request).memory
    taken = 0

    def take(count: int) -> None:
        nonlocal taken
        memory.take(count)
        taken += count

    form: Form[Any] = forms.shown(channel="public")
    try:
        files = await _files(upload(request), form, take)
        if form.errors:
            return await run_in_threadpool(_page, request, visitor, form, 422)
        return await run_in_threadpool(_compared, request, visitor, form, files)
    finally:
        memory.give(taken)


async def _files(coming: Upload, form: Form[Any], take: Any) -> Mapping[str, bytearray]:
    """The bytes of both files; what is wrong with them is said in the form."""
    files: dict[str, bytearray] = {}
    typed: dict[str, str] = {}
    while (part := await coming.next()) is not None:
        if part.filename is None:
            typed[part.name] = await coming.text(MOST_FIELDS)
        elif part.name not in FILES or part.name in files:
            raise Unreadable(_("The form cannot be read."), _("Send it from its page."))
        elif part.filename:
            files[part.name] = data = bytearray()
            async for chunk in coming.chunks():
                take(len(chunk))
                data += chunk
                if len(data) > LARGEST:
                    form.fail(part.name, _("This file is larger than 64 MiB."))
                    return files
    form.typed = typed
    if typed.get("channel") not in CHANNELS:
        form.fail("channel", _("Choose one of those that are offered."))
    for name in FILES:
        if not files.get(name):
            form.fail(name, _("Choose a file that is not empty."))
    return files


def _compared(
    request: Request, visitor: Visitor, form: Form[Any], files: Mapping[str, bytearray]
) -> Response:
    running = state_of(request).running
    given = Given(channel=form.get("channel"))
    database = running.app.database
    with database.writing() as session:  # before anything is seen
        views.used_debugger(session, database.now(), visitor.caller)
        audit.append(
            session, database.now(), visitor.caller.actor, "debugger.use", "debugger",
            files=len(files),
        )  # fmt: skip
    first, second = (_side(running, _(NAMES[name]), files[name], given) for name in FILES)
    near = [kind for kind in running.pool.types if is_near(kind)]
    made = (_matrix(kind, first.of_type(kind.name), second.of_type(kind.name)) for kind in near)
    return _page(
        request, visitor, form, sides=(first, second),
        matrices=[matrix for matrix in made if matrix is not None],
        same=_same(running.pool.types, first, second),
    )  # fmt: skip


def _side(running: Running, title: str, data: bytearray, given: Given) -> Side:
    began = time.perf_counter()
    found = fingerprint(io.BytesIO(data), running.pool)
    small = running.pool.derivative(data)
    screened, trouble = None, ""
    try:
        screened = running.screener.judge(found, given, began)
    except TutelaError as error:
        trouble = f"{error.what} {error.hint}".strip()
    if isinstance(small, Derivative):
        shown = "data:image/png;base64," + base64.b64encode(small.png()).decode()
        size, why = (small.width, small.height), ""
    else:
        shown, size, why = "", (0, 0), small.meaning
    return Side(title, len(data), found, shown, *size, why, screened, trouble)


def _matrix(kind: SignalType, first: list[Signal], second: list[Signal]) -> Matrix | None:
    if not first or not second:
        return None
    apart = [[kind.distance(one.value, other.value) for other in second] for one in first]
    least = min(map(min, apart))
    rows = [
        (one.variant, [Cell(d, d <= kind.match_distance, d == least) for d in row])
        for one, row in zip(first, apart, strict=True)
    ]
    return Matrix(kind.name, kind.match_distance, [other.variant for other in second], rows)


def _same(types: Sequence[SignalType], first: Side, second: Side) -> list[tuple[str, bool]]:
    """Of each type whose values are equal or not, whether they are."""
    found = []
    for kind in types:
        one, other = first.of_type(kind.name), second.of_type(kind.name)
        if not is_near(kind) and one and other:
            found.append((kind.name, one[0].value == other[0].value))
    return found


def _page(
    request: Request,
    visitor: Visitor,
    form: Form[Any],
    status: int = 200,
    sides: Sequence[Side] = (),
    matrices: Sequence[Matrix] = (),
    same: Sequence[tuple[str, bool]] = (),
) -> Response:
    policy = guarding.CSP.replace(b"img-src 'self'", IMAGES)
    return page(
        request, visitor, "debugger/page.html", status,
        headers={"content-security-policy": policy.decode()} if sides else None,
        form=form, sides=sides, matrices=matrices, same=same,
        channels=[(name, name) for name in CHANNELS],
    )  # fmt: skip
