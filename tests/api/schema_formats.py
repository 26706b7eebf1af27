"""Facts for Schemathesis: what a schema cannot say of a text that holds JSON."""

from __future__ import annotations

import base64
import json

import schemathesis
from hypothesis import strategies as st

LONGEST = 2048
"""Bytes of a header that servers take."""


def facts() -> st.SearchStrategy[str]:
    text = st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=20)
    item = {"id": text, "channel": st.sampled_from(["public", "unknown", None])}
    every = {
        "item": st.fixed_dictionaries({}, optional=item),
        "creator": st.fixed_dictionaries({}, optional={"id": text}),
        "extra": st.dictionaries(text, text | st.integers(-9, 9) | st.none(), max_size=3),
    }
    return st.fixed_dictionaries({}, optional=every).map(json.dumps)


def in_header(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


schemathesis.openapi.format("tutela-json-facts", facts())
schemathesis.openapi.format(
    "tutela-facts", facts().filter(lambda text: len(text) < LONGEST).map(in_header)
)
