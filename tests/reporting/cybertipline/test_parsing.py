"""XML from elsewhere is read without following anything that it says."""

from __future__ import annotations

import pytest

from tutela.reporting.cybertipline.errors import XmlRefused
from tutela.reporting.cybertipline.parsing import parsed

BOMB = b"""<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>"""


def test_a_document_is_read_without_comments_and_instructions():
    root = parsed(b"<?xml version='1.0'?><a><!-- b --><?c d?><e>f</e></a>", 100)
    assert [node.tag for node in root] == ["e"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_every_encoding(encoding):
    with pytest.raises(XmlRefused, match="document type"):
        parsed(BOMB.decode().encode(encoding), 10_000)


def test_a_file_of_this_machine_is_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("spokes")
    text = f'<!DOCTYPE a [<!ENTITY b SYSTEM "{secret.as_uri()}">]><a>&b;</a>'
    with pytest.raises(XmlRefused):
        parsed(text.encode("utf-16"), 10_000)


def test_a_long_document_is_not_read():
    assert parsed(b"<a>" + b"b" * 93 + b"</a>", 100).text == "b" * 93
    with pytest.raises(XmlRefused, match="longer than 100 bytes"):
        parsed(b"<a>" + b"b" * 94 + b"</a>", 100)


@pytest.mark.parametrize(
    "document", [b"", b"<a>", b"<a/><b/>", b"<a>&nbsp;</a>", b"\x00", b"<a>\xff</a>"]
)
def test_what_is_not_well_formed_is_refused_without_its_text(document):
    with pytest.raises(XmlRefused, match="no well-formed XML") as refused:
        parsed(document, 100)
    assert "nbsp" not in str(refused.value)
