"""`/explain`: what the policy in force says of an item and a match that are typed in."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from tutela.banks.models import Purpose
from tutela.errors import TutelaError
from tutela.interfaces.api import bodies
from tutela.interfaces.console import forms
from tutela.interfaces.console.forms import Fields, Form
from tutela.interfaces.console.policy import Keeper
from tutela.interfaces.console.shell import Visitor, page, state_of
from tutela.interfaces.console.texts import gettext as _
from tutela.policy import Decision, Facts, FileFacts, Found, Policy
from tutela.policy.vocabulary import CAUSES, CHANNELS, NOTES, PURPOSES
from tutela.policy.words import rule_words
from tutela.screening import given
from tutela.signals.variants import VARIANTS

Quality = Annotated[int, Field(ge=0, le=100)]
Short = Annotated[str, Field(max_length=128)]
router = APIRouter()


class Supposed(Fields):
    """An item with, if `matched`, one match: what is said of them."""

    channel: Literal["public", "private-message", "private-storage", "unknown"] = "public"
    facts: Annotated[str, Field(max_length=16_384)] = ""
    matched: bool = False
    type: Annotated[str, Field(max_length=64)] = "pdq"
    distance: Annotated[int, Field(ge=0, le=256)] = 0
    quality: Quality | None = None
    known_quality: Quality | None = None
    variant: Short = "plain"
    bank: Short = ""
    purpose: Short = str(Purpose.KNOWN_CSEA)
    source: Short = ""
    labels: Annotated[str, Field(max_length=4096)] = ""
    members: Annotated[int, Field(ge=1, le=10_000)] = 1
    strength: Literal["exact", "weak", "near"] = "near"
    only_review: bool = False
    surging: bool = False
    disputed: bool = False
    seed: bool = False
    undecodable: Short = ""
    notes: list[Short] = Field(default=[])


@router.get("/explain")
def explain_form(request: Request, visitor: Keeper) -> Response:
    first = forms.shown(
        channel="public", matched="true", type="pdq", distance="0", quality="100", variant="plain",
        purpose=str(Purpose.KNOWN_CSEA), members="1", strength="near",
    )  # fmt: skip
    return _page(request, visitor, first)


@router.post("/explain")
def explain(
    request: Request, visitor: Keeper, form: Annotated[Form[Supposed], forms.form(Supposed)]
) -> Response:
    """The verdict, the rule that gave it, and what rules in the background would say."""
    if form.value is None:
        return _page(request, visitor, form, status=422)
    policy = state_of(request).running.policy()
    try:
        facts = _facts(policy, form.value)
    except TutelaError as error:
        form.refuse(error, "facts")
        return _page(request, visitor, form, status=422)
    decision = policy.decide(facts)
    told = json.dumps(json.loads(facts.dumps()), indent=2)
    return _page(request, visitor, form, policy, decision, told)


def _facts(policy: Policy, supposed: Supposed) -> Facts:
    """Raises `TutelaError` for facts that are none."""
    raw: Any = {}
    if supposed.facts:
        raw = bodies.json_of(supposed.facts, _("The facts"))
    said = given.given(policy, raw)
    matches: tuple[Found, ...] = ()
    if supposed.matched:
        matches = (
            Found(
                type=supposed.type, distance=supposed.distance, quality=supposed.quality,
                known_quality=supposed.known_quality, variant=supposed.variant,
                bank=supposed.bank, purpose=supposed.purpose, source=supposed.source,
                labels=tuple(supposed.labels.split()), members=supposed.members,
                strength=supposed.strength, only_review=supposed.only_review,
                surging=supposed.surging, disputed=supposed.disputed, seed=supposed.seed,
            ),
        )  # fmt: skip
    return Facts(
        matches=matches, item=said.item, creator=said.creator, channel=supposed.channel,
        extra=said.extra,
        file=FileFacts(
            undecodable=supposed.undecodable or None, notes=frozenset(supposed.notes)
        ),
    )  # fmt: skip


def _page(
    request: Request,
    visitor: Visitor,
    form: Form[Any],
    policy: Policy | None = None,
    decision: Decision | None = None,
    told: str = "",
    status: int = 200,
) -> Response:
    rules = policy.rules if policy is not None and decision is not None else ()
    rule = next((one for one in rules if decision and one.name == decision.rule), None)

    def offered(names: Any) -> list[tuple[str, str]]:
        return [(str(name), str(name)) for name in names]

    return page(
        request, visitor, "policy/explain.html", status, form=form, decision=decision, told=told,
        rule=rule and rule_words(rule), channels=offered(CHANNELS), variants=offered(VARIANTS),
        purposes=offered(PURPOSES), strengths=offered(("near", "exact", "weak")),
        types=offered(name.name for name in state_of(request).running.pool.types),
        causes=[("", _("the file could be read")), *offered(CAUSES)], notes=offered(NOTES),
    )  # fmt: skip
