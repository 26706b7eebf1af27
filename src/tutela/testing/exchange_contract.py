"""The contract of an exchange's partner, as tests: subclass it with a partner and what it is fed.

    class TestMine(ExchangeContract):
        partner = Mine()
        setup = Setup({"url": "https://lists.example"}, {"token": "only-a-test"})
        feedback = Feedback("1", "sha256", "…", Opinion.NEGATIVE)   # if it can be told

        def answer(self, call: Call) -> Reply:
            ...   # what the partner's server answers: a recorded page, or a server of yours

No network, no database: the partner's generators are driven here, as the driver drives them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tutela.banks.models import Purpose
from tutela.exchanges.errors import NotConfigured, Unreadable
from tutela.exchanges.fetching import MOST_CALLS, MOST_ENTRIES
from tutela.exchanges.partners import (
    Call,
    Entry,
    Feedback,
    Page,
    Partner,
    Reply,
    Setup,
)
from tutela.exchanges.reading import LONGEST_KEY, Reader
from tutela.exchanges.service import NAME, checked
from tutela.outbound import Hosts, Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KINDS = frozenset({"text", "url", "number", "choice", "path", "role", "secret"})
MOST_PAGES = 10_000
"""Of what a test feeds: more are pages that never end."""

State = dict[str, str]
"""What is held of entries: by key, all that was said last."""


class ExchangeContract:
    """What holds of every partner."""

    partner: Partner
    setup: Setup
    feedback: Feedback | None = None
    now: datetime = NOW

    def answer(self, call: Call) -> Reply:
        """What the partner's server answers."""
        raise NotImplementedError

    def test_it_is_a_partner_with_a_name_and_fields_that_forms_can_be_made_of(self) -> None:
        assert isinstance(self.partner, Partner)
        assert NAME.fullmatch(self.partner.name)
        assert self.partner.title
        names = [one.name for one in self.partner.fields]
        assert len(set(names)) == len(names)
        for one in self.partner.fields:
            assert one.kind in KINDS and one.what
            assert one.kind not in ("choice", "role") or one.choices
            assert not one.default or not one.choices or one.default in one.choices
        assert self.partner.every >= timedelta(seconds=10)
        assert self.partner.stale_after >= self.partner.every

    def test_its_banks_have_one_purpose_each(self) -> None:
        names = [one.name for one in self.partner.roles]
        assert names and len(set(names)) == len(names)
        assert all(isinstance(one.purpose, Purpose) for one in self.partner.roles)

    def test_it_names_its_hosts_and_calls_no_others(self) -> None:
        hosts = Hosts.of(self.partner.hosts(self.setup))
        calls = _calls(self._run(None)[1])
        for call in calls:
            if call.method not in ("READ", "LIST"):
                hosts.private_allowed(Target.of(call.url))  # raises

    def test_its_checkpoints_are_json_and_lead_on(self) -> None:
        seen = set()
        pages = _pages(self._run(None)[1])
        for page in pages:
            text = json.dumps(page.checkpoint, sort_keys=True)
            assert json.loads(text) == dict(page.checkpoint)
            assert page.complete or text not in seen, "it leads where it has been"
            seen.add(text)
        assert pages[-1].complete

    def test_its_entries_can_be_kept(self) -> None:
        reader = Reader(frozenset(one.name for one in self.partner.roles), self.now)
        for page in _pages(self._run(None)[1]):
            assert len(page.entries) <= MOST_ENTRIES
            for one in page.entries:
                assert 0 < len(one.key) <= LONGEST_KEY
                reader.read(one)
        assert not [fault for fault in reader.faults if fault.startswith("entries")]

    def test_the_same_again_ends_the_same(self) -> None:
        once, _ = self._run(None)
        again, _ = self._run(None, once)
        assert again == once

    def test_who_is_killed_after_any_page_ends_the_same(self) -> None:
        whole, steps = self._run(None)
        for killed in range(1, len(_pages(steps)) + 1):
            held, before = self._run(None, stop=killed)
            last = _pages(before)[-1]
            held, _ = self._run(last.checkpoint, held)
            assert held == whole, f"killed after page {killed}"

    def test_no_secret_is_shown(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        _, steps = self._run(None)
        said = repr(steps) + repr(self.setup) + caplog.text
        for secret in self.setup.secrets.values():
            assert secret not in said
        assert not any(
            secret in json.dumps(dict(page.checkpoint))
            for page in _pages(steps) for secret in self.setup.secrets.values()
        )  # fmt: skip

    @pytest.mark.parametrize("body", [b"", b"\0\xff", b"<", b"{", b"[]", b"null", b"<html></html>"])
    def test_what_is_no_answer_is_unreadable(self, body: bytes) -> None:
        asked: list[Call] = []

        def nonsense(call: Call) -> Reply:
            asked.append(call)
            if call.method in ("READ", "LIST"):
                pytest.skip("its lists are files: what is none of its lines is rejected")
            return Reply(200, {}, body)

        try:
            for step in _driven(self.partner, self.setup, None, self.now, nonsense):
                if isinstance(step, Page) and asked:
                    assert not step.entries
                    assert not step.replaces, "nothing must empty a bank"
        except (Unreadable, NotConfigured) as error:
            assert body.decode("latin-1") not in error.what or len(body) < 3

    def test_it_can_be_told_twice(self) -> None:
        if not self.partner.feedback:
            return
        assert self.feedback is not None, "say what it is told"
        hosts = Hosts.of(self.partner.hosts(self.setup))
        for _ in range(2):
            telling = self.partner.tell(self.setup, self.feedback)
            call = next(telling, None)
            for _ in range(MOST_CALLS):
                if call is None:
                    break
                hosts.private_allowed(Target.of(call.url))
                try:
                    call = telling.send(self.answer(call))
                except StopIteration:
                    call = None
            assert call is None, "it never ends"

    def test_settings_that_are_missing_are_said(self) -> None:
        for one in self.partner.fields:
            if one.kind != "secret" and one.required and not one.default:
                given = {k: v for k, v in self.setup.config.items() if k != one.name}
                with pytest.raises(NotConfigured, match=one.name):
                    checked(self.partner, given)

    def _run(
        self,
        checkpoint: Mapping[str, Any] | None,
        held: State | None = None,
        stop: int = 0,
    ) -> tuple[State, list[Call | Page]]:
        """What is held after a fetch, and its steps; `stop`: after so many pages. A run that ends
        without being complete goes on from its checkpoint, as the driver has it."""
        state, steps = dict(held or {}), list[Call | Page]()
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            count = len(steps)
            for step in _driven(self.partner, self.setup, checkpoint, self.now, self.answer):
                steps.append(step)
                if not isinstance(step, Page):
                    continue
                checkpoint = json.loads(json.dumps(dict(step.checkpoint)))
                for one in step.entries:
                    _keep(state, one)
                    seen.add(one.key)
                if step.complete:
                    if step.replaces and not stop and held is None:
                        state = {key: text for key, text in state.items() if key in seen}
                    return state, steps
                if stop and len(_pages(steps)) >= stop:
                    return state, steps
            assert len(steps) > count, "it ended without a step"
        raise AssertionError("its pages never end")


def _driven(
    partner: Partner,
    setup: Setup,
    checkpoint: Mapping[str, Any] | None,
    now: datetime,
    answer: Any,
) -> Any:
    generator = partner.fetch(setup, checkpoint, now)
    step = next(generator, None)
    calls = 0
    while step is not None:
        yield step
        calls = calls + 1 if isinstance(step, Call) else 0
        assert calls <= MOST_CALLS, "calls without a page"
        if isinstance(step, Page) and step.complete:
            generator.close()
            return
        reply = answer(step) if isinstance(step, Call) else None
        try:
            step = generator.send(reply)
        except StopIteration:
            return


def _keep(state: State, one: Entry) -> None:
    """As the driver keeps it: what is older than what is held is passed over."""
    at = "" if one.at is None else one.at.astimezone(UTC).isoformat()
    before = state.get(one.key)
    if before is not None and at and (then := json.loads(before)[0]) and at < then:
        return
    signals = None if one.signals is None else sorted((s.type, s.value) for s in one.signals)
    state[one.key] = json.dumps(
        [at, signals, one.role, one.member, one.external_id, one.labels, str(one.opinion)]
    )


def _pages(steps: list[Call | Page]) -> list[Page]:
    return [one for one in steps if isinstance(one, Page)]


def _calls(steps: list[Call | Page]) -> list[Call]:
    return [one for one in steps if isinstance(one, Call)]
