"""What reports there are, to who needs to know of them."""

from __future__ import annotations

import pytest

from reporting.scenes import ANN, Scene
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.reporting import register
from tutela.reporting.errors import NoSuchReport


def test_without_the_permission_nothing_is_seen_or_changed(scene: Scene):
    """Of any report."""
    eve = Caller("person:eve", frozenset(Permission) - {Permission.REPORTS})
    with scene.database.reading() as session:
        with pytest.raises(NotPermitted):
            register.found(session, eve, "rpt_none")
        with pytest.raises(NotPermitted):
            register.listed(session, eve)


def test_the_register_has_pages_and_filters(scene: Scene):
    """The last first, and all of them (D7)."""
    for account in ("anna", "bob", "carl", "dan"):
        scene.confirmed(account)
        scene.later(minutes=1)
    (name,) = [one.id for one in scene.reports()]
    with scene.database.reading() as session:
        every = [one.id for one in register.listed(session, ANN)]
        assert len(every) == 4 and every[-1] == name
        assert [one.id for one in register.listed(session, ANN, every[0], 2)] == every[1:3]
        assert [one.id for one in register.listed(session, ANN, case_id=scene.case())] == [name]
        assert len(register.listed(session, ANN, state="draft", authority="ncmec")) == 4
        assert register.listed(session, ANN, state="filed") == []
        assert register.exchanges(session, name) == []
        with pytest.raises(NoSuchReport):
            register.listed(session, ANN, "rpt_none")
