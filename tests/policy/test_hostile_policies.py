"""A policy that was made to burn time or memory, or to reach what it must not: refused, with a
place, before anything is built of it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.policies import HEAD, case, pdq, policy, rule
from tutela.policy import PolicyError, Verdict, load
from tutela.policy.conditions import MAX_LENGTH, MAX_OPERATORS, MAX_PARENTHESES
from tutela.policy.documents import MAX_DEPTH, MAX_NODES, MAX_SIZE
from tutela.policy.loading import MAX_RULES


def refused(text: str | bytes) -> str:
    with pytest.raises(PolicyError) as caught:
        load(text)
    assert len(str(caught.value)) < 30_000
    return str(caught.value)


LAUGHS = "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'rain'}]\n" for n in range(20)
)
DOCUMENTS = {
    "aliases that grow": (LAUGHS, "Anchors and aliases are not read."),
    "a loop of aliases": ("format: &a\n  rain: *a\n", "Anchors and aliases are not read."),
    "deep lists": ("[" * 100_000, "nested more than"),
    "deep mappings": ("{a: " * 30_000, "nested more than"),
    "deep indentation": ("".join(" " * n + "a:\n" for n in range(400)), "nested more than"),
    "deep dashes": ("- " * 60_000, "nested more than"),
    "too long": ("# rain\n" * (MAX_SIZE // 7 + 1), "longer than"),
    "too long in bytes": (b"# rain\n" * (MAX_SIZE // 7 + 1), "longer than"),
    "many values": (f"[{'a,' * (MAX_NODES + 1)}]", "more than"),
    "many keys": ("".join(f"k{n}: 1\n" for n in range(MAX_NODES)), "more than"),
    "a long key": (f"{'k' * 100_000}: 1\n", "policy.yaml:"),
    "a long number": (f"format: {'9' * 100_000}\n", "longer than"),
    "a number in sixties": (f"format: {'1:' * 60_000}1\n", "policy.yaml:"),
    "tags": ("!!python/object/new:os.system [rain]", "Tags are not read."),
    "a tag of a key": ("? !!set {a: b}\n: c\n", "Tags are not read."),
    "a directive": ("%TAG ! tag:rain,2026:\n---\n!a {}\n", "Tags are not read."),
    "a zero byte": ("format: 1\0", "may not stand"),
    "half a character": ("format: \ud800", "may not stand"),
    "random bytes": (bytes(range(256)), "is not UTF-8"),
    "nothing": (b"", "nothing in this policy"),
    "only dashes": ("---\n...\n---\n", "second document"),
    "only a mark": (b"\xef\xbb\xbf", "nothing in this policy"),
    "a word": ("rain", "not written as name: value"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_is_refused(name):
    text, said = DOCUMENTS[name]
    assert said in refused(text)


CONDITIONS = {
    "long": "any match or " * (MAX_LENGTH // 13 + 1) + "any match",
    "many operators": " and ".join(["any match"] * (MAX_OPERATORS + 2)),
    "many negations": "not " * (MAX_OPERATORS + 1) + "any match",
    "many parentheses": "(" * (MAX_PARENTHESES + 1) + "any match" + ")" * (MAX_PARENTHESES + 1),
    "many values": f"match.distance in [{'1,' * 400}1]",
    "a long text": f"match.bank == '{'x' * 1001}'",
    "a tower of powers": "9**9**9**9 == 1",
    "a long product": "'x' * 999999999 * 999999999 == 'x'",
    "a shift": "1 << 999999999 > 1",
    "a large exponent": "1e999999999 > match.distance",
    "a number of digits": f"{'9' * 3000} > match.distance",
    "a number with a tail": "match.distance < 3.0.0",
    "a catastrophe": "item.id =~ '(a*)*b'",
    "a call of a name": "range(999999999)",
    "a call of a text": "'x'(3)",
    "a call of a list": "match.bank in ['x'](3)",
    "a method": "item.id.ends_with('x')",
    "a dunder": "match.__class__.__mro__ == null",
    "an index": "match.labels[0] == 'x'",
    "a comprehension": "[x for x in match.labels] == null",
    "a clock": "$now > 3",
    "a date": "d'2026-01-01' == null",
    "a period": "t'P1D' == null",
    "bytes": "b'x' == null",
    "python": "__import__",
    "a mapping": "{'a': 1} == null",
    "a comment": "any match \\# rain",
    "an assignment": "x := 3",
    "infinity": "match.distance < inf",
    "no number": "match.distance != nan",
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_hostile_condition_is_refused(name):
    quoted = CONDITIONS[name].replace("'", "''")
    written = rule(f"'{quoted}'")
    said = refused(f"{HEAD}rules:\n{written}")
    assert said.startswith("policy.yaml:5:"), said


def test_the_longest_conditions_that_are_allowed_can_be_asked():
    longest = [
        " and ".join(["any match"] * (MAX_OPERATORS + 1)),
        "not " * MAX_OPERATORS + "any match",
        "(" * MAX_PARENTHESES + "any match" + ")" * MAX_PARENTHESES,
        " or ".join(["match.distance < 0"] * 50 + ["any match"]),
        f"match.distance in [{', '.join(map(str, range(150)))}]",
        " or ".join(["(" * 3 + "not (matches < 0)" + ")" * 3] * 25),
    ]
    for when in longest:
        made = policy(rule(when))
        assert made.decide(case(pdq())).verdict is Verdict.REVIEW, when


def test_there_is_an_end_of_rules():
    many = "".join(rule("any match", name=f"r{n}") for n in range(MAX_RULES))
    assert len(policy(many).rules) == MAX_RULES
    assert f"more than {MAX_RULES} rules" in refused(f"{HEAD}rules:\n{many}{rule('any match')}")


def test_nesting_as_deep_as_is_allowed_is_read():
    for depth, told in ((MAX_DEPTH, False), (MAX_DEPTH + 1, True)):
        said = refused(f"format: {'[' * depth}{']' * depth}\n")
        assert ("nested" in said) is told


def test_the_worst_text_of_allowed_size_is_read_in_little_memory():
    """In a process of its own, which ends if it takes more than 600 MB or 20 s of processor."""
    worst = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
resource.setrlimit(resource.RLIMIT_AS, (600_000_000, 600_000_000))
from tutela.policy import PolicyError, load
from tutela.policy.documents import MAX_SIZE
for text in ("[" * MAX_SIZE, "a: " * (MAX_SIZE // 3), "- " * (MAX_SIZE // 2), "?" * MAX_SIZE,
             "'" * MAX_SIZE, '"' + "\\\\u0041" * (MAX_SIZE // 7), "a\\n" * (MAX_SIZE // 2),
             "{" * MAX_SIZE, "&" * MAX_SIZE, "|\\n" + " x\\n" * (MAX_SIZE // 4), "k: |\\n" * 20_000,
             "[" + "a," * (MAX_SIZE // 2 - 1), "a" * MAX_SIZE, "- a: b\\n" * (MAX_SIZE // 7)):
    try:
        load(text[:MAX_SIZE])
        sys.exit("a policy?")
    except PolicyError:
        pass
"""
    ran = subprocess.run([sys.executable, "-c", worst], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()[-500:]


@given(st.text(max_size=200))
def test_any_text_is_refused_with_a_place(text):
    assert refused(text).startswith("policy.yaml:")


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_with_a_place(data):
    assert refused(data).startswith("policy.yaml:")


WORDS = st.sampled_from([
    "any match", "matches", "sources", "match.distance", "match.bank", "match.labels", "item.id",
    "file.notes", "channel", "match.surging", "and", "or", "not", "in", "not in", "==", "!=", "<",
    ">=", "(", ")", "[", "]", ",", "true", "null", "3", "0.5", "'rain'", '"public"', "'partial'",
])  # fmt: skip


@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_words_in_any_order_are_refused_or_decide(when):
    quoted = when.replace("'", "''")
    try:
        made = policy(rule(f"'{quoted}'"))
    except PolicyError as error:
        assert str(error).startswith("policy.yaml:5:")
        return
    for facts in (case(), case(pdq()), case(pdq(surging=True), pdq(quality=None))):
        assert made.decide(facts) == made.decide(facts)
