"""What may be said to an endpoint, and how: the envelope of Standard Webhooks.

A receiver may show what it gets to whoever it is about. So no message says that an authority was
or will be told, and none can be made to: its kinds are listed, its keys and Tutela's own texts are
checked.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ALARM_SOUNDED = "alarm.sounded"
ITEM_REVIEWED = "item.reviewed"
APPEAL_DECIDED = "appeal.decided"

KINDS = {
    "item.decided": "An item was blocked, or waits for a person.",
    ITEM_REVIEWED: "A person decided about an item, or took that back.",
    APPEAL_DECIDED: "An appeal was decided.",
    ALARM_SOUNDED: "Something of this installation needs a look.",
    "webhook.test": "Sent by `tutela webhook test`.",
}
"""Every kind of message; docs/webhooks.md lists them."""

ECHOED = frozenset({"item", "creator", "extra"})
"""What the platform itself said of the item is given back unread: it may hold any word."""

TELLING = re.compile(
    r"author(ity|ities)|polic(e|ing)\b|law.?enforcement|prosecut|investigat|cyber.?tip|hot.?line|"
    r"\b(ncmec|nca|iwf|nccc|fbi|europol|interpol|csam|csea)\b|"
    r"\breport(s|ed|ing|able)?\b|referr|escalat|preserv|legal.?hold|warrant|\bcourt",
    re.IGNORECASE,
)
"""Words by which a message could say that someone else was or will be told."""

log = logging.getLogger(__name__)


def may_say(text: str) -> bool:
    """Whether a text of Tutela's may stand in a message."""
    return not TELLING.search(text.replace("_", " "))


def body(kind: str, now: datetime, data: Mapping[str, Any]) -> str:
    """The text to sign and send.

    Raises ValueError for a kind that is not listed or a key that may not be said: a fault of the
    caller. A *value* that may not be said becomes null: what happened must still be told.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of message")
    at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {"type": kind, "timestamp": at, "data": _said(data)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        for key in value:
            if not may_say(key):
                raise ValueError(f"a message may not say {key!r}")
        return {k: v if k in ECHOED else _said(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_said(item) for item in value]
    if isinstance(value, str) and not may_say(value):
        log.warning("a text was left out of a webhook: it could tell that someone was told")
        return None
    return value
