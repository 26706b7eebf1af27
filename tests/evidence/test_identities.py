"""Identities and recipients, as who sets up an installation meets them."""

from __future__ import annotations

import os
import stat
import sys

import pyrage
import pytest

from tutela.evidence import identities, recipients
from tutela.evidence.errors import EvidenceError
from tutela.evidence.opening import VARIABLE, held_identities


def test_an_identity_is_a_file_of_age_for_its_owner_only(identity):
    text = identity.read_text()
    assert stat.S_IMODE(identity.stat().st_mode) == 0o600
    *comments, secret = text.splitlines()
    assert all(line.startswith("#") for line in comments) and secret.startswith("AGE-SECRET-KEY-1")
    own = str(pyrage.x25519.Identity.from_str(secret).to_public())
    assert identities.recipient(identity) == own and own in text
    with pytest.raises(EvidenceError, match="File exists"):
        identities.make(identity)
    assert identity.read_text() == text


def test_a_file_that_others_can_read_or_that_is_none_is_refused_without_a_word_of_it(identity):
    secret = identity.read_text().splitlines()[-1]
    identity.chmod(0o640)
    with pytest.raises(EvidenceError, match="chmod 600"):
        identities.read(identity)
    identity.chmod(0o600)
    for text in (b"", b"# only a comment\n", f"{secret}\n{secret[:-1]}\n".encode(), b"\xff\xfe"):
        identity.write_bytes(text)
        with pytest.raises(EvidenceError) as caught:
            identities.read(identity)
        assert secret[20:40] not in str(caught.value)
    identity.unlink()
    with pytest.raises(EvidenceError, match="backup"):
        identities.read(identity)


def test_the_vault_gets_the_identity_from_where_it_is(identity, tmp_path, monkeypatch):
    other = tmp_path / "other"
    identities.make(other)

    def got(command=()) -> list[str]:
        return [str(one.to_public()) for one in held_identities(identity, command)]

    assert got() == [identities.recipient(identity)]
    printing = (sys.executable, "-c", f"print(open({str(other)!r}).read())")
    assert got(printing) == [identities.recipient(other)]
    monkeypatch.setenv(VARIABLE, other.read_text() + identity.read_text())
    assert got(printing) == [identities.recipient(other), identities.recipient(identity)]
    assert VARIABLE not in os.environ


@pytest.mark.parametrize(
    "command",
    [("/nowhere/program",), ("false",), ("echo", "AGE-SECRET-KEY-1NONSENSE"), ("true",), ("\0",)],
)
def test_a_command_that_gives_none_is_named_without_what_it_printed(identity, command):
    with pytest.raises(EvidenceError, match="identity_command") as caught:
        held_identities(identity, command)
    assert "NONSENSE" not in str(caught.value)


def test_recipients_are_added_once_and_keep_what_was_written(data, identity, tmp_path):
    assert recipients.listed(data) == []
    with pytest.raises(EvidenceError, match="tutela init"):
        recipients.required(data)
    first, second = identities.recipient(identity), identities.make(tmp_path / "second")
    assert recipients.add(data, f" {first}\n") is True
    assert recipients.add(data, first) is False
    assert recipients.required(data) == [first]
    with pytest.raises(EvidenceError, match="one recipient only"):
        recipients.required(data, production=True)
    path = data / recipients.FILE
    path.write_text(f"# ours\n{first}")
    assert recipients.add(data, second, "in the safe") is True
    assert path.read_text() == f"# ours\n{first}\n# in the safe\n{second}\n"
    assert recipients.required(data, production=True) == [first, second]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(f"{first}\n\nage1nonsense\n")
    with pytest.raises(EvidenceError, match=r"recipients\.txt:3"):
        recipients.listed(data)


def test_what_is_no_recipient_is_not_added_and_an_identity_not_repeated(data, identity):
    secret = identity.read_text().splitlines()[-1]
    for given in (secret, secret.lower()):
        with pytest.raises(EvidenceError, match="Keep it secret") as caught:
            recipients.add(data, given)
        assert secret[20:40].lower() not in str(caught.value).lower()
    for given in ("", "age1", "ssh-ed25519 AAAA", "age1" + "q" * 58):
        with pytest.raises(EvidenceError, match="no age recipient"):
            recipients.add(data, given)
    with pytest.raises(EvidenceError, match="note"):
        recipients.add(data, identities.recipient(identity), "one\nage1more")
    assert recipients.listed(data) == []
