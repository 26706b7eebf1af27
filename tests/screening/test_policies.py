"""An operator applies policies one after another: the last decides, and the log says who did it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tutela.audit.service import entries
from tutela.errors import TutelaError
from tutela.policy import PolicyError, presets
from tutela.screening import policies
from tutela.screening.policies import NoPolicy

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
FIRST, SECOND = presets.render("small-forum", "US"), presets.render("hotline", "GB")


def test_the_last_policy_decides(database):
    with database.reading() as session:
        assert policies.current(session) is None
        with pytest.raises(NoPolicy):
            policies.required(session)
    for number, policy in enumerate((FIRST, SECOND, FIRST)):
        with database.writing() as session:
            policies.apply(session, NOW + timedelta(days=number), "shell:anna", policy)
    with database.reading() as session:
        row = policies.required(session)
        assert (row.number, row.text, row.applied_at) == (3, FIRST, NOW + timedelta(days=2))
        made = policies.loaded(row)
        assert made.version == row.version and made.text == FIRST
        found = policies.history(session)
        assert [r.number for r in found] == [1, 2, 3] and found[0].version == found[2].version
        assert [r.number for r in policies.history(session, 1, 1)] == [2]
        assert policies.numbered(session, 2).text == SECOND
        with pytest.raises(TutelaError, match="no policy 4"):
            policies.numbered(session, 4)


def test_applying_is_in_the_log_with_what_was_before(database):
    with database.writing() as session:
        first = policies.apply(session, NOW, "key:anna", FIRST)
        second = policies.apply(session, NOW, "key:ben", SECOND.encode())
        logged = [(e.actor, e.action, e.subject, e.facts) for e in entries(session)]
    assert logged == [
        ("key:anna", "policy.apply", "policy:1", f'{{"before":null,"version":"{first.version}"}}'),
        (
            "key:ben", "policy.apply", "policy:2",
            f'{{"before":"{first.version}","version":"{second.version}"}}',
        ),
    ]  # fmt: skip


def test_what_is_no_policy_or_decides_already_changes_nothing(database):
    with database.writing() as session:
        policies.apply(session, NOW, "shell:anna", FIRST)
    with pytest.raises(PolicyError), database.writing() as session:
        policies.apply(session, NOW, "shell:anna", "rules: []")
    with pytest.raises(TutelaError, match="decides already"), database.writing() as session:
        policies.apply(session, NOW, "shell:anna", FIRST)
    with database.writing() as session:
        policies.apply(session, NOW, "shell:anna", f"{FIRST}# and a word on why\n")
        found = policies.history(session)
        assert len({row.version for row in found}) == 1 and len(found) == 2
        assert len(list(entries(session))) == 2


def test_a_policy_that_is_no_longer_read_says_which_it_is(database):
    with database.writing() as session:
        policies.apply(session, NOW, "shell:anna", FIRST)
        session.execute(text("UPDATE screening_policy SET text = 'format: 0'"))
        session.expire_all()
        with pytest.raises(PolicyError, match="policy 1:1:"):
            policies.loaded(policies.required(session))
