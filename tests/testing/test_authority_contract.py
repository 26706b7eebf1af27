"""The contract test of authorities finds what is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from reporting.cybertipline import test_authority as kept

from tutela.reporting.authorities import Environment
from tutela.reporting.cybertipline.authority import CyberTipline


class Leaking(CyberTipline):
    """Names who looked."""

    def draft(self, report, reporter, schema=None):
        made = super().draft(report, reporter, schema)
        return replace(made, body=made.body + b"<!-- person:ann -->")


class Silent(CyberTipline):
    """Cuts without a word."""

    def draft(self, report, reporter, schema=None):
        return replace(super().draft(report, reporter, schema), cuts=())


class Blind(CyberTipline):
    """Finds no fault with anything."""

    def check(self, report, reporter, schema=None):
        return ()


class Remembering(CyberTipline):
    """Keeps the report in its state."""

    def submit(self, report, reporter, schema=None, **more):
        state = super().submit(report, reporter, schema, **more)
        return state[:-1] + f', "text": "{report.text}"}}'


class OneHost(CyberTipline):
    """Tests in production."""

    addresses = dict.fromkeys(Environment, "https://office.example")


class Forgetting(CyberTipline):
    """Sends again what it does not know the end of."""

    def calling(self, state, call, now):
        return self.submit(None, None)


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (Leaking, kept.TestCyberTipline.test_no_name_of_staff_goes_out),
        (Silent, kept.TestCyberTipline.test_what_is_cut_is_named),
        (Blind, kept.TestCyberTipline.test_a_report_of_nobody_has_a_fault),
        (Remembering, kept.TestCyberTipline.test_states_hold_no_content),
        (OneHost, kept.TestCyberTipline.test_it_says_who_and_where_it_is),
        (Forgetting, kept.TestCyberTipline.test_it_files_a_report_and_gives_a_receipt),
    ],
)
def test_what_breaks_the_contract_fails_it(
    broken: type[CyberTipline], test: Callable[[kept.TestCyberTipline], None]
):
    """Each of its promises has a test that can fail."""
    case = kept.TestCyberTipline()
    case.authority = broken()
    with pytest.raises(Exception):  # noqa: B017  whichever way it breaks
        test(case)
