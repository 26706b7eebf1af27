"""A compliance officer makes a mistake in a policy: is told where, what, and what to write instead.

Each policy in `faults` has one mistake, or some; the text beside it is all that is said of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.policies import HEAD, policy, rule
from tutela.policy import PolicyError, load

FAULTS = Path(__file__).parent / "faults"
POLICIES = sorted(FAULTS.glob("*.yaml"))


def told(text: str | bytes, name: str = "policy.yaml") -> str:
    with pytest.raises(PolicyError) as caught:
        load(text, name)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_each_fault_is_told_with_place_and_hint(file):
    assert told(file.read_bytes(), file.name) + "\n" == file.with_suffix(".txt").read_text()


def test_every_text_has_its_policy():
    assert {f.stem for f in FAULTS.glob("*.txt")} == {f.stem for f in POLICIES}
    assert len(POLICIES) >= 80


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_places_are_the_same_with_windows_line_ends_and_a_byte_order_mark(file):
    text = file.read_bytes().replace(b"\n", b"\r\n")
    assert told(b"\xef\xbb\xbf" + text, file.name) + "\n" == file.with_suffix(".txt").read_text()


def test_a_place_is_where_the_fault_stands_in_the_file():
    for file in POLICIES:
        lines = file.read_text().split("\n")
        with pytest.raises(PolicyError) as caught:
            load(file.read_bytes())
        for fault in caught.value.faults:
            line = lines[fault.line - 1]
            assert 1 <= fault.column <= len(line) + 1, (file.stem, fault)


@pytest.mark.parametrize(
    "when",
    [
        "any match and {}",
        "(any match and sources > 2) or {}",
        "'any match and {}'",
        '"any match and {}"',
        "|\n      any match\n\n      and {}",
        ">-\n      any match\n      and\n      {}\n",
        "any match\n      and {}",
        '"any match\n\n      and {}"',
        "   any   match   and   {}",
    ],
)
def test_a_word_in_a_condition_is_found_however_it_is_written(when):
    text = f"{HEAD}rules:\n{rule(when.format('wet'))}"
    with pytest.raises(PolicyError) as caught:
        load(text)
    (fault,) = caught.value.faults
    assert text.split("\n")[fault.line - 1][fault.column - 1 :].startswith("wet")


def test_all_faults_are_told_in_their_order_and_beyond_some_their_number():
    text = told((FAULTS / "many.yaml").read_bytes())
    assert text.count("There is no name wet.") == 50
    assert text.endswith("policy.yaml: There are 10 faults more.")


def test_what_is_no_utf8_is_told_with_its_place():
    text = f"{HEAD}rules: [] # Fahrräder".encode("latin-1")
    assert told(text) == "policy.yaml:4:18: This byte is not UTF-8. Save the file as UTF-8."
    assert told("format: 1".encode("utf-16")).startswith("policy.yaml:1:1: This byte is not UTF-8.")


def test_what_cannot_be_printed_is_told_with_its_place():
    assert told("format: 1\nrain: \x07") == (
        "policy.yaml:2:7: This character may not stand in YAML. Delete it."
    )
    assert "\x1b" not in told('format: "\\e[31m1"\n')
    assert told("format: 1\u2028\n").count("\n") < 5


def test_a_good_policy_may_be_written_in_any_way():
    one = policy(rule('any match and match.type == "pdq"', actions="[case, keep]"))
    others = [
        policy(rule("\"any   match  and match.type=='pdq'\"", actions="[keep, case]")),
        policy(
            rule(">\n      any match\n      and (match.type) == 'pdq'  ", actions='["keep",case]')
        ),
    ]
    assert [rule.when.text for rule in one.rules] == ['any match and match.type == "pdq"']
    assert all(other.rules[0].when.holds is not None for other in others)
    crlf = load(b"\xef\xbb\xbf" + one.text.replace("\n", "\r\n").encode())
    assert crlf.version == one.version
    reordered = load("\n".join(["rules:", rule('any match and match.type == "pdq"',
                                               actions="[case, keep]"), HEAD]))  # fmt: skip
    assert reordered.version == one.version


def test_the_version_is_that_of_what_is_said():
    one = policy(rule("any match"))
    assert one.version.startswith("sha256:") and len(one.version) == 71
    assert load(f"# Rain.\n{one.text}").version == one.version
    others = [
        policy(rule("any match", verdict="block")),
        policy(rule("any match", why="A red bicycle.")),
        policy(rule("matches > 0")),
        policy(rule("any match", state="draft")),
        policy(rule("any match", public_reason="Please choose another picture.")),
        policy(rule("any match"), head=HEAD.replace("P30D", "P31D")),
        policy(rule("any match"), head=f"{HEAD}surge: {{factor: 11}}\n"),
        policy(rule("any match"), head=f"{HEAD}fields: {{item.id: bike}}\n"),
        policy(rule("any match"), rule("any match", name="snow")),
    ]
    assert len({other.version for other in (one, *others)}) == len(others) + 1
