"""The contract of a partner that is only asked, as tests: subclass it with one and what it is fed.

    class TestMine(AdviserContract):
        partner = Mine()
        setup = Setup({"url": "https://opinions.example"}, {"token": "only-a-test"})
        kind = "pdq"

        def answer(self, call: Call) -> Reply:
            ...   # what the partner's server answers, also of values that it does not know

No network, no database: the partner's generator is driven here, as the driver drives it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tutela.exchanges.advisers import Adviser, Second
from tutela.exchanges.errors import ExchangeRefused, Unreadable
from tutela.exchanges.fetching import MOST_CALLS
from tutela.exchanges.partners import Call, Feedback, Opinion, Partner, Reply, Setup
from tutela.exchanges.service import NAME
from tutela.outbound import Hosts, Target
from tutela.signals.registry import signal_type
from tutela.testing.exchange_contract import NOW


class AdviserContract:
    """What holds of every adviser."""

    partner: Any
    """A `Partner` and an `Adviser`."""
    setup: Setup
    kind: str

    def answer(self, call: Call) -> Reply:
        """What the partner's server answers."""
        raise NotImplementedError

    def test_it_is_a_partner_that_is_asked_and_fills_no_bank(self) -> None:
        assert isinstance(self.partner, Partner) and isinstance(self.partner, Adviser)
        assert NAME.fullmatch(self.partner.name) and self.partner.title
        assert self.kind in self.partner.advises and self.partner.most > 0
        assert not self.partner.roles and not self.partner.feedback
        feedback = Feedback("1", self.kind, "00", Opinion.POSITIVE)
        for idle in (
            self.partner.fetch(self.setup, None, NOW),
            self.partner.tell(self.setup, feedback),
        ):
            with pytest.raises(ExchangeRefused):
                next(idle)

    def test_it_has_an_opinion_of_every_value_and_calls_no_other_host(self) -> None:
        hosts = Hosts.of(self.partner.hosts(self.setup))
        said, calls = self._asked(self._values(self.partner.most), self.answer)
        assert set(said) == set(self._values(self.partner.most))
        assert all(isinstance(one, Second) for one in said.values())
        for call in calls:
            hosts.private_allowed(Target.of(call.url))  # raises

    def test_the_same_twice_is_answered_twice(self) -> None:
        values = self._values(2)
        assert self._asked(values, self.answer)[0] == self._asked(values, self.answer)[0]

    def test_no_secret_is_shown(self) -> None:
        _, calls = self._asked(self._values(1), self.answer)
        said = repr(calls) + repr(self.setup)
        assert not any(secret in said for secret in self.setup.secrets.values())

    @pytest.mark.parametrize("body", [b"", b"\0\xff", b"<", b"{", b"[]", b"{}", b"null", b"true"])
    def test_what_is_no_answer_is_no_opinion(self, body: bytes) -> None:
        with pytest.raises(Unreadable):
            self._asked(self._values(2), lambda _: Reply(200, {}, body))

    def _values(self, count: int) -> list[str]:
        """So many values, none of them of any real list."""
        digits = len(signal_type(self.kind).examples()[0])
        return [f"{number + 1:0{digits}x}" for number in range(min(count, 1_000))]

    def _asked(
        self, values: Sequence[str], answer: Callable[[Call], Reply]
    ) -> tuple[dict[str, Second], list[Call]]:
        calls: list[Call] = []
        generator = self.partner.advise(self.setup, self.kind, values)
        try:
            call = next(generator)
            while True:
                calls.append(call)
                assert len(calls) <= MOST_CALLS, "it never ends"
                call = generator.send(answer(call))
        except StopIteration as end:
            return dict(end.value), calls
