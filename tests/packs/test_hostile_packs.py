"""A pack that was damaged anywhere loads, or is refused with places; it never breaks the reader."""

from __future__ import annotations

import time

import pytest
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


def layers(count: int) -> str:
    """Aliases of aliases: ten times as much with each line."""
    lines = ["a0: &a0 rain"]
    lines += [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, count)
    ]  # fmt: skip
    return "\n".join(lines)


RULES = text().split("rules:")[0]
ATTACKS = {
    "aliases of aliases": layers(30),
    "a key that is merged": "base: &b {pack: x}\n<<: *b\n" + text(),
    "deep lists": RULES + "rules: " + "[" * 50_000,
    "deep mappings": RULES + "rules: " + "{a: " * 20_000,
    "deep indents": RULES + "rules:\n" + "".join(" " * n + "-\n" for n in range(300)),
    "a list without end": RULES + "rules: [" + "x, " * 40_000 + "]",
    "a very long text": text() + "\n# " + "x" * 5_000_000,
    "a key twice": text() + "\npack: others\n",
    "a tag that makes an object": RULES + "rules: !!python/object/apply:os.getcwd []\n",
    "a second document": text() + "\n---\n" + text(),
    "a list for a name": text().replace("pack: bikes", "pack: [bikes]"),
    "a mapping for rules": RULES + "rules: {kind: report}\n",
    "a list for a rule": RULES + "rules: [[kind, report]]\n",
    "zeros": text().replace("bikes", "bi\0kes"),
    "a mark that turns text around": text().replace("pack: bikes", "pack: \u202ebikes"),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_told_at_once(attack):
    """No memory, no time and no object is given for it, and what is told has a place."""
    began = time.process_time()
    with pytest.raises(PackError) as refused:
        load(attack)
    assert refused.value.faults and refused.value.faults[0].line >= 1
    assert time.process_time() - began < 5
