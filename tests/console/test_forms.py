"""Forms: read within limits, checked by a model, shown again with what was typed."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from api.service import Desk
from pydantic import Field, SecretStr

from console.visitor import signed_in
from tutela.interfaces.console.forms import MOST, Fields, checked
from tutela.people.permissions import Permission

STRANGE = "The form has a field that does not belong to it."


class Bicycle(Fields):
    name: Annotated[str, Field(min_length=2, max_length=10)]
    gears: Annotated[int, Field(ge=1, le=30)] = 3
    kind: Literal["road", "cargo"] = "road"
    colours: tuple[str, ...] = ()
    lock: SecretStr | None = None
    bell: bool = False


def test_what_is_right_is_given_with_its_types() -> None:
    form = checked(
        Bicycle,
        [("csrf", "x"), ("name", " Rosa "), ("gears", "7"), ("colours", "red"), ("colours", "blue"),
         ("bell", "true"), ("kind", "")],
    )  # fmt: skip
    assert form.value == Bicycle(name="Rosa", gears=7, colours=("red", "blue"), bell=True)


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ([], "name", "This is needed."),
        ([("name", "")], "name", "This is needed."),
        ([("name", "x")], "name", "At least 2 characters."),
        ([("name", "x" * 11)], "name", "At most 10 characters."),
        ([("name", "Rosa"), ("gears", "many")], "gears", "This must be a whole number."),
        ([("name", "Rosa"), ("gears", "0")], "gears", "This must be 1 or more."),
        ([("name", "Rosa"), ("gears", "31")], "gears", "This must be 30 or less."),
        ([("name", "Rosa"), ("kind", "boat")], "kind", "Choose one of those that are offered."),
        ([("name", "Rosa"), ("name", "Anna")], "name", "This was given twice."),
        ([("name", "Ro\x00sa")], "name", "It holds a character that cannot be kept."),
        (
            [("name", "Rosa"), ("owner", "x")],
            "",
            "The form has a field that does not belong to it.",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    given: list[tuple[str, str]], field: str, said: str
) -> None:
    form = checked(Bicycle, given)
    assert form.value is None and form.error(field) == said


def test_what_was_typed_is_kept_but_no_secret() -> None:
    form = checked(Bicycle, [("name", "x"), ("lock", "1234"), ("colours", "red")])
    assert form.get("name") == "x" and form.get("colours") == ["red"]
    assert "lock" not in form.typed


def test_a_field_that_is_not_of_the_form_is_refused(desk: Desk) -> None:
    """Mass assignment: nobody gives themselves a role by adding a field to another form."""
    someone = signed_in(desk, "reader", Permission.BANKS_READ)
    for name in ("roles", "disabled_at", "person_id", "password", "next"):
        page = someone.post("/console/account/zone", {"zone": "UTC", name: "x"}, 422)
        assert "does not belong to it" in page.words


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"zone=UTC"),
        ("application/x-www-form-urlencoded", b"zone=%FF"),
        ("application/x-www-form-urlencoded", b"zone=\xff"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=b"] * 1001)),
        ("application/x-www-form-urlencoded", b"zone=" + b"x" * MOST),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disp"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"x" * 20_000 + b": y\r\n\r\n--b--"),
        ("multipart/form-data; boundary=b", b""),
    ],
)
def test_what_is_no_form_is_refused_as_a_page(desk: Desk, kind: str, body: bytes) -> None:
    someone = signed_in(desk, "reader", Permission.BANKS_READ)
    headers = {"content-type": kind, "x-csrf-token": someone.token}
    page = someone.ask("POST", "/console/account/zone", body, headers)
    assert page.status in (400, 422), page.words
    assert page.headers["content-type"].startswith("text/html")


def test_a_form_may_come_as_multipart_but_a_file_is_no_field(desk: Desk) -> None:
    someone = signed_in(desk, "reader", Permission.BANKS_READ)
    someone.upload("/console/account/zone", {"zone": "Europe/Rome"})
    someone.upload("/console/account/zone", {"zone": ("bicycle.txt", b"UTC")}, 400)
