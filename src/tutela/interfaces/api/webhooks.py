"""`/webhooks` and `/deliveries`: who is told what happened, and what they were told.

An endpoint in one's own network is added by the command alone: who has a key of the service is not
to reach what is behind it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from tutela.interfaces.api.banks import actor
from tutela.interfaces.api.json_bodies import NAME, After, AfterName, Given, Page, Text, given, page
from tutela.interfaces.api.queues import Administrator
from tutela.interfaces.api.state import Limit, Shared
from tutela.outbound import Outbound
from tutela.webhooks import endpoints, sending, service
from tutela.webhooks.messages import KINDS
from tutela.webhooks.models import Delivery, Endpoint, State

EndpointName = Annotated[str, Path(pattern=NAME, description="Name of the endpoint.")]
Message = Annotated[str, Path(pattern="^msg_[0-9a-f]{24}$", description="Its `webhook-id`.")]
LONGEST_URL = 2048

router = APIRouter(tags=["webhooks"])


class NewEndpoint(Given):
    """A service to be told. `kinds`: which messages; `*` for all."""

    name: Annotated[str, Field(pattern=NAME)]
    url: Annotated[
        Text,
        Field(
            min_length=1,
            max_length=LONGEST_URL,
            pattern="^https://",
            json_schema_extra={"format": "uri"},
        ),
    ]
    kinds: Annotated[
        list[Annotated[Text, Field(max_length=64, json_schema_extra={"enum": [*KINDS, "*"]})]],
        Field(min_length=1, max_length=32),
    ] = Field(default=["*"])


class EndpointShown(BaseModel):
    """A service that is told what happens."""

    name: str
    url: str
    kinds: list[str]
    private: bool
    created_at: datetime
    previous_until: datetime | None
    disabled_at: datetime | None

    @classmethod
    def of(cls, one: Endpoint) -> EndpointShown:
        made = {name: getattr(one, name) for name in cls.model_fields}
        return cls(**made | {"kinds": one.kinds.split()})


class EndpointMade(BaseModel):
    """A new endpoint, and its secret, shown this once."""

    endpoint: EndpointShown
    secret: str


class Secret(BaseModel):
    """A new secret, shown this once; the old one signs beside it until `previous_until`."""

    secret: str
    previous_until: datetime


class Dead(BaseModel):
    """How many messages waited and are dead."""

    dead: int


class Again(BaseModel):
    """How many messages are to be sent once more."""

    messages: int


class DeliveryShown(BaseModel):
    """One message to one endpoint."""

    number: int
    message: str
    endpoint: str
    kind: str
    state: State
    tries: int
    due_at: datetime
    last_status: int | None
    last_error: str | None
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, found: tuple[Delivery, str]) -> DeliveryShown:
        one, endpoint = found
        return cls(
            number=one.id, message=one.message, endpoint=endpoint, kind=one.kind, state=one.state,
            tries=one.tries, due_at=one.due_at, last_status=one.last_status,
            last_error=one.last_error or None, created_at=one.created_at, ended_at=one.ended_at,
        )  # fmt: skip


class Tried(BaseModel):
    """What came of a test message."""

    message: str
    delivered: bool
    last_status: int | None
    last_error: str | None


@router.get("/webhooks")
def list_endpoints(
    _: Administrator, shared: Shared, after: AfterName = "", limit: Limit = 100
) -> Page[EndpointShown]:
    """List endpoints by name, those disabled too."""
    with shared.running.app.database.reading() as session:
        found = endpoints.listed(session, after, limit + 1)
    return page(found, limit, EndpointShown.of, lambda one: one.name)


@router.post("/webhooks", status_code=201, responses={409: {}})
def add_endpoint(
    holder: Administrator, body: Annotated[NewEndpoint, given(NewEndpoint)], shared: Shared
) -> EndpointMade:
    """Add an endpoint."""
    app = shared.running.app
    sealing = app.webhook_sealing()
    with app.database.writing() as session:
        made, secret = endpoints.add(
            session, app.database.now(), actor(holder), sealing, body.name, body.url, body.kinds
        )
    return EndpointMade(endpoint=EndpointShown.of(made), secret=secret)


@router.post("/webhooks/{name}/disable", responses={404: {}})
def disable_endpoint(holder: Administrator, name: EndpointName, shared: Shared) -> Dead:
    """Nothing more is sent there."""
    database = shared.running.app.database
    with database.writing() as session:
        return Dead(dead=endpoints.disable(session, database.now(), actor(holder), name))


@router.post("/webhooks/{name}/enable", status_code=204, responses={404: {}})
def enable_endpoint(holder: Administrator, name: EndpointName, shared: Shared) -> None:
    """It is told again what happens from now on."""
    database = shared.running.app.database
    with database.writing() as session:
        endpoints.enable(session, database.now(), actor(holder), name)


@router.post("/webhooks/{name}/rotate", responses={404: {}})
def rotate_secret(holder: Administrator, name: EndpointName, shared: Shared) -> Secret:
    """Make a new secret."""
    app = shared.running.app
    overlap = timedelta(hours=app.settings.webhooks.overlap_hours)
    sealing = app.webhook_sealing()
    with app.database.writing() as session:
        now = app.database.now()
        secret = endpoints.rotate(session, now, actor(holder), sealing, name, overlap)
    return Secret(secret=secret, previous_until=now + overlap)


@router.post("/webhooks/{name}/test", responses={404: {}})
def send_test(_: Administrator, name: EndpointName, shared: Shared) -> Tried:
    """Send a test message now, once; nothing of it is kept."""
    app = shared.running.app
    one, good = sending.attempt(
        app.database, Outbound(app.settings.outbound), app.webhook_sealing(), name,
        app.settings.webhooks,
    )  # fmt: skip
    return Tried(
        message=one.message, delivered=good, last_status=one.last_status,
        last_error=one.last_error or None,
    )  # fmt: skip


@router.post("/webhooks/{name}/resend", responses={404: {}, 409: {}})
def resend_dead(holder: Administrator, name: EndpointName, shared: Shared) -> Again:
    """Send all dead messages of an endpoint once more."""
    database = shared.running.app.database
    with database.writing() as session:
        return Again(messages=service.resend_dead(session, database.now(), actor(holder), name))


@router.get("/deliveries", responses={404: {}})
def list_deliveries(
    _: Administrator,
    shared: Shared,
    endpoint: Annotated[str | None, Query(pattern=NAME, description="Only those to it.")] = None,
    state: State | None = None,
    after: After = "0",
    limit: Limit = 100,
) -> Page[DeliveryShown]:
    """List messages in the order in which they were made."""
    with shared.running.app.database.reading() as session:
        found = service.deliveries(session, int(after), limit + 1, state=state, endpoint=endpoint)
    return page(found, limit, DeliveryShown.of, lambda one: one[0].id)


@router.post("/deliveries/{message}/resend", responses={404: {}, 409: {}})
def resend(holder: Administrator, message: Message, shared: Shared) -> Again:
    """Send a message once more, whatever became of it."""
    database = shared.running.app.database
    with database.writing() as session:
        service.resend(session, database.now(), actor(holder), message)
    return Again(messages=1)
