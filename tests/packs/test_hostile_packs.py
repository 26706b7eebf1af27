"""A pack that was damaged anywhere loads, or is refused with places; it never breaks the reader."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from packs.texts import text
from tutela.packs import PackError, load, shipped

SOUND = [text(), (shipped.DATA / "uk.yaml").read_text(), (shipped.DATA / "eu.yaml").read_text()]
WORDS = ["", "- ", ": ", "[]", "{}", "null", "~", "P0D", "PT0H", "GB", "elsewhere", "9999-12-31",
         "'", '"', "\n", "yes", "0", "&a", "*a", "!!str x", "\t", "é", "\u2028"]  # fmt: skip


@given(st.sampled_from(SOUND), st.data())
def test_damage_is_told_or_harmless(sound, data):
    lines = sound.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at] = data.draw(
            st.sampled_from([
                "", lines[at][::-1], lines[at][2:], "  " + lines[at], lines[at - 1],
                lines[at].split(":")[0] + ": " + data.draw(st.sampled_from(WORDS)),
                lines[at] + data.draw(st.sampled_from(WORDS)),
            ])
        )  # fmt: skip
    try:
        load("\n".join(lines))
    except PackError as refused:
        assert refused.faults
        assert all(one.line >= 1 and one.column >= 1 and one.what for one in refused.faults)


@given(st.text(max_size=200))
def test_any_text_is_told_or_harmless(given_text):
    try:
        load(given_text)
    except PackError as refused:
        assert refused.faults
