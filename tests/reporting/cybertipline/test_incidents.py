"""The report and what happened: each element and attribute is written, and valid."""

from __future__ import annotations

import pytest

from reporting.cybertipline.every import blocks, check_fields
from tutela.reporting.cybertipline import incidents


@pytest.mark.parametrize("block", blocks(incidents), ids=lambda block: block.__name__)
def test_every_field_is_written_and_valid_in_ours(block, ours):
    check_fields(block, ours)


@pytest.mark.parametrize("block", blocks(incidents), ids=lambda block: block.__name__)
def test_every_field_is_written_and_valid_in_theirs(block, theirs):
    check_fields(block, theirs)
