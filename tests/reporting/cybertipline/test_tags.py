"""A model is built from what it says, and from nothing else."""

from __future__ import annotations

from datetime import datetime
from random import Random

import pytest

from reporting.cybertipline.strategies import ROOTS, least, most
from tutela.reporting.cybertipline.captures import Email, IpCaptureEvent
from tutela.reporting.cybertipline.files import FileDetails, NameValuePair
from tutela.reporting.cybertipline.incidents import Report
from tutela.reporting.cybertipline.people import Person, Victim
from tutela.reporting.cybertipline.tags import Kind, models, slots, values
from tutela.reporting.cybertipline.vocabulary import EmailType
from tutela.reporting.cybertipline.writing import written

BLOCKS = [block for root in ROOTS for block in models(root)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_the_order_in_which_fields_are_given_is_not_that_of_the_wire(block):
    """Shuffled keywords give the same bytes."""
    plain = most(block)
    given = [(slot.field, getattr(plain, slot.field)) for slot in slots(block)]
    for seed in range(3):
        Random(seed).shuffle(given)
        again = block(**dict(given))
        assert again == plain
        if block.TAG:
            assert written(again) == written(plain)


def test_a_list_is_no_tuple():
    with pytest.raises(TypeError, match=r"Person\.email is a tuple"):
        Person(email=[])


def test_a_word_is_no_member_of_its_enumeration():
    with pytest.raises(TypeError, match=r"Email\.type is EmailType"):
        Email(value="lamp@example.org", type="Home")
    assert Email(value="lamp@example.org", type=EmailType.HOME).type == "Home"


def test_a_number_is_no_truth_value_and_the_other_way_round():
    with pytest.raises(TypeError):
        IpCaptureEvent(ip_address="192.0.2.7", possible_proxy=1)
    with pytest.raises(TypeError):
        IpCaptureEvent(ip_address="192.0.2.7", port=True)


def test_a_moment_is_no_day():
    with pytest.raises(TypeError):
        Person(date_of_birth=datetime(2026, 1, 1))


def test_what_is_needed_must_be_given():
    with pytest.raises(TypeError, match="victim_person"):
        Victim()
    with pytest.raises(TypeError, match=r"Victim\.victim_person"):
        Victim(victim_person=None)


def test_a_field_that_the_wire_does_not_know_cannot_be_given():
    """Names that were copied from client to client (A.7) among them."""
    for name in ("viewed_by_esp", "original_hash", "uploaded_date_time"):
        with pytest.raises(TypeError):
            least(FileDetails, **{name: True})


def test_a_limit_is_no_matter_of_construction():
    """`fitting` and `checking` know the limits: what a person wrote must not be lost in between."""
    assert len(Person(first_name="x" * 1000).first_name) == 1000


def test_occurrence_follows_from_the_type():
    found = {slot.field: (slot.minimum, slot.maximum) for slot in slots(Report)}
    assert found["incident_summary"] == (1, 1)
    assert found["law_enforcement"] == (0, 1)
    assert found["victim"] == (0, None)
    assert [slot.minimum for slot in slots(NameValuePair)] == [0, 1, 1]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_each_block_says_where_it_is_described(block):
    assert block.SECTION in {"A.2", "A.4", "A.5", "A.6"} and f"`{_first(block)}" in block.__doc__


def _first(block) -> str:
    return block.TAG or block.__name__[0].lower() + block.__name__[1:].split("Platform")[0]


def test_paths_name_each_place():
    report = most(Report)
    found = [path for path, _, _ in values(report, "report")]
    assert len(found) == len(set(found))
    assert "report/personOrUserReported[1]/ipCaptureEvent[1]/ipAddress" in found
    assert "report/victim[1]/associatedAccount[1]/@type" in found
    assert "report/reporter/reportingPerson/email[1]" in found


def test_flags_have_no_text():
    assert {s.of for block in BLOCKS for s in slots(block) if s.tag.kind is Kind.FLAG} == {bool}
