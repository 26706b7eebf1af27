"""Answers in HMA's shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from tutela.banks.errors import NotAllowed
from tutela.errors import TutelaError
from tutela.interfaces.api.problems import Problem
from tutela.interfaces.api.problems import of as problem_of

WORDS = {"true": True, "1": True, "yes": True, "on": True, "t": True, "y": True,
         "false": False, "0": False, "no": False, "off": False, "f": False, "n": False}  # fmt: skip
"""What HMA takes for a yes or a no, in any case."""


ABOUT = "https://errors.pydantic.dev/2.14/v"
"""Where HMA says that its words for what is invalid are explained."""


class Refused(TutelaError):
    """What a client asked for is refused, as HMA would say it."""

    def __init__(self, what: str, status: int = 400) -> None:
        super().__init__(what)
        self.status = status


class Invalid(TutelaError):
    """Parameters or members of a body are not what their schema says: HMA lists these."""

    def __init__(self, listed: list[dict[str, Any]]) -> None:
        super().__init__("The request is invalid.")
        self.listed = listed

    @classmethod
    def one(cls, kind: str, name: str, message: str, given: Any) -> Invalid:
        """Of one parameter."""
        return cls([{
            "type": kind, "loc": [name], "msg": message, "input": given, "url": f"{ABOUT}/{kind}",
        }])  # fmt: skip

    @classmethod
    def of(cls, error: ValidationError) -> Invalid:
        """Of a body."""
        return cls([
            {**each, "loc": [*each["loc"]], "input": _sayable(each["input"]),
             "url": f"{ABOUT}/{each['type']}"}
            for each in error.errors(include_url=False)
        ])  # fmt: skip


def _sayable(given: Any) -> Any:
    """What was given, if JSON can say it."""
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError):
        return repr(given)[:64]
    return given


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as HMA writes it: names in order, ASCII, a line's end."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n"
    return Response(text, status, headers, "application/json")


def refusal(error: Exception) -> Response:
    """What a client is told of an error. `details` is the word that Tutela's own API has for it."""
    if isinstance(error, Invalid):
        return answer(error.listed, 422)
    if isinstance(error, Refused):
        return answer({"message": error.what}, error.status)
    problem = problem_of(error)
    if isinstance(error, NotAllowed):
        problem.status = 403
    return answer(_told(problem), problem.status, problem.headers)


def _told(problem: Problem) -> dict[str, str]:
    what = "index not yet ready" if problem.kind == "index-not-ready" else problem.what
    return {"message": what, "details": f"tutela:{problem.kind}"}


def required(query: Mapping[str, str], name: str) -> str:
    """A parameter that must be there. Raises `Invalid`."""
    if name not in query:
        raise Invalid.one("missing", name, "Field required", dict(query))
    return query[name]


def yes(query: Mapping[str, str], name: str) -> bool:
    """Whether a parameter says yes; no without it. Raises `Invalid`."""
    given = query.get(name, "false")
    if given.lower() not in WORDS:
        message = "Input should be a valid boolean, unable to interpret input"
        raise Invalid.one("bool_parsing", name, message, given)
    return WORDS[given.lower()]
