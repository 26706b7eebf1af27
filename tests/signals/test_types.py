"""Every signal type that ships keeps the contract that third parties are held to."""

from __future__ import annotations

import hashlib

import pytest

from tutela.signals import SignalError
from tutela.signals.registry import installed, signal_type
from tutela.testing import SignalTypeContract


class TestMd5(SignalTypeContract):
    signal_type = signal_type("md5")


class TestSha1(SignalTypeContract):
    signal_type = signal_type("sha1")


class TestSha256(SignalTypeContract):
    signal_type = signal_type("sha256")


class TestPhotoDna(SignalTypeContract):
    signal_type = signal_type("photodna")


class TestPhotoDnaEdge(SignalTypeContract):
    signal_type = signal_type("photodna-edge")


class TestUrl(SignalTypeContract):
    signal_type = signal_type("url")


class TestUrlPrefix(SignalTypeContract):
    signal_type = signal_type("url-prefix")


class TestUrlHost(SignalTypeContract):
    signal_type = signal_type("url-host")


class TestKeyword(SignalTypeContract):
    signal_type = signal_type("keyword")


class TestPdq(SignalTypeContract):
    signal_type = signal_type("pdq")


def test_the_shipped_types_are_found():
    assert installed() == [
        "keyword", "md5", "pdq", "photodna", "photodna-edge", "sha1", "sha256", "url", "url-host",
        "url-prefix",
    ]  # fmt: skip


def test_an_unknown_type_is_refused_with_what_there_is():
    with pytest.raises(SignalError, match=r"no signal type 'nope'.*md5, pdq"):
        signal_type("nope")


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
def test_exact_types_are_those_of_the_standard_library(name):
    hasher = signal_type(name).hasher()
    hasher.update(b"a green tandem")
    assert hasher.hexdigest() == hashlib.new(name, b"a green tandem").hexdigest()


def test_upper_case_and_blanks_are_brought_to_one_form():
    assert (
        signal_type("md5").validate(" D41D8CD98F00B204E9800998ECF8427E\n")
        == hashlib.md5().hexdigest()
    )
