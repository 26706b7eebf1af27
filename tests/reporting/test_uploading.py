"""A file's way into a form: what it says, and that another file never arrives whole."""

from __future__ import annotations

import hashlib
from email import message_from_bytes, policy

import pytest

from tutela.evidence.errors import NotOpened
from tutela.reporting.uploading import Upload

DATA = b"A bicycle in the rain. " * 1000
SIZE = len(DATA)
DIGEST = hashlib.sha256(DATA).digest()


def upload(pieces, name="bicycle.jpg", size=SIZE, digest=DIGEST) -> Upload:
    return Upload([("id", "9007199254740993")], "ev_1", name, size, digest, pieces)


def read(made: Upload, body: bytes) -> dict[str, tuple[str | None, bytes]]:
    """The fields of a form, as the standard library's parser of mail reads it."""
    head = f"Content-Type: {made.content_type}\r\n\r\n".encode()
    found = message_from_bytes(head + body, policy=policy.HTTP)
    return {
        part.get_param("name", header="content-disposition"): (
            part.get_filename(), part.get_payload(decode=True),
        )
        for part in found.iter_parts()
    }  # fmt: skip


def test_a_form_holds_the_fields_and_the_file_and_is_as_long_as_it_said():
    """Whatever the pieces are."""
    made = upload([DATA[:7], b"", DATA[7:9000], DATA[9000:]])
    body = b"".join(made)
    assert len(body) == made.length
    assert read(made, body) == {
        "id": (None, b"9007199254740993"), "file": ("bicycle.jpg", DATA),
    }  # fmt: skip
    assert made.md5 == hashlib.md5(DATA).hexdigest()
    assert (made.passed.size, made.passed.sha256) == (len(DATA), DIGEST.hex())


@pytest.mark.parametrize(
    "pieces, given",
    [
        ([DATA[:-1]], len(DATA) - 1),
        ([DATA[:-1] + b"!"], len(DATA)),
        ([DATA, b"!"], len(DATA)),
        ([], 0),
    ],
)
def test_of_a_file_that_is_another_the_form_never_ends(pieces, given):
    """Too short, changed, too long, empty: the last boundary is not given."""
    made, got = upload(pieces), bytearray()
    with pytest.raises(NotOpened, match="ev_1 is not what was sealed"):
        for piece in made:
            got += piece
    assert len(got) < made.length and not got.endswith(b"--\r\n")


def test_what_the_vault_raises_passes():
    """And ends the form."""

    def broken():
        yield DATA[:10]
        raise NotOpened("The vault says no.")

    with pytest.raises(NotOpened, match="says no"):
        list(upload(broken()))


@pytest.mark.parametrize(
    "name", ['a "b".jpg', "a\r\nX-Evil: 1.jpg", "fahrräder 🚲.jpg", "x\ud800.jpg", ""]
)
def test_no_name_breaks_out_of_its_header(name):
    """Quotes and line ends are escaped as browsers do."""
    made = upload([DATA], name)
    body = b"".join(made)
    head = body.split(b"\r\n\r\n")[2].split(b"\r\n")
    assert len(body) == made.length
    assert body.count(b"\r\nX-Evil") == 0 and len(head) < 6
    assert set(read(made, body)) == {"id", "file"}
