"""Errors as `application/problem+json` (RFC 9457), each with a hint and the request's id."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from itertools import count

from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tutela.alarms.errors import NoSuchAlarm
from tutela.banks.errors import IndexNotReady, ListRefused, NoSuchBank, NotBankable
from tutela.cases.errors import CaseTaken, NoSuchCase, NoSuchQueue, NotHeld, ReportRefused
from tutela.decisions.errors import AppealRefused, NoSuchAppeal, NoSuchDecision, NothingStands
from tutela.errors import TutelaError
from tutela.exchanges.errors import NoSuchExchange, NoSuchPartner
from tutela.people.errors import ApprovalRefused, KeyRefused, SecondPersonNeeded
from tutela.policy import ChannelRefused, FactsRefused
from tutela.preservation.errors import NoSuchRequest
from tutela.reporting.errors import (
    CannotWithdraw,
    NoSuchAuthority,
    NoSuchReport,
    NotConfigured,
    ReportChanged,
    ReportNotReady,
)
from tutela.screening.answers import KeyReused
from tutela.screening.policies import NoPolicy
from tutela.signals.errors import SignalError
from tutela.webhooks.errors import EndpointRefused, NoSuchEndpoint, NoSuchMessage

log = logging.getLogger(__name__)

PROCESS, NUMBERS = secrets.token_hex(5), count(1)
"""Of this process, and of its requests: together a request's id."""


class Problem(TutelaError):
    """An answer that is not what was asked for."""

    def __init__(
        self,
        status: int,
        kind: str,
        what: str,
        hint: str = "",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, int] | None = None,
    ) -> None:
        """`kind` is a word for programs: the problem's type is `tutela:kind`. `more` are members
        that this type has beside those of all."""
        super().__init__(what, hint)
        self.status, self.kind, self.headers = status, kind, dict(headers or {})
        self.more = dict(more or {})


KNOWN: tuple[tuple[type[TutelaError], int, str], ...] = (
    (KeyRefused, 403, "not-permitted"),
    (ChannelRefused, 403, "channel-not-permitted"),
    (FactsRefused, 422, "facts-refused"),
    (KeyReused, 422, "idempotency-key-reused"),
    (ApprovalRefused, 409, "approval-refused"),
    (SecondPersonNeeded, 409, "second-person-needed"),
    (NoSuchBank, 404, "no-such-bank"),
    (NoSuchCase, 404, "no-such-case"),
    (NoSuchQueue, 404, "no-such-queue"),
    (CaseTaken, 409, "case-taken"),
    (NotHeld, 409, "case-not-held"),
    (ReportRefused, 422, "report-refused"),
    (NoSuchAppeal, 404, "no-such-appeal"),
    (NoSuchDecision, 404, "no-such-decision"),
    (NothingStands, 409, "nothing-stands"),
    (AppealRefused, 409, "appeal-refused"),
    (NoSuchReport, 404, "no-such-report"),
    (NoSuchAuthority, 404, "no-such-authority"),
    (NoSuchExchange, 404, "no-such-exchange"),
    (NoSuchPartner, 404, "no-such-partner"),
    (NoSuchRequest, 404, "no-such-request"),
    (ReportNotReady, 409, "report-not-ready"),
    (ReportChanged, 409, "report-changed"),
    (CannotWithdraw, 409, "report-filed"),
    (NotConfigured, 409, "not-configured"),
    (NoSuchAlarm, 404, "no-such-alarm"),
    (NoSuchEndpoint, 404, "no-such-endpoint"),
    (NoSuchMessage, 404, "no-such-message"),
    (EndpointRefused, 422, "endpoint-refused"),
    (NotBankable, 422, "signal-refused"),
    (SignalError, 422, "signal-refused"),
    (ListRefused, 422, "list-refused"),
)
"""Errors that say what a client did, with the status and the word for each."""


NOT_YET: tuple[tuple[type[TutelaError], str, str], ...] = (
    (IndexNotReady, "index-not-ready", "What is known cannot be searched yet."),
    (NoPolicy, "no-policy", "No policy was applied yet."),
)
"""What is not there yet of an installation."""


def of(error: Exception) -> Problem:
    """What a client is told of an error: nothing of the inside, where it is ours."""
    if isinstance(error, Problem):
        return error
    if not isinstance(error, TutelaError):
        return _of_other(error)
    for kind, status, word in KNOWN:
        if isinstance(error, kind):
            return Problem(status, word, error.what, error.hint)
    for kind, word, what in NOT_YET:
        if isinstance(error, kind):
            return unavailable(word, what)
    if error.exit_code == 3:
        log.error("a request failed: %s", error)
        return unavailable("not-available", "The service cannot answer now.")
    status, word = (422, "wrong-input") if error.exit_code == 2 else (409, "refused")
    return Problem(status, word, error.what, error.hint)


def unavailable(kind: str, what: str, seconds: int = 1) -> Problem:
    """Come again later."""
    hint = "Send it again later: nothing was decided. GET /healthz/ready says what is missing."
    return Problem(503, kind, what, hint, {"retry-after": str(seconds)})


def _of_other(error: Exception) -> Problem:
    """Of an error of a library, or of a fault."""
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, IntegrityError):
        what = "Another request changed the same at the same moment."
        return Problem(409, "refused", what, "Look at what is there now, and send it again.")
    log.exception("a request failed by a fault of Tutela", exc_info=error)
    hint = "Tell whoever runs it the request's id."
    return Problem(500, "fault", "The service has a fault.", hint)


def _of_http(error: HTTPException) -> Problem:
    hints = {404: "See docs/api.md.", 405: "See docs/api.md for the method."}
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = error.detail if isinstance(error.detail, str) else "The request was refused."
    return Problem(
        error.status_code, kind, f"{detail.rstrip('.')}.", hints.get(error.status_code, ""),
        error.headers,
    )  # fmt: skip


def response(error: Exception, request_id: str) -> Response:
    problem = of(error)
    body = {
        "type": f"tutela:{problem.kind}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.what,
        "hint": problem.hint,
        "request_id": request_id,
        **problem.more,
    }
    return Response(json.dumps(body), problem.status, problem.headers, "application/problem+json")


async def handled(request: Request, error: Exception) -> Response:
    return response(error, request_id(request.scope))


def request_id(scope: Scope) -> str:
    found: str = scope.get("tutela.request_id", "")
    return found


class Guarded:
    """Gives each request an id, a client never a stack trace, a browser nothing to play with."""

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        hot: Mapping[str, Callable[[Request], Awaitable[Response]]] | None = None,
    ) -> None:
        """`hot`: by method and path, as in `POST /screen`, what answers past all other layers of
        the framework, which take a third of a lookup's time."""
        self.app = app
        self.hot = hot or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = f"req_{PROCESS}{next(NUMBERS):x}"
        scope["tutela.request_id"] = name
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in HEADERS if header[0] not in given),
                    (b"x-request-id", name.encode()),
                ]
            await send(message)

        try:
            endpoint = self.hot.get(f"{scope['method']} {scope['path']}")
            if endpoint is not None:
                await (await endpoint(Request(scope, receive)))(scope, receive, sending)
            else:
                await self.app(scope, receive, sending)
        except Exception as error:  # what no handler took
            if begun:
                raise
            await response(error, name)(scope, receive, sending)


HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; style-src 'self'; form-action 'self';"
                                 b" frame-ancestors 'none'; base-uri 'none'"),
)  # fmt: skip
