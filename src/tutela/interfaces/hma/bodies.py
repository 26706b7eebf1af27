"""JSON bodies, read as HMA's two kinds of routes read them."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request

from tutela.interfaces.api import bodies
from tutela.interfaces.api.problems import Problem
from tutela.interfaces.hma.answers import Invalid, Refused
from tutela.settings import Service

Model = TypeVar("Model", bound=BaseModel)
Ratio = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A share; texts that are numbers are taken, since clients send them."""


def is_json(request: Request) -> bool:
    """Whether the body says that it is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


async def anything(request: Request, limits: Service) -> Any:
    """What a JSON body says. Raises `Refused` 415 or 400."""
    if not is_json(request):
        raise Refused(
            "Did not attempt to load JSON data because the request Content-Type was not"
            " 'application/json'.", 415,
        )  # fmt: skip
    data = await bodies.whole(request, limits, bodies.FED)
    try:
        return bodies.json_of(data, "The body")
    except Problem:
        raise Refused(
            "The browser (or proxy) sent a request that this server could not understand."
        ) from None


async def an_object(request: Request, limits: Service) -> dict[str, Any]:
    """Likewise, of bodies that must be objects."""
    found = await anything(request, limits)
    if not isinstance(found, dict):
        raise Refused("Request input was not a dict")
    return found


async def checked(request: Request, limits: Service, model: type[Model]) -> Model:
    """A body by its schema; what cannot be read is none. Raises `Invalid`."""
    try:
        found = await anything(request, limits)
    except Refused:
        found = None
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise Invalid.of(error) from None
