"""What routes share, and how they get at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from tutela.interfaces.api.access import Holder, KeyRing
from tutela.interfaces.api.bodies import Memory
from tutela.people.permissions import Permission
from tutela.running import Running
from tutela.settings import Service


@dataclass(frozen=True, slots=True)
class State:
    """One process's parts."""

    running: Running
    keyring: KeyRing
    limits: Service
    memory: Memory


def state(request: Request) -> State:
    found: State = request.app.state.tutela
    return found


async def shared(request: Request) -> State:
    """The same as a dependency: one that is not `async` takes a thread for each request."""
    return state(request)


Shared = Annotated[State, Depends(shared)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]


def with_scope(permission: Permission | None) -> Callable[[Request], Awaitable[Holder]]:
    """A dependency that gives who asks, if they have this permission; with None, whoever has a key.
    It says which in its attribute `permission`, from which the matrix of who may what is made."""

    async def holder(request: Request) -> Holder:
        return await state(request).keyring.holder(request, permission)

    holder.permission = permission  # type: ignore[attr-defined] # functions take any
    return holder
