"""What was said to an authority and what it said: the exact bytes, as JSON that is then sealed.

Never with `Authorization`, and of a file that was sent only what tells which one it was.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tutela.reporting.authorities import Answer, Call, End, Ended, Lost, Wait

SECRET = frozenset({"authorization"})
LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class Passed:
    """A file that was sent: what passed by of it."""

    name: str
    size: int
    sha256: str
    md5: str


def written(
    call: Call, headers: Mapping[str, str], body: bytes, file: Passed | None, answer: Answer | None
) -> bytes:
    """The transcript of a call; without an answer, of one to which none came."""
    request: dict[str, Any] = {
        "method": call.method,
        "path": call.path,
        "headers": {name: value for name, value in headers.items() if name.lower() not in SECRET},
    }
    if file is None:
        request["body"] = _text(body)
    else:
        request["fields"] = dict(call.fields)
        request["file"] = {
            "name": file.name, "size": file.size, "sha256": file.sha256, "md5": file.md5,
        }  # fmt: skip
    reply = answer and {
        "status": answer.status, "headers": dict(answer.headers), "body": _text(answer.body),
    }  # fmt: skip
    return json.dumps({"request": request, "reply": reply}, sort_keys=True).encode()


def request_id(answer: Answer) -> str:
    """By which the authority's support finds a call; without what no line of a page can show."""
    given = answer.headers.get("request-id", "")
    return "".join(c for c in given if c.isascii() and c.isprintable())[:LONGEST_ID]


def traced(found: Call | Wait | Ended, answer: Answer | Lost) -> Call | Wait | Ended:
    """What follows a call, with the id by which the authority finds the one that halted a
    report."""
    if not isinstance(found, Ended) or found.end is not End.HALTED or isinstance(answer, Lost):
        return found
    given = request_id(answer)
    return replace(found, why=f"{found.why} (Request-ID {given})") if given else found


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode()
