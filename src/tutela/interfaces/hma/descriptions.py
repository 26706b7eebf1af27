"""The description of the routes in OpenAPI 3.1, with their bodies."""

from __future__ import annotations

from typing import Any

from tutela import __version__
from tutela.interfaces.hma.apis import installed
from tutela.interfaces.hma.saying import LONGEST_NOTE
from tutela.interfaces.hma.types import CONTENTS, TYPES

Json = dict[str, Any]
TEXT, WHOLE, TRUTH = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
RATIO = {"type": "number", "minimum": 0, "maximum": 1}
FREE: Json = {"type": "object"}


def _object(needed: tuple[str, ...] = (), /, **members: Json) -> Json:
    made: Json = {"type": "object", "properties": members}
    return made | ({"required": [*needed]} if needed else {})


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


def _map(of: Json) -> Json:
    return {"type": "object", "additionalProperties": of}


NOTE = {"type": ["string", "null"], "maxLength": LONGEST_NOTE}
BINARY: Json = {"type": "string", "format": "binary"}
METADATA = _object(content_id=TEXT, content_uri=TEXT, json=FREE) | {
    "description": "With keys other than these, all of it is kept as `json`."
}
BANK = _object(("name", "matching_enabled_ratio"), name=TEXT, matching_enabled_ratio=RATIO)
MATCH = _object(("bank_content_id", "distance"), bank_content_id=WHOLE, distance=TEXT)
BY_BANK = _map(_list(MATCH))
HASHES = _map(TEXT)
NEW = _object(("id", "signals"), id=WHOLE, signals=HASHES)
UNTIL = {"type": "integer", "minimum": 0,
         "description": "1: on. 0: off for ever. Else: off until this Unix time."}  # fmt: skip
CONTENT = _object(
    ("id", "disable_until_ts", "bank"), id=WHOLE, disable_until_ts=UNTIL, bank=BANK,
    original_media_uri={"type": "null"}, note=TEXT, signals=HASHES,
    metadata=_object(collab={"type": ["object", "null"]}, content_id={"type": ["string", "null"]},
                     content_uri={"type": ["string", "null"]}, json={"type": ["object", "null"]}),
)  # fmt: skip
CHANGED = _object(
    ("id", "disable_until_ts", "bank"), id=WHOLE, disable_until_ts=UNTIL, bank=BANK, note=NOTE,
    original_media_uri={"type": "null"}, collab_metadata=FREE,
    user_metadata={"type": ["object", "null"]},
)  # fmt: skip
SAID = _object(("message",), message=TEXT, details=TEXT)
FIELD = _object(
    ("name", "type", "required"), name=TEXT, type=TEXT, help=TEXT, required=TRUTH, default={},
    choices={"type": ["array", "null"]},
)  # fmt: skip
FIELDS = _object(("fields",), fields=_list(FIELD))
ADMISSION = _object(
    ("supports_authentification", "has_set_authentification"),
    supports_authentification=TRUTH, has_set_authentification=TRUTH,
)  # fmt: skip
EXCHANGE = _object(("name", "api", "enabled"), name=TEXT, api=TEXT, enabled=TRUTH)
STATUS = _object(
    checkpoint_ts={"type": ["integer", "null"]},
    running_fetch_start_ts={"type": ["integer", "null"]},
    last_fetch_complete_ts={"type": ["integer", "null"]},
    last_fetch_succeeded={"type": ["boolean", "null"]}, up_to_date=TRUTH, fetched_items=WHOLE,
)  # fmt: skip
INDEX = _map(_object(built_to=WHOLE, present=TRUTH, size=WHOLE))
INDEX_OF_TYPE = _map(_object(
    db_size=WHOLE, index_size=WHOLE, index_out_of_date=TRUTH, newest_db_item=WHOLE,
    index_built_to=WHOLE,
))  # fmt: skip
FILE: Json = {"multipart/form-data": {"schema": _object(
    **dict.fromkeys(CONTENTS, BINARY),
)}}  # fmt: skip
BANKED: Json = {"multipart/form-data": {"schema": _object(
    **dict.fromkeys(CONTENTS, BINARY), note=TEXT,
    metadata={"type": "string", "description": "JSON"}, content_id=TEXT, content_uri=TEXT,
)}, "application/json": {"schema": _object(metadata=METADATA, note=NOTE)}}  # fmt: skip
PAIRS = {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}
OF_URL = {"url": TEXT, "content_type": {"enum": [*CONTENTS]}, "types": TEXT}
OF_LOOKUP = {"banks": TEXT, "seed": TEXT, "bypass_coinflip": TRUTH}
OF_SIGNAL = {"signal": TEXT, "signal_type": {"enum": [*TYPES]}}

