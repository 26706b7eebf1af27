"""The agency's module keeps the contract of an authority."""

from __future__ import annotations

import json
from dataclasses import replace

from reporting.nca.reports import REPORTER, answered, declared
from tutela.reporting.authorities import Answer, Call, Environment, is_by_hand, named
from tutela.reporting.nca.authority import LONGEST, Nca
from tutela.testing.authority_contract import AuthorityContract, report

URN = "NCA-2031-000017"


class TestNca(AuthorityContract):
    """See `tutela.testing.authority_contract`."""

    authority = Nca()
    reporter = REPORTER

    def ready(self, what):
        return declared(what)

    def filed(self, call: Call) -> Answer:
        if call.name == "upload":
            return Answer(201, {}, b'{"file": "f1"}')
        body = {"urn": URN, "received_at": "2031-05-01T12:00:00+00:00"}
        return Answer(201 if call.name == "submit" else 200, {}, json.dumps(body).encode())


def test_it_is_installed_and_filed_by_hand_but_at_a_server_of_ones_own():
    """For real a person always files; a test server that is not set is none."""
    nca = named("nca")
    assert isinstance(nca, Nca)
    own = {"nca": "http://127.0.0.1:8392"}
    assert is_by_hand(nca, Environment.PRODUCTION, own)
    assert is_by_hand(nca, Environment.TEST, {})
    assert not is_by_hand(nca, Environment.TEST, own)
    assert not is_by_hand(named("ncmec"), Environment.PRODUCTION, {})


def test_the_paper_has_a_state_for_each_field_and_no_name_of_who_declared():
    """Value, not held with a reason, or not applicable."""
    body = Nca().draft(declared(), REPORTER).body
    sections = json.loads(body)["sections"]
    fields = [one for section in sections for group in section["groups"]
              for one in group["fields"].values()]  # fmt: skip
    assert {one["state"] for one in fields} == {"value", "data_not_held", "not_applicable"}
    assert all(one["reason"] for one in fields if one["state"] == "data_not_held")
    assert b"person:ann" not in body


def test_a_long_text_is_cut_in_its_field_and_the_cut_is_named():
    """By how much, and where."""
    (cut,) = Nca().draft(answered(replace(report(), text="r" * (LONGEST + 5))), REPORTER).cuts
    assert cut.path == "content.1.more" and cut.count == 5
