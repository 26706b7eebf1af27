"""Templates: always escaped, strict about names, with times in the reader's zone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from tutela.interfaces.console import inert, static, texts

UTC_ZONE = ZoneInfo("UTC")
TEMPLATES = Path(__file__).with_name("templates")
NO_BREAK = "\N{NARROW NO-BREAK SPACE}"


def render(template: str, **values: Any) -> str:
    return environment().get_template(template).render(values)


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined] # of the extension i18n
        texts.gettext, texts.ngettext, newstyle=True
    )
    made.filters.update(
        time=time,
        day=day,
        number=number,
        ago=ago,
        size=size,
        from_json=json.loads,
        plain=plain,
        act=texts.act,
        inert=inert.inert,
    )
    made.globals.update(static=static.url, with_query=with_query)
    return made


def zone(name: str) -> ZoneInfo:
    """The zone of this name; UTC for one that is not known any more."""
    try:
        return _zone(name) if name else UTC_ZONE
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        return UTC_ZONE
    except KeyError:
        return UTC_ZONE


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@pass_context
def time(context: Context, at: datetime | str, seconds: bool = False) -> Markup:
    """A time in the reader's zone, which is named."""
    return _time(context, at, "%H:%M:%S" if seconds else "%H:%M")


@pass_context
def day(context: Context, at: datetime | str) -> Markup:
    """The day of a time in the reader's zone."""
    return _time(context, at, "")


def _time(context: Context, given: datetime | str, clock: str) -> Markup:
    at = datetime.fromisoformat(given) if isinstance(given, str) else given
    there = at.astimezone(context.get("zone") or UTC_ZONE)
    text = f"{there.day}\N{NO-BREAK SPACE}{there:%b}\N{NO-BREAK SPACE}{there.year}"
    if clock:
        text += f", {there.strftime(clock)}\N{NO-BREAK SPACE}{there.tzname()}"
    machine = at.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(machine, text)


DAY, HOUR, MINUTE = 86400, 3600, 60


@pass_context
def ago(context: Context, at: datetime) -> Markup:
    """How long ago, or in how long; the time itself stands in its title."""
    distance = (context["now"] - at).total_seconds()
    length = _length(int(abs(distance)))
    pattern = texts.gettext("%(length)s ago") if distance >= 0 else texts.gettext("in %(length)s")
    there = at.astimezone(context.get("zone") or UTC_ZONE)
    title = f"{there.day} {there:%b} {there.year}, {there:%H:%M} {there.tzname()}"
    machine = at.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        machine, title, pattern % {"length": length}
    )


def _length(seconds: int) -> str:
    """How long that is, as one would say it."""
    if count := seconds // DAY:
        text = texts.ngettext("%(num)s day", "%(num)s days", count)
    elif count := seconds // HOUR:
        text = texts.ngettext("%(num)s hour", "%(num)s hours", count)
    elif count := seconds // MINUTE:
        text = texts.ngettext("%(num)s minute", "%(num)s minutes", count)
    else:
        return texts.gettext("less than a minute")
    return text % {"num": count}


def number(value: float) -> str:
    """With its thousands apart."""
    return f"{value:,}".replace(",", NO_BREAK)


def size(count: int) -> str:
    """Bytes, as people say them."""
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return (
        f"{amount:.0f}\N{NO-BREAK SPACE}{unit}"
        if amount >= 10 or unit == "B"
        else (f"{amount:.1f}\N{NO-BREAK SPACE}{unit}")
    )


def plain(value: object) -> str:
    """A fact of the log as one would say it."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return texts.gettext("yes") if value else texts.gettext("no")
    return str(value)


def with_query(path: str, query: Mapping[str, Any], **changed: Any) -> str:
    """The path with these filters, of which some are changed; those that are empty are left out."""
    merged = {**query, **changed}
    merged.pop("said", None)
    kept = {name: str(value) for name, value in merged.items() if value not in (None, "")}
    return path + ("?" + urlencode(kept) if kept else "")
