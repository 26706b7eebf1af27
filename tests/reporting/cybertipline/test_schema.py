"""The schema made of our models allows what the authority's own allows, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from reporting.cybertipline.mutations import mutations
from reporting.cybertipline.schemas import structure
from reporting.cybertipline.strategies import ROOTS, documents, most, singles
from tutela.reporting.cybertipline import schema
from tutela.reporting.cybertipline.checking import Schema
from tutela.reporting.cybertipline.files import FileDetails
from tutela.reporting.cybertipline.incidents import Report
from tutela.reporting.cybertipline.writing import written

OURS = Schema.of(schema.document())
ANY = st.one_of(documents(Report), documents(Report), documents(FileDetails))
MANY = settings(
    max_examples=1000, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_it_is_the_authoritys_own_but_for_names_of_types(authority):
    """Order, occurrence, types, words, attributes and choices are the same."""
    assert structure(schema.document()) == structure(authority)


def test_a_difference_of_any_kind_would_be_seen(authority):
    """The comparison itself works: each small change to the authority's schema breaks it."""
    plain = structure(authority)
    for changes in (
        {b'name="platform" minOccurs="0"': b'name="platform"'},
        {b'maxOccurs="unbounded" type="phone"': b'type="phone"'},
        {b'value="Fax"': b'value="Fix"'},
        {b'name="port" minOccurs="0" type="xs:int"': b'name="port" minOccurs="0" type="xs:long"'},
        {b"{1,3}": b"{1,4}"},
        {b'type="xs:boolean" fixed="true"': b'type="xs:boolean"'},
        {b"<xs:all>": b"<xs:sequence>", b"</xs:all>": b"</xs:sequence>"},
        {b'use="required"': b'use="optional"'},
        {b'"firstName"': b'"x"', b'"lastName"': b'"firstName"', b'"x"': b'"lastName"'},
    ):
        changed = authority
        for old, new in changes.items():
            assert old in changed
            changed = changed.replace(old, new)
        assert structure(changed) != plain, changes


@settings(MANY, max_examples=200)
@given(ANY)
def test_any_document_is_valid_in_ours(document):
    """Also where the authority's schema is not."""
    assert OURS.faults(written(document)) == ()


def test_a_thousand_documents_are_valid_in_both(theirs):
    """Made of the models' own account of themselves."""

    judges = [etree.XMLSchema(schema.root) for schema in (OURS, theirs)]

    @MANY
    @given(ANY)
    def judge(document):
        xml = etree.fromstring(written(document))
        assert all(schema.validate(xml) for schema in judges)

    judge()


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.TAG)
def test_a_document_with_one_fault_is_invalid_in_ours(root):
    check_mutations(root, OURS)


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.TAG)
def test_a_document_with_one_fault_is_invalid_in_theirs(root, theirs):
    check_mutations(root, theirs)


def check_mutations(root, served: Schema) -> None:
    judge = etree.XMLSchema(served.root)
    found = list(mutations(root, written(most(root))))
    assert len(found) >= 12
    for name, document in found:
        assert not judge.validate(etree.fromstring(document)), name


def test_what_is_newer_is_in_the_newer_schema_alone():
    """A document with newer parts is valid there, and without the older ones they replace."""
    newer = Schema.of(schema.document(newer=True))
    assert newer.tags >= schema.newest() and not OURS.tags & schema.newest()
    for root in ROOTS:
        for block, slot, document in singles(root):
            xml = written(document, newer.tags)
            assert newer.faults(xml) == (), (block, slot.field)
            if slot.tag.newer:
                assert slot.tag.name.encode() in xml and OURS.faults(xml), (block, slot.field)


def test_no_length_is_in_it():
    """The authority's schema has none: a document is refused for its length by our own check."""
    assert b"ength" not in schema.document()
