"""docs/policy.md names all that a policy may say, and its examples are policies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy.policies import HEAD
from tutela.policy import State, Verdict, load
from tutela.policy.documents import MAX_DEPTH, MAX_SIZE
from tutela.policy.models import ACTIONS, Surge
from tutela.policy.presets import DISTANCE, PRESETS, QUALITY
from tutela.policy.vocabulary import CHANNELS, NAMES, NOTES, PURPOSES, ROLES, Kind

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()


@pytest.mark.parametrize(
    "word",
    [
        *NAMES,
        *ROLES,
        *CHANNELS,
        *NOTES,
        *PURPOSES,
        *sorted(ACTIONS),
        *PRESETS,
        *State,
        *Verdict,
        *Kind,
    ],
)
def test_every_word_is_documented(word):
    assert f"`{word}`" in PAGE


def test_every_key_is_documented():
    keys = {
        "format", "channels", "rules", "fields", "surge", "legal_basis", "from", "until", "keep",
        "keep_for", "name", "state", "when", "verdict", "why", "actions", "public_reason",
    }  # fmt: skip
    tables = {key for row in re.findall(r"^\| (`.*?) \|", PAGE, re.M) for key in row.split("`")}
    assert keys <= tables


def test_numbers_are_those_of_the_code():
    assert f"longer than {MAX_SIZE // 1024} KiB and not nested deeper than {MAX_DEPTH}" in " ".join(
        PAGE.split()
    )
    assert f"PDQ within {DISTANCE} bits with quality {QUALITY} or more" in PAGE
    assert f"`factor` (default {Surge().factor})" in PAGE
    assert f"`least` (default {Surge().least})" in PAGE


def test_examples_are_policies():
    blocks = ["".join(b) for b in re.findall(r"((?:^    .*\n)+)", PAGE, re.M)]
    (rule,) = (block for block in blocks if block.startswith("    - name:"))
    (fields,) = (block for block in blocks if block.startswith("    fields:"))
    made = load(f"{HEAD}{fields.replace('    fields', 'fields', 1)}rules:\n{rule}")
    assert made.rules[0].name == "same-picture" and len(made.fields) == 3
    for condition in re.findall(r"^\| `([^`]*(?: in |==)[^`]*\])?` \| one of", PAGE, re.M):
        assert load(f"{HEAD}rules:\n  - {{name: a, state: live, when: '{condition}',"
                    " verdict: allow, why: Rain.}\n").rules  # fmt: skip
