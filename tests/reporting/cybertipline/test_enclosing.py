"""The two ids that only the authority gives are put into what is told of a file."""

from __future__ import annotations

import pytest
from lxml import etree

from tutela.reporting.cybertipline.enclosing import detailed
from tutela.reporting.cybertipline.files import FileDetails
from tutela.reporting.cybertipline.writing import written

OPEN = written(FileDetails(report_id=0, file_id="0", file_name="<fileId>0</fileId>"))


def test_both_ids_are_filled_in():
    """And nothing else is changed."""
    found = etree.fromstring(detailed(OPEN, "9007199254740993", "b0&<7"))
    assert [one.text for one in found] == ["9007199254740993", "b0&<7", "<fileId>0</fileId>"]


def test_what_has_ids_already_is_refused():
    """It belongs to another report."""
    with pytest.raises(ValueError):
        detailed(detailed(OPEN, 7, "b0"), 8, "b1")
    with pytest.raises(ValueError):
        detailed(OPEN, "7<", "b0")