LOOKED_UP: Json = {"anyOf": [BY_BANK, _map(BY_BANK)]}
ROUTES: tuple[tuple[str, str, str, Json, Json | None, Json | None], ...] = (
    # method, path, what it does, parameters, body by its type, what is answered
    ("get", "/", "Lead to the status.", {}, None, None),
    ("get", "/status", "Say whether lookups are answered.", {}, None, None),
    ("get", "/status/live", "Say that it runs.", {}, None, None),
    ("get", "/site-map", "List the routes.", {}, None, _list(TEXT)),
    ("get", "/openapi/openapi.json", "Describe the routes.", {}, None, FREE),
    ("get", "/h/hash", "Hash what a URL leads to.", OF_URL, None, HASHES),
    ("post", "/h/hash", "Hash a file.", {"types": TEXT}, FILE, HASHES),
    ("get", "/m/lookup", "Look up a hash, or what a URL leads to.",
     OF_SIGNAL | OF_URL | OF_LOOKUP, None, LOOKED_UP),
    ("post", "/m/lookup", "Look up a file.", {"types": TEXT} | OF_LOOKUP, FILE, _map(BY_BANK)),
    ("get", "/m/raw_lookup", "Look up a hash in all banks, be they off.",
     OF_SIGNAL | {"banks": TEXT, "include_distance": TRUTH}, None,
     _object(("matches",), matches=_list({"anyOf": [WHOLE, MATCH]}))),
    ("get", "/m/index/status", "How far what is known can be searched.",
     {"signal_type": TEXT}, None, INDEX),
    ("post", "/m/compare", "Compare pairs of hashes.", {}, _map(PAIRS), _map(_list({}))),
    ("get", "/c/banks", "List the banks.", {}, None, _list(BANK)),
    ("post", "/c/banks", "Make a bank.", {},
     _object(("name",), name=TEXT, enabled_ratio=RATIO, enabled=TRUTH), BANK),
    ("get", "/c/bank/{bank}", "Show a bank.", {}, None, BANK),
    ("put", "/c/bank/{bank}", "Change a bank, or its name.", {},
     _object(name=TEXT, enabled_ratio=RATIO, enabled=TRUTH), BANK),
    ("delete", "/c/bank/{bank}", "Delete a bank with its contents.", {}, None, SAID),
    ("post", "/c/bank/{bank}/content", "Hash a file, or what a URL leads to, and bank it.",
     OF_URL | {"content_id": TEXT, "content_uri": TEXT, "metadata": TEXT}, BANKED, NEW),
    ("post", "/c/bank/{bank}/signal", "Bank hashes as one content.", {},
     _map(TEXT) | {"properties": {"note": NOTE}}, NEW),
    ("get", "/c/bank/{bank}/content/{number}", "Show a content.",
     {"include_signals": TRUTH, "include_metadata": TRUTH}, None, CONTENT),
    ("put", "/c/bank/{bank}/content/{number}", "Switch a content off or on, or note something.",
     {}, _object(disable_until_ts=UNTIL, note=NOTE), CHANGED),
    ("delete", "/c/bank/{bank}/content/{number}", "Remove a content.", {}, None,
     _object(("deleted",), deleted=WHOLE)),
    ("get", "/c/exchanges/apis", "List the exchange APIs.", {}, None, _list(TEXT)),
    ("get", "/c/exchanges/api/{api}", "Say whether credentials are set.", {}, None, ADMISSION),
    ("post", "/c/exchanges/api/{api}", "Set credentials, or clear them.", {},
     _object(credential_json={"type": ["object", "null"]}), ADMISSION),
    ("get", "/c/exchanges/api/{api}/schema", "Say what an API takes.", {}, None,
     _object(("config_schema", "credentials_schema"), config_schema=FIELDS,
             credentials_schema={"anyOf": [FIELDS, {"type": "null"}]})),
    ("get", "/c/exchanges", "List the exchanges.", {}, None, _list(TEXT)),
    ("post", "/c/exchanges", "Add an exchange and its bank.", {},
     _object(("bank", "api"), bank=TEXT, api=TEXT, api_json=FREE), SAID),
    ("get", "/c/exchange/{name}", "Show an exchange.", {}, None, EXCHANGE),
    ("get", "/c/exchange/{name}/status", "Say how fresh an exchange is.", {}, None, STATUS),
    ("put", "/c/exchange/{name}", "Pause an exchange, or resume it.", {},
     _object(enabled=TRUTH), EXCHANGE),
    ("delete", "/c/exchange/{name}", "Leave a programme: takes two people.", {"why": TEXT}, None,
     SAID),
    ("get", "/c/signal_type", "List the signal types.", {}, None,
     _list(_object(name=TEXT, enabled_ratio=RATIO))),
    ("get", "/c/signal_type/index", "How far each type can be searched.",
     {"signal_type": TEXT}, None, INDEX_OF_TYPE),
    ("put", "/c/signal_type/{name}", "Have a signal type asked for less often.", {},
     _object(("enabled_ratio",), enabled_ratio=RATIO),
     _object(name=TEXT, enabled_ratio=RATIO)),
    ("get", "/c/content_type", "List the content types.", {}, None,
     _list(_object(name=TEXT, enabled=TRUTH))),
)  # fmt: skip
CREATED = {("post", "/c/banks"), ("post", "/c/exchanges")}
REQUIRED = {("/h/hash", "url"), ("/m/raw_lookup", "signal"), ("/m/raw_lookup", "signal_type")}


