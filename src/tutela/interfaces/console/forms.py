"""Forms of pages: read within limits, checked by a model, shown again with what was typed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from starlette.requests import ClientDisconnect

from tutela.errors import TutelaError
from tutela.interfaces.console.texts import N_, ngettext
from tutela.interfaces.console.texts import gettext as _

CSRF = "csrf"
MOST = 1 << 20
"""Bytes of a form: a policy is the longest text that is typed."""
MOST_FIELDS = 1000
PATIENCE = 30.0
"""Seconds that a form may take to come."""

Model = TypeVar("Model", bound="Fields")


class Unreadable(TutelaError):
    """A form that cannot be read."""

    status = 400


class Fields(BaseModel):
    """What a form has, and nothing else: who adds a field to it is refused. Fields left empty are
    as if they were not there; a `SecretStr` is never shown again."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, allow_inf_nan=False, frozen=True
    )


@dataclass(slots=True)
class Form(Generic[Model]):
    """A form that was sent, or that is shown for the first time. Templates hand it to the macros
    of fields."""

    value: Model | None = None
    """What was sent, if all of it is right."""
    typed: Mapping[str, Any] = field(default_factory=dict)
    """What to show in each field."""
    errors: dict[str, str] = field(default_factory=dict)
    """What is wrong, by field; under the empty name, what is wrong with all of it."""

    def get(self, name: str, otherwise: Any = "") -> Any:
        """What to show in a field."""
        return self.typed.get(name, otherwise)

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def fail(self, name: str, what: str) -> Form[Model]:
        """The same, with something wrong that only the domain could know."""
        self.errors[name] = what
        self.value = None
        return self

    def refuse(self, error: TutelaError, name: str = "") -> Form[Model]:
        """The same, with what the domain said; raised again if the service itself cannot."""
        if error.exit_code == 3 or getattr(error, "status", 0) >= 500:
            raise error
        return self.fail(name, f"{error.what} {error.hint}".strip())


def shown(**values: Any) -> Form[Any]:
    """A form for the first time, with these values in its fields."""
    return Form(typed=values)


def form(model: type[Model]) -> Any:
    """A dependency that gives a `Form` of the model. Whether all is right, `value` says."""

    async def read(request: Request) -> Form[Model]:
        upload = getattr(request.state, "upload", None)
        given = await upload.texts(MOST) if upload is not None else request.state.pairs
        return checked(model, given)

    read.fields = model  # type: ignore[attr-defined] # for tests that try each form
    return Depends(read)


def checked(model: type[Model], given: Sequence[tuple[str, str]]) -> Form[Model]:
    """The form of these names and values."""
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, value in given:
        about = model.model_fields.get(name)
        if name == CSRF:
            continue
        if about is not None and _many(about.annotation):
            found.setdefault(name, []).append(value)
        elif name in found:
            errors[name] = _("This was given twice.")
        elif about is None:
            errors[""] = _("The form has a field that does not belong to it.")
        else:
            found[name] = value
        if "\x00" in value:
            errors[name] = _("It holds a character that cannot be kept.")
    hidden = {name for name, about in model.model_fields.items() if _secret(about.annotation)}
    typed = {name: value for name, value in found.items() if name not in hidden}
    if errors:
        return Form(typed=typed, errors=errors)
    try:
        filled = {name: value for name, value in found.items() if value not in ("", [])}
        return Form(value=model.model_validate(filled), typed=typed)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            name = str(one["loc"][0]) if one["loc"] else ""
            errors.setdefault(name, said(one))
        return Form(typed=typed, errors=errors)


def said(error: Any) -> str:
    """What is wrong with a field, as one would say it."""
    context = error.get("ctx", {})
    match error["type"]:
        case "string_too_long":
            most = context["max_length"]
            told = ngettext("At most %(num)s character.", "At most %(num)s characters.", most)
            return told % {"num": most}
        case "string_too_short":
            least = context["min_length"]
            told = ngettext("At least %(num)s character.", "At least %(num)s characters.", least)
            return told % {"num": least}
        case "greater_than_equal":
            return _("This must be %(least)s or more.") % {"least": context["ge"]}
        case "less_than_equal":
            return _("This must be %(most)s or less.") % {"most": context["le"]}
        case "value_error":
            return str(context["error"])
        case kind:
            return _(PLAIN.get(kind, N_("This cannot be used.")))


PLAIN = {
    "missing": N_("This is needed."),
    "too_short": N_("Choose at least one."),
    "int_parsing": N_("This must be a whole number."),
    "int_type": N_("This must be a whole number."),
    "int_from_float": N_("This must be a whole number."),
    "float_parsing": N_("This must be a number."),
    "float_type": N_("This must be a number."),
    "enum": N_("Choose one of those that are offered."),
    "literal_error": N_("Choose one of those that are offered."),
    "string_pattern_mismatch": N_("It has a character that cannot stand here."),
}
"""What is wrong, where there is no number to it."""


async def pairs(request: Request, kind: str) -> list[tuple[str, str]]:
    """The names and values of a form in the body. Raises `Unreadable`."""
    try:
        async with asyncio.timeout(PATIENCE):
            data = await _body(request)
    except TimeoutError:
        raise Unreadable(_("The form did not come in time."), _("Send it again.")) from None
    except ClientDisconnect:
        raise Unreadable(_("The form was cut off."), _("Send it again.")) from None
    if not data:
        return []
    if kind != "application/x-www-form-urlencoded":
        raise Unreadable(_("This is no form."), _("Send it from a page of the console."))
    try:
        return parse_qsl(
            data.decode("ascii"), keep_blank_values=True, errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise Unreadable(
            _("The form cannot be read."), _("Send it from a page of the console.")
        ) from None


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST:
            raise Unreadable(_("The form is too long."), _("Send less of it."))
    return bytes(data)


def _many(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_origin(kind) in (list, tuple, set, frozenset)


def _secret(kind: Any) -> bool:
    return kind is SecretStr or SecretStr in get_args(kind)
