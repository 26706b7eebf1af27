"""What every test may use. What is not present here is named, and fails where it is required."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tutela.decoding import DecoderPool
from tutela.errors import TutelaError
from tutela.testing import photographs

REQUIRED = set(filter(None, os.environ.get("TUTELA_REQUIRE", "").split(",")))


def missing(what: str, why: str) -> None:
    """Skip, saying what is lacking; fail where CI said that it must be there."""
    if what in REQUIRED:
        pytest.fail(f"{why} (required here)")
    pytest.skip(why)


@pytest.fixture(scope="session")
def photos() -> list[Path]:
    try:
        return photographs.find()
    except TutelaError as error:
        missing("photographs", str(error))
        raise


@pytest.fixture(scope="session")
def pdqhash():
    if find_spec("pdqhash") is None:
        missing("oracles", "PyPI pdqhash is not installed: it needs a compiler (make oracles)")
    import pdqhash

    return pdqhash


@pytest.fixture(scope="session")
def native():
    from tutela.signals.kernels import NATIVE

    if not NATIVE:
        missing("native", "the compiled kernel is not here: it needs a compiler")
    from tutela import _native

    yield _native
    _native.use(_native.family())


@pytest.fixture(scope="session")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(size=1) as shared:
        yield shared
