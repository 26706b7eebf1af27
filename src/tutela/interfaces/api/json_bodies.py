"""JSON that routes take and give: read within limits, checked strictly; lists by pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tutela.banks import service
from tutela.interfaces.api import bodies
from tutela.interfaces.api.state import state

Row = TypeVar("Row")
Shown = TypeVar("Shown")
Body = TypeVar("Body", bound="Given")

MOST_NUMBER = 2**63 - 1
NO_ZERO = r"^[^\x00]*$"
"""What a database can store."""

NAME = f"^{service.NAME.pattern}$"
Text = Annotated[str, Field(pattern=NO_ZERO)]
BankName = Annotated[str, Path(pattern=NAME, description="Name of the bank.")]
After = Annotated[
    str, Query(pattern="^[0-9]{1,18}$", description="Those behind it: `next` of the page before.")
]
AfterName = Annotated[
    str, Query(pattern=f"^({service.NAME.pattern})?$", description="As `next` of the page before.")
]


def _text(given: Any) -> Any:
    if not isinstance(given, str):
        raise ValueError("it is not a text")
    return given


def _whole(given: Any) -> Any:
    return int(given) if isinstance(given, float) and given.is_integer() else given


WHOLE = BeforeValidator(_whole)
"""Of whole numbers: 7.0 is one too, since JSON knows one kind of number."""

SignalName = Annotated[str, Field(pattern="^[a-z0-9_.-]{1,64}$")]
SignalValue = Annotated[str, Field(pattern="^[^\x00-\x1f\x7f]+$", min_length=1, max_length=8192)]
"""A hash in hexadecimal, an address or words."""
At = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_text)]
"""A time in ISO 8601, with its zone."""


class Given(BaseModel):
    """A JSON object that a request brings: it has no other members, and of no other type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Page(BaseModel, Generic[Shown]):
    """A part of a list; `next` is where the next one begins, or null."""

    items: list[Shown]
    next: str | None


def page(
    found: Sequence[Row],
    limit: int,
    shown: Callable[[Row], Shown],
    cursor: Callable[[Row], str | int],
) -> Page[Shown]:
    """The page of what was found, which is one more than `limit` if there is a next page."""
    more = str(cursor(found[limit - 1])) if len(found) > limit else None
    return Page(items=[shown(one) for one in found[:limit]], next=more)


READERS: dict[Callable[..., Any], tuple[type[Given], bool]] = {}
"""Which model each dependency of `given` reads, and whether the body may be missing."""


def given(model: type[Body], *, optional: bool = False) -> Any:
    """A dependency that reads the JSON body. Declare it behind who asks: what a stranger sends is
    not read."""

    async def read(request: Request) -> Body:
        data = await bodies.whole(request, state(request).limits)
        if optional and not data.strip():
            return model()
        bodies.json_of(data, "The body")
        try:
            return model.model_validate_json(data)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise RequestValidationError(
                [{**one, "loc": ("body", *one["loc"])} for one in found]
            ) from None

    READERS[read] = model, optional
    return Depends(read)
