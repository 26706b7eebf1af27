"""`/reports`: what users and others say of an item, account, thread or text."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import rfc8785
from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field

from tutela.cases import alerts, intake, steps
from tutela.cases.alerts import Received
from tutela.errors import TutelaError
from tutela.interfaces.api.access import Holder
from tutela.interfaces.api.json_bodies import NO_ZERO, WHOLE, Given, given
from tutela.interfaces.api.state import Shared, with_scope
from tutela.matching.vetoes import divided
from tutela.people.permissions import Permission
from tutela.running import Running

Intake = Annotated[Holder, Depends(with_scope(Permission.INTAKE))]
Id = Annotated[str, Field(max_length=alerts.LONGEST_ID, pattern=NO_ZERO)]
Age = Annotated[int | None, Field(ge=0, le=alerts.OLDEST), WHOLE]

router = APIRouter()


class Report(Given):
    """What someone said. Texts are kept as they are; a URL is never fetched."""

    about: Literal["item", "account", "thread", "text", "url"]
    id: Id = ""
    account: Id = ""
    code: Annotated[str, Field(pattern=f"^({alerts.CODE.pattern})?$")] = ""
    text: Annotated[str, Field(max_length=alerts.LONGEST_TEXT, pattern=NO_ZERO)] = ""
    url: Annotated[str, Field(max_length=alerts.LONGEST_URL, pattern=NO_ZERO)] = ""
    reporter: Literal["user", "non-user"] = "user"
    reporter_id: Id = ""
    danger: bool = False
    subject_age: Age = None
    child_age: Age = None


class Taken(BaseModel):
    """That a report was taken, and on which case it is."""

    alert: int
    case_id: str


@router.post("/reports", tags=["cases"], status_code=201)
def hand_in(
    holder: Intake,
    shared: Shared,
    body: Annotated[Report, given(Report)],
    idempotency_key: Annotated[
        str, Header(max_length=256, description="Of this request: it is done once in a day.")
    ] = "",
) -> Taken:
    """Hand in a report. It needs no file, of whatever it is about."""
    running = shared.running
    database = running.app.database
    what = Received(
        about=body.about, about_id=body.id, account=body.account, code=body.code, text=body.text,
        url=body.url, reporter=body.reporter, reporter_id=body.reporter_id, danger=body.danger,
        subject_age=body.subject_age, child_age=body.child_age,
    )  # fmt: skip
    ticket = None
    if idempotency_key:
        asked = hashlib.sha256(rfc8785.dumps(body.model_dump())).digest()
        ticket = running.answers.ticket(f"report {holder.name}", idempotency_key, asked)
    lists = _lists(running, body.text)
    with database.writing() as session:
        now = database.now()
        taken = intake.once(session, now, running.answers, ticket, what)
        if lists and taken.at == now:  # it was not taken before
            steps.write(
                session, now, "screening", taken.case_id, "matched",
                f"Words of the report are on: {', '.join(lists)}", alert=taken.id,
            )  # fmt: skip
    return Taken(alert=taken.id, case_id=taken.case_id)


def _lists(running: Running, text: str) -> list[str]:
    """Lists that words of a report are on, for whoever looks at it: nothing else comes of them.
    Where they cannot be searched now, the report is taken all the same."""
    try:
        words = running.listed.words(text)
        matches = running.search.search(words) if words else []
    except TutelaError:
        return []
    return sorted({match.owner for match in divided(matches)[0]})