def described() -> Json:
    """All of it."""
    paths: Json = {}
    for method, path, what, parameters, body, answered in ROUTES:
        paths.setdefault(path, {})[method] = _operation(
            method, path, what, parameters, body, answered
        )
    taken = paths["/c/exchanges"]["post"]["requestBody"]["content"]["application/json"]
    taken["schema"]["properties"]["api"] = {"enum": installed()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Open Media Match API", "version": __version__},
        "servers": [{"url": "/hma"}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "security": [{"key": []}],
        "paths": paths,
    }


def _operation(
    method: str, path: str, what: str, parameters: Json, body: Json | None, answered: Json | None
) -> Json:
    words = path.replace("{", "").replace("}", "").replace(".", "_").strip("/").split("/")
    name = "_".join([method, *words]).replace("-", "_")
    made: Json = {
        "operationId": name.rstrip("_"), "summary": what,
        "parameters": [
            {"name": part[1:-1], "in": "path", "required": True,
             "schema": WHOLE if part == "{number}" else TEXT}
            for part in path.split("/") if part.startswith("{")
        ] + [
            {"name": key, "in": "query", "schema": schema, "required": (path, key) in REQUIRED}
            for key, schema in parameters.items()
        ],
        "responses": {
            "201" if (method, path) in CREATED else "200": _answer(answered),
            "4XX": _answer({"anyOf": [SAID, _list(FREE)]}, "Refused: a message says why."),
        },
    }  # fmt: skip
    if body is not None:
        is_form = "multipart/form-data" in body
        content = body if is_form else {"application/json": {"schema": body}}
        made["requestBody"] = {"content": content, "required": path != "/c/bank/{bank}/content"}
    return made


def _answer(schema: Json | None, what: str = "As HMA answers.") -> Json:
    if schema is None:
        return {"description": what}
    return {"description": what, "content": {"application/json": {"schema": schema}}}
