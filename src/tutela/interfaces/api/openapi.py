"""The description of every route in OpenAPI 3.1: FastAPI's, with what it cannot know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tutela.banks.errors import NotBankable
from tutela.banks.values import bankable, is_listed, width
from tutela.interfaces.api import screening
from tutela.interfaces.api.json_bodies import NO_ZERO, READERS
from tutela.interfaces.api.results import LookedUp, ScreenedShown
from tutela.interfaces.api.state import State
from tutela.policy.vocabulary import CHANNELS
from tutela.running import Running
from tutela.screening.given import DEEPEST, LARGEST, LONGEST_ID
from tutela.signals import SignalType, registry
from tutela.signals.errors import SignalError

Json = dict[str, Any]
REF = "#/components/schemas/{model}"
PREFIX = "/api/v1"

MEANINGS = {
    400: "The request cannot be read, or was cut off.",
    401: "No key, or none that is valid.",
    403: "The key lacks the permission, or the law and the policy give no such right.",
    404: "There is no such thing.",
    408: "The body did not come in time.",
    409: "It cannot be done as things are, or another person must approve it first.",
    413: "The body is too large.",
    415: "The body is of a type, or encoded in a way, that is not taken.",
    422: "Something in the request is not what it can be.",
    429: "The key sends too many requests.",
    503: "Not now: nothing was decided or changed. Send it again later.",
}
OF_ALL = (401, 403, 503)
OF_BODIES = (400, 408, 413, 415)
"""Statuses of what takes a key, and of what reads a body."""


OF_FILES = ("application/octet-stream", "image/*", "video/*", "audio/*")
"""Types of bodies that are a file. Others are taken too, but none of forms: no range says that."""


class Problem(BaseModel):
    """An error (RFC 9457): `type` is for programs, `detail` and `hint` for people. `approval` is
    the number of the request where a second person is needed."""

    type: str
    title: str
    status: int
    detail: str
    hint: str
    request_id: str
    approval: int | None = None


def described(app: FastAPI) -> Json:
    """The description, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> Json:
    made = get_openapi(
        title="Tutela", version=app.version, routes=app.routes,
        description="Screens uploads against banks of known signals. docs/api.md says how, by"
        " task.",
    )  # fmt: skip
    bodies = [(model, "validation") for model, _ in READERS.values()]
    answers = [(model, "serialization") for model in (Problem, LookedUp, ScreenedShown)]
    _, schemas = models_json_schema([*bodies, *answers], ref_template=REF)  # type: ignore[list-item] # literals
    components = made.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas["$defs"])
    shared: State = app.state.tutela
    components["schemas"].update(_facts(), Signals=_signals(shared.running))
    for name in ("Sought", "NewSignal", "Value"):
        components["schemas"][name]["oneOf"] = _kinds(_bankable())
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(made["paths"][route.path_format][method.lower()], route.dependant)
    fetches = bool(shared.running.app.settings.outbound.hosts)
    if fetches:
        components["schemas"]["Url"] = _url()
    made["paths"][f"{PREFIX}/screen"] = {"post": _screen(fetches=fetches)}
    made["paths"][f"{PREFIX}/lookup"] = {"post": _lookup()}
    _by_hand(made["paths"])
    return made


def _complete(operation: Json, dependant: Dependant) -> None:
    """Add to what FastAPI wrote of a route: its body, its problems, and that it takes a key."""
    called = [one.call for one in _dependencies(dependant)]
    reads = [READERS[call] for call in called if call in READERS]
    statuses = {int(status) for status in operation["responses"] if int(status) >= 400}
    if any(hasattr(call, "permission") for call in called):
        statuses |= {*OF_ALL}
        operation["security"] = [{"key": []}]
    if reads:
        ((model, optional),) = reads
        operation["requestBody"] = {
            "required": not optional,
            "content": {"application/json": {"schema": _ref(model.__name__)}},
        }
        statuses |= {*OF_BODIES, 422}
    for status in statuses:
        operation["responses"][str(status)] = _problem(status)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _dependencies(dependant: Dependant) -> Iterator[Dependant]:
    for one in dependant.dependencies:
        yield one
        yield from _dependencies(one)


