"""`tutela policy …`, as who answers for compliance meets it: processes on an installation of their
own."""

from __future__ import annotations

import json
import os
from datetime import date

import pytest
from installation import Installation

from tutela.policy import Facts, Found, load
from tutela.policy.presets import render

FORUM = render("small-forum", "DE")
FAULTY = "format: 1\nchannels:\n  public: {legal_basis: Terms, keep: no}\nrules:\n  - rain\n"


@pytest.fixture
def here(tmp_path) -> Installation:
    made = Installation(tmp_path)
    (tmp_path / "policy.yaml").write_text(FORUM)
    (tmp_path / "bad.yaml").write_text(FAULTY)
    return made


def decision(item: str, verdict: str, rule: str, *matches: Found, channel="public") -> str:
    facts = Facts(matches=matches, channel=channel)
    return json.dumps({
        "item": item, "on": str(date(2026, 6, 1)), "verdict": verdict, "rule": rule,
        "facts": json.loads(facts.dumps()),
    })  # fmt: skip


def test_checking_needs_no_installation(here):
    out = here.ok("policy", "check", "policy.yaml")
    assert "policy.yaml is a policy: rules 5 live, 1 background; channels public, unknown." in out
    (record,) = here.records("policy", "check", "policy.yaml")
    assert record["ok"] and record["version"] == load(FORUM).version
    assert record["rules"] == {"draft": 0, "background": 1, "live": 5}
    assert not here.data.exists()


def test_faults_are_told_with_their_place(here):
    said = here.refused("policy", "check", "bad.yaml", code=2)
    assert said.startswith("tutela: bad.yaml:5:5: A rule is not written as name: value.")
    ran = here.run("policy", "check", "bad.yaml", "--json")
    record = json.loads(ran.stdout)
    assert ran.returncode == 2 and not ran.stderr
    assert record["ok"] is False and record["faults"][0]["line"] == 5


def test_what_is_no_file_is_refused(here):
    os.mkfifo(here.folder / "pipe")
    for name in ("missing.yaml", ".", "pipe"):
        for command in ("check", "test", "explain", "apply"):
            assert "cannot be read" in here.refused("policy", command, name)
    (here.folder / "large.yaml").write_bytes(b"# rain\n" * 200_000)
    assert "longer than" in here.refused("policy", "check", "large.yaml", code=2)


def test_a_policy_is_applied_shown_and_listed(here):
    here.ok("init")
    assert "No policy was applied" in here.refused("policy", "show")
    assert "bad.yaml:5:5" in here.refused("policy", "apply", "bad.yaml", code=2)
    assert "Policy 1 decides from now on" in here.ok("policy", "apply", "policy.yaml")
    assert "decides already" in here.refused("policy", "apply", "policy.yaml")
    (here.folder / "other.yaml").write_text(render("hotline", "DE"))
    (record,) = here.records("policy", "apply", "other.yaml")
    assert record["number"] == 2 and record["applied_by"].startswith("shell:")
    assert here.ok("policy", "show", "1") == FORUM
    assert here.ok("policy", "show") == render("hotline", "DE")
    (shown,) = here.records("policy", "show")
    assert shown["text"] == render("hotline", "DE") and shown["version"] == record["version"]
    assert "no policy 3" in here.refused("policy", "show", "3")
    assert [r["number"] for r in here.records("policy", "history")] == [1, 2]
    assert [r["number"] for r in here.records("policy", "history", "--after", "1")] == [2]
    assert load(FORUM).version in here.ok("policy", "history")
    assert here.ok("audit", "show").count("policy.apply") == 2
    here.ok("audit", "verify")


def test_a_policy_is_tried_on_what_was_decided_before(here):
    near = Found("pdq", 25, 90, bank="rain")
    (here.folder / "decisions.jsonl").write_text("\n".join([
        decision("itm_1", "block", "same-picture", near),
        decision("itm_2", "review", "uncertain-match", near),
        decision("itm_3", "block", "old-rule", near),
        decision("itm_4", "block", "same-picture", near, channel="private-message"),
        "",
    ]))  # fmt: skip
    command = ("policy", "test", "policy.yaml", "--recorded", "decisions.jsonl")
    out = here.ok(*command)
    assert "4 decisions, of which 3 would have been others or by another rule:" in out
    assert "1 review → block" in out and "1 block → refused" in out
    *changes, total = here.records(*command)
    assert [(c["item"], c["new_verdict"], c["new_rule"]) for c in changes] == [
        ("itm_2", "block", "same-picture"), ("itm_3", "block", "same-picture"),
        ("itm_4", "refused", ""),
    ]  # fmt: skip
    assert total == {
        "decisions": 4, "changed": 3, "verdicts": {"review → block": 1, "block → refused": 1},
    }  # fmt: skip
    assert "… and 2 more" in here.ok(*command, "--limit", "1")


@pytest.mark.parametrize(
    "line",
    [
        "rain", "[]", "{}", '{"item": "i", "on": "today", "verdict": "block", "rule": ""}',
        '{"item": "i", "on": "2026-06-01", "verdict": "block", "rule": "", "facts": {"rain": 1}}',
        "[" * 100_000, "\xff",
    ],
)  # fmt: skip
def test_a_line_that_is_no_decision_is_refused_with_its_number(here, line):
    data = f"\n{line}\n".encode("latin-1")
    (here.folder / "decisions.jsonl").write_bytes(data)
    said = here.refused("policy", "test", "policy.yaml", "--recorded", "decisions.jsonl")
    assert "decisions.jsonl:2: this is no recorded decision" in said


def test_a_policy_is_explained_in_sentences(here):
    out = here.ok("policy", "explain", "policy.yaml")
    assert "public, since: Terms of service, confirm with counsel; what matches may be kept" in out
    assert '1. same-file (live): if match.strength == "exact" (for any match), block,' in out
    (record,) = here.records("policy", "explain", "policy.yaml")
    assert [rule["name"] for rule in record["rules"]][:2] == ["same-file", "same-picture"]


def test_a_decision_is_explained(here):
    here.ok("init")
    (here.folder / "decisions.jsonl").write_text(
        decision("itm_1", "block", "same-picture", Found("pdq", 25, 90, bank="rain"))
    )
    command = ("policy", "explain", "itm_1", "--recorded", "decisions.jsonl")
    assert "by the rule same-picture" in here.ok(*command)
    assert here.records(*command)[0]["now"] is None
    here.ok("policy", "apply", "policy.yaml")
    out = here.ok(*command)
    assert "The policy of today decides: block. Rule same-picture" in out and "rain" in out
    (record,) = here.records(*command)
    assert record["now"]["actions"] == ["case", "keep", "notify"]
    (here.folder / "again.jsonl").write_text(json.dumps(record))
    again = ("policy", "test", "policy.yaml", "--recorded", "again.jsonl")
    assert here.records(*again)[-1]["decisions"] == 1, "what explain prints can be replayed"
    unknown = ("policy", "explain", "itm_2", "--recorded", "decisions.jsonl")
    assert "No decision on itm_2 is recorded" in here.refused(*unknown)
