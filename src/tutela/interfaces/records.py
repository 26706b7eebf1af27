"""What records are told of an installation, and what both doors do with them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from tutela.app import App
from tutela.bundles import receivers
from tutela.errors import TutelaError
from tutela.records import changes
from tutela.records.errors import RecordRefused
from tutela.records.setup import Setup

MATCHING = ("signals", "decoding.limits", "screening", "decisions", "law", "records")
"""Settings that bear on what matches, what follows from it, and which law is acted on."""


def setup(app: App) -> Setup:
    """The settings of an installation, as far as records say something of them. Raises
    `TutelaError`."""
    chosen = app.settings
    return Setup(
        app.policy(), chosen.reporting, chosen.law, chosen.views, chosen.preservation,
        chosen.decisions, chosen.cases, chosen.people, chosen.screening, chosen.webhooks,
        chosen.records, tuple(receivers.listed(app.data)),
        store="object storage (evidence.url)" if chosen.evidence.url else "the data directory",
        openers=_openers(app), engine="SQLite" if app.database.is_sqlite else "Postgres",
        hosts=chosen.outbound.hosts,
        encrypted_console=chosen.console.origin.startswith("https://"),
        single_sign_on=bool(chosen.oidc.issuer),
    )  # fmt: skip


def note_settings(app: App) -> str | None:
    """Write down settings and packs that are not those of the last start; gives the change's id."""
    with app.database.writing() as session:
        return changes.compare(session, app.database.now(), app.actor, matching(app))


def matching(app: App) -> dict[str, Any]:
    """What bears on matching, by the names of settings."""
    found: dict[str, Any] = {}
    for place in MATCHING:
        part: Any = app.settings
        for name in place.split("."):
            part = getattr(part, name)
        found |= {f"{place}.{name}": value for name, value in dataclasses.asdict(part).items()}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in found.items()
    } | changes.packs_in_use(app.settings.law)


def day(text: str) -> datetime | None:
    """The beginning of a day, as 2031-05-01, in UTC; None of an empty text. Raises
    `RecordRefused`."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RecordRefused(f"{text[:40]!r} is no day.", "Write it as 2031-05-01.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _openers(app: App) -> int:
    try:
        return len(app.recipients())
    except TutelaError:
        return 0