def _by_hand(paths: Json) -> None:
    """What routes give or take that FastAPI cannot see."""
    imports = paths[f"{PREFIX}/banks/{{name}}/import"]["post"]
    lines = {"schema": {"type": "string", "description": "A list: docs/banks.md."}}
    imports["requestBody"] = {
        "required": True, "content": {"text/csv": lines, "text/plain": lines},
    }  # fmt: skip
    for status in OF_BODIES:
        imports["responses"][str(status)] = _problem(status)
    exports = paths[f"{PREFIX}/banks/{{name}}/export"]["post"]
    exports["responses"]["200"]["content"] = {"text/csv": {"schema": {"type": "string"}}}
    metrics = paths["/metrics"]["get"]
    metrics["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    readiness = {"application/json": {"schema": {"type": "object"}}}
    ready = paths["/healthz/ready"]["get"]["responses"]
    ready["200"]["content"] = readiness
    ready["503"] = {"description": "Something is missing: it says what.", "content": readiness}
    paths[f"{PREFIX}/openapi.json"] = {
        "get": {
            "tags": ["operations"], "summary": "This description",
            "operationId": "openapi", "responses": {
                "200": {"description": "OpenAPI 3.1.", "content": readiness},
            },
        }
    }  # fmt: skip


def _screen(*, fetches: bool) -> Json:
    signals = {"oneOf": [_ref("Signals"), _ref("Url")]} if fetches else _ref("Signals")
    idempotency = {
        "name": "Idempotency-Key", "in": "header", "required": False,
        "description": "The same key and request get the same answer for 24 hours.",
        "schema": {
            "type": "string", "minLength": 1, "maxLength": screening.LONGEST_KEY,
        },
    }  # fmt: skip
    facts = {
        "name": "Tutela-Facts", "in": "header", "required": False,
        "description": "Of raw bytes: base64url of a JSON object of facts, without padding.",
        "schema": {
            "type": "string", "format": "tutela-facts", "contentEncoding": "base64url",
            "contentMediaType": "application/json", "contentSchema": _ref("Facts"),
        },
    }  # fmt: skip
    file = {"type": "string", "format": "binary", "minLength": 1}
    form = {
        "type": "object", "required": ["file"], "additionalProperties": False,
        "properties": {
            "file": file,
            "facts": {
                "type": "string", "format": "tutela-json-facts",
                "contentMediaType": "application/json", "contentSchema": _ref("Facts"),
            },
        },
    }  # fmt: skip
    return {
        "tags": ["screening"],
        "summary": "Screen an item",
        "description": "The body is the file's bytes, of any type that is not one of forms or JSON;"
        " or a form with the part `file`; or signals that were made elsewhere; or the URL of a file"
        " on a host that is listed.",
        "operationId": "screen",
        "security": [{"key": []}],
        "parameters": [idempotency, facts],
        "requestBody": {
            "required": True,
            "content": {
                **{kind: {"schema": file} for kind in OF_FILES},
                "multipart/form-data": {
                    "schema": form,
                    "encoding": {"facts": {"contentType": "application/json"}},
                },
                "application/json": {"schema": signals},
            },
        },
        "responses": _responses("ScreenedShown", 400, 401, 403, 408, 413, 415, 422, 429, 503),
    }


def _lookup() -> Json:
    return {
        "tags": ["screening"],
        "summary": "Say what policy would say of signals; keep nothing",
        "operationId": "lookup",
        "security": [{"key": []}],
        "requestBody": {
            "required": True, "content": {"application/json": {"schema": _ref("Signals")}},
        },
        "responses": _responses("LookedUp", 400, 401, 403, 408, 413, 415, 422, 429, 503),
    }  # fmt: skip


def _responses(model: str, *statuses: int) -> Json:
    good = {"description": "The answer.", "content": {"application/json": {"schema": _ref(model)}}}
    return {"200": good} | {str(status): _problem(status) for status in statuses}


def _problem(status: int) -> Json:
    made: Json = {
        "description": MEANINGS[status],
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
    }
    if status in (429, 503):
        made["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
    if status == 401:
        made["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return made


def _signals(running: Running) -> Json:
    """The body of signals: their types are those that are matched here."""
    one = {
        "type": "object", "required": ["type", "value"], "additionalProperties": False,
        "properties": {
            "type": {"type": "string"}, "value": {"type": "string"},
            "quality": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
        },
        "oneOf": _kinds(kind for kind in running.index.types.values() if not is_listed(kind)),
    }  # fmt: skip
    return {
        "type": "object", "required": ["signals"], "additionalProperties": False,
        "properties": {
            "signals": {
                "type": "array", "maxItems": running.desk.options.max_signals,
                "items": one,
            },
            "facts": _ref("Facts"),
        },
        "anyOf": [
            {"properties": {"signals": {"minItems": 1}}},
            {"required": ["facts"], "properties": {"facts": {"minProperties": 1}}},
        ],
    }  # fmt: skip


def _kinds(types: Iterable[SignalType]) -> list[Json]:
    """A type and its values: hexadecimal digits."""
    return [
        {
            "properties": {
                "type": {"const": kind.name},
                "value": {"pattern": f"^[0-9a-fA-F]{{{width(kind) * 2}}}$"},
            }
        }
        for kind in types
    ]


def _bankable() -> Iterator[SignalType]:
    for name in registry.installed():
        with suppress(NotBankable, SignalError):
            yield bankable(name)


def _url() -> Json:
    return {
        "type": "object", "required": ["url"], "additionalProperties": False,
        "properties": {"url": {"type": "string", "format": "uri"}, "facts": _ref("Facts")},
    }  # fmt: skip


def _facts() -> Json:
    """What a platform may say of an item; it may use names of its own (docs/policy.md)."""
    plain = {"pattern": NO_ZERO}
    text = {"type": ["string", "null"], **plain}
    name = {**text, "maxLength": LONGEST_ID}
    named = {"propertyNames": plain, "additionalProperties": _ref("Fact")}
    channel = {"enum": [*CHANNELS, None]}
    item = {"id": name, "type": text, "url": text, "created_at": text, "channel": channel}
    return {
        "Fact": {
            "description": f"Anything, but nested no deeper than {DEEPEST}.",
            "anyOf": [
                {"type": ["boolean", "null"]},
                {"type": "string", **plain},
                {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
                {"type": "array", "items": _ref("Fact")},
                {"type": "object", **named},
            ],
        },
        "Facts": {
            "type": "object",
            "description": "What is known of an item. Other members are put under `extra`.",
            "properties": {
                "item": {"type": "object", "properties": item, **named},
                "creator": {"type": "object", "properties": {"id": name}, **named},
                "extra": {"type": "object", **named},
            },
            **named,
        },
    }


def _ref(name: str) -> Json:
    return {"$ref": REF.format(model=name)}
