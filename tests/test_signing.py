"""Signed statements: what a key signed is opened, and nothing else."""

from __future__ import annotations

import json
import stat

import pytest

from tutela.signatures import PublicKey, SignatureError, SigningKey, encoded, public_half

KIND = "application/vnd.tutela.weather+json"


def test_a_statement_is_opened_with_the_public_half(tmp_path):
    key = SigningKey.make(tmp_path / "k")
    envelope = SigningKey.load(tmp_path / "k").envelope({"rain": 3, "at": "noon"}, KIND)
    assert PublicKey.load(public_half(tmp_path / "k")).opened(envelope, KIND)["rain"] == 3
    assert key.public.id == PublicKey.load(public_half(tmp_path / "k")).id


def test_what_is_signed_is_the_encoding_of_dsse():
    """The example of the specification."""
    kind = "http://example.com/HelloWorld"
    assert (
        encoded(kind, b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_any_other_statement_is_refused(tmp_path):
    key, other = SigningKey.make(tmp_path / "k"), SigningKey.make(tmp_path / "o")
    envelope = key.envelope({"rain": 3}, KIND)
    outer = json.loads(envelope)
    for wrong in (
        other.envelope({"rain": 3}, KIND),
        json.dumps(outer | {"payload": "eyJyYWluIjo0fQ=="}).encode(),
        json.dumps(outer | {"signatures": []}).encode(),
        json.dumps(outer | {"signatures": 3}).encode(),
        b"", b"null", b"[]", b"{}", b"[" * 100_000, envelope[:-9], b"\xff",
    ):  # fmt: skip
        with pytest.raises(SignatureError):
            key.public.opened(wrong, KIND)
    with pytest.raises(SignatureError, match="another type"):
        key.public.opened(envelope, "text/plain")


def test_a_key_is_its_owners_alone_and_never_overwritten(tmp_path):
    path = tmp_path / "keys" / "k"
    SigningKey.make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(SignatureError):
        SigningKey.make(path)
    assert path.read_bytes() == before
    path.chmod(0o644)
    with pytest.raises(SignatureError, match="chmod 600"):
        SigningKey.load(path)


@pytest.mark.parametrize("data", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAA\n"])
def test_a_file_that_is_no_key_says_so(tmp_path, data):
    path = tmp_path / "k"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(SignatureError, match="holds no Ed25519"):
        SigningKey.load(path)
    with pytest.raises(SignatureError, match="holds no Ed25519"):
        PublicKey.load(path)
    with pytest.raises(SignatureError, match="cannot be read"):
        SigningKey.load(tmp_path / "nowhere")
